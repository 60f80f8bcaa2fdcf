"""Tokens and their groups: the list, one of them, and files of many."""

import re

from playwright.sync_api import Page, expect

from console_house import BOTH, look

CSV = (
    "value;kind;holder;group\r\n"
    "IMP-1;ISO14443;Ada Moser;imported\r\n"
    "IMP-2;;Jörg;\r\n"
    "IMP-3;Ring;nobody;\r\n"
    "IMP-1;ISO14443;Ada M.;\r\n"
)


def drop(page: Page, name: str, content: bytes) -> None:
    page.get_by_text("Drop a CSV file here").evaluate(
        """(node, [name, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "text/csv" }));
          for (const type of ["dragover", "drop"]) {
            node.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          }
        }""",
        [name, list(content)],
    )


@BOTH
def test_the_list_and_the_groups_look_right(open_page, network, width, scheme):
    with network.api() as api:
        api.put("/token-groups/fleet-north", json={"name": "Fleet north"}).raise_for_status()
        api.put("/token-groups/former", json={"name": "Former partner", "blocked": True}).raise_for_status()
        for document in (
            {"value": "00-OVER", "valid_until": "2020-01-01T00:00:00Z", "holder": "Old card"},
            {"value": "00-EARLY", "valid_from": "2999-01-01T00:00:00Z", "holder": "<b>Eve</b> \u202eevE"},
            {"value": "00-GROUP", "group": "former"},
        ):
            assert api.post("/tokens", json=document).status_code in (201, 409)
    page = open_page("/tokens", width=width, scheme=scheme)
    expect(page.get_by_role("grid").get_by_text("Expired")).to_be_visible()
    expect(page.get_by_text("<b>Eve</b> ⟨U+202E⟩evE")).to_be_visible()
    look(page, f"tokens-{width}-{scheme}")
    page.get_by_role("tab", name="Groups").click()
    expect(page.get_by_text("Former partner")).to_be_visible()
    look(page, f"tokens-groups-{width}-{scheme}")


def test_filters_are_the_address(open_page):
    page = open_page("/tokens?standing=Blocked")
    expect(page.get_by_role("grid").get_by_text("Blocked").first).to_be_visible()
    expect(page.get_by_role("grid").get_by_text("Accepted")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("nobody has this")
    expect(page.get_by_text("No token fits")).to_be_visible()
    expect(page).to_have_url(re.compile("standing=Blocked.*q=nobody"))


def test_a_token_is_added_edited_blocked_with_a_way_back_and_removed_by_keyboard(open_page, network):
    page = open_page("/tokens")
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=re.compile("^Find"))).to_be_focused()
    page.keyboard.type("add a token")
    expect(page.get_by_role("option", name=re.compile("^Add a token"))).to_be_visible()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Token")).to_be_focused()
    page.keyboard.type("KEYS-ONLY-1")
    page.keyboard.press("Tab")
    page.keyboard.type("Ada Moser")
    page.keyboard.press("Tab")
    page.keyboard.type("by-keyboard")
    look(page, "token-add-1440-light")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="KEYS-ONLY-1")).to_be_visible()
    token = network.ask("/tokens/KEYS-ONLY-1")
    assert (token["holder"], token["group"], token["allowed"]) == ("Ada Moser", "by-keyboard", 1)

    page.get_by_role("button", name="Block").press("Enter")
    expect(page.get_by_text("Somebody blocked it.")).to_be_visible()
    look(page, "token-blocked-1440-light")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("It may charge.")).to_be_visible()
    assert network.ask("/tokens/KEYS-ONLY-1")["state"] == "active"

    page.get_by_role("button", name="Edit").press("Enter")
    expect(dialog.get_by_role("textbox", name="Held by")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Ben Okafor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_text("Ben Okafor").first).to_be_visible()

    page.get_by_role("button", name=re.compile("^More for")).press("Enter")
    page.get_by_role("menuitem", name="Remove").press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    expect(page).to_have_url(re.compile(r"/tokens$"))
    assert network.ask("/tokens?q=KEYS-ONLY-1")["items"] == []


def test_a_dropped_file_is_looked_at_line_by_line_and_then_taken(open_page, network):
    page = open_page("/tokens/import")
    expect(page.get_by_role("heading", name="Import tokens")).to_be_visible()
    look(page, "tokens-import-1440-light")
    # As Excel writes it on Windows: semicolons, and no UTF-8.
    drop(page, "cards.csv", CSV.encode("windows-1252"))
    expect(page.get_by_text("Preview of cards.csv")).to_be_visible()
    refused = page.get_by_role("button", name="left out")
    expect(refused).to_have_text(re.compile("1"))
    expect(page.get_by_text(re.compile("'Ring' is none of"))).to_be_visible()
    look(page, "tokens-preview-refused-1440-light")
    refused.click()
    grid = page.get_by_role("grid")
    expect(grid.get_by_text("Jörg")).to_have_count(0)
    expect(grid.get_by_role("row")).to_have_count(5)
    expect(grid.get_by_role("row").nth(4)).to_contain_text("held by")
    assert network.ask("/tokens?q=IMP-")["items"] == []
    look(page, "tokens-preview-1440-light")
    page.get_by_role("button", name="Take 3 tokens").click()
    expect(page.get_by_role("button", name="To the tokens")).to_be_visible()
    taken = {each["value"]: each["holder"] for each in network.ask("/tokens?q=IMP-")["items"]}
    assert taken == {"IMP-1": "Ada M.", "IMP-2": "Jörg"}
    page.get_by_role("button", name="To the tokens").click()
    expect(page).to_have_url(re.compile("/tokens$"))


def test_a_bare_list_is_pasted_anywhere_on_the_page_of_a_phone(open_page):
    page = open_page("/tokens/import", width=390, scheme="dark", language="de-DE")
    expect(page.get_by_role("heading", name="Token importieren")).to_be_visible()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "PASTED-1\\nPASTED-2\\n");
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    expect(page.get_by_role("button", name="2 Token übernehmen")).to_be_visible()
    look(page, "tokens-preview-390-dark")


def test_a_token_that_charged_shows_what_and_leads_there(open_page, network):
    charge = network.ask("/transactions?state=ended&limit=1")["items"]
    running = network.ask("/transactions?state=open&limit=50")["items"]
    charge = next(each for each in [*charge, *running] if each["token"])
    for width, scheme in ((390, "light"), (1440, "dark")):
        page = open_page(f"/tokens/{charge['token']}", width=width, scheme=scheme)
        expect(page.get_by_role("heading", name="Recent transactions")).to_be_visible()
        expect(page.locator(f'a[href*="/transactions/{charge["station_id"]}/"]').first).to_be_visible()
        look(page, f"token-{width}-{scheme}")
