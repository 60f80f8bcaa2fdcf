"""Charging profiles, as 2.1 writes them, and back. What 2.0.1 lacks of them the gate finds."""

from datetime import UTC, datetime
from enum import StrEnum
from math import floor
from typing import Any, Final, TypeVar, cast

from voltloom.domain.charging import (
    ChargingProfile,
    OperationMode,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Recurrence,
    Schedule,
)
from voltloom.domain.ids import TransactionId
from voltloom.protocols.ocpp.exchange import whole_number
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.wire import Wire

WireT = TypeVar("WireT", bound=Wire)

_LEAST: Final = -(2**31)


def widened(message: Wire, target: type[WireT]) -> WireT:
    """A message of either version as the type of 2.1, which lacks nothing of 2.0.1. Where 2.1 has bounds that 2.0.1 has
    not, they are not minded."""
    if isinstance(message, target):
        return message
    lifted = _lifted(message)
    assert isinstance(lifted, target)
    return lifted


def _lifted(value: Any) -> Any:
    if isinstance(value, Wire):
        kind = getattr(m, type(value).__name__)
        return kind(**{name: _lifted(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, list):
        return [_lifted(each) for each in cast("list[Any]", value)]
    if isinstance(value, StrEnum):
        kind = getattr(m, type(value).__name__, str)
        return kind(value.value)
    return value


# ---- to the wire


def write_profile(gate: Gate, profile: ChargingProfile) -> m.ChargingProfile:
    return m.ChargingProfile(
        id=profile.id,
        stack_level=profile.stack_level,
        charging_profile_purpose=m.ChargingProfilePurposeEnum(profile.purpose.value),
        charging_profile_kind=m.ChargingProfileKindEnum(profile.kind.value),
        charging_schedule=[write_schedule(gate, number, each) for number, each in enumerate(profile.schedules, 1)],
        recurrency_kind=None if profile.recurrence is None else m.RecurrencyKindEnum(profile.recurrence.value),
        valid_from=_written(profile.valid_from),
        valid_to=_written(profile.valid_to),
        transaction_id=profile.transaction_id,
        max_offline_duration=profile.max_offline_s,
        invalid_after_offline_duration=True if profile.stays_invalid else None,
        dyn_update_interval=profile.update_interval_s,
        dyn_update_time=_written(profile.updated_at),
    )


def write_schedule(gate: Gate, number: int, schedule: Schedule) -> m.ChargingSchedule:
    at_soc = schedule.limit_at_soc
    return m.ChargingSchedule(
        id=number,
        charging_rate_unit=m.ChargingRateUnitEnum(schedule.unit.value),
        charging_schedule_period=[_write_period(gate, period) for period in schedule.periods],
        start_schedule=_written(schedule.starts_at),
        duration=schedule.duration_s,
        min_charging_rate=schedule.min_rate,
        use_local_time=True if schedule.local_time else None,
        randomized_delay=schedule.random_delay_s or None,
        limit_at_soc=None if at_soc is None else m.LimitAtSoC(soc=at_soc[0], limit=at_soc[1]),
    )


def _write_period(gate: Gate, period: Period) -> m.ChargingSchedulePeriod:
    return m.ChargingSchedulePeriod(
        start_period=period.start_s,
        number_phases=period.phases,
        phase_to_use=period.phase_to_use,
        operation_mode=None if period.mode is None else m.OperationModeEnum(period.mode.value),
        preconditioning_request=period.precondition,
        evse_sleep=period.sleep,
        v2x_baseline=period.baseline_w,
        v2x_freq_watt_curve=[m.V2XFreqWattPoint(frequency=x, power=y) for x, y in period.frequency_curve] or None,
        v2x_signal_watt_curve=[m.V2XSignalWattPoint(signal=x, power=y) for x, y in period.signal_curve] or None,
        **_rates_of(gate, period.rates),
    )


def write_update(gate: Gate, rates: Rates) -> m.ChargingScheduleUpdate:
    return m.ChargingScheduleUpdate(**_rates_of(gate, rates))


def _rates_of(gate: Gate, rates: Rates) -> dict[str, Any]:
    """The fields that a period and an update have in common."""
    return {
        "limit": tenths(rates.limit) if gate.rates_in_tenths else rates.limit,
        "limit_l2": rates.limit_l2,
        "limit_l3": rates.limit_l3,
        "discharge_limit": rates.discharge_limit,
        "discharge_limit_l2": rates.discharge_limit_l2,
        "discharge_limit_l3": rates.discharge_limit_l3,
        "setpoint": rates.setpoint,
        "setpoint_l2": rates.setpoint_l2,
        "setpoint_l3": rates.setpoint_l3,
        "setpoint_reactive": rates.reactive,
        "setpoint_reactive_l2": rates.reactive_l2,
        "setpoint_reactive_l3": rates.reactive_l3,
    }


def tenths(limit: float | None) -> float | None:
    """A limit as versions before 2.1 have it, with one decimal: never above what it was."""
    return None if limit is None else floor(limit * 10 + 1e-6) / 10


def _written(time: datetime | None) -> str | None:
    return None if time is None else write_time(time)


# ---- from the wire


def read_profile(profile: m.ChargingProfile) -> ChargingProfile:
    """Raises Unreadable."""
    transaction = profile.transaction_id
    return ChargingProfile(
        id=whole_number(profile.id, "id", least=_LEAST),
        purpose=Purpose(profile.charging_profile_purpose.value),
        kind=ProfileKind(profile.charging_profile_kind.value),
        schedules=tuple(map(read_schedule, profile.charging_schedule)),
        stack_level=whole_number(profile.stack_level, "stackLevel", least=_LEAST),
        recurrence=None if profile.recurrency_kind is None else Recurrence(profile.recurrency_kind.value),
        valid_from=_read(profile.valid_from),
        valid_to=_read(profile.valid_to),
        transaction_id=None if transaction is None else TransactionId(transaction),
        max_offline_s=_seconds(profile.max_offline_duration, "maxOfflineDuration"),
        stays_invalid=bool(profile.invalid_after_offline_duration),
        update_interval_s=_seconds(profile.dyn_update_interval, "dynUpdateInterval") or None,
        updated_at=_read(profile.dyn_update_time),
    )


def read_schedule(schedule: m.ChargingSchedule) -> Schedule:
    at_soc = schedule.limit_at_soc
    local = bool(schedule.use_local_time)
    return Schedule(
        unit=RateUnit(schedule.charging_rate_unit.value),
        periods=read_periods(schedule.charging_schedule_period),
        starts_at=_read_local(schedule.start_schedule) if local else _read(schedule.start_schedule),
        duration_s=_seconds(schedule.duration, "duration"),
        min_rate=schedule.min_charging_rate,
        local_time=local,
        random_delay_s=_seconds(schedule.randomized_delay, "randomizedDelay") or 0,
        limit_at_soc=None if at_soc is None else (at_soc.soc, at_soc.limit),
    )


def read_periods(periods: list[m.ChargingSchedulePeriod]) -> tuple[Period, ...]:
    return tuple(map(_read_period, periods))


def _read_period(period: m.ChargingSchedulePeriod) -> Period:
    return Period(
        start_s=whole_number(period.start_period, "startPeriod", least=_LEAST),
        rates=Rates(
            period.limit,
            period.limit_l2,
            period.limit_l3,
            period.discharge_limit,
            period.discharge_limit_l2,
            period.discharge_limit_l3,
            period.setpoint,
            period.setpoint_l2,
            period.setpoint_l3,
            period.setpoint_reactive,
            period.setpoint_reactive_l2,
            period.setpoint_reactive_l3,
        ),
        phases=period.number_phases,
        phase_to_use=period.phase_to_use or None,
        mode=None if period.operation_mode is None else OperationMode(period.operation_mode.value),
        precondition=period.preconditioning_request,
        sleep=period.evse_sleep,
        baseline_w=period.v2x_baseline,
        frequency_curve=tuple((point.frequency, point.power) for point in period.v2x_freq_watt_curve or ()),
        signal_curve=tuple(
            (whole_number(point.signal, "signal", least=_LEAST), point.power)
            for point in period.v2x_signal_watt_curve or ()
        ),
    )


def _read(time: str | None) -> datetime | None:
    return None if time is None else read_time(time)


def _read_local(time: str | None) -> datetime | None:
    """What the clock shows, as if it were UTC: the zone beside it does not count."""
    try:
        return None if time is None else datetime.fromisoformat(time).replace(tzinfo=UTC)
    except ValueError:
        return _read(time)


def _seconds(value: int | None, field: str) -> int | None:
    return None if value is None else whole_number(value, field, least=_LEAST)
