from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_network

import pytest

from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.entrypoints.gateway.accept import (
    Admitted,
    Gatekeeper,
    Peer,
    Policy,
    Refused,
    is_among,
    seen_by_proxy,
    source_of,
)
from voltloom.entrypoints.gateway.handshake import Request
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.tls import PeerCertificate
from voltloom.features.certificates import StationTrust
from voltloom.features.stations import Credential, Credentials, KnockReason, Passwords

CP1 = StationId("CP-1")
PASSWORD = "0123456789abcdef"
PASSWORDS = Passwords(bytes(32))
PROXIES = (ip_network("10.0.0.0/8"),)
BASIC = "Basic Q1AtMTowMTIzNDU2Nzg5YWJjZGVm"
OPEN, BY_PASSWORD, BY_TLS, BY_CERTIFICATE = SecurityProfile


def credential(**values: object) -> Credential:
    return Credential(CP1, **{"password_hash": PASSWORDS.hash(CP1, PASSWORD), **values})


@dataclass
class Book:
    """One station's credential, with the real way to verify it."""

    known: Credential
    real: Credentials = field(default_factory=lambda: Credentials(None, PASSWORDS))

    def get(self, station_id: StationId) -> Credential | None:
        return self.known if station_id == self.known.station_id else None

    def verify(self, credential: Credential | None, password: bytes) -> bool:
        return self.real.verify(credential, password)


def gatekeeper(known: Credential) -> Gatekeeper:
    return Gatekeeper(Book(known), StationTrust("Voltgrid AG"), Limits(), Policy())


def asking(authorization: str = BASIC, protocols: str = "ocpp1.6") -> Request:
    fields = {
        "upgrade": ["websocket"],
        "connection": ["Upgrade"],
        "sec-websocket-version": ["13"],
        "sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ=="],
        "sec-websocket-protocol": [protocols],
    }
    if authorization:
        fields["authorization"] = [authorization]
    return Request("/ocpp/CP-1", fields)


def peer(*, secure: bool = False, certificate: PeerCertificate | None = None) -> Peer:
    return Peer("192.0.2.1", "192.0.2.1", secure, certificate)


def certificate(**values: object) -> PeerCertificate:
    return PeerCertificate(
        **{"fingerprint": "ab", "common_name": "CP-1", "organization": "Voltgrid AG", "serial": 1, **values}
    )


NONE = ""
WRONG = "Basic Q1AtMTp3cm9uZ3dyb25nd3Jvbmd3"


@pytest.mark.parametrize("reached", list(SecurityProfile))
@pytest.mark.parametrize("wanted", list(SecurityProfile))
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("authorization", [BASIC, NONE, WRONG])
@pytest.mark.parametrize("shown", [None, certificate(), certificate(common_name="CP-2")])
def test_nobody_comes_in_with_less_than_it_must_prove(reached, wanted, secure, authorization, shown):
    if shown is not None and not secure:
        return
    keeper = gatekeeper(credential(security_profile=wanted, profile_reached=reached))
    verdict = keeper.judge(asking(authorization), peer(secure=secure, certificate=shown), 0.0)
    if shown is not None and shown.common_name == CP1:
        proven = BY_CERTIFICATE
    elif authorization == BASIC:
        proven = BY_TLS if secure else BY_PASSWORD
    else:
        proven = OPEN if authorization == NONE else None
    if proven is not None and proven >= max(wanted, reached):
        assert isinstance(verdict, Admitted)
        assert verdict.profile is proven
    else:
        assert isinstance(verdict, Refused)
        assert verdict.status is HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "shown",
    [
        certificate(common_name="cp-1"),
        certificate(common_name="CP-1 "),
        certificate(common_name=""),
        certificate(organization="voltgrid ag"),
        certificate(organization=""),
        certificate(fingerprint="cd"),
    ],
)
def test_a_certificate_proves_only_what_it_says_exactly(shown):
    keeper = gatekeeper(credential(security_profile=BY_CERTIFICATE, cert_fingerprint="AB"))
    assert isinstance(keeper.judge(asking(NONE), peer(secure=True, certificate=certificate()), 0.0), Admitted)
    verdict = keeper.judge(asking(NONE), peer(secure=True, certificate=shown), 0.0)
    assert isinstance(verdict, Refused)
    assert verdict.reason is KnockReason.WRONG_CERTIFICATE


def test_a_disabled_station_that_proves_itself_stays_outside():
    verdict = gatekeeper(credential(enabled=False)).judge(asking(), peer(), 0.0)
    assert isinstance(verdict, Refused)
    assert verdict.reason is KnockReason.DISABLED


def test_a_slowed_source_is_heard_again_one_by_one():
    keeper = gatekeeper(credential())
    for _ in range(15):
        keeper.judge(asking(WRONG), peer(), 0.0)
    assert keeper.judge(asking(), peer(), 0.0).status is HTTPStatus.TOO_MANY_REQUESTS
    assert isinstance(keeper.judge(asking(), peer(), 5.0), Admitted)


@pytest.mark.parametrize(
    ("direct", "forwarded", "proto", "expected"),
    [
        ("192.0.2.1", "203.0.113.9", "https", ("192.0.2.1", False)),
        ("10.0.0.1", "203.0.113.9", "", ("203.0.113.9", False)),
        ("10.0.0.1", "203.0.113.9", "https", ("203.0.113.9", True)),
        ("10.0.0.1", "203.0.113.9", "https, http", ("203.0.113.9", False)),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "wss", ("203.0.113.9", True)),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.7", "", ("203.0.113.9", False)),
        ("10.0.0.1", "203.0.113.9, nonsense", "", ("10.0.0.1", False)),
        ("10.0.0.1", "", "", ("10.0.0.1", False)),
        ("10.0.0.1", "10.0.0.3", "", ("10.0.0.3", False)),
        ("10.0.0.1", "2001:db8::1", "", ("2001:db8::1", False)),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_of_ours_counts(direct, forwarded, proto, expected):
    fields = {"x-forwarded-for": [forwarded], "x-forwarded-proto": [proto]}
    assert seen_by_proxy(Request("/", fields), direct, False, PROXIES) == expected


def test_an_ipv6_peer_is_counted_with_its_whole_network():
    assert source_of("2001:db8:1:2::7") == source_of("2001:db8:1:2:ffff::1") != source_of("2001:db8:1:3::7")
    assert source_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert source_of("fe80::1%eth0") == "fe80::/64"
    assert not is_among("not an address", PROXIES)
