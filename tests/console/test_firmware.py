"""Firmware: images, campaigns wave by wave, and what became of each update."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from console_house import BOTH, DemoNetwork, OpenPage, look, press, until, watched
from signed_firmware import EC, certificate, signature

CONTENT = b"firmware version: 9.1.0\n" + b"\x00" * 300_000
"""What the simulated stations read the new version in."""
BYTES = {"content-type": "application/octet-stream"}
NOTHING_IN_IT = b"\x00" * 4096
"""An image in which they find no version: they download it, and fail to install it."""


def add_image(api: httpx.Client, version: str, content: bytes, *, signed: bool = False, **more: str) -> str:
    proof = {"certificate": certificate(EC), "signature": signature(EC, content)} if signed else {}
    made = api.post("/firmware/images", json={"version": version, **proof, **more})
    assert made.is_success, made.text
    identity = made.json()["id"]
    took = api.put(f"/firmware/images/{identity}/content", content=content, headers=BYTES)
    assert took.is_success, took.text
    return identity


def connected(network: DemoNetwork) -> list[dict[str, Any]]:
    return network.ask("/stations?connected=true&limit=500")["items"]


@pytest.fixture(scope="module")
def broken(network: DemoNetwork) -> Iterator[str]:
    """A campaign that halts: its only canary cannot install the image."""
    with network.api() as api:
        image = add_image(api, "66.6", NOTHING_IN_IT, file_name="broken.bin")
        running = {each["station_id"] for each in network.ask("/transactions?state=open&limit=500")["items"]}
        free = [each["id"] for each in connected(network) if each["id"] not in running][:5]
        body = {"image_id": image, "stations": free, "allow_unsigned": True, "wave": 2, "soak_minutes": 0}
        begun = api.post("/firmware/campaigns", json=body)
        assert begun.status_code == 202, begun.text
        campaign = begun.json()["campaign_id"]
        until(lambda: api.get(f"/firmware/campaigns/{campaign}").json()["stage"] == "halted", 90)
        yield campaign
        api.post(f"/firmware/campaigns/{campaign}/cancel")


def test_empty_rooms_say_what_they_are_for(open_page: OpenPage) -> None:
    """What a new network has, whatever this one holds by now."""
    page = open_page("/profile")
    page.route(re.compile(r"/api/v1/firmware/"), lambda route: route.fulfill(json={"items": [], "next": None}))
    page.get_by_role("link", name="Firmware").click()
    expect(page.get_by_text("No campaign yet")).to_be_visible()
    look(page, "firmware-none-1440-light")
    page.get_by_role("tab", name="Images").click()
    expect(page.get_by_text("No image yet")).to_be_visible()
    page.get_by_role("tab", name="Updates").click()
    expect(page.get_by_text("No update yet")).to_be_visible()


def fill_image(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_an_image_is_added_and_brought_to_a_station(open_page: OpenPage, network: DemoNetwork) -> None:
    station = next(each["id"] for each in connected(network) if each["hardware"]["firmware"] != "9.1.0")
    page = open_page("/firmware?tab=images")
    page.get_by_role("button", name="Add an image").first.click()
    dialog = page.get_by_role("dialog")
    fill_image(page, "talon-9.1.0.bin", CONTENT)
    expect(dialog.get_by_role("textbox", name="Version")).to_have_value("9.1.0")
    dialog.get_by_role("textbox", name="Signature").fill(signature(EC, CONTENT))
    dialog.get_by_role("textbox", name=re.compile("^Certificate")).fill(certificate(EC))
    look(page, "firmware-add-1440-light")
    dialog.get_by_role("button", name="Add an image").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row").filter(has_text="9.1.0").first
    expect(row.get_by_text("Signed", exact=True)).to_be_visible()
    row.get_by_role("button", name="9.1.0").click()
    drawer = page.get_by_role("dialog", name="9.1.0")
    expect(drawer.get_by_text("Valid until")).to_be_visible()
    look(page, "firmware-image-1440-light")

    drawer.get_by_role("link", name="New campaign").click()
    expect(page.get_by_text(re.compile(r"stations? (is|are) updated"))).to_be_visible()
    page.get_by_role("radio", name="These, by identity").check()
    page.get_by_role("textbox", name="Identities").fill(f"{station} NOBODY-HERE")
    expect(page.get_by_text("1 is no station's identity: NOBODY-HERE")).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_be_disabled()
    page.get_by_role("textbox", name="Identities").fill(station)
    expect(page.get_by_text("NOBODY-HERE")).to_have_count(0)
    expect(page.get_by_text("1 station is updated")).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_be_enabled()
    look(page, "firmware-new-1440-light", full=True)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("dialog").get_by_role("button", name="Begin").click()

    expect(page.get_by_role("heading", name="Update to 9.1.0")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=station)).to_be_visible()
    look(page, "firmware-campaign-begun-1440-light")


def test_a_signature_of_another_file_is_refused_with_what_was_typed_kept(
    open_page: OpenPage, network: DemoNetwork
) -> None:
    page = open_page("/firmware?tab=images&add=1", width=390, scheme="dark")
    watched(page).allowed.append("status of 422")
    dialog = page.get_by_role("dialog")
    fill_image(page, "talon-9.2.0.bin", CONTENT + b"tampered")
    dialog.get_by_role("textbox", name="Signature").fill(signature(EC, CONTENT))
    dialog.get_by_role("textbox", name=re.compile("^Certificate")).fill(certificate(EC))
    dialog.get_by_role("button", name="Add an image").click()
    expect(dialog.get_by_role("alert")).to_contain_text("signature")
    look(page, "firmware-refused-390-dark")
    dialog.get_by_role("button", name="Correct what is typed").click()
    expect(dialog.get_by_role("textbox", name="Version")).to_be_enabled()
    expect(dialog.get_by_role("textbox", name="Version")).to_have_value("9.2.0")
    assert all(each["version"] != "9.2.0" for each in network.ask("/firmware/images")["items"])


@BOTH
def test_a_campaign_that_halted_says_why_and_who_failed(
    open_page: OpenPage, broken: str, width: int, scheme: str
) -> None:
    page = open_page(f"/firmware/campaigns/{broken}", width=width, scheme=scheme)
    expect(page.get_by_text("It halted by itself")).to_be_visible()
    expect(page.get_by_text("1 of the canaries failed")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Failed")).click()
    expect(page.get_by_role("grid").get_by_text("Failed", exact=True)).to_be_visible()
    look(page, f"firmware-halted-{width}-{scheme}", full=True)
    expect(page).to_have_url(re.compile("state=failed"))


def test_a_campaign_is_resumed_paused_and_cancelled_by_keys(
    open_page: OpenPage, broken: str, network: DemoNetwork
) -> None:
    page = open_page(f"/firmware/campaigns/{broken}", width=390, language="de-DE")
    page.get_by_role("button", name="Fortsetzen").press("Enter")
    question = page.get_by_role("dialog")
    expect(question.get_by_text("1 gescheitert", exact=False)).to_be_visible()
    question.get_by_role("button", name="Fortsetzen").press("Enter")
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Pausieren").press("Enter")
    expect(page.get_by_text("Pausiert", exact=True)).to_be_visible()
    look(page, "firmware-paused-390-light-de")
    page.get_by_role("button", name="Abbrechen").press("Enter")
    expect(question.get_by_text("nicht aktualisiert", exact=False)).to_be_visible()
    question.get_by_role("button", name="Abbrechen").last.press("Enter")
    expect(page.get_by_text("Abgebrochen", exact=True).first).to_be_visible()
    assert network.ask(f"/firmware/campaigns/{broken}")["stage"] == "cancelled"


@BOTH
def test_lists_of_campaigns_images_and_updates(
    open_page: OpenPage, broken: str, network: DemoNetwork, width: int, scheme: str
) -> None:
    page = open_page("/firmware", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_text("66.6").first).to_be_visible()
    look(page, f"firmware-campaigns-{width}-{scheme}")
    page.get_by_role("tab", name="Images").click()
    expect(page.get_by_role("grid").get_by_text("Not signed").first).to_be_visible()
    look(page, f"firmware-images-{width}-{scheme}")
    page.get_by_role("tab", name="Updates").click()
    expect(page.get_by_role("grid").get_by_text("Failed").first).to_be_visible()
    look(page, f"firmware-updates-{width}-{scheme}")
    press(page, "j", "Enter")
    expect(page.get_by_role("dialog", name="Update").get_by_text("Step by step")).to_be_visible()
    look(page, f"firmware-update-{width}-{scheme}")


def test_the_form_of_a_campaign_on_a_phone(open_page: OpenPage, broken: str) -> None:
    page = open_page("/firmware", width=390, scheme="dark")
    expect(page.get_by_role("grid").get_by_text("66.6").first).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=re.compile("^Find"))).to_be_focused()
    page.keyboard.type("update the firmware of")
    option = page.get_by_role("option", name=re.compile("^Update the firmware of many"))
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/firmware/campaigns/new$"))
    page.get_by_placeholder("Which image?").click()
    page.get_by_role("option", name=re.compile("66.6")).first.click()
    expect(page.get_by_role("button", name="Begin")).to_be_disabled()
    page.get_by_role("checkbox", name=re.compile("^Send it although")).check()
    expect(page.get_by_text(re.compile("stations are updated"))).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_be_enabled()
    look(page, "firmware-new-390-dark", full=True)
