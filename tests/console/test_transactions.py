"""Charges: the list, one of them live, and what people do about it: stop, unlock, close, accept."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from console_house import BOTH, HOW, look, press, tab_to, until, use
from voltloom.simulator.fleet import OutletPlan

DC = OutletPlan(50_000, 0, 125, "cCCS2")


@BOTH
def test_the_list_looks_right(open_page, charge, width, scheme):
    page = open_page("/transactions", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_text("Charging").first).to_be_visible()
    expect(page.get_by_text("Running now")).to_be_visible()
    look(page, f"transactions-{width}-{scheme}")


@BOTH
def test_a_running_charge_looks_right(open_page, yard, width, scheme):
    charge = yard.charge(outlet=DC, samples=20)
    page = open_page(charge.path, width=width, scheme=scheme, language="de-DE" if scheme == "dark" else "en-GB")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row").nth(1)).to_be_visible()
    look(page, f"transaction-{width}-{scheme}")
    page.mouse.wheel(0, 2000)
    look(page, f"transaction-below-{width}-{scheme}")


@HOW
def test_a_driver_on_the_phone_is_helped_from_the_token_to_the_end_of_its_charge(open_page, charge, width, keys):
    page = open_page("/tokens", width=width)
    expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
    found = page.get_by_role("combobox", name=re.compile("^Find"))
    if keys:
        press(page, "Control+k")
    else:
        page.get_by_role("button", name=re.compile("^Find")).click()
    expect(found).to_be_focused()
    page.keyboard.insert_text(charge.token)
    option = page.get_by_role("group", name="Tokens").get_by_role("option").first
    expect(option).to_be_visible()
    press(page, "Enter") if keys else option.click()
    expect(page.get_by_role("heading", name="Charging now")).to_be_visible()
    use(page, page.get_by_role("button", name="Stop", exact=True), keys)
    sure = page.get_by_role("button", name="Stop it")
    expect(sure).to_be_focused()
    press(page, "Enter") if keys else sure.click()
    expect(page.get_by_text("agreed to stop")).to_be_visible()
    until(lambda: charge.told()["ended_at"])
    expect(page.get_by_text("It does not charge now.")).to_be_visible()
    expect(page.get_by_role("grid").get_by_text("Ended").first).to_be_visible()


def test_a_driver_on_the_phone_is_helped_by_touch_from_the_station_to_the_end_of_its_charge(open_page, charge):
    page = open_page("/transactions", width=390)
    page.get_by_role("button", name=re.compile("^Find")).tap()
    expect(page.get_by_role("combobox", name=re.compile("^Find"))).to_be_focused()
    page.keyboard.type(charge.station_id)
    page.get_by_role("option", name=f"Charge at {charge.station_id}").tap()
    page.wait_for_url(f"**{charge.path}")
    expect(page.get_by_role("heading", name=re.compile("^Charge at"))).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).tap()
    look(page, "transaction-stop-390")
    page.get_by_role("button", name="Stop it").tap()
    expect(page.get_by_text("agreed to stop")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Ended", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


def test_a_stuck_cable_is_unlocked_and_the_stations_own_word_is_told(open_page, charge):
    charge.station.on("UnlockConnector", {"status": "UnlockFailed", "statusInfo": {"reasonCode": "Jammed"}})
    page = open_page(charge.path)
    page.get_by_role("button", name="Unlock", exact=True).click()
    page.get_by_role("button", name="Unlock it").click()
    expect(page.get_by_text("refused: UnlockFailed (Jammed)")).to_be_visible()
    charge.station.on("UnlockConnector", {"status": "Unlocked"})
    tab_to(page, page.get_by_role("button", name="Unlock", exact=True))
    press(page, "Enter")
    expect(page.get_by_role("button", name="Unlock it")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_text("says that the cable is free")).to_be_visible()


@HOW
def test_a_charge_is_watched_live_and_only_what_changes_is_written_anew(open_page, charge, width, keys):
    page = open_page(f"/transactions?station={charge.station_id}&state=open", width=width)
    row = page.get_by_role("row").filter(has=page.locator(f'a[href="{charge.path}"]'))
    expect(row).to_be_visible()
    expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
    row.evaluate("(node) => { node.dataset.same = 'yes' }")
    energy = row.get_by_role("gridcell").filter(has_text="Wh")
    before = energy.inner_text()
    charge.goes_on(30)
    expect(energy).not_to_have_text(before)
    assert row.get_attribute("data-same") == "yes"

    press(page, "j", "Enter") if keys else energy.click()
    page.wait_for_url(f"**{charge.path}")
    figure = page.get_by_role("main").get_by_text("Energy", exact=True).first.locator("xpath=following-sibling::*[1]")
    told = page.get_by_role("slider", name=re.compile(r"^Energy\."))
    expect(told).to_be_visible()
    before, described = figure.inner_text(), told.get_attribute("aria-label") or ""
    charge.goes_on(30)
    expect(figure).not_to_have_text(before)
    expect(told).not_to_have_attribute("aria-label", described)
    use(page, page.get_by_role("button", name="As a table").first, keys)
    expect(page.get_by_role("columnheader", name="Power")).to_be_visible()


def test_the_plot_of_a_charge_that_is_over_goes_from_its_beginning_to_its_end(open_page, yard):
    charge = yard.charge(outlet=DC, samples=20)
    charge.ends()
    told = until(lambda: (now := charge.told())["ended_at"] and now)
    page = open_page(charge.path)
    plot = page.get_by_role("slider", name=re.compile("^Energy"))
    expect(plot).to_be_visible()
    look(page, "transaction-ended-1440-light")
    plot.focus()
    press(page, "End")
    minute = datetime.fromisoformat(told["ended_at"]).astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(minute))


def test_filters_are_the_address_and_the_export_and_rows_open_by_keyboard(open_page, charge):
    page = open_page("/transactions")
    expect(page.get_by_role("grid")).to_be_visible()
    press(page, "/")
    page.keyboard.type(charge.station_id.lower())
    expect(page.get_by_role("option", name=charge.station_id)).to_be_visible()
    page.get_by_role("option", name=charge.station_id).click()
    page.get_by_role("combobox", name="State").or_(page.get_by_label("State", exact=True)).first.click()
    page.get_by_role("option", name="Running").click()
    page.get_by_role("button", name="Started").click()
    page.get_by_role("button", name="24 hours").click()
    expect(page).to_have_url(re.compile(rf"station={charge.station_id}.*state=open.*since=24h"))
    page.reload()
    expect(page.get_by_role("button", name="Started: 24 hours")).to_be_visible()
    expect(page.locator(f'a[href="{charge.path}"]')).to_be_visible()
    page.get_by_role("button", name="Export").click()
    exported = page.get_by_role("menuitem", name="CSV").get_attribute("href") or ""
    assert f"station_id={charge.station_id}" in exported
    assert "state=open" in exported
    text = page.request.get(exported).text()
    assert charge.id in text
    press(page, "Escape")
    page.get_by_role("button", name="Reset filters").click()
    expect(page).to_have_url(re.compile(r"/transactions$"))
    page.get_by_role("heading", name="Transactions").click()
    press(page, "j", "j", "Enter")
    expect(page.get_by_role("heading", name=re.compile("^Charge at"))).to_be_visible()
    page.go_back()
    page.goto("/transactions?token=NOBODY-HAS-THIS")
    expect(page.get_by_text("No transaction fits")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("grid")).to_be_visible()


HOSTILE = "<img src=x onerror=alert(1)> \u202egnp.exe"


def test_what_its_station_lost_is_closed_and_accepted_with_a_stated_energy_and_why(open_page, network, charge):
    with network.api() as api:
        assert api.post(f"{charge.path}/close", json={"reason": "its station lost it"}).is_success
    page = open_page(charge.path)
    expect(page.get_by_role("region", name=re.compile("^Suspect"))).to_be_visible()
    expect(page.get_by_text("The station never told the end.")).to_be_visible()
    look(page, "transaction-suspect-1440-light")
    page.get_by_role("button", name="Accept").focus()
    press(page, "Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Why")).to_be_focused()
    page.keyboard.type(HOSTILE)
    press(page, "Shift+Tab")
    page.keyboard.type("12.5")
    look(page, "transaction-accept-1440-light")
    press(page, "Enter")
    expect(page.get_by_text("It is kept who decided it, and why.")).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("^Suspect"))).to_be_hidden()
    expect(page.get_by_text(re.compile(r"^Accepted by .* with 12.5")).first).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(1)> ⟨U+202E⟩gnp.exe").first).to_be_visible()
    assert charge.told()["energy_wh"] == 12_500
    noted = network.ask(f"/audit?action=transaction.accept&target={charge.station_id}/transaction/{charge.id}")
    assert noted["items"][0]["details"]["reason"] == HOSTILE
    look(page, "transaction-accepted-1440-light")


def test_a_message_of_a_charge_is_read_whole(open_page, charge):
    page = open_page(charge.path, width=390, scheme="dark")
    row = page.get_by_role("grid", name=re.compile("^Messages")).get_by_role("row").first
    row.scroll_into_view_if_needed()
    row.tap()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name="The call")).to_be_visible()
    expect(drawer.get_by_text(re.compile("timestamp|transactionId")).first).to_be_visible()
    look(page, "transaction-message-390-dark")


def test_who_may_only_look_is_offered_nothing_else(open_page, network, charge):
    page = open_page(network.invite("only-looks-at-charges", "viewer"), signed_in=False)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("New password")).to_be_visible()
    page.goto(charge.path)
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Stop|Unlock|Close here|Accept)$"))).to_have_count(0)
    page.goto("/tokens")
    expect(page.get_by_role("grid")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Add a token|More for"))).to_have_count(0)
