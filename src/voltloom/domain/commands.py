"""What we ask stations to do, imperative. Each command has its own outcome type.

An outcome is what the station itself said. That it could not be asked (not connected, timed out, not in its
version, answered with an error) is raised: see `errors`.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from voltloom.domain.ids import JsonText, Place, TransactionId
from voltloom.domain.station import Attribute, Availability, Setting, SettingName
from voltloom.domain.token import IdToken

OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True, slots=True)
class Command(Generic[OutcomeT]):
    """Something we ask of a station, that it answers with an OutcomeT."""


class Accepted(Enum):
    """What a station's answer comes down to."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    """It will, when it can: after the transaction, after a reboot."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Answer:
    """accepted: what it comes down to. status: the station's own word. reason, detail: its explanation (2.x)."""

    accepted: Accepted
    status: str
    reason: str = ""
    detail: str = ""


# ---- transactions


@dataclass(frozen=True, slots=True)
class RequestStart(Command["StartAnswer"]):
    """Start a transaction for a token. place None: the station chooses.

    remote_start_id   ours, to recognise the transaction that comes of it (2.x only)
    """

    token: IdToken
    remote_start_id: int
    place: Place | None = None
    group: IdToken | None = None


@dataclass(frozen=True, slots=True)
class StartAnswer:
    answer: Answer
    transaction_id: TransactionId | None = None
    """Where one was already running, started by the cable (2.x)."""


@dataclass(frozen=True, slots=True)
class RequestStop(Command[Answer]):
    transaction_id: TransactionId


# ---- the station itself


class ResetKind(Enum):
    IMMEDIATE = "Immediate"
    """1.6: Hard."""
    ON_IDLE = "OnIdle"
    """1.6: Soft."""
    IMMEDIATE_AND_RESUME = "ImmediateAndResume"
    """2.1 only."""


@dataclass(frozen=True, slots=True)
class Reset(Command[Answer]):
    """evse None: the whole station (1.6 knows nothing else)."""

    kind: ResetKind
    evse: int | None = None


@dataclass(frozen=True, slots=True)
class Unlock(Command[Answer]):
    place: Place


@dataclass(frozen=True, slots=True)
class ChangeAvailability(Command[Answer]):
    """place None: the whole station."""

    availability: Availability
    place: Place | None = None


class Triggerable(Enum):
    """Messages a station can be asked to send now. A version that lacks one refuses with NotInThisVersion."""

    BOOT = "BootNotification"
    HEARTBEAT = "Heartbeat"
    STATUS = "StatusNotification"
    METER_VALUES = "MeterValues"
    TRANSACTION = "TransactionEvent"
    LOG_STATUS = "LogStatusNotification"
    FIRMWARE_STATUS = "FirmwareStatusNotification"
    DIAGNOSTICS_STATUS = "DiagnosticsStatusNotification"
    SIGN_STATION_CERTIFICATE = "SignChargingStationCertificate"
    SIGN_V2G_CERTIFICATE = "SignV2GCertificate"
    SIGN_V2G20_CERTIFICATE = "SignV2G20Certificate"
    SIGN_COMBINED_CERTIFICATE = "SignCombinedCertificate"
    PUBLISH_FIRMWARE_STATUS = "PublishFirmwareStatusNotification"
    CUSTOM = "CustomTrigger"


@dataclass(frozen=True, slots=True)
class Trigger(Command[Answer]):
    message: Triggerable
    place: Place | None = None
    custom: str = ""
    """2.1, with CUSTOM: the station's own name of the message."""


# ---- settings


class SettingStatus(Enum):
    ACCEPTED = "accepted"
    REBOOT_REQUIRED = "reboot_required"
    REJECTED = "rejected"
    READ_ONLY = "read_only"
    UNKNOWN = "unknown"
    """The station has no such component or variable."""
    UNSUPPORTED_ATTRIBUTE = "unsupported_attribute"


@dataclass(frozen=True, slots=True)
class SettingAnswer:
    name: SettingName
    status: SettingStatus
    said: str
    """The station's own word."""
    setting: Setting | None = None
    """What it is, where it was asked for and given."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GetSettings(Command[tuple[SettingAnswer, ...]]):
    """Read settings now. One answer a name, in the order asked. No names: all (1.6 only; 2.x: ReportSettings)."""

    names: tuple[tuple[SettingName, Attribute], ...] = ()


@dataclass(frozen=True, slots=True)
class NewValue:
    name: SettingName
    value: str
    attribute: Attribute = Attribute.ACTUAL


@dataclass(frozen=True, slots=True)
class ChangeSettings(Command[tuple[SettingAnswer, ...]]):
    """One answer a setting, in order: each stands or falls alone."""

    settings: tuple[NewValue, ...]


class ReportBase(Enum):
    CONFIGURATION = "ConfigurationInventory"
    FULL = "FullInventory"
    SUMMARY = "SummaryInventory"


@dataclass(frozen=True, slots=True)
class ReportSettings(Command[Answer]):
    """Ask for the base report: what it holds comes as `SettingsReported`. 1.6: GetConfiguration with no keys."""

    report_id: int
    base: ReportBase = ReportBase.FULL


# ---- anything


@dataclass(frozen=True, slots=True)
class DataAnswer:
    accepted: Accepted
    status: str
    data: str | None = None
    """Text (1.6), or JSON text (2.x)."""


@dataclass(frozen=True, slots=True)
class SendData(Command[DataAnswer]):
    vendor_id: str
    message_id: str = ""
    data: str | None = None
    """Text (1.6), or JSON text (2.x)."""


@dataclass(frozen=True, slots=True)
class RawCall(Command["RawAnswer"]):
    """Any action of the station's version, its payload as it will be sent. Checked against the schema first."""

    action: str
    payload: JsonText = field(default=JsonText("{}"))


@dataclass(frozen=True, slots=True)
class RawAnswer:
    payload: JsonText
    """The station's answer, as it came."""
