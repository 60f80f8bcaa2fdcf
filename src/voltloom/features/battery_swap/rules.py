"""What a swap is, and how far it has come. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.commands import Accepted, Answer
from voltloom.domain.ids import StationId
from voltloom.domain.token import IdToken

KEPT = timedelta(days=730)
SAID_TWICE = timedelta(hours=1)
"""The same step with the same battery within this time is one, told again."""
ANEW_AFTER = timedelta(hours=1)
"""A station that counts from 1 again uses numbers again; a swap takes minutes."""
MOST_BATTERIES = 100
"""That one step may be about."""


class State(Enum):
    ASKED = "asked"
    """The station was asked, and has not said (or was not heard to say) yes or no."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN = "in"
    """They put theirs in, and have not taken another."""
    DONE = "done"
    TIMED_OUT = "timed_out"
    """They did not take the one they were offered."""


@dataclass(frozen=True, slots=True)
class Swap:
    """actor: "" where the station let them by itself. said: its word when it was asked."""

    station_id: StationId
    request_id: int
    token: IdToken
    state: State
    said: str
    actor: str
    asked_at: datetime
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    at: datetime
    step: SwapStep
    battery: Battery


_AFTER = {SwapStep.IN: State.IN, SwapStep.OUT: State.DONE, SwapStep.OUT_TIMEOUT: State.TIMED_OUT}


def state_after_asking(answer: Answer) -> State:
    return State.ACCEPTED if answer.accepted is Accepted.ACCEPTED else State.REFUSED


def state_after(before: State | None, step: SwapStep) -> State:
    """Steps may come late and out of order: what is done stays done."""
    if before is State.DONE:
        return State.DONE
    if before is State.TIMED_OUT and step is SwapStep.IN:
        return State.TIMED_OUT
    return _AFTER[step]


def is_another(before: Swap, now: datetime) -> bool:
    """Whether its number is used for another swap by now."""
    is_over = before.state in (State.DONE, State.TIMED_OUT, State.REFUSED)
    return is_over and now - (before.changed_at or before.asked_at) > ANEW_AFTER
