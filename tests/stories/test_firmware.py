"""New firmware for a network, and what its stations write down: fetched, checked, installed and uploaded for real."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from harness import Server, until
from signed_firmware import IMAGE, RSA, certificate, signature
from voltloom.simulator import SimulatedStation

STATIONS = {"A-16": "1.6", "B-201": "2.0.1", "C-21": "2.1", "D-16": "1.6"}


def the_image(server: Server) -> str:
    body = {"version": "2.0.0", "certificate": certificate(RSA), "signature": signature(RSA)}
    made = server.tell("/firmware/images", body)
    with server.api() as api:
        headers = {"content-type": "application/octet-stream"}
        assert api.put(f"/firmware/images/{made['id']}/content", content=IMAGE, headers=headers).is_success
    return made["id"]


async def asked(server: Server, path: str) -> Any:
    return await asyncio.to_thread(server.ask, path)


@pytest.mark.slow
def test_a_campaign_reaches_every_station_though_the_server_is_killed_in_it(tmp_path: Path):
    server = Server(tmp_path / "data")

    async def story() -> None:
        async with AsyncExitStack() as stack:
            stations: list[SimulatedStation] = []
            for station_id, version in STATIONS.items():
                password = server.add_station(station_id)
                station = SimulatedStation(server.ocpp, station_id, version, password=password)
                await until(lambda station=station: joins(stack, station))
                await station.boot()
                stations.append(station)

            hurrying = asyncio.create_task(hurry(stations))
            body = {"image_id": the_image(server), "everything": True, "canary": 1, "wave": 3, "soak_minutes": 0}
            campaign = server.tell("/firmware/campaigns", body)["campaign_id"]

            async def state() -> dict[str, Any]:
                return await asked(server, f"/firmware/campaigns/{campaign}")

            async def counts() -> dict[str, int]:
                return (await state())["counts"]

            async def the_canary_is_well() -> bool:
                return (await counts()).get("done") == 1

            async def all_are_asked() -> bool:
                return not (await counts()).get("waiting")

            async def it_is_over() -> bool:
                return (await state())["stage"] in ("done", "halted")

            await until(the_canary_is_well)
            await until(all_are_asked)
            hurrying.cancel()  # or a station has fetched in vain for minutes before the server is back
            server.kill()
            await asyncio.to_thread(server.start)
            hurrying = asyncio.create_task(hurry(stations))
            await until(it_is_over, 90)
            assert (await state())["stage"] == "done", await state()
            assert await counts() == {"done": 4}

            async def all_are_confirmed() -> bool:
                updates = (await asked(server, "/firmware/updates"))["items"]
                return [each["state"] for each in updates] == ["confirmed"] * 4

            await until(all_are_confirmed)
            assert {each["signed"] for each in server.ask("/firmware/updates")["items"]} == {True}
            for station_id in STATIONS:
                log = (await asyncio.to_thread(server.tell, f"/stations/{station_id}/logs", {}))["log"]

                async def it_is_here(log_id: int = log["id"]) -> bool:
                    return (await asked(server, f"/logs/{log_id}"))["state"] == "received"

                await until(it_is_here)
                with server.api() as api:
                    content = api.get(f"/logs/{log['id']}/content").text
                assert f"DiagnosticsLog of {station_id}" in content
                assert "firmware 2.0.0" in content
            hurrying.cancel()

    with server:
        asyncio.run(story())


async def joins(stack: AsyncExitStack, station: SimulatedStation) -> bool:
    """A registration is known at the door within two seconds."""
    try:
        await stack.enter_async_context(station)
    except ConnectionError:
        await asyncio.sleep(0.2)
        return False
    return True


async def hurry(stations: list[SimulatedStation]) -> None:
    """Ten of their seconds in one of ours."""
    while True:
        await asyncio.sleep(0.1)
        for station in stations:
            station.let_pass(1)
