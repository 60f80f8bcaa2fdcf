import asyncio
from datetime import UTC, datetime, timedelta

from fastapi.routing import iter_route_contexts
from sqlalchemy import update

from charging_by_hand import FEATURES
from voltloom.entrypoints.http import HttpSettings
from voltloom.entrypoints.http.openapi import permission_of
from voltloom.features.access import first_link
from voltloom.features.access.store import sessions

PASSWORD = "winter kayak turnip"


def test_the_link_the_server_printed_lets_in_once_and_looking_at_it_does_not_use_it_up(serve_http):
    async def story():
        async with serve_http() as serving, serving.client() as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            # As a mail program does that looks at what addresses lead to.
            page = await browser.get("/sign-in", params={"link": link})
            assert page.status_code == 200
            assert link not in page.text
            answer = await browser.post(
                "/api/v1/session/link", json={"link": link}, headers={"origin": serving.server.url}
            )
            assert answer.status_code == 201
            assert answer.json()["name"] == "admin"
            async with serving.client() as other:
                again = await other.post("/api/v1/session/link", json={"link": link})
                assert (again.status_code, again.json()["type"]) == (401, "/api/docs#problem-sign-in-refused")
                assert not other.cookies

    asyncio.run(story())


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            answer = await browser.post("/api/v1/session/link", json={"link": link})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith(f"voltloom-{serving.server.port}=")
            assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
            assert "Max-Age" not in cookie

    asyncio.run(story())


def test_behind_a_proxy_with_tls_the_cookie_is_bound_to_the_host(serve_sqlite):
    async def story():
        settings = HttpSettings(port=0, trusted_proxies=("127.0.0.1",))
        forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
        async with serve_sqlite(settings=settings) as serving, serving.client(**forwarded) as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            answer = await browser.post("/api/v1/session/link", json={"link": link})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-voltloom=")
            assert "Secure" in cookie.split("; ")

    asyncio.run(story())


def test_a_password_is_not_taken_in_clear_from_beyond_this_machine(serve_sqlite):
    async def story():
        settings = HttpSettings(port=0, trusted_proxies=("127.0.0.1",))
        async with serve_sqlite(settings=settings) as serving, serving.client() as browser:
            headers = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "http"}
            told = await browser.post("/api/v1/session", json={"login": "a", "password": "b"}, headers=headers)
            assert told.status_code == 403
            assert "https" in told.json()["detail"]
            told = await browser.post("/api/v1/session/link", json={"link": "x"}, headers=headers)
            assert told.status_code == 403

    asyncio.run(story())


def test_a_new_admin_chooses_a_password_and_signs_in_with_it(serve_http):
    async def story():
        async with serve_http() as serving:
            async with serving.as_admin() as admin:
                who = (await admin.get("/api/v1/session")).json()
                assert who["may_choose_password"] is True
                weak = await admin.put("/api/v1/session/password", json={"new": "passwordpassword"})
                assert weak.status_code == 422
                assert (await admin.put("/api/v1/session/password", json={"new": PASSWORD})).status_code == 204
            async with serving.client() as browser:
                wrong = await browser.post("/api/v1/session", json={"login": "admin", "password": "wrong"})
                assert (wrong.status_code, wrong.json()["type"]) == (401, "/api/docs#problem-sign-in-refused")
                unknown = await browser.post("/api/v1/session", json={"login": "nobody", "password": "wrong"})
                assert unknown.json() == wrong.json()
                right = await browser.post("/api/v1/session", json={"login": "admin", "password": PASSWORD})
                assert right.status_code == 201
                who = (await browser.get("/api/v1/session")).json()
                assert (who["kind"], who["name"], who["may_choose_password"]) == ("person", "admin", False)

    asyncio.run(story())


def test_signing_in_again_gives_a_new_session_and_ends_the_one_before(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            await admin.put("/api/v1/session/password", json={"new": PASSWORD})
            name = f"voltloom-{serving.server.port}"
            before = admin.cookies[name]
            answer = await admin.post("/api/v1/session", json={"login": "admin", "password": PASSWORD})
            assert answer.status_code == 201
            assert admin.cookies[name] != before
            async with serving.client(cookie=f"{name}={before}") as old:
                assert (await old.get("/api/v1/session")).status_code == 401

    asyncio.run(story())


def test_signing_out_ends_the_session_for_whoever_holds_its_cookie(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            stolen = {"cookie": "; ".join(f"{name}={value}" for name, value in admin.cookies.items())}
            wrong = await admin.delete("/api/v1/session", headers={"x-csrf-token": "x"})
            assert wrong.status_code == 403
            assert (await admin.delete("/api/v1/session")).status_code == 204
            async with serving.client(**stolen) as thief:
                assert (await thief.get("/api/v1/session")).status_code == 401

    asyncio.run(story())


def test_choosing_another_password_takes_the_old_one_and_ends_the_other_sessions(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            assert (await admin.put("/api/v1/session/password", json={"new": PASSWORD})).status_code == 204
            async with serving.client() as later:
                who = await later.post("/api/v1/session", json={"login": "admin", "password": PASSWORD})
                assert who.json()["may_choose_password"] is False
                later.headers["x-csrf-token"] = who.json()["csrf_token"]
                other = {"new": "another kayak, wintry"}
                for old in ({}, {"old": "wrong"}):
                    refused = await later.put("/api/v1/session/password", json={**other, **old})
                    assert refused.status_code in (403, 422)
                kept = await later.put("/api/v1/session/password", json={**other, "old": PASSWORD})
                assert kept.status_code == 204
            assert (await admin.get("/api/v1/session")).status_code == 401

    asyncio.run(story())


def test_a_session_changes_nothing_without_the_token_that_only_our_pages_know(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            body = {"login": "anna", "role": "viewer"}
            token = admin.headers.pop("x-csrf-token")
            for headers in ({}, {"x-csrf-token": "made up"}):
                refused = await admin.post("/api/v1/people", json=body, headers=headers)
                assert refused.status_code == 403
            good = {"x-csrf-token": token}
            foreign = await admin.post("/api/v1/people", json=body, headers={**good, "origin": "https://evil.example"})
            assert foreign.status_code == 403
            opaque = await admin.post("/api/v1/people", json=body, headers={**good, "origin": "null"})
            assert opaque.status_code == 403
            own = await admin.post("/api/v1/people", json=body, headers={**good, "origin": serving.server.url})
            assert own.status_code == 201

    asyncio.run(story())


def test_a_page_of_a_stranger_cannot_sign_a_browser_in(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client(origin="https://evil.example") as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            assert (await browser.post("/api/v1/session/link", json={"link": link})).status_code == 403

    asyncio.run(story())


def test_guesses_through_the_api_are_throttled_with_when_to_come_back(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            statuses = []
            while len(statuses) < 40:
                answer = await browser.post("/api/v1/session", json={"login": "admin", "password": "guess"})
                statuses.append(answer.status_code)
                if answer.status_code == 429:
                    break
            assert statuses[-1] == 429
            assert len(statuses) <= 21
            assert 1 <= int(answer.headers["retry-after"]) <= 6

    asyncio.run(story())


async def grows_old(serving, minutes: int = 16) -> None:
    """The one session there is began so long ago."""
    began = datetime.now(UTC) - timedelta(minutes=minutes)
    await serving.database.write(lambda connection, _: connection.execute(update(sessions).values(created_at=began)))


def test_what_is_dangerous_takes_somebody_who_just_showed_that_it_is_them(serve_http):
    """Control C41."""

    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            assert (await admin.put("/api/v1/session/password", json={"new": PASSWORD})).status_code == 204
            key = {"name": "billing", "grants": ["viewer"]}
            assert (await admin.post("/api/v1/api-keys", json=key)).status_code == 201
            await grows_old(serving)
            refused = await admin.post("/api/v1/api-keys", json=key)
            assert (refused.status_code, refused.json()["type"]) == (403, "/api/docs#problem-fresh-sign-in-needed")
            assert "/session/confirmation" in refused.json()["detail"]
            # Looking, and what harms nobody, goes on.
            assert (await admin.get("/api/v1/api-keys")).status_code == 200
            assert (await admin.patch("/api/v1/session", json={"name": "Ada"})).status_code == 200
            wrong = await admin.post("/api/v1/session/confirmation", json={"password": "winter kayak parsnip"})
            assert (wrong.status_code, wrong.json()["type"]) == (403, "/api/docs#problem-forbidden")
            assert (await admin.post("/api/v1/api-keys", json=key)).status_code == 403
            right = await admin.post("/api/v1/session/confirmation", json={"password": PASSWORD})
            until = datetime.fromisoformat(right.json()["fresh_until"])
            assert timedelta(minutes=14) < until - datetime.now(UTC) <= timedelta(minutes=15)
            assert (await admin.get("/api/v1/session")).json()["fresh_until"] == right.json()["fresh_until"]
            made = await admin.post("/api/v1/api-keys", json=key)
            assert made.status_code == 201
            audit = (await admin.get("/api/v1/audit")).json()["items"]
            assert "session.confirm" in [entry["action"] for entry in audit]
            # A program is nobody who could be asked.
            await grows_old(serving, 60 * 24)
            async with serving.as_local() as local:
                assert (await local.post("/api/v1/api-keys", json=key)).status_code == 201

    asyncio.run(story())


def test_each_dangerous_route_takes_somebody_fresh():
    fresh = set[str]()
    for feature in FEATURES:
        for context in iter_route_contexts(feature.routes().routes):
            route = context.original_route
            permission = permission_of(route)
            if permission is not None and permission.fresh:
                fresh |= {f"{method} {route.path}" for method in route.methods}
    assert fresh >= {
        "POST /stations/{station_id}/ocpp/{action}",
        "POST /stations/{station_id}/data",
        "POST /stations/{station_id}/password",
        "DELETE /stations/{station_id}",
        "POST /stations/{station_id}/network-profiles",
        "PUT /stations/{station_id}/web-payments",
        "POST /setting-templates",
        "PUT /setting-templates/{template_id}",
        "POST /jobs/reset",
        "POST /jobs/settings",
    }
    # Brakes: nobody has to look for a password first.
    assert fresh.isdisjoint(
        {
            "POST /jobs/{job_id}/cancel",
            "DELETE /setting-templates/{template_id}",
            "DELETE /stations/{station_id}/web-payments",
            "POST /stations/{station_id}/reset",
        }
    )


def test_settings_and_credentials_of_security_take_somebody_fresh_and_others_do_not(serve_sqlite):
    async def story():
        served = [each for each in FEATURES if each.name in ("stations", "settings")]
        async with serve_sqlite(*served) as serving, serving.as_admin() as admin:
            station = {"id": "CP-7"}
            assert (await admin.post("/api/v1/stations", json=station)).status_code == 201
            await grows_old(serving)

            async def asked(path: str, component: str, variable: str) -> str:
                setting = {"component": component, "variable": variable, "value": "1"}
                send = admin.put if path.endswith("wanted") else admin.post
                answer = await send(f"/api/v1/stations/CP-7/{path}", json={"settings": [setting]})
                return answer.json().get("type", "done").removeprefix("/api/docs#problem-")

            for path, otherwise in (("settings", "station-not-connected"), ("settings/wanted", "done")):
                assert await asked(path, "OCPPCommCtrlr", "HeartbeatInterval") == otherwise
                for name in (
                    ("SecurityCtrlr", "SecurityProfile"),
                    ("securityctrlr", "OrganizationName"),
                    ("OCPPCommCtrlr", "NetworkConfigurationPriority"),
                    ("OCPP16", "CertificateStoreMaxLength"),
                    ("WebPaymentsCtrlr", "URLTemplate"),
                ):
                    assert await asked(path, *name) == "fresh-sign-in-needed", name
            path = "/api/v1/stations/CP-7"
            assert (await admin.patch(path, json={"notes": "by the gate"})).status_code == 200
            for change in ({"security_profile": 0}, {"cert_fingerprint": ""}):
                assert (await admin.patch(path, json=change)).status_code == 403

    asyncio.run(story())
