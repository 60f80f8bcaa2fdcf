import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import Api, api
from voltloom.domain.errors import Invalid
from voltloom.features.sites.rules import SiteValues, changes, check

HARBOUR = {
    "name": "Harbour",
    "address": "Quay 1",
    "city": "Hamburg",
    "country": "de",
    "latitude": 53.54,
    "longitude": 9.98,
    "timezone": "Europe/Berlin",
    "power_limit_w": 120_000,
}


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database, api(database) as client:
            await story(client)

    asyncio.run(whole())


# ---- rules


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"country": "Germany"},
        {"country": "ÄÖ"},
        {"latitude": 1.0},
        {"longitude": 1.0},
        {"latitude": 91.0, "longitude": 0.0},
        {"latitude": 0.0, "longitude": -181.0},
        {"power_limit_w": -1.0},
        {"power_limit_w": float("nan")},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
        {"timezone": "Europe"},
    ],
)
def test_a_site_that_cannot_be_is_refused(wrong: dict[str, object]):
    with pytest.raises(Invalid):
        check(SiteValues(**({"name": "x"} | wrong)))


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e9))
def test_any_place_on_earth_may_be_a_site(latitude: float, longitude: float, limit: float):
    values = SiteValues("x", latitude=latitude, longitude=longitude, power_limit_w=limit)
    assert check(values) == values


def test_texts_are_tidied_and_changes_named():
    before = check(SiteValues(" Harbour ", country="de"))
    assert (before.name, before.country) == ("Harbour", "DE")
    after = SiteValues("Harbour", country="DE", power_limit_w=5.0)
    assert changes(before, after) == {"power_limit_w": [None, 5.0]}


# ---- routes


def test_a_site_is_added_seen_changed_and_removed(fresh_database):
    async def story(client: Api):
        added = await client.post("/sites", HARBOUR)
        assert added.status_code == 201, added.text
        site = added.json()
        assert site["country"] == "DE"
        assert site["id"] not in site["public_id"]
        assert site["stations"] == 0
        path = f"/sites/{site['id']}"
        assert (await client.get(path)).json() == site
        changed = (await client.patch(path, {"power_limit_w": None, "name": "Old harbour"})).json()
        assert (changed["power_limit_w"], changed["name"], changed["city"]) == (None, "Old harbour", "Hamburg")
        assert (await client.patch(path, {"latitude": None})).status_code == 422
        assert (await client.delete(path)).status_code == 204
        for answer in (await client.get(path), await client.patch(path, {}), await client.delete(path)):
            assert answer.status_code == 404

    run(fresh_database, story)


def test_a_site_counts_its_stations_and_is_not_removed_while_it_has_any(fresh_database):
    async def story(client: Api):
        site = (await client.post("/sites", HARBOUR)).json()["id"]
        other = (await client.post("/sites", HARBOUR | {"name": "Airport"})).json()["id"]
        for number in range(5):
            await client.post("/stations", {"id": f"CP-{number}", "site_id": site})
        listed = (await client.get("/sites")).json()["items"]
        assert [(each["name"], each["stations"]) for each in listed] == [("Airport", 0), ("Harbour", 5)]
        refused = await client.delete(f"/sites/{site}")
        assert refused.status_code == 409
        assert refused.json()["detail"].startswith("Harbour still has stations in it (CP-0, CP-1, CP-2 and 2 more)")
        for number in range(4):
            await client.patch(f"/stations/CP-{number}", {"site_id": other})
        await client.patch("/stations/CP-4", {"site_id": None})
        assert (await client.get("/stations", site_id=other)).json()["items"][0]["id"] == "CP-0"
        assert (await client.delete(f"/sites/{site}")).status_code == 204
        assert (await client.get("/stations/CP-4")).json()["site_id"] is None

    run(fresh_database, story)


def test_sites_are_found_and_paged(fresh_database):
    async def story(client: Api):
        for number in range(5):
            await client.post("/sites", HARBOUR | {"name": f"Site {number}", "city": "Kiel" if number else "Bremen"})
        seen: list[str] = []
        query: dict[str, str] = {"limit": "2"}
        while True:
            page = (await client.get("/sites", **query)).json()
            seen += [each["name"] for each in page["items"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        assert seen == [f"Site {number}" for number in range(5)]
        assert len((await client.get("/sites", city="kiel")).json()["items"]) == 4
        assert len((await client.get("/sites", q="site 3")).json()["items"]) == 1
        assert len((await client.get("/sites", country="fr")).json()["items"]) == 0

    run(fresh_database, story)


def test_what_is_asked_wrongly_is_told_as_a_problem(fresh_database):
    async def story(client: Api):
        for wrong in (
            {"name": ""},
            {"name": "a\0"},
            {"latitude": 100},
            {"longitude": None},
            {"power_limit_w": -1},
            {"timezone": "Nowhere"},
            {"unknown": 1},
        ):
            answer = await client.post("/sites", HARBOUR | wrong)
            assert answer.status_code == 422, wrong

    run(fresh_database, story)
