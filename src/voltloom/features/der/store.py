"""The tables of controls and alarms, and the statements on them."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
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

from voltloom.domain.der import SETTINGS, DerControl, DerKind
from voltloom.domain.ids import StationId
from voltloom.features.der.rules import Alarm, Kept, State
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Json, UtcTime, metadata, upsert

controls = Table(
    "der_controls",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("control_id", String(36), primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("starts_at", UtcTime, nullable=True),
    Column("duration_s", Float, nullable=True),
    Column("settings", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("actor", String(200), nullable=False, comment="empty: the station told of it first"),
    Column("asked_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("reported_at", UtcTime, nullable=True),
)
reports = Table(
    "der_reports",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("request_id", Integer, primary_key=True, autoincrement=False),
    Column("criteria", Json, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("complete_at", UtcTime, nullable=True),
)
alarms = Table(
    "der_alarms",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("fault", String(30), nullable=False, comment="what of the grid; empty: not said"),
    Column("text", String(200), nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Index("ix_der_alarms_station_id", "station_id", "number"),
    Index("ix_der_alarms_began_at", "began_at"),
)
_OPEN = [state.value for state in State if state.is_open]
_KEYS = ("station_id", "control_id")
_ALL = tuple(each.name for each in controls.columns if each.name not in _KEYS)


def put(connection: Connection, kept: Kept) -> None:
    control = kept.control
    connection.execute(
        upsert(controls, _KEYS, *_ALL).values(
            station_id=kept.station_id,
            control_id=control.id,
            kind=control.kind.value,
            is_default=control.default,
            priority=control.priority,
            starts_at=control.starts_at,
            duration_s=control.duration_s,
            settings=msgspec.json.encode(control.settings).decode(),
            state=kept.state.value,
            said=kept.said[:100],
            actor=kept.actor[:200],
            asked_at=kept.asked_at,
            changed_at=kept.changed_at,
            reported_at=kept.reported_at,
        )
    )


def change(
    connection: Connection, station_id: StationId, control_id: str, state: State, now: datetime, **more: Any
) -> bool:
    """Only one that is open; False where it is not."""
    c = controls.c
    done = connection.execute(
        update(controls)
        .where(c.station_id == station_id, c.control_id == control_id, c.state.in_(_OPEN))
        .values(state=state.value, changed_at=now, **more)
    )
    return done.rowcount == 1


def get(connection: Connection, station_id: StationId, control_id: str) -> Kept | None:
    c = controls.c
    row = connection.execute(
        select(controls).where(c.station_id == station_id, c.control_id == control_id)
    ).one_or_none()
    return None if row is None else _kept(row)


def read(connection: Connection, station_id: StationId, *, past: bool) -> list[Kept]:
    """By kind, the first in priority first."""
    c = controls.c
    conditions: list[ColumnElement[bool]] = [c.station_id == station_id]
    if not past:
        conditions.append(c.state.in_(_OPEN))
    query = select(controls).where(*conditions).order_by(c.kind, c.is_default, c.priority, c.control_id)
    return [_kept(row) for row in connection.execute(query)]


def count(connection: Connection, station_id: StationId) -> int:
    return connection.execute(select(func.count()).where(controls.c.station_id == station_id)).scalar_one()


# ---- reports


def add_report(connection: Connection, station_id: StationId, request_id: int, criteria: str, now: datetime) -> None:
    connection.execute(
        insert(reports).values(
            station_id=station_id, request_id=request_id, criteria=criteria, asked_at=now, parts=0, complete_at=None
        )
    )


def get_report(connection: Connection, station_id: StationId, request_id: int) -> Row[*tuple[Any, ...]] | None:
    c = reports.c
    query = select(reports).where(c.station_id == station_id, c.request_id == request_id)
    return connection.execute(query).one_or_none()


def add_part(connection: Connection, station_id: StationId, request_id: int, complete_at: datetime | None) -> None:
    c = reports.c
    connection.execute(
        update(reports)
        .where(c.station_id == station_id, c.request_id == request_id)
        .values(parts=c.parts + 1, complete_at=complete_at)
    )


# ---- alarms


def begin_alarm(
    connection: Connection, station_id: StationId, kind: DerKind, fault: str, text: str, at: datetime
) -> bool:
    """False where one of this kind goes on already."""
    c = alarms.c
    going_on = select(func.count()).where(c.station_id == station_id, c.kind == kind.value, c.ended_at.is_(None))
    if connection.execute(going_on).scalar_one():
        return False
    connection.execute(
        insert(alarms).values(
            station_id=station_id, kind=kind.value, fault=fault, text=text, began_at=at, ended_at=None
        )
    )
    return True


def end_alarm(connection: Connection, station_id: StationId, kind: DerKind, at: datetime) -> bool:
    """False where none went on."""
    c = alarms.c
    done = connection.execute(
        update(alarms).where(c.station_id == station_id, c.kind == kind.value, c.ended_at.is_(None)).values(ended_at=at)
    )
    return done.rowcount > 0


def find_alarms(
    connection: Connection, station_id: StationId | None, after: int | None, limit: int, *, going_on: bool
) -> list[Alarm]:
    """The latest first."""
    c = alarms.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if going_on:
        conditions.append(c.ended_at.is_(None))
    if after is not None:
        conditions.append(c.number < after)
    query = select(alarms).where(*conditions).order_by(c.number.desc()).limit(limit)
    return [Alarm(*row) for row in connection.execute(query)]


def prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(controls).where(controls.c.state.not_in(_OPEN), controls.c.changed_at < before))
    connection.execute(delete(reports).where(reports.c.asked_at < before))
    connection.execute(delete(alarms).where(alarms.c.began_at < before, alarms.c.ended_at.is_not(None)))


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    kind = DerKind(row.kind)
    settings = msgspec.json.decode(row.settings, type=SETTINGS[kind])
    control = DerControl(row.control_id, kind, settings, row.is_default, row.priority, row.starts_at, row.duration_s)
    return Kept(
        station_id=row.station_id,
        control=control,
        state=State(row.state),
        said=row.said,
        actor=row.actor,
        asked_at=row.asked_at,
        changed_at=row.changed_at,
        reported_at=row.reported_at,
    )
