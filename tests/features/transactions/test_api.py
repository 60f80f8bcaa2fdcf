"""The routes, over the server's own assembly of errors."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from charging_by_hand import CARD, Api, Station, a_station, charging_api
from stations_by_hand import NOW
from voltloom.domain.commands import Accepted, Answer, StartAnswer
from voltloom.domain.ids import Place
from voltloom.domain.metering import Reading, Sample
from voltloom.domain.reports import SamplesReported
from voltloom.domain.token import IdToken
from voltloom.features.access import Role

MINUTE = timedelta(minutes=1)


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station, Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                await story(await a_station(database), client)

        asyncio.run(whole())

    return played


async def some_transactions(station: Station) -> list[str]:
    """Three that ended, one an hour; the second suspect, for its start says nothing of a card. And one that runs."""
    ids: list[str] = []
    for number in range(3):
        token = CARD if number != 1 else IdToken("=STRANGER")
        reply = await station.starts(token=token)
        for minute in range(1, 4):
            await station.meters(reply.transaction_id, 1_000 + 100 * minute, at=station.now + minute * MINUTE)
        await station.stops(reply.transaction_id, 1_400, token=token, at=station.now + 4 * MINUTE)
        ids.append(reply.transaction_id)
        station.now += timedelta(hours=1)
    reply = await station.starts(evse=2)
    await station.meters(reply.transaction_id, 1_250, evse=2, at=station.now + MINUTE)
    return [*ids, reply.transaction_id]


def test_the_list_is_filtered_and_paged(play):
    async def story(station: Station, client: Api) -> None:
        ids = await some_transactions(station)

        async def listed(**query: object) -> list[str]:
            answer = await client.get("/transactions", **query)
            assert answer.status_code == 200, answer.text
            return [each["id"] for each in answer.json()["items"]]

        assert await listed() == ids[::-1]
        assert await listed(state="open") == ids[3:]
        assert await listed(state="ended", suspect="false") == [ids[2], ids[0]]
        assert await listed(suspect="true") == [ids[1]]
        assert await listed(token="04a2b3", station_id="CP-7", state="ended") == [ids[2], ids[0]]
        assert await listed(station_id="CP-8") == []
        assert await listed(site_id="nowhere") == []
        since, until = (NOW + timedelta(hours=1)).isoformat(), (NOW + timedelta(hours=2)).isoformat()
        assert await listed(since=since, until=until) == [ids[1]]
        seen: list[str] = []
        after: str | None = None
        while True:
            page = (await client.get("/transactions", limit=1, **({"after": after} if after else {}))).json()
            seen += [each["id"] for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == ids[::-1]

    play(story)


def test_one_transaction_is_told_with_its_samples_and_series(play):
    async def story(station: Station, client: Api) -> None:
        reply = await station.starts(meter_wh=1_000)
        for minute in range(1, 5):
            extras = (Reading("Current.Import", 12.0, "A", "N"),) if minute == 1 else ()
            sample = Sample(NOW + minute * MINUTE, energy_wh=1_000 + 100 * minute, power_w=6_000, extras=extras)
            await station.says(SamplesReported(Place(1, 1), (sample,), reply.transaction_id))
        here = f"/transactions/CP-7/{reply.transaction_id}"
        told = (await client.get(here)).json()
        assert (told["energy_wh"], told["power_w"], told["ended_at"], told["flags"]) == (400, 6_000, None, [])
        page = (await client.get(f"{here}/samples", limit=3)).json()
        assert [each["energy_wh"] for each in page["items"]] == [1_100, 1_200, 1_300]
        assert page["items"][0]["extras"][0]["measurand"] == "Current.Import"
        rest = (await client.get(f"{here}/samples", after=page["next"])).json()
        assert ([each["energy_wh"] for each in rest["items"]], rest["next"]) == ([1_400], None)
        series = (await client.get(f"{here}/series", slot_s=120)).json()
        assert [slot["energy_wh"] for slot in series["slots"]] == [100, 300, 400]
        assert (await client.get(f"{here}/series")).json()["slot_s"] == 1
        assert (await client.get("/transactions/CP-7/1")).status_code == 404
        assert (await client.get("/transactions/CP-7/1/samples")).status_code == 404

    play(story)


def test_a_series_of_too_many_slots_is_refused(play):
    async def story(station: Station, client: Api) -> None:
        reply = await station.starts()
        for hour in range(3):
            await station.meters(reply.transaction_id, 1_000, at=NOW + timedelta(hours=hour))
        answer = await client.get(f"/transactions/CP-7/{reply.transaction_id}/series", slot_s=1)
        assert answer.status_code == 422
        assert "longer" in answer.json()["detail"]

    play(story)


def test_meter_values_outside_of_transactions_can_be_read(play):
    async def story(station: Station, client: Api) -> None:
        await station.meters(None, 700, evse=0)
        page = (await client.get("/stations/CP-7/samples")).json()
        assert [(each["evse"], each["energy_wh"]) for each in page["items"]] == [(0, 700)]
        later = await client.get("/stations/CP-7/samples", since=(NOW + MINUTE).isoformat())
        assert later.json()["items"] == []

    play(story)


def test_the_export_is_a_table_that_no_spreadsheet_runs(play):
    async def story(station: Station, client: Api) -> None:
        ids = await some_transactions(station)
        answer = await client.get("/transactions/export", state="ended")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["id"] for row in rows] == [ids[2], ids[1], ids[0]]
        assert rows[1]["token"] == "'=STRANGER"
        assert (rows[1]["flags"], rows[0]["energy_wh"], rows[0]["stop_reason"]) == ("unauthorized", "400.0", "Local")
        lines = (await client.get("/transactions/export", format="jsonl")).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids[::-1]
        samples = await client.get(f"/transactions/CP-7/{ids[0]}/samples/export")
        assert [row["energy_wh"] for row in csv.DictReader(io.StringIO(samples.text))] == ["1100.0", "1200.0", "1300.0"]

    play(story)


def test_the_summary_adds_up(play):
    async def story(station: Station, client: Api) -> None:
        await some_transactions(station)
        summary = (await client.get("/transactions/summary", since=(NOW + timedelta(minutes=30)).isoformat())).json()
        assert (summary["open"], summary["ended"], summary["energy_wh"]) == (1, 2, 1_050)
        assert (await client.get("/transactions/summary", site_id="nowhere")).json()["open"] == 0

    play(story)


def test_a_transaction_is_started_stopped_and_closed_from_afar(play):
    async def story(station: Station, client: Api) -> None:
        yes = Answer(Accepted.ACCEPTED, "Accepted")
        client.network.says = lambda *_: StartAnswer(yes)
        answer = await client.client.post("/transactions", json={"station_id": "CP-7", "evse": 1, "token": "GUEST"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"]
        reply = await station.starts()
        here = f"/transactions/CP-7/{reply.transaction_id}"
        client.network.says = lambda *_: yes
        assert (await client.client.post(f"{here}/stop")).json()["status"] == "Accepted"
        client.network.says = None
        away = await client.client.post(f"{here}/stop")
        assert away.status_code == 409
        assert "not connected" in away.json()["detail"]
        closed = await client.client.post(f"{here}/close")
        assert (closed.json()["closed_by"], closed.json()["suspect"]) == ("operator", True)
        assert (await client.client.post(f"{here}/close")).status_code == 409

    play(story)


def test_who_may_only_look_may_not_start_stop_or_close(play):
    async def story(station: Station, client: Api) -> None:
        reply = await station.starts()
        client.role = Role.VIEWER
        here = f"/transactions/CP-7/{reply.transaction_id}"
        assert (await client.get(here)).status_code == 200
        start = await client.client.post("/transactions", json={"station_id": "CP-7", "token": "X"})
        assert start.status_code == 403
        assert (await client.client.post(f"{here}/stop")).status_code == 403
        client.role = Role.TECHNICIAN
        assert (await client.client.post(f"{here}/close")).status_code == 403

    play(story)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/transactions", {"after": "nonsense"}),
        ("/transactions", {"since": "yesterday"}),
        ("/transactions", {"limit": "501"}),
        ("/transactions/export", {"format": "xlsx"}),
    ],
)
def test_nonsense_is_refused_with_a_reason(play, path: str, query: dict[str, str]):
    async def story(_: Station, client: Api) -> None:
        assert (await client.get(path, **query)).status_code == 422

    play(story)
