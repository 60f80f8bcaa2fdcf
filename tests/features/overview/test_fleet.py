"""All stations in one answer, over the routes."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import NOW
from voltloom.domain.ids import Place
from voltloom.domain.reports import (
    BootReported,
    ConnectorStatusReported,
    FaultReported,
    LinkClosed,
    LinkOpened,
    SettingsReported,
)
from voltloom.domain.station import ConnectorStatus, Hardware, Setting, SettingName

MINUTE = timedelta(minutes=1)


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station, Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                await story(await a_station(database), client)

        asyncio.run(whole())

    return played


async def comes_to_life(station: Station) -> None:
    await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
    await station.says(BootReported(Hardware("ABB", "Terra AC", "S-1", "1.2.3")))
    await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.AVAILABLE, station.now))


async def fleet(client: Api, **query: object) -> dict[str, dict[str, object]]:
    """By identity."""
    answer = await client.get("/fleet", **query)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    columns = document["columns"]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert len(rows) == document["count"]
    return {row["id"]: row for row in rows}


def test_every_station_is_told_with_how_it_is(play):
    async def story(station: Station, client: Api) -> None:
        assert (await fleet(client))["CP-7"]["state"] == "NeverSeen"
        await comes_to_life(station)
        await client.client.post("/stations", json={"id": "CP-8"})
        told = await fleet(client)
        assert list(told) == ["CP-7", "CP-8"]
        assert told["CP-7"] == {
            "id": "CP-7",
            "name": "",
            "site_id": None,
            "state": "Available",
            "state_since": "2026-05-04T12:00:00Z",
            "power_w": 0.0,
            "power_limit_w": None,
            "connected": True,
            "last_seen": "2026-05-04T12:00:00Z",
            "vendor": "ABB",
            "model": "Terra AC",
            "serial": "S-1",
            "firmware": "1.2.3",
            "protocol": "ocpp2.0.1",
            "security_profile": 1,
            "faults": 0,
            "fault": "",
            "connectors": {"Available": 1},
            "transactions_open": 0,
            "uptime_30d": None,
            "disconnect_reason": "",
            "enabled": True,
            "registration": "Accepted",
        }

    play(story)


def test_power_and_transactions_are_those_that_run(play):
    async def story(station: Station, client: Api) -> None:
        station.now = datetime.now(UTC)  # the routes take the time from the clock
        await comes_to_life(station)
        started = await station.starts()
        assert (await fleet(client))["CP-7"]["power_w"] is None
        await station.meters(started.transaction_id, 1_100, power_w=7_400, at=station.now + MINUTE)
        running = (await fleet(client))["CP-7"]
        assert (running["power_w"], running["transactions_open"], running["state"]) == (7_400, 1, "Charging")
        await station.stops(started.transaction_id, 1_200, at=station.now + 2 * MINUTE)
        ended = (await fleet(client))["CP-7"]
        assert (ended["power_w"], ended["transactions_open"], ended["state"]) == (0.0, 0, "Available")

    play(story)


def test_a_fault_a_loss_and_the_rated_power_are_told(play):
    async def story(station: Station, client: Api) -> None:
        await comes_to_life(station)
        power = SettingName("EVSE", "Power", place=Place(1))
        await station.says(
            SettingsReported(
                1,
                0,
                False,
                (Setting(power, "0", unit="kW", max_limit=22.0), Setting(SettingName("X", "Y"), "1")),
                False,
            )
        )
        await station.says(FaultReported(Place(1, 1), None, "WeakSignal"))
        await station.says(FaultReported(Place(1, 1), None, "GroundFailure"))
        faulted = (await fleet(client))["CP-7"]
        assert (faulted["state"], faulted["faults"], faulted["fault"]) == ("Faulted", 2, "GroundFailure")
        assert faulted["power_limit_w"] == 22_000
        await station.says(LinkClosed(NOW, "silent for 90 s", "n1"))
        gone = (await fleet(client))["CP-7"]
        assert (gone["state"], gone["connected"], gone["disconnect_reason"]) == ("Offline", False, "silent for 90 s")

    play(story)


def test_it_takes_the_filters_of_the_list_of_stations(play):
    async def story(station: Station, client: Api) -> None:
        await comes_to_life(station)
        await client.client.post("/stations", json={"id": "CP-8"})
        assert list(await fleet(client, connected=True)) == ["CP-7"]
        assert list(await fleet(client, q="cp-8")) == ["CP-8"]
        assert list(await fleet(client, status="Available", vendor="abb")) == ["CP-7"]
        assert await fleet(client, site_id="nowhere") == {}
        assert (await client.get("/fleet", status="Nonsense")).status_code == 422

    play(story)


def test_whoever_has_it_is_not_sent_it_again(play):
    async def story(station: Station, client: Api) -> None:
        await comes_to_life(station)
        first = await client.get("/fleet")
        same = await client.client.get("/fleet", headers={"if-none-match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.RESERVED, station.now + MINUTE))
        other = await client.client.get("/fleet", headers={"if-none-match": first.headers["etag"]})
        assert other.status_code == 200
        assert other.headers["etag"] != first.headers["etag"]

    play(story)


def test_large_ones_are_packed_for_those_who_can_unpack(play):
    async def story(station: Station, client: Api) -> None:
        for number in range(40):
            await client.client.post("/stations", json={"id": f"X-{number}"})
        async with client.client.stream("GET", "/fleet", headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        plain = await client.client.get("/fleet", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert json.loads(gzip.decompress(packed))["columns"] == plain.json()["columns"]

    play(story)


def test_hostile_texts_come_out_as_they_went_in(play):
    async def story(station: Station, client: Api) -> None:
        await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))
        await station.says(BootReported(Hardware("<script>alert(1)</script>", "\u202eevil", "'; --", "=1+1")))
        told = (await fleet(client))["CP-7"]
        assert (told["vendor"], told["serial"], told["firmware"]) == ("<script>alert(1)</script>", "'; --", "=1+1")

    play(story)
