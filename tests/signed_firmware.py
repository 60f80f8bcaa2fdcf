"""Images that somebody signed, as manufacturers do."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
IMAGE = b"firmware 2.0.0\n" + bytes(range(256)) * 800


def certificate(
    key: Key,
    *,
    name: str = "Acme Firmware",
    issuer: str = "",
    issuer_key: Key | None = None,
    begins: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=30),
    authority: bool = False,
    may_sign: bool | None = None,
    now: datetime | None = None,
) -> str:
    """PEM. issuer, issuer_key: left out, it signs itself. may_sign: what its key usage says; None: it has none."""
    at = now or datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer or name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at + begins)
        .not_valid_after(at + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if may_sign is not None:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
        )
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=may_sign,
                key_cert_sign=not may_sign,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
    signed = builder.sign(issuer_key or key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def signature(key: Key, image: bytes = IMAGE, *, pss: bool = True) -> str:
    """Base64."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        raw = key.sign(image, ec.ECDSA(hashes.SHA256()))
    elif pss:
        raw = key.sign(image, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        raw = key.sign(image, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(raw).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
