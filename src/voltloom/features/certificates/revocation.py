"""What responders (OCSP, RFC 6960) and revocation lists (RFC 5280) say of a certificate; made and read, without I/O.

A word is signed by the certificate's issuer, or by whom the issuer names for it. Where we know the issuer, the
signature is looked at and must be good; where we do not, the word is taken as it is: `is_proven` tells which it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from voltloom.domain.certificate import CertificateHash, CertificateState
from voltloom.features.certificates.chains import CLOCKS_DIFFER
from voltloom.features.certificates.hashes import ALGORITHMS, digest, has_signed, is_issuer, name_hash

LONGEST_KEPT: Final = timedelta(days=7)
"""However long a responder says that its word holds."""
WITHOUT_AN_END: Final = timedelta(hours=1)
"""How long a word holds that does not say how long."""

_CAN_SIGN: Final = (ec.EllipticCurvePublicKey, rsa.RSAPublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)


class NoWord(Exception):
    """Nothing that can be gone by. reason: a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Word:
    """state       GOOD, REVOKED or UNKNOWN
    until       when to ask again
    is_proven   signed by an issuer that is known here
    der         the responder's answer as it came; b"" of a list
    """

    state: CertificateState
    until: datetime
    is_proven: bool
    der: bytes = b""


def request_of(named: CertificateHash) -> bytes:
    """The OCSPRequest for a certificate, DER. Raises NoWord for hashes that are none."""
    key = named.key
    try:
        name, issuer_key, serial = (
            bytes.fromhex(key.issuer_name_hash),
            bytes.fromhex(key.issuer_key_hash),
            int(key.serial, 16),
        )
        algorithm = ALGORITHMS[key.algorithm]
        made = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, issuer_key, serial, algorithm).build()
        return made.public_bytes(serialization.Encoding.DER)
    except ValueError:
        raise NoWord("hashes and serial number of the certificate must be hexadecimal, and of fit length") from None


def read_response(der: bytes, named: CertificateHash, issuers: Sequence[x509.Certificate], now: datetime) -> Word:
    """Raises NoWord."""
    try:
        answer = ocsp.load_der_ocsp_response(der)
    except ValueError:
        raise NoWord("the responder's answer is no OCSP response") from None
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise NoWord(f"the responder says {answer.response_status.name.lower()}")
    try:
        single = next((each for each in answer.responses if _is_about(each, named)), None)
        if single is None:
            raise NoWord("the responder speaks of another certificate")
        is_proven = _is_signed(answer, named, issuers)
        return _word(single, is_proven, der, now)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NoWord("the responder's answer uses what cannot be read here") from None


def _is_about(single: ocsp.OCSPSingleResponse, named: CertificateHash) -> bool:
    key = named.key
    return (
        single.serial_number == int(key.serial, 16)
        and single.issuer_name_hash.hex() == key.issuer_name_hash
        and single.issuer_key_hash.hex() == key.issuer_key_hash
    )


def _word(single: ocsp.OCSPSingleResponse, is_proven: bool, der: bytes, now: datetime) -> Word:
    if single.this_update_utc > now + CLOCKS_DIFFER:
        raise NoWord("the responder's answer is from the future")
    until = single.next_update_utc
    if until is not None and until < now - CLOCKS_DIFFER:
        raise NoWord("the responder's answer is out of date")
    states = {
        ocsp.OCSPCertStatus.GOOD: CertificateState.GOOD,
        ocsp.OCSPCertStatus.REVOKED: CertificateState.REVOKED,
        ocsp.OCSPCertStatus.UNKNOWN: CertificateState.UNKNOWN,
    }
    return Word(states[single.certificate_status], _bounded(until, now), is_proven, der)


def _bounded(until: datetime | None, now: datetime) -> datetime:
    if until is None:
        return now + WITHOUT_AN_END
    return min(max(until, now), now + LONGEST_KEPT)


def _is_signed(answer: ocsp.OCSPResponse, named: CertificateHash, issuers: Sequence[x509.Certificate]) -> bool:
    """False where the issuer is not known here. Raises NoWord where it is, and has not signed this."""
    known = [each for each in issuers if is_issuer(each, named)]
    if not known:
        return False
    signers = [*known, *(each for each in answer.certificates if any(_may_speak_for(each, issuer) for issuer in known))]
    algorithm = answer.signature_hash_algorithm
    if any(_verifies(each, answer.signature, answer.tbs_response_bytes, algorithm) for each in signers):
        return True
    raise NoWord("the responder's answer is not signed by the certificate's issuer")


def _may_speak_for(delegate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Issued by that issuer to answer in its name."""
    try:
        usage = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage and has_signed(issuer, delegate) is True


def _verifies(signer: x509.Certificate, signature: bytes, signed: bytes, algorithm: object) -> bool:
    key = signer.public_key()
    try:
        match key:
            case ec.EllipticCurvePublicKey() if isinstance(algorithm, hashes.HashAlgorithm):
                key.verify(signature, signed, ec.ECDSA(algorithm))
            case rsa.RSAPublicKey() if isinstance(algorithm, hashes.HashAlgorithm):
                key.verify(signature, signed, padding.PKCS1v15(), algorithm)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, signed)
            case _:
                return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


# ---- lists


def read_list(data: bytes, named: CertificateHash, issuers: Sequence[x509.Certificate], now: datetime) -> Word:
    """What a revocation list (DER or PEM) of the certificate's issuer says of it. Raises NoWord."""
    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        found = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        issued_by = digest(named.algorithm, found.issuer.public_bytes()).hex()
        if issued_by != named.key.issuer_name_hash:
            raise NoWord("the revocation list is another authority's")
        is_proven = _is_list_signed(found, _named(issuers, named))
        if found.last_update_utc > now + CLOCKS_DIFFER:
            raise NoWord("the revocation list is from the future")
        until = found.next_update_utc
        if until is not None and until < now - CLOCKS_DIFFER:
            raise NoWord("the revocation list is out of date")
        entry = found.get_revoked_certificate_by_serial_number(int(named.key.serial, 16))
        state = CertificateState.GOOD if entry is None or _is_taken_back(entry) else CertificateState.REVOKED
        return Word(state, _bounded(until, now), is_proven)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NoWord("this is no revocation list that can be read") from None


def _named(issuers: Iterable[x509.Certificate], named: CertificateHash) -> list[x509.Certificate]:
    return [each for each in issuers if name_hash(each, named.algorithm) == named.key.issuer_name_hash]


def _is_list_signed(found: x509.CertificateRevocationList, known: Sequence[x509.Certificate]) -> bool:
    for issuer in known:
        key = issuer.public_key()
        if isinstance(key, _CAN_SIGN):
            try:
                if found.is_signature_valid(key):
                    return True
            except TypeError:
                continue
    if known:
        raise NoWord("the revocation list is not signed by the certificate's issuer")
    return False


def _is_taken_back(entry: x509.RevokedCertificate) -> bool:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason is x509.ReasonFlags.remove_from_crl
