"""Firmware in 1.6: signed by its security extension, plain without it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Accepted, Answer, Command, FirmwareAnswer, UpdateFirmware
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.reports import FirmwareReported, FirmwareStatus
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation, Read
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.inbound import write_nothing
from voltloom.protocols.ocpp.version import Version

UNKNOWN_ACTION: Final = frozenset({"notimplemented", "notsupported"})
"""How a station says, in whatever case, that it does not know an action."""


def update(command: UpdateFirmware) -> Conversation[FirmwareAnswer]:
    """Signed where there is a signature. A station that does not know such updates is asked for a plain one, unless
    only signed ones are to be sent, or it is to install later, which plain 1.6 cannot say."""
    if bool(command.signature) != bool(command.certificate):
        raise Invalid("a signature and the certificate it is checked with belong together: give both, or neither")
    if not command.signature:
        if command.signed_only:
            raise Invalid("only a signed image is to be sent, and this one has no signature")
        if command.install_at is not None:
            raise NotInThisVersion("OCPP 1.6 says when to install only in a signed update: leave install_at out")
        return (yield from _plain(command))
    try:
        return (yield from _signed(command))
    except StationError as error:
        if error.code.casefold() not in UNKNOWN_ACTION or command.signed_only or command.install_at is not None:
            raise
    return (yield from _plain(command))


def _signed(command: UpdateFirmware) -> Conversation[FirmwareAnswer]:
    request = m.SignedUpdateFirmwareRequest(
        request_id=command.request_id,
        firmware=m.Firmware(
            location=command.location,
            retrieve_date_time=write_time(command.retrieve_at),
            install_date_time=None if command.install_at is None else write_time(command.install_at),
            signing_certificate=command.certificate,
            signature=command.signature,
        ),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "SignedUpdateFirmware", request, m.SignedUpdateFirmwareResponse)
    said = answer.status.value
    accepted = Accepted.ACCEPTED if said in ("Accepted", "AcceptedCanceled") else Accepted.REJECTED
    return FirmwareAnswer(Answer(accepted, said), signed=True)


def _plain(command: UpdateFirmware) -> Conversation[FirmwareAnswer]:
    """The answer to it has no fields: whoever answers will do it."""
    request = m.UpdateFirmwareRequest(
        location=command.location,
        retrieve_date=write_time(command.retrieve_at),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    builtins_of(request)
    yield from ask(Version.V16, "UpdateFirmware", request, m.UpdateFirmwareResponse)
    return FirmwareAnswer(Answer(Accepted.ACCEPTED, "Accepted"))


def status(message: m.FirmwareStatusNotificationRequest, heard_at: datetime) -> Read:
    return Read((FirmwareReported(FirmwareStatus(message.status.value)),), write_nothing)


def signed_status(message: m.SignedFirmwareStatusNotificationRequest, heard_at: datetime) -> Read:
    return Read((FirmwareReported(FirmwareStatus(message.status.value), message.request_id),), write_nothing)


READERS: Final[Mapping[str, Callable[[Any, datetime], Read]]] = {
    "FirmwareStatusNotification": status,
    "SignedFirmwareStatusNotification": signed_status,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {UpdateFirmware: update}
