"""Logs in 2.x: asked for by their kind, uploaded past the protocol."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Command, GetLog, LogAnswer
from voltloom.domain.reports import LogReported, LogStatus
from voltloom.protocols.ocpp.exchange import Conversation, Read
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2 import messages_201 as m201
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import write_nothing
from voltloom.protocols.ocpp.v2.said import answer_of, detail_of


def get(gate: Gate, command: GetLog) -> Conversation[LogAnswer]:
    request = m.GetLogRequest(
        request_id=command.request_id,
        log_type=m.LogEnum(command.kind.value),
        log=m.LogParameters(
            remote_location=command.location,
            oldest_timestamp=None if command.oldest is None else write_time(command.oldest),
            latest_timestamp=None if command.latest is None else write_time(command.latest),
        ),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    answer = yield from gate.ask("GetLog", request, m.GetLogResponse)
    return LogAnswer(answer_of(answer.status, answer.status_info), answer.filename or "")


def status(
    gate: Gate, message: m.LogStatusNotificationRequest | m201.LogStatusNotificationRequest, at: datetime
) -> Read:
    return Read((LogReported(LogStatus(message.status.value), message.request_id, detail_of(message)),), write_nothing)


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {"LogStatusNotification": status}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {GetLog: get}
