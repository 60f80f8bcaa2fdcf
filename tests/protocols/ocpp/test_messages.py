"""Every message of every version, made from its own schema, is read and written back as the schema demands."""

import json
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from voltloom.protocols.ocpp.explain import Part, keeps_to_schema
from voltloom.protocols.ocpp.v2 import messages_21, messages_201
from voltloom.protocols.ocpp.v16 import messages as messages_16
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Action, Sender, Wire, read, write

ACTIONS = {
    Version.V16: messages_16.ACTIONS,
    Version.V201: messages_201.ACTIONS,
    Version.V21: messages_21.ACTIONS,
}
FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
EXAMPLES = 12


def messages() -> list[Any]:
    return [
        pytest.param(version, name, part, id=f"{version.value}-{name}-{part.name.lower()}")
        for version, actions in ACTIONS.items()
        for name, action in actions.items()
        for part in Part
        if type_of(action, part) is not None
    ]


def type_of(action: Action, part: Part) -> type[Wire] | None:
    return action.request if part is Part.REQUEST else action.response


def schema_of(version: Version, name: str, part: Part) -> dict[str, Any]:
    folder = files("ocpp").joinpath(FOLDERS[version], "schemas")
    stem = name if part is Part.REQUEST and version is Version.V16 else name + part.value
    path = folder.joinpath(f"{stem}.json")
    if not path.is_file():
        path = folder.joinpath(f"{name}.json")
    return json.loads(path.read_text(encoding="utf-8-sig"))


def example(schema: dict[str, Any], root: dict[str, Any], chance: random.Random, fullness: float) -> Any:
    """What the schema allows: all required fields, and of the others as many as `fullness` says."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: example(item, root, chance, fullness)
                for name, item in schema.get("properties", {}).items()
                if name in required or chance.random() < fullness
            }
        case "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
            return [example(schema["items"], root, chance, fullness) for _ in range(chance.randint(least, most))]
        case "string" if schema.get("format") == "date-time":
            return "2026-02-03T04:05:06.789Z"
        case "string":
            length = chance.choice((0, 1, schema.get("maxLength", 30)))
            return "".join(chance.choice('aZ0 "\\/é–漢😀') for _ in range(length))
        case "integer":
            return chance.randint(int(schema.get("minimum", -5)), int(schema.get("maximum", 2**31 - 1)))
        case "number":
            least, most = schema.get("minimum", -10), schema.get("maximum", 100)
            return chance.choice((least, most, (least + most) / 2))
        case "boolean":
            return chance.random() < 0.5
        case _:
            return chance.choice((1, "text", [None], {"a": {}}))


@pytest.mark.parametrize(("version", "name", "part"), messages())
def test_a_message_made_from_its_schema_is_read_and_written_back_unchanged(
    version: Version, name: str, part: Part
) -> None:
    message_type = type_of(ACTIONS[version][name], part)
    assert message_type is not None
    schema = schema_of(version, name, part)
    chance = random.Random(f"{version}{name}{part}")
    for number in range(EXAMPLES):
        said = example(schema, schema, chance, fullness=number / (EXAMPLES - 1))
        payload = json.dumps(said).encode()
        assert keeps_to_schema(version, name, payload, part=part)

        written = write(read(message_type, payload))

        assert json.loads(written) == said
        assert keeps_to_schema(version, name, written, part=part)


@pytest.mark.parametrize(("version", "name", "part"), messages())
def test_a_message_without_a_field_it_must_have_is_refused(version: Version, name: str, part: Part) -> None:
    message_type = type_of(ACTIONS[version][name], part)
    assert message_type is not None
    schema = schema_of(version, name, part)
    said = example(schema, schema, random.Random(1), fullness=1.0)
    for required in schema.get("required", ()):
        rest = {key: value for key, value in said.items() if key != required}
        with pytest.raises(msgspec.ValidationError):
            read(message_type, json.dumps(rest).encode())


@pytest.mark.parametrize(("version", "count"), [(Version.V16, 39), (Version.V201, 64), (Version.V21, 91)])
def test_every_schema_has_its_action(version: Version, count: int) -> None:
    stems = {
        entry.name.removesuffix(".json")
        for entry in files("ocpp").joinpath(FOLDERS[version], "schemas").iterdir()
        if entry.name.endswith(".json")
    }
    names = {stem.removesuffix("Request").removesuffix("Response") for stem in stems}
    assert set(ACTIONS[version]) == names
    assert len(names) == count


def test_every_action_of_2_0_1_is_begun_by_the_same_end_in_2_1() -> None:
    for name, action in messages_201.ACTIONS.items():
        assert messages_21.ACTIONS[name].sender is action.sender


def test_only_the_periodic_event_stream_has_no_answer() -> None:
    unanswered = {
        (version, name)
        for version, actions in ACTIONS.items()
        for name, action in actions.items()
        if action.response is None
    }
    assert unanswered == {(Version.V21, "NotifyPeriodicEventStream")}
    assert messages_21.ACTIONS["NotifyPeriodicEventStream"].sender is Sender.STATION


def test_data_transfer_may_be_begun_by_either_end() -> None:
    for actions in ACTIONS.values():
        assert [name for name, action in actions.items() if action.sender is Sender.BOTH] == ["DataTransfer"]


def test_an_empty_answer_is_legal_just_where_the_schema_says_so() -> None:
    for version, actions in ACTIONS.items():
        for name, action in actions.items():
            if action.response is not None:
                assert action.may_be_answered_empty == keeps_to_schema(version, name, b"{}", part=Part.RESPONSE)


def test_the_files_are_what_the_generator_would_write() -> None:
    generator = Path(__file__).parents[3] / "tools" / "generate_ocpp.py"
    subprocess.run([sys.executable, str(generator), "--check"], check=True)
