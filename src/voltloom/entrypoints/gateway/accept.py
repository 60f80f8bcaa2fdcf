"""Who is let in: decided from what a peer asked and how it is connected, before it hears anything. No I/O.

Credentials are in memory, so this is one plain function: nothing waits, and an unknown station takes as long as a
wrong password.
"""

import functools
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, TypeAlias

from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.entrypoints.gateway.deflate import Deflate, negotiate
from voltloom.entrypoints.gateway.handshake import (
    BadRequest,
    Basic,
    Request,
    basic,
    check_upgrade,
    choose_subprotocol,
    claimed_identity,
    identity,
)
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.throttle import Throttle
from voltloom.entrypoints.gateway.tls import PeerCertificate
from voltloom.features.stations import Credential, KnockReason
from voltloom.protocols.ocpp.version import Version

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

SPOKEN = (Version.V21.value, Version.V201.value, Version.V16.value)
"""Subprotocols, the best first."""


class CredentialBook(Protocol):
    """`features.stations.Credentials`."""

    def get(self, station_id: StationId) -> Credential | None: ...
    def verify(self, credential: Credential | None, password: bytes) -> bool: ...
    async def refresh(self, ids: Iterable[StationId]) -> None: ...


class Trust(Protocol):
    """`features.certificates`: what a station's certificate must say, beyond that a trusted authority signed it."""

    @property
    def organization(self) -> str:
        """The operator's name, as it stands in the certificates of its stations."""
        ...

    def is_revoked(self, fingerprint: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    source       whom throttles count: the address, or the /64 of an IPv6 address
    secure       it came over TLS, ours or a trusted proxy's
    """

    address: str
    source: str
    secure: bool
    certificate: PeerCertificate | None = None
    tls: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator chose.

    trusted_proxies    whose word on the peer's address and TLS is taken
    unknown_as_404     tell strangers which identities exist (OCPP-J asks for 404): for conformance tests only
    """

    trusted_proxies: tuple[Network, ...] = ()
    unknown_as_404: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """Let in. subprotocol "": it speaks nothing that we may speak to it; it hears 101 without one, and is closed
    (OCPP-J asks for that)."""

    station_id: StationId
    peer: Peer
    profile: SecurityProfile
    subprotocol: str
    deflate: Deflate | None
    key: str
    not_spoken: KnockReason = KnockReason.NO_SUBPROTOCOL


@dataclass(frozen=True, slots=True)
class Refused:
    """reason, profile, detail: for the inbox. The peer hears `status` alone."""

    status: HTTPStatus
    reason: KnockReason
    identity: str
    profile: int | None = None
    detail: str = ""
    retry_after_s: float = 0.0


@dataclass(slots=True)
class Gatekeeper:
    """Judges handshakes, and remembers who has guessed too often.

    _known_good   (source, identity) that proved itself before: what others do from the same address does not keep it
                  out. Many stations share one address behind a mobile operator or a site's router.
    """

    credentials: CredentialBook
    trust: Trust
    limits: Limits
    policy: Policy
    _by_source: Throttle[str] = field(init=False)
    _by_guess: Throttle[tuple[str, str]] = field(init=False)
    _reconnects: Throttle[StationId] = field(init=False)
    _known_good: dict[tuple[str, str], None] = field(init=False)

    def __post_init__(self) -> None:
        self._by_source = Throttle(self.limits.guesses, self.limits.guess_every_s)
        self._by_guess = Throttle(self.limits.guesses, self.limits.guess_every_s)
        self._reconnects = Throttle(self.limits.reconnects, self.limits.reconnect_every_s)
        self._known_good = {}

    def judge(self, request: Request, peer: Peer, now: float) -> Admitted | Refused:
        """`now`: monotonic seconds."""
        station_id = identity(request.target)
        if station_id is None:
            return Refused(HTTPStatus.NOT_FOUND, KnockReason.WRONG_PATH, claimed_identity(request))
        try:
            key = check_upgrade(request)
        except BadRequest as error:
            return Refused(error.status, KnockReason.BAD_REQUEST, station_id, detail=error.why)
        wait_s = self._guess_wait_s(peer.source, station_id, now)
        if wait_s:
            return _throttled(station_id, wait_s, "Too many failed attempts.")
        credential = self.credentials.get(station_id)
        proven = self._prove(station_id, credential, peer, basic(request.get("authorization")))
        if credential is None or isinstance(proven, Refused):
            self._by_source.spend(peer.source, now)
            self._by_guess.spend((peer.source, station_id), now)
            return proven if isinstance(proven, Refused) else self._refuse(station_id, KnockReason.UNKNOWN_ID)
        self._remember(peer.source, station_id)
        wait_s = self._reconnects.take(station_id, now)
        if wait_s:
            return _throttled(station_id, wait_s, "The station reconnects too often.", proven)
        allowed = [name for name in SPOKEN if not credential.protocols or name in credential.protocols]
        offered = request.subprotocols
        spoken_here = any(name in SPOKEN for name in offered)
        return Admitted(
            station_id=station_id,
            peer=peer,
            profile=proven,
            subprotocol=choose_subprotocol(offered, allowed),
            deflate=negotiate(request.get("sec-websocket-extensions")),
            key=key,
            not_spoken=KnockReason.SUBPROTOCOL_NOT_ALLOWED if spoken_here else KnockReason.NO_SUBPROTOCOL,
        )

    def sweep(self, now: float) -> None:
        self._by_source.sweep(now)
        self._by_guess.sweep(now)
        self._reconnects.sweep(now)

    def _guess_wait_s(self, source: str, station_id: StationId, now: float) -> float:
        guess = (source, station_id)
        return max(
            self._by_guess.wait_s(guess, now),
            0.0 if guess in self._known_good else self._by_source.wait_s(source, now),
        )

    def _remember(self, source: str, station_id: StationId) -> None:
        self._known_good.pop((source, station_id), None)
        self._known_good[source, station_id] = None
        if len(self._known_good) > 2 * self.limits.connections:
            del self._known_good[next(iter(self._known_good))]

    def _refuse(
        self, station_id: StationId, reason: KnockReason, profile: int | None = None, detail: str = ""
    ) -> Refused:
        """The same answer whatever is wrong with who it claims to be."""
        telling = reason is KnockReason.UNKNOWN_ID and self.policy.unknown_as_404
        status = HTTPStatus.NOT_FOUND if telling else HTTPStatus.UNAUTHORIZED
        return Refused(status, reason, station_id, profile, detail)

    def _prove(
        self, station_id: StationId, credential: Credential | None, peer: Peer, said: Basic | None
    ) -> SecurityProfile | Refused:
        """The security profile that the peer has proven itself with."""
        # Before anything is known about the station, and always: it takes the same time for each.
        right = self.credentials.verify(credential, said.password if said else b"")
        attempted = _attempted(peer, said)
        if said is not None and said.user != station_id:
            detail = f"The user name is {said.user!r}, the address ends in {station_id!r}."
            return self._refuse(station_id, KnockReason.IDENTITY_MISMATCH, attempted, detail)
        if credential is None:
            return self._refuse(station_id, KnockReason.UNKNOWN_ID, attempted)
        mistrust = self._mistrust(station_id, credential, peer.certificate)
        lowest = credential.lowest_profile
        if peer.certificate is not None and mistrust is None:
            proven = SecurityProfile.CERTIFICATE
        elif said is not None and right:
            proven = SecurityProfile.PASSWORD_OVER_TLS if peer.secure else SecurityProfile.PASSWORD
        elif lowest is SecurityProfile.OPEN and (said is None or not credential.password_hash):
            proven = SecurityProfile.OPEN
        elif peer.certificate is not None and mistrust is not None:
            return self._refuse(station_id, KnockReason.WRONG_CERTIFICATE, attempted, mistrust)
        elif lowest is SecurityProfile.CERTIFICATE:
            return self._refuse(station_id, KnockReason.NO_CERTIFICATE, attempted)
        else:
            reason = KnockReason.NO_PASSWORD if said is None else KnockReason.WRONG_PASSWORD
            return self._refuse(station_id, reason, attempted)
        if proven < lowest:
            detail = f"It came with security profile {proven.value}; {lowest.value} is the least it may use."
            return self._refuse(station_id, KnockReason.PROFILE_TOO_LOW, proven, detail)
        if not credential.enabled:
            return self._refuse(station_id, KnockReason.DISABLED, proven)
        return proven

    def _mistrust(
        self, station_id: StationId, credential: Credential, certificate: PeerCertificate | None
    ) -> str | None:
        """Why this certificate, which a trusted authority signed, does not prove that it is this station."""
        if certificate is None:
            return "It showed no certificate."
        if certificate.common_name != station_id:
            return f"Its certificate is of {certificate.common_name!r}."
        if certificate.organization != self.trust.organization:
            return f"Its certificate is of the operator {certificate.organization!r}."
        if credential.cert_fingerprint and certificate.fingerprint != credential.cert_fingerprint.lower():
            return "Its certificate is not the one that is registered for it."
        if self.trust.is_revoked(certificate.fingerprint):
            return "Its certificate has been revoked."
        return None


def _attempted(peer: Peer, said: Basic | None) -> int:
    if peer.certificate is not None:
        return SecurityProfile.CERTIFICATE.value
    if said is None:
        return SecurityProfile.OPEN.value
    return (SecurityProfile.PASSWORD_OVER_TLS if peer.secure else SecurityProfile.PASSWORD).value


def _throttled(station_id: StationId, wait_s: float, detail: str, profile: int | None = None) -> Refused:
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, KnockReason.THROTTLED, station_id, profile, detail, wait_s)


@functools.lru_cache(10_000)
def source_of(address: str) -> str:
    """Whom a throttle counts: an IPv6 peer owns a whole /64."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    if not networks:
        return False
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(ip in network for network in networks)


def seen_by_proxy(request: Request, direct: str, secure: bool, proxies: Sequence[Network]) -> tuple[str, bool]:
    """The address of the station and whether it came over TLS, as the proxies before us say; forwarded fields of
    anybody else are not looked at.

    The rightmost address that is no trusted proxy counts: what stands left of it, the peer may have written itself.
    """
    if not is_among(direct, proxies):
        return direct, secure
    address = direct
    for hop in reversed(request.tokens("x-forwarded-for")):
        if not _is_address(hop):
            break
        address = hop
        if not is_among(hop, proxies):
            break
    schemes = request.tokens("x-forwarded-proto")
    return address, secure or (bool(schemes) and schemes[-1].lower() in ("https", "wss"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
