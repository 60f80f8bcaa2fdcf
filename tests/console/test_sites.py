"""Sites: the list and the map, one of them, adding and changing, and what a slip does not lose."""

import re

import pytest
from playwright.sync_api import Page, expect

from console_house import BOTH, HOW, fill, look, press, tab_to, until, use, watched

HOSTILE = "<img src=x onerror=alert(1)> \u202egnp.exe 💥"


def paste(page: Page, text: str) -> None:
    """Into the field that has the focus."""
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


@BOTH
def test_the_list_the_map_and_a_site(open_page, network, width, scheme):
    page = open_page("/sites", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_role("row").nth(2)).to_be_visible()
    look(page, f"sites-{width}-{scheme}")
    page.get_by_text("Map", exact=True).click()
    expect(page.locator("[data-drawn=true]")).to_be_visible()
    look(page, f"sites-map-{width}-{scheme}")
    site = next(each for each in network.ask("/sites")["items"] if each["latitude"] is not None)
    page.goto(f"/sites/{site['id']}")
    expect(page.locator("[data-drawn=true]")).to_be_visible()
    expect(page.get_by_role("region", name="Load against the limit").locator("canvas")).to_be_visible()
    look(page, f"site-{width}-{scheme}", full=True)


@HOW
def test_a_site_is_added_changed_taken_back_and_removed(open_page, network, width, keys):
    name = f"Lido {width} {'keys' if keys else 'mouse'}"
    page = open_page("/sites", width=width)
    watched(page).allowed.append("404")  # the page of a site that has just gone may ask for it once more
    use(page, page.get_by_role("link", name="Add a site").first, keys)
    field = page.get_by_label("Name", exact=False).first
    expect(page.get_by_role("heading", name="Add a site")).to_be_visible()
    use(page, page.get_by_role("button", name="Add the site"), keys)
    expect(page.get_by_text("A site needs a name")).to_be_visible()
    # Who sends it with a slip is led to the slip.
    expect(field).to_be_focused()
    fill(page, field, name, keys)
    fill(page, page.get_by_label("City"), "Venezia", keys)
    latitude = page.get_by_label("Latitude")
    tab_to(page, latitude) if keys else latitude.click()
    paste(page, "45,4163; 12,3689")
    expect(page.get_by_label("Longitude")).to_have_value("12.3689")
    if not keys:
        # A click on the map says more exactly where.
        expect(page.locator("[data-drawn=true]")).to_be_visible()
        page.locator("[data-picks]").click(position={"x": 60, "y": 60})
        expect(page.get_by_label("Longitude")).not_to_have_value("12.3689")
    look(page, f"site-new-{width}-{'keys' if keys else 'mouse'}", full=True)
    use(page, page.get_by_role("button", name="Add the site"), keys)
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text("No station here yet")).to_be_visible()

    use(page, page.get_by_role("link", name="Edit"), keys)
    expect(page.get_by_role("heading", name=f"Edit {name}")).to_be_visible()
    city = page.get_by_label("City")
    expect(city).to_have_value("Venezia")
    if keys:
        tab_to(page, city)
        press(page, "Control+a")
        page.keyboard.insert_text("Jesolo")
    else:
        city.fill("Jesolo")
    use(page, page.get_by_role("button", name="Save", exact=True), keys)
    expect(page.get_by_text(f"{name} is changed")).to_be_visible()
    site = page.url.rsplit("/", 1)[1]
    assert network.ask(f"/sites/{site}")["city"] == "Jesolo"
    use(page, page.get_by_role("button", name="Undo"), keys)
    until(lambda: network.ask(f"/sites/{site}")["city"] == "Venezia")

    use(page, page.get_by_role("button", name="Remove"), keys)
    dialog = page.get_by_role("dialog", name=f"Remove {name}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    use(page, dialog.get_by_role("button", name="Remove"), keys)
    expect(page).to_have_url(re.compile("/sites$"))
    expect(page.get_by_role("grid").get_by_text(name)).to_have_count(0)


def test_a_site_with_stations_is_not_removed_but_shown_what_is_in_it(open_page, network):
    site = network.ask("/sites")["items"][0]
    page = open_page(f"/sites/{site['id']}")
    page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("A site with stations cannot be removed.")).to_be_visible()
    dialog.get_by_role("button", name="Show its stations").click()
    expect(page).to_have_url(re.compile(f"/stations\\?site={site['id']}"))


def test_sites_are_found_by_words_country_and_what_is_wrong_with_them(open_page, network):
    sites = network.ask("/sites")["items"]
    page = open_page("/sites")
    expect(page.get_by_role("grid")).to_be_visible()
    press(page, "/")
    page.keyboard.insert_text(sites[0]["name"])
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    press(page, "Escape", "j", "Enter")
    expect(page).to_have_url(re.compile(f"/sites/{sites[0]['id']}"))
    page.goto("/sites?q=nowhere-at-all")
    expect(page.get_by_text("No site matches")).to_be_visible()
    page.get_by_role("button", name="Show all sites").click()
    expect(page).to_have_url(re.compile("/sites$"))
    page.get_by_role("combobox", name="Show only").click()
    page.get_by_role("option", name="Without a station").click()
    expect(page).to_have_url(re.compile("only=empty"))
    page.goto("/sites/nothing-has-this-id")
    watched(page).allowed.append("404")
    expect(page.get_by_role("heading", name="There is no such site")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark")])
def test_a_hostile_name_is_inert_on_the_page_the_list_and_the_map(open_page, network, width, scheme):
    with network.api() as api:
        made = api.post("/sites", json={"name": HOSTILE, "latitude": 35.9, "longitude": 14.5})
        assert made.is_success, made.text
    try:
        page = open_page(f"/sites/{made.json()['id']}", width=width, scheme=scheme)
        written = "<img src=x onerror=alert(1)> ⟨U+202E⟩gnp.exe 💥"
        expect(page.get_by_role("heading", name=written)).to_be_visible()
        look(page, f"site-hostile-{width}-{scheme}")
        page.goto("/sites?as=map")
        page.get_by_role("button", name="As a list").click()
        expect(page.get_by_role("link", name=written)).to_be_visible()
        expect(page.locator("main img")).to_have_count(0)
    finally:
        with network.api() as api:
            api.delete(f"/sites/{made.json()['id']}").raise_for_status()


def test_who_lost_the_permission_meanwhile_is_told_so_and_keeps_what_was_typed(open_page, network):
    link = network.invite("was-an-operator", "operator")
    page = open_page(link, signed_in=False)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    page.goto("/sites/new")
    page.get_by_label("Name", exact=False).first.fill("Half a mile of harbour")
    (person,) = (each for each in network.ask("/people?limit=500")["items"] if each["login"] == "was-an-operator")
    with network.api() as api:
        api.patch(f"/people/{person['id']}", json={"role": "viewer"}).raise_for_status()
    watched(page).allowed.append("403")
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_role("alert")).to_contain_text("Your role may not do this.")
    expect(page.get_by_label("Name", exact=False).first).to_have_value("Half a mile of harbour")
    look(page, "site-forbidden-1440-light")
    page.goto("/sites/new")
    expect(page.get_by_text("Not for your role")).to_be_visible()
    expect(page.get_by_text("sites:write")).to_be_visible()
    look(page, "not-for-your-role-1440-light")
