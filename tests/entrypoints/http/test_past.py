import asyncio
import csv
import io
import json
from datetime import UTC, datetime

from voltloom.domain.events import StationConnected
from voltloom.domain.ids import StationId

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def connected(station_id: str, address: str = "192.0.2.7") -> StationConnected:
    return StationConnected(StationId(station_id), NOON, address, "ocpp1.6", 1)


async def tell(database, *events) -> None:
    def change(_, work):
        for event in events:
            work.tell(event)

    await database.write(change)


def test_the_journal_is_read_page_by_page(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_local() as client:
            await tell(serving.database, *(connected(f"CP-{number % 2}") for number in range(1, 8)))
            newest = (await client.get("/api/v1/journal", params={"limit": 3})).json()
            assert [item["number"] for item in newest["items"]] == [5, 6, 7]
            assert (newest["next"], newest["newest"]) == (None, 7)
            of_one = (await client.get("/api/v1/journal", params={"limit": 2, "station": "CP-0"})).json()
            assert [item["number"] for item in of_one["items"]] == [4, 6]
            first = (await client.get("/api/v1/journal", params={"limit": 3, "after": 0, "station": "CP-1"})).json()
            assert [item["number"] for item in first["items"]] == [1, 3, 5]
            rest = (await client.get("/api/v1/journal", params={"after": first["next"], "station": "CP-1"})).json()
            assert [item["number"] for item in rest["items"]] == [7]
            assert rest["items"][0]["data"]["address"] == "192.0.2.7"
            none = (await client.get("/api/v1/journal", params={"after": 0, "names": "x,y"})).json()
            assert none["items"] == []

    asyncio.run(story())


def test_the_journal_is_read_back_from_the_newest(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_local() as client:
            await tell(serving.database, *(connected(f"CP-{number % 2}") for number in range(1, 8)))
            page = (await client.get("/api/v1/journal", params={"limit": 3})).json()
            assert ([item["number"] for item in page["items"]], page["previous"]) == ([5, 6, 7], 5)
            page = (await client.get("/api/v1/journal", params={"limit": 9, "before": page["previous"]})).json()
            assert ([item["number"] for item in page["items"]], page["previous"]) == ([1, 2, 3, 4], None)
            both = await client.get("/api/v1/journal", params={"before": 3, "after": 1})
            assert both.status_code == 422

    asyncio.run(story())


def test_the_journal_is_looked_through_and_becomes_a_file(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_local() as client:
            await tell(serving.database, connected("CP-1"), connected("=CP-2", "192.0.2.99"), connected("CP-3"))
            found = (await client.get("/api/v1/journal", params={"q": "192.0.2.99"})).json()
            assert [item["station_id"] for item in found["items"]] == ["=CP-2"]
            later = (await client.get("/api/v1/journal", params={"since": "2999-01-01T00:00:00Z"})).json()
            assert later["items"] == []
            naive = await client.get("/api/v1/journal", params={"since": "2030-01-01T00:00:00"})
            assert naive.status_code == 422

            exported = await client.get("/api/v1/journal/export", params={"q": "CP-"})
            assert exported.headers["content-disposition"] == 'attachment; filename="events.csv"'
            rows = list(csv.DictReader(io.StringIO(exported.text)))
            assert [row["station_id"] for row in rows] == ["CP-1", "'=CP-2", "CP-3"]
            lines = await client.get("/api/v1/journal/export", params={"format": "jsonl", "station": "CP-3"})
            (only,) = [json.loads(line) for line in lines.text.splitlines()]
            assert (only["number"], only["data"]["station_id"]) == (3, "CP-3")

    asyncio.run(story())
