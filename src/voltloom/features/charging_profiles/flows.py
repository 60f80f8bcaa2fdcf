"""What is known of how a transaction charges (needs, the vehicle's schedule, priority, what is allowed), and the limits
that others impose on stations: the tables and the statements on them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Connection, Integer, Row, String, Table, delete, func, select, update

from voltloom.domain.charging import ChargingNeeds, EnergyTransfer, Schedule
from voltloom.domain.ids import StationId
from voltloom.infra.database import Json, UtcTime, metadata, upsert

flows = Table(
    "charging_flows",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("evse", Integer, primary_key=True, autoincrement=False),
    Column("transaction_id", String(80), primary_key=True),
    Column("heard_at", UtcTime, nullable=False),
    Column("needs", Json, nullable=True),
    Column("needs_at", UtcTime, nullable=True),
    Column("answer", String(30), nullable=False, comment="what the station was answered about them"),
    Column("schedule", Json, nullable=True, comment="by the vehicle's own reckoning"),
    Column("schedule_at", UtcTime, nullable=True),
    Column("chosen", Integer, nullable=True),
    Column("priority", Boolean, nullable=True),
    Column("priority_at", UtcTime, nullable=True),
    Column("allowed", Json, nullable=True),
)
limits = Table(
    "charging_limits",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("evse", Integer, primary_key=True, autoincrement=False),
    Column("source", String(20), primary_key=True),
    Column("local_generation", Boolean, primary_key=True),
    Column("grid_critical", Boolean, nullable=False),
    Column("schedules", Json, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("cleared_at", UtcTime, nullable=True),
)
_KEYS = ("station_id", "evse", "transaction_id")
_LIMIT = ("station_id", "evse", "source", "local_generation")


@dataclass(frozen=True, slots=True)
class Flow:
    station_id: StationId
    evse: int
    transaction_id: str
    heard_at: datetime
    needs: ChargingNeeds | None = None
    needs_at: datetime | None = None
    answer: str = ""
    schedule: Schedule | None = None
    schedule_at: datetime | None = None
    chosen: int | None = None
    priority: bool | None = None
    priority_at: datetime | None = None
    allowed: tuple[EnergyTransfer, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """What somebody else imposes on a station. evse 0: as a whole. cleared_at None: it holds."""

    station_id: StationId
    evse: int
    source: str
    local_generation: bool
    grid_critical: bool
    schedules: tuple[Schedule, ...]
    since: datetime
    cleared_at: datetime | None


def put(
    connection: Connection, station_id: StationId, evse: int, transaction_id: str, now: datetime, **said: Any
) -> None:
    """Keep what is said of a transaction; the rest of what is known of it stays."""
    values = {"station_id": station_id, "evse": evse, "transaction_id": transaction_id, "heard_at": now, **said}
    connection.execute(upsert(flows, _KEYS, "heard_at", *said).values({"answer": "", **values}))


def read(connection: Connection, station_id: StationId, transaction_id: str) -> Flow | None:
    query = (
        select(flows)
        .where(flows.c.station_id == station_id, flows.c.transaction_id == transaction_id)
        .order_by(flows.c.heard_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _flow(row)


def put_limit(connection: Connection, limit: Limit) -> None:
    connection.execute(
        upsert(limits, _LIMIT, "grid_critical", "schedules", "since", "cleared_at").values(
            station_id=limit.station_id,
            evse=limit.evse,
            source=limit.source,
            local_generation=limit.local_generation,
            grid_critical=limit.grid_critical,
            schedules=as_json(limit.schedules),
            since=limit.since,
            cleared_at=None,
        )
    )


def clear_limits(
    connection: Connection, station_id: StationId, evse: int | None, source: str, now: datetime
) -> list[Limit]:
    """Those that were in force."""
    c = limits.c
    conditions = [c.station_id == station_id, c.source == source, c.cleared_at.is_(None)]
    if evse is not None:
        conditions.append(c.evse == evse)
    found = [_limit(row) for row in connection.execute(select(limits).where(*conditions))]
    connection.execute(update(limits).where(*conditions).values(cleared_at=now))
    return found


def make_room_for_limits(connection: Connection, station_id: StationId, most: int) -> None:
    """Forget the oldest of a station that has more."""
    c = limits.c
    held = connection.execute(select(func.count()).where(c.station_id == station_id)).scalar_one()
    if held < most:
        return
    oldest = connection.execute(
        select(c.evse, c.source, c.local_generation).where(c.station_id == station_id).order_by(c.since).limit(1)
    ).one()
    connection.execute(
        delete(limits).where(
            c.station_id == station_id,
            c.evse == oldest.evse,
            c.source == oldest.source,
            c.local_generation == oldest.local_generation,
        )
    )


def read_limits(connection: Connection, station_id: StationId, *, in_force: bool) -> list[Limit]:
    conditions = [limits.c.station_id == station_id]
    if in_force:
        conditions.append(limits.c.cleared_at.is_(None))
    query = select(limits).where(*conditions).order_by(limits.c.since.desc(), limits.c.evse, limits.c.source)
    return [_limit(row) for row in connection.execute(query)]


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _flow(row: Row[*tuple[Any, ...]]) -> Flow:
    return Flow(
        station_id=row.station_id,
        evse=row.evse,
        transaction_id=row.transaction_id,
        heard_at=row.heard_at,
        needs=None if row.needs is None else msgspec.json.decode(row.needs, type=ChargingNeeds),
        needs_at=row.needs_at,
        answer=row.answer,
        schedule=None if row.schedule is None else msgspec.json.decode(row.schedule, type=Schedule),
        schedule_at=row.schedule_at,
        chosen=row.chosen,
        priority=row.priority,
        priority_at=row.priority_at,
        allowed=() if row.allowed is None else msgspec.json.decode(row.allowed, type=tuple[EnergyTransfer, ...]),
    )


def _limit(row: Row[*tuple[Any, ...]]) -> Limit:
    return Limit(
        station_id=row.station_id,
        evse=row.evse,
        source=row.source,
        local_generation=row.local_generation,
        grid_critical=row.grid_critical,
        schedules=msgspec.json.decode(row.schedules, type=tuple[Schedule, ...]),
        since=row.since,
        cleared_at=row.cleared_at,
    )
