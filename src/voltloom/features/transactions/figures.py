"""Counts and sums over transactions, for those who look at the network as a whole."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.transactions.store import transactions


class Figures(NamedTuple):
    """started, ended: within the last hour. energy_wh: of the open ones and of those that ended since then."""

    open: int
    started: int
    ended: int
    energy_wh: float


def read_figures(connection: Connection, now: datetime, since: datetime) -> Figures:
    c = transactions.c
    lately = now - timedelta(hours=1)
    number = func.count()
    energy = select(func.coalesce(func.sum(c.energy_wh), 0.0)).where(or_(c.ended_at.is_(None), c.ended_at >= since))
    query = select(
        select(number).where(c.ended_at.is_(None)).scalar_subquery(),
        select(number).where(c.started_at >= lately).scalar_subquery(),
        select(number).where(c.ended_at >= lately).scalar_subquery(),
        energy.scalar_subquery(),
    )
    return Figures(*connection.execute(query).one())


class Suspect(NamedTuple):
    """A transaction that somebody should look at. ended_at None: it is open."""

    station_id: StationId
    id: TransactionId
    started_at: datetime
    ended_at: datetime | None
    flags: str


def read_suspects(connection: Connection, since: datetime, limit: int) -> list[Suspect]:
    """The latest start first."""
    c = transactions.c
    query = (
        select(c.station_id, c.id, c.started_at, c.ended_at, c.flags)
        .where(c.suspect, or_(c.ended_at.is_(None), c.started_at >= since))
        .order_by(c.started_at.desc(), c.station_id, c.id)
        .limit(limit)
    )
    return [Suspect(*row) for row in connection.execute(query)]


class Named(NamedTuple):
    station_id: StationId
    id: TransactionId
    token: str
    started_at: datetime
    ended_at: datetime | None


MOST_SEARCHED = 20_000


def search_transactions(connection: Connection, start: str, limit: int) -> list[Named]:
    """Whose id begins so (as we or the station call it): of the latest MOST_SEARCHED, the latest first."""
    c = transactions.c
    columns = (c.station_id, c.id, c.said_id, c.token, c.started_at, c.ended_at)
    latest = select(*columns).order_by(c.started_at.desc()).limit(MOST_SEARCHED).subquery()
    t = latest.c
    text = start.strip().lower()
    named = or_(
        func.lower(t.id).startswith(text, autoescape=True), func.lower(t.said_id).startswith(text, autoescape=True)
    )
    query = (
        select(t.station_id, t.id, t.token, t.started_at, t.ended_at)
        .where(named)
        .order_by(t.started_at.desc(), t.station_id, t.id)
        .limit(limit)
    )
    return [Named(*row) for row in connection.execute(query)]
