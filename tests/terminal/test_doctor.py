"""`voltloom doctor` finds what is wrong, and says how to put it right."""

import json
import socket
import sqlite3
import subprocess
from contextlib import closing
from typing import Any

from harness import VOLTLOOM, Server


def examine(server: Server, code: int, **settings: str) -> dict[str, list[dict[str, str]]]:
    """Its findings, by what they are about."""
    environment = server.environment | {f"VOLTLOOM_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [VOLTLOOM, "doctor", "--data-dir", str(server.data_dir), "--json"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["about"], []).append(finding)
    return found


def wrong(found: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    return [finding for findings in found.values() for finding in findings if finding["state"] == "wrong"]


def ports(server: Server) -> dict[str, Any]:
    return {name: str(getattr(server, name)) for name in ("ocpp_port", "ocpps_port", "http_port")}


def test_all_is_well_while_it_serves(tmp_path):
    with Server(tmp_path / "data") as server:
        found = examine(server, 0)
        assert not wrong(found)
        (readiness,) = found["readiness"]
        assert readiness["state"] == "good"
        assert server.http in readiness["found"]
        assert "All is well." in server.says("doctor")


def test_what_is_not_there_yet_is_no_fault(tmp_path):
    server = Server(tmp_path / "data")
    found = examine(server, 0, **ports(server))
    assert found["server"][0]["state"] == "doubtful"
    assert "voltloom serve" in found["server"][0]["remedy"]
    assert found["data directory"][0]["state"] == "doubtful"
    assert not server.data_dir.exists(), "a doctor looks, and changes nothing"


def test_a_server_that_was_killed_a_key_that_others_read_and_a_port_that_is_taken(tmp_path):
    server = Server(tmp_path / "data")
    server.start()
    server.kill()
    key = server.data_dir / "keys" / "station-passwords.key"
    key.chmod(0o640)
    with socket.create_server(("127.0.0.1", server.http_port)):
        found = examine(server, 1, **ports(server))
    assert found["server"][0]["state"] == "doubtful"
    assert found["keys"][0]["remedy"] == f"run `chmod 600 {key}`"
    taken = [finding for finding in found["port"] if finding["state"] == "wrong"]
    assert [str(server.http_port) in finding["found"] for finding in taken] == [True]
    assert "http_port" in taken[0]["remedy"]
    assert {finding["about"] for finding in wrong(found)} == {"keys", "port"}


def test_a_database_that_a_newer_program_changed_and_one_that_is_damaged(tmp_path):
    server = Server(tmp_path / "data")
    server.run("migrate")
    with closing(sqlite3.connect(server.data_dir / "voltloom.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    (database,) = examine(server, 1, **ports(server))["database"]
    assert database["state"] == "wrong"
    assert "9999" in database["found"]

    (server.data_dir / "voltloom.db").write_bytes(b"not a database" * 1_000)
    found = examine(server, 1, **ports(server))
    assert found["database file"][0]["state"] == "wrong"


def test_a_wrong_setting_and_a_database_that_is_away(tmp_path):
    server = Server(tmp_path / "data")
    (settings,) = examine(server, 1, drain_s="-1")["settings"]
    assert "drain_s" in settings["remedy"]
    (database,) = examine(server, 1, database="postgresql://ada:hunter2@127.0.0.1:1/none", **ports(server))["database"]
    assert database["state"] == "wrong"
    assert "hunter2" not in json.dumps(database)
