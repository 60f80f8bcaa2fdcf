"""All stations of one process, and what they measure, round by round."""

import asyncio
import gc
import random
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

import psutil

from voltloom.simulator.cycles import CYCLES, Cycle, Pulse
from voltloom.simulator.load.options import Options
from voltloom.simulator.load.processes import cpu_s, processes, rss_bytes
from voltloom.simulator.load.station import Counts, LoadStation, TryAgain, stations_of, tls_context

SPREAD_S = 120.0
"""How long a slow server may take to bring all stations to their places in the cycle."""
LONGEST_S = 30.0
"""A measurement takes no longer, however slow the server is."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 5.0


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
        self.tls = tls_context(options)
        self.stations = list(stations_of(self, options))

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
        began = time.perf_counter()
        until = began + self.options.patience_s
        coming = [asyncio.create_task(self._connect(station, gate, until)) for station in self.stations]
        try:
            await asyncio.gather(*coming)
        finally:
            for each in coming:
                each.cancel()
        return time.perf_counter() - began

    async def _connect(self, station: LoadStation, gate: asyncio.Semaphore, until: float) -> None:
        """As stations do: one that is cut off comes back after a while, each time later, and not with all others."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with gate:
                    await station.connect()
                return
            except TryAgain as error:
                self.counts.tried_again += 1
                self.counts.first_refusal = self.counts.first_refusal or str(error)
                if time.perf_counter() > until:
                    raise
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def run(self, rounds: AsyncIterable[None]) -> AsyncGenerator[dict[str, Any]]:
        """What each round found."""
        server, database = processes(self.options.pid), processes(self.options.database_pid)
        rss_before = rss_bytes(server)
        beat = asyncio.create_task(self._beat())
        connect_s = await self.connect_all()
        coming = {"connect_s": round(connect_s, 3), "connect_tried_again": self.counts.tried_again}
        if self.options.mode == "cycle":
            await self._spread()
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            async for _ in rounds:
                self.counts = Counts()
                result: dict[str, Any] = {"connections": len(self.stations), **coming}
                match self.options.mode:
                    case "cycle":
                        result |= await self._cycle(server, database)
                    case "idle":
                        await asyncio.sleep(self.options.seconds)
                        result["bytes_per_connection"] = (rss_bytes(server) - rss_before) // len(self.stations)
                    case _:
                        result |= await self._storm(server)
                counts = self.counts
                result |= {"errors": counts.errors, "lost": counts.lost, "first_error": counts.first_error}
                result |= {"tried_again": counts.tried_again, "first_refusal": counts.first_refusal}
                yield {"scenario": self.options.name or self.options.mode} | result
        finally:
            gc.enable()
            gc.unfreeze()
            beat.cancel()
            for station in self.stations:
                station.cut()

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
        cpu, database_cpu = cpu_s(server), cpu_s(database)
        own, began = time.process_time(), time.perf_counter()
        self.measuring = True
        await asyncio.sleep(options.seconds)
        if self.closed_loop:
            await self._whole_rounds(began + LONGEST_S)
        self.measuring = False
        seconds = time.perf_counter() - began
        spent, mine = cpu_s(server) - cpu, time.process_time() - own
        database_spent = cpu_s(database) - database_cpu
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
        cpu = cpu_s(server)
        began = time.perf_counter()
        for station in self.stations:
            station.cut()
        await self.connect_all()
        seconds = time.perf_counter() - began
        spent = cpu_s(server) - cpu
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
