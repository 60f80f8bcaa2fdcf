"""What a station is, how it stands, and what else it has to say."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.ids import JsonText, Place
from voltloom.domain.reports.base import Noted, Report
from voltloom.domain.station import BootReason, ConnectorStatus, Hardware, Registration, Setting


@dataclass(frozen=True, slots=True)
class BootReply:
    """interval_s: between heartbeats when accepted, else how long to wait before booting again."""

    registration: Registration
    now: datetime
    interval_s: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BootReported(Report[BootReply]):
    hardware: Hardware
    reason: BootReason | None = None


@dataclass(frozen=True, slots=True)
class HeartbeatReply:
    now: datetime


@dataclass(frozen=True, slots=True)
class HeartbeatReported(Report[HeartbeatReply]):
    pass


@dataclass(frozen=True, slots=True)
class ConnectorStatusReported(Report[Noted]):
    """fault: what the station named as the error with it; "" for none (1.6 NoError)."""

    place: Place
    status: ConnectorStatus
    at: datetime | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class FaultReported(Report[Noted]):
    """A fault, or its end (`code` "" with `cleared`).

    code     the standard's error code (1.6 errorCode; 2.x component.variable)
    """

    place: Place
    at: datetime | None
    code: str
    vendor_id: str = ""
    vendor_code: str = ""
    text: str = ""
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class SettingsReported(Report[Noted]):
    """One part of a report of settings. Parts may come out of order; the last has `more` False.

    report_id    the number the report was asked with; None for one that comes unasked
    full         the report claims to be the whole inventory: what is not in it no longer exists
    unknown      names that were asked for and the station does not know
    """

    report_id: int | None
    part: int
    more: bool
    settings: tuple[Setting, ...]
    generated_at: datetime | None = None
    full: bool = False


@dataclass(frozen=True, slots=True)
class DataReply:
    status: str
    """Accepted, Rejected, UnknownMessageId or UnknownVendorId."""
    data: str | None = None


@dataclass(frozen=True, slots=True)
class DataReported(Report[DataReply]):
    """A vendor's own message. data: text as sent (1.6), or JSON text (2.x, where it may be any value)."""

    vendor_id: str
    message_id: str = ""
    data: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityReported(Report[Noted]):
    """A station's own security event, e.g. "TamperDetectionActivated". OCPP A04."""

    kind: str
    at: datetime | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Untranslated(Report[Noted]):
    """A valid message that no translator gives a meaning yet. Archived with the station's messages, answered
    with the empty result."""

    action: str
    payload: JsonText
