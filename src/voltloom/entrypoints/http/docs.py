"""The API as a page that needs nothing from anywhere else.

The page is made on the server from the document; `docs.js` only adds the forms that try a call.
"""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Response

from voltloom.entrypoints.http.openapi import openapi_of
from voltloom.entrypoints.http.pages import page
from voltloom.entrypoints.http.problems import ALL_KINDS

JsonObject = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")


def _inline(text: str) -> str:
    """`code` in a description; everything else as it is."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.strip().split("\n\n") if part)


def type_of(schema: JsonObject) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(type_of(each) for each in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(each, ensure_ascii=False) for each in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {type_of(schema.get('items', {}))}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"map of {type_of(schema['additionalProperties'])}"
        case "string" if "format" in schema:
            return str(schema["format"])
        case None:
            return "any"
        case kind:
            return str(kind)


def _bounds(schema: JsonObject) -> str:
    words = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "minLength": "at least {} long",
        "maxLength": "at most {} long",
        "minItems": "at least {}",
        "maxItems": "at most {}",
    }
    choices: Sequence[JsonObject] = schema.get("anyOf", ())
    inner = [each for each in choices if each.get("type") != "null"]
    found: dict[str, Any] = {**(inner[0] if inner else {}), **schema}
    parts = [
        form.format(f"{found[name]:g}" if isinstance(found[name], float) else found[name])
        for name, form in words.items()
        if name in found
    ]
    if schema.get("default") not in (None, ""):
        parts.append(f"default {json.dumps(schema['default'])}")
    return ", ".join(parts)


class DocsPage:
    """Turns one OpenAPI document into the page."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._schemas: JsonObject = document.get("components", {}).get("schemas", {})

    def html(self) -> str:
        groups: dict[str, list[str]] = {}
        for path, operations in self._document.get("paths", {}).items():
            for method in METHODS:
                if method in operations:
                    operation = operations[method]
                    group = (operation.get("tags") or ["other"])[0]
                    groups.setdefault(group, []).append(self._operation(path, method, operation))
        contents = "".join(f'<li><a href="#group-{_slug(name)}">{escape(_title(name))}</a></li>' for name in groups)
        sections = "".join(
            f'<section aria-labelledby="group-{_slug(name)}"><h2 id="group-{_slug(name)}">{escape(_title(name))}</h2>'
            f"{''.join(operations)}</section>"
            for name, operations in groups.items()
        )
        return f"""<h1>The API</h1>
{_paragraphs(self._document["info"].get("description", ""))}
<p><a href="/api/openapi.json">The same as an OpenAPI document</a></p>
<div class="key"><label for="key">API key to try calls with</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" placeholder="vl_…">
<p class="note">Stays in this page. Without one, your session is used.</p></div>
<nav aria-label="Groups"><ul class="contents">{contents}<li><a href="#documents">Documents</a></li>
<li><a href="#problems">Problems</a></li></ul></nav>
{sections}
<section aria-labelledby="documents"><h2 id="documents">Documents</h2>{self._documents()}</section>
<section aria-labelledby="problems"><h2 id="problems">Problems</h2>{_problems()}</section>"""

    def _operation(self, path: str, method: str, operation: JsonObject) -> str:
        name = str(operation.get("operationId", f"{method}-{path}"))
        scope = operation.get("x-scope")
        who = {None: "open to all", "": "for all who are signed in"}.get(scope, f"takes {scope}")
        parameters: Sequence[JsonObject] = operation.get("parameters", ())
        body = self._body_schema(operation)
        return f"""<details class="op" id="{escape(name)}">
<summary><span class="method {method}">{method.upper()}</span><span class="path">{escape(path)}</span>
<span>{escape(str(operation.get("summary", "")))}</span><span class="scope">{escape(who)}</span></summary>
<div>{_paragraphs(str(operation.get("description", "")))}
{self._parameters(parameters)}
{self._named("Body", body)}
{self._answers(operation.get("responses", {}))}
{self._try(name, path, method, parameters, body)}
</div></details>"""

    def _body_schema(self, operation: JsonObject) -> JsonObject | None:
        content: JsonObject = operation.get("requestBody", {}).get("content", {})
        return next((each.get("schema", {}) for each in content.values()), None)

    def _parameters(self, parameters: Sequence[JsonObject]) -> str:
        if not parameters:
            return ""
        rows = "".join(
            self._row(
                str(each["name"]),
                bool(each.get("required")),
                each.get("schema", {}),
                str(each.get("description", "")),
                str(each["in"]),
            )
            for each in parameters
        )
        return f"<h3>Parameters</h3>{_table(rows)}"

    def _named(self, title: str, schema: JsonObject | None) -> str:
        if schema is None:
            return ""
        return f"<h3>{title}</h3><p>{self._linked(schema)}</p>{self._properties(self._resolved(schema))}"

    def _answers(self, responses: JsonObject) -> str:
        lines: list[str] = []
        for status, response in responses.items():
            if status == "default":
                continue
            schema = next((each.get("schema") for each in response.get("content", {}).values()), None)
            what = self._linked(schema) if schema else escape(", ".join(response.get("content", {})))
            # What FastAPI writes of itself says no more than the number.
            if (said := str(response.get("description", ""))) not in ("", "Successful Response"):
                what = f"{what} {_inline(said)}"
            lines.append(f"<li><strong>{escape(status)}</strong> {what}</li>")
        return f'<h3>Answers</h3><ul>{"".join(lines)}<li>else a <a href="#problems">problem</a></li></ul>'

    def _linked(self, schema: JsonObject) -> str:
        """The type, its documents' names as links; a quoted word is a value, not a name."""

        def link(found: re.Match[str]) -> str:
            name = found[0]
            return f'<a href="#document-{_slug(name)}">{name}</a>' if name in self._schemas else name

        return re.sub(r"(?<!&quot;)\b[A-Za-z]\w*\b(?!&quot;)", link, escape(type_of(schema)))

    def _resolved(self, schema: JsonObject) -> JsonObject:
        return self._schemas.get(type_of(schema), {}) if "$ref" in schema else schema

    def _properties(self, schema: JsonObject) -> str:
        properties: JsonObject = schema.get("properties", {})
        if not properties:
            return f"<p><code>{escape(type_of(schema))}</code></p>" if "enum" in schema else ""
        required = set(schema.get("required", ()))
        rows = "".join(
            self._row(name, name in required, each, str(each.get("description", "")))
            for name, each in properties.items()
        )
        return _table(rows)

    def _row(self, name: str, required: bool, schema: JsonObject, meaning: str, where: str = "") -> str:
        meaning, bounds = meaning or str(schema.get("description", "")), _bounds(schema)
        said = " ".join(
            part
            for part in (_inline(meaning), f'<span class="note">({escape(bounds)})</span>' if bounds else "")
            if part
        )
        notes = ", ".join(part for part in (f"in the {where}" if where else "", "" if required else "optional") if part)
        note = f' <span class="note">{escape(notes)}</span>' if notes else ""
        return f"<tr><td><code>{escape(name)}</code>{note}</td><td>{self._linked(schema)}</td><td>{said}</td></tr>"

    def _documents(self) -> str:
        return "".join(
            f'<details class="op" id="document-{_slug(name)}">'
            f'<summary><span class="path">{escape(name)}</span></summary>'
            f"<div>{_paragraphs(str(schema.get('description', '')))}{self._properties(schema)}</div></details>"
            for name, schema in self._schemas.items()
        )

    def _try(self, name: str, path: str, method: str, parameters: Sequence[JsonObject], body: JsonObject | None) -> str:
        fields = "".join(self._field(name, each) for each in parameters if each["in"] in ("path", "query"))
        if body is not None:
            example = json.dumps(self.example(body), indent=2, ensure_ascii=False)
            field = f"{name}-body"
            fields += (
                f'<div class="body"><label for="{escape(field)}">Body</label>'
                f'<textarea id="{escape(field)}" name="body" spellcheck="false">{escape(example)}</textarea></div>'
            )
        return f"""<form class="try" data-method="{method.upper()}" data-path="{escape(path)}" hidden>
<h3>Try it</h3><div class="fields">{fields}</div><button>Send {method.upper()}</button>
<div class="answer" role="status"></div></form>"""

    def _field(self, operation: str, parameter: JsonObject) -> str:
        name = str(parameter["name"])
        identity = escape(f"{operation}-{name}")
        required = " required" if parameter.get("required") else ""
        return (
            f'<div><label for="{identity}">{escape(name)}{" (required)" if required else ""}</label>'
            f'<input id="{identity}" name="{escape(name)}" data-in="{parameter["in"]}"{required} spellcheck="false">'
            "</div>"
        )

    def example(self, schema: JsonObject, depth: int = 0) -> object:
        """Something of the right shape to begin with: the required fields."""
        schema = self._resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if schema.get("default") is not None:
            return schema["default"]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0], depth + 1)
        match schema.get("type"):
            case "object":
                properties: JsonObject = schema.get("properties", {})
                required = schema.get("required") or (list(properties) if depth == 0 else [])
                if depth > 6:
                    return {}
                return {name: self.example(properties[name], depth + 1) for name in required if name in properties}
            case "array":
                return [self.example(schema.get("items", {}), depth + 1)] if depth < 6 else []
            case "integer" | "number":
                return schema.get("minimum", 0)
            case "boolean":
                return False
            case "string":
                return {"date-time": "2030-01-01T00:00:00Z"}.get(str(schema.get("format")), "")
            case _:
                return None


def _title(name: str) -> str:
    return (name[:1].upper() + name[1:]).replace("Api ", "API ")


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _table(rows: str) -> str:
    return (
        '<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Type</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _problems() -> str:
    rows = "".join(
        f'<tr id="problem-{kind.name}"><td><code>{kind.name}</code></td><td>{kind.status}</td>'
        f"<td>{_inline(f'{kind.title}: {kind.hint}')}</td></tr>"
        for kind in sorted(ALL_KINDS, key=lambda kind: kind.status)
    )
    return (
        '<div class="scroll"><table><thead><tr><th scope="col">Type</th><th scope="col">Status</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def routes(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    made: list[Response] = []

    @router.get("/api/openapi.json")
    async def openapi() -> dict[str, Any]:
        return openapi_of(app)

    @router.get("/api/docs")
    async def docs() -> Response:
        if not made:
            made.append(page("API", DocsPage(openapi_of(app)).html(), script="docs.js", wide=True))
        return Response(made[0].body, media_type="text/html")

    return router
