from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.protocols.ocpp.times import read_time, write_time

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-02-29T12:00:00Z", NOON),
        ("2024-02-29T12:00:00", NOON),
        ("2024-02-29 12:00:00", NOON),
        ("2024-02-29T12:00Z", NOON),
        ("2024-02-29t12:00:00z", NOON),
        ("2024-02-29T14:00:00+02:00", NOON),
        ("2024-02-29T14:00:00+0200", NOON),
        ("2024-02-29T14:00:00+02", NOON),
        ("2024-02-29T06:30:00-05:30", NOON),
        ("2024-02-29T12:00:00-00:00", NOON),
        ("2024-02-29T12:00:00 UTC", NOON),
        (" 2024-02-29T12:00:00Z ", NOON),
        ("2024-2-29T12:0:0Z", NOON),
        ("20240229T120000Z", NOON),
        ("2024-02-29T12:00:00.Z", NOON),
        ("2024-02-29T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2024-02-29T12:00:00,25Z", NOON + timedelta(milliseconds=250)),
        ("2024-02-29T12:00:00.123456Z", NOON + timedelta(microseconds=123456)),
        ("2024-02-29T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2024-02-29T11:59:60Z", NOON),
        ("2024-02-28T24:00:00Z", NOON - timedelta(hours=12)),
        ("1709208000", NOON),
        ("1709208000250", NOON + timedelta(milliseconds=250)),
    ],
)
def test_every_shape_that_stations_send_is_read(text: str, time: datetime):
    assert read_time(text) == time
    assert read_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "12:00",
        "2024-02-30T12:00:00Z",
        "2024-02-29T25:00:00Z",
        "2024-02-29T12:00:61Z",
        "2024-02-29T24:00:01Z",
        "2024-02-29T12:00:00+99:99",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:60Z",
        "٢٠٢٤-02-29T12:00:00.Z",
        pytest.param(" " * 100_000, id="spaces"),
    ],
)
def test_what_is_no_time_is_none(text: str):
    assert read_time(text) is None


@given(st.text())
def test_no_text_breaks_it(text: str):
    time = read_time(text)
    assert time is None or time.tzinfo is UTC


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))])
ANY_DAY = st.datetimes(timezones=ZONES).filter(lambda time: 1 < time.year < 9999)


@given(ANY_DAY)
def test_what_is_written_is_read_back_to_the_millisecond(time: datetime):
    text = write_time(time)
    assert text.endswith("Z")
    assert timedelta() <= time - read_time(text) < timedelta(milliseconds=1)
