import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta


def test_a_person_is_invited_changed_helped_and_removed(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin, serving.client() as browser:
            made = await admin.post("/api/v1/people", json={"login": "Anna@Example.com", "role": "operator"})
            assert made.status_code == 201
            anna = made.json()["person"]
            assert (anna["login"], anna["role"], anna["has_password"]) == ("anna@example.com", "operator", False)
            link = made.json()["path"].removeprefix("/sign-in?link=")
            who = (await browser.post("/api/v1/session/link", json={"link": link})).json()
            assert who["person"]["id"] == anna["id"]
            assert "access:write" not in who["scopes"]

            changed = await admin.patch(f"/api/v1/people/{anna['id']}", json={"role": "viewer", "name": "Anna K."})
            assert (changed.json()["role"], changed.json()["name"]) == ("viewer", "Anna K.")
            assert "sites:write" not in (await browser.get("/api/v1/session")).json()["scopes"]

            again = await admin.post(f"/api/v1/people/{anna['id']}/link")
            assert again.status_code == 201
            disabled = await admin.patch(f"/api/v1/people/{anna['id']}", json={"standing": "disabled"})
            assert disabled.json()["standing"] == "disabled"
            assert (await browser.get("/api/v1/session")).status_code == 401

            assert (await admin.delete(f"/api/v1/people/{anna['id']}")).status_code == 204
            assert (await admin.delete(f"/api/v1/people/{anna['id']}")).status_code == 404
            taken = await admin.post("/api/v1/people", json={"login": "admin", "role": "viewer"})
            assert taken.status_code == 409
            me = (await admin.get("/api/v1/session")).json()["id"]
            assert (await admin.delete(f"/api/v1/people/{me}")).status_code == 409

    asyncio.run(story())


def test_whom_a_link_would_let_in_and_who_was_here_is_seen_in_the_list(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin, serving.client() as browser:

            async def anna() -> dict[str, object]:
                people = (await admin.get("/api/v1/people")).json()["items"]
                return next(each for each in people if each["login"] == "anna")

            made = (await admin.post("/api/v1/people", json={"login": "anna", "role": "viewer"})).json()
            wait = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
            assert timedelta(minutes=29) < wait <= timedelta(minutes=30)
            assert (await anna())["link_expires_at"] == made["expires_at"]
            assert (await anna())["last_seen_at"] is None
            link = made["path"].removeprefix("/sign-in?link=")
            await browser.post("/api/v1/session/link", json={"link": link})
            assert (await anna())["link_expires_at"] is None
            assert (await anna())["last_seen_at"] is not None

    asyncio.run(story())


def test_everybody_may_change_their_own_name_and_nothing_more(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin, serving.client() as browser:
            made = (await admin.post("/api/v1/people", json={"login": "anna", "role": "viewer"})).json()
            link = made["path"].removeprefix("/sign-in?link=")
            signed_in = await browser.post("/api/v1/session/link", json={"link": link})
            browser.headers["x-csrf-token"] = signed_in.json()["csrf_token"]
            changed = await browser.patch("/api/v1/session", json={"name": "Anna K."})
            assert changed.json()["person"]["name"] == "Anna K."
            more = await browser.patch("/api/v1/session", json={"name": "Anna", "role": "admin"})
            assert more.status_code == 422
            roles = (await browser.get("/api/v1/roles")).json()["items"]
            assert [each["role"] for each in roles] == ["viewer", "technician", "operator", "admin"]
            assert "stations:write" not in roles[0]["scopes"]
            assert set(roles[0]["scopes"]) == set((await browser.get("/api/v1/session")).json()["scopes"])
            (entry, *_) = (await admin.get("/api/v1/audit", params={"action": "person.change"})).json()["items"]
            assert entry["details"] == {"name": {"before": "anna", "after": "Anna K."}}

    asyncio.run(story())


def test_all_other_sessions_of_ones_own_end_at_once(serve_http):
    async def story():
        async with (
            serve_http() as serving,
            serving.as_admin() as admin,
            serving.client() as first,
            serving.client() as second,
        ):
            person = (await admin.post("/api/v1/people", json={"login": "anna", "role": "viewer"})).json()["person"]
            for browser in (first, second):
                made = (await admin.post(f"/api/v1/people/{person['id']}/link")).json()
                link = made["path"].removeprefix("/sign-in?link=")
                signed_in = await browser.post("/api/v1/session/link", json={"link": link})
                browser.headers["x-csrf-token"] = signed_in.json()["csrf_token"]
            assert (await second.delete("/api/v1/sessions")).status_code == 204
            assert (await first.get("/api/v1/session")).status_code == 401
            assert (await second.get("/api/v1/session")).status_code == 200
            assert (await admin.get("/api/v1/session")).status_code == 200

    asyncio.run(story())


def test_lists_come_page_by_page(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            for name in ("carl", "anna", "bob"):
                await admin.post("/api/v1/people", json={"login": name, "role": "viewer"})
                await admin.post("/api/v1/api-keys", json={"name": name, "grants": ["viewer"]})

            async def whole(path: str) -> list[dict[str, object]]:
                items, after = [], None
                while True:
                    page = (await admin.get(path, params={"limit": 2, **({"after": after} if after else {})})).json()
                    assert len(page["items"]) <= 2
                    items += page["items"]
                    after = page["next"]
                    if after is None:
                        return items

            assert [each["login"] for each in await whole("/api/v1/people")] == ["admin", "anna", "bob", "carl"]
            assert {each["name"] for each in await whole("/api/v1/api-keys")} == {"anna", "bob", "carl"}
            assert [each["number"] for each in await whole("/api/v1/audit")] == list(range(8, 0, -1))
            assert len(await whole("/api/v1/sessions")) == 1
            for path in ("/api/v1/people", "/api/v1/audit", "/api/v1/sessions", "/api/v1/api-keys"):
                assert (await admin.get(path, params={"after": "made up"})).status_code == 422, path

    asyncio.run(story())


def test_an_api_key_is_shown_once_and_lists_when_it_was_used(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            made = await admin.post(
                "/api/v1/api-keys", json={"name": "robot", "grants": ["viewer", "stations:command"], "expires_at": soon}
            )
            assert made.status_code == 201
            key = made.json()["key"]
            async with serving.client(authorization=f"Bearer {key}") as robot:
                who = (await robot.get("/api/v1/session")).json()
                assert (who["kind"], who["name"], who["csrf_token"]) == ("api_key", "robot", None)
                assert "stations:command" in who["scopes"]
                assert (await robot.delete("/api/v1/session")).status_code == 409
            listed = await admin.get("/api/v1/api-keys")
            assert key not in listed.text
            (item,) = listed.json()["items"]
            assert key.startswith(item["start"])
            assert item["last_used_at"] is not None
            for wrong in (
                {"name": "x", "grants": ["king"]},
                {"name": "x", "grants": []},
                {"name": "", "grants": ["*"]},
                {"name": "x", "grants": ["*"], "expires_at": "2001-01-01T00:00:00Z"},
                {"name": "x", "grants": ["*"], "expires_at": "2031-01-01T00:00:00"},
            ):
                assert (await admin.post("/api/v1/api-keys", json=wrong)).status_code == 422, wrong

    asyncio.run(story())


def test_sessions_are_seen_and_ended(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin, serving.client() as browser:
            made = (await admin.post("/api/v1/people", json={"login": "anna", "role": "viewer"})).json()
            link = made["path"].removeprefix("/sign-in?link=")
            signed_in = await browser.post("/api/v1/session/link", json={"link": link})
            browser.headers["x-csrf-token"] = signed_in.json()["csrf_token"]
            own = (await browser.get("/api/v1/sessions")).json()["items"]
            assert [(each["login"], each["by"], each["current"]) for each in own] == [("anna", "link", True)]
            assert (await browser.get("/api/v1/sessions", params={"everyones": True})).status_code == 403
            everyones = (await admin.get("/api/v1/sessions", params={"everyones": True})).json()["items"]
            by_login = {each["login"]: each for each in everyones}
            assert set(by_login) == {"anna", "admin"}
            assert (await browser.delete(f"/api/v1/sessions/{by_login['admin']['id']}")).status_code == 404
            assert (await admin.delete(f"/api/v1/sessions/{by_login['anna']['id']}")).status_code == 204
            assert (await browser.get("/api/v1/session")).status_code == 401

    asyncio.run(story())


def test_the_audit_log_is_filtered_verified_and_exported(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            await admin.post("/api/v1/people", json={"login": "anna", "name": "=cmd|' /C calc'!A0", "role": "viewer"})
            listed = (await admin.get("/api/v1/audit", params={"action": "person.*", "target": "anna"})).json()
            (entry,) = listed["items"]
            assert entry["actor_name"] == "admin"
            assert entry["address"] == "127.0.0.1"
            assert entry["details"] == {"name": "=cmd|' /C calc'!A0", "role": "viewer"}

            assert entry["well"]
            assert (await admin.get("/api/v1/audit", params={"well": False})).json()["items"] == []
            found = (await admin.get("/api/v1/audit", params={"q": "calc ADMIN"})).json()["items"]
            assert [each["number"] for each in found] == [entry["number"]]
            assert (await admin.get("/api/v1/audit", params={"since": "2999-01-01T00:00:00Z"})).json()["items"] == []
            only = await admin.get("/api/v1/audit/export", params={"action": "person.add"})
            assert [row["target"] for row in csv.DictReader(io.StringIO(only.text))] == ["anna"]

            verdict = (await admin.get("/api/v1/audit/verify")).json()
            assert (verdict["good"], verdict["entries"]) == (True, 3)
            assert (await admin.get("/api/v1/audit/verify", params={"head": verdict["head"]})).json()["good"]
            assert not (await admin.get("/api/v1/audit/verify", params={"head": "0f" * 32})).json()["good"]

            exported = await admin.get("/api/v1/audit/export")
            assert exported.headers["content-disposition"] == 'attachment; filename="audit.csv"'
            rows = list(csv.DictReader(io.StringIO(exported.text)))
            assert [row["action"] for row in rows] == ["person.link", "session.sign_in", "person.add"]
            lines = (await admin.get("/api/v1/audit/export", params={"format": "jsonl"})).text.splitlines()
            assert [json.loads(line)["hash"] for line in lines][-1] == verdict["head"]

    asyncio.run(story())
