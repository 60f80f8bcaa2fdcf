"""Authorities, charging contracts and responders of others, as tests need them."""

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


def name(common_name: str, organization: str = "") -> x509.Name:
    found = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        found.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(found)


def csr(common_name: str = "whoever", key: Any = None) -> str:
    made = x509.CertificateSigningRequestBuilder().subject_name(name(common_name))
    signed = made.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def key_pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@dataclass
class Ca:
    """An authority, and what it has revoked, by serial number."""

    certificate: x509.Certificate
    key: Any
    above: "Ca | None" = None
    revoked: set[int] = field(default_factory=set)

    @property
    def pem(self) -> str:
        return pem_of(self.certificate)

    def issue(
        self,
        common_name: str,
        key: Any = None,
        *,
        ca: bool = False,
        path_length: int | None = None,
        responder: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
        usage: list[Any] | None = None,
        organization: str = "",
        public_key: Any = None,
        address: str = "",
    ) -> "Ca":
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common_name, organization))
            .issuer_name(self.certificate.subject)
            .public_key(public_key or key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now - DAY)
            .not_valid_after(end or now + 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        )
        if responder:
            place = x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder)
            )
            builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        return Ca(builder.sign(self.key, hashes.SHA256()), key, self)

    def crl(self, *, start: datetime | None = None, end: datetime | None = None) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(start or now - DAY)
            .next_update(end or now + DAY)
        )
        for serial in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def new_root(common_name: str = "MO root", *, with_rsa: bool = False) -> Ca:
    key: Any = rsa.generate_private_key(65537, 2048) if with_rsa else ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 3650 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Ca(certificate, key)


@dataclass
class Contract:
    """A charging contract: root → first → second → the contract itself."""

    root: Ca
    first: Ca
    second: Ca
    leaf: Ca

    @property
    def chain(self) -> str:
        return self.leaf.pem + self.second.pem + self.first.pem

    @property
    def links(self) -> list[tuple[Ca, Ca]]:
        return [(self.leaf, self.second), (self.second, self.first), (self.first, self.root)]

    def hash_data(self, responder: str, algorithm: Any = None) -> list[dict[str, str]]:
        return [
            hash_data(below.certificate, above.certificate) | {"responderURL": responder} for below, above in self.links
        ]


def new_contract(emaid: str, responder: str = "", root: Ca | None = None, **leaf: Any) -> Contract:
    root = root or new_root()
    first = root.issue("MO sub 1", ca=True, path_length=1, responder=responder)
    second = first.issue("MO sub 2", ca=True, path_length=0, responder=responder)
    return Contract(root, first, second, second.issue(emaid, responder=responder, **leaf))


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate) -> dict[str, str]:
    """As a station writes it; made by other code than the server's."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": asked.issuer_name_hash.hex(),
        "issuerKeyHash": asked.issuer_key_hash.hex(),
        "serialNumber": f"{asked.serial_number:x}",
    }


def respond(
    request: bytes,
    cas: list[Ca],
    *,
    signer: Ca | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    delegate: bool = False,
) -> bytes:
    """A responder's answer, DER: for the issuer among `cas` that the request names; UNAUTHORIZED for none."""
    asked = ocsp.load_der_ocsp_request(request)
    now = datetime.now(UTC)
    for ca in cas:
        below = ca.issue("below").certificate
        made = ocsp.OCSPRequestBuilder().add_certificate(below, ca.certificate, asked.hash_algorithm).build()
        if (made.issuer_name_hash, made.issuer_key_hash) != (asked.issuer_name_hash, asked.issuer_key_hash):
            continue
        is_revoked = asked.serial_number in ca.revoked
        by = signer or (ca.issue("responder", usage=[ExtendedKeyUsageOID.OCSP_SIGNING]) if delegate else ca)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            asked.issuer_name_hash,
            asked.issuer_key_hash,
            asked.serial_number,
            asked.hash_algorithm,
            ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD,
            start or now - timedelta(hours=1),
            end or now + DAY,
            now - DAY if is_revoked else None,
            None,
        )
        if by is not ca:
            builder = builder.certificates([by.certificate])
        signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate).sign(by.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)
    refused = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    return refused.public_bytes(serialization.Encoding.DER)


@dataclass
class Outside:
    """A server of others on this machine: responder (/ocsp), revocation lists (/crl/<number>), pool of contracts, EST.

    heard     path, headers and body of what it was asked
    answers   by path: status and body, in the place of what it would say
    """

    url: str = ""
    folder: Path = Path()
    cas: list[Ca] = field(default_factory=list)
    est: Ca | None = None
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        if path == "/ocsp":
            return 200, respond(body, self.cas)
        if path.startswith("/crl/"):
            return 200, self.cas[int(path[5:])].crl()
        if path == "/est/simpleenroll" and self.est is not None:
            request = x509.load_der_x509_csr(base64.b64decode(body))
            leaf = self.est.issue("SECC", public_key=request.public_key())
            chain = [self.est.certificate, leaf.certificate]
            return 200, base64.encodebytes(pkcs7.serialize_certificates(chain, serialization.Encoding.DER))
        return 404, b""


@contextmanager
def outside(folder: Path | None = None) -> Iterator[Outside]:
    """folder: where the files of its TLS are put, `root.pem` is what to trust; None: plain HTTP."""
    made = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            made.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, said = made.answer(self.path, body)
            self.send_response(status)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST  # noqa: N815 - as the library calls it

        def log_message(self, *_: object) -> None:
            """Nothing: what it was asked is in `heard`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    if folder is not None:
        made.folder = folder
        root = new_root("Outside")
        shown = root.issue("127.0.0.1", address="127.0.0.1")
        (folder / "root.pem").write_text(root.pem)
        (folder / "shown.pem").write_text(shown.pem + key_pem(shown.key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "shown.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        made.url = made.url.replace("http:", "https:")
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    running.start()
    try:
        yield made
    finally:
        server.shutdown()
        running.join()
        server.server_close()
