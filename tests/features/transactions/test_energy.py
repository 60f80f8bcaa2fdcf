from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.metering import Context, Sample
from voltloom.features.transactions.energy import (
    FELL,
    JUMPED,
    RESET,
    Count,
    Energy,
    Point,
    add_sample,
    count_all,
    energy_of,
    exported_wh,
    in_slots,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def register(*readings: float | None, every_s: int = 60, first: datetime = START) -> list[Sample]:
    return [
        Sample(first + timedelta(seconds=every_s * number), energy_wh=wh)
        for number, wh in enumerate(readings)
        if wh is not None
    ]


def counted(*readings: float | None, begin: float | None = None, end: float | None = None) -> Energy:
    points: list[Point] = []
    if begin is not None:
        points.append(Point(0, START.timestamp() - 1, begin))
    if end is not None:
        points.append(Point(2, START.timestamp() + 60 * len(readings), end))
    return energy_of(count_all(register(*readings), points))


def test_energy_is_what_the_register_gained():
    assert counted(1_000_000, 1_000_100, 1_000_250) == Energy(250.0)


def test_the_registers_of_start_and_stop_count_with_the_samples():
    assert counted(1_100, 1_200, begin=1_000, end=1_350) == Energy(350.0)


def test_a_counter_that_begins_at_zero_with_each_transaction_counts_as_well():
    assert counted(0, 120, 240) == Energy(240.0)


def test_a_transaction_that_is_known_only_by_its_start_has_charged_nothing_yet():
    assert counted(begin=5_000) == Energy(0.0)


def test_where_the_start_is_missing_the_first_reading_is_where_counting_begins():
    assert counted(5_000, 5_400) == Energy(400.0)


def test_one_reading_too_high_changes_nothing_and_is_marked():
    assert counted(1_000, 1_100, 9_000_000, 1_300) == Energy(300.0, doubts=(JUMPED,))


def test_one_reading_of_zero_changes_nothing_and_is_marked():
    assert counted(50_000, 50_100, 0, 50_300) == Energy(300.0, doubts=(RESET,))


def test_a_register_that_starts_again_from_zero_is_counted_on():
    assert counted(50_000, 50_500, 100, 400) == Energy(900.0, doubts=(RESET,))


def test_a_meter_exchanged_for_another_counts_from_where_that_one_stands():
    assert counted(9_000_000, 9_000_500, 3_000_000, 3_000_200) == Energy(700.0, doubts=(FELL,))


def test_a_start_of_zero_before_an_absolute_register_is_not_sold():
    """Stations that send meterStart 0 and then the register itself would bill what the station charged in its life."""
    assert counted(4_000_000, 4_000_500, begin=0, end=4_000_900) == Energy(900.0, doubts=(JUMPED,))


def test_a_stop_of_zero_takes_nothing_away():
    assert counted(4_000_100, 4_000_500, begin=4_000_000, end=0) == Energy(500.0, doubts=(RESET,))


def test_samples_that_count_from_zero_between_absolute_registers_are_harmless():
    energy = counted(0, 3_000, 6_000, begin=4_000_000, end=4_006_100)
    assert energy == Energy(6_100.0)


def test_a_falling_register_never_gives_negative_energy():
    assert counted(5_000_000, 4_000_000, 3_000_000).wh == 0.0


def test_rounding_back_by_one_is_no_fall():
    assert counted(1_000, 1_100, 1_099.5, 1_200) == Energy(200.0)


def test_without_a_register_energy_is_reckoned_from_power():
    samples = [Sample(START + timedelta(minutes=6 * n), power_w=10_000) for n in range(11)]
    energy = energy_of(count_all(samples))
    assert energy.wh == pytest.approx(10_000)
    assert energy.estimated


def test_power_before_a_long_silence_does_not_go_on_for_ever():
    samples = [Sample(START, power_w=10_000), Sample(START + timedelta(days=2), power_w=10_000)]
    assert energy_of(count_all(samples)).wh == pytest.approx(10_000)


def test_a_register_is_believed_before_power():
    samples = [
        Sample(START, energy_wh=1000, power_w=11_000),
        Sample(START + timedelta(hours=1), energy_wh=9000, power_w=11_000),
    ]
    assert energy_of(count_all(samples)) == Energy(8000.0)


def test_nothing_said_is_nothing_known():
    assert energy_of(count_all([])) == Energy(None)


def test_what_flows_back_is_counted_apart():
    samples = [Sample(START + timedelta(minutes=n), export_wh=500 + 10 * n) for n in range(4)]
    assert exported_wh(count_all(samples)) == 30


def test_slots_show_energy_so_far_and_mean_power():
    readings = [(START + timedelta(seconds=20 * n), 1000.0 + 10 * n, 100.0 * n, 50.0 + n) for n in range(6)]
    slots = in_slots(readings, Point(0, START.timestamp(), 990.0), 60)
    assert [(slot.energy_wh, slot.power_w, slot.soc_percent, slot.samples) for slot in slots] == [
        (30.0, 100.0, 52.0, 3),
        (60.0, 400.0, 55.0, 3),
    ]


wild_samples = st.lists(
    st.builds(
        lambda second, context, wh, power, export: Sample(
            START + timedelta(seconds=second), context, energy_wh=wh, power_w=power, export_wh=export
        ),
        st.integers(0, 500),
        st.sampled_from([Context.PERIODIC, Context.BEGIN, Context.END, Context.CLOCK]),
        st.none() | st.sampled_from([0.0, 10.0, 100.0, 1_000.0, 5_000.0, 1_000_000.0, 1_000_300.0]),
        st.none() | st.sampled_from([0.0, 7_400.0, 11_000.0]),
        st.none() | st.sampled_from([0.0, 20.0, 90.0]),
    ),
    max_size=12,
)


@given(wild_samples, st.randoms())
def test_order_and_repetition_never_change_the_count(samples: list[Sample], random: object):
    shuffled = [*samples, *samples[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count_all(shuffled) == count_all(samples)


@given(wild_samples)
def test_counting_as_it_comes_is_the_same_as_counting_all_at_once_wherever_it_is_taken(samples: list[Sample]):
    count = Count()
    taken = [sample for sample in samples if add_sample(count, sample)]
    assert count == count_all(taken)


@given(wild_samples)
def test_energy_is_never_negative_and_never_more_than_can_be_charged(samples: list[Sample]):
    energy = energy_of(count_all(samples)).wh
    assert energy is None or 0 <= energy <= 500_000 * 500 / 3600 * 1.1 + 1_000 * 2 * (len(samples) + 1)


@given(st.lists(st.floats(0, 5_000), min_size=1, max_size=30), st.floats(0, 1e8))
def test_an_honest_meter_is_believed_to_the_last_watt_hour(gains: list[float], base: float):
    readings = [base]
    for gain in gains:
        readings.append(readings[-1] + gain)
    energy = energy_of(count_all(register(*readings, every_s=60)))
    assert energy.wh == pytest.approx(readings[-1] - base, abs=len(gains))
    assert energy.doubts == ()
