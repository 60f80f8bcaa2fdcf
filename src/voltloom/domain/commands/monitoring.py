"""Having a station watch itself: monitors, how much it tells, streams."""

from dataclasses import dataclass

from voltloom.domain.commands.base import Accepted, Answer, Command
from voltloom.domain.commands.settings import Part
from voltloom.domain.monitoring import MonitorCriterion, MonitoringBase, MonitorKind, Pace, Stream
from voltloom.domain.station import SettingName


@dataclass(frozen=True, slots=True)
class NewMonitor:
    """id      of the monitor it replaces; None: a new one
    stream  2.1: its values come in a stream of this pace, not as events
    """

    name: SettingName
    kind: MonitorKind
    value: float
    severity: int
    in_transaction: bool = False
    id: int | None = None
    stream: Pace | None = None


@dataclass(frozen=True, slots=True)
class MonitorAnswer:
    """id: the station's, where it accepted. said: its own word; "" where its answer left this one out."""

    accepted: Accepted
    said: str
    id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetMonitors(Command[tuple[MonitorAnswer, ...]]):
    """One answer a monitor, in order: each stands or falls alone."""

    monitors: tuple[NewMonitor, ...]


@dataclass(frozen=True, slots=True)
class ClearMonitors(Command[tuple[MonitorAnswer, ...]]):
    """One answer an id, in order."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetMonitoringBase(Command[Answer]):
    base: MonitoringBase


@dataclass(frozen=True, slots=True)
class SetMonitoringLevel(Command[Answer]):
    """Events of this severity and graver (lower) ones are told."""

    severity: int


@dataclass(frozen=True, slots=True)
class ReportMonitors(Command[Answer]):
    """What it watches comes as `MonitorsReported`. Neither criteria nor parts: all of it."""

    report_id: int
    criteria: tuple[MonitorCriterion, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadStreams(Command[tuple[Stream, ...]]):
    """The streams that are open, as the station sees it. 2.1 only."""


@dataclass(frozen=True, slots=True)
class AdjustStream(Command[Answer]):
    """2.1 only."""

    stream_id: int
    pace: Pace
