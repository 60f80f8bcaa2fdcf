"""What was acknowledged is kept, whatever ends the process or the server; and one file serves several processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, func, insert, select

from voltloom.domain.errors import Unavailable
from voltloom.infra import postgres, sqlite
from voltloom.infra.database import Statement, Work, open_database

TABLES = MetaData()
kept = Table(
    "test_kept",
    TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("station", Text, nullable=False),
    Column("n", Integer, nullable=False),
)
ADD = Statement(insert(kept), bulk=True)

WRITING_WITHOUT_END = """
import asyncio, os, sys
from sqlalchemy import MetaData, Table, insert, BigInteger, Column, Identity, Integer, Text
from voltloom.infra.database import Statement, Work, open_database
kept = Table("test_kept", MetaData(), Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(),
    primary_key=True), Column("station", Text), Column("n", Integer))
ADD = Statement(insert(kept), bulk=True)

async def main():
    database = await open_database(sys.argv[1])
    def write(station, n):
        work = Work()
        work.write(ADD, station, n)
        def done(error):
            assert error is None, error
            os.write(1, b"%s %d\\n" % (station.encode(), n))
            write(station, n + 1)
        database.commit(work, done, station)
    for each in range(50):
        write(f"{sys.argv[2]}-{each}", 0)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def fresh_database(fresh_database):
    return partial(fresh_database, tables=TABLES)


def test_a_killed_process_loses_nothing_it_acknowledged(fresh_database, database_url):
    async def create() -> None:
        async with fresh_database():
            pass

    asyncio.run(create())
    acknowledged: set[tuple[str, int]] = set()
    for round_ in range(3):
        writing = subprocess.Popen(
            [sys.executable, "-c", WRITING_WITHOUT_END, database_url, f"r{round_}"], stdout=subprocess.PIPE
        )
        assert writing.stdout is not None
        heard = b""
        while heard.count(b"\n") < 2_000 * (round_ + 1):
            chunk = os.read(writing.stdout.fileno(), 65_536)
            assert chunk, "it ended by itself"
            heard += chunk
        writing.send_signal(signal.SIGKILL)
        heard += writing.stdout.read()
        writing.stdout.close()
        writing.wait(10)
        for line in heard[: heard.rindex(b"\n")].decode().splitlines():
            station, n = line.split()
            acknowledged.add((station, int(n)))

    async def found() -> list[tuple[str, int]]:
        async with fresh_database() as database:
            rows = await database.read(lambda c: c.execute(select(kept.c.station, kept.c.n).order_by(kept.c.number)))
            return [tuple(row) for row in rows]

    rows = asyncio.run(found())
    assert len(rows) == len(set(rows)), "written twice"
    assert acknowledged <= set(rows), "acknowledged and lost"
    in_order: dict[str, list[int]] = {}
    for station, n in rows:
        in_order.setdefault(station, []).append(n)
    assert all(numbers == list(range(len(numbers))) for numbers in in_order.values())


def commit(database, station: str, n: int) -> "asyncio.Future[None]":
    work = Work()
    work.write(ADD, station, n)
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    database.commit(work, lambda error: future.set_exception(error) if error else future.set_result(None), station)
    return future


def count(database):
    return database.read(lambda connection: connection.execute(select(func.count()).select_from(kept)).scalar())


def test_two_processes_share_one_database(fresh_database, database_url):
    async def story() -> None:
        async with fresh_database() as database:
            other = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WRITING_WITHOUT_END, database_url, "other", stdout=subprocess.PIPE
            )
            assert other.stdout is not None
            await other.stdout.readline()
            reading = asyncio.create_task(other.stdout.read())
            for n in range(100):
                change = partial(lambda _, work, n: work.write(ADD, "cold", n), n=n)
                await asyncio.gather(commit(database, "mine", n), database.write(change))
            other.kill()
            acknowledged = (await reading).count(b"\n")
            await other.wait()
            assert await rows_of(database, "mine") == list(range(100))
            assert await rows_of(database, "cold") == list(range(100))
            assert await count(database) - 200 >= acknowledged > 100

    asyncio.run(story())


def rows_of(database, station: str):
    query = select(kept.c.n).where(kept.c.station == station).order_by(kept.c.number)
    return database.read(lambda connection: connection.execute(query).scalars().all())


def test_works_wait_for_another_process_that_holds_the_lock_but_not_for_ever(fresh_database, sqlite_url, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.2)

    async def story() -> None:
        database = await open_database(sqlite_url)
        await database.write(lambda connection, _: TABLES.create_all(connection))
        other = sqlite.connect(Path(sqlite_url.removeprefix("sqlite:///")), writing=True)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await commit(database, "a", 1)
        with pytest.raises(Unavailable):
            await database.write(lambda connection, work: work.write(ADD, "a", 2))
        monkeypatch.setattr(sqlite, "BUSY_S", 10.0)
        waiting = commit(database, "a", 3)
        await count(database)
        assert not waiting.done()
        other.execute("COMMIT")
        await waiting
        assert await count(database) == 1
        other.close()
        await database.close()

    asyncio.run(story())


def test_works_survive_a_server_that_cuts_all_connections(postgres_url):
    async def story() -> None:
        database = await open_database(postgres_url)
        await database.write(lambda connection, _: TABLES.create_all(connection))
        admin = await asyncpg.connect(postgres_url)
        for n in range(10):
            await commit(database, "a", n)
            assert await count(database) == 2 * n + 1
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'voltloom' AND datname = current_database()"
            )
            await commit(database, "b", n)
            assert await count(database) == 2 * n + 2
        await admin.close()
        await database.close()

    asyncio.run(story())


def test_a_server_that_stays_away_is_said_in_bounded_time_and_found_again(postgres_url, monkeypatch):
    monkeypatch.setattr(postgres, "AWAY_S", 0.3)

    async def story() -> None:
        gate = {"open": True}
        connect = postgres.connect

        async def gated(url: str):
            if not gate["open"]:
                raise ConnectionRefusedError("nobody listens")
            return await connect(url)

        monkeypatch.setattr(postgres, "connect", gated)
        database = await open_database(postgres_url)
        await database.write(lambda connection, _: TABLES.create_all(connection))
        admin = await asyncpg.connect(postgres_url)
        gate["open"] = False
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'voltloom' AND datname = current_database()"
        )
        began = time.monotonic()
        with pytest.raises(Unavailable, match="database"):
            await commit(database, "a", 1)
        with pytest.raises(Unavailable, match="database"):
            await count(database)
        with pytest.raises(Unavailable, match="database"):
            await database.write(lambda connection, work: None)
        assert time.monotonic() - began < 20
        gate["open"] = True
        await commit(database, "a", 2)
        assert await count(database) == 1
        await admin.close()
        await database.close()

    asyncio.run(story())


def test_two_that_change_the_same_thing_at_once_do_not_lose_a_change(fresh_database, database_url):
    async def story() -> None:
        async with fresh_database() as first:
            second = await open_database(database_url)

            def add_next(connection, work):
                highest = connection.execute(select(func.max(kept.c.n))).scalar()
                work.write(ADD, "s", 0 if highest is None else highest + 1)

            await asyncio.gather(*(database.write(add_next) for _ in range(4) for database in (first, second)))
            assert await rows_of(first, "s") == list(range(8))
            await second.close()

    asyncio.run(story())
