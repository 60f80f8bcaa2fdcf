"""The first page: what needs somebody and why, the map, the load, all of it live."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from console_hand import HandStation
from console_house import EVERYWHERE, HOW, DemoNetwork, look, press, tab_to, use

QUARRY = {
    "name": "Quarry 7",
    "city": "Carrara",
    "country": "IT",
    "latitude": 44.079,
    "longitude": 10.098,
    "timezone": "Europe/Rome",
}


@pytest.fixture(scope="module")
def quarry(network: DemoNetwork) -> Iterator[str]:
    """A site of these tests' own."""
    with network.api() as api:
        made = api.post("/sites", json=QUARRY)
        assert made.is_success, made.text
        yield made.json()["id"]


def at(station: HandStation, site_id: str) -> HandStation:
    with station.network.api() as api:
        api.patch(f"/stations/{station.id}", json={"site_id": site_id}).raise_for_status()
    return station


def drawn(page: Page) -> None:
    """Until the pictures are there."""
    expect(page.locator("[data-drawn=true]")).to_be_visible()
    expect(page.get_by_role("region", name="Load against the limit").locator("canvas")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row").nth(2)).to_be_visible()


def needs(page: Page) -> Locator:
    return page.locator("section[data-needs]")


@EVERYWHERE
def test_the_first_page(open_page, width, scheme):
    page = open_page("/", width=width, scheme=scheme)
    drawn(page)
    expect(needs(page).get_by_role("heading")).to_be_visible()
    look(page, f"overview-{width}-{scheme}")
    page.get_by_role("region", name="Stations", exact=True).scroll_into_view_if_needed()
    look(page, f"overview-below-{width}-{scheme}", axe=False)


@HOW
def test_why_a_station_is_down_is_found_with_at_most_two_clicks(open_page, network, quarry, width, keys):
    station = at(HandStation(network, f"DOWN-{width}-{'K' if keys else 'M'}"), quarry)
    station.come().boot()
    station.call("StatusNotification", {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"})
    page = open_page("/", width=width, scheme="dark" if keys else "light")
    sentence = needs(page).get_by_role("link").filter(has_text=station.id)
    more = needs(page).get_by_role("button", name=re.compile(r"^Show \d+ more$"))
    expect(sentence.or_(more).first).to_be_visible()
    if not sentence.count():
        use(page, more, keys)
    expect(sentence).to_contain_text("ground fault at Quarry 7")
    look(page, f"overview-needs-{width}-{'dark' if keys else 'light'}")
    use(page, sentence, keys)
    expect(page).to_have_url(re.compile(f"/stations/{station.id}$"))
    wrong = page.get_by_role("region", name="What is wrong")
    expect(wrong.get_by_role("heading", name="Ground fault · EVSE 1")).to_be_visible()
    expect(wrong.get_by_text("Do not reset it again and again", exact=False)).to_be_visible()
    # And what was well again is not asked for any more.
    station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
    expect(wrong).to_be_hidden()
    press(page, "g", "o")
    expect(needs(page)).to_be_visible()
    expect(sentence).to_have_count(0)
    station.leave()
    with network.api() as api:
        api.delete(f"/stations/{station.id}").raise_for_status()


def test_what_is_lost_together_is_one_sentence_that_names_its_stations(open_page, network, quarry):
    stations = [at(HandStation(network, f"LOST-{number}"), quarry).come().boot() for number in (1, 2, 3)]
    page = open_page("/")
    expect(needs(page)).to_be_visible()
    for station in stations:
        station.leave()
    sentence = needs(page).get_by_role("link", name="All 3 stations are offline at Quarry 7")
    more = needs(page).get_by_role("button", name=re.compile(r"^Show \d+ more$"))
    expect(sentence.or_(more).first).to_be_visible()
    if more.is_visible():
        more.click()
    expect(sentence).to_be_visible()
    group = needs(page).get_by_role("listitem").filter(has_text="All 3 stations")
    expect(group).to_contain_text("lost within minutes of one another")
    sentence.focus()  # where the list was opened, its end has the focus, and all of the page is behind it
    tab_to(page, group.get_by_role("button", name="Which 3 stations"))
    press(page, "Enter")
    expect(group.get_by_role("link", name="LOST-2")).to_be_visible()
    look(page, "overview-lost-1440-light")
    sentence.click()
    expect(page).to_have_url(re.compile(r"/stations\?ids="))
    expect(page.get_by_text("3 rows")).to_be_visible()
    with network.api() as api:
        for station in stations:
            api.delete(f"/stations/{station.id}").raise_for_status()


def test_a_state_of_the_legend_narrows_the_map_and_the_list_and_the_address(open_page):
    page = open_page("/")
    drawn(page)
    legend = page.get_by_role("region", name="Map").get_by_role("button", name=re.compile("^Charging"))
    legend.click()
    expect(page).to_have_url(re.compile("state=Charging"))
    expect(legend).to_have_attribute("aria-pressed", "true")
    rows = page.get_by_role("region", name="Stations", exact=True).get_by_role("row")
    expect(rows.filter(has_text="Available")).to_have_count(0)
    legend.click()
    press(page, "/")
    page.keyboard.insert_text("nothing has these words")
    expect(page.get_by_text("No station matches")).to_be_visible()
    look(page, "overview-none-1440-light")
    page.get_by_role("button", name="Show all stations").click()
    expect(rows.nth(2)).to_be_visible()


def test_the_map_comes_nearer_by_its_buttons_and_leads_to_a_site_by_its_mark_and_by_its_list(open_page, quarry):
    page = open_page("/")
    drawn(page)
    places = page.get_by_role("group", name=re.compile("^Map of the sites"))
    marks = places.locator("button[title]")
    most = marks.count()
    places.get_by_role("button", name="Closer").click()
    expect(marks).not_to_have_count(most)
    places.get_by_role("button", name="Show all").click()
    expect(marks).to_have_count(most)
    places.get_by_role("button", name="As a list").click()
    there = places.get_by_role("link", name="Quarry 7")
    expect(there).to_be_visible()
    look(page, "overview-map-list-1440-light")
    tab_to(page, there)
    press(page, "Enter")
    expect(page).to_have_url(re.compile(f"/sites/{quarry}"))
    page.goto("/sites?as=map&q=Quarry 7")
    mark = page.get_by_role("button", name=re.compile("Quarry 7"))
    expect(mark).to_have_count(1)
    mark.click()
    expect(page).to_have_url(re.compile(f"/sites/{quarry}"))
    expect(page.locator("[data-drawn=true]")).to_be_visible()


def test_what_happens_is_on_the_page_at_once(open_page, yard):
    charge = yard.charge()
    page = open_page(f"/?q={charge.station_id}")
    row = page.get_by_role("region", name="Stations", exact=True).get_by_role("row").filter(has_text=charge.station_id)
    expect(row).to_contain_text("Charging")
    power = row.get_by_role("gridcell").filter(has_text="kW").first
    before = power.inner_text()
    assert before
    charge.ends()
    expect(row).not_to_contain_text("Charging")


def test_the_load_is_drawn_against_its_limit_and_read_as_a_table(open_page):
    page = open_page("/?load=1h")
    drawn(page)
    load = page.get_by_role("region", name="Load against the limit")
    plot = load.get_by_role("slider")
    expect(plot).to_have_attribute("aria-label", re.compile(r"Load \d.*W"))
    plot.focus()
    press(page, "Home")
    first = plot.get_attribute("aria-valuetext")
    press(page, "End")
    expect(plot).not_to_have_attribute("aria-valuetext", first or "")
    load.get_by_role("button", name="As a table").click()
    expect(load.get_by_role("columnheader", name="Limit")).to_be_visible()
    expect(load.get_by_role("row").nth(1)).to_contain_text("W")
    load.get_by_text("24 h", exact=True).click()
    expect(page).to_have_url(re.compile("load=24h"))
