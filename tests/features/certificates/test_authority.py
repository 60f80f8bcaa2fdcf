import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.features.certificates.authority import Authority, Kind, read_request, read_roots

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CP1 = StationId("CP-1")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.open(tmp_path_factory.mktemp("ca"), "Voltgrid AG", NOW)


def csr(key, *, name="anything", san=None, algorithm=hashes.SHA256()) -> str:  # noqa: B008
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(san)]), critical=False)
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


def test_the_keys_are_readable_by_their_owner_alone(authority):
    for file in authority.directory.glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(list(authority.directory.glob("ca-*.key"))) == 2


def test_an_authority_that_is_there_is_kept(authority):
    again = Authority.open(authority.directory, "Voltgrid AG", NOW + timedelta(days=1))
    assert again.roots_pem == authority.roots_pem


def test_a_key_without_its_certificate_is_said_and_not_replaced(tmp_path):
    Authority.open(tmp_path, "Voltgrid AG", NOW)
    (tmp_path / "ca-ec.pem").unlink()
    with pytest.raises(Invalid, match=r"ca-ec\.pem"):
        Authority.open(tmp_path, "Voltgrid AG", NOW)


def test_a_key_that_is_another_roots_is_said(tmp_path):
    Authority.open(tmp_path / "a", "Voltgrid AG", NOW)
    Authority.open(tmp_path / "b", "Voltgrid AG", NOW)
    (tmp_path / "a" / "ca-ec.key").write_bytes((tmp_path / "b" / "ca-ec.key").read_bytes())
    with pytest.raises(Invalid, match="does not belong"):
        Authority.open(tmp_path / "a", "Voltgrid AG", NOW)


@pytest.mark.parametrize("organization", ["", "x" * 65, "a\nb"])
def test_an_organization_must_fit_into_a_certificate(tmp_path, organization):
    with pytest.raises(Invalid):
        Authority.open(tmp_path, organization, NOW)


def test_server_certificates_name_all_hosts_and_last_less_than_a_day(authority):
    files = authority.issue_server(["csms.example", "10.1.2.3", "::1"], NOW)
    assert [type(x509.load_pem_x509_certificate(f.chain.read_bytes()).public_key()) for f in files] == [
        type(ec.generate_private_key(ec.SECP256R1()).public_key()),
        type(authority.root(Kind.RSA).key.public_key()),
    ]
    for pair in files:
        certificate = x509.load_pem_x509_certificate(pair.chain.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["csms.example"]
        assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3", "::1"]
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(hours=24)
        assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "csms.example"


def test_a_client_that_trusts_one_root_can_read_the_chain_of_its_kind(authority):
    for kind, pair in zip(Kind, authority.issue_server(["localhost"], datetime.now(UTC)), strict=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=authority.root(kind).pem)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pair.chain, pair.key)
        shake_hands(context, server, "localhost")


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        done = 0
        for end in ends:
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
        if done == 2:
            return
    raise AssertionError("no handshake")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (ec.generate_private_key(ec.SECP256R1()), Kind.EC),
        (ec.generate_private_key(ec.SECP384R1()), Kind.EC),
        (rsa.generate_private_key(65537, 2048), Kind.RSA),
    ],
)
def test_a_station_gets_what_we_say_and_not_what_it_asks(authority, key, kind):
    issued = authority.issue_station(CP1, csr(key, name="admin", san="csms.example"), NOW)
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    assert issued.kind is kind
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=CP-1,O=Voltgrid AG"
    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        extensions.get_extension_for_class(x509.SubjectAlternativeName)
    certificate.verify_directly_issued_by(authority.root(kind).certificate)
    assert issued.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()


def test_a_station_that_cannot_make_a_key_is_given_one(authority):
    issued, key_pem = authority.make_station_key(CP1, NOW)
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert x509.load_pem_x509_certificate(issued.pem.encode()).public_key() == key.public_key()


def tampered() -> str:
    request = x509.load_pem_x509_csr(csr(ec.generate_private_key(ec.SECP256R1()), name="aaaa").encode())
    der = request.public_bytes(serialization.Encoding.DER).replace(b"aaaa", b"bbbb")
    return x509.load_der_x509_csr(der).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    "request_pem",
    [
        "",
        "hello",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "x" * 20_000,
        csr(rsa.generate_private_key(65537, 1024)),
        csr(ec.generate_private_key(ec.SECP224R1())),
        csr(ec.generate_private_key(ec.SECP256K1())),
        csr(ed25519.Ed25519PrivateKey.generate(), algorithm=None),
        tampered(),
    ],
)
def test_a_request_that_is_weak_forged_or_nonsense_is_refused(request_pem):
    with pytest.raises(Invalid):
        read_request(request_pem)


def test_the_revocation_list_names_what_was_revoked(authority):
    issued, _ = authority.make_station_key(CP1, NOW)
    revoked = x509.load_der_x509_crl(authority.revocation_list(Kind.EC, [(issued.serial, NOW)], NOW))
    assert revoked.is_signature_valid(authority.root(Kind.EC).key.public_key())
    assert revoked.get_revoked_certificate_by_serial_number(int(issued.serial, 16)) is not None
    assert revoked.get_revoked_certificate_by_serial_number(1) is None


def test_only_authorities_may_vouch_for_stations(authority):
    issued, _ = authority.make_station_key(CP1, NOW)
    assert len(read_roots(authority.roots_pem)) == 2
    with pytest.raises(Invalid, match="not a certificate authority"):
        read_roots(issued.pem)
    with pytest.raises(Invalid):
        read_roots("hello")
