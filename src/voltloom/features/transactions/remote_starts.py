"""The starts that operators asked for, until their transactions come: their table, and its statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.infra.database import Statement, UtcTime, metadata

remote_starts = Table(
    "remote_starts",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("evse", Integer, nullable=True),
    Column("token_key", String(255), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("transaction_id", String(80), nullable=True),
    Index("ix_remote_starts_asked_at", "asked_at"),
)

MATCH_REMOTE_START = Statement(
    update(remote_starts)
    .where(remote_starts.c.station_id == bindparam("station_key"), remote_starts.c.id == bindparam("start_key"))
    .values(transaction_id=bindparam("transaction_id")),
    ("transaction_id", "station_key", "start_key"),
)


class RemoteStart(NamedTuple):
    station_id: StationId
    id: int
    evse: int | None
    token_key: str
    asked_at: datetime


def read_remote_starts(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, list[RemoteStart]]:
    """Those that no transaction came of yet. Few: old ones are pruned."""
    wanted = set(ids)
    found: dict[StationId, list[RemoteStart]] = {}
    query = select(
        remote_starts.c.station_id,
        remote_starts.c.id,
        remote_starts.c.evse,
        remote_starts.c.token_key,
        remote_starts.c.asked_at,
    ).where(remote_starts.c.transaction_id.is_(None))
    for row in connection.execute(query.order_by(remote_starts.c.asked_at)):
        if row.station_id in wanted:
            found.setdefault(row.station_id, []).append(RemoteStart(*row))
    return found


def add_remote_start(connection: Connection, start: RemoteStart, actor: str) -> None:
    connection.execute(insert(remote_starts).values(**start._asdict(), actor=actor[:200], transaction_id=None))


def remove_remote_start(connection: Connection, station_id: StationId, remote_start_id: int) -> None:
    connection.execute(
        delete(remote_starts).where(remote_starts.c.station_id == station_id, remote_starts.c.id == remote_start_id)
    )


def prune_remote_starts(connection: Connection, before: datetime) -> None:
    """Those that nothing came of. What came of the others, their transactions tell."""
    connection.execute(delete(remote_starts).where(remote_starts.c.asked_at < before))
