"""The local authorization list and the authorization cache in 2.x."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from voltloom.domain.commands import (
    Answer,
    ClearCache,
    Command,
    GetLocalListVersion,
    ListAnswer,
    ListEntry,
    ListStatus,
    ListVersion,
    SendLocalList,
)
from voltloom.domain.errors import Invalid
from voltloom.domain.token import IdToken
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import id_token_info, write_token
from voltloom.protocols.ocpp.v2.said import answer_of


def send(gate: Gate, command: SendLocalList) -> Conversation[ListAnswer]:
    """A list without entries is left out: the schema wants one entry at least. A token that this version cannot say
    cannot be presented at such a station either."""
    if command.version < 1:
        raise Invalid("a list's version is above 0, which says that there is none")  # D01.FR.18
    entries = [_entry(gate, entry) for entry in command.entries if _can_be_said(gate, entry.token)]
    request = m.SendLocalListRequest(
        version_number=command.version,
        update_type=m.UpdateEnum(command.update.value),
        local_authorization_list=entries or None,
    )
    answer = yield from gate.ask("SendLocalList", request, m.SendLocalListResponse)
    said = answer_of(answer.status, answer.status_info)
    status = ListStatus(answer.status.value)
    return ListAnswer(status, said.reason, said.detail, len(command.entries) - len(entries))


def _can_be_said(gate: Gate, token: IdToken) -> bool:
    fits = 0 < len(token.value) <= gate.longest_token
    return fits and (gate.token_types is None or write_token(token).type in gate.token_types)


def _entry(gate: Gate, entry: ListEntry) -> m.AuthorizationData:
    """Without its info, the token comes off. D01.FR.17"""
    info = None if entry.authorization is None else id_token_info(gate, entry.authorization)
    return m.AuthorizationData(id_token=write_token(entry.token), id_token_info=info)


def version(gate: Gate, command: GetLocalListVersion) -> Conversation[ListVersion]:
    answer = yield from gate.ask("GetLocalListVersion", m.GetLocalListVersionRequest(), m.GetLocalListVersionResponse)
    return ListVersion(max(0, answer.version_number))


def clear_cache(gate: Gate, command: ClearCache) -> Conversation[Answer]:
    answer = yield from gate.ask("ClearCache", m.ClearCacheRequest(), m.ClearCacheResponse)
    return answer_of(answer.status, answer.status_info)


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ClearCache: clear_cache,
    GetLocalListVersion: version,
    SendLocalList: send,
}
