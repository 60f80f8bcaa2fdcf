"""How the translators ask: one call, its answer read."""

from collections.abc import Collection, Generator, Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from voltloom.domain.errors import Invalid, StationError
from voltloom.protocols.ocpp.exchange import Call, Payload
from voltloom.protocols.ocpp.explain import Part, explain
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Wire, read, write

AnswerT = TypeVar("AnswerT", bound=Wire)
ItemT = TypeVar("ItemT")


def builtins_of(message: Wire) -> object:
    """The message as JSON values. Raises Invalid where it is not what its own type allows: making it does not check."""
    said: object = msgspec.to_builtins(message)
    try:
        msgspec.convert(said, type(message))
    except msgspec.ValidationError as error:
        raise Invalid(f"no {type(message).__name__} can hold this: {error}") from None
    return said


def ask(version: Version, action: str, request: Wire, answer: type[AnswerT]) -> Generator[Call, Payload, AnswerT]:
    """``request`` is known to be valid. Raises StationError where the station's answer is none."""
    payload = yield Call(action, write(request))
    try:
        return read(answer, payload)
    except msgspec.MsgspecError as error:
        why = explain(version, action, payload, str(error), part=Part.RESPONSE).why
        raise StationError(f"the station's answer cannot be read: {why}") from None


def in_portions(items: Collection[ItemT], size: int) -> Iterator[tuple[ItemT, ...]]:
    left = iter(items)
    while portion := tuple(islice(left, size)):
        yield portion
