"""The API as an OpenAPI document: FastAPI's, and what FastAPI does not know."""

import re
from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from voltloom import __version__
from voltloom.entrypoints.http.problems import MEDIA_TYPE
from voltloom.features.api import Permission

REF = "#/components/schemas/"
DESCRIPTION = """Runs a network of EV charging stations.

Send an API key as `Authorization: Bearer vl_…`. Times are UTC, energy Wh, power W, current A.
Lists come in pages: pass the `next` of one as `after` for the one that follows.
What goes wrong is told as `application/problem+json` (RFC 9457)."""


def permission_of(route: APIRoute) -> Permission | None:
    """What `allow` or `signed_in` put before a route; None where it was forgotten."""
    pending = list(route.dependant.dependencies)
    while pending:
        dependant = pending.pop()
        if isinstance(dependant.call, Permission):
            return dependant.call
        pending += dependant.dependencies
    return None


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document, with what FastAPI does not know: problems, who may, and how to sign in."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title="voltloom", version=__version__, description=DESCRIPTION, routes=app.routes)
    components: dict[str, Any] = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = _problem_schema()
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "an API key"},
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-voltloom", "description": "with X-CSRF-Token"},
    }
    scopes = _scopes(app)
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            responses: dict[str, Any] = operation["responses"]
            responses.pop("422", None)
            responses["default"] = {
                "description": "a problem",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            if (path, method) in scopes:
                operation["security"] = [{"key": []}, {"session": []}]
                operation["x-scope"] = scopes[path, method]
    names = {name: _short_name(name) for name in schemas}
    assert len(set(names.values())) == len(names), "two documents of the API would have one name"
    components["schemas"] = {names[name]: schema for name, schema in schemas.items()}
    document = _renamed(document, names)
    app.openapi_schema = document
    return document


def _short_name(name: str) -> str:
    """`Page_StationOut_` is PageOfStationOut; of two alike, each is named after its feature: TransactionsSummaryOut."""
    name = re.sub(r"^(\w+?)_(\w+)_$", r"\1Of\2", name)
    if shared := re.fullmatch(r"voltloom__features__([a-z_]+?)__.*?([A-Z]\w*)", name):
        name = shared[1].title().replace("_", "") + shared[2]
    return name


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    """A part of the document, referring to the schemas by their new names."""
    if isinstance(part, dict):
        return {key: _renamed(value, names) for key, value in cast("dict[str, Any]", part).items()}
    if isinstance(part, list):
        return [_renamed(each, names) for each in cast("list[Any]", part)]
    if isinstance(part, str) and part.startswith(REF):
        return REF + names[part.removeprefix(REF)]
    return part


def _scopes(app: FastAPI) -> dict[tuple[str, str], str]:
    """The scope each operation takes, "" for anybody who is signed in; without the public ones."""
    scopes: dict[tuple[str, str], str] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and (permission := permission_of(route)) is not None:
            for method in route.methods or ():
                path = str(context.path)
                scopes[path, method.lower()] = permission.scope.value if permission.scope else ""
    return scopes


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457. More members depend on the type.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {**text, "examples": ["/api/docs#problem-not-found"]},
            "title": text,
            "status": {"type": "integer"},
            "detail": {**text, "description": "what happened, for the one who asked"},
            "errors": {
                "type": "array",
                "description": "for `invalid`: the fields that are not valid",
                "items": {"type": "object", "properties": {"in": text, "field": text, "reason": text}},
            },
            "code": {**text, "description": "for `station-error`: the station's own code"},
            "retry_after_s": {"type": "integer", "description": "for `throttled`"},
            "reference": {**text, "description": "for `bug`: what to tell us"},
        },
    }
