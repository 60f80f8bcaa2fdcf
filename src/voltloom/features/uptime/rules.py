"""What is an outage, and how much of a time a station was up. Pure; the time is an argument.

Up is a connector whose station is connected to us and which is neither faulted nor out of service. What is not known
is not counted: the time before a station first came, and the time in which we ourselves were not there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from voltloom.domain.events import ConnectorStatusChanged, Event, StationChanged, StationConnected, StationDisconnected
from voltloom.domain.ids import StationId
from voltloom.domain.station import ConnectorStatus


class Kind(Enum):
    OFFLINE = "offline"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"
    """Out of service by somebody's decision: an operator's, or the station's own."""
    UNKNOWN = "unknown"
    """We were not there to see."""


_OF_LINK = {Kind.OFFLINE, Kind.UNKNOWN}
COME_BACK_WITHIN = timedelta(minutes=10)
"""So long a station has to come back after we were away, before its absence is its own."""
AWAY_AFTER = timedelta(minutes=2)
"""We look every few seconds; where we did not for so long, we were away."""


class Unit(NamedTuple):
    """What is up or not: a connector. evse 0: the station as a whole; connector 0: the EVSE as a whole."""

    evse: int = 0
    connector: int = 0


WHOLE = Unit()


@dataclass(frozen=True, slots=True)
class Outage:
    """number None: not kept yet. ended_at None: it goes on. reason: the words of the loss, or the fault's code."""

    station_id: StationId
    unit: Unit
    kind: Kind
    began_at: datetime
    reason: str = ""
    ended_at: datetime | None = None
    number: int | None = None
    is_link: bool = True


class _Key(NamedTuple):
    station_id: StationId
    unit: Unit
    is_link: bool


@dataclass(slots=True)
class Ledger:
    """Outages as events tell of them.

    open      those that go on
    changed   those that are to be kept: new ones, and known ones that ended
    since     when a station was first heard of, for those that were not known
    removed   stations that are gone, with all that is known of them
    """

    open: dict[_Key, Outage] = field(default_factory=dict[_Key, Outage])
    changed: list[Outage] = field(default_factory=list[Outage])
    since: dict[StationId, datetime] = field(default_factory=dict[StationId, datetime])
    removed: set[StationId] = field(default_factory=set[StationId])

    @staticmethod
    def of(outages: Iterable[Outage]) -> "Ledger":
        return Ledger({_key(outage): outage for outage in outages})

    def hear(self, event: Event) -> None:
        match event:
            case StationConnected():
                self._seen(event.station_id, event.at)
                self._end(_Key(event.station_id, WHOLE, True), event.at)
            case StationDisconnected():
                self._seen(event.station_id, event.at)
                kind = kind_of_loss(event.reason)
                self._begin(Outage(event.station_id, WHOLE, kind, event.at, event.reason))
            case ConnectorStatusChanged():
                self._seen(event.station_id, event.at)
                self._status(event)
            case StationChanged(change="removed"):
                self._forget(event.station_id)
            case _:
                pass

    def settle(self, now: datetime, up_since: datetime) -> None:
        """Whoever has not come back although we are here again, is offline."""
        for key, outage in list(self.open.items()):
            back = max(outage.began_at, up_since)
            if outage.kind is Kind.UNKNOWN and now - back >= COME_BACK_WITHIN:
                self._end(key, back)
                self._begin(Outage(outage.station_id, outage.unit, Kind.OFFLINE, back, "did not come back"))

    def still_open(self) -> list[Outage]:
        """New ones that go on, to be kept with the others."""
        return [outage for outage in self.open.values() if outage.number is None]

    def _status(self, event: ConnectorStatusChanged) -> None:
        key = _Key(event.station_id, Unit(event.evse, event.connector or 0), False)
        wanted = {
            ConnectorStatus.FAULTED.value: Kind.FAULTED,
            ConnectorStatus.UNAVAILABLE.value: Kind.UNAVAILABLE,
        }.get(event.status)
        known = self.open.get(key)
        if known is not None and known.kind is not wanted:
            self._end(key, event.at)
        if wanted is not None and (known is None or known.kind is not wanted):
            self._begin(Outage(event.station_id, key.unit, wanted, event.at, event.fault, is_link=False))

    def _begin(self, outage: Outage) -> None:
        # One that goes on already began earlier.
        self.open.setdefault(_key(outage), outage)

    def _end(self, key: _Key, at: datetime) -> None:
        outage = self.open.pop(key, None)
        if outage is not None:
            self.changed.append(replace(outage, ended_at=max(at, outage.began_at)))

    def _seen(self, station_id: StationId, at: datetime) -> None:
        self.since.setdefault(station_id, at)

    def _forget(self, station_id: StationId) -> None:
        for key in [key for key in self.open if key.station_id == station_id]:
            del self.open[key]
        self.changed = [outage for outage in self.changed if outage.station_id != station_id]
        self.since.pop(station_id, None)
        self.removed.add(station_id)


def _key(outage: Outage) -> _Key:
    return _Key(outage.station_id, outage.unit, outage.is_link)


def kind_of_loss(reason: str) -> Kind:
    """By our own words for why a connection ended: see the gateway, and `stations.close_stale_links`."""
    if reason.startswith(("the server restarts", "the server was restarted")):
        return Kind.UNKNOWN
    return Kind.UNAVAILABLE if reason.startswith("disabled by an operator") else Kind.OFFLINE


# ---- how much


@dataclass(slots=True)
class Measure:
    """Seconds, of all connectors together: what is known, and of it what was up; and down by why (which may overlap).

    outages   how many there were
    """

    known_s: float = 0.0
    up_s: float = 0.0
    offline_s: float = 0.0
    faulted_s: float = 0.0
    unavailable_s: float = 0.0
    outages: int = 0

    @property
    def uptime(self) -> float | None:
        """0 to 1; None where nothing is known."""
        return round(self.up_s / self.known_s, 5) if self.known_s > 0 else None

    def add(self, other: "Measure") -> None:
        self.known_s += other.known_s
        self.up_s += other.up_s
        self.offline_s += other.offline_s
        self.faulted_s += other.faulted_s
        self.unavailable_s += other.unavailable_s
        self.outages += other.outages


Span = tuple[float, float]


def measure(
    since: datetime, units: Sequence[Unit], outages: Sequence[Outage], start: datetime, now: datetime
) -> Measure:
    """Of one station, from `start` to `now`. since: when it was first heard of. units: its connectors; none: the
    station itself stands for them."""
    begin, end = max(since, start).timestamp(), now.timestamp()
    whole = max(0.0, end - begin)
    count = max(1, len(units))
    if whole <= 0:
        return Measure()
    spans = [(outage, span) for outage in outages if (span := _span(outage, begin, end)) is not None]
    if not spans:
        return Measure(whole * count, whole * count)
    total = Measure(outages=len(spans))
    if all(outage.unit.evse == 0 for outage, _ in spans):
        # The usual case, a lost connection: the same for all of its connectors.
        _add_unit(total, whole, [(outage.kind, span) for outage, span in spans], count)
        return total
    for unit in units or (WHOLE,):
        mine = [(outage.kind, span) for outage, span in spans if _concerns(outage.unit, unit)]
        _add_unit(total, whole, mine, 1)
    return total


def _add_unit(total: Measure, whole: float, spans: Sequence[tuple[Kind, Span]], times: int) -> None:
    """One connector, or `times` that had the same outages."""
    by_kind: dict[Kind, list[Span]] = {}
    for kind, span in spans:
        by_kind.setdefault(kind, []).append(span)
    lengths = {kind: _length(_union(found)) for kind, found in by_kind.items()}
    unknown = lengths.get(Kind.UNKNOWN, 0.0)
    # What is down and unknown as well is unknown: neither up nor down.
    out = lengths[spans[0][0]] if len(by_kind) == 1 else _length(_union(span for _, span in spans))
    total.known_s += (whole - unknown) * times
    total.up_s += (whole - out) * times
    total.offline_s += lengths.get(Kind.OFFLINE, 0.0) * times
    total.faulted_s += lengths.get(Kind.FAULTED, 0.0) * times
    total.unavailable_s += lengths.get(Kind.UNAVAILABLE, 0.0) * times


def _span(outage: Outage, begin: float, end: float) -> Span | None:
    """The part of it that lies in between; None where none does."""
    low = max(begin, outage.began_at.timestamp())
    high = end if outage.ended_at is None else min(end, outage.ended_at.timestamp())
    return (low, high) if high > low else None


def _concerns(place: Unit, unit: Unit) -> bool:
    return place.evse == 0 or (place.evse == unit.evse and place.connector in (0, unit.connector))


def _union(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _length(spans: Sequence[Span]) -> float:
    return sum(high - low for low, high in spans)
