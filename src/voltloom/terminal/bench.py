"""`voltloom bench`: what a message costs, beside peers that do less or the same, in one run on this machine.

Every server runs for itself, and so does the load that drives it (`simulator.load`). They take turns, several times
over, so that whatever else this machine does hits all of them; what is told is the median. Progress goes to stderr.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from rich.table import Table

from voltloom.infra.processes import raise_open_files
from voltloom.terminal import output
from voltloom.terminal.contestants import NAMES, Contestant, Ground, Missing, child, read_line

VERSIONS = ("1.6", "2.0.1")
EXTRAS = ("tls", "open-loop", "idle", "storm")
SCENARIOS = (*NAMES, *EXTRAS)
OPEN_LOOP_RATE = 2_000.0
OPEN_LOOP_CONNECTIONS = 2_000
TLS_CONNECTIONS = 200
TLS_IDLE = 1_000
READY_S = 300.0
SPARE_FILES = 300
"""What a server has open besides its stations."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """connections   how many, each measured for itself
    crowd         of the scenarios that have one number; None: the largest of these
    seconds, warmup_s   of one measurement
    repeats       turns of each
    scenarios     empty: all
    """

    connections: tuple[int, ...] = (200, 2_000, 9_000)
    crowd: int | None = None
    seconds: float = 3.0
    warmup_s: float = 1.0
    repeats: int = 3
    scenarios: tuple[str, ...] = ()

    def has(self, scenario: str) -> bool:
        return not self.scenarios or scenario in self.scenarios


QUICK = Options(connections=(200,), crowd=1_000, seconds=1.0, warmup_s=0.5, repeats=1)


def options(
    connections: tuple[int, ...] | None,
    seconds: float | None,
    repeats: int | None,
    scenarios: Sequence[str] | None,
    *,
    quick: bool,
) -> Options:
    """What was given, over what is usual. None: not given."""
    usual = QUICK if quick else Options()
    return replace(
        usual,
        connections=connections or usual.connections,
        crowd=max(connections) if connections else usual.crowd,
        seconds=seconds or usual.seconds,
        repeats=repeats or usual.repeats,
        scenarios=tuple(scenarios or ()),
    )


def bench(options: Options, *, json: bool) -> None:
    unknown = [each for each in options.scenarios if each not in SCENARIOS]
    if unknown:
        output.fail(f"there is no scenario {unknown[0]!r}: choose of {', '.join(SCENARIOS)}")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        rows = measure(options)
    except KeyboardInterrupt:
        output.fail("the bench was stopped before its end")
    if json:
        print_json(rows)
    else:
        print_table(rows)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def measure(options: Options) -> list[Row]:
    """One row a scenario, version and number of connections."""
    counts = _possible(options.connections)
    if not counts:
        output.fail("too few open files are allowed to measure anything: see `ulimit -n`")
    crowd = min(options.crowd or max(counts), raise_open_files() - SPARE_FILES)
    rows: list[Row] = []
    with Ground(max(*counts, crowd), TLS_IDLE if options.has("tls") or options.has("idle") else 0) as ground:
        runner = _Runner(options, ground, rows)
        for count in counts:
            runner.cycles(count)
        voltlooms = [name for name in ("sqlite", "postgres") if options.has(name)] or ["sqlite"]
        if options.has("open-loop"):
            runner.open_loop(voltlooms, min(OPEN_LOOP_CONNECTIONS, crowd))
        if options.has("idle"):
            runner.idle(crowd)
        if options.has("storm"):
            runner.storm(voltlooms, crowd)
    return rows


def _possible(wanted: Iterable[int]) -> list[int]:
    """Those that this machine lets us have: a connection is an open file at both ends."""
    files = raise_open_files()
    possible: list[int] = []
    for count in sorted(set(wanted)):
        if count + SPARE_FILES <= files:
            possible.append(count)
        else:
            output.say(
                f"· {count} connections are left out: this shell allows {files} open files; "
                f"raise it with `ulimit -n {count + SPARE_FILES}`",
                style="yellow",
            )
    return possible


class _Load:
    """A load generator, connected and waiting for its turns."""

    def __init__(self, stack: ExitStack, contestant: Contestant, words: Sequence[str], *, tls: bool = False) -> None:
        self.contestant = contestant
        self.results: list[Row] = []
        url = contestant.tls_url if tls else contestant.url
        credentials = contestant.tls_credentials if tls else contestant.credentials
        line = [sys.executable, "-m", "voltloom.simulator.load", "--wait", "--json", "--url", url, *words]
        line += ["--pid", str(contestant.process.pid)]
        if contestant.database_pid is not None:
            line += ["--database-pid", str(contestant.database_pid)]
        if credentials is not None:
            line += ["--credentials", str(credentials)]
        if tls and contestant.roots is not None:
            line += ["--ca", str(contestant.roots)]
        if contestant.name == "echo":
            line.append("--echo")
        if contestant.forgetful:
            line.append("--forgetful")
        pipe = subprocess.PIPE
        self._process = child(stack, line, stdin=pipe, stdout=pipe, stderr=pipe)
        self._read()

    def turn(self) -> Row:
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()
        result: Row = json.loads(self._read())
        self.results.append(result)
        return result

    def _read(self) -> bytes:
        try:
            line = read_line(self._process, READY_S)
        except TimeoutError as error:
            raise Missing(f"its load did not get ready: {error}") from error
        if not line:
            assert self._process.stderr is not None
            raise Missing(self._process.stderr.read().decode(errors="replace").strip()[-300:])
        return line


class _Runner:
    """Runs scenarios and adds what they found to `rows`."""

    def __init__(self, options: Options, ground: Ground, rows: list[Row]) -> None:
        self.options = options
        self.ground = ground
        self.rows = rows

    # ---- scenarios

    def cycles(self, count: int) -> None:
        """All contestants in turns, on the same cycle as fast as it goes."""
        names = [name for name in NAMES if self.options.has(name)]
        with_tls = self.options.has("tls") and count == TLS_CONNECTIONS
        if with_tls and "sqlite" not in names:
            names.append("sqlite")
        with ExitStack() as stack:
            contestants = self._start(names, stack)
            for version in VERSIONS:
                with ExitStack() as loads:
                    waiting: list[tuple[str, _Load]] = []
                    for each in contestants:
                        words = ("--version", version, "--connections", str(count), *self._timing())
                        self._connect(
                            waiting, f"{each.name} {version}", count, each, partial(_Load, loads, each, words)
                        )
                        if with_tls and each.name == "sqlite":
                            over = partial(_Load, loads, each, words, tls=True)
                            self._connect(waiting, f"sqlite tls {version}", count, each, over)
                    self._take_turns(waiting)
                    self._conclude(waiting)

    def open_loop(self, names: Sequence[str], count: int) -> None:
        """At a rate that does not fill the machine: how long an answer takes."""
        with ExitStack() as stack:
            waiting: list[tuple[str, _Load]] = []
            for each in self._start(names, stack):
                words = ("--connections", str(count), "--rate", str(OPEN_LOOP_RATE), *self._timing(2.0))
                name = f"{each.name} 1.6 at {OPEN_LOOP_RATE:g}/s"
                self._connect(waiting, name, count, each, partial(_Load, stack, each, words))
            self._take_turns(waiting)
            self._conclude(waiting)

    def idle(self, count: int) -> None:
        """Memory of connections that say nothing."""
        for name, many, tls in (("sqlite idle", count, False), ("sqlite idle tls", min(TLS_IDLE, count), True)):
            with ExitStack() as stack:
                for each in self._start(("sqlite",), stack):
                    words = ("--mode", "idle", "--connections", str(many), "--seconds", "3")
                    waiting: list[tuple[str, _Load]] = []
                    self._connect(waiting, name, many, each, partial(_Load, stack, each, words, tls=tls))
                    for _, load in waiting:
                        load.turn()
                    self._conclude(waiting)

    def storm(self, names: Sequence[str], count: int) -> None:
        """All links cut at once: how long until all are back, booted and their status told."""
        with ExitStack() as stack:
            waiting: list[tuple[str, _Load]] = []
            for each in self._start(names, stack):
                words = ("--mode", "storm", "--connections", str(count))
                self._connect(waiting, f"{each.name} storm", count, each, partial(_Load, stack, each, words))
            self._take_turns(waiting)
            self._conclude(waiting)

    # ---- how

    def _timing(self, longer: float = 1.0) -> tuple[str, ...]:
        return ("--seconds", str(self.options.seconds * longer), "--warmup", str(self.options.warmup_s))

    def _start(self, names: Iterable[str], stack: ExitStack) -> list[Contestant]:
        started: list[Contestant] = []
        for name in names:
            try:
                started.append(self.ground.start(name, stack))
            except Missing as error:
                self._left_out(name, 0, error)
        return started

    def _connect(
        self,
        waiting: list[tuple[str, _Load]],
        name: str,
        count: int,
        contestant: Contestant,
        make: Callable[[], _Load],
    ) -> None:
        output.say(f"· {name}: connecting {count}")
        try:
            waiting.append((name, make()))
        except Missing as error:
            self._left_out(name, count, error)

    def _left_out(self, name: str, count: int, error: Missing) -> None:
        output.say(f"· {name} is left out: {error}", style="yellow")
        self.rows.append(_row(name, count) | {"left_out": str(error)})

    def _take_turns(self, waiting: Sequence[tuple[str, _Load]]) -> None:
        for turn in range(self.options.repeats):
            for name, load in waiting:
                found = load.turn()
                output.say(f"· {name}, {found['connections']} connections, turn {turn + 1}: {_told(found)}")

    def _conclude(self, waiting: Iterable[tuple[str, _Load]]) -> None:
        self.rows += [summary(name, load.contestant.about, load.results) for name, load in waiting if load.results]


# ---- what was found

_FIGURES = ("us_cpu_per_message", "messages_per_s", "p50_ms", "p99_ms")
_MEDIANS = (
    *_FIGURES,
    "database_us_cpu_per_message",
    "client_us_cpu_per_message",
    "bytes_per_connection",
    "storm_s",
    "us_cpu_per_reconnect",
)


def _row(name: str, count: int) -> Row:
    return {"scenario": name, "connections": count} | dict.fromkeys(_FIGURES)


def summary(name: str, about: str, results: Sequence[Row]) -> Row:
    """The medians of a scenario's turns."""
    row = _row(name, results[0]["connections"]) | {"about": about, "turns": len(results)}
    for figure in _MEDIANS:
        found = [result[figure] for result in results if result.get(figure) is not None]
        if found:
            row[figure] = round(median(found), 3)
    costs = [result["us_cpu_per_message"] for result in results if result.get("us_cpu_per_message") is not None]
    if costs:
        row["least_us_cpu_per_message"] = min(costs)
    row["errors"] = sum(result["errors"] for result in results)
    row["lost"] = sum(result["lost"] for result in results)
    row["first_error"] = next((result["first_error"] for result in results if result["first_error"]), "")
    return row


def _told(found: Row) -> str:
    if found.get("bytes_per_connection") is not None:
        return f"{found['bytes_per_connection'] / 1024:.1f} KiB a connection"
    if found.get("storm_s") is not None:
        return f"all back in {found['storm_s']:.2f} s"
    database = found.get("database_us_cpu_per_message")
    beside = f" (+ {database:.0f} µs of the database)" if database is not None else ""
    trouble = f", {found['errors']} errors: {found['first_error']}" if found["errors"] or found["lost"] else ""
    return (
        f"{found['us_cpu_per_message']} µs a message{beside}, {found['messages_per_s']:.0f} a second, "
        f"p99 {found['p99_ms']} ms{trouble}"
    )


def print_json(rows: Sequence[Row]) -> None:
    sys.stdout.write(json.dumps(rows, indent=1) + "\n")


def print_table(rows: Sequence[Row]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scenario", overflow="fold")
    for heading in ("connections", "µs CPU/message", "database µs", "messages/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right")
    for row in rows:
        if row["us_cpu_per_message"] is None:
            continue
        figures = ("us_cpu_per_message", "database_us_cpu_per_message", "messages_per_s", "p50_ms", "p99_ms")
        table.add_row(row["scenario"], str(row["connections"]), *(_figure(row.get(name)) for name in figures))
    output.people.print(table)
    for row in rows:
        count = row["connections"]
        if row.get("left_out"):
            output.people.print(f"{row['scenario']} is left out: {row['left_out']}", markup=False)
        elif row.get("bytes_per_connection") is not None:
            kib = row["bytes_per_connection"] / 1024
            output.people.print(f"{row['scenario']}: {kib:.1f} KiB a connection, with {count} of them")
        elif row.get("storm_s") is not None:
            output.people.print(f"{row['scenario']}: {count} stations are back after {row['storm_s']:.2f} s")
    for name, wanted, found, is_met in goals(rows):
        output.people.print(f"goal: {name}, at most {wanted:g}: {found:.4g}, {'met' if is_met else 'not met'}")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def goals(rows: Sequence[Row]) -> list[tuple[str, float, float, bool]]:
    """Name, what is wanted, what was found, and whether that is it; of those goals that were measured."""
    costs = {(row["scenario"], row["connections"]): row["us_cpu_per_message"] for row in rows}
    told: list[tuple[str, float, float | None]] = []
    for version in VERSIONS:
        scenario = f"sqlite {version}"
        counts = sorted(count for name, count in costs if name == scenario and costs[name, count] is not None)
        if not counts:
            continue
        least = costs[scenario, counts[0]]
        told.append((f"µs CPU a durable message, {scenario}, {counts[0]} connections", 60, least))
        if len(counts) > 1:
            name = f"cost at {counts[-1]} connections of that at {counts[0]}, {scenario}"
            told.append((name, 1.5, costs[scenario, counts[-1]] / least))
    by_name = {row["scenario"]: row for row in rows}
    for scenario, figure, wanted, name in (
        (f"sqlite 1.6 at {OPEN_LOOP_RATE:g}/s", "p99_ms", 25, f"p99 in ms at {OPEN_LOOP_RATE:g} messages a second"),
        ("sqlite storm", "storm_s", 5, "seconds until all stations are back"),
    ):
        told.append((name, wanted, by_name.get(scenario, {}).get(figure)))
    idle = by_name.get("sqlite idle", {}).get("bytes_per_connection")
    told.append(("KiB an idle connection", 25, None if idle is None else idle / 1024))
    return [(name, wanted, found, found <= wanted) for name, wanted, found in told if found is not None]
