"""Which mistake a message shows, and what the mistakes of a make come to. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

import msgspec


class Mistake(Enum):
    UNREADABLE = "unreadable"
    SCHEMA = "schema"
    WRONG_DIRECTION = "wrong_direction"
    UNKNOWN_ACTION = "unknown_action"
    TOO_EARLY = "too_early"
    MENDED = "mended"
    BAD_ANSWER = "bad_answer"
    FAILED = "failed"
    SILENT = "silent"
    NOT_IMPLEMENTED = "not_implemented"


@dataclass(frozen=True, slots=True)
class Weight:
    """weight: of one such mistake, of a message of 1. about: what it is."""

    weight: float
    about: str


WEIGHTS: Final[Mapping[Mistake, Weight]] = {
    Mistake.UNREADABLE: Weight(2.0, "what it sent was no message at all"),
    Mistake.BAD_ANSWER: Weight(2.0, "its answer to a call of ours was no answer"),
    Mistake.SCHEMA: Weight(1.0, "its call broke the schema, and had to be refused"),
    Mistake.WRONG_DIRECTION: Weight(1.0, "it called an action that is for stations to hear"),
    Mistake.FAILED: Weight(1.0, "it answered a call of ours with an error that a station at its best does not need"),
    Mistake.SILENT: Weight(1.0, "it did not answer a call of ours in time"),
    Mistake.UNKNOWN_ACTION: Weight(0.5, "it called an action that its version does not have"),
    Mistake.TOO_EARLY: Weight(0.5, "it said what it may not say before its boot was accepted"),
    Mistake.MENDED: Weight(0.25, "its call was not as it should be, and could be put right"),
    Mistake.NOT_IMPLEMENTED: Weight(0.0, "it does not know an action of ours, and says so: allowed, and told of"),
}
LONGEST_RULE: Final = 200
FEW: Final = 100
"""Messages below which a score says little."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An exchange, as far as it tells how well its station keeps to the standard. answer: as it lies in the archive."""

    from_station: bool
    action: str
    answer: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Found:
    mistake: Mistake
    rule: str


_DIRECTION: Final = "is for a station to hear"
_NOT_THERE: Final = frozenset({"NotImplemented", "NotSupported"})


def mistake_in(seen: Seen) -> Found | None:
    """None where it shows none of the station's: what went wrong with us is not counted."""
    code = _error_code(seen.answer)
    if seen.from_station:
        return _of_station(seen, code)
    if code in _NOT_THERE:
        return Found(Mistake.NOT_IMPLEMENTED, f"{_action(seen)}: {code}")
    if code is not None:
        return Found(Mistake.FAILED, f"{_action(seen)}: answered with {code[:50]}")
    if not seen.answer:
        return Found(Mistake.SILENT, f"{_action(seen)}: not answered") if seen.trouble else None
    if seen.trouble:
        return Found(Mistake.BAD_ANSWER, _rule(seen.trouble))
    return None


def _of_station(seen: Seen, code: str | None) -> Found | None:
    if not seen.trouble:
        return None
    rule = _rule(seen.trouble)
    if not seen.action:
        return Found(Mistake.UNREADABLE, rule)
    match code:
        case None:
            return Found(Mistake.MENDED, rule)
        case "InternalError":
            return None
        case "SecurityError":
            return Found(Mistake.TOO_EARLY, f"{_action(seen)}: before its boot was accepted")
        case "NotSupported" | "NotImplemented":
            is_wrong_way = code == "NotSupported" or _DIRECTION in seen.trouble
            return Found(Mistake.WRONG_DIRECTION if is_wrong_way else Mistake.UNKNOWN_ACTION, rule)
        case _:
            return Found(Mistake.SCHEMA, rule)


def _action(seen: Seen) -> str:
    return "".join(letter for letter in seen.action[:50] if letter.isprintable())


_VALUE: Final = re.compile(r" is .{1,400}?, which ", re.DOTALL)
_INDEX: Final = re.compile(r"\[\d+\]")
_NUMBER: Final = re.compile(r"\b\d{3,}\b")


def _rule(trouble: str) -> str:
    """The rule, without what was found this time: the same mistake is to be the same rule."""
    text = _VALUE.sub(" ", trouble)
    text = _NUMBER.sub("…", _INDEX.sub("[]", text))
    return "".join(letter if letter.isprintable() else " " for letter in text)[:LONGEST_RULE]


def _error_code(answer: str) -> str | None:
    if not answer.startswith(("[4", "[ 4", "[5")):
        return None
    try:
        frame: object = msgspec.json.decode(answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    items = cast("list[object]", frame) if isinstance(frame, list) else []
    code = items[2] if len(items) > 2 and items[0] in (4, 5) else None
    return code if isinstance(code, str) else None


def score(messages: int, mistakes: Mapping[Mistake, int]) -> float | None:
    """From 0 to 100: what is left of 100 when each mistake takes its weight of a message. None: nothing was heard."""
    if messages <= 0:
        return None
    lost = sum(WEIGHTS[mistake].weight * count for mistake, count in mistakes.items())
    return round(100 * max(0.0, 1 - lost / messages), 2)
