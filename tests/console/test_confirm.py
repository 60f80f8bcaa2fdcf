"""Who signed in a while ago shows again that it is them before something dangerous, which then goes on by itself."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from console_house import look, watched

PASSWORD = "winter kayak, slowly"
STALE = {
    "type": "/api/docs#problem-fresh-sign-in-needed",
    "title": "Show that it is you",
    "status": 403,
    "detail": "this takes somebody who signed in in the last 15 minutes",
}


def enters(open_page, network, login: str) -> Page:
    """By an invitation, choosing a password; the first key that is asked for finds the session old."""
    page = open_page(network.invite(login, "admin"), signed_in=False)
    page.get_by_role("button", name="Sign in", exact=True).press("Enter")
    page.get_by_label("New password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The new password is kept")).to_be_visible()
    watched(page).allowed.append("403")
    stale = [STALE]

    def answer(route: Route) -> None:
        if route.request.method == "POST" and stale:
            body = json.dumps(stale.pop())
            route.fulfill(status=403, content_type="application/problem+json", body=body)
        else:
            route.continue_()

    page.route("**/api/v1/api-keys", answer)
    return page


def asks_for_a_key(page: Page, name: str) -> None:
    page.goto("/keys")
    page.get_by_role("button", name="Make a key").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Make the key").click()


def test_what_was_asked_for_goes_on_when_the_password_was_given(open_page, network):
    page = enters(open_page, network, "dee@example.com")
    asks_for_a_key(page, "billing")
    dialog = page.get_by_role("dialog", name="Show that it is you")
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    look(page, "confirm-1440-light")
    page.keyboard.type("something else")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("the password is not right")).to_be_visible()
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Key", exact=True)).to_have_value(re.compile("^vl_"))


@pytest.mark.parametrize("width", [390])
def test_who_would_rather_not_is_told_what_was_refused(open_page, network, width):
    page = enters(open_page, network, "eli@example.com")
    page.set_viewport_size({"width": width, "height": 844})
    asks_for_a_key(page, "roaming")
    dialog = page.get_by_role("dialog", name="Show that it is you")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("signed in in the last 15 minutes")
