"""The table of what stations noticed, and the statements on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Identity,
    Index,
    RowMapping,
    SmallInteger,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
)

from voltloom.features.monitoring.store import monitors, name_columns
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Statement, UtcTime, metadata

events = Table(
    "station_events",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("heard_at", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False, comment="as the station says, where it can be believed"),
    Column("event_id", BigInteger, nullable=False, comment="the station's"),
    Column("trigger", String(20), nullable=False),
    *name_columns(),
    Column("value", String(2500), nullable=False),
    Column("severity", SmallInteger, nullable=True, comment="as it says (2.1)"),
    Column("cause", BigInteger, nullable=True, comment="the id of the event that brought this one about"),
    Column("cleared", Boolean, nullable=False),
    Column("tech_code", String(50), nullable=False),
    Column("tech_info", String(500), nullable=False),
    Column("transaction_id", String(36), nullable=False),
    Column("monitor_id", BigInteger, nullable=True),
    Column("origin", String(30), nullable=False),
    Index("ix_station_events_station_id_number", "station_id", "number"),
    Index("ix_station_events_heard_at", "heard_at"),
)

ADD = Statement(insert(events), bulk=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """gravest: of this severity or a graver (lower) one. Texts: "" for any."""

    station_id: str = ""
    component: str = ""
    variable: str = ""
    trigger: str = ""
    transaction_id: str = ""
    words: str = ""
    gravest: int | None = None
    since: datetime | None = None
    until: datetime | None = None


_OF_ITS_MONITOR = and_(
    monitors.c.station_id == events.c.station_id, monitors.c.id == events.c.monitor_id, events.c.severity.is_(None)
)
_SEVERITY = func.coalesce(events.c.severity, monitors.c.severity)
"""An event of 2.0.1 is as grave as its monitor."""


def find(connection: Connection, wanted: Wanted, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The last heard first."""
    c = events.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.station_id:
        conditions.append(c.station_id == wanted.station_id)
    for column, text in ((c.component, wanted.component), (c.variable, wanted.variable), (c.trigger, wanted.trigger)):
        if text:
            conditions.append(func.lower(column) == text.lower())
    if wanted.transaction_id:
        conditions.append(c.transaction_id == wanted.transaction_id)
    said = func.lower(
        c.component + " " + c.variable + " " + c.value + " " + c.tech_code + " " + c.tech_info + " " + c.station_id
    )
    conditions += [said.contains(word.lower(), autoescape=True) for word in wanted.words.split()[:8]]
    if wanted.gravest is not None:
        conditions.append(wanted.gravest >= _SEVERITY)
    if wanted.since is not None:
        conditions.append(c.heard_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(c.heard_at < wanted.until)
    if before is not None:
        conditions.append(c.number < before)
    query = (
        select(events, _SEVERITY.label("severity_known"))
        .outerjoin(monitors, _OF_ITS_MONITOR)
        .where(*conditions)
        .order_by(c.number.desc())
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def prune(connection: Connection, before: datetime, most: int) -> None:
    """Those from before, and beyond the latest `most` of a station."""
    c = events.c
    connection.execute(delete(events).where(c.heard_at < before))
    crowded = select(c.station_id).group_by(c.station_id).having(func.count() > most)
    for station_id in connection.execute(crowded).scalars().all():
        query = select(c.number).where(c.station_id == station_id).order_by(c.number.desc())
        oldest = connection.execute(query.offset(most - 1).limit(1)).scalar_one()
        connection.execute(delete(events).where(c.station_id == station_id, c.number < oldest))
