"""Every message as it came, with its answer: hot days in the database, older ones as Parquet files read by DuckDB.

A row is one exchange: a call and what it was answered. It is written in the same work as what the call changed, so
whatever was acknowledged can be read again to the letter. What lies in a file is no longer in the database.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import msgspec
import structlog
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    delete,
    func,
    insert,
    or_,
    select,
)

from voltloom.infra.columns import MICROSECOND, NUMBER, UtcTime, from_microseconds, to_microseconds
from voltloom.infra.database import Database, Statement, metadata

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = structlog.get_logger(__name__)

CHUNK = 50_000
"""Rows in one file. A file is written in one go, and read whole only where its times overlap what is asked for."""
REMOVED_AT_ONCE = 5_000
SLACK = timedelta(minutes=15)
"""How much later than its time an exchange may get its number: a call of ours is written when it is over."""

BUCKETS = 16


def _bucket(station_id: str | None) -> int | None:
    return None if station_id is None else crc32(station_id.encode()) % BUCKETS


class Bucket(TypeDecorator[str]):
    """A station id, kept as the number of its bucket; compares as such."""

    impl = SmallInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        return _bucket


exchanges = Table(
    "exchanges",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False, comment="when the call was heard or sent"),
    Column("inbound", Boolean, nullable=False, comment="the station called"),
    Column("protocol", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("call", Text, nullable=False, comment="the frame as it came or went"),
    Column("answer", Text, nullable=False, comment="payload or error frame; empty where none was given"),
    Column("took_us", Integer, comment="from the call to its answer"),
    Column("trouble", Text, nullable=False, comment="what was wrong, for people; empty where all was well"),
    Column("bucket", Bucket, nullable=False, comment="one of a few, by the station"),
    # By bucket, not by station: a batch then changes a few pages of the index, not one for each of its rows. Measured
    # on SQLite: 9 µs a row less, of 19. Nor is there an index by time: numbers grow as time does.
    Index(None, "bucket", "number", "station_id"),
)

ADD_EXCHANGE = Statement(insert(exchanges), bulk=True, same={"bucket": "station_id"})


class Exchange(NamedTuple):
    """A call and its answer, in the order of ADD_EXCHANGE's values, after their number."""

    number: int
    station_id: str
    at: datetime
    inbound: bool
    protocol: str
    message_id: str
    action: str
    call: str
    answer: str
    took_us: int | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exchanges of a station, newest first.

    before    numbers below this; None: from the newest
    since, until   half-open: [since, until)
    actions   any of these; empty: all
    inbound   True: the station called; False: we did; None: both
    trouble   True: only those with trouble; None: all
    text      occurs in call or answer, whatever its case
    """

    station_id: str
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    actions: Sequence[str] = ()
    inbound: bool | None = None
    trouble: bool | None = None
    text: str = ""
    limit: int = 100


def find_exchanges(connection: Connection, wanted: Wanted) -> list[Exchange]:
    """Those still in the database."""
    query = select(*_SHOWN).where(
        exchanges.c.bucket == wanted.station_id, exchanges.c.station_id == wanted.station_id, *_conditions(wanted)
    )
    if wanted.since is not None:
        query = query.where(exchanges.c.number >= _number_at(connection, wanted.since - SLACK))
    if wanted.until is not None:
        query = query.where(exchanges.c.number <= _number_at(connection, wanted.until + SLACK))
    query = query.order_by(exchanges.c.number.desc()).limit(wanted.limit)
    return [Exchange(*row) for row in connection.execute(query)]


def _number_at(connection: Connection, at: datetime) -> int:
    """The first number whose exchange was at that time or later, or the last one; give it SLACK."""
    low, high = connection.execute(select(func.min(exchanges.c.number), func.max(exchanges.c.number))).one()
    low, high = low or 0, high or 0
    while low < high:
        middle = (low + high) // 2
        next_one = select(exchanges.c.number, exchanges.c.at).where(exchanges.c.number >= middle)
        number, its_time = connection.execute(next_one.order_by(exchanges.c.number).limit(1)).one()
        if its_time < at:
            low = number + 1
        else:
            high = middle
    return low


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    column = exchanges.c
    if wanted.before is not None:
        yield column.number < wanted.before
    if wanted.since is not None:
        yield column.at >= wanted.since
    if wanted.until is not None:
        yield column.at < wanted.until
    if wanted.actions:
        yield column.action.in_(wanted.actions)
    if wanted.inbound is not None:
        yield column.inbound == wanted.inbound
    if wanted.trouble is not None:
        yield (column.trouble != "") if wanted.trouble else (column.trouble == "")
    if wanted.text:
        words = wanted.text.lower()
        yield or_(
            func.lower(column.call).contains(words, autoescape=True),
            func.lower(column.answer).contains(words, autoescape=True),
        )


_SHOWN = tuple(exchanges.c[name] for name in Exchange._fields)

# ---- files

_NAME = re.compile(r"exchanges-(\d+)-(\d+)-(-?\d+)-(-?\d+)\.parquet")
_COLUMNS = (
    "{number: 'BIGINT', station_id: 'VARCHAR', \"at\": 'BIGINT', inbound: 'BOOLEAN', protocol: 'VARCHAR', "
    "message_id: 'VARCHAR', action: 'VARCHAR', call: 'VARCHAR', answer: 'VARCHAR', took_us: 'BIGINT', "
    "trouble: 'VARCHAR'}"
)
_ORDER = 'number, station_id, "at", inbound, protocol, message_id, action, call, answer, took_us, trouble'


@dataclass(frozen=True, slots=True)
class File:
    """first, last: numbers of its rows. since_us, until_us: their times, both included."""

    path: Path
    first: int
    last: int
    since_us: int
    until_us: int


class Archive:
    """The files of one network, in `folder`.

    hot     how long exchanges stay in the database
    kept    how long they are kept in all
    most_bytes   size of all files; the oldest go first
    """

    def __init__(self, folder: Path, *, hot: timedelta, kept: timedelta, most_bytes: int) -> None:
        self.folder = folder
        self._hot = hot
        self._kept = kept
        self._most_bytes = most_bytes

    def files(self) -> list[File]:
        """Oldest first."""
        found: list[File] = []
        for path in self.folder.glob("exchanges-*.parquet"):
            match = _NAME.fullmatch(path.name)
            if match:
                first, last, since, until = map(int, match.groups())
                found.append(File(path, first, last, since, until))
        return sorted(found, key=lambda file: file.first)

    async def find(self, database: Database, wanted: Wanted) -> list[Exchange]:
        """Wherever they lie, newest first."""
        found = await database.read(lambda connection: find_exchanges(connection, wanted))
        if len(found) < wanted.limit:
            # Read after the database: what moved in between is found twice rather than never.
            known = {exchange.number for exchange in found}
            older = await asyncio.to_thread(self._find_in_files, wanted)
            found.extend(exchange for exchange in older if exchange.number not in known)
            found.sort(key=lambda exchange: -exchange.number)
        return found[: wanted.limit]

    def _find_in_files(self, wanted: Wanted) -> list[Exchange]:
        since, until = to_microseconds(wanted.since), to_microseconds(wanted.until)
        paths = [
            str(file.path)
            for file in self.files()
            if (since is None or file.until_us >= since)
            and (until is None or file.since_us < until)
            and (wanted.before is None or file.first < wanted.before)
        ]
        if not paths:
            return []
        conditions: list[tuple[str, Any]] = [("station_id = ?", wanted.station_id)]
        if wanted.before is not None:
            conditions.append(("number < ?", wanted.before))
        if since is not None:
            conditions.append(('"at" >= ?', since))
        if until is not None:
            conditions.append(('"at" < ?', until))
        if wanted.actions:
            conditions.append(("list_contains(?, action)", list(wanted.actions)))
        if wanted.inbound is not None:
            conditions.append(("inbound = ?", wanted.inbound))
        if wanted.trouble is not None:
            conditions.append(("(trouble <> '') = ?", wanted.trouble))
        if wanted.text:
            conditions.append(("contains(lower(call || chr(10) || answer), ?)", wanted.text.lower()))
        query = (
            f"SELECT {_ORDER} FROM read_parquet(?) WHERE {' AND '.join(sql for sql, _ in conditions)} "  # noqa: S608  # our own words; values are bound
            "ORDER BY number DESC LIMIT ?"
        )
        with _duckdb() as engine:
            rows = engine.execute(query, [paths, *(value for _, value in conditions), wanted.limit]).fetchall()
        return [Exchange(row[0], row[1], _time(row[2]), *row[3:]) for row in rows]

    async def move(self, database: Database, now: datetime) -> int:
        """Move what is older than the hot days to files, and remove what is too old or too much. How many moved."""
        cutoff = now - self._hot
        moved = 0
        while True:
            chunk = await database.read(lambda connection: _oldest(connection, cutoff))
            if not chunk:
                break
            first, last = chunk[0].number, chunk[-1].number
            done = next((file for file in self.files() if file.first <= first <= file.last), None)
            if done is None:
                await asyncio.to_thread(self._write, chunk)
            else:
                # It was written, and the process ended before it was removed from the database.
                last = min(last, done.last)
            moved += await _remove(database, first, last)
            if len(chunk) < CHUNK:
                break
        removed = self._prune(now)
        if moved or removed:
            LOG.info("messages archived", moved=moved, files_removed=removed)
        return moved

    def _write(self, chunk: Sequence[Exchange]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        times = [_microseconds(exchange.at) for exchange in chunk]
        name = f"exchanges-{chunk[0].number}-{chunk[-1].number}-{min(times)}-{max(times)}.parquet"
        encode = msgspec.json.Encoder().encode
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".writing-") as beside:
            lines, whole = Path(beside) / "lines.json", Path(beside) / name
            with lines.open("wb") as out:
                for exchange, at in zip(chunk, times, strict=True):
                    out.write(encode(exchange._replace(at=at)._asdict()))  # pyright: ignore[reportArgumentType]  # as a number
                    out.write(b"\n")
            with _duckdb() as engine:
                engine.execute(
                    f"COPY (SELECT * FROM read_json(?, format='newline_delimited', columns={_COLUMNS}, "  # noqa: S608  # our own words
                    "maximum_object_size=134217728) ORDER BY station_id, number) TO "
                    f"'{_quoted(whole)}' (FORMAT parquet, COMPRESSION zstd)",
                    [str(lines)],
                )
            with whole.open("rb") as file:
                os.fsync(file.fileno())
            whole.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _prune(self, now: datetime) -> int:
        files = self.files()
        oldest_kept = to_microseconds(now - self._kept) or 0
        sizes = [file.path.stat().st_size for file in files]
        total, removed = sum(sizes), 0
        for file, size in zip(files, sizes, strict=True):
            if file.until_us >= oldest_kept and total <= self._most_bytes:
                break
            file.path.unlink(missing_ok=True)
            total -= size
            removed += 1
        return removed


def _oldest(connection: Connection, cutoff: datetime) -> list[Exchange]:
    """The next ones to move: all before the first that is to stay. The newest stays: SQLite counts on from it."""
    newest = select(func.max(exchanges.c.number)).scalar_subquery()
    query = select(*_SHOWN).where(exchanges.c.number < newest).order_by(exchanges.c.number).limit(CHUNK)
    return list(takewhile(lambda exchange: exchange.at < cutoff, (Exchange(*row) for row in connection.execute(query))))


async def _remove(database: Database, first: int, last: int) -> int:
    """A little at a time: stations wait for the same writer."""
    removed = 0
    for start in range(first, last + 1, REMOVED_AT_ONCE):
        end = min(start + REMOVED_AT_ONCE - 1, last)
        rows = delete(exchanges).where(exchanges.c.number.between(start, end))
        removed += await database.write(lambda connection, _, rows=rows: connection.execute(rows).rowcount)
    return removed


def _duckdb() -> "DuckDBPyConnection":
    """In memory; fetches nothing from anywhere."""
    # Imported here: a fifth of a second and 40 MB that most processes never need.
    import duckdb

    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
            "memory_limit": "512MB",
        }
    )


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


def _time(microseconds: int) -> datetime:
    at = from_microseconds(microseconds)
    assert at is not None
    return at


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
