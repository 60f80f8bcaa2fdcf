"""What is behind "More" in the station's room: firmware and logs, certificates, profiles, monitoring, list, display."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console_house import BOTH, DemoNetwork, OpenPage, look, until

NAMES = {
    "firmware": "Firmware & logs",
    "certificates": "Certificates",
    "charging": "Charging profiles",
    "monitoring": "Monitoring",
    "local-list": "Local list",
    "display": "Display",
}
SHOWS = {
    "firmware": "It runs",
    "certificates": "Whom it trusts",
    "charging": "What it may draw",
    "monitoring": "What it noticed",
    "local-list": "When it cannot ask",
    "display": "Messages on its displays",
}


def of_version(network: DemoNetwork, protocol: str) -> str:
    found = network.ask(f"/stations?connected=true&protocol={protocol}&limit=500")["items"]
    assert found, f"no station speaks {protocol}"
    return found[-1]["id"]


@pytest.fixture(scope="module")
def station(network: DemoNetwork) -> str:
    """Of OCPP 2.x, with something to see in each of its tabs."""
    identity = of_version(network, "ocpp2.0.1")
    with network.api() as api:

        def ask(path: str, body: dict[str, Any]) -> Any:
            answer = api.post(f"/stations/{identity}/{path}", json=body)
            assert answer.is_success, answer.text
            return answer.json()

        ask("logs", {"kind": "DiagnosticsLog"})
        ask("installed-certificates/refresh", {"uses": []})
        schedule = {
            "unit": "W",
            "starts_at": "2026-01-01T00:00:00Z",
            "duration_s": 86_400,
            "periods": [{"start_s": 0, "limit": 11_000}, {"start_s": 21_600, "limit": 44_000}],
        }
        profile = {"purpose": "ChargingStationMaxProfile", "kind": "Recurring", "recurrence": "Daily", "stack_level": 0}
        ask("charging-profiles", {"evse": 0, "profile": {**profile, "schedules": [schedule]}})
        ask("display-messages", {"contents": [{"text": "Closed on Sunday <b>& bank holidays</b>"}]})
        ask("monitors/report", {})
        api.put(f"/local-list-selections/stations/{identity}", json={"mode": "everything"}).raise_for_status()
        until(lambda: api.get("/logs", params={"station_id": identity}).json()["items"][0]["state"] == "received")
    return identity


def open_more(page: Page, name: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=name).click()


@BOTH
def test_each_of_the_tabs_behind_more(open_page: OpenPage, station: str, width: int, scheme: str) -> None:
    page = open_page(f"/stations/{station}", width=width, scheme=scheme)
    for tab, name in NAMES.items():
        open_more(page, name)
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").get_by_text(SHOWS[tab]).first).to_be_visible()
        expect(page.get_by_role("tabpanel").get_by_role("status", name="Loading")).to_have_count(0)
        look(page, f"station-{tab}-{width}-{scheme}", full=True)


def test_a_log_is_asked_for_seen_arriving_and_downloaded(open_page: OpenPage, station: str) -> None:
    page = open_page(f"/stations/{station}/firmware")
    page.get_by_role("button", name="Ask for a log").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Security log").check()
    look(page, "station-log-1440-light")
    dialog.get_by_role("button", name="Ask for a log").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("grid", name=re.compile("^Logs")).get_by_role("row").filter(has_text="Security log")
    with page.expect_download() as download:
        row.get_by_role("link", name=re.compile("^Download")).first.click()
    assert download.value.path().stat().st_size > 0


def test_a_limit_by_the_hour_is_drawn_set_and_cleared_by_keys(
    open_page: OpenPage, station: str, network: DemoNetwork
) -> None:
    page = open_page(f"/stations/{station}/charging")
    page.get_by_role("button", name="Set a limit").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name=re.compile("^Every charge")).press("Space")
    dialog.get_by_role("radio", name="By the hour, every day").press("Space")
    dialog.get_by_role("textbox", name="Limit, line 1").fill("7.4")
    dialog.get_by_role("textbox", name="Limit, line 2").fill("3.7")
    expect(dialog.get_by_role("slider")).to_be_visible()
    look(page, "station-profile-1440-light")
    dialog.get_by_role("textbox", name="Limit, line 2").press("Enter")
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row").filter(has_text="Every charge").filter(has_text="In force")
    expect(row.get_by_text("3.7 kW – 7.4 kW")).to_be_visible()
    found = network.ask(f"/charging-profiles?station_id={station}&state=installed")["items"]
    periods = next(each["profile"] for each in found if each["profile"]["purpose"] == "TxDefaultProfile")["schedules"]
    assert [each["limit"] for each in periods[0]["periods"]] == [7400, 3700]

    row.get_by_role("button", name="Every charge").press("Enter")
    drawer = page.get_by_role("dialog", name="Every charge")
    expect(drawer.get_by_role("slider")).to_be_visible()
    look(page, "station-profile-shown-1440-light")
    drawer.get_by_role("button", name="Clear").press("Enter")
    page.get_by_role("dialog", name="Clear this profile?").get_by_role("button", name="Clear").press("Enter")
    expect(row).to_have_count(0)


def test_what_the_station_says_it_may_draw_is_drawn_beside(open_page: OpenPage, station: str) -> None:
    page = open_page(f"/stations/{station}/charging", width=390, scheme="dark", language="de-DE")
    page.get_by_role("button", name="Die Station fragen").click()
    expect(page.get_by_text("Wie die Station sagt")).to_be_visible()
    look(page, "station-composite-390-dark-de")


def test_a_monitor_is_set_and_cleared(open_page: OpenPage, station: str, network: DemoNetwork) -> None:
    page = open_page(f"/stations/{station}/monitoring?of=watches")
    page.get_by_role("button", name="Set a monitor").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Component").fill("ChargingStation")
    dialog.get_by_label("Variable").fill("NoSuchThing")
    dialog.get_by_role("textbox", name="Value").fill("1")
    dialog.get_by_role("button", name="Set a monitor").click()
    expect(page.get_by_text("the station refused", exact=False).first).to_be_visible()
    look(page, "station-monitor-refused-1440-light")
    dialog.get_by_role("button", name="Cancel").click()
    known = network.ask(f"/monitors?station_id={station}")["items"]
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(len(known) + 1 if known else 0)


def test_a_message_is_shown_and_taken_down(open_page: OpenPage, station: str) -> None:
    page = open_page(f"/stations/{station}/display", width=390)
    page.get_by_role("button", name="Show a message").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Text").fill("Half price until noon")
    look(page, "station-message-390-light")
    dialog.get_by_role("button", name="Show a message").click()
    expect(dialog).to_be_hidden()
    shown = page.get_by_role("listitem").filter(has_text="Half price until noon")
    expect(shown.get_by_text("Shown", exact=True)).to_be_visible()
    shown.get_by_role("button", name=re.compile("^Take down")).click()
    page.get_by_role("dialog").get_by_role("button", name="Take it down").click()
    expect(shown).to_have_count(0)


def test_a_root_is_installed_and_seen(open_page: OpenPage, station: str, network: DemoNetwork) -> None:
    page = open_page(f"/stations/{station}/certificates")
    page.get_by_role("button", name="Install", exact=True).click()
    dialog = page.get_by_role("dialog")
    look(page, "station-install-1440-light")
    dialog.get_by_role("button", name="Install").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Ask it").click()
    expect(page.get_by_text("Roots of central systems").first).to_be_visible()


def test_what_a_1_6_station_has_no_words_for_is_said(open_page: OpenPage, network: DemoNetwork) -> None:
    old = of_version(network, "ocpp1.6")
    page = open_page(f"/stations/{old}/monitoring", width=390, scheme="dark")
    expect(page.get_by_text("OCPP 1.6 has no words for this")).to_be_visible()
    look(page, "station-monitoring-16-390-dark")
    page = open_page(f"/stations/{old}/charging")
    expect(page.get_by_text("What it may draw").first).to_be_visible()
    look(page, "station-charging-16-1440-light")
