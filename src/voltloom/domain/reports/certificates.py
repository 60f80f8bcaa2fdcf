"""What stations want to know about certificates, and want signed."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.certificate import ContractVerdict, OcspQuestion, SigningUse, StatusAnswer, StatusQuestion
from voltloom.domain.reports.base import Report
from voltloom.domain.token import Authorization, IdToken


@dataclass(frozen=True, slots=True)
class RequestReply:
    """reason: why not; "" where it was taken. That it is signed comes later, as a command."""

    reason: str = ""

    @property
    def accepted(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class CertificateRequested(Report[RequestReply]):
    """A station wants a certificate for a key of its own.

    csr          PEM as the station wrote it
    use          None: it did not say, and means every use that it has
    request_id   to be given back with the certificate (2.1)
    """

    csr: str
    use: SigningUse | None = None
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class OcspReply:
    """response: a DER OCSPResponse in base64, or "" with a reason."""

    response: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OcspAsked(Report[OcspReply]):
    """A station wants the responder's signed word on one of its own certificates, to show it to vehicles."""

    question: OcspQuestion


@dataclass(frozen=True, slots=True)
class ChainStatusReply:
    answers: tuple[StatusAnswer, ...]


@dataclass(frozen=True, slots=True)
class ChainStatusAsked(Report[ChainStatusReply]):
    """A station wants to know whether the certificates of a vehicle are revoked (2.1)."""

    questions: tuple[StatusQuestion, ...]


class EvCertificateAction(Enum):
    INSTALL = "Install"
    UPDATE = "Update"


@dataclass(frozen=True, slots=True)
class EvCertificateReply:
    """exi: for the vehicle, in base64, unread; "" with a reason. remaining: contracts that may be asked for yet."""

    exi: str = ""
    reason: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class EvCertificateAsked(Report[EvCertificateReply]):
    """A vehicle wants the certificate of a charging contract.

    schema_version    of ISO 15118, by which the pool reads the rest
    exi               the vehicle's own message in base64: opaque here
    most_contracts, prioritized   how many it takes, and which first (ISO 15118-20, so 2.1)
    """

    schema_version: str
    action: EvCertificateAction
    exi: str
    most_contracts: int | None = None
    prioritized: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractReply:
    authorization: Authorization
    verdict: ContractVerdict


@dataclass(frozen=True, slots=True)
class ContractPresented(Report[ContractReply]):
    """A vehicle identifies itself with a charging contract (ISO 15118): may it charge?

    certificate   PEM of the contract's chain, where the station leaves it to us to look at; "" otherwise
    questions     the certificates of that chain, to be asked about
    """

    token: IdToken
    certificate: str = ""
    questions: tuple[OcspQuestion, ...] = ()
