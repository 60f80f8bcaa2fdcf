"""Routes of stations' logs, and where stations send them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, Field

from voltloom.domain.commands import GetLog, LogKind
from voltloom.domain.ids import StationId
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, length_of, pieces_of, position
from voltloom.features.logs import rules, service, store
from voltloom.features.logs.rules import LARGEST_ID, Log, State
from voltloom.features.logs.service import LogsConfig, LogWish, Receiving
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
ReadContent = Annotated[Call, allow(Scope.MESSAGES_READ)]
Write = Annotated[Call, allow(Scope.STATIONS_WRITE)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Ticket = Annotated[str, Path(max_length=100)]
_DOWNLOAD = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox; default-src 'none'"}


class LogIn(Body):
    kind: LogKind = LogKind.DIAGNOSTICS
    oldest: AwareDatetime | None = Field(default=None, description="only what was written since then")
    latest: AwareDatetime | None = Field(default=None, description="only what was written until then")
    retries: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="of the upload; left out: as the station likes"
    )
    retry_interval_s: Annotated[int, Field(ge=0, le=86_400)] | None = None


class LogOut(Body):
    id: int
    station_id: str
    kind: LogKind
    state: State
    oldest: datetime | None
    latest: datetime | None
    said: str = Field(description="the station's word when it was asked")
    reason: str
    file_name: str = Field(description="as the station calls it")
    asked_at: datetime
    expires_at: datetime = Field(description="until when the station may upload it")
    actor: str
    changed_at: datetime | None
    received_at: datetime | None
    size: int | None = Field(description="in bytes; null: it is not here")
    sha256: str
    address: str = Field(description="whence it came")

    @staticmethod
    def of(log: Log) -> "LogOut":
        return LogOut(**{name: getattr(log, name) for name in Log.__slots__})


class AskedOut(Body):
    log: LogOut
    answer: AnswerOut


def router(config: LogsConfig) -> APIRouter:
    routes = APIRouter(tags=["logs"])

    @routes.post(
        "/stations/{station_id}/logs",
        tags=["commands"],
        summary="Have a station upload a log",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetLog),
    )
    async def ask_for_log(station_id: Id, body: LogIn, call: Command, timeout_s: Timeout = 30) -> AskedOut:
        """It is given an address that takes one file, for an hour. Whether it comes: `GET /logs/{id}`. A station that
        refuses is an answer: see `log.state`."""
        wish = LogWish(**body.model_dump())
        made, answer = await service.ask_for_log(call, config, station_id, wish, timeout_s)
        return AskedOut(log=LogOut.of(made), answer=AnswerOut.of(answer))

    @routes.get("/logs", summary="Logs of stations, the latest first")
    async def list_logs(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
        kind: LogKind | None = None,
    ) -> Page[LogOut]:
        start = position(after, tuple[datetime, int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(connection, station, state or (), kind, start, limit + 1)
        )
        more = cursor(found[limit - 1].asked_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[LogOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/logs/{log_id}", summary="A log of a station")
    async def get_log(log_id: Number, call: Read) -> LogOut:
        return LogOut.of(await service.get_log(call.database, log_id))

    @routes.get(
        "/logs/{log_id}/content",
        summary="Download a log",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": {}}, "description": "The file as it came."}},
    )
    async def download_log(log_id: Number, call: ReadContent) -> FileResponse:
        """As it came: nothing here looks into it. Treat it as what it is, a file from a device in the field."""
        path, log = await service.open_content(call.database, config, log_id)
        await service.note_download(call, log)
        name = rules.download_name(log)
        return FileResponse(path, media_type="application/octet-stream", headers=_DOWNLOAD, filename=name)

    @routes.delete("/logs/{log_id}", summary="Delete a log", status_code=204)
    async def remove_log(log_id: Number, call: Write) -> None:
        await service.remove_log(call, config, log_id)

    return routes


def open_router(config: LogsConfig) -> APIRouter:
    """Open to whoever holds an address that was made for a station, once."""
    routes = APIRouter(include_in_schema=False)
    receiving = Receiving(config)

    @routes.api_route("/files/logs/{ticket}", methods=["PUT", "POST"])
    @routes.api_route("/files/logs/{ticket}/{name:path}", methods=["PUT", "POST"])
    async def take_log(ticket: Ticket, request: Request, name: str = "") -> Response:
        """Some stations take the address for a folder, and put a name of theirs behind it."""
        await receiving.receive(
            request.app.state.database,
            ticket,
            pieces_of(request),
            request.headers.get("content-type", ""),
            length_of(request),
            name.rsplit("/", 1)[-1],
            request.state.arrival.address,
        )
        return Response(status_code=201)

    return routes
