"""Draws docs/pictures/console.png: the console's overview of a server that runs, such as the demo's.

voltloom demo --no-top --data-dir /tmp/demo      # in another terminal; wait some minutes, so that cars have come
python tools/picture_console.py --data-dir /tmp/demo

It needs Chromium, and Playwright, which is among the tools for developing.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "console.png"
SIZE = {"width": 1440, "height": 1000}
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
LOGIN = "picture@example.com"
MOST_BYTES = 300_000


def way_in(data_dir: Path) -> tuple[str, str]:
    """The address, and a link that lets a viewer in once."""
    key = json.loads((data_dir / "local-key.json").read_bytes())
    with httpx.Client(base_url=f"{key['url']}/api/v1", headers={"authorization": f"Bearer {key['token']}"}) as api:
        made = api.post("/people", json={"login": LOGIN, "name": "Ada", "role": "viewer"})
        if made.is_error:
            (person,) = (each for each in api.get("/people?limit=500").json()["items"] if each["login"] == LOGIN)
            made = api.post(f"/people/{person['id']}/link")
        return key["url"], made.raise_for_status().json()["path"].partition("link=")[2]


def draw(data_dir: Path, picture: Path) -> None:
    url, link = way_in(data_dir)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        context = browser.new_context(base_url=url, viewport=SIZE, color_scheme="light", locale="en-GB")  # pyright: ignore[reportArgumentType]  # a size
        context.request.post("/api/v1/session/link", data={"link": link})
        page = context.new_page()
        page.goto("/?load=1h")
        page.get_by_role("slider").first.wait_for()
        page.locator("[data-drawn='true']").wait_for()
        page.screenshot(path=picture)
        browser.close()
    # Few colours, so a small file; where there is no pngquant, the file is as it is.
    if tool := shutil.which("pngquant"):
        subprocess.run([tool, "--force", "--output", str(picture), "128", str(picture)], check=True)
    assert picture.stat().st_size < MOST_BYTES, f"{picture} has {picture.stat().st_size} bytes"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    chosen = parser.parse_args()
    draw(chosen.data_dir, chosen.picture)
