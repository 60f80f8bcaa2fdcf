"""Whom a template is for: stations of a vendor, a model, a firmware, a site; and who asks what a template wants."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import translate
from typing import NamedTuple

from sqlalchemy import Connection, select

from voltloom.domain.events import StationChanged
from voltloom.domain.ids import StationId
from voltloom.features.access import Actor
from voltloom.features.feature import Context, Stations
from voltloom.features.stations.store import stations
from voltloom.infra.database import Database

LONGEST_PATTERN = 100


class Likeness(NamedTuple):
    """A station, as far as templates tell stations apart, and whether it can be asked now."""

    id: StationId
    vendor: str
    model: str
    firmware: str
    site_id: str | None
    connected: bool
    protocol: str
    registration: str | None
    policy: str
    booted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Aim:
    """Patterns with * and ?, compared without case; "" is any. All must fit."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    site_id: str = ""

    def meets(self, station: Likeness) -> bool:
        return (
            (not self.site_id or self.site_id == station.site_id)
            and _fits(self.vendor, station.vendor)
            and _fits(self.model, station.model)
            and _fits(self.firmware, station.firmware)
        )


def _fits(pattern: str, text: str) -> bool:
    return not pattern or re.fullmatch(translate(pattern.casefold()), text.casefold()) is not None


_LIKENESS = [stations.c[name] for name in Likeness._fields]


def likeness_of(connection: Connection, station_id: StationId) -> Likeness | None:
    row = connection.execute(select(*_LIKENESS).where(stations.c.id == station_id)).one_or_none()
    return None if row is None else Likeness(*row)


def likenesses(
    connection: Connection,
    ids: Sequence[StationId] | None = None,
    *,
    connected: bool | None = None,
    after: StationId | None = None,
    limit: int | None = None,
) -> Iterator[Likeness]:
    """Of these stations, or of all. By identity, from after that one."""
    query = select(*_LIKENESS).order_by(stations.c.id)
    if ids is not None:
        query = query.where(stations.c.id.in_(ids))
    if connected is not None:
        query = query.where(stations.c.connected == connected)
    if after is not None:
        query = query.where(stations.c.id > after)
    if limit is not None:
        query = query.limit(limit)
    return (Likeness(*row) for row in connection.execute(query))


@dataclass(frozen=True, slots=True)
class Automatic:
    """voltloom itself, as a caller: what it asks of stations is noted as what people ask is."""

    database: Database
    stations: Stations
    now: datetime
    actor: Actor

    @staticmethod
    def of(ctx: Context, name: str) -> "Automatic":
        """name: what it is about, e.g. "monitor templates"."""
        return Automatic(ctx.database, ctx.stations, ctx.now, Actor("voltloom", name, f"voltloom: {name}", frozenset()))


def removals(_: Connection, told: Sequence[StationChanged]) -> list[bool]:
    """Which of these took a station away: for listeners that forget what they knew of it."""
    return [each.change == "removed" for each in told]
