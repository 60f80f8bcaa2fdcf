"""Firmware in 2.x: one message for signed and plain updates, and those to local controllers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import (
    Answer,
    Command,
    FirmwareAnswer,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from voltloom.domain.errors import Invalid
from voltloom.domain.reports import FirmwareReported, FirmwareStatus, PublishReported, PublishStatus
from voltloom.protocols.ocpp.exchange import Conversation, Read
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import write_nothing
from voltloom.protocols.ocpp.v2.said import answer_of, detail_of


def update(gate: Gate, command: UpdateFirmware) -> Conversation[FirmwareAnswer]:
    if bool(command.signature) != bool(command.certificate):
        raise Invalid("a signature and the certificate it is checked with belong together: give both, or neither")
    if command.signed_only and not command.signature:
        raise Invalid("only a signed image is to be sent, and this one has no signature")
    request = m.UpdateFirmwareRequest(
        request_id=command.request_id,
        firmware=m.Firmware(
            location=command.location,
            retrieve_date_time=write_time(command.retrieve_at),
            install_date_time=None if command.install_at is None else write_time(command.install_at),
            signing_certificate=command.certificate or None,
            signature=command.signature or None,
        ),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    answer = yield from gate.ask("UpdateFirmware", request, m.UpdateFirmwareResponse)
    return FirmwareAnswer(answer_of(answer.status, answer.status_info), signed=bool(command.signature))


def publish(gate: Gate, command: PublishFirmware) -> Conversation[Answer]:
    request = m.PublishFirmwareRequest(
        request_id=command.request_id,
        location=command.location,
        checksum=command.checksum,
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    answer = yield from gate.ask("PublishFirmware", request, m.PublishFirmwareResponse)
    return answer_of(answer.status, answer.status_info)


def unpublish(gate: Gate, command: UnpublishFirmware) -> Conversation[Answer]:
    request = m.UnpublishFirmwareRequest(checksum=command.checksum)
    answer = yield from gate.ask("UnpublishFirmware", request, m.UnpublishFirmwareResponse)
    return answer_of(answer.status, None)


# The id is compared and no more, so one of any size will do: what is not of an update of ours is of none.


def status(
    gate: Gate, message: m.FirmwareStatusNotificationRequest | m201.FirmwareStatusNotificationRequest, at: datetime
) -> Read:
    report = FirmwareReported(FirmwareStatus(message.status.value), message.request_id, detail_of(message))
    return Read((report,), write_nothing)


def publish_status(
    gate: Gate,
    message: m.PublishFirmwareStatusNotificationRequest | m201.PublishFirmwareStatusNotificationRequest,
    at: datetime,
) -> Read:
    report = PublishReported(
        PublishStatus(message.status.value), message.request_id, tuple(message.location or ()), detail_of(message)
    )
    return Read((report,), write_nothing)


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "FirmwareStatusNotification": status,
    "PublishFirmwareStatusNotification": publish_status,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    PublishFirmware: publish,
    UnpublishFirmware: unpublish,
    UpdateFirmware: update,
}
