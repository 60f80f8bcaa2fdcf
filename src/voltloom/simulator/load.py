"""Drives a server hard from a process of its own, and measures what it costs the server.

python -m voltloom.simulator.load --url ws://127.0.0.1:9000/ocpp/{id} --connections 200 --pid 1234 --json

Modes: `cycle` (closed loop: each station's next call follows its last answer; with --rate an open loop, whose
latencies count from when a call was due), `idle` (memory a connection), `storm` (all links cut at once: time until
all are back and booted). Every call has a new message id; each station has one call in flight, as OCPP demands.

Stations begin the cycle one after another, so that at any time all of its calls are under way in their proportion.
"""

import argparse
import asyncio
import base64
import gc
import json
import re
import ssl
import sys
import time
from array import array
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil
import uvloop
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport
from picows import ws_connect as _connect  # pyright: ignore[reportUnknownVariableType] - its **kwargs has no type

from voltloom.simulator.cycles import CYCLES, Caller, Cycle, Pulse

TEXT = WSMsgType.TEXT
CLOSE = WSMsgType.CLOSE
_CALL, _RESULT, _ERROR = b"2"[0], b"3"[0], b"4"[0]
_TRANSACTION = re.compile(rb'"transactionId":\s*(-?\d+)')
_ACCEPTED = re.compile(rb'"status":\s*"Accepted"')
SPREAD_S = 120.0
"""How long a slow server may take to bring all stations to their places in the cycle."""
LONGEST_S = 30.0
"""A measurement takes no longer, however slow the server is."""
_MESSAGE_ID = re.compile(rb'\[\s*2\s*,\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class Options:
    """url, station, password, token: templates with {id} and {n}, the station's number. password "": no credentials.

    credentials   overrides them: a JSON object id → password, or a list of {"id", "password", "token"}
    pid           the processes whose CPU and memory are the server's
    database_pid  those of its database, where that is a server of its own: their CPU is told apart
    rate          calls a second of all stations together; 0: closed loop
    in_flight     how many may be connecting at once
    echo          the peer says back what it is told (the bare limit)
    forgetful     the peer keeps no transactions: stations may begin anywhere in the cycle
    wait          measure only when told to: a line on stdin is a measurement, answered by a line of JSON
    """

    url: str
    version: str = "1.6"
    connections: int = 200
    first: int = 0
    mode: str = "cycle"
    station: str = "LOAD-{n:05d}"
    password: str = ""
    token: str = "LOADTOKEN"  # noqa: S105 – a pattern
    credentials: Path | None = None
    ca: Path | None = None
    pid: tuple[int, ...] = ()
    database_pid: tuple[int, ...] = ()
    rate: float = 0.0
    seconds: float = 10.0
    warmup: float = 2.0
    in_flight: int = 100
    echo: bool = False
    forgetful: bool = False
    name: str = ""
    wait: bool = False


@dataclass(slots=True)
class Counts:
    """What happened in the measured span."""

    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    errors: int = 0
    lost: int = 0
    server_calls: int = 0
    first_error: str = ""


class LoadStation(WSListener):
    """One station, as cheap as can be: a counter into the cycle, and when the call in flight was due."""

    def __init__(self, load: "Load", number: int, identity: str, password: str, token: str) -> None:
        self._load = load
        self.identity = identity
        self.caller = Caller(token.encode(), str(number).encode())
        self.due: deque[float] = deque()
        """Open loop: when calls that could not be sent yet should have been."""
        self.transport: WSTransport | None = None
        self.ready: asyncio.Future[None] | None = None
        self.busy = False
        self.ahead = 0
        """Calls to make before all are measured."""
        self._headers = [("Sec-WebSocket-Protocol", load.cycle.subprotocol)]
        if password:
            basic = base64.b64encode(f"{identity}:{password}".encode()).decode()
            self._headers.append(("Authorization", f"Basic {basic}"))
        self._url = load.options.url.format(id=identity, n=number)
        self.step = 0
        self._opening = 0
        self._sent = 0.0

    async def connect(self) -> None:
        """Connected, booted, and its status told."""
        self.ready = asyncio.get_running_loop().create_future()
        self._opening, self.busy = 0, False
        await _connect(
            lambda: self,
            self._url,
            ssl_context=self._load.tls,
            extra_headers=self._headers,
            read_buffer_init_size=2048,
            websocket_handshake_timeout=60,
        )
        await self.ready

    def send(self, due: float) -> None:
        """The next call of the cycle, whose latency counts from `due`."""
        load = self._load
        load.number += 1
        frame = load.steps[self.step](load.pulse, self.caller, load.number)
        self._sent = due
        self.busy = True
        if self.transport is not None:
            self.transport.send(TEXT, frame)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self._say_opening()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not TEXT:
            if frame.msg_type is CLOSE:
                transport.disconnect()
            return
        payload = frame.get_payload_as_bytes()
        kind = payload[1]
        load = self._load
        if kind == _CALL and not load.echo:
            self._refuse(transport, payload)
            return
        if self.ready is not None:
            self._opened(payload, kind)
            return
        now = time.perf_counter()
        if load.measuring:
            load.counts.latencies_s.append(now - self._sent)
        if kind == _ERROR:
            load.note_error(f"{self.identity}: {payload[:200].decode(errors='replace')}")
        elif self.step == load.start:
            found = _TRANSACTION.search(payload)
            if found is not None:
                self.caller.transaction = found[1]
        self.step += 1
        if self.step == len(load.steps):
            self.step = 0
        if load.closed_loop:
            self.send(now)
        elif self.ahead:
            self.ahead -= 1
            self.send(now)
        elif self.due:
            self.send(self.due.popleft())
        else:
            self.busy = False

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.transport is transport:
            self.transport = None
            self.step = 0
            self._load.lost(self)
        if self.ready is not None and not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.identity}: link closed before it was ready"))

    def _say_opening(self) -> None:
        load = self._load
        load.number += 1
        assert self.transport is not None
        self.transport.send(TEXT, load.cycle.opening[self._opening](load.pulse, self.caller, load.number))

    def _opened(self, payload: bytes, kind: int) -> None:
        assert self.ready is not None
        if not self._load.echo and (kind != _RESULT or (self._opening == 0 and not _ACCEPTED.search(payload))):
            if not self.ready.done():
                text = payload[:200].decode(errors="replace")
                self.ready.set_exception(ConnectionError(f"{self.identity}: not accepted: {text}"))
            return
        self._opening += 1
        if self._opening < len(self._load.cycle.opening):
            self._say_opening()
            return
        ready, self.ready = self.ready, None
        if not ready.done():
            ready.set_result(None)

    def _refuse(self, transport: WSTransport, payload: bytes) -> None:
        """A server may ask something after boot: it is told that this station cannot."""
        self._load.counts.server_calls += 1
        found = _MESSAGE_ID.match(payload)
        if found is not None:
            transport.send(TEXT, b'[4,%b,"NotSupported","",{}]' % found[1])


class Load:
    """All stations of one process."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.cycle: Cycle = CYCLES[options.version]
        self.steps = self.cycle.steps
        self.start = self.cycle.start
        self.echo = options.echo
        self.closed_loop = False
        self.measuring = False
        self.number = 0
        self.counts = Counts()
        self.pulse = Pulse(time.time())
        self.tls = _tls(options)
        self.stations = list(_stations(self, options))

    def note_error(self, text: str) -> None:
        self.counts.errors += 1
        self.counts.first_error = self.counts.first_error or text

    def lost(self, station: LoadStation) -> None:
        self.counts.lost += 1
        if self.measuring:
            self.counts.first_error = self.counts.first_error or f"{station.identity}: link closed"

    async def connect_all(self) -> float:
        """All connected and booted. Seconds it took. Raises ConnectionError for the first that could not."""
        gate = asyncio.Semaphore(self.options.in_flight)

        async def connect(station: LoadStation) -> None:
            async with gate:
                await station.connect()

        began = time.perf_counter()
        await asyncio.gather(*map(connect, self.stations))
        return time.perf_counter() - began

    async def run(self, rounds: AsyncIterable[None]) -> AsyncGenerator[dict[str, Any]]:
        """What each round found."""
        server, database = _processes(self.options.pid), _processes(self.options.database_pid)
        rss_before = _rss(server)
        beat = asyncio.create_task(self._beat())
        connect_s = await self.connect_all()
        if self.options.mode == "cycle":
            await self._spread()
        gc.collect()
        gc.freeze()
        gc.disable()
        async for _ in rounds:
            self.counts = Counts()
            result: dict[str, Any] = {"connections": len(self.stations), "connect_s": round(connect_s, 3)}
            match self.options.mode:
                case "cycle":
                    result |= await self._cycle(server, database)
                case "idle":
                    await asyncio.sleep(self.options.seconds)
                    result["bytes_per_connection"] = (_rss(server) - rss_before) // len(self.stations)
                case _:
                    result |= await self._storm(server)
            result |= {"errors": self.counts.errors, "lost": self.counts.lost, "first_error": self.counts.first_error}
            yield {"scenario": self.options.name or self.options.mode} | result
        beat.cancel()
        for station in self.stations:
            if station.transport is not None:
                station.transport.disconnect(graceful=False)

    async def _spread(self) -> None:
        """Have station n make as many calls that it is n calls into its cycle, modulo the cycle."""
        steps = len(self.steps)
        if self.options.forgetful or self.echo:
            for n, station in enumerate(self.stations):
                station.step = n % steps
            return
        now = time.perf_counter()
        for n, station in enumerate(self.stations):
            if n % steps:
                station.ahead = n % steps - 1
                station.send(now)
        await self._rest(SPREAD_S)

    async def _rest(self, most_s: float) -> None:
        """Until no call is under way. Raises ConnectionError."""
        deadline = time.perf_counter() + most_s
        while waiting := sum(station.busy and station.transport is not None for station in self.stations):
            if time.perf_counter() > deadline:
                raise ConnectionError(f"{waiting} calls were not answered within {most_s:g} s")
            await asyncio.sleep(0.01)

    async def _cycle(self, server: list[psutil.Process], database: list[psutil.Process]) -> dict[str, Any]:
        options = self.options
        pacing = None
        if options.rate > 0:
            pacing = asyncio.create_task(self._pace(options.rate))
        else:
            self.closed_loop = True
            now = time.perf_counter()
            for station in self.stations:
                station.send(now)
        await asyncio.sleep(options.warmup)
        self.counts = Counts()
        cpu, database_cpu = _cpu(server), _cpu(database)
        own, began = time.process_time(), time.perf_counter()
        self.measuring = True
        await asyncio.sleep(options.seconds)
        if self.closed_loop:
            await self._whole_rounds(began + LONGEST_S)
        self.measuring = False
        seconds = time.perf_counter() - began
        spent, mine = _cpu(server) - cpu, time.process_time() - own
        database_spent = _cpu(database) - database_cpu
        overdue = sum(len(station.due) for station in self.stations)
        self.closed_loop = False
        if pacing is not None:
            pacing.cancel()
            for station in self.stations:
                station.due.clear()
        await self._rest(SPREAD_S)
        done = sorted(self.counts.latencies_s)
        return {
            "messages": len(done),
            "seconds": round(seconds, 3),
            "messages_per_s": round(len(done) / seconds, 1),
            "us_cpu_per_message": round(spent / len(done) * 1e6, 2) if done and server else None,
            "database_us_cpu_per_message": round(database_spent / len(done) * 1e6, 2) if done and database else None,
            "client_us_cpu_per_message": round(mine / len(done) * 1e6, 2) if done else None,
            "p50_ms": _percentile_ms(done, 0.50),
            "p99_ms": _percentile_ms(done, 0.99),
            "max_ms": _percentile_ms(done, 1.0),
            "overdue": overdue,
        }

    async def _whole_rounds(self, until: float) -> None:
        """A slow server answers its stations in waves: measure at least one of each station's calls."""
        while len(self.counts.latencies_s) < len(self.stations) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def _storm(self, server: list[psutil.Process]) -> dict[str, Any]:
        """Cut all links without a word, and come back at once."""
        cpu = _cpu(server)
        began = time.perf_counter()
        for station in self.stations:
            if station.transport is not None:
                station.transport.disconnect(graceful=False)
        await self.connect_all()
        seconds = time.perf_counter() - began
        spent = _cpu(server) - cpu
        self.counts.lost -= len(self.stations)
        return {
            "storm_s": round(seconds, 3),
            "reconnects_per_s": round(len(self.stations) / seconds, 1),
            "us_cpu_per_reconnect": round(spent / len(self.stations) * 1e6, 1) if server else None,
        }

    async def _pace(self, rate: float) -> None:
        """Open loop: calls fall due evenly, whatever the server does, in turn from one station after another."""
        began, made, count = time.perf_counter(), 0, len(self.stations)
        while True:
            now = time.perf_counter()
            while made < (now - began) * rate:
                station, due = self.stations[made % count], began + made / rate
                made += 1
                if station.busy:
                    station.due.append(due)
                else:
                    station.send(due)
            await asyncio.sleep(0.001)

    async def _beat(self) -> None:
        while True:
            self.pulse.beat(time.time())
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class _Credentials:
    id: str
    password: str = ""
    token: str = ""


def _stations(load: Load, options: Options) -> Iterable[LoadStation]:
    if options.credentials is not None:
        text = options.credentials.read_bytes()
        known: dict[str, str] | list[_Credentials] = msgspec.json.decode(text, type=dict[str, str] | list[_Credentials])
        if isinstance(known, dict):
            known = [_Credentials(identity, password) for identity, password in known.items()]
        for n, entry in enumerate(known[options.first : options.first + options.connections], options.first):
            token = entry.token or options.token.format(n=n, id=entry.id)
            yield LoadStation(load, n, entry.id, entry.password, token)
        return
    for n in range(options.first, options.first + options.connections):
        identity = options.station.format(n=n)
        named = {"n": n, "id": identity}
        yield LoadStation(load, n, identity, options.password.format(**named), options.token.format(**named))


def _tls(options: Options) -> ssl.SSLContext | None:
    if not options.url.startswith("wss:"):
        return None
    return ssl.create_default_context(cafile=options.ca)


def _processes(pids: Iterable[int]) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in pids]


def _cpu(server: Iterable[psutil.Process]) -> float:
    """User and system seconds of the server's processes and of those they have started."""
    total = 0.0
    for process in server:
        for one in (process, *process.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _rss(server: Iterable[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in server)


def _percentile_ms(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3, 3)


async def measure(options: Options) -> AsyncGenerator[dict[str, Any]]:
    """Run a load to its end; what its rounds found, as printed with --json."""
    async for result in Load(options).run(_when_told() if options.wait else _once()):
        yield result


async def _once() -> AsyncGenerator[None]:
    yield


async def _when_told() -> AsyncGenerator[None]:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        yield


def _options(arguments: list[str] | None = None) -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="voltloom.simulator.load", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--url", required=True, help="with {id}")
    parser.add_argument("--version", choices=sorted(CYCLES), default="1.6")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the number of the first station")
    parser.add_argument("--mode", choices=("cycle", "idle", "storm"), default="cycle")
    parser.add_argument("--station", default=Options.__dataclass_fields__["station"].default, help="with {n}")
    parser.add_argument("--password", default="", help="with {n} or {id}; none: no credentials")
    parser.add_argument("--token", default="LOADTOKEN", help="with {n} or {id}")
    parser.add_argument("--credentials", type=Path, help='JSON: {id: password} or [{"id", "password", "token"}]')
    parser.add_argument("--ca", type=Path, help="certificate of the authority to trust, for wss")
    parser.add_argument("--pid", type=int, action="append", default=[], help="a process of the server; repeatable")
    parser.add_argument("--database-pid", type=int, action="append", default=[], help="of its database; repeatable")
    parser.add_argument("--rate", type=float, default=0.0, help="calls a second in all; 0: as fast as answered")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--warmup", type=float, default=2.0)
    parser.add_argument("--in-flight", type=int, default=100, help="how many may be connecting at once")
    parser.add_argument("--echo", action="store_true", help="the peer only echoes")
    parser.add_argument("--forgetful", action="store_true", help="the peer keeps no transactions")
    parser.add_argument("--name", default="", help="of the scenario, in the result")
    parser.add_argument("--wait", action="store_true", help='when connected print "ready", and measure for each line')
    parser.add_argument("--json", action="store_true")
    said = vars(parser.parse_args(arguments))
    as_json = bool(said.pop("json"))
    for name in ("pid", "database_pid"):
        said[name] = tuple(said[name])
    return Options(**said), as_json


def main() -> None:
    options, as_json = _options()

    async def run() -> None:
        async for result in measure(options):
            sys.stdout.write(
                json.dumps(result) + "\n" if as_json else "".join(f"{k:28} {v}\n" for k, v in result.items())
            )
            sys.stdout.flush()

    try:
        uvloop.run(run())
    except (OSError, WSError, psutil.Error, msgspec.MsgspecError) as e:
        sys.exit(f"load: {e}")


if __name__ == "__main__":
    main()
