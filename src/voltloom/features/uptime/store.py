"""The tables of outages and the statements on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    and_,
    bindparam,
    column,
    delete,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.ids import SiteId, StationId
from voltloom.features.uptime.rules import Kind, Measure, Outage, Unit, measure
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Statement, UtcTime, metadata, upsert

_STATIONS = table("stations", column("id"), column("site_id"))
_CONNECTORS = table("connectors", column("station_id"), column("evse"), column("connector"))
"""Which connectors there are, and where."""

outages = Table(
    "outages",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("evse", Integer, nullable=False, comment="0: the station as a whole"),
    Column("connector", Integer, nullable=False, comment="0: the EVSE as a whole"),
    Column("kind", String(20), nullable=False),
    Column("is_link", Boolean, nullable=False, comment="of its connection, not of what it said of itself"),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Column("reason", String(200), nullable=False),
    Index("ix_outages_station_id_began_at", "station_id", "began_at"),
    Index("ix_outages_ended_at", "ended_at"),
)
_OPEN = outages.c.ended_at.is_(None)
Index("ix_outages_open", outages.c.station_id, sqlite_where=_OPEN, postgresql_where=_OPEN)

watched = Table(
    "uptime_watched",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("since", UtcTime, nullable=False, comment="when it was first heard of"),
)
progress = Table(
    "uptime_progress",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="1: there is one row"),
    Column("number", BigInteger, nullable=False, comment="of the journal, up to which it was read"),
    Column("looked_at", UtcTime, nullable=False),
    Column("up_since", UtcTime, nullable=False, comment="since when we have been here to see"),
)

_OUTAGE = ("station_id", "evse", "connector", "kind", "is_link", "began_at", "ended_at", "reason")
ADD_OUTAGE = Statement(insert(outages), _OUTAGE)
END_OUTAGE = Statement(
    update(outages).where(outages.c.number == bindparam("outage")).values(ended_at=bindparam("ended_at")),
    ("ended_at", "outage"),
)
WATCH = Statement(upsert(watched, ("station_id",)), ("station_id", "since"))
FORGET_OUTAGES = Statement(delete(outages).where(outages.c.station_id == bindparam("gone")), ("gone",))
FORGET_WATCH = Statement(delete(watched).where(watched.c.station_id == bindparam("gone")), ("gone",))
PUT_PROGRESS = Statement(
    upsert(progress, ("id",), "number", "looked_at", "up_since"), ("id", "number", "looked_at", "up_since")
)
PRUNE = Statement(delete(outages).where(outages.c.ended_at < bindparam("before")), ("before",))


def outage_values(outage: Outage) -> tuple[Any, ...]:
    """The values of ADD_OUTAGE."""
    return (
        outage.station_id,
        outage.unit.evse,
        outage.unit.connector,
        outage.kind.value,
        outage.is_link,
        outage.began_at,
        outage.ended_at,
        outage.reason[:200],
    )


_SELECT = select(outages.c.number, *(outages.c[name] for name in _OUTAGE))


def _outage(row: Sequence[Any]) -> Outage:
    number, station_id, evse, connector, kind, is_link, began_at, ended_at, reason = row
    return Outage(station_id, Unit(evse, connector), Kind(kind), began_at, reason, ended_at, number, is_link)


class Progress(NamedTuple):
    number: int
    looked_at: datetime
    up_since: datetime


def read_progress(connection: Connection) -> Progress | None:
    row = connection.execute(select(progress.c.number, progress.c.looked_at, progress.c.up_since)).one_or_none()
    return Progress(*row) if row else None


def read_open(connection: Connection) -> list[Outage]:
    return [_outage(row) for row in connection.execute(_SELECT.where(_OPEN))]


def find_outages(
    connection: Connection, station_id: StationId, before: tuple[datetime, int] | None, limit: int
) -> list[Outage]:
    """The latest first."""
    query = _SELECT.where(outages.c.station_id == station_id)
    if before is not None:
        at, number = before
        c = outages.c
        query = query.where(or_(c.began_at < at, and_(c.began_at == at, c.number < number)))
    query = query.order_by(outages.c.began_at.desc(), outages.c.number.desc()).limit(limit)
    return [_outage(row) for row in connection.execute(query)]


def outages_begun(connection: Connection, station_id: StationId, since: datetime, until: datetime) -> list[Outage]:
    c = outages.c
    query = _SELECT.where(c.station_id == station_id, c.began_at >= since, c.began_at <= until)
    return [_outage(row) for row in connection.execute(query)]


# ---- how much

Rows = Sequence[tuple[Any, ...]]


class UptimeRows(NamedTuple):
    """What uptime is reckoned from, as the database says it; reckoned outside of the query."""

    watched: Rows
    connectors: Rows
    outages: Rows

    def measures(self, start: datetime, now: datetime) -> dict[StationId, Measure]:
        """By station, of those that were ever heard of."""
        units: dict[StationId, list[Unit]] = {}
        for station_id, evse, connector in self.connectors:
            units.setdefault(station_id, []).append(Unit(evse, connector))
        lost: dict[StationId, list[Outage]] = {}
        for row in self.outages:
            outage = _outage(row)
            lost.setdefault(outage.station_id, []).append(outage)
        return {
            station_id: measure(since, units.get(station_id, ()), lost.get(station_id, ()), start, now)
            for station_id, since in self.watched
        }


LONGEST = timedelta(days=30)


def read_uptime(
    connection: Connection, start: datetime, *, station_id: StationId | None = None, site_id: SiteId | None = None
) -> UptimeRows:
    """From `start` on, of one station, those of a site, or all."""
    u, c, o = watched.c, _CONNECTORS.c, outages.c

    def among(key: Any) -> Iterable[Any]:
        if station_id is not None:
            return (key == station_id,)
        if site_id is not None:
            return (key.in_(select(_STATIONS.c.id).where(_STATIONS.c.site_id == site_id)),)
        return ()

    late = or_(o.ended_at.is_(None), o.ended_at > start)
    return UptimeRows(
        connection.execute(select(u.station_id, u.since).where(*among(u.station_id))).fetchall(),
        connection.execute(
            select(c.station_id, c.evse, c.connector).where(c.evse > 0, *among(c.station_id))
        ).fetchall(),
        connection.execute(_SELECT.where(late, *among(o.station_id))).fetchall(),
    )


def site_exists(connection: Connection, site_id: SiteId) -> bool:
    sites = table("sites", column("id"))
    return connection.execute(select(sites.c.id).where(sites.c.id == site_id)).first() is not None
