import asyncio
import json
import re
from html import escape
from html.parser import HTMLParser

from voltloom.entrypoints.http.docs import DocsPage, type_of
from voltloom.entrypoints.http.openapi import openapi_of
from voltloom.entrypoints.http.problems import ALL_KINDS


class Outline(HTMLParser):
    """What a page refers to, and whether it is well nested."""

    VOID = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.inline: list[str] = []
        self.open: list[str] = []
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if tag in ("script", "img"):
            self.sources.append(given["src"])
        if tag == "link":
            self.sources.append(given["href"])
        if tag == "label":
            self.labels.add(given["for"])
        if tag in ("input", "textarea") and given.get("type") != "hidden":
            self.fields.add(given["id"])
        self.inline += [name for name in given if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            assert not data.strip()


def test_the_page_needs_nothing_from_elsewhere_and_no_inline_script(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            for path in ("/api/docs",):
                outline = Outline((await browser.get(path)).text)
                assert outline.inline == [], path
                for source in outline.sources:
                    assert source.startswith("/static/"), source
                    assert (await browser.get(source)).status_code == 200, source
                assert len(outline.ids) == len(set(outline.ids)), path
                assert outline.fields <= outline.labels, "each field has a label"
                for link in outline.links:
                    if link.startswith("#"):
                        assert link[1:] in outline.ids, link

    asyncio.run(story())


def test_every_operation_is_shown_with_who_may_and_can_be_tried(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            page = (await browser.get("/api/docs")).text
            document = (await browser.get("/api/openapi.json")).json()
            outline = Outline(page)
            operations = [each for path in document["paths"].values() for each in path.values()]
            assert len(operations) > 18
            for operation in operations:
                assert operation["operationId"] in outline.ids
                assert escape(operation["summary"]) in page
                assert operation["tags"]
                assert "x-scope" in operation or "session" in operation["operationId"] or "sign_in" in str(operation)
            for name in document["components"]["schemas"]:
                assert name in page
            for kind in ALL_KINDS:
                assert f"problem-{kind.name}" in outline.ids

    asyncio.run(story())


def test_the_document_names_each_operation_once_and_every_problem(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving:
            document = openapi_of(serving.server.app)
            operations = [each for path in document["paths"].values() for each in path.values()]
            names = [each["operationId"] for each in operations]
            assert len(names) == len(set(names))
            for operation in operations:
                assert "application/problem+json" in operation["responses"]["default"]["content"]
                assert "422" not in operation["responses"]
            schemas = document["components"]["schemas"]
            assert "HTTPValidationError" not in schemas
            assert [name for name in schemas if not name.isalnum()] == [], "a name for people, not of a module of ours"
            assert set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document))) <= set(schemas)
            assert document["paths"]["/api/v1/people"]["get"]["x-scope"] == "access:write"
            assert "security" not in document["paths"]["/api/v1/session"]["post"]

    asyncio.run(story())


def test_texts_of_the_document_stay_texts():
    evil = "<script>alert(1)</script>"
    document = {
        "info": {"description": evil},
        "paths": {
            f"/{evil}": {
                "post": {
                    "operationId": evil,
                    "summary": evil,
                    "description": f"`{evil}`",
                    "tags": [evil],
                    "parameters": [{"name": evil, "in": "query", "schema": {"enum": [evil]}, "description": evil}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": f"#/x/{evil}"}}}},
                    "responses": {"200": {"content": {evil: {}}}},
                }
            }
        },
        "components": {"schemas": {evil: {"properties": {evil: {"type": "string", "default": evil}}}}},
    }
    assert "<script" not in DocsPage(document).html()


def test_a_schema_is_told_in_a_few_words():
    assert type_of({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}) == "date-time or null"
    assert type_of({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}) == "list of Thing"
    assert type_of({"type": "object", "additionalProperties": {"type": "integer"}}) == "map of integer"
    assert type_of({"enum": ["a", "b"]}) == '"a" | "b"'


def test_an_example_body_holds_what_is_required():
    page = DocsPage(
        {
            "info": {},
            "components": {
                "schemas": {
                    "A": {
                        "type": "object",
                        "required": ["b", "kind"],
                        "properties": {
                            "b": {"$ref": "#/components/schemas/B"},
                            "kind": {"enum": ["x", "y"]},
                            "extra": {"type": "string"},
                        },
                    },
                    "B": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}, "required": ["a"]},
                }
            },
        }
    )
    example = page.example({"$ref": "#/components/schemas/A"})
    assert isinstance(example, dict)
    assert example["kind"] == "x"
    assert "extra" not in example
