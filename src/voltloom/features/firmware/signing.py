"""Who signed an image: checked here before a station is told to fetch it, as the station will check it itself."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from voltloom.domain.errors import Conflict, Invalid

LONGEST_CERTIFICATE = 5500
LONGEST_SIGNATURE = 800
"""Characters, in the schemas of all versions that have them."""
LEAST_RSA_BITS = 2048
LEAST_EC_BITS = 224


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing certificate, as people look at it. fingerprint: SHA-256, hexadecimal.

    trusted   issued by one of the roots that the operator named; None where none were
    """

    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    key: str
    trusted: bool | None = None


def read_signer(pem: str, roots: Sequence[x509.Certificate], now: datetime) -> Signer:
    """Raises Invalid for what can sign no firmware: no certificate, not (yet) or no longer valid, too weak a key, a
    key that may not sign, or, where roots are named, one that none of them issued.

    Firmware signing certificates are issued by the root itself, with none between (OCPP 1.6 security whitepaper, L01).
    """
    certificate = _read(pem)
    if now < certificate.not_valid_before_utc:
        raise Invalid(f"the signing certificate is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M}Z")
    check_not_over(certificate.not_valid_after_utc, now)
    trusted = any(_issued(root, certificate, now) for root in roots) if roots else None
    if trusted is False:
        raise Invalid(
            "the signing certificate is issued by none of the manufacturers that are trusted here: "
            "add its root to the file that the setting firmware_roots names"
        )
    return Signer(
        subject=certificate.subject.rfc4514_string()[:300],
        issuer=certificate.issuer.rfc4514_string()[:300],
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=_kind_of_key(certificate),
        trusted=trusted,
    )


def check_not_over(not_after: datetime, now: datetime) -> None:
    """Raises Conflict: stations refuse an image whose certificate has ended (L01.FR.23, L01.FR.24)."""
    if now > not_after:
        raise Conflict(
            f"the signing certificate ended on {not_after:%Y-%m-%d}: have the image signed with one that is valid"
        )


def verify(pem: str, signature: str, sha256: str) -> str:
    """How the signature was made. Raises Invalid where it is not one of this image.

    L01.FR.04 (OCPP 1.6 security whitepaper) names RSA-PSS and ECSchnorr over SHA-256. PKCS #1 and ECDSA are taken as
    well; a Schnorr signature cannot be checked here, so an image with one is refused.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("the signature is not base64") from None
    key = _read(pem).public_key()
    digest, hashed = bytes.fromhex(sha256), utils.Prehashed(hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            key.verify(raw, digest, ec.ECDSA(hashed))
        except InvalidSignature:
            raise _not_of_this_image() from None
        return "ECDSA with SHA-256"
    assert isinstance(key, rsa.RSAPublicKey), "the certificate was read before"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    for name, scheme in (("RSA-PSS with SHA-256", pss), ("RSA (PKCS #1) with SHA-256", padding.PKCS1v15())):
        try:
            key.verify(raw, digest, scheme, hashed)
        except InvalidSignature:
            continue
        return name
    raise _not_of_this_image()


def _not_of_this_image() -> Invalid:
    return Invalid(
        "the signature is not one that this certificate's key made over this image: nothing of it is kept. "
        "Upload the very file that was signed, with the signature that came with it"
    )


def _read(pem: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise Invalid("the signing certificate is no X.509 certificate in PEM") from None
    if len(found) != 1:
        raise Invalid("give the signing certificate alone: no others with it")
    return found[0]


def _kind_of_key(certificate: x509.Certificate) -> str:
    """Raises Invalid for one that must not, or should not, sign firmware."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    except ValueError:
        raise Invalid("the signing certificate has extensions that cannot be read") from None
    if usage is not None and not usage.digital_signature:
        raise Invalid("the key of this certificate may not sign: its key usage lacks digitalSignature")
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid("the key of the signing certificate is of a kind that is not known here") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise Invalid(f"the RSA key has {key.key_size} bits, and firmware is signed with {LEAST_RSA_BITS} or more")
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < LEAST_EC_BITS:
            raise Invalid(f"the key has {key.key_size} bits, and firmware is signed with {LEAST_EC_BITS} or more")
        return f"EC {key.curve.name}"
    raise Invalid("the signing certificate has neither an RSA nor an elliptic-curve key")


def _issued(root: x509.Certificate, certificate: x509.Certificate, now: datetime) -> bool:
    if not root.not_valid_before_utc <= now <= root.not_valid_after_utc:
        return False
    if root == certificate:
        return True
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
