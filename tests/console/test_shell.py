import re

from playwright.sync_api import expect

from console_house import EVERYWHERE, look


@EVERYWHERE
def test_the_way_in_is_a_form_with_a_name_and_a_password(open_page, width, scheme):
    page = open_page("/stations", width=width, scheme=scheme, signed_in=False)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    look(page, f"sign-in-{width}-{scheme}")


@EVERYWHERE
def test_the_frame_of_every_page(open_page, width, scheme):
    page = open_page("/password", width=width, scheme=scheme)
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    expect(page.get_by_role("note", name=re.compile("live"))).to_be_visible()
    look(page, f"password-{width}-{scheme}")
