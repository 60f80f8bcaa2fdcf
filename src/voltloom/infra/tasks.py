"""Durable work: at least once, with retries, on any node; and what is to be done again and again, on one at a time.

A task is a row, added in the unit of work that makes it necessary. It is leased to the node that runs it, so that a
dead node's tasks are taken over. A handler's own writes commit together with the task's end.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

import structlog
from prometheus_client import Counter
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql

from voltloom.infra.columns import NUMBER, Json, UtcTime
from voltloom.infra.database import Database, Row, Statement, Work, metadata

if TYPE_CHECKING:
    from voltloom.infra.journal import Journal

T = TypeVar("T")
LOG = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""How long a node may be silent before another takes over what it runs. Renewed while it runs."""
MOST_ATTEMPTS = 20
"""About a day and a half of retries; then the task is parked as failed, for a person to look at."""
LONGEST_PAUSE = timedelta(hours=6)
GRACE_S = 10.0
"""How long a node that stops lets its tasks run on."""
POLL_S = 0.5
"""How long a task that became due, or came from elsewhere, may stay unnoticed."""
COMPANY_S = 0.02
"""Where more is due than there is room for, how long room is left to gather: each look costs the disk a commit."""

RUNS = Counter("voltloom_task_runs", "Runs of durable tasks", ["task", "outcome"])

WAITING, RUNNING, FAILED = "waiting", "running", "failed"


class TaskAdded:
    """Told with a task, so that this node looks at once. Never leaves it."""

    name: ClassVar[str] = "task.added"
    live_only: ClassVar[bool] = True


tasks = Table(
    "tasks",
    metadata,
    Column("id", NUMBER, Identity(), primary_key=True),
    Column("name", Text, nullable=False, comment="which handler"),
    Column("key", Text, nullable=False, comment="of several that wait with the same key one is enough; empty: of none"),
    Column("body", Json, nullable=False, comment="what the handler is given"),
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("every_s", Float, comment="due again this long after each run"),
    Column("lease_until", UtcTime, comment="when others may take it over"),
    Column("node", Text, nullable=False, comment="who runs it"),
    Column("error", Text, nullable=False, comment="of the last attempt"),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "state", "due_at"),
    sqlite_autoincrement=True,
)
_ONE_WAITING = text("key <> '' AND state = 'waiting'")
Index(
    "uq_tasks_one_waiting",
    tasks.c.name,
    tasks.c.key,
    unique=True,
    sqlite_where=_ONE_WAITING,
    postgresql_where=_ONE_WAITING,
)

_COLUMNS = ("name", "key", "body", "state", "due_at", "attempts", "every_s", "node", "error", "created_at")
ADD_TASK = Statement(
    postgresql.insert(tasks).on_conflict_do_nothing(index_elements=["name", "key"], index_where=_ONE_WAITING), _COLUMNS
)


def task_values(
    name: str, body: str, *, due: datetime, key: str = "", every_s: float | None = None, now: datetime | None = None
) -> Row:
    """The values of ADD_TASK."""
    return (name, key, body, WAITING, due, 0, every_s, "", "", now or due)


def add_task(work: Work, name: str, body: str = "{}", *, due: datetime, key: str = "") -> None:
    """Have `name` done at `due`, once this work is committed.

    body   JSON text
    key    where one with the same name and key waits already, that one is enough: ten causes, one run
    """
    work.write(ADD_TASK, *task_values(name, body, due=due, key=key))
    work.tell(TaskAdded())


_FINISH = Statement(delete(tasks).where(tasks.c.id == bindparam("task_id")), ("task_id",))
_AGAIN = Statement(
    update(tasks)
    .where(tasks.c.id == bindparam("task_id"))
    .values(state=WAITING, due_at=bindparam("next_at"), attempts=0, error="", node="", lease_until=None),
    ("task_id", "next_at"),
)


@dataclass(slots=True)
class Task:
    """What a handler is given. What it adds to `work` is committed together with the task's end.

    attempt   1 for the first
    """

    id: int
    name: str
    key: str
    body: str
    attempt: int
    due_at: datetime
    every: timedelta | None
    now: datetime
    work: Work = field(default_factory=Work)


Handler = Callable[[Task], Awaitable[None]]
Sieve = Callable[[Sequence[Task]], Awaitable[Sequence[bool]]]
"""Which of several tasks of one name there is anything to do for. The others are over at once, together."""


class ParkedTask(NamedTuple):
    """One that failed too often. error: of its last attempt."""

    id: int
    name: str
    key: str
    body: str
    attempts: int
    error: str
    created_at: datetime


def parked_tasks(connection: Connection, *, limit: int = 100) -> list[ParkedTask]:
    query = select(*(tasks.c[name] for name in ParkedTask._fields)).where(tasks.c.state == FAILED)
    return [ParkedTask(*row) for row in connection.execute(query.order_by(tasks.c.id.desc()).limit(limit))]


def retry_parked(connection: Connection, task_id: int, now: datetime) -> bool:
    """Let a parked task run again, now. False where it is not parked; where another one with its key waits, that one
    does its job."""
    if not connection.execute(select(tasks.c.id).where(tasks.c.id == task_id, tasks.c.state == FAILED)).first():
        return False
    _put_back(connection, task_id, due=now, attempts=0, error="")
    return True


class Tasks:
    """Runs due tasks on this node, several at once, until it is stopped.

    handlers   by task name; tasks of other names are left to other nodes
    repeating  how often to run those that are to run again and again, by name
    sieves     by task name: for what thousands of stations cause at once, and mostly for nothing
    """

    def __init__(
        self,
        database: Database,
        journal: "Journal",
        handlers: Mapping[str, Handler],
        repeating: Mapping[str, timedelta] | None = None,
        sieves: Mapping[str, Sieve] | None = None,
        *,
        node: str,
        at_once: int = 64,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._journal = journal
        self._handlers = dict(handlers)
        self._repeating = dict(repeating or {})
        self._sieves = dict(sieves or {})
        self._node = node
        self._at_once = at_once
        self._now = now
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], Task] = {}
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`, and then until what runs has ended, or GRACE_S. Survives a database that goes away."""
        unfollow = self._journal.follow(self._hear, TaskAdded, *self._journal.listened)
        renewing = asyncio.create_task(self._renew_leases(), name="task leases")
        try:
            await self._persevere(self._plan_repeating)
            while not self._stopping:
                self._wake.clear()
                free = self._at_once - len(self._running)
                claimed = (await self._persevere(partial(self._claim, free)) or ()) if free else ()
                for task in await self._sifted(claimed):
                    running = asyncio.create_task(self._run(task), name=f"task {task.name}")
                    self._running[running] = task
                    running.add_done_callback(self._ended)
                if len(claimed) < free or free == 0:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), POLL_S)
                else:
                    await asyncio.sleep(COMPANY_S)
            if self._running:
                await asyncio.wait(self._running, timeout=GRACE_S)
        finally:
            unfollow()
            # What did not end in time is given back, to be run again.
            late = list(self._running)
            for running in (*late, renewing):
                running.cancel()
            await asyncio.wait([*late, renewing])

    def stop(self) -> None:
        """Start nothing more; `run` then ends."""
        self._stopping = True
        self._wake.set()

    # ---- what is due

    def _hear(self, _: int | None, told: object) -> None:
        self._wake.set()

    def _ended(self, running: "asyncio.Task[None]") -> None:
        self._running.pop(running, None)
        self._wake.set()

    async def _plan_repeating(self) -> None:
        now = self._now()

        def plan(connection: Connection, work: Work) -> None:
            for name, period in self._repeating.items():
                mine = and_(tasks.c.name == name, tasks.c.every_s.is_not(None))
                changed = connection.execute(update(tasks).where(mine).values(every_s=period.total_seconds()))
                if changed.rowcount == 0:
                    every_s = period.total_seconds()
                    work.write(ADD_TASK, *task_values(name, "{}", due=now, key="every", every_s=every_s))

        await self._database.write(plan)

    async def _claim(self, most: int) -> Sequence[Task]:
        now = self._now()

        def claim(connection: Connection, _: Work) -> list[Task]:
            other = tasks.alias("other")
            same_runs = exists().where(
                tasks.c.key != "",
                other.c.state == RUNNING,
                other.c.name == tasks.c.name,
                other.c.key == tasks.c.key,
                other.c.lease_until >= now,
            )

            def due(*conditions: ColumnElement[bool]) -> list[Row]:
                query = select(tasks.c.id, tasks.c.name, tasks.c.key).where(
                    *conditions, tasks.c.name.in_(self._handlers), ~same_runs
                )
                query = query.order_by(tasks.c.due_at, tasks.c.id).limit(most).with_for_update(skip_locked=True)
                return [tuple(row) for row in connection.execute(query)]

            # Apart, so that each walks along its index, and what waits behind the first few is not looked at.
            found = due(tasks.c.state == WAITING, tasks.c.due_at <= now)
            found = [*due(tasks.c.state == RUNNING, tasks.c.lease_until < now), *found][:most]
            # One that was taken over and one that waits may have the same key: not both at once.
            ids = {(name, key or str(id_)): id_ for id_, name, key in reversed(found)}.values()
            if not ids:
                return []
            rows = connection.execute(
                update(tasks)
                .where(tasks.c.id.in_(ids))
                .values(state=RUNNING, node=self._node, lease_until=now + LEASE, attempts=tasks.c.attempts + 1)
                .returning(
                    tasks.c.id,
                    tasks.c.name,
                    tasks.c.key,
                    tasks.c.body,
                    tasks.c.attempts,
                    tasks.c.due_at,
                    tasks.c.every_s,
                )
            )
            return [Task(*row[:6], None if row[6] is None else timedelta(seconds=row[6]), now) for row in rows]

        return sorted(await self._database.write(claim), key=lambda task: (task.due_at, task.id))

    async def _sifted(self, claimed: Sequence[Task]) -> Sequence[Task]:
        """Those that there is something to do for."""
        alike: dict[str, list[Task]] = {}
        left: list[Task] = []
        for task in claimed:
            (alike.setdefault(task.name, []) if task.name in self._sieves else left).append(task)
        for name, some in alike.items():
            try:
                worth = await self._sieves[name](some)
                over = Work()
                for task, is_worth in zip(some, worth, strict=True):
                    if not is_worth:
                        over.write(_FINISH, task.id)
                if over.writes:
                    await self._commit(over)
            except Exception:
                LOG.warning("tasks were not sifted", task=name, exc_info=True)
                left += some
                continue
            left += [task for task, is_worth in zip(some, worth, strict=True) if is_worth]
            RUNS.labels(name, "nothing to do").inc(len(over.writes))
        return left

    # ---- running one

    async def _run(self, task: Task) -> None:
        try:
            await self._handlers[task.name](task)
            if task.every is None:
                task.work.write(_FINISH, task.id)
            else:
                task.work.write(_AGAIN, task.id, _next_time(task.due_at, task.every, self._now()))
            await self._commit(task.work)
            RUNS.labels(task.name, "done").inc()
        except asyncio.CancelledError:
            await self._give_back(task, self._now(), task.attempt - 1, "stopped with its node")
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            LOG.warning("a task failed", task=task.name, key=task.key, attempt=task.attempt, exc_info=True)
            if task.every is not None:
                RUNS.labels(task.name, "failed").inc()
                await self._give_back(task, _next_time(task.due_at, task.every, self._now()), 0, text)
            elif task.attempt >= MOST_ATTEMPTS:
                RUNS.labels(task.name, "parked").inc()
                await self._persevere(lambda: self._park(task, text))
            else:
                RUNS.labels(task.name, "failed").inc()
                await self._give_back(task, self._now() + pause_after(task.attempt), task.attempt, text)

    def _commit(self, work: Work) -> "asyncio.Future[None]":
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: BaseException | None) -> None:
            if committed.cancelled():
                return
            if error is None:
                committed.set_result(None)
            else:
                committed.set_exception(error)

        self._database.commit(work, done)
        return committed

    async def _give_back(self, task: Task, due: datetime, attempts: int, error: str) -> None:
        def give_back(connection: Connection, _: Work) -> None:
            _put_back(connection, task.id, due=due, attempts=attempts, error=error)

        await self._persevere(lambda: self._database.write(give_back))

    async def _park(self, task: Task, error: str) -> None:
        values = {"state": FAILED, "error": error, "lease_until": None, "node": ""}
        await self._change(update(tasks).where(tasks.c.id == task.id).values(values))

    async def _change(self, statement: Update) -> None:
        def change(connection: Connection, _: Work) -> None:
            connection.execute(statement)

        await self._database.write(change)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            ids = [task.id for task in self._running.values()]
            until = self._now() + LEASE
            mine = and_(tasks.c.id.in_(ids), tasks.c.node == self._node)
            if ids:
                await self._persevere(partial(self._change, update(tasks).where(mine).values(lease_until=until)))

    async def _persevere(self, step: Callable[[], Awaitable[T]]) -> T | None:
        """The step's result; None where it failed, which is logged: whatever it leaves undone, a lease ends."""
        try:
            return await step()
        except Exception as error:  # noqa: BLE001  # the runner outlives any single failure
            LOG.warning("tasks cannot be kept now", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(min(1.0, POLL_S * 2))
            return None


def pause_after(attempt: int) -> timedelta:
    """Before the next: 2, 4, 8 … seconds, up to six hours, each half to one and a half of it, so that what failed
    together does not come back together."""
    seconds = min(LONGEST_PAUSE.total_seconds(), 2.0 ** min(attempt, 30))
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  # no secret


def _next_time(due: datetime, every: timedelta, now: datetime) -> datetime:
    """On the beat of the first run; beats that were missed are not caught up."""
    planned = due + every
    return planned if planned > now else now + every


def _put_back(connection: Connection, task_id: int, *, due: datetime, attempts: int, error: str) -> None:
    """Let it wait; where another one with its key waits already, that one does its job."""
    other = tasks.alias("other")
    twin = connection.execute(
        select(other.c.id)
        .join(tasks, and_(tasks.c.name == other.c.name, tasks.c.key == other.c.key, tasks.c.key != ""))
        .where(tasks.c.id == task_id, other.c.id != task_id, other.c.state == WAITING)
    ).first()
    mine = tasks.c.id == task_id
    if twin is not None:
        connection.execute(delete(tasks).where(mine))
        return
    values = {"state": WAITING, "due_at": due, "attempts": attempts, "error": error, "node": "", "lease_until": None}
    connection.execute(update(tasks).where(mine).values(values))
