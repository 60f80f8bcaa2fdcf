"""Outages as they are kept, and what the routes say of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import Network
from voltloom.app.parts import EVENTS
from voltloom.domain.ids import Place
from voltloom.domain.reports import ConnectorStatusReported, LinkClosed, LinkOpened
from voltloom.domain.station import ConnectorStatus
from voltloom.features.feature import Context
from voltloom.features.uptime import service
from voltloom.features.uptime.service import keep_outages, prune_outages
from voltloom.infra.database import Database, Work
from voltloom.infra.journal import Journal

HOUR = timedelta(hours=1)


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    """A station that came for the first time ten hours ago, with one connector."""

    def played(story: Callable[[Station, Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC) - 10 * HOUR
                await comes(station)
                await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.AVAILABLE, station.now))
                await story(station, client)

        asyncio.run(whole())

    return played


async def comes(station: Station) -> None:
    await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))


async def goes(station: Station, reason: str = "silent for 90 s") -> None:
    await station.says(LinkClosed(station.now, reason, "n1"))


async def look(database: Database, at: datetime | None = None) -> None:
    work = Work()
    await keep_outages(Context(database, Network(), at or datetime.now(UTC), work))
    await committed(database, work)


async def committed(database: Database, work: Work) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    database.commit(work, lambda error: done.set_exception(error) if error else done.set_result(None))
    await done


async def ask(client: Api, path: str, **query: object) -> dict:
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_outages_are_kept_and_uptime_is_told_of_station_site_and_network(play):
    async def story(station: Station, client: Api) -> None:
        site = (await client.client.post("/sites", json={"name": "Harbour"})).json()["id"]
        await client.client.patch("/stations/CP-7", json={"site_id": site})
        station.now += 4 * HOUR
        await goes(station)
        await look(client.database)
        station.now += 1 * HOUR
        await comes(station)
        await look(client.database)
        await look(client.database)  # once more: nothing counts twice
        (outage,) = (await ask(client, "/stations/CP-7/outages"))["items"]
        assert (outage["kind"], outage["evse"], outage["reason"]) == ("offline", 0, "silent for 90 s")
        lasted = datetime.fromisoformat(outage["ended_at"]) - datetime.fromisoformat(outage["began_at"])
        assert lasted == HOUR
        for path in ("/stations/CP-7/uptime", f"/sites/{site}/uptime", "/uptime"):
            told = await ask(client, path)
            assert told["day"]["uptime"] == pytest.approx(0.9, abs=0.001)
            assert told["month"] == told["day"]
        fleet = (await ask(client, "/fleet"))["columns"]
        assert fleet["uptime_30d"] == [pytest.approx(0.9, abs=0.001)]
        assert (await ask(client, "/overview"))["uptime_30d"] == pytest.approx(0.9, abs=0.001)

    play(story)


def test_a_fault_and_its_end_are_an_outage_of_the_connector(play):
    async def story(station: Station, client: Api) -> None:
        at = station.now
        await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.FAULTED, at, "GroundFailure"))
        await look(client.database)
        (outage,) = (await ask(client, "/stations/CP-7/outages"))["items"]
        assert (outage["kind"], outage["connector"], outage["ended_at"]) == ("faulted", 1, None)
        station.now += HOUR
        await station.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.AVAILABLE, station.now))
        await look(client.database)
        (outage,) = (await ask(client, "/stations/CP-7/outages"))["items"]
        assert outage["ended_at"] is not None

    play(story)


def test_while_the_server_was_away_is_nobodys_outage(play):
    async def story(station: Station, client: Api) -> None:
        station.now += 2 * HOUR
        await goes(station, "the server restarts: come back")
        await look(client.database, station.now)
        station.now += 4 * HOUR
        await comes(station)
        await look(client.database)
        told = (await ask(client, "/stations/CP-7/uptime"))["day"]
        assert told["uptime"] == 1.0
        assert told["known_s"] == pytest.approx(6 * 3600, abs=5)

    play(story)


def test_more_than_fits_one_page_is_read_page_by_page(play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "PAGE", 3)

    async def story(station: Station, client: Api) -> None:
        for _ in range(9):
            station.now += timedelta(minutes=10)
            await goes(station)
            await comes(station)
        await look(client.database)
        assert len((await ask(client, "/stations/CP-7/outages"))["items"]) == 9

    play(story)


def test_outages_come_in_pages_the_latest_first(play):
    async def story(station: Station, client: Api) -> None:
        for _ in range(5):
            station.now += timedelta(minutes=10)
            await goes(station)
            await comes(station)
        await look(client.database)
        seen: list[str] = []
        after = None
        while True:
            page = await ask(client, "/stations/CP-7/outages", limit=2, **({"after": after} if after else {}))
            seen += [each["began_at"] for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert len(seen) == 5
        assert seen == sorted(seen, reverse=True)

    play(story)


def test_a_removed_station_leaves_no_outages(play):
    async def story(station: Station, client: Api) -> None:
        station.now += HOUR
        await goes(station)
        await look(client.database)
        await client.client.delete("/stations/CP-7")
        await look(client.database)
        assert (await ask(client, "/stations/CP-7/outages"))["items"] == []
        assert (await ask(client, "/uptime"))["month"]["uptime"] is None
        assert (await client.get("/stations/CP-7/uptime")).status_code == 404

    play(story)


def test_old_outages_are_let_go(play):
    async def story(station: Station, client: Api) -> None:
        await goes(station)
        station.now += HOUR
        await comes(station)
        await look(client.database)
        work = Work()
        await prune_outages(Context(client.database, Network(), datetime.now(UTC) + timedelta(days=401), work))
        await committed(client.database, work)
        assert (await ask(client, "/stations/CP-7/outages"))["items"] == []

    play(story)


def test_the_history_of_a_station_is_all_that_happened_to_it(play):
    async def story(station: Station, client: Api) -> None:
        station.now += HOUR
        await goes(station)
        station.now += HOUR
        await comes(station)
        await client.client.patch("/stations/CP-7", json={"name": "<b>Front</b> door"})
        await client.client.post("/stations/CP-7/reset", json={"kind": "OnIdle"})
        await look(client.database)
        told = (await ask(client, "/stations/CP-7/history"))["items"]
        assert [each["name"] for each in told][:4] == [
            "command.answered",
            "station.changed",
            "station.connected",
            "station.disconnected",
        ]
        assert told[0]["data"]["outcome"] == "not connected"
        lost = next(each for each in told if each["name"] == "station.disconnected")
        assert (lost["outage"]["kind"], lost["data"]["reason"]) == ("offline", "silent for 90 s")
        only = (await ask(client, "/stations/CP-7/history", chapter=["connection", "boot"]))["items"]
        assert {each["chapter"] for each in only} == {"connection"}
        first = await ask(client, "/stations/CP-7/history", limit=2)
        second = await ask(client, "/stations/CP-7/history", limit=2, after=first["next"])
        assert [each["number"] for each in first["items"] + second["items"]] == [each["number"] for each in told[:4]]
        assert (await ask(client, "/stations/CP-7/history", until="2020-01-01T00:00:00Z"))["items"] == []
        assert (await client.get("/stations/CP-7/history", chapter="gossip")).status_code == 422

    play(story)
