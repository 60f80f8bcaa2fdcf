"""What people keep for themselves, over a real server."""

import asyncio


def test_preferences_are_kept_for_each_person(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            path = "/api/v1/session/preferences"
            assert (await admin.get(path)).json() == {"language": "", "theme": "auto", "zone": ""}
            mine = {"language": "de", "theme": "dark", "zone": "Europe/Berlin"}
            assert (await admin.put(path, json=mine)).json() == mine
            assert (await admin.get(path)).json() == mine
            for wrong in ({"theme": "pink"}, {"language": "<b>"}, {"zone": "x" * 61}, {"colour": "red"}):
                assert (await admin.put(path, json=wrong)).status_code == 422
            async with serving.as_local() as key:
                assert (await key.get(path)).status_code == 409
            async with serving.client() as stranger:
                assert (await stranger.get(path)).status_code == 401

    asyncio.run(story())


def test_a_view_is_saved_changed_listed_and_removed(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin:
            path = "/api/v1/views/stations"
            view = {"body": {"filters": {"q": "<script>"}, "columns": ["id", "state"]}}
            assert (await admin.put(f"{path}/Mine & theirs", json=view)).status_code == 200
            assert (await admin.get(f"{path}/Mine & theirs")).json()["body"] == view["body"]
            await admin.put(f"{path}/Mine & theirs", json={"body": {}})
            await admin.put(f"{path}/Another", json=view)
            listed = (await admin.get(path)).json()["items"]
            assert [(each["name"], each["body"]) for each in listed] == [
                ("Another", view["body"]),
                ("Mine & theirs", {}),
            ]
            assert (await admin.get("/api/v1/views/tokens")).json()["items"] == []
            assert (await admin.delete(f"{path}/Another")).status_code == 204
            assert (await admin.delete(f"{path}/Another")).status_code == 404
            assert (await admin.get(f"{path}/Another")).status_code == 404
            actions = [each["action"] for each in (await admin.get("/api/v1/audit")).json()["items"]]
            assert actions[:2] == ["view.remove", "view.save"]

    asyncio.run(story())


def test_views_are_bounded(serve_sqlite):
    async def story():
        async with serve_sqlite() as serving, serving.as_admin() as admin:
            path = "/api/v1/views/stations"
            assert (await admin.put(f"{path}/big", json={"body": {"x": "y" * 8_000}})).status_code == 422
            assert (await admin.put("/api/v1/views/No%20Room/x", json={"body": {}})).status_code == 422
            for number in range(100):
                assert (await admin.put(f"{path}/{number}", json={"body": {}})).status_code == 200
            assert (await admin.put(f"{path}/one more", json={"body": {}})).status_code == 409
            assert (await admin.put(f"{path}/99", json={"body": {"a": 1}})).status_code == 200

    asyncio.run(story())


def test_nobody_sees_the_views_of_another_and_they_go_with_their_person(serve_http):
    async def story():
        async with serve_http() as serving, serving.as_admin() as admin, serving.client() as browser:
            made = (await admin.post("/api/v1/people", json={"login": "anna", "role": "viewer"})).json()
            link = made["path"].removeprefix("/sign-in?link=")
            who = (await browser.post("/api/v1/session/link", json={"link": link})).json()
            browser.headers["x-csrf-token"] = who["csrf_token"]
            assert (await browser.put("/api/v1/views/stations/hers", json={"body": {}})).status_code == 200
            assert (await browser.put("/api/v1/session/preferences", json={"theme": "dark"})).status_code == 200
            assert (await admin.get("/api/v1/views/stations")).json()["items"] == []
            assert (await admin.get("/api/v1/views/stations/hers")).status_code == 404
            assert (await admin.delete(f"/api/v1/people/{made['person']['id']}")).status_code == 204

            def left(connection):
                from voltloom.features.access.personal import preferences, views

                return connection.execute(views.select()).all() + connection.execute(preferences.select()).all()

            assert await serving.database.read(left) == []

    asyncio.run(story())
