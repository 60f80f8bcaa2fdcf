"""Routes of campaigns."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from voltloom.domain.errors import Invalid
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.firmware import campaign_store as store
from voltloom.features.firmware import rollout
from voltloom.features.firmware.campaign_documents import (
    BegunOut,
    CampaignIn,
    CampaignOut,
    CampaignStandOut,
    CampaignStationOut,
    ReachOut,
)
from voltloom.features.firmware.campaigns import Item
from voltloom.features.stations.api.finding import Matching

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Dangerous = Annotated[Call, allow(Scope.STATIONS_COMMAND, fresh=True)]
Id = Annotated[str, Path(max_length=32)]


def add_routes(routes: APIRouter) -> None:
    _begin(routes)
    _look(routes)
    _turn(routes)


def _begin(routes: APIRouter) -> None:
    @routes.post("/firmware/campaigns", summary="Update many stations, wave by wave", status_code=202)
    async def begin_campaign(
        body: CampaignIn,
        call: Dangerous,
        conditions: Matching,
        dry_run: Annotated[bool, Query(description="only say how far it would reach")] = False,
    ) -> BegunOut:
        """Those that are named, or meet the filters (as of `GET /stations`): first `canary` of them, which must all
        succeed, then waves, of which `at_once` stations are updated at the same time. It halts where more than
        `halt_percent` fail, goes on after a restart, and asks no station twice. Stations that are not connected are
        updated when they are back, until `ends_at`."""
        if body.stations is None and not conditions and not body.everything:
            raise Invalid("say which stations: name them, or give filters in the address, or `everything`")
        wish = body.wish(conditions, call.now)
        if dry_run:
            return BegunOut(campaign_id=None, reach=ReachOut.of(await rollout.look(call, wish)))
        campaign_id, reach = await rollout.begin(call, wish)
        return BegunOut(campaign_id=campaign_id, reach=ReachOut.of(reach))


def _look(routes: APIRouter) -> None:
    @routes.get("/firmware/campaigns", summary="Campaigns, the latest first")
    async def list_campaigns(call: Read, limit: Limit = 100, after: After = None) -> Page[CampaignOut]:
        before = position(after, tuple[datetime, str])

        def read(connection: Connection) -> Page[CampaignOut]:
            rows = store.find(connection, before, limit + 1)
            counts = store.counts(connection, [row["id"] for row in rows[:limit]])
            last = rows[limit - 1] if len(rows) > limit else None
            return Page(
                items=[CampaignOut.of(row, counts.get(row["id"], {})) for row in rows[:limit]],
                next=cursor(last["asked_at"], last["id"]) if last else None,
            )

        return await call.database.read(read)

    @routes.get("/firmware/campaigns/{campaign_id}", summary="How a campaign stands")
    async def get_campaign(campaign_id: Id, call: Read) -> CampaignStandOut:
        """With its waves, one by one."""

        def read(connection: Connection) -> CampaignStandOut:
            row = rollout.existing(connection, campaign_id)
            counts = store.counts(connection, [campaign_id]).get(campaign_id, {})
            return CampaignStandOut.of_one(row, counts, store.counts_by_wave(connection, campaign_id))

        return await call.database.read(read)

    @routes.get("/firmware/campaigns/{campaign_id}/stations", summary="What became of each station of a campaign")
    async def list_campaign_stations(
        campaign_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        state: Annotated[list[Item] | None, Query(max_length=7, description="any of these; default: all")] = None,
    ) -> Page[CampaignStationOut]:
        """By identity. Step by step: `GET /firmware/updates/{update_id}`."""
        (last,) = position(after, tuple[str]) or ("",)

        def read(connection: Connection) -> Page[CampaignStationOut]:
            rollout.existing(connection, campaign_id)
            rows = store.find_items(connection, campaign_id, state or (), last, limit + 1)
            more = cursor(rows[limit - 1]["station_id"]) if len(rows) > limit else None
            return Page(items=[CampaignStationOut.of(row) for row in rows[:limit]], next=more)

        return await call.database.read(read)


def _turn(routes: APIRouter) -> None:
    @routes.post("/firmware/campaigns/{campaign_id}/pause", summary="Ask no more stations for now", status_code=204)
    async def pause_campaign(campaign_id: Id, call: Command) -> None:
        """Stations that are being updated go on."""
        # A brake asks for no password first (control C41 is of what does harm); what lets it go on does.
        await rollout.pause(call, campaign_id)

    @routes.post("/firmware/campaigns/{campaign_id}/resume", summary="Go on", status_code=204)
    async def resume_campaign(campaign_id: Id, call: Dangerous) -> None:
        """Also where it was halted: what failed until now is not held against it any more."""
        await rollout.resume(call, campaign_id)

    @routes.post("/firmware/campaigns/{campaign_id}/cancel", summary="Ask no more stations", status_code=204)
    async def cancel_campaign(campaign_id: Id, call: Command) -> None:
        """Stations that are being updated go on."""
        await rollout.cancel(call, campaign_id)
