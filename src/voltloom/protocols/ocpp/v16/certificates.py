"""Certificates in 1.6: the security extension for those between station and us; those of ISO 15118 in DataTransfer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.certificate import CertificateHash, CertificateUse, HashAlgorithm, Installed, SigningUse
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
from voltloom.domain.errors import NotInThisVersion
from voltloom.domain.reports import CertificateRequested, RequestReply
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation, Read
from voltloom.protocols.ocpp.v2 import certificates as v2
from voltloom.protocols.ocpp.v2.gate import GATE_201
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.plug_and_charge import NotSpoken, within
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import write

_USES: Final = {
    CertificateUse.CSMS_ROOT: m.CertificateUseEnum.CENTRAL_SYSTEM_ROOT_CERTIFICATE,
    CertificateUse.MANUFACTURER_ROOT: m.CertificateUseEnum.MANUFACTURER_ROOT_CERTIFICATE,
}
"""Those that the security extension knows."""
_FOR_VEHICLES: Final = (CertificateUse.MO_ROOT, CertificateUse.V2G_ROOT, CertificateUse.V2G_CHAIN)
"""Those that the messages of 2.0.1 within DataTransfer know beside."""


# ---- what stations say


def sign(message: m.SignCertificateRequest, heard_at: datetime) -> Read:
    """Of the station itself: for vehicles it would have asked within DataTransfer."""
    return Read((CertificateRequested(message.csr, SigningUse.STATION),), write_sign)


def write_sign(reply: RequestReply) -> bytes:
    status = m.GenericStatusEnum.ACCEPTED if reply.accepted else m.GenericStatusEnum.REJECTED
    return write(m.SignCertificateResponse(status=status))


# ---- what we ask


def send_signed(command: SendSignedCertificate) -> Conversation[Answer]:
    if command.use in (SigningUse.V2G, SigningUse.V2G20):
        return (yield from within(v2.send_signed(GATE_201, command)))
    request = m.CertificateSignedRequest(certificate_chain=command.chain)
    builtins_of(request)
    answer = yield from ask(Version.V16, "CertificateSigned", request, m.CertificateSignedResponse)
    return _answer(answer.status.value)


def install(command: InstallCertificate) -> Conversation[Answer]:
    use = _USES.get(command.use)
    if use is None:
        return (yield from within(v2.install(GATE_201, command)))
    request = m.InstallCertificateRequest(certificate_type=use, certificate=command.certificate)
    builtins_of(request)
    answer = yield from ask(Version.V16, "InstallCertificate", request, m.InstallCertificateResponse)
    return _answer(answer.status.value)


def delete(command: DeleteCertificate) -> Conversation[Answer]:
    """Where it is not known what it is for: the station's own store first, then that of ISO 15118."""
    if command.use is not None and command.use not in _USES:
        return (yield from within(v2.delete(GATE_201, command)))
    request = m.DeleteCertificateRequest(certificate_hash_data=_write_hash(command.hash))
    builtins_of(request)
    answer = yield from ask(Version.V16, "DeleteCertificate", request, m.DeleteCertificateResponse)
    if command.use is None and answer.status is m.DeleteCertificateStatusEnum.NOT_FOUND:
        try:
            return (yield from within(v2.delete(GATE_201, command)))
        except NotSpoken:
            pass
    return _answer(answer.status.value)


def list_installed(command: ListCertificates) -> Conversation[InstalledAnswer]:
    """A call for each kind. Asked for all, a station without ISO 15118 has none of its kinds."""
    if CertificateUse.OEM_ROOT in command.uses:
        raise NotInThisVersion("OCPP 1.6 knows no certificates of vehicle makers")
    found: list[Installed] = []
    statuses: set[str] = set()
    told: list[CertificateUse] = []
    for use, word in _USES.items():
        if command.uses and use not in command.uses:
            continue
        request = m.GetInstalledCertificateIdsRequest(certificate_type=word)
        answer = yield from ask(
            Version.V16, "GetInstalledCertificateIds", request, m.GetInstalledCertificateIdsResponse
        )
        found += [Installed(use, _read_hash(each)) for each in answer.certificate_hash_data or ()]
        statuses.add(answer.status.value)
        told.append(use)
    for_vehicles = tuple(use for use in _FOR_VEHICLES if not command.uses or use in command.uses)
    if for_vehicles:
        try:
            more = yield from within(v2.list_installed(GATE_201, ListCertificates(for_vehicles)))
            found += more.certificates
            statuses.add(more.status)
        except NotSpoken:
            if command.uses:
                raise
        told += for_vehicles
    status = "Accepted" if "Accepted" in statuses else "NotFound"
    return InstalledAnswer(Accepted.ACCEPTED, status, tuple(found), tuple(told))


# ---- parts


def _answer(status: str) -> Answer:
    return Answer(Accepted.ACCEPTED if status == "Accepted" else Accepted.REJECTED, status)


def _read_hash(data: m.CertificateHashData) -> CertificateHash:
    return CertificateHash(
        HashAlgorithm(data.hash_algorithm.value), data.issuer_name_hash, data.issuer_key_hash, data.serial_number
    )


def _write_hash(certificate: CertificateHash) -> m.CertificateHashData:
    return m.CertificateHashData(
        hash_algorithm=m.HashAlgorithmEnum(certificate.algorithm.value),
        issuer_name_hash=certificate.issuer_name_hash,
        issuer_key_hash=certificate.issuer_key_hash,
        serial_number=certificate.serial,
    )


READERS: Final[Mapping[str, Callable[[Any, datetime], Read]]] = {"SignCertificate": sign}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    DeleteCertificate: delete,
    InstallCertificate: install,
    ListCertificates: list_installed,
    SendSignedCertificate: send_signed,
}
