"""Settings: the command line over `VOLTLOOM_*` over `voltloom.toml` over the defaults.

`voltloom.toml` is looked for in the data directory. A wrong value, an unknown name in the file or an unknown
`VOLTLOOM_*` variable is one sentence: which setting, from where, what was found, what to do.
"""

import difflib
import os
import re
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

PREFIX = "VOLTLOOM_"
FILE = "voltloom.toml"
SERVICE_VARIABLES = frozenset({"VOLTLOOM_API_KEY", "VOLTLOOM_URL"})
"""Read by commands that call a server, not settings of one."""


class SettingError(Exception):
    """One sentence for whoever runs voltloom: which setting, what was found, what to do."""


def default_data_dir() -> Path:
    """`$VOLTLOOM_DATA_DIR`, else `$XDG_DATA_HOME/voltloom`, else `~/.local/share/voltloom`."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "voltloom"


def _about(text: str, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    return {"about": text, "least": least, "most": most}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its default. Names are an interface."""

    data_dir: Path = field(
        default_factory=default_data_dir, metadata=_about("where the database, keys and archives live")
    )
    host: str = field(default="127.0.0.1", metadata=_about("the address all listeners bind to"))
    ocpp_port: int = field(default=9000, metadata=_about("for stations without TLS (profiles 0 and 1)", 0, 65535))
    ocpps_port: int = field(default=9443, metadata=_about("for stations with TLS (profiles 2 and 3)", 0, 65535))
    http_port: int = field(default=8000, metadata=_about("for the console and the API", 0, 65535))
    database: str = field(
        default="", metadata=_about("sqlite:///path or postgresql://…; empty: SQLite in the data directory")
    )
    bus: str = field(default="", metadata=_about("nats://host:port of a cluster; empty: this node is alone"))
    node: str = field(default_factory=socket.gethostname, metadata=_about("this node's name in a cluster"))
    public_url: str = field(
        default="", metadata=_about("the address people and programs reach the console at, behind a proxy")
    )
    public_host: str = field(
        default="", metadata=_about("the host name that stations connect to, for the URLs they are given")
    )
    files_url: str = field(
        default="",
        metadata=_about("the address stations fetch firmware from and send logs to; empty: that of console and API"),
    )
    files_dir: str = field(
        default="",
        metadata=_about("folder of firmware images and station logs, shared by all nodes; empty: the data directory"),
    )
    firmware_roots: str = field(
        default="",
        metadata=_about("file with the manufacturers' certificates that sign firmware; empty: any signer is taken"),
    )
    allow_plain_ws: bool = field(
        default=False, metadata=_about("let stations connect without TLS from beyond this machine")
    )
    trusted_proxies: tuple[str, ...] = field(
        default=(), metadata=_about("addresses whose forwarded headers are believed")
    )
    server_names: tuple[str, ...] = field(
        default=(), metadata=_about("host names in the TLS certificate made for stations")
    )
    tls_certificate: str = field(
        default="", metadata=_about("file with your own TLS certificate and its chain for stations; empty: one is made")
    )
    tls_key: str = field(default="", metadata=_about("file with its key"))
    https_certificate: str = field(
        default="", metadata=_about("file with a TLS certificate and its chain for console and API; empty: plain HTTP")
    )
    https_key: str = field(default="", metadata=_about("file with its key"))
    station_roots: str = field(
        default="", metadata=_about("file with certificates of further authorities that vouch for stations")
    )
    operator_name: str = field(
        default="voltloom", metadata=_about("the organisation (O) that station certificates must carry")
    )
    certificate_renew_days: int = field(
        default=30,
        metadata=_about("days before its certificate expires that a station is asked to renew it", 1, 365),
    )
    station_authority_url: str = field(
        default="",
        metadata=_about("https://… of an EST server (RFC 7030) that signs certificates of stations; empty: we do"),
    )
    vehicle_authority_url: str = field(
        default="",
        metadata=_about("https://… of an EST server that signs what stations show to vehicles; empty: we do"),
    )
    authority_token_file: str = field(
        default="", metadata=_about("file with the bearer token for those, read anew for each request")
    )
    contract_pool_url: str = field(
        default="",
        metadata=_about("https://… of a pool of charging contracts (Open Plug&Charge Protocol); empty: none"),
    )
    contract_pool_token_file: str = field(
        default="", metadata=_about("file with the bearer token for it, read anew for each request")
    )
    receipt_url: str = field(
        default="",
        metadata=_about("https://… of receipts that you make, with {psp_ref} in it; empty: stations make them (2.1)"),
    )
    outbound_allowed: tuple[str, ...] = field(
        default=(), metadata=_about("networks and host names that may be called beside the public internet")
    )
    outbound_roots: str = field(
        default="", metadata=_about("file with certificates of further authorities that vouch for servers we call")
    )
    legacy_ciphers: bool = field(default=False, metadata=_about("accept TLS_RSA_* suites, which lack forward secrecy"))
    unknown_station_status: int = field(
        default=401, metadata=_about("what an unknown station hears: 401, or 404 for test tools", 401, 404)
    )
    heartbeat_interval_s: int = field(
        default=300, metadata=_about("between heartbeats of accepted stations", 1, 86_400)
    )
    ping_interval_s: int = field(default=60, metadata=_about("between WebSocket pings to a silent station", 1, 3_600))
    dead_after_s: int = field(
        default=150, metadata=_about("silence after which a connection counts as dead", 2, 86_400)
    )
    command_timeout_s: int = field(
        default=30, metadata=_about("how long a station may take to answer a command", 1, 600)
    )
    drain_s: float = field(
        default=10.0, metadata=_about("time over which stations are told to come back at shutdown", 0, 600)
    )
    max_message_bytes: int = field(
        default=1_048_576, metadata=_about("largest message of a station, inflated", 4_096, 67_108_864)
    )
    max_connections: int = field(
        default=20_000, metadata=_about("stations connected to this node at once", 1, 1_000_000)
    )
    station_rate: float = field(
        default=40.0, metadata=_about("messages a second of one station, sustained", 0.1, 1_000_000)
    )
    station_burst: int = field(default=200, metadata=_about("messages of one station at once", 1, 1_000_000))
    second_factor: str = field(
        default="optional", metadata=_about("who must sign in with a second factor: optional, admins or everyone")
    )
    fresh_sign_in_minutes: int = field(
        default=15,
        metadata=_about("after so long people show again that it is them before dangerous things; 0: never", 0, 1_440),
    )
    messages_hot_days: int = field(
        default=7, metadata=_about("days messages stay in the database before the archive", 1, 3_650)
    )
    messages_days: int = field(default=400, metadata=_about("days messages are kept in all", 1, 36_500))
    messages_archive_bytes: int = field(
        default=20_000_000_000, metadata=_about("size the archive may have; the oldest days go first", 1_000_000)
    )
    journal_days: int = field(default=400, metadata=_about("days events are kept", 1, 36_500))
    station_logs_days: int = field(default=90, metadata=_about("days logs uploaded by stations are kept", 1, 3_650))
    station_logs_bytes: int = field(
        default=10_000_000_000, metadata=_about("size those logs may have together; the oldest go first", 1_000_000)
    )
    console_map: str = field(
        default="",
        metadata=_about(
            "the console's map: a style's address, tiles with {z}/{x}/{y}, a .pmtiles file; empty: its own"
        ),
    )
    console_map_attribution: str = field(default="", metadata=_about("whom that map is owed to, shown on it"))
    console_map_origins: tuple[str, ...] = field(
        default=(), metadata=_about("other origins that the map's style loads from, as https://tiles.example")
    )
    task_pace: float = field(
        default=1.0, metadata=_about("how many times as often what repeats is done, to try things out", 0.01, 100)
    )
    log_level: str = field(default="info", metadata=_about("debug, info, warning or error"))
    log_format: str = field(default="auto", metadata=_about("json, text, or auto: text on a terminal"))

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_dir / 'voltloom.db'}"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


NAMES = tuple(each.name for each in fields(Settings))


def load_settings(given: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. given: from the command line; None in it means not given.

    Raises SettingError.
    """
    environment = os.environ if environment is None else environment
    given = {name: value for name, value in (given or {}).items() if value is not None}
    variables = _variables(environment)
    data_dir = Path(str(given.get("data_dir") or variables.get("data_dir") or default_data_dir())).expanduser()
    file = data_dir / FILE
    values: dict[str, object] = {}
    for source, found in (
        (str(file), _file(file)),
        ("the environment", variables),
        ("the command line", given),
    ):
        for name, value in found.items():
            where = f"{PREFIX}{name.upper()}" if source == "the environment" else source
            values[name] = _checked(name, value, where)
    values["data_dir"] = data_dir.absolute()
    settings = replace(Settings(), **values)  # pyright: ignore[reportArgumentType] - checked one by one above
    _agree(settings)
    return settings


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in SERVICE_VARIABLES:
            continue
        name = variable.removeprefix(PREFIX).lower()
        _known(name, f"the environment variable {variable}", lambda near: f"{PREFIX}{near.upper()}")
        found[name] = value
    return found


def _file(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as content:
            found = tomllib.load(content)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{file} cannot be read ({error}): mend it, or move it away to use the defaults.") from error
    for name in found:
        _known(name, f"`{name}` in {file}", str)
    if "data_dir" in found:
        raise SettingError(f"`data_dir` in {file} comes too late, the file lies in it: set VOLTLOOM_DATA_DIR instead.")
    return found


def _known(name: str, what: str, spell: Callable[[str], str]) -> None:
    if name in NAMES:
        return
    near = difflib.get_close_matches(name, NAMES, 1)
    hint = f"did you mean {spell(near[0])}?" if near else "see `voltloom serve --help` for all settings."
    raise SettingError(f"{what[0].upper()}{what[1:]} is no setting of voltloom: {hint}")


_TYPES = get_type_hints(Settings)
_WORDS = {
    "second_factor": ("optional", "admins", "everyone"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("json", "text", "auto"),
    "unknown_station_status": ("401", "404"),
}


def _checked(name: str, value: object, source: str) -> object:
    kind = _TYPES[name]
    meta = next(each.metadata for each in fields(Settings) if each.name == name)

    def wrong(wanted: str) -> SettingError:
        return SettingError(f"The setting `{name}` from {source} is {value!r}: it must be {wanted} ({meta['about']}).")

    if name in _WORDS and str(value) not in _WORDS[name]:
        raise wrong(" or ".join(_WORDS[name]))
    if kind is bool:
        words = {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }
        if isinstance(value, bool):
            return value
        if str(value).lower() not in words:
            raise wrong("true or false")
        return words[str(value).lower()]
    if kind in (int, float):
        if isinstance(value, bool):
            raise wrong("a number")
        try:
            number = kind(str(value).replace("_", ""))
        except ValueError:
            raise wrong("a whole number" if kind is int else "a number") from None
        least, most = meta["least"], meta["most"]
        if number != number or (least is not None and number < least) or (most is not None and number > most):
            raise wrong(f"at least {least:g}" + (f" and at most {most:g}" if most is not None else ""))
        return number
    if kind == tuple[str, ...]:
        if isinstance(value, str):
            return tuple(part for part in re.split(r"[,\s]+", value) if part)
        if isinstance(value, (list, tuple)):
            return tuple(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - anything has a text
        raise wrong("a list of texts")
    if kind is Path:
        return Path(str(value)).expanduser()
    if not isinstance(value, str):
        raise wrong("a text")
    return value


def _agree(settings: Settings) -> None:
    """What single values cannot show. Raises SettingError."""
    ports = [port for port in (settings.ocpp_port, settings.ocpps_port, settings.http_port) if port]
    if len(ports) != len(set(ports)):
        raise SettingError(
            f"The settings `ocpp_port` {settings.ocpp_port}, `ocpps_port` {settings.ocpps_port} and `http_port` "
            f"{settings.http_port} must differ: give each listener a port of its own."
        )
    for certificate, key in (("tls_certificate", "tls_key"), ("https_certificate", "https_key")):
        if bool(getattr(settings, certificate)) != bool(getattr(settings, key)):
            raise SettingError(f"The settings `{certificate}` and `{key}` belong together: give both, or neither.")
    if settings.dead_after_s <= settings.ping_interval_s:
        raise SettingError(
            f"The setting `dead_after_s` is {settings.dead_after_s}, no longer than `ping_interval_s` "
            f"({settings.ping_interval_s}): give a station time to answer a ping, for example twice as long."
        )
    if settings.messages_days < settings.messages_hot_days:
        raise SettingError(
            f"The setting `messages_days` is {settings.messages_days}, less than `messages_hot_days` "
            f"({settings.messages_hot_days}): messages cannot be kept in all for less than in the database."
        )
