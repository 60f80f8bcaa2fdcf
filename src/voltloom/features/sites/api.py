"""Routes of sites."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints

from voltloom.domain.ids import SiteId
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.sites import service
from voltloom.features.sites.rules import Site, SiteValues
from voltloom.features.stations import SiteCount

Id = Annotated[SiteId, Path(max_length=40)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
ShortLine = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2})?$")]
Zone = Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9_+\-/]+$")]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[52.52])]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[13.405])]
PowerLimit = Annotated[
    float,
    Field(ge=0, le=1e9, allow_inf_nan=False, description="W, of all its stations together", examples=[120_000]),
]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such site."}}
NOT_EMPTY: dict[int | str, dict[str, Any]] = {409: {"description": "There are stations in it: move them first."}}


class SiteIn(Body):
    name: Name
    address: Line = ""
    city: ShortLine = ""
    country: Country = Field(default="", description="ISO 3166-1, two letters", examples=["DE"])
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    timezone: Zone = Field(default="UTC", examples=["Europe/Berlin"])
    power_limit_w: PowerLimit | None = None


class SiteChangeIn(Body):
    """What is left out stays as it is; null takes a position or a limit away."""

    name: Name | None = None
    address: Line | None = None
    city: ShortLine | None = None
    country: Country | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    timezone: Zone | None = None
    power_limit_w: PowerLimit | None = None

    def wanted(self) -> Mapping[str, object]:
        said = {name: getattr(self, name) for name in self.model_fields_set}
        removable = {"latitude", "longitude", "power_limit_w"}
        return {name: value for name, value in said.items() if value is not None or name in removable}


class SiteOut(Body):
    id: str
    public_id: str = Field(description="what the public sees instead of the id")
    name: str
    address: str
    city: str
    country: str
    latitude: float | None
    longitude: float | None
    timezone: str
    power_limit_w: float | None = Field(description="of all its stations together; null: none of its own")
    created_at: datetime
    stations: int
    connected: int = Field(description="stations with an open connection")
    faulted: int = Field(description="stations with a fault or a faulted connector")
    connectors_by_status: dict[str, int]

    @staticmethod
    def of(site: Site, count: SiteCount) -> "SiteOut":
        return SiteOut(
            id=site.id,
            public_id=site.public_id,
            created_at=site.created_at,
            **{name: getattr(site.values, name) for name in SiteValues.__slots__},
            stations=count.stations,
            connected=count.connected,
            faulted=count.faulted,
            connectors_by_status=count.connectors_by_status,
        )


def _reading_routes(router: APIRouter) -> None:
    @router.get("", summary="Sites, by name")
    async def list_sites(
        call: Annotated[Call, allow(Scope.SITES_READ)],
        limit: Limit = 100,
        after: After = None,
        city: Annotated[str, Query(max_length=100)] = "",
        country: Annotated[str, Query(max_length=2)] = "",
        q: Annotated[str, Query(max_length=100, description="words in name, address or city")] = "",
    ) -> Page[SiteOut]:
        """Each with how its stations do. The stations themselves: `GET /stations?site_id=…`."""
        start = position(after, tuple[str, str])
        found = await service.list_sites(
            call.database, city=city, country=country, words=q, after=start, limit=limit + 1
        )
        last = found[limit - 1][0] if len(found) > limit else None
        more = cursor(last.values.name, last.id) if last else None
        return Page(items=[SiteOut.of(site, count) for site, count in found[:limit]], next=more)

    @router.get("/{site_id}", summary="One site, and how its stations do", responses=NOT_FOUND)
    async def get_site(site_id: Id, call: Annotated[Call, allow(Scope.SITES_READ)]) -> SiteOut:
        return SiteOut.of(*await service.get_site(call.database, site_id))


def _writing_routes(router: APIRouter) -> None:
    @router.post("", summary="Add a site", status_code=201)
    async def add_site(body: SiteIn, call: Annotated[Call, allow(Scope.SITES_WRITE)]) -> SiteOut:
        """Stations are put into it by their `site_id`."""
        site = await service.add_site(call, SiteValues(**body.model_dump()))
        return SiteOut.of(site, SiteCount())

    @router.patch("/{site_id}", summary="Change a site", responses=NOT_FOUND)
    async def change_site(site_id: Id, body: SiteChangeIn, call: Annotated[Call, allow(Scope.SITES_WRITE)]) -> SiteOut:
        await service.change_site(call, site_id, body.wanted())
        return SiteOut.of(*await service.get_site(call.database, site_id))

    @router.delete("/{site_id}", summary="Remove a site", status_code=204, responses={**NOT_FOUND, **NOT_EMPTY})
    async def remove_site(site_id: Id, call: Annotated[Call, allow(Scope.SITES_WRITE)]) -> None:
        await service.remove_site(call, site_id)


def router() -> APIRouter:
    whole = APIRouter(prefix="/sites", tags=["sites"])
    _reading_routes(whole)
    _writing_routes(whole)
    return whole
