"""What a station's meter counts and says.

The register counts exactly what flowed; voltages wander a little, and currents follow so that power stays the product
of both. The register only ever rises, but for the one fault that makes it jump.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from voltloom.domain.metering import Context, Sample
from voltloom.simulator.chance import dice, wobble
from voltloom.simulator.vehicle import NOMINAL_V, Outlet

POWER_FACTOR = 0.99

PLAIN = ("Energy.Active.Import.Register", "Power.Active.Import")
FULL = (*PLAIN, "Current.Import", "Voltage", "Power.Offered", "Current.Offered", "Frequency")
FULL_DC = (*PLAIN, "Current.Import", "Voltage", "SoC", "Power.Offered")
TEMPERATURE = "Temperature"
"""A measurand of 1.6 only."""


@dataclass(slots=True)
class Flow:
    """What is happening at the outlet now. phases 0: direct current, at `dc_v`."""

    power_w: float = 0.0
    phases: int = 0
    dc_v: float = 0.0
    soc: float | None = None
    offered_w: float = 0.0


NO_FLOW = Flow()

_PerPhase = tuple[float | None, float | None, float | None]


@dataclass(slots=True)
class Meter:
    """One meter, at one outlet. name: seeds its noise and first reading."""

    name: str
    outlet: Outlet
    register_wh: float = field(default=-1.0)

    def __post_init__(self) -> None:
        if self.register_wh < 0:  # nobody buys a station on the day it is first heard of
            self.register_wh = float(dice(self.name, "register").randrange(20_000, 9_000_000))

    def count(self, energy_wh: float) -> None:
        self.register_wh += max(0.0, energy_wh)

    def jump(self, by_wh: float) -> None:
        """A broken register: it may even fall."""
        self.register_wh = max(0.0, self.register_wh + by_wh)

    def read(self, at: float, flow: Flow, context: Context = Context.PERIODIC) -> Sample:
        dc = self.outlet.is_dc
        share = flow.power_w / self.outlet.max_w
        voltage, current = self._dc(flow) if dc else self._ac(at, flow)
        return Sample(
            at=datetime.fromtimestamp(at, UTC),
            context=context,
            energy_wh=self.register_wh,
            power_w=flow.power_w,
            current_a=current,
            voltage_v=voltage,
            soc_percent=None if flow.soc is None else flow.soc * 100.0,
            temperature_c=22.0 + 24.0 * share + 4.0 * wobble(f"{self.name}.t", at, 600),
            frequency_hz=None if dc else 50.0 + 0.03 * wobble("grid", at, 20),
            offered_w=flow.offered_w,
            offered_a=None if dc else flow.offered_w / (NOMINAL_V * max(1, self.outlet.phases)),
        )

    def _ac(self, at: float, flow: Flow) -> tuple[_PerPhase, _PerPhase]:
        volts = [
            NOMINAL_V + 3.5 * wobble(f"{self.name}.{line}", at, 45) - 2.0 * (flow.power_w > 0)
            for line in range(self.outlet.phases)
        ]
        per_phase_w = flow.power_w / max(1, flow.phases)
        amps = [per_phase_w / (v * POWER_FACTOR) if line < flow.phases else 0.0 for line, v in enumerate(volts)]
        return _three(volts), _three(amps)

    def _dc(self, flow: Flow) -> tuple[_PerPhase, _PerPhase]:
        return (flow.dc_v, None, None), (flow.power_w / flow.dc_v if flow.dc_v > 0 else 0.0, None, None)


def _three(values: Sequence[float]) -> _PerPhase:
    first, second, third, *_ = (*values, None, None, None)
    return first, second, third


# ---- how it is written


class Row(NamedTuple):
    """One sampled value. phase "": the total, or not said."""

    measurand: str
    value: float
    unit: str
    phase: str = ""


def rows(sample: Sample, measurands: Iterable[str]) -> Iterator[Row]:
    """What the sample says on these measurands, one row a phase where it has phases.

    A measurand may name a phase ("Voltage.L1", as 1.6 configuration keys do). Those a meter lacks are left out.
    """
    for wanted in measurands:
        name, _, phase = wanted.partition(".L") if wanted.startswith(("Current", "Voltage")) else (wanted, "", "")
        for row in _rows(sample, name):
            if not phase or row.phase.startswith("L" + phase):
                yield row


def _rows(sample: Sample, measurand: str) -> Iterator[Row]:
    match measurand:
        case "Current.Import":
            yield from _by_phase(measurand, sample.current_a, "A", sample.voltage_v)
        case "Voltage":
            yield from _by_phase(measurand, sample.voltage_v, "V", sample.voltage_v)
        case _:
            column = _COLUMNS.get(measurand)
            value: float | None = getattr(sample, column[0]) if column else None
            if column and value is not None:
                yield Row(measurand, value, column[1])


_COLUMNS = {
    "Energy.Active.Import.Register": ("energy_wh", "Wh"),
    "Power.Active.Import": ("power_w", "W"),
    "Power.Offered": ("offered_w", "W"),
    "Current.Offered": ("offered_a", "A"),
    "SoC": ("soc_percent", "Percent"),
    "Temperature": ("temperature_c", "Celsius"),
    "Frequency": ("frequency_hz", "Hertz"),
}


def _by_phase(measurand: str, values: _PerPhase, unit: str, voltages: _PerPhase) -> Iterator[Row]:
    several = sum(v is not None for v in voltages) > 1
    for number, value in enumerate(values, 1):
        if value is not None:
            yield Row(measurand, value, unit, f"L{number}" if several else "")


@dataclass(frozen=True, slots=True)
class MeterStyle:
    """How a vendor writes meter values.

    kilo          energy in kWh and power in kW
    bare          leaves out what the standard has a default for: measurand and unit of the register, context, location
    line_names    phases of voltages as L1-N
    decimals      of most values; registers in Wh have none, with kilo three
    milliseconds  in times
    multiplier    2.x: power in W with multiplier 3
    """

    kilo: bool = False
    bare: bool = False
    line_names: bool = False
    decimals: int = 2
    milliseconds: bool = True
    multiplier: bool = False


PLAIN_STYLE = MeterStyle()


def stamp(at: float, style: MeterStyle = PLAIN_STYLE) -> str:
    """An RFC 3339 time in UTC, as this vendor writes it."""
    moment = datetime.fromtimestamp(at, UTC)
    if not style.milliseconds:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def meter_value_v16(sample: Sample, measurands: Iterable[str], style: MeterStyle) -> dict[str, Any] | None:
    """One MeterValue of 1.6, values as texts; None when the meter has none of the measurands."""
    values = [_sampled(row, sample.context, style, unit="Hertz") for row in rows(sample, measurands)]
    for value in values:
        value["value"] = _text(value["value"])
        if value["measurand"] == "Frequency":  # 1.6 has no unit for it
            del value["unit"]
        if style.bare and value["measurand"] == "Energy.Active.Import.Register" and value["unit"] == "Wh":
            del value["measurand"], value["unit"]
    return {"timestamp": stamp(sample.at.timestamp(), style), "sampledValue": values} if values else None


def meter_value_v2(sample: Sample, measurands: Iterable[str], style: MeterStyle) -> dict[str, Any] | None:
    """One MeterValueType of 2.x; None when the meter has none of the measurands."""
    values: list[dict[str, Any]] = []
    for row in rows(sample, measurands):
        value = _sampled(row, sample.context, style, unit="Hz")
        unit = value.pop("unit")
        if unit == "W" and style.multiplier:
            value["value"] = round(row.value / 1000, 5)
            value["unitOfMeasure"] = {"unit": "W", "multiplier": 3}
        elif unit != "Wh" or not style.bare:
            value["unitOfMeasure"] = {"unit": unit}
        if style.bare and row.measurand == "Energy.Active.Import.Register":
            del value["measurand"]
        values.append(value)
    return {"timestamp": stamp(sample.at.timestamp(), style), "sampledValue": values} if values else None


def _sampled(row: Row, context: Context, style: MeterStyle, unit: str) -> dict[str, Any]:
    value, said_unit = row.value, unit if row.unit == "Hertz" else row.unit
    if style.kilo and said_unit in ("Wh", "W"):
        value, said_unit = value / 1000, "k" + said_unit
        value = round(value, 3)
    else:
        # A register must not be rounded up past what flowed: some round down to whole Wh.
        value = float(int(value)) if said_unit == "Wh" and style.decimals == 0 else round(value, style.decimals)
    sampled: dict[str, Any] = {"value": value, "measurand": row.measurand, "unit": said_unit}
    if row.phase:
        sampled["phase"] = f"{row.phase}-N" if style.line_names and row.measurand == "Voltage" else row.phase
    if not (style.bare and context is Context.PERIODIC):
        sampled["context"] = context.value
    if not style.bare:
        sampled["location"] = "EV" if row.measurand == "SoC" else "Outlet"
    return sampled


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
