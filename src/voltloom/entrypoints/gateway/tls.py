"""TLS as stations and we speak it: the listener's context, the certificate a station showed, and why it did not work.

OCPP 2.0.1 A00 asks for four cipher suites that need two server certificates, one with an elliptic-curve key and one
with an RSA key. TLS 1.2 and 1.3 with forward secrecy; the suites without it only where a station needs them.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from voltloom.domain.errors import Invalid

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LEGACY_CIPHERS = "AES128-GCM-SHA256:AES256-GCM-SHA384"
"""TLS_RSA_WITH_AES_*_GCM: whoever gets the server's key later can read what was recorded today."""


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """A server certificate with its chain, and its key: two PEM files."""

    chain: Path
    key: Path


def make_context(files: Sequence[ServerFiles], client_roots: str, *, legacy_ciphers: bool = False) -> ssl.SSLContext:
    """A context for stations with and without a certificate of their own. client_roots: PEM, who may vouch for them.

    Raises Invalid, naming the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{_CIPHERS}:{_LEGACY_CIPHERS}" if legacy_ciphers else _CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # A resumed connection would not prove anew that the station still has its key, and tickets cost memory for each.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    load_files(context, files)
    if client_roots:
        try:
            context.load_verify_locations(cadata=client_roots)
        except ssl.SSLError as error:
            raise Invalid(f"the certificates that vouch for stations cannot be read: {error}") from error
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def make_https_context(files: ServerFiles) -> ssl.SSLContext:
    """A context for browsers and programs. Raises Invalid, naming the file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    load_files(context, [files])
    return context


def load_files(context: ssl.SSLContext, files: Sequence[ServerFiles]) -> None:
    """What the next handshakes will show, also on a context in use. Connections that stand are not touched."""
    if not files:
        raise Invalid("TLS needs a server certificate: none was given")
    for pair in files:
        try:
            context.load_cert_chain(pair.chain, pair.key)
        except OSError as error:  # ssl.SSLError is one
            raise Invalid(
                f"the TLS certificate {pair.chain} and its key {pair.key} cannot be used: {error}. "
                "Both must be readable PEM files that belong together"
            ) from error


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What a station's certificate says; the handshake has proven that it holds the key, and who vouches for it.

    fingerprint     SHA-256 of the certificate, in hexadecimal
    common_name, organization   "" unless there is exactly one
    """

    fingerprint: str
    common_name: str
    organization: str
    serial: int


def read_certificate(der: bytes) -> PeerCertificate | None:
    """None for one that cannot be read, which proves nothing."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return PeerCertificate(
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            common_name=_only(certificate.subject, NameOID.COMMON_NAME),
            organization=_only(certificate.subject, NameOID.ORGANIZATION_NAME),
            serial=certificate.serial_number,
        )
    except ValueError:
        return None


def _only(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return values[0].value if len(values) == 1 and isinstance(values[0].value, str) else ""


def describe(connection: ssl.SSLObject) -> str:
    """Version and cipher, e.g. "TLSv1.3 TLS_AES_256_GCM_SHA384"."""
    cipher = connection.cipher()
    return f"{connection.version()} {cipher[0] if cipher else ''}".strip()


_SENTENCES = {
    "HTTP_REQUEST": "It spoke plain HTTP to the TLS port: its address must begin with wss://, not ws://.",
    "WRONG_VERSION_NUMBER": "What it sent is not TLS, or a version older than TLS 1.0.",
    "UNSUPPORTED_PROTOCOL": "It knows no TLS version newer than 1.1; 1.2 is the least that is accepted.",
    "VERSION_TOO_LOW": "It knows no TLS version newer than 1.1; 1.2 is the least that is accepted.",
    "NO_SHARED_CIPHER": "It offered no cipher suite that is accepted here. An old station may need the setting "
    "legacy_ciphers.",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "It supports no signature that our certificates can make.",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "It showed no certificate.",
    "CERTIFICATE_VERIFY_FAILED": "It showed a certificate that none of the trusted authorities vouches for.",
    "TLSV1_ALERT_UNKNOWN_CA": "It does not trust our certificate: install our CA certificate in the station.",
    "SSLV3_ALERT_BAD_CERTIFICATE": "It refuses our certificate: install our CA certificate in the station, and check "
    "that it calls us by a name that our certificate has.",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "It refuses our certificate: install our CA certificate in the station, and "
    "check that it calls us by a name that our certificate has.",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "It finds our certificate expired: check the station's clock.",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "It cannot use a certificate of this kind.",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "It broke off: nothing that we offer suits it.",
    "TLSV1_ALERT_PROTOCOL_VERSION": "It knows none of the TLS versions that are accepted here.",
    "TLSV1_ALERT_DECRYPT_ERROR": "It could not verify our signature.",
    "UNEXPECTED_EOF_WHILE_READING": "It hung up in the middle of the TLS handshake: often a station that does not "
    "trust our certificate and does not say so.",
}


_OUT_OF_TIME = {
    9: "It showed a certificate that is not valid yet: check the station's clock, and ours.",
    10: "It showed a certificate that has expired: give the station a new one, and check its clock.",
}
"""By what OpenSSL calls X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def is_out_of_time(error: BaseException) -> bool:
    """The peer's certificate is one that we would trust at another time."""
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _OUT_OF_TIME


def explain(error: BaseException) -> str:
    """Why no TLS connection came about: a sentence for people, with the library's own word for it."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _OUT_OF_TIME:
        return _OUT_OF_TIME[error.verify_code]
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or ""
        sentence = _SENTENCES.get(reason, "The TLS handshake failed.")
        detail = getattr(error, "verify_message", "") or reason
        return f"{sentence} ({detail})" if detail else sentence
    if isinstance(error, TimeoutError):
        return "It did not finish the TLS handshake in time."
    if isinstance(error, ConnectionAbortedError):
        return "The TLS handshake was broken off, or took too long."
    return (
        "It hung up in the middle of the TLS handshake: often a station that does not trust our certificate and does "
        "not say so."
    )
