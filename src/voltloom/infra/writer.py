"""The group commit: what becomes a batch, in which order its statements run, and who hears of it.

One flush is in flight at a time; what arrives meanwhile is the next batch. An engine (`sqlite.py`, `postgres.py`)
says how a batch and a change are written.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Connection

from voltloom.domain.errors import Unavailable
from voltloom.infra.database import Row, Statement, Work

if TYPE_CHECKING:
    from voltloom.infra.journal import Journal

T = TypeVar("T")
Done = Callable[[BaseException | None], None]

WINDOW_S = 0.003
"""How long a batch waits for company at a moderate load. Measured at 2,000 works a second: over half the CPU saved."""
COMPANY_FROM_WORKS_S = 400.0
"""Works a second below which waiting saves too little to be worth the latency."""
COMPANY_ENOUGH = 24
"""Works that are company enough: at a high load no batch ever waits."""

MOST_IN_BATCH = 1_000
"""A batch's statements hold the event loop, about 10 ms for so many."""

PENDING = Gauge("voltloom_database_pending", "Works that wait for their commit")
WORKS = Counter("voltloom_database_works", "Works committed by the group commit")
UNDONE = Counter("voltloom_database_undone", "Works that were undone, by their own fault or the database's")
BATCH_WORKS = Histogram(
    "voltloom_database_batch_works", "Works in one batch", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
)
FLUSH_SECONDS = Histogram(
    "voltloom_database_flush_seconds",
    "Time to write one batch and have it on disk",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)


@dataclass(slots=True)
class Outcome:
    """How a batch went.

    errors    one for each work; None for a work that is on disk. Empty where all are.
    numbers   the journal's, for the journaled events of the works that stood, in order
    """

    errors: Sequence[BaseException | None] = ()
    numbers: Sequence[int] = ()


@dataclass(slots=True)
class Change(Generic[T]):
    """A cold write that waits for its turn. work and numbers are of the run that was committed."""

    run: Callable[[Connection, Work], T]
    result: "asyncio.Future[T]"
    work: Work = field(default_factory=Work)
    numbers: Sequence[int] = ()


def grouped(works: Sequence[Work], orders: Sequence[str]) -> list[tuple[Statement, list[Row]]]:
    """The statements of a batch, each with all its rows, so that a batch is a few `executemany`.

    Within one work, and between works of the same order key, statements keep their order; works of different keys
    are independent and may be interleaved. Bulk statements come last.
    """
    groups: list[tuple[Statement, list[Row]]] = []
    places: dict[Statement, list[int]] = {}
    reached: dict[str, int] = {}
    bulk: defaultdict[Statement, list[Row]] = defaultdict(list)
    for work, order in zip(works, orders, strict=True):
        at = reached.get(order, 0) if order else 0
        for statement, values in work.writes:
            if statement.bulk:
                bulk[statement].append(values)
                continue
            for place in places.get(statement, ()):
                if place >= at:
                    groups[place][1].append(values)
                    at = place
                    break
            else:
                at = len(groups)
                places.setdefault(statement, []).append(at)
                groups.append((statement, [values]))
        if order:
            reached[order] = at
    groups.extend(bulk.items())
    return groups


class Writer(ABC):
    """The writing half of a database, on one event loop."""

    def __init__(self, url: str, journal: "Journal | None") -> None:
        self.url = url
        self.journal = journal
        self._loop = asyncio.get_running_loop()
        self._queue: list[tuple[Work, Done, str]] = []
        self._changes: deque[Change[Any]] = deque()
        self._flushing = 0
        self._closing = False
        self._wake: asyncio.Future[None] | None = None
        self._company: asyncio.Future[None] | None = None
        self._rate = 0.0
        self._last_flush = 0.0
        self._task: asyncio.Task[None] | None = None

    # ---- for those who write

    @property
    def pending(self) -> int:
        return len(self._queue) + self._flushing

    def commit(self, work: Work, done: Done, order: str = "") -> None:
        if self._closing:
            self._loop.call_soon(done, Unavailable("voltloom is shutting down; try again in a moment"))
            return
        self._queue.append((work, done, order))
        if self._company is not None:
            if len(self._queue) >= COMPANY_ENOUGH and not self._company.done():
                self._company.set_result(None)
        elif self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def write(self, change: Callable[[Connection, Work], T]) -> "asyncio.Future[T]":
        result: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            result.set_exception(Unavailable("voltloom is shutting down; try again in a moment"))
            return result
        self._changes.append(Change(change, result))
        self._stop_waiting()
        return result

    async def close(self) -> None:
        self._closing = True
        self._stop_waiting()
        if self._task is not None:
            await self._task
        await self._let_go()

    # ---- for the engines

    @abstractmethod
    async def _flush(self, works: Sequence[Work], orders: Sequence[str]) -> Outcome:
        """Write the batch, durably. Raises only what is nobody's fault in particular: all works are then undone."""

    @abstractmethod
    async def _change(self, change: Change[Any]) -> Any:
        """Run a change in one transaction, and say what it returned."""

    @abstractmethod
    async def _let_go(self) -> None:
        """Close all connections."""

    def _start(self) -> None:
        self._task = self._loop.create_task(self._run(), name="database writer")
        PENDING.set_function(lambda: self.pending)

    # ---- the loop

    async def _run(self) -> None:
        while True:
            if not self._queue and not self._changes:
                if self._closing:
                    return
                self._wake = self._loop.create_future()
                await self._wake
                self._wake = None
            await self._wait_for_company()
            if self._changes:
                await self._write_change(self._changes.popleft())
            if self._queue:
                await self._write_batch()

    async def _wait_for_company(self) -> None:
        if (
            self._rate < COMPANY_FROM_WORKS_S
            or len(self._queue) >= COMPANY_ENOUGH
            or self._changes
            or self._closing
            or not self._queue
        ):
            return
        self._company = self._loop.create_future()
        timer = self._loop.call_later(WINDOW_S, self._stop_waiting)
        await self._company
        timer.cancel()
        self._company = None

    def _stop_waiting(self) -> None:
        for waiting in (self._wake, self._company):
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    async def _write_batch(self) -> None:
        batch, self._queue = self._queue[:MOST_IN_BATCH], self._queue[MOST_IN_BATCH:]
        self._flushing = len(batch)
        started = time.perf_counter()
        try:
            outcome = await self._flush([work for work, _, _ in batch], [order for _, _, order in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is, whoever waits must hear of it
            outcome = Outcome([error] * len(batch))
        ended = time.perf_counter()
        self._flushing = 0
        # The pace at which works come, smoothed over about a fifth of a second.
        since = ended - self._last_flush
        weight = min(1.0, since / 0.2)
        self._rate += (len(batch) / since - self._rate) * weight
        self._last_flush = ended
        BATCH_WORKS.observe(len(batch))
        FLUSH_SECONDS.observe(ended - started)
        errors = outcome.errors or [None] * len(batch)
        undone = len(batch) - errors.count(None) if outcome.errors else 0
        WORKS.inc(len(batch) - undone)
        UNDONE.inc(undone)
        for (_, done, _), error in zip(batch, errors, strict=True):
            try:
                done(error)
            except Exception as mishap:  # noqa: BLE001  # one caller's bug must not silence the others
                self._loop.call_exception_handler({"message": "a commit's `done` raised", "exception": mishap})
        self._tell([work for (work, _, _), error in zip(batch, errors, strict=True) if error is None], outcome.numbers)

    async def _write_change(self, change: Change[Any]) -> None:
        if change.result.cancelled():
            return
        try:
            value = await self._change(change)
        except Exception as error:  # noqa: BLE001  # it belongs to the one who asked for the change
            if not change.result.done():
                change.result.set_exception(error)
            return
        if not change.result.done():
            change.result.set_result(value)
        self._tell([change.work], change.numbers)

    def _tell(self, works: Sequence[Work], numbers: Sequence[int]) -> None:
        if self.journal is None:
            return
        try:
            self.journal.committed(works, numbers)
        except Exception as mishap:  # noqa: BLE001  # it is on disk, and the next batch waits
            self._loop.call_exception_handler({"message": "events could not be published", "exception": mishap})
