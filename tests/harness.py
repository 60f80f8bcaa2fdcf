"""What the stories share: a real `voltloom` process to start, to talk to and to kill."""

import asyncio
import base64
import itertools
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sysconfig
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
import httpx
import websockets
from websockets.asyncio.client import ClientConnection

VOLTLOOM = Path(sysconfig.get_path("scripts")) / "voltloom"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def query(database: str, sql: str) -> list[tuple[Any, ...]]:
    """What really is in a database, read past voltloom. Times are microseconds since 1970."""
    if database.startswith("sqlite:///"):
        with closing(sqlite3.connect(f"file:{database.removeprefix('sqlite:///')}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(database)
        try:
            return [tuple(map(_plain, row)) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def _plain(value: object) -> object:
    return microseconds(value) if isinstance(value, datetime) else value


TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: to read the world's certificates costs each of them 40 ms of CPU."""


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_for(what: Callable[[], Any], timeout_s: float = 30, every_s: float = 0.05) -> Any:
    """The first true thing that `what` gives."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain"
        time.sleep(every_s)
    return found


async def until(what: Callable[[], Any], timeout_s: float = 60) -> Any:
    """Likewise, while stations go on. `what` may be a coroutine function, which is asked less and less often: it may
    be the server that answers, and that has other work."""
    deadline = time.monotonic() + timeout_s
    pause_s = 0.01
    while True:
        found = what()
        if isinstance(found, Awaitable):
            found = await found
            pause_s = min(0.3, pause_s * 1.5)
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain"
        await asyncio.sleep(pause_s)


class Server:
    """`voltloom serve` on free ports, as its user starts it.

    settings   as in the environment, e.g. drain_s="0.5"
    """

    def __init__(
        self, data_dir: Path, *, database: str | None = None, options: tuple[str, ...] = (), **settings: str
    ) -> None:
        self.data_dir = data_dir
        self.options = options
        self.database = database or f"sqlite:///{data_dir / 'voltloom.db'}"
        self.ocpp_port, self.ocpps_port, self.http_port = free_ports(3)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("VOLTLOOM_")}
        # As on its users' machines: compiled once, not at every start.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # Stations are told to come back over this time, and what repeats is done at this pace, for which no test wants
        # to wait.
        for name, value in {"drain_s": "0.3", "task_pace": "8", **settings}.items():
            self.environment[f"VOLTLOOM_{name.upper()}"] = value
        if database is not None:
            self.environment["VOLTLOOM_DATABASE"] = database
        self.process: subprocess.Popen[bytes] | None = None
        self._log = data_dir.parent / f"{data_dir.name}.log"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def ocpp(self) -> str:
        return f"ws://127.0.0.1:{self.ocpp_port}/ocpp"

    @property
    def ocpps(self) -> str:
        return f"wss://localhost:{self.ocpps_port}/ocpp"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def command(self) -> list[str]:
        ports = ["--ocpp-port", self.ocpp_port, "--ocpps-port", self.ocpps_port, "--http-port", self.http_port]
        return [str(word) for word in (VOLTLOOM, "serve", "--data-dir", self.data_dir, *ports, *self.options)]

    def start(self) -> "Server":
        command = self.command
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, f"the server ended by itself:\n{self.log}"
            try:
                if httpx.get(f"{self.http}/readyz", timeout=5, verify=TRUSTS_NOBODY).status_code == 200:
                    return self
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, f"the server is not ready:\n{self.log}"
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> int:
        """As Ctrl-C does. The exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def run(self, *words: str, fails: bool = False) -> Any:
        """A command of the command line, with `--json`; what it printed."""
        done = subprocess.run(
            [VOLTLOOM, *words, "--data-dir", str(self.data_dir), "--json"],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=120,
        )
        if fails:
            assert done.returncode != 0, done.stdout
            return done.stderr
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def says(self, *words: str, code: int = 0) -> str:
        """A command as a person types it; what it printed, on either stream. It ends with this exit code, and
        without a traceback."""
        done = subprocess.run(
            [VOLTLOOM, *words, "--data-dir", str(self.data_dir)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=120,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said

    def refuses_to_start(self, **settings: str) -> str:
        """`serve` with these settings ends by itself with exit code 1; the one sentence that it says."""
        environment = self.environment | {f"VOLTLOOM_{name.upper()}": value for name, value in settings.items()}
        done = subprocess.run(
            self.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=120
        )
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        lines = [line for line in said.splitlines() if line]
        assert len(lines) == 1, said
        assert lines[0].startswith("voltloom: ")
        return lines[0]

    def api(self, key: str = "") -> httpx.Client:
        """key: "" for the one that a server leaves for its own machine."""
        key = key or json.loads((self.data_dir / "local-key.json").read_bytes())["token"]
        return httpx.Client(
            verify=TRUSTS_NOBODY, base_url=f"{self.http}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )

    def ask(self, path: str, key: str = "") -> Any:
        """What the API says there."""
        with self.api(key) as api:
            answer = api.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

    def tell(self, path: str, document: Mapping[str, object], key: str = "") -> Any:
        with self.api(key) as api:
            answer = api.post(path, json=document)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

    def add_station(self, station_id: str, **values: object) -> str:
        """Its password."""
        return self.tell("/stations", {"id": station_id, **values})["password"]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query(self.database, sql)

    def rss_bytes(self) -> int:
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


class Station:
    """A station made of nothing but a WebSocket and JSON: it shares no code with voltloom.

    heard   calls of the server that came while it waited for an answer to its own: (id, action, payload)
    """

    _numbers = itertools.count(1)

    def __init__(self, station_id: str, socket: ClientConnection) -> None:
        self.id = station_id
        self.socket = socket
        self.heard: list[tuple[str, str, dict[str, Any]]] = []

    @staticmethod
    async def connect(
        url: str, station_id: str, password: str = "", version: str = "ocpp1.6", tls: ssl.SSLContext | None = None
    ) -> "Station":
        """A registration is known at the door within two seconds: until then it tries again."""
        deadline = time.monotonic() + 2
        while True:
            try:
                return await Station.knock(url, station_id, password, version, tls)
            except websockets.InvalidStatus:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)  # fewer than what counts as guessing

    @staticmethod
    async def knock(
        url: str, station_id: str, password: str = "", version: str = "ocpp1.6", tls: ssl.SSLContext | None = None
    ) -> "Station":
        """Once."""
        headers = {}
        if password:
            credentials = base64.b64encode(f"{station_id}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        socket = await websockets.connect(
            f"{url}/{station_id}",
            subprotocols=[websockets.Subprotocol(version)],
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            ssl=tls,
        )
        return Station(station_id, socket)

    async def call(
        self, action: str, payload: Mapping[str, object], message_id: str = "", *, error: bool = False
    ) -> dict[str, Any]:
        """The payload of the answer. Calls of the server that come in between are left for `answer`.

        error: the answer is a CALLERROR: its code, text and details.
        """
        message_id = message_id or f"m{next(self._numbers)}"
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        while True:
            frame = await self._frame()
            if frame[0] == 2:
                self.heard.append((frame[1], frame[2], frame[3]))
                continue
            assert frame[1] == message_id, frame
            if error:
                assert frame[0] == 4, frame
                return {"code": frame[2], "text": frame[3], "details": frame[4]}
            assert frame[0] == 3, f"{action} was answered with {frame}"
            return frame[2]

    async def answer(
        self, action: str, payload: Mapping[str, object] | None, *, error: str = "", text: str = ""
    ) -> dict[str, Any]:
        """Wait for a call of that action, answer it; what it asked. payload None: be silent. error: a CALLERROR."""
        message_id, asked, request = self.heard.pop(0) if self.heard else (await self._frame())[1:4]
        assert asked == action, (asked, request)
        if error:
            await self.socket.send(json.dumps([4, message_id, error, text, {}]))
        elif payload is not None:
            await self.socket.send(json.dumps([3, message_id, payload]))
        return request

    async def hear(self, action: str) -> tuple[str, dict[str, Any]]:
        """Wait for a call of that action: its id, by which to `reply`, and what it asks."""
        message_id, asked, request = self.heard.pop(0) if self.heard else (await self._frame())[1:4]
        assert asked == action, (asked, request)
        return message_id, request

    async def reply(self, message_id: str, payload: Mapping[str, object]) -> None:
        await self.socket.send(json.dumps([3, message_id, payload]))

    async def boot(self) -> dict[str, Any]:
        if self.socket.subprotocol == "ocpp1.6":
            return await self.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        station = {"vendorName": "Acme", "model": "One"}
        return await self.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})

    async def closed(self, timeout_s: float = 30) -> tuple[int, str]:
        """With which code and words the server ended it. What it says until then is not answered."""
        async with asyncio.timeout(timeout_s):
            with suppress(websockets.ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""

    async def close(self) -> None:
        await self.socket.close()

    async def _frame(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), 30))


async def live(server: Server, after: int | None = None) -> AsyncIterator[tuple[int | None, str, Any]]:
    """Server-sent events, read by hand: number, name, data. They go on after that number."""
    key = json.loads((server.data_dir / "local-key.json").read_bytes())["token"]
    headers = {"Authorization": f"Bearer {key}"} | ({} if after is None else {"Last-Event-ID": str(after)})
    async with (
        httpx.AsyncClient(verify=TRUSTS_NOBODY, timeout=30) as client,
        client.stream("GET", f"{server.http}/api/v1/events", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                yield number, fields["event"], json.loads(fields["data"])
                fields = {}
            else:
                fields = {}
