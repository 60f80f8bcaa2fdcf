"""How a station behaves towards the grid, as an inverter does: curves and settings of grid codes."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from voltloom.domain.errors import Invalid


class DerKind(Enum):
    """What a control settles. Those without a settings class of their own are curves: see `SETTINGS`."""

    ENTER_SERVICE = "EnterService"
    FREQ_DROOP = "FreqDroop"
    FREQ_WATT = "FreqWatt"
    FIXED_PF_ABSORB = "FixedPFAbsorb"
    FIXED_PF_INJECT = "FixedPFInject"
    FIXED_VAR = "FixedVar"
    GRADIENTS = "Gradients"
    HF_MUST_TRIP = "HFMustTrip"
    HF_MAY_TRIP = "HFMayTrip"
    HV_MUST_TRIP = "HVMustTrip"
    HV_MOM_CESS = "HVMomCess"
    HV_MAY_TRIP = "HVMayTrip"
    LIMIT_MAX_DISCHARGE = "LimitMaxDischarge"
    LF_MUST_TRIP = "LFMustTrip"
    LV_MUST_TRIP = "LVMustTrip"
    LV_MOM_CESS = "LVMomCess"
    LV_MAY_TRIP = "LVMayTrip"
    POWER_MONITORING_MUST_TRIP = "PowerMonitoringMustTrip"
    VOLT_VAR = "VoltVar"
    VOLT_WATT = "VoltWatt"
    WATT_PF = "WattPF"
    WATT_VAR = "WattVar"


class DerUnit(Enum):
    """What the y of a curve is in."""

    NOT_APPLICABLE = "Not_Applicable"
    PCT_MAX_W = "PctMaxW"
    PCT_MAX_VAR = "PctMaxVar"
    PCT_W_AVAIL = "PctWAvail"
    PCT_VAR_AVAIL = "PctVarAvail"
    PCT_EFFECTIVE_V = "PctEffectiveV"


class GridFault(Enum):
    """What of the grid made a control act."""

    CURRENT_IMBALANCE = "CurrentImbalance"
    LOCAL_EMERGENCY = "LocalEmergency"
    LOW_INPUT_POWER = "LowInputPower"
    OVER_CURRENT = "OverCurrent"
    OVER_FREQUENCY = "OverFrequency"
    OVER_VOLTAGE = "OverVoltage"
    PHASE_ROTATION = "PhaseRotation"
    REMOTE_EMERGENCY = "RemoteEmergency"
    UNDER_FREQUENCY = "UnderFrequency"
    UNDER_VOLTAGE = "UnderVoltage"
    VOLTAGE_IMBALANCE = "VoltageImbalance"


class Ceasing(Enum):
    """What power is kept during momentary cessation."""

    ACTIVE = "Active"
    REACTIVE = "Reactive"


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """The way back to normal, once between low and high (in the unit of y). gradient: % a second."""

    high: float | None = None
    low: float | None = None
    delay_s: float | None = None
    gradient: float | None = None


@dataclass(frozen=True, slots=True)
class ReactiveParams:
    """Of a volt–var curve. v_ref: in % of the nominal voltage."""

    v_ref: float | None = None
    autonomous: bool | None = None
    time_constant_s: float | None = None


@dataclass(frozen=True, slots=True)
class VoltageParams:
    mean_10min_v: float | None = None
    mean_10min_delay_s: float | None = None
    ceasing: Ceasing | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """points: 1 to 10 (x, y), x being Hz, V or W by the kind of the control."""

    points: tuple[tuple[float, float], ...]
    y_unit: DerUnit
    response_s: float | None = None
    hysteresis: Hysteresis | None = None
    reactive: ReactiveParams | None = None
    voltage: VoltageParams | None = None


@dataclass(frozen=True, slots=True)
class EnterService:
    """Within which voltage and frequency, and how, a station comes (back) to the grid."""

    high_v: float
    low_v: float
    high_hz: float
    low_hz: float
    delay_s: float | None = None
    random_delay_s: float | None = None
    ramp_s: float | None = None


@dataclass(frozen=True, slots=True)
class FixedPowerFactor:
    """displacement: cos φ, 0 to 1. excitation: True where reactive power is absorbed (under-excited)."""

    displacement: float
    excitation: bool


@dataclass(frozen=True, slots=True)
class FixedVar:
    """setpoint: −100 to 100 % of what the unit says; negative charges."""

    setpoint: float
    unit: DerUnit


@dataclass(frozen=True, slots=True)
class FreqDroop:
    over_hz: float
    under_hz: float
    over_droop: float
    under_droop: float
    response_s: float


@dataclass(frozen=True, slots=True)
class Gradients:
    """How long power takes to ramp, ordinarily and when it starts softly; 0: does not apply."""

    ramp_s: float
    soft_s: float


@dataclass(frozen=True, slots=True)
class LimitMaxDischarge:
    """percent: of the greatest discharge power. trip: what to do where the power is monitored."""

    percent: float | None = None
    trip: Curve | None = None


DerSettings: TypeAlias = Curve | EnterService | FixedPowerFactor | FixedVar | FreqDroop | Gradients | LimitMaxDischarge

SETTINGS: dict[DerKind, type[DerSettings]] = dict.fromkeys(DerKind, Curve) | {
    DerKind.ENTER_SERVICE: EnterService,
    DerKind.FIXED_PF_ABSORB: FixedPowerFactor,
    DerKind.FIXED_PF_INJECT: FixedPowerFactor,
    DerKind.FIXED_VAR: FixedVar,
    DerKind.FREQ_DROOP: FreqDroop,
    DerKind.GRADIENTS: Gradients,
    DerKind.LIMIT_MAX_DISCHARGE: LimitMaxDischarge,
}
ALWAYS = frozenset({DerKind.ENTER_SERVICE, DerKind.GRADIENTS})
"""These have no time: they are defaults only."""
MOST_POINTS = 10


@dataclass(frozen=True, slots=True)
class DerControl:
    """default: in force whenever no other of its kind is; it has no time. Else from starts_at, for duration_s.

    priority   0 is the first: of one kind, the lowest is in force
    """

    id: str
    kind: DerKind
    settings: DerSettings
    default: bool = True
    priority: int = 0
    starts_at: datetime | None = None
    duration_s: float | None = None


def check_control(control: DerControl) -> None:
    """Raises Invalid for what a station must refuse."""
    wanted = SETTINGS[control.kind]
    if not isinstance(control.settings, wanted):
        raise Invalid(f"a {control.kind.value} is settled by a {wanted.__name__}")
    if not 1 <= len(control.id) <= 36:
        raise Invalid("the id of a control has 1 to 36 characters")
    timed = control.starts_at is not None or control.duration_s is not None
    if control.default and timed:
        raise Invalid("a default control holds always: leave out starts_at and duration_s")
    if not control.default and control.kind in ALWAYS:
        raise Invalid(f"a {control.kind.value} can only be a default")
    if not control.default and (control.starts_at is None or not control.duration_s or control.duration_s <= 0):
        raise Invalid("a control that is no default says when it starts and how long it holds")
    for curve in (control.settings, getattr(control.settings, "trip", None)):
        if isinstance(curve, Curve) and not 1 <= len(curve.points) <= MOST_POINTS:
            raise Invalid(f"a curve has 1 to {MOST_POINTS} points, and this has {len(curve.points)}")
