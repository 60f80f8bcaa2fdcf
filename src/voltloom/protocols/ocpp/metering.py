"""Meter values of all versions, translated to `Sample`: canonical units, a column where there is one, nothing dropped.

What goes where:

- One sample for each instant and context. Entries of a message that have the same time are one sample where they speak
  of different things; where they repeat each other, each is its own.
- A column takes what was measured at the outlet, which is also what a reading without a location means. State of
  charge comes from the vehicle; temperature may be the body's.
- Where energy or power is given for phases only, the column is their sum; what is offered in amperes is their highest.
  The phases themselves, the neutral, and line-to-line readings are extras.
- Extras keep the standards' words, in canonical units. A value that is no finite number, or absurdly large, is kept as
  the text it came as; so is a number whose unit does not fit its measurand, in that unit.
- A time that cannot be read is replaced by the one the caller gives.

This is the hot path: how a combination of measurand, phase, location and unit is treated is decided once.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from voltloom.domain.metering import Context, Reading, Sample, Signed
from voltloom.protocols.ocpp.times import read_time
from voltloom.protocols.ocpp.v2 import messages_21, messages_201
from voltloom.protocols.ocpp.v16 import messages as messages_16

MeterValue16: TypeAlias = messages_16.MeterValue
MeterValue2: TypeAlias = messages_201.MeterValue | messages_21.MeterValue
SampledValue16: TypeAlias = messages_16.SampledValue
SampledValue2: TypeAlias = messages_201.SampledValue | messages_21.SampledValue

# The columns of a sample under construction. The last two wait to see whether the phases are given as well.
ENERGY, EXPORT, POWER, POWER_EXPORT, CURRENT, VOLTAGE, SOC = 0, 1, 2, 3, 4, 7, 10
TEMPERATURE, FREQUENCY, OFFERED_W, OFFERED_A, CURRENT_UNPHASED, VOLTAGE_UNPHASED = 11, 12, 13, 14, 15, 16
NO_COLUMN: Final = -1
EMPTY: Final[list[float | None]] = [None] * 17

LEAST, MOST = -1e15, 1e15
"""Of what can be meant. Between them lies also what is neither infinite nor not a number."""
LARGEST_EXPONENT: Final = 24
PLANS_KEPT: Final = 8192
"""Units are free text in 2.x: a station could fill the memory with them."""

_SIGNED: Final = messages_16.ValueFormat.SIGNED_DATA
# A comma before three digits may set off thousands: nobody knows what that means.
_VALUE_AND_UNIT: Final = re.compile(
    r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{1,15}|,[0-9]{1,2}|,[0-9]{4,15})?)\s*([A-Za-z%°]{0,8})\s*", re.ASCII
)
_CONTEXTS: Final[dict[str | None, Context]] = {None: Context.PERIODIC} | {context.value: context for context in Context}
_PHASES: Final = {"L1": 0, "L2": 1, "L3": 2, "L1-N": 0, "L2-N": 1, "L3-N": 2}


class Unit(NamedTuple):
    name: str
    exponent: int = 0
    offset: str = ""


_UNITS: Final = {
    "Wh": Unit("Wh"),
    "kWh": Unit("Wh", 3),
    "MWh": Unit("Wh", 6),
    "varh": Unit("varh"),
    "kvarh": Unit("varh", 3),
    "VAh": Unit("VAh"),
    "kVAh": Unit("VAh", 3),
    "W": Unit("W"),
    "kW": Unit("W", 3),
    "MW": Unit("W", 6),
    "VA": Unit("VA"),
    "kVA": Unit("VA", 3),
    "var": Unit("var"),
    "kvar": Unit("var", 3),
    "A": Unit("A"),
    "mA": Unit("A", -3),
    "V": Unit("V"),
    "mV": Unit("V", -3),
    "kV": Unit("V", 3),
    "Percent": Unit("%"),
    "%": Unit("%"),
    "Celsius": Unit("°C"),
    "Celcius": Unit("°C"),  # as the schema of 1.6 has it, beside the right one
    "C": Unit("°C"),
    "°C": Unit("°C"),
    "Fahrenheit": Unit("°C", 0, "F"),
    "F": Unit("°C", 0, "F"),
    "°F": Unit("°C", 0, "F"),
    "K": Unit("°C", 0, "K"),
    "Kelvin": Unit("°C", 0, "K"),
    "Hertz": Unit("Hz"),
    "Hz": Unit("Hz"),
}
# Stations also write kwh and KW. Not so where the case of the prefix says thousandth or million.
_UNITS_WITHOUT_CASE: Final = {name.casefold(): unit for name, unit in _UNITS.items() if name[0] not in "mM"}

_DEFAULT_UNITS: Final = (
    ("Energy.Reactive", "varh"),
    ("Energy.Apparent", "VAh"),
    ("Energy", "Wh"),
    ("Power.Reactive", "var"),
    ("Power.Factor", ""),
    ("Power", "W"),
    ("Current", "A"),
    ("Voltage", "V"),
    ("SoC", "%"),
    ("Temperature", "°C"),
    ("Frequency", "Hz"),
)


class Column(NamedTuple):
    """unphased: where a reading without a phase goes. phased: where that of L1 goes, NO_COLUMN where phases are added
    up instead. total: what they add up to."""

    unphased: int
    phased: int = NO_COLUMN
    total: int = NO_COLUMN
    locations: frozenset[str] = frozenset({"", "Outlet"})


_DEFAULT_MEASURAND: Final = "Energy.Active.Import.Register"
_ANYWHERE: Final = frozenset({"", "Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"})
_COLUMNS: Final = {
    "Energy.Active.Import.Register": Column(ENERGY, total=ENERGY),
    "Energy.Active.Export.Register": Column(EXPORT, total=EXPORT),
    "Power.Active.Import": Column(POWER, total=POWER),
    "Power.Active.Export": Column(POWER_EXPORT, total=POWER_EXPORT),
    "Current.Import": Column(CURRENT_UNPHASED, phased=CURRENT),
    "Voltage": Column(VOLTAGE_UNPHASED, phased=VOLTAGE),
    "SoC": Column(SOC, locations=_ANYWHERE),
    "Temperature": Column(TEMPERATURE, locations=frozenset({"", "Outlet", "Body"})),
    "Frequency": Column(FREQUENCY, locations=frozenset({"", "Outlet", "Inlet", "Body"})),
    "Power.Offered": Column(OFFERED_W, total=OFFERED_W),
    "Power.Import.Offered": Column(OFFERED_W, total=OFFERED_W),
    "Current.Offered": Column(OFFERED_A, total=OFFERED_A),
    "Current.Import.Offered": Column(OFFERED_A, total=OFFERED_A),
}


class Words(NamedTuple):
    """What an extra says of itself, and the column that its phase is a share of, if any."""

    measurand: str
    unit: str
    phase: str
    location: str
    total: int


Plan: TypeAlias = tuple[int, Callable[[float], float] | None, Words]
"""The column, the way to the canonical unit (None: it is that), and the words should it become an extra."""
Aside: TypeAlias = list[tuple[Words, float | None, object]]
"""Readings that have no column, or whose column is taken: words, the value if it is a number, and as it came."""

_plans: Final[dict[tuple[object, ...], Plan]] = {}


# ---- the two spellings


def samples_16(meter_values: Sequence[MeterValue16], heard_at: datetime) -> tuple[Sample, ...]:
    """``heard_at`` stands in for times that cannot be read."""
    samples: list[Sample] = []
    for timestamp, sampled_values in _by_instant(meter_values):
        at = read_time(timestamp) or heard_at
        while sampled_values:
            sampled_values = _read_16(at, sampled_values, samples)
    return tuple(samples)


def samples_2(meter_values: Sequence[MeterValue2], heard_at: datetime) -> tuple[Sample, ...]:
    """``heard_at`` stands in for times that cannot be read."""
    samples: list[Sample] = []
    for timestamp, sampled_values in _by_instant(meter_values):
        at = read_time(timestamp) or heard_at
        while sampled_values:
            sampled_values = _read_2(at, sampled_values, samples)
    return tuple(samples)


def _read_16(at: datetime, sampled_values: Sequence[SampledValue16], samples: list[Sample]) -> list[SampledValue16]:
    """Adds the sample of the first context to ``samples`` and returns what is of other contexts."""
    cells = EMPTY.copy()
    aside: Aside = []
    signed: list[Signed] = []
    others: list[SampledValue16] = []
    context = sampled_values[0].context
    meant = _CONTEXTS[context]  # none said is a context as well, which others may name
    for sampled in sampled_values:
        if sampled.context is not context and _CONTEXTS[sampled.context] is not meant:
            others.append(sampled)
            continue
        text = sampled.value
        if sampled.format is _SIGNED:
            signed.append(Signed(text))
            continue
        key = (sampled.measurand, sampled.phase, sampled.location, sampled.unit)
        column, scale, words = _plans.get(key) or _plan(key, *key, 0)
        try:
            value = float(text) if scale is None else scale(float(text))
        except ValueError:
            column, value, words = _spelled_out(text, sampled, words)
            if value is None:
                aside.append((words, None, text))
                continue
        if column != NO_COLUMN and cells[column] is None and LEAST < value < MOST:
            cells[column] = value
        else:
            aside.append((words, value, text))
    samples.append(_sample(at, context, cells, aside, tuple(signed)))
    return others


def _spelled_out(text: str, sampled: SampledValue16, words: Words) -> tuple[int, float | None, Words]:
    """A value with its unit written behind it, or with a comma for the point: "11,04 kW". The text is believed."""
    found = _VALUE_AND_UNIT.fullmatch(text)
    if found is None:
        return NO_COLUMN, None, words
    key = (sampled.measurand, sampled.phase, sampled.location, found[2] or sampled.unit)
    column, scale, words = _plans.get(key) or _plan(key, *key, 0)
    value = float(found[1].replace(",", "."))
    return column, value if scale is None else scale(value), words


def _read_2(at: datetime, sampled_values: Sequence[SampledValue2], samples: list[Sample]) -> list[SampledValue2]:
    """Adds the sample of the first context to ``samples`` and returns what is of other contexts."""
    cells = EMPTY.copy()
    aside: Aside = []
    signed: list[Signed] = []
    others: list[SampledValue2] = []
    context = sampled_values[0].context
    meant = _CONTEXTS[context]  # none said is a context as well, which others may name
    for sampled in sampled_values:
        if sampled.context is not context and _CONTEXTS[sampled.context] is not meant:
            others.append(sampled)
            continue
        if (proof := sampled.signed_meter_value) is not None:
            signed.append(_signed_2(proof))
        value = sampled.value
        if (measure := sampled.unit_of_measure) is None:
            key = (sampled.measurand, sampled.phase, sampled.location, None)
            column, scale, words = _plans.get(key) or _plan(key, *key, 0)
        else:
            key = (sampled.measurand, sampled.phase, sampled.location, measure.unit, measure.multiplier)
            column, scale, words = _plans.get(key) or _plan(key, *key[:4], measure.multiplier or 0)
        if scale is not None:
            value = scale(value)
        if column != NO_COLUMN and cells[column] is None and LEAST < value < MOST:
            cells[column] = value
        else:
            aside.append((words, value, sampled.value))
    samples.append(_sample(at, context, cells, aside, tuple(signed)))
    return others


def _signed_2(proof: messages_201.SignedMeterValue | messages_21.SignedMeterValue) -> Signed:
    return Signed(proof.signed_meter_data, proof.signing_method or "", proof.encoding_method, proof.public_key or "")


# ---- what they have in common


def _by_instant(meter_values: Sequence[Any]) -> Iterable[tuple[str, Sequence[Any]]]:
    """Sampled values by their time as written, where that can be without one thing being said twice."""
    if len({entry.timestamp for entry in meter_values}) == len(meter_values):
        return [(entry.timestamp, entry.sampled_value) for entry in meter_values]
    groups: list[tuple[str, list[Any]]] = []
    latest: dict[str, tuple[list[Any], set[tuple[Any, ...]]]] = {}
    for entry in meter_values:
        names: set[tuple[Any, ...]] = {
            (sampled.measurand, sampled.phase, sampled.location, sampled.context) for sampled in entry.sampled_value
        }
        together, taken = latest.get(entry.timestamp, (None, names))
        if together is not None and taken.isdisjoint(names):
            together.extend(entry.sampled_value)
            taken |= names
        else:
            together = list(entry.sampled_value)
            latest[entry.timestamp] = together, names
            groups.append((entry.timestamp, together))
    return groups


def _sample(
    at: datetime, context: str | None, cells: list[float | None], aside: Aside, signed: tuple[Signed, ...]
) -> Sample:
    if aside or cells[CURRENT_UNPHASED] is not None or cells[VOLTAGE_UNPHASED] is not None:
        extras = _extras(cells, aside, "" if context is None else str(context))
    else:
        extras = ()
    energy, export, power, power_export, i1, i2, i3, u1, u2, u3, soc, temperature, frequency, watts, amperes, _, _ = (
        cells
    )
    return Sample(
        at,
        _CONTEXTS[context],
        energy,
        export,
        power,
        power_export,
        (i1, i2, i3),
        (u1, u2, u3),
        soc,
        temperature,
        frequency,
        watts,
        amperes,
        extras,
        signed,
    )


def _extras(cells: list[float | None], aside: Aside, context: str) -> tuple[Reading, ...]:
    """What has no column. Fills the columns that are made of phases."""
    extras: list[Reading] = []
    shares: dict[int, dict[int, float]] = {}
    for words, value, came_as in aside:
        if value is None or not LEAST < value < MOST:
            said = came_as if isinstance(came_as, str) else repr(came_as)
            extras.append(Reading(words.measurand, said, words.unit, words.phase, words.location, context))
            continue
        extras.append(Reading(words.measurand, value, words.unit, words.phase, words.location, context))
        if words.total != NO_COLUMN:
            shares.setdefault(words.total, {}).setdefault(_PHASES[words.phase], value)
    for total, by_phase in shares.items():
        if cells[total] is None:
            cells[total] = max(by_phase.values()) if total == OFFERED_A else math.fsum(by_phase.values())
    for unphased, first, measurand, unit in (
        (CURRENT_UNPHASED, CURRENT, "Current.Import", "A"),
        (VOLTAGE_UNPHASED, VOLTAGE, "Voltage", "V"),
    ):
        value = cells[unphased]
        if value is None:
            continue
        if cells[first] is cells[first + 1] is cells[first + 2] is None:
            cells[first] = value
        else:
            extras.append(Reading(measurand, value, unit, context=context))
    return tuple(extras)


# ---- deciding, once for each combination


def _plan(
    key: tuple[object, ...],
    measurand: str | None,
    phase: str | None,
    location: str | None,
    unit: str | None,
    multiplier: int,
) -> Plan:
    plan = _decide(str(measurand or ""), str(phase or ""), str(location or ""), str(unit or "").strip(), multiplier)
    if len(_plans) < PLANS_KEPT:
        _plans[key] = plan
    return plan


def _decide(measurand: str, phase: str, location: str, said_unit: str, multiplier: int) -> Plan:
    meaning = measurand or _DEFAULT_MEASURAND
    usual = next((unit for start, unit in _DEFAULT_UNITS if meaning.startswith(start)), "")
    unit = _UNITS.get(said_unit) or _UNITS_WITHOUT_CASE.get(said_unit.casefold()) or Unit(said_unit or usual)
    exponent = unit.exponent + multiplier
    if abs(exponent) > LARGEST_EXPONENT:
        return NO_COLUMN, None, Words(measurand, f"10^{multiplier} {said_unit}".strip(), phase, location, NO_COLUMN)
    scale = _scale(exponent, unit.offset)
    column = _COLUMNS.get(meaning)
    if column is None or unit.name != usual or location not in column.locations:
        return NO_COLUMN, scale, Words(measurand, unit.name, phase, location, NO_COLUMN)
    if not phase:
        return column.unphased, scale, Words(measurand, unit.name, phase, location, NO_COLUMN)
    number = _PHASES.get(phase)
    if number is None:
        return NO_COLUMN, scale, Words(measurand, unit.name, phase, location, NO_COLUMN)
    if column.phased != NO_COLUMN:
        return column.phased + number, scale, Words(measurand, unit.name, phase, location, NO_COLUMN)
    return NO_COLUMN, scale, Words(measurand, unit.name, phase, location, column.total)


def _scale(exponent: int, offset: str) -> Callable[[float], float] | None:
    """The way to the canonical unit. Rounding takes off what binary fractions add: 1.005 kWh are 1005 Wh."""
    factor = 10.0 ** abs(exponent)
    if offset == "F":
        return lambda value: round((value * 10.0**exponent - 32) * 5 / 9, 6)
    if offset == "K":
        return lambda value: round(value * 10.0**exponent - 273.15, 6)
    if exponent > 0:
        return lambda value: round(value * factor, 6)
    if exponent < 0:
        return lambda value: value / factor
    return None
