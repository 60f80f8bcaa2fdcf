"""Routes of load over time."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from voltloom.domain.ids import SiteId
from voltloom.features import sites
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow
from voltloom.features.load.rules import NETWORK, Point
from voltloom.features.load.service import Window

Site = Annotated[SiteId, Path(max_length=40)]
Read = Annotated[Call, allow(Scope.SITES_READ)]


class LoadOut(Body):
    """One list a figure, all of the same length; null where nothing is known of a slot."""

    since: datetime
    until: datetime
    step_s: int
    at: list[datetime] = Field(description="when each slot begins")
    power_w: list[float | None] = Field(description="of all running transactions: the mean of the slot")
    power_max_w: list[float | None]
    limit_w: list[float | None] = Field(description="null as well where there was no limit")
    charging: list[int | None] = Field(description="transactions that drew power, at most")
    connected: list[int | None] = Field(description="stations, at the slot's end")


def _window(
    call: Read,
    since: Annotated[AwareDatetime | None, Query(description="default: a day before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="default: now")] = None,
    step_s: Annotated[
        int | None, Query(ge=10, le=86_400, description="length of a slot; default: so that there are about 300")
    ] = None,
) -> Window:
    return Window(since, until, step_s, call.now)


Asked = Annotated[Window, Depends(_window)]


async def _load(call: Call, window: Window, site: str) -> LoadOut:
    def read(connection: Connection) -> list[Point]:
        if site != NETWORK:
            sites.existing(connection, SiteId(site))
        return window.read(connection, site)

    points = await call.database.read(read)
    found = await asyncio.to_thread(window.slots, points)
    return LoadOut(
        since=window.since,
        until=window.until,
        step_s=int(window.step.total_seconds()),
        at=[slot.at for slot in found],
        power_w=[slot.power_w for slot in found],
        power_max_w=[slot.power_max_w for slot in found],
        limit_w=[slot.limit_w for slot in found],
        charging=[slot.charging for slot in found],
        connected=[slot.connected for slot in found],
    )


def router() -> APIRouter:
    router = APIRouter()

    @router.get("/load", tags=["network"], summary="How much power the network drew")
    async def network_load(call: Read, window: Asked) -> LoadOut:
        """As it was every ten seconds for two days, and in means of five minutes for 400. `site.load` goes on live."""
        return await _load(call, window, NETWORK)

    @router.get("/sites/{site_id}/load", tags=["sites"], summary="How much power a site drew")
    async def site_load(site_id: Site, call: Read, window: Asked) -> LoadOut:
        """Likewise, of one site."""
        return await _load(call, window, site_id)

    return router
