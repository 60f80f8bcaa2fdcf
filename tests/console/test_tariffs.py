"""Tariffs: made, assigned, retired."""

import re

import pytest
from playwright.sync_api import expect

from console_house import BOTH, DemoNetwork, OpenPage, look, watched

NIGHT = {"from_time": "22:00", "to_time": "06:00", "days": ["Saturday", "Sunday"]}


@pytest.fixture(scope="module")
def tariffs(network: DemoNetwork) -> str:
    """Two of them, assigned to the network and to a site; the site's name."""
    site = network.ask("/sites")["items"][0]
    vat = [{"kind": "vat", "percent": "19"}]
    with network.api() as api:
        for document in (
            {
                "id": "public-1",
                "name": "Public",
                "currency": "EUR",
                "energy": {"prices": [{"amount": "0.45"}], "taxes": vat},
            },
            {
                "id": "nights-1",
                "name": "Cheap nights <i>",
                "currency": "EUR",
                "energy": {"prices": [{"amount": "0.19", "conditions": NIGHT}, {"amount": "0.49"}], "taxes": vat},
                "idle_time": {"prices": [{"amount": "0.10", "conditions": {"min_idle_s": 900}}], "taxes": vat},
                "max_cost": "60",
            },
        ):
            assert api.post("/tariffs", json=document).status_code in (201, 409)
        for kind, target, tariff in (("network", "", "public-1"), ("site", site["id"], "nights-1")):
            body = {"kind": kind, "target": target, "tariff_id": tariff}
            api.put("/tariff-assignments", json=body).raise_for_status()
    return site["name"]


def test_without_tariffs_the_room_says_what_they_are_for(open_page: OpenPage) -> None:
    page = open_page("/profile", width=390, scheme="dark")
    page.route(re.compile(r"/api/v1/tariff"), lambda route: route.fulfill(json={"items": [], "next": None}))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_text("No tariff yet")).to_be_visible()
    look(page, "tariffs-none-390-dark")


@BOTH
def test_the_lists_and_a_tariff(open_page: OpenPage, tariffs: str, width: int, scheme: str) -> None:
    page = open_page("/tariffs", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_text("from €0.19 a kWh", exact=False)).to_be_visible()
    look(page, f"tariffs-{width}-{scheme}")
    page.get_by_role("button", name=re.compile("^Cheap nights")).click()
    drawer = page.get_by_role("dialog", name="nights-1")
    expect(drawer.get_by_text("Sat, Sun · 22:00–06:00")).to_be_visible()
    look(page, f"tariff-{width}-{scheme}")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Assignments").click()
    expect(page.get_by_role("grid").get_by_text(tariffs)).to_be_visible()
    look(page, f"tariffs-assignments-{width}-{scheme}")


def test_a_tariff_is_made_like_another_and_assigned(open_page: OpenPage, tariffs: str, network: DemoNetwork) -> None:
    with network.api() as api:
        names = [each["id"] for each in api.get("/tariffs", params={"retired": True, "limit": 500}).json()["items"]]
    fresh = next(name for number in range(1, 1000) if (name := f"made-{number}") not in names)
    page = open_page("/tariffs/new?like=public-1")
    watched(page).allowed.append("status of 409")
    page.get_by_label("Id").fill("public-1")
    expect(page.get_by_role("cell", name="€16.07")).to_be_visible()  # 30 × 0.45 × 1.19, rounded
    page.get_by_role("textbox", name="A kWh").fill("0.5")
    expect(page.get_by_role("cell", name="€17.85")).to_be_visible()
    look(page, "tariff-new-1440-light")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Id").fill(fresh)
    page.get_by_role("button", name="Make it").click()
    drawer = page.get_by_role("dialog", name=fresh)
    expect(drawer.get_by_text("It is assigned to nothing yet.")).to_be_visible()
    drawer.get_by_role("button", name="Assign").click()
    dialog = page.get_by_role("dialog", name="Assign a tariff")
    dialog.get_by_role("radio", name=re.compile("^Station")).check()
    dialog.get_by_label(re.compile("^Station")).and_(page.locator("input:not([type=radio])")).fill(network.stations[0])
    page.keyboard.press("Tab")
    look(page, "tariff-assign-1440-light")
    dialog.get_by_role("button", name="Assign").click()
    expect(page.get_by_text(f"{fresh} holds for the station {network.stations[0]}.")).to_be_visible()
    assigned = network.ask(f"/tariff-assignments?tariff_id={fresh}")["items"]
    assert [(each["kind"], each["target"]) for each in assigned] == [("station", network.stations[0])]

    page.goto("/tariffs?tab=assignments")
    page.get_by_role("button", name=re.compile(f"^Take the tariff away: the station {network.stations[0]}")).press(
        "Enter"
    )
    page.get_by_role("dialog").get_by_role("button", name="Take it away").press("Enter")
    expect(page.get_by_role("grid").get_by_text(fresh)).to_have_count(0)
    page.goto(f"/tariffs?of={fresh}")
    page.get_by_role("dialog", name=fresh).get_by_role("button", name="Retire").click()
    page.get_by_role("dialog", name=re.compile("^Retire")).get_by_role("button", name="Retire").click()
    expect(page.get_by_text(f"{fresh} is retired.")).to_be_visible()


def test_the_form_on_a_phone_in_german(open_page: OpenPage, tariffs: str) -> None:
    page = open_page("/tariffs/new?like=nights-1", width=390, scheme="dark", language="de-DE")
    expect(page.get_by_role("checkbox", name="Sa", exact=True).first).to_be_checked()
    look(page, "tariff-new-390-dark-de", full=True)
