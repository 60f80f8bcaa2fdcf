"""The limit that charging profiles come to."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.simulator.profiles import Period, Profile, changes, limit_at
from voltloom.simulator.vehicle import DAY_S, Outlet

AC = Outlet(22_080, 3, 32)
NOW = 1_000_000.0


def profile(limit, *, number=1, evse=1, purpose="TxDefaultProfile", level=0, unit="W", kind="Absolute", **more):
    periods = more.pop("periods", (Period(0, limit),))
    more.setdefault("starts_at", NOW)
    return Profile(number, evse, purpose, level, kind, unit, periods, NOW, **more)


def watts(*profiles, at=NOW, evse=1, transaction="", started_at=0.0):
    return limit_at(profiles, AC, evse, at, transaction, started_at).watts


def test_no_profile_no_limit():
    assert watts() == inf


def test_the_highest_stack_level_of_a_purpose_counts():
    assert watts(profile(5_000, level=0), profile(9_000, level=1, number=2)) == 9_000


def test_the_lowest_of_the_purposes_counts():
    most = profile(4_000, evse=0, purpose="ChargingStationMaxProfile", number=2)
    assert watts(profile(5_000), most) == 4_000


def test_a_transaction_profile_takes_the_default_s_place_for_its_transaction_only():
    default, own = profile(5_000), profile(9_000, purpose="TxProfile", number=2, transaction="T")
    assert watts(default, own, transaction="T") == 9_000
    assert watts(default, own, transaction="U") == 5_000
    assert watts(default, own) == 5_000


def test_amperes_are_per_phase():
    assert watts(profile(10, unit="A")) == pytest.approx(6_900)
    assert watts(profile(10, unit="A", periods=(Period(0, 10, 1),))) == pytest.approx(2_300)


def test_another_evse_is_not_concerned_but_the_station_s_own_is():
    assert watts(profile(5_000, evse=2)) == inf
    assert watts(profile(5_000, evse=0)) == 5_000


def test_periods_follow_each_other_until_the_duration_ends():
    steps = profile(0, periods=(Period(0, 1_000), Period(60, 2_000)), duration_s=120)
    assert [watts(steps, at=NOW + s) for s in (-1, 0, 59, 60, 119, 120)] == [inf, 1_000, 1_000, 2_000, 2_000, inf]
    assert limit_at([steps], AC, 1, NOW).until == NOW + 60


def test_a_relative_one_counts_from_the_transaction_s_start():
    steps = profile(0, kind="Relative", starts_at=None, periods=(Period(0, 1_000), Period(60, 2_000)))
    assert watts(steps, at=NOW + 500, started_at=NOW + 450) == 1_000
    assert watts(steps, at=NOW + 511, started_at=NOW + 450) == 2_000


def test_a_recurring_one_comes_back_every_day():
    night = profile(1_000, kind="Recurring", recurs_s=DAY_S, duration_s=3600)
    assert [watts(night, at=NOW + 3 * DAY_S + s) for s in (0, 3599, 3600)] == [1_000, 1_000, inf]


def test_validity_bounds_it():
    bounded = profile(1_000, valid_from=NOW + 10, valid_to=NOW + 20)
    assert [watts(bounded, at=NOW + s) for s in (9, 10, 19, 20)] == [inf, 1_000, 1_000, inf]


@given(
    st.lists(
        st.tuples(st.floats(0, 30_000), st.integers(0, 3), st.floats(0, 500), st.floats(1, 500)), min_size=1, max_size=6
    ),
    st.floats(0, 1200),
)
def test_the_composite_schedule_says_what_the_limit_is_at_each_moment(drawn, after):
    profiles = [
        profile(limit, number=n, level=level, starts_at=NOW + start, duration_s=lasts)
        for n, (limit, level, start, lasts) in enumerate(drawn)
    ]
    schedule = list(changes(profiles, AC, 1, NOW, 1200))
    assert schedule[0].start_s == 0
    current = [p for p in schedule if p.start_s <= after][-1]
    edge = min(abs(after - p.start_s) for p in schedule)
    if edge > 1e-6:
        assert current.limit == min(AC.max_w, limit_at(profiles, AC, 1, NOW + after).watts)
