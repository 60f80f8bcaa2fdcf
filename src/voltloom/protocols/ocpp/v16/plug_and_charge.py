"""ISO 15118 with 1.6: the messages of 2.0.1, as JSON text within DataTransfer.

So there is nothing to translate twice: what a station says inside of one is read, and what we ask is said, by the
translators of 2.0.1, in an envelope.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from voltloom.domain.commands import Answer, Trigger, Triggerable
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.ids import JsonText
from voltloom.domain.reports import Untranslated
from voltloom.protocols.ocpp.ask import ask
from voltloom.protocols.ocpp.exchange import Call, Conversation, Read, Unreadable
from voltloom.protocols.ocpp.limits import Limits, breach
from voltloom.protocols.ocpp.v2 import certificates as v2
from voltloom.protocols.ocpp.v2 import messages_21 as m21
from voltloom.protocols.ocpp.v2.gate import GATE_201, Gate
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import read, write

OutcomeT = TypeVar("OutcomeT")

VENDOR: Final = "org.openchargealliance.iso15118pnc"
_LIMITS: Final = Limits()
"""What is JSON within a text was not looked at with the frame around it: an escape in there was none out here."""

_READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    action: v2.READERS[action]
    for action in ("Authorize", "Get15118EVCertificate", "GetCertificateStatus", "SignCertificate")
}


def is_ours(message: m.DataTransferRequest) -> bool:
    return message.vendor_id.lower() == VENDOR


# ---- what stations say


def heard(message: m.DataTransferRequest, heard_at: datetime) -> Read:
    """What cannot be read is refused in the envelope: the call itself was good."""
    action = message.message_id or ""
    reader = _READERS.get(action)
    if reader is None:
        return _refused(message, m.DataTransferStatus.UNKNOWN_MESSAGE_ID)
    inside = (message.data or "").encode()
    if breach(inside, _LIMITS) is not None:
        return _refused(message, m.DataTransferStatus.REJECTED)
    try:
        inner = reader(GATE_201, read(GATE_201.actions[action].request, inside), heard_at)
    except (msgspec.MsgspecError, Unreadable, ValueError, RecursionError):
        return _refused(message, m.DataTransferStatus.REJECTED)

    def write_inside(reply: object) -> bytes:
        answer = inner.write(reply).decode()
        return write(m.DataTransferResponse(status=m.DataTransferStatus.ACCEPTED, data=answer))

    return inner._replace(write=write_inside)


def _refused(message: m.DataTransferRequest, status: m.DataTransferStatus) -> Read:
    result = write(m.DataTransferResponse(status=status))
    said = msgspec.json.encode(msgspec.to_builtins(message)).decode()

    def write_refusal(reply: object) -> bytes:
        return result

    return Read((Untranslated("DataTransfer", JsonText(said)),), write_refusal)


# ---- what we ask


class NotSpoken(StationError):
    """The station does not know the envelope: it has no ISO 15118."""


def within(conversation: Conversation[OutcomeT]) -> Conversation[OutcomeT]:
    """A conversation of 2.0.1, each of its calls in an envelope. Raises NotSpoken."""
    step = next(conversation)
    while True:
        assert isinstance(step, Call)
        request = m.DataTransferRequest(vendor_id=VENDOR, message_id=step.action, data=step.payload.decode())
        try:
            answer = yield from ask(Version.V16, "DataTransfer", request, m.DataTransferResponse)
            payload = _opened(step.action, answer)
        except StationError as error:
            if error.code in ("NotImplemented", "NotSupported"):
                raise NotSpoken(error.reason, error.code) from None
            raise
        try:
            step = conversation.send(payload)
        except StopIteration as end:
            return end.value


def _opened(action: str, answer: m.DataTransferResponse) -> bytes:
    match answer.status:
        case m.DataTransferStatus.ACCEPTED if answer.data:
            inside = answer.data.encode()
            if broken := breach(inside, _LIMITS):
                raise StationError(f"what the station answers to {action} cannot be read: {broken}")
            return inside
        case m.DataTransferStatus.UNKNOWN_VENDOR_ID | m.DataTransferStatus.UNKNOWN_MESSAGE_ID:
            raise NotSpoken(f"the station does not know {action} of {VENDOR}: it has no ISO 15118", answer.status.value)
        case _:
            told = f": {answer.data[:200]}" if answer.data else ""
            raise StationError(f"the station did not take {action}{told}", answer.status.value)


def trigger(command: Trigger) -> Conversation[Answer]:
    """Only for the certificate towards vehicles: everything else 1.6 has words of its own for."""
    if command.message is not Triggerable.SIGN_V2G_CERTIFICATE:
        raise NotInThisVersion(f"OCPP 1.6 cannot ask for {command.message.value}")
    if command.place is not None and command.place.evse:
        raise Invalid("the certificate towards vehicles is the station's: leave out the EVSE")
    return (yield from within(_trigger()))


def _trigger() -> Conversation[Answer]:
    request = m21.TriggerMessageRequest(requested_message=m21.MessageTriggerEnum.SIGN_V2G_CERTIFICATE)
    answer = yield from GATE_201.ask("TriggerMessage", request, m21.TriggerMessageResponse)
    return answer_of(answer.status, answer.status_info)
