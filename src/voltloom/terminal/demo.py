"""`voltloom demo`: a whole network on one machine, made of the same commands that a user would type.

A server and a fleet of simulated stations run as processes of their own, on loopback; this one shows how it goes.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
from rich.text import Text

from voltloom.app.parts import parts_of
from voltloom.app.places import addresses, local_key_file, sign_in_url
from voltloom.domain.ids import SiteId, StationId
from voltloom.domain.station import SecurityProfile
from voltloom.domain.token import TokenKind
from voltloom.features import access, authorization, sites, stations
from voltloom.infra.settings import Settings, load_settings
from voltloom.simulator.fleet import Plan, make_plan, write_plan
from voltloom.terminal import output
from voltloom.terminal.records import Desk, at_desk
from voltloom.terminal.top import Reader, connect, watch

READY_S = 60
PACE = 30.0
"""How much faster the demo's days pass: cars come and go within minutes."""
INTERVAL_S = 10
"""Between meter samples: something to see."""
FAULTS_PER_DAY = 3.0


def demo(count: int, seed: int, *, top: bool, seconds: float | None, data_dir: Path | None) -> int:
    """The exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        folder = data_dir or Path(stack.enter_context(_temporary_folder()))
        settings = _settings(folder)
        try:
            _run(stack, settings, count, seed, top=top, seconds=seconds)
        except KeyboardInterrupt:
            output.say("Stopping …")
        except _Failed as error:
            output.say(f"voltloom demo: {error}", style="red")
            return 1
    output.say("Stopped." + (f" The data is kept in {data_dir}." if data_dir else ""))
    return 0


class _Failed(Exception):
    """The demo cannot go on; says why."""


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _temporary_folder() -> Generator[str]:
    folder = tempfile.mkdtemp(prefix="voltloom-demo-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path) -> Settings:
    """The usual ports where they are free, others where not; nothing of the user's own settings."""
    given: dict[str, object] = {"data_dir": folder}
    usual = {"ocpp_port": 9000, "ocpps_port": 9443, "http_port": 8000}
    with ExitStack() as held:
        for name, port in usual.items():
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.bind(("127.0.0.1", 0))
                output.say(f"· port {port} is taken: using {probe.getsockname()[1]}")
            given[name] = probe.getsockname()[1]
    return load_settings(given, {})


def _run(stack: ExitStack, settings: Settings, count: int, seed: int, *, top: bool, seconds: float | None) -> None:
    plan = make_plan(seed, count, (SecurityProfile.PASSWORD_OVER_TLS,), INTERVAL_S)
    output.say(f"· making a network: {len(plan.sites)} sites, {len(plan.stations)} stations, {len(plan.tokens)} tokens")
    made = _Made(plan)
    at_desk(settings, made.make)
    plan_file = settings.data_dir / "simulated-network.json"
    plan_file.touch(mode=0o600)
    write_plan(made.plan, plan_file)

    output.say("· starting the server")
    log = settings.data_dir / "server.log"
    server = _start(stack, settings, log, "serve", *_port_options(settings), "--log-format", "text")
    reader = _wait_until_ready(settings, server, log)
    at_desk(settings, made.invite)

    output.say("· powering up the stations")
    fleet = _start(
        stack,
        settings,
        settings.data_dir / "simulator.log",
        "simulate",
        *("--plan", str(plan_file), "--url", addresses(settings).stations[-1]),
        *("--ca", str(_roots_file(settings))),
        *("--pace", str(PACE), "--faults-per-day", str(FAULTS_PER_DAY)),
    )
    _wait_until_connected(reader, fleet, len(plan.stations), settings.data_dir / "simulator.log")
    where = _where(settings, made)
    for line in where:
        output.aside.print(line)
    _watch(reader, server, fleet, where, top=top, seconds=seconds)


def _port_options(settings: Settings) -> tuple[str, ...]:
    ports = {"ocpp": settings.ocpp_port, "ocpps": settings.ocpps_port, "http": settings.http_port}
    return tuple(word for name, port in ports.items() for word in (f"--{name}-port", str(port)))


class _Made:
    """The records of the demo: made before the server starts, as `voltloom station add` makes them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sign_in = ""
        self.api_key = ""

    async def make(self, desk: Desk) -> None:
        """In a data directory that is used again, what is there already stays."""
        known = {
            row["id"] for row in await desk.database.read(lambda connection: list(stations.all_stations(connection)))
        }
        passwords: dict[str, str] = {}
        sites_by_plan: dict[str, SiteId] = {}
        for site in self.plan.sites:
            if any(each.site == site.id and each.id not in known for each in self.plan.stations):
                values = sites.SiteValues(
                    name=site.name,
                    address=f"{site.address}, {site.postal_code}",
                    city=site.city,
                    country=site.country,
                    latitude=site.latitude,
                    longitude=site.longitude,
                    timezone=site.time_zone,
                    power_limit_w=site.limit_w,
                )
                sites_by_plan[site.id] = (await sites.add_site(desk, values)).id
        for each in self.plan.stations:
            if each.id in known:
                welcome = await stations.rotate_password(desk, desk.config, StationId(each.id))
            else:
                new = stations.NewStation(
                    id=each.id, site_id=sites_by_plan[each.site], security_profile=SecurityProfile(each.profile)
                )
                welcome = await stations.add_station(desk, desk.config, new)
            passwords[each.id] = welcome.password or ""
        self.plan = self.plan.with_passwords(passwords)
        await self._make_tokens(desk)

    async def _make_tokens(self, desk: Desk) -> None:
        known = {
            token.key
            for token in await desk.database.read(
                lambda connection: authorization.find_tokens(connection, limit=10_000)
            )
        }
        for plan in self.plan.tokens:
            if plan.value.upper() in known:
                continue
            token = authorization.Token(value=plan.value, kind=TokenKind(plan.kind), holder=plan.holder)
            if plan.status == "Blocked":
                token = replace(token, state=authorization.TokenState.BLOCKED)
            if plan.status == "Expired":
                token = replace(token, valid_until=desk.now - timedelta(days=1))
            await authorization.add_token(desk, token)

    async def invite(self, desk: Desk) -> None:
        """A link for the person at this machine, and a key for their programs, that end with the day."""
        link = await access.first_link(desk.database, desk.now)
        if link is None:
            _, link = await access.make_link(desk.database, desk.actor, "admin", desk.now)
        self.sign_in = sign_in_url(desk.where, link)
        _, self.api_key = await access.add_api_key(
            desk.database, desk.actor, "demo", ("operator",), desk.now + timedelta(days=1), desk.now
        )


def _roots_file(settings: Settings) -> Path:
    """What the simulated stations trust: our own authority."""
    file = settings.data_dir / "roots.pem"
    file.write_text(parts_of(settings, addresses(settings)).authority.roots_pem)
    return file


# ---- processes


def _start(stack: ExitStack, settings: Settings, log: Path, *words: str) -> "subprocess.Popen[bytes]":
    """A command of ours, in a session of its own: Ctrl-C in this terminal reaches us alone, and we end it in order."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOLTLOOM_")}
    # Whoever tries it out came in by a link and has no password to show again.
    environment["VOLTLOOM_FRESH_SIGN_IN_MINUTES"] = "0"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "voltloom", *words, "--data-dir", str(settings.data_dir)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
        )
    stack.callback(_end, process)
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(settings: Settings, server: "subprocess.Popen[bytes]", log: Path) -> Reader:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise _Failed(f"the server ended at once:\n{_tail(log)}")
        if access.read_local_key(local_key_file(settings)) is not None:
            reader = connect(settings, None, None)
            try:
                if reader.client.get("/readyz").status_code == 200:
                    return reader
            except httpx.HTTPError:
                pass
        time.sleep(0.1)
    raise _Failed(f"the server was not ready within {READY_S} s:\n{_tail(log)}")


def _wait_until_connected(reader: Reader, fleet: "subprocess.Popen[bytes]", count: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    with output.aside.status("") as status:
        while time.monotonic() < deadline:
            if fleet.poll() is not None:
                raise _Failed(f"the simulated stations ended at once:\n{_tail(log)}")
            connected = reader.client.get("/api/v1/network").json()["stations_connected"]
            status.update(f"{connected} of {count} stations are connected")
            # Some may be simulating a fault already.
            if connected >= count * 0.9:
                output.say(f"· {connected} of {count} stations are connected")
                return
            time.sleep(0.2)
    raise _Failed(f"only some stations connected within {READY_S} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


# ---- what is shown


def _where(settings: Settings, made: _Made) -> list[Text]:
    where = addresses(settings)
    lines = (
        ("sign in (once)", made.sign_in),
        ("API, documents", f"{where.http}/api/docs"),
        ("API key", made.api_key),
        ("stations connect", f"{where.stations[0]}/{{station id}}"),
        ("data", str(settings.data_dir)),
    )
    return [
        *(Text.assemble((f"{name:<18}", "dim"), value, no_wrap=True, overflow="fold") for name, value in lines),
        Text(),
    ]


def _watch(
    reader: Reader,
    server: "subprocess.Popen[bytes]",
    fleet: "subprocess.Popen[bytes]",
    where: list[Text],
    *,
    top: bool,
    seconds: float | None,
) -> None:
    if top and output.people.is_terminal:
        watch(reader, seconds=seconds, above=where)
        return
    ends = None if seconds is None else time.monotonic() + seconds
    output.say("Running. Ctrl-C stops it.")
    while ends is None or time.monotonic() < ends:
        for name, process in (("server", server), ("simulated fleet", fleet)):
            if process.poll() is not None:
                raise _Failed(f"the {name} ended with code {process.returncode}")
        time.sleep(0.5)
