"""What 2.0.1 and 2.1 stations say, lifted to the domain.

Each version is read as its own types, so that its own schema is what is checked; a reader takes either, and the type
checker sees to it that it uses what both have.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from voltloom.domain.ids import WHOLE_STATION, JsonText, Place, TransactionId
from voltloom.domain.reports import (
    AuthorizationReported,
    BootReply,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    HeartbeatReply,
    HeartbeatReported,
    SamplesReported,
    SecurityReported,
    SettingsReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.domain.station import (
    Attribute,
    BootReason,
    ConnectorStatus,
    Hardware,
    Mutability,
    Setting,
    SettingName,
)
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, Phase, StopReason
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Read, whole_number
from voltloom.protocols.ocpp.metering import samples_2
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.tariffs import read_cost, read_limit, written_limit, written_tariff
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import write

# Words are StrEnums, so one table serves both versions.
_BOOT_REASONS: Final = {reason.value: reason for reason in BootReason}
_STATUSES: Final = {status.value: status for status in ConnectorStatus}
_PHASES: Final = {phase.value: phase for phase in Phase}
_CHARGING_STATES: Final = {state.value: state for state in ChargingState}
_STOP_REASONS: Final = {reason.value: reason for reason in StopReason}
_TRIGGERS: Final = {trigger: trigger.value for trigger in m.TriggerReasonEnum}
_ATTRIBUTES: Final = {attribute.value: attribute for attribute in Attribute}
_MUTABILITIES: Final = {mutability.value: mutability for mutability in Mutability}
_TOKEN_KINDS: Final = {kind.value.casefold(): kind for kind in TokenKind if kind.value}
_AUTHORIZATION_STATUSES: Final = {status: m.AuthorizationStatusEnum(status.value) for status in AuthorizationStatus}
_DATA_STATUSES: Final = {status.value: status for status in m.DataTransferStatusEnum}

REASON_CODE: Final = "Unspecified"
NOT_HERE: Final = m.StatusInfo(reason_code="UnsupportedRequest")


# ---- provisioning


def boot(gate: Gate, message: m.BootNotificationRequest | m201.BootNotificationRequest, heard_at: datetime) -> Read:
    station = message.charging_station
    hardware = Hardware(
        vendor=station.vendor_name,
        model=station.model,
        serial=station.serial_number or "",
        firmware=station.firmware_version or "",
        iccid=(station.modem.iccid if station.modem else None) or "",
        imsi=(station.modem.imsi if station.modem else None) or "",
    )
    return Read((BootReported(hardware, _BOOT_REASONS[message.reason]),), partial(write_boot, gate))


def write_boot(gate: Gate, reply: BootReply) -> bytes:
    return write(
        m.BootNotificationResponse(
            current_time=write_time(reply.now),
            interval=reply.interval_s,
            status=m.RegistrationStatusEnum(reply.registration.value),
            status_info=m.StatusInfo(reason_code=REASON_CODE, additional_info=reply.reason[: gate.longest_info])
            if reply.reason
            else None,
        )
    )


def heartbeat(gate: Gate, message: m.HeartbeatRequest | m201.HeartbeatRequest, heard_at: datetime) -> Read:
    return _HEARTBEAT


def write_heartbeat(reply: HeartbeatReply) -> bytes:
    return write(m.HeartbeatResponse(current_time=write_time(reply.now)))


_HEARTBEAT: Final = Read((HeartbeatReported(),), write_heartbeat)


def status(
    gate: Gate, message: m.StatusNotificationRequest | m201.StatusNotificationRequest, heard_at: datetime
) -> Read:
    place = _place(message.evse_id, message.connector_id)
    report = ConnectorStatusReported(place, _STATUSES[message.connector_status], read_time(message.timestamp))
    return Read((report,), write_nothing)


def settings(gate: Gate, message: m.NotifyReportRequest | m201.NotifyReportRequest, heard_at: datetime) -> Read:
    """That a report is the whole inventory shows only in the request it answers: `full` stays False."""
    report = SettingsReported(
        whole_number(message.request_id, "requestId", least=-(2**31)),
        whole_number(message.seq_no, "seqNo"),
        more=bool(message.tbc),
        settings=tuple(setting for entry in message.report_data or () for setting in settings_of(entry)),
        generated_at=read_time(message.generated_at),
    )
    return Read((report,), write_nothing)


def settings_of(entry: m.ReportData | m201.ReportData) -> list[Setting]:
    name = setting_name(entry.component, entry.variable)
    traits = entry.variable_characteristics
    return [
        Setting(
            name,
            attribute.value,
            Attribute.ACTUAL if attribute.type is None else _ATTRIBUTES[attribute.type],
            Mutability.READ_WRITE if attribute.mutability is None else _MUTABILITIES[attribute.mutability],
            data_type=traits.data_type.value if traits else "",
            unit=(traits.unit if traits else None) or "",
            values_list=(traits.values_list if traits else None) or "",
            min_limit=traits.min_limit if traits else None,
            max_limit=traits.max_limit if traits else None,
        )
        for attribute in entry.variable_attribute
    ]


def setting_name(component: m.Component | m201.Component, variable: m.Variable | m201.Variable) -> SettingName:
    return SettingName(
        component.name,
        variable.name,
        component.instance or "",
        variable.instance or "",
        None if component.evse is None else _place(component.evse.id, component.evse.connector_id),
    )


def security(
    gate: Gate, message: m.SecurityEventNotificationRequest | m201.SecurityEventNotificationRequest, heard_at: datetime
) -> Read:
    report = SecurityReported(message.type, read_time(message.timestamp), message.tech_info or "")
    return Read((report,), write_nothing)


def data(gate: Gate, message: m.DataTransferRequest | m201.DataTransferRequest, heard_at: datetime) -> Read:
    text = None if message.data is None else _as_json(message.data)
    return Read((DataReported(message.vendor_id, message.message_id or "", text),), write_data)


def write_data(reply: DataReply) -> bytes:
    return write(m.DataTransferResponse(status=_DATA_STATUSES[reply.status], data=read_data(reply.data)))


def read_data(text: str | None) -> object:
    """The JSON value; what is no JSON goes as a string."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


# ---- charging


def authorize(gate: Gate, message: m.AuthorizeRequest | m201.AuthorizeRequest, heard_at: datetime) -> Read:
    return Read((AuthorizationReported(read_token(message.id_token)),), partial(write_authorization, gate))


def write_authorization(gate: Gate, reply: Authorization) -> bytes:
    tariff = None if reply.tariff is None or gate.version is not Version.V21 else written_tariff(reply.tariff)
    return write(m.AuthorizeResponse(id_token_info=id_token_info(gate, reply), tariff=tariff))


def transaction(
    gate: Gate, message: m.TransactionEventRequest | m201.TransactionEventRequest, heard_at: datetime
) -> Read:
    """A reason to stop may be left out only when it is Local, says the schema of TransactionEvent."""
    info = message.transaction_info
    at = read_time(message.timestamp)
    phase = _PHASES[message.event_type]
    reason = info.stopped_reason
    report = TransactionReported(
        phase,
        TransactionId(info.transaction_id),
        at,
        None if message.evse is None else _place(message.evse.id, message.evse.connector_id),
        whole_number(message.seq_no, "seqNo"),
        _TRIGGERS[message.trigger_reason],  # pyright: ignore[reportArgumentType] - a StrEnum is its word in either version
        None if message.id_token is None else read_token(message.id_token),
        None,
        None,
        samples_2(message.meter_value, at or heard_at) if message.meter_value else (),
        None if info.charging_state is None else _CHARGING_STATES[info.charging_state],
        _STOP_REASONS[reason] if reason is not None else StopReason.LOCAL if phase is Phase.ENDED else None,
        _optional(info.remote_start_id, "remoteStartId"),
        _optional(message.reservation_id, "reservationId"),
        bool(message.offline),
        _optional(message.number_of_phases_used, "numberOfPhasesUsed"),
        None
        if message.cable_max_current is None
        else float(whole_number(message.cable_max_current, "cableMaxCurrent")),
    )
    if type(message) is m.TransactionEventRequest:
        if message.cost_details is not None:
            report.cost = read_cost(message.cost_details)
        if message.transaction_info.transaction_limit is not None:
            report.limit = read_limit(message.transaction_info.transaction_limit)
    return Read((report,), partial(write_transaction, gate))


def write_transaction(gate: Gate, reply: TransactionReply) -> bytes:
    """That nothing is to be paid is told as such: to leave the cost out would not say it."""
    authorization, cost = reply.authorization, reply.total_cost
    limit = reply.limit if gate.version is Version.V21 else None
    if authorization is None and cost is None and limit is None:
        return EMPTY_RESULT
    return write(
        m.TransactionEventResponse(
            total_cost=None if cost is None else float(cost),
            id_token_info=None if authorization is None else id_token_info(gate, authorization),
            updated_personal_message=_text(gate, reply.message) if reply.message else None,
            transaction_limit=None if limit is None else written_limit(limit),
        )
    )


def _text(gate: Gate, text: str, language: str = "") -> m.MessageContent:
    return m.MessageContent(
        format=m.MessageFormatEnum.UTF8, language=language[:8] or None, content=text[: gate.longest_info]
    )


def meter_values(gate: Gate, message: m.MeterValuesRequest | m201.MeterValuesRequest, heard_at: datetime) -> Read:
    report = SamplesReported(_place(message.evse_id, None), samples_2(message.meter_value, heard_at))
    return Read((report,), write_nothing)


# ---- parts


def write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


def read_token(token: m.IdToken | m201.IdToken) -> IdToken:
    word = str(token.type)
    kind = _TOKEN_KINDS.get(word.casefold(), TokenKind.UNKNOWN)
    return IdToken(
        token.id_token,
        kind,
        "" if kind is not TokenKind.UNKNOWN else word,
        tuple((more.additional_id_token, more.type) for more in token.additional_info or ()),
    )


def write_token(token: IdToken) -> m.IdToken:
    """A token whose kind nobody said is one that we made: Central."""
    return m.IdToken(
        id_token=token.value,
        type=token.kind.value or token.other_kind or TokenKind.CENTRAL.value,
        additional_info=[m.AdditionalInfo(additional_id_token=value, type=kind) for value, kind in token.additional]
        or None,
    )


def id_token_info(gate: Gate, authorization: Authorization) -> m.IdTokenInfo:
    message = authorization.message
    return m.IdTokenInfo(
        status=_AUTHORIZATION_STATUSES[authorization.status],
        cache_expiry_date_time=None if authorization.expires_at is None else write_time(authorization.expires_at),
        group_id_token=None if authorization.group is None else _group(gate, authorization.group),
        language1=authorization.language[:8] or None,
        personal_message=_text(gate, message, authorization.language) if message else None,
    )


def _group(gate: Gate, group: IdToken) -> m.IdToken:
    """A group is compared, and no more: it is cut to what the version can hold, and has a kind that it knows."""
    token = write_token(group)
    if gate.token_types is not None and token.type not in gate.token_types:
        token.type = TokenKind.CENTRAL.value
    token.id_token = token.id_token[: gate.longest_token]
    token.type = token.type[:20]
    token.additional_info = None
    return token


def _place(evse: int, connector: int | None) -> Place:
    """Connector 0 of an EVSE is the EVSE; EVSE 0 is the station."""
    if evse == 0:
        return WHOLE_STATION
    return Place(whole_number(evse, "evse"), whole_number(connector, "connectorId") if connector else None)


def _optional(value: int | None, field: str) -> int | None:
    return None if value is None else whole_number(value, field, least=-(2**31))


def _as_json(value: object) -> JsonText:
    return JsonText(msgspec.json.encode(value).decode())


_READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "Authorize": authorize,
    "BootNotification": boot,
    "DataTransfer": data,
    "Heartbeat": heartbeat,
    "MeterValues": meter_values,
    "NotifyReport": settings,
    "SecurityEventNotification": security,
    "StatusNotification": status,
    "TransactionEvent": transaction,
}


Reader: TypeAlias = Callable[[Gate, Any, datetime], Read]


def readers(gate: Gate, others: Mapping[str, Reader]) -> dict[str, Callable[[Any, datetime], Read]]:
    """With those of blocks that have a file of their own."""
    known = {**_READERS, **others}
    return {action: partial(reader, gate) for action, reader in known.items() if action in gate.actions}
