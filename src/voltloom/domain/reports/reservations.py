"""What became of a place that was kept for somebody."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.reports.base import Noted, Report


class ReservationEnd(Enum):
    EXPIRED = "Expired"
    REMOVED = "Removed"
    """The station gave it up: a fault, or it was taken out of service."""
    NO_TRANSACTION = "NoTransaction"
    """2.1: it was used, and nobody charged."""


@dataclass(frozen=True, slots=True)
class ReservationReported(Report[Noted]):
    """A reservation is over without having been used to charge. 2.x only: 1.6 tells nothing of it."""

    reservation_id: int
    end: ReservationEnd
