"""What a station may decide by itself: its list of tokens, and what it remembers of answers."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.token import Authorization, IdToken


class ListUpdate(Enum):
    FULL = "Full"
    """What is sent is the whole list."""
    DIFFERENTIAL = "Differential"
    """What is sent is put on the list that is there, or taken off it."""


class ListStatus(Enum):
    ACCEPTED = "Accepted"
    FAILED = "Failed"
    VERSION_MISMATCH = "VersionMismatch"
    """Its list has a version that this update does not fit on: it wants all of it."""
    NOT_SUPPORTED = "NotSupported"
    """1.6 only: it keeps no list."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """authorization None: the token comes off the list, in an update of what is there."""

    token: IdToken
    authorization: Authorization | None = None


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """reason, detail: the station's explanation (2.x). left_out: how many tokens its version cannot say."""

    status: ListStatus
    reason: str = ""
    detail: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SendLocalList(Command[ListAnswer]):
    """version: what the list has when this is done, above 0. No token occurs twice."""

    version: int
    update: ListUpdate
    entries: tuple[ListEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ListVersion:
    """0: there is no list. None: the station keeps none at all (1.6 says -1)."""

    version: int | None


@dataclass(frozen=True, slots=True)
class GetLocalListVersion(Command[ListVersion]):
    pass


@dataclass(frozen=True, slots=True)
class ClearCache(Command[Answer]):
    """Forget the answers about tokens that it remembers; its list stays."""
