"""`voltloom doctor`: looks at an installation as its user would have to, and says how to put right what is wrong."""

import asyncio
import errno
import os
import platform
import resource
import shutil
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import metadata
from pathlib import Path

import httpx
from cryptography import x509

from voltloom import __version__
from voltloom.app.places import local_key_file
from voltloom.domain.errors import VoltloomError
from voltloom.features.access import read_local_key
from voltloom.infra.bus import open_bus
from voltloom.infra.migrations import head, is_known
from voltloom.infra.processes import is_in_use, run
from voltloom.infra.settings import SettingError, Settings, load_settings
from voltloom.terminal import output
from voltloom.terminal.upkeep import revision_of

LEAST_DISK = 1 << 30
LEAST_FILES = 4096


class State(Enum):
    GOOD = "good"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """remedy: what to do; "" where nothing is."""

    about: str
    state: State
    found: str
    remedy: str = ""


def good(about: str, found: str) -> Finding:
    return Finding(about, State.GOOD, found)


def wrong(about: str, found: str, remedy: str) -> Finding:
    return Finding(about, State.WRONG, found, remedy)


def doubtful(about: str, found: str, remedy: str) -> Finding:
    return Finding(about, State.DOUBTFUL, found, remedy)


def doctor(given: Mapping[str, object], *, json: bool) -> None:
    findings = list(examine(given))
    if json:
        output.rows(
            [{"about": f.about, "state": f.state.value, "found": f.found, "remedy": f.remedy} for f in findings],
            (),
            json=True,
            empty="",
        )
    else:
        marks = {State.GOOD: "[green]✓[/]", State.DOUBTFUL: "[yellow]![/]", State.WRONG: "[red]✗[/]"}
        for finding in findings:
            output.people.print(marks[finding.state], end=" ")
            output.people.print(f"{finding.about}: {finding.found}", markup=False)
            if finding.remedy:
                output.people.print(f"    → {finding.remedy}", markup=False)
        bad = sum(finding.state is State.WRONG for finding in findings)
        output.people.print(
            "All is well." if not bad else f"{bad} thing{'s' * (bad > 1)} to put right.", style="bold", markup=False
        )
    if any(finding.state is State.WRONG for finding in findings):
        raise SystemExit(1)


def examine(given: Mapping[str, object]) -> Iterator[Finding]:
    """Everything, in the order in which things depend on one another."""
    yield good("program", f"voltloom {__version__} on Python {platform.python_version()}, {platform.system()}")
    yield check_libraries()
    try:
        settings = load_settings(given)
    except SettingError as error:
        yield wrong("settings", "one of them is wrong", str(error))
        return
    running = is_in_use(settings.data_dir)
    yield good("settings", f"valid; data directory {settings.data_dir}")
    yield from check_data_dir(settings.data_dir)
    yield check_disk(settings.data_dir)
    yield check_open_files(settings)
    yield check_database(settings, served=running)
    if settings.database_url.startswith("sqlite:///"):
        yield check_integrity(Path(settings.database_url.removeprefix("sqlite:///")))
    if settings.bus:
        yield run(check_bus(settings.bus))
    yield from check_exposure(settings)
    yield from check_authority(settings.data_dir, datetime.now(UTC))
    if not running:
        yield doubtful("server", "not running on this data directory", "start it with `voltloom serve`")
        for name in ("ocpp_port", "ocpps_port", "http_port"):
            yield check_port(settings.host, getattr(settings, name), name)
    else:
        yield check_answers(settings)


def check_libraries() -> Finding:
    missing: list[str] = []
    for name in (
        "picows",
        "uvloop",
        "msgspec",
        "sqlalchemy",
        "alembic",
        "asyncpg",
        "fastapi",
        "duckdb",
        "cryptography",
    ):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return wrong("libraries", f"missing: {', '.join(missing)}", "install voltloom again with pip")
    return good("libraries", "all here")


def check_data_dir(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield doubtful("data directory", f"{folder} does not exist yet", "`voltloom serve` makes it at its first start")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield wrong(
            "data directory",
            f"{folder} cannot be written by this user",
            f"run `chown` on {folder}, or choose another with --data-dir",
        )
    elif mode & 0o077:
        yield doubtful(
            "data directory", f"{folder} is open to other users (mode {mode:o})", f"run `chmod 700 {folder}`"
        )
    else:
        yield good("data directory", f"{folder}, private")
    for file in sorted((*folder.glob("keys/*.key"), *folder.glob("ca/*.key"), *folder.glob("local-key.json"))):
        if file.stat().st_mode & 0o077:
            yield wrong("keys", f"{file} can be read by other users", f"run `chmod 600 {file}`")


def check_disk(folder: Path) -> Finding:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_DISK:
        return wrong(
            "disk",
            f"{free / 1e9:.1f} GB free at {place}",
            "free some space: nothing can be acknowledged once it is full",
        )
    return good("disk", f"{free / 1e9:.0f} GB free")


def check_open_files(settings: Settings) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + 500
    if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
        return wrong(
            "open files", f"at most {hard}, one a connection", "raise `ulimit -Hn`, or LimitNOFILE of the service"
        )
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return doubtful(
            "open files",
            f"at most {hard}; {wanted} for max_connections",
            "raise `ulimit -Hn`, or lower max_connections",
        )
    return good("open files", "enough")


def check_database(settings: Settings, *, served: bool) -> Finding:
    url = settings.database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return doubtful("database", "not made yet", "`voltloom serve` makes it at its first start")
    try:
        found = run(revision_of(settings))
    except SettingError as error:
        return wrong("database", "cannot be opened", str(error))
    if found == head():
        return good("database", f"at revision {found}")
    if not is_known(found):
        return wrong(
            "database",
            f"at revision {found}, which this program does not know: a newer voltloom has changed it",
            "start that version, or restore a backup from before",
        )
    if served:
        return wrong(
            "database",
            f"at revision {found or '(empty)'}, this program needs {head()}",
            "the running server is of another version: restart it",
        )
    return doubtful(
        "database",
        f"at revision {found or '(empty)'}, this program needs {head()}",
        "`voltloom serve` or `voltloom migrate` brings it there",
    )


def check_integrity(file: Path) -> Finding:
    if not file.exists():
        return good("database file", "none yet")
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        connection.close()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        return wrong("database file", f"damaged: {verdict}", "stop the server and restore your last backup")
    return good("database file", f"{file.stat().st_size / 1e6:.1f} MB, whole")


async def check_bus(url: str) -> Finding:
    try:
        bus = await asyncio.wait_for(open_bus(url), 10)
    except (SettingError, VoltloomError, OSError, TimeoutError) as error:
        return wrong("bus", "cannot be reached", str(error) or f"nothing answers at {url}: check the setting `bus`")
    await bus.close()
    return good("bus", f"{url} answers")


def check_exposure(settings: Settings) -> Iterator[Finding]:
    if settings.is_loopback:
        yield good("exposure", "this machine only")
        return
    if settings.allow_plain_ws:
        yield doubtful(
            "exposure",
            f"stations without TLS are let in on {settings.host}",
            "move them to wss, then drop --allow-plain-ws",
        )
    if not settings.public_url.startswith("https://"):
        yield doubtful(
            "exposure",
            f"the console is plain HTTP on {settings.host}",
            "put a TLS proxy before it, and set public_url and trusted_proxies",
        )
    if not settings.server_names:
        yield doubtful(
            "exposure",
            "the certificate for stations names this machine only",
            "set server_names to the host names that stations use",
        )


def check_authority(data_dir: Path, now: datetime) -> Iterator[Finding]:
    # The server's own certificates live a day, and are renewed by the server.
    for file in sorted((data_dir / "ca").glob("ca-*.pem")) if (data_dir / "ca").exists() else ():
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except ValueError:
            continue
        ends = certificate.not_valid_after_utc
        if ends - now < timedelta(days=90):
            yield doubtful(
                "certificates", f"{file.name} ends {ends:%Y-%m-%d}", "give stations a new root before that day"
            )
            return
    yield good("certificates", "no root ends within 90 days")


def check_port(host: str, port: int, setting: str) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            busy = error.errno == errno.EADDRINUSE
            found = f"{host}:{port} {'is used by another program' if busy else f'cannot be had ({error.strerror})'}"
            return wrong("port", found, f"end that program, or set {setting} to another port")
    return good("port", f"{host}:{port} is free ({setting})")


def check_answers(settings: Settings, get: Callable[..., httpx.Response] = httpx.get) -> Finding:
    local = read_local_key(local_key_file(settings))
    if local is None:
        return doubtful(
            "readiness", "the server left no key for this machine", "run doctor as the user who runs the server"
        )
    try:
        # By an address of this machine, which the operator's certificate does not name.
        headers = {"Authorization": f"Bearer {local.token}"}
        answer = get(f"{local.url}/readyz", timeout=10, headers=headers, verify=not local.url.startswith("https:"))
    except httpx.HTTPError as error:
        return wrong(
            "readiness",
            f"{local.url} does not answer ({type(error).__name__})",
            "look at the server's log, and restart it",
        )
    if answer.status_code != 200:
        return wrong("readiness", answer.text.strip(), "look at the server's log")
    return good("readiness", f"the server (process {local.pid}) answers at {local.url} and is ready")
