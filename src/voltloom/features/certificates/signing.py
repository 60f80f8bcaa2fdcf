"""Who signs what stations ask for: our own authority, or another that speaks EST (RFC 7030)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from voltloom.domain.certificate import SigningUse
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.features.certificates.authority import Authority, Issued, issued_of, read_request
from voltloom.features.certificates.chains import common_name
from voltloom.features.certificates.hashes import has_signed
from voltloom.infra.outbound import Outbound, OutboundError

LONGEST_ANSWER: Final = 200_000
LONGEST_TOKEN: Final = 20_000


class NotSigned(Exception):
    """reason: a sentence for people. again: it is worth asking once more, later."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


@dataclass(frozen=True, slots=True)
class Signed:
    """chain: PEM, from the station's certificate upwards, without the root. is_ours: our own authority issued it."""

    issued: Issued
    chain: str
    is_ours: bool


class Signer(Protocol):
    """A certificate authority. The request is known to be signed with its own, strong key."""

    async def sign(self, station_id: StationId, csr: str, use: SigningUse, now: datetime) -> Signed:
        """Raises NotSigned."""
        ...


@dataclass(frozen=True, slots=True)
class OwnSigner:
    authority: Authority

    async def sign(self, station_id: StationId, csr: str, use: SigningUse, now: datetime) -> Signed:
        try:
            issued = self.authority.issue_station(station_id, csr, now, for_vehicles=use is not SigningUse.STATION)
        except Invalid as error:
            raise NotSigned(error.reason, again=False) from None
        return Signed(issued, issued.pem, is_ours=True)


@dataclass(frozen=True, slots=True)
class EstSigner:
    """url          what "/simpleenroll" is appended to
    token_file   where a bearer token is read anew for each request: whoever fetches tokens puts it there; None: none
    organization the operator, without whom a station would not be let in with what it is given
    """

    outbound: Outbound
    url: str
    token_file: Path | None
    organization: str

    async def sign(self, station_id: StationId, csr: str, use: SigningUse, now: datetime) -> Signed:
        key = read_request(csr)
        der = x509.load_pem_x509_csr(csr.encode()).public_bytes(serialization.Encoding.DER)
        headers = {"content-type": "application/pkcs10", "accept": "application/pkcs7-mime"}
        try:
            answer = await self.outbound.request(
                "POST",
                f"{self.url.rstrip('/')}/simpleenroll",
                headers=headers | bearer(self.token_file),
                body=base64.encodebytes(der),
                most_bytes=LONGEST_ANSWER,
                within_s=20.0,
            )
        except OutboundError as error:
            raise NotSigned(f"the certificate authority: {error.reason}", again=True) from None
        if answer.status != 200:
            # 202: it will, later. 401 and 403: a token that has run out is put right by somebody.
            again = answer.status in (202, 401, 403, 408, 429) or answer.status >= 500
            raise NotSigned(f"the certificate authority answers with HTTP {answer.status}", again=again)
        leaf, *others = _in_order(_certificates(answer.body), key)
        if use is SigningUse.STATION:
            self._check_names(leaf, station_id)
        pem = "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in (leaf, *others))
        return Signed(issued_of(leaf), pem, is_ours=False)

    def _check_names(self, leaf: x509.Certificate, station_id: StationId) -> None:
        organizations = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        if common_name(leaf) != station_id or organizations != [self.organization]:
            raise NotSigned(
                f"the certificate authority named it otherwise: a station is let in with CN={station_id}, "
                f"O={self.organization}",
                again=False,
            )


def bearer(token_file: Path | None) -> dict[str, str]:
    """Raises NotSigned where the file cannot be read."""
    if token_file is None:
        return {}
    try:
        token = token_file.read_text().strip()
    except (OSError, UnicodeError):
        raise NotSigned(f"the token in {token_file} cannot be read", again=True) from None
    if not 0 < len(token) <= LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise NotSigned(f"what is in {token_file} is no token", again=True)
    return {"authorization": f"Bearer {token}"}


def _certificates(body: bytes) -> list[x509.Certificate]:
    try:
        return pkcs7.load_der_pkcs7_certificates(base64.b64decode(body))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise NotSigned("the certificate authority's answer is no list of certificates", again=True) from None


def _in_order(found: list[x509.Certificate], key: object) -> list[x509.Certificate]:
    """The certificate of that key, and upwards those that issued it, without the root."""
    leaf = next((each for each in found if each.public_key() == key), None)
    if leaf is None:
        raise NotSigned("the certificate authority's answer has no certificate for the key of the request", again=False)
    chain = [leaf]
    while len(chain) <= len(found):
        above = next((each for each in found if each not in chain and has_signed(each, chain[-1])), None)
        if above is None or above.subject == above.issuer:
            break
        chain.append(above)
    return chain


@dataclass(frozen=True, slots=True)
class Signers:
    """By what the certificate is for: between station and us, or towards vehicles."""

    stations: Signer
    vehicles: Signer

    def of(self, use: SigningUse) -> Signer:
        return self.stations if use is SigningUse.STATION else self.vehicles
