"""Charging profiles, and what else says how much may flow."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.charging import ChargingProfile, CompositeSchedule, EnergyTransfer, Purpose, Rates, RateUnit
from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import TransactionId


@dataclass(frozen=True, slots=True)
class SetChargingProfile(Command[Answer]):
    """Install a profile. evse 0: the station as a whole, or each of its EVSEs (a default)."""

    evse: int
    profile: ChargingProfile


@dataclass(frozen=True, slots=True)
class ClearChargingProfiles(Command[Answer]):
    """Remove the one with this id, or all that fit the rest; nothing said: all."""

    profile_id: int | None = None
    evse: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None


@dataclass(frozen=True, slots=True)
class GetChargingProfiles(Command[Answer]):
    """Have those that fit reported: they come as `ChargingProfilesReported`. 2.x only. Nothing said: all.

    sources   who imposed them: CSO (that is us), EMS, SO, Other
    """

    request_id: int
    evse: int | None = None
    profile_ids: tuple[int, ...] = ()
    purpose: Purpose | None = None
    stack_level: int | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompositeAnswer:
    answer: Answer
    schedule: CompositeSchedule | None = None


@dataclass(frozen=True, slots=True)
class GetCompositeSchedule(Command[CompositeAnswer]):
    """What all profiles together come to. evse 0: what the station as a whole expects to draw."""

    evse: int
    duration_s: int
    unit: RateUnit | None = None


@dataclass(frozen=True, slots=True)
class UpdateDynamicSchedule(Command[Answer]):
    """New rates for a dynamic profile. 2.1 only."""

    profile_id: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class UsePriorityCharging(Command[Answer]):
    """Charge one transaction by its priority profile, or no longer. 2.1 only."""

    transaction_id: TransactionId
    activate: bool


@dataclass(frozen=True, slots=True)
class AllowEnergyTransfer(Command[Answer]):
    """How energy may flow in a transaction from now on. 2.1 only."""

    transaction_id: TransactionId
    transfers: tuple[EnergyTransfer, ...]


@dataclass(frozen=True, slots=True)
class SendAfrrSignal(Command[Answer]):
    """Automatic frequency restoration: the signal by which periods with a signal curve find their power. 2.1 only."""

    signal: int
    at: datetime
