"""The station itself: reset, locks, availability, messages to be sent now."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import Place
from voltloom.domain.station import Availability


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
