"""The table of reservations and the statements on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    column,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.features.reservations.rules import Reservation, State, token_of
from voltloom.infra.database import Statement, UtcTime, metadata

reservations = Table(
    "reservations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("station_id", String(48), nullable=False),
    Column("evse", Integer, nullable=True),
    Column("connector_type", String(20), nullable=False),
    Column("token", String(255), nullable=False),
    Column("token_kind", String(20), nullable=False),
    Column("group_id", String(255), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("asked_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("transaction_id", String(80), nullable=False, comment="what came of it; empty: nothing yet"),
    Index("ix_reservations_station_id_asked_at", "station_id", "asked_at"),
    Index("ix_reservations_asked_at", "asked_at", "id"),
)
_IS_OPEN = reservations.c.state.in_([state.value for state in State if state.is_open])
Index("ix_reservations_open", reservations.c.expires_at, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)

_TRANSACTIONS = table(
    "transactions",
    column("station_id"),
    column("id"),
    column("reservation_id", BigInteger),
    column("started_at", UtcTime),
)
"""What is asked of transactions: which of them used a reservation."""

END = Statement(
    update(reservations)
    .where(
        reservations.c.id == bindparam("key"),
        reservations.c.station_id == bindparam("station_key"),
        or_(*(reservations.c.state == state.value for state in State if state.is_open)),
    )
    .values(state=bindparam("state"), changed_at=bindparam("changed_at")),
    ("state", "changed_at", "key", "station_key"),
)


def add(connection: Connection, reservation: Reservation) -> None:
    connection.execute(
        insert(reservations).values(
            id=reservation.id,
            station_id=reservation.station_id,
            evse=reservation.evse,
            connector_type=reservation.connector_type,
            token=reservation.token.value,
            token_kind=reservation.token.kind.value,
            group_id=reservation.group,
            expires_at=reservation.expires_at,
            state=reservation.state.value,
            said=reservation.said,
            asked_at=reservation.asked_at,
            actor=reservation.actor[:200],
            changed_at=None,
            transaction_id="",
        )
    )


def change(connection: Connection, reservation_id: int, state: State, now: datetime, **more: Any) -> bool:
    """Only one that is open; False where it no longer is."""
    done = connection.execute(
        update(reservations)
        .where(reservations.c.id == reservation_id, _IS_OPEN)
        .values(state=state.value, changed_at=now, **more)
    )
    return done.rowcount == 1


def get(connection: Connection, reservation_id: int) -> Reservation | None:
    row = connection.execute(select(reservations).where(reservations.c.id == reservation_id)).one_or_none()
    return None if row is None else _reservation(row)


def find(
    connection: Connection,
    station_id: StationId | None,
    states: Sequence[State],
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Reservation]:
    """The latest first."""
    conditions: list[ColumnElement[bool]] = []
    c = reservations.c
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if states:
        conditions.append(c.state.in_([state.value for state in states]))
    if after is not None:
        at, number = after
        conditions.append((c.asked_at < at) | ((c.asked_at == at) & (c.id < number)))
    query = select(reservations).where(*conditions).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_reservation(row) for row in connection.execute(query)]


def read_open(connection: Connection) -> list[Reservation]:
    return [_reservation(row) for row in connection.execute(select(reservations).where(_IS_OPEN))]


def read_used(connection: Connection) -> list[tuple[int, str]]:
    """Open ones that a transaction of their station names, with its id."""
    c, tx = reservations.c, _TRANSACTIONS.c
    query = (
        select(c.id, tx.id)
        .join(_TRANSACTIONS, (tx.station_id == c.station_id) & (tx.reservation_id == c.id))
        .where(_IS_OPEN, tx.started_at >= c.asked_at)
    )
    return [(number, transaction_id) for number, transaction_id in connection.execute(query)]


def _reservation(row: Row[*tuple[Any, ...]]) -> Reservation:
    return Reservation(
        id=row.id,
        station_id=row.station_id,
        token=token_of(row.token, row.token_kind),
        expires_at=row.expires_at,
        asked_at=row.asked_at,
        actor=row.actor,
        state=State(row.state),
        evse=row.evse,
        connector_type=row.connector_type,
        group=row.group_id,
        said=row.said,
        changed_at=row.changed_at,
        transaction_id=row.transaction_id,
    )
