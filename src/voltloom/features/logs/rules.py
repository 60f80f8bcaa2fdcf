"""What a log of a station is, and what becomes of it. No I/O; the time is an argument."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.commands import Accepted, Answer, LogKind
from voltloom.domain.errors import Invalid, Throttled, TooLarge
from voltloom.domain.ids import StationId
from voltloom.domain.reports import LogStatus

MOST_BYTES = 50 << 20
"""Of one log."""
MOST_A_DAY = 1 << 30
"""Bytes of all stations together in 24 hours."""
VALID = timedelta(hours=1)
"""How long an address that was given to a station takes its log."""
MOST_TRIES = 20
"""How often it may be begun: stations try again."""
LARGEST_ID = 2**31 - 1
_DAY = timedelta(days=1)
_ENDINGS = frozenset(
    ("bz2", "csv", "enc", "gz", "json", "log", "pcap", "rar", "tar", "tgz", "txt", "xml", "xz", "zip", "zst", "7z")
)


class State(Enum):
    ASKED = "asked"
    """The station was asked, and was not heard to say yes or no."""
    ACCEPTED = "accepted"
    UPLOADING = "uploading"
    RECEIVED = "received"
    """It is here."""
    REFUSED = "refused"
    FAILED = "failed"
    SILENT = "silent"
    """Nothing came while its address was good."""

    @property
    def is_open(self) -> bool:
        return self in (State.ASKED, State.ACCEPTED, State.UPLOADING)


@dataclass(frozen=True, slots=True)
class Log:
    """id          ours: the requestId that the station names it by
    oldest, latest   what was asked for; None: no bound
    said        the station's word when it was asked
    file_name   as the station calls it; what lies on disk has a name of ours
    size, sha256   of what came; None and "" until then
    """

    id: int
    station_id: StationId
    kind: LogKind
    asked_at: datetime
    expires_at: datetime
    actor: str
    state: State = State.ASKED
    oldest: datetime | None = None
    latest: datetime | None = None
    said: str = ""
    reason: str = ""
    file_name: str = ""
    changed_at: datetime | None = None
    received_at: datetime | None = None
    size: int | None = None
    sha256: str = ""
    address: str = ""


def check_span(oldest: datetime | None, latest: datetime | None) -> None:
    """Raises Invalid."""
    if oldest is not None and latest is not None and latest <= oldest:
        raise Invalid("nothing lies between: latest comes before oldest")


def state_after_asking(answer: Answer) -> State:
    return State.REFUSED if answer.accepted is Accepted.REJECTED else State.ACCEPTED


def which(logs: Sequence[Log], request_id: int | None, now: datetime) -> Log | None:
    """The one that a status is about. logs: of the station, the latest first."""
    if request_id is not None:
        return next((log for log in logs if log.id == request_id), None)
    return next((log for log in logs if log.state.is_open and now < log.expires_at + VALID), None)


_FAILURES = frozenset(
    {
        LogStatus.UPLOAD_FAILURE,
        LogStatus.BAD_MESSAGE,
        LogStatus.NOT_SUPPORTED_OPERATION,
        LogStatus.PERMISSION_DENIED,
        LogStatus.ACCEPTED_CANCELED,
    }
)


def state_after(state: State, status: LogStatus) -> State:
    """What is here is here, whatever the station says; that it says it is here makes it no more so."""
    if state is State.RECEIVED or status is LogStatus.IDLE:
        return state
    return State.FAILED if status in _FAILURES else State.UPLOADING


def room_for(sizes_of_last_day: int, now: datetime) -> int:
    """How large the next may be. Raises Throttled."""
    left = MOST_A_DAY - sizes_of_last_day
    if left <= 0:
        raise Throttled(f"{MOST_A_DAY} bytes of logs came within a day: no more are taken now", 3600)
    return min(MOST_BYTES, left)


def check_length(length: int | None, room: int) -> None:
    """Raises TooLarge before anything of it is read."""
    if length is not None and length > room:
        raise TooLarge(f"the log is larger than the {room} bytes that are taken")


def day_before(now: datetime) -> datetime:
    return now - _DAY


def download_name(log: Log) -> str:
    """Ours. Of the station's own name only a harmless ending is kept."""
    ending = log.file_name.rsplit(".", 1)[-1].lower() if "." in log.file_name else ""
    station = re.sub(r"[^0-9A-Za-z_-]+", "_", log.station_id)
    at = log.received_at or log.asked_at
    return f"{station}-{log.kind.value}-{at:%Y%m%dT%H%M%SZ}.{ending if ending in _ENDINGS else 'bin'}"
