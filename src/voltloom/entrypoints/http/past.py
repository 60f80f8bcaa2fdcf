"""What happened: the journal, page by page in either direction, looked through, and as a file."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from voltloom.domain.errors import Invalid
from voltloom.entrypoints.http.live import Names, Number, split_list
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, Limit, allow, csv_text
from voltloom.infra.journal import Entry, newest_number
from voltloom.infra.journal_past import Past, Wanted, read_back, read_on

_MOST_WORDS = 8


class JournalEntryOut(Body):
    number: int
    at: datetime = Field(description="when it was written here")
    name: str
    station_id: str | None
    data: object

    @staticmethod
    def of(entry: Entry) -> "JournalEntryOut":
        return JournalEntryOut(
            number=entry.number,
            at=entry.at,
            name=entry.name,
            station_id=entry.subject or None,
            data=msgspec.json.decode(entry.body),
        )


class JournalOut(Body):
    """A page may hold less than was asked for, even nothing, with more behind it: it looks only so far at a time."""

    items: list[JournalEntryOut]
    next: int | None = Field(description="pass as `after` for what follows; null where nothing does yet")
    previous: int | None = Field(description="pass as `before` for what came earlier; null where nothing did")
    newest: int


After = Annotated[Number | None, Query(description="what follows this number. Without it: the newest")]
Before = Annotated[Number | None, Query(description="the newest of those below this number")]
Station = Annotated[str | None, Query(max_length=100, description="only events about this station")]
Words = Annotated[str, Query(max_length=200, description="words that are in it; upper or lower case")]
Since = Annotated[AwareDatetime | None, Query(description="written at this time or later")]
Until = Annotated[AwareDatetime | None, Query(description="written before this time")]


def _wanted(names: str, station: str | None, words: str, since: datetime | None, until: datetime | None) -> Wanted:
    return Wanted(split_list(names), station, tuple(words.split()[:_MOST_WORDS]), since, until)


def routes() -> APIRouter:
    router = APIRouter(tags=["events"])

    @router.get("/journal", summary="What happened")
    async def list_journal(
        call: Annotated[Call, allow(Scope.EVENTS_READ)],
        limit: Limit = 100,
        after: After = None,
        before: Before = None,
        names: Names = "",
        station: Station = None,
        q: Words = "",
        since: Since = None,
        until: Until = None,
    ) -> JournalOut:
        """Events in the order of their numbers."""
        if after is not None and before is not None:
            raise Invalid("`after` reads on and `before` reads back: give one of them")
        wanted = _wanted(names, station, q, since, until)

        def read(connection: Connection) -> tuple[int, Past]:
            newest = newest_number(connection)
            if after is not None:
                return newest, read_on(connection, wanted, after=after, limit=limit)
            return newest, read_back(connection, wanted, before=before, limit=limit)

        newest, found = await call.database.read(read)
        return JournalOut(
            items=[JournalEntryOut.of(entry) for entry in found.entries],
            next=found.further if after is not None else None,
            previous=found.further if after is None else None,
            newest=newest,
        )

    @router.get("/journal/export", summary="What happened, as a file", response_class=Response)
    async def export_journal(
        call: Annotated[Call, allow(Scope.EVENTS_READ)],
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line")
        ] = "csv",
        names: Names = "",
        station: Station = None,
        q: Words = "",
        since: Since = None,
        until: Until = None,
    ) -> StreamingResponse:
        """The oldest first."""
        media = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[kind]
        headers = {"content-disposition": f'attachment; filename="events.{kind}"'}
        wanted = _wanted(names, station, q, since, until)
        return StreamingResponse(_export(call, kind, wanted), media_type=media, headers=headers)

    return router


async def _export(call: Call, kind: Literal["csv", "jsonl"], wanted: Wanted) -> AsyncIterator[str]:
    """A thousand at a time: an export does not hold a connection, nor the journal in memory."""
    if kind == "csv":
        yield csv_text([("number", "at", "name", "station_id", "data")])
    further: int | None = 0
    while further is not None:
        number = further
        page = await call.database.read(lambda connection: read_on(connection, wanted, after=number, limit=1000))  # noqa: B023  # awaited at once
        further = page.further
        if kind == "csv":
            yield csv_text((each.number, each.at, each.name, each.subject, each.body) for each in page.entries)
        else:
            yield "".join(f"{JournalEntryOut.of(each).model_dump_json()}\n" for each in page.entries)
