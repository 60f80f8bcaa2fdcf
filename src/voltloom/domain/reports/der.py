"""What stations tell of their behaviour towards the grid. 2.1 only."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.der import DerControl, DerKind, GridFault
from voltloom.domain.reports.base import Noted, Report


@dataclass(frozen=True, slots=True)
class HeldControl:
    """superseded: another of its kind comes first."""

    control: DerControl
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class DerControlsReported(Report[Noted]):
    """Controls that a station has, in one or more parts."""

    request_id: int
    controls: tuple[HeldControl, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class DerAlarmReported(Report[Noted]):
    """A control changes what flows, as the grid makes it; or no longer."""

    kind: DerKind
    at: datetime | None
    ended: bool = False
    fault: GridFault | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class DerControlSwitched(Report[Noted]):
    """The time of a control has come, or is over."""

    control_id: str
    started: bool
    at: datetime | None
    superseded: tuple[str, ...] = ()
