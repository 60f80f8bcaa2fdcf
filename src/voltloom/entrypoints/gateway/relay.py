"""Commands and their outcomes as bytes, for a station whose connection another node holds."""

import sys
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast, get_args, get_type_hints

import msgspec

from voltloom.domain import commands, errors
from voltloom.domain.commands import Command, SetDerControl
from voltloom.domain.der import SETTINGS, DerControl, DerKind
from voltloom.domain.errors import StationError, Throttled, VoltloomError

OutcomeT = TypeVar("OutcomeT")

_encoder = msgspec.json.Encoder()


class Asked(msgspec.Struct, array_like=True):
    """A request to the node that holds a station. name: of the command's class, or "refresh", "disconnect", "look"."""

    name: str
    body: msgspec.Raw
    timeout_s: float


class Replied(msgspec.Struct, array_like=True):
    """error: the name of the error's class, "" for an outcome. reason, code, details, wait_s: of the error."""

    error: str = ""
    body: msgspec.Raw = msgspec.Raw(b"null")
    reason: str = ""
    code: str = ""
    details: str = "{}"
    wait_s: float = 0.0


def encode_request(name: str, body: object, timeout_s: float = 0.0) -> bytes:
    return _encoder.encode(Asked(name, msgspec.Raw(_encoder.encode(body)), timeout_s))


def decode_request(message: bytes) -> Asked:
    return msgspec.json.decode(message, type=Asked)


def decode_command(asked: Asked) -> Command[Any]:
    """Raises VoltloomError for one that this node does not know: the other runs a newer version."""
    kind = _COMMANDS.get(asked.name)
    if kind is None:
        raise VoltloomError(f"the node that holds the station does not know the command {asked.name}: update it")
    return _der_control(asked.body) if kind is SetDerControl else msgspec.json.decode(asked.body, type=kind)


def _der_control(body: msgspec.Raw) -> SetDerControl:
    """By hand: msgspec takes no union of dataclasses, and the kind says which of them the settings are."""
    tree = msgspec.json.decode(body)["control"]
    kind = DerKind(tree["kind"])
    known: dict[str, Any] = {"kind": kind, "settings": msgspec.convert(tree["settings"], SETTINGS[kind])}
    for name, hint in get_type_hints(DerControl).items():
        if name not in known:
            known[name] = msgspec.convert(tree[name], hint)
    return SetDerControl(DerControl(**known))


def encode_outcome(outcome: object) -> bytes:
    return _encoder.encode(Replied(body=msgspec.Raw(_encoder.encode(outcome))))


def encode_error(error: VoltloomError) -> bytes:
    reply = Replied(error=type(error).__name__, reason=error.reason)
    if isinstance(error, StationError):
        reply.code, reply.details = error.code, error.details
    if isinstance(error, Throttled):
        reply.wait_s = error.retry_after_s
    return _encoder.encode(reply)


def decode_reply(message: bytes, command: Command[OutcomeT]) -> OutcomeT:
    """The outcome. Raises what the other node raised."""
    reply = read_reply(message)
    return cast("OutcomeT", msgspec.json.decode(reply.body, type=_OUTCOMES[type(command)]))


def read_reply(message: bytes) -> Replied:
    reply = msgspec.json.decode(message, type=Replied)
    if reply.error == StationError.__name__:
        raise StationError(reply.reason, reply.code, reply.details)
    if reply.error == Throttled.__name__:
        raise Throttled(reply.reason, reply.wait_s)
    if reply.error:
        raise _ERRORS.get(reply.error, VoltloomError)(reply.reason)
    return reply


def _all_commands() -> Iterator[type[Command[Any]]]:
    for value in vars(commands).values():
        if isinstance(value, type) and issubclass(value, Command) and value is not Command:
            yield cast("type[Command[Any]]", value)


def _outcome_of(kind: type[Command[Any]]) -> Any:
    """The X of `class Reset(Command[X])`."""
    for base in getattr(kind, "__orig_bases__", ()):
        (outcome,) = get_args(base)
        holder = type("_", (), {"__annotations__": {"outcome": getattr(outcome, "__forward_arg__", outcome)}})
        return get_type_hints(holder, vars(sys.modules[kind.__module__]))["outcome"]
    raise TypeError(f"{kind.__name__} does not say what it is answered with")


_COMMANDS: Final = {kind.__name__: kind for kind in _all_commands()}
_OUTCOMES: Final = {kind: _outcome_of(kind) for kind in _COMMANDS.values()}
_ERRORS: Final[dict[str, type[VoltloomError]]] = {
    value.__name__: value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, VoltloomError)
}
