"""An exchange for people: what the call and its answer mean, and which rules of their schemas they break."""

from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from voltloom.protocols.ocpp.dialect import DIALECTS
from voltloom.protocols.ocpp.explain import BrokenRule, Part, broken_rules, explain
from voltloom.protocols.ocpp.meaning import Language, answer_meaning, call_meaning, error_meaning
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import read


@dataclass(frozen=True, slots=True)
class Inspection:
    """call, answer: what they mean; "" where there is nothing to tell of."""

    call: str = ""
    answer: str = ""
    broken_by_call: tuple[BrokenRule, ...] = ()
    broken_by_answer: tuple[BrokenRule, ...] = ()


_RAW: Final = msgspec.json.Decoder(list[msgspec.Raw])


def inspect(
    protocol: str,
    action: str,
    call: str,
    answer: str,
    *,
    from_station: bool,
    shown: object,
    shown_answer: object,
    error: str,
    language: Language,
) -> Inspection:
    """call, answer   as they lie in the archive: the frame, and the payload or frame of the answer
    shown, shown_answer   their payloads without secrets: what is told is told of these
    error           the code of an answer that is an error
    """
    version = next((each for each in Version if each.value == protocol), None)
    if version is None or not action:
        return Inspection()
    german = language == "de"
    payload = _item(call, 3)
    answered = (msgspec.Raw(answer.encode()) if answer.startswith("{") else _item(answer, 2)) if not error else None
    told = ""
    if error:
        told = error_meaning(error, language=language)
    elif answered is not None:
        told = answer_meaning(action, shown_answer, language=language)
    return Inspection(
        call_meaning(action, shown, from_station=from_station, language=language) if payload is not None else "",
        told,
        () if payload is None else broken_rules(version, action, payload, german=german),
        () if answered is None else broken_rules(version, action, answered, part=Part.RESPONSE, german=german),
    )


def _item(frame: str, at: int) -> msgspec.Raw | None:
    try:
        items = cast("list[Any]", _RAW.decode(frame))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return items[at] if len(items) > at else None


def wrong_answer(protocol: str, action: str, frame: str) -> str:
    """Why the CALLRESULT of a station, a whole frame, cannot be read as the answer to that action; "" where it can."""
    version = next((each for each in Version if each.value == protocol), None)
    if version is None or not frame.startswith("[3"):
        return ""
    known = DIALECTS[version].actions.get(action)
    payload = _item(frame, 2)
    if known is None or known.response is None or payload is None:
        return ""
    try:
        read(known.response, payload)
    except msgspec.MsgspecError as error:
        return explain(version, action, payload, str(error), part=Part.RESPONSE).why
    return ""
