"""Commands that keep records, beside a running server and without one: as JSON for programs, in words for people."""

import asyncio
import sqlite3
import stat
from contextlib import closing

import httpx
import pytest
import websockets

from harness import TRUSTS_NOBODY, Server, Station, wait_for


def test_a_station_that_is_added_and_removed_while_the_server_runs(tmp_path):
    with Server(tmp_path / "data") as server:
        added = server.run("station", "add", "CP-1", "--name", "Front door")
        assert added["url"] == f"{server.ocpp}/CP-1"

        async def story() -> None:
            # It is known at the door within two seconds, which `connect` waits for.
            station = await Station.connect(server.ocpp, "CP-1", added["password"])
            await station.boot()
            (listed,) = await asyncio.to_thread(server.run, "station", "list")
            assert (listed["id"], listed["name"], listed["connected"]) == ("CP-1", "Front door", True)
            assert (listed["vendor"], listed["protocol"]) == ("Acme", "ocpp1.6")

            renewed = await asyncio.to_thread(server.run, "station", "password", "CP-1")
            assert renewed["password"] != added["password"]

            # Who came in with the old one may not stay, and does not come back with it.
            assert (await station.closed())[1] == "its password was changed"
            with pytest.raises(websockets.InvalidStatus, match="401"):
                await Station.knock(server.ocpp, "CP-1", added["password"])
            station = await Station.connect(server.ocpp, "CP-1", renewed["password"])
            assert (await asyncio.to_thread(server.run, "station", "remove", "CP-1"))["removed"] is True
            code, words = await station.closed()
            assert code in (1001, 1008)
            assert words

        asyncio.run(story())
        assert server.run("station", "list") == []
        assert "there is no station 'CP-1'" in server.says("station", "remove", "CP-1", code=1)
        done = [(entry["action"], entry["who"]) for entry in server.run("audit", "list") if entry["target"] == "CP-1"]
        assert done == [(f"station.{what}", "this machine") for what in ("remove", "password", "add")]


def test_a_key_opens_what_its_scopes_say_until_it_is_revoked(tmp_path):
    with Server(tmp_path / "data") as server:
        made = server.run("apikey", "create", "grafana", "--scope", "viewer", "--days", "30")
        with server.api(made["key"]) as api:
            assert api.get("/stations").status_code == 200
            assert api.post("/stations", json={"id": "CP-1"}).status_code == 403
        (listed,) = server.run("apikey", "list")
        assert listed["id"] == made["id"]
        assert "key" not in listed
        assert listed["revoked_at"] is None
        server.run("apikey", "revoke", made["id"])
        with server.api(made["key"]) as api:
            assert wait_for(lambda: api.get("/stations").status_code == 401, timeout_s=5)
        assert "at least one --scope" in server.says("apikey", "create", "nothing", code=1)


def test_records_without_a_server_and_a_backup_that_serves(tmp_path):
    server = Server(tmp_path / "data")
    assert server.run("migrate")["changed"] is True
    assert server.run("migrate")["changed"] is False
    said = server.says("station", "add", "CP-1")
    password = next(line.split()[1] for line in said.splitlines() if line.startswith("password"))
    assert "CP-1" in server.says("station", "list")
    assert server.run("token", "add", "04A2B3C4", "--kind", "ISO14443", "--holder", "Ada")["state"]
    (token,) = server.run("token", "list")
    assert (token["value"], token["kind"], token["holder"]) == ("04A2B3C4", "ISO14443", "Ada")
    assert "is no kind of token" in server.says("token", "add", "X", "--kind", "fingerprint", code=1)
    first = server.run("user", "link", "admin")
    assert "/sign-in?link=" in first["sign_in"]
    assert "no person bob" in server.says("user", "link", "bob", code=1)
    invited = server.run("user", "add", "ada@example.com", "--role", "operator")
    assert "/sign-in?link=" in invited["sign_in"]
    renewed = server.run("user", "link", "ada@example.com")
    assert renewed["sign_in"] != invited["sign_in"]
    assert "has no second factor" in server.says("user", "mfa", "reset", "ada@example.com", code=1)
    assert "ada@example.com" in server.says("user", "list")
    assert "is no role" in server.says("user", "add", "bob", "--role", "king", code=1)
    verified = server.run("audit", "verify")
    assert verified["whole"] is True
    assert verified["entries_in_order"] >= 4

    copy = tmp_path / "copy.db"
    assert server.run("backup", "create", str(copy))["file"] == str(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "exists already" in server.says("backup", "create", str(copy), code=1)

    server.database = server.environment["VOLTLOOM_DATABASE"] = f"sqlite:///{copy}"
    with server:

        async def story() -> None:
            station = await Station.connect(server.ocpp, "CP-1", password)
            assert (await station.boot())["status"] == "Accepted"
            assert (await station.call("Authorize", {"idTag": "04A2B3C4"}))["idTagInfo"]["status"] == "Accepted"
            await station.close()

        asyncio.run(story())
        link = renewed["sign_in"].partition("link=")[2]
        with httpx.Client(verify=TRUSTS_NOBODY, base_url=server.http) as browser:
            signed_in = browser.post("/api/v1/session/link", json={"link": link})
            assert signed_in.status_code == 201, signed_in.text
            assert signed_in.json()["person"]["role"] == "operator"
        assert server.run("audit", "verify", "--head", verified["head"])["whole"] is True


def test_an_audit_log_that_was_altered_does_not_verify(tmp_path):
    server = Server(tmp_path / "data")
    server.run("station", "add", "CP-1")
    server.run("station", "add", "CP-2")
    with closing(sqlite3.connect(server.data_dir / "voltloom.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_log SET actor_name = 'somebody else' WHERE target = 'CP-1'")
        connection.commit()
    assert "whole             no" in server.says("audit", "verify", code=1)


def test_a_backup_is_made_while_stations_charge(tmp_path):
    with Server(tmp_path / "data") as server:
        password = server.add_station("CP-1")
        copy = tmp_path / "copy.db"

        async def story() -> None:
            station = await Station.connect(server.ocpp, "CP-1", password)
            await station.boot()
            backup = asyncio.ensure_future(asyncio.to_thread(server.run, "backup", "create", str(copy)))
            while not backup.done():
                await station.call("Heartbeat", {})
                await asyncio.sleep(0.02)
            assert (await backup)["bytes"] > 0
            await station.close()

        asyncio.run(story())
        (found,) = Server(tmp_path / "other", database=f"sqlite:///{copy}").query("SELECT id, vendor FROM stations")
        assert found == ("CP-1", "Acme")


def test_lists_of_nothing_and_what_is_not_there_say_what_to_do(tmp_path):
    server = Server(tmp_path / "data")
    for words in (("audit", "list"), ("inbox", "list"), ("apikey", "list")):
        assert server.says(*words).strip(), "an empty list says what to do"
    assert "nobody called 'CP-9'" in server.says("inbox", "adopt", "CP-9", code=1)
    assert "nothing to back up" in Server(tmp_path / "none").says("backup", "create", str(tmp_path / "x"), code=1)
    assert not (tmp_path / "x").exists()
