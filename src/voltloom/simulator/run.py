"""A fleet that lives by itself: what `voltloom simulate` and the demo run."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from voltloom.simulator.evse import Token
from voltloom.simulator.fleet import Plan, StationPlan, make_plan
from voltloom.simulator.life import Habits, Life
from voltloom.simulator.vehicle import SiteKind, Tempo
from voltloom.simulator.wire import VERSIONS, Target, Wire, new_station


@dataclass(frozen=True, slots=True)
class Options:
    """What is simulated, and against what.

    url             with {id}, or the identity is appended
    plan            the network; None: one of `stations` stations is made from the seed
    versions        only stations of these, when a network is made; () for all
    profile         security profile of made stations
    password        of stations that have none in the plan; with {id} and {n}
    credentials     a JSON file: object identity → password; comes before `password`
    certificates    a folder with <identity>.pem and <identity>.key, for profile 3
    pace            how much faster the days pass, see `vehicle`
    faults_per_day  of one station, at pace 1
    idle            stations only: no cars, no faults
    per_second      how many stations power up a second
    duration_s      None: until cancelled
    """

    url: str
    plan: Plan | None = None
    stations: int = 24
    versions: tuple[str, ...] = ()
    profile: int = 1
    password: str = ""
    credentials: Path | None = None
    certificates: Path | None = None
    ca: str | None = None
    seed: int = 7
    pace: float = 1.0
    faults_per_day: float = 0.5
    interval_s: int = 60
    idle: bool = False
    per_second: float = 20.0
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How the fleet stands. Counters run from the beginning."""

    seconds: float
    stations: int
    connected: int
    accepted: int
    power_w: float
    energy_wh: float
    starts: int
    ends: int
    faults: int
    queued: int
    sent: int
    received: int
    errors: int
    refused: int
    statuses: dict[str, int] = field(default_factory=dict)
    refusal: str = ""
    """Why a station was not let in, the latest."""

    def __str__(self) -> str:
        states = ", ".join(f"{n} {status}" for status, n in sorted(self.statuses.items()))
        trouble = f" · refused {self.refused}: {self.refusal}" if self.refusal else ""
        return (
            f"{self.accepted}/{self.stations} stations · {self.power_w / 1000:.1f} kW · {states} · "
            f"{self.starts} started, {self.ends} ended · {self.sent} sent, {self.received} received{trouble}"
        )


class Fleet:
    """The running stations of a plan. `async with` it, or `start` and `stop`."""

    def __init__(self, options: Options) -> None:
        self.plan = _plan(options)
        self.counts: Counter[str] = Counter()
        self.wires: list[Wire] = []
        self.lives: list[Life] = []
        self._options = options
        self._began = time.time()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Power the stations up, a few at a time."""
        options = self._options
        self._began = time.time()
        target = Target(options.url, options.ca)
        for number, plan in enumerate(self.plan.stations):
            station = new_station(plan, self.plan.seed, boot_s=(0.1, 1.5))
            station.touch(time.time())
            station.power_up()
            wire = Wire(station, target, counts=self.counts)
            self.wires.append(wire)
            if not options.idle:
                life = Life(station, self._habits(plan, number), self.plan.seed)
                life.begin()
                self.lives.append(life)
            self._tasks.append(asyncio.create_task(wire.run(), name=f"station {plan.id}"))
            behind = (number + 1) / options.per_second - (time.time() - self._began)
            if behind > 0.01:
                await asyncio.sleep(behind)

    async def stop(self) -> None:
        """Close all links properly."""
        for wire in self.wires:
            wire.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def raise_if_broken(self) -> None:
        """A station whose task ended with an error is a bug of the simulator."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def progress(self) -> Progress:
        now = time.time()
        statuses: Counter[str] = Counter()
        tally: Counter[str] = Counter()
        power_w = energy_wh = 0.0
        for wire in self.wires:
            station = wire.station
            tally.update(
                connected=station.online,
                accepted=station.online and station.registration == "Accepted",
                starts=station.tally["starts"],
                ends=station.tally["ends"],
                faults=sum(n for name, n in station.tally.items() if name.startswith("faults:")),
                queued=station.queued,
            )
            energy_wh += station.tally["energy_wh"]
            for evse in station.evses:
                if evse.is_busy:
                    evse.settle(max(now, station.now))
                    power_w += evse.flow().power_w
                    energy_wh += evse.meter.register_wh - (evse.transaction.meter_start_wh if evse.transaction else 0)
                statuses[evse.status.value if station.powered else "off"] += 1
        refusals = [wire.refusal for wire in self.wires if wire.refusal is not None]
        return Progress(
            seconds=now - self._began,
            stations=len(self.plan.stations),
            connected=tally["connected"],
            accepted=tally["accepted"],
            power_w=power_w,
            energy_wh=energy_wh,
            starts=tally["starts"],
            ends=tally["ends"],
            faults=tally["faults"],
            queued=tally["queued"],
            sent=self.counts["sent"],
            received=self.counts["received"],
            errors=self.counts["errors"],
            refused=self.counts["refused"],
            statuses=dict(statuses),
            refusal=str(refusals[-1]) if refusals else "",
        )

    def _habits(self, plan: StationPlan, number: int) -> Habits:
        options, site = self._options, self.plan.site_of(plan)
        fast = all(outlet.phases == 0 for outlet in plan.outlets)
        kind = site.kind if site else (SiteKind.FAST if fast else SiteKind.PUBLIC)
        if fast and kind is not SiteKind.FAST:
            kind = SiteKind.FAST  # nobody parks all day at a fast charger
        # At a faster pace the day begins at eight: the demo's first minutes are a morning.
        tempo = Tempo(options.pace, self._began, 8.0) if options.pace != 1 else Tempo()
        # Each station has drivers of its own: who charges at one cannot begin at another.
        tokens = [Token(t.value, t.kind) for t in self.plan.tokens[number :: len(self.plan.stations)]]
        tokens = tokens or [Token(f"SIMULATED{number}")]
        strangers = [Token(t.value, t.kind) for t in self.plan.strangers]
        return Habits(kind, tokens, strangers, tempo, options.faults_per_day)


async def simulate(
    options: Options, progress: Callable[[Progress], None] | None = None, every_s: float = 1.0
) -> Progress:
    """Run a fleet for its duration, or until cancelled; how it stood at the end.

    Raises OSError or msgspec.MsgspecError when the credentials cannot be read, ValueError for a version there is not.
    """
    fleet = Fleet(options)
    starting = asyncio.create_task(fleet.start())
    ends_at = None if options.duration_s is None else time.monotonic() + options.duration_s
    try:
        while ends_at is None or time.monotonic() < ends_at:
            await asyncio.sleep(every_s if ends_at is None else min(every_s, max(0.0, ends_at - time.monotonic())))
            if starting.done():
                starting.result()
            fleet.raise_if_broken()
            if progress is not None:
                progress(fleet.progress())
        return fleet.progress()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await fleet.stop()


def _plan(options: Options) -> Plan:
    plan = options.plan
    if plan is None:
        plan = make_plan(options.seed, options.stations, (options.profile,), options.interval_s)
        if options.versions:
            plan = _of_versions(options)
    known: dict[str, str] = {}
    if options.credentials is not None:
        known = msgspec.json.decode(options.credentials.read_bytes(), type=dict[str, str])
    return replace(plan, stations=tuple(_with_credentials(options, plan.stations, known)))


def _of_versions(options: Options) -> Plan:
    """As many stations of these versions as were asked for, and the sites they stand at."""
    if unknown := set(options.versions) - set(VERSIONS):
        raise ValueError(f"no such version: {', '.join(sorted(unknown))}; there are {', '.join(VERSIONS)}")
    wanted = options.stations
    while True:
        plan = make_plan(options.seed, wanted, (options.profile,), options.interval_s)
        chosen = [s for s in plan.stations if s.version in options.versions]
        if len(chosen) >= options.stations:
            break
        wanted *= 2
    chosen = chosen[: options.stations]
    standing = {s.site for s in chosen}
    return replace(plan, stations=tuple(chosen), sites=tuple(s for s in plan.sites if s.id in standing))


def _with_credentials(
    options: Options, stations: tuple[StationPlan, ...], known: dict[str, str]
) -> Iterator[StationPlan]:
    for number, plan in enumerate(stations):
        password = known.get(plan.id) or plan.password or options.password.format(id=plan.id, n=number)
        files = {}
        if options.certificates is not None and plan.profile == 3 and not plan.certificate_file:
            files = {
                "certificate_file": str(options.certificates / f"{plan.id}.pem"),
                "key_file": str(options.certificates / f"{plan.id}.key"),
            }
        yield replace(plan, password=password, **files)
