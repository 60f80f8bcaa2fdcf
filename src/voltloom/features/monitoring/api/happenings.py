"""Routes of what stations noticed and stream."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime
from sqlalchemy import Connection

from voltloom.domain.commands import AdjustStream, ReadStreams
from voltloom.domain.errors import NotFound
from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.monitoring import events_store, service, streams_store
from voltloom.features.monitoring.documents import EventOut, OpenStreamOut, PaceIn, StreamOut, StreamValueOut
from voltloom.features.stations import existing
from voltloom.features.stations.api.shared import NOT_FOUND, PROBLEMS_OF_A_COMMAND, Command, Id, Read, Timeout, gives
from voltloom.features.stations.documents import AnswerOut

StreamId = Annotated[int, Path(ge=0, le=2**31 - 1)]
Name = Annotated[str, Query(max_length=50)]


def add_routes(routes: APIRouter) -> None:
    @routes.get("/station-events", tags=["monitoring"], summary="What stations noticed")
    async def list_station_events(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str, Query(max_length=48)] = "",
        component: Name = "",
        variable: Name = "",
        trigger: Annotated[str, Query(max_length=20, examples=["Alerting"])] = "",
        transaction_id: Annotated[str, Query(max_length=36)] = "",
        q: Annotated[str, Query(max_length=100, description="words in names, value, code, text or station")] = "",
        severity: Annotated[int | None, Query(ge=0, le=9, description="this grave or graver (lower)")] = None,
        since: Annotated[AwareDatetime | None, Query(description="heard then or later")] = None,
        until: Annotated[AwareDatetime | None, Query(description="heard before")] = None,
    ) -> Page[EventOut]:
        """The last heard first; kept for 90 days, and 10,000 of a station at most."""
        wanted = events_store.Wanted(
            station_id, component, variable, trigger, transaction_id, q, severity, since, until
        )
        start = position(after, tuple[int])
        rows = await call.database.read(
            lambda connection: events_store.find(connection, wanted, start[0] if start else None, limit + 1)
        )
        more = cursor(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(items=[EventOut.of(row) for row in rows[:limit]], next=more)

    _stream_routes(routes)


def _stream_routes(routes: APIRouter) -> None:
    @routes.get("/streams", tags=["monitoring"], summary="What stations stream (2.1)")
    async def list_all_streams(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str, Query(max_length=48)] = "",
        is_open: Annotated[bool | None, Query(alias="open", description="those that are open, or closed")] = None,
    ) -> Page[StreamOut]:
        """Of all stations; by station and id."""
        start = position(after, tuple[str, int])
        rows = await call.database.read(
            lambda connection: streams_store.find(connection, start, limit + 1, station_id, is_open)
        )
        more = cursor(rows[limit - 1]["station_id"], rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(items=[StreamOut.of(row) for row in rows[:limit]], next=more)

    @routes.get("/stations/{station_id}/streams", tags=["monitoring"], summary="Its streams", responses=NOT_FOUND)
    async def list_streams(station_id: Id, call: Read) -> list[StreamOut]:
        """Those of periodic monitors whose values come together (2.1), open and closed."""

        def read(connection: Connection) -> list[StreamOut]:
            existing(connection, station_id)
            return [StreamOut.of(row) for row in streams_store.read(connection, station_id)]

        return await call.database.read(read)

    @routes.get(
        "/stations/{station_id}/streams/{stream_id}/values",
        tags=["monitoring"],
        summary="Values of a stream",
        responses=NOT_FOUND,
    )
    async def list_values(
        station_id: Id,
        stream_id: StreamId,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        since: Annotated[AwareDatetime | None, Query()] = None,
    ) -> Page[StreamValueOut]:
        """The newest first; kept for 14 days, and 100,000 of a stream at most."""
        start = position(after, tuple[datetime])

        def read(connection: Connection) -> Page[StreamValueOut]:
            existing(connection, station_id)
            if streams_store.get(connection, station_id, stream_id) is None:
                raise NotFound(f"{station_id} has had no stream {stream_id}")
            before = start[0] if start else None
            rows = streams_store.find_values(connection, station_id, stream_id, before, limit + 1, since)
            more = cursor(rows[limit - 1]["at"]) if len(rows) > limit else None
            items = [StreamValueOut(at=row["at"], value=row["value"]) for row in rows[:limit]]
            return Page(items=items, next=more)

        return await call.database.read(read)

    @routes.post(
        "/stations/{station_id}/streams/read",
        tags=["monitoring"],
        summary="Ask which streams are open",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ReadStreams),
    )
    async def read_streams(station_id: Id, call: Command, timeout_s: Timeout = 30) -> list[OpenStreamOut]:
        """What the station says is kept."""
        return [OpenStreamOut.of(each) for each in await service.read_streams(call, station_id, timeout_s)]

    @routes.post(
        "/stations/{station_id}/streams/{stream_id}/pace",
        tags=["monitoring"],
        summary="Have a stream sent more or less often",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(AdjustStream),
    )
    async def adjust_stream(
        station_id: Id, stream_id: StreamId, body: PaceIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        return AnswerOut.of(await service.adjust_stream(call, station_id, stream_id, body.pace(), timeout_s))
