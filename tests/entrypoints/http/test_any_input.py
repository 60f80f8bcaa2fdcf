"""No input of any kind gets a 5xx: every operation of the API is called with what nobody should send."""

import asyncio
import base64
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

from voltloom.app.parts import features, parts_of
from voltloom.app.places import Addresses
from voltloom.entrypoints.http.openapi import openapi_of
from voltloom.features.feature import Feature
from voltloom.infra.settings import Settings

FORGED_CURSORS = (
    b"[]",
    b"{}",
    b"[1]",
    b'["a"]',
    b'["a\\u0000"]',
    b"[123456789012345678901234567890]",
    b'["2030-01-01T00:00:00","x"]',
    b'["2030-01-01T00:00:00Z","x"]',
    b'["0001-01-01T00:00:00+14:00","x"]',
    b'["9999-12-31T23:59:59-14:00","x"]',
    b"[" * 300,
    b"\xff",
)
ODD_TEXTS = (
    "",
    "a",
    "\u0001",
    "﷽" * 50,
    "x" * 5000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "%",
    "{}",
    "-1",
    "9" * 40,
    "1e999",
    "2030-13-45",
    "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00:00-14:00",
    "\U0001f600",
    "null",
    "true",
    "e30",
    "WzFd",
    *(base64.urlsafe_b64encode(forged).decode().rstrip("=") for forged in FORGED_CURSORS),
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63 - 1,
    2**63,
    -(2**70),
    1.5,
    1e308,
    [],
    {},
    [[]],
    {"a": 1},
    {"": ""},
    *ODD_TEXTS,
)


class Chance:
    """Bodies that are right in shape, more or less."""

    def __init__(self, seed: int, document: dict[str, Any]) -> None:
        self.random = random.Random(seed)
        self.schemas = document["components"]["schemas"]

    def call(self, path: str, operation: dict[str, Any]) -> tuple[str, dict[str, str], bytes | None]:
        """The path filled in, a query, and a body where there is one."""
        query: dict[str, str] = {}
        for parameter in operation.get("parameters", ()):
            odd = self.random.choice(ODD_TEXTS)
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(odd or "x", safe=""))
            elif self.random.random() < 0.5:
                right = str(self.value(parameter["schema"]))
                query[parameter["name"]] = self.random.choice((odd, right, right))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return path, query, None if body is None else json.dumps(self.value(body["schema"])).encode()

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        if self.random.random() < 0.15 or depth > 5:
            return self.random.choice(ODD_VALUES)
        if "$ref" in schema:
            return self.value(self.schemas[schema["$ref"].rsplit("/", 1)[1]], depth + 1)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "anyOf" in schema:
            return self.value(self.random.choice(schema["anyOf"]), depth + 1)
        match schema.get("type"):
            case "object":
                properties = schema.get("properties", {})
                return {
                    name: self.value(each, depth + 1)
                    for name, each in properties.items()
                    if name in schema.get("required", ()) or self.random.random() < 0.6
                }
            case "array":
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.random.randrange(4))]
            case "integer":
                return self.random.choice((0, 1, -1, 7, 2**31, 2**62))
            case "number":
                return self.random.choice((0, 1.5, -1e300, 1e300))
            case "boolean":
                return self.random.random() < 0.5
            case "string":
                return self.random.choice(("2030-05-01T12:00:00Z", "viewer", *ODD_TEXTS))
            case _:
                return self.random.choice(ODD_VALUES)


def whole_house(folder: Path) -> list[Feature]:
    """All features, as a node has them; access comes with the server."""
    settings = Settings(data_dir=folder)
    parts = parts_of(settings, Addresses(http="", stations=()))
    return [feature for feature in features(parts) if feature.name != "access"]


def test_no_operation_answers_any_input_with_a_5xx(serve_http, tmp_path):
    async def story():
        async with serve_http(*whole_house(tmp_path)) as serving, serving.as_local() as caller:
            document = openapi_of(serving.server.app)
            chance = Chance(7, document)
            # Something for a call to be about, by one of the odd names.
            assert (await caller.post("/api/v1/stations", json={"id": "a"})).status_code == 201
            asked = 0
            for _ in range(6):
                for path, operations in document["paths"].items():
                    if path == "/api/v1/events":
                        continue
                    for method, operation in operations.items():
                        filled, query, content = chance.call(path, operation)
                        answer = await caller.request(
                            method.upper(),
                            filled,
                            params=query,
                            content=content,
                            headers={"content-type": "application/json"} if content is not None else {},
                        )
                        asked += 1
                        assert answer.status_code < 500, (method, filled, query, content, answer.text)
                        if answer.status_code >= 400:
                            assert answer.headers["content-type"] == "application/problem+json"
            assert asked > 400

    asyncio.run(story())
