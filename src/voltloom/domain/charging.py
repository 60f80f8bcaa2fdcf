"""The words of smart charging: profiles, what a vehicle needs, what it may do.

Rates are in the unit that their schedule says. A limit in A is that of each phase; all else is the sum of the phases.
Where values for L2 and L3 are given beside one, it is that of L1. Positive: to the vehicle; negative: from it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

from voltloom.domain.der import DerKind
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import TransactionId

DAY = timedelta(days=1)


class RateUnit(Enum):
    WATTS = "W"
    AMPERES = "A"


class Purpose(Enum):
    """What a profile is for. Of each purpose one profile prevails; the lowest of the purposes is what may flow."""

    EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    """Imposed on the station by somebody else: only stations make these."""
    STATION_MAX = "ChargingStationMaxProfile"
    """1.6: ChargePointMaxProfile."""
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"
    """Takes the place of the default, for one transaction."""
    PRIORITY = "PriorityCharging"
    """2.1: takes the place of both while priority is asked for."""
    LOCAL_GENERATION = "LocalGeneration"
    """2.1: no limit, but what may flow on top of one."""


class ProfileKind(Enum):
    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    """Counted from when the transaction began."""
    DYNAMIC = "Dynamic"
    """2.1: one period, whose rates are updated."""


class Recurrence(Enum):
    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def span(self) -> timedelta:
        return DAY if self is Recurrence.DAILY else 7 * DAY


class OperationMode(Enum):
    """Who says what a vehicle does in a period. 2.1; elsewhere CHARGING_ONLY."""

    IDLE = "Idle"
    CHARGING_ONLY = "ChargingOnly"
    CENTRAL_SETPOINT = "CentralSetpoint"
    EXTERNAL_SETPOINT = "ExternalSetpoint"
    EXTERNAL_LIMITS = "ExternalLimits"
    CENTRAL_FREQUENCY = "CentralFrequency"
    LOCAL_FREQUENCY = "LocalFrequency"
    LOCAL_LOAD_BALANCING = "LocalLoadBalancing"


@dataclass(frozen=True, slots=True)
class Rates:
    """What may or shall flow; None where nothing is said. Only `limit` is of all versions, the rest of 2.1.

    limit             the most to the vehicle
    discharge_limit   the most from it: ≤ 0
    setpoint          what it shall follow, between the two
    reactive          likewise of reactive power: positive inductive, negative capacitive
    """

    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    discharge_limit: float | None = None
    discharge_limit_l2: float | None = None
    discharge_limit_l3: float | None = None
    setpoint: float | None = None
    setpoint_l2: float | None = None
    setpoint_l3: float | None = None
    reactive: float | None = None
    reactive_l2: float | None = None
    reactive_l3: float | None = None


NO_RATES = Rates()


@dataclass(frozen=True, slots=True)
class Period:
    """start_s: from the start of the schedule; a period lasts until the next begins.

    phases         how many may be used; None: three on AC
    phase_to_use   which, where it is one and the EVSE can choose (2.x)
    baseline_w, frequency_curve, signal_curve   2.1: (Hz, W) and (signal, W) points, added to the baseline
    """

    start_s: int
    rates: Rates
    phases: int | None = None
    phase_to_use: int | None = None
    mode: OperationMode | None = None
    precondition: bool | None = None
    sleep: bool | None = None
    baseline_w: float | None = None
    frequency_curve: tuple[tuple[float, float], ...] = ()
    signal_curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """periods: in order, the first at 0.

    starts_at     of an absolute or recurring one; None: when the transaction does
    duration_s    None: as long as the profile holds
    min_rate      below it the vehicle charges badly
    local_time    2.1: `starts_at` is what the station's own clock shows then, whatever the zone (here: as if UTC)
    random_delay_s   2.1: each period begins up to so much later
    limit_at_soc  2.1: (%, rate) from that state of charge on
    """

    unit: RateUnit
    periods: tuple[Period, ...]
    starts_at: datetime | None = None
    duration_s: int | None = None
    min_rate: float | None = None
    local_time: bool = False
    random_delay_s: int = 0
    limit_at_soc: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """schedules: one, or up to three that an ISO 15118 vehicle chooses from (2.x).

    id              unique in its station; stations give negative ones to those that are not ours
    stack_level     of one purpose, the highest that has something to say prevails
    transaction_id  which a TX profile is for
    max_offline_s   2.1: how long it holds when the station has lost us; stays_invalid: and not again afterwards
    update_interval_s   2.1, dynamic: how often the station shall ask for new rates; None: we tell it
    """

    id: int
    purpose: Purpose
    kind: ProfileKind
    schedules: tuple[Schedule, ...]
    stack_level: int = 0
    recurrence: Recurrence | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: TransactionId | None = None
    max_offline_s: int | None = None
    stays_invalid: bool = False
    update_interval_s: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CompositeSchedule:
    """What a station says will be its limits: those of all its profiles, and its own."""

    evse: int
    starts_at: datetime | None
    duration_s: int
    unit: RateUnit
    periods: tuple[Period, ...]


# ---- what vehicles need and may


class EnergyTransfer(Enum):
    AC_SINGLE_PHASE = "AC_single_phase"
    AC_TWO_PHASE = "AC_two_phase"
    AC_THREE_PHASE = "AC_three_phase"
    DC = "DC"
    AC_BPT = "AC_BPT"
    """Both ways, as all with BPT."""
    AC_BPT_DER = "AC_BPT_DER"
    AC_DER = "AC_DER"
    DC_BPT = "DC_BPT"
    DC_ACDP = "DC_ACDP"
    DC_ACDP_BPT = "DC_ACDP_BPT"
    WIRELESS = "WPT"


class ControlMode(Enum):
    SCHEDULED = "ScheduledControl"
    DYNAMIC = "DynamicControl"


class NeedsBy(Enum):
    """Who says what is needed: the vehicle alone, or the station as well."""

    VEHICLE = "EVCC"
    VEHICLE_AND_STATION = "EVCC_SECC"


@dataclass(frozen=True, slots=True)
class AcNeeds:
    energy_wh: float
    min_a: float
    max_a: float
    max_v: float


@dataclass(frozen=True, slots=True)
class DcNeeds:
    max_a: float
    max_v: float
    max_w: float | None = None
    energy_wh: float | None = None
    capacity_wh: float | None = None
    soc_percent: float | None = None
    full_percent: float | None = None
    bulk_percent: float | None = None


@dataclass(frozen=True, slots=True)
class TwoWayNeeds:
    """Of a vehicle that may give back. Power in W (of L1 where L2 and L3 are given), energy in Wh."""

    min_charge_w: float | None = None
    min_charge_w_l2: float | None = None
    min_charge_w_l3: float | None = None
    max_charge_w: float | None = None
    max_charge_w_l2: float | None = None
    max_charge_w_l3: float | None = None
    min_discharge_w: float | None = None
    min_discharge_w_l2: float | None = None
    min_discharge_w_l3: float | None = None
    max_discharge_w: float | None = None
    max_discharge_w_l2: float | None = None
    max_discharge_w_l3: float | None = None
    min_charge_a: float | None = None
    max_charge_a: float | None = None
    min_discharge_a: float | None = None
    max_discharge_a: float | None = None
    min_v: float | None = None
    max_v: float | None = None
    target_wh: float | None = None
    min_wh: float | None = None
    max_wh: float | None = None
    min_two_way_wh: float | None = None
    max_two_way_wh: float | None = None
    target_percent: float | None = None


@dataclass(frozen=True, slots=True)
class InverterTraits:
    """What the inverter in a vehicle can do for the grid, as far as decisions are made by it."""

    controls: tuple[DerKind, ...] = ()
    max_va: float | None = None
    max_charge_va: float | None = None
    max_discharge_va: float | None = None
    max_charge_var: float | None = None
    max_discharge_var: float | None = None
    nominal_v: float | None = None
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    discharge_wh: float | None = None


@dataclass(frozen=True, slots=True)
class PowerOffer:
    """What a vehicle offers to give or take: (seconds, W) one after the other, from then on."""

    starts_at: datetime | None
    powers: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class ChargingNeeds:
    """transfer: what the vehicle asks for; available: what else it could."""

    transfer: EnergyTransfer
    available: tuple[EnergyTransfer, ...] = ()
    departs_at: datetime | None = None
    control: ControlMode | None = None
    by: NeedsBy | None = None
    ac: AcNeeds | None = None
    dc: DcNeeds | None = None
    two_way: TwoWayNeeds | None = None
    inverter: InverterTraits | None = None
    offer: PowerOffer | None = None


# ---- what a profile of ours must keep to

MOST_PERIODS = 1024
MOST_SCHEDULES = 3
LARGEST = 2**31 - 1
_OF_A_STATION = (Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS, Purpose.LOCAL_GENERATION)
_OF_A_TRANSACTION = (Purpose.TX, Purpose.TX_DEFAULT, Purpose.PRIORITY)
_IN_WATTS = (OperationMode.LOCAL_FREQUENCY, OperationMode.CENTRAL_FREQUENCY)


def check_profile(evse: int | None, profile: ChargingProfile, *, starting: bool = False) -> None:
    """Raises Invalid for one that no station may take, with the reason.

    evse       None: with a start, wherever it comes to be
    starting   it goes with the request to start a transaction: OCPP 2.1 K05
    """
    if profile.purpose is Purpose.EXTERNAL_CONSTRAINTS:
        raise Invalid("limits that somebody else imposes are a station's to make: use ChargingStationMaxProfile")
    if starting:
        if profile.purpose is not Purpose.TX or profile.transaction_id is not None:
            raise Invalid("a start takes a TxProfile that names no transaction: there is none yet")
    elif (profile.purpose is Purpose.TX) != (profile.transaction_id is not None):
        raise Invalid("a TxProfile names its transaction, and no other profile does")
    if profile.purpose in _OF_A_STATION and evse != 0:
        raise Invalid(f"a {profile.purpose.value} is for the station as a whole: EVSE 0")
    if profile.purpose is Purpose.TX and evse == 0:
        raise Invalid("a TxProfile is for the EVSE of its transaction, and EVSE 0 is the station as a whole")
    if not -LARGEST <= profile.id <= LARGEST or not 0 <= profile.stack_level <= LARGEST:
        raise Invalid("ids and stack levels have 32 bits, and stack levels begin at 0")
    if not 1 <= len(profile.schedules) <= MOST_SCHEDULES:
        raise Invalid(f"a profile has 1 to {MOST_SCHEDULES} schedules, and this has {len(profile.schedules)}")
    if profile.valid_from is not None and profile.valid_to is not None and profile.valid_to <= profile.valid_from:
        raise Invalid("it ends to be valid before it begins: give a later valid_to")
    _check_kind(profile)
    for schedule in profile.schedules:
        _check_schedule(schedule)


def _check_kind(profile: ChargingProfile) -> None:
    recurs, starts = profile.recurrence is not None, [each.starts_at is not None for each in profile.schedules]
    match profile.kind:
        case ProfileKind.RECURRING if not recurs or not all(starts):
            raise Invalid("a recurring profile says how often, and its schedules when they start")
        case ProfileKind.RELATIVE if any(starts):
            raise Invalid("a relative profile starts with its transaction: leave out starts_at")
        case ProfileKind.RELATIVE if profile.purpose not in _OF_A_TRANSACTION:
            raise Invalid(f"a {profile.purpose.value} has no transaction that it could be relative to")
        case ProfileKind.DYNAMIC if any(len(schedule.periods) != 1 for schedule in profile.schedules):
            raise Invalid("a dynamic profile has one period, whose rates are updated")
        case ProfileKind.ABSOLUTE | ProfileKind.RECURRING | ProfileKind.RELATIVE | ProfileKind.DYNAMIC:
            pass
    if recurs and profile.kind is not ProfileKind.RECURRING:
        raise Invalid(f"a profile of kind {profile.kind.value} does not recur: leave out recurrence")
    if profile.update_interval_s is not None and profile.kind is not ProfileKind.DYNAMIC:
        raise Invalid("only a dynamic profile is updated: leave out update_interval_s")


def _check_schedule(schedule: Schedule) -> None:
    starts = [period.start_s for period in schedule.periods]
    if not 1 <= len(starts) <= MOST_PERIODS:
        raise Invalid(f"a schedule has 1 to {MOST_PERIODS} periods, and this has {len(starts)}")
    if starts[0] != 0 or any(later <= sooner for sooner, later in pairwise(starts)):
        raise Invalid("the first period of a schedule starts at 0, and each later than the one before")
    if schedule.duration_s is not None and schedule.duration_s <= starts[-1]:
        raise Invalid(f"the last period starts at {starts[-1]} s, and the schedule is over at {schedule.duration_s} s")
    for period in schedule.periods:
        check_rates(period.rates)
        mode = period.mode or OperationMode.CHARGING_ONLY
        if mode is OperationMode.IDLE and period.rates != NO_RATES:
            raise Invalid("a period of mode Idle has no rates")
        if mode is OperationMode.CHARGING_ONLY and period.rates.limit is None:
            raise Invalid(f"the period at {period.start_s} s says no limit")
        if mode in _IN_WATTS and schedule.unit is not RateUnit.WATTS:
            raise Invalid(f"mode {mode.value} is in W")


def check_rates(rates: Rates) -> None:
    """Raises Invalid."""
    if any(each is not None and each > 0 for each in _discharging(rates)):
        raise Invalid("a discharge_limit is 0 or below: what flows from a vehicle is negative")
    if rates.limit is not None and rates.limit < 0:
        raise Invalid("a limit is 0 or above: say discharge_limit for what flows from a vehicle")
    for first, *others in (
        (rates.limit, rates.limit_l2, rates.limit_l3),
        _discharging(rates),
        (rates.setpoint, rates.setpoint_l2, rates.setpoint_l3),
        (rates.reactive, rates.reactive_l2, rates.reactive_l3),
    ):
        if first is None and any(other is not None for other in others):
            raise Invalid("a rate of L2 or L3 comes with that of L1")


def _discharging(rates: Rates) -> tuple[float | None, float | None, float | None]:
    return rates.discharge_limit, rates.discharge_limit_l2, rates.discharge_limit_l3
