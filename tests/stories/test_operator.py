"""An operator signs in, watches, commands stations of every version, and hears what each of them said."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import aclosing, asynccontextmanager, closing

import httpx
import pytest

from harness import TRUSTS_NOBODY, Server, Station, live, until, wait_for

VERSIONS = {"OLD": "ocpp1.6", "NEW": "ocpp2.0.1", "NEWEST": "ocpp2.1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("operator") / "data") as running:
        yield running


def sign_in(server: Server) -> httpx.Client:
    """By the link that `serve` prints, as a browser does it."""
    (link,) = wait_for(lambda: re.findall(r"first sign-in\s+\S+/sign-in\?link=(\S+)", server.log))[-1:]
    browser = httpx.Client(verify=TRUSTS_NOBODY, base_url=server.http, timeout=60, headers={"Origin": server.http})
    signed_in = browser.post("/api/v1/session/link", json={"link": link})
    assert signed_in.status_code == 201, signed_in.text
    browser.headers["X-CSRF-Token"] = signed_in.json()["csrf_token"]
    again = httpx.post(f"{server.http}/api/v1/session/link", verify=TRUSTS_NOBODY, json={"link": link})
    assert again.status_code in (401, 403), "the link is good once"
    return browser


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[httpx.Client]:
    with closing(sign_in(server)) as client:
        assert client.get("/api/v1/session").json()["person"]["role"] == "admin"
        yield client


@asynccontextmanager
async def at_work(server: Server, station_id: str, version: str) -> AsyncIterator[Station]:
    """Registered, connected, accepted."""
    known = {station["id"] for station in server.ask("/stations")["items"]}
    password = (
        server.tell(f"/stations/{station_id}/password", {})["password"]
        if station_id in known
        else server.add_station(station_id)
    )
    station = await Station.connect(server.ocpp, station_id, password, version)
    try:
        assert (await station.boot())["status"] == "Accepted"
        yield station
    finally:
        await station.close()


def asks(browser: httpx.Client, path: str, body: object = None) -> Awaitable[httpx.Response]:
    return asyncio.ensure_future(asyncio.to_thread(browser.post, f"/api/v1{path}", json=body or {}))


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_a_reset_is_answered_with_the_station_s_own_answer(server, browser, station_id, version):
    async def story() -> None:
        async with at_work(server, station_id, version) as station:
            asked = asks(browser, f"/stations/{station_id}/reset")
            heard = await station.answer("Reset", {"status": "Accepted"})
            assert heard == ({"type": "Soft"} if version == "ocpp1.6" else {"type": "OnIdle"})
            answer = await asked
            assert answer.status_code == 200
            assert (answer.json()["outcome"], answer.json()["status"]) == ("accepted", "Accepted")

            asked = asks(browser, f"/stations/{station_id}/reset", {"kind": "Immediate"})
            heard = await station.answer("Reset", {"status": "Rejected"})
            assert heard == ({"type": "Hard"} if version == "ocpp1.6" else {"type": "Immediate"})
            answer = await asked
            assert (answer.status_code, answer.json()["outcome"]) == (200, "rejected")

    asyncio.run(story())
    commands = server.ask(f"/stations/{station_id}/commands?command=reset")["items"]
    assert [command["outcome"] for command in commands] == ["rejected", "accepted"]
    noted = [entry for entry in server.ask("/audit?limit=500")["items"] if entry["target"] == station_id]
    assert [entry["outcome"] for entry in noted if entry["action"] == "station.reset"] == ["rejected", "accepted"]
    assert {entry["actor_kind"] for entry in noted if entry["action"] == "station.reset"} == {"person"}
    told = server.ask(f"/journal?names=command.answered&station={station_id}&after=0")["items"]
    assert [entry["data"]["outcome"] for entry in told] == ["accepted", "rejected"]


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_a_station_that_answers_with_an_error_or_not_at_all_is_a_problem_that_says_so(
    server, browser, station_id, version
):
    async def story() -> None:
        async with at_work(server, station_id, version) as station:
            asked = asks(browser, f"/stations/{station_id}/reset")
            await station.answer("Reset", None, error="InternalError", text="the relay is stuck")
            answer = await asked
            assert (answer.status_code, answer.json()["code"]) == (502, "InternalError")
            assert "the relay is stuck" in answer.json()["detail"]

            asked = asks(browser, f"/stations/{station_id}/reset?timeout_s=1")
            await station.answer("Reset", None)
            answer = await asked
            assert answer.status_code == 504
            assert station_id in answer.json()["detail"]

            # It is none the worse for it.
            asked = asks(browser, f"/stations/{station_id}/trigger", {"message": "Heartbeat"})
            await station.answer("TriggerMessage", {"status": "Accepted"})
            assert (await asked).json()["status"] == "Accepted"
            await station.call("Heartbeat", {})

            answer = await asks(browser, f"/stations/{station_id}/ocpp/MakeCoffee")
            assert answer.status_code in (400, 409, 422)
            assert "MakeCoffee" in answer.json()["detail"]
            asked = asks(browser, f"/stations/{station_id}/ocpp/ClearCache")
            await station.answer("ClearCache", {"status": "Rejected"})
            assert (await asked).json() == {"status": "Rejected"}

    asyncio.run(story())
    outcomes = [command["outcome"] for command in server.ask(f"/stations/{station_id}/commands")["items"]]
    assert {"error InternalError", "timed out"} <= set(outcomes)


def test_a_station_that_is_away_or_does_not_know_the_words_is_a_conflict(server, browser):
    async def story() -> None:
        async with at_work(server, "OLD", VERSIONS["OLD"]):
            answer = await asks(browser, "/stations/OLD/reset", {"evse": 1})
            assert answer.status_code == 409
            assert "1.6" in answer.json()["detail"]
        await until(lambda: not server.ask("/stations/OLD")["link"]["connected"])
        answer = await asks(browser, "/stations/OLD/reset")
        assert answer.status_code == 409
        assert "not connected" in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"
        answer = await asks(browser, "/stations/NOBODY/reset")
        assert answer.status_code == 404

    asyncio.run(story())


def test_who_may_only_look_may_not_command(server, browser):
    invited = browser.post("/api/v1/people", json={"login": "vera", "role": "viewer"}).json()
    link = invited["path"].partition("link=")[2]
    with httpx.Client(verify=TRUSTS_NOBODY, base_url=server.http, headers={"Origin": server.http}) as viewer:
        session = viewer.post("/api/v1/session/link", json={"link": link}).json()
        assert viewer.get("/api/v1/stations").status_code == 200
        viewer.headers["X-CSRF-Token"] = session["csrf_token"]
        assert viewer.post("/api/v1/stations/OLD/reset", json={}).status_code == 403
        del viewer.headers["X-CSRF-Token"]
        assert viewer.post("/api/v1/sites", json={"name": "mine"}).status_code == 403


def test_the_live_stream_goes_on_after_a_restart_where_it_was(tmp_path):
    with Server(tmp_path / "data") as server:
        password = server.add_station("CP-1")
        server.tell("/tokens", {"value": "CARD"})
        seen: list[tuple[int, str]] = []

        async def first() -> None:
            async with aclosing(live(server)) as stream:
                assert (await anext(stream))[1] == "hello"
                station = await Station.connect(server.ocpp, "CP-1", password)
                await station.boot()
                start = {"connectorId": 1, "idTag": "CARD", "meterStart": 5, "timestamp": "2026-05-04T12:00:00Z"}
                await station.call("StartTransaction", start)
                async for number, name, _ in stream:
                    if number is not None:
                        seen.append((number, name))
                    if name == "transaction.started":
                        break
                await station.close()

        asyncio.run(first())
        names = [name for _, name in seen]
        assert names[0] == "station.connected"
        assert names[-2:] == ["station.booted", "transaction.started"]
        server.stop()
        server.start()

        async def second() -> None:
            async with aclosing(live(server, seen[-1][0])) as stream:
                station = await Station.connect(server.ocpp, "CP-1", password)
                await station.call("Heartbeat", {})
                async for number, name, _ in stream:
                    if number is not None:
                        seen.append((number, name))
                    if name == "station.connected":
                        break
                await station.close()

        asyncio.run(second())
        kept = [(entry["number"], entry["name"]) for entry in server.ask("/journal?after=0&limit=500")["items"]]
        first_seen = kept.index(seen[0])
        assert seen == kept[first_seen : first_seen + len(seen)], "nothing is missed, nothing comes twice"
        assert "station.disconnected" in dict(map(reversed, seen))
