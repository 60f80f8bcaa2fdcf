"""What a 2.x station knows of a customer: asked for, told in parts, forgotten."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Answer, AskCustomerInformation, Command
from voltloom.domain.errors import Invalid
from voltloom.domain.reports import CustomerInformationReported
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import write_token
from voltloom.protocols.ocpp.v2.said import answer_of


def ask_customer(gate: Gate, command: AskCustomerInformation) -> Conversation[Answer]:
    """One way to name the customer, and no more (OCPP 2.0.1 N09.FR.04)."""
    named = [each for each in (command.token, command.certificate, command.identifier) if each]
    if len(named) != 1:
        raise Invalid("a customer is named by a token, a certificate or an identifier: by one of them")
    certificate = command.certificate
    request = m.CustomerInformationRequest(
        request_id=command.request_id,
        report=command.report,
        clear=command.clear,
        id_token=None if command.token is None else write_token(command.token),
        customer_identifier=command.identifier or None,
        customer_certificate=None
        if certificate is None
        else m.CertificateHashData(
            hash_algorithm=_algorithm(certificate.algorithm),
            issuer_name_hash=certificate.issuer_name_hash,
            issuer_key_hash=certificate.issuer_key_hash,
            serial_number=certificate.serial,
        ),
    )
    answer = yield from gate.ask("CustomerInformation", request, m.CustomerInformationResponse)
    return answer_of(answer.status, answer.status_info)


def _algorithm(name: str) -> m.HashAlgorithmEnum:
    try:
        return m.HashAlgorithmEnum(name)
    except ValueError:
        raise Invalid(f"a certificate is named by SHA256, SHA384 or SHA512, not {name!r}") from None


def customer(
    gate: Gate, message: m.NotifyCustomerInformationRequest | m201.NotifyCustomerInformationRequest, heard_at: datetime
) -> Read:
    report = CustomerInformationReported(
        whole_number(message.request_id, "requestId", least=-(2**31)),
        whole_number(message.seq_no, "seqNo"),
        more=bool(message.tbc),
        text=message.data,
    )
    return Read((report,), _write_nothing)


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {"NotifyCustomerInformation": customer}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    AskCustomerInformation: ask_customer
}
