"""Routes that look at the whole network."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import Connection

from voltloom.domain.station import Registration
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow, large
from voltloom.features.overview import fleet
from voltloom.features.stations import Overall
from voltloom.features.stations.api.finding import Matching

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing changed since the one with this ETag."}}


class FleetColumns(Body):
    """One list a column, all of the same length; the stations are in the order of their identities."""

    id: list[str]
    name: list[str]
    site_id: list[str | None]
    state: list[Overall] = Field(description="how the station is, in one word")
    state_since: list[datetime | None]
    power_w: list[float | None] = Field(
        description="of what runs there; null: no meter told of it lately"
    )
    power_limit_w: list[float | None] = Field(description="the most it can give, where it has reported that")
    connected: list[bool]
    last_seen: list[datetime | None]
    vendor: list[str]
    model: list[str]
    serial: list[str]
    firmware: list[str]
    protocol: list[str]
    security_profile: list[int] = Field(description="the least it must use")
    faults: list[int] = Field(description="how many stand")
    fault: list[str] = Field(description="the code of the gravest; empty for none")
    connectors: list[dict[str, int]] = Field(description="how many, by status; without EVSE 0")
    transactions_open: list[int]
    uptime_30d: list[float | None] = Field(description="0 to 1 over the last 30 days; null: nothing is known")
    disconnect_reason: list[str] = Field(description="why it is not connected; empty while it is")
    enabled: list[bool]
    registration: list[Registration | None]


class FleetOut(Body):
    at: datetime
    newest: int = Field(description="all events up to this number are in it: go on with `/events?after=` this")
    count: int
    columns: FleetColumns


def _fleet_routes(router: APIRouter) -> None:
    @router.get(
        "/fleet",
        tags=["network"],
        summary="Every station at a glance",
        response_model=FleetOut,
        responses=UNCHANGED,
    )
    async def get_fleet(call: Read, conditions: Matching, request: Request) -> Response:
        """All that match, in one answer: 10,000 stations are some 300 kB, packed. For one page of them with all
        there is to know: `GET /stations`."""

        def read(connection: Connection) -> tuple[bytes, bytes]:
            return fleet.document_of(fleet.read_snapshot(connection, call.now, conditions))

        text, same = await call.database.read(read)
        return await large(request, text, same)


def router() -> APIRouter:
    router = APIRouter()
    _fleet_routes(router)
    return router
