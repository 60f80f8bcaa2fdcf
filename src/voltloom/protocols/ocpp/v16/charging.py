"""Smart charging in 1.6: one schedule a profile, limits in tenths, connectors for EVSEs.

A station tells nothing of its profiles by itself, and cannot be asked for them: what it was sent is all that is known.
"""

from collections.abc import Callable, Mapping
from math import floor
from typing import Any, Final

from voltloom.domain.charging import (
    ChargingProfile,
    CompositeSchedule,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Schedule,
)
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ClearChargingProfiles,
    Command,
    CompositeAnswer,
    GetCompositeSchedule,
    SetChargingProfile,
)
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.quirks import NONE, Quirks
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.version import Version

_PURPOSES: Final = {
    Purpose.STATION_MAX: m.ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE,
    Purpose.TX_DEFAULT: m.ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
    Purpose.TX: m.ChargingProfilePurposeType.TX_PROFILE,
}
_KINDS: Final = {
    ProfileKind.ABSOLUTE: m.ChargingProfileKindType.ABSOLUTE,
    ProfileKind.RECURRING: m.ChargingProfileKindType.RECURRING,
    ProfileKind.RELATIVE: m.ChargingProfileKindType.RELATIVE,
}


def set_profile(command: SetChargingProfile, quirks: Quirks = NONE) -> Conversation[Answer]:
    request = m.SetChargingProfileRequest(
        connector_id=_connector(command.evse, quirks), cs_charging_profiles=write_profile(command.profile)
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "SetChargingProfile", request, m.SetChargingProfileResponse)
    return _answer(answer.status.value)


def clear_profiles(command: ClearChargingProfiles, quirks: Quirks = NONE) -> Conversation[Answer]:
    if command.profile_id is not None:
        request = m.ClearChargingProfileRequest(id=command.profile_id)
    else:
        request = m.ClearChargingProfileRequest(
            connector_id=None if command.evse is None else _connector(command.evse, quirks),
            charging_profile_purpose=None if command.purpose is None else _purpose(command.purpose),
            stack_level=command.stack_level,
        )
    builtins_of(request)
    answer = yield from ask(Version.V16, "ClearChargingProfile", request, m.ClearChargingProfileResponse)
    return _answer(answer.status.value)


def composite(command: GetCompositeSchedule) -> Conversation[CompositeAnswer]:
    request = m.GetCompositeScheduleRequest(
        connector_id=command.evse,
        duration=command.duration_s,
        charging_rate_unit=None if command.unit is None else m.ChargingRateUnitType(command.unit.value),
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "GetCompositeSchedule", request, m.GetCompositeScheduleResponse)
    said = answer.charging_schedule
    schedule = None
    if said is not None:
        starts = answer.schedule_start or said.start_schedule
        schedule = CompositeSchedule(
            evse=command.evse if answer.connector_id is None else answer.connector_id,
            starts_at=None if starts is None else read_time(starts),
            duration_s=command.duration_s if said.duration is None else said.duration,
            unit=RateUnit(said.charging_rate_unit.value),
            periods=tuple(
                Period(each.start_period, Rates(each.limit), each.number_phases)
                for each in said.charging_schedule_period
            ),
        )
    return CompositeAnswer(_answer(answer.status.value), schedule)


def write_profile(profile: ChargingProfile) -> m.ChargingProfile:
    """Raises NotInThisVersion, Invalid."""
    kind = _KINDS.get(profile.kind)
    if kind is None:
        raise NotInThisVersion(f"OCPP 1.6 has no profiles of kind {profile.kind.value}")
    if len(profile.schedules) != 1:
        raise NotInThisVersion("a profile of OCPP 1.6 has one schedule")
    if profile.max_offline_s is not None or profile.stays_invalid:
        raise NotInThisVersion("OCPP 1.6 cannot say how long a profile holds offline: give valid_to")
    return m.ChargingProfile(
        charging_profile_id=profile.id,
        transaction_id=None if profile.transaction_id is None else _number(profile.transaction_id),
        stack_level=profile.stack_level,
        charging_profile_purpose=_purpose(profile.purpose),
        charging_profile_kind=kind,
        recurrency_kind=None if profile.recurrence is None else m.RecurrencyKindType(profile.recurrence.value),
        valid_from=None if profile.valid_from is None else write_time(profile.valid_from),
        valid_to=None if profile.valid_to is None else write_time(profile.valid_to),
        charging_schedule=_schedule(profile.schedules[0]),
    )


def _schedule(schedule: Schedule) -> m.ChargingSchedule:
    if schedule.local_time or schedule.random_delay_s or schedule.limit_at_soc is not None:
        raise NotInThisVersion("OCPP 1.6 knows no local time, random delay or limit at a state of charge")
    return m.ChargingSchedule(
        duration=schedule.duration_s,
        start_schedule=None if schedule.starts_at is None else write_time(schedule.starts_at),
        charging_rate_unit=m.ChargingRateUnitType(schedule.unit.value),
        charging_schedule_period=[_period(each) for each in schedule.periods],
        min_charging_rate=None if schedule.min_rate is None else _tenths(schedule.min_rate),
    )


def _period(period: Period) -> m.ChargingSchedulePeriod:
    """A period says one limit and the number of phases; whatever else it says, 1.6 cannot."""
    limit = period.rates.limit
    if limit is None or period != Period(period.start_s, Rates(limit), period.phases):
        raise NotInThisVersion("a period of OCPP 1.6 says a limit and the number of phases, and nothing else")
    return m.ChargingSchedulePeriod(start_period=period.start_s, limit=_tenths(limit), number_phases=period.phases)


def _tenths(limit: float) -> float:
    """Never above what it was."""
    return floor(limit * 10 + 1e-6) / 10


def _purpose(purpose: Purpose) -> m.ChargingProfilePurposeType:
    word = _PURPOSES.get(purpose)
    if word is None:
        raise NotInThisVersion(f"OCPP 1.6 has no profiles for {purpose.value}")
    return word


def _connector(evse: int, quirks: Quirks) -> int:
    """Of a make that heeds profiles for one connector only, the station and its outlet are the same to it."""
    return quirks.profile_connector if quirks.profile_connector is not None and evse in (0, 1) else evse


def _number(transaction_id: str) -> int:
    try:
        return int(transaction_id)
    except ValueError:
        raise Invalid(f"transaction ids of OCPP 1.6 are integers, and {transaction_id!r} is none") from None


def _answer(status: str) -> Answer:
    return Answer(Accepted.ACCEPTED if status == "Accepted" else Accepted.REJECTED, status)


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    ClearChargingProfiles: clear_profiles,
    GetCompositeSchedule: composite,
    SetChargingProfile: set_profile,
}
PARTICULAR: Final[Mapping[type[Command[Any]], Callable[[Any, Quirks], Conversation[Any]]]] = {
    ClearChargingProfiles: clear_profiles,
    SetChargingProfile: set_profile,
}
"""Said otherwise to stations of some makes."""
