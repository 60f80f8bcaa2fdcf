"""Times as they are written on the wire. RFC 3339 is what the standards ask for; stations send more than that."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_LONGEST: Final = 64
_ODD: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T_ ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?"
    r" ?(?:(Z|UTC|GMT)|([+-])(\d{1,2})(?::?(\d{2}))?)?",
    re.ASCII | re.IGNORECASE,
)
_SINCE_1970: Final = re.compile(r"(\d{10})(\d{3})?", re.ASCII)


def read_time(text: str) -> datetime | None:
    """The instant, in UTC; None where it cannot be read.

    A time without a zone is taken to be UTC. Read besides RFC 3339: a space for the T, lower case, no seconds, any
    number of decimals (what is beyond microseconds is cut), fields of one digit, a leap second (as the next second),
    24:00 (as the next day), and seconds or milliseconds since 1970.
    """
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return _read_odd_time(text)


def write_time(time: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _read_odd_time(text: str) -> datetime | None:
    text = text.strip() if len(text) <= _LONGEST else ""
    try:
        if found := _SINCE_1970.fullmatch(text):
            return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(milliseconds=int(found[2] or 0))
        if found := _ODD.fullmatch(text):
            return _time_of(found)
    except (ValueError, OverflowError):
        pass
    return None


def _time_of(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute = (int(found[group]) for group in range(1, 6))
    second = int(found[6] or 0)
    # A leap second and the end of the day as 24:00 are the two where the clock shows one more than it has.
    late = timedelta(days=hour == 24 and minute == second == 0, seconds=second == 60)
    time = datetime(
        year,
        month,
        day,
        0 if late.days else hour,
        minute,
        59 if late.seconds else second,
        int((found[7] or "").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    if found[9]:
        offset = timedelta(hours=int(found[10]), minutes=int(found[11] or 0))
        time = time.replace(tzinfo=timezone(offset if found[9] == "+" else -offset))
    return (time + late).astimezone(UTC)
