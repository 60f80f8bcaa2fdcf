"""Whether a token may charge. Pure; the time is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind

STALE_USE = timedelta(days=3)
"""A use this old is a transaction that was forgotten somewhere: it must not keep its driver from charging."""
GUESSES = 20
"""Unknown tokens a station may present at once; then one a second (control C23)."""
QUIET = timedelta(minutes=10)
"""A station that goes on guessing is told of again only after it was quiet for so long."""

_ALIKE = (
    frozenset({TokenKind.ISO14443, TokenKind.ISO15693}),
    frozenset({TokenKind.EVCCID, TokenKind.MAC_ADDRESS}),
)
"""Kinds that stations mistake for each other."""


class TokenState(Enum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    NO_CREDIT = "no_credit"
    """A prepaid one that is used up. It may still end what it began."""
    INVALID = "invalid"
    """It is known, and not to be taken: a copy, a test card, one that was never handed out."""


@dataclass(frozen=True, slots=True)
class Token:
    """value      as it is shown; tokens are told apart by its upper case
    allowed    how many transactions it may have open at once; None: any number
    valid_until   exclusive
    """

    value: str
    kind: TokenKind = TokenKind.UNKNOWN
    group_id: str | None = None
    state: TokenState = TokenState.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    holder: str = ""
    note: str = ""
    language: str = ""
    allowed: int | None = 1

    @property
    def key(self) -> str:
        return self.value.upper()


@dataclass(frozen=True, slots=True)
class Group:
    """Any member may end what another began; a member of a master group may end everything."""

    id: str
    name: str = ""
    blocked: bool = False
    master: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A transaction that a token has open."""

    station_id: StationId
    transaction_id: TransactionId
    since: datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """What is left on a prepaid token. micro: in millionths of the currency; below 0 where a transaction cost more."""

    micro: int
    currency: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.micro).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Known:
    """All that decides about a token. credit: None: it is not prepaid."""

    token: Token
    group: Group | None = None
    uses: tuple[Use, ...] = ()
    credit: Credit | None = None


def same_kind(presented: TokenKind, known: TokenKind) -> bool:
    """A card's number typed on a keypad is not the card."""
    if presented is known or TokenKind.UNKNOWN in (presented, known):
        return True
    return any(presented in kinds and known in kinds for kinds in _ALIKE)


def decide(
    presented: IdToken,
    known: Known | None,
    now: datetime,
    station_id: StationId,
    starting: TransactionId | None = None,
) -> Authorization:
    """May it charge at this station?

    starting   the transaction it is to begin; None where a station only asks. A driver may ask in order to end what is
               running, so an open transaction at the same station is then no obstacle.
    """
    if presented.kind is TokenKind.NO_AUTHORIZATION:
        # The station lets anybody charge, and says so in place of a token.
        return Authorization(AuthorizationStatus.ACCEPTED)
    if known is None or not same_kind(presented.kind, known.token.kind):
        if presented.kind is TokenKind.DIRECT_PAYMENT:
            # Paid for at the station's own terminal: what it names is the payment, which nobody here could know.
            return Authorization(AuthorizationStatus.ACCEPTED)
        return Authorization(AuthorizationStatus.UNKNOWN)
    token = known.token
    status = standing(token, known.group, now, known.credit)
    # What is left on a prepaid one is the limit of the transaction it pays for: a second could spend it once more.
    allowed = token.allowed if known.credit is None else 1
    if status is AuthorizationStatus.ACCEPTED and allowed is not None:
        elsewhere = sum(
            now - use.since < STALE_USE
            and (use.station_id != station_id or (starting is not None and use.transaction_id != starting))
            for use in known.uses
        )
        if elsewhere >= allowed:
            status = AuthorizationStatus.CONCURRENT_TX
    return Authorization(
        status,
        # What is left changes: no station is to remember a prepaid token (OCPP 2.1 C17).
        expires_at=token.valid_until if known.credit is None else now,
        group=IdToken(known.group.id, TokenKind.CENTRAL) if known.group else None,
        language=token.language,
    )


def standing(token: Token, group: Group | None, now: datetime, credit: Credit | None = None) -> AuthorizationStatus:
    """What it would be answered now, whatever it has running."""
    if token.state is TokenState.BLOCKED or (group is not None and group.blocked):
        return AuthorizationStatus.BLOCKED
    if token.state is TokenState.INVALID:
        return AuthorizationStatus.INVALID
    if token.valid_until is not None and now >= token.valid_until:
        return AuthorizationStatus.EXPIRED
    if token.valid_from is not None and now < token.valid_from:
        return AuthorizationStatus.NOT_AT_THIS_TIME
    if token.state is TokenState.NO_CREDIT or (credit is not None and credit.micro <= 0):
        return AuthorizationStatus.NO_CREDIT
    return AuthorizationStatus.ACCEPTED


def may_stop(starter: str, starter_group: str | None, stopper: IdToken, known: Known | None) -> bool:
    """May `stopper` end what the token `starter` (upper case) of that group began? OCPP 1.6 calls the group the parent.

    Its own token always may, whatever became of it since: it is how a driver gets the car back.
    """
    if stopper.kind is TokenKind.NO_AUTHORIZATION or stopper.key == starter:
        return True
    if known is None or known.group is None or known.group.blocked:
        return False
    if known.token.state in (TokenState.BLOCKED, TokenState.INVALID):
        return False
    return known.group.master or (starter_group is not None and known.group.id.upper() == starter_group.upper())


def stopping(starter: str, starter_group: str | None, stopper: IdToken, known: Known | None) -> Authorization:
    """What a station is told of a token that ends a transaction: with its group, where it has one (OCPP 2.0.1
    E01.FR.12)."""
    group = IdToken(known.group.id, TokenKind.CENTRAL) if known is not None and known.group is not None else None
    if may_stop(starter, starter_group, stopper, known):
        return Authorization(AuthorizationStatus.ACCEPTED, group=group)
    return Authorization(AuthorizationStatus.INVALID, group=group)


@dataclass(slots=True)
class Guesses:
    """How many unknown tokens a station has presented: a bucket that refills by one a second."""

    left: float = GUESSES
    since: datetime | None = None
    told_at: datetime | None = None

    def wait_s(self, now: datetime) -> float:
        """How long the next look must wait."""
        self._refill(now)
        return 0.0 if self.left >= 1 else 1 - self.left

    def spend(self, now: datetime) -> None:
        self._refill(now)
        self.left -= 1

    def is_news(self, now: datetime) -> bool:
        """Is this the first time in a while that it has to wait? Asking keeps the silence going."""
        news = self.told_at is None or now - self.told_at >= QUIET
        self.told_at = now
        return news

    def _refill(self, now: datetime) -> None:
        if self.since is not None:
            self.left = min(GUESSES, self.left + max(0.0, (now - self.since).total_seconds()))
        self.since = now if self.since is None else max(now, self.since)


def open_uses(uses: Iterable[Use], now: datetime) -> tuple[Use, ...]:
    """Those that count, oldest first."""
    return tuple(sorted((use for use in uses if now - use.since < STALE_USE), key=lambda use: use.since))
