"""From 2.1 to the version a station speaks.

What we say in 2.x is written once, in the types of 2.1. Whatever 2.0.1 lacks is found here, for every message alike:
the message is read as the 2.0.1 type of the same name, and what that type refuses or drops is what 2.0.1 cannot say.
What a station answers is read as 2.1: nothing was taken away between the two.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from voltloom.domain.errors import NotInThisVersion
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Call, Payload
from voltloom.protocols.ocpp.v2 import messages_21, messages_201
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Action, Wire, write

AnswerT = TypeVar("AnswerT", bound=Wire)


@dataclass(frozen=True)
class Gate:
    """One of the versions that 2.1 is narrowed to; 2.1 itself is one.

    longest_value   of SetVariables' attributeValue
    longest_token   of idToken and additionalIdToken
    longest_info    of statusInfo's additionalInfo and of texts for the driver
    rates_in_tenths limits of charging have one decimal at most
    token_types     None: any
    """

    version: Version
    actions: Mapping[str, Action]
    longest_value: int
    longest_token: int
    longest_info: int
    token_types: frozenset[str] | None = None
    rates_in_tenths: bool = False

    def ask(self, action: str, request: Wire, answer: type[AnswerT]) -> Generator[Call, Payload, AnswerT]:
        """``request`` and ``answer`` are of 2.1. Raises Invalid, NotInThisVersion before anything is sent."""
        return (yield from ask(self.version, action, self.fit(action, request), answer))

    def fit(self, action: str, request: Wire) -> Wire:
        """A request of 2.1, as this version has it. Raises Invalid, NotInThisVersion."""
        if action not in self.actions:
            raise NotInThisVersion(f"{self.version} has no {action}")
        return self.narrow(request, self.actions[action].request)

    def narrow(self, message: Wire, target: type[Wire]) -> Wire:
        """The message, of 2.1, as a ``target`` of this version. Raises Invalid, NotInThisVersion."""
        name = type(message).__name__
        said = builtins_of(message)
        if isinstance(message, target):
            return message
        try:
            narrowed = msgspec.convert(said, target)
        except msgspec.ValidationError as error:
            raise NotInThisVersion(f"{self.version} cannot say this {name}: {error}") from None
        if lost := _first_lost(said, msgspec.to_builtins(narrowed), name):
            raise NotInThisVersion(f"{self.version} has no {lost}")
        return narrowed

    def write_result(self, action: str, message: Wire) -> bytes:
        """A response of 2.1, as this version has it."""
        target = self.actions[action].response
        assert target is not None
        return write(self.narrow(message, target))


def _first_lost(said: object, kept: object, path: str) -> str | None:
    """Where the second tree lacks a field of the first."""
    match said, kept:
        case dict(), dict():
            for key, value in said.items():  # pyright: ignore[reportUnknownVariableType] - any JSON
                if key not in kept:
                    return f"{path}.{key}"
                if lost := _first_lost(value, kept[key], f"{path}.{key}"):  # pyright: ignore[reportUnknownArgumentType]
                    return lost
        case list(), list():
            for ours, theirs in zip(said, kept, strict=True):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - any JSON
                if lost := _first_lost(ours, theirs, path):  # pyright: ignore[reportUnknownArgumentType]
                    return lost
        case _:
            pass
    return None


GATE_201: Final = Gate(
    Version.V201,
    messages_201.ACTIONS,
    longest_value=1000,
    longest_token=36,
    longest_info=512,
    token_types=frozenset(kind.value for kind in messages_201.IdTokenEnum),
    rates_in_tenths=True,
)
GATE_21: Final = Gate(Version.V21, messages_21.ACTIONS, longest_value=2500, longest_token=255, longest_info=1024)
