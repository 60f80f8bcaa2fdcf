"""Certificates named by hashes of their issuer, as OCPP and OCSP do. Pure."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from voltloom.domain.certificate import CertificateHash, HashAlgorithm

ALGORITHMS: Final[dict[HashAlgorithm, hashes.HashAlgorithm]] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}


def digest(algorithm: HashAlgorithm, data: bytes) -> bytes:
    made = hashes.Hash(ALGORITHMS[algorithm])
    made.update(data)
    return made.finalize()


def name_hash(certificate: x509.Certificate, algorithm: HashAlgorithm) -> str:
    """Of its own name: what those that it issued say of their issuer."""
    return digest(algorithm, certificate.subject.public_bytes()).hex()


def key_hash(certificate: x509.Certificate, algorithm: HashAlgorithm) -> str:
    """Of its own key, without the ASN.1 around it."""
    return digest(algorithm, key_bytes(certificate)).hex()


def key_bytes(certificate: x509.Certificate) -> bytes:
    """The bits of the key: the contents of subjectPublicKey."""
    whole = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _bit_string(whole)


def _bit_string(spki: bytes) -> bytes:
    """The BIT STRING that ends a SubjectPublicKeyInfo, without its count of unused bits."""
    inside, _ = _element(spki)
    _, after_algorithm = _element(spki, inside)
    bits, end = _element(spki, after_algorithm)
    return spki[bits + 1 : end]


def _element(data: bytes, at: int = 0) -> tuple[int, int]:
    """Where the content of a DER element begins and ends: short tags, definite lengths."""
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(data[begin : begin + size]), begin + size
    return begin, begin + length


def hash_of(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: HashAlgorithm = HashAlgorithm.SHA256
) -> CertificateHash:
    return CertificateHash(
        algorithm, name_hash(issuer, algorithm), key_hash(issuer, algorithm), f"{certificate.serial_number:x}"
    )


def is_issuer(issuer: x509.Certificate, named: CertificateHash) -> bool:
    key = named.key
    return (key.issuer_name_hash, key.issuer_key_hash) == (
        name_hash(issuer, named.algorithm),
        key_hash(issuer, named.algorithm),
    )


def has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool | None:
    """None where the names do not even fit."""
    if certificate.issuer != issuer.subject:
        return None
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
