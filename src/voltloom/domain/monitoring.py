"""What a station watches in itself, and what it tells of it. OCPP 2.x; 1.6 has nothing of the kind."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.station import SettingName


class MonitorKind(Enum):
    """When a monitor tells: above or below a value, after a change by it, or each so many seconds."""

    UPPER_THRESHOLD = "UpperThreshold"
    LOWER_THRESHOLD = "LowerThreshold"
    DELTA = "Delta"
    PERIODIC = "Periodic"
    PERIODIC_CLOCK_ALIGNED = "PeriodicClockAligned"
    TARGET_DELTA = "TargetDelta"
    """2.1: the actual value is off its target by so much."""
    TARGET_DELTA_RELATIVE = "TargetDeltaRelative"
    """2.1: likewise, as a part of the target."""


class MonitorCriterion(Enum):
    THRESHOLD = "ThresholdMonitoring"
    DELTA = "DeltaMonitoring"
    PERIODIC = "PeriodicMonitoring"


class MonitoringBase(Enum):
    """What is watched besides what was asked for: all that was preconfigured, keeping what was added; the maker's own
    set, dropping what was added; or only what is wired in."""

    ALL = "All"
    FACTORY_DEFAULT = "FactoryDefault"
    HARD_WIRED_ONLY = "HardWiredOnly"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a stream is sent: after so many seconds at the latest, or so many values."""

    interval_s: int | None = None
    values: int | None = None


@dataclass(frozen=True, slots=True)
class Monitor:
    """severity        0 (danger) to 9 (debug)
    in_transaction  it watches only while there is a transaction
    origin          who made it, in the station's word ("HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor"); ""
                    where it does not say (2.0.1)
    """

    id: int
    name: SettingName
    kind: MonitorKind
    value: float
    severity: int
    in_transaction: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class StationEvent:
    """trigger         "Alerting", "Delta" or "Periodic"
    cause           the id of the event that brought this one about
    transaction_id  the one it has to do with; "" for none
    origin          what made it tell, in the station's word: "HardWiredNotification" or as in `Monitor`
    """

    event_id: int
    at: datetime | None
    trigger: str
    name: SettingName
    value: str
    severity: int | None = None
    cause: int | None = None
    cleared: bool = False
    tech_code: str = ""
    tech_info: str = ""
    transaction_id: str = ""
    monitor_id: int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """A periodic monitor whose values come together, unanswered. 2.1 only."""

    id: int
    monitor_id: int
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class StreamValue:
    at: datetime
    value: str
