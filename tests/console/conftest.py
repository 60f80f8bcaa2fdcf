"""A module's own Chromium, a session's own network, and pages that fail the test where they did what they must not."""

import fcntl
import itertools
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from console_hand import Charge, Yard
from console_house import (
    FLAGS,
    LARGE,
    STATIONS,
    VOLTLOOM,
    WIDTHS,
    DemoNetwork,
    OpenPage,
    fill_registry,
    find_chromium,
    wait_for_demo,
    watch,
    watched_by_context,
)
from harness import Server

_numbers = itertools.count(1)
expect.set_options(timeout=30_000)  # a machine that does something else besides is no reason to fail


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A module's own: while Playwright is there, its event loop is, and other tests want to run theirs."""
    executable = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoNetwork]:
    """VOLTLOOM_TEST_DEMO, the folder of a demo that runs: then that one, which saves its start."""
    if running := os.environ.get("VOLTLOOM_TEST_DEMO"):
        key = json.loads(Path(running, "local-key.json").read_bytes())
        made = DemoNetwork(Path(running), key["url"], key["token"])
        made.stations = [each["id"] for each in made.ask("/stations?limit=500")["items"]]
        yield made
        return
    folder = tmp_path_factory.mktemp("network")
    data, log = folder / "data", folder / "demo.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOLTLOOM_")}
    with ExitStack() as stack:
        with Path(tempfile.gettempdir(), "voltloom-tests-demo.lock").open("a") as turn:
            # It looks which ports are free and takes them a moment later: one demo after the other.
            fcntl.flock(turn, fcntl.LOCK_EX)
            with log.open("wb") as out:
                process = subprocess.Popen(
                    [VOLTLOOM, "demo", "--no-top", "--stations", str(STATIONS), "--data-dir", data],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    env=environment,
                    start_new_session=True,
                )
            stack.callback(process.wait, 60)
            stack.callback(process.send_signal, signal.SIGTERM)
            wait_for_demo(lambda: (data / "local-key.json").is_file(), process, log)
        key = json.loads((data / "local-key.json").read_bytes())
        made = DemoNetwork(data, key["url"], key["token"])
        wait_for_demo(lambda: made.ask("/network")["stations_connected"] >= STATIONS - 3, process, log)
        made.stations = [each["id"] for each in made.ask("/stations?limit=500")["items"]]
        yield made


@pytest.fixture(scope="session")
def large_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ten thousand stations, of which any may come."""
    with Server(tmp_path_factory.mktemp("large")) as server:
        fill_registry(server, LARGE)
        # Who may come in is read at the start.
        server.stop()
        yield server.start()


@pytest.fixture(scope="module")
def yard(network: DemoNetwork) -> Iterator[Yard]:
    made = Yard(network)
    yield made
    made.close()


@pytest.fixture
def charge(yard: Yard) -> Charge:
    """A charge of this test's own, which runs until somebody ends it."""
    return yard.charge()


@pytest.fixture(scope="module")
def _signed_in(chromium: Browser, network: DemoNetwork) -> dict[str, Any]:
    """The cookies of an admin, who came with a one-time link."""
    context = chromium.new_context(base_url=network.url)
    token = network.invite(f"looker-{next(_numbers)}", "admin").partition("link=")[2]
    answer = context.request.post("/api/v1/session/link", data={"link": token})
    assert answer.ok, answer.text()
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def open_page(chromium: Browser, network: DemoNetwork, _signed_in: dict[str, Any]) -> Iterator[OpenPage]:
    """open_page(path, width=1440, scheme="light", signed_in=True, language="en")."""
    contexts: list[BrowserContext] = []

    def opened(
        path: str = "/", *, width: int = 1440, scheme: str = "light", signed_in: bool = True, language: str = "en-GB"
    ) -> Page:
        context = chromium.new_context(
            base_url=network.url,
            viewport={"width": width, "height": WIDTHS.get(width, 1000)},
            color_scheme="dark" if scheme == "dark" else "light",
            storage_state=_signed_in if signed_in else None,  # pyright: ignore[reportArgumentType]  # what it gave
            locale=language,
            timezone_id="Europe/Berlin",
            has_touch=width < 700,
            reduced_motion="reduce",
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        watch(context, network.url)
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        seen = watched_by_context.pop(id(context))
        context.close()
        assert not seen.troubles, seen.troubles
