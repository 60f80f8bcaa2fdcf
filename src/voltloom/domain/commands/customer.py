"""What a station knows of a customer."""

from dataclasses import dataclass

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class CertificateHash:
    """By which a contract certificate is named."""

    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial: str


@dataclass(frozen=True, slots=True)
class AskCustomerInformation(Command[Answer]):
    """What it keeps of one customer, named in one of three ways: to be told (`report`), forgotten (`clear`), or both.
    It comes as `CustomerInformationReported`. 2.x only."""

    request_id: int
    report: bool
    clear: bool
    token: IdToken | None = None
    certificate: CertificateHash | None = None
    identifier: str = ""
