from hypothesis import given
from hypothesis import strategies as st

from voltloom.entrypoints.gateway.throttle import Throttle


def test_a_burst_goes_through_and_then_one_at_each_interval():
    throttle = Throttle[str](burst=3, every_s=5.0)
    assert [throttle.take("a", 100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 5.0]
    assert throttle.take("a", 103.0) == 2.0
    assert throttle.take("a", 105.0) == 0.0
    assert throttle.take("a", 105.0) == 5.0


def test_one_key_does_not_hold_back_another():
    throttle = Throttle[str](burst=1, every_s=5.0)
    assert throttle.take("a", 0.0) == 0.0
    assert throttle.take("b", 0.0) == 0.0


def test_asking_how_long_to_wait_takes_nothing():
    throttle = Throttle[str](burst=1, every_s=5.0)
    assert throttle.wait_s("a", 0.0) == 0.0
    assert throttle.take("a", 0.0) == 0.0
    assert throttle.wait_s("a", 1.0) == 4.0


@given(st.lists(st.integers(0, 1000), max_size=300))
def test_no_number_of_keys_fills_the_memory(keys):
    throttle = Throttle[int](burst=1, every_s=1e9, room=10)
    for moment, key in enumerate(keys):
        throttle.spend(key, float(moment))
    assert len(throttle) <= 10


def test_what_is_full_again_is_forgotten():
    throttle = Throttle[str](burst=2, every_s=1.0)
    throttle.spend("a", 0.0)
    throttle.spend("b", 5.0)
    throttle.sweep(5.5)
    assert len(throttle) == 1


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_the_rate(moments):
    throttle = Throttle[str](burst=5, every_s=2.0)
    taken = sum(throttle.take("a", moment) == 0.0 for moment in sorted(moments))
    assert taken <= 5 + max(moments) / 2.0 + 1e-6
