"""The tables of limits, and the statements on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    bindparam,
    column,
    delete,
    insert,
    select,
    table,
    update,
)

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.transaction import TransactionLimit
from voltloom.features.limits.rules import Held, Reached
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

held_table = Table(
    "transaction_limits",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("transaction_id", String(80), primary_key=True),
    Column("wanted", Json, nullable=True),
    Column("actor", String(200), nullable=False),
    Column("wanted_at", UtcTime, nullable=True),
    Column("told_at", UtcTime, nullable=True, comment="with the last answer that had it"),
    Column("at_station", Json, nullable=True, comment="as the station says that it holds it"),
    Column("heard_at", UtcTime, nullable=True),
    Column("stopped_at", UtcTime, nullable=True, comment="when its station was last asked to stop it"),
    Column("reached", String(10), nullable=False, comment="which it came to; empty: none"),
    Column("prepaid", String(255), nullable=False, comment="the token that pays; empty: none"),
    Column("charged", BigInteger, nullable=False, comment="taken off it, in millionths"),
    Column("changed_at", UtcTime, nullable=False, index=True),
)
pending = Table(
    "limited_starts",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("remote_start_id", BigInteger, primary_key=True, autoincrement=False),
    Column("wanted", Json, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Index("ix_limited_starts_asked_at", "asked_at"),
)
_COLUMNS = tuple(each.name for each in held_table.columns)
_KEYS = ("station_id", "transaction_id")
PUT = Statement(upsert(held_table, _KEYS, *(name for name in _COLUMNS if name not in _KEYS)), _COLUMNS)
FORGET_START = Statement(
    delete(pending).where(
        pending.c.station_id == bindparam("station_key"), pending.c.remote_start_id == bindparam("start_key")
    ),
    ("station_key", "start_key"),
)
_TRANSACTIONS = table(
    "transactions",
    column("station_id"),
    column("id"),
    column("said_id"),
    column("started_at", UtcTime),
    column("ended_at", UtcTime),
)


def values_of(held: Held, now: datetime) -> tuple[Any, ...]:
    """In the order of the columns."""
    return (
        held.station_id,
        held.transaction_id,
        _json(held.wanted),
        held.actor[:200],
        held.wanted_at,
        held.told_at,
        _json(held.at_station),
        held.heard_at,
        held.stopped_at,
        held.reached.value if held.reached else "",
        held.prepaid[:255],
        held.charged,
        now,
    )


def put(connection: Connection, held: Held, now: datetime) -> None:
    connection.execute(PUT.sql, dict(zip(_COLUMNS, values_of(held, now), strict=True)))


def get(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> Held | None:
    c = held_table.c
    query = select(held_table).where(c.station_id == station_id, c.transaction_id == transaction_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _held(row)


class OpenHeld(NamedTuple):
    """known_as: what its station calls the transaction."""

    known_as: TransactionId
    held: Held
    started_at: datetime


def read_open(connection: Connection, ids: Sequence[StationId] | None = None) -> list[OpenHeld]:
    """Of transactions that are open; of these stations, or of all."""
    c, tx = held_table.c, _TRANSACTIONS.c
    query = (
        select(tx.said_id, tx.started_at, *held_table.columns)
        .join(_TRANSACTIONS, (tx.station_id == c.station_id) & (tx.id == c.transaction_id))
        .where(tx.ended_at.is_(None))
    )
    # Few are held to anything at any time, and the stations of a node may be more than a statement can name.
    wanted = None if ids is None else set(ids)
    return [
        OpenHeld(row.said_id or row.transaction_id, _held(row), row.started_at)
        for row in connection.execute(query)
        if wanted is None or row.station_id in wanted
    ]


class Pending(NamedTuple):
    """A start that was asked for with a limit, and of which nothing is known yet."""

    remote_start_id: int
    wanted: TransactionLimit
    actor: str
    asked_at: datetime


def add_pending(connection: Connection, station_id: StationId, start: Pending) -> None:
    connection.execute(
        insert(pending).values(
            station_id=station_id,
            remote_start_id=start.remote_start_id,
            wanted=_json(start.wanted),
            actor=start.actor[:200],
            asked_at=start.asked_at,
        )
    )


def read_pending(
    connection: Connection, ids: Sequence[StationId], since: datetime
) -> dict[StationId, dict[int, Pending]]:
    query, wanted = select(pending).where(pending.c.asked_at >= since), set(ids)
    found: dict[StationId, dict[int, Pending]] = {}
    for row in connection.execute(query):
        if row.station_id not in wanted:
            continue
        start = Pending(row.remote_start_id, _limit(row.wanted), row.actor, row.asked_at)
        found.setdefault(row.station_id, {})[start.remote_start_id] = start
    return found


def forget_pending(connection: Connection, station_id: StationId, remote_start_id: int) -> None:
    c = pending.c
    connection.execute(delete(pending).where(c.station_id == station_id, c.remote_start_id == remote_start_id))


def note_stop(
    connection: Connection, station_id: StationId, transaction_id: TransactionId, now: datetime, reached: Reached
) -> None:
    c = held_table.c
    connection.execute(
        update(held_table)
        .where(c.station_id == station_id, c.transaction_id == transaction_id)
        .values(stopped_at=now, reached=reached.value, changed_at=now)
    )


def note_charged(
    connection: Connection, station_id: StationId, transaction_id: TransactionId, before: int, charged: int
) -> bool:
    """False where somebody else did meanwhile."""
    c = held_table.c
    done = connection.execute(
        update(held_table)
        .where(c.station_id == station_id, c.transaction_id == transaction_id, c.charged == before)
        .values(charged=charged)
    )
    return done.rowcount == 1


def prune(connection: Connection, starts_before: datetime, limits_before: datetime) -> None:
    """Limits of transactions that are over, once they are old."""
    c, tx = held_table.c, _TRANSACTIONS.c
    connection.execute(delete(pending).where(pending.c.asked_at < starts_before))
    is_open = select(tx.id).where(tx.station_id == c.station_id, tx.id == c.transaction_id, tx.ended_at.is_(None))
    connection.execute(delete(held_table).where(c.changed_at < limits_before, ~is_open.exists()))


def _json(limit: TransactionLimit | None) -> str | None:
    return None if limit is None else msgspec.json.encode(limit).decode()


def _limit(text: str) -> TransactionLimit:
    return msgspec.json.decode(text, type=TransactionLimit)


def _held(row: Row[*tuple[Any, ...]]) -> Held:
    return Held(
        station_id=row.station_id,
        transaction_id=row.transaction_id,
        wanted=None if row.wanted is None else _limit(row.wanted),
        actor=row.actor,
        wanted_at=row.wanted_at,
        told_at=row.told_at,
        at_station=None if row.at_station is None else _limit(row.at_station),
        heard_at=row.heard_at,
        stopped_at=row.stopped_at,
        reached=Reached(row.reached) if row.reached else None,
        prepaid=row.prepaid,
        charged=row.charged,
    )


def by_station(found: Iterable[OpenHeld]) -> dict[StationId, dict[TransactionId, Held]]:
    result: dict[StationId, dict[TransactionId, Held]] = {}
    for each in found:
        result.setdefault(each.held.station_id, {})[each.known_as] = each.held
    return result
