"""Behaviour towards the grid, in 2.1: controls to and from the wire, alarms, and when controls start and stop."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Answer, ClearDerControls, Command, DerAnswer, GetDerControls, SetDerControl
from voltloom.domain.der import (
    Ceasing,
    Curve,
    DerControl,
    DerKind,
    DerSettings,
    DerUnit,
    EnterService,
    FixedPowerFactor,
    FixedVar,
    FreqDroop,
    Gradients,
    GridFault,
    Hysteresis,
    LimitMaxDischarge,
    ReactiveParams,
    VoltageParams,
    check_control,
)
from voltloom.domain.reports import DerAlarmReported, DerControlsReported, DerControlSwitched, HeldControl
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.said import answer_of

# ---- what we ask


def set_control(gate: Gate, command: SetDerControl) -> Conversation[DerAnswer]:
    control = command.control
    check_control(control)
    request = m.SetDERControlRequest(
        is_default=control.default, control_id=control.id, control_type=m.DERControlEnum(control.kind.value)
    )
    setattr(request, *_settings_of(control))
    answer = yield from gate.ask("SetDERControl", request, m.SetDERControlResponse)
    return DerAnswer(answer_of(answer.status, answer.status_info), tuple(answer.superseded_ids or ()))


def get_controls(gate: Gate, command: GetDerControls) -> Conversation[Answer]:
    request = m.GetDERControlRequest(
        request_id=command.request_id,
        is_default=command.default,
        control_type=_kind(command.kind),
        control_id=command.control_id or None,
    )
    answer = yield from gate.ask("GetDERControl", request, m.GetDERControlResponse)
    return answer_of(answer.status, answer.status_info)


def clear_controls(gate: Gate, command: ClearDerControls) -> Conversation[Answer]:
    request = m.ClearDERControlRequest(
        is_default=command.default, control_type=_kind(command.kind), control_id=command.control_id or None
    )
    answer = yield from gate.ask("ClearDERControl", request, m.ClearDERControlResponse)
    return answer_of(answer.status, answer.status_info)


def _kind(kind: DerKind | None) -> m.DERControlEnum | None:
    return None if kind is None else m.DERControlEnum(kind.value)


def _settings_of(control: DerControl) -> tuple[str, object]:
    """The one field of the request that says what it is, by the kind of the control."""
    priority = control.priority
    timed: dict[str, Any] = {
        "priority": priority,
        "start_time": None if control.starts_at is None else write_time(control.starts_at),
        "duration": control.duration_s,
    }
    match control.settings:
        case Curve() as said:
            return "curve", _write_curve(said, **timed)
        case EnterService() as said:
            return "enter_service", m.EnterService(
                priority=priority,
                high_voltage=said.high_v,
                low_voltage=said.low_v,
                high_freq=said.high_hz,
                low_freq=said.low_hz,
                delay=said.delay_s,
                random_delay=said.random_delay_s,
                ramp_rate=said.ramp_s,
            )
        case FixedPowerFactor() as said:
            field = "fixed_pf_absorb" if control.kind is DerKind.FIXED_PF_ABSORB else "fixed_pf_inject"
            return field, m.FixedPF(displacement=said.displacement, excitation=said.excitation, **timed)
        case FixedVar() as said:
            return "fixed_var", m.FixedVar(setpoint=said.setpoint, unit=m.DERUnitEnum(said.unit.value), **timed)
        case FreqDroop() as said:
            return "freq_droop", m.FreqDroop(
                over_freq=said.over_hz,
                under_freq=said.under_hz,
                over_droop=said.over_droop,
                under_droop=said.under_droop,
                response_time=said.response_s,
                **timed,
            )
        case Gradients() as said:
            return "gradient", m.Gradient(priority=priority, gradient=said.ramp_s, soft_gradient=said.soft_s)
        case LimitMaxDischarge() as said:
            trip = None if said.trip is None else _write_curve(said.trip, **timed)
            return "limit_max_discharge", m.LimitMaxDischarge(
                pct_max_discharge_power=said.percent, power_monitoring_must_trip=trip, **timed
            )


def _write_curve(curve: Curve, **timed: Any) -> m.DERCurve:
    hysteresis, reactive, voltage = curve.hysteresis, curve.reactive, curve.voltage
    return m.DERCurve(
        curve_data=[m.DERCurvePoints(x=x, y=y) for x, y in curve.points],
        y_unit=m.DERUnitEnum(curve.y_unit.value),
        response_time=curve.response_s,
        hysteresis=None
        if hysteresis is None
        else m.Hysteresis(
            hysteresis_high=hysteresis.high,
            hysteresis_low=hysteresis.low,
            hysteresis_delay=hysteresis.delay_s,
            hysteresis_gradient=hysteresis.gradient,
        ),
        reactive_power_params=None
        if reactive is None
        else m.ReactivePowerParams(
            v_ref=reactive.v_ref,
            autonomous_v_ref_enable=reactive.autonomous,
            autonomous_v_ref_time_constant=reactive.time_constant_s,
        ),
        voltage_params=None
        if voltage is None
        else m.VoltageParams(
            hv10_min_mean_value=voltage.mean_10min_v,
            hv10_min_mean_trip_delay=voltage.mean_10min_delay_s,
            power_during_cessation=None
            if voltage.ceasing is None
            else m.PowerDuringCessationEnum(voltage.ceasing.value),
        ),
        **timed,
    )


# ---- what stations tell


def controls_reported(gate: Gate, message: m.ReportDERControlRequest, heard_at: datetime) -> Read:
    report = DerControlsReported(
        whole_number(message.request_id, "requestId", least=-(2**31)), tuple(_controls(message)), bool(message.tbc)
    )
    return Read((report,), _write_nothing)


def _controls(message: m.ReportDERControlRequest) -> Iterator[HeldControl]:
    for each in message.curve or ():
        yield _held(each, DerKind(each.curve_type.value), _read_curve(each.curve), each.curve)
    for each in message.enter_service or ():
        said = each.enter_service
        settings = EnterService(
            said.high_voltage,
            said.low_voltage,
            said.high_freq,
            said.low_freq,
            said.delay,
            said.random_delay,
            said.ramp_rate,
        )
        yield _default(each.id, DerKind.ENTER_SERVICE, settings, said.priority)
    for kind, held in (
        (DerKind.FIXED_PF_ABSORB, message.fixed_pf_absorb),
        (DerKind.FIXED_PF_INJECT, message.fixed_pf_inject),
    ):
        for each in held or ():
            said = each.fixed_pf
            yield _held(each, kind, FixedPowerFactor(said.displacement, said.excitation), said)
    for each in message.fixed_var or ():
        said = each.fixed_var
        yield _held(each, DerKind.FIXED_VAR, FixedVar(said.setpoint, DerUnit(said.unit.value)), said)
    for each in message.freq_droop or ():
        said = each.freq_droop
        settings = FreqDroop(said.over_freq, said.under_freq, said.over_droop, said.under_droop, said.response_time)
        yield _held(each, DerKind.FREQ_DROOP, settings, said)
    for each in message.gradient or ():
        said = each.gradient
        yield _default(each.id, DerKind.GRADIENTS, Gradients(said.gradient, said.soft_gradient), said.priority)
    for each in message.limit_max_discharge or ():
        said = each.limit_max_discharge
        trip = said.power_monitoring_must_trip
        settings = LimitMaxDischarge(said.pct_max_discharge_power, None if trip is None else _read_curve(trip))
        yield _held(each, DerKind.LIMIT_MAX_DISCHARGE, settings, said)


def _held(
    each: m.DERCurveGet | m.FixedPFGet | m.FixedVarGet | m.FreqDroopGet | m.LimitMaxDischargeGet,
    kind: DerKind,
    settings: DerSettings,
    said: m.DERCurve | m.FixedPF | m.FixedVar | m.FreqDroop | m.LimitMaxDischarge,
) -> HeldControl:
    starts_at = None if said.start_time is None else read_time(said.start_time)
    priority = whole_number(said.priority, "priority")
    control = DerControl(each.id, kind, settings, each.is_default, priority, starts_at, said.duration)
    return HeldControl(control, each.is_superseded)


def _default(control_id: str, kind: DerKind, settings: DerSettings, priority: int) -> HeldControl:
    """Of a kind that has no time."""
    return HeldControl(DerControl(control_id, kind, settings, priority=whole_number(priority, "priority")))


def _read_curve(said: m.DERCurve) -> Curve:
    hysteresis, reactive, voltage = said.hysteresis, said.reactive_power_params, said.voltage_params
    return Curve(
        points=tuple((point.x, point.y) for point in said.curve_data),
        y_unit=DerUnit(said.y_unit.value),
        response_s=said.response_time,
        hysteresis=None
        if hysteresis is None
        else Hysteresis(
            hysteresis.hysteresis_high,
            hysteresis.hysteresis_low,
            hysteresis.hysteresis_delay,
            hysteresis.hysteresis_gradient,
        ),
        reactive=None
        if reactive is None
        else ReactiveParams(reactive.v_ref, reactive.autonomous_v_ref_enable, reactive.autonomous_v_ref_time_constant),
        voltage=None
        if voltage is None
        else VoltageParams(
            voltage.hv10_min_mean_value,
            voltage.hv10_min_mean_trip_delay,
            None if voltage.power_during_cessation is None else Ceasing(voltage.power_during_cessation.value),
        ),
    )


def alarm(gate: Gate, message: m.NotifyDERAlarmRequest, heard_at: datetime) -> Read:
    report = DerAlarmReported(
        DerKind(message.control_type.value),
        read_time(message.timestamp),
        bool(message.alarm_ended),
        None if message.grid_event_fault is None else GridFault(message.grid_event_fault.value),
        message.extra_info or "",
    )
    return Read((report,), _write_nothing)


def switched(gate: Gate, message: m.NotifyDERStartStopRequest, heard_at: datetime) -> Read:
    report = DerControlSwitched(
        message.control_id, message.started, read_time(message.timestamp), tuple(message.superseded_ids or ())
    )
    return Read((report,), _write_nothing)


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "NotifyDERAlarm": alarm,
    "NotifyDERStartStop": switched,
    "ReportDERControl": controls_reported,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ClearDerControls: clear_controls,
    GetDerControls: get_controls,
    SetDerControl: set_control,
}
