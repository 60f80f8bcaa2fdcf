"""What a station shows to drivers."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.ids import Place, TransactionId


class MessagePriority(Enum):
    ALWAYS_FRONT = "AlwaysFront"
    """Alone, whatever else there is to show."""
    IN_FRONT = "InFront"
    NORMAL_CYCLE = "NormalCycle"


class MessageState(Enum):
    """What the station does while the message is shown."""

    CHARGING = "Charging"
    FAULTED = "Faulted"
    IDLE = "Idle"
    UNAVAILABLE = "Unavailable"
    SUSPENDED = "Suspended"
    """2.1"""
    DISCHARGING = "Discharging"
    """2.1"""


class MessageFormat(Enum):
    ASCII = "ASCII"
    HTML = "HTML"
    URI = "URI"
    UTF8 = "UTF8"
    QR_CODE = "QRCODE"
    """2.1"""


@dataclass(frozen=True, slots=True)
class Content:
    """language: a tag of RFC 5646; "" where it is the station's own."""

    text: str
    format: MessageFormat = MessageFormat.UTF8
    language: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """Which display of a station, where it has several: the component's name."""

    component: str
    instance: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class DisplayMessage:
    """number           unique at its station
    contents         the first, and the same in other languages (2.1)
    state            only while the station does that; None: always
    transaction_id   gone when that is over
    """

    number: int
    priority: MessagePriority
    contents: tuple[Content, ...]
    state: MessageState | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    transaction_id: TransactionId | None = None
    screen: Screen | None = None
