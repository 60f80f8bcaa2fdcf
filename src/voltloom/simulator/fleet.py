"""Which stations there are: a catalogue of makes with their manners, and plans of whole networks.

A plan is plain data: the demo creates its records from it, `voltloom simulate --plan` reads one from JSON or TOML.
Makes and people are invented; cities are where they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

import msgspec

from voltloom.simulator import meter
from voltloom.simulator.chance import dice
from voltloom.simulator.meter import MeterStyle
from voltloom.simulator.vehicle import Outlet, SiteKind

# ---- makes


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a make strays from the others, within the standard or just beyond.

    floats          whole numbers as 1.0 (2.x)
    spaced          JSON with spaces after , and :
    escaped         all but ASCII as \\u escapes
    starts_on_plug  2.x: a transaction begins with the cable, not with the power
    hasty           tells its connectors' states before its boot was answered
    hex_password    1.6: reads the AuthorizationKey as hexadecimal and sends its bytes
    offers          subprotocols it names beside its own, the worse ones
    """

    meter: MeterStyle = field(default_factory=MeterStyle)
    floats: bool = False
    spaced: bool = False
    escaped: bool = False
    starts_on_plug: bool = False
    hasty: bool = False
    hex_password: bool = False
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Make:
    """One product. connector_types: 2.x words, one an outlet. measurands: what it says every interval."""

    vendor: str
    model: str
    version: str
    firmware: str
    outlets: tuple[Outlet, ...]
    connector_type: str
    measurands: tuple[str, ...]
    quirks: Quirks = field(default_factory=Quirks)


_AC11, _AC22 = Outlet(11_040, 3, 16), Outlet(22_080, 3, 32)
_DC50, _DC150, _DC300 = Outlet(50_000, 0, 125), Outlet(150_000, 0, 400), Outlet(300_000, 0, 500)

MAKES = (
    Make(
        "Larkspur", "Wall 11", "1.6", "3.2.11", (_AC11,), "cType2", meter.PLAIN,
        Quirks(MeterStyle(bare=True, decimals=0, milliseconds=False)),
    ),
    Make(
        "Larkspur", "Post Duo 22", "1.6", "3.4.0", (_AC22, _AC22), "sType2", (*meter.FULL, meter.TEMPERATURE),
        Quirks(MeterStyle(line_names=True, decimals=1), hasty=True, spaced=True),
    ),
    Make("Tamarind Works", "Hearth", "2.0.1", "R7.1", (_AC11,), "cType2", meter.FULL, Quirks(starts_on_plug=True)),
    Make(
        "Tamarind Works", "Hearth S", "2.1", "R8.0", (_AC11,), "cType2", meter.FULL,
        Quirks(MeterStyle(bare=True), starts_on_plug=True, offers=("ocpp2.0.1",)),
    ),
    Make(
        "Østerå Elektro", "Gatestolpe 2×22", "2.0.1", "1.18.4", (_AC22, _AC22), "sType2", meter.FULL,
        Quirks(MeterStyle(multiplier=True, decimals=3), floats=True, escaped=True),
    ),
    Make(
        "Østerå Elektro", "Hurtig 50", "1.6", "1.16.2", (_DC50,), "cCCS2", (*meter.FULL_DC, meter.TEMPERATURE),
        Quirks(MeterStyle(kilo=True, decimals=1), escaped=True),
    ),
    Make("Kestrel Power", "Talon 150", "2.0.1", "22.9.1", (_DC150,), "cCCS2", meter.FULL_DC, Quirks(hasty=True)),
    Make("Kestrel Power", "Talon 300", "2.1", "24.0.3", (_DC300, _DC300), "cCCS2", meter.FULL_DC),
    Make(
        "Brightwater", "HPC 300", "1.6", "0.9.77-b2", (_DC300,), "cCCS2", (*meter.FULL_DC, meter.TEMPERATURE),
        Quirks(MeterStyle(milliseconds=False, line_names=True, decimals=1), spaced=True),
    ),
)  # fmt: skip


def make_of(vendor: str, model: str) -> Make | None:
    return next((make for make in MAKES if (make.vendor, make.model) == (vendor, model)), None)


# ---- plans


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """status: as the network should answer for it. kind: a 2.x id token type."""

    value: str
    kind: str
    holder: str
    status: str = "Accepted"
    group: str = ""


@dataclass(frozen=True, slots=True)
class SitePlan:
    id: str
    name: str
    kind: SiteKind
    address: str
    postal_code: str
    city: str
    country: str
    latitude: float
    longitude: float
    time_zone: str
    limit_w: float


@dataclass(frozen=True, slots=True)
class OutletPlan:
    """One EVSE and its connector. phases 0: direct current."""

    max_w: float
    phases: int
    max_a: float
    connector_type: str

    @property
    def outlet(self) -> Outlet:
        return Outlet(self.max_w, self.phases, self.max_a)


@dataclass(frozen=True, slots=True)
class StationPlan:
    """version: "1.6", "2.0.1" or "2.1". profile: the OCPP security profile, 0–3.

    password               for profiles 1 and 2
    certificate_file, key_file   of the station itself, for profile 3
    """

    id: str
    site: str = ""
    vendor: str = "Tamarind Works"
    model: str = "Hearth"
    serial: str = ""
    firmware: str = "1.0"
    version: str = "2.0.1"
    profile: int = 1
    outlets: tuple[OutletPlan, ...] = (OutletPlan(11_040, 3, 16, "cType2"),)
    measurands: tuple[str, ...] = meter.PLAIN
    sample_interval_s: int = 60
    quirks: Quirks = field(default_factory=Quirks)
    password: str = ""
    certificate_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A network. tokens: drivers the network knows; strangers: tokens that turn up and it does not."""

    name: str = "Simulated network"
    seed: int = 1
    sites: tuple[SitePlan, ...] = ()
    stations: tuple[StationPlan, ...] = ()
    tokens: tuple[TokenPlan, ...] = ()
    strangers: tuple[TokenPlan, ...] = ()

    def with_passwords(self, passwords: Mapping[str, str]) -> "Plan":
        """The same network, its stations knowing their passwords (by identity)."""
        stations = tuple(replace(s, password=passwords.get(s.id, s.password)) for s in self.stations)
        return replace(self, stations=stations)

    def site_of(self, station: StationPlan) -> SitePlan | None:
        return next((site for site in self.sites if site.id == station.site), None)


def read_plan(path: Path) -> Plan:
    """A plan from a .toml or .json file. Raises msgspec.MsgspecError with the path of what is wrong, or OSError."""
    text = path.read_bytes()
    return msgspec.toml.decode(text, type=Plan) if path.suffix == ".toml" else msgspec.json.decode(text, type=Plan)


def write_plan(plan: Plan, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2))


@dataclass(frozen=True, slots=True)
class _Place:
    """models: what stands there, in order."""

    code: str
    site: SitePlan
    models: tuple[str, ...]


def _place(code: str, name: str, kind: SiteKind, where: str, at: tuple[float, float], zone: str, models: str) -> _Place:
    address, postal_code, city, country = where.split(" | ")
    site = SitePlan(code, name, kind, address, postal_code, city, country, *at, zone, 0.0)
    return _Place(code, site, tuple(models.split(", ")))


_PLACES = (
    _place(
        "UTR", "Merwede Court", SiteKind.HOME, "Kanaalweg 14 | 3526 KL | Utrecht | NL", (52.0768, 5.1036),
        "Europe/Amsterdam", "Wall 11, Hearth, Wall 11, Hearth S, Hearth",
    ),
    _place(
        "HAM", "Speicher Offices", SiteKind.WORK, "Brooktorkai 20 | 20457 | Hamburg | DE", (53.5446, 9.9987),
        "Europe/Berlin", "Post Duo 22, Gatestolpe 2×22, Post Duo 22, Hearth S, Gatestolpe 2×22",
    ),
    _place(
        "LYS", "Parc Part-Dieu", SiteKind.PUBLIC, "Rue de Bonnel 90 | 69003 | Lyon | FR", (45.7606, 4.8560),
        "Europe/Paris", "Post Duo 22, Gatestolpe 2×22, Post Duo 22, Hurtig 50",
    ),
    _place(
        "GOT", "Göta Hub", SiteKind.FAST, "Kruthusgatan 17 | 411 04 | Göteborg | SE", (57.7130, 11.9752),
        "Europe/Stockholm", "Talon 150, Talon 300, HPC 300, Hurtig 50",
    ),
    _place(
        "OPO", "Mercado da Boavista", SiteKind.PUBLIC, "Avenida da Boavista 1300 | 4100-130 | Porto | PT",
        (41.1592, -8.6400), "Europe/Lisbon", "Gatestolpe 2×22, Post Duo 22, Talon 150",
    ),
    _place(
        "BRQ", "D1 Rest Brno", SiteKind.FAST, "Vídeňská 120 | 619 00 | Brno | CZ", (49.1643, 16.5975),
        "Europe/Prague", "Talon 300, Talon 150, HPC 300",
    ),
)  # fmt: skip

_FIRST = "Ada Bruno Chloé Daan Elif Femke Goran Hanna Ines Jonas Karin Luca Marta Niels Olga Pavel Rui Sofia Tomáš Yara"
_LAST = "Almeida Bakker Claesson Dvořák Engel Fournier Graf Hansen Ivanova Jansen Keller Lopes Martin Novák Petit"


def make_plan(seed: int = 7, stations: int = 24, profiles: Sequence[int] = (1,), interval_s: int = 60) -> Plan:
    """A network of several sites in European cities, always the same for the same arguments.

    24 stations fill the six sites; more repeat them with other numbers. profiles: security profiles, in turn.
    interval_s: between meter samples.
    """
    planned: dict[str, list[StationPlan]] = {}
    sites: dict[str, SitePlan] = {}
    for number, (code, site, make) in enumerate(islice(_spots(), stations)):
        sites[code] = replace(site, id=code)
        here = planned.setdefault(code, [])
        here.append(_station(seed, code, len(here) + 1, make, profiles[number % len(profiles)], interval_s))
    limited = tuple(replace(site, limit_w=_limit_w(planned[code])) for code, site in sites.items())
    every = tuple(station for here in planned.values() for station in here)
    # So many that each EVSE has drivers of its own: a token charges at one place at a time.
    tokens, strangers = _tokens(seed, max(40, 3 * sum(len(station.outlets) for station in every)))
    return Plan("Simulated network", seed, limited, every, tokens, strangers)


def _spots() -> Iterator[tuple[str, SitePlan, Make]]:
    """Places to stand, site after site, without end."""
    makes = {make.model: make for make in MAKES}
    for number, place in enumerate(cycle(_PLACES)):
        round_ = number // len(_PLACES)
        code = place.code + (str(round_ + 1) if round_ else "")
        site = replace(
            place.site,
            name=place.site.name + (f" {round_ + 1}" if round_ else ""),
            latitude=round(place.site.latitude + 0.004 * round_, 4),
        )
        for model in place.models:
            yield code, site, makes[model]


def _station(seed: int, code: str, number: int, make: Make, profile: int, interval_s: int) -> StationPlan:
    identity = f"{code}-{number:02d}"
    rng = dice(seed, identity)
    return StationPlan(
        id=identity,
        site=code,
        vendor=make.vendor,
        model=make.model,
        serial=f"{make.vendor[:2].upper()}{rng.randrange(10**8):08d}",
        firmware=make.firmware,
        version=make.version,
        profile=profile,
        outlets=tuple(OutletPlan(o.max_w, o.phases, o.max_a, make.connector_type) for o in make.outlets),
        measurands=make.measurands,
        sample_interval_s=interval_s,
        quirks=make.quirks,
    )


def _limit_w(stations: Sequence[StationPlan]) -> float:
    """A grid connection that is smaller than what is connected, as they are."""
    connected = sum(outlet.max_w for station in stations for outlet in station.outlets)
    return round(connected * 0.6, -3)


def _tokens(seed: int, count: int) -> tuple[tuple[TokenPlan, ...], tuple[TokenPlan, ...]]:
    rng = dice(seed, "tokens")
    first, last = _FIRST.split(), _LAST.split()

    def card(kind: str) -> str:
        if kind == "eMAID":
            return f"NLVLTC{rng.randrange(10**8):08d}"
        return f"{rng.getrandbits(56):014X}" if kind == "ISO14443" else f"{rng.getrandbits(64):016X}"

    kinds = ("ISO14443",) * 8 + ("eMAID", "ISO15693")
    known = [
        TokenPlan(card(kind), kind, f"{first[n % len(first)]} {rng.choice(last)}", group="Parcel fleet" * (n % 9 == 4))
        for n, kind in enumerate(islice(cycle(kinds), count))
    ]
    known[13] = replace(known[13], status="Blocked")
    known[29] = replace(known[29], status="Expired")
    return tuple(known), tuple(TokenPlan(card("ISO14443"), "ISO14443", "") for _ in range(4))
