"""The TLS certificates that this node shows, to stations and to browsers: ours, or the operator's own."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from voltloom.app.places import server_names
from voltloom.domain.errors import Invalid
from voltloom.entrypoints.gateway.tls import ServerFiles, load_files, make_context, make_https_context
from voltloom.features import certificates
from voltloom.infra.settings import SettingError, Settings

LOG = structlog.get_logger(__name__)

LOOK_EVERY_S = 10.0
"""How often the operator's files are looked at."""


def for_stations(settings: Settings, authority: certificates.Authority) -> ssl.SSLContext:
    """Raises SettingError."""
    try:
        return make_context(
            _files_for_stations(settings, authority),
            authority.roots_pem + _further_roots(settings),
            legacy_ciphers=settings.legacy_ciphers,
        )
    except Invalid as error:
        raise SettingError(f"{error.reason}: see `tls_certificate`, `tls_key`, `station_roots`.") from error


def for_browsers(settings: Settings) -> ssl.SSLContext | None:
    """None: plain HTTP. Raises SettingError."""
    if not settings.https_certificate:
        return None
    try:
        return make_https_context(files_for_browsers(settings))
    except Invalid as error:
        raise SettingError(f"{error.reason}: see the settings `https_certificate` and `https_key`.") from error


def files_for_browsers(settings: Settings) -> ServerFiles:
    return _files(settings.https_certificate, settings.https_key)


async def keep_for_stations(context: ssl.SSLContext, settings: Settings, authority: certificates.Authority) -> None:
    if settings.tls_certificate:
        await keep(context, _files(settings.tls_certificate, settings.tls_key))
        return
    while True:
        await asyncio.sleep(certificates.RENEW_SERVER_EVERY.total_seconds())
        load_files(context, await asyncio.to_thread(_files_for_stations, settings, authority))


async def keep(context: ssl.SSLContext, files: ServerFiles, every_s: float = LOOK_EVERY_S) -> None:
    """Show what the files hold now, whenever they change. What cannot be used is told of, and the former stays."""
    seen = _stamp(files)
    while True:
        await asyncio.sleep(every_s)
        stamp = _stamp(files)
        # A certificate and its key are two files: wait until neither changes any more.
        if stamp == seen or stamp is None:
            continue
        await asyncio.sleep(min(1.0, every_s))
        if _stamp(files) != stamp:
            continue
        seen = stamp
        try:
            # Tried on another first: a pair that does not match would leave this one with half of it.
            load_files(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), [files])
            load_files(context, [files])
        except Invalid as error:
            LOG.error("the new TLS certificate cannot be used; the former stays", reason=error.reason)
        else:
            LOG.info("the TLS certificate was read anew", file=str(files.chain))


def _stamp(files: ServerFiles) -> tuple[tuple[int, int, int], ...] | None:
    try:
        found = [file.stat() for file in (files.chain, files.key)]
    except OSError:
        return None
    return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)


def _files_for_stations(settings: Settings, authority: certificates.Authority) -> Sequence[ServerFiles]:
    if settings.tls_certificate:
        return [_files(settings.tls_certificate, settings.tls_key)]
    issued = authority.issue_server(server_names(settings), datetime.now(UTC))
    return [ServerFiles(pair.chain, pair.key) for pair in issued]


def _files(certificate: str, key: str) -> ServerFiles:
    return ServerFiles(Path(certificate).expanduser(), Path(key).expanduser())


def _further_roots(settings: Settings) -> str:
    if not settings.station_roots:
        return ""
    file = Path(settings.station_roots).expanduser()
    try:
        return "\n" + file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the certificates in {file} cannot be read: {error}") from error
