"""What the routes of certificates share."""

from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from voltloom.domain.certificate import CertificateHash, HashAlgorithm
from voltloom.features.api import Body

Fingerprint = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal")]
Pem = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Hex = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[0-9a-fA-F]+$")]


class HashOut(Body):
    """A certificate as OCPP names it: by its issuer and serial number, in hexadecimal."""

    algorithm: HashAlgorithm
    issuer_name_hash: Hex
    issuer_key_hash: Hex
    serial: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9a-fA-F]+$")] = Field(
        examples=["3f21"]
    )

    @staticmethod
    def of(named: CertificateHash) -> "HashOut":
        return HashOut.model_construct(
            algorithm=named.algorithm,
            issuer_name_hash=named.issuer_name_hash,
            issuer_key_hash=named.issuer_key_hash,
            serial=named.serial,
        )

    def hash(self) -> CertificateHash:
        return CertificateHash(self.algorithm, self.issuer_name_hash, self.issuer_key_hash, self.serial)
