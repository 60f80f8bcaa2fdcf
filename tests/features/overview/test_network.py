"""The overview, over the routes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from voltloom.domain.ids import Place
from voltloom.domain.reports import BootReported, ConnectorStatusReported, FaultReported, LinkOpened
from voltloom.domain.station import ConnectorStatus, Hardware
from voltloom.domain.token import IdToken
from voltloom.features.overview.api import OverviewOut
from voltloom.features.stations import Inbox, Knock, KnockReason
from voltloom.features.stations.credentials import Credentials
from voltloom.features.stations.door import flush_door

MINUTE = timedelta(minutes=1)


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station, Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await story(station, client)

        asyncio.run(whole())

    return played


async def comes_to_life(station: Station) -> None:
    await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))
    await station.says(BootReported(Hardware("ABB", "Terra AC", "S-1", "1.2.3")))
    await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.AVAILABLE, station.now))


async def overview(client: Api, **query: object) -> OverviewOut:
    answer = await client.get("/overview", **query)
    assert answer.status_code == 200, answer.text
    return OverviewOut.model_validate_json(answer.content)


def test_an_empty_network_has_an_overview(fresh_database):
    async def story() -> None:
        async with fresh_database() as database, charging_api(database) as client:
            told = await overview(client)
            assert (told.stations.total, told.needs_you, told.sites, told.power.limit_w) == (0, [], [], None)

    asyncio.run(story())


def test_power_transactions_and_energy_are_summed_for_the_network_and_each_site(play):
    async def story(station: Station, client: Api) -> None:
        site = (await client.client.post("/sites", json={"name": "Harbour", "power_limit_w": 5_000})).json()
        await client.client.patch("/stations/CP-7", json={"site_id": site["id"]})
        await comes_to_life(station)
        started = await station.starts()
        await station.meters(started.transaction_id, 1_500, power_w=7_400, at=station.now + timedelta(seconds=1))
        told = await overview(client)
        assert (told.power.now_w, told.power.limit_w) == (7_400, 5_000)
        assert (told.transactions.open, told.transactions.started_last_hour) == (1, 1)
        assert told.transactions.energy_wh == 500
        assert told.stations.model_dump(mode="json") == {"total": 1, "by_state": {"Charging": 1}}
        (line,) = told.sites
        assert (line.name, line.stations, line.power_w, line.limit_w) == ("Harbour", 1, 7_400, 5_000)
        (trouble,) = told.needs_you
        assert (trouble.kind.value, trouble.site_name, trouble.power_w) == ("over_limit", "Harbour", 7_400)

    play(story)


def test_what_needs_somebody_is_found_in_what_stations_and_strangers_said(play):
    async def story(station: Station, client: Api) -> None:
        await comes_to_life(station)
        strange = await station.starts(token=IdToken("=STRANGER"))
        await station.stops(strange.transaction_id, 1_400, token=None)
        await station.says(FaultReported(Place(1, 1), None, "GroundFailure"))
        inbox = Inbox()
        inbox.note(Knock("CP-7", "192.0.2.9", station.now, KnockReason.WRONG_PASSWORD))
        await flush_door(client.database, inbox, nobody(), station.now)
        told = {each.kind.value: each for each in (await overview(client)).needs_you}
        assert (told["fault"].code, told["fault"].severity.value) == ("GroundFailure", "critical")
        assert (told["refused"].code, told["refused"].station_ids) == ("wrong_password", ["CP-7"])
        assert told["suspect"].transactions[0].model_dump() == {"station_id": "CP-7", "id": strange.transaction_id}

    play(story)


def nobody() -> Credentials:
    from stations_by_hand import CONFIG

    async def none(_: object) -> dict:
        return {}

    return Credentials(none, CONFIG.passwords)


def test_today_begins_when_the_caller_says(play):
    async def story(station: Station, client: Api) -> None:
        await comes_to_life(station)
        started = await station.starts(at=station.now - 20 * MINUTE)
        await station.stops(started.transaction_id, 1_900, at=station.now - 10 * MINUTE)
        since = (station.now - timedelta(hours=3)).isoformat()
        assert (await overview(client, since=since)).transactions.energy_wh == 900
        assert (await overview(client, since=station.now.isoformat())).transactions.energy_wh == 0
        assert (await client.get("/overview", since="yesterday")).status_code == 422

    play(story)
