import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import ClassVar

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from voltloom.infra.database import (
    Json,
    SettingError,
    Statement,
    Undone,
    UtcTime,
    Work,
    open_database,
    upsert,
)
from voltloom.infra.journal import Journal, read_journal

TABLES = MetaData()
things = Table(
    "test_things",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", UtcTime),
    Column("body", Json),
)
notes = Table(
    "test_notes",
    TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("thing", Text, nullable=False),
    Column("at", UtcTime),
    Column("power_w", Float),
    Column("valid", Boolean),
    Column("price", Numeric(12, 4)),
    Column("body", Json),
)
children = Table(
    "test_children",
    TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("thing", Text, ForeignKey(things.c.id, deferrable=True, initially="DEFERRED"), nullable=False),
)
ADD_CHILD = Statement(insert(children))
ADD_THING = Statement(insert(things))
SET_COUNT = Statement(
    update(things).where(things.c.id == bindparam("key")).values(count=bindparam("new_count")), ("new_count", "key")
)
ADD_NOTE = Statement(insert(notes), bulk=True)
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ThingHappened:
    name: ClassVar[str] = "thing.happened"
    live_only: ClassVar[bool] = False
    station_id: str
    count: int


@dataclass(frozen=True, slots=True)
class ThingSeen:
    name: ClassVar[str] = "thing.seen"
    live_only: ClassVar[bool] = True
    station_id: str


@pytest.fixture
def fresh_database(fresh_database):
    return partial(fresh_database, tables=TABLES)


def committed(database, work: Work, order: str = "") -> Awaitable[None]:
    future = asyncio.get_running_loop().create_future()

    def done(error):
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    database.commit(work, done, order)
    return future


def adding(id_: str, count: int = 0) -> Work:
    work = Work()
    work.write(ADD_THING, id_, count, NOW, '{"b": 1, "a": [2]}')
    return work


def count_of(id_: str):
    return lambda connection: connection.execute(select(things.c.count).where(things.c.id == id_)).scalar()


def test_what_was_committed_is_read_back_as_it_was(fresh_database):
    async def story():
        async with fresh_database() as database:
            work = adding("a", 7)
            work.write(ADD_NOTE, "a", NOW, 1.5, True, Decimal("0.2500"), '{"é": "\\u00e9"}')
            await committed(database, work)
            thing = await database.read(lambda c: c.execute(select(things)).one())
            assert tuple(thing) == ("a", 7, NOW, '{"b": 1, "a": [2]}')
            note = await database.read(lambda c: c.execute(select(notes)).one())
            assert tuple(note) == (1, "a", NOW, 1.5, True, Decimal("0.2500"), '{"é": "\\u00e9"}')
            assert note.at.tzinfo == UTC

    asyncio.run(story())


def test_a_time_of_another_zone_is_the_same_time(fresh_database):
    async def story():
        async with fresh_database() as database:
            work = Work()
            work.write(ADD_THING, "a", 0, NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), None)
            await committed(database, work)
            query = select(things.c.at, things.c.body).where(things.c.at >= NOW, things.c.at < NOW + timedelta(0, 1))
            assert tuple(await database.read(lambda c: c.execute(query).one())) == (NOW, None)

    asyncio.run(story())


def test_a_work_that_fails_is_undone_alone(fresh_database):
    async def story():
        async with fresh_database() as database:
            await committed(database, adding("taken"))
            guilty = adding("guilty")
            guilty.write(ADD_NOTE, "guilty", NOW, None, None, None, None)
            guilty.write(ADD_THING, "taken", 1, None, None)
            waiting = [committed(database, work) for work in (adding("before"), guilty, adding("after"))]
            before, failed, after = await asyncio.gather(*waiting, return_exceptions=True)
            assert (before, after) == (None, None)
            assert isinstance(failed, Undone)
            ids = await database.read(lambda c: c.execute(select(things.c.id).order_by(things.c.id)).scalars().all())
            assert ids == ["after", "before", "taken"]
            assert await database.read(lambda c: c.execute(select(func.count()).select_from(notes)).scalar()) == 0

    asyncio.run(story())


def test_a_work_that_only_the_commit_finds_wrong_is_undone_alone(fresh_database):
    async def story():
        async with fresh_database() as database:
            orphan = Work()
            orphan.write(ADD_CHILD, "nobody")
            waiting = [committed(database, work) for work in (adding("a"), orphan, adding("b"))]
            first, failed, last = await asyncio.gather(*waiting, return_exceptions=True)
            assert (first, last) == (None, None)
            assert isinstance(failed, Undone)
            child_first = Work()
            child_first.write(ADD_CHILD, "c")
            child_first.writes += adding("c").writes
            await committed(database, child_first)
            assert await database.read(lambda c: c.execute(select(children.c.thing)).scalars().all()) == ["c"]

    asyncio.run(story())


def test_works_of_one_order_keep_it_within_a_batch(fresh_database):
    async def story():
        async with fresh_database() as database:
            works = []
            for id_ in ("a", "b"):
                works.append((adding(id_), id_))
                for count in range(1, 20):
                    work = Work()
                    work.write(SET_COUNT, count, id_)
                    works.append((work, id_))
            late = adding("c")
            late.write(SET_COUNT, 5, "a")
            works.append((late, "a"))
            await asyncio.gather(*(committed(database, work, order) for work, order in works))
            assert await database.read(count_of("a")) == 5
            assert await database.read(count_of("b")) == 19

    asyncio.run(story())


def test_a_change_reads_decides_and_writes_at_once(fresh_database):
    async def story():
        async with fresh_database() as database:
            await committed(database, adding("a", 1))

            def increase(connection, work):
                count = count_of("a")(connection)
                connection.execute(update(things).values(count=count + 1))
                work.write(ADD_NOTE, "a", NOW, None, None, None, None)
                return count

            assert sorted(await asyncio.gather(*(database.write(increase) for _ in range(10)))) == list(range(1, 11))
            assert await database.read(count_of("a")) == 11
            assert await database.read(lambda c: c.execute(select(func.count()).select_from(notes)).scalar()) == 10

    asyncio.run(story())


def test_a_change_that_raises_leaves_nothing(fresh_database):
    async def story():
        async with fresh_database() as database:

            def change(connection, work):
                connection.execute(insert(things).values(id="a", count=1))
                work.write(ADD_NOTE, "a", NOW, None, None, None, None)
                raise LookupError("decided otherwise")

            with pytest.raises(LookupError):
                await database.write(change)
            assert await database.read(count_of("a")) is None
            await committed(database, adding("a", 3))
            assert await database.read(count_of("a")) == 3

    asyncio.run(story())


def test_an_upsert_means_the_same_on_both_engines(fresh_database):
    put = Statement(upsert(things, ["id"], "count"), ("id", "count"))
    keep = Statement(upsert(things, ["id"]), ("id", "count"))

    async def story():
        async with fresh_database() as database:
            for statement, count in ((put, 1), (put, 2), (keep, 3)):
                work = Work()
                work.write(statement, "a", count)
                await committed(database, work)
            assert await database.read(count_of("a")) == 2

    asyncio.run(story())


def test_a_statement_with_constants_and_other_order_gets_its_values_right(fresh_database):
    statement = Statement(
        update(things).where(things.c.id == bindparam("key"), things.c.count == 1).values(count=bindparam("n"), at=NOW),
        ("key", "n"),
    )

    async def story():
        async with fresh_database() as database:
            await committed(database, adding("a", 1))
            for n in (10, 20):
                work = Work()
                work.write(statement, "a", n)
                await committed(database, work)
            assert await database.read(count_of("a")) == 10

    asyncio.run(story())


def test_a_statement_that_lacks_a_value_is_refused_at_once():
    from voltloom.infra.sqlite import DIALECT

    with pytest.raises(TypeError, match="needs a value for 'key'"):
        Statement(update(things).where(things.c.id == bindparam("key")).values(count=1), ()).prepared(DIALECT)
    with pytest.raises(TypeError, match="no bind parameter called colour"):
        Statement(insert(things), ("id", "colour")).prepared(DIALECT)


def test_events_are_journaled_in_order_with_their_work(fresh_database):
    journal = Journal([ThingHappened, ThingSeen], node="n1")
    told = []
    journal.follow(lambda number, event: told.append((number, event)))

    async def story():
        async with fresh_database(journal) as database:
            works = []
            for count in range(3):
                work = adding(f"t{count}")
                work.tell(ThingHappened("CP-1", count))
                work.tell(ThingSeen("CP-1"))
                works.append(work)
            works.append(adding("t0"))
            works[-1].tell(ThingHappened("CP-1", 99))
            await asyncio.gather(*(committed(database, work) for work in works), return_exceptions=True)
            await database.write(lambda _, work: work.tell(ThingHappened("", 3)))
            entries = await database.read(read_journal)
            assert [journal.decode(entry.name, entry.body) for entry in entries] == [
                ThingHappened("CP-1", 0),
                ThingHappened("CP-1", 1),
                ThingHappened("CP-1", 2),
                ThingHappened("", 3),
            ]
            assert {entry.node for entry in entries} == {"n1"}
            about = await database.read(lambda c: read_journal(c, after=entries[0].number, subject="CP-1", limit=1))
            assert [entry.number for entry in about] == [entries[1].number]
            seen = (None, ThingSeen("CP-1"))
            kept = [(entry.number, ThingHappened(entry.subject, count)) for count, entry in enumerate(entries)]
            assert told == [kept[0], seen, kept[1], seen, kept[2], seen, kept[3]]

    asyncio.run(story())


def test_closing_writes_what_waits_and_refuses_what_comes_later(fresh_database):
    async def story():
        async with fresh_database() as database:
            waiting = [committed(database, adding(f"t{n}")) for n in range(50)]
            await database.close()
            assert await asyncio.gather(*waiting) == [None] * 50
            with pytest.raises(Exception, match="shutting down"):
                await committed(database, adding("late"))

    asyncio.run(story())


def test_a_read_can_be_awaited_outside_of_a_task(fresh_database):
    async def story():
        async with fresh_database() as database:
            await committed(database, adding("a", 5))
            loop = asyncio.get_running_loop()
            finished = loop.create_future()

            async def handler():
                return await database.read(count_of("a")), await database.write(lambda c, _: count_of("a")(c))

            coroutine = handler()

            def step(_=None):
                try:
                    coroutine.send(None).add_done_callback(step)
                except StopIteration as end:
                    finished.set_result(end.value)

            loop.call_soon(step)
            assert await finished == (5, 5)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://x", "names no database voltloom knows"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////nowhere/at/all/x.db", "cannot be used"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_a_wrong_url_is_one_sentence(url, says):
    with pytest.raises(SettingError, match=says) as caught:
        asyncio.run(open_database(url))
    assert "`database`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_its_owner_can_read_an_embedded_database(tmp_path):
    async def story():
        database = await open_database(f"sqlite:///{tmp_path}/own.db")
        await database.write(lambda connection, _: TABLES.create_all(connection))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
        await database.close()

    asyncio.run(story())


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear operator, this is not a database. " * 40)
    with pytest.raises(SettingError, match="cannot be used"):
        asyncio.run(open_database(f"sqlite:///{path}"))
    assert path.read_text().startswith("Dear operator")
