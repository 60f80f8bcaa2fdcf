"""What all profiles of a station together allow: the rules one by one, and laws that hold for any profiles."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.charging import (
    ChargingProfile,
    OperationMode,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Recurrence,
    Schedule,
)
from voltloom.domain.ids import TransactionId
from voltloom.features.charging_profiles import Held, Situation, Supply, ceiling, composite
from voltloom.features.charging_profiles.reckoning import MOST_SPANS, station_composite
from voltloom.simulator.profiles import Period as SimulatedPeriod
from voltloom.simulator.profiles import Profile, limit_at
from voltloom.simulator.vehicle import Outlet

NOW = datetime(2030, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TX = TransactionId("T-1")
CHARGING = Situation(1, transaction_id=TX, started_at=NOW)
W, A = RateUnit.WATTS, RateUnit.AMPERES


def schedule(*limits: tuple[int, float], unit: RateUnit = W, phases: int | None = None, **fields) -> Schedule:
    fields = {"starts_at": NOW} | fields
    return Schedule(unit, tuple(Period(start, Rates(limit), phases) for start, limit in limits), **fields)


def held(purpose: Purpose, *schedules: Schedule, evse: int = 1, since: datetime = NOW, **fields) -> Held:
    fields = {"id": 1, "kind": ProfileKind.ABSOLUTE, "schedules": schedules} | fields
    if purpose is Purpose.TX:
        fields = {"transaction_id": TX} | fields
    return Held(evse, ChargingProfile(purpose=purpose, **fields), since)


def limit(*profiles: Held, at: datetime = NOW, situation: Situation = CHARGING) -> float:
    return ceiling(profiles, situation, at).limit_w


def test_nothing_limits_where_no_profile_is():
    free = ceiling([], CHARGING, NOW)
    assert (free.limit_w, free.limit_a, free.discharge_w, free.setpoint_w, free.by) == (inf, inf, 0, None, ())


def test_a_limit_holds_from_its_start_until_the_next():
    profile = held(Purpose.TX_DEFAULT, schedule((0, 11_000), (3600, 4_000), duration_s=7200))
    just = timedelta(microseconds=1)
    assert limit(profile, at=NOW - just) == inf
    assert limit(profile) == 11_000
    assert limit(profile, at=NOW + HOUR - just) == 11_000
    assert limit(profile, at=NOW + HOUR) == 4_000
    assert limit(profile, at=NOW + 2 * HOUR - just) == 4_000
    assert limit(profile, at=NOW + 2 * HOUR) == inf


def test_of_a_purpose_the_highest_stack_level_that_has_a_say_prevails():
    base = held(Purpose.TX_DEFAULT, schedule((0, 4_000)), id=1)
    over = held(Purpose.TX_DEFAULT, schedule((0, 9_000), duration_s=3600), id=2, stack_level=1)
    assert limit(base, over) == 9_000
    assert limit(base, over, at=NOW + HOUR) == 4_000


def test_of_equal_stack_levels_the_one_for_this_evse_alone_prevails():
    everywhere = held(Purpose.TX_DEFAULT, schedule((0, 4_000)), evse=0, since=NOW + HOUR)
    here = held(Purpose.TX_DEFAULT, schedule((0, 9_000)))
    elsewhere = held(Purpose.TX_DEFAULT, schedule((0, 1_000)), evse=2)
    assert limit(everywhere, here, elsewhere) == 9_000
    assert limit(everywhere, here, elsewhere, situation=Situation(3)) == 4_000


def test_the_lowest_of_the_purposes_is_what_may_flow_and_the_transactions_own_takes_the_place_of_the_default():
    default = held(Purpose.TX_DEFAULT, schedule((0, 3_000)), id=1)
    own = held(Purpose.TX, schedule((0, 9_000), duration_s=3600), id=2)
    station = held(Purpose.STATION_MAX, schedule((0, 7_000)), evse=0, id=3)
    grid = held(Purpose.EXTERNAL_CONSTRAINTS, schedule((1800, 5_000)), evse=0, id=-1)
    everything = (default, own, station, grid)
    assert limit(*everything) == 7_000
    assert limit(*everything, at=NOW + HOUR / 2) == 5_000
    assert limit(*everything, at=NOW + HOUR) == 3_000
    assert ceiling(everything, CHARGING, NOW).by == (2, 3)


def test_a_profile_of_another_transaction_does_not_count():
    others = held(Purpose.TX, schedule((0, 3_000)), transaction_id=TransactionId("T-2"))
    started = held(Purpose.TX, schedule((0, 6_000)), transaction_id=None)
    assert limit(others) == inf
    assert limit(started) == 6_000
    assert limit(started, situation=Situation(1)) == inf


def test_priority_takes_the_place_of_both_while_it_is_asked_for():
    own = held(Purpose.TX, schedule((0, 3_000)))
    priority = held(Purpose.PRIORITY, schedule((0, 20_000)))
    station = held(Purpose.STATION_MAX, schedule((0, 11_000)), evse=0)
    assert limit(own, priority, station) == 3_000
    assert limit(own, priority, station, situation=replace(CHARGING, priority=True)) == 11_000
    assert limit(own, station, situation=replace(CHARGING, priority=True)) == 3_000


def test_what_is_generated_locally_comes_on_top():
    """OCPP 2.1 K27: 5 kW of a default, and 2 kW of the sun, are 7 kW."""
    default = held(Purpose.TX_DEFAULT, schedule((0, 5_000)))
    sun = held(Purpose.LOCAL_GENERATION, schedule((0, 2_000)), evse=0)
    assert limit(default, sun) == 7_000
    assert limit(default, sun, situation=replace(CHARGING, supply=Supply(max_w=6_000))) == 6_000
    assert limit(sun) == inf


def test_validity_is_half_open_as_well():
    profile = held(Purpose.TX_DEFAULT, schedule((0, 4_000)), valid_from=NOW + HOUR, valid_to=NOW + 2 * HOUR)
    assert [limit(profile, at=NOW + hours * HOUR) for hours in (0, 1, 2)] == [inf, 4_000, inf]


def test_a_relative_one_counts_from_when_the_transaction_began():
    relative = held(Purpose.TX_DEFAULT, schedule((0, 11_000), (1800, 4_000), starts_at=None), kind=ProfileKind.RELATIVE)
    late = replace(CHARGING, started_at=NOW + HOUR)
    assert limit(relative, situation=late, at=NOW + HOUR) == 11_000
    assert limit(relative, situation=late, at=NOW + 1.5 * HOUR) == 4_000
    assert limit(relative, situation=Situation(1)) == 11_000


@pytest.mark.parametrize("recurrence", Recurrence)
def test_a_recurring_one_begins_anew_each_time_and_what_is_beyond_is_never_reached(recurrence: Recurrence):
    span = recurrence.span
    profile = held(
        Purpose.TX_DEFAULT,
        schedule((0, 4_000), (3600, 9_000), (int(span.total_seconds()) + 60, 1.0), duration_s=7200),
        kind=ProfileKind.RECURRING,
        recurrence=recurrence,
    )
    for times in (0, 1, 5):
        began = NOW + times * span
        assert [limit(profile, at=began + hours * HOUR) for hours in (0, 1, 2)] == [4_000, 9_000, inf]


def test_by_the_stations_own_clock_eight_in_the_morning_stays_that():
    zone = ZoneInfo("Europe/Amsterdam")
    eight = datetime(2030, 3, 30, 8, 0, tzinfo=UTC)  # as the clock shows it; clocks change in the night after
    profile = held(
        Purpose.TX_DEFAULT,
        schedule((0, 4_000), duration_s=3600, starts_at=eight, local_time=True),
        kind=ProfileKind.RECURRING,
        recurrence=Recurrence.DAILY,
    )
    situation = replace(CHARGING, zone=zone)
    for day in (30, 31):
        at = datetime(2030, 3, day, 8, 30, tzinfo=zone).astimezone(UTC)
        assert limit(profile, at=at, situation=situation) == 4_000
        assert limit(profile, at=at - HOUR, situation=situation) == inf
    spans = composite([profile], situation, datetime(2030, 3, 30, 0, 0, tzinfo=UTC), timedelta(days=2))
    assert [(span.starts_at.hour, span.ceiling.limit_w) for span in spans] == [
        (0, inf),
        (7, 4_000),
        (8, inf),
        (6, 4_000),
        (7, inf),
    ]


def test_a_dynamic_one_ends_when_no_update_comes():
    """OCPP 2.1 K28."""
    profile = held(
        Purpose.TX,
        schedule((0, 6_000), starts_at=None, duration_s=60),
        kind=ProfileKind.DYNAMIC,
        updated_at=NOW,
    )
    default = held(Purpose.TX_DEFAULT, schedule((0, 2_000)))
    assert limit(profile, default, at=NOW + timedelta(seconds=59)) == 6_000
    assert limit(profile, default, at=NOW + timedelta(seconds=60)) == 2_000


def test_one_that_does_not_hold_offline_is_left_out_while_the_station_is_away():
    profile = held(Purpose.TX, schedule((0, 9_000)), max_offline_s=300)
    default = held(Purpose.TX_DEFAULT, schedule((0, 2_000)))
    for away, expected in ((None, 9_000), (300, 9_000), (301, 2_000)):
        assert limit(profile, default, situation=replace(CHARGING, offline_s=away)) == expected


@pytest.mark.parametrize(
    ("supply", "unit", "value", "phases", "watts", "amperes", "used"),
    [
        (Supply(), A, 16, None, 11_040, 16, 3),
        (Supply(), A, 16, 1, 3_680, 16, 1),
        (Supply(phases=1), A, 16, None, 3_680, 16, 1),
        (Supply(phases=1), A, 16, 3, 3_680, 16, 1),
        (Supply(voltage_v=120.0, phases=1), A, 16, None, 1_920, 16, 1),
        (Supply(), W, 6_900, None, 6_900, 10, 3),
        (Supply(), W, 6_900, 1, 6_900, 30, 1),
        (Supply(phases=0, voltage_v=400.0), A, 100, None, 40_000, 100, 0),
        (Supply(phases=0, voltage_v=400.0), W, 50_000, None, 50_000, 125, 0),
    ],
)
def test_units_are_converted_by_phases_and_voltage(supply, unit, value, phases, watts, amperes, used):
    found = ceiling(
        [held(Purpose.TX_DEFAULT, schedule((0, value), unit=unit, phases=phases))],
        replace(CHARGING, supply=supply),
        NOW,
    )
    assert (found.limit_w, found.limit_a, found.phases) == (watts, pytest.approx(amperes), used)


def test_amperes_are_compared_phase_by_phase():
    """32 A on one phase and 16 A on three are 16 A on one."""
    one = held(Purpose.TX, schedule((0, 32), unit=A, phases=1))
    three = held(Purpose.STATION_MAX, schedule((0, 16), unit=A), evse=0)
    found = ceiling([one, three], CHARGING, NOW)
    assert (found.limit_w, found.limit_a, found.phases) == (3_680, 16, 1)


def test_phases_may_have_limits_of_their_own():
    periods = (Period(0, Rates(16, 10, 6)),)
    profile = held(Purpose.TX, Schedule(A, periods, NOW))
    assert limit(profile) == 32 * 230
    assert limit(profile, held(Purpose.STATION_MAX, schedule((0, 8), unit=A), evse=0)) == 22 * 230


def test_a_setpoint_stays_between_what_may_flow_from_and_to_the_vehicle():
    def flow(setpoint: float, **more) -> tuple[float, float, float | None]:
        rates = Rates(limit=10_000, discharge_limit=-6_000, setpoint=setpoint)
        own = held(Purpose.TX, Schedule(W, (Period(0, rates, mode=OperationMode.CENTRAL_SETPOINT),), NOW))
        station = held(
            Purpose.STATION_MAX, Schedule(W, (Period(0, Rates(8_000, discharge_limit=-5_000)),), NOW), evse=0
        )
        found = ceiling([own, station], CHARGING, NOW)
        return found.limit_w, found.discharge_w, found.setpoint_w

    assert flow(3_000) == (8_000, -5_000, 3_000)
    assert flow(9_500) == (8_000, -5_000, 8_000)
    assert flow(-9_500) == (8_000, -5_000, -5_000)


def test_nothing_flows_back_where_the_profile_only_charges_and_nothing_at_all_in_an_idle_period():
    rates = Rates(limit=10_000, discharge_limit=-6_000)
    charging = held(Purpose.TX, Schedule(W, (Period(0, rates),), NOW))
    idle = held(Purpose.TX, Schedule(W, (Period(0, Rates(), mode=OperationMode.IDLE),), NOW))
    free = held(Purpose.TX, Schedule(W, (Period(0, Rates(), mode=OperationMode.EXTERNAL_SETPOINT),), NOW))
    assert ceiling([charging], CHARGING, NOW)[:4] == (10_000, pytest.approx(10_000 / 690), 3, 0)
    assert ceiling([idle], CHARGING, NOW)[:4] == (0, 0, 3, 0)
    assert (ceiling([free], CHARGING, NOW).limit_w, ceiling([free], CHARGING, NOW).discharge_w) == (inf, -inf)


def test_a_station_draws_what_its_evses_may_and_no_more_than_it_may_itself():
    first = held(Purpose.TX_DEFAULT, schedule((0, 7_000), (3600, 2_000)), evse=1, id=1)
    second = held(Purpose.TX_DEFAULT, schedule((0, 6_000)), evse=2, id=2)
    whole = held(Purpose.STATION_MAX, schedule((0, 10_000)), evse=0, id=3)
    spans = station_composite([first, second, whole], [Situation(1), Situation(2)], NOW, 2 * HOUR)
    assert [(span.starts_at, span.ceiling.limit_w) for span in spans] == [(NOW, 10_000), (NOW + HOUR, 8_000)]
    assert set(spans[0].ceiling.by) == {1, 2, 3}
    [alone] = station_composite([whole], [], NOW, HOUR)
    assert alone.ceiling.limit_w == 10_000


def test_whatever_times_a_station_tells_are_borne_with():
    far = datetime.max.replace(tzinfo=UTC)
    first = datetime.min.replace(tzinfo=UTC)
    for starts_at in (far, first):
        for local in (False, True):
            for start in (-(2**31), 0, 2**31 - 1):
                odd = schedule(
                    (start, 1_000), (start, 500), starts_at=starts_at, duration_s=2**31 - 1, local_time=local
                )
                profiles = [
                    held(Purpose.TX_DEFAULT, odd),
                    held(Purpose.TX_DEFAULT, odd, kind=ProfileKind.RECURRING, recurrence=Recurrence.DAILY),
                ]
                situation = replace(CHARGING, zone=ZoneInfo("Pacific/Auckland"))
                assert composite(profiles, situation, NOW, HOUR)


def test_there_is_an_end_to_the_spans():
    periods = tuple((start, float(start % 7)) for start in range(1024))
    often = held(Purpose.TX_DEFAULT, schedule(*periods), kind=ProfileKind.RECURRING, recurrence=Recurrence.DAILY)
    assert len(composite([often], CHARGING, NOW, timedelta(days=7))) == MOST_SPANS


# ---- laws

LIMITS = st.lists(
    st.tuples(st.integers(0, 7200), st.integers(0, 30_000)), min_size=1, max_size=4, unique_by=lambda p: p[0]
)


@st.composite
def profiles(draw: st.DrawFn, purposes: tuple[Purpose, ...] = tuple(Purpose)) -> Held:
    purpose = draw(st.sampled_from(purposes))
    kind = draw(st.sampled_from((ProfileKind.ABSOLUTE, ProfileKind.RECURRING, ProfileKind.RELATIVE)))
    limits = sorted(draw(LIMITS))
    limits[0] = (0, limits[0][1])
    starts_at = None if kind is ProfileKind.RELATIVE else NOW + timedelta(seconds=draw(st.integers(-200_000, 7200)))
    unit = draw(st.sampled_from(RateUnit))
    values = [(start, limit / 1_000 if unit is A else float(limit)) for start, limit in limits]
    made = schedule(
        *values,
        unit=unit,
        phases=draw(st.sampled_from((None, 1, 3))),
        starts_at=starts_at,
        duration_s=draw(st.none() | st.integers(values[-1][0] + 1, 90_000)),
    )
    moments = st.none() | st.integers(-7200, 7200).map(lambda seconds: NOW + timedelta(seconds=seconds))
    return held(
        purpose,
        made,
        evse=0 if purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS, Purpose.LOCAL_GENERATION) else 1,
        id=draw(st.integers(1, 1_000)),
        kind=kind,
        stack_level=draw(st.integers(0, 3)),
        recurrence=draw(st.sampled_from(Recurrence)) if kind is ProfileKind.RECURRING else None,
        valid_from=draw(moments),
        valid_to=draw(moments),
    )


SOME = st.lists(profiles(), max_size=6, unique_by=lambda each: (each.profile.purpose, each.profile.stack_level))
SECONDS = st.integers(0, 100_000)


@given(SOME, SECONDS)
def test_what_the_schedule_says_is_what_the_ceiling_is_at_any_time(held_profiles, seconds):
    at = NOW + timedelta(seconds=seconds)
    spans = composite(held_profiles, CHARGING, NOW, timedelta(seconds=100_001))
    within = [span for span in spans if span.starts_at <= at][-1]
    assert within.ceiling == ceiling(held_profiles, CHARGING, at)


@given(SOME)
def test_spans_begin_at_once_follow_each_other_and_differ(held_profiles):
    spans = composite(held_profiles, CHARGING, NOW, timedelta(days=1))
    assert spans[0].starts_at == NOW
    for one, other in pairwise(spans):
        assert one.starts_at < other.starts_at < NOW + timedelta(days=1)
        assert one.ceiling != other.ceiling


@given(st.lists(profiles((Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS)), min_size=1, max_size=4), SOME, SECONDS)
def test_no_profile_of_a_transaction_lifts_what_limits_the_station(limiting, others, seconds):
    at = NOW + timedelta(seconds=seconds)
    others = [each for each in others if each.profile.purpose in (Purpose.TX, Purpose.TX_DEFAULT, Purpose.PRIORITY)]
    alone = ceiling(limiting, CHARGING, at).limit_w
    for priority in (False, True):
        situation = replace(CHARGING, priority=priority)
        assert ceiling([*limiting, *others], situation, at).limit_w <= alone


@given(SOME, st.randoms(use_true_random=False), SECONDS)
def test_the_order_in_which_profiles_came_does_not_matter(held_profiles, random, seconds):
    at = NOW + timedelta(seconds=seconds)
    shuffled = list(held_profiles)
    random.shuffle(shuffled)
    one, other = ceiling(held_profiles, CHARGING, at), ceiling(shuffled, CHARGING, at)
    assert one._replace(by=()) == other._replace(by=())
    assert set(one.by) == set(other.by)


@given(profiles((Purpose.TX_DEFAULT,)), st.integers(0, 86_400), st.integers(1, 50))
def test_a_recurring_profile_says_the_same_each_time(one, seconds, times):
    profile = one.profile
    if profile.kind is not ProfileKind.RECURRING or profile.recurrence is None:
        return
    free = replace(one, profile=replace(profile, valid_from=None, valid_to=None))
    begin = max(NOW, profile.schedules[0].starts_at or NOW) + timedelta(seconds=seconds)
    assert limit(free, at=begin) == limit(free, at=begin + times * profile.recurrence.span)


@given(st.lists(profiles((Purpose.TX, Purpose.TX_DEFAULT, Purpose.STATION_MAX)), max_size=5), SECONDS)
def test_a_station_that_was_written_apart_comes_to_the_same(held_profiles, seconds):
    """The simulated station has its own way to reckon: totals only, so phases are left at three, and no ties."""
    at = NOW + timedelta(seconds=seconds)
    plain = [
        replace(
            each,
            profile=replace(
                each.profile,
                stack_level=level,
                schedules=tuple(
                    replace(one, periods=tuple(replace(period, phases=None) for period in one.periods))
                    for one in each.profile.schedules
                ),
            ),
        )
        for level, each in enumerate(held_profiles)
    ]
    theirs = [_simulated(each) for each in plain]
    expected = limit_at(theirs, Outlet(1e9), 1, at.timestamp(), TX, NOW.timestamp()).watts
    assert limit(*plain, at=at) == pytest.approx(expected)


def _simulated(each: Held) -> Profile:
    profile, said = each.profile, each.profile.schedules[0]
    return Profile(
        id=profile.id,
        evse=each.evse,
        purpose=profile.purpose.value,
        stack_level=profile.stack_level,
        kind=profile.kind.value,
        unit=said.unit.value,
        periods=tuple(SimulatedPeriod(period.start_s, period.rates.limit or 0.0) for period in said.periods),
        since=each.since.timestamp(),
        starts_at=said.starts_at.timestamp() if said.starts_at else None,
        duration_s=inf if said.duration_s is None else said.duration_s,
        recurs_s=profile.recurrence.span.total_seconds() if profile.recurrence else 0.0,
        valid_from=profile.valid_from.timestamp() if profile.valid_from else -inf,
        valid_to=profile.valid_to.timestamp() if profile.valid_to else inf,
        transaction=profile.transaction_id or "",
    )
