"""What the tests of the console share: Chromium, a small simulated network, watched pages, and looking at them.

def test_a_thing_is_shown(open_page):
    page = open_page("/stations", width=390, scheme="dark")
    page.get_by_role("heading", name="Stations").wait_for()
    look(page, "stations-390-dark")
"""

import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from harness import TRUSTS_NOBODY, Server

ROOT = Path(__file__).resolve().parents[1]
VOLTLOOM = Path(sysconfig.get_path("scripts")) / "voltloom"
PICTURES = ROOT / "build" / "screenshots"
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
STATIONS = 24
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The map draws with WebGL, in software where there is no card. All else is drawn by the processor itself: by way of
    # a card that is not there it takes eight times as long.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",
    "--disable-gpu-rasterization",
    # No other host is reached, whatever a page asks for. Not by routes of Playwright's: with one, nothing is cached,
    # and every request waits for Python.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
WIDTHS = {390: 844, 1440: 1000}
SCHEMES = ("light", "dark")


EVERYWHERE = pytest.mark.parametrize(
    ("width", "scheme"), [(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str
)

BOTH = pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")], ids=str)
"""Each width and each scheme, once: enough where the frame of the pages is no matter."""

HOW = pytest.mark.parametrize(
    ("width", "keys"),
    [(390, False), (390, True), (1440, False), (1440, True)],
    ids=["390", "390-keys", "1440", "1440-keys"],
)
"""Each journey with the mouse and by keys alone, on a phone and at a desk."""

OpenPage = Callable[..., Page]


# ---- the browser


def find_chromium() -> str | None:
    """Of this machine; None: Playwright's own. Where there is neither, one worker installs it.

    Debian's `chromium-headless-shell`, without the windows and menus that nobody sees, opens a page in half the time.
    """
    if found := _chromium_here():
        return found
    with Path(tempfile.gettempdir(), "voltloom-tests-chromium.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = ""
        if not _chromium_here() and os.geteuid() == 0 and shutil.which("apt-get"):
            # A machine may have no lists yet, and another program may be installing something.
            said = _install("apt-get", *_APT, "update")
            for package in _BROWSERS[:2]:
                if not _chromium_here():
                    said += _install("apt-get", *_APT, "install", "-y", package)
        if found := _chromium_here():
            return found
        if refused := _install(sys.executable, "-m", "playwright", "install", "chromium"):
            pytest.fail(
                "These tests need Chromium, and there is none. Install the package `chromium`, or run "
                f"`playwright install chromium`. Both were tried:\n{said}{refused}",
                pytrace=False,
            )
    return None


_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_APT = ("-q", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")
_INSTALL_S = 600


def _chromium_here() -> str | None:
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def _install(*command: str) -> str:
    """Nothing where it went well; else what it said, shortly."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_INSTALL_S,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} was not done after {_INSTALL_S} s\n"
    return "" if done.returncode == 0 else f"{' '.join(command)}:\n{done.stdout[-800:]}\n"


# ---- the network


@dataclass
class DemoNetwork:
    """`voltloom demo`, as its users start it."""

    folder: Path
    url: str
    key: str
    stations: list[str] = field(default_factory=list)

    def api(self) -> httpx.Client:
        """As this machine's own command line."""
        return httpx.Client(
            verify=TRUSTS_NOBODY,
            base_url=f"{self.url}/api/v1",
            headers={"authorization": f"Bearer {self.key}"},
            timeout=30,
        )

    def ask(self, path: str) -> Any:
        with self.api() as api:
            answer = api.get(path)
            assert answer.is_success, answer.text
            return answer.json()

    def invite(self, login: str, role: str) -> str:
        """A link of a person, who is new unless a demo that went on knows them, as a path."""
        with self.api() as api:
            answer = api.post("/people", json={"login": login, "role": role})
            if answer.status_code == 409:
                people = api.get("/people", params={"limit": 500}).json()["items"]
                (person,) = (each for each in people if each["login"] == login)
                answer = api.post(f"/people/{person['id']}/link")
            assert answer.is_success, answer.text
            return answer.json()["path"]


def wait_for_demo(what: Callable[[], Any], process: "subprocess.Popen[bytes]", log: Path) -> Any:
    deadline = time.monotonic() + 120
    while True:
        try:
            if found := what():
                return found
        except (OSError, httpx.HTTPError, KeyError, json.JSONDecodeError):
            pass
        assert process.poll() is None, f"the demo ended:\n{log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the demo is not ready:\n{log.read_text()[-3000:]}"
        time.sleep(0.2)


LARGE = 10_000


def fill_registry(server: Server, count: int) -> None:
    """Stations as the registry has them, past the API, which takes one at a time. They may come without a password."""
    server.add_station("GEN-00000", security_profile=0)
    with closing(sqlite3.connect(server.data_dir / "voltloom.db", timeout=30)) as database, database:
        columns = [name for _, name, *_ in database.execute("PRAGMA table_info(stations)")]
        made = {
            "id": "'GEN-' || printf('%05d', i)",
            "public_id": "hex(randomblob(12))",
            "name": "'Bay ' || i",
            "vendor": "'Vendor ' || (i % 7)",
            "model": "'Model ' || (i % 23)",
            "firmware": "'1.' || (i % 11) || '.0'",
        }
        database.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) "
            f"INSERT INTO stations ({', '.join(columns)}) "
            f"SELECT {', '.join(made.get(name, f'stations.{name}') for name in columns)} "
            "FROM n, stations WHERE stations.id = 'GEN-00000'"
        )


# ---- pages


@contextmanager
def of_server(chromium: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """A page of an admin's, of another network than the demo's; watched like all."""
    login = f"looker-{time.monotonic_ns()}"
    link = server.tell("/people", {"login": login, "role": "admin"})["path"].partition("link=")[2]
    size: Any = {"width": 1440, "height": WIDTHS[1440]}
    context = chromium.new_context(
        **{"base_url": server.http, "viewport": size, "locale": "en-GB", "reduced_motion": "reduce", **options}
    )
    context.set_default_timeout(30_000)
    assert context.request.post("/api/v1/session/link", data={"link": link}).ok
    watch(context, server.http)
    try:
        yield context.new_page()
    finally:
        seen = watched_by_context.pop(id(context))
        context.close()
    assert not seen.troubles, seen.troubles


@dataclass
class Watched:
    """What a page did that it must not."""

    troubles: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    """Patterns of what a test brings about on purpose."""

    def note(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self.allowed):
            self.troubles.append(text)


watched_by_context: dict[int, Watched] = {}


def watched(page: Page) -> Watched:
    return watched_by_context[id(page.context)]


def watch(context: BrowserContext, url: str) -> None:
    seen = watched_by_context[id(context)] = Watched()

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            seen.note(f"console {message.type}: {message.text} ({message.location['url'].removeprefix(url)})")

    def on_request(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            seen.note(f"a request to {request.url}")

    context.on("console", on_console)
    context.on("request", on_request)
    context.on("weberror", lambda error: seen.note(f"an error: {error.error}"))


# ---- looking

_OVERFLOW = """() => {
  const most = document.documentElement.clientWidth + 1;
  const cut = (node) => {
    for (let each = node.parentElement; each && each !== document.body; each = each.parentElement) {
      if (getComputedStyle(each).overflowX !== "visible" && each.getBoundingClientRect().right <= most) return true;
    }
    return false;
  };
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }))
    .map((each) => [each, each.getBoundingClientRect()])
    .filter(([each, box]) => box.width > 0 && box.right > most && !cut(each))
    .slice(0, 5).map(([each]) => each.outerHTML.slice(0, 160));
}"""


def settled(page: Page) -> None:
    """Until nothing of it is still to come: no skeleton, the map drawn, the charts there."""
    expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
    expect(page.locator("[data-drawn=false]")).to_have_count(0)


def overflowing(page: Page) -> list[str]:
    """What makes it scroll sideways."""
    return list(page.evaluate(_OVERFLOW))


def look(page: Page, name: str, *, full: bool = False, axe: bool = True) -> Path:
    """A picture for people to look at, and what a machine can see: axe finds nothing serious, nothing overflows.

    axe: False where the same page was looked at in another size or language.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f"{name}.png"
    # What floats finds its place in the frame after the one in which it appears.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => 0)))")
    page.screenshot(path=picture, full_page=full, timeout=60_000)  # blurred papers are slow without a graphics card
    found = overflowing(page)
    assert not found, f"{name} scrolls sideways: {found}"
    if not axe:
        return picture
    if not page.evaluate("() => 'axe' in window"):
        # Not by a script element: the content security policy lets in none but ours.
        page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    serious = [
        f"{each['id']}: {each['help']}: "
        + " | ".join(f"{node['html'][:200]} ({node['failureSummary'][:300]})" for node in each["nodes"][:4])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert not serious, f"{name}: " + "\n".join(serious)
    return picture


# ---- doing, as people do


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, target: Locator) -> None:
    """By the key that people use for it; fails where it cannot be reached."""
    for _ in range(60):
        if target.evaluate("(each) => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab")


def use(page: Page, target: Locator, keys: bool) -> None:
    if keys:
        tab_to(page, target)
        page.keyboard.press("Enter")
    else:
        target.click()


def fill(page: Page, target: Locator, text: str, keys: bool) -> None:
    if keys:
        tab_to(page, target)
        page.keyboard.insert_text(text)
    else:
        target.fill(text)


def choose(page: Page, item: Locator, keys: bool) -> None:
    """Of a menu that is open."""
    expect(item).to_be_visible()
    if not keys:
        item.click()
        return
    for _ in range(10):
        if item.evaluate("(each) => each === document.activeElement"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{item} is not reached by arrows")


def choose_option(page: Page, option: Locator) -> None:
    """Of a list that is open under a field, by its keys."""
    expect(option).to_be_visible()
    for _ in range(20):
        if option.evaluate("(each) => each.hasAttribute('data-combobox-selected')"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{option} is not reached by arrows")


def until(what: Callable[[], Any], timeout_s: float = 60) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain"
        time.sleep(0.1)
    return found
