"""What passes between a dialect and whoever carries its messages. Values; the carrying is done elsewhere."""

from collections.abc import Callable, Generator
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from voltloom.domain.reports import Report
from voltloom.protocols.ocpp.errors import ErrorCode

OutcomeT = TypeVar("OutcomeT")

Payload: TypeAlias = bytes | msgspec.Raw
"""A JSON object as it came, undecoded."""

EMPTY_RESULT: Final = b"{}"
LARGEST_INTEGER: Final = 2**31 - 1
"""The integers of OCPP have 32 bits, whatever its schemas leave open."""


class Read(NamedTuple):
    """A station's call, understood.

    reports   what it says. The reply to the first is what the station is answered; the others are only told
    write     turns that reply into the payload of the CALLRESULT
    mended    what was put right before the message could be read, a sentence each, for the station's message log
    """

    reports: tuple[Report[Any], ...]
    write: Callable[[Any], bytes]
    mended: tuple[str, ...] = ()


class Refusal(NamedTuple):
    """A station's call that cannot be taken.

    code   of the CALLERROR
    why    a sentence for the operator; not for the station, which hears a constant text
    """

    code: ErrorCode
    why: str


class Unreadable(Exception):
    """Raised by a translator: the message keeps to its schema and still says nothing we could keep."""


def whole_number(value: int, field: str, *, least: int = 0, most: int = LARGEST_INTEGER) -> int:
    """Raises Unreadable where it is out of bounds: no schema of OCPP says how large an integer may be."""
    if least <= value <= most:
        return value
    raise Unreadable(f"{field} is {'below' if value < least else 'above'} what it can be ({least} to {most})")


class Call(NamedTuple):
    """A call to be made to the station, and its payload as it goes out."""

    action: str
    payload: bytes


Conversation: TypeAlias = Generator[Call | Report[Any], Payload, OutcomeT]
"""What must be said to a station, and heard, to carry out one command.

It yields a `Call`, and is sent the payload of the station's CALLRESULT, or has thrown into it what came instead:
`StationError` for a CALLERROR, `TimedOut`, `Unreachable`. It may yield a `Report`, which is to be handled as if the
station had sent it; what is sent back is ignored. It returns the command's outcome. It raises `NotInThisVersion` or
`Invalid` before its first call, and `StationError` when an answer cannot be read.

    conversation = dialect.converse(command)
    step = next(conversation)
    while True:                                   # StopIteration.value is the outcome
        step = conversation.send(await call(step.action, step.payload))
"""
