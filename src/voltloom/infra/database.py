"""The database: reads, units of work, and the group commit that makes thousands of durable answers a second cheap.

Two ways to write, one writer behind both:

- **hot**: a report's handler fills a `Work` with statements whose values it already knows, and `commit` joins it to
  the open batch. One flush serves many stations. A work is all or nothing, and one that fails does not hurt the
  others of its batch. Works of the same `order` key are never reordered.
- **cold**: `write(change)` runs a function that reads, decides and writes inside one database transaction. For the
  API and for tasks, where a hundred microseconds do not matter.

SQLite (embedded) and PostgreSQL, from the same `Table`s and the same SQLAlchemy Core statements. How the batch is
made: `writer.py`. How each engine takes it: `sqlite.py`, `postgres.py`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from sqlalchemy import Boolean, Connection, Delete, Dialect, Insert, MetaData, Table, Update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from voltloom.infra.columns import Json, UtcTime, upsert
from voltloom.infra.settings import SettingError

if TYPE_CHECKING:
    from voltloom.infra.journal import Journal

__all__ = [
    "Database",
    "Json",
    "SettingError",
    "Statement",
    "Undone",
    "UtcTime",
    "Work",
    "metadata",
    "open_database",
    "upsert",
]

T = TypeVar("T")
Row = Sequence[Any]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of all features. Each feature's `store.py` adds its own."""


class Undone(Exception):
    """The database refused this work (its cause says why), and nothing of it was kept."""


class Statement:
    """A Core insert, update or delete prepared once, run with plain tuples of values.

    `columns` names the bind parameters in the order of the tuples; an insert may leave them out, then they are the
    table's columns in order, without a number that the database counts itself. Values are Python's own (aware
    datetimes, Enum values as text, JSON as text); what an engine needs otherwise is converted when the batch is
    written.

        ADD_SAMPLE = Statement(insert(samples), bulk=True)
        END = Statement(update(t).where(t.c.id == bindparam("key")).values(end=bindparam("end")), ("end", "key"))

    bulk   order against other statements does not matter: rows of the whole batch go in as one executemany or COPY
    same   bind parameters that get the value of another one (each through its own column's type)
    """

    __slots__ = ("_prepared", "bulk", "columns", "same", "sql")

    def __init__(
        self,
        sql: Insert | Update | Delete,
        columns: Sequence[str] | None = None,
        *,
        bulk: bool = False,
        same: Mapping[str, str] | None = None,
    ) -> None:
        self.same = dict(same or {})
        if columns is None:
            if not isinstance(sql, Insert):
                raise TypeError("an update or delete has no columns of its own: name its bind parameters in order")
            table = cast("Table[Any]", sql.table)
            own = [column.name for column in table.columns if column is not table.autoincrement_column]
            columns = [name for name in own if name not in self.same]
        self.sql = sql
        self.columns = tuple(columns)
        self.bulk = bulk
        self._prepared: dict[str, Prepared] = {}

    def prepared(self, dialect: Dialect) -> "Prepared":
        """For this engine, compiled once."""
        found = self._prepared.get(dialect.name)
        if found is None:
            found = self._prepared[dialect.name] = Prepared(self, dialect)
        return found

    def __repr__(self) -> str:
        return f"Statement({self.sql})"


class Prepared:
    """A statement in one engine's own SQL, and how a tuple of values becomes that SQL's parameters.

    names   of the parameters, in their order
    table   where a bulk insert goes; None where the statement is more than a plain insert of its columns
    """

    __slots__ = ("_constants", "_convert", "_order", "names", "sql", "table")

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        inserting = isinstance(statement.sql, Insert)
        compiled = statement.sql.compile(
            dialect=dialect,
            column_keys=[*statement.columns, *statement.same] if inserting else None,
            compile_kwargs={"render_postcompile": True},
        )
        assert isinstance(compiled, SQLCompiler)
        names: list[str] = list(compiled.positiontup or ())
        self.sql = compiled.string
        given = {*statement.columns, *statement.same}
        constants = {name: compiled.binds[name].value for name in names if name not in given}
        for name in constants:
            if compiled.binds[name].required:
                raise TypeError(f"{statement!r} needs a value for {name!r}: name it among its columns")
        unused = given - set(names)
        if unused:
            raise TypeError(f"{statement!r} has no bind parameter called {', '.join(sorted(unused))}")
        source = [*statement.columns, *constants]
        order = [source.index(statement.same.get(name, name)) for name in names]
        self._order = None if order == list(range(len(statement.columns))) else order
        self._constants = tuple(constants.values())
        converters = [_converter(compiled.binds[name].type, dialect) for name in names]
        self._convert = tuple((place, convert) for place, convert in enumerate(converters) if convert is not None)
        plain = inserting and not constants and "ON CONFLICT" not in self.sql
        self.table = cast("Table[Any]", statement.sql.table).name if plain else None
        self.names = names

    def arrange(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows as the driver wants them; the very same where it wants nothing else."""
        if not rows or (self._order is None and not self._convert):
            return rows
        # By columns, so that no row is taken apart in Python: a sixth of the cost.
        given: list[Iterable[Any]] = [*zip(*rows, strict=True), *(repeat(value) for value in self._constants)]
        columns = given if self._order is None else [given[place] for place in self._order]
        for place, convert in self._convert:
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=False))  # what is constant never ends


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    # Both drivers take a bool as it is.
    return None if isinstance(kind, Boolean) else kind.dialect_impl(dialect).bind_processor(dialect)


class Work:
    """What one handler wants done, all or nothing: statements with their values, and events to tell."""

    __slots__ = ("events", "writes")

    def __init__(self) -> None:
        self.writes: list[tuple[Statement, tuple[Any, ...]]] = []
        self.events: list[object] = []

    def write(self, statement: Statement, *values: Any) -> None:
        self.writes.append((statement, values))

    def write_row(self, statement: Statement, values: tuple[Any, ...]) -> None:
        """Likewise, of values that are a tuple already."""
        self.writes.append((statement, values))

    def tell(self, event: object) -> None:
        """Journal the event in the same work (unless it is live only), and publish it once it is committed."""
        self.events.append(event)


class Database(Protocol):
    @property
    def url(self) -> str: ...

    @property
    def pending(self) -> int:
        """Works that wait for their commit: above a few thousand, whoever feeds them should pause."""
        ...

    def read(self, query: Callable[[Connection], T]) -> Awaitable[T]:
        """Run a query on a read connection, off the event loop where it could block it.

        Starts at once, awaited or not. May be awaited outside of a task. Raises Unavailable when the database is away.
        """
        ...

    def write(self, change: Callable[[Connection, Work], T]) -> Awaitable[T]:
        """Run `change` in one transaction: what it executes and what it adds to the work commit together, or not at
        all when it raises. It may be run on another thread: it touches nothing but its arguments.

        What it raises, is raised here. Like `read`, it starts at once and may be awaited outside of a task.
        """
        ...

    def commit(self, work: Work, done: Callable[[BaseException | None], None], order: str = "") -> None:
        """Join `work` to the open batch. `done(None)` is called on the event loop when it is on disk, `done(error)`
        when it was undone: Undone (its own fault), or Unavailable (the database is away; whether a work whose commit
        was under way is kept, is then not known)."""
        ...

    async def close(self) -> None:
        """Write what waits, then let go. Works that come later are refused."""
        ...


async def open_database(url: str, *, journal: "Journal | None" = None) -> Database:
    """The database at `sqlite:///path` or `postgresql://…`, on the running event loop; its schema as it is.

    journal   keeps and publishes the events that works tell; without one they are dropped
    Raises SettingError.
    """
    # Imported here: each engine's module needs this one, and nobody needs the driver of the other engine.
    if url.startswith("sqlite:///"):
        from voltloom.infra.sqlite import SqliteDatabase

        return await SqliteDatabase.open(url, journal)
    if url.startswith(("postgresql://", "postgres://")):
        from voltloom.infra.postgres import PostgresDatabase

        return await PostgresDatabase.open(url, journal)
    raise SettingError(
        f"The setting `database` is {url!r}, which names no database voltloom knows: "
        "give sqlite:///path/to/file or postgresql://user:password@host/name."
    )
