from hypothesis import given
from hypothesis import strategies as st

from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.pace import Pace

LIMITS = Limits(messages_burst=10.0, messages_per_s=5.0)


def test_a_burst_then_the_rate():
    pace = Pace(LIMITS, 0.0)
    assert all(pace.take(b"x", LIMITS, 0.0) == 0.0 for _ in range(10))
    assert pace.take(b"x", LIMITS, 0.0) == 0.2
    assert pace.take(b"x", LIMITS, 0.2) == 0.0
    assert pace.take(b"x", LIMITS, 0.2) > 0.0


def test_a_long_message_costs_as_much_as_several():
    pace = Pace(LIMITS, 0.0)
    assert pace.take(bytes(4 * 64 * 1024), LIMITS, 0.0) == 0.0
    assert sum(pace.take(b"x", LIMITS, 0.0) == 0.0 for _ in range(10)) == 5


def test_a_message_that_costs_more_than_the_bucket_holds_goes_through_once_it_is_full():
    pace = Pace(LIMITS, 0.0)
    assert pace.take(bytes(64 * 1024 * 1024), LIMITS, 0.0) == 0.0
    assert pace.take(bytes(64 * 1024 * 1024), LIMITS, 1.0) == 1.0
    assert pace.take(bytes(64 * 1024 * 1024), LIMITS, 2.0) == 0.0


@given(st.lists(st.floats(0, 60), max_size=300))
def test_never_more_than_the_burst_and_the_rate(moments):
    pace = Pace(LIMITS, 0.0)
    taken = sum(pace.take(b"x", LIMITS, moment) == 0.0 for moment in sorted(moments))
    assert taken <= 10 + max(moments, default=0.0) * 5 + 1e-6


def test_waiting_as_long_as_was_said_is_enough():
    pace = Pace(LIMITS, 0.0)
    now = 0.0
    for _ in range(50):
        wait_s = pace.take(b"x", LIMITS, now)
        if wait_s:
            now += wait_s
            assert pace.take(b"x", LIMITS, now + 1e-9) == 0.0
