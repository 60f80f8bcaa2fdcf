"""The table of stations' logs and the statements on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from voltloom.domain.commands import LogKind
from voltloom.domain.ids import StationId
from voltloom.features.logs.rules import Log, State
from voltloom.infra.database import UtcTime, metadata

logs = Table(
    "station_logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("station_id", String(48), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("oldest", UtcTime, nullable=True),
    Column("latest", UtcTime, nullable=True),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("reason", String(300), nullable=False),
    Column("file_name", String(255), nullable=False, comment="as the station calls it"),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("received_at", UtcTime, nullable=True),
    Column("size", Integer, nullable=True),
    Column("sha256", String(64), nullable=False),
    Column("address", String(64), nullable=False, comment="whence it came"),
    Column("tries", Integer, nullable=False, comment="how often an upload was begun"),
    Column("ticket", String(64), nullable=False, comment="SHA-256 of what stands in the address"),
    Index("ix_station_logs_station_id_asked_at", "station_id", "asked_at"),
    Index("ix_station_logs_asked_at", "asked_at", "id"),
    Index("ix_station_logs_received_at", "received_at"),
    Index("ix_station_logs_ticket", "ticket"),
)
_IS_OPEN = logs.c.state.in_(sorted(state.value for state in State if state.is_open))
Index("ix_station_logs_open", logs.c.expires_at, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)


def add(connection: Connection, log: Log, ticket: str) -> None:
    values: dict[str, Any] = {name: getattr(log, name) for name in Log.__slots__}
    values |= {"kind": log.kind.value, "state": log.state.value, "tries": 0, "ticket": ticket}
    connection.execute(insert(logs).values(values))


def change(connection: Connection, log_id: int, **values: Any) -> None:
    connection.execute(update(logs).where(logs.c.id == log_id).values(**values))


def keep_received(connection: Connection, log_id: int, **values: Any) -> bool:
    """False where another upload was sooner, or it is deleted."""
    query = update(logs).where(logs.c.id == log_id, logs.c.size.is_(None))
    return connection.execute(query.values(**values)).rowcount == 1


def remove(connection: Connection, log_id: int) -> None:
    connection.execute(delete(logs).where(logs.c.id == log_id))


def get(connection: Connection, log_id: int) -> Log | None:
    row = connection.execute(select(logs).where(logs.c.id == log_id)).one_or_none()
    return None if row is None else _log(row)


def begin_upload(connection: Connection, ticket: str, now: datetime, most_tries: int) -> Log | None:
    """The log that an address is for, one more try of it counted; None where it takes none (any more)."""
    c = logs.c
    row = connection.execute(
        select(logs).where(c.ticket == ticket, c.expires_at > now, c.size.is_(None), c.tries < most_tries)
    ).first()
    if row is None:
        return None
    connection.execute(update(logs).where(c.id == row.id).values(tries=c.tries + 1))
    return _log(row)


def size_since(connection: Connection, since: datetime) -> int:
    query = select(func.coalesce(func.sum(logs.c.size), 0)).where(logs.c.received_at > since)
    return int(connection.execute(query).scalar_one())


def of_station(connection: Connection, station_id: StationId, limit: int = 20) -> list[Log]:
    return find(connection, station_id, (), None, None, limit)


def find(
    connection: Connection,
    station_id: StationId | None,
    states: Sequence[State],
    kind: LogKind | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Log]:
    """The latest first."""
    c = logs.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if states:
        conditions.append(c.state.in_([state.value for state in states]))
    if kind is not None:
        conditions.append(c.kind == kind.value)
    if after is not None:
        at, number = after
        conditions.append((c.asked_at < at) | ((c.asked_at == at) & (c.id < number)))
    query = select(logs).where(*conditions).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_log(row) for row in connection.execute(query)]


def read_late(connection: Connection, now: datetime) -> list[Log]:
    return [_log(row) for row in connection.execute(select(logs).where(_IS_OPEN, logs.c.expires_at <= now))]


def read_old(connection: Connection, before: datetime, most_bytes: int, limit: int = 500) -> list[int]:
    """What is older, and the oldest of what is more than `most_bytes` together."""
    c = logs.c
    old = list(connection.execute(select(c.id).where(c.asked_at < before).limit(limit)).scalars())
    newer = select(func.sum(c.size).over(order_by=(c.received_at.desc(), c.id.desc())).label("sum"), c.id.label("id"))
    ranked = newer.where(c.size.is_not(None)).subquery()
    over = connection.execute(select(ranked.c.id).where(ranked.c.sum > most_bytes).limit(limit)).scalars()
    return list(dict.fromkeys([*old, *over]))


def _log(row: Row[*tuple[Any, ...]]) -> Log:
    values: dict[str, Any] = {name: getattr(row, name) for name in Log.__slots__}
    values |= {"kind": LogKind(row.kind), "state": State(row.state)}
    return Log(**values)
