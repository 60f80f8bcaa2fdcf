"""What is decided about certificates of stations and their requests for them. Pure; the time is an argument."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from voltloom.domain.certificate import SigningUse
from voltloom.domain.commands import Accepted, Answer
from voltloom.domain.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotInThisVersion,
    StationError,
    Unreachable,
    VoltloomError,
)
from voltloom.domain.ids import StationId

MOST_A_DAY: Final = 12
"""Requests of one station in 24 hours: a renewal takes one, a station that was repaired a few."""
GIVEN_UP_AFTER: Final = timedelta(days=7)
LEASE: Final = timedelta(minutes=3)
"""How long one delivery may take before another may begin."""
SHORTEST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
WHILE_AWAY: Final = timedelta(seconds=10)
"""A look whether a station is back costs next to nothing."""
MOST_ERRORS: Final = 5
"""Attempts after which a station that answers with errors is not asked again."""
ASK_AGAIN_AFTER: Final = timedelta(days=1)
"""Between two triggers of one renewal."""


class RequestState(Enum):
    WAITING = "waiting"
    """To be signed, or to be delivered."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The station did not take what it had asked for."""
    SUPERSEDED = "superseded"
    """The station has asked anew, before it answered."""
    FAILED = "failed"
    """It was not signed, or the station cannot be given it."""
    EXPIRED = "expired"
    """The station did not answer within a week."""


@dataclass(frozen=True, slots=True)
class Request:
    """A station's request for a certificate.

    use           None: it did not say
    number        its own, to be given back (2.1)
    attempts      to deliver it
    next_at       when it is tried again; meaningless once it is over
    chain, fingerprint   once it is signed
    reason        why it is as it is, or why the last attempt came to nothing
    """

    id: str
    station_id: StationId
    use: SigningUse | None
    number: int | None
    csr: str
    csr_hash: str
    asked_at: datetime
    next_at: datetime
    state: RequestState = RequestState.WAITING
    attempts: int = 0
    chain: str = ""
    fingerprint: str = ""
    reason: str = ""
    changed_at: datetime | None = None

    @property
    def means(self) -> SigningUse:
        """What it is signed for: one that says nothing is for the connection to us."""
        return self.use or SigningUse.STATION


def hash_of_request(csr: str) -> str:
    """Of what it says, however its lines are broken."""
    return hashlib.sha256("".join(csr.split()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt. state WAITING: it is tried again at next_at."""

    state: RequestState
    reason: str
    next_at: datetime


def after_answer(answer: Answer, now: datetime) -> Outcome:
    if answer.accepted is Accepted.REJECTED:
        told = ": ".join(filter(None, (answer.status, answer.reason, answer.detail)))
        return Outcome(RequestState.REFUSED, f"the station says {told}", now)
    return Outcome(RequestState.ACCEPTED, "", now)


def after_error(request: Request, error: VoltloomError, now: datetime) -> Outcome:
    """What never will be otherwise ends it; else it is tried again, later and later."""
    again = now + pause_after(request.attempts)
    match error:
        case Unreachable() | Conflict():
            return Outcome(RequestState.WAITING, error.reason, again)
        case StationError() if error.code in ("NotImplemented", "NotSupported", "UnknownVendorId", "UnknownMessageId"):
            return Outcome(RequestState.FAILED, error.reason, now)
        case StationError() if request.attempts < MOST_ERRORS:
            return Outcome(RequestState.WAITING, error.reason, again)
        case StationError() | NotInThisVersion() | Invalid() | NotFound():
            return Outcome(RequestState.FAILED, error.reason, now)
        case _:
            return Outcome(RequestState.WAITING, error.reason, again)


def after_no_signature(request: Request, reason: str, again: bool, now: datetime) -> Outcome:
    if again:
        return Outcome(RequestState.WAITING, reason, now + pause_after(request.attempts))
    return Outcome(RequestState.FAILED, reason, now)


def pause_after(attempts: int) -> timedelta:
    """Ten seconds, twenty, forty … up to an hour."""
    return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(attempts, 10))


def is_given_up(request: Request, now: datetime) -> bool:
    return now - request.asked_at > GIVEN_UP_AFTER


# ---- certificates that were issued


class Outcomes(Enum):
    """What became of a certificate when it was made."""

    ISSUED = "issued"
    """Handed to an operator."""
    OFFERED = "offered"
    """Sent to the station that asked, which has not answered yet."""
    ACCEPTED = "accepted"
    REFUSED = "refused"


class CertificateStanding(Enum):
    OFFERED = "offered"
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REFUSED = "refused"
    REVOKED = "revoked"


def standing_of(
    outcome: Outcomes,
    not_after: datetime,
    revoked_at: datetime | None,
    is_replaced: bool,
    now: datetime,
    renew_before: timedelta,
) -> CertificateStanding:
    """The one word that says most: what keeps it from being used comes first."""
    if revoked_at is not None:
        return CertificateStanding.REVOKED
    if not_after <= now:
        return CertificateStanding.EXPIRED
    if outcome is Outcomes.REFUSED:
        return CertificateStanding.REFUSED
    if is_replaced:
        return CertificateStanding.REPLACED
    if outcome is Outcomes.OFFERED:
        return CertificateStanding.OFFERED
    return CertificateStanding.EXPIRING if not_after <= now + renew_before else CertificateStanding.VALID
