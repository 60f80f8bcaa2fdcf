"""What the stories share: a real `voltloom` process to start, to talk to and to kill."""

import asyncio
import base64
import itertools
import json
import os
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

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


class Server:
    """`voltloom serve` on free ports, as its user starts it."""

    def __init__(self, data_dir: Path, *, database: str | None = None, options: tuple[str, ...] = ()) -> None:
        self.data_dir = data_dir
        self.options = options
        self.ocpp_port, self.ocpps_port, self.http_port = free_ports(3)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("VOLTLOOM_")}
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
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def start(self) -> "Server":
        ports = ["--ocpp-port", self.ocpp_port, "--ocpps-port", self.ocpps_port, "--http-port", self.http_port]
        command = [VOLTLOOM, "serve", "--data-dir", self.data_dir, *map(str, ports), *self.options]
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
                if httpx.get(f"{self.http}/readyz", timeout=5).status_code == 200:
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

    def api(self, key: str) -> httpx.Client:
        return httpx.Client(base_url=f"{self.http}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


class Station:
    """A station made of nothing but a WebSocket and JSON: it shares no code with voltloom."""

    _numbers = itertools.count(1)

    def __init__(self, station_id: str, socket: ClientConnection) -> None:
        self.id = station_id
        self.socket = socket

    @staticmethod
    async def connect(url: str, station_id: str, password: str, version: str = "ocpp1.6") -> "Station":
        credentials = base64.b64encode(f"{station_id}:{password}".encode()).decode()
        socket = await websockets.connect(
            f"{url}/{station_id}",
            subprotocols=[websockets.Subprotocol(version)],
            additional_headers={"Authorization": f"Basic {credentials}"},
            compression=None,
            ping_interval=None,
        )
        return Station(station_id, socket)

    async def call(self, action: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """The payload of the answer. Calls of ours that come in between are left for `heard`."""
        message_id = f"m{next(self._numbers)}"
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        while True:
            frame = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            if frame[0] == 3 and frame[1] == message_id:
                return frame[2]
            assert frame[0] == 2, f"{action} was answered with {frame}"
            await self.socket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))

    async def answer(self, action: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """Wait for a call of that action, answer it; what it asked."""
        while True:
            frame = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            assert frame[0] == 2, frame
            if frame[2] == action:
                await self.socket.send(json.dumps([3, frame[1], payload]))
                return frame[3]
            await self.socket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))

    async def close(self) -> None:
        await self.socket.close()
