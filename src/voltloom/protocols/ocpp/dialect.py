"""What a version of OCPP is to the rest of the house: a `Dialect`, stateless and shared by all sessions.

    read = DIALECTS[Version.V16].read_call("MeterValues", payload, now)                # Read or Refusal
    reply = answer(read.reports[0])                                                    # a feature's
    endpoint.result(message_id, read.write(reply))

    conversation = DIALECTS[Version.V201].converse(Reset(ResetKind.ON_IDLE))           # see exchange.Conversation

A message without a translator would still be typed, reported as `Untranslated`, and answered with the empty result.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

import msgspec

from voltloom.domain.commands import Command, OutcomeT, RawAnswer, RawCall
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.domain.ids import JsonText
from voltloom.domain.reports import Untranslated
from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Call, Conversation, Payload, Read, Refusal, Unreadable
from voltloom.protocols.ocpp.explain import explain
from voltloom.protocols.ocpp.mend import mend
from voltloom.protocols.ocpp.quirks import NONE, Quirks
from voltloom.protocols.ocpp.v2 import battery as battery_2
from voltloom.protocols.ocpp.v2 import certificates as certificates_2
from voltloom.protocols.ocpp.v2 import charging as charging_2
from voltloom.protocols.ocpp.v2 import customer as customer_2
from voltloom.protocols.ocpp.v2 import der as der_2
from voltloom.protocols.ocpp.v2 import display as display_2
from voltloom.protocols.ocpp.v2 import firmware as firmware_2
from voltloom.protocols.ocpp.v2 import inbound as inbound_2
from voltloom.protocols.ocpp.v2 import logs as logs_2
from voltloom.protocols.ocpp.v2 import monitoring as monitoring_2
from voltloom.protocols.ocpp.v2 import outbound as outbound_2
from voltloom.protocols.ocpp.v2 import reservations as reservations_2
from voltloom.protocols.ocpp.v2 import tariffs as tariffs_2
from voltloom.protocols.ocpp.v2.gate import GATE_21, GATE_201, Gate
from voltloom.protocols.ocpp.v16 import corrections as corrections_16
from voltloom.protocols.ocpp.v16 import firmware as firmware_16
from voltloom.protocols.ocpp.v16 import inbound as inbound_16
from voltloom.protocols.ocpp.v16 import logs as logs_16
from voltloom.protocols.ocpp.v16 import messages as messages_16
from voltloom.protocols.ocpp.v16 import outbound as outbound_16
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Action, Sender, read

__all__ = ["DIALECTS", "Call", "Conversation", "Dialect", "Payload", "Read", "Refusal", "Version"]

Reader: TypeAlias = Callable[[Any, datetime], Read]
Speaker: TypeAlias = Callable[[Any], Conversation[Any]]
Corrector: TypeAlias = Callable[[Quirks, str, Any], tuple[str, ...]]


class Dialect:
    """One version, in both directions.

    readers    what stations say: the action's message and when it was heard, to what it means
    speakers   what we say, by the kind of command
    correct    puts right what a make is known to say wrongly, in place; a sentence for each
    particular   those of `speakers` that speak otherwise to some makes: they take the quirks as well
    """

    def __init__(
        self,
        version: Version,
        actions: Mapping[str, Action],
        readers: Mapping[str, Reader],
        speakers: Mapping[type[Command[Any]], Speaker],
        correct: Corrector | None = None,
        particular: Mapping[type[Command[Any]], Callable[[Any, Quirks], Conversation[Any]]] | None = None,
    ) -> None:
        self.version = version
        self.actions = actions
        self.translated = frozenset(readers)
        self.speakers: Mapping[type[Command[Any]], Speaker] = {**speakers, RawCall: self._say_raw}
        self._correct = correct
        self._particular = particular or {}
        self._inbound = {
            name: (action.request, readers.get(name))
            for name, action in actions.items()
            if Sender.STATION in action.sender
        }

    def read_call(self, action: str, payload: Payload, heard_at: datetime, quirks: Quirks = NONE) -> Read | Refusal:
        """What a station's CALL (or SEND: then nothing is to be written) says. ``payload`` is JSON, within the limits.

        heard_at   stands in for times of meter values that cannot be read; aware
        """
        row = self._inbound.get(action)
        if row is None:
            return self._refuse(action)
        request, reader = row
        mended: tuple[str, ...] = ()
        try:
            message = read(request, payload)
        except msgspec.MsgspecError as error:
            whole = mend(request, payload, quirks.words)
            if whole is None:
                return self._explain(action, payload, error)
            message, mended = whole
        if quirks is not NONE and self._correct is not None:
            mended += self._correct(quirks, action, message)
        try:
            said = _untranslated(action, payload) if reader is None else reader(message, heard_at)
        except Unreadable as error:
            return Refusal(ErrorCode.PROPERTY, f"{action}: {error}")
        if mended or not said.reports:
            return said._replace(reports=said.reports or (Untranslated(action, _text(payload)),), mended=mended)
        return said

    def reader(self, action: str) -> Reader:
        """What reads that action of a station's; KeyError where nothing does."""
        _, reader = self._inbound[action]
        if reader is None:
            raise KeyError(action)
        return reader

    def converse(self, command: Command[OutcomeT], quirks: Quirks = NONE) -> Conversation[OutcomeT]:
        """The conversation that carries out a command. Raises NotInThisVersion where there is none."""
        if quirks is not NONE and (careful := self._particular.get(type(command))) is not None:
            return cast("Conversation[OutcomeT]", careful(command, quirks))
        speaker = self.speakers.get(type(command))
        if speaker is None:
            raise NotInThisVersion(f"{self.version} has no words for {type(command).__name__}")
        return cast("Conversation[OutcomeT]", speaker(command))

    @property
    def spoken(self) -> Collection[type[Command[Any]]]:
        """All kinds of commands that it has words for."""
        return self.speakers.keys()

    def speaks(self, command: type[Command[Any]]) -> bool:
        """Whether it has words for such a command at all; not whether for each of them."""
        return command in self.speakers

    def _refuse(self, action: str) -> Refusal:
        if action in self.actions:
            return Refusal(ErrorCode.NOT_SUPPORTED, f"{action} is for a station to hear, not to say")
        elsewhere = next((other for other in DIALECTS.values() if action in other.actions), None)
        where = f"; {elsewhere.version} has one" if elsewhere else ""
        return Refusal(ErrorCode.NOT_IMPLEMENTED, f"{self.version} has no action {action!r}{where}")

    def _explain(self, action: str, payload: Payload, error: msgspec.MsgspecError) -> Refusal:
        return Refusal(*explain(self.version, action, payload, str(error)))

    def _say_raw(self, command: RawCall) -> Conversation[RawAnswer]:
        action = self.actions.get(command.action)
        if action is None:
            raise NotInThisVersion(f"{self.version} has no action {command.action!r}")
        if Sender.CSMS not in action.sender:
            raise Invalid(f"{command.action} is for a station to say, not to hear")
        payload = command.payload.encode()
        try:
            read(action.request, payload)
        except msgspec.MsgspecError as error:
            raise Invalid(self._explain(command.action, payload, error).why) from None
        answer = yield Call(command.action, payload)
        return RawAnswer(_text(answer))


def _untranslated(action: str, payload: Payload) -> Read:
    return Read((Untranslated(action, _text(payload)),), _write_nothing)


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


def _text(payload: Payload) -> JsonText:
    return JsonText(bytes(payload).decode())


_READERS_16: Final = {**inbound_16.READERS, **firmware_16.READERS, **logs_16.READERS}


def _dialect_16() -> Dialect:
    return Dialect(
        Version.V16,
        messages_16.ACTIONS,
        _READERS_16,
        outbound_16.SPEAKERS,
        corrections_16.correct,
        outbound_16.PARTICULAR,
    )


_READERS_2: Final = {
    **certificates_2.READERS,
    **battery_2.READERS,
    **charging_2.READERS,
    **der_2.READERS,
    **display_2.READERS,
    **firmware_2.READERS,
    **logs_2.READERS,
    **customer_2.READERS,
    **monitoring_2.READERS,
    **reservations_2.READERS,
    **tariffs_2.READERS,
}


def _dialect_2(gate: Gate) -> Dialect:
    return Dialect(gate.version, gate.actions, inbound_2.readers(gate, _READERS_2), outbound_2.speakers(gate))


DIALECTS: Final[Mapping[Version, Dialect]] = {
    Version.V16: _dialect_16(),
    Version.V201: _dialect_2(GATE_201),
    Version.V21: _dialect_2(GATE_21),
}
