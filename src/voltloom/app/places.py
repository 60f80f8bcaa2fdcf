"""Where things of an installation are: addresses at which people and stations reach it, files in its data directory."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from voltloom.infra.settings import Settings, is_loopback


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people and stations reach a node. The server leaves them in its data directory, for commands that give
    them on: they may have been chosen on its command line."""

    http: str
    stations: tuple[str, ...]
    files: str = ""
    """Where stations fetch and send files."""


def addresses(settings: Settings) -> Addresses:
    """Those of the server that ran here last, else those that the settings lead to."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(addresses_file(settings).read_bytes(), type=Addresses)
    return own_addresses(settings)


def addresses_file(settings: Settings) -> Path:
    return settings.data_dir / "addresses.json"


def own_addresses(settings: Settings) -> Addresses:
    """Stations without TLS only where they may come without."""
    host = settings.public_host or _named(settings.host)
    scheme = "https" if settings.https_certificate else "http"
    wss = f"wss://{host}:{settings.ocpps_port}/ocpp"
    http = settings.public_url.rstrip("/") or f"{scheme}://{_named(settings.host)}:{settings.http_port}"
    return Addresses(
        http=http,
        files=settings.files_url.rstrip("/")
        or settings.public_url.rstrip("/")
        or f"{scheme}://{host}:{settings.http_port}",
        stations=(f"ws://{host}:{settings.ocpp_port}/ocpp", wss) if takes_plain(settings) else (wss,),
    )


def takes_plain(settings: Settings) -> bool:
    return settings.allow_plain_ws or is_loopback(settings.host)


def _named(host: str) -> str:
    """How others on this machine, or near it, write the address we listen on."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # not bound here
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def sign_in_url(where: Addresses, link: str) -> str:
    return f"{where.http}/sign-in?link={quote(link)}"


def server_names(settings: Settings) -> tuple[str, ...]:
    """What the certificate for stations names; the first is its common name."""
    names = [*settings.server_names, settings.public_host, settings.host, "localhost", "127.0.0.1"]
    return tuple(dict.fromkeys(name for name in names if name not in ("", "0.0.0.0", "::")))  # noqa: S104  # not bound here


def keys_folder(settings: Settings) -> Path:
    return settings.data_dir / "keys"


def files_folder(settings: Settings) -> Path:
    return Path(settings.files_dir).expanduser().absolute() if settings.files_dir else settings.data_dir


def local_key_file(settings: Settings) -> Path:
    return settings.data_dir / "local-key.json"
