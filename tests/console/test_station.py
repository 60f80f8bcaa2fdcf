"""The station's room: what is wrong and why, what was said, settings, commands, what happened."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from console_hand import HandStation
from console_house import BOTH, HOW, DemoNetwork, choose_option, look, press, settled, tab_to, until, watched

expect.set_options(timeout=20_000)
HOSTILE = "<script>alert(1)</script>\u202egnp.exe\u200b 💥" + "A" * 10_000


@pytest.fixture(scope="module")
def hand(network: DemoNetwork) -> Iterator[HandStation]:
    station = HandStation(network, "HAND-01")
    station.come().boot()
    station.call("DataTransfer", {"vendorId": "Hand", "messageId": "hostile", "data": HOSTILE})
    station.call(
        "StatusNotification",
        {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted", "info": HOSTILE[:50]},
    )
    # A meter value without its connector, and a boot whose vendor is a number: both break a rule.
    assert (
        station.call("MeterValues", {"meterValue": [{"timestamp": "2026-05-04T12:00:00Z", "sampledValue": []}]})[0] == 4
    )
    assert station.call("BootNotification", {"chargePointVendor": 7, "chargePointModel": "Made"})[0] == 4
    yield station
    station.leave()


TABS = {
    "": "Lately",
    "messages": "StatusNotification",
    "settings": "AlignedDataCtrlr",
    "commands": "What was asked",
    "transactions": "Energy",
    "history": "What happened",
}


@pytest.fixture(scope="module")
def known(network: DemoNetwork) -> str:
    """A station that has told its settings, and charges or has charged."""

    def charged() -> str | None:
        connected = network.ask("/stations?connected=true&protocol=ocpp2.0.1&limit=500")["items"]
        began = {each["station_id"] for each in network.ask("/transactions?limit=500")["items"]}
        return next((each["id"] for each in connected if each["id"] in began), None)

    station = until(charged)
    with network.api() as api:
        api.post(f"/stations/{station}/settings/report", json={})
        until(lambda: api.get(f"/stations/{station}/settings", params={"limit": 1}).json()["items"])
    return station


@BOTH
def test_each_tab_of_a_station(open_page, network, known, width, scheme):
    with network.api() as api:
        # Among the latest messages: a phone shows nine.
        asked = {"message": "StatusNotification", "evse": 1, "connector": 1}
        assert api.post(f"/stations/{known}/trigger", json=asked).is_success
    page = open_page(f"/stations/{known}", width=width, scheme=scheme)
    for tab, shows in TABS.items():
        if tab:
            page.get_by_role("tab", name=re.compile(f"^{tab}$", re.IGNORECASE)).click()
        expect(page.get_by_role("tabpanel").get_by_text(shows).first).to_be_visible()
        settled(page)
        look(page, f"station-{tab or 'now'}-{width}-{scheme}")


@BOTH
def test_what_is_wrong_with_a_station_and_what_to_do(open_page, hand, width, scheme):
    page = open_page(f"/stations/{hand.id}", width=width, scheme=scheme)
    wrong = page.get_by_role("region", name="What is wrong")
    expect(wrong.get_by_role("heading", name="Ground fault · EVSE 1")).to_be_visible()
    expect(wrong.get_by_text("Do not reset it again and again", exact=False)).to_be_visible()
    look(page, f"station-faulted-{width}-{scheme}")


# ---- the frame that was refused


@HOW
def test_the_frame_that_was_refused_is_found_and_understood(open_page, hand, width, keys):
    page = open_page(f"/stations/{hand.id}/messages", width=width, scheme="dark" if keys else "light")
    row = page.get_by_role("row").filter(has_text="BootNotification")
    expect(row.first).to_be_visible()
    outcomes = page.get_by_role("combobox", name="All outcomes")
    if keys:
        tab_to(page, outcomes)
        press(page, "ArrowDown")
        choose_option(page, page.get_by_role("option", name="Refused"))
        expect(page.get_by_role("row").filter(has_text="StatusNotification")).to_have_count(0)
        expect(page).to_have_url(re.compile("trouble=error"))
        settled(page)
        tab_to(page, page.get_by_role("grid"))
        press(page, "j")
        expect(page.locator("[role=row][data-active]")).to_contain_text("BootNotification")
        press(page, "Enter")
    else:
        outcomes.click()
        page.get_by_role("option", name="Refused").click()
        row.first.click()
    # Beside the list at a desk, over it on a phone.
    detail = page.get_by_role("complementary" if width == 1440 else "dialog", name="The message")
    expect(detail.get_by_role("heading", name="We refused this message")).to_be_visible()
    expect(detail.get_by_text(re.compile("chargePointVendor")).first).to_be_visible()
    expect(detail.get_by_text("A field has a value of the wrong kind", exact=False)).to_be_visible()
    expect(page).to_have_url(re.compile(r"trouble=error.*m=|m=.*trouble=error"))
    look(page, f"station-refused-{width}-{'dark' if keys else 'light'}")
    # The address leads others to the same message.
    page.reload()
    expect(page.get_by_role("heading", name="We refused this message")).to_be_visible()
    press(page, "Escape")
    if width == 390:
        expect(detail).to_be_hidden()
        press(page, "/")
        page.keyboard.insert_text("MeterValues")
        expect(page.get_by_role("row")).to_have_count(1)


def test_hostile_payloads_are_inert_and_shown_whole_on_demand(open_page, hand):
    page = open_page(f"/stations/{hand.id}/messages?q=hostile")
    page.get_by_role("row").filter(has_text="DataTransfer").click()
    detail = page.get_by_role("complementary", name="The message")
    expect(detail.get_by_text("<script>alert(1)</script>⟨U+202E⟩gnp.exe", exact=False)).to_be_visible()
    detail.get_by_role("button", name=re.compile("Show all")).first.click()
    expect(page.get_by_role("dialog").get_by_text("A" * 1000, exact=False)).to_be_visible()
    look(page, "station-hostile-1440-light")


def test_messages_come_by_themselves_until_they_are_paused(open_page, hand):
    page = open_page(f"/stations/{hand.id}/messages?action=Heartbeat")
    expect(page.get_by_text("No message fits")).to_be_visible()
    hand.call("Heartbeat", {})
    expect(page.get_by_role("row").filter(has_text="Heartbeat")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    hand.call("Heartbeat", {})
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("row").filter(has_text="Heartbeat")).to_have_count(2)


# ---- why it is down


def test_why_a_station_is_down_and_why_it_does_not_come_back(open_page, network):
    station = HandStation(network, "HAND-02")
    station.come().boot()
    page = open_page(f"/stations/{station.id}")
    expect(page.get_by_role("heading", name="EVSE 1")).to_be_visible()
    station.leave()
    wrong = page.get_by_role("region", name="What is wrong")
    expect(wrong.get_by_role("heading", name=re.compile("Offline for"))).to_be_visible()
    expect(wrong.get_by_text("The network broke without a goodbye", exact=False)).to_be_visible()
    with pytest.raises(Exception, match="401"):
        station.come("0123456789abcdef-wrong")
    expect(wrong.get_by_text("and was refused", exact=False)).to_be_visible()
    expect(wrong.get_by_role("img", name="failed")).to_be_visible()
    look(page, "station-offline-1440-light")
    station.come().boot()
    expect(wrong).to_be_hidden()
    station.leave()


# ---- settings and commands


def test_a_setting_is_changed_in_place_and_its_outcome_seen(open_page, known):
    page = open_page(f"/stations/{known}/settings")
    expect(page.get_by_role("row").nth(3)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("HeartbeatInterval")
    row = page.get_by_role("row").filter(has_text="HeartbeatInterval")
    expect(page.get_by_role("row")).to_have_count(2)  # and the head
    expect(row).to_have_count(1)
    press(page, "Escape", "j", "Enter")
    field = page.get_by_role("textbox", name="New value of HeartbeatInterval")
    field.fill("-1")
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "station-setting-1440-light")
    field.fill("277")
    page.keyboard.press("Enter")
    expect(page.get_by_text("HeartbeatInterval is set.")).to_be_visible()
    expect(row.get_by_text("277")).to_be_visible()
    expect(row.get_by_text("looker", exact=False)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(row.get_by_text("277")).to_be_hidden()


def test_a_setting_goes_to_all_stations_like_this_one(open_page, known, network):
    page = open_page(f"/stations/{known}/settings?q=WebSocketPingInterval", width=390)
    page.get_by_role("row").get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Set on many stations")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("OCPPCommCtrlr.WebSocketPingInterval").fill("45")
    expect(dialog.get_by_text(re.compile("will be asked"))).to_be_visible()
    look(page, "station-bulk-390-light")
    dialog.get_by_role("button", name=re.compile("^Set on")).click()
    expect(dialog.get_by_text(re.compile("^Done:"))).to_be_visible(timeout=30_000)
    found = network.ask(f"/stations/{known}/settings?q=WebSocketPingInterval")["items"]
    assert [each["value"] for each in found] == ["45"]


def test_a_command_is_filled_in_sent_and_answered_by_keys_alone(open_page, known):
    page = open_page(f"/stations/{known}/commands?command=trigger")
    expect(page.get_by_role("heading", name="Send a message now")).to_be_visible()
    page.get_by_role("combobox", name="Message").focus()
    press(page, "Enter")
    page.keyboard.type("Heart")
    press(page, "ArrowDown", "Enter")
    page.get_by_role("button", name="Send", exact=True).focus()
    press(page, "Enter")
    expect(page.get_by_text("The station agrees · Accepted")).to_be_visible()
    history = page.get_by_role("region", name="What was asked")
    expect(history.get_by_role("row").filter(has_text="Send a message now").first).to_be_visible()
    look(page, "station-answer-1440-light")


def test_a_payload_that_breaks_the_schema_is_told_and_not_sent(open_page, known):
    page = open_page(f"/stations/{known}/commands?command=raw_call&action=GetVariables")
    watched(page).allowed.append("status of 422")
    page.get_by_label("Payload").fill('{"getVariableData": 7}')
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("getVariableData is 7, which is no array", exact=False)).to_be_visible()


# ---- the registry


def test_a_station_is_renamed_gets_a_password_and_is_removed(open_page, network):
    station = HandStation(network, "HAND-03")
    page = open_page(f"/stations/{station.id}")
    expect(page.get_by_role("heading", name="It has never come")).to_be_visible()
    look(page, "station-never-1440-light")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Name").fill("North entrance")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("North entrance")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="New password").click()
    page.get_by_role("button", name="Make a new password").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Shown this once")).to_be_visible()
    shown = dialog.locator("code").last.inner_text()
    assert shown != station.password
    dialog.get_by_role("button", name="I have it").click()
    station.password = shown
    station.come().boot()
    expect(page.get_by_role("heading", name="EVSE 1")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(page.get_by_text("The station is connected now and will be sent away.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page).to_have_url(re.compile("/stations$"))
    station.leave()


def test_who_may_only_look_is_offered_nothing_to_do(chromium, network, known):
    context = chromium.new_context(base_url=network.url, locale="de-DE")
    token = network.invite(f"viewer-{time.monotonic_ns()}", "viewer").partition("link=")[2]
    assert context.request.post("/api/v1/session/link", data={"link": token}).ok
    page = context.new_page()
    page.goto(f"/stations/{known}")
    expect(page.get_by_role("heading", name="Zuletzt")).to_be_visible()
    assert page.get_by_role("button", name="Aktionen").count() == 0
    assert page.get_by_role("button", name="Starten").count() == 0
    page.goto(f"/stations/{known}/commands")
    expect(page.get_by_text("Ihre Rolle darf sehen", exact=False)).to_be_visible()
    context.close()
