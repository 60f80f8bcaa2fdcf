"""Our own certificate authority, made at the first start: two roots, their keys in files, and what they sign.

Two, because OCPP 2.0.1 A00 wants cipher suites for both kinds of keys, and a station that knows only RSA can do nothing
with a certificate that an elliptic-curve root has signed. A station needs the root of the kind it can read; each root
signs its own kind only.

Nothing here knows a database: what was issued and revoked is the service's to remember.
"""

import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

ROOT_LIFE = timedelta(days=20 * 365)
SERVER_LIFE = timedelta(hours=23)
"""OCPP 2.0.1 A00 wants less than a day: a station cannot ask whether our certificate was revoked."""
RENEW_SERVER_EVERY = timedelta(hours=6)
STATION_LIFE = timedelta(days=2 * 365)
CRL_LIFE = timedelta(days=7)
_CLOCKS_DIFFER = timedelta(minutes=50)
"""A certificate is valid a little before it was made: clocks of stations are behind."""
_LONGEST_CSR = 10_000
_ORGANIZATION_LENGTH = 64
"""The longest common name and organization (X.520)."""


class Kind(Enum):
    """Of key, and of all that is signed with it."""

    EC = "ec"
    RSA = "rsa"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that we signed.

    pem           the certificate alone; what it is signed with is the root of the same kind
    fingerprint   SHA-256 in hexadecimal
    serial        in hexadecimal, as in revocation lists
    """

    kind: Kind
    pem: str
    fingerprint: str
    serial: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """A certificate with its chain and its key: two PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Root:
    kind: Kind
    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> str:
        return _pem(self.certificate)


@dataclass(frozen=True, slots=True)
class Authority:
    """organization: the operator's name; it stands in every station certificate (OCPP 2.0.1 A00)."""

    directory: Path
    organization: str
    roots: tuple[Root, ...]

    @staticmethod
    def open(directory: Path, organization: str, now: datetime) -> "Authority":
        """The authority kept in this directory; made there where it is not. Only its owner can read the keys.

        Raises Invalid where what is there cannot be used.
        """
        if not 1 <= len(organization) <= _ORGANIZATION_LENGTH or not organization.isprintable():
            raise Invalid(
                f"the organization {organization!r} must have 1 to {_ORGANIZATION_LENGTH} printable characters"
            )
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Authority(
            directory, organization, tuple(_open_root(directory, kind, organization, now) for kind in Kind)
        )

    @property
    def roots_pem(self) -> str:
        """What stations, and whoever connects to us, are given to trust."""
        return "".join(root.pem for root in self.roots)

    def root(self, kind: Kind) -> Root:
        return next(root for root in self.roots if root.kind is kind)

    def issue_server(self, names: Sequence[str], now: datetime, life: timedelta = SERVER_LIFE) -> tuple[KeyFiles, ...]:
        """A new server certificate of each kind for these host names and addresses, written beside the roots.

        The first name is the common name (OCPP 2.0.1 A00: the host name of the CSMS).
        """
        if not names:
            raise Invalid("a server certificate needs at least one name")
        return tuple(self._issue_server(root, names, now, life) for root in self.roots)

    def _issue_server(self, root: Root, names: Sequence[str], now: datetime, life: timedelta) -> KeyFiles:
        key = _new_key(root.kind)
        usage = _key_usage(key_encipherment=root.kind is Kind.RSA)
        certificate = (
            _builder(root, key.public_key(), names[0], self.organization, now, life)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(root.key, hashes.SHA256())
        )
        files = KeyFiles(
            self.directory / f"server-{root.kind.value}.pem", self.directory / f"server-{root.kind.value}.key"
        )
        _write(files.key, _key_pem(key))
        _write(files.chain, (_pem(certificate) + root.pem).encode())
        return files

    def issue_station(
        self,
        station_id: StationId,
        csr_pem: str,
        now: datetime,
        life: timedelta = STATION_LIFE,
        *,
        for_vehicles: bool = False,
    ) -> Issued:
        """A client certificate for the key in this request. Nothing else in the request counts: subject and
        extensions are ours. Raises Invalid for a request that cannot be read, is not signed with its key, or whose
        key is weak.

        for_vehicles   the station is a server to them (ISO 15118), and nobody is let in here with it
        """
        return self._issue_station(station_id, read_request(csr_pem), now, life, for_vehicles=for_vehicles)

    def make_station_key(
        self, station_id: StationId, now: datetime, life: timedelta = STATION_LIFE, kind: Kind = Kind.EC
    ) -> tuple[Issued, str]:
        """A client certificate with a key that we make, for a station that cannot make one: the key (PEM) is not
        kept here."""
        key = _new_key(kind)
        return self._issue_station(station_id, key.public_key(), now, life), _key_pem(key).decode()

    def _issue_station(
        self, station_id: StationId, key: PublicKey, now: datetime, life: timedelta, *, for_vehicles: bool = False
    ) -> Issued:
        root = self.root(kind_of(key))
        usage = ExtendedKeyUsageOID.SERVER_AUTH if for_vehicles else ExtendedKeyUsageOID.CLIENT_AUTH
        # Towards vehicles its name can be no host's: a station that is called like a server must not pass for it.
        name = f"SECC {station_id}" if for_vehicles else station_id
        certificate = (
            _builder(root, key, name, self.organization, now, life)
            .add_extension(_key_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=for_vehicles)
            .sign(root.key, hashes.SHA256())
        )
        return issued_of(certificate)

    def revocation_list(self, kind: Kind, revoked: Iterable[tuple[str, datetime]], now: datetime) -> bytes:
        """The list of the root of this kind, DER. revoked: (serial in hexadecimal, when)."""
        root = self.root(kind)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(root.certificate.subject)
            .last_update(now)
            .next_update(now + CRL_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(_authority_key(root), critical=False)
        )
        for serial, at in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(root.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def kind_of(key: object) -> Kind:
    return Kind.RSA if isinstance(key, rsa.RSAPublicKey) else Kind.EC


def issued_of(certificate: x509.Certificate) -> Issued:
    return Issued(
        kind=kind_of(certificate.public_key()),
        pem=_pem(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def read_request(csr_pem: str) -> PublicKey:
    """The key of a certificate signing request that is signed with that key, and strong enough. Raises Invalid."""
    if len(csr_pem) > _LONGEST_CSR:
        raise Invalid(f"a certificate signing request has at most {_LONGEST_CSR} characters; this has {len(csr_pem)}")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        signed = request.is_signature_valid
        key = request.public_key()
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise Invalid("this is not a certificate signing request in PEM that can be read") from error
    if not signed:
        raise Invalid("the certificate signing request is not signed with its own key")
    match key:
        case rsa.RSAPublicKey() if 2048 <= key.key_size <= 4096:
            return key
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
            return key
        case _:
            raise Invalid(
                "the key of the request must be RSA of 2048 to 4096 bits, or on a curve P-256, P-384 or P-521"
            )


def read_roots(pem: str) -> list[x509.Certificate]:
    """Other authorities' certificates. Raises Invalid for what is none, or not an authority's."""
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Invalid("these are not certificates in PEM that can be read") from error
    for certificate in certificates:
        try:
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            constraints = None
        if constraints is None or not constraints.ca:
            raise Invalid(f"{certificate.subject.rfc4514_string()} is not a certificate authority")
    return certificates


# ---- files


def _open_root(directory: Path, kind: Kind, organization: str, now: datetime) -> Root:
    certificate_file, key_file = directory / f"ca-{kind.value}.pem", directory / f"ca-{kind.value}.key"
    if not certificate_file.exists() and not key_file.exists():
        _make_root(certificate_file, key_file, kind, organization, now)
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        # Our own file. Proving that the primes of an RSA key are some takes as long as all else that a command does;
        # that it belongs to the certificate is looked at below.
        key = serialization.load_pem_private_key(
            key_file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
        )
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(
            f"the certificate authority in {certificate_file} and {key_file} cannot be read: {error}. Restore both "
            "files from a backup; or move both away, to have a new one made that no station trusts yet"
        ) from error
    if (
        not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        or key.public_key() != certificate.public_key()
    ):
        raise Invalid(f"the key in {key_file} does not belong to the certificate in {certificate_file}")
    return Root(kind, certificate, key)


def _make_root(certificate_file: Path, key_file: Path, kind: Kind, organization: str, now: datetime) -> None:
    key = _new_key(kind, root=True)
    # Two operators' roots, and the two of one, must not bear the same name.
    name = _name(f"voltloom {kind.value.upper()} root {x509.random_serial_number():x}"[:40], organization)
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(digital_signature=False, signs=True), critical=True)
        .add_extension(subject_key, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _key_pem(key))
    _write(certificate_file, _pem(certificate).encode())


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and readable by its owner alone."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


# ---- parts of certificates


def _new_key(kind: Kind, *, root: bool = False) -> PrivateKey:
    if kind is Kind.EC:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 3072 if root else 2048)


def _name(common_name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    root: Root, key: PublicKey, common_name: str, organization: str, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name[:_ORGANIZATION_LENGTH], organization))
        .issuer_name(root.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(min(now + life, root.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_authority_key(root), critical=False)
    )


def _authority_key(root: Root) -> x509.AuthorityKeyIdentifier:
    subject_key = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key)


def _key_usage(*, digital_signature: bool = True, key_encipherment: bool = False, signs: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
