"""The tables of load over time: the last two days as it was, and means of five minutes for longer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    case,
    column,
    delete,
    func,
    select,
    table,
)

from voltloom.domain.ids import SiteId
from voltloom.features.load.rules import NETWORK, NOWHERE, Load, Point
from voltloom.features.sites import read_all
from voltloom.features.transactions import read_load_by_site
from voltloom.infra.database import Statement, UtcTime, metadata, upsert

_STATIONS = table("stations", column("site_id"), column("connected"))

load_now = Table(
    "load_now",
    metadata,
    Column("site_id", String(40), primary_key=True, comment="*: the network; empty: stations in no site"),
    Column("at", UtcTime, primary_key=True),
    Column("power_w", Float, nullable=False),
    Column("limit_w", Float, nullable=True),
    Column("charging", Integer, nullable=False),
    Column("connected", Integer, nullable=False),
    Index("ix_load_now_at", "at"),
)
load_past = Table(
    "load_past",
    metadata,
    Column("site_id", String(40), primary_key=True),
    Column("at", UtcTime, primary_key=True, comment="when its five minutes began"),
    Column("power_w", Float, nullable=False),
    Column("power_max_w", Float, nullable=False),
    Column("limit_w", Float, nullable=True),
    Column("charging", Integer, nullable=False, comment="at most"),
    Column("connected", Integer, nullable=False),
    Index("ix_load_past_at", "at"),
)

_NOW = ("site_id", "at", "power_w", "limit_w", "charging", "connected")
_PAST = ("site_id", "at", "power_w", "power_max_w", "limit_w", "charging", "connected")
ADD_NOW = Statement(upsert(load_now, ("site_id", "at")), _NOW)
PUT_PAST = Statement(upsert(load_past, ("site_id", "at"), *_PAST[2:]), _PAST)
PRUNE_NOW = Statement(delete(load_now).where(load_now.c.at < bindparam("before")), ("before",))
PRUNE_PAST = Statement(delete(load_past).where(load_past.c.at < bindparam("before")), ("before",))


def now_values(site: str, point: Point) -> tuple[Any, ...]:
    load = point.load
    return (site, point.at, load.power_w, load.limit_w, load.charging, load.connected)


def past_values(site: str, point: Point) -> tuple[Any, ...]:
    load = point.load
    return (site, point.at, load.power_w, point.power_max_w, load.limit_w, load.charging, load.connected)


def read_loads(connection: Connection, now: datetime) -> dict[str, Load]:
    """Of every site, of the stations in none, and of the network. Three statements, however many sites."""
    s = _STATIONS.c
    rows = connection.execute(select(s.site_id, func.count(case((s.connected, 1)))).group_by(s.site_id))
    connected: dict[str, int] = {site or NOWHERE: number for site, number in rows}
    running = read_load_by_site(connection, now)
    limits: dict[str, float | None] = {site.id: site.values.power_limit_w for site in read_all(connection)}
    limits.setdefault(NOWHERE, None)
    loads: dict[str, Load] = {}
    for site, limit_w in limits.items():
        charging, power_w = running.get(site, (0, 0.0))
        loads[site] = Load(power_w, limit_w, charging, connected.get(site, 0))
    known = [limit for limit in limits.values() if limit is not None]
    loads[NETWORK] = Load(
        sum(load.power_w for load in loads.values()),
        sum(known) if known else None,
        sum(load.charging for load in loads.values()),
        sum(load.connected for load in loads.values()),
    )
    return loads


def read_now(connection: Connection, site: SiteId | str, since: datetime, until: datetime) -> list[Point]:
    """In time."""
    c = load_now.c
    query = select(c.at, c.power_w, c.limit_w, c.charging, c.connected)
    rows: Sequence[Any] = connection.execute(
        query.where(c.site_id == site, c.at >= since, c.at < until).order_by(c.at)
    ).fetchall()
    return [Point(at, Load(power_w, *rest), power_w) for at, power_w, *rest in rows]


def read_past(connection: Connection, site: SiteId | str, since: datetime, until: datetime) -> list[Point]:
    c = load_past.c
    query = select(c.at, c.power_max_w, c.power_w, c.limit_w, c.charging, c.connected)
    rows: Sequence[Any] = connection.execute(
        query.where(c.site_id == site, c.at >= since, c.at < until).order_by(c.at)
    ).fetchall()
    return [Point(at, Load(*rest), power_max_w) for at, power_max_w, *rest in rows]
