"""All stations at once, for maps, lists and sums: a few statements, however many stations there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Index, func, select, text
from sqlalchemy.sql import ColumnElement

from voltloom.domain.ids import StationId
from voltloom.features.stations.overall import Fault, Part
from voltloom.features.stations.store import connectors, faults, mentions, settings, stations

Conditions = Sequence[ColumnElement[bool]]

# The rated power is looked for among millions of settings: those few have an index of their own.
_IS_POWER = text("variable = 'Power'")
Index(
    "ix_station_settings_power",
    settings.c.station_id,
    settings.c.component,
    sqlite_where=_IS_POWER,
    postgresql_where=_IS_POWER,
)


class Member(NamedTuple):
    """A row of the registry, as far as it is told of all stations."""

    id: StationId
    name: str
    site_id: str | None
    created_at: datetime
    enabled: bool
    security_profile: int
    registration: str | None
    policy: str
    vendor: str
    model: str
    firmware: str
    serial: str
    booted_at: datetime | None
    last_seen: datetime | None
    connected: bool
    protocol: str
    connection_profile: int | None
    connected_at: datetime | None
    disconnected_at: datetime | None
    disconnect_reason: str


_MEMBER = [stations.c[name] for name in Member._fields]


@dataclass(slots=True)
class Fleet:
    """members: by identity. The rest by station; one with none is not in it.

    rated_w   the most power it can give, where it has reported that (2.x)
    """

    members: list[Member]
    parts: dict[str, list[Part]] = field(default_factory=dict[str, list[Part]])
    faults: dict[str, list[Fault]] = field(default_factory=dict[str, list[Fault]])
    rated_w: dict[str, float] = field(default_factory=dict[str, float])


Rows = Sequence[tuple[Any, ...]]


class FleetRows(NamedTuple):
    """What the database says, as it says it: made a `Fleet` of outside of the query, on a thread where that matters."""

    members: Rows
    parts: Rows
    faults: Rows
    powers: Rows

    def fleet(self) -> Fleet:
        fleet = Fleet([Member(*row) for row in self.members], rated_w=_rated(self.powers))
        for station_id, *part in self.parts:
            fleet.parts.setdefault(station_id, []).append(Part(*part))
        for station_id, *fault in self.faults:
            fleet.faults.setdefault(station_id, []).append(Fault(*fault))
        return fleet


def read_fleet(connection: Connection, conditions: Conditions = ()) -> FleetRows:
    """Of the stations that meet the conditions. A statement a table, however many stations."""
    c, f, s = connectors.c, faults.c, settings.c
    powers = (
        select(s.station_id, s.component, func.lower(s.unit), func.sum(s.max_limit))
        .where(
            _IS_POWER,
            s.component.in_(("ChargingStation", "EVSE")),
            s.attribute == "Actual",
            s.max_limit > 0,
            *_among(s.station_id, conditions),
        )
        .group_by(s.station_id, s.component, func.lower(s.unit))
    )
    return FleetRows(
        _rows(connection, select(*_MEMBER).where(*conditions).order_by(stations.c.id)),
        _rows(connection, select(c.station_id, c.evse, c.status, c.since).where(*_among(c.station_id, conditions))),
        _rows(connection, select(f.station_id, f.code, f.since).where(*_among(f.station_id, conditions))),
        _rows(connection, powers),
    )


def _rows(connection: Connection, query: Executable) -> Rows:
    return connection.execute(query).fetchall()


def _among(station_id: ColumnElement[str], conditions: Conditions) -> list[ColumnElement[bool]]:
    return [station_id.in_(select(stations.c.id).where(*conditions))] if conditions else []


def _rated(powers: Rows) -> dict[str, float]:
    """Of the whole station where it told that, else of its EVSEs together. In W, whatever unit it told."""
    whole: dict[str, float] = {}
    evses: dict[str, float] = {}
    for station_id, component, unit, limit in powers:
        told = whole if component == "ChargingStation" else evses
        told[station_id] = told.get(station_id, 0.0) + limit * (1_000 if unit == "kw" else 1)
    return evses | whole


def search_stations(connection: Connection, words: str, limit: int) -> list[Member]:
    """Those whose identity begins so, then those that are mentioned by these words; each once, by identity."""
    start = words.strip().lower()
    begins = func.lower(stations.c.id).startswith(start, autoescape=True)
    query = select(*_MEMBER).order_by(stations.c.id).limit(limit)
    found = [Member(*row) for row in connection.execute(query.where(begins))]
    if len(found) < limit:
        query = query.where(mentions(words), ~begins).limit(limit - len(found))
        found += [Member(*row) for row in connection.execute(query)]
    return found
