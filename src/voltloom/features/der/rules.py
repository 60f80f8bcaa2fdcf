"""What becomes of a control. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.commands import Accepted, Answer, ClearDerControls, GetDerControls
from voltloom.domain.der import DerControl
from voltloom.domain.ids import StationId

MOST_CONTROLS = 200
"""Of a station, that we did not send."""
REPORT_FOR = timedelta(hours=1)
KEPT = timedelta(days=90)


class State(Enum):
    ASKED = "asked"
    """The station was asked, and has not said (or was not heard to say) yes or no: it may hold."""
    HELD = "held"
    ACTIVE = "active"
    """Its time has come."""
    SUPERSEDED = "superseded"
    """Another of its kind comes first: a station never executes it."""
    REFUSED = "refused"
    CLEARED = "cleared"
    ENDED = "ended"
    GONE = "gone"
    """The station no longer has it, although nobody cleared it."""

    @property
    def is_open(self) -> bool:
        return self in (State.ASKED, State.HELD, State.ACTIVE, State.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Kept:
    """said: the station's word when it was asked. actor: "" where the station told of it first."""

    station_id: StationId
    control: DerControl
    state: State
    said: str
    actor: str
    asked_at: datetime
    changed_at: datetime | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A control that changed what flows, as the grid made it. ended_at None: it still does."""

    number: int
    station_id: StationId
    kind: str
    fault: str
    text: str
    began_at: datetime
    ended_at: datetime | None


def state_after_setting(answer: Answer, control_id: str, superseded: tuple[str, ...]) -> State:
    """A station names the control itself where another comes first."""
    if answer.accepted is not Accepted.ACCEPTED:
        return State.REFUSED
    return State.SUPERSEDED if control_id in superseded else State.HELD


def matches(asked: ClearDerControls | GetDerControls, kept: Kept) -> bool:
    control = kept.control
    return (
        asked.default in (None, control.default)
        and asked.kind in (None, control.kind)
        and asked.control_id in ("", control.id)
    )
