"""A network in which nothing is yet: pages that teach. And a server that really goes away."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from console_house import BOTH, look, of_server, settled, watched
from harness import Server

TEACH = {
    "/": "No station yet",
    "/stations": "No stations yet",
    "/inbox": "Nobody waits at the door",
    "/transactions": "Nobody has charged yet",
    "/sites": "No site yet",
    "/tokens": "No token yet",
    "/jobs": "Nothing was asked of many stations yet",
    "/keys": "No key yet",
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("fresh")) as server:
        yield server


@BOTH
def test_pages_without_anything_say_what_they_are_for(chromium: Browser, fresh: Server, width, scheme):
    options = {"viewport": {"width": width, "height": 844 if width == 390 else 1000}, "color_scheme": scheme}
    with of_server(chromium, fresh, **options) as page:
        for path, taught in TEACH.items():
            page.goto(path)
            expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_role("main").get_by_text(taught).first).to_be_visible()
            settled(page)
            look(page, f"empty-{path.strip('/') or 'overview'}-{width}-{scheme}")


def test_a_server_that_is_gone_is_said_once_and_nothing_typed_is_lost_when_it_is_back(chromium: Browser, fresh: Server):
    with of_server(chromium, fresh) as page:
        watched(page).allowed.append(r"ERR_|Failed to load resource")
        page.goto("/sites/new")
        name = page.get_by_label("Name", exact=False).first
        name.fill("Pier 9")
        expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
        expect(page.locator("[data-drawn=true]")).to_be_visible()  # its parts are loaded once the map is there
        fresh.stop()
        try:
            expect(page.get_by_role("note", name=re.compile("stale|connecting"))).to_be_visible()
            page.get_by_role("button", name="Add the site").click()
            expect(page.get_by_role("alert")).to_contain_text("Whether it did what you asked is not known")
            expect(page.get_by_text("The server does not answer")).to_have_count(1)
            expect(name).to_have_value("Pier 9")
            look(page, "server-gone-1440-light")
        finally:
            fresh.start()
        expect(page.get_by_text("The server does not answer")).to_have_count(0)
        expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
        expect(name).to_have_value("Pier 9")
        page.get_by_role("button", name="Add the site").click()
        expect(page.get_by_role("heading", name="Pier 9")).to_be_visible()
        # What went on meanwhile is there without a reload.
        fresh.add_station("AFTER-1")
        page.get_by_role("link", name="Stations", exact=True).first.click()
        expect(page.get_by_role("grid").get_by_text("AFTER-1")).to_be_visible()
