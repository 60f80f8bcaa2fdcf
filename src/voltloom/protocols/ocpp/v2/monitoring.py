"""Monitors, events and streams in 2.x."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from voltloom.domain.commands import (
    Accepted,
    AdjustStream,
    Answer,
    ClearMonitors,
    Command,
    MonitorAnswer,
    NewMonitor,
    ReadStreams,
    ReportMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from voltloom.domain.errors import StationError
from voltloom.domain.ids import WHOLE_STATION
from voltloom.domain.monitoring import Monitor, MonitorKind, Pace, StationEvent, Stream, StreamValue
from voltloom.domain.reports import (
    EventsReported,
    FaultReported,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReply,
    StreamReported,
)
from voltloom.protocols.ocpp.ask import in_portions
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import setting_name
from voltloom.protocols.ocpp.v2.naming import Identity, component_of, identity_of, parts_of, reason_of, variable_of
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.wire import write

MONITORS_A_CALL: Final = 10
"""`MonitoringCtrlr.ItemsPerMessage` says what a station can bear (OCPP 2.0.1 N04.FR.09, N06.FR.04); this is little."""

# ---- what is asked


def set_monitors(gate: Gate, command: SetMonitors) -> Conversation[tuple[MonitorAnswer, ...]]:
    """A call that is answered with an error refuses the monitors in it, and does not end the others."""
    answers: list[MonitorAnswer] = []
    portions = list(in_portions(command.monitors, MONITORS_A_CALL))
    requests = [
        gate.fit("SetVariableMonitoring", m.SetVariableMonitoringRequest(set_monitoring_data=[*map(_wanted, portion)]))
        for portion in portions
    ]
    for portion, request in zip(portions, requests, strict=True):
        try:
            answer = yield from gate.ask("SetVariableMonitoring", request, m.SetVariableMonitoringResponse)
        except StationError as error:
            answers += [MonitorAnswer(Accepted.REJECTED, error.code, reason=error.reason)] * len(portion)
            continue
        said: dict[Identity, list[m.SetMonitoringResult]] = {}
        for result in answer.set_monitoring_result:
            name = setting_name(result.component, result.variable)
            said.setdefault(identity_of(name, result.type.value, result.severity), []).append(result)
        answers += [_answer(said.get(identity_of(new.name, new.kind.value, new.severity), [])) for new in portion]
    return tuple(answers)


def _wanted(new: NewMonitor) -> m.SetMonitoringData:
    return m.SetMonitoringData(
        id=new.id,
        periodic_event_stream=None if new.stream is None else _params(new.stream),
        transaction=new.in_transaction or None,
        value=new.value,
        type=m.MonitorEnum(new.kind.value),
        severity=new.severity,
        component=component_of(new.name),
        variable=variable_of(new.name),
    )


def _answer(said: list[m.SetMonitoringResult]) -> MonitorAnswer:
    """The first of those that are left: a station answers as often as it was asked (N04.FR.01)."""
    if not said:
        return MonitorAnswer(Accepted.REJECTED, "", reason="the station's answer left it out")
    result = said.pop(0)
    return MonitorAnswer(
        Accepted.ACCEPTED if result.status is m.SetMonitoringStatusEnum.ACCEPTED else Accepted.REJECTED,
        result.status.value,
        result.id,
        reason_of(result.status_info),
    )


def clear_monitors(gate: Gate, command: ClearMonitors) -> Conversation[tuple[MonitorAnswer, ...]]:
    found: dict[int, MonitorAnswer] = {}
    for portion in in_portions(command.ids, MONITORS_A_CALL):
        request = m.ClearVariableMonitoringRequest(id=list(portion))
        answer = yield from gate.ask("ClearVariableMonitoring", request, m.ClearVariableMonitoringResponse)
        for result in answer.clear_monitoring_result:
            accepted = result.status is m.ClearMonitoringStatusEnum.ACCEPTED
            found[result.id] = MonitorAnswer(
                Accepted.ACCEPTED if accepted else Accepted.REJECTED,
                result.status.value,
                result.id,
                reason_of(result.status_info),
            )
    missing = "the station's answer left it out"
    return tuple(found.get(id_) or MonitorAnswer(Accepted.REJECTED, "", id_, missing) for id_ in command.ids)


def set_base(gate: Gate, command: SetMonitoringBase) -> Conversation[Answer]:
    request = m.SetMonitoringBaseRequest(monitoring_base=m.MonitoringBaseEnum(command.base.value))
    answer = yield from gate.ask("SetMonitoringBase", request, m.SetMonitoringBaseResponse)
    return answer_of(answer.status, answer.status_info)


def set_level(gate: Gate, command: SetMonitoringLevel) -> Conversation[Answer]:
    request = m.SetMonitoringLevelRequest(severity=command.severity)
    answer = yield from gate.ask("SetMonitoringLevel", request, m.SetMonitoringLevelResponse)
    return answer_of(answer.status, answer.status_info)


def report_monitors(gate: Gate, command: ReportMonitors) -> Conversation[Answer]:
    request = m.GetMonitoringReportRequest(
        request_id=command.report_id,
        monitoring_criteria=[m.MonitoringCriterionEnum(each.value) for each in command.criteria] or None,
        component_variable=parts_of(command.parts),
    )
    answer = yield from gate.ask("GetMonitoringReport", request, m.GetMonitoringReportResponse)
    return answer_of(answer.status, answer.status_info)


def read_streams(gate: Gate, command: ReadStreams) -> Conversation[tuple[Stream, ...]]:
    answer = yield from gate.ask(
        "GetPeriodicEventStream", m.GetPeriodicEventStreamRequest(), m.GetPeriodicEventStreamResponse
    )
    return tuple(map(_stream, answer.constant_stream_data or ()))


def adjust_stream(gate: Gate, command: AdjustStream) -> Conversation[Answer]:
    request = m.AdjustPeriodicEventStreamRequest(id=command.stream_id, params=_params(command.pace))
    answer = yield from gate.ask("AdjustPeriodicEventStream", request, m.AdjustPeriodicEventStreamResponse)
    return answer_of(answer.status, answer.status_info)


def _params(pace: Pace) -> m.PeriodicEventStreamParams:
    return m.PeriodicEventStreamParams(interval=pace.interval_s, values=pace.values)


def _stream(said: m.ConstantStreamData) -> Stream:
    return Stream(said.id, said.variable_monitoring_id, Pace(said.params.interval, said.params.values))


# ---- what is said


def monitors(
    gate: Gate, message: m.NotifyMonitoringReportRequest | m201.NotifyMonitoringReportRequest, heard_at: datetime
) -> Read:
    report = MonitorsReported(
        whole_number(message.request_id, "requestId", least=-(2**31)),
        whole_number(message.seq_no, "seqNo"),
        more=bool(message.tbc),
        monitors=tuple(each for entry in message.monitor or () for each in _monitors(entry)),
    )
    return Read((report,), _write_nothing)


def _monitors(entry: m.MonitoringData | m201.MonitoringData) -> list[Monitor]:
    name = setting_name(entry.component, entry.variable)
    return [
        Monitor(
            whole_number(said.id, "id", least=-(2**31)),
            name,
            MonitorKind(said.type.value),
            said.value,
            whole_number(said.severity, "severity", least=-(2**31)),
            said.transaction,
            _origin(said),
        )
        for said in entry.variable_monitoring
    ]


def _origin(said: m.VariableMonitoring | m201.VariableMonitoring) -> str:
    """2.1 requires it; stations leave it out all the same."""
    if isinstance(said, m201.VariableMonitoring) or said.event_notification_type is None:
        return ""
    return said.event_notification_type.value


_FAULT_VARIABLES: Final = frozenset({"problem", "tripped", "overload"})


def events(gate: Gate, message: m.NotifyEventRequest | m201.NotifyEventRequest, heard_at: datetime) -> Read:
    """What alerts, and what is about a variable that is true while something is wrong, is also a fault or its end."""
    faults = tuple(_fault(event) for event in message.event_data if _is_about_a_fault(event))
    return Read((EventsReported(tuple(map(_event, message.event_data))), *faults), _write_nothing)


def _event(event: m.EventData | m201.EventData) -> StationEvent:
    severity = event.severity if isinstance(event, m.EventData) else None
    monitor = event.variable_monitoring_id
    return StationEvent(
        _id(event.event_id, "eventId"),
        read_time(event.timestamp),
        event.trigger.value,
        setting_name(event.component, event.variable),
        event.actual_value,
        severity if severity is None else whole_number(severity, "severity"),
        event.cause if event.cause is None else _id(event.cause, "cause"),
        bool(event.cleared),
        event.tech_code or "",
        event.tech_info or "",
        event.transaction_id or "",
        monitor if monitor is None else _id(monitor, "variableMonitoringId"),
        event.event_notification_type.value,
    )


def _id(number: int, field: str) -> int:
    """Counters of stations outgrow 32 bits, and that does no harm."""
    return whole_number(number, field, least=-(2**63), most=2**63 - 1)


def _is_about_a_fault(event: m.EventData | m201.EventData) -> bool:
    return event.trigger == "Alerting" or event.variable.name.casefold() in _FAULT_VARIABLES


def _fault(event: m.EventData | m201.EventData) -> FaultReported:
    name = setting_name(event.component, event.variable)
    is_flag = event.variable.name.casefold() in _FAULT_VARIABLES
    return FaultReported(
        name.place or WHOLE_STATION,
        read_time(event.timestamp),
        f"{name.component}.{name.variable}",
        vendor_code=event.tech_code or "",
        text=event.tech_info or event.actual_value,
        cleared=bool(event.cleared) or (is_flag and event.actual_value.strip().casefold() in {"false", "0"}),
    )


def stream_opened(gate: Gate, message: m.OpenPeriodicEventStreamRequest, heard_at: datetime) -> Read:
    said = message.constant_stream_data
    for number, field in ((said.id, "id"), (said.variable_monitoring_id, "variableMonitoringId")):
        whole_number(number, field)
    for number in (said.params.interval, said.params.values):
        whole_number(number or 0, "params")
    return Read((StreamOpened(_stream(said)),), partial(_write_opened, gate))


def _write_opened(gate: Gate, reply: StreamReply) -> bytes:
    info = m.StatusInfo(reason_code="Unspecified", additional_info=reply.reason[: gate.longest_info])
    return write(
        m.OpenPeriodicEventStreamResponse(
            status=m.GenericStatusEnum.ACCEPTED if reply.accepted else m.GenericStatusEnum.REJECTED,
            status_info=info if reply.reason else None,
        )
    )


def stream_closed(gate: Gate, message: m.ClosePeriodicEventStreamRequest, heard_at: datetime) -> Read:
    return Read((StreamClosed(whole_number(message.id, "id")),), _write_nothing)


def streamed(gate: Gate, message: m.NotifyPeriodicEventStream, heard_at: datetime) -> Read:
    """Times are seconds after that of the message; of one that cannot be read, when it was heard."""
    base = read_time(message.basetime)
    values = [StreamValue(at, each.v) for each in message.data if (at := _after(base or heard_at, each.t))]
    pending = whole_number(message.pending, "pending")
    return Read((StreamReported(whole_number(message.id, "id"), base, tuple(values), pending),), _write_nothing)


def _after(base: datetime, seconds: float) -> datetime | None:
    try:
        return base + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "ClosePeriodicEventStream": stream_closed,
    "NotifyEvent": events,
    "NotifyMonitoringReport": monitors,
    "NotifyPeriodicEventStream": streamed,
    "OpenPeriodicEventStream": stream_opened,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    AdjustStream: adjust_stream,
    ClearMonitors: clear_monitors,
    ReadStreams: read_streams,
    ReportMonitors: report_monitors,
    SetMonitoringBase: set_base,
    SetMonitoringLevel: set_level,
    SetMonitors: set_monitors,
}
