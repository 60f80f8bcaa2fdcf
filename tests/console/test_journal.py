"""Events and audit: who did what, when, with what outcome; live, filtered, read whole, taken away, proven."""

import csv
import io
import json
import re
import time
from pathlib import Path

from playwright.sync_api import expect

from console_hand import HandStation
from console_house import BOTH, look, press, until


def rows(page):
    return page.get_by_role("grid").locator("[aria-rowindex]:not([aria-rowindex='1'])")


@BOTH
def test_events_and_audit(open_page, width, scheme):
    page = open_page("/events", width=width, scheme=scheme)
    expect(rows(page).nth(4)).to_be_visible()
    look(page, f"events-{width}-{scheme}")
    page.get_by_role("button", name="Pause").click()
    rows(page).nth(2).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("As it was told")).to_be_visible()
    look(page, f"event-{width}-{scheme}")
    page.goto("/audit")
    expect(rows(page).nth(2)).to_be_visible()
    look(page, f"audit-{width}-{scheme}")
    rows(page).nth(1).click()
    expect(page.get_by_role("dialog").get_by_text("Hash")).to_be_visible()
    look(page, f"audit-entry-{width}-{scheme}")


def test_what_happens_comes_by_itself_and_waits_while_it_is_paused(open_page, network):
    station = HandStation(network, f"NEWS-{time.monotonic_ns()}").come().boot()
    page = open_page(f"/events?station={station.id}")
    expect(rows(page).filter(has_text="started: Hand Made")).to_have_count(1)

    def say(status: str) -> None:
        station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status})

    say("Preparing")
    expect(rows(page).first).to_contain_text("Preparing")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    say("Charging")
    fresh = page.get_by_role("button", name=re.compile("^1 new event"))
    expect(fresh).to_be_visible()
    expect(rows(page).first).to_contain_text("Preparing")
    look(page, "events-paused-1440-light")
    fresh.click()
    expect(rows(page).first).to_contain_text("Charging")

    # By keys: read one whole, and go to what it is about.
    page.get_by_role("heading", name="Events", level=1).click()
    press(page, "j", "Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("connector.status_changed")).to_be_visible()
    drawer.get_by_role("link", name="Open").press("Enter")
    expect(page).to_have_url(re.compile(f"/stations/{station.id}"))
    station.leave()


def test_events_are_narrowed_by_words_kind_and_time_and_taken_away_as_a_file(open_page, network):
    station = HandStation(network, f"NEWS-{time.monotonic_ns()}").come().boot()
    station.call("StatusNotification", {"connectorId": 1, "errorCode": "HighTemperature", "status": "Faulted"})
    page = open_page("/events")
    page.get_by_role("combobox", name="Station").fill(station.id)
    page.get_by_role("option", name=station.id).click()
    page.get_by_role("button", name="Kind").click()
    page.get_by_role("option", name="Faults").click()
    press(page, "Escape")
    page.get_by_role("button", name="Time").click()
    page.get_by_role("button", name="24 hours").click()
    expect(page).to_have_url(re.compile(f"station={station.id}&kind=faults&since=24h"))
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="JSON").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert {json.loads(line)["data"]["station_id"] for line in lines} == {station.id}
    press(page, "/")
    page.keyboard.insert_text("nobody ever said this")
    expect(page.get_by_text("Nothing like that")).to_be_visible()
    look(page, "events-none-1440-light")
    station.leave()


def test_who_did_what_is_kept_found_exported_and_proven(open_page, network):
    name = f"Audited {time.monotonic_ns()}"
    page = open_page("/sites/new")
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    site = page.url.rsplit("/", 1)[1]
    page.goto("/audit?about=site")
    mine = rows(page).filter(has_text="added the site").first
    expect(mine).to_contain_text("looker")
    expect(mine).to_contain_text("done")
    mine.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(site).first).to_be_visible()
    expect(drawer.get_by_text("site.add").first).to_be_visible()
    press(page, "Escape")
    expect(drawer).to_be_hidden()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    exported = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert any(line["action"] == "site.add" and site in line["target"] for line in exported), exported[:3]
    assert {line["action"].partition(".")[0] for line in exported} == {"site"}

    page.get_by_role("button", name="Check the chain").click()
    dialog = page.get_by_role("dialog", name="Is the log as it was written?")
    expect(dialog.get_by_role("button", name="Check it now")).to_be_focused()
    press(page, "Enter")
    expect(dialog.get_by_text(re.compile(r"^All [\d,]+ entries are as they were written\.$"))).to_be_visible()
    look(page, "audit-verified-1440-light")
    # The head this browser has just seen is compared with the next time.
    press(page, "Escape")
    with network.api() as api:
        api.delete(f"/sites/{site}").raise_for_status()
    expect(rows(page).filter(has_text="removed the site").first).to_be_visible()
    page.get_by_role("button", name="Check the chain").click()
    expect(dialog.get_by_role("button", name="Check it now")).to_be_focused()
    press(page, "Enter")
    expect(dialog.get_by_text("what was there when the head was kept is still there", exact=False)).to_be_visible()
    # A head that never was: the end was cut off, or the log written anew.
    dialog.get_by_label("A head you kept").fill("f" * 64)
    press(page, "Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("not as it was written")
    look(page, "audit-broken-1440-light")
    until(lambda: network.ask("/audit?action=site.remove&limit=1")["items"])
