"""What a station watches, what it noticed, what it streams, and what it knows of a customer. 2.x only."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.monitoring import Monitor, StationEvent, Stream, StreamValue
from voltloom.domain.reports.base import Noted, Report


@dataclass(frozen=True, slots=True)
class MonitorsReported(Report[Noted]):
    """One part of a report of monitors. Parts may come out of order and twice; the last has `more` False."""

    report_id: int
    part: int
    more: bool
    monitors: tuple[Monitor, ...]


@dataclass(frozen=True, slots=True)
class EventsReported(Report[Noted]):
    """What the station noticed. Its faults are told as `FaultReported` as well."""

    events: tuple[StationEvent, ...]


@dataclass(frozen=True, slots=True)
class StreamReply:
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StreamOpened(Report[StreamReply]):
    """The station wants to send a monitor's values as a stream."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class StreamClosed(Report[Noted]):
    stream_id: int


@dataclass(frozen=True, slots=True)
class StreamReported(Report[Noted]):
    """Some values of a stream. Nobody answers. pending: how many the station has yet to send."""

    stream_id: int
    at: datetime | None
    values: tuple[StreamValue, ...]
    pending: int = 0


@dataclass(frozen=True, slots=True)
class CustomerInformationReported(Report[Noted]):
    """One part of what a station knows of a customer, as text."""

    request_id: int
    part: int
    more: bool
    text: str
