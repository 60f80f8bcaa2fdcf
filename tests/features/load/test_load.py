"""Load as it is recorded, and what the routes say of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import Network
from voltloom.domain.events import SiteLoadMeasured
from voltloom.domain.reports import LinkOpened
from voltloom.features.feature import Context
from voltloom.features.load.rules import LOOK_EVERY
from voltloom.features.load.service import prune_load, recorder
from voltloom.infra.database import Database, Work

MINUTE = timedelta(minutes=1)


class Clock:
    """Looks as the clockwork does, every ten seconds of its own time."""

    def __init__(self, database: Database, at: datetime) -> None:
        self.database = database
        self.now = at
        self.record = recorder()
        self.told: list[SiteLoadMeasured] = []

    async def looks(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += LOOK_EVERY
            work = Work()
            await self.record(Context(self.database, Network(), self.now, work))
            self.told += work.events  # type: ignore[arg-type]
            await self.commit(work)

    async def commit(self, work: Work) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.database.commit(work, lambda error: done.set_exception(error) if error else done.set_result(None))
        await done


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    """A station in a site with a limit, half an hour ago."""

    def played(story: Callable[[Station, Api, Clock, str], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                station = await a_station(database)
                site = (await client.client.post("/sites", json={"name": "Harbour", "power_limit_w": 22_000})).json()
                await client.client.patch("/stations/CP-7", json={"site_id": site["id"]})
                station.now = datetime.now(UTC) - 30 * MINUTE
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))
                await story(station, client, Clock(database, station.now), site["id"])

        asyncio.run(whole())

    return played


async def ask(client: Api, path: str, **query: object) -> dict:
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_a_site_draws_is_recorded_with_its_limit_and_told_live(play):
    async def story(station: Station, client: Api, clock: Clock, site: str) -> None:
        await clock.looks(6)
        started = await station.starts()
        station.now = clock.now
        await station.meters(started.transaction_id, 1_100, power_w=7_400)
        await clock.looks(12)
        for path in (f"/sites/{site}/load", "/load"):
            told = await ask(
                client, path, since=(clock.now - 3 * MINUTE).isoformat(), until=clock.now.isoformat(), step_s=10
            )
            powers = [power for power in told["power_w"] if power is not None]
            assert {powers[0], powers[-1]} == {0, 7_400}
            assert set(told["limit_w"]) <= {22_000, None}
            assert (told["charging"][-1], told["connected"][-1]) == (1, 1)
            assert len({len(told[name]) for name in ("at", "power_w", "power_max_w", "limit_w", "connected")}) == 1
        changed = [event for event in clock.told if any(each.site_id == site for each in event.sites)]
        assert [event.power_w for event in changed] == [0, 7_400]
        assert len(clock.told) == 18

    play(story)


def test_means_of_five_minutes_are_told_for_long_and_what_is_not_over_yet_as_it_is(play):
    async def story(station: Station, client: Api, clock: Clock, site: str) -> None:
        started = await station.starts()
        await station.meters(started.transaction_id, 1_100, power_w=6_000)
        await clock.looks(100)
        told = await ask(
            client, f"/sites/{site}/load", since=(clock.now - timedelta(days=10)).isoformat(), step_s=3_600
        )
        known = [power for power in told["power_w"] if power is not None]
        assert known
        assert set(known) == {6_000}
        assert max(power for power in told["power_max_w"] if power is not None) == 6_000

    play(story)


def test_what_is_old_is_let_go(play):
    async def story(station: Station, client: Api, clock: Clock, site: str) -> None:
        await clock.looks(40)
        work = Work()
        await prune_load(Context(clock.database, Network(), clock.now + timedelta(days=401), work))
        await clock.commit(work)
        told = await ask(client, f"/sites/{site}/load")
        assert set(told["power_w"]) == {None}

    play(story)


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2025-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "step_s": 10},
        {"step_s": 1},
        {"since": "2026-01-01T00:00:00"},
    ],
)
def test_a_time_that_cannot_be_answered_is_refused(play, query: dict[str, object]):
    async def story(station: Station, client: Api, clock: Clock, site: str) -> None:
        assert (await client.get("/load", **query)).status_code == 422

    play(story)


def test_a_site_that_is_not_there_has_no_load(play):
    async def story(station: Station, client: Api, clock: Clock, site: str) -> None:
        assert (await client.get("/sites/nowhere/load")).status_code == 404

    play(story)
