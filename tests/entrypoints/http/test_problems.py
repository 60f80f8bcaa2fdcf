import asyncio
import json
import socket
from contextlib import suppress
from typing import Annotated

import pytest
from fastapi import APIRouter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from voltloom.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotInThisVersion,
    StationError,
    Throttled,
    TimedOut,
    Unavailable,
    Unreachable,
)
from voltloom.entrypoints.http import HttpSettings
from voltloom.entrypoints.http.bounds import MOST_BYTES, insist_on_sane_json
from voltloom.entrypoints.http.problems import problem_of
from voltloom.features.access import FreshSignInNeeded
from voltloom.features.access.audit import audit_log
from voltloom.features.api import Call, signed_in
from voltloom.features.feature import Feature
from voltloom.infra.database import SettingError


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NotFound("x"), 404, "not-found"),
        (Conflict("x"), 409, "conflict"),
        (Invalid("x"), 422, "invalid"),
        (Forbidden("x"), 403, "forbidden"),
        (FreshSignInNeeded("x"), 403, "fresh-sign-in-needed"),
        (Throttled("x", 3.2), 429, "throttled"),
        (Unreachable("x"), 409, "station-not-connected"),
        (TimedOut("x"), 504, "station-timed-out"),
        (StationError("x", "InternalError"), 502, "station-error"),
        (NotInThisVersion("x"), 409, "not-in-this-version"),
        (Unavailable("x"), 503, "unavailable"),
    ],
)
def test_each_error_has_a_type_and_a_status_of_its_own(error, status, kind):
    response = problem_of(error).response()
    document = json.loads(response.body)
    assert response.status_code == document["status"] == status
    assert document["type"] == f"/api/docs#problem-{kind}"
    assert document["detail"] == "x"
    assert response.media_type == "application/problem+json"


def test_what_the_station_said_is_told_as_it_said_it():
    document = json.loads(problem_of(StationError("it refused", "GenericError", '{"a":1}')).response().body)
    assert (document["code"], document["details"]) == ("GenericError", {"a": 1})


def test_who_comes_too_often_hears_when_to_come_back():
    response = problem_of(Throttled("x", 3.2)).response()
    assert response.headers["retry-after"] == "4"


def failing(error: Exception) -> Feature:
    def routes() -> APIRouter:
        router = APIRouter()

        @router.get("/fails", dependencies=[signed_in()])
        async def fails() -> None:
            raise error

        return router

    return Feature(name="failing", routes=routes)


def test_a_bug_is_told_as_a_reference_and_nothing_else(serve_sqlite, logged):
    async def story():
        async with serve_sqlite(failing(RuntimeError("the secret is 42"))) as serving, serving.as_local() as local:
            answer = await local.get("/api/v1/fails")
            assert answer.status_code == 500
            assert "42" not in answer.text
            assert "RuntimeError" not in answer.text
            (entry,) = (entry for entry in logged if entry["event"] == "a request failed")
            assert entry["reference"] == answer.json()["reference"]
            assert str(entry["exc_info"]) == "the secret is 42"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert (await local.get("/livez")).status_code == 200

    asyncio.run(story())


def test_a_number_that_no_database_holds_is_the_callers_mistake(serve_http):
    def routes() -> APIRouter:
        router = APIRouter()

        @router.get("/entries/{number}")
        async def entry(number: int, call: Annotated[Call, signed_in()]) -> int:
            query = select(audit_log).where(audit_log.c.number == number)
            return await call.database.read(lambda connection: len(connection.execute(query).all()))

        return router

    async def story():
        async with serve_http(Feature(name="counting", routes=routes)) as serving, serving.as_local() as local:
            assert (await local.get(f"/api/v1/entries/{1 << 40}")).status_code == 200
            assert (await local.get(f"/api/v1/entries/{1 << 80}")).status_code == 422

    asyncio.run(story())


def test_fields_that_are_not_valid_are_named_and_their_values_are_not_repeated(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_local() as local:
            body = {"login": 7, "password": {"my": "hunter2"}, "extra": True}
            answer = await local.post("/api/v1/session", json=body)
            assert answer.status_code == 422
            assert {error["field"] for error in answer.json()["errors"]} == {"login", "password", "extra"}
            assert "hunter2" not in answer.text
            answer = await local.get("/api/v1/people", params={"limit": 501})
            assert answer.json()["errors"][0] == {
                "in": "query",
                "field": "limit",
                "reason": "Input should be less than or equal to 500",
            }

    asyncio.run(story())


def test_unknown_paths_and_methods_are_problems_too(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_local() as local:
            for path in (
                "/nothing",
                "/api/v1/nothing",
                "/static/nothing.js",
                "/static/..%2fserver.py",
                "/api/v1/people/",
            ):
                answer = await local.get(path)
                assert (answer.status_code, answer.json()["type"]) == (404, "/api/docs#problem-not-found"), path
            answer = await local.put("/api/v1/people")
            assert answer.status_code == 405
            assert "GET" in answer.headers["allow"]

    asyncio.run(story())


def test_every_answer_carries_the_security_headers(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as stranger:
            for path in ("/", "/sign-in", "/api/docs", "/api/v1/people", "/nothing", "/static/style.css", "/livez"):
                headers = (await stranger.get(path)).headers
                policy = headers["content-security-policy"]
                assert "default-src 'self'" in policy or "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "same-origin"
                assert headers["cache-control"] in ("no-store", "no-cache")
                assert "server" not in headers

    asyncio.run(story())


# ---- bounds


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"", 422),
        (b"[" * 100_000, 422),
        (b"[" * 33 + b"]" * 33, 422),
        (b'{"login":"a\\u0000b","password":"x"}', 422),
        (b'{"login":"\\ud800","password":"x"}', 422),
        (b'{"login":"\xff","password":"x"}', 422),
        (b'{"login":NaN,"password":"x"}', 422),
        (b'{"login":1e999,"password":"x"}', 422),
        (b'{"login":' + b"9" * 5000 + b',"password":"x"}', 422),
        (b'{"login":"' + b"a" * MOST_BYTES + b'"}', 413),
        (b'{"login":"a","password":"' + b"x" * 1001 + b'"}', 422),
        (b'{"login":"a","password":"x"}', 401),
    ],
)
def test_no_body_does_more_than_be_refused(serve_sqlite, body, status):
    async def story():
        async with serve_sqlite() as serving, serving.client() as stranger:
            headers = {"content-type": "application/json"}
            answer = await stranger.post("/api/v1/session", content=body, headers=headers)
            assert answer.status_code == status, answer.text

            async def pieces():
                for start in range(0, len(body), 65536):
                    yield body[start : start + 65536]

            answer = await stranger.post("/api/v1/session", content=pieces(), headers=headers)
            assert answer.status_code in (status, 429), answer.text

    asyncio.run(story())


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_of_a_stranger_could_send_is_not_taken_for_json(serve_sqlite, media):
    async def story():
        async with serve_sqlite() as serving, serving.client() as stranger:
            body = b'{"login":"a","password":"x"}'
            answer = await stranger.post("/api/v1/session", content=body, headers={"content-type": media})
            assert answer.status_code == 415

    asyncio.run(story())


def test_addresses_with_a_nul_are_refused(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_local() as local:
            for path in ("/api/v1/people/%00/link", "/api/v1/audit?target=%00"):
                answer = await local.request("POST" if "link" in path else "GET", path)
                assert answer.status_code == 422, path

    asyncio.run(story())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_taken_or_is_the_callers_mistake(body):
    try:
        insist_on_sane_json(body)
    except Invalid:
        return
    assert b"\x00" not in body


# ---- the socket itself


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def test_a_head_that_does_not_come_is_not_waited_for(serve_sqlite, monkeypatch):
    monkeypatch.setattr("voltloom.entrypoints.http.server.REQUEST_S", 0.2)

    async def story():
        async with serve_sqlite() as serving:
            for beginning in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /li"):
                reader, writer = await asyncio.open_connection("127.0.0.1", serving.server.port)
                writer.write(beginning)
                async with asyncio.timeout(25):
                    while await reader.read(65536):
                        pass
                await close(writer)

    asyncio.run(story())


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_no_bytes_bring_the_server_down(serve_sqlite, sent):
    async def story():
        async with serve_sqlite() as serving:
            reader, writer = await asyncio.open_connection("127.0.0.1", serving.server.port)
            writer.write(sent)
            writer.write_eof()
            async with asyncio.timeout(15):
                heard = await reader.read(65536)
            assert b" 500 " not in heard.split(b"\r\n")[0]
            await close(writer)
            async with serving.client() as client:
                assert (await client.get("/livez")).status_code == 200

    asyncio.run(story())


def test_a_port_that_is_taken_is_named_in_one_sentence(serve_sqlite):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def story():
            async with serve_sqlite(settings=HttpSettings(port=port)):
                raise AssertionError("it started")

        with pytest.raises(SettingError, match=rf"http_port. is {port}"):
            asyncio.run(story())
