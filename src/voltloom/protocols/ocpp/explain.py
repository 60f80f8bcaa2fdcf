"""What is wrong with a payload, in the words of the JSON schema it broke. Slow: for messages that did not decode, and
for looking closely at one now and then.

The schemas are those of the PyPI package `ocpp`, compiled when first needed.
"""

import json
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias, cast

import jsonschema_rs
import msgspec

from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.exchange import Payload
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import to_the_letter


class Part(Enum):
    """Which message of an exchange: the value is what its schema file is named after."""

    REQUEST = "Request"
    RESPONSE = "Response"


class Explanation(NamedTuple):
    """why   a sentence for operators, naming path, rule and what was found; not for the other end to read"""

    code: ErrorCode
    why: str


Kind: TypeAlias = jsonschema_rs.ValidationErrorKind
Schema: TypeAlias = dict[str, Any]

_FOLDERS: Final = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
_STUMBLED: Final = re.compile(r"at `\$(.*)`")
_LONGEST_QUOTE: Final = 60
_LONGEST_REFUSAL: Final = 300
# What people and stations prove themselves by does not go to the log.
_NOT_QUOTED: Final = frozenset(
    {"idTag", "parentIdTag", "idToken", "additionalIdToken", "groupIdToken", "value", "attributeValue", "password"}
    | {"basicAuthPassword", "csr", "certificate", "certificateChain", "vpn", "apn", "data"}
)
# The validator names every broken rule before it returns, microseconds each.
_LARGEST: Final = 4 * 1024
_PHRASES: Final = {
    "missing required field": ErrorCode.OCCURRENCE,
    "`array` of length": ErrorCode.OCCURRENCE,
    ", got `": ErrorCode.TYPE,
    "enum value": ErrorCode.PROPERTY,
    " of length": ErrorCode.PROPERTY,
    "` <= ": ErrorCode.PROPERTY,
    "` >= ": ErrorCode.PROPERTY,
    "out of range": ErrorCode.PROPERTY,
}
_LARGEST_INSPECTED: Final = 64 * 1024
_MOST_RULES: Final = 20
_MOST_UNKNOWN: Final = 100
# Rules that reading does not hold anyone to: see wire and the generator.
_NOT_HELD: Final = (Kind.AdditionalProperties, Kind.MultipleOf, Kind.Format)


def explain(
    version: Version, action: str, payload: Payload, refused: str = "", *, part: Part = Part.REQUEST
) -> Explanation:
    """Why `payload` is no such message.

    refused   what msgspec said when it refused it: among several broken rules, the one it stumbled over is named
    """
    refused = refused[:_LONGEST_REFUSAL]
    name = _file_of(version, action, part)
    if name is None:
        return Explanation(ErrorCode.NOT_IMPLEMENTED, f"{version} has no {action}")
    if len(bytes(payload)) > _LARGEST:
        return Explanation(_guessed(refused), f"{action}: {refused or 'the payload is too large to look at closely'}")
    try:
        tree = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Explanation(ErrorCode.FORMAT, f"{action}: the payload is not JSON: {error}")
    broken = [
        rule
        for rule in _validator(version, name).iter_errors(to_the_letter(tree))
        if not isinstance(rule.kind, _NOT_HELD)
    ]
    if not broken:
        return Explanation(ErrorCode.FORMAT, f"{action}: {refused or 'the payload keeps to the schema'}")
    stumbled = _STUMBLED.search(refused)
    place = stumbled[1] if stumbled else ""
    rule = min(broken, key=lambda rule: _written(rule.instance_path) != place)
    code, found = _told(rule)
    return Explanation(code, f"{action}: {_written(rule.instance_path).lstrip('.') or 'the payload'} {found}")


class BrokenRule(NamedTuple):
    """path   of what breaks it, e.g. "meterValue[0].timestamp"; "" for the payload itself
    rule   where the schema says so, e.g. "properties/idTag/maxLength"
    found  what was found there, in words
    """

    path: str
    rule: str
    found: str


def broken_rules(
    version: Version, action: str, payload: Payload, *, part: Part = Part.REQUEST, german: bool = False
) -> tuple[BrokenRule, ...]:
    """All that the payload breaks of its schema to the letter, whether reading holds it to that or not; some at most.
    Nothing where there is no such message, or it is no JSON."""
    name = _file_of(version, action, part)
    if name is None or len(bytes(payload)) > _LARGEST_INSPECTED:
        return ()
    try:
        tree = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()
    validator = _validator(version, name)
    if validator.is_valid(tree):
        return ()
    return tuple(
        BrokenRule(
            _written(rule.instance_path).lstrip("."),
            "/".join(map(str, rule.schema_path)),
            _told_in_german(rule) if german else _told_fully(rule),
        )
        for rule in islice(validator.iter_errors(tree), _MOST_RULES)
    )


def _told_fully(rule: jsonschema_rs.ValidationError) -> str:
    if isinstance(rule.kind, Kind.AdditionalProperties):
        return f"has fields that the schema does not name: {_names(rule.kind.unexpected)}"
    return _told(rule)[1]


def _told_in_german(rule: jsonschema_rs.ValidationError) -> str:
    found = _quoted(rule.instance, rule.instance_path, german=True)
    match rule.kind:
        case Kind.Required(property=name):
            return f"hat kein {name}"
        case Kind.AdditionalProperties(unexpected=names):
            return f"hat Felder, die das Schema nicht nennt: {_names(names)}"
        case Kind.MinItems(limit=limit):
            return f"hat weniger als {limit} Einträge"
        case Kind.MaxItems(limit=limit):
            return f"hat mehr als {limit} Einträge"
        case Kind.Type(types=types):
            return f"ist {found}, und kein {' oder '.join(types)}"
        case Kind.Enum(options=options):
            return f"ist {found}, und keines von {', '.join(map(str, options))}"
        case Kind.MaxLength(limit=limit):
            return f"ist {found}, und länger als {limit} Zeichen"
        case Kind.Minimum(limit=limit):
            return f"ist {found}, und weniger als {limit}"
        case Kind.Maximum(limit=limit):
            return f"ist {found}, und mehr als {limit}"
        case kind:
            return f"ist {found}, gegen die Regel {kind.name}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(name[:_LONGEST_QUOTE] for name in names[:10])


def unknown_fields(version: Version, action: str, payload: Payload, *, part: Part = Part.REQUEST) -> tuple[str, ...]:
    """The paths of the fields that the schema does not name, which reading passes over. At most a hundred."""
    name = _file_of(version, action, part)
    if name is None:
        return ()
    schema = _schema(version, name)
    found = _unnamed(schema, schema, msgspec.json.decode(payload), "")
    return tuple(path.lstrip(".") for path in islice(found, _MOST_UNKNOWN))


def _unnamed(root: Schema, schema: Schema, value: object, path: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if isinstance(value, dict):
        properties: Schema = schema.get("properties", {})
        for key, item in cast("dict[str, object]", value).items():
            if key in properties:
                yield from _unnamed(root, properties[key], item, f"{path}.{key}")
            elif schema.get("additionalProperties") is False:
                yield f"{path}.{key}"
    elif isinstance(value, list) and "items" in schema:
        for at, item in enumerate(cast("list[object]", value)):
            yield from _unnamed(root, schema["items"], item, f"{path}[{at}]")


def keeps_to_schema(version: Version, action: str, payload: Payload, *, part: Part = Part.REQUEST) -> bool:
    """Whether the payload is to the letter what the schema demands: what we demand of ourselves when we write."""
    name = _file_of(version, action, part)
    return name is not None and _validator(version, name).is_valid(msgspec.json.decode(payload))


def _guessed(refused: str) -> ErrorCode:
    """The code, by what msgspec said."""
    return next((code for phrase, code in _PHRASES.items() if phrase in refused), ErrorCode.FORMAT)


def _told(rule: jsonschema_rs.ValidationError) -> tuple[ErrorCode, str]:
    found = _quoted(rule.instance, rule.instance_path)
    match rule.kind:
        case Kind.Required(property=name):
            return ErrorCode.OCCURRENCE, f"has no {name}"
        case Kind.MinItems(limit=limit):
            return ErrorCode.OCCURRENCE, f"has fewer than {limit} items"
        case Kind.MaxItems(limit=limit):
            return ErrorCode.OCCURRENCE, f"has more than {limit} items"
        case Kind.Type(types=types):
            return ErrorCode.TYPE, f"is {found}, which is no {' or '.join(types)}"
        case Kind.Enum(options=options):
            return ErrorCode.PROPERTY, f"is {found}, which is none of {', '.join(map(str, options))}"
        case Kind.MaxLength(limit=limit):
            return ErrorCode.PROPERTY, f"is {found}, which is longer than {limit} characters"
        case Kind.Minimum(limit=limit):
            return ErrorCode.PROPERTY, f"is {found}, which is less than {limit}"
        case Kind.Maximum(limit=limit):
            return ErrorCode.PROPERTY, f"is {found}, which is more than {limit}"
        case kind:
            return ErrorCode.FORMAT, f"is {found}, which breaks the rule {kind.name}"


def _quoted(value: object, path: Sequence[str | int], *, german: bool = False) -> str:
    match value:
        case dict():
            return "ein Objekt" if german else "an object"
        case list():
            return "eine Liste" if german else "an array"
        case str() if not _NOT_QUOTED.isdisjoint(path):
            return f"ein Text von {len(value)} Zeichen" if german else f"a text of {len(value)} characters"
        case _:
            text = json.dumps(value)
            return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def _written(path: Sequence[str | int]) -> str:
    """.meterValue[0].unit"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _file_of(version: Version, action: str, part: Part) -> str | None:
    names = [f"{action}{part.value}.json"]
    if part is Part.REQUEST:
        names.append(f"{action}.json")  # requests of 1.6; the SEND of 2.1
    return next((name for name in names if name in _files(version)), None)


@cache
def _validator(version: Version, name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema(version, name), validate_formats=False)


@cache
def _schema(version: Version, name: str) -> Schema:
    text = _folder(version).joinpath(name).read_text(encoding="utf-8-sig")
    return msgspec.json.decode(text, type=dict[str, Any])


@cache
def _files(version: Version) -> frozenset[str]:
    return frozenset(entry.name for entry in _folder(version).iterdir())


def _folder(version: Version) -> Traversable:
    return files("ocpp").joinpath(_FOLDERS[version], "schemas")
