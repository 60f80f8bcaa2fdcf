"""The embedded database: stdlib sqlite3, one writing connection, write-ahead log, on disk at every commit."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.pool import QueuePool, StaticPool

from voltloom.domain.errors import Unavailable
from voltloom.infra.database import Undone, Work
from voltloom.infra.journal import ADD_ENTRY, Journal
from voltloom.infra.settings import SettingError
from voltloom.infra.tasks import ADD_TASK
from voltloom.infra.writer import Change, Outcome, Writer, grouped

T = TypeVar("T")

DIALECT = sqlite_dialect()
# sqlite3 takes ints, floats and texts as they are, and asks its adaptation protocol about everything else, None and
# bool included, at a quarter of a microsecond a value. An adapter in C ends that search at once: half the cost of a row
# of 28 columns, most of them None.
sqlite3.register_adapter(type(None), dict[None, None]().get)
sqlite3.register_adapter(bool, int)

READERS = 4
BUSY_S = 10.0
"""How long another process (a command line, a backup) may hold the write lock before works fail."""

# What goes wrong with the disk or with the lock, not with a work: trying the works one by one would not help.
_OUR_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOMEM,
}


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection that never begins a transaction by itself."""
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if writing:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -131072")  # KiB
        connection.execute(
            "PRAGMA wal_autocheckpoint = 1000"
        )  # pages, 4 MB: more would be longer pauses, for no less work
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA busy_timeout = 0")  # on the event loop nobody waits: see _begin_patiently
    else:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -16384")
    return connection


def path_of(url: str) -> Path:
    path = url.removeprefix("sqlite:///")
    if path in ("", ":memory:"):
        raise SettingError(
            f"The setting `database` is {url!r}, which names no file, and what is only in memory is not durable: "
            "give sqlite:///path/to/file."
        )
    return Path(path)


def reading_engine(path: Path) -> Engine:
    """Core on connections of its own. A query that asks several times sees one state."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, writing=False),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
    )
    event.listen(engine, "begin", _begin_to_read)
    return engine


def _begin_to_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def writing_engine(connection: sqlite3.Connection) -> Engine:
    """Core on the writer's own connection: another one would cost it its page cache at every change."""

    def begin(core: Connection) -> None:
        _begin_patiently(cast("sqlite3.Connection", core.connection.driver_connection))

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", begin)
    return engine


def _begin_patiently(connection: sqlite3.Connection) -> None:
    """Begin to write, though another process may be writing now."""
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def is_our_trouble(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _OUR_TROUBLE


class SqliteDatabase(Writer):
    """Reads on a few threads of their own; everything that writes, on one connection, a thread at a time."""

    def __init__(self, url: str, journal: Journal | None, path: Path) -> None:
        super().__init__(url, journal)
        self.path = path
        self._raw = connect(path, writing=True)
        self._writing = writing_engine(self._raw)
        self._reading = reading_engine(path)
        self._thread = ThreadPoolExecutor(1, "sqlite writer")
        self._readers = ThreadPoolExecutor(READERS, "sqlite reader")

    @classmethod
    async def open(cls, url: str, journal: Journal | None) -> "SqliteDatabase":
        path = path_of(url)
        try:
            # Made by us, so that nobody else may read it: it tells who charged where.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            database = cls(url, journal, path)
        except (sqlite3.Error, OSError) as error:
            raise SettingError(
                f"The setting `database` is {url!r}, and that file cannot be used ({error}): "
                "give a path in a folder that exists and that you may write to."
            ) from error
        database._start()
        return database

    def read(self, query: Callable[[Connection], T]) -> "asyncio.Future[T]":
        def run() -> T:
            with _speaking_plainly(), self._reading.connect() as connection:
                return query(connection)

        return self._loop.run_in_executor(self._readers, run)

    async def _let_go(self) -> None:
        self._readers.shutdown()
        self._thread.shutdown()
        self._reading.dispose()
        self._writing.dispose()
        with suppress(sqlite3.Error):
            self._raw.execute("PRAGMA analysis_limit = 400")
            self._raw.execute("PRAGMA optimize")
        self._raw.close()

    # ---- changes: on the writer's thread, between two batches

    async def _change(self, change: Change[Any]) -> Any:
        return await self._loop.run_in_executor(self._thread, self._run_change, change)

    def _run_change(self, change: Change[Any]) -> Any:
        with _speaking_plainly(), self._writing.begin() as connection:
            value = change.run(connection, change.work)
            change.numbers = self._apply([change.work], [""])
            return value

    # ---- batches: their statements on the event loop, what waits for the disk or for others on the writer's thread.
    # sqlite3 lets go of the interpreter at each row; on a thread beside a busy event loop it would wait for it at
    # each row again. Measured: 3 ms instead of 108 ms a commit beside a loop that never rests, at the same cost.

    async def _flush(self, works: Sequence[Work], orders: Sequence[str]) -> Outcome:
        try:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_our_trouble(error):
                    raise
                await self._loop.run_in_executor(self._thread, _begin_patiently, self._raw)
            numbers = self._apply(works, orders)
            await self._loop.run_in_executor(self._thread, self._raw.execute, "COMMIT")
            return Outcome(numbers=numbers)
        except Exception as error:
            self._roll_back()
            if is_our_trouble(error):
                raise _unavailable(error) from error
            if len(works) == 1:
                return Outcome([_undone(error)])
        return await self._loop.run_in_executor(self._thread, self._write_each, works)

    def _write_each(self, works: Sequence[Work]) -> Outcome:
        """One of them cannot stand: find it, so that the rest does."""
        errors: list[BaseException | None] = []
        numbers: list[int] = []
        try:
            _begin_patiently(self._raw)
            for work in works:
                self._raw.execute("SAVEPOINT work")
                try:
                    numbers += self._apply([work], [""])
                    errors.append(None)
                except Exception as error:
                    if is_our_trouble(error):
                        raise
                    self._raw.execute("ROLLBACK TO work")
                    errors.append(_undone(error))
                self._raw.execute("RELEASE work")
            self._raw.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            if is_our_trouble(error):
                raise _unavailable(error) from error
            if len(works) == 1:
                return Outcome([_undone(error)])
            # A deferred constraint: only the commit finds it. Each for itself, then.
            apart = [self._write_each([work]) for work in works]
            errors = [error for outcome in apart for error in (outcome.errors or [None])]
            numbers = [number for outcome in apart for number in outcome.numbers]
        return Outcome(errors, numbers)

    def _roll_back(self) -> None:
        # SQLite itself has rolled back already after some errors (a full disk).
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def _apply(self, works: Sequence[Work], orders: Sequence[str]) -> Sequence[int]:
        """Run the statements inside the open transaction. Returns the journal's numbers."""
        raw = self._raw
        for statement, rows in grouped(works, orders):
            prepared = statement.prepared(DIALECT)
            raw.executemany(prepared.sql, prepared.arrange(rows))
        if self.journal is None:
            return ()
        entries = self.journal.entries(works, datetime.now(UTC))
        if not entries.rows:
            return ()
        # Numbers are given here, not by the table: inside this transaction nobody else can take them.
        first = raw.execute("SELECT coalesce(max(number), 0) + 1 FROM journal").fetchone()[0]
        numbers = range(first, first + len(entries.rows))
        for statement, rows in ((ADD_ENTRY, entries.numbered(numbers)), (ADD_TASK, entries.tasks)):
            prepared = statement.prepared(DIALECT)
            raw.executemany(prepared.sql, prepared.arrange(rows))
        return numbers


def _unavailable(error: BaseException) -> Unavailable:
    return Unavailable(f"the database cannot be written now ({error}); try again in a moment")


def _undone(error: BaseException) -> Undone:
    undone = Undone(f"{type(error).__name__}: {error}")
    undone.__cause__ = error
    return undone


@contextmanager
def _speaking_plainly() -> Generator[None]:
    """A locked or broken file is Unavailable, whatever the caller was doing."""
    try:
        yield
    except Exception as error:
        original = getattr(error, "orig", error)
        if is_our_trouble(original):
            raise Unavailable(f"the database cannot be used now ({original}); try again in a moment") from error
        raise
