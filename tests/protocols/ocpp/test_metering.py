"""What meters say, in every spelling, comes out in canonical units, and all of it."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.metering import Context, Reading, Sample, Signed
from voltloom.protocols.ocpp import metering
from voltloom.protocols.ocpp.metering import samples_2, samples_16
from voltloom.protocols.ocpp.v2 import messages_21, messages_201
from voltloom.protocols.ocpp.v16 import messages as messages_16

AT = "2024-05-17T10:30:00Z"
THEN = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)
HEARD = datetime(2024, 5, 17, 10, 31, tzinfo=UTC)


def sampled_16(value: object, measurand: str = "", **more: str) -> messages_16.SampledValue:
    words = {
        "measurand": messages_16.Measurand,
        "phase": messages_16.Phase,
        "location": messages_16.Location,
        "unit": messages_16.UnitOfMeasure,
        "context": messages_16.ReadingContext,
        "format": messages_16.ValueFormat,
    }
    said = {"measurand": measurand, **more}
    return messages_16.SampledValue(value=str(value), **{key: words[key](word) for key, word in said.items() if word})


def sampled_2(value: float, measurand: str = "", unit: str = "", multiplier: int | None = None, **more: str):
    words = {
        "measurand": messages_21.MeasurandEnum,
        "phase": messages_21.PhaseEnum,
        "location": messages_21.LocationEnum,
        "context": messages_21.ReadingContextEnum,
    }
    said = {"measurand": measurand, **more}
    measure = (
        messages_21.UnitOfMeasure(unit=unit or None, multiplier=multiplier) if unit or multiplier is not None else None
    )
    return messages_21.SampledValue(
        value=value, unit_of_measure=measure, **{key: words[key](word) for key, word in said.items() if word}
    )


def in_16(*values: messages_16.SampledValue, at: str = AT) -> Sample:
    [sample] = samples_16([messages_16.MeterValue(timestamp=at, sampled_value=list(values))], HEARD)
    return sample


def in_2(*values: messages_21.SampledValue, at: str = AT) -> Sample:
    [sample] = samples_2([messages_21.MeterValue(timestamp=at, sampled_value=list(values))], HEARD)
    return sample


NOTHING = Sample(THEN)
REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
REACTIVE = "Energy.Reactive.Import.Register"


@pytest.mark.parametrize(
    ("sampled", "sample"),
    [
        (sampled_16("1234"), NOTHING._replace(energy_wh=1234)),
        (sampled_16("1.005", unit="kWh"), NOTHING._replace(energy_wh=1005)),
        (sampled_16("5", "Energy.Active.Export.Register", unit="kWh"), NOTHING._replace(export_wh=5000)),
        (sampled_16("7.4", "Power.Active.Import", unit="kW"), NOTHING._replace(power_w=7400)),
        (sampled_16("7400", "Power.Active.Import"), NOTHING._replace(power_w=7400)),
        (sampled_16("10", "Power.Active.Export", unit="W"), NOTHING._replace(power_export_w=10)),
        (sampled_16("16.1", "Current.Import", unit="A"), NOTHING._replace(current_a=(16.1, None, None))),
        (sampled_16("16.1", "Current.Import", phase="L2"), NOTHING._replace(current_a=(None, 16.1, None))),
        (sampled_16("230", "Voltage", phase="L3-N", unit="V"), NOTHING._replace(voltage_v=(None, None, 230))),
        (sampled_16("400", "Voltage", unit="V"), NOTHING._replace(voltage_v=(400, None, None))),
        (sampled_16("81", "SoC", unit="Percent", location="EV"), NOTHING._replace(soc_percent=81)),
        (sampled_16("25", "Temperature", unit="Celcius", location="Body"), NOTHING._replace(temperature_c=25)),
        (sampled_16("77", "Temperature", unit="Fahrenheit"), NOTHING._replace(temperature_c=25)),
        (sampled_16("298.15", "Temperature", unit="K"), NOTHING._replace(temperature_c=25)),
        (sampled_16("49.98", "Frequency"), NOTHING._replace(frequency_hz=49.98)),
        (sampled_16("49.98", "Frequency", unit="Hertz"), NOTHING._replace(frequency_hz=49.98)),
        (sampled_16("11", "Power.Offered", unit="kW"), NOTHING._replace(offered_w=11000)),
        (sampled_16("16", "Current.Offered", unit="A"), NOTHING._replace(offered_a=16)),
        (sampled_16("-3", "Power.Active.Import"), NOTHING._replace(power_w=-3)),
        (sampled_16(" 12 ", "Current.Import"), NOTHING._replace(current_a=(12, None, None))),
        (sampled_16("1", context="Transaction.End"), NOTHING._replace(energy_wh=1, context=Context.END)),
    ],
)  # fmt: skip
def test_a_column_takes_its_reading_in_its_own_unit(sampled: messages_16.SampledValue, sample: Sample):
    assert in_16(sampled) == sample


@pytest.mark.parametrize(
    ("sampled", "reading"),
    [
        (sampled_16("12", "Current.Export", unit="A"), Reading("Current.Export", 12, "A")),
        (sampled_16("1.5", "Power.Reactive.Import", unit="kvar"), Reading("Power.Reactive.Import", 1500, "var")),
        (sampled_16("2", REACTIVE, unit="kvarh"), Reading(REACTIVE, 2000, "varh")),
        (sampled_16("0.99", "Power.Factor"), Reading("Power.Factor", 0.99)),
        (sampled_16("1000", "RPM"), Reading("RPM", 1000)),
        (sampled_16("5", INTERVAL, unit="kWh"), Reading(INTERVAL, 5000, "Wh")),
        (sampled_16("400", "Voltage", phase="L1-L2"), Reading("Voltage", 400, "V", "L1-L2")),
        (sampled_16("2", "Current.Import", phase="N"), Reading("Current.Import", 2, "A", "N")),
        (sampled_16("9", location="Inlet", unit="kWh"), Reading("", 9000, "Wh", "", "Inlet")),
        (sampled_16("40", "Temperature", location="Cable"), Reading("Temperature", 40, "°C", "", "Cable")),
        (sampled_16("7", "Power.Active.Import", unit="kVA"), Reading("Power.Active.Import", 7000, "VA")),
        (sampled_16("about 7", "Power.Active.Import", unit="kW"), Reading("Power.Active.Import", "about 7", "W")),
        (sampled_16("1,500", "Current.Import"), Reading("Current.Import", "1,500", "A")),
        (sampled_16("NaN", "SoC"), Reading("SoC", "NaN", "%")),
        (sampled_16("-Infinity", "SoC"), Reading("SoC", "-Infinity", "%")),
        (sampled_16("1e300", "Voltage", unit="V"), Reading("Voltage", "1e300", "V")),
        (sampled_16("", "Voltage"), Reading("Voltage", "", "V")),
        (sampled_16("3", "Power.Factor", context="Trigger"), Reading("Power.Factor", 3, "", "", "", "Trigger")),
    ],
)  # fmt: skip
def test_what_has_no_column_is_an_extra(sampled: messages_16.SampledValue, reading: Reading):
    sample = in_16(sampled)
    assert sample.extras == (reading,)
    assert sample._replace(extras=(), context=Context.PERIODIC) == NOTHING


@pytest.mark.parametrize(
    ("sampled", "sample"),
    [
        (sampled_2(12.5), NOTHING._replace(energy_wh=12.5)),
        (sampled_2(12.5, unit="kWh"), NOTHING._replace(energy_wh=12500)),
        (sampled_2(12.5, unit="kwh"), NOTHING._replace(energy_wh=12500)),
        (sampled_2(12.5, unit=" kWh"), NOTHING._replace(energy_wh=12500)),
        (sampled_2(12.5, unit="Wh", multiplier=3), NOTHING._replace(energy_wh=12500)),
        (sampled_2(12.5, multiplier=3), NOTHING._replace(energy_wh=12500)),
        (sampled_2(12.5, unit="kWh", multiplier=-3), NOTHING._replace(energy_wh=12.5)),
        (sampled_2(0.0125, unit="MWh"), NOTHING._replace(energy_wh=12500)),
        (sampled_2(16100, "Current.Import", "A", -3), NOTHING._replace(current_a=(16.1, None, None))),
        (sampled_2(16100, "Current.Import", "mA"), NOTHING._replace(current_a=(16.1, None, None))),
        (sampled_2(8, "Power.Import.Offered", "kW"), NOTHING._replace(offered_w=8000)),
        (sampled_2(9, "Current.Import.Offered"), NOTHING._replace(offered_a=9)),
    ],
)  # fmt: skip
def test_a_multiplier_and_a_prefix_are_both_powers_of_ten(sampled: messages_21.SampledValue, sample: Sample):
    assert in_2(sampled) == sample


@pytest.mark.parametrize(
    ("sampled", "reading"),
    [
        (sampled_2(4, "Display.PresentSOC"), Reading("Display.PresentSOC", 4)),
        (sampled_2(4, "Energy.Apparent.Import", "kVAh"), Reading("Energy.Apparent.Import", 4000, "VAh")),
        (sampled_2(4, "EnergyRequest.Target"), Reading("EnergyRequest.Target", 4, "Wh")),
        (sampled_2(4, "Voltage", "furlong", 1), Reading("Voltage", 40, "furlong")),
        (sampled_2(4, "Voltage", "V", 400), Reading("Voltage", 4, "10^400 V")),
        (sampled_2(4, REGISTER, location="Upstream"), Reading(REGISTER, 4, "Wh", "", "Upstream")),
        (sampled_2(1e200, "Voltage"), Reading("Voltage", "1e+200", "V")),
    ],
)  # fmt: skip
def test_what_2x_says_beyond_the_columns_is_an_extra(sampled: messages_21.SampledValue, reading: Reading):
    assert in_2(sampled).extras == (reading,)


def test_phases_add_up_where_the_total_is_not_given():
    sample = in_16(
        *(
            sampled_16(value, "Power.Active.Import", phase=phase, unit="kW")
            for value, phase in (("1", "L1"), ("2", "L2"), ("3.5", "L3"))
        )
    )
    assert sample.power_w == 6500
    assert [reading.value for reading in sample.extras] == [1000, 2000, 3500]


def test_a_total_is_believed_over_its_phases():
    sample = in_16(sampled_16("100", phase="L1"), sampled_16("250"), sampled_16("100", phase="L2"))
    assert sample.energy_wh == 250
    assert [reading.phase for reading in sample.extras] == ["L1", "L2"]


def test_a_phase_and_its_reading_against_neutral_are_not_added_twice():
    assert in_16(sampled_16("100", phase="L1"), sampled_16("100", phase="L1-N")).energy_wh == 100


def test_the_neutral_is_no_share_of_the_total():
    assert in_16(sampled_16("100", "Power.Active.Import", phase="N")).power_w is None


def test_the_amperes_offered_are_those_of_the_strongest_phase():
    assert (
        in_16(
            sampled_16("16", "Current.Offered", phase="L1"), sampled_16("10", "Current.Offered", phase="L2")
        ).offered_a
        == 16
    )


def test_an_unphased_current_beside_phases_is_an_extra():
    sample = in_16(sampled_16("30", "Current.Import"), sampled_16("10", "Current.Import", phase="L1"))
    assert sample.current_a == (10, None, None)
    assert sample.extras == (Reading("Current.Import", 30, "A"),)


def test_what_is_said_twice_is_kept_twice():
    sample = in_16(sampled_16("1"), sampled_16("2"))
    assert sample.energy_wh == 1
    assert sample.extras == (Reading("", 2, "Wh"),)


def test_a_context_left_out_is_the_periodic_one():
    said, left_out = sampled_2(1, context="Sample.Periodic"), sampled_2(11, "Power.Active.Import")
    for values in ([said, left_out], [left_out, said]):
        sample = in_2(*values)
        assert (sample.context, sample.energy_wh, sample.power_w) == (Context.PERIODIC, 1, 11)


def test_contexts_of_one_entry_are_samples_of_their_own():
    entry = messages_16.MeterValue(
        timestamp=AT,
        sampled_value=[
            sampled_16("1", context="Transaction.Begin"),
            sampled_16("9", context="Transaction.End"),
            sampled_16("3", "SoC", context="Transaction.Begin"),
        ],
    )
    begin, end = samples_16([entry], HEARD)
    assert (begin.context, begin.energy_wh, begin.soc_percent) == (Context.BEGIN, 1, 3)
    assert (end.context, end.energy_wh, end.soc_percent) == (Context.END, 9, None)


def entry_16(at: str, *values: messages_16.SampledValue) -> messages_16.MeterValue:
    return messages_16.MeterValue(timestamp=at, sampled_value=list(values))


def test_entries_of_one_instant_about_different_things_are_one_sample():
    [sample] = samples_16([entry_16(AT, sampled_16("1")), entry_16(AT, sampled_16("2", "SoC"))], HEARD)
    assert (sample.energy_wh, sample.soc_percent) == (1, 2)


def test_entries_of_one_instant_that_repeat_each_other_are_two():
    first, second = samples_16([entry_16(AT, sampled_16("1")), entry_16(AT, sampled_16("2"))], HEARD)
    assert (first.energy_wh, second.energy_wh) == (1, 2)


def test_entries_of_different_instants_keep_their_times_and_order():
    later = "2024-05-17T10:35:00Z"
    first, second = samples_16([entry_16(later, sampled_16("2")), entry_16(AT, sampled_16("1"))], HEARD)
    assert (first.at, second.at) == (THEN + timedelta(minutes=5), THEN)


def test_a_time_that_cannot_be_read_is_when_it_was_heard():
    assert in_16(sampled_16("1"), at="yesterday").at == HEARD


def test_an_empty_entry_is_no_sample():
    assert samples_16([entry_16(AT)], HEARD) == ()


def test_a_signed_value_of_16_is_kept_to_the_letter():
    proof = ' OCMF|{"PG":"T1"}|{"SD":"30"} '
    sample = in_16(
        sampled_16(proof, format="SignedData", context="Transaction.End"), sampled_16("1", context="Transaction.End")
    )
    assert sample.signed == (Signed(proof),)
    assert sample.energy_wh == 1


def test_a_signed_value_of_2x_is_kept_beside_its_number():
    proof = messages_201.SignedMeterValue(
        signed_meter_data="b64=", signing_method="ECDSA", encoding_method="OCMF", public_key="key"
    )
    value = messages_201.SampledValue(value=7, signed_meter_value=proof)
    [sample] = samples_2([messages_201.MeterValue(timestamp=AT, sampled_value=[value])], HEARD)
    assert sample.energy_wh == 7
    assert sample.signed == (Signed("b64=", "ECDSA", "OCMF", "key"),)


@given(st.integers(0, 10**12), st.sampled_from([("Wh", 0), ("kWh", 3), ("MWh", 6)]), st.integers(-6, 6))
def test_energy_survives_every_unit_and_multiplier(milliwatthours: int, unit: tuple[str, int], multiplier: int):
    name, exponent = unit
    value = (
        milliwatthours / 10 ** (3 + exponent + multiplier)
        if exponent + multiplier >= -3
        else milliwatthours * 10.0 ** (-3 - exponent - multiplier)
    )
    energy = in_2(sampled_2(value, "Energy.Active.Import.Register", name, multiplier)).energy_wh
    assert energy is not None
    assert math.isclose(energy, milliwatthours / 1000, rel_tol=1e-12, abs_tol=1e-9)


@given(st.integers(-(10**9), 10**9), st.sampled_from(["W", "kW"]))
def test_power_is_the_same_in_16_and_2x(milliwatts: int, unit: str):
    value = milliwatts / (1000 if unit == "W" else 1_000_000)
    assert (
        in_16(sampled_16(repr(value), "Power.Active.Import", unit=unit)).power_w
        == in_2(sampled_2(value, "Power.Active.Import", unit)).power_w
    )


@given(
    st.lists(
        st.builds(
            sampled_16,
            st.one_of(st.floats().map(repr), st.text(max_size=5)),
            st.sampled_from(["", *messages_16.Measurand]),
            phase=st.sampled_from(["", *messages_16.Phase]),
            location=st.sampled_from(["", *messages_16.Location]),
            unit=st.sampled_from(["", *messages_16.UnitOfMeasure]),
            context=st.sampled_from(["", *messages_16.ReadingContext]),
            format=st.sampled_from(["", *messages_16.ValueFormat]),
        ),
        max_size=12,
    )
)
def test_nothing_is_dropped_and_all_numbers_are_finite(values: list[messages_16.SampledValue]):
    kept = 0
    for sample in samples_16([entry_16(AT, *values)], HEARD):
        columns = [*sample[2:6], *sample.current_a, *sample.voltage_v, *sample[8:13]]
        numbers = [value for value in columns if value is not None]
        assert all(map(math.isfinite, numbers))
        assert all(math.isfinite(reading.value) for reading in sample.extras if isinstance(reading.value, float))
        kept += len(numbers) + len(sample.extras) + len(sample.signed)
    assert kept >= len(values)


def test_units_of_free_text_do_not_fill_the_memory():
    for number in range(metering.PLANS_KEPT + 100):
        in_2(sampled_2(1, unit=f"unit {number}"))
    assert len(metering._plans) <= metering.PLANS_KEPT
