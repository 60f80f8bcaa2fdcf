"""The local authorization list and the authorization cache in 1.6."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ClearCache,
    Command,
    GetLocalListVersion,
    ListAnswer,
    ListEntry,
    ListStatus,
    ListUpdate,
    ListVersion,
    SendLocalList,
)
from voltloom.domain.errors import Invalid
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.inbound import LONGEST_ID_TAG, id_tag, id_tag_info
from voltloom.protocols.ocpp.version import Version


def send(command: SendLocalList) -> Conversation[ListAnswer]:
    """A full list says that it is empty; an update that changes nothing leaves it out. A token of more characters than
    1.6 has room for cannot be presented at such a station either."""
    if command.version < 1:
        raise Invalid("a list's version is above 0, which says that there is none")
    entries = [_entry(entry) for entry in command.entries if 0 < len(entry.token.value) <= LONGEST_ID_TAG]
    request = m.SendLocalListRequest(
        list_version=command.version,
        update_type=m.UpdateType(command.update.value),
        local_authorization_list=entries if entries or command.update is ListUpdate.FULL else None,
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "SendLocalList", request, m.SendLocalListResponse)
    return ListAnswer(ListStatus(answer.status.value), left_out=len(command.entries) - len(entries))


def _entry(entry: ListEntry) -> m.AuthorizationData:
    info = None if entry.authorization is None else id_tag_info(entry.authorization)
    return m.AuthorizationData(id_tag=id_tag(entry.token), id_tag_info=info)


def version(command: GetLocalListVersion) -> Conversation[ListVersion]:
    """-1: it keeps no list."""
    request = m.GetLocalListVersionRequest()
    answer = yield from ask(Version.V16, "GetLocalListVersion", request, m.GetLocalListVersionResponse)
    return ListVersion(answer.list_version if answer.list_version >= 0 else None)


def clear_cache(command: ClearCache) -> Conversation[Answer]:
    answer = yield from ask(Version.V16, "ClearCache", m.ClearCacheRequest(), m.ClearCacheResponse)
    status = answer.status.value
    return Answer(Accepted.ACCEPTED if status == "Accepted" else Accepted.REJECTED, status)


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    ClearCache: clear_cache,
    GetLocalListVersion: version,
    SendLocalList: send,
}
