"""What the API takes and gives about controls towards the grid: a document a kind of settings."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import AwareDatetime, Field, FiniteFloat, StringConstraints

from voltloom.domain.der import (
    MOST_POINTS,
    SETTINGS,
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
    Hysteresis,
    LimitMaxDischarge,
    ReactiveParams,
    VoltageParams,
)
from voltloom.domain.errors import Invalid
from voltloom.features.api import Body
from voltloom.features.der.rules import Alarm, Kept, State
from voltloom.features.stations.documents import AnswerOut

ControlId = Annotated[str, StringConstraints(min_length=1, max_length=36, pattern=r"^[^\x00-\x1f\x7f]+$")]
ControlIdOrNone = Annotated[str, StringConstraints(max_length=36, pattern=r"^[^\x00-\x1f\x7f]*$")]
Positive = Annotated[FiniteFloat, Field(ge=0)]


class HysteresisIn(Body):
    high: FiniteFloat | None = None
    low: FiniteFloat | None = None
    delay_s: Positive | None = None
    gradient: FiniteFloat | None = Field(default=None, description="% a second")


class ReactiveIn(Body):
    v_ref: FiniteFloat | None = Field(default=None, description="% of the nominal voltage")
    autonomous: bool | None = None
    time_constant_s: Positive | None = None


class VoltageIn(Body):
    mean_10min_v: FiniteFloat | None = None
    mean_10min_delay_s: Positive | None = None
    ceasing: Ceasing | None = None


class CurveIn(Body):
    points: Annotated[list[tuple[FiniteFloat, FiniteFloat]], Field(min_length=1, max_length=MOST_POINTS)]
    y_unit: DerUnit
    response_s: Positive | None = None
    hysteresis: HysteresisIn | None = None
    reactive: ReactiveIn | None = Field(default=None, description="of a VoltVar")
    voltage: VoltageIn | None = None

    def settings(self) -> Curve:
        return Curve(
            tuple(self.points),
            self.y_unit,
            self.response_s,
            None if self.hysteresis is None else Hysteresis(**dict(self.hysteresis)),
            None if self.reactive is None else ReactiveParams(**dict(self.reactive)),
            None if self.voltage is None else VoltageParams(**dict(self.voltage)),
        )


class EnterServiceIn(Body):
    high_v: FiniteFloat
    low_v: FiniteFloat
    high_hz: FiniteFloat
    low_hz: FiniteFloat
    delay_s: Positive | None = None
    random_delay_s: Positive | None = None
    ramp_s: Positive | None = None

    def settings(self) -> EnterService:
        return EnterService(**dict(self))


class FixedPowerFactorIn(Body):
    displacement: Annotated[FiniteFloat, Field(ge=0, le=1, description="cos φ")]
    excitation: bool = Field(description="true: reactive power is absorbed")

    def settings(self) -> FixedPowerFactor:
        return FixedPowerFactor(**dict(self))


class FixedVarIn(Body):
    setpoint: Annotated[FiniteFloat, Field(ge=-100, le=100, description="%; negative charges")]
    unit: DerUnit

    def settings(self) -> FixedVar:
        return FixedVar(**dict(self))


class FreqDroopIn(Body):
    over_hz: FiniteFloat
    under_hz: FiniteFloat
    over_droop: FiniteFloat
    under_droop: FiniteFloat
    response_s: Positive

    def settings(self) -> FreqDroop:
        return FreqDroop(**dict(self))


class GradientsIn(Body):
    ramp_s: Positive = Field(description="0: does not apply")
    soft_s: Positive = Field(description="likewise, when it starts softly")

    def settings(self) -> Gradients:
        return Gradients(**dict(self))


class LimitMaxDischargeIn(Body):
    percent: Annotated[FiniteFloat, Field(ge=0, le=100)] | None = None
    trip: CurveIn | None = None

    def settings(self) -> LimitMaxDischarge:
        return LimitMaxDischarge(self.percent, None if self.trip is None else self.trip.settings())


class ControlIn(Body):
    """One of the settings, by the kind: `curve` for all without a field of their own."""

    id: ControlId
    kind: DerKind
    default: bool = Field(default=True, description="in force whenever no other of its kind is; it has no time")
    priority: Annotated[int, Field(ge=0, le=2**31 - 1, description="0 is the first")] = 0
    starts_at: AwareDatetime | None = Field(default=None, description="of one that is no default")
    duration_s: Annotated[FiniteFloat, Field(gt=0, le=1e9)] | None = Field(default=None, description="likewise")
    curve: CurveIn | None = None
    enter_service: EnterServiceIn | None = None
    fixed_power_factor: FixedPowerFactorIn | None = None
    fixed_var: FixedVarIn | None = None
    freq_droop: FreqDroopIn | None = None
    gradients: GradientsIn | None = None
    limit_max_discharge: LimitMaxDischargeIn | None = None

    def control(self) -> DerControl:
        """Raises Invalid where the settings are not those of the kind."""
        fields = _FIELDS[SETTINGS[self.kind]]
        given = [name for name in _FIELDS.values() if getattr(self, name) is not None]
        if given != [fields]:
            raise Invalid(f"a {self.kind.value} is settled by `{fields}` and nothing else")
        settings: DerSettings = getattr(self, fields).settings()
        return DerControl(self.id, self.kind, settings, self.default, self.priority, self.starts_at, self.duration_s)


_FIELDS: dict[type[DerSettings], str] = {
    Curve: "curve",
    EnterService: "enter_service",
    FixedPowerFactor: "fixed_power_factor",
    FixedVar: "fixed_var",
    FreqDroop: "freq_droop",
    Gradients: "gradients",
    LimitMaxDischarge: "limit_max_discharge",
}


class ControlOut(Body):
    id: str
    kind: DerKind
    default: bool
    priority: int
    starts_at: datetime | None
    duration_s: float | None
    settings: dict[str, Any] = Field(description="as they are set, by the kind")
    state: State
    said: str = Field(description="the station's word when it was asked")
    actor: str = Field(description="empty: the station told of it first")
    asked_at: datetime
    changed_at: datetime | None
    reported_at: datetime | None

    @staticmethod
    def of(kept: Kept) -> "ControlOut":
        control = kept.control
        return ControlOut(
            id=control.id,
            kind=control.kind,
            default=control.default,
            priority=control.priority,
            starts_at=control.starts_at,
            duration_s=control.duration_s,
            settings=msgspec.to_builtins(control.settings),
            state=kept.state,
            said=kept.said,
            actor=kept.actor,
            asked_at=kept.asked_at,
            changed_at=kept.changed_at,
            reported_at=kept.reported_at,
        )


class SetOut(Body):
    control: ControlOut
    answer: AnswerOut
    superseded: list[str]


class ClearIn(Body):
    default: bool = Field(description="clear defaults, or those that have a time")
    kind: DerKind | None = None
    control_id: ControlIdOrNone = ""


class ReportIn(Body):
    """Nothing said: all of them."""

    default: bool | None = None
    kind: DerKind | None = None
    control_id: ControlIdOrNone = ""


class ReportOut(AnswerOut):
    request_id: int = Field(description="by which the report is known")


class AlarmOut(Body):
    station_id: str
    kind: DerKind
    fault: str = Field(description="what of the grid; empty: the station did not say")
    text: str
    began_at: datetime
    ended_at: datetime | None = Field(description="null: it goes on")

    @staticmethod
    def of(alarm: Alarm) -> "AlarmOut":
        return AlarmOut(
            station_id=alarm.station_id,
            kind=DerKind(alarm.kind),
            fault=alarm.fault,
            text=alarm.text,
            began_at=alarm.began_at,
            ended_at=alarm.ended_at,
        )
