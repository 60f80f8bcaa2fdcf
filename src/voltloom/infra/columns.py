"""Column types that mean the same on both engines, and an insert that may meet its row already there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Of rows in their order: only an INTEGER is counted on by SQLite itself."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


_EXACT_AS_FLOAT = 4e9
"""Seconds from the epoch up to which (and that is 2096) a float still tells one microsecond from the next."""


@lru_cache(4096)  # one moment goes into several columns, and rows of a batch share it
def to_microseconds(at: datetime | None) -> int | None:
    """Since the epoch, exact. Raises TypeError for a naive time: nobody knows when that is."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise TypeError(f"{at!r} is naive: a time needs its zone")
    seconds = at.timestamp()
    if -_EXACT_AS_FLOAT < seconds < _EXACT_AS_FLOAT:
        return round(seconds * 1e6)
    return (at - EPOCH) // MICROSECOND


def from_microseconds(count: int | None) -> datetime | None:
    return None if count is None else EPOCH + timedelta(microseconds=count)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, read back in UTC. PostgreSQL: timestamptz. SQLite: integer microseconds since the epoch,
    which sort and compare as times do."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    # The processors themselves, not `process_bind_param`: None keeps the driver's own conversion, at no cost a value.
    def bind_processor(self, dialect: Dialect) -> Any:
        return None if dialect.name == "postgresql" else to_microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return None if dialect.name == "postgresql" else from_microseconds


class _PostgresJson(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "JSON"


class Json(TypeDecorator[str]):
    """A JSON document as text, both ways, kept verbatim: what a station said is not to be reordered.

    PostgreSQL: json (not jsonb, which rewrites it; cast to jsonb to search in it). SQLite: text. Encode and decode
    with msgspec where the shape is known.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_PostgresJson() if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Any:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return None


def upsert(table: Table, keys: Sequence[str], *columns: str) -> postgresql.Insert:
    """Insert, or where a row with these keys exists, set `columns` of it (none: leave it as it is).

    PostgreSQL's construct; SQLite took over the syntax and compiles it as well.
    """
    insert = postgresql.insert(table)
    if not columns:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    return insert.on_conflict_do_update(
        index_elements=list(keys), set_={column: insert.excluded[column] for column in columns}
    )
