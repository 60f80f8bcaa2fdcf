"""Ctrl-C, and what is there when it starts again."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime

import pytest

from harness import Server, Station, iso

STATIONS = 12


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_stations_are_told_to_come_back_and_find_everything(tmp_path, signal_number):
    with Server(tmp_path / "data", drain_s="1") as server:
        passwords = {f"CP-{number}": server.add_station(f"CP-{number}") for number in range(STATIONS)}
        server.tell("/tokens/import", {"tokens": [{"value": f"CARD-{name}"} for name in passwords]})

        async def charging() -> tuple[int, dict[str, int]]:
            stations = [await Station.connect(server.ocpp, name, given) for name, given in passwords.items()]
            numbers: dict[str, int] = {}
            for station in stations:
                await station.boot()
                start = {
                    "connectorId": 1,
                    "idTag": f"CARD-{station.id}",
                    "meterStart": 100,
                    "timestamp": iso(datetime.now(UTC)),
                }
                numbers[station.id] = (await station.call("StartTransaction", start))["transactionId"]
            assert server.process is not None
            began = time.monotonic()
            os.kill(server.process.pid, signal_number)
            closed = await asyncio.gather(*(station.closed() for station in stations))
            assert {code for code, _ in closed} <= {1001, 1012}
            assert all("come back" in words for _, words in closed)
            code = await asyncio.to_thread(server.process.wait, 60)
            # The drain time, and what it takes to write what waits; not the minute after which one gives up.
            assert time.monotonic() - began < 30
            return code, numbers

        code, numbers = asyncio.run(charging())
        assert code == 0
        assert "Stopped." in server.log
        assert "Traceback" not in server.log
        assert not (server.data_dir / "local-key.json").exists()

        server.start()
        assert {str(number) for number in numbers.values()} == {
            each["id"] for each in server.ask("/transactions?state=open")["items"]
        }
        for station in server.ask("/stations")["items"]:
            assert station["link"]["connected"] is False
            assert station["link"]["disconnected_at"] is not None

        async def stopping() -> None:
            for name, password in passwords.items():
                station = await Station.connect(server.ocpp, name, password)
                stop = {"transactionId": numbers[name], "meterStop": 300, "timestamp": iso(datetime.now(UTC))}
                await station.call("StopTransaction", stop)
                await station.close()

        asyncio.run(stopping())
        ended = server.ask("/transactions?state=ended")["items"]
        assert {(each["id"], each["energy_wh"]) for each in ended} == {
            (str(number), 200) for number in numbers.values()
        }


def test_a_second_ctrl_c_ends_it_at_once(tmp_path):
    with Server(tmp_path / "data", drain_s="120") as server:
        passwords = {f"CP-{number}": server.add_station(f"CP-{number}") for number in range(4)}

        async def story() -> None:
            stations = [await Station.connect(server.ocpp, name, given) for name, given in passwords.items()]
            assert server.process is not None
            os.kill(server.process.pid, signal.SIGINT)
            await stations[0].closed()
            os.kill(server.process.pid, signal.SIGINT)
            await asyncio.to_thread(server.process.wait, 30)
            for station in stations:
                station.socket.transport.abort()

        asyncio.run(story())
