"""The routes of tokens and groups, and imports by the thousand."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging_by_hand import Api, charging_api
from voltloom.domain.errors import Invalid
from voltloom.features.access import Role
from voltloom.features.authorization.service import COLUMNS, read_csv


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                await story(client)

        asyncio.run(whole())

    return played


async def imported(api: Api, text: str, **query: object) -> list[tuple[str, str]]:
    answer = await api.client.post(
        "/tokens/import", content=text.encode(), params=query, headers={"content-type": "text/csv; charset=utf-8"}
    )
    assert answer.status_code == 200, answer.text
    return [(row["value"], row["fate"]) for row in answer.json()["rows"]]


def test_a_token_is_added_seen_changed_blocked_and_removed(play):
    async def story(api: Api) -> None:
        added = await api.client.post("/tokens", json={"value": "04a2b3", "kind": "ISO14443", "holder": "Ada"})
        assert added.status_code == 201, added.text
        assert (await api.client.post("/tokens", json={"value": "04A2B3"})).status_code == 409
        seen = (await api.get("/tokens/04A2B3")).json()
        assert (seen["value"], seen["holder"], seen["allowed"], seen["state"]) == ("04a2b3", "Ada", 1, "active")
        changed = await api.client.patch("/tokens/04a2b3", json={"allowed": None, "note": "spare"})
        assert (changed.json()["allowed"], changed.json()["holder"]) == (None, "Ada")
        assert (await api.client.post("/tokens/04a2b3/block")).json()["state"] == "blocked"
        assert (await api.client.post("/tokens/04a2b3/unblock")).json()["state"] == "active"
        assert (await api.client.delete("/tokens/04a2b3")).status_code == 204
        assert (await api.get("/tokens/04a2b3")).status_code == 404

    play(story)


@pytest.mark.parametrize(
    "document",
    [
        {"value": ""},
        {"value": "a/b"},
        {"value": "Export"},
        {"value": "a\u0000b"},
        {"value": "x" * 256},
        {"value": "A", "kind": "NoAuthorization"},
        {"value": "A", "kind": "Ring"},
        {"value": "A", "group": "nowhere"},
        {"value": "A", "allowed": 0},
        {"value": "A", "valid_until": "2026-01-01T00:00:00"},
        {"value": "A", "valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"},
        {"value": "A", "holder": "\u0000"},
        {"value": "A", "colour": "red"},
    ],
)
def test_a_token_that_cannot_be_is_refused_with_a_reason(play, document: dict[str, object]):
    async def story(api: Api) -> None:
        answer = await api.client.post("/tokens", json=document)
        assert answer.status_code == 422
        assert answer.json()["detail"]

    play(story)


def test_the_list_is_filtered_and_paged(play):
    async def story(api: Api) -> None:
        await api.client.put("/token-groups/fleet", json={"name": "Fleet"})
        for number in range(5):
            group = "fleet" if number % 2 else None
            document = {"value": f"T{number}", "group": group, "holder": f"Person {number}"}
            assert (await api.client.post("/tokens", json=document)).status_code == 201
        await api.client.post("/tokens/t3/block")

        async def listed(**query: object) -> list[str]:
            return [each["value"] for each in (await api.get("/tokens", **query)).json()["items"]]

        assert await listed() == ["T0", "T1", "T2", "T3", "T4"]
        assert await listed(group="fleet") == ["T1", "T3"]
        assert await listed(state="blocked") == ["T3"]
        assert await listed(q="person 4") == ["T4"]
        assert await listed(q="t2") == ["T2"]
        assert await listed(q="%") == []
        first = (await api.get("/tokens", limit=2)).json()
        second = (await api.get("/tokens", limit=3, after=first["next"])).json()
        assert [each["value"] for each in second["items"]] == ["T2", "T3", "T4"]
        assert second["next"] is None

    play(story)


def test_groups_are_kept_and_only_empty_ones_removed(play):
    async def story(api: Api) -> None:
        put = await api.client.put("/token-groups/fleet", json={"name": "Fleet", "master": True})
        assert put.json() == {"id": "fleet", "name": "Fleet", "blocked": False, "master": True, "members": 0}
        await api.client.post("/tokens", json={"value": "A", "group": "fleet"})
        assert (await api.client.delete("/token-groups/fleet")).status_code == 409
        assert (await api.get("/token-groups")).json()["items"][0]["members"] == 1
        await api.client.patch("/tokens/A", json={"group": None})
        assert (await api.client.delete("/token-groups/fleet")).status_code == 204
        assert (await api.client.delete("/token-groups/fleet")).status_code == 404

    play(story)


def test_a_csv_file_is_imported_row_by_row(play):
    async def story(api: Api) -> None:
        text = (
            "\ufeffvalue;kind;group;valid_until;allowed;holder\r\n"
            "A1;iso14443;fleet;2027-01-01;any;Ada\r\n"
            ";;;;;\r\n"
            "B2;Ring;;;;\r\n"
            "C3;;;;;;;extra\r\n"
            ";;;;;nobody\r\n"
            "D4;;;soon;;\r\n"
            'E5;;;;2;"Ada; the second"\r\n'
            "a1;;;;;Ada M.\r\n"
        )
        assert await imported(api, text, dry_run=True) == await imported(api, text)
        rows = await imported(api, text)
        assert rows == [
            ("A1", "changed"),
            ("B2", "refused"),
            ("C3", "refused"),
            ("", "refused"),
            ("D4", "refused"),
            ("E5", "unchanged"),
            ("A1", "changed"),
        ]
        seen = (await api.get("/tokens/A1")).json()
        assert (seen["holder"], seen["group"], seen["allowed"]) == ("Ada M.", "fleet", None)
        assert seen["valid_until"] == "2027-01-01T00:00:00Z"
        assert (await api.get("/tokens/E5")).json()["holder"] == "Ada; the second"

    play(story)


def test_a_dry_run_changes_nothing(play):
    async def story(api: Api) -> None:
        assert await imported(api, "value\nA\n", dry_run=True) == [("A", "added")]
        assert (await api.get("/tokens")).json()["items"] == []

    play(story)


def test_a_preview_says_which_fields_change_and_on_which_line_of_the_file_a_row_begins(play):
    async def story(api: Api) -> None:
        await imported(api, "value,holder,note\nA,Ada,spare\nB,Ben,\n")
        answer = await api.client.post(
            "/tokens/import",
            content=b'value,holder,note,group\nA,"Ada\nMoser",spare,fleet\n\nB,Ben,,\nC,,,\nD,,,,,\n',
            params={"dry_run": True},
            headers={"content-type": "text/csv"},
        )
        rows = [(row["value"], row["line"], row["fate"], row["changes"]) for row in answer.json()["rows"]]
        assert rows == [
            ("A", 2, "changed", ["group", "holder"]),
            ("B", 5, "unchanged", []),
            ("C", 6, "added", []),
            ("D", 7, "refused", []),
        ]

    play(story)


def test_tokens_are_listed_by_what_they_would_be_answered_now(play):
    async def story(api: Api) -> None:
        await api.client.put("/token-groups/shut", json={"blocked": True})
        await api.client.put("/token-groups/open", json={})
        for document in (
            {"value": "FINE", "group": "open", "valid_until": "2999-01-01T00:00:00Z"},
            {"value": "BLOCKED", "state": "blocked", "valid_until": "2001-01-01T00:00:00Z"},
            {"value": "GROUP", "group": "shut"},
            {"value": "OVER", "valid_until": "2001-01-01T00:00:00Z"},
            {"value": "EARLY", "valid_from": "2999-01-01T00:00:00Z", "state": "no_credit"},
            {"value": "USED", "state": "no_credit"},
            {"value": "COPY", "state": "invalid"},
        ):
            assert (await api.client.post("/tokens", json=document)).status_code == 201
        for standing, values in {
            "Accepted": ["FINE"],
            "Blocked": ["BLOCKED", "GROUP"],
            "Expired": ["OVER"],
            "NotAtThisTime": ["EARLY"],
            "NoCredit": ["USED"],
            "Invalid": ["COPY"],
        }.items():
            items = (await api.get("/tokens", standing=standing)).json()["items"]
            assert [(each["value"], each["standing"]) for each in items] == [(value, standing) for value in values]
        everyone = (await api.get("/tokens")).json()["items"]
        assert {each["value"]: each["standing"] for each in everyone}["GROUP"] == "Blocked"
        assert {each["running"] for each in everyone} == {0}

    play(story)


def test_json_documents_are_imported_row_by_row(play):
    async def story(api: Api) -> None:
        documents = [
            {"value": "A", "holder": "Ada"},
            {"value": "B", "allowed": -1},
            {"holder": "nobody"},
            {"value": "C"},
        ]
        answer = await api.client.post("/tokens/import", json={"tokens": documents})
        result = answer.json()
        assert [row["fate"] for row in result["rows"]] == ["added", "refused", "refused", "added"]
        assert (result["added"], result["refused"]) == (2, 2)
        assert result["rows"][1]["reason"].startswith("allowed: ")

    play(story)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/csv", b"", "first line"),
        ("text/csv", b"kind\nISO14443\n", "`value` must be there"),
        ("text/csv", b"value,colour\nA,red\n", "colour"),
        ("text/csv", b"value,value\nA,B\n", "each once"),
        ("text/csv", b"value\n\xff\xfe\n", "UTF-8"),
        ("text/csv", b'value\n"A\n', "line 2"),
        ("text/plain", b"value\nA\n", "text/csv"),
        ("application/json", b"[]", "tokens"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(play, kind: str, body: bytes, words: str):
    async def story(api: Api) -> None:
        answer = await api.client.post("/tokens/import", content=body, headers={"content-type": kind})
        assert answer.status_code == 422
        assert words in answer.json()["detail"]

    play(story)


def test_what_is_exported_can_be_imported_again(play):
    async def story(api: Api) -> None:
        await api.client.put("/token-groups/fleet", json={})
        documents = [
            {"value": "=A", "holder": "+49 30", "note": "-", "allowed": None, "group": "fleet"},
            {"value": "B", "valid_from": "2026-01-01T00:00:00+02:00", "language": "de", "state": "blocked"},
        ]
        await api.client.post("/tokens/import", json={"tokens": documents})
        before = (await api.get("/tokens")).json()
        text = (await api.get("/tokens/export")).text
        rows = list(csv.reader(io.StringIO(text)))
        assert (rows[0], rows[1][0], rows[1][6]) == (list(COLUMNS), "'=A", "'+49 30")
        for token in before["items"]:
            await api.client.delete(f"/tokens/{token['value']}")
        assert [fate for _, fate in await imported(api, text)] == ["added", "added"]
        assert (await api.get("/tokens")).json() == before
        lines = (await api.get("/tokens/export", format="jsonl")).text.splitlines()
        assert [json.loads(line)["value"] for line in lines] == ["=A", "B"]

    play(story)


def test_who_may_only_look_may_not_change_tokens(play):
    async def story(api: Api) -> None:
        api.role = Role.TECHNICIAN
        assert (await api.get("/tokens")).status_code == 200
        assert (await api.client.post("/tokens", json={"value": "A"})).status_code == 403
        assert (await api.client.post("/tokens/import", json={"tokens": []})).status_code == 403
        assert (await api.client.put("/token-groups/g", json={})).status_code == 403

    play(story)


@given(st.text(max_size=200))
def test_any_text_is_read_as_rows_or_refused(text: str):
    try:
        rows = read_csv("value,kind,state,valid_from,allowed,group\n" + text)
    except Invalid:
        return
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
