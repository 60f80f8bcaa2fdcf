"""Messages on a station's displays in 2.x. 2.0.1 has one language a message."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Accepted, Answer, ClearMessage, Command, ReportMessages, ShowMessage
from voltloom.domain.display import Content, DisplayMessage, MessageFormat, MessagePriority, MessageState, Screen
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import Place, TransactionId
from voltloom.domain.reports import MessagesReported
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.said import answer_of


def show(gate: Gate, command: ShowMessage) -> Conversation[Answer]:
    request = m.SetDisplayMessageRequest(message=_written(command.message))
    answer = yield from gate.ask("SetDisplayMessage", request, m.SetDisplayMessageResponse)
    return answer_of(answer.status, answer.status_info)


def clear(gate: Gate, command: ClearMessage) -> Conversation[Answer]:
    request = m.ClearDisplayMessageRequest(id=command.number)
    answer = yield from gate.ask("ClearDisplayMessage", request, m.ClearDisplayMessageResponse)
    return answer_of(answer.status, answer.status_info)


def report(gate: Gate, command: ReportMessages) -> Conversation[Answer]:
    """Unknown is no refusal where all were asked for: it has none."""
    request = m.GetDisplayMessagesRequest(
        request_id=command.report_id,
        id=list(command.numbers) or None,
        priority=None if command.priority is None else m.MessagePriorityEnum(command.priority.value),
        state=None if command.state is None else m.MessageStateEnum(command.state.value),
    )
    answer = yield from gate.ask("GetDisplayMessages", request, m.GetDisplayMessagesResponse)
    said = answer_of(answer.status, answer.status_info)
    if answer.status == "Unknown":
        yield MessagesReported(command.report_id, ())
        return Answer(Accepted.ACCEPTED, said.status, said.reason, said.detail)
    return said


def reported(gate: Gate, message: Any, heard_at: datetime) -> Read:
    """`Any`: either version's type; they differ in the languages alone."""
    number = whole_number(message.request_id, "requestId", least=-(2**31))
    messages = tuple(_read(info) for info in message.message_info or ())
    return Read((MessagesReported(number, messages, bool(message.tbc)),), _write_nothing)


def _written(message: DisplayMessage) -> m.MessageInfo:
    if not message.contents:
        raise Invalid("a message has a text")
    first, *others = message.contents
    screen = message.screen
    return m.MessageInfo(
        id=message.number,
        priority=m.MessagePriorityEnum(message.priority.value),
        message=written_content(first),
        message_extra=[written_content(each) for each in others] or None,
        state=None if message.state is None else m.MessageStateEnum(message.state.value),
        start_date_time=None if message.starts_at is None else write_time(message.starts_at),
        end_date_time=None if message.ends_at is None else write_time(message.ends_at),
        transaction_id=message.transaction_id,
        display=None
        if screen is None
        else m.Component(
            name=screen.component,
            instance=screen.instance or None,
            evse=None if screen.place is None else m.EVSE(id=screen.place.evse, connector_id=screen.place.connector),
        ),
    )


def written_content(content: Content) -> m.MessageContent:
    return m.MessageContent(
        format=m.MessageFormatEnum(content.format.value), content=content.text, language=content.language or None
    )


def _read(info: Any) -> DisplayMessage:
    extra = getattr(info, "message_extra", None) or ()
    transaction_id = info.transaction_id
    return DisplayMessage(
        number=whole_number(info.id, "id"),
        priority=MessagePriority(info.priority.value),
        contents=tuple(_read_content(each) for each in (info.message, *extra)),
        state=None if info.state is None else MessageState(info.state.value),
        starts_at=None if info.start_date_time is None else read_time(info.start_date_time),
        ends_at=None if info.end_date_time is None else read_time(info.end_date_time),
        transaction_id=TransactionId(transaction_id) if transaction_id else None,
        screen=None if info.display is None else _read_screen(info.display),
    )


def _read_content(content: Any) -> Content:
    return Content(content.content, MessageFormat(content.format.value), content.language or "")


def _read_screen(display: Any) -> Screen:
    place = None
    if display.evse is not None:
        connector = display.evse.connector_id
        place = Place(
            whole_number(display.evse.id, "evse"),
            None if connector is None else whole_number(connector, "connectorId"),
        )
    return Screen(display.name, display.instance or "", place)


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {"NotifyDisplayMessages": reported}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ClearMessage: clear,
    ReportMessages: report,
    ShowMessage: show,
}
