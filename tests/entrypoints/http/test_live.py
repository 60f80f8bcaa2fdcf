import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from voltloom.domain.events import StationConnected, TransactionUpdated
from voltloom.domain.ids import StationId, TransactionId
from voltloom.entrypoints.http import live
from voltloom.entrypoints.http.live import MOST_WAITING, Listener, frame

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def connected(station_id: str, address: str = "192.0.2.7") -> StationConnected:
    return StationConnected(StationId(station_id), NOON, address, "ocpp1.6", 1)


def updated(station_id: str) -> TransactionUpdated:
    return TransactionUpdated(StationId(station_id), TransactionId("1"), 1, NOON, "Charging", 10.0, 7400.0, None)


async def tell(database, *events) -> None:
    def change(_, work):
        for event in events:
            work.tell(event)

    await database.write(change)


class Stream:
    """Events as a browser's EventSource would hand them out."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[int | None, str, dict[str, object]]:
        number, name, data = None, "", None
        async with asyncio.timeout(15):
            async for line in self._lines:
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif not line and data is not None:
                    return number, name, data
        raise EOFError

    async def take(self, count: int) -> list[tuple[int | None, str, dict[str, object]]]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(serving, headers=None, **params) -> AsyncIterator[Stream]:
    async with (
        serving.as_local() as client,
        client.stream("GET", "/api/v1/events", params=params, headers=headers or {}) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


async def until_listening(serving, count: int) -> None:
    async with asyncio.timeout(10):
        while len(serving.server._live._listeners) < count:
            await asyncio.sleep(0.01)


def test_events_come_as_they_are_told_with_their_numbers(serve_http):
    async def story():
        async with serve_http() as serving:
            await tell(serving.database, connected("CP-0"))
            async with listening(serving) as stream:
                assert await stream.next() == (1, "hello", {"newest": 1})
                await tell(serving.database, connected("CP-1"), updated("CP-1"), connected("CP-2"))
                heard = await stream.take(3)
                kept = [(number, name, data["station_id"]) for number, name, data in heard if number is not None]
                assert kept == [(2, "station.connected", "CP-1"), (3, "station.connected", "CP-2")]
                (live_only,) = [(name, data["power_w"]) for number, name, data in heard if number is None]
                assert live_only == ("transaction.updated", 7400.0)

    asyncio.run(story())


@pytest.mark.parametrize("by", ["header", "parameter"])
def test_a_client_that_comes_back_misses_nothing(serve_http, by):
    async def story():
        async with serve_http() as serving:
            await tell(serving.database, *(connected(f"CP-{number}") for number in range(1, 6)))
            where = {"headers": {"last-event-id": "2"}, "after": 0} if by == "header" else {"after": 2}
            async with listening(serving, **where) as stream:
                assert (await stream.next())[1] == "hello"
                await tell(serving.database, connected("CP-6"))
                assert [number for number, _, _ in await stream.take(4)] == [3, 4, 5, 6]

    asyncio.run(story())


def test_nothing_is_missed_and_nothing_comes_twice_while_much_is_told(serve_http):
    async def story():
        async with serve_http() as serving:
            done = asyncio.Event()

            async def keep_telling():
                number = 0
                while not done.is_set():
                    await tell(serving.database, *(connected(f"CP-{number + each}") for each in range(7)))
                    number += 7
                    await asyncio.sleep(0)

            telling = asyncio.create_task(keep_telling())
            heard: list[int] = []
            # Coming back again and again, in the middle of it.
            for _ in range(12):
                async with listening(serving, after=heard[-1] if heard else 0) as stream:
                    assert (await stream.next())[1] == "hello"
                    for number, name, _ in await stream.take(60):
                        assert name == "station.connected"
                        heard.append(number or 0)
            done.set()
            await telling
            assert heard == list(range(1, len(heard) + 1))

    asyncio.run(story())


def test_only_the_events_asked_for_come(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving:
            await tell(serving.database, connected("CP-1"), connected("CP-2"))
            async with (
                listening(serving, station="CP-2,CP-3", after=0) as some,
                listening(serving, names="transaction.updated") as updates,
            ):
                await until_listening(serving, 2)
                await tell(serving.database, connected("CP-1"), updated("CP-1"), updated("CP-3"))
                assert [name for _, name, _ in await some.take(3)] == [
                    "hello",
                    "station.connected",
                    "transaction.updated",
                ]
                assert [data.get("station_id") for _, _, data in await updates.take(3)] == [None, "CP-1", "CP-3"]

    asyncio.run(story())


def test_who_resumes_from_before_what_is_kept_is_told_so(serve_sqlite):
    from sqlalchemy import delete

    from voltloom.infra.journal import journal

    async def story():
        async with serve_sqlite() as serving:
            await tell(serving.database, *(connected(f"CP-{number}") for number in range(1, 6)))
            await serving.database.write(
                lambda connection, _: connection.execute(delete(journal).where(journal.c.number <= 3))
            )
            async with listening(serving, after=1) as stream:
                assert [(number, name) for number, name, _ in await stream.take(4)] == [
                    (None, "hello"),
                    (None, "resync"),
                    (4, "station.connected"),
                    (5, "station.connected"),
                ]
            async with listening(serving, after=99) as stream:
                assert [(name, data) for _, name, data in await stream.take(2)] == [
                    ("hello", {"newest": 5}),
                    ("resync", {"after": 5}),
                ]

    asyncio.run(story())


def test_a_client_that_reads_too_slowly_is_told_where_to_read_on_and_holds_little_memory():
    async def story():
        listener = Listener((), ())
        listener.skip_to(10)
        held = 0
        for number in range(11, 11 + 5 * MOST_WAITING):
            listener.offer(number, frame(number, "a", b'{"x":"%s"}' % (b"y" * 100)))
            held = max(held, len(listener._waiting))
        assert held <= MOST_WAITING + 1
        text = (await listener.next(1)).decode()
        assert text.startswith('event: resync\ndata: {"after":10}\n\n')
        numbers = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
        assert numbers == list(range(numbers[0], 11 + 5 * MOST_WAITING))

    asyncio.run(story())


def test_large_events_count_by_their_size():
    async def story():
        listener = Listener((), ())
        for number in range(1, 50):
            listener.offer(number, frame(number, "a", b'"' + b"y" * 100_000 + b'"'))
        assert len(await listener.next(1)) <= live.MOST_WAITING_BYTES + 200_000

    asyncio.run(story())


def test_a_browser_that_stops_reading_does_not_hold_the_others_up(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, listening(serving) as quick:
            reader, writer = await asyncio.open_connection("127.0.0.1", serving.server.port, limit=1024)
            head = (
                f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {serving.local_token}\r\n\r\n"
            )
            writer.write(head.encode())
            assert b" 200 " in await reader.readline()
            await until_listening(serving, 2)
            assert (await quick.next())[1] == "hello"
            total = 0
            for _ in range(40):
                await tell(serving.database, *(connected("CP-1", "x" * 2000) for _ in range(100)))
                for number, name, _ in await quick.take(100):
                    assert name == "station.connected"
                    total += 1
                    assert number == total
            slow = next(each for each in serving.server._live._listeners if each._waiting)
            assert slow._waiting_bytes <= live.MOST_WAITING_BYTES + 10_000
            writer.transport.abort()

    asyncio.run(story())


def test_a_quiet_stream_beats_and_ends_when_its_key_is_revoked(serve_sqlite, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)

    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            made = (await admin.post("/api/v1/api-keys", json={"name": "robot", "grants": ["viewer"]})).json()
            async with (
                serving.client(authorization=f"Bearer {made['key']}") as robot,
                robot.stream("GET", "/api/v1/events", params={"names": "nothing"}) as response,
            ):
                lines = response.aiter_lines()
                async with asyncio.timeout(15):
                    async for line in lines:
                        if line == ":":
                            break
                    await admin.delete(f"/api/v1/api-keys/{made['api_key']['id']}")
                    rest = [line async for line in lines]
                assert "event: goodbye" in rest

    asyncio.run(story())


def test_streams_end_when_the_server_stops(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, listening(serving) as stream:
            assert (await stream.next())[1] == "hello"
            await until_listening(serving, 1)
            async with asyncio.timeout(4):
                await serving.server.stop()
            with pytest.raises(EOFError):
                await stream.next()

    asyncio.run(story())


def test_a_key_opens_so_many_streams_and_no_more(serve_sqlite, monkeypatch):
    monkeypatch.setattr(live, "MOST_STREAMS_EACH", 2)

    async def story():
        async with serve_sqlite() as serving:
            async with listening(serving), listening(serving):
                await until_listening(serving, 2)
                async with serving.as_local() as client:
                    assert (await client.get("/api/v1/events")).status_code == 429
            async with asyncio.timeout(10):
                while serving.server._live._streams_by_actor.total():
                    await asyncio.sleep(0.01)
            async with listening(serving) as stream:
                assert (await stream.next())[1] == "hello"

    asyncio.run(story())


def test_a_number_that_is_none_is_refused(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_local() as client:
            for headers, params in (
                ({"last-event-id": "x"}, {}),
                ({"last-event-id": "9" * 30}, {}),
                ({}, {"after": "-1"}),
                ({}, {"after": str(1 << 63)}),
            ):
                assert (await client.get("/api/v1/events", headers=headers, params=params)).status_code == 422

    asyncio.run(story())
