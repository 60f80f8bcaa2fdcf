"""Certificates of the network, and how well makes keep to the standard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console_hand import HandStation
from console_house import BOTH, DemoNetwork, OpenPage, look, of_server, until
from harness import Server
from signed_firmware import EC, certificate


@pytest.fixture(scope="module")
def issued(network: DemoNetwork) -> str:
    """A station that a certificate was issued to."""
    station = network.stations[1]
    with network.api() as api:
        made = api.post(f"/stations/{station}/certificates", json={"kind": "ec"})
        assert made.is_success, made.text
    return station


@BOTH
def test_certificates_and_when_they_end(open_page: OpenPage, issued: str, width: int, scheme: str) -> None:
    page = open_page("/certificates", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_text(issued).first).to_be_visible()
    look(page, f"certificates-{width}-{scheme}")
    page.get_by_role("link", name=re.compile("^Expire within 7 days")).click()
    expect(page).to_have_url(re.compile("within=7"))
    page.get_by_role("tab", name="Requests").click()
    expect(page.get_by_role("tabpanel")).to_be_visible()
    look(page, f"certificates-requests-{width}-{scheme}")
    page.get_by_role("tab", name="Contracts").click()
    # The demo has none.
    expect(page.get_by_text("no vehicle gets a contract here")).to_be_visible()
    expect(page.get_by_text("No vehicle has asked yet")).to_be_visible()
    look(page, f"certificates-contracts-{width}-{scheme}")
    page.get_by_role("tab", name="Authorities").click()
    expect(page.get_by_text("Our own authority")).to_be_visible()
    look(page, f"certificates-authorities-{width}-{scheme}")


def test_a_pool_of_contracts_is_tried(chromium: Browser, tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", contract_pool_url="https://127.0.0.1:9/pool") as server,
        of_server(chromium, server) as page,
    ):
        page.goto("/certificates?tab=contracts")
        expect(page.get_by_text("https://127.0.0.1:9/pool")).to_be_visible()
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("status").get_by_text("It cannot be used")).to_be_visible()


def test_an_authority_is_trusted_and_removed_by_keys(open_page: OpenPage, network: DemoNetwork) -> None:
    page = open_page("/certificates?tab=authorities&add=1")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Certificate (PEM)").fill(certificate(EC, name="Mobility Root", authority=True))
    look(page, "certificates-add-1440-light")
    dialog.get_by_role("button", name="Trust an authority").press("Enter")
    expect(page.get_by_text("CN=Mobility Root").first).to_be_visible()
    look(page, "certificates-authority-1440-light")
    page.get_by_role("button", name=re.compile("^Remove .*Mobility Root")).first.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_text("CN=Mobility Root")).to_have_count(0)
    assert network.ask("/certificates/authorities") == []


def test_a_certificate_is_revoked_after_a_question(open_page: OpenPage, issued: str, network: DemoNetwork) -> None:
    page = open_page(f"/certificates?station={issued}")
    page.get_by_role("button", name=re.compile(f"^More for {issued}")).first.click()
    page.get_by_role("menuitem", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("grid").get_by_text("Revoked").first).to_be_visible()
    assert network.ask(f"/certificates?station_id={issued}")["items"][0]["state"] == "revoked"


@pytest.fixture(scope="module")
def strays(network: DemoNetwork) -> str:
    """A make that breaks rules, and was counted."""
    station = HandStation(network, "HAND-09")
    station.come()
    made = {"chargePointVendor": "Straying <b>", "chargePointModel": "Wild One", "firmwareVersion": "0.1"}
    assert station.call("BootNotification", made)[0] == 3
    for _ in range(4):
        assert station.call("MeterValues", {"meterValue": []})[0] == 4
    assert station.call("NoSuchAction", {})[0] == 4

    def counted() -> bool:
        found = network.ask("/conformance?vendor=Straying <b>")
        return bool(found) and sum(found[0]["counts"].values()) >= 5

    until(counted, 90)
    station.leave()
    return "Straying <b> Wild One"


@BOTH
def test_scores_of_makes_and_what_they_do_wrong(open_page: OpenPage, strays: str, width: int, scheme: str) -> None:
    page = open_page("/conformance", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_role("row").filter(has_text="Wild One")).to_be_visible()
    page.get_by_text("How the score is reckoned").click()
    expect(page.get_by_text("Breaks the schema").last).to_be_visible()
    look(page, f"conformance-{width}-{scheme}", full=True)
    page.get_by_role("button", name=strays).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("4 times")).to_be_visible()
    look(page, f"conformance-make-{width}-{scheme}")
    drawer.get_by_role("link", name="An example").first.click()
    expect(page.get_by_role("heading", name="We refused this message")).to_be_visible()
