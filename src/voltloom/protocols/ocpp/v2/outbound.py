"""What we ask of 2.x stations: written once, in the types of 2.1, and narrowed by the gate to what 2.0.1 can say."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import msgspec

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeAvailability,
    ChangeSettings,
    Command,
    DataAnswer,
    GetSettings,
    GetTransactionStatus,
    NewValue,
    ReportSettings,
    RequestStart,
    RequestStop,
    Reset,
    SendData,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
    TransactionStatus,
    Trigger,
    Triggerable,
    Unlock,
)
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.ids import JsonText, TransactionId
from voltloom.domain.station import Attribute, Setting, SettingName
from voltloom.protocols.ocpp.ask import in_portions
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.v2 import (
    battery,
    certificates,
    charging,
    customer,
    der,
    display,
    firmware,
    lists,
    logs,
    monitoring,
    provisioning,
    reservations,
    tariffs,
)
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import setting_name, write_token
from voltloom.protocols.ocpp.v2.naming import Identity, component_of, evse_of, identity_of, reason_of, variable_of
from voltloom.protocols.ocpp.v2.profiles import write_profile
from voltloom.protocols.ocpp.v2.said import MEANINGS, answer_of
from voltloom.protocols.ocpp.version import Version

ITEMS_A_CALL: Final = 20
"""`ItemsPerMessage` says what a station can bear; this many is well within what stations were seen to take."""


# ---- transactions


def request_start(gate: Gate, command: RequestStart) -> Conversation[StartAnswer]:
    """2.x starts at an EVSE; which of its connectors, the cable says."""
    if command.place is not None and command.place.evse < 1:
        raise Invalid("a transaction starts at an EVSE, and EVSE 0 is the station as a whole: leave it out instead")
    request = m.RequestStartTransactionRequest(
        id_token=write_token(command.token),
        remote_start_id=command.remote_start_id,
        evse_id=None if command.place is None else command.place.evse,
        group_id_token=None if command.group is None else write_token(command.group),
        charging_profile=None if command.profile is None else write_profile(gate, command.profile),
    )
    answer = yield from gate.ask("RequestStartTransaction", request, m.RequestStartTransactionResponse)
    running = None if answer.transaction_id is None else TransactionId(answer.transaction_id)
    return StartAnswer(answer_of(answer.status, answer.status_info), running)


def request_stop(gate: Gate, command: RequestStop) -> Conversation[Answer]:
    request = m.RequestStopTransactionRequest(transaction_id=command.transaction_id)
    answer = yield from gate.ask("RequestStopTransaction", request, m.RequestStopTransactionResponse)
    return answer_of(answer.status, answer.status_info)


def transaction_status(gate: Gate, command: GetTransactionStatus) -> Conversation[TransactionStatus]:
    request = m.GetTransactionStatusRequest(transaction_id=command.transaction_id)
    answer = yield from gate.ask("GetTransactionStatus", request, m.GetTransactionStatusResponse)
    return TransactionStatus(answer.messages_in_queue, answer.ongoing_indicator)


# ---- the station itself


def reset(gate: Gate, command: Reset) -> Conversation[Answer]:
    request = m.ResetRequest(type=m.ResetEnum(command.kind.value), evse_id=command.evse)
    answer = yield from gate.ask("Reset", request, m.ResetResponse)
    return answer_of(answer.status, answer.status_info)


def unlock(gate: Gate, command: Unlock) -> Conversation[Answer]:
    """A place that names no connector has one: the first."""
    if command.place.evse < 1:
        raise Invalid("this needs one connector, and EVSE 0 is the station as a whole")
    request = m.UnlockConnectorRequest(evse_id=command.place.evse, connector_id=command.place.connector or 1)
    answer = yield from gate.ask("UnlockConnector", request, m.UnlockConnectorResponse)
    return answer_of(answer.status, answer.status_info)


def change_availability(gate: Gate, command: ChangeAvailability) -> Conversation[Answer]:
    request = m.ChangeAvailabilityRequest(
        operational_status=m.OperationalStatusEnum(command.availability.value), evse=evse_of(command.place)
    )
    answer = yield from gate.ask("ChangeAvailability", request, m.ChangeAvailabilityResponse)
    return answer_of(answer.status, answer.status_info)


def trigger(gate: Gate, command: Trigger) -> Conversation[Answer]:
    word = _TRIGGERS.get(command.message.value)
    if word is None:
        raise NotInThisVersion(f"{gate.version} cannot ask for {command.message.value}: ask for LogStatusNotification")
    if (command.message is Triggerable.CUSTOM) != bool(command.custom):
        raise Invalid("a custom trigger has a name of its own, and no other has one")
    request = m.TriggerMessageRequest(
        requested_message=word, evse=evse_of(command.place), custom_trigger=command.custom or None
    )
    answer = yield from gate.ask("TriggerMessage", request, m.TriggerMessageResponse)
    return answer_of(answer.status, answer.status_info)


_TRIGGERS: Final = {word.value: word for word in m.MessageTriggerEnum}


# ---- settings


def get_settings(gate: Gate, command: GetSettings) -> Conversation[tuple[SettingAnswer, ...]]:
    if not command.names:
        raise NotInThisVersion(f"{gate.version} cannot read all settings in one answer: ask for the base report")
    results: list[m.GetVariableResult] = []
    requests = [
        gate.fit("GetVariables", m.GetVariablesRequest(get_variable_data=[_question(*asked) for asked in portion]))
        for portion in in_portions(command.names, _a_call(command))
    ]
    for request in requests:
        answer = yield from gate.ask("GetVariables", request, m.GetVariablesResponse)
        results.extend(answer.get_variable_result)
    found = {_identity(result): result for result in results}
    return tuple(_readanswer_of(name, attribute, found) for name, attribute in command.names)


def change_settings(gate: Gate, command: ChangeSettings) -> Conversation[tuple[SettingAnswer, ...]]:
    """A call that is answered with an error refuses the settings in it, and does not end the others."""
    answers: dict[NewValue, SettingAnswer] = {}
    for new in command.settings:
        if len(new.value) > gate.longest_value:
            reason = f"{gate.version} carries values of at most {gate.longest_value} characters, not {len(new.value)}"
            answers[new] = SettingAnswer(new.name, SettingStatus.REJECTED, "", reason=reason)
    portions = list(in_portions([new for new in command.settings if new not in answers], _a_call(command)))
    requests = [
        gate.fit("SetVariables", m.SetVariablesRequest(set_variable_data=[_change(new) for new in portion]))
        for portion in portions
    ]
    for portion, request in zip(portions, requests, strict=True):
        try:
            answer = yield from gate.ask("SetVariables", request, m.SetVariablesResponse)
        except StationError as error:
            answers |= {
                new: SettingAnswer(new.name, SettingStatus.REJECTED, error.code, reason=error.reason) for new in portion
            }
            continue
        found = {_identity(result): result for result in answer.set_variable_result}
        answers |= {new: _changeanswer_of(new, found) for new in portion}
    return tuple(answers[new] for new in command.settings)


def _a_call(command: GetSettings | ChangeSettings) -> int:
    """OCPP 2.0.1 B06.FR.05, and as much of B05."""
    return min(ITEMS_A_CALL, command.most_a_call or ITEMS_A_CALL)


def report_settings(gate: Gate, command: ReportSettings) -> Conversation[Answer]:
    request = m.GetBaseReportRequest(request_id=command.report_id, report_base=m.ReportBaseEnum(command.base.value))
    answer = yield from gate.ask("GetBaseReport", request, m.GetBaseReportResponse)
    return answer_of(answer.status, answer.status_info)


_SETTING_STATUSES: Final = {
    "Accepted": SettingStatus.ACCEPTED,
    "RebootRequired": SettingStatus.REBOOT_REQUIRED,
    "Rejected": SettingStatus.REJECTED,
    "UnknownComponent": SettingStatus.UNKNOWN,
    "UnknownVariable": SettingStatus.UNKNOWN,
    "NotSupportedAttributeType": SettingStatus.UNSUPPORTED_ATTRIBUTE,
}


def _identity(result: m.GetVariableResult | m.SetVariableResult) -> Identity:
    attribute = Attribute.ACTUAL.value if result.attribute_type is None else result.attribute_type.value
    return identity_of(setting_name(result.component, result.variable), attribute)


def _readanswer_of(
    name: SettingName, attribute: Attribute, found: Mapping[Identity, m.GetVariableResult]
) -> SettingAnswer:
    result = found.get(identity_of(name, attribute.value))
    if result is None:
        return _left_out(name)
    status = _SETTING_STATUSES[result.attribute_status]
    return SettingAnswer(
        name,
        status,
        result.attribute_status.value,
        Setting(name, result.attribute_value, attribute) if status is SettingStatus.ACCEPTED else None,
        reason_of(result.attribute_status_info),
    )


def _changeanswer_of(new: NewValue, found: Mapping[Identity, m.SetVariableResult]) -> SettingAnswer:
    result = found.get(identity_of(new.name, new.attribute.value))
    if result is None:
        return _left_out(new.name)
    return SettingAnswer(
        new.name,
        _SETTING_STATUSES[result.attribute_status],
        result.attribute_status.value,
        reason=reason_of(result.attribute_status_info),
    )


def _left_out(name: SettingName) -> SettingAnswer:
    return SettingAnswer(name, SettingStatus.REJECTED, "", reason="the station's answer left it out")


def _question(name: SettingName, attribute: Attribute) -> m.GetVariableData:
    return m.GetVariableData(
        component=component_of(name), variable=variable_of(name), attribute_type=_attribute_type(attribute)
    )


def _change(new: NewValue) -> m.SetVariableData:
    return m.SetVariableData(
        component=component_of(new.name),
        variable=variable_of(new.name),
        attribute_value=new.value,
        attribute_type=_attribute_type(new.attribute),
    )


def _attribute_type(attribute: Attribute) -> m.AttributeEnum | None:
    """Left out where it is what it is when left out: some stations know no other."""
    return None if attribute is Attribute.ACTUAL else m.AttributeEnum(attribute.value)


# ---- anything


def send_data(gate: Gate, command: SendData) -> Conversation[DataAnswer]:
    try:
        data: object = None if command.data is None else msgspec.json.decode(command.data)
    except msgspec.DecodeError as error:
        raise Invalid(f"{gate.version} carries data as JSON, and this is none: {error}") from None
    request = m.DataTransferRequest(vendor_id=command.vendor_id, message_id=command.message_id or None, data=data)
    answer = yield from gate.ask("DataTransfer", request, m.DataTransferResponse)
    said = None if answer.data is None else JsonText(msgspec.json.encode(answer.data).decode())
    return DataAnswer(MEANINGS.get(answer.status, Accepted.REJECTED), answer.status.value, said)


_SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ChangeAvailability: change_availability,
    ChangeSettings: change_settings,
    GetSettings: get_settings,
    GetTransactionStatus: transaction_status,
    ReportSettings: report_settings,
    RequestStart: request_start,
    RequestStop: request_stop,
    Reset: reset,
    SendData: send_data,
    Trigger: trigger,
    Unlock: unlock,
    **display.SPEAKERS,
    **firmware.SPEAKERS,
    **logs.SPEAKERS,
    **certificates.SPEAKERS,
    **battery.SPEAKERS,
    **charging.SPEAKERS,
    **der.SPEAKERS,
    **customer.SPEAKERS,
    **monitoring.SPEAKERS,
    **provisioning.SPEAKERS,
    **lists.SPEAKERS,
    **reservations.SPEAKERS,
    **tariffs.SPEAKERS,
}


_ONLY_IN_21: Final = battery.SPEAKERS.keys() | charging.ONLY_IN_21 | der.SPEAKERS.keys()


def speakers(gate: Gate) -> dict[type[Command[Any]], Callable[[Any], Conversation[Any]]]:
    if gate.version is Version.V21:
        known = {**_SPEAKERS, **tariffs.SPEAKERS_21}
    else:
        known = {command: speak for command, speak in _SPEAKERS.items() if command not in _ONLY_IN_21}
    return {command: partial(speak, gate) for command, speak in known.items()}
