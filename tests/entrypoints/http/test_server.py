import asyncio
import signal
import ssl
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import httpx
import pytest
import uvloop
from fastapi import APIRouter

from voltloom.domain.errors import Unavailable
from voltloom.entrypoints.http import HttpSettings
from voltloom.features.access import Scope, first_link
from voltloom.features.api import Call, allow
from voltloom.features.certificates import Authority
from voltloom.features.feature import Feature


def waiting(began: asyncio.Event, let_go: asyncio.Event) -> Feature:
    def routes() -> APIRouter:
        router = APIRouter()

        @router.get("/waits")
        async def waits(call: Annotated[Call, allow(Scope.STATIONS_READ)]) -> str:
            began.set()
            await let_go.wait()
            return call.actor.name

        return router

    return Feature(name="waiting", routes=routes)


def test_it_runs_in_the_programs_own_loop_and_leaves_signals_alone(serve_sqlite):
    async def story():
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        async with serve_sqlite() as serving, serving.as_local() as local:
            assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
            assert (await local.get("/api/v1/network")).status_code == 200
            assert serving.server.url == f"http://127.0.0.1:{serving.server.port}"

    uvloop.run(story())


def test_a_request_that_runs_is_finished_before_the_server_ends(serve_sqlite):
    async def story():
        began, let_go = asyncio.Event(), asyncio.Event()
        async with serve_sqlite(waiting(began, let_go)) as serving, serving.as_local() as local:
            answer = asyncio.create_task(local.get("/api/v1/waits"))
            await began.wait()
            stopping = asyncio.create_task(serving.server.stop())
            await asyncio.sleep(0)
            let_go.set()
            assert (await answer).json() == "this machine"
            await stopping

    asyncio.run(story())


@pytest.mark.parametrize("name", ["a/b", "/", "a?b#c", "100%", "%2F", "%252f/%41", "../x", "é/💥", "//"])
def test_a_part_of_an_address_may_be_any_text(serve_sqlite, name):
    def routes() -> APIRouter:
        router = APIRouter()

        @router.get("/things/{name}")
        async def thing(call: Annotated[Call, allow(Scope.STATIONS_READ)], name: str) -> str:
            return name

        @router.get("/things/{name}/inside/{rest:path}")
        async def inside(call: Annotated[Call, allow(Scope.STATIONS_READ)], name: str, rest: str) -> list[str]:
            return [name, rest]

        return router

    async def story():
        async with serve_sqlite(Feature(name="things", routes=routes)) as serving, serving.as_local() as local:
            quoted = quote(name, safe="")
            assert (await local.get(f"/api/v1/things/{quoted}")).json() == name
            assert (await local.get(f"/api/v1/things/{quoted}/inside/x/{quoted}")).json() == [name, f"x/{name}"]
            # It stays a part: neither another route's, nor one that is open.
            async with serving.client() as stranger:
                assert (await stranger.get(f"/api/v1/things/{quoted}")).status_code == 401
                assert (await stranger.get("/api%2Fv1%2Fthings/x")).status_code == 404
                assert (await stranger.get("/api/v1%2Fthings/x")).status_code == 401

    asyncio.run(story())


def test_health_tells_whether_work_can_be_sent_here(serve_sqlite):
    async def story():
        trouble = False

        async def gateway() -> None:
            if trouble:
                raise Unavailable("it is draining")

        async with serve_sqlite(ready={"gateway": gateway}) as serving, serving.client() as probe:
            assert (await probe.get("/livez")).text == "ok\n"
            assert (await probe.head("/livez")).status_code == 200
            assert (await probe.get("/readyz")).status_code == 200
            trouble = True
            told = await probe.get("/readyz")
            assert (told.status_code, told.text) == (503, "gateway: it is draining\n")
            # From elsewhere, without a key: which part, and no more.
            told = await probe.get("/readyz", headers={"x-forwarded-for": "192.0.2.7"})
            assert (told.status_code, told.text) == (503, "gateway: not ready\n")

    asyncio.run(story())


def test_with_a_certificate_it_speaks_tls_and_its_cookies_stay_with_it(serve_sqlite, tmp_path):
    authority = Authority.open(tmp_path, "voltloom", datetime.now(UTC))
    pair = next(iter(authority.issue_server(("localhost", "127.0.0.1"), datetime.now(UTC))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.chain, pair.key)
    trust = ssl.create_default_context(cadata=authority.roots_pem)

    async def story():
        async with (
            serve_sqlite(settings=HttpSettings(port=0, tls=context)) as serving,
            httpx.AsyncClient(base_url=serving.server.url, verify=trust) as browser,
        ):
            assert serving.server.url.startswith("https://")
            link = await first_link(serving.database, datetime.now(UTC))
            answer = await browser.post(
                "/api/v1/session/link", json={"link": link}, headers={"origin": serving.server.url}
            )
            assert answer.status_code == 201
            assert answer.headers["set-cookie"].startswith("__Host-voltloom=")
            assert (await browser.get("/api/v1/session")).json()["name"] == "admin"

    asyncio.run(story())
