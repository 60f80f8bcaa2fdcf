"""Who may sign, and what is one's signature."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from signed_firmware import EC, IMAGE, RSA, Key, certificate, signature
from voltloom.domain.errors import Conflict, Invalid
from voltloom.features.firmware.signing import read_signer, verify

NOW = datetime.now(UTC)
DIGEST = sha256(IMAGE).hexdigest()


@pytest.mark.parametrize(
    ("key", "pss", "how"),
    [
        (RSA, True, "RSA-PSS with SHA-256"),
        (RSA, False, "RSA (PKCS #1) with SHA-256"),
        (EC, True, "ECDSA with SHA-256"),
    ],
)
def test_a_signature_is_checked_as_its_key_makes_them(key: Key, pss: bool, how: str):
    pem = certificate(key)
    assert verify(pem, signature(key, pss=pss), DIGEST) == how
    for digest, made in ((sha256(IMAGE + b"x").hexdigest(), signature(key, pss=pss)), (DIGEST, "AAAA")):
        with pytest.raises(Invalid, match="not one that this certificate's key made"):
            verify(pem, made, digest)
    other = certificate(RSA if key is EC else EC)
    with pytest.raises(Invalid):
        verify(other, signature(key, pss=pss), DIGEST)


def test_a_signature_that_is_none():
    with pytest.raises(Invalid, match="not base64"):
        verify(certificate(RSA), "no base64!", DIGEST)


def test_a_good_certificate_is_shown():
    signer = read_signer(certificate(RSA, may_sign=True), (), NOW)
    assert (signer.subject, signer.key, signer.trusted) == ("CN=Acme Firmware", "RSA 2048", None)
    assert read_signer(certificate(EC), (), NOW).key == "EC secp256r1"


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        ("no certificate", "no X.509"),
        (certificate(RSA) + certificate(EC), "alone"),
        (certificate(RSA, begins=timedelta(days=1)), "valid only from"),
        (certificate(RSA, may_sign=False), "digitalSignature"),
        (certificate(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (certificate(ec.generate_private_key(ec.SECP192R1())), "192 bits"),
    ],
)
def test_a_certificate_that_can_sign_nothing(pem: str, why: str):
    with pytest.raises(Invalid, match=why):
        read_signer(pem, (), NOW)


def test_one_that_has_ended():
    with pytest.raises(Conflict, match="ended on"):
        read_signer(certificate(RSA, ends=timedelta(hours=-1)), (), NOW)


def test_a_key_of_another_kind():
    key = ed25519.Ed25519PrivateKey.generate()
    signed = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, None)
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    with pytest.raises(Invalid, match="neither an RSA nor"):
        read_signer(signed.public_bytes(Encoding.PEM).decode(), (), NOW)


def test_where_manufacturers_are_named_only_theirs_are_taken():
    root = x509.load_pem_x509_certificate(certificate(RSA, name="Acme Root", authority=True).encode())
    theirs = certificate(EC, issuer="Acme Root", issuer_key=RSA)
    assert read_signer(theirs, [root], NOW).trusted is True
    forged = certificate(EC, issuer="Acme Root", issuer_key=rsa.generate_private_key(65537, 2048))
    for pem in (forged, certificate(EC)):
        with pytest.raises(Invalid, match="issued by none"):
            read_signer(pem, [root], NOW)
    old = certificate(RSA, name="Acme Root", authority=True, ends=timedelta(hours=-1))
    with pytest.raises(Invalid, match="issued by none"):
        read_signer(theirs, [x509.load_pem_x509_certificate(old.encode())], NOW)
