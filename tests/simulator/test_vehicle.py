"""Batteries add up, tapers only fall, and the same seed brings the same cars."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.simulator.vehicle import (
    CAR_MODELS,
    Outlet,
    SiteKind,
    Tempo,
    acceptance,
    arrival_rate,
    charge,
    next_visit,
    power_w,
    seconds_to,
)

OUTLETS = [Outlet(11_040, 3, 16), Outlet(22_080, 3, 32), Outlet(7_360, 1, 32), Outlet(50_000, 0), Outlet(300_000, 0)]
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z

cars = st.sampled_from(CAR_MODELS)
outlets = st.sampled_from(OUTLETS)
shares = st.floats(0, 1)
limits = st.floats(0, 400_000)


@given(cars, outlets, limits)
def test_power_never_rises_with_the_state_of_charge(model, outlet, limit):
    curve = acceptance(model, outlet, limit)
    powers = [power_w(curve, soc / 200) for soc in range(201)]
    assert all(earlier >= later - 1e-6 for earlier, later in pairwise(powers))


@given(cars, outlets, limits, shares)
def test_power_stays_within_car_outlet_and_limit(model, outlet, limit, soc):
    power = power_w(acceptance(model, outlet, limit), soc)
    most_of_car = model.dc_max_w if outlet.is_dc else model.ac_phases * model.ac_max_a * 230
    assert 0 <= power <= min(outlet.max_w, limit, most_of_car) + 1e-6


@given(cars, outlets, shares, shares, st.floats(0, 50_000))
def test_energy_is_the_integral_of_power_and_the_battery_never_overflows(model, outlet, soc, target, seconds):
    curve = acceptance(model, outlet)
    done = charge(curve, model.battery_wh, soc, target, seconds)
    assert soc <= done.soc <= max(soc, target) + 1e-9
    if curve is None or done.soc == soc:
        assert done.energy_wh == 0
        return
    steps = 2_000
    spent = min(seconds, seconds_to(curve, model.battery_wh, soc, target))
    summed = 0.0
    at = soc
    for _ in range(steps):
        power = power_w(curve, at)
        summed += power * spent / steps / 3600
        at = min(1.0, at + power * curve.efficiency * spent / steps / 3600 / model.battery_wh)
    assert done.energy_wh == pytest.approx(summed, rel=0.01, abs=0.5)


@given(cars, outlets, shares, st.floats(1, 20_000), shares)
def test_two_halves_make_the_whole(model, outlet, soc, seconds, cut):
    curve = acceptance(model, outlet)
    whole = charge(curve, model.battery_wh, soc, 1.0, seconds)
    first = charge(curve, model.battery_wh, soc, 1.0, seconds * cut)
    second = charge(curve, model.battery_wh, first.soc, 1.0, seconds * (1 - cut))
    assert second.soc == pytest.approx(whole.soc, abs=1e-9)
    assert first.energy_wh + second.energy_wh == pytest.approx(whole.energy_wh, abs=1e-3)


@given(cars, outlets, shares, shares)
def test_it_is_full_when_it_was_said_to_be(model, outlet, soc, target):
    curve = acceptance(model, outlet)
    if curve is None:
        return
    seconds = seconds_to(curve, model.battery_wh, soc, target)
    assert charge(curve, model.battery_wh, soc, target, seconds + 0.01).soc == pytest.approx(max(soc, target), abs=1e-6)


def test_ac_cars_take_nothing_below_six_amperes():
    compact = CAR_MODELS[2]
    assert acceptance(compact, OUTLETS[1], 3 * 230 * 5.9) is None
    assert power_w(acceptance(compact, OUTLETS[1], 3 * 230 * 6), 0.5) == pytest.approx(4140)


def test_a_hybrid_has_no_place_at_a_dc_outlet():
    assert acceptance(CAR_MODELS[-1], OUTLETS[3]) is None


@given(st.text("abc/", max_size=5), st.sampled_from(list(SiteKind)), outlets, st.integers(0, 50))
def test_visits_are_a_pure_function_of_their_arguments(seed, kind, outlet, number):
    visit = next_visit(seed, kind, outlet, NOON, number)
    assert visit == next_visit(seed, kind, outlet, NOON, number)
    assert NOON < visit.arrives_at < visit.departs_at
    assert 0 < visit.vehicle.soc < visit.vehicle.target_soc <= 1
    assert not outlet.is_dc or visit.vehicle.model.dc_max_w > 0


@given(st.sampled_from(list(SiteKind)), outlets, st.floats(2, 100))
def test_a_faster_pace_shortens_everything_alike_and_leaves_power_alone(kind, outlet, pace):
    slow = next_visit("s", kind, outlet, NOON, 1, Tempo(1, NOON, 8))
    fast = next_visit("s", kind, outlet, NOON, 1, Tempo(pace, NOON, 8))
    assert fast.vehicle.model == slow.vehicle.model
    assert fast.vehicle.capacity_wh == pytest.approx(slow.vehicle.capacity_wh / pace)
    assert fast.arrives_at - NOON == pytest.approx((slow.arrives_at - NOON) / pace, rel=1e-3, abs=0.01)
    assert acceptance(fast.vehicle.model, outlet) == acceptance(slow.vehicle.model, outlet)


def test_offices_fill_in_the_morning_and_homes_in_the_evening():
    tempo = Tempo(1, NOON, 12)

    def rate(kind, hour):
        return arrival_rate(kind, tempo, NOON + (hour - 12) * 3600)

    assert rate(SiteKind.WORK, 8.5) > 5 * rate(SiteKind.WORK, 18.5)
    assert rate(SiteKind.HOME, 18.5) > 5 * rate(SiteKind.HOME, 8.5)


def test_a_smaller_battery_reaches_its_taper_sooner_with_the_same_power():
    car = next_visit("s", SiteKind.FAST, OUTLETS[4], NOON, 1).vehicle
    curve = acceptance(car.model, OUTLETS[4])
    small = replace(car, capacity_wh=car.capacity_wh / 20)
    assert seconds_to(curve, small.capacity_wh, 0.2, 0.8) == pytest.approx(
        seconds_to(curve, car.capacity_wh, 0.2, 0.8) / 20
    )
