"""Registers only rise, and volts times amperes are watts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.metering import Context
from voltloom.simulator.meter import FULL, FULL_DC, Flow, Meter, MeterStyle, meter_value_v2, meter_value_v16, rows
from voltloom.simulator.vehicle import Outlet

AC, DC = Outlet(22_080, 3, 32), Outlet(150_000, 0)
NOON = 1_767_268_800.0


@given(st.lists(st.floats(-10, 10_000), max_size=30))
def test_a_register_never_falls(energies):
    meter = Meter("m", AC)
    last = meter.register_wh
    for energy in energies:
        meter.count(energy)
        assert meter.register_wh >= last
        last = meter.register_wh


def test_a_broken_register_may_fall_but_not_below_nothing():
    meter = Meter("m", AC)
    meter.jump(-1e12)
    assert meter.register_wh == 0


@given(st.floats(0, 22_080), st.sampled_from([1, 2, 3]), st.floats(NOON, NOON + 1e6))
def test_power_is_the_sum_of_volts_times_amperes(power, phases, at):
    sample = Meter("m", AC).read(at, Flow(power, phases, offered_w=22_080))
    product = sum(v * a for v, a in zip(sample.voltage_v, sample.current_a, strict=True) if v and a)
    assert product * 0.99 == pytest.approx(power, abs=1e-6)
    assert all(220 < v < 240 for v in sample.voltage_v if v)


def test_dc_meters_say_the_state_of_charge_and_one_current():
    sample = Meter("m", DC).read(NOON, Flow(100_000, 0, dc_v=400, soc=0.5))
    assert sample.current_a == (250, None, None)
    assert sample.soc_percent == 50


def test_two_meters_of_one_name_say_the_same():
    flow = Flow(5_000, 3)
    assert Meter("m", AC).read(NOON, flow) == Meter("m", AC).read(NOON, flow)
    assert Meter("m", AC).read(NOON, flow) != Meter("n", AC).read(NOON, flow)


def test_a_measurand_can_be_asked_for_one_phase():
    sample = Meter("m", AC).read(NOON, Flow(5_000, 3))
    assert [r.phase for r in rows(sample, ["Voltage.L2"])] == ["L2"]
    assert [r.phase for r in rows(sample, ["Voltage"])] == ["L1", "L2", "L3"]
    assert list(rows(sample, ["SoC", "Nonsense"])) == []


def test_styles_write_one_sample_in_their_own_ways():
    sample = Meter("m", AC, register_wh=1_234_567.8).read(NOON + 0.25, Flow(7_000, 3))
    energy = ["Energy.Active.Import.Register", "Power.Active.Import"]
    full = meter_value_v16(sample, energy, MeterStyle())
    assert full is not None
    assert full["timestamp"] == "2026-01-01T12:00:00.250Z"
    assert full["sampledValue"][0] == {
        "value": "1234567.8", "measurand": "Energy.Active.Import.Register", "unit": "Wh",
        "context": "Sample.Periodic", "location": "Outlet",
    }  # fmt: skip
    bare = meter_value_v16(sample, energy, MeterStyle(bare=True, decimals=0, milliseconds=False))
    assert bare is not None
    assert bare["timestamp"] == "2026-01-01T12:00:00Z"
    assert bare["sampledValue"][0] == {"value": "1234567"}
    kilo = meter_value_v16(sample, energy, MeterStyle(kilo=True))
    assert kilo is not None
    assert [(v["value"], v["unit"]) for v in kilo["sampledValue"]] == [("1234.568", "kWh"), ("7", "kW")]
    scaled = meter_value_v2(sample, energy, MeterStyle(multiplier=True))
    assert scaled is not None
    assert scaled["sampledValue"][1]["unitOfMeasure"] == {"unit": "W", "multiplier": 3}
    assert scaled["sampledValue"][1]["value"] == 7.0


def test_the_context_is_left_out_only_where_it_is_the_default():
    sample = Meter("m", DC).read(NOON, Flow(0, 0, dc_v=400, soc=0.2), Context.BEGIN)
    value = meter_value_v2(sample, FULL_DC, MeterStyle(bare=True))
    assert value is not None
    assert all(v["context"] == "Transaction.Begin" for v in value["sampledValue"])


def test_nothing_measured_is_nothing_said():
    sample = Meter("m", AC).read(NOON, Flow())
    assert meter_value_v16(sample, ["SoC"], MeterStyle()) is None
    assert meter_value_v2(sample, [], MeterStyle()) is None
    assert meter_value_v2(sample, FULL, MeterStyle()) is not None
