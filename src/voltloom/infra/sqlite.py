"""The embedded database: stdlib sqlite3, one writing connection, write-ahead log, on disk at every commit."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.pool import QueuePool, StaticPool

from voltloom.domain.errors import Unavailable
from voltloom.infra.database import SettingError, Undone, Work
from voltloom.infra.journal import ADD_ENTRY, Journal
from voltloom.infra.tasks import ADD_TASK
from voltloom.infra.writer import Change, Outcome, Writer, grouped

T = TypeVar("T")

DIALECT = sqlite_dialect()
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
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages, 16 MB: fewer, longer copies
        connection.execute("PRAGMA journal_size_limit = 67108864")
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


def engine_of(creator: Callable[[], sqlite3.Connection], *, begin: str, one: bool) -> Engine:
    """Core on top of our own connections, with the transactions SQLite has, not those the driver guesses."""
    engine = create_engine(
        "sqlite://",
        creator=creator,
        **({"poolclass": StaticPool} if one else {"poolclass": QueuePool, "pool_size": READERS, "max_overflow": 0}),
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]  # SQLAlchemy calls it
        connection.exec_driver_sql(begin)

    return engine


def is_our_trouble(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _OUR_TROUBLE


class SqliteDatabase(Writer):
    """Reads on a few threads of their own; everything that writes, on one connection, a thread at a time."""

    def __init__(self, url: str, journal: Journal | None, path: Path) -> None:
        super().__init__(url, journal)
        self.path = path
        self._raw = connect(path, writing=True)
        self._writing = engine_of(lambda: self._raw, begin="BEGIN IMMEDIATE", one=True)
        self._reading = engine_of(lambda: connect(path, writing=False), begin="BEGIN", one=False)
        self._thread = ThreadPoolExecutor(1, "sqlite writer")
        self._readers = ThreadPoolExecutor(READERS, "sqlite reader")

    @classmethod
    async def open(cls, url: str, journal: Journal | None) -> "SqliteDatabase":
        path = path_of(url)
        try:
            database = cls(url, journal, path)
        except sqlite3.Error as error:
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
        self._raw.close()

    # ---- changes

    async def _change(self, change: Change[Any]) -> Any:
        return await self._loop.run_in_executor(self._thread, self._run_change, change)

    def _run_change(self, change: Change[Any]) -> Any:
        with _speaking_plainly(), self._writing.begin() as connection:
            value = change.run(connection, change.work)
            change.numbers = self._apply([change.work], [""])
            return value

    # ---- batches

    async def _flush(self, works: Sequence[Work], orders: Sequence[str]) -> Outcome:
        return await self._loop.run_in_executor(self._thread, self._write_all, works, orders)

    def _write_all(self, works: Sequence[Work], orders: Sequence[str]) -> Outcome:
        try:
            with self._transaction():
                return Outcome(numbers=self._apply(works, orders))
        except Exception as error:
            if is_our_trouble(error):
                raise Unavailable(f"the database cannot be written now: {error}") from error
            if len(works) == 1:
                return Outcome([_undone(error)])
        return self._write_each(works)

    def _write_each(self, works: Sequence[Work]) -> Outcome:
        """One of them cannot stand: find it, so that the rest does."""
        errors: list[BaseException | None] = []
        numbers: list[int] = []
        for work in works:
            try:
                with self._transaction():
                    numbers += self._apply([work], [""])
                errors.append(None)
            except Exception as error:  # noqa: BLE001  # it is given to the one whose work it is
                if is_our_trouble(error):
                    errors.append(Unavailable(f"the database cannot be written now: {error}"))
                else:
                    errors.append(_undone(error))
        return Outcome(errors, numbers)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.execute("COMMIT")
        except BaseException:
            # SQLite itself has rolled back already after some errors (a full disk).
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

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
        last = raw.execute("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").fetchone()
        first = (last[0] if last else 0) + 1
        numbers = range(first, first + len(entries.rows))
        for statement, rows in ((ADD_ENTRY, entries.numbered(numbers)), (ADD_TASK, entries.tasks)):
            prepared = statement.prepared(DIALECT)
            raw.executemany(prepared.sql, prepared.arrange(rows))
        return numbers


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
            raise Unavailable(f"the database cannot be used now: {original}") from error
        raise
