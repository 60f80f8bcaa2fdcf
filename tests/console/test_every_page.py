"""Every page in German on a phone, and pages on paper."""

import pytest
from playwright.sync_api import Page, expect

from console_hand import Charge, Yard
from console_house import DemoNetwork, look, settled
from voltloom.simulator.fleet import OutletPlan


@pytest.fixture(scope="module")
def charged(yard: Yard, network: DemoNetwork) -> Charge:
    sites = network.ask("/sites")["items"]
    return yard.charge(outlet=OutletPlan(50_000, 0, 125, "cCCS2"), samples=20, site_id=sites[0]["id"])


@pytest.fixture
def pages(network: DemoNetwork, charged: Charge) -> dict[str, str]:
    station = f"/stations/{charged.station_id}"
    site = network.ask(f"/stations/{charged.station_id}")["site_id"]
    return {
        "overview": "/",
        "stations": "/stations",
        "new": "/stations/new",
        "inbox": "/inbox",
        "jobs": "/jobs",
        "station": station,
        "station-messages": f"{station}/messages",
        "station-settings": f"{station}/settings",
        "station-commands": f"{station}/commands",
        "station-transactions": f"{station}/transactions",
        "station-history": f"{station}/history",
        "transactions": "/transactions",
        "transaction": charged.path,
        "sites": "/sites",
        "site": f"/sites/{site}",
        "site-new": "/sites/new",
        "tokens": "/tokens",
        "tokens-import": "/tokens/import",
        "token": f"/tokens/{charged.token}",
        "events": "/events",
        "audit": "/audit",
        "people": "/people",
        "keys": "/keys",
        "profile": "/profile",
        "password": "/password",
    }


def visit(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    settled(page)


def test_every_page_on_a_phone_in_german(open_page, pages):
    page = open_page("/", width=390, scheme="dark", language="de-DE")
    for name, path in pages.items():
        visit(page, path)
        assert page.evaluate("document.documentElement.lang") == "de"
        look(page, f"deutsch-{name}-390-dark", axe=False)


PRINTED = ("overview", "stations", "station", "station-history", "transaction", "site", "audit", "token")


def test_pages_on_paper_have_no_frame_and_dark_is_no_matter(open_page, pages):
    # A4 at 96 dots an inch, without its margins.
    page = open_page("/", width=718, scheme="dark")
    for name in PRINTED:
        visit(page, pages[name])
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(page.get_by_role("button", name="Export")).to_have_count(0)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        look(page, f"paper-{name}", full=True)
        page.emulate_media(media="screen")
