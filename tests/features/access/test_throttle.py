import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.features.access.throttle import Throttle, source_of


def test_a_burst_is_let_through_then_one_every_period():
    throttle = Throttle(burst=3, period_s=5)
    for _ in range(3):
        assert throttle.wait_s("a", 100) == 0
        throttle.take("a", 100)
    assert throttle.wait_s("a", 100) == 5
    assert throttle.wait_s("b", 100) == 0
    assert throttle.wait_s("a", 105) == 0
    throttle.take("a", 105)
    assert throttle.wait_s("a", 105) == 5


def test_what_is_given_back_does_not_count():
    throttle = Throttle(burst=1, period_s=5)
    for _ in range(50):
        assert throttle.wait_s("a", 100) == 0
        throttle.take("a", 100)
        throttle.give_back("a")


@given(st.lists(st.floats(0, 10), max_size=60), st.integers(1, 6))
def test_nobody_gets_more_than_burst_and_rate_allow(pauses, burst):
    throttle, now, let_in = Throttle(burst=burst, period_s=2), 0.0, 0
    for pause in pauses:
        now += pause
        if throttle.wait_s("a", now) == 0:
            throttle.take("a", now)
            let_in += 1
    assert let_in <= burst + now / 2 + 1e-6


def test_only_so_many_keys_are_remembered():
    throttle = Throttle(burst=1, period_s=1000, most=10)
    for number in range(1000):
        throttle.take(str(number), 0)
    assert throttle.wait_s("999", 0) > 0
    assert throttle.wait_s("0", 0) == 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_a_source_is_an_address_or_the_network_one_host_can_choose_from(address, source):
    assert source_of(address) == source
