"""Cars: when they come, what they need, how their batteries take it. Pure functions of values, a seed and the time.

A battery is charged in closed form: what a car takes falls in straight lines with its state of charge, so between two
knots of that curve the state of charge is an exponential of time. The energy of any span is exact, and the same
however the span is cut up.

Time lapse. Clocks are never faked: a server checks energy against power and time. With `Tempo(pace=20)` cars come 20
times as often, stay a 20th of the time and have batteries of a 20th of the size, so that states of charge move and
taper as fast as the days pass, while power, energy and time stay ordinary physics of many small top-ups.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import expm1, inf, log, sqrt
from random import Random

from voltloom.simulator.chance import dice, lognormal

NOMINAL_V = 230.0
DAY_S = 86_400.0


class SiteKind(Enum):
    HOME = "home"
    WORK = "work"
    PUBLIC = "public"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Outlet:
    """What an EVSE can give. phases 0: direct current."""

    max_w: float
    phases: int = 3
    max_a: float = 32.0

    @property
    def is_dc(self) -> bool:
        return self.phases == 0


@dataclass(frozen=True, slots=True)
class CarModel:
    """taper: (state of charge, share of dc_max_w) knots from 0 to 1, never rising. dc_max_w 0: no DC inlet."""

    name: str
    battery_wh: float
    ac_phases: int
    ac_max_a: float
    dc_max_w: float
    dc_nominal_v: float = 400.0
    taper: tuple[tuple[float, float], ...] = ((0.0, 1.0), (0.35, 1.0), (0.6, 0.7), (0.8, 0.42), (1.0, 0.06))


CAR_MODELS = (
    CarModel("city car", 36_000, 1, 32, 40_000),
    CarModel("small hatchback", 50_000, 3, 16, 100_000),
    CarModel("compact", 60_000, 3, 16, 130_000),
    CarModel("family saloon", 77_000, 3, 16, 175_000),
    CarModel("long-range saloon", 82_000, 3, 16, 250_000, taper=((0, 1), (0.2, 1), (0.5, 0.5), (0.8, 0.25), (1, 0.04))),
    CarModel(
        "tall family car", 91_000, 3, 32, 200_000, 800.0, ((0, 1), (0.55, 1), (0.7, 0.75), (0.82, 0.4), (1, 0.05))
    ),
    CarModel("delivery van", 68_000, 3, 16, 110_000),
    CarModel("plug-in hybrid", 14_000, 1, 16, 0),
)
"""Sizes of cars rather than makes. The plug-in hybrid never comes to a DC outlet."""

_SHARE_OF_CARS = (2, 3, 4, 4, 2, 2, 1, 2)
_AC_EFFICIENCY, _DC_EFFICIENCY = 0.90, 0.95
_AC_KNEE = 0.96
"""Onboard chargers hold their power almost to the end."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car as it stands at the outlet. soc in [0, 1]; it asks for no more once target_soc is reached."""

    model: CarModel
    capacity_wh: float
    soc: float
    target_soc: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of one car. number: the how-manieth at its EVSE. Times are Unix seconds."""

    number: int
    vehicle: Vehicle
    arrives_at: float
    departs_at: float
    wanted_wh: float
    """At the meter, if nothing stops it."""


# ---- what a battery takes


@dataclass(frozen=True, slots=True)
class Curve:
    """knots: (state of charge, W at the meter), the power never rising, straight between them.

    efficiency   the share of the metered energy that arrives in the battery
    """

    knots: tuple[tuple[float, float], ...]
    efficiency: float


def acceptance(model: CarModel, outlet: Outlet, limit_w: float = inf) -> Curve | None:
    """What this car draws at this outlet, by its state of charge. None where nothing can flow.

    limit_w   what the station offers of its power (a charging profile); AC cars stop below 6 A a phase
    """
    if outlet.is_dc:
        if model.dc_max_w <= 0 or limit_w <= 0:
            return None
        power = [(soc, share * model.dc_max_w) for soc, share in model.taper]
        return Curve(_clipped(power, min(outlet.max_w, limit_w)), _DC_EFFICIENCY)
    phases = phases_used(model, outlet)
    most = min(model.ac_max_a, outlet.max_a, outlet.max_w / (outlet.phases * NOMINAL_V))
    amps = min(most, limit_w / (phases * NOMINAL_V))
    if amps < 6:  # IEC 61851-1 knows no current between 0 and 6 A
        return None
    full = phases * most * NOMINAL_V
    power = [(0.0, full), (_AC_KNEE, full), (1.0, full * 0.15)]
    return Curve(_clipped(power, amps * phases * NOMINAL_V), _AC_EFFICIENCY)


def phases_used(model: CarModel, outlet: Outlet) -> int:
    return 0 if outlet.is_dc else min(model.ac_phases, outlet.phases)


def power_w(curve: Curve | None, soc: float) -> float:
    """What the meter sees at this state of charge."""
    if curve is None or soc >= 1.0:
        return 0.0
    (s0, p0), (s1, p1) = _segment(curve.knots, soc)
    return p0 + (p1 - p0) * (soc - s0) / (s1 - s0)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a span of charging came to. energy_wh: at the meter, losses included."""

    soc: float
    energy_wh: float


def charge(curve: Curve | None, capacity_wh: float, soc: float, target_soc: float, seconds: float) -> Charged:
    """Charge for so long, or until the target: exact, so that two halves make the whole."""
    if curve is None or seconds <= 0 or soc >= target_soc:
        return Charged(soc, 0.0)
    start, efficiency = soc, curve.efficiency
    per_watt = efficiency / (3600.0 * capacity_wh)  # state of charge a second, for each W at the meter
    left = seconds
    while left > 0 and soc < target_soc:
        (s0, p0), (s1, p1) = _segment(curve.knots, soc)
        slope = (p1 - p0) / (s1 - s0)
        power = p0 + slope * (soc - s0)
        goal = min(s1, target_soc)
        needed = _seconds(power, slope, goal - soc, per_watt)
        if needed <= left:
            soc, left = goal, left - needed
        else:
            soc, left = min(goal, soc + _gained(power, slope, left, per_watt)), 0.0
    return Charged(soc, (soc - start) * capacity_wh / efficiency)


def seconds_to(curve: Curve | None, capacity_wh: float, soc: float, target_soc: float) -> float:
    """How long until the target, undisturbed; infinite where nothing flows."""
    if soc >= target_soc:
        return 0.0
    if curve is None:
        return inf
    per_watt, seconds = curve.efficiency / (3600.0 * capacity_wh), 0.0
    while soc < target_soc:
        (s0, p0), (s1, p1) = _segment(curve.knots, soc)
        slope = (p1 - p0) / (s1 - s0)
        goal = min(s1, target_soc)
        seconds += _seconds(p0 + slope * (soc - s0), slope, goal - soc, per_watt)
        soc = goal
    return seconds


def dc_voltage_v(model: CarModel, soc: float) -> float:
    return model.dc_nominal_v * (0.86 + 0.2 * sqrt(min(1.0, max(0.0, soc))))


def _clipped(knots: Sequence[tuple[float, float]], limit_w: float) -> tuple[tuple[float, float], ...]:
    """The curve under a ceiling, with a knot where it comes out from under it."""

    def corners() -> Iterator[tuple[float, float]]:
        before: tuple[float, float] | None = None
        for soc, power in knots:
            if before is not None and before[1] > limit_w > power:
                share = (before[1] - limit_w) / (before[1] - power)
                yield before[0] + share * (soc - before[0]), limit_w
            yield soc, min(power, limit_w)
            before = soc, power

    corner_list = list(corners())
    # A knot on top of another (rounding) would make a segment without width.
    return tuple(corner for i, corner in enumerate(corner_list) if i == 0 or corner[0] - corner_list[i - 1][0] > 1e-9)


def _segment(knots: tuple[tuple[float, float], ...], soc: float) -> tuple[tuple[float, float], tuple[float, float]]:
    right = min(max(1, bisect_right(knots, soc, key=lambda knot: knot[0])), len(knots) - 1)
    return knots[right - 1], knots[right]


def _seconds(power: float, slope: float, rise: float, per_watt: float) -> float:
    end = power + slope * rise
    if abs(end - power) < 1e-6 * power:
        return rise / (per_watt * power)
    return log(end / power) / (per_watt * slope)


def _gained(power: float, slope: float, seconds: float, per_watt: float) -> float:
    if abs(slope) < 1e-6 * power:
        return per_watt * power * seconds
    return power / slope * expm1(per_watt * slope * seconds)


# ---- who comes when


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the days pass. At pace 1 the hour of the day is the clock's (UTC); faster, it runs on from `hour` at
    `since`, `pace` times as fast, so that a demo at midnight has its rush hours too."""

    pace: float = 1.0
    since: float = 0.0
    hour: float = 0.0

    def hour_of_day(self, at: float) -> float:
        return (self.hour + (at - self.since) * self.pace / 3600.0) % 24.0


REAL_TIME = Tempo()


@dataclass(frozen=True, slots=True)
class _Habits:
    """visits_a_day: when the outlet is free all day. by_hour: how much busier than the mean each hour is. Hours and
    medians of the first three follow ElaadNL's public distributions of Dutch charging; spreads are ratios."""

    visits_a_day: float
    by_hour: tuple[float, ...]
    stay_h: float
    stay_spread: float
    energy_wh: float
    energy_spread: float
    target_soc: float


def _hours(numbers: str) -> tuple[float, ...]:
    return tuple(map(float, numbers.split()))


_HABITS = {
    SiteKind.HOME: _Habits(
        2.0,
        _hours(
            "0.51 0.13 0.05 0.03 0.03 0.02 0.04 0.14 0.33 0.27 0.27 0.37"
            " 0.52 0.53 0.64 0.88 1.36 2.92 4.09 2.77 2.18 2.14 2.19 1.59"
        ),
        11.0, 1.8, 19_400, 2.4, 0.9,
    ),
    SiteKind.WORK: _Habits(
        6.0,
        _hours(
            "0.01 0.0 0.0 0.0 0.03 0.34 1.04 3.42 6.4 4.34 1.86 1.19"
            " 1.3 1.27 0.96 0.73 0.49 0.24 0.14 0.12 0.07 0.03 0.02 0.01"
        ),
        4.9, 1.8, 8_800, 2.4, 0.95,
    ),
    SiteKind.PUBLIC: _Habits(
        7.0,
        _hours(
            "0.24 0.11 0.06 0.04 0.04 0.05 0.17 0.78 1.89 1.85 1.23 1.12"
            " 1.28 1.28 1.21 1.23 1.36 2.0 2.62 1.94 1.21 0.95 0.81 0.55"
        ),
        4.4, 2.4, 10_000, 2.4, 0.95,
    ),
    SiteKind.FAST: _Habits(
        22.0,
        _hours(
            "0.22 0.15 0.12 0.11 0.16 0.34 0.68 1.0 1.12 1.25 1.42 1.55"
            " 1.58 1.52 1.5 1.55 1.72 1.78 1.66 1.4 1.1 0.85 0.62 0.4"
        ),
        0.55, 1.5, 27_000, 1.6, 0.82,
    ),
}  # fmt: skip


def arrival_rate(kind: SiteKind, tempo: Tempo, at: float) -> float:
    """Cars a second that come to one free outlet."""
    habits = _HABITS[kind]
    hour = tempo.hour_of_day(at)
    here, there = habits.by_hour[int(hour) % 24], habits.by_hour[(int(hour) + 1) % 24]
    return habits.visits_a_day * (here + (there - here) * (hour % 1.0)) * tempo.pace / DAY_S


def next_visit(seed: str, kind: SiteKind, outlet: Outlet, after: float, number: int, tempo: Tempo = REAL_TIME) -> Visit:
    """The next car that comes to this outlet once it is free: always the same for the same arguments.

    seed   says whose visits they are, e.g. "7/CP-0001/1"
    """
    rng = dice(seed, "visit", number)
    most = _HABITS[kind].visits_a_day * max(_HABITS[kind].by_hour) * tempo.pace / DAY_S
    at = after
    while True:  # thinning: candidates at the highest rate, kept in proportion to the rate of their hour
        at += rng.expovariate(most)
        if rng.random() * most <= arrival_rate(kind, tempo, at):
            break
    return _visit(rng, kind, outlet, at, number, tempo)


def _visit(rng: Random, kind: SiteKind, outlet: Outlet, at: float, number: int, tempo: Tempo) -> Visit:
    habits = _HABITS[kind]
    fitting = [
        (m, share) for m, share in zip(CAR_MODELS, _SHARE_OF_CARS, strict=True) if m.dc_max_w or not outlet.is_dc
    ]
    (model,) = rng.choices([m for m, _ in fitting], [share for _, share in fitting])
    needed = min(0.9, lognormal(rng, habits.energy_wh, habits.energy_spread, 1_500, 75_000) / model.battery_wh)
    # A car comes with room for what it needs; some leave charging beyond that to the time they have.
    target = min(1.0, max(needed + 0.04, rng.gauss(habits.target_soc, 0.07)))
    soc = max(0.03, target - needed)
    vehicle = Vehicle(model, model.battery_wh / tempo.pace, soc, target)
    curve = acceptance(model, outlet)
    efficiency = curve.efficiency if curve else 1.0
    stay_s = lognormal(rng, habits.stay_h, habits.stay_spread, habits.stay_h / 6, 30.0) * 3600 / tempo.pace
    if kind is SiteKind.FAST:  # drivers wait beside the car: they leave when it is full, with a little delay
        full_s = seconds_to(curve, vehicle.capacity_wh, soc, target)
        stay_s = min(stay_s, full_s + rng.uniform(20, 240) / tempo.pace)
    wanted_wh = (target - soc) * vehicle.capacity_wh / efficiency
    return Visit(number, vehicle, at, at + max(stay_s, 15.0), wanted_wh)
