"""The one HTTP client by which this server calls others, guarded: an address may have been chosen by a stranger.

A station, a certificate or a partner names the URL, and this server stands inside somebody's network. So a name is
resolved first, every answer is looked at, and exactly the address that was looked at is connected to: a name that
changes its mind in between changes nothing. Public unicast addresses only, but for what the operator allows; no
redirects, no proxies of the environment, no cookies, no compression, and bounds on time and size.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from voltloom.infra.settings import SettingError

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Coroutine[Any, Any, list[str]]]

LONGEST_URL = 2_000
MOST_BYTES = 1_048_576
WITHIN_S = 5.0
_LONGEST_S = 60.0
"""Of one step; what ends a call is the time for all of it."""
AT_ONCE = 16
MOST_WAITING = 200
_WEB_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""Translators of one's own network (RFC 8215): which IPv4 address is behind, only that network knows."""
_REPLACED = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding"})


class OutboundError(Exception):
    """No answer was to be had. reason: a sentence for people, which names no address that was resolved."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Guarded(OutboundError):
    """It was not even asked: the address is not one that may be called."""


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    status: int
    content_type: str
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be called beside the public internet: host names as written, and networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[Any, ...] = ()

    @staticmethod
    def read(entries: Iterable[str]) -> "Allowed":
        """Of the setting `outbound_allowed`. Raises SettingError."""
        names: set[str] = set()
        networks: list[object] = []
        for entry in entries:
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                if "/" in entry or ":" in entry:
                    raise SettingError(
                        f"The setting `outbound_allowed` holds {entry!r}: give networks (10.1.0.0/16), addresses, or "
                        "host names without scheme and port."
                    ) from None
                names.add(entry.lower().rstrip("."))
        return Allowed(frozenset(names), tuple(networks))

    def has(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """A unicast address of the public internet; also what is wrapped in it must be one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None or address in _LOCAL_NAT64:
            return False
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def plain(address: Address) -> Address:
    """An IPv4 address for one that is mapped into IPv6: a network that is allowed means it as well."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(slots=True)
class Outbound:
    """allowed   beside the public internet
    roots     PEM of further authorities that servers may show certificates of
    """

    allowed: Allowed = Allowed()
    roots: str = ""
    resolve: Resolve = resolve
    _tls: ssl.SSLContext | None = field(default=None, init=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False)
    _waiting: int = field(default=0, init=False)

    async def get(self, url: str, *, plain_http: bool = False, most_bytes: int = MOST_BYTES) -> OutboundAnswer:
        return await self.request("GET", url, plain_http=plain_http, most_bytes=most_bytes)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        plain_http: bool = False,
        most_bytes: int = MOST_BYTES,
        within_s: float = WITHIN_S,
    ) -> OutboundAnswer:
        """What the server says, whatever its status.

        plain_http   also without TLS: for what is signed by itself, as OCSP answers and revocation lists are
        within_s     for all of it, from the name to the last byte, and the wait for a turn
        Raises Guarded, OutboundError.
        """
        parts = check_url(url, plain_http=plain_http)
        if self._waiting >= MOST_WAITING:
            raise OutboundError("too many calls to other servers wait already")
        self._waiting += 1
        try:
            async with asyncio.timeout(within_s), self._turns:
                address = await self._look_up(parts)
                return await self._call(method, parts, address, headers or {}, body, most_bytes)
        except TimeoutError:
            raise OutboundError(f"{parts.hostname} did not answer whole within {within_s:g} s") from None
        finally:
            self._waiting -= 1

    async def _look_up(self, parts: SplitResult) -> Address:
        """The address to connect to. One answer that may not be called spoils all of them: whoever mixes them waits
        for the one time when the other is taken."""
        host, port = str(parts.hostname), port_of(parts)
        try:
            found = [ip_address(host)]
        except ValueError:
            try:
                answers = await self.resolve(host, port)
                found = [ip_address(answer.partition("%")[0]) for answer in answers]
            except (OSError, UnicodeError, ValueError):
                raise OutboundError(f"the name {host} cannot be resolved") from None
        if not found:
            raise OutboundError(f"the name {host} has no address")
        by_name = host.lower().rstrip(".") in self.allowed.names
        within = all(self.allowed.has(plain(address)) for address in found)
        if by_name or within:
            return found[0]
        if not all(is_public(address) or self.allowed.has(plain(address)) for address in found):
            raise Guarded(
                f"{host} is not on the public internet, and is not called: where it is meant to be, the operator "
                "adds it to the setting outbound_allowed"
            )
        if port not in _WEB_PORTS and port < _FIRST_FREE_PORT:
            raise Guarded(f"port {port} is no port of a web server, and is not called")
        return found[0]

    async def _call(
        self,
        method: str,
        parts: SplitResult,
        address: Address,
        headers: Mapping[str, str],
        body: bytes,
        most_bytes: int,
    ) -> OutboundAnswer:
        # Imported here: commands that never call anybody start sooner without it.
        import httpx

        literal = f"[{address}]" if address.version == 6 else str(address)
        pinned = parts._replace(netloc=f"{literal}:{port_of(parts)}", fragment="").geturl()
        sent = {name: value for name, value in headers.items() if name.lower() not in _REPLACED}
        sent |= {"host": parts.netloc, "accept-encoding": "identity", "connection": "close", "user-agent": "voltloom"}
        transport = httpx.AsyncHTTPTransport(verify=self._context(), trust_env=False, retries=0)
        try:
            async with httpx.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=_LONGEST_S
            ) as client:
                request = client.build_request(
                    method, pinned, headers=sent, content=body or None, extensions={"sni_hostname": str(parts.hostname)}
                )
                answer = await client.send(request, stream=True)
                try:
                    return await _read(answer, str(parts.hostname), most_bytes)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise OutboundError(f"{parts.hostname} cannot be called: {_words(error)}") from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            import httpx

            self._tls = httpx.create_ssl_context(trust_env=False)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.roots:
                self._tls.load_verify_locations(cadata=self.roots)
        return self._tls


async def _read(answer: Any, host: str, most_bytes: int) -> OutboundAnswer:
    if 300 <= answer.status_code < 400:
        raise OutboundError(f"{host} sends elsewhere ({answer.status_code}), where it is not followed")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise OutboundError(f"{host} answers compressed, though it was asked not to")
    body = bytearray()
    async for chunk in answer.aiter_raw(65_536):
        body += chunk
        if len(body) > most_bytes:
            raise OutboundError(f"{host} answers with more than {most_bytes} bytes")
    return OutboundAnswer(answer.status_code, answer.headers.get("content-type", ""), bytes(body))


def check_url(url: str, *, plain_http: bool = False) -> SplitResult:
    """Raises Guarded."""
    if len(url) > LONGEST_URL or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise Guarded(f"an address has at most {LONGEST_URL} printable ASCII characters")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Guarded("this is no address that can be read") from None
    if parts.scheme not in ("https", *(("http",) if plain_http else ())):
        raise Guarded(f"only {'http and https' if plain_http else 'https'} are called")
    if "\\" in url or not host or "@" in parts.netloc or "%" in parts.netloc:
        raise Guarded("an address names a host, and neither user nor password")
    if parts.port == 0:
        raise Guarded("port 0 is none")
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _words(error: BaseException) -> str:
    """Without addresses: what is behind a name is nobody's business who could only name it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not good ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "no TLS connection comes about"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
