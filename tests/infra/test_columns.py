from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.infra.columns import from_microseconds, to_microseconds

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES)  # noqa: DTZ001  # hypothesis adds the zone


@given(TIMES)
def test_a_time_comes_back_to_the_microsecond(at):
    assert from_microseconds(to_microseconds(at)) == at


@given(TIMES, TIMES)
def test_times_keep_their_order(one, other):
    assert (to_microseconds(one) < to_microseconds(other)) == (one < other)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  # made aware below
def test_the_times_we_live_in_come_back_to_the_microsecond(at):
    assert from_microseconds(to_microseconds(at.replace(tzinfo=UTC))) == at.replace(tzinfo=UTC)


def test_a_naive_time_is_refused():
    with pytest.raises(TypeError, match="naive"):
        to_microseconds(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_no_time_is_no_number():
    assert to_microseconds(None) is None
    assert from_microseconds(None) is None
