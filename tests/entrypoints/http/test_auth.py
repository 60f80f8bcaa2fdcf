import asyncio
from typing import Annotated

import pytest
from fastapi import APIRouter

from voltloom.entrypoints.http import HttpSettings
from voltloom.entrypoints.http.auth import LOCAL, PUBLIC, Entrance
from voltloom.entrypoints.http.openapi import openapi_of
from voltloom.features.access import Scope
from voltloom.features.api import Call, allow
from voltloom.features.feature import Feature
from voltloom.infra.database import SettingError

ELSEWHERE = {"x-forwarded-for": "192.0.2.7"}


def test_without_a_key_only_health_and_the_way_in_are_open(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client(**ELSEWHERE) as stranger:
            for path in ("/", "/sign-in", "/livez", "/readyz", "/static/style.css"):
                assert (await stranger.get(path)).status_code == 200, path
            # An address that is no page either: nothing of the network could be there.
            assert (await stranger.get("/nothing")).status_code == 404
            document = openapi_of(serving.server.app)
            closed = 0
            for path, operations in document["paths"].items():
                for method in operations:
                    if (method.upper(), path) in PUBLIC:
                        continue
                    answer = await stranger.request(method.upper(), path.replace("{", "").replace("}", ""))
                    assert answer.status_code == 401, (method, path)
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                    closed += 1
            assert closed > 15
            for path in (*LOCAL, "/api/v1/nothing", "/api/nothing", "/api", "/api/v1/people/"):
                assert (await stranger.get(path)).status_code == 401, path

    asyncio.run(story())


def test_a_browser_that_is_not_signed_in_is_shown_the_way_in(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client(accept="text/html", **ELSEWHERE) as browser:
            answer = await browser.get("/api/docs")
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/api/docs")
            answer = await browser.get("/api/docs/a%2Fb%3Fc%20d")
            assert answer.headers["location"] == "/sign-in?next=/api/docs/a%252Fb%253Fc%2520d"

    asyncio.run(story())


def test_metrics_and_docs_are_open_to_this_machine_itself(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as here:
            for path in LOCAL:
                assert (await here.get(path)).status_code == 200, path
                # A name that somebody else's DNS pointed at us.
                assert (await here.get(path, headers={"host": "evil.example"})).status_code == 401, path
                for proxied in ({"via": "1.1 x"}, {"x-real-ip": "1.2.3.4"}, {"forwarded": "for=1.2.3.4"}):
                    assert (await here.get(path, headers=proxied)).status_code == 401, path

    asyncio.run(story())


def test_metrics_take_their_scope_from_elsewhere(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            for grants, status in ((["metrics:read"], 200), (["stations:read"], 403)):
                made = await admin.post("/api/v1/api-keys", json={"name": "prometheus", "grants": grants})
                key = made.json()["key"]
                async with serving.client(authorization=f"Bearer {key}", **ELSEWHERE) as scraper:
                    answer = await scraper.get("/metrics")
                    assert answer.status_code == status
            assert (await admin.get("/metrics")).text.count("# TYPE") > 3

    asyncio.run(story())


def test_the_local_key_is_good_on_this_machine_only(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_local() as top:
            assert (await top.get("/api/v1/network")).json()["stations_connected"] == 2
            assert (await top.get("/api/v1/session")).json()["kind"] == "local"
            assert (await top.get("/api/v1/network", headers=ELSEWHERE)).status_code == 401

    asyncio.run(story())


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer vl_x", "Basic YWRtaW46YWRtaW4=", "vl_x", "Bearer \xff", "Bearer a b"]
)
def test_an_authorization_that_is_no_key_of_ours_is_refused(serve_sqlite, authorization):
    async def story():
        async with serve_sqlite() as serving, serving.client() as stranger:
            header = {"authorization": authorization.encode("latin-1")}
            assert (await stranger.get("/api/v1/network", headers=header)).status_code == 401

    asyncio.run(story())


def test_a_key_without_the_scope_hears_which_it_lacks(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            made = await admin.post("/api/v1/api-keys", json={"name": "robot", "grants": ["viewer"]})
            async with serving.client(authorization=f"Bearer {made.json()['key']}") as robot:
                assert (await robot.get("/api/v1/network")).status_code == 200
                told = await robot.get("/api/v1/people")
                assert (told.status_code, told.json()["type"]) == (403, "/api/docs#problem-forbidden")
                assert "access:write" in told.json()["detail"]
            await admin.delete(f"/api/v1/api-keys/{made.json()['api_key']['id']}")
            async with serving.client(authorization=f"Bearer {made.json()['key']}") as robot:
                assert (await robot.get("/api/v1/network")).status_code == 401

    asyncio.run(story())


def test_a_server_with_a_route_that_says_nothing_of_who_may_call_it_does_not_start(serve_sqlite):
    def open_route() -> APIRouter:
        router = APIRouter()

        @router.get("/everything")
        async def everything() -> dict[str, str]:
            return {}

        return router

    async def story():
        async with serve_sqlite(Feature(name="careless", routes=open_route)):
            raise AssertionError("it started")

    with pytest.raises(RuntimeError, match="GET /api/v1/everything does not say who may call it"):
        asyncio.run(story())


def test_a_route_that_says_so_is_served(serve_sqlite):
    def routes() -> APIRouter:
        router = APIRouter()

        @router.get("/things")
        async def things(call: Annotated[Call, allow(Scope.STATIONS_READ)]) -> dict[str, str]:
            return {"asked by": call.actor.name}

        return router

    async def story():
        async with serve_sqlite(Feature(name="careful", routes=routes)) as serving, serving.as_local() as local:
            assert (await local.get("/api/v1/things")).json() == {"asked by": "this machine"}

    asyncio.run(story())


def scope(peer: str, *headers: tuple[str, str], scheme: str = "http") -> dict[str, object]:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "scheme": scheme, "client": (peer, 1), "server": ("127.0.0.1", 8000), "headers": raw}


PROXIED = HttpSettings(trusted_proxies=("10.0.0.0/24", "2001:db8::1")).entrance()


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.7", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.7", ["1.1.1.1, 198.51.100.1, 10.0.0.9"], "198.51.100.1"),
        ("10.0.0.7", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("2001:db8::1", ["2001:db8::99"], "2001:db8::99"),
        ("10.0.0.7", ["198.51.100.1, nonsense"], "10.0.0.7"),
        ("10.0.0.7", [], "10.0.0.7"),
        ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
    ],
)
def test_an_address_is_believed_of_trusted_proxies_only(peer, forwarded, address):
    headers = [("x-forwarded-for", value) for value in forwarded]
    assert PROXIED.arrival(scope(peer, *headers)).address == address


def test_tls_is_believed_of_trusted_proxies_only():
    header = ("x-forwarded-proto", "https")
    assert PROXIED.arrival(scope("10.0.0.7", header)).secure
    assert not PROXIED.arrival(scope("192.0.2.1", header)).secure
    assert PROXIED.arrival(scope("192.0.2.1", scheme="https")).secure


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_what_comes_by_a_loopback_name_and_address_is_of_this_machine(host):
    assert Entrance().arrival(scope("127.0.0.1", ("host", host))).local
    assert not Entrance().arrival(scope("192.0.2.1", ("host", host))).local


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:8000"])
def test_what_comes_by_another_name_is_not(host):
    assert not Entrance().arrival(scope("127.0.0.1", ("host", host))).local


def test_a_proxy_that_is_no_address_is_named_in_one_sentence():
    with pytest.raises(SettingError, match=r"trusted_proxies.*'nginx'"):
        HttpSettings(trusted_proxies=("nginx",)).entrance()
