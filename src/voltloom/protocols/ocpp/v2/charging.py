"""Smart charging in 2.x: what we ask of profiles, and what stations tell of limits, needs and priority."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from voltloom.domain.charging import CompositeSchedule, RateUnit
from voltloom.domain.commands import (
    AllowEnergyTransfer,
    Answer,
    ClearChargingProfiles,
    Command,
    CompositeAnswer,
    GetChargingProfiles,
    GetCompositeSchedule,
    SendAfrrSignal,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import TransactionId
from voltloom.domain.reports import (
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DynamicUpdateAsked,
    DynamicUpdateReply,
    EvScheduleReported,
    NeedsAnswer,
    NeedsReply,
    PriorityChargingReported,
)
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.needs import read_needs
from voltloom.protocols.ocpp.v2.profiles import (
    read_periods,
    read_profile,
    read_schedule,
    widened,
    write_profile,
    write_update,
)
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Wire

_REASON: Final = "Unspecified"

# ---- what we ask


def set_profile(gate: Gate, command: SetChargingProfile) -> Conversation[Answer]:
    request = m.SetChargingProfileRequest(evse_id=command.evse, charging_profile=write_profile(gate, command.profile))
    answer = yield from gate.ask("SetChargingProfile", request, m.SetChargingProfileResponse)
    return answer_of(answer.status, answer.status_info)


def clear_profiles(gate: Gate, command: ClearChargingProfiles) -> Conversation[Answer]:
    criteria = m.ClearChargingProfile(
        evse_id=command.evse, charging_profile_purpose=_purpose(command), stack_level=command.stack_level
    )
    is_one = command.profile_id is not None
    request = m.ClearChargingProfileRequest(
        charging_profile_id=command.profile_id,
        charging_profile_criteria=None if is_one or criteria == m.ClearChargingProfile() else criteria,
    )
    answer = yield from gate.ask("ClearChargingProfile", request, m.ClearChargingProfileResponse)
    return answer_of(answer.status, answer.status_info)


def get_profiles(gate: Gate, command: GetChargingProfiles) -> Conversation[Answer]:
    if command.profile_ids and (command.purpose or command.stack_level is not None or command.sources):
        raise Invalid("profiles are asked for by their ids, or by purpose, stack level and source, not both")
    request = m.GetChargingProfilesRequest(
        request_id=command.request_id,
        evse_id=command.evse,
        charging_profile=m.ChargingProfileCriterion(
            charging_profile_id=list(command.profile_ids) or None,
            charging_profile_purpose=_purpose(command),
            stack_level=command.stack_level,
            charging_limit_source=list(command.sources) or None,
        ),
    )
    answer = yield from gate.ask("GetChargingProfiles", request, m.GetChargingProfilesResponse)
    return answer_of(answer.status, answer.status_info)


def _purpose(command: ClearChargingProfiles | GetChargingProfiles) -> m.ChargingProfilePurposeEnum | None:
    return None if command.purpose is None else m.ChargingProfilePurposeEnum(command.purpose.value)


def composite(gate: Gate, command: GetCompositeSchedule) -> Conversation[CompositeAnswer]:
    request = m.GetCompositeScheduleRequest(
        evse_id=command.evse,
        duration=command.duration_s,
        charging_rate_unit=None if command.unit is None else m.ChargingRateUnitEnum(command.unit.value),
    )
    answer = yield from gate.ask("GetCompositeSchedule", request, m.GetCompositeScheduleResponse)
    said = answer.schedule
    schedule = None
    if said is not None:
        schedule = CompositeSchedule(
            evse=said.evse_id,
            starts_at=read_time(said.schedule_start),
            duration_s=said.duration,
            unit=RateUnit(said.charging_rate_unit.value),
            periods=read_periods(said.charging_schedule_period),
        )
    return CompositeAnswer(answer_of(answer.status, answer.status_info), schedule)


def update_dynamic(gate: Gate, command: UpdateDynamicSchedule) -> Conversation[Answer]:
    request = m.UpdateDynamicScheduleRequest(
        charging_profile_id=command.profile_id, schedule_update=write_update(gate, command.rates)
    )
    answer = yield from gate.ask("UpdateDynamicSchedule", request, m.UpdateDynamicScheduleResponse)
    return answer_of(answer.status, answer.status_info)


def use_priority(gate: Gate, command: UsePriorityCharging) -> Conversation[Answer]:
    request = m.UsePriorityChargingRequest(transaction_id=command.transaction_id, activate=command.activate)
    answer = yield from gate.ask("UsePriorityCharging", request, m.UsePriorityChargingResponse)
    return answer_of(answer.status, answer.status_info)


def allow_transfer(gate: Gate, command: AllowEnergyTransfer) -> Conversation[Answer]:
    request = m.NotifyAllowedEnergyTransferRequest(
        transaction_id=command.transaction_id,
        allowed_energy_transfer=[m.EnergyTransferModeEnum(each.value) for each in command.transfers],
    )
    answer = yield from gate.ask("NotifyAllowedEnergyTransfer", request, m.NotifyAllowedEnergyTransferResponse)
    return answer_of(answer.status, answer.status_info)


def send_afrr(gate: Gate, command: SendAfrrSignal) -> Conversation[Answer]:
    request = m.AFRRSignalRequest(timestamp=write_time(command.at), signal=command.signal)
    answer = yield from gate.ask("AFRRSignal", request, m.AFRRSignalResponse)
    return answer_of(answer.status, answer.status_info)


# ---- what stations tell. Each reads either version


def profiles_reported(gate: Gate, message: Wire, heard_at: datetime) -> Read:
    said = widened(message, m.ReportChargingProfilesRequest)
    report = ChargingProfilesReported(
        whole_number(said.request_id, "requestId", least=-(2**31)),
        whole_number(said.evse_id, "evseId"),
        said.charging_limit_source,
        tuple(map(read_profile, said.charging_profile)),
        more=bool(said.tbc),
    )
    return Read((report,), _write_nothing)


def needs(gate: Gate, message: Wire, heard_at: datetime) -> Read:
    said = widened(message, m.NotifyEVChargingNeedsRequest)
    most = said.max_schedule_tuples
    report = ChargingNeedsReported(
        whole_number(said.evse_id, "evseId"),
        read_needs(said.charging_needs),
        None if said.timestamp is None else read_time(said.timestamp),
        None if most is None else whole_number(most, "maxScheduleTuples", least=-(2**31)),
    )
    return Read((report,), partial(_write_needs, gate))


def _write_needs(gate: Gate, reply: NeedsReply) -> bytes:
    """2.0.1 cannot say that no profile will come: it goes on by itself until one does."""
    unsaid = gate.version is Version.V201 and reply.answer is NeedsAnswer.NO_PROFILE
    answer = NeedsAnswer.PROCESSING if unsaid else reply.answer
    response = m.NotifyEVChargingNeedsResponse(
        status=m.NotifyEVChargingNeedsStatusEnum(answer.value), status_info=_info(gate, reply.reason)
    )
    return gate.write_result("NotifyEVChargingNeeds", response)


def ev_schedule(gate: Gate, message: Wire, heard_at: datetime) -> Read:
    """ "Returns whether the CSMS has been able to process the message", says the schema of the answer."""
    said = widened(message, m.NotifyEVChargingScheduleRequest)
    chosen = said.selected_charging_schedule_id
    report = EvScheduleReported(
        whole_number(said.evse_id, "evseId"),
        read_time(said.time_base),
        read_schedule(said.charging_schedule),
        None if chosen is None else whole_number(chosen, "selectedChargingScheduleId", least=-(2**31)),
        said.power_tolerance_acceptance,
    )
    processed = m.NotifyEVChargingScheduleResponse(status=m.GenericStatusEnum.ACCEPTED)
    return Read((report,), _always(gate.write_result("NotifyEVChargingSchedule", processed)))


def _always(result: bytes) -> Callable[[object], bytes]:
    return lambda reply: result


def limit(gate: Gate, message: Wire, heard_at: datetime) -> Read:
    said = widened(message, m.NotifyChargingLimitRequest)
    report = ChargingLimitReported(
        whole_number(said.evse_id or 0, "evseId"),
        said.charging_limit.charging_limit_source,
        bool(said.charging_limit.is_grid_critical),
        bool(said.charging_limit.is_local_generation),
        tuple(map(read_schedule, said.charging_schedule or ())),
    )
    return Read((report,), _write_nothing)


def limit_cleared(gate: Gate, message: Wire, heard_at: datetime) -> Read:
    said = widened(message, m.ClearedChargingLimitRequest)
    evse = said.evse_id
    report = ChargingLimitCleared(said.charging_limit_source, None if evse is None else whole_number(evse, "evseId"))
    return Read((report,), _write_nothing)


def priority(gate: Gate, message: m.NotifyPriorityChargingRequest, heard_at: datetime) -> Read:
    report = PriorityChargingReported(TransactionId(message.transaction_id), message.activated)
    return Read((report,), _write_nothing)


def update_asked(gate: Gate, message: m.PullDynamicScheduleUpdateRequest, heard_at: datetime) -> Read:
    number = whole_number(message.charging_profile_id, "chargingProfileId", least=-(2**31))
    return Read((DynamicUpdateAsked(number),), partial(_write_update, gate))


def _write_update(gate: Gate, reply: DynamicUpdateReply) -> bytes:
    if reply.rates is None:
        status, update = m.ChargingProfileStatusEnum.REJECTED, None
    else:
        status, update = m.ChargingProfileStatusEnum.ACCEPTED, write_update(gate, reply.rates)
    response = m.PullDynamicScheduleUpdateResponse(
        status=status, schedule_update=update, status_info=_info(gate, reply.reason)
    )
    return gate.write_result("PullDynamicScheduleUpdate", response)


def _info(gate: Gate, reason: str) -> m.StatusInfo | None:
    return m.StatusInfo(reason_code=_REASON, additional_info=reason[: gate.longest_info]) if reason else None


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "ClearedChargingLimit": limit_cleared,
    "NotifyChargingLimit": limit,
    "NotifyEVChargingNeeds": needs,
    "NotifyEVChargingSchedule": ev_schedule,
    "NotifyPriorityCharging": priority,
    "PullDynamicScheduleUpdate": update_asked,
    "ReportChargingProfiles": profiles_reported,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    AllowEnergyTransfer: allow_transfer,
    ClearChargingProfiles: clear_profiles,
    GetChargingProfiles: get_profiles,
    GetCompositeSchedule: composite,
    SendAfrrSignal: send_afrr,
    SetChargingProfile: set_profile,
    UpdateDynamicSchedule: update_dynamic,
    UsePriorityCharging: use_priority,
}
ONLY_IN_21: Final = frozenset({AllowEnergyTransfer, SendAfrrSignal, UpdateDynamicSchedule, UsePriorityCharging})
