"""Routes that look at the whole network."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, Field

from voltloom.domain.errors import Forbidden
from voltloom.domain.station import Registration
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow, large, signed_in
from voltloom.features.overview import fleet, search
from voltloom.features.overview.network import Seen, read_overview
from voltloom.features.overview.troubles import Kind, Severity, Trouble
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
    power_w: list[float | None] = Field(description="of what runs there; null: no meter told of it lately")
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


def _fleet_routes(router: APIRouter, memo: fleet.UptimeMemo) -> None:
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

        found = await call.database.read(lambda connection: fleet.read_network(connection, call.now, memo, conditions))
        text, same = await asyncio.to_thread(lambda: fleet.document_of(found.snapshot(memo)))
        return await large(request, text, same)


# ---- the overview


class TransactionRef(Body):
    station_id: str
    id: str


class TroubleOut(Body):
    """Troubles that have something in common are one; its parts make a sentence in any language."""

    kind: Kind
    severity: Severity = Field(
        description="critical: harm, or a whole site lost; warning: cannot be used; notice: wants a look"
    )
    count: int = Field(description="how many stations (refused: identities; suspect: transactions)")
    since: datetime | None = Field(description="when the first of them began")
    site_id: str | None = Field(description="where all of them are; null: at several, or in none")
    site_name: str
    code: str = Field(description="the fault's; why they were refused; `open` or `ended` for suspect transactions")
    firmware: str = Field(description="what all of them run; empty where they differ")
    model: str = Field(description="vendor and model, likewise")
    reason: str = Field(description="why they were lost, where it is the same for all")
    together: bool = Field(description="they were lost within minutes of one another")
    station_ids: list[str] = Field(description="the first 50 of them")
    transactions: list[TransactionRef] = Field(description="the first 50 of them")
    power_w: float | None = Field(description="of a site above its limit")
    limit_w: float | None


class SiteLineOut(Body):
    id: str
    name: str
    stations: int
    by_state: dict[Overall, int]
    power_w: float
    limit_w: float | None = Field(description="null: it has none of its own")
    transactions_open: int


class OverviewStations(Body):
    total: int
    by_state: dict[Overall, int]


class OverviewPower(Body):
    now_w: float = Field(description="of all running transactions, as far as it was told within half an hour")
    limit_w: float | None = Field(description="of the sites that have a limit, together; null where none has")


class OverviewTransactions(Body):
    open: int
    started_last_hour: int
    ended_last_hour: int
    energy_wh: float = Field(description="of the open ones, and of those that ended since `since`")


class OverviewOut(Body):
    at: datetime
    newest: int = Field(description="all events up to this number are in it")
    since: datetime = Field(description="when the day began that `energy_wh` counts from")
    stations: OverviewStations
    power: OverviewPower
    transactions: OverviewTransactions
    uptime_30d: float | None = Field(description="of all stations together, 0 to 1; null: nothing is known")
    sites: list[SiteLineOut] = Field(description="by name")
    needs_you: list[TroubleOut] = Field(description="the gravest first; at most 200")


def _overview_document(seen: Seen, since: datetime, memo: fleet.UptimeMemo) -> tuple[bytes, bytes]:
    """As JSON, in the shape of OverviewOut; and that part of it that does not change by itself."""
    told = seen.overview(memo)
    document: dict[str, object] = {
        "since": since,
        "stations": {"total": sum(told.by_state.values()), "by_state": told.by_state},
        "power": {"now_w": told.power_w, "limit_w": told.limit_w},
        "transactions": {
            "open": told.figures.open,
            "started_last_hour": told.figures.started,
            "ended_last_hour": told.figures.ended,
            "energy_wh": told.figures.energy_wh,
        },
        "uptime_30d": told.uptime,
        "sites": [
            {
                "id": line.place.id,
                "name": line.place.name,
                "stations": line.stations,
                "by_state": line.by_state,
                "power_w": line.power_w,
                "limit_w": line.place.power_limit_w,
                "transactions_open": line.transactions_open,
            }
            for line in told.sites
        ],
        "needs_you": [_trouble_document(trouble) for trouble in told.troubles],
    }
    same = msgspec.json.encode(document)
    return msgspec.json.encode({"at": told.at, "newest": told.newest})[:-1] + b"," + same[1:], same


def _trouble_document(trouble: Trouble) -> dict[str, object]:
    named = [{"station_id": station_id, "id": id_} for station_id, id_ in trouble.transactions]
    return {**{name: getattr(trouble, name) for name in Trouble.__slots__}, "transactions": named}


def _overview_routes(router: APIRouter, memo: fleet.UptimeMemo) -> None:
    @router.get(
        "/overview",
        tags=["network"],
        summary="What needs somebody, and how the network is",
        response_model=OverviewOut,
        responses=UNCHANGED,
    )
    async def get_overview(
        call: Read,
        request: Request,
        since: Annotated[AwareDatetime | None, Query(description="when today began; default: midnight, UTC")] = None,
    ) -> Response:
        """Troubles are grouped by what they share: a fault by its code and site (or firmware), stations that were
        lost within five minutes of one another at a site, refusals by their reason."""
        for scope in (Scope.SITES_READ, Scope.TRANSACTIONS_READ):
            if not call.actor.may(scope):
                raise Forbidden(f"{call.actor.name} may not do this: it takes the scope {scope.value} as well")
        begin = since or call.now.replace(hour=0, minute=0, second=0, microsecond=0)
        seen = await call.database.read(lambda connection: read_overview(connection, call.now, begin, memo))
        text, same = await asyncio.to_thread(lambda: _overview_document(seen, begin, memo))
        return await large(request, text, same)


# ---- finding


class HitOut(Body):
    kind: search.HitKind
    id: str = Field(description="what the API knows it by")
    title: str
    also: str = Field(description="vendor and model, city, holder, token or login")
    station_id: str | None = Field(description="of a transaction")
    site_id: str | None = Field(description="of a station")
    at: datetime | None = Field(description="when a transaction began")


class SearchOut(Body):
    items: list[HitOut] = Field(description="the best first")


def _search_routes(router: APIRouter) -> None:
    @router.get("/search", tags=["network"], summary="Find things by what somebody types")
    async def find(
        call: Annotated[Call, signed_in()],
        q: Annotated[str, Query(min_length=1, max_length=100, pattern=r"\S")],
        limit: Annotated[int, Query(ge=1, le=50, description="of each kind")] = 8,
    ) -> SearchOut:
        """Stations by identity, name, serial number, make or notes; sites by name, address or city; tokens by value,
        holder or note; transactions (the latest 20,000) by how their id begins; people by login or name. Only what
        the caller may see."""
        hits = await call.database.read(lambda connection: search.search(connection, call.actor, q, limit))
        shown = HitOut.model_fields
        return SearchOut(items=[HitOut(**{name: getattr(hit, name) for name in shown}) for hit in hits])


def router() -> APIRouter:
    router = APIRouter()
    _search_routes(router)
    memo = fleet.UptimeMemo()
    _fleet_routes(router, memo)
    _overview_routes(router, memo)
    return router
