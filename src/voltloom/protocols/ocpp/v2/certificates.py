"""Certificates in 2.x: what stations ask about them and want signed; what we install, list and delete."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from voltloom.domain.certificate import (
    CertificateHash,
    CertificateUse,
    ContractVerdict,
    HashAlgorithm,
    Installed,
    OcspQuestion,
    SigningUse,
    StatusQuestion,
    StatusSource,
)
from voltloom.domain.commands import (
    Accepted,
    Answer,
    Command,
    DeleteCertificate,
    InstallCertificate,
    InstalledAnswer,
    ListCertificates,
    SendSignedCertificate,
)
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.domain.reports import (
    CertificateRequested,
    ChainStatusAsked,
    ChainStatusReply,
    ContractPresented,
    ContractReply,
    EvCertificateAction,
    EvCertificateAsked,
    EvCertificateReply,
    OcspAsked,
    OcspReply,
    RequestReply,
)
from voltloom.protocols.ocpp.exchange import Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import authorize, id_token_info, read_token
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.wire import Wire

REASON_CODE: Final = "Unspecified"

# Words are StrEnums, so one table serves both versions.
_ALGORITHMS: Final = {algorithm.value: algorithm for algorithm in HashAlgorithm}
_USES: Final = {use.value: use for use in CertificateUse}
_SIGNING_USES: Final = {use.value: use for use in SigningUse}
_ACTIONS: Final = {action.value: action for action in EvCertificateAction}
_SOURCES: Final = {source.value: source for source in StatusSource}
_VERDICTS: Final = {verdict: m.AuthorizeCertificateStatusEnum(verdict.value) for verdict in ContractVerdict}


# ---- what stations say


def sign(gate: Gate, message: m.SignCertificateRequest | m201.SignCertificateRequest, heard_at: datetime) -> Read:
    number = message.request_id if isinstance(message, m.SignCertificateRequest) else None
    report = CertificateRequested(
        message.csr,
        None if message.certificate_type is None else _SIGNING_USES[message.certificate_type],
        None if number is None else whole_number(number, "requestId", least=-(2**31)),
    )
    return Read((report,), partial(write_sign, gate))


def write_sign(gate: Gate, reply: RequestReply) -> bytes:
    status = m.GenericStatusEnum.ACCEPTED if reply.accepted else m.GenericStatusEnum.REJECTED
    return gate.write_result(
        "SignCertificate", m.SignCertificateResponse(status=status, status_info=_info(gate, reply.reason))
    )


def status(
    gate: Gate, message: m.GetCertificateStatusRequest | m201.GetCertificateStatusRequest, heard_at: datetime
) -> Read:
    return Read((OcspAsked(read_question(message.ocsp_request_data)),), partial(write_status, gate))


def write_status(gate: Gate, reply: OcspReply) -> bytes:
    if not reply.response:
        return _failed_status(gate, reply.reason)
    good = m.GetCertificateStatusResponse(status=m.GetCertificateStatusEnum.ACCEPTED, ocsp_result=reply.response)
    return _fitting(gate, "GetCertificateStatus", good) or _failed_status(
        gate, f"the responder's answer is longer than {gate.version} can carry"
    )


def _failed_status(gate: Gate, reason: str) -> bytes:
    failed = m.GetCertificateStatusResponse(
        status=m.GetCertificateStatusEnum.FAILED, status_info=_info(gate, reason or "no answer")
    )
    return gate.write_result("GetCertificateStatus", failed)


def chain_status(gate: Gate, message: m.GetCertificateChainStatusRequest, heard_at: datetime) -> Read:
    questions = tuple(
        StatusQuestion(read_hash(asked.certificate_hash_data), _SOURCES[asked.source], tuple(asked.urls))
        for asked in message.certificate_status_requests
    )
    return Read((ChainStatusAsked(questions),), partial(write_chain_status, gate))


def write_chain_status(gate: Gate, reply: ChainStatusReply) -> bytes:
    statuses = [
        m.CertificateStatus(
            certificate_hash_data=write_hash(each.question.hash),
            source=m.CertificateStatusSourceEnum(each.question.source.value),
            status=m.CertificateStatusEnum(each.state.value),
            next_update=write_time(each.next_update),
        )
        for each in reply.answers
    ]
    return gate.write_result(
        "GetCertificateChainStatus", m.GetCertificateChainStatusResponse(certificate_status=statuses)
    )


def ev_certificate(
    gate: Gate, message: m.Get15118EVCertificateRequest | m201.Get15118EVCertificateRequest, heard_at: datetime
) -> Read:
    most, prioritized = None, ()
    if isinstance(message, m.Get15118EVCertificateRequest):
        most = message.maximum_contract_certificate_chains
        prioritized = tuple(message.prioritized_emaids or ())
    report = EvCertificateAsked(
        message.iso15118_schema_version,
        _ACTIONS[message.action],
        message.exi_request,
        None if most is None else whole_number(most, "maximumContractCertificateChains"),
        prioritized,
    )
    return Read((report,), partial(write_ev_certificate, gate))


def write_ev_certificate(gate: Gate, reply: EvCertificateReply) -> bytes:
    """How many contracts are left is said in 2.1 only: a vehicle of ISO 15118-2 has one."""
    if not reply.exi:
        return _failed_ev_certificate(gate, reply.reason)
    says_remaining = "remaining_contracts" in _fields(gate, "Get15118EVCertificate")
    good = m.Get15118EVCertificateResponse(
        status=m.Iso15118EVCertificateStatusEnum.ACCEPTED,
        exi_response=reply.exi,
        remaining_contracts=reply.remaining if says_remaining else None,
    )
    return _fitting(gate, "Get15118EVCertificate", good) or _failed_ev_certificate(
        gate, f"the pool's answer is longer than {gate.version} can carry"
    )


def _failed_ev_certificate(gate: Gate, reason: str) -> bytes:
    failed = m.Get15118EVCertificateResponse(
        status=m.Iso15118EVCertificateStatusEnum.FAILED, exi_response="", status_info=_info(gate, reason or "no answer")
    )
    return gate.write_result("Get15118EVCertificate", failed)


def authorization(gate: Gate, message: m.AuthorizeRequest | m201.AuthorizeRequest, heard_at: datetime) -> Read:
    """With a contract's certificates it is another question, and has another answer."""
    questions = message.iso15118_certificate_hash_data
    if message.certificate is None and questions is None:
        return authorize(gate, message, heard_at)
    report = ContractPresented(
        read_token(message.id_token), message.certificate or "", tuple(read_question(each) for each in questions or ())
    )
    return Read((report,), partial(write_contract, gate))


def write_contract(gate: Gate, reply: ContractReply) -> bytes:
    answer = m.AuthorizeResponse(
        id_token_info=id_token_info(gate, reply.authorization), certificate_status=_VERDICTS[reply.verdict]
    )
    return gate.write_result("Authorize", answer)


# ---- what we ask


def send_signed(gate: Gate, command: SendSignedCertificate) -> Conversation[Answer]:
    """The number of the request is for 2.1 alone, and only a station of 2.1 has given one."""
    request = m.CertificateSignedRequest(
        certificate_chain=command.chain,
        certificate_type=None if command.use is None else m.CertificateSigningUseEnum(command.use.value),
        request_id=command.request_id,
    )
    answer = yield from gate.ask("CertificateSigned", request, m.CertificateSignedResponse)
    return answer_of(answer.status, answer.status_info)


def install(gate: Gate, command: InstallCertificate) -> Conversation[Answer]:
    if not command.use.is_root:
        raise Invalid("a chain of a station's own is signed at its request, and not installed: ask it to renew")
    request = m.InstallCertificateRequest(
        certificate_type=m.InstallCertificateUseEnum(command.use.value), certificate=command.certificate
    )
    answer = yield from gate.ask("InstallCertificate", request, m.InstallCertificateResponse)
    return answer_of(answer.status, answer.status_info)


def delete(gate: Gate, command: DeleteCertificate) -> Conversation[Answer]:
    request = m.DeleteCertificateRequest(certificate_hash_data=write_hash(command.hash))
    answer = yield from gate.ask("DeleteCertificate", request, m.DeleteCertificateResponse)
    return answer_of(answer.status, answer.status_info)


def list_installed(gate: Gate, command: ListCertificates) -> Conversation[InstalledAnswer]:
    asked = [m.GetCertificateIdUseEnum(use.value) for use in command.uses] or None
    request = m.GetInstalledCertificateIdsRequest(certificate_type=asked)
    answer = yield from gate.ask("GetInstalledCertificateIds", request, m.GetInstalledCertificateIdsResponse)
    found = tuple(
        Installed(
            _USES[chain.certificate_type],
            read_hash(chain.certificate_hash_data),
            tuple(map(read_hash, chain.child_certificate_hash_data or ())),
        )
        for chain in answer.certificate_hash_data_chain or ()
    )
    # That it has none is as good an answer as a list.
    return InstalledAnswer(Accepted.ACCEPTED, answer.status.value, found, command.uses or tuple(CertificateUse))


# ---- parts


def read_hash(
    data: m.CertificateHashData | m201.CertificateHashData | m.OCSPRequestData | m201.OCSPRequestData,
) -> CertificateHash:
    return CertificateHash(
        _ALGORITHMS[data.hash_algorithm], data.issuer_name_hash, data.issuer_key_hash, data.serial_number
    )


def read_question(data: m.OCSPRequestData | m201.OCSPRequestData) -> OcspQuestion:
    return OcspQuestion(read_hash(data), data.responder_url)


def write_hash(certificate: CertificateHash) -> m.CertificateHashData:
    return m.CertificateHashData(
        hash_algorithm=m.HashAlgorithmEnum(certificate.algorithm.value),
        issuer_name_hash=certificate.issuer_name_hash,
        issuer_key_hash=certificate.issuer_key_hash,
        serial_number=certificate.serial,
    )


def _info(gate: Gate, reason: str) -> m.StatusInfo | None:
    return m.StatusInfo(reason_code=REASON_CODE, additional_info=reason[: gate.longest_info]) if reason else None


def _fitting(gate: Gate, action: str, answer: Wire) -> bytes | None:
    """None where the version has no room for it."""
    try:
        return gate.write_result(action, answer)
    except (Invalid, NotInThisVersion):
        return None


def _fields(gate: Gate, action: str) -> Iterable[str]:
    response = gate.actions[action].response
    return () if response is None else response.__struct_fields__


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "Authorize": authorization,
    "Get15118EVCertificate": ev_certificate,
    "GetCertificateChainStatus": chain_status,
    "GetCertificateStatus": status,
    "SignCertificate": sign,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    DeleteCertificate: delete,
    InstallCertificate: install,
    ListCertificates: list_installed,
    SendSignedCertificate: send_signed,
}
