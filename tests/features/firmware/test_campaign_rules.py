"""What a campaign does next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.features.firmware import campaigns
from voltloom.features.firmware.campaigns import WAIT, Do, Plan, Reach, Standing, Step, Target, next_step, reach_of
from voltloom.features.firmware.rules import Image

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = Plan(2, 10, 4, 20, timedelta(minutes=10), timedelta(hours=4), NOW + timedelta(days=7))
CANARIES = Standing(wave=0, waiting=30, done=0, failed=0, started=0, updating=0)
FIRST = Standing(wave=1, waiting=20, done=2, failed=0, started=0, updating=0)


@pytest.mark.parametrize(
    ("stands", "step"),
    [
        (CANARIES, Step(Do.START, 2)),
        (replace(CANARIES, started=1, updating=1), Step(Do.START, 1)),
        (replace(CANARIES, started=2, updating=2), WAIT),
        (replace(CANARIES, started=2, done=2, over_at=NOW - timedelta(minutes=9)), WAIT),
        (replace(CANARIES, started=2, done=2, over_at=NOW - timedelta(minutes=10)), Step(Do.NEXT_WAVE)),
        (replace(CANARIES, started=2, done=1, failed=1), Step(Do.HALT, reason="1 of the canaries failed")),
        (replace(CANARIES, started=1, failed=1, forgiven=1), Step(Do.START, 1)),
        (FIRST, Step(Do.START, 4)),
        (replace(FIRST, started=4, updating=3), Step(Do.START, 1)),
        (replace(FIRST, started=9, updating=3), Step(Do.START, 1)),
        (replace(FIRST, started=10, updating=1), WAIT),
        (replace(FIRST, started=10, done=12, over_at=NOW), Step(Do.NEXT_WAVE)),
        (replace(FIRST, started=3, updating=1, failed=2), Step(Do.START, 3)),
        (replace(FIRST, started=3, failed=3), Step(Do.HALT, reason="3 of 5 failed")),
        (replace(FIRST, started=3, failed=3, forgiven=3), Step(Do.START, 4)),
        (replace(FIRST, waiting=0, updating=1, started=3), WAIT),
        (replace(FIRST, waiting=0, done=22), Step(Do.FINISH)),
    ],
)
def test_the_next_step(stands: Standing, step: Step):
    assert next_step(PLAN, stands, NOW) == step


def test_when_its_time_is_over_it_waits_for_those_under_way_and_ends():
    late = PLAN.ends_at
    assert next_step(PLAN, replace(FIRST, updating=1), late) == WAIT
    assert next_step(PLAN, FIRST, late) == Step(Do.FINISH)


def test_a_single_failure_halts_where_none_is_allowed():
    strict = replace(PLAN, halt_percent=0)
    assert next_step(strict, replace(FIRST, failed=1), NOW).do is Do.HALT


counts = st.integers(0, 50)


@given(st.builds(Standing, st.integers(0, 5), counts, counts, counts, counts, counts, st.integers(0, 50)))
def test_never_more_at_once_nor_in_a_wave_than_was_planned(stands: Standing):
    step = next_step(PLAN, stands, NOW)
    if step.do is Do.START:
        assert 0 < step.stations <= PLAN.at_once - stands.updating
        assert stands.started + step.stations <= (PLAN.canary if stands.wave == 0 else PLAN.wave)


@given(st.integers(1, 60), st.integers(1, 8), st.integers(1, 12), st.integers(1, 8))
def test_a_campaign_in_which_all_goes_well_reaches_everybody(stations: int, canary: int, wave: int, at_once: int):
    plan = replace(PLAN, canary=canary, wave=wave, at_once=at_once, soak=timedelta(0))
    stands = Standing(0, stations, 0, 0, 0, 0, over_at=NOW)
    for _ in range(10 * stations + 10):
        step = next_step(plan, stands, NOW)
        match step.do:
            case Do.FINISH:
                assert stands.done == stations
                return
            case Do.START:
                count = min(step.stations, stands.waiting)
                stands = replace(
                    stands,
                    waiting=stands.waiting - count,
                    started=stands.started + count,
                    updating=stands.updating + count,
                )
            case Do.NEXT_WAVE:
                stands = replace(stands, wave=stands.wave + 1, started=0)
            case _:
                assert stands.updating > 0, "it waits for nothing"
                stands = replace(stands, updating=stands.updating - 1, done=stands.done + 1)
    pytest.fail("it never ends")


def test_how_far_it_reaches():
    image = Image("i", "Acme", "", "2.0", "f", NOW, "Ada", size=1)
    targets = [
        Target("A", True, "Acme", "One", "1.0", True),
        Target("B", False, "ACME", "Two", "", False),
        Target("C", True, "Acme", "One", "2.0", False),
        Target("D", True, "Other", "One", "1.0", False),
    ]
    assert reach_of(image, targets, ["X"]) == Reach(2, 1, 1, 1, 1, 1, {"1.0": 1, "not told": 1}, ["X"])
    assert [campaigns.why_skip(image, target) for target in targets] == [
        "",
        "",
        "runs this version already",
        "of another make",
    ]
