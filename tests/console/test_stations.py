import asyncio
import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from playwright.sync_api import Browser, Locator, Page, expect

from console_house import EVERYWHERE, HOW, DemoNetwork, choose, fill, look, of_server, press, until, use
from harness import Server
from voltloom.simulator.scripted import LinkRefused, SimulatedStation

SETTING = "AlignedDataCtrlr.Interval"


# ---- stations at the door, beside the browser's own event loop


def _ocpp(network: DemoNetwork) -> str:
    return json.loads((network.folder / "addresses.json").read_bytes())["stations"][0]


def _elsewhere(coroutine: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result(60)


def knock(network: DemoNetwork, identity: str, password: str) -> None:
    """Call with a password that is not the station's."""

    async def call() -> None:
        with pytest.raises(LinkRefused):
            async with SimulatedStation(_ocpp(network), identity, "2.0.1", password=password):
                pass

    _elsewhere(call())


@contextmanager
def connected(network: DemoNetwork, identity: str, password: str) -> Iterator[None]:
    """A station that comes in, boots, and stays for as long as this does."""
    ended = threading.Event()

    async def stay() -> None:
        async with SimulatedStation(_ocpp(network), identity, "2.0.1", password=password) as station:
            await station.boot()
            await asyncio.to_thread(ended.wait, 60)

    with ThreadPoolExecutor(1) as thread:
        staying = thread.submit(asyncio.run, stay())
        try:
            yield
        finally:
            ended.set()
            staying.result(30)


# ---- what is on the page


def table(page: Page) -> Locator:
    return page.get_by_role("grid")


def rows(page: Page) -> Locator:
    """Those that are rendered, without the heading."""
    return table(page).locator("[aria-rowindex]:not([aria-rowindex='1'])")


# ---- the list


@EVERYWHERE
def test_the_list_of_stations(open_page, width, scheme):
    page = open_page("/stations", width=width, scheme=scheme)
    expect(rows(page).first).to_be_visible()
    look(page, f"stations-{width}-{scheme}")
    page.get_by_role("button", name="More filters").click()
    press(page, "Escape")
    page.get_by_role("heading", name="Stations", level=1).click()
    press(page, "j", "x", "j", "j", "Shift+X")
    expect(page.get_by_role("region", name="Actions for the selected stations")).to_contain_text("3 selected")
    look(page, f"stations-selected-{width}-{scheme}")


def test_every_filter_is_in_the_address_and_comes_back_from_it(open_page, network):
    everywhere = network.ask("/fleet")["columns"]
    vendor = everywhere["vendor"][0]
    page = open_page("/stations")
    bar = page.get_by_role("search")
    bar.get_by_role("button", name="Vendor", exact=True).click()
    page.get_by_role("option", name=re.compile(re.escape(vendor))).click()
    press(page, "Escape")
    expect(page).to_have_url(re.compile("vendor="))
    wanted = everywhere["vendor"].count(vendor)
    expect(page.get_by_text(re.compile(rf"^{wanted} rows?$"))).to_be_visible()
    first = everywhere["id"][0]
    press(page, "/")
    page.keyboard.insert_text(first)
    expect(page).to_have_url(re.compile(f"q={first}"))
    expect(rows(page)).to_have_count(1)

    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(bar.get_by_role("button", name=f"Vendor: {vendor}")).to_be_visible()
    page.get_by_role("button", name="Reset filters").click()
    expect(page.get_by_text(f"{len(everywhere['id'])} rows")).to_be_visible()


def test_a_list_is_in_the_order_of_people(open_page, network):
    page = open_page("/stations?sort=-id")
    expect(rows(page).first).to_contain_text(network.stations[-1])
    page.get_by_role("button", name="Station", exact=True).click()
    expect(rows(page).first).to_contain_text(network.stations[0])


def test_a_view_that_was_kept_is_there_in_another_browser(open_page):
    page = open_page("/stations?state=Charging")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("Charging now")
    page.get_by_role("button", name="Keep", exact=True).click()
    other = open_page("/stations")
    other.get_by_role("button", name="Views").click()
    other.get_by_role("menuitem", name="Charging now").click()
    expect(other).to_have_url(re.compile("state=Charging"))


def test_what_is_shown_becomes_a_file(open_page, network):
    site = network.ask("/sites")["items"][0]
    page = open_page(f"/stations?site={site['id']}")
    expect(rows(page).first).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="These as CSV").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    listed = network.ask(f"/stations?site_id={site['id']}")["items"]
    assert [line["id"] for line in lines] == [each["id"] for each in listed]
    assert {line["site"] for line in lines} == {site["name"]}


def test_the_keys_of_a_list(open_page, network):
    page = open_page("/stations")
    expect(rows(page).first).to_be_visible()
    press(page, "j", "j", "x")
    expect(page.get_by_role("row", selected=True)).to_contain_text(network.stations[1])
    press(page, "Escape")
    expect(page.get_by_role("row", selected=True)).to_have_count(0)
    press(page, "Enter")
    expect(page).to_have_url(re.compile(f"/stations/{network.stations[1]}"))


def test_who_may_only_look_is_offered_nothing_else(chromium: Browser, network: DemoNetwork):
    context = chromium.new_context(base_url=network.url, locale="en-GB")
    token = network.invite("only-looks", "viewer").partition("link=")[2]
    assert context.request.post("/api/v1/session/link", data={"link": token}).ok
    page = context.new_page()
    page.goto("/stations")
    expect(rows(page).first).to_be_visible()
    expect(page.get_by_role("link", name="Add station")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.goto("/stations/new")
    expect(page.get_by_text("Not for your role")).to_be_visible()
    context.close()


# ---- many at once


@HOW
def test_a_setting_is_changed_on_twelve_stations(open_page, network, width, keys):
    page = open_page("/stations", width=width, scheme="dark" if keys else "light")
    expect(rows(page).first).to_be_visible()
    if keys:
        press(page, "j", "x", *["j"] * 11, "Shift+X")
    else:
        page.get_by_role("checkbox", name=f"Select {network.stations[0]}", exact=True).click()
        twelfth = page.get_by_role("checkbox", name=f"Select {network.stations[11]}", exact=True)
        while not twelfth.count():
            page.mouse.wheel(0, 400)
            page.evaluate("() => new Promise(requestAnimationFrame)")
        twelfth.click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="Actions for the selected stations")
    expect(bar).to_contain_text("12 selected")
    if width == 390:
        use(page, bar.get_by_role("button", name="Act"), keys)
        choose(page, page.get_by_role("menuitem", name="Change settings"), keys)
    else:
        use(page, bar.get_by_role("button", name="Change settings"), keys)

    dialog = page.get_by_role("dialog", name="Change settings of 12 stations")
    fill(page, dialog.get_by_role("combobox", name="Setting"), SETTING, keys)
    fill(page, dialog.get_by_label("New value"), "900", keys)
    reach = dialog.get_by_role("region", name="How far it reaches")
    expect(reach).to_contain_text("12 stations are asked")
    go = dialog.get_by_role("button", name="Change 12 stations")
    expect(go).to_be_enabled()
    look(page, f"stations-settings-{width}-{'dark' if keys else 'light'}")
    press(page, "Enter") if keys else go.click()

    expect(page.get_by_role("heading", name="Change of settings of 12 stations")).to_be_visible()
    expect(page.get_by_text("12 of 12 behind us")).to_be_visible(timeout=45_000)
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    look(page, f"job-{width}-{'dark' if keys else 'light'}")
    job = network.ask(f"/jobs/{page.url.rsplit('/', 1)[1]}")
    assert (job["total"], job["state"]) == (12, "done")
    accepted = [each["station_id"] for each in network.ask(f"/jobs/{job['id']}/stations?state=done")["items"]]
    assert set(accepted) <= set(network.stations[:12])
    assert accepted, job["counts"]
    page.goto("/jobs")
    expect(page.get_by_role("row", name=re.compile("Change of settings of 12 stations")).first).to_be_visible()
    look(page, f"jobs-{width}-{'dark' if keys else 'light'}")


def test_how_far_a_reset_reaches_is_said_before(open_page, network):
    with network.api() as api:
        api.post("/stations", json={"id": "NEVER-1"}).raise_for_status()
    try:
        page = open_page("/stations?q=NEVER-1")
        expect(rows(page)).to_have_count(1)
        press(page, "j", "x")
        page.get_by_role("button", name="Reset", exact=True).click()
        dialog = page.get_by_role("dialog", name="Reset 1 station")
        expect(dialog).to_contain_text("None of them can be reached now.")
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_have_count(0)
    finally:
        with network.api() as api:
            api.delete("/stations/NEVER-1").raise_for_status()


# ---- coming in


@HOW
def test_a_station_is_added_calls_with_a_wrong_password_is_adopted_and_comes_in(open_page, network, width, keys):
    identity = f"NEW-{width}-{'K' if keys else 'M'}"
    scheme = "dark" if keys else "light"
    page = open_page("/stations", width=width, scheme=scheme)
    expect(rows(page).first).to_be_visible()
    use(page, page.get_by_role("link", name="Add station"), keys)
    expect(page.get_by_role("heading", name="Add a station")).to_be_visible()
    fill(page, page.get_by_label("Identity"), identity, keys)
    fill(page, page.get_by_label("Name", exact=True), "Behind the bakery", keys)
    fill(page, page.get_by_role("combobox", name="Site"), "Bakery", keys)
    look(page, f"new-{width}-{scheme}")
    press(page, "Escape")
    use(page, page.get_by_role("button", name="Add station"), keys)
    expect(page.get_by_role("heading", name=f"Connect {identity}")).to_be_visible()
    expect(page.get_by_text(f"Waiting for {identity} to call")).to_be_visible()
    look(page, f"connect-waiting-{width}-{scheme}", full=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    use(page, page.get_by_role("button", name="Copy all"), keys)
    copied = until(lambda: page.evaluate("() => navigator.clipboard.readText()"))
    assert f"{_ocpp(network)}/{identity}" in copied
    expect(
        page.locator("dt", has_text="Password").locator("xpath=following-sibling::dd[1]").locator("bdi")
    ).to_have_text(re.compile("|".join(re.escape(word) for word in copied.split())))

    knock(network, identity, "not-its-password-at-all")
    expect(page.get_by_text("It called, and was not let in")).to_be_visible()
    expect(page.get_by_text("It sent another password.")).to_be_visible()
    look(page, f"connect-refused-{width}-{scheme}", full=True)

    if keys:
        press(page, "g", "n")
    else:
        page.goto("/inbox")
    entry = rows(page).filter(has_text=identity)
    expect(entry).to_contain_text("Wrong password")
    look(page, f"inbox-{width}-{scheme}")
    if keys:
        press(page, "/")
        page.keyboard.insert_text(identity)
        expect(rows(page)).to_have_count(1)
        press(page, "Escape", "j", "Enter")
    else:
        entry.click()
    drawer = page.get_by_role("dialog", name=identity)
    expect(drawer.get_by_text("Password or certificate")).to_be_visible()
    drawer.get_by_text("Headers of its last call").click()
    expect(drawer).to_contain_text("sec-websocket-protocol")
    look(page, f"inbox-entry-{width}-{scheme}")
    adopt = drawer.get_by_role("button", name="Give it a new password")
    use(page, adopt, keys)

    expect(page.get_by_role("heading", name=f"Connect {identity}")).to_be_visible()
    password = (
        page.locator("dt", has_text="Password").locator("xpath=following-sibling::dd[1]").locator("bdi").inner_text()
    )
    with connected(network, identity, password):
        expect(page.get_by_text("Connected and accepted")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("heading", name=f"{identity} is connected")).to_be_visible()
        look(page, f"connect-done-{width}-{scheme}", full=True)
    listed = network.ask(f"/stations/{identity}")
    assert listed["name"] == "Behind the bakery"
    page.goto("/inbox")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(rows(page).filter(has_text=identity)).to_have_count(0)


def test_a_password_is_shown_once(open_page, network):
    page = open_page("/stations/new?id=ONCE-1")
    page.get_by_role("button", name="Add station").click()
    expect(page.get_by_text("It is shown this once.")).to_be_visible()
    with page.expect_download() as roots:
        page.get_by_role("link", name="Download").click()
    assert "BEGIN CERTIFICATE" in Path(roots.value.path()).read_text()
    page.get_by_role("button", name="QR code").click()
    expect(page.get_by_role("img", name="What to enter in ONCE-1, as a QR code")).to_be_visible()
    page.reload()
    expect(page.get_by_text("The password was shown once and cannot be shown again.")).to_be_visible()


def test_an_unknown_station_with_hostile_texts_is_shown_inert_adopted_with_a_site_or_dismissed(open_page, network):
    async def call() -> None:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(
                f"{_ocpp(network)}/UNKNOWN-1",
                subprotocols=[websockets.Subprotocol("ocpp1.6")],
                user_agent_header="<img src=x onerror=alert(1)> \u202egnp.exe".encode().decode("latin-1"),
            )

    _elsewhere(call())
    page = open_page("/stations/new")
    expect(page.get_by_role("heading", name="Already calling, and not known yet")).to_be_visible()
    page.goto("/inbox?q=UNKNOWN-1")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("<img src=x")
    expect(page.locator("main img")).to_have_count(0)
    press(page, "j", "Enter")
    drawer = page.get_by_role("dialog", name="UNKNOWN-1")
    expect(drawer.get_by_role("button", name="Adopt and give a password")).to_be_visible()
    expect(drawer.get_by_text("Identity known")).to_be_visible()
    drawer.get_by_role("button", name="Dismiss").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_text("Nothing fits these filters")).to_be_visible()


def test_german_is_whole(open_page):
    page = open_page("/stations", language="de-DE")
    expect(page.get_by_role("heading", name="Stationen", level=1)).to_be_visible()
    expect(rows(page).first).to_be_visible()
    look(page, "stations-german")
    page.goto("/stations/new")
    expect(page.get_by_role("heading", name="Station hinzufügen")).to_be_visible()
    page.goto("/inbox")
    expect(page.get_by_role("heading", name="Eingang")).to_be_visible()


# ---- ten thousand


@pytest.fixture(scope="module")
def large(chromium: Browser, large_network: Server) -> Iterator[Page]:
    with of_server(chromium, large_network) as page:
        page.goto("/stations")
        yield page


def test_ten_thousand_stations_are_a_handful_of_rows(large):
    expect(large.get_by_text("10,000 rows")).to_be_visible()
    assert rows(large).count() < 60
    press(large, "j")
    expect(table(large)).to_be_focused()
    press(large, "End")
    expect(rows(large).last).to_contain_text("GEN-09999")
    assert rows(large).count() < 60
    large.get_by_role("button", name="Station", exact=True).click()
    press(large, "Home")
    expect(rows(large).first).to_contain_text("GEN-09999")
    large.get_by_role("button", name="Station", exact=True).click()
    press(large, "/")
    large.keyboard.insert_text("bay 4711")
    expect(rows(large)).to_have_count(1)
    large.get_by_role("button", name="Reset filters").click()
    expect(large.get_by_text("10,000 rows")).to_be_visible()


def test_all_of_ten_thousand_are_selected_and_the_reach_is_told(large):
    large.get_by_role("checkbox", name="Select all 10,000 shown").click()
    bar = large.get_by_role("region", name="Actions for the selected stations")
    expect(bar).to_contain_text("10,000 selected")
    bar.get_by_role("button", name="Reset", exact=True).click()
    dialog = large.get_by_role("dialog", name="Reset 10,000 stations")
    expect(dialog).to_contain_text("10,000 stations are asked")
    look(large, "stations-ten-thousand")
