"""What stations tell of profiles, limits of others, and what vehicles need. 2.x only."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.charging import ChargingNeeds, ChargingProfile, Rates, Schedule
from voltloom.domain.ids import TransactionId
from voltloom.domain.reports.base import Noted, Report


@dataclass(frozen=True, slots=True)
class ChargingProfilesReported(Report[Noted]):
    """Profiles that a station has, in one or more parts. source: who imposed them, e.g. CSO (us), EMS, SO."""

    request_id: int
    evse: int
    source: str
    profiles: tuple[ChargingProfile, ...]
    more: bool


class NeedsAnswer(Enum):
    ACCEPTED = "Accepted"
    """Understood, and a profile for it is there or follows."""
    PROCESSING = "Processing"
    """Understood; the station goes on by itself until a profile comes."""
    NO_PROFILE = "NoChargingProfile"
    """Understood, and no profile will come: the station goes by its default."""
    REJECTED = "Rejected"
    """The vehicle may not charge as it asks: the station ends the transaction (OCPP 2.1 Q01)."""


@dataclass(frozen=True, slots=True)
class NeedsReply:
    answer: NeedsAnswer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChargingNeedsReported(Report[NeedsReply]):
    """What a vehicle needs. most_periods: that it can take in a schedule; None: it did not say."""

    evse: int
    needs: ChargingNeeds
    at: datetime | None = None
    most_periods: int | None = None


@dataclass(frozen=True, slots=True)
class EvScheduleReported(Report[Noted]):
    """How a vehicle will charge, by its own reckoning, in W from `at` on.

    chosen     the number, from 0, of the schedule of the profile it goes by
    tolerates  whether it keeps to the tolerance of that
    """

    evse: int
    at: datetime | None
    schedule: Schedule
    chosen: int | None = None
    tolerates: bool | None = None


@dataclass(frozen=True, slots=True)
class ChargingLimitReported(Report[Noted]):
    """Somebody else limits the station. evse 0: as a whole. schedules: where the station tells them."""

    evse: int
    source: str
    grid_critical: bool = False
    local_generation: bool = False
    schedules: tuple[Schedule, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargingLimitCleared(Report[Noted]):
    """They no longer do. evse None: wherever it was."""

    source: str
    evse: int | None = None


@dataclass(frozen=True, slots=True)
class PriorityChargingReported(Report[Noted]):
    transaction_id: TransactionId
    active: bool


@dataclass(frozen=True, slots=True)
class DynamicUpdateReply:
    """rates None: there are none, for this reason."""

    rates: Rates | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DynamicUpdateAsked(Report[DynamicUpdateReply]):
    """A station asks for the rates of a dynamic profile."""

    profile_id: int
