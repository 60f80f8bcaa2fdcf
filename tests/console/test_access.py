"""Who may what: people and their roles, API keys, the own profile, and access handed to a colleague."""

import base64
import re
import time

import httpx
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from console_house import BOTH, HOW, choose, fill, look, press, tab_to, until, use, watched
from harness import TRUSTS_NOBODY

PASSWORD = "winter kayak turnip"
HOSTILE = "<script>alert(1)</script> \u202ever\u200b 💥" + "A" * 150


def come_in(page: Page, password: str = PASSWORD) -> None:
    """With the link that the page is at, and a password from now on."""
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("New password").fill(password)
    press(page, "Enter")
    expect(page.get_by_text("The new password is kept")).to_be_visible()


def sign_in(page: Page, login: str) -> None:
    page.get_by_label("Name or e-mail").fill(login)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Enter")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Account of")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@BOTH
def test_people_and_what_each_role_may(open_page, network, width, scheme):
    network.invite("gus@example.com", "technician")
    page = open_page("/people", width=width, scheme=scheme)
    people = page.get_by_role("grid")
    expect(people.get_by_text("gus@example.com").first).to_be_visible()
    look(page, f"people-{width}-{scheme}", full=True)
    roles = page.get_by_role("region", name="What each role may")
    expect(roles.get_by_role("columnheader")).to_have_count(5)
    unlocking = roles.get_by_role("row").filter(has_text="stations:command")
    expect(unlocking.get_by_role("img", name="no")).to_have_count(1)
    people.get_by_role("row").filter(has_text="gus@example.com").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("has not used it yet", exact=False)).to_be_visible()
    look(page, f"person-{width}-{scheme}")


@HOW
def test_a_colleague_is_given_eyes_and_no_hands(open_page, network, width, keys):
    login = f"eyes-{width}-{'keys' if keys else 'mouse'}-{time.monotonic_ns()}@example.com"
    page = open_page("/", width=width)
    expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
    if keys:
        press(page, "g", "p")
    else:
        if width == 390:
            page.get_by_role("button", name="Menu").click()
        page.get_by_role("navigation").get_by_role("link", name="People").click()
    use(page, page.get_by_role("button", name="Invite"), keys)
    dialog = page.get_by_role("dialog", name="Invite somebody")
    expect(dialog.get_by_label("Login")).to_be_focused()
    fill(page, dialog.get_by_label("Login"), login, keys)
    fill(page, dialog.get_by_label("Name"), "Ola Nordmann", keys)
    expect(dialog.get_by_role("radio", name="Viewer")).to_be_checked()
    look(page, f"invite-{width}-{'keys' if keys else 'mouse'}")
    use(page, dialog.get_by_role("button", name="Make the link"), keys)
    handed = page.get_by_role("dialog", name="The way in for Ola Nordmann")
    link = handed.get_by_label("Link", exact=True).input_value()
    look(page, f"invite-link-{width}-{'keys' if keys else 'mouse'}")
    use(page, handed.get_by_role("button", name="Done"), keys)
    expect(page.get_by_role("grid").get_by_text("Invited").first).to_be_visible()

    colleague = open_page(link.removeprefix(network.url), width=width, signed_in=False)
    come_in(colleague)
    colleague.goto(f"/stations/{network.stations[0]}")
    expect(colleague.get_by_role("tab", name="Now")).to_be_visible()
    expect(colleague.get_by_role("button", name=re.compile("^(Actions|Start|Stop|Unlock)$"))).to_have_count(0)
    for path in ("/people", "/keys", "/audit", "/sites/new", "/tokens/import", "/stations/new"):
        colleague.goto(path)
        expect(colleague.get_by_text("Not for your role")).to_be_visible()
        expect(colleague.get_by_role("navigation").get_by_role("link", name="People")).to_have_count(0)
    look(colleague, f"eyes-only-{width}")
    # The palette offers no doings either; and the server would not do them.
    press(colleague, "Control+k")
    colleague.get_by_role("combobox").fill("add a")
    expect(
        colleague.get_by_role("listbox").get_by_role("option", name=re.compile("^Add a (station|site)"))
    ).to_have_count(0)
    refused = colleague.request.post("/api/v1/sites", data={"name": "mine"})
    assert refused.status == 403, refused.text()


def test_a_person_is_renamed_disabled_enabled_and_removed(open_page, network):
    login = f"came-and-went-{time.monotonic_ns()}"
    link = network.invite(login, "viewer")
    theirs = open_page(link, signed_in=False)
    come_in(theirs)
    page = open_page(f"/people?q={login}")
    page.get_by_role("grid").get_by_role("row").filter(has_text=login).click()
    drawer = page.get_by_role("dialog").filter(has=page.get_by_label("Name", exact=True))
    drawer.get_by_label("Name").fill(HOSTILE)
    drawer.get_by_role("button", name="Save").click()
    expect(
        page.get_by_role("grid").get_by_text("<script>alert(1)</script> ⟨U+202E⟩ver⟨U+200B⟩ 💥").first
    ).to_be_visible()
    expect(drawer.get_by_text("1 open session", exact=False).or_(drawer.get_by_role("listitem")).first).to_be_visible()
    look(page, "person-hostile-1440-light")
    drawer.get_by_role("button", name="Disable").click()
    watched(theirs).allowed.append("401")
    page.get_by_role("dialog", name=re.compile("^Disable")).get_by_role("button", name="Disable").click()
    expect(page.get_by_role("grid").get_by_text("Disabled").first).to_be_visible()
    # Whoever sits there is asked to sign in, and may not.
    theirs.reload()
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
    drawer.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("grid").get_by_text("Active").first).to_be_visible()
    drawer.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog", name=re.compile("^Remove")).get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nobody is like that")).to_be_visible()


@BOTH
def test_the_keys_of_programs(open_page, network, width, scheme):
    name = f"Grafana {width}"
    page = open_page("/keys?make=1", width=width, scheme=scheme)
    dialog = page.get_by_role("dialog", name="Make an API key")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    dialog.get_by_text("Only some things").click()
    look(page, f"key-new-{width}-{scheme}")
    dialog.get_by_role("button", name="Make the key").click()
    shown = page.get_by_role("dialog", name=f"The key “{name}”")
    key = shown.get_by_label("Key", exact=True).input_value()
    look(page, f"key-shown-{width}-{scheme}")
    shown.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("grid").get_by_text(name)).to_be_visible()
    look(page, f"keys-{width}-{scheme}")
    headers = {"authorization": f"Bearer {key}"}

    def says(path: str) -> int:
        return httpx.get(f"{network.url}/api/v1{path}", headers=headers, verify=TRUSTS_NOBODY).status_code

    assert (says("/stations"), says("/tokens")) == (200, 403)
    page.get_by_role("grid").get_by_role("row").filter(has_text=name).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("See stations, their state and their settings")).to_be_visible()
    look(page, f"key-{width}-{scheme}")
    tab_to(page, drawer.get_by_role("button", name="Revoke"))
    press(page, "Enter")
    sure = page.get_by_role("dialog", name=f"Revoke “{name}”?")
    expect(sure.get_by_role("button", name="Cancel")).to_be_focused()
    sure.get_by_role("button", name="Revoke").press("Enter")
    expect(page.get_by_role("grid").get_by_text(name)).to_have_count(0)
    assert says("/stations") == 401
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="Revoked").click()
    expect(page.get_by_role("grid").get_by_text(name)).to_be_visible()


@BOTH
def test_the_own_profile(open_page, width, scheme):
    page = open_page("/profile", width=width, scheme=scheme)
    expect(page.get_by_text("this one").first).to_be_visible()
    look(page, f"profile-{width}-{scheme}", full=True)


def test_a_second_factor_is_set_up_asked_for_and_recovered_from(open_page, network):
    login = f"two-{time.monotonic_ns()}@example.com"
    page = open_page(network.invite(login, "viewer"), signed_in=False)
    come_in(page)
    watched(page).allowed.append("status of 4")
    # Who came with a link is asked for no password: it was the proof.
    sign_out(page)
    sign_in(page, login)
    expect(page.get_by_role("button", name=re.compile("Account of"))).to_be_visible()
    page.goto("/profile#second-factor")
    page.get_by_role("button", name="Set it up").click()
    dialog = page.get_by_role("dialog", name="Second factor")
    expect(dialog.get_by_label("Your password")).to_be_focused()
    page.keyboard.type("not this one, surely")
    press(page, "Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Your password").fill(PASSWORD)
    press(page, "Enter")
    expect(dialog.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    look(page, "second-factor-1440-light")
    secret = base64.b32decode(dialog.locator("code").first.inner_text().replace(" ", ""))

    def code(later: int = 0) -> str:
        return TOTP(secret, 6, SHA1(), 30).generate(int(time.time()) + later).decode()

    dialog.get_by_label("Now the code that the app shows").fill(code())
    press(page, "Enter")
    codes = page.get_by_role("dialog", name="Recovery codes")
    expect(codes.get_by_role("listitem")).to_have_count(10)
    recovery = codes.get_by_role("listitem").first.inner_text()
    look(page, "recovery-codes-1440-light")
    # They are shown once: Escape does not lose them.
    press(page, "Escape")
    expect(codes).to_be_visible()
    codes.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("button", name="Turn it off")).to_be_visible()
    for proof in (code(30), recovery):
        sign_out(page)
        sign_in(page, login)
        field = page.get_by_label("Code")
        expect(field).to_be_focused()
        look(page, "sign-in-code-1440-light")
        page.keyboard.type(proof)
        press(page, "Enter")
        expect(page.get_by_role("button", name=re.compile("Account of"))).to_be_visible()


def test_other_sessions_are_ended_from_the_profile_and_say_so_quietly(open_page, network):
    login = f"twice-{time.monotonic_ns()}"
    here = open_page(network.invite(login, "viewer"), signed_in=False)
    come_in(here)
    there = open_page("/sign-in?next=/stations", width=390, signed_in=False)
    sign_in(there, login)
    expect(there.get_by_role("heading", name="Stations", level=1)).to_be_visible()
    there.locator("input[data-filter]").fill("typed before")
    here.goto("/profile")
    watched(there).allowed.append("401")
    here.get_by_role("button", name="End all others").click()
    here.get_by_role("dialog").get_by_role("button", name="End all others").click()
    expect(here.get_by_text("You are signed in only here.")).to_be_visible()
    # Over the page, which stays as it is.
    dialog = there.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    look(there, "sign-in-again-390-light")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    press(there, "Enter")
    expect(dialog).to_be_hidden()
    expect(there.locator("input[data-filter]")).to_have_value("typed before")


def test_times_are_written_in_the_zone_and_the_language_that_were_chosen(open_page, network):
    page = open_page(network.invite(f"far-{time.monotonic_ns()}", "viewer"), signed_in=False)
    come_in(page)
    page.goto("/profile")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.click()
    page.keyboard.type("Auckland")
    choose(page, page.get_by_role("option", name="Pacific/Auckland"), keys=False)
    zones = page.evaluate(
        """() => ["Pacific/Auckland", "Europe/Berlin"].map((timeZone) =>
          new Date().toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).slice(0, 2))"""
    )
    assert zones[0] != zones[1]
    expect(page.get_by_text(re.compile(rf"It is {zones[0]}:\d\d:\d\d there now"))).to_be_visible()
    with page.expect_response("**/session/preferences"):
        page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading", name="Ihr Profil")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Ihr Profil")).to_be_visible()
    expect(page.get_by_role("combobox", name="Zeitzone")).to_have_value(re.compile("Auckland"))
    until(lambda: page.evaluate("document.documentElement.lang") == "de")
