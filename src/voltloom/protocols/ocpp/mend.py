"""Slips of stations that cost nothing to put right. Slow: for messages that did not decode.

A station whose message is refused sends it again, for ever if it belongs to a transaction; one whose BootNotification
is refused for the length of a name never charges. So these are read all the same, and noted:

- a text for people that is longer than it may be: cut. What identifies something is never cut;
- "" where one of a set of words, or a number, may stand or be left out: left out;
- a word that is none of the standard's: its spelling in another case; what the station's make is known to mean by it
  (`quirks`); or the word for whatever has none of its own, where there is one. Of stopping, or of an error, something
  must be known, and what it was called is noted;
- a register of 1.6 with a fraction of a watt-hour: rounded;
- a transaction of 1.6 that has no number: 0, as others call one that began offline;
- a reading whose value is a number where it should be text (1.6) or text where it should be a number (2.x): converted;
- a reading that cannot be read even so: dropped, and the rest of the message stands.
"""

import math
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Final, TypeAlias, cast

import msgspec
from msgspec import inspect

from voltloom.protocols.ocpp.exchange import Payload
from voltloom.protocols.ocpp.wire import MessageT, Wire, to_the_letter

TEXTS_FOR_PEOPLE: Final = frozenset(
    {
        "additionalInfo",
        "chargeBoxSerialNumber",
        "chargePointModel",
        "chargePointSerialNumber",
        "chargePointVendor",
        "chargingStation.model",
        "chargingStation.serialNumber",
        "firmwareVersion",
        "iccid",
        "imsi",
        "info",
        "meterSerialNumber",
        "meterType",
        "techInfo",
        "vendorErrorCode",
        "vendorName",
    }
)
OTHERWISE: Final = {"reason": "Other", "errorCode": "OtherError", "stoppedReason": "Other"}
"""By field: the word for what has none."""
ALIKE: Final[Mapping[str, Mapping[str, str]]] = {"unit": {"Hz": "Hertz", "%": "Percent"}}
"""By field: words of the standards' other versions, and what they mean in this one."""
REGISTERS: Final = frozenset({"meterStart", "meterStop"})
NUMBERED: Final = "transactionId"
READING: Final = "SampledValue"
MOST_NOTES: Final = 20

Tree: TypeAlias = dict[str, object]
Words: TypeAlias = Mapping[str, Mapping[str, str]]
"""By field: what a station says, and what it means by it."""


def mend(
    message_type: type[MessageT], payload: Payload, words: Words | None = None
) -> tuple[MessageT, tuple[str, ...]] | None:
    """The message, and a sentence for each thing put right; None where it is beyond mending."""
    notes: list[str] = []
    try:
        tree = _mended(to_the_letter(msgspec.json.decode(payload)), _shape(message_type), "", words or {}, notes)
        tree = _worded(tree, _shape(message_type), "", words or {}, notes)
        message = msgspec.convert(tree, message_type)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return message, tuple(notes[:MOST_NOTES])


@cache
def _shape(message_type: type[Wire]) -> inspect.Type:
    return inspect.type_info(message_type)


def _mended(tree: object, shape: inspect.Type, path: str, words: Words, notes: list[str]) -> object:
    match tree, _said(shape):
        case dict(), inspect.StructType(fields=fields):
            return _mended_object(cast("Tree", tree), fields, path, words, notes)
        case list(), inspect.ListType(item_type=inspect.StructType(cls=cls) as item) if cls.__name__ == READING:
            readings = [
                _reading(part, item, f"{path}[{i}]", words, notes) for i, part in enumerate(cast("list[object]", tree))
            ]
            return [reading for reading in readings if reading is not None]
        case list(), inspect.ListType(item_type=item):
            parts = enumerate(cast("list[object]", tree))
            return [_mended(part, item, f"{path}[{i}]", words, notes) for i, part in parts]
        case str(), inspect.StrType(max_length=int(longest)) if len(tree) > longest and _is_for_people(path):
            notes.append(f"{path} has {len(tree)} characters and may have {longest}: cut")
            return tree[:longest]
        case _:
            return tree


def _mended_object(tree: Tree, fields: tuple[inspect.Field, ...], path: str, words: Words, notes: list[str]) -> Tree:
    mended = dict(tree)
    for field in fields:
        name = field.encode_name
        place = f"{path}.{name}".lstrip(".")
        if place == NUMBERED and field.required and isinstance(field.type, inspect.IntType) and tree.get(name) is None:
            notes.append(f"{place} is null or missing: taken as 0")
            mended[name] = 0
            continue
        if name not in tree:
            continue
        if tree[name] == "" and not field.required and not isinstance(_said(field.type), inspect.StrType):
            notes.append(f"{place} is empty: left out")
            del mended[name]
        else:
            mended[name] = _mended(tree[name], field.type, place, words, notes)
    return mended


def _worded(tree: object, shape: inspect.Type, path: str, words: Words, notes: list[str]) -> object:
    """With words of the standard, and whole registers."""
    match tree, _said(shape):
        case dict(), inspect.StructType(fields=fields):
            worded = dict(cast("Tree", tree))
            for field in fields:
                if field.encode_name in worded:
                    place = f"{path}.{field.encode_name}".lstrip(".")
                    worded[field.encode_name] = _worded(worded[field.encode_name], field.type, place, words, notes)
            return worded
        case str(), inspect.EnumType(cls=cls) if tree not in _words_of(cls).values():
            return _word(tree, _words_of(cls), path, words, notes)
        case float(), inspect.IntType() if path in REGISTERS and math.isfinite(tree):
            notes.append(f"{path} is {tree!r}: rounded to watt-hours")
            return round(tree)
        case _:
            return tree


@cache
def _words_of(kind: type[Enum]) -> Mapping[str, str]:
    """By themselves in lower case."""
    return {member.value.casefold(): member.value for member in kind}


def _word(said: str, standard: Mapping[str, str], path: str, words: Words, notes: list[str]) -> str:
    field = path.rpartition(".")[2]
    meant = (
        words.get(field, {}).get(said)
        or standard.get(said.casefold())
        or ALIKE.get(field, {}).get(said)
        or OTHERWISE.get(field)
    )
    if meant is None or meant not in standard.values():
        return said
    notes.append(f"{path} is {said[:50]!r}, no word of the standard: taken as {meant}")
    return meant


def _reading(tree: object, shape: inspect.StructType, path: str, words: Words, notes: list[str]) -> object:
    """None where it cannot be read."""
    if isinstance(tree, dict):
        tree = cast(
            "Tree",
            _worded(_mended_object(cast("Tree", tree), shape.fields, path, words, notes), shape, path, words, notes),
        )
        value = tree.get("value")
        wanted = next(field.type for field in shape.fields if field.name == "value")
        if isinstance(wanted, inspect.StrType) and isinstance(value, int | float) and not isinstance(value, bool):
            notes.append(f"{path}.value is a number: taken as text")
            tree["value"] = repr(value)
        elif isinstance(wanted, inspect.FloatType) and isinstance(value, str):
            tree["value"] = _number(value)
            notes.append(f"{path}.value is text: taken as the number it says")
    try:
        msgspec.convert(tree, shape.cls)
    except msgspec.ValidationError as error:
        notes.append(f"{path} is dropped: {error}")
        return None
    return tree


def _number(text: str) -> float | str:
    """The text where it is no number that JSON could say."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _said(shape: inspect.Type) -> inspect.Type:
    """The type of a field where it is not left out."""
    if isinstance(shape, inspect.UnionType):
        return next(part for part in shape.types if not isinstance(part, inspect.NoneType))
    return shape


def _is_for_people(path: str) -> bool:
    return path in TEXTS_FOR_PEOPLE or path.rpartition(".")[2] in TEXTS_FOR_PEOPLE
