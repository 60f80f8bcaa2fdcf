"""PostgreSQL: batches on one asyncpg connection of our own; reads and changes through Core."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it has none: see Driver
import structlog
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from voltloom.domain.errors import Unavailable
from voltloom.infra.database import Row, Statement, Undone, Work
from voltloom.infra.journal import ADD_ENTRY, Journal
from voltloom.infra.settings import SettingError
from voltloom.infra.tasks import ADD_TASK
from voltloom.infra.writer import Change, Outcome, Writer, grouped

T = TypeVar("T")
LOG = structlog.get_logger(__name__)

DIALECT = asyncpg_dialect()
READERS = 8
AWAY_S = 10.0
"""How long works wait for a database that went away, before they fail."""
CONNECT_S = 5
CHANGE_TRIES = 6
"""A change that met another one's writes is run again; as many times as this."""
COPY_FROM_ROWS = 8
"""Rows from which COPY costs less than single inserts."""

JOURNAL_LOCK = 0x766F6C74
"""Whoever takes numbers of the journal holds this until its commit: so they become visible in order."""
_TAKE_NUMBERS = (
    f"WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock({JOURNAL_LOCK})) "  # noqa: S608  # our own constant
    "SELECT nextval(pg_get_serial_sequence('journal', 'number')) FROM turn, generate_series(1, $1)"
)

# The server is not there, is going, or is full: nobody's work is to blame.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)
_RUN_AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Driver(Protocol):
    """What we use of an asyncpg connection."""

    async def execute(self, query: str, *values: Any) -> str: ...
    async def executemany(self, command: str, args: Sequence[Row]) -> None: ...
    async def fetch(self, query: str, *values: Any) -> list[Sequence[Any]]: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: Sequence[Row], columns: Sequence[str]
    ) -> str: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109  # the driver's own
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...


async def connect(url: str) -> Driver:
    connection = await asyncpg.connect(  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        url,
        timeout=CONNECT_S,
        command_timeout=60,
        server_settings={"application_name": "voltloom", "synchronous_commit": "on", "timezone": "UTC"},
    )
    return cast("Driver", connection)


def without_password(url: str) -> str:
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":…@", 1)


class PostgresDatabase(Writer):
    def __init__(self, url: str, journal: Journal | None) -> None:
        super().__init__(url, journal)
        self._hot: Driver | None = None
        self._away_since: float | None = None
        # Serializable, so that what a change decides on what it has read, holds, as on SQLite.
        self._changing = self._engine("SERIALIZABLE", 2)
        self._reading = self._engine("REPEATABLE READ", READERS).execution_options(postgresql_readonly=True)
        self._running: set[asyncio.Task[Any]] = set()

    def _engine(self, isolation: str, connections: int) -> AsyncEngine:
        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: connect(self.url),
            isolation_level=isolation,
            json_deserializer=str,  # JSON is text to us (columns.Json)
            pool_size=connections,
            max_overflow=0,
            pool_timeout=AWAY_S,
        )

    @classmethod
    async def open(cls, url: str, journal: Journal | None) -> "PostgresDatabase":
        database = cls(url, journal)
        try:
            database._hot = await connect(url)
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise SettingError(
                f"The setting `database` is {without_password(url)!r}, and it cannot be reached "
                f"({str(error) or type(error).__name__}): check that the server runs and that host, name, user and "
                "password are right."
            ) from error
        database._start()
        return database

    async def _let_go(self) -> None:
        while self._running:
            await asyncio.wait(self._running)
        if self._hot is not None:
            with suppress(*_AWAY):
                await self._hot.close(timeout=5)
        await self._reading.dispose()
        await self._changing.dispose()

    # ---- reads

    def read(self, query: Callable[[Connection], T]) -> "asyncio.Future[T]":
        return self._run_soon(self._read(query))

    async def _read(self, query: Callable[[Connection], T]) -> T:
        try:
            # Once more where the connection had died with the server it was made to: the pool then makes new ones.
            with suppress(_Disconnected):
                return await self._query(query)
            return await self._query(query)
        except (DBAPIError, _Disconnected, *_AWAY) as error:
            if _is_away(error):
                raise _unavailable(error) from error
            raise

    async def _query(self, query: Callable[[Connection], T]) -> T:
        try:
            async with self._reading.connect() as connection:
                return await connection.run_sync(query)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise _Disconnected(str(error.orig)) from error
            raise

    def _run_soon(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = self._loop.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    # ---- changes: beside the batches, not between them. Each takes some turns with the server; stations need not wait

    def write(self, change: Callable[[Connection, Work], T]) -> "asyncio.Future[T]":
        if self._closing:
            return super().write(change)
        waiting: Change[T] = Change(change, self._loop.create_future())
        self._run_soon(self._write_change(waiting))
        return waiting.result

    async def _change(self, change: Change[Any]) -> Any:
        for tries_left in reversed(range(CHANGE_TRIES)):
            change.work = Work()
            try:
                return await self._run_change(change)
            except Exception as error:
                if _is_away(error):
                    raise _unavailable(error) from error
                if tries_left == 0 or not isinstance(_driver_error(error), _RUN_AGAIN):
                    raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** (CHANGE_TRIES - tries_left)))  # noqa: S311
        raise AssertionError("the last try returns or raises")

    async def _run_change(self, change: Change[Any]) -> Any:
        async with self._changing.begin() as connection:
            # Core begins at its first statement; the work's own may be the only ones. This one takes no snapshot yet:
            # a change may still wait for a lock, and see what those before it did.
            await connection.exec_driver_sql("SHOW application_name")
            value = await connection.run_sync(change.run, change.work)
            driver = (await connection.get_raw_connection()).driver_connection
            change.numbers = await self._apply(cast("Driver", driver), [change.work], [""])
            return value

    # ---- batches

    async def _flush(self, works: Sequence[Work], orders: Sequence[str]) -> Outcome:
        for tries_left in reversed(range(CHANGE_TRIES)):
            connection = await self._connected()
            committing = False
            try:
                await connection.execute("BEGIN")
                numbers = await self._apply(connection, works, orders)
                committing = True
                await connection.execute("COMMIT")
                return Outcome(numbers=numbers)
            except Exception as error:
                if _is_away(error) or not await _rolled_back(connection):
                    connection.terminate()
                    if committing or tries_left == 0:
                        raise _unavailable(error) from error
                    continue
                if not isinstance(error, _RUN_AGAIN):
                    if len(works) == 1:
                        return Outcome([_undone(error)])
                    return await self._write_each(works)
                if tries_left == 0:
                    raise _unavailable(error) from error
        raise AssertionError("the last try returns or raises")

    async def _write_each(self, works: Sequence[Work]) -> Outcome:
        """One of them cannot stand: find it, so that the rest does."""
        errors: list[BaseException | None] = []
        numbers: list[int] = []
        connection = await self._connected()
        try:
            await connection.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
            for work in works:
                await connection.execute("SAVEPOINT work")
                try:
                    numbers += await self._apply(connection, [work], [""])
                    await connection.execute("RELEASE SAVEPOINT work")
                    errors.append(None)
                except Exception as error:
                    if connection.is_closed() or _is_away(error):
                        raise
                    await connection.execute("ROLLBACK TO SAVEPOINT work")
                    errors.append(_undone(error))
            await connection.execute("COMMIT")
        except Exception as error:
            connection.terminate()
            raise _unavailable(error) from error
        return Outcome(errors, numbers)

    async def _apply(self, connection: Driver, works: Sequence[Work], orders: Sequence[str]) -> Sequence[int]:
        """Run the statements inside the open transaction. Returns the journal's numbers."""
        for statement, rows in grouped(works, orders):
            await _run(connection, statement, rows)
        if self.journal is None:
            return ()
        entries = self.journal.entries(works, datetime.now(UTC))
        if not entries.rows:
            return ()
        if entries.tasks:
            await _run(connection, ADD_TASK, entries.tasks)
        # Last, because from here on other nodes wait for this transaction's end.
        numbers = [row[0] for row in await connection.fetch(_TAKE_NUMBERS, len(entries.rows))]
        await _run(connection, ADD_ENTRY, entries.numbered(numbers))
        return numbers

    async def _connected(self) -> Driver:
        """The connection for batches, made anew where the old one died. Raises Unavailable after AWAY_S."""
        pause_s = 0.05
        while self._hot is None or self._hot.is_closed():
            try:
                self._hot = await connect(self.url)
                self._away_since = None
                LOG.info("the database is back")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                now = time.monotonic()
                if self._away_since is None:
                    self._away_since = now
                    LOG.warning("the database is away", reason=str(error))
                if self._closing or now - self._away_since > AWAY_S:
                    raise _unavailable(error) from error
                await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311
                pause_s = min(1.0, pause_s * 2)
        return self._hot


async def _rolled_back(connection: Driver) -> bool:
    try:
        await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


class _Disconnected(Exception):
    """The connection died under a query."""


async def _run(connection: Driver, statement: Statement, rows: Sequence[Row]) -> None:
    prepared = statement.prepared(DIALECT)
    rows = prepared.arrange(rows)
    if len(rows) >= COPY_FROM_ROWS and statement.bulk and prepared.table is not None:
        await connection.copy_records_to_table(prepared.table, records=rows, columns=prepared.names)
    elif len(rows) == 1:
        await connection.execute(prepared.sql, *rows[0])
    else:
        await connection.executemany(prepared.sql, rows)


def _driver_error(error: BaseException) -> BaseException | None:
    return error.driver_exception if isinstance(error, DBAPIError) else error


def _is_away(error: BaseException) -> bool:
    if isinstance(error, _Disconnected) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    return isinstance(_driver_error(error), _AWAY)


def _unavailable(error: BaseException) -> Unavailable:
    reason = str(_driver_error(error)) or type(error).__name__
    return Unavailable(f"the database cannot be used now ({reason}); try again in a moment")


def _undone(error: BaseException) -> Undone:
    undone = Undone(f"{type(error).__name__}: {error}")
    undone.__cause__ = error
    return undone
