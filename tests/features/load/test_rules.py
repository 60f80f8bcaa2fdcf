"""Which figures become rows, and slots made of them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import NOW
from voltloom.features.load.rules import LOOK_EVERY, NOW_HOLDS, SLOT, Load, Point, Recorder, Slot, slots

MINUTE = timedelta(minutes=1)


def heard(loads: list[Load]) -> tuple[list[Point], list[Point]]:
    """One after the other, as the clockwork looks."""
    recorder, now, past = Recorder(), [], []
    for number, load in enumerate(loads):
        new, over = recorder.hear({"a": load}, NOW + number * LOOK_EVERY)
        now += [point for _, point in new]
        past += [point for _, point in over]
    return now, past


def test_only_what_changed_is_a_row_and_now_and_then_what_did_not():
    now, _ = heard([Load(1)] * 3 + [Load(2)] * 2 + [Load(2)] * 40)
    assert [(point.at - NOW) / LOOK_EVERY for point in now] == [0, 3, 33]


def test_five_minutes_become_a_mean_and_a_maximum():
    _, past = heard([Load(100.0, charging=1)] * 15 + [Load(300.0, charging=2)] * 15 + [Load(0.0)])
    (point,) = past
    assert (point.at, point.load.power_w, point.power_max_w, point.load.charging) == (NOW, 200, 300, 2)


def test_slots_that_are_alike_are_written_once_an_hour():
    _, past = heard([Load(5.0)] * (30 * 25 + 1))
    assert [(point.at - NOW) / SLOT for point in past] == [0, 12, 24]


def test_a_site_that_is_gone_is_closed():
    recorder = Recorder()
    recorder.hear({"a": Load(5.0)}, NOW)
    now, past = recorder.hear({}, NOW + LOOK_EVERY)
    assert (now, [point.load.power_w for _, point in past]) == ([], [5.0])


def points(*figures: tuple[float, float]) -> list[Point]:
    """(minutes, power)."""
    return [Point(NOW + minutes * MINUTE, Load(power, 50.0, 1, 2), power) for minutes, power in figures]


def test_a_figure_stands_until_the_next_and_counts_by_its_time():
    (first, second) = slots(points((0, 10), (1, 40), (5, 0)), NOW, NOW + 8 * MINUTE, 4 * MINUTE, NOW_HOLDS)
    assert first == Slot(NOW, pytest.approx((10 + 3 * 40) / 4, abs=0.1), 40, 50, 1, 2)
    assert second.power_w == 10
    assert second.power_max_w == 40


def test_where_nothing_was_written_nothing_is_known():
    told = slots(points((0, 10), (30, 20)), NOW, NOW + 40 * MINUTE, 10 * MINUTE, NOW_HOLDS)
    assert [slot.power_w for slot in told] == [10, None, None, 20]


def test_what_began_before_reaches_in():
    told = slots(points((-2, 10)), NOW, NOW + 2 * MINUTE, MINUTE, NOW_HOLDS)
    assert [slot.power_w for slot in told] == [10, 10]


@given(st.lists(st.tuples(st.floats(0, 59), st.floats(0, 1e6)), max_size=30), st.sampled_from([10, 30, 60, 700]))
def test_no_mean_lies_outside_of_its_figures(figures: list[tuple[float, float]], step_s: int):
    drawn = points(*sorted(figures))
    told = slots(drawn, NOW, NOW + 60 * MINUTE, timedelta(seconds=step_s), NOW_HOLDS)
    powers = [point.load.power_w for point in drawn]
    assert len(told) == -(-3600 // step_s)
    for slot in told:
        if slot.power_w is not None:
            assert min(powers) - 0.1 <= slot.power_w <= max(powers) + 0.1
