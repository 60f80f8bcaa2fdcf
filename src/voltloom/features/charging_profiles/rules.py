"""What becomes of a profile that was sent to a station. No I/O; the time is an argument."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.charging import (
    ChargingNeeds,
    ChargingProfile,
    EnergyTransfer,
    ProfileKind,
    Purpose,
    Rates,
    Schedule,
)
from voltloom.domain.commands import Accepted, Answer, ClearChargingProfiles, GetChargingProfiles
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.reports import DynamicUpdateReply, NeedsAnswer, NeedsReply
from voltloom.domain.station import SettingName

LARGEST_ID = 2**31 - 1
OURS = "CSO"
"""Who imposes a profile, where we do."""
MOST_REPORTED = 200
"""Profiles that we did not send, kept for a station."""
MOST_LIMITS = 50
REPORT_FOR = timedelta(hours=1)
"""How long after it was asked for a report may come."""
KEPT = timedelta(days=90)
"""How long what is over is kept."""
LOST = "lost at a restart"
"""What is said of a profile that a station did not keep over a restart."""
PERSISTENCE = {
    purpose: SettingName("SmartChargingCtrlr", "ChargingProfilePersistence", variable_instance=purpose.value)
    for purpose in (Purpose.TX, Purpose.EXTERNAL_CONSTRAINTS, Purpose.LOCAL_GENERATION)
}
"""Profiles of these purposes are there after a restart only where the station says so; those of all others always are
(the variable ChargingProfilePersistence of OCPP 2.1)."""


class State(Enum):
    ASKED = "asked"
    """The station was asked, and has not said (or was not heard to say) yes or no: it may hold."""
    INSTALLED = "installed"
    REFUSED = "refused"
    REPLACED = "replaced"
    CLEARED = "cleared"
    ENDED = "ended"
    """Its transaction, or its time, is over."""
    GONE = "gone"
    """The station no longer has it, although nobody cleared it."""

    @property
    def is_open(self) -> bool:
        return self in (State.ASKED, State.INSTALLED)


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile as it is kept here.

    profile         as sent, or as the station told where it is not ours; updates of a dynamic one are in it
    reported        as the station told of it last, where that was not what was sent
    source          who imposed it: CSO is us
    transaction_id  ours; a profile names what the station calls it
    said            the station's word when it was asked
    remote_start_id   the start that it went with, until the transaction that came of it is known
    """

    number: int
    station_id: StationId
    evse: int
    profile: ChargingProfile
    state: State
    source: str
    transaction_id: str
    said: str
    actor: str
    asked_at: datetime
    changed_at: datetime | None
    reported_at: datetime | None
    reported: ChargingProfile | None
    remote_start_id: int | None = None


def is_lost_at_boot(protocol: str, reason: str) -> bool:
    """Does a boot for that reason lose the profiles that are not persistent? 1.6 tells no reason: a station that only
    came back, or was asked for the message, sends it as well."""
    return protocol.startswith("ocpp2") and reason not in ("", "Triggered", "Unknown")


def state_after_asking(answer: Answer) -> State:
    return State.INSTALLED if answer.accepted is Accepted.ACCEPTED else State.REFUSED


def state_after_clearing(answer: Answer) -> State:
    """A station that says it had none has none."""
    return State.CLEARED if answer.accepted is Accepted.ACCEPTED else State.GONE


def matches(asked: ClearChargingProfiles | GetChargingProfiles, kept: Kept) -> bool:
    """Whether it is one of those that were asked for."""
    profile = kept.profile
    if isinstance(asked, ClearChargingProfiles):
        if asked.profile_id is not None:
            return profile.id == asked.profile_id
    else:
        if asked.profile_ids and profile.id not in asked.profile_ids:
            return False
        if asked.sources and kept.source not in asked.sources:
            return False
    return (
        asked.evse in (None, kept.evse)
        and asked.purpose in (None, profile.purpose)
        and asked.stack_level in (None, profile.stack_level)
    )


def takes_the_place_of(new: Kept, old: Kept) -> bool:
    """A station has one profile of an id, and one of a purpose and stack level at an EVSE (for a transaction)."""
    if new.profile.id == old.profile.id:
        return True
    return old.source == OURS and slot_of(new) == slot_of(old)


def slot_of(kept: Kept) -> tuple[int, Purpose, int, str]:
    return kept.evse, kept.profile.purpose, kept.profile.stack_level, kept.transaction_id


def is_as_sent(sent: ChargingProfile, told: ChargingProfile) -> bool:
    """Times are told by stations to the second, and rates to a tenth; updates move the rates of a dynamic one."""
    if sent.kind is ProfileKind.DYNAMIC and told.kind is ProfileKind.DYNAMIC:
        sent, told = _without_rates(sent), _without_rates(told)
    return _coarse(sent) == _coarse(told)


def _coarse(profile: ChargingProfile) -> ChargingProfile:
    return replace(
        profile,
        schedules=tuple(_coarse_schedule(each) for each in profile.schedules),
        valid_from=_to_the_second(profile.valid_from),
        valid_to=_to_the_second(profile.valid_to),
        updated_at=None,
    )


def _coarse_schedule(schedule: Schedule) -> Schedule:
    periods = tuple(
        replace(
            period,
            rates=_rounded(period.rates),
            phases=period.phases or 3,
            mode=period.mode if period.mode is None or period.mode.value != "ChargingOnly" else None,
        )
        for period in schedule.periods
    )
    return replace(schedule, periods=periods, starts_at=_to_the_second(schedule.starts_at))


def _rounded(rates: Rates) -> Rates:
    values = (getattr(rates, name) for name in Rates.__slots__)
    return Rates(*(None if value is None else int(value * 10 + 1e-6) / 10 for value in values))


def _to_the_second(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(microsecond=0)


def _without_rates(profile: ChargingProfile) -> ChargingProfile:
    schedules = tuple(
        replace(each, periods=tuple(replace(period, rates=Rates()) for period in each.periods))
        for each in profile.schedules
    )
    return replace(profile, schedules=schedules)


def with_rates(kept: Kept, rates: Rates, now: datetime) -> ChargingProfile:
    """A dynamic profile with what is new in them; what is not said stays. Raises Conflict, Invalid."""
    profile = kept.profile
    if not kept.state.is_open:
        raise Conflict(f"profile {profile.id} is over: {kept.state.value}")
    if profile.kind is not ProfileKind.DYNAMIC:
        raise Conflict(f"profile {profile.id} is {profile.kind.value}: only a dynamic one is updated; set it anew")
    said = {name: value for name in Rates.__slots__ if (value := getattr(rates, name)) is not None}
    if not said:
        raise Invalid("an update says at least one rate")
    schedules = tuple(
        replace(each, periods=tuple(replace(period, rates=replace(period.rates, **said)) for period in each.periods))
        for each in profile.schedules
    )
    return replace(profile, schedules=schedules, updated_at=now)


def rates_of(kept: Kept) -> DynamicUpdateReply:
    """What a station is answered that asks for the rates of a profile."""
    if kept.profile.kind is not ProfileKind.DYNAMIC:
        return DynamicUpdateReply(None, f"profile {kept.profile.id} is not dynamic")
    return DynamicUpdateReply(kept.profile.schedules[0].periods[0].rates)


def answer_needs(
    needs: ChargingNeeds, allowed: tuple[EnergyTransfer, ...], *, has_transaction: bool, has_profile: bool
) -> NeedsReply:
    """What a station is answered about what a vehicle needs.

    allowed       how energy may flow in the transaction; empty: nobody said
    has_profile   one for the transaction is there
    Refused is only what was not allowed: a station ends the transaction then (OCPP 2.1 Q01).
    """
    if allowed and needs.transfer not in allowed:
        return NeedsReply(NeedsAnswer.REJECTED, f"{needs.transfer.value} is not allowed in this transaction")
    if has_profile:
        return NeedsReply(NeedsAnswer.ACCEPTED)
    return NeedsReply(NeedsAnswer.NO_PROFILE, "" if has_transaction else "no transaction is known at this EVSE")
