"""The frame of all pages: the way in, the palette, keys, languages, and what is shown when something is wrong."""

import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from console_house import EVERYWHERE, ROOT, look, watched

PASSWORD = "winter kayak turnip"
MOST_BYTES = 220_000


def live(page: Page) -> None:
    expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()


@EVERYWHERE
def test_the_way_in_is_a_form_with_a_name_and_a_password(open_page, width, scheme):
    page = open_page("/stations", width=width, scheme=scheme, signed_in=False)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Name or e-mail")).to_be_focused()
    look(page, f"sign-in-{width}-{scheme}")


@EVERYWHERE
def test_a_page_in_its_frame(open_page, width, scheme):
    page = open_page("/password", width=width, scheme=scheme)
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    expect(page).to_have_title("Choose a password · voltloom")
    live(page)
    look(page, f"password-{width}-{scheme}")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_link_lets_in_once_and_leads_to_choosing_a_password(open_page, network, width):
    link = network.invite(f"ada-{width}@example.com", "viewer")
    page = open_page(link, width=width, signed_in=False)
    expect(page.get_by_role("heading", name="Sign in with your link")).to_be_visible()
    look(page, f"link-{width}-light")
    # By keyboard alone: the button is where one is.
    page.keyboard.press("Enter")
    page.get_by_label("New password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The new password is kept")).to_be_visible()

    watched(page).allowed.append("401")
    page.get_by_role("button", name=re.compile("Account of")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("not good")
    page.get_by_role("button", name="Sign in with a password instead").click()
    page.get_by_label("Name or e-mail").fill(f"ada-{width}@example.com")
    page.get_by_label("Password", exact=True).fill("not this one, surely")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Account of"))).to_be_visible()


@pytest.mark.parametrize("there", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_after_signing_in_nobody_is_sent_elsewhere(open_page, network, there):
    page = open_page(f"{network.invite('bo@example.com', 'viewer')}&next={there}", signed_in=False)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    assert page.url.startswith(network.url)


@EVERYWHERE
def test_the_palette_finds_a_station_by_keyboard_alone(open_page, network, width, scheme):
    page = open_page("/password", width=width, scheme=scheme)
    live(page)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name=re.compile("Find stations"))
    expect(field).to_be_focused()
    name = network.stations[3]
    field.fill(name.lower())
    expect(page.get_by_role("option", name=re.compile(name)).first).to_be_visible()
    expect(page.get_by_role("option", selected=True)).to_have_count(1)
    look(page, f"palette-{width}-{scheme}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/stations/{name}")
    expect(field).to_be_hidden()


def test_the_palette_finds_what_only_the_server_knows(open_page, network):
    site = network.ask("/sites")["items"][0]
    page = open_page("/password")
    page.get_by_role("button", name=re.compile("Find stations")).click()
    page.get_by_role("combobox").fill(site["name"])
    page.get_by_role("group", name="Sites").get_by_role("option", name=site["name"]).click()
    page.wait_for_url(f"**/sites/{site['id']}")


def test_keys_tell_what_keys_do_and_leave_those_alone_who_type(open_page):
    page = open_page("/password")
    live(page)
    page.get_by_label("New password").fill("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("heading").click()
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    look(page, "help-1440-light")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_skip_link_is_first_and_leads_to_the_content(open_page):
    page = open_page("/password")
    live(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_language_and_the_colours_that_were_chosen_stay(open_page):
    page = open_page("/password")
    page.get_by_role("button", name=re.compile("Account of")).click()
    look(page, "account-1440-light")
    page.get_by_role("menuitem", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Passwort wählen")).to_be_visible()
    page.get_by_role("button", name="Farben").click()
    page.get_by_role("menuitem", name="Dunkel").click()
    page.reload()
    expect(page.get_by_role("heading", name="Passwort wählen")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    look(page, "deutsch-1440-dark")
    # As it was, for the other tests of this person.
    page.get_by_role("button", name=re.compile("Konto von")).click()
    page.get_by_role("menuitem", name="English").click()
    page.get_by_role("button", name="Colours").click()
    with page.expect_response("**/session/preferences"):
        page.get_by_role("menuitem", name="As the system").click()


@EVERYWHERE
def test_an_address_that_is_none_says_so(open_page, width, scheme):
    page = open_page("/no/such/page<b>", width=width, scheme=scheme)
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    live(page)
    look(page, f"missing-{width}-{scheme}")


def test_a_session_that_ended_asks_again_over_the_page_and_what_was_typed_is_there(open_page, network):
    login = "cy@example.com"
    page = open_page(network.invite(login, "viewer"), signed_in=False)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("New password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The new password is kept")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/password")
    page.get_by_label("Name or e-mail").fill(login)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_label("New password").fill("another kayak, wintry")
    watched(page).allowed.append("401")
    page.context.clear_cookies()
    page.get_by_role("button", name="Keep it").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    look(page, "sign-in-again-1440-light")
    expect(dialog.get_by_label("Name or e-mail")).to_have_value(login)
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    # What was asked for goes on by itself.
    expect(page.get_by_text("The new password is kept")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_server_that_is_lost_is_said_once_and_what_was_typed_stays(open_page, width):
    page = open_page("/password", width=width)
    live(page)
    page.get_by_label("New password").fill(PASSWORD)
    watched(page).allowed.append(r"ERR_|Failed to load resource")
    page.context.set_offline(True)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("look before you try again")
    look(page, f"lost-{width}-light")
    expect(page.get_by_label("New password")).to_have_value(PASSWORD)
    page.get_by_role("button", name="Ask now").click()
    # Back again, it notices by itself; whoever asks at once may be a moment too late for the button.
    page.context.set_offline(False)
    expect(page.get_by_text("The server does not answer")).to_be_hidden()
    live(page)


def test_the_age_of_what_is_shown_is_that_of_the_last_byte(open_page):
    page = open_page("/password")
    pill = page.get_by_role("note", name=re.compile("live · "))
    expect(pill).to_be_visible()
    # The simulated stations are busy: it keeps going back to nothing.
    seen: list[float] = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (seen and min(seen) < max(seen)):
        text = pill.text_content() or ""
        seen.append(float(re.sub(r"[^\d.]", "", text) or 0))
        page.wait_for_timeout(300)
    assert min(seen) < max(seen), seen


def test_the_first_visit_is_light():
    pages = ROOT / "src" / "voltloom" / "console_pages"
    manifest = json.loads((pages / "manifest.json").read_text())
    entry = next(each for each in manifest.values() if each.get("isEntry"))
    wanted, files = [entry], set()
    while wanted:
        each = wanted.pop()
        if each["file"] not in files:
            files |= {each["file"], *each.get("css", [])}
            wanted += [manifest[name] for name in each.get("imports", [])]
    total = sum((pages / f"{name}.gz").stat().st_size for name in files if (pages / f"{name}.gz").is_file())
    assert 100_000 < total <= MOST_BYTES, f"{total} bytes: {files}"
