"""The tables of monitors and their templates, and the statements on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    Row,
    RowMapping,
    String,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from voltloom.domain.commands import MonitorAnswer, NewMonitor
from voltloom.domain.ids import Place, StationId
from voltloom.domain.monitoring import Monitor, MonitorKind, Pace
from voltloom.domain.station import SettingName
from voltloom.features.monitoring.rules import Identity, Template, identity_of
from voltloom.features.stations import Aim, is_plausible, plain
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert


def name_columns() -> list[Column[Any]]:
    """What a variable is named by, as in the settings of stations. evse -1: the station; connector 0: the EVSE."""
    return [
        Column("component", String(50), nullable=False),
        Column("component_instance", String(50), nullable=False),
        Column("variable", String(50), nullable=False),
        Column("variable_instance", String(50), nullable=False),
        Column("evse", Integer, nullable=False, comment="-1: the station"),
        Column("connector", Integer, nullable=False, comment="0: the EVSE"),
    ]


NAME = ("component", "component_instance", "variable", "variable_instance", "evse", "connector")

monitors = Table(
    "monitors",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False, comment="the station's"),
    *name_columns(),
    Column("kind", String(30), nullable=False),
    Column("value", Float, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("in_transaction", Boolean, nullable=False),
    Column("origin", String(30), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Index("ix_monitors_variable", "component", "variable"),
)
changes = Table(
    "monitor_changes",
    metadata,
    Column("station_id", String(48), primary_key=True),
    *(Column(column.name, column.type, primary_key=True, comment=column.comment) for column in name_columns()),
    Column("kind", String(30), primary_key=True),
    Column("severity", Integer, primary_key=True, autoincrement=False),
    Column("value", Float, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("template_id", String(40), nullable=False, comment="empty: somebody set it by hand"),
    Column("accepted", Boolean, nullable=False),
    Column("said", String(50), nullable=False),
    Column("reason", String(500), nullable=False),
)
states = Table(
    "monitoring_states",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("base", String(20), nullable=False, comment="as it was last accepted; empty: never set from here"),
    Column("level", Integer, nullable=True, comment="likewise"),
    Column("report_id", Integer, nullable=True, comment="of the whole report that was last asked for"),
    Column("reported_at", UtcTime, nullable=True),
    Column("trouble", String(500), nullable=False, comment="why it could not be asked"),
)
templates = Table(
    "monitor_templates",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("vendor", String(100), nullable=False),
    Column("model", String(100), nullable=False),
    Column("firmware", String(100), nullable=False),
    Column("site_id", String(40), nullable=False),
    Column("monitors", Json, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

# ---- hot: what stations report

_MONITOR = ("station_id", "id", *NAME, "kind", "value", "severity", "in_transaction", "origin", "seen_at")
PUT_MONITOR = Statement(upsert(monitors, ("station_id", "id"), *_MONITOR[2:]), _MONITOR)
_IS_WHOLE = exists().where(states.c.station_id == bindparam("station_key"), states.c.report_id == bindparam("report"))
FORGET_UNREPORTED = Statement(
    delete(monitors).where(
        monitors.c.station_id == bindparam("station_key"), monitors.c.seen_at < bindparam("before"), _IS_WHOLE
    ),
    ("station_key", "report", "before"),
)
REPORTED = Statement(
    update(states)
    .where(states.c.station_id == bindparam("station_key"), states.c.report_id == bindparam("report"))
    .values(reported_at=bindparam("reported_at"), trouble=""),
    ("reported_at", "station_key", "report"),
)


def name_values(name: SettingName) -> tuple[Any, ...]:
    """In the order of NAME; cut to what the table takes."""
    place = name.place if name.place and is_plausible(name.place) else None
    return (
        plain(name.component, 50),
        plain(name.component_instance, 50),
        plain(name.variable, 50),
        plain(name.variable_instance, 50),
        place.evse if place else -1,
        (place.connector or 0) if place else 0,
    )


def name_of(row: RowMapping) -> SettingName:
    place = None if row["evse"] < 0 else Place(row["evse"], row["connector"] or None)
    return SettingName(row["component"], row["variable"], row["component_instance"], row["variable_instance"], place)


def monitor_values(station_id: StationId, monitor: Monitor, seen_at: datetime) -> tuple[Any, ...]:
    """In the order of PUT_MONITOR's columns."""
    return (
        station_id,
        monitor.id,
        *name_values(monitor.name),
        monitor.kind.value,
        monitor.value,
        monitor.severity,
        monitor.in_transaction,
        plain(monitor.origin, 30),
        seen_at,
    )


def monitor_of(row: RowMapping) -> Monitor:
    return Monitor(
        row["id"],
        name_of(row),
        MonitorKind(row["kind"]),
        row["value"],
        row["severity"],
        row["in_transaction"],
        row["origin"],
    )


# ---- what stations watch


def count(connection: Connection, station_id: StationId) -> int:
    query = select(func.count()).select_from(monitors).where(monitors.c.station_id == station_id)
    return connection.execute(query).scalar_one()


def read(connection: Connection, station_id: StationId) -> list[RowMapping]:
    query = select(monitors).where(monitors.c.station_id == station_id).order_by(monitors.c.id)
    return list(connection.execute(query).mappings())


def find(
    connection: Connection,
    after: tuple[str, int] | None,
    limit: int,
    *,
    station_id: str = "",
    component: str = "",
    variable: str = "",
    kinds: Sequence[str] = (),
    gravest: int | None = None,
) -> Sequence[RowMapping]:
    """Of all stations; by station and id. gravest: of this severity or a graver (lower) one."""
    c = monitors.c
    conditions: list[ColumnElement[bool]] = []
    if station_id:
        conditions.append(c.station_id == station_id)
    if component:
        conditions.append(func.lower(c.component) == component.lower())
    if variable:
        conditions.append(func.lower(c.variable) == variable.lower())
    if kinds:
        conditions.append(c.kind.in_(kinds))
    if gravest is not None:
        conditions.append(c.severity <= gravest)
    if after is not None:
        conditions.append(or_(c.station_id > after[0], and_(c.station_id == after[0], c.id > after[1])))
    query = select(monitors).where(*conditions).order_by(c.station_id, c.id).limit(limit)
    return connection.execute(query).mappings().all()


def put(connection: Connection, station_id: StationId, found: Iterable[Monitor], at: datetime) -> None:
    rows: list[dict[str, Any]] = [
        dict(zip(_MONITOR, monitor_values(station_id, each, at), strict=True)) for each in found
    ]
    if rows:
        connection.execute(PUT_MONITOR.sql, rows)


def drop(connection: Connection, station_id: StationId, ids: Sequence[int] | None) -> None:
    """These, or all."""
    query = delete(monitors).where(monitors.c.station_id == station_id)
    connection.execute(query if ids is None else query.where(monitors.c.id.in_(ids)))


# ---- who had them set

_CHANGE_KEY = ("station_id", *NAME, "kind", "severity")
_PUT_CHANGE = upsert(changes, _CHANGE_KEY, "value", "at", "actor", "template_id", "accepted", "said", "reason")


def put_change(
    connection: Connection,
    station_id: StationId,
    new: NewMonitor,
    answer: MonitorAnswer,
    *,
    accepted: bool,
    at: datetime,
    actor: str,
    template_id: str,
) -> None:
    key = (station_id, *name_values(new.name), new.kind.value, new.severity)
    values = {
        **dict(zip(_CHANGE_KEY, key, strict=True)),
        "value": new.value,
        "at": at,
        "actor": actor[:200],
        "template_id": template_id,
        "accepted": accepted,
        "said": plain(answer.said, 50),
        "reason": plain(answer.reason, 500),
    }
    connection.execute(_PUT_CHANGE, values)


def read_changes(connection: Connection, station_id: StationId) -> dict[Identity, RowMapping]:
    query = select(changes).where(changes.c.station_id == station_id)
    return {
        identity_of(name_of(row), MonitorKind(row["kind"]), row["severity"]): row
        for row in connection.execute(query).mappings()
    }


def drop_changes(connection: Connection, station_id: StationId, rows: Iterable[RowMapping]) -> None:
    for row in rows:
        connection.execute(delete(changes).where(*(changes.c[name] == row[name] for name in _CHANGE_KEY)))


# ---- how it stands


def state_of(connection: Connection, station_id: StationId) -> RowMapping | None:
    return connection.execute(select(states).where(states.c.station_id == station_id)).mappings().one_or_none()


def put_state(connection: Connection, station_id: StationId, **values: Any) -> None:
    row = {"base": "", "level": None, "report_id": None, "reported_at": None, "trouble": ""} | values
    connection.execute(upsert(states, ("station_id",), *values), {"station_id": station_id, **row})


def watched_since(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, datetime]:
    """Those of them that have monitors, and since when the first of these is known."""
    c = monitors.c
    first = func.min(c.seen_at, type_=UtcTime()).label("first")
    query = select(c.station_id, first).where(c.station_id.in_(ids)).group_by(c.station_id)
    return {row.station_id: row.first for row in connection.execute(query)}


# ---- templates


def read_templates(connection: Connection) -> list[Template]:
    query = select(templates).order_by(templates.c.name, templates.c.id)
    return [_template(row) for row in connection.execute(query)]


def get_template(connection: Connection, template_id: str) -> Template | None:
    row = connection.execute(select(templates).where(templates.c.id == template_id)).one_or_none()
    return None if row is None else _template(row)


def put_template(connection: Connection, template: Template) -> None:
    values: Mapping[str, Any] = {
        "name": template.name,
        "vendor": template.aim.vendor,
        "model": template.aim.model,
        "firmware": template.aim.firmware,
        "site_id": template.aim.site_id,
        "monitors": msgspec.json.encode([_told(new) for new in template.monitors]).decode(),
        "changed_at": template.changed_at,
        "actor": template.actor[:200],
    }
    connection.execute(upsert(templates, ("id",), *values), {"id": template.id, **values})


def count_templates(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(templates)).scalar_one()


def remove_template(connection: Connection, template_id: str) -> bool:
    return connection.execute(delete(templates).where(templates.c.id == template_id)).rowcount == 1


class _Kept(msgspec.Struct, omit_defaults=True):
    """A monitor of a template, as it lies in the table."""

    name: tuple[str, str, str, str, int, int]
    kind: str
    value: float
    severity: int
    in_transaction: bool = False
    stream: tuple[int | None, int | None] | None = None


def _told(new: NewMonitor) -> _Kept:
    stream = None if new.stream is None else (new.stream.interval_s, new.stream.values)
    return _Kept(name_values(new.name), new.kind.value, new.value, new.severity, new.in_transaction, stream)


def _template(row: Row[*tuple[Any, ...]]) -> Template:
    kept = msgspec.json.decode(row.monitors, type=list[_Kept])
    wanted = tuple(
        NewMonitor(
            name_of(dict(zip(NAME, each.name, strict=True))),  # pyright: ignore[reportArgumentType] - a mapping by name
            MonitorKind(each.kind),
            each.value,
            each.severity,
            each.in_transaction,
            stream=None if each.stream is None else Pace(*each.stream),
        )
        for each in kept
    )
    aim = Aim(row.vendor, row.model, row.firmware, row.site_id)
    return Template(row.id, row.name, aim, wanted, row.changed_at, row.actor)


# ---- upkeep


def trim(connection: Connection, most: int) -> None:
    """No station keeps more than `most`: the oldest go."""
    c = monitors.c
    crowded = select(c.station_id).group_by(c.station_id).having(func.count() > most)
    for station_id in connection.execute(crowded).scalars().all():
        query = select(c.id).where(c.station_id == station_id).order_by(c.seen_at.desc(), c.id).offset(most)
        surplus = connection.execute(query.limit(100_000)).scalars().all()
        drop(connection, station_id, surplus)


def forget_station(connection: Connection, station_id: StationId) -> None:
    for table in (monitors, changes, states):
        connection.execute(delete(table).where(table.c.station_id == station_id))
