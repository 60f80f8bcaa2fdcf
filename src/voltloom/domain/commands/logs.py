"""What a station has written down of itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.commands.base import Answer, Command


class LogKind(Enum):
    DIAGNOSTICS = "DiagnosticsLog"
    SECURITY = "SecurityLog"
    DATA_COLLECTOR = "DataCollectorLog"
    """2.1 only."""


@dataclass(frozen=True, slots=True)
class GetLog(Command["LogAnswer"]):
    """Upload a log to this address. oldest, latest: only what was written between; None: no bound.

    request_id   ours: what the station tells of the upload names it (1.6: not where it is asked for diagnostics)
    """

    request_id: int
    kind: LogKind
    location: str
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """file_name: as the station will call what it uploads; "" where it did not say."""

    answer: Answer
    file_name: str = ""
