"""What a station is, and the states it and its connectors can be in."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from voltloom.domain.ids import Place


class SecurityProfile(IntEnum):
    """How a station proves who it is. OCPP 2.0.1 A00, OCPP 1.6 security whitepaper."""

    OPEN = 0
    """No credentials: only for a station that was explicitly allowed."""
    PASSWORD = 1
    PASSWORD_OVER_TLS = 2
    CERTIFICATE = 3


class Registration(Enum):
    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class BootReason(Enum):
    """Why a station booted; 1.6 does not say."""

    APPLICATION_RESET = "ApplicationReset"
    FIRMWARE_UPDATE = "FirmwareUpdate"
    LOCAL_RESET = "LocalReset"
    POWER_UP = "PowerUp"
    REMOTE_RESET = "RemoteReset"
    SCHEDULED_RESET = "ScheduledReset"
    TRIGGERED = "Triggered"
    UNKNOWN = "Unknown"
    WATCHDOG = "Watchdog"


class ConnectorStatus(Enum):
    """All states of 1.6 and 2.x. A 2.x station says OCCUPIED; its transaction tells the rest."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class Availability(Enum):
    OPERATIVE = "Operative"
    INOPERATIVE = "Inoperative"


@dataclass(frozen=True, slots=True)
class Hardware:
    """Who made a station and what runs in it, as it says itself. Texts are untrusted; empty where not said."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector as last heard of."""

    place: Place
    status: ConnectorStatus
    since: datetime
    fault: str = ""
    """The error the station named with the status; "" when none."""


@dataclass(frozen=True, slots=True)
class SettingName:
    """A component and variable of the 2.x device model. A 1.6 configuration key with no counterpart there
    is component `OCPP16`, variable = the key as the station spells it."""

    component: str
    variable: str
    component_instance: str = ""
    variable_instance: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        component = self.component + (f"[{self.component_instance}]" if self.component_instance else "")
        variable = self.variable + (f"[{self.variable_instance}]" if self.variable_instance else "")
        where = (
            ""
            if self.place is None
            else f"@{self.place.evse}" + (f".{self.place.connector}" if self.place.connector else "")
        )
        return f"{component}{where}.{variable}"


class Attribute(Enum):
    ACTUAL = "Actual"
    TARGET = "Target"
    MIN_SET = "MinSet"
    MAX_SET = "MaxSet"


class Mutability(Enum):
    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


@dataclass(frozen=True, slots=True)
class Setting:
    """One attribute of a setting, as a station reported it.

    value        None where the station keeps it to itself (write-only) or has none
    unit, data_type, values_list, min_limit, max_limit   its characteristics, where reported
    constant / persistent as in 2.x; None where not said
    """

    name: SettingName
    value: str | None
    attribute: Attribute = Attribute.ACTUAL
    mutability: Mutability = Mutability.READ_WRITE
    data_type: str = ""
    unit: str = ""
    values_list: str = ""
    min_limit: float | None = None
    max_limit: float | None = None
