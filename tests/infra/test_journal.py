import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from voltloom.infra.bus import LocalBus, open_bus
from voltloom.infra.database import open_database
from voltloom.infra.journal import Journal, newest_number, oldest_number, prune_journal, read_journal


@dataclass(frozen=True, slots=True)
class Counted:
    name: ClassVar[str] = "counted"
    live_only: ClassVar[bool] = False
    station_id: str
    n: int


@dataclass(frozen=True, slots=True)
class Glimpsed:
    name: ClassVar[str] = "glimpsed"
    live_only: ClassVar[bool] = True
    n: int


KINDS = (Counted, Glimpsed)


@asynccontextmanager
async def node(url, name, bus):
    """A node that follows the journal, and what it has heard."""
    journal = Journal(KINDS, node=name)
    heard = []
    journal.follow(lambda number, told: heard.append((number, told)))
    database = await open_database(url, journal=journal)
    await journal.start(database, bus)
    try:
        yield database, heard
    finally:
        await journal.stop()
        await database.close()


async def until(condition, timeout_s=15.0):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


def tell(*events):
    def change(_, work):
        for event in events:
            work.tell(event)

    return change


@pytest.mark.parametrize("bus", ["none", "local", "nats"])
def test_all_nodes_hear_all_events_once_in_the_order_of_their_numbers(fresh_database, database_url, bus, request):
    url = request.getfixturevalue("nats_url") if bus == "nats" else ""

    async def story():
        local = LocalBus()
        buses = [await open_bus(url) if bus == "nats" else local if bus == "local" else None for _ in range(2)]
        async with (
            fresh_database(),
            node(database_url, "n1", buses[0]) as (first, heard_by_first),
            node(database_url, "n2", buses[1]) as (second, heard_by_second),
        ):
            await asyncio.gather(
                *(database.write(tell(Counted("CP-1", n))) for n in range(40) for database in (first, second))
            )
            await until(lambda: len(heard_by_first) >= 80 and len(heard_by_second) >= 80)
            kept = [
                (entry.number, Counted("CP-1", int(entry.body.split(":")[-1][:-1])))
                for entry in await first.read(read_journal)
            ]
            assert [number for number, _ in kept] == sorted({number for number, _ in kept})
            assert len(kept) == 80
            assert heard_by_first == kept
            assert heard_by_second == kept
        for each in buses:
            if each is not None:
                await each.close()

    asyncio.run(story())


def test_what_is_only_live_reaches_other_nodes_by_the_bus_and_is_not_kept(fresh_database, database_url):
    async def story():
        bus = LocalBus()
        async with (
            fresh_database(),
            node(database_url, "n1", bus) as (first, heard_by_first),
            node(database_url, "n2", bus) as (_, heard_by_second),
        ):
            await first.write(tell(Glimpsed(1), Glimpsed(2)))
            await until(lambda: len(heard_by_second) == 2)
            assert heard_by_first == heard_by_second == [(None, Glimpsed(1)), (None, Glimpsed(2))]
            assert await first.read(newest_number) == 0

    asyncio.run(story())


def test_what_another_process_tells_is_heard(fresh_database, database_url):
    program = """
import asyncio, sys
from dataclasses import dataclass
from typing import ClassVar
from voltloom.infra.database import open_database
from voltloom.infra.journal import Journal

@dataclass(frozen=True, slots=True)
class Counted:
    name: ClassVar[str] = "counted"
    live_only: ClassVar[bool] = False
    station_id: str
    n: int

async def main():
    database = await open_database(sys.argv[1], journal=Journal([Counted], node="cli"))
    for n in range(20):
        await database.write(lambda _, work: work.tell(Counted("CP-9", n)))
    await database.close()
asyncio.run(main())
"""

    async def story():
        async with fresh_database(), node(database_url, "n1", None) as (database, heard):
            other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, database_url)
            for n in range(50):
                await database.write(tell(Counted("CP-1", n)))
            assert await other.wait() == 0
            await until(lambda: len(heard) == 70)
            assert [number for number, _ in heard] == sorted(number for number, _ in heard)
            assert [told.n for _, told in heard if told.station_id == "CP-9"] == list(range(20))
            assert [told.n for _, told in heard if told.station_id == "CP-1"] == list(range(50))

    asyncio.run(story())


def test_a_follower_that_fails_does_not_silence_the_others(fresh_database, database_url):
    async def story():
        journal = Journal(KINDS)
        heard = []

        def broken(*_):
            raise RuntimeError("broken on purpose")

        journal.follow(broken)
        leave = journal.follow(lambda number, _: heard.append(number))
        async with fresh_database(journal) as database:
            await database.write(tell(Counted("", 1)))
            leave()
            await database.write(tell(Counted("", 2)))
            assert len(heard) == 1

    asyncio.run(story())


def test_the_journal_forgets_the_oldest_by_age_and_by_count(fresh_database):
    async def story():
        journal = Journal(KINDS)
        async with fresh_database(journal) as database:
            for n in range(30):
                await database.write(tell(Counted("", n)))
            now = datetime.now(UTC)
            long_ago, soon = now - timedelta(days=1), now + timedelta(days=1)

            def pruned(**more):
                return database.write(lambda c, _: prune_journal(c, **more))

            async def left():
                return [json.loads(entry.body)["n"] for entry in await database.read(read_journal)]

            newest = await database.read(newest_number)
            assert not await pruned(before=long_ago, keep=100)
            assert await left() == list(range(30))
            assert not await pruned(before=long_ago, keep=20)
            assert await left() == list(range(10, 30))
            assert await pruned(before=soon, keep=100, limit=15)
            assert await left() == list(range(25, 30))
            assert await database.read(oldest_number) == newest - 4
            assert not await pruned(before=soon, keep=100)
            assert await left() == [29]
            await database.write(tell(Counted("", 30)))
            assert await database.read(newest_number) == newest + 1

    asyncio.run(story())


def test_an_event_of_an_unknown_name_is_passed_over():
    assert Journal(KINDS).decode("of.a.newer.version", "{}") is None


def test_a_follower_hears_only_the_kinds_it_wants(fresh_database, database_url):
    async def story():
        heard = []
        async with fresh_database(), node(database_url, "a", None) as (database, everything):
            leave = database.journal.follow(lambda _, told: heard.append(told), Glimpsed)
            await database.write(tell(Counted("CP-1", 1), Glimpsed(2), Counted("CP-1", 3)))
            await until(lambda: len(everything) == 3)
            assert heard == [Glimpsed(2)]
            leave()
            await database.write(tell(Glimpsed(4)))
            await until(lambda: len(everything) == 4)
            assert heard == [Glimpsed(2)]

    asyncio.run(story())
