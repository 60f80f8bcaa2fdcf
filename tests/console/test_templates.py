"""What stations of a kind are to be set to and to watch, and where they are not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from console_house import BOTH, DemoNetwork, OpenPage, look, until

SETTING = "OCPPCommCtrlr.WebSocketPingInterval"


@pytest.fixture(scope="module")
def site(network: DemoNetwork) -> str:
    return network.ask("/sites")["items"][0]["id"]


@pytest.fixture(scope="module")
def wanted(network: DemoNetwork, site: str) -> Iterator[None]:
    """A template that is held, one that no station can take, and one of monitors."""
    with network.api() as api:
        before = [each["id"] for each in api.get("/setting-templates").json()]
        for identity in before:
            api.delete(f"/setting-templates/{identity}")
        aim = {"vendor": "*", "site_id": site}
        setting = {"component": "OCPPCommCtrlr", "variable": "WebSocketPingInterval", "value": "57"}
        nonsense = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "never"}
        for name, settings in (("Pings of a site", [setting]), ("What nobody takes", [nonsense])):
            made = api.post("/setting-templates", json={"name": name, "aim": aim, "settings": settings})
            assert made.is_success, made.text
        monitor = {"component": "Connector", "variable": "Temperature", "kind": "UpperThreshold", "value": 70}
        made = api.post("/monitor-templates", json={"name": "Hot connectors", "aim": aim, "monitors": [monitor]})
        assert made.is_success, made.text
        until(lambda: api.get("/settings/drift").json()["items"])
        yield
        for each in api.get("/setting-templates").json():
            api.delete(f"/setting-templates/{each['id']}")
        for each in api.get("/monitor-templates").json():
            api.delete(f"/monitor-templates/{each['id']}")


def test_without_templates_the_room_says_what_they_are_for(open_page: OpenPage) -> None:
    page = open_page("/profile", width=390, scheme="dark")
    page.route(re.compile(r"/api/v1/(setting|monitor)-templates$"), lambda route: route.fulfill(json=[]))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_text("No template yet")).to_be_visible()
    look(page, "templates-none-390-dark")
    page.get_by_role("tab", name="Monitors").click()
    expect(page.get_by_text("No template of monitors yet")).to_be_visible()


@BOTH
def test_templates_and_what_drifts(
    open_page: OpenPage, wanted: None, width: int, scheme: str, network: DemoNetwork
) -> None:
    page = open_page("/templates", width=width, scheme=scheme)
    expect(page.get_by_role("heading", name="Pings of a site")).to_be_visible()
    look(page, f"templates-settings-{width}-{scheme}")
    page.get_by_role("tab", name="Drift").click()
    expect(page.get_by_role("grid").get_by_text("never").first).to_be_visible()
    look(page, f"templates-drift-{width}-{scheme}")
    page.get_by_role("tab", name="Monitors").click()
    expect(page.get_by_role("heading", name="Hot connectors")).to_be_visible()
    look(page, f"templates-monitors-{width}-{scheme}")


def test_a_template_is_made_changed_and_removed_by_keys(
    open_page: OpenPage, wanted: None, network: DemoNetwork
) -> None:
    page = open_page("/templates?edit=new")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Calm hearts")
    dialog.get_by_label("Vendor").fill("nobody*")
    dialog.get_by_label("Setting 1").fill("OCPPCommCtrlr.HeartbeatInterval")
    dialog.get_by_label("Value 1").fill("600")
    expect(dialog.get_by_text("0 stations now", exact=False)).to_be_visible()
    look(page, "templates-form-1440-light")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog).to_be_hidden()
    made = next(each for each in network.ask("/setting-templates") if each["name"] == "Calm hearts")
    assert [(each["name"], each["value"]) for each in made["settings"]] == [("OCPPCommCtrlr.HeartbeatInterval", "600")]

    page.get_by_role("button", name="Change Calm hearts").press("Enter")
    expect(dialog.get_by_label("Value 1")).to_have_value("600")
    dialog.get_by_label("Value 1").fill("900")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("definition").filter(has_text="900")).to_be_visible()

    page.get_by_role("button", name="Remove Calm hearts").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("heading", name="Calm hearts")).to_have_count(0)


def test_the_form_of_monitors_on_a_phone_in_german(open_page: OpenPage, wanted: None) -> None:
    page = open_page("/templates?tab=monitors", width=390, language="de-DE")
    page.get_by_role("button", name="Hot connectors ändern").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Variable")).to_have_value("Temperature")
    look(page, "templates-monitors-form-390-light-de")
