"""What stations tell us, past tense. Each report has exactly one feature that answers it, with its own reply type.

Times are what the station claims, aware and in UTC; None where it did not say or it cannot be read. When we heard
it is the handler's `now`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from voltloom.domain.ids import JsonText, Place, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.station import BootReason, ConnectorStatus, Hardware, Registration, Setting
from voltloom.domain.token import Authorization, IdToken
from voltloom.domain.transaction import ChargingState, Phase, StopReason

ReplyT = TypeVar("ReplyT")


class Report(Generic[ReplyT]):
    """Something a station told us, that is answered with a ReplyT.

    Nobody changes one. Those that come with each meter value are not `frozen` all the same: freezing is most of what
    it costs to make one of many fields.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """The answer to what needs none."""


NOTED = Noted()


# ---- provisioning


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


# ---- charging


@dataclass(frozen=True, slots=True)
class AuthorizationReported(Report[Authorization]):
    """A token was presented, and the station asks whether it may charge."""

    token: IdToken
    places: tuple[Place, ...] = ()
    """The EVSEs it is meant for, where the station says (2.1)."""


@dataclass(slots=True)
class TransactionReply:
    """authorization: None when the report carried no token. transaction_id: ours, for a 1.6 start."""

    transaction_id: TransactionId
    authorization: Authorization | None = None


@dataclass(slots=True)
class TransactionReported(Report[TransactionReply]):
    """A transaction started, went on or ended. Comes late, doubled and out of order; `offline` says it was queued.

    transaction_id    None only for a 1.6 start: we give it one
    sequence          rises by one with each 2.x report of a transaction; None in 1.6
    trigger           the standard's trigger reason, e.g. "ChargingStateChanged"; "" in 1.6
    meter_start_wh, meter_stop_wh   the register at start and stop, where given apart from samples (1.6)
    token             who began (STARTED) or ended (ENDED) it, where said
    """

    phase: Phase
    transaction_id: TransactionId | None
    at: datetime | None
    place: Place | None = None
    sequence: int | None = None
    trigger: str = ""
    token: IdToken | None = None
    meter_start_wh: float | None = None
    meter_stop_wh: float | None = None
    samples: tuple[Sample, ...] = ()
    charging_state: ChargingState | None = None
    stop_reason: StopReason | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    phases_used: int | None = None
    cable_max_a: float | None = None


@dataclass(slots=True)
class SamplesReported(Report[Noted]):
    """Meter values that came apart from a transaction's reports: 1.6 MeterValues (which may name one), or 2.x
    MeterValues outside transactions."""

    place: Place
    samples: tuple[Sample, ...]
    transaction_id: TransactionId | None = None


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


# ---- the link itself: told by the gateway, in the same order and the same unit of work as what the station says


@dataclass(frozen=True, slots=True)
class LinkOpened(Report[Noted]):
    """The station is connected and has proven who it is.

    address    of the peer, without the port
    protocol   the subprotocol, e.g. "ocpp2.0.1": to be shown, never to decide by
    """

    at: datetime
    address: str
    protocol: str
    security_profile: int
    node: str


@dataclass(frozen=True, slots=True)
class LinkClosed(Report[Noted]):
    """reason: a short phrase for people. replaced: the same station has connected anew; nothing is offline."""

    at: datetime
    reason: str
    node: str
    replaced: bool = False
