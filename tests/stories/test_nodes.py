"""Two nodes on one PostgreSQL and one NATS: whoever holds the socket, both know the station."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import aclosing

import httpx
import pytest

from harness import Server, Station, live, until

pytestmark = pytest.mark.postgres


@pytest.fixture
def nodes(postgres_url, nats_url, tmp_path) -> Iterator[tuple[Server, Server]]:
    """The second has the keys and the certificate authority of the first, as all nodes of a network must."""
    with Server(tmp_path / "a", database=postgres_url, bus=nats_url, node="a") as a:
        for folder in ("keys", "ca"):
            shutil.copytree(a.data_dir / folder, tmp_path / "b" / folder)
        with Server(tmp_path / "b", database=postgres_url, bus=nats_url, node="b") as b:
            yield a, b


def test_a_station_of_one_node_is_seen_commanded_and_taken_over_by_the_other(nodes):
    a, b = nodes

    def resets(server: Server) -> httpx.Response:
        with server.api() as api:
            return api.post("/stations/CP-1/reset", json={})

    async def story() -> None:
        async with aclosing(live(b)) as seen_at_b:
            assert (await anext(seen_at_b))[1] == "hello"
            password = await asyncio.to_thread(a.add_station, "CP-1")
            at_a = await Station.connect(a.ocpp, "CP-1", password, "ocpp2.0.1")
            await at_a.boot()
            names: list[str] = []
            async for _, name, _ in seen_at_b:
                names.append(name)
                if name == "station.booted":
                    break
            assert "station.connected" in names

            asked = asyncio.ensure_future(asyncio.to_thread(resets, b))
            assert await at_a.answer("Reset", {"status": "Scheduled"}) == {"type": "OnIdle"}
            answer = await asked
            assert (answer.status_code, answer.json()["status"]) == (200, "Scheduled")
            async for _, name, told in seen_at_b:
                if name == "command.answered":
                    assert told["station_id"] == "CP-1"
                    break

            asked = asyncio.ensure_future(asyncio.to_thread(resets, b))
            await at_a.answer("Reset", None, error="InternalError", text="no")
            answer = await asked
            assert (answer.status_code, answer.json()["code"]) == (502, "InternalError")

            # It comes back at the other node, and the first lets go of the connection that stood.
            at_b = await Station.connect(b.ocpp, "CP-1", password, "ocpp2.0.1")
            code, _ = await at_a.closed()
            assert code == 1008
            await at_b.boot()
            await until(lambda: b.ask("/stations/CP-1")["link"]["node"] == "b")
            assert a.ask("/stations/CP-1")["link"]["connected"] is True
            asked = asyncio.ensure_future(asyncio.to_thread(resets, a))
            await at_b.answer("Reset", {"status": "Accepted"})
            assert (await asked).json()["status"] == "Accepted"

            # Removed here, it is sent away there.
            with a.api() as api:
                assert (await asyncio.to_thread(api.delete, "/stations/CP-1")).status_code == 204
            await at_b.closed()

    asyncio.run(story())


def test_what_was_charged_at_a_node_that_was_killed_goes_on_at_the_other(nodes):
    a, b = nodes

    async def story() -> None:
        password = await asyncio.to_thread(a.add_station, "CP-2")
        await asyncio.to_thread(a.tell, "/tokens", {"value": "CARD"})
        station = await Station.connect(a.ocpp, "CP-2", password)
        await station.boot()
        start = {"connectorId": 1, "idTag": "CARD", "meterStart": 100, "timestamp": "2026-05-04T12:00:00Z"}
        number = (await station.call("StartTransaction", start))["transactionId"]
        a.kill()
        station.socket.transport.abort()
        station = await Station.connect(b.ocpp, "CP-2", password)
        stop = {"transactionId": number, "meterStop": 1_100, "timestamp": "2026-05-04T13:00:00Z"}
        await station.call("StopTransaction", stop)
        assert b.ask(f"/transactions/CP-2/{number}")["energy_wh"] == 1_000
        await station.close()

    asyncio.run(story())


def test_a_node_with_keys_of_its_own_refuses_to_start(postgres_url, tmp_path):
    """It would refuse every station, and nobody would know why."""
    with Server(tmp_path / "a", database=postgres_url):
        pass
    said = Server(tmp_path / "b", database=postgres_url).refuses_to_start()
    assert "is not the one that the database was filled with: copy `keys/`" in said
