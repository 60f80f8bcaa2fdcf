"""What a station has to show to drivers."""

from dataclasses import dataclass

from voltloom.domain.display import DisplayMessage
from voltloom.domain.reports.base import Noted, Report


@dataclass(frozen=True, slots=True)
class MessagesReported(Report[Noted]):
    """Asked for with this number. It comes in several parts; the last has no more to come."""

    report_id: int
    messages: tuple[DisplayMessage, ...]
    more: bool = False
