"""The database: reads, units of work, and the group commit that makes thousands of durable answers a second cheap.

Two ways to write, one writer behind both:

- **hot**: a report's handler fills a `Work` with statements whose values it already knows, and `commit` joins it to
  the open batch. One flush serves many stations. A work is all or nothing, and one that fails does not hurt the
  others of its batch. Works of the same `order` key are never reordered.
- **cold**: `write(change)` runs a function that reads, decides and writes inside one database transaction. For the
  API and for tasks, where a hundred microseconds do not matter.

SQLite (embedded) and PostgreSQL, from the same `Table`s and the same SQLAlchemy Core statements.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Delete, Insert, MetaData, Update

T = TypeVar("T")

metadata = MetaData()
"""All tables of all features. Each feature's `store.py` adds its own."""


class Statement:
    """A Core insert, update or delete prepared once, run with plain tuples of values.

    `columns` names the bind parameters in the order of the tuples. Values are Python's own (aware datetimes, Enum
    values as text, JSON as text); what an engine needs otherwise is converted when the batch is written.

        ADD_SAMPLE = Statement(insert(samples), bulk=True)
        END = Statement(update(t).where(t.c.id == bindparam("key")).values(ended_at=bindparam("ended_at")), ("ended_at", "key"))

    bulk   order against other statements does not matter: rows of the whole batch go in as one executemany or COPY
    """

    def __init__(
        self, sql: Insert | Update | Delete, columns: Sequence[str] | None = None, *, bulk: bool = False
    ) -> None:
        self.sql = sql
        self.columns = tuple(columns) if columns is not None else ()
        self.bulk = bulk


class Work:
    """What one handler wants done, all or nothing: statements with their values, and events to tell."""

    __slots__ = ("events", "writes")

    def __init__(self) -> None:
        self.writes: list[tuple[Statement, tuple[Any, ...]]] = []
        self.events: list[object] = []

    def write(self, statement: Statement, *values: Any) -> None:
        self.writes.append((statement, values))

    def tell(self, event: object) -> None:
        """Journal the event in the same work (unless it is live only), and publish it once it is committed."""
        self.events.append(event)


class Database(Protocol):
    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a read connection, off the event loop where it could block it."""
        ...

    async def write(self, change: Callable[[Connection, Work], T]) -> T:
        """Run `change` in one transaction: what it executes and what it adds to the work commit together, or not at
        all when it raises. It may be run on another thread: it touches nothing but its arguments."""
        ...

    def commit(self, work: Work, done: Callable[[BaseException | None], None], order: str = "") -> None:
        """Join `work` to the open batch. `done(None)` is called on the event loop when it is on disk, `done(error)`
        when it was undone."""
        ...
