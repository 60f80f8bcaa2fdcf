"""The JSON schemas of the standards, as the judge of what is written and the source of what may be sent."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import ocpp
from hypothesis import strategies as st

from voltloom.protocols.ocpp.dialect import DIALECTS, Version
from voltloom.protocols.ocpp.wire import Sender

FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
LARGEST_INTEGER = 2**31 - 1

FROM_STATIONS = [
    (version, action.name)
    for version, dialect in DIALECTS.items()
    for action in dialect.actions.values()
    if Sender.STATION in action.sender
]
"""Every action of every version that a station may begin."""


@cache
def schema(version: Version, action: str, role: str) -> Mapping[str, Any]:
    """role: Request or Response."""
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    names = [f"{action}{role}.json"]
    if role == "Request":
        names.append(f"{action}.json")
    path = next(folder / name for name in names if (folder / name).exists())
    return json.loads(path.read_text(encoding="utf-8-sig"))


@cache
def _judge(version: Version, action: str, role: str, formats: bool) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema(version, action, role), validate_formats=formats)


def check(version: Version, action: str, role: str, payload: bytes, *, formats: bool = True) -> Any:
    """The payload decoded. Raises jsonschema_rs.ValidationError where it breaks the standard's schema.

    formats   whether times must be times, which we keep to and stations do not
    """
    value = json.loads(payload)
    _judge(version, action, role, formats).validate(value)
    return value


def payloads(version: Version, action: str) -> st.SearchStrategy[bytes]:
    """Requests that keep to the schema, with integers as OCPP has them: 32 bits, and none below zero where an id."""
    whole = schema(version, action, "Request")
    return _values(whole, whole.get("definitions", {})).map(lambda value: json.dumps(value).encode())


TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z"),
    st.sampled_from(
        [
            "2024-02-29T12:00:00Z",
            "2024-02-29T12:00:00+05:30",
            "2024-02-29T12:00:00.123456789Z",
            "0001-01-01T00:00:00+14:00",
        ]
    ),
)
TEXT = st.characters(exclude_categories=["Cs", "Cc"])
NUMBERS_AS_TEXT = st.one_of(
    st.floats(width=32).map(repr), st.integers().map(str), st.sampled_from(["", "23 kWh", "1,5", "NaN", "1_0", "-0.0"])
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(TEXT, max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(TEXT, max_size=4), inner, max_size=2),
    max_leaves=4,
)


def _values(part: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    if "$ref" in part:
        return _values(definitions[part["$ref"].removeprefix("#/definitions/")], definitions, name)
    if "enum" in part:
        return st.sampled_from(part["enum"])
    match part.get("type"):
        case "object":
            required = set(part.get("required", ()))
            fields = {key: _values(item, definitions, key) for key, item in part.get("properties", {}).items()}
            return st.fixed_dictionaries(
                {key: item for key, item in fields.items() if key in required},
                optional={key: item for key, item in fields.items() if key not in required},
            )
        case "array":
            least = part.get("minItems", 0)
            return st.lists(
                _values(part["items"], definitions, name),
                min_size=least,
                max_size=min(part.get("maxItems", 3), max(least, 3)),
            )
        case "string" if part.get("format") == "date-time":
            return TIMES
        case "string" if name == "value":
            return NUMBERS_AS_TEXT
        case "string":
            return st.text(TEXT, max_size=min(part.get("maxLength", 40), 40))
        case "integer":
            least = part.get(
                "minimum",
                0 if name in {"connectorId", "seqNo", "id", "evseId", "cableMaxCurrent"} else -LARGEST_INTEGER,
            )
            return st.integers(int(least), int(part.get("maximum", LARGEST_INTEGER)))
        case "number":
            return st.floats(part.get("minimum"), part.get("maximum"), allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case _:
            return ANY_JSON
