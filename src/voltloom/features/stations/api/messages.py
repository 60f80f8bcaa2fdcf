"""Routes of the message log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api.shared import Format, Id, as_file
from voltloom.features.stations.documents import (
    MessageOut,
)
from voltloom.features.stations.messages import Direction, MessageOutcome
from voltloom.features.stations.messages import find as find_messages
from voltloom.infra.archive import Wanted


@dataclass(frozen=True, slots=True)
class MessageWish:
    wanted: Wanted
    outcome: MessageOutcome | None
    transaction_id: str


def _messages_wanted(
    station_id: Id,
    action: Annotated[list[str] | None, Query(max_length=20, description="any of these")] = None,
    direction: Annotated[Direction | None, Query(description="who called")] = None,
    outcome: MessageOutcome | None = None,
    trouble: Annotated[bool | None, Query(description="true: only those where something was wrong")] = None,
    since: Annotated[AwareDatetime | None, Query(description="at or after this time")] = None,
    until: Annotated[AwareDatetime | None, Query(description="before this time")] = None,
    q: Annotated[str, Query(max_length=100, description="a text that occurs in the call or its answer")] = "",
    transaction_id: Annotated[
        str, Query(max_length=64, description="call or answer names this transaction, as the station calls it")
    ] = "",
) -> MessageWish:
    wanted = Wanted(
        station_id,
        since=since,
        until=until,
        actions=tuple(action or ()),
        inbound=None if direction is None else direction is Direction.FROM_STATION,
        trouble=trouble,
        text=q or transaction_id,
    )
    return MessageWish(wanted, outcome, transaction_id)


Wish = Annotated[MessageWish, Depends(_messages_wanted)]
ReadMessages = Annotated[Call, allow(Scope.MESSAGES_READ)]
MESSAGE_COLUMNS = (
    *("number", "at", "direction", "protocol", "action", "message_id", "outcome", "latency_ms", "error_code"),
    *("error_text", "trouble", "payload", "answer", "raw"),
)


def _message_cells(message: MessageOut) -> list[object]:
    flat: dict[str, object] = {
        **message.model_dump(
            mode="json", exclude={"payload", "answer", "error", "meaning", "answer_meaning", "broken"}
        ),
        "error_code": message.error.code if message.error else "",
        "error_text": message.error.text if message.error else "",
        "payload": _as_json(message.payload),
        "answer": _as_json(message.answer),
    }
    return [flat[name] for name in MESSAGE_COLUMNS]


def _as_json(document: object) -> str:
    return "" if document is None else msgspec.json.encode(document).decode()


async def _all_messages(call: Call, config: StationsConfig, wish: MessageWish) -> AsyncIterator[list[MessageOut]]:
    before: int | None = None
    while True:
        wanted = replace(wish.wanted, before=before, limit=500)
        found = await find_messages(call.database, config.archive, wanted, wish.outcome, wish.transaction_id)
        if found.messages:
            yield [MessageOut.of(message) for message in found.messages]
        if found.next_before is None:
            return
        before = found.next_before


def add_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/stations/{station_id}/messages", tags=["messages"], summary="What it and we said")
    async def list_messages(
        call: ReadMessages,
        wish: Wish,
        limit: Limit = 100,
        after: After = None,
        language: Annotated[Literal["en", "de"], Query(description="of what is told of a message")] = "en",
    ) -> Page[MessageOut]:
        """Calls with their answers, the newest first; those of a removed station too. Secrets are hidden.

        A page may hold fewer than `limit` where few of many fit the filter: go on while there is a `next`."""
        start = position(after, tuple[int])
        wanted = replace(wish.wanted, before=start[0] if start else None, limit=limit)
        explain = None if config.explainer is None else config.explainer(language)
        found = await find_messages(call.database, config.archive, wanted, wish.outcome, wish.transaction_id, explain)
        more = None if found.next_before is None else cursor(found.next_before)
        return Page(items=[MessageOut.of(message) for message in found.messages], next=more)

    @router.get(
        "/stations/{station_id}/messages/export",
        tags=["messages"],
        summary="What it and we said, as a file",
        response_class=Response,
    )
    async def export_messages(call: ReadMessages, wish: Wish, kind: Format = "csv") -> StreamingResponse:
        """The newest first."""
        return as_file("messages", kind, MESSAGE_COLUMNS, _all_messages(call, config, wish), _message_cells)
