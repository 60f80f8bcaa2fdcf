"""Logs in 1.6: diagnostics by its core message, the security log by its security extension."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Accepted, Answer, Command, GetLog, LogAnswer, LogKind
from voltloom.domain.errors import NotInThisVersion, StationError
from voltloom.domain.reports import LogReported, LogStatus
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation, Read
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.firmware import UNKNOWN_ACTION
from voltloom.protocols.ocpp.v16.inbound import write_nothing
from voltloom.protocols.ocpp.version import Version


def get(command: GetLog) -> Conversation[LogAnswer]:
    """More stations know GetDiagnostics than GetLog: who does not know it is asked with the other."""
    if command.kind.value not in _KINDS:
        raise NotInThisVersion(f"OCPP 1.6 has no {command.kind.value}: ask for diagnostics, or for the security log")
    if command.kind is LogKind.DIAGNOSTICS:
        try:
            return (yield from _diagnostics(command))
        except StationError as error:
            if error.code.casefold() not in UNKNOWN_ACTION:
                raise
    return (yield from _log(command))


_KINDS: Final = {kind.value: kind for kind in m.LogEnum}


def _diagnostics(command: GetLog) -> Conversation[LogAnswer]:
    """Without a file name there is nothing to be uploaded: the answer has no other word for it."""
    request = m.GetDiagnosticsRequest(
        location=command.location,
        start_time=None if command.oldest is None else write_time(command.oldest),
        stop_time=None if command.latest is None else write_time(command.latest),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "GetDiagnostics", request, m.GetDiagnosticsResponse)
    if not answer.file_name:
        return LogAnswer(Answer(Accepted.REJECTED, "NoFile"))
    return LogAnswer(Answer(Accepted.ACCEPTED, "Accepted"), answer.file_name)


def _log(command: GetLog) -> Conversation[LogAnswer]:
    request = m.GetLogRequest(
        request_id=command.request_id,
        log_type=_KINDS[command.kind.value],
        log=m.LogParameters(
            remote_location=command.location,
            oldest_timestamp=None if command.oldest is None else write_time(command.oldest),
            latest_timestamp=None if command.latest is None else write_time(command.latest),
        ),
        retries=command.retries,
        retry_interval=command.retry_interval_s,
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "GetLog", request, m.GetLogResponse)
    said = answer.status.value
    accepted = Accepted.ACCEPTED if said in ("Accepted", "AcceptedCanceled") else Accepted.REJECTED
    return LogAnswer(Answer(accepted, said), answer.filename or "")


def diagnostics_status(message: m.DiagnosticsStatusNotificationRequest, heard_at: datetime) -> Read:
    return Read((LogReported(_DIAGNOSTICS[message.status]),), write_nothing)


_DIAGNOSTICS: Final = {
    m.DiagnosticsStatus.IDLE: LogStatus.IDLE,
    m.DiagnosticsStatus.UPLOADED: LogStatus.UPLOADED,
    m.DiagnosticsStatus.UPLOAD_FAILED: LogStatus.UPLOAD_FAILURE,
    m.DiagnosticsStatus.UPLOADING: LogStatus.UPLOADING,
}


def status(message: m.LogStatusNotificationRequest, heard_at: datetime) -> Read:
    return Read((LogReported(LogStatus(message.status.value), message.request_id),), write_nothing)


READERS: Final[Mapping[str, Callable[[Any, datetime], Read]]] = {
    "DiagnosticsStatusNotification": diagnostics_status,
    "LogStatusNotification": status,
}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {GetLog: get}
