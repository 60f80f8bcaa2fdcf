import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import func, select, update

from voltloom.infra import tasks as tasks_module
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal
from voltloom.infra.tasks import Tasks, add_task, parked_tasks, pause_after, retry_parked, tasks


@dataclass(frozen=True, slots=True)
class LimitChanged:
    name: ClassVar[str] = "limit.changed"
    live_only: ClassVar[bool] = False
    site: int


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@asynccontextmanager
async def running(runner: Tasks):
    run = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await run


async def until(condition, timeout_s=15.0):
    async with asyncio.timeout(timeout_s):
        while True:
            found = condition()
            if asyncio.iscoroutine(found) or asyncio.isfuture(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.005)


def add(database, clock, name, **more):
    return database.write(lambda _, work: add_task(work, name, due=clock(), **more))


def count(database, *where):
    return database.read(lambda c: c.execute(select(func.count()).select_from(tasks).where(*where)).scalar())


async def all_done(database):
    return await count(database) == 0


def test_an_event_runs_each_listener_once_with_the_event(fresh_database):
    journal = Journal([LimitChanged], {"limit.changed": ["plan", "mail"]}, "n1")
    clock, heard = Clock(), []

    async def listen(task):
        heard.append((task.name, journal.decode("limit.changed", task.body)))

    async def story():
        async with fresh_database(journal) as database:
            await database.write(lambda _, work: work.tell(LimitChanged(4)))
            clock.time = datetime.now(UTC)
            async with running(Tasks(database, journal, {"plan": listen, "mail": listen}, node="n1", now=clock)):
                await until(lambda: all_done(database))
            assert sorted(heard) == [("mail", LimitChanged(4)), ("plan", LimitChanged(4))]

    asyncio.run(story())


def test_ten_causes_one_run_but_a_cause_during_the_run_gets_its_own(fresh_database):
    journal, clock, runs = Journal(), Clock(), []

    async def story():
        began, go_on = asyncio.Event(), asyncio.Event()

        async def plan(task):
            runs.append(task.body)
            began.set()
            await go_on.wait()

        async with fresh_database(journal) as database:
            for n in range(10):
                await add(database, clock, "plan", body=f'"{n}"', key="site-4")
            await add(database, clock, "plan", body='"other"', key="site-5")
            async with running(Tasks(database, journal, {"plan": plan}, node="n1", now=clock)):
                await began.wait()
                for n in range(10, 20):
                    await add(database, clock, "plan", body=f'"{n}"', key="site-4")
                await until(lambda: len(runs) >= 2)
                assert sorted(runs) == ['"0"', '"other"']
                go_on.set()
                await until(lambda: all_done(database))
            assert runs[2:] == ['"10"']

    asyncio.run(story())


def test_what_a_handler_writes_is_kept_only_with_its_success(fresh_database):
    journal, clock = Journal(), Clock()
    attempts = []

    async def story():
        async with fresh_database(journal) as database:

            async def flaky(task):
                attempts.append(task.attempt)
                add_task(task.work, "written by flaky", due=task.now)
                if task.attempt < 3:
                    raise ConnectionError("not yet")

            await add(database, clock, "flaky")
            async with running(Tasks(database, journal, {"flaky": flaky}, node="n1", now=clock)):
                for attempt in (1, 2):
                    await until(
                        lambda attempt=attempt: count(database, tasks.c.error != "", tasks.c.attempts == attempt)
                    )
                    assert await count(database) == 1
                    clock.time += timedelta(minutes=1)
                await until(lambda: count(database, tasks.c.name == "written by flaky"))
            assert attempts == [1, 2, 3]
            assert await count(database) == 1

    asyncio.run(story())


def test_what_fails_too_often_is_parked_with_its_error_and_can_be_tried_again(fresh_database, monkeypatch):
    monkeypatch.setattr(tasks_module, "MOST_ATTEMPTS", 2)
    journal, clock, broken = Journal(), Clock(), True

    async def story():
        async with fresh_database(journal) as database:

            async def fragile(task):
                if broken:
                    raise ValueError("no such tariff")

            await add(database, clock, "fragile")
            async with running(Tasks(database, journal, {"fragile": fragile}, node="n1", now=clock)):
                await until(lambda: count(database, tasks.c.attempts == 1, tasks.c.error != ""))
                clock.time += timedelta(hours=1)
                (parked,) = await until(lambda: database.read(parked_tasks))
                assert (parked.name, parked.attempts) == ("fragile", 2)
                assert "no such tariff" in parked.error
                nonlocal broken
                broken = False
                assert await database.write(lambda c, _: retry_parked(c, parked.id, clock()))
                assert not await database.write(lambda c, _: retry_parked(c, parked.id, clock()))
                await until(lambda: all_done(database))

    asyncio.run(story())


def test_a_dead_nodes_task_is_taken_over_when_its_lease_ends(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def story():
        async with fresh_database(journal) as database:

            async def work(task):
                ran.append(task.attempt)

            await add(database, clock, "work")
            died = update(tasks).values(
                state="running", node="dead", attempts=1, lease_until=clock() + timedelta(0, 60)
            )
            await database.write(lambda c, _: c.execute(died))
            async with running(Tasks(database, journal, {"work": work}, node="n2", now=clock)):
                await add(database, clock, "work", key="a later one")
                await until(lambda: ran)
                assert ran == [1]
                assert await count(database, tasks.c.node == "dead") == 1
                clock.time += timedelta(seconds=61)
                await until(lambda: all_done(database))
            assert ran == [1, 2]

    asyncio.run(story())


def test_several_nodes_share_the_tasks_and_none_runs_twice(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def story():
        async with fresh_database(journal) as database:

            async def work(task):
                ran.append(task.body)
                await asyncio.sleep(0)

            many = Work()
            for n in range(60):
                add_task(many, "work", f'"{n}"', due=clock())
            await database.write(lambda _, work: work.writes.extend(many.writes))
            nodes = [Tasks(database, journal, {"work": work}, node=f"n{n}", at_once=4, now=clock) for n in range(3)]
            async with running(nodes[0]), running(nodes[1]), running(nodes[2]):
                await until(lambda: all_done(database))
            assert sorted(ran) == sorted(f'"{n}"' for n in range(60))

    asyncio.run(story())


def test_repeating_work_runs_on_its_beat_on_one_node_also_after_failures(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def story():
        async with fresh_database(journal) as database:

            async def sweep(task):
                ran.append(clock())
                if len(ran) == 2:
                    raise OSError("once")

            def node(name):
                return Tasks(
                    database, journal, {"sweep": sweep}, {"sweep": timedelta(minutes=10)}, node=name, now=clock
                )

            start = clock()
            async with running(node("n1")), running(node("n2")):
                for minute in (0, 10, 20, 47):
                    clock.time = start + timedelta(minutes=minute)
                    expected = len(ran) + 1
                    await until(lambda expected=expected: len(ran) == expected)
                    await until(lambda: count(database, tasks.c.state == "waiting", tasks.c.due_at > clock()))
            assert ran == [start + timedelta(minutes=minute) for minute in (0, 10, 20, 47)]
            assert await count(database) == 1
            due = await database.read(lambda c: c.execute(select(tasks.c.due_at)).scalar())
            assert due == start + timedelta(minutes=57)

    asyncio.run(story())


def test_a_task_that_is_stopped_is_given_back(fresh_database, monkeypatch):
    monkeypatch.setattr(tasks_module, "GRACE_S", 0.01)
    journal, clock = Journal(), Clock()

    async def story():
        async with fresh_database(journal) as database:
            began = asyncio.Event()

            async def endless(task):
                began.set()
                await asyncio.Event().wait()

            await add(database, clock, "endless")
            async with running(Tasks(database, journal, {"endless": endless}, node="n1", now=clock)):
                await began.wait()
            row = await database.read(lambda c: c.execute(select(tasks.c.state, tasks.c.attempts)).one())
            assert tuple(row) == ("waiting", 0)

    asyncio.run(story())


def test_tasks_of_unknown_names_are_left_to_others(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def story():
        async with fresh_database(journal) as database:

            async def known(task):
                ran.append(task.name)

            await add(database, clock, "of a newer version")
            await add(database, clock, "known")
            async with running(Tasks(database, journal, {"known": known}, node="n1", now=clock)):
                await until(lambda: ran)
                await until(lambda: count(database, tasks.c.state == "waiting"))
            assert await count(database) == 1

    asyncio.run(story())


@pytest.mark.parametrize("attempt", [1, 5, 30, 1000])
def test_pauses_grow_but_not_beyond_bounds(attempt):
    pause = pause_after(attempt).total_seconds()
    assert 1 <= pause <= 6 * 3600 * 1.5
    assert pause >= min(6 * 3600, 2**attempt) / 2


def test_those_there_is_nothing_to_do_for_are_over_at_once_and_together(fresh_database):
    journal, clock, ran, sifted = Journal(), Clock(), [], []

    async def run(task):
        ran.append(task.body)

    async def odd(some):
        sifted.append(len(some))
        return [int(task.body) % 2 == 1 for task in some]

    async def story():
        async with fresh_database(journal) as database:
            for number in range(40):
                await add(database, clock, "count", body=str(number))
            async with running(Tasks(database, journal, {"count": run}, sieves={"count": odd}, node="n1", now=clock)):
                await until(lambda: all_done(database))
            assert sorted(ran, key=int) == [str(number) for number in range(1, 40, 2)]
            assert sifted == [40]

    asyncio.run(story())


def test_a_sieve_that_fails_holds_nothing_back(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def run(task):
        ran.append(task.body)

    async def broken(_):
        raise RuntimeError("it has a hole")

    async def story():
        async with fresh_database(journal) as database:
            for number in range(3):
                await add(database, clock, "count", body=str(number))
            async with running(
                Tasks(database, journal, {"count": run}, sieves={"count": broken}, node="n1", now=clock)
            ):
                await until(lambda: all_done(database))
            assert sorted(ran) == ["0", "1", "2"]

    asyncio.run(story())


def test_more_than_there_is_room_for_are_all_done(fresh_database):
    journal, clock, ran = Journal(), Clock(), []

    async def run(task):
        ran.append(task.id)

    async def story():
        async with fresh_database(journal) as database:
            await database.write(lambda _, work: [add_task(work, "count", due=clock()) for _ in range(100)])
            async with running(Tasks(database, journal, {"count": run}, node="n1", at_once=8, now=clock)):
                await until(lambda: all_done(database))
            assert len(ran) == len(set(ran)) == 100

    asyncio.run(story())
