"""Who asks to charge."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.tariff import Tariff


class TokenKind(Enum):
    """The kinds of 2.0.1 and 2.1. OCPP 1.6 does not say: UNKNOWN."""

    UNKNOWN = ""
    CENTRAL = "Central"
    DIRECT_PAYMENT = "DirectPayment"
    EMAID = "eMAID"
    EVCCID = "EVCCID"
    ISO14443 = "ISO14443"
    ISO15693 = "ISO15693"
    KEY_CODE = "KeyCode"
    LOCAL = "Local"
    MAC_ADDRESS = "MacAddress"
    NO_AUTHORIZATION = "NoAuthorization"
    VIN = "VIN"


@dataclass(frozen=True, slots=True)
class IdToken:
    """An identification presented at a station. Compared without case: identifierString is case-insensitive.

    other_kind   the station's word where the kind is none of ours
    additional   (value, type) pairs, e.g. a PIN or a VIN beside an eMAID
    """

    value: str
    kind: TokenKind = TokenKind.UNKNOWN
    other_kind: str = ""
    additional: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """What two tokens that are the same have in common."""
        return self.value.upper()


class AuthorizationStatus(Enum):
    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT_TX = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Authorization:
    """May this token charge? What the station is told about it.

    expires_at   until when the station may remember it; None: no limit
    group        the group it belongs to: any member may end what another began
    """

    status: AuthorizationStatus
    expires_at: datetime | None = None
    group: IdToken | None = None
    language: str = ""
    message: str = ""
    """A text to show to the driver; 2.x only, ≤ 512 characters."""
    tariff: Tariff | None = None
    """What a station that reckons itself (2.1) is to reckon by for this token."""

    @property
    def accepted(self) -> bool:
        return self.status is AuthorizationStatus.ACCEPTED
