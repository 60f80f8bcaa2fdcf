"""What the generated message types are made of, and how they are read and written.

Reading is kind: unknown fields are passed over, null stands for an absent optional field, 1.0 for the integer 1.
Writing is exact: fields that are None are left out, and a type cannot hold what its schema does not name.
"""

from dataclasses import dataclass
from enum import Flag
from typing import Final, TypeAlias, TypeVar, cast

import msgspec

DateTime: TypeAlias = str
"""An RFC 3339 time as the station wrote it, which may lack its zone: kept as text, for one tolerant parser to read."""

CustomData: TypeAlias = dict[str, object]
"""The extension object of 2.x: `vendorId` and whatever the vendor adds."""


class Wire(msgspec.Struct, omit_defaults=True, rename="camel", gc=False):
    """A message or a part of one. `gc=False`: it is a tree, never a cycle, and the collector need not walk it."""


class Sender(Flag):
    """Who may begin an exchange."""

    STATION = 1
    CSMS = 2
    BOTH = 3


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one version.

    response   None for a SEND (2.1), which has no answer
    """

    name: str
    sender: Sender
    request: type[Wire]
    response: type[Wire] | None

    @property
    def may_be_answered_empty(self) -> bool:
        """True where `{}` is a legal answer: what we say to a message that nobody here translates yet."""
        return self.response is not None and not any(field.required for field in msgspec.structs.fields(self.response))


MessageT = TypeVar("MessageT", bound=Wire)
Tree: TypeAlias = dict[str, object]

_EXACT_FLOAT_INTEGERS: Final = 2**53
_decoders: dict[type[Wire], msgspec.json.Decoder[Wire]] = {}
_encoder: Final = msgspec.json.Encoder()


def write(message: Wire) -> bytes:
    """Compact JSON."""
    return _encoder.encode(message)


def read(message_type: type[MessageT], payload: bytes | memoryview | msgspec.Raw) -> MessageT:
    """The payload as `message_type`. Raises msgspec.ValidationError where it is not one.

    `payload` is JSON that an Endpoint let through; of anything else it may also raise msgspec.DecodeError.
    """
    decoder = _decoders.get(message_type)
    if decoder is None:
        decoder = _decoders[message_type] = msgspec.json.Decoder(message_type)
    try:
        return decoder.decode(payload)  # pyright: ignore[reportReturnType] - the table maps a type to its own decoder
    except msgspec.ValidationError:
        # Stations whose JSON library knows only floats write 1.0 for 1. They pay for a second reading, others do not.
        if b".0" not in bytes(payload):
            raise
        tree: object = msgspec.json.decode(payload)
        return msgspec.convert(to_the_letter(tree), message_type)


def to_the_letter(tree: object) -> object:
    """Decoded JSON as who writes exactly would have written it: 1 for 1.0, and no field that is null."""
    match tree:
        case float() if _is_integral(tree):
            return int(tree)
        case dict():
            return {key: to_the_letter(item) for key, item in cast("Tree", tree).items() if item is not None}
        case list():
            return [to_the_letter(item) for item in cast("list[object]", tree)]
        case _:
            return tree


def _is_integral(value: float) -> bool:
    return value.is_integer() and abs(value) <= _EXACT_FLOAT_INTEGERS
