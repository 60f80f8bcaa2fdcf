"""What runs now, station by station and site by site: sums over the open transactions, which have an index."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, column, func, or_, select, table

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.transaction import ChargingState
from voltloom.features.transactions.store import transactions
from voltloom.infra.database import UtcTime

_STATIONS = table("stations", column("id"), column("site_id"))
POWER_FRESH = timedelta(minutes=30)
"""What a meter said longer ago than this is no longer what flows."""


class Running(NamedTuple):
    """The open transactions of one station.

    open, suspect    how many
    power_w          of those that told of it lately; None where none did
    since            when the earliest of them began
    charging_since   likewise of those that charge; None where none does
    """

    open: int
    suspect: int
    power_w: float | None
    since: datetime
    charging_since: datetime | None


def read_running(connection: Connection, now: datetime) -> dict[StationId, Running]:
    """By station; one at which nothing runs is not in it."""
    c = transactions.c
    lately = c.heard_at >= now - POWER_FRESH
    # 1.6 tells no charging state: there it is the power that shows it.
    charges = or_(c.charging_state == ChargingState.CHARGING.value, and_(c.charging_state == "", lately, c.power_w > 0))
    query = (
        select(
            c.station_id,
            func.count(),
            func.count(case((c.suspect, 1))),
            func.sum(case((lately, c.power_w))),
            func.min(c.started_at, type_=UtcTime()),
            func.min(case((charges, c.started_at)), type_=UtcTime()),
        )
        .where(c.ended_at.is_(None))
        .group_by(c.station_id)
    )
    rows: Iterable[tuple[Any, ...]] = connection.execute(query)
    return {row[0]: Running(*row[1:]) for row in rows}


def read_load_by_site(connection: Connection, now: datetime) -> dict[str, tuple[int, float]]:
    """How many transactions draw power, and how much, by site; "" for stations in none."""
    c = transactions.c
    draws = and_(c.heard_at >= now - POWER_FRESH, c.power_w > 0)
    query = (
        select(
            _STATIONS.c.site_id,
            func.count(case((draws, 1))),
            func.coalesce(func.sum(case((draws, c.power_w))), 0.0),
        )
        .select_from(transactions.outerjoin(_STATIONS, _STATIONS.c.id == c.station_id))
        .where(c.ended_at.is_(None))
        .group_by(_STATIONS.c.site_id)
    )
    rows: Iterable[tuple[Any, ...]] = connection.execute(query)
    return {site or "": (charging, power_w) for site, charging, power_w in rows}


class Open(NamedTuple):
    """An open transaction, where and since when. known_as: what its station calls it. evse 0: nobody said."""

    id: TransactionId
    known_as: TransactionId
    evse: int
    started_at: datetime


def read_open_at(connection: Connection, station_id: StationId) -> list[Open]:
    """Those of a station, the latest first."""
    c = transactions.c
    query = (
        select(c.id, func.coalesce(c.said_id, c.id), c.evse, c.started_at)
        .where(c.station_id == station_id, c.ended_at.is_(None))
        .order_by(c.started_at.desc(), c.id)
        .limit(256)
    )
    rows: Iterable[tuple[Any, ...]] = connection.execute(query)
    return [Open(*row) for row in rows]
