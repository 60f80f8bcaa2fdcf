import asyncio
import re
from datetime import UTC, datetime

import pytest

from voltloom.entrypoints.http import HttpSettings
from voltloom.features.access import first_link

PASSWORD = "winter kayak turnip"


def test_the_link_the_server_printed_shows_a_button_and_lets_in_once(serve_http):
    async def story():
        async with serve_http() as serving, serving.client() as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            page = await browser.get("/sign-in", params={"link": link})
            assert page.status_code == 200
            assert f'name="link" value="{link}"' in page.text
            assert "<script" not in page.text
            # Looking at the page, as a mail program does, does not use the link up.
            answer = await browser.post(
                "/sign-in", data={"link": link, "next": "/api/docs"}, headers={"origin": serving.server.url}
            )
            assert (answer.status_code, answer.headers["location"]) == (303, "/api/docs")
            home = await browser.get("/")
            assert "You are signed in as <strong>admin</strong>" in home.text
            assert "2 of 3" in home.text
            async with serving.client() as other:
                again = await other.post("/sign-in", data={"link": link})
                assert again.status_code == 401
                assert "This link is not good" in again.text
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
            page = await browser.post("/sign-in", data={"login": "a", "password": "b"}, headers=headers)
            assert page.status_code == 403
            assert "https" in page.text

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
                page = await browser.post("/sign-in", data={"login": "admin", "password": PASSWORD})
                assert page.status_code == 303
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
            home = await admin.get("/")
            csrf = re.search(r'name="csrf" value="(\w+)"', home.text)
            assert csrf
            wrong = await admin.post("/sign-out", data={"csrf": "x"})
            assert wrong.status_code == 403
            out = await admin.post("/sign-out", data={"csrf": csrf[1]})
            assert out.status_code == 303
            async with serving.client(**stolen) as thief:
                assert (await thief.get("/api/v1/session")).status_code == 401

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
            assert (await browser.post("/sign-in", data={"link": link})).status_code == 403
            assert (await browser.post("/api/v1/session/link", json={"link": link})).status_code == 403

    asyncio.run(story())


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_after_signing_in_nobody_is_sent_elsewhere(serve_sqlite, there):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            answer = await browser.post("/sign-in", data={"link": link, "next": there})
            assert answer.headers["location"] == "/"

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


def test_what_is_typed_into_the_form_comes_back_as_text(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            page = await browser.post("/sign-in", data={"login": '"><script>alert(1)</script>', "password": "x"})
            assert page.status_code == 401
            assert "<script" not in page.text
            page = await browser.get("/sign-in", params={"link": '"><img src=x>', "next": '/"><img src=x>'})
            assert "<img src=x" not in page.text

    asyncio.run(story())


def _hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]


def test_a_password_is_chosen_on_a_page_and_lets_in_afterwards(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client() as browser:
            link = await first_link(serving.database, datetime.now(UTC))
            await browser.post("/sign-in", data={"link": link})
            page = await browser.get("/password")
            assert 'name="old"' not in page.text, "who came with a link just now need not know the old one"
            form = {"csrf": _hidden(page, "csrf")}
            short = await browser.post("/password", data={**form, "new": "short"})
            assert short.status_code == 422
            assert "The password is 5 characters long" in short.text
            assert (await browser.post("/password", data={"csrf": "x", "new": PASSWORD})).status_code == 403
            kept = await browser.post("/password", data={**form, "new": PASSWORD})
            assert (kept.status_code, kept.headers["location"]) == (303, "/")
            async with serving.client() as later:
                signed_in = await later.post("/sign-in", data={"login": "admin", "password": PASSWORD})
                assert signed_in.status_code == 303
                page = await later.get("/password")
                assert 'name="old"' in page.text
                form = {"csrf": _hidden(page, "csrf"), "new": "another kayak, wintry"}
                assert (await later.post("/password", data={**form, "old": "wrong"})).status_code == 403
                assert (await later.post("/password", data={**form, "old": PASSWORD})).status_code == 303

    asyncio.run(story())


def test_the_page_for_a_password_is_for_people_who_are_signed_in(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.client(accept="text/html") as browser:
            page = await browser.get("/password")
            assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/password")
            assert (await browser.post("/password", data={"new": PASSWORD})).status_code == 401

    asyncio.run(story())
