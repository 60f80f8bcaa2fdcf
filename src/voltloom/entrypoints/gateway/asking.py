"""A command played out with a station: the dialect says what to call next, the session calls it."""

from typing import TypeVar

from voltloom.domain.commands import Command, Trigger, Triggerable
from voltloom.domain.errors import StationError, Unreachable
from voltloom.entrypoints.gateway.session import Session
from voltloom.protocols.ocpp.exchange import Call, Conversation

OutcomeT = TypeVar("OutcomeT")

_SIGN = (
    Triggerable.SIGN_STATION_CERTIFICATE,
    Triggerable.SIGN_V2G_CERTIFICATE,
    Triggerable.SIGN_V2G20_CERTIFICATE,
    Triggerable.SIGN_COMBINED_CERTIFICATE,
)


def _brings(command: Trigger) -> tuple[str, ...]:
    """The actions by which a station does what it is asked. 1.6 asks for those of vehicles within DataTransfer."""
    if command.message not in _SIGN:
        return (command.message.value,)
    return ("SignCertificate", "DataTransfer") if command.message is not _SIGN[0] else ("SignCertificate",)


async def converse(session: Session, command: Command[OutcomeT], timeout_s: float) -> OutcomeT:
    """The command's outcome. timeout_s: for each of the calls it takes.

    Raises NotInThisVersion, Invalid, StationError, TimedOut, Unreachable, Conflict (too many calls wait).
    """
    conversation: Conversation[OutcomeT] = session.dialect.converse(command, session.quirks)
    try:
        step = next(conversation)
        if isinstance(command, Trigger):
            for action in _brings(command):
                session.expect(action)
        while True:
            if not isinstance(step, Call):
                await session.tell(step)
                step = conversation.send(b"")
                continue
            try:
                answer = await session.call(step.action, step.payload, timeout_s)
            except (StationError, Unreachable) as error:
                step = conversation.throw(error)
            else:
                step = conversation.send(answer)
    except StopIteration as end:
        return end.value
    finally:
        conversation.close()
