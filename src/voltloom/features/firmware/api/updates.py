"""Routes of updates and of local controllers."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from voltloom.domain.commands import PublishFirmware, UnpublishFirmware, UpdateFirmware
from voltloom.domain.errors import NotFound
from voltloom.domain.ids import StationId
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.firmware import service, store
from voltloom.features.firmware.documents import (
    PublicationOut,
    PublishedOut,
    PublishIn,
    UpdateDetail,
    UpdatedOut,
    UpdateIn,
    UpdateOut,
)
from voltloom.features.firmware.images import FirmwareConfig
from voltloom.features.firmware.rules import LARGEST_ID, State
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Dangerous = Annotated[Call, allow(Scope.STATIONS_COMMAND, fresh=True)]
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Short = Annotated[str | None, Query(max_length=48)]


def add_routes(routes: APIRouter, config: FirmwareConfig) -> None:
    _updates(routes, config)
    _publications(routes, config)


def _updates(routes: APIRouter, config: FirmwareConfig) -> None:
    @routes.post(
        "/stations/{station_id}/firmware/updates",
        tags=["commands"],
        summary="Update a station's firmware",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(UpdateFirmware),
    )
    async def update_firmware(station_id: Id, body: UpdateIn, call: Dangerous, timeout_s: Timeout = 30) -> UpdatedOut:
        """The station is given an address of ours that only it knows, the signature, and the certificate: one that
        knows signed updates checks them itself. A refusal is an answer: see `update.state`. Where it does not answer in
        time, the update stays `asked`: it may have begun."""
        update, answer = await service.update_station(call, config, station_id, body.wish(), timeout_s)
        return UpdatedOut(update=UpdateOut.of(update), answer=AnswerOut.of(answer))

    @routes.get("/firmware/updates", summary="Updates of stations, the latest first")
    async def list_updates(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Short = None,
        image_id: Short = None,
        campaign_id: Short = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
    ) -> Page[UpdateOut]:
        start = position(after, tuple[datetime, int])
        conditions = {"station_id": station_id, "image_id": image_id, "campaign_id": campaign_id}
        found = await call.database.read(
            lambda connection: store.find_updates(connection, conditions, state or (), start, limit + 1)
        )
        more = cursor(found[limit - 1].asked_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[UpdateOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/firmware/updates/{update_id}", summary="An update, step by step")
    async def get_update(update_id: Number, call: Read) -> UpdateDetail:
        def read(connection: Connection) -> UpdateDetail:
            found = store.get_update(connection, update_id)
            if found is None:
                raise NotFound(f"there is no update {update_id}")
            return UpdateDetail.with_steps(found, store.steps_of(connection, update_id))

        return await call.database.read(read)


def _publications(routes: APIRouter, config: FirmwareConfig) -> None:
    @routes.post(
        "/stations/{station_id}/firmware/publications",
        tags=["commands"],
        summary="Have a local controller publish an image",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(PublishFirmware),
    )
    async def publish_firmware(
        station_id: Id, body: PublishIn, call: Dangerous, timeout_s: Timeout = 30
    ) -> PublishedOut:
        """2.x only. It fetches the image once; its stations are then updated from it: `publication_id` of an update."""
        made, answer = await service.publish(call, config, station_id, body.image_id, timeout_s)
        return PublishedOut(publication=PublicationOut.of(made), answer=AnswerOut.of(answer))

    @routes.post(
        "/firmware/publications/{publication_id}/unpublish",
        tags=["commands"],
        summary="Have a local controller publish it no more",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(UnpublishFirmware),
    )
    async def unpublish_firmware(publication_id: Number, call: Command, timeout_s: Timeout = 30) -> PublishedOut:
        found, answer = await service.unpublish(call, publication_id, timeout_s)
        return PublishedOut(publication=PublicationOut.of(found), answer=AnswerOut.of(answer))

    @routes.get("/firmware/publications", summary="What local controllers publish, the latest first")
    async def list_publications(
        call: Read, limit: Limit = 100, after: After = None, station_id: Short = None
    ) -> Page[PublicationOut]:
        start = position(after, tuple[datetime, int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find_publications(connection, station, start, limit + 1)
        )
        more = cursor(found[limit - 1].asked_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[PublicationOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/firmware/publications/{publication_id}", summary="A publication")
    async def get_publication(publication_id: Number, call: Read) -> PublicationOut:
        return PublicationOut.of(await service.get_publication(call.database, publication_id))
