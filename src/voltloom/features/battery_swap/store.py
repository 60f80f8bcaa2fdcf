"""The tables of battery swaps and the statements on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Identity,
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

from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.ids import StationId
from voltloom.domain.token import IdToken, TokenKind
from voltloom.features.battery_swap.rules import Move, State, Swap
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import UtcTime, metadata, upsert

swaps = Table(
    "battery_swaps",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("request_id", Integer, primary_key=True, autoincrement=False),
    Column("token", String(255), nullable=False),
    Column("token_kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("actor", String(200), nullable=False, comment="empty: the station let them by itself"),
    Column("asked_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Index("ix_battery_swaps_asked_at", "asked_at", "station_id", "request_id"),
)
moves = Table(
    "battery_moves",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("request_id", Integer, nullable=False),
    Column("at", UtcTime, nullable=False, comment="when we heard of it"),
    Column("step", String(20), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("serial", String(50), nullable=False),
    Column("soc_percent", Float, nullable=False),
    Column("soh_percent", Float, nullable=False),
    Column("produced_at", UtcTime, nullable=True),
    Column("vendor_info", String(500), nullable=False),
    Index("ix_battery_moves_station_id", "station_id", "request_id"),
    Index("ix_battery_moves_serial", "serial", "number"),
    Index("ix_battery_moves_at", "at"),
)
_KEYS = ("station_id", "request_id")
_ALL = tuple(each.name for each in swaps.columns if each.name not in _KEYS)


def put(connection: Connection, swap: Swap) -> None:
    connection.execute(
        upsert(swaps, _KEYS, *_ALL).values(
            station_id=swap.station_id,
            request_id=swap.request_id,
            token=swap.token.value[:255],
            token_kind=swap.token.kind.value,
            state=swap.state.value,
            said=swap.said[:100],
            actor=swap.actor[:200],
            asked_at=swap.asked_at,
            changed_at=swap.changed_at,
        )
    )


def change(connection: Connection, swap: Swap, state: State, now: datetime, **more: Any) -> None:
    connection.execute(
        update(swaps)
        .where(swaps.c.station_id == swap.station_id, swaps.c.request_id == swap.request_id)
        .values(state=state.value, changed_at=now, **more)
    )


def get(connection: Connection, station_id: StationId, request_id: int) -> Swap | None:
    c = swaps.c
    row = connection.execute(select(swaps).where(c.station_id == station_id, c.request_id == request_id)).one_or_none()
    return None if row is None else _swap(row)


def find(
    connection: Connection,
    station_id: StationId | None,
    serial: str,
    after: tuple[datetime, str, int] | None,
    limit: int,
) -> list[Swap]:
    """The latest first."""
    c = swaps.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if serial:
        moved = select(moves.c.number).where(
            moves.c.serial == serial, moves.c.station_id == c.station_id, moves.c.request_id == c.request_id
        )
        conditions.append(moved.exists())
    if after is not None:
        at, station, number = after
        conditions.append(
            (c.asked_at < at)
            | ((c.asked_at == at) & (c.station_id > station))
            | ((c.asked_at == at) & (c.station_id == station) & (c.request_id > number))
        )
    query = select(swaps).where(*conditions).order_by(c.asked_at.desc(), c.station_id, c.request_id).limit(limit)
    return [_swap(row) for row in connection.execute(query)]


def add_move(connection: Connection, station_id: StationId, request_id: int, move: Move, told_since: datetime) -> bool:
    """False where it was told already."""
    c, battery = moves.c, move.battery
    told = select(func.count()).where(
        c.station_id == station_id,
        c.request_id == request_id,
        c.step == move.step.value,
        c.slot == battery.slot,
        c.serial == battery.serial,
        c.at >= told_since,
    )
    if connection.execute(told).scalar_one():
        return False
    connection.execute(
        insert(moves).values(
            station_id=station_id,
            request_id=request_id,
            at=move.at,
            step=move.step.value,
            slot=battery.slot,
            serial=battery.serial,
            soc_percent=battery.soc_percent,
            soh_percent=battery.soh_percent,
            produced_at=battery.produced_at,
            vendor_info=battery.vendor_info,
        )
    )
    return True


def read_moves(connection: Connection, swap: Swap) -> list[Move]:
    """Those since it began: its number may have been another's before."""
    c = moves.c
    query = (
        select(moves)
        .where(c.station_id == swap.station_id, c.request_id == swap.request_id, c.at >= swap.asked_at)
        .order_by(c.number)
        .limit(1_000)
    )
    return [
        Move(
            row.at,
            SwapStep(row.step),
            Battery(row.slot, row.serial, row.soc_percent, row.soh_percent, row.produced_at, row.vendor_info),
        )
        for row in connection.execute(query)
    ]


def prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(swaps).where(swaps.c.asked_at < before))
    connection.execute(delete(moves).where(moves.c.at < before))


def _swap(row: Row[*tuple[Any, ...]]) -> Swap:
    return Swap(
        station_id=row.station_id,
        request_id=row.request_id,
        token=IdToken(row.token, TokenKind(row.token_kind)),
        state=State(row.state),
        said=row.said,
        actor=row.actor,
        asked_at=row.asked_at,
        changed_at=row.changed_at,
    )
