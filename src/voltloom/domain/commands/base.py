"""What every command is, and the answer most of them have."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True, slots=True)
class Command(Generic[OutcomeT]):
    """Something we ask of a station, that it answers with an OutcomeT."""


class Accepted(Enum):
    """What a station's answer comes down to."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    """It will, when it can: after the transaction, after a reboot."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Answer:
    """accepted: what it comes down to. status: the station's own word. reason, detail: its explanation (2.x)."""

    accepted: Accepted
    status: str
    reason: str = ""
    detail: str = ""
