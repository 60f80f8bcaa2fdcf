"""`voltloom top`: the network in a terminal. Reads the API like any other program; draws with rich."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from voltloom.app.places import addresses, local_key_file
from voltloom.features.access import read_local_key
from voltloom.infra.settings import Settings
from voltloom.terminal import output

REFRESH_S = 1.0
MOST_STATIONS = 500
"""Read at once; a larger network shows its first so many, those in trouble at the top."""

Json = Mapping[str, Any]

_STATES = (
    ("Faulted", "bold red", "✗"),
    ("Charging", "green", "⚡"),
    ("SuspendedEV", "yellow", "‖"),
    ("SuspendedEVSE", "yellow", "‖"),
    ("Preparing", "cyan", "…"),
    ("Finishing", "cyan", "…"),
    ("Occupied", "cyan", "●"),
    ("Reserved", "magenta", "◆"),
    ("Unavailable", "red", "–"),
    ("Available", "dim", "○"),
)
_STYLES = {name: style for name, style, _ in _STATES}
_MARKS = {name: mark for name, _, mark in _STATES}
_RANKS = {name: rank for rank, (name, _, _) in enumerate(_STATES)}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The network as the API told it. charges: open transactions, by station and EVSE."""

    at: datetime
    network: Json
    stations: Sequence[Json]
    charges: Mapping[tuple[str, int], Json]
    sites: Mapping[str, str]
    url: str


@dataclass(slots=True)
class Reader:
    """Reads snapshots from a server."""

    url: str
    client: httpx.Client
    _sites: dict[str, str] = field(default_factory=dict[str, str])
    _sites_read: float = 0.0

    def read(self) -> Snapshot:
        """Raises httpx.HTTPError."""
        if not self._sites or time.monotonic() - self._sites_read > 60:
            self._sites = {site["id"]: site["name"] for site in self._get("/sites", limit=500)["items"]}
            self._sites_read = time.monotonic()
        charges = self._get("/transactions", state="open", limit=MOST_STATIONS)["items"]
        return Snapshot(
            at=datetime.now(UTC),
            network=self._get("/network"),
            stations=self._get("/stations", limit=MOST_STATIONS)["items"],
            charges={(each["station_id"], each["evse"]): each for each in charges},
            sites=self._sites,
            url=self.url,
        )

    def _get(self, path: str, **query: str | int) -> Any:
        answer = self.client.get(f"/api/v1{path}", params=query)
        answer.raise_for_status()
        return answer.json()


def connect(settings: Settings, url: str | None, key: str | None) -> Reader:
    """To the server given, else to the one that runs on this data directory. Ends the command where there is none."""
    own = key is None and url is None
    if key is None:
        local = read_local_key(local_key_file(settings))
        if local is None:
            output.fail(
                f"no server runs on {settings.data_dir}: start one with `voltloom serve` or `voltloom demo`, give its "
                "--data-dir, or give --url and --key of another."
            )
        url, key = url or local.url, local.token
    url = (url or addresses(settings).http).rstrip("/")
    # On this machine it answers by an address that its certificate does not name.
    client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10, verify=not own)
    return Reader(url, client)


def top(settings: Settings, url: str | None, key: str | None, *, once: bool, json: bool) -> None:
    reader = connect(settings, url, key)
    try:
        if json or once:
            snapshot = reader.read()
            if json:
                output.people.print_json(msgspec.json.encode(plain(snapshot)).decode())
            else:
                output.people.print(draw(snapshot, deque([snapshot.network["power_w"]]), output.people.width, None))
            return
        watch(reader)
    except KeyboardInterrupt:
        pass
    except httpx.HTTPStatusError as error:
        output.fail(f"{reader.url} refused: {_reason(error.response)}")
    except httpx.HTTPError as error:
        output.fail(f"{reader.url} does not answer ({type(error).__name__}): is the server running?")


def watch(reader: Reader, *, seconds: float | None = None, above: Sequence[Text] = ()) -> None:
    """Until Ctrl-C, or for so long. A server that is away for a while is waited for, and said to be away."""
    powers: deque[float] = deque(maxlen=60)
    ends = None if seconds is None else time.monotonic() + seconds
    snapshot: Snapshot | None = None
    with Live(console=output.people, screen=output.people.is_terminal, auto_refresh=False) as live:
        while ends is None or time.monotonic() < ends:
            trouble = None
            try:
                snapshot = reader.read()
                powers.append(snapshot.network["power_w"])
            except httpx.HTTPError as error:
                if snapshot is None:
                    raise
                trouble = f"no answer for {(datetime.now(UTC) - snapshot.at).seconds} s ({type(error).__name__})"
            drawn = draw(snapshot, powers, output.people.width, output.people.height - len(above), trouble=trouble)
            live.update(Group(*above, drawn), refresh=True)
            time.sleep(REFRESH_S)


def plain(snapshot: Snapshot) -> dict[str, object]:
    return {
        "at": snapshot.at,
        "network": snapshot.network,
        "stations": list(snapshot.stations),
        "transactions": list(snapshot.charges.values()),
    }


# ---- drawing


def draw(
    snapshot: Snapshot, powers: Iterable[float], width: int, height: int | None, *, trouble: str | None = None
) -> Group:
    """height: lines there are; None: as many as it takes."""
    room = None if height is None else max(3, height - 9)
    shown = ranked(snapshot)
    hidden = 0 if room is None else max(0, len(shown) - room)
    parts: list[RenderableType] = [
        headline(snapshot, trouble),
        summary(snapshot, powers),
        Text(),
        table(snapshot, shown if room is None else shown[:room], width),
    ]
    if hidden:
        parts.append(Text(f"… and {hidden} more: a taller window shows them", style="dim"))
    parts.append(Text("Ctrl-C ends", style="dim"))
    return Group(*parts)


def headline(snapshot: Snapshot, trouble: str | None) -> Text:
    line = Text.assemble(("voltloom", "bold"), "  ", (snapshot.url, "dim"), "  ")
    line.append(f"{snapshot.at.astimezone():%H:%M:%S}", style="dim")
    line.append("  ")
    line.append(f"stale: {trouble}" if trouble else "live", style="bold red" if trouble else "green")
    return line


def summary(snapshot: Snapshot, powers: Iterable[float]) -> Text:
    network, counts = snapshot.network, connectors_by_state(snapshot)
    protocols = "  ".join(
        f"{name.removeprefix('ocpp')}×{count}" for name, count in sorted(network["stations_by_protocol"].items())
    )
    line = Text.assemble(
        ("stations ", "dim"),
        (f"{network['stations_connected']}", "bold"),
        (f"/{network['stations']}", "dim"),
        (f" ({protocols})" if protocols else "", "dim"),
        ("   charging ", "dim"),
        (f"{network['transactions_open']}", "bold"),
        ("   power ", "dim"),
        (watts(network["power_w"]), "bold"),
        ("  ", ""),
        (sparkline(powers), "green"),
        ("   messages/s ", "dim"),
        (f"{network['messages_in_per_s']:.1f} in  {network['messages_out_per_s']:.1f} out", "bold"),
    )
    line.append("\n")
    for name, style, mark in _STATES:
        count = counts[name]
        if count:
            line.append(f"{mark} {name} {count}   ", style=style)
    return line


def connectors_by_state(snapshot: Snapshot) -> Counter[str]:
    """As the table shows them: to a 2.x station a connector that charges is occupied, no more."""
    counts = Counter[str](snapshot.network["connectors_by_status"])
    for station in snapshot.stations:
        for connector in station["connectors"]:
            state = state_of(station, connector, snapshot.charges)
            if state != connector["status"] and counts[connector["status"]]:
                counts[connector["status"]] -= 1
                counts[state] += 1
    return counts


def ranked(snapshot: Snapshot) -> list[Json]:
    """In trouble first, then by what they give."""

    def rank(station: Json) -> tuple[int, float, str]:
        if not station["link"]["connected"]:
            return (1, 0.0, station["id"])
        statuses = [connector["status"] for connector in station["connectors"]]
        worst = min((_RANKS.get(status, 99) for status in statuses), default=99)
        return (0 if worst == 0 else 2, -power_of(snapshot, station), station["id"])

    return sorted(snapshot.stations, key=rank)


def power_of(snapshot: Snapshot, station: Json) -> float:
    charges = (charge for (station_id, _), charge in snapshot.charges.items() if station_id == station["id"])
    return sum(charge["power_w"] or 0.0 for charge in charges)


COLUMNS = (
    # name, what it needs at least, from which width of the window it is shown
    ("station", 8, 0),
    ("connectors", 22, 0),
    ("power", 9, 0),
    ("charged", 9, 72),
    ("battery", 7, 84),
    ("site", 14, 96),
    ("version", 7, 106),
    ("make", 20, 130),
    ("link", 6, 138),
)
_RIGHT = {"power", "charged", "battery", "link"}


def table(snapshot: Snapshot, stations: Sequence[Json], width: int) -> Table:
    """A narrow window shows what matters most."""
    drawn = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    shown = [name for name, _, from_width in COLUMNS if width >= from_width]
    for name, least, _ in COLUMNS:
        if name in shown:
            drawn.add_column(name, justify="right" if name in _RIGHT else "left", no_wrap=True, min_width=least)
    for station in stations:
        cells = row(snapshot, station)
        drawn.add_row(*(cells[name] for name in shown))
    return drawn


def row(snapshot: Snapshot, station: Json) -> dict[str, RenderableType]:
    link, hardware = station["link"], station["hardware"]
    charges = [charge for (station_id, _), charge in snapshot.charges.items() if station_id == station["id"]]
    energy = [charge["energy_wh"] for charge in charges if charge["energy_wh"] is not None]
    batteries = [f"{charge['soc_percent']:.0f} %" for charge in charges if charge["soc_percent"] is not None]
    power = sum(charge["power_w"] or 0.0 for charge in charges)
    connected = link["connected"]
    since = link["since"] if connected else link["disconnected_at"]
    return {
        "station": Text(_inert(station["id"]), style="" if connected else "red"),
        "connectors": states(station, snapshot.charges)
        if connected
        else Text(f"offline {ago(link['disconnected_at'], snapshot.at)}", style="red"),
        "power": Text(watts(power) if charges else "", style="green"),
        "charged": Text(f"{sum(energy) / 1000:.2f} kWh" if energy else ""),
        "battery": Text(" ".join(batteries)),
        "site": Text(_inert(snapshot.sites.get(station["site_id"] or "", ""))[:24], style="dim"),
        "version": Text(link["protocol"].removeprefix("ocpp"), style="dim"),
        "make": Text(_inert(f"{hardware['vendor']} {hardware['model']}")[:30], style="dim"),
        # Not when it was last heard: that is kept to five minutes only.
        "link": Text(f"{'up' if connected else 'off'} {ago(since, snapshot.at)}", style="dim"),
    }


def states(station: Json, charges: Mapping[tuple[str, int], Json]) -> Text:
    found = Text()
    for connector in station["connectors"]:
        if connector["evse"] == 0:
            continue
        state = state_of(station, connector, charges)
        found.append(f"{_MARKS.get(state, '?')} {state}  ", style=_STYLES.get(state, ""))
    return found if found.plain else Text("not heard of yet", style="dim")


def state_of(station: Json, connector: Json, charges: Mapping[tuple[str, int], Json]) -> str:
    """An occupied connector of a 2.x station is as its transaction says it is."""
    status: str = connector["status"]
    if status != "Occupied":
        return status
    charging: str = charges.get((station["id"], connector["evse"]), {}).get("charging_state") or ""
    return charging if charging in ("Charging", "SuspendedEV", "SuspendedEVSE") else status


def watts(power_w: float) -> str:
    return f"{power_w / 1e6:.2f} MW" if abs(power_w) >= 1e6 else f"{power_w / 1000:.1f} kW"


def ago(text: str | None, now: datetime) -> str:
    if not text:
        return "–"
    seconds = max(0, int((now - datetime.fromisoformat(text)).total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} d"


def sparkline(values: Iterable[float]) -> str:
    """A line of blocks, from nothing to the highest of them."""
    shown = list(values)
    highest = max(shown, default=0.0)
    if highest <= 0:
        return ""
    return "".join("▁▂▃▄▅▆▇█"[min(7, int(value / highest * 7.999))] for value in shown[-30:])


def _inert(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def _reason(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem.get("title"))
    except ValueError:
        return f"status {response.status_code}"
