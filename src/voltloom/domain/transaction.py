"""The words for what happens between plugging in and leaving."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Phase(Enum):
    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


class ChargingState(Enum):
    EV_CONNECTED = "EVConnected"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    IDLE = "Idle"


@dataclass(frozen=True, slots=True)
class TransactionLimit:
    """When a transaction is to pause or end (2.1); None where nothing is said. max_cost: with taxes."""

    max_cost: Decimal | None = None
    max_energy_wh: float | None = None
    max_time_s: int | None = None
    max_soc_percent: int | None = None


class StopReason(Enum):
    """Why a transaction ended: the words of 1.6 and 2.x, and ours (last two) for ends no station reported."""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_DISCONNECTED = "EVDisconnected"
    GROUND_FAULT = "GroundFault"
    HARD_RESET = "HardReset"
    IMMEDIATE_RESET = "ImmediateReset"
    LOCAL = "Local"
    LOCAL_OUT_OF_CREDIT = "LocalOutOfCredit"
    MASTER_PASS = "MasterPass"  # noqa: S105 – a word of the standard
    OTHER = "Other"
    OVERCURRENT_FAULT = "OvercurrentFault"
    POWER_LOSS = "PowerLoss"
    POWER_QUALITY = "PowerQuality"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    REQ_ENERGY_TRANSFER_REJECTED = "ReqEnergyTransferRejected"
    SOC_LIMIT_REACHED = "SOCLimitReached"
    SOFT_RESET = "SoftReset"
    STOPPED_BY_EV = "StoppedByEV"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TIMEOUT = "Timeout"
    UNLOCK_COMMAND = "UnlockCommand"
    LOST = "Lost"
    """The station never said that it ended: it began another, rebooted without it, or denies knowing it."""
    CLOSED_BY_OPERATOR = "ClosedByOperator"
