"""Certificates as OCPP speaks of them: by hashes of their issuer, and by what they are for."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class HashAlgorithm(Enum):
    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


@dataclass(frozen=True, slots=True)
class CertificateHash:
    """A certificate, named by who issued it and its serial number; all in hexadecimal, as the station wrote it."""

    algorithm: HashAlgorithm
    issuer_name_hash: str
    issuer_key_hash: str
    serial: str

    @property
    def key(self) -> "CertificateHash":
        """What two that mean the same certificate have in common: stations differ in case and leading zeros."""
        return CertificateHash(
            self.algorithm,
            self.issuer_name_hash.lower(),
            self.issuer_key_hash.lower(),
            self.serial.lower().removeprefix("0x").lstrip("0") or "0",
        )


class CertificateUse(Enum):
    """What a certificate in a station is for, in 2.x words. 1.6 has no chain of its own to tell."""

    CSMS_ROOT = "CSMSRootCertificate"
    MANUFACTURER_ROOT = "ManufacturerRootCertificate"
    MO_ROOT = "MORootCertificate"
    V2G_ROOT = "V2GRootCertificate"
    OEM_ROOT = "OEMRootCertificate"
    """2.1 only."""
    V2G_CHAIN = "V2GCertificateChain"
    """The station's own towards vehicles. It is listed, never installed: see `CertificateRequested`."""

    @property
    def is_root(self) -> bool:
        return self is not CertificateUse.V2G_CHAIN


class SigningUse(Enum):
    """What a station wants a certificate of its own for."""

    STATION = "ChargingStationCertificate"
    """To prove itself to us."""
    V2G = "V2GCertificate"
    """To prove itself to vehicles (ISO 15118-2)."""
    V2G20 = "V2G20Certificate"
    """Likewise (ISO 15118-20); 2.1 only."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A certificate that a station says it has. children: those below it, of a V2G chain."""

    use: CertificateUse
    hash: CertificateHash
    children: tuple[CertificateHash, ...] = ()


@dataclass(frozen=True, slots=True)
class OcspQuestion:
    """Is this certificate revoked? responder_url: who is to be asked, as a stranger wrote it."""

    hash: CertificateHash
    responder_url: str


class StatusSource(Enum):
    CRL = "CRL"
    OCSP = "OCSP"


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """urls: where a revocation list is, or a responder; as a stranger wrote them."""

    hash: CertificateHash
    source: StatusSource
    urls: tuple[str, ...]


class CertificateState(Enum):
    GOOD = "Good"
    REVOKED = "Revoked"
    UNKNOWN = "Unknown"
    FAILED = "Failed"
    """Nobody could be asked."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """next_update: until then it need not be asked for again."""

    question: StatusQuestion
    state: CertificateState
    next_update: datetime


class ContractVerdict(Enum):
    """What is thought of the certificate of a charging contract (ISO 15118), beside the token in it."""

    ACCEPTED = "Accepted"
    SIGNATURE_ERROR = "SignatureError"
    EXPIRED = "CertificateExpired"
    REVOKED = "CertificateRevoked"
    NONE_AVAILABLE = "NoCertificateAvailable"
    CHAIN_ERROR = "CertChainError"
    CANCELLED = "ContractCancelled"
    """The certificate is good; the contract is not."""
