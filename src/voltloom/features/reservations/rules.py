"""What a reservation is, and what becomes of it. No I/O; the time is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.commands import Accepted, Answer
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.reports import ReservationEnd
from voltloom.domain.token import IdToken, TokenKind

LONGEST = timedelta(days=30)
SHORTEST = timedelta(minutes=1)
LARGEST_ID = 2**31 - 1


class State(Enum):
    ASKED = "asked"
    """The station was asked, and has not said (or was not heard to say) yes or no."""
    ACTIVE = "active"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    USED = "used"
    EXPIRED = "expired"
    REMOVED = "removed"
    NO_TRANSACTION = "no_transaction"

    @property
    def is_open(self) -> bool:
        return self in (State.ASKED, State.ACTIVE)


@dataclass(frozen=True, slots=True)
class Reservation:
    """id             ours, unique in the network, so that a station's word for it is enough
    evse, connector_type   what is kept; None and "": any of the station
    said              the station's word when it was asked
    transaction_id    what came of it
    """

    id: int
    station_id: StationId
    token: IdToken
    expires_at: datetime
    asked_at: datetime
    actor: str
    state: State = State.ASKED
    evse: int | None = None
    connector_type: str = ""
    group: str = ""
    said: str = ""
    changed_at: datetime | None = None
    transaction_id: str = ""


def check(expires_at: datetime, now: datetime, evse: int | None, connector_type: str) -> None:
    """Raises Invalid."""
    if expires_at < now + SHORTEST:
        raise Invalid("a reservation ends at least a minute from now: give a later expires_at")
    if expires_at > now + LONGEST:
        raise Invalid(f"a reservation is for at most {LONGEST.days} days: give an earlier expires_at")
    if evse is not None and connector_type:
        raise Invalid("name an EVSE or a type of connector, not both")


def check_may_be_cancelled(reservation: Reservation) -> None:
    """Raises Conflict."""
    if not reservation.state.is_open:
        raise Conflict(f"reservation {reservation.id} is over: {reservation.state.value}")


def state_after_asking(answer: Answer) -> State:
    return State.ACTIVE if answer.accepted is Accepted.ACCEPTED else State.REFUSED


def state_after(end: ReservationEnd) -> State:
    return _ENDS[end]


_ENDS = {
    ReservationEnd.EXPIRED: State.EXPIRED,
    ReservationEnd.REMOVED: State.REMOVED,
    ReservationEnd.NO_TRANSACTION: State.NO_TRANSACTION,
}


def is_over(reservation: Reservation, now: datetime) -> bool:
    """Its time has passed. A station keeps no place longer, whether or not it tells us."""
    return reservation.state.is_open and reservation.expires_at <= now


def token_of(value: str, kind: str) -> IdToken:
    return IdToken(value, TokenKind(kind))
