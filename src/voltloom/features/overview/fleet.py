"""Every station in one document, a column a list: small to send, and quick to take in."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from voltloom.domain.ids import StationId
from voltloom.features.stations import (
    Conditions,
    Fleet,
    FleetRows,
    Known,
    Member,
    Overall,
    gravest,
    overall,
    read_fleet,
)
from voltloom.features.transactions import Running, read_running
from voltloom.features.uptime import Measure, UptimeRows, read_uptime
from voltloom.infra.journal import newest_number

UPTIME_OF = timedelta(days=30)


class Row(NamedTuple):
    """A station, as `GET /fleet` tells of it. The fields are its columns, in order."""

    id: str
    name: str
    site_id: str | None
    state: str
    state_since: datetime | None
    power_w: float | None
    power_limit_w: float | None
    connected: bool
    last_seen: datetime | None
    vendor: str
    model: str
    serial: str
    firmware: str
    protocol: str
    security_profile: int
    faults: int
    fault: str
    connectors: dict[str, int]
    transactions_open: int
    uptime_30d: float | None
    disconnect_reason: str
    enabled: bool
    registration: str | None


@dataclass(slots=True)
class Snapshot:
    """newest: the number of the journal up to which all that was told is in it; what comes after it may be, in part."""

    at: datetime
    newest: int
    rows: list[Row]
    uptime: float | None
    """Of all of them together, over UPTIME_OF."""


UPTIME_FRESH = timedelta(seconds=30)
"""Over thirty days it changes slowly, and of ten thousand stations it takes a while to reckon."""


class UptimeMemo:
    """The uptime of all stations as it was reckoned last, for those who ask soon after."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._measures: dict[StationId, Measure] = {}

    def is_fresh(self, now: datetime) -> bool:
        return self._at is not None and timedelta(0) <= now - self._at < UPTIME_FRESH

    def measures(self, rows: UptimeRows | None, now: datetime) -> dict[StationId, Measure]:
        """rows None: it was fresh when they would have been read."""
        if rows is not None:
            self._measures, self._at = rows.measures(now - UPTIME_OF, now), now
        return self._measures


class Found(NamedTuple):
    """What a snapshot is made from, outside of the query: on a thread, for ten thousand stations take their time."""

    at: datetime
    newest: int
    fleet: FleetRows
    running: dict[StationId, Running]
    uptime: UptimeRows | None

    def snapshot(self, memo: UptimeMemo) -> Snapshot:
        fleet = self.fleet.fleet()
        up = memo.measures(self.uptime, self.at)
        rows = [row_of(member, fleet, self.running.get(member.id), up.get(member.id)) for member in fleet.members]
        total = Measure()
        for member in fleet.members:
            if member.id in up:
                total.add(up[member.id])
        return Snapshot(self.at, self.newest, rows, total.uptime)


def read_network(connection: Connection, now: datetime, memo: UptimeMemo, conditions: Conditions = ()) -> Found:
    # The number first: where the engine gives no single view of it all, what is read is younger, never older.
    newest = newest_number(connection)
    return Found(
        now,
        newest,
        read_fleet(connection, conditions),
        read_running(connection, now),
        None if memo.is_fresh(now) else read_uptime(connection, now - UPTIME_OF),
    )


def row_of(member: Member, fleet: Fleet, running: Running | None, up: Measure | None) -> Row:
    parts, faults = fleet.parts.get(member.id, ()), fleet.faults.get(member.id, ())
    state, since = state_of(member, fleet, running)
    counts = Counter(part.status for part in parts if part.evse > 0)
    return Row(
        id=member.id,
        name=member.name,
        site_id=member.site_id,
        state=state.value,
        state_since=since,
        power_w=running.power_w if running else 0.0,
        power_limit_w=fleet.rated_w.get(member.id),
        connected=member.connected,
        last_seen=member.last_seen,
        vendor=member.vendor,
        model=member.model,
        serial=member.serial,
        firmware=member.firmware,
        protocol=member.protocol,
        security_profile=member.security_profile,
        faults=len(faults),
        fault=gravest(faults) if faults else "",
        connectors=dict(counts),
        transactions_open=running.open if running else 0,
        uptime_30d=None if up is None or up.uptime is None else round(up.uptime, 4),
        disconnect_reason="" if member.connected else member.disconnect_reason,
        enabled=member.enabled,
        registration=member.registration,
    )


def state_of(member: Member, fleet: Fleet, running: Running | None) -> tuple[Overall, datetime | None]:
    return overall(
        Known(
            member.created_at,
            member.enabled,
            member.connected,
            member.connected_at,
            member.disconnected_at,
            member.registration,
            member.booted_at,
            fleet.parts.get(member.id, ()),
            fleet.faults.get(member.id, ()),
            running.charging_since if running else None,
            running.since if running else None,
        )
    )


def columns_of(rows: list[Row]) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(Row._fields)
    return {name: list(column) for name, column in zip(Row._fields, columns, strict=True)}


def document_of(snapshot: Snapshot) -> tuple[bytes, bytes]:
    """As JSON; and that part of it which changes only when a station does."""
    columns = msgspec.json.encode(columns_of(snapshot.rows))
    head = {"at": snapshot.at, "newest": snapshot.newest, "count": len(snapshot.rows)}
    return msgspec.json.encode(head)[:-1] + b',"columns":' + columns + b"}", columns
