"""What a station keeps of certificates: its own keys and what was signed for them, and whom it trusts.

A real key, a real request, a real check of what comes back. Version-neutral; the words are the speeches'.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from voltloom.simulator.words import Payload

MOST_INSTALLED = 20
STATION, V2G, V2G20 = "ChargingStationCertificate", "V2GCertificate", "V2G20Certificate"
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate of its own, with the chain as it came, and the key."""

    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey

    @property
    def leaf(self) -> x509.Certificate:
        return self.chain[0]


@dataclass(slots=True, weakref_slot=True)
class Certificates:
    """identities   by what they are for: the last that was taken
    roots        by use, in 2.x words
    pending      keys whose request has not been answered, by use
    """

    identities: dict[str, Identity] = field(default_factory=dict[str, Identity])
    roots: dict[str, list[x509.Certificate]] = field(default_factory=dict[str, list[x509.Certificate]])
    pending: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict[str, ec.EllipticCurvePrivateKey])
    _folder: Path | None = None
    _written: x509.Certificate | None = None

    # ---- its own

    def request(self, use: str, common_name: str, organization: str) -> str:
        """A request for a new key, PEM. The key before is kept until there is something for the new one."""
        key = self.pending[use] = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
            ]
        )
        made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def take(self, use: str, chain_pem: str) -> str:
        """What was signed for it. Why it is not taken; "" where it is."""
        try:
            chain = tuple(x509.load_pem_x509_certificates(chain_pem.encode()))
        except ValueError:
            return "the chain cannot be read"
        key = self.pending.get(use)
        if key is None or chain[0].public_key() != key.public_key():
            return "it is not for a key that was asked for"
        now = datetime.now(UTC)
        if not chain[0].not_valid_before_utc <= now < chain[0].not_valid_after_utc:
            return "it is not valid now"
        self.identities[use] = Identity(chain, key)
        del self.pending[use]
        return ""

    def files(self) -> tuple[str, str] | None:
        """The certificate that it proves itself with and its key, as files; None where it was given none."""
        identity = self.identities.get(STATION)
        if identity is None:
            return None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="voltloom-station-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        folder = self._folder
        # A name of its own for each: who has read the one before does not look again.
        stem = f"{identity.leaf.serial_number:x}"
        if self._written is not identity.leaf:
            chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in identity.chain)
            (folder / f"{stem}.pem").write_bytes(chain)
            key = identity.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (folder / f"{stem}.key").write_bytes(key)
            self._written = identity.leaf
        return str(folder / f"{stem}.pem"), str(folder / f"{stem}.key")

    # ---- whom it trusts

    def install(self, use: str, pem: str) -> str:
        """Accepted, Rejected (it has no room) or Failed (it cannot be read, or is not valid)."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "Failed"
        if certificate.not_valid_after_utc <= datetime.now(UTC):
            return "Failed"
        kept = self.roots.setdefault(use, [])
        if certificate in kept:
            return "Accepted"
        if self.count >= MOST_INSTALLED:
            return "Rejected"
        kept.append(certificate)
        return "Accepted"

    @property
    def count(self) -> int:
        return sum(map(len, self.roots.values()))

    def delete(self, named: Payload) -> str:
        """Accepted, NotFound, or Failed for what it proves itself with, which is not deleted this way."""
        own = self.identities.get(STATION)
        if own is not None and _is(own.leaf, named):
            return "Failed"
        for kept in self.roots.values():
            for certificate in kept:
                if _is(certificate, named):
                    kept.remove(certificate)
                    return "Accepted"
        for use in (V2G, V2G20):
            identity = self.identities.get(use)
            if identity is not None and _is(identity.leaf, named):
                del self.identities[use]
                return "Accepted"
        return "NotFound"

    def list(self, uses: Iterable[str] = ()) -> list[Payload]:
        """As 2.x says it: hash data by use, a chain towards vehicles with what is below it."""
        wanted = set(uses)
        found: list[Payload] = [
            {"certificateType": use, "certificateHashData": hash_data(certificate)}
            for use, kept in self.roots.items()
            if not wanted or use in wanted
            for certificate in kept
        ]
        if not wanted or "V2GCertificateChain" in wanted:
            for use in (V2G, V2G20):
                identity = self.identities.get(use)
                if identity is not None:
                    entry: Payload = {
                        "certificateType": "V2GCertificateChain",
                        "certificateHashData": hash_data(identity.leaf),
                    }
                    if len(identity.chain) > 1:
                        entry["childCertificateHashData"] = [hash_data(each) for each in identity.chain[1:5]]
                    found.append(entry)
        return found


def hash_data(certificate: x509.Certificate, algorithm: str = "SHA256") -> Payload:
    """Its issuer's key is known only where it is its own issuer, or where it says whose it is: the identifier of that
    key then stands in for the key, as stations do that have lost the certificate above."""
    used = _ALGORITHMS[algorithm]
    if certificate.issuer == certificate.subject:
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, used).build()
        key = asked.issuer_key_hash.hex()
    else:
        key = _digest(used, _authority_key(certificate))
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": _digest(used, certificate.issuer.public_bytes()),
        "issuerKeyHash": key,
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _authority_key(certificate: x509.Certificate) -> bytes:
    try:
        found: Any = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        return found.key_identifier or b""
    except x509.ExtensionNotFound:
        return b""


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> str:
    made = hashes.Hash(algorithm)
    made.update(data)
    return made.finalize().hex()


def _is(certificate: x509.Certificate, named: Payload) -> bool:
    ours = hash_data(certificate, str(named["hashAlgorithm"]))
    return all(
        str(ours[name]).lower().lstrip("0") == str(named[name]).lower().lstrip("0")
        for name in ("issuerNameHash", "issuerKeyHash", "serialNumber")
    )
