"""Routes that find stations: lists, counts, files, and the filter they have in common."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from voltloom.domain.ids import StationId
from voltloom.domain.station import ConnectorStatus, SecurityProfile
from voltloom.features.api import After, Call, Limit, Page, cursor, position
from voltloom.features.stations import rules, service, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api.shared import NOT_FOUND, Format, Id, Read, Word, as_file
from voltloom.features.stations.documents import (
    ConnectorOut,
    FaultOut,
    Protocol,
    StationDetail,
    StationListed,
    StationOut,
    SummaryOut,
)
from voltloom.features.stations.fleet import Conditions


def conditions_of(
    site_id: Annotated[str | None, Query(max_length=40, description="empty: those in no site")] = None,
    connected: Annotated[bool | None, Query(description="whether its connection is open")] = None,
    status: Annotated[ConnectorStatus | None, Query(description="one of its connectors is in this state")] = None,
    faulted: Annotated[bool | None, Query(description="true: it has a fault or a faulted connector")] = None,
    vendor: Word = "",
    model: Word = "",
    firmware: Word = "",
    protocol: Annotated[Protocol | None, Query(description="of its connection, or its last one")] = None,
    ids: Annotated[str, Query(max_length=8000, description="only these, with commas between")] = "",
    q: Annotated[str, Query(max_length=100, description="words in identity, name, make, address or notes")] = "",
) -> Conditions:
    said = {"vendor": vendor, "model": model, "firmware": firmware, "protocol": protocol or ""}
    conditions = [store.has(**{name: value}) for name, value in said.items() if value]
    if ids:
        conditions.append(store.among(ids.split(",")))
    if site_id is not None:
        conditions.append(store.in_site(site_id))
    if connected is not None:
        conditions.append(store.is_connected(connected))
    if status is not None:
        conditions.append(store.with_status(status.value))
    if faulted is not None:
        conditions.append(store.with_fault() if faulted else ~store.with_fault())
    if q.strip():
        conditions.append(store.mentions(q))
    return conditions


Matching = Annotated[Conditions, Depends(conditions_of)]


def add_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/stations", tags=["stations"], summary="Stations, by identity")
    async def list_stations(
        call: Read, conditions: Matching, limit: Limit = 100, after: After = None
    ) -> Page[StationListed]:
        start = position(after, tuple[StationId])

        def listed(connection: Connection) -> Page[StationListed]:
            rows = store.find(connection, conditions, start[0] if start else None, limit + 1)
            shown = rows[:limit]
            connectors: dict[str, list[ConnectorOut]] = {row["id"]: [] for row in shown}
            for each in store.read_connectors(connection, list(map(StationId, connectors))):
                connectors[each["station_id"]].append(ConnectorOut.of(each))
            return Page(
                items=[
                    StationListed(**StationOut.of(row).model_dump(), connectors=connectors[row["id"]]) for row in shown
                ],
                next=cursor(shown[-1]["id"]) if len(rows) > limit else None,
            )

        return await call.database.read(listed)

    @router.get("/stations/summary", tags=["stations"], summary="How many there are, and how they do")
    async def summarize_stations(call: Read, conditions: Matching) -> SummaryOut:
        totals, protocols, statuses = await call.database.read(lambda connection: store.count(connection, conditions))
        return SummaryOut(**totals, stations_by_protocol=protocols, connectors_by_status=statuses)

    @router.get("/stations/export", tags=["stations"], summary="Stations as a file", response_class=Response)
    async def export_stations(call: Read, conditions: Matching, kind: Format = "csv") -> StreamingResponse:
        return as_file("stations", kind, STATION_COLUMNS, _all_stations(call, conditions), _station_cells)

    @router.get("/stations/{station_id}", tags=["stations"], summary="One station", responses=NOT_FOUND)
    async def get_station(station_id: Id, call: Read) -> StationDetail:
        return await call.database.read(lambda connection: detail(connection, config, station_id))


def detail(connection: Connection, config: StationsConfig, station_id: StationId) -> StationDetail:
    row = service.existing(connection, station_id)
    urls = rules.address_of(station_id, config.public_urls, SecurityProfile(row["security_profile"]))
    return StationDetail(
        **StationOut.of(row).model_dump(),
        urls=list(urls),
        connectors=[ConnectorOut.of(each) for each in store.read_connectors(connection, [station_id])],
        faults=[FaultOut.of(each) for each in store.read_faults(connection, [station_id])],
    )


STATION_COLUMNS = (
    *("id", "public_id", "name", "site_id", "enabled", "security_profile", "policy", "registration"),
    *("vendor", "model", "serial", "firmware", "connected", "protocol", "address", "connected_at"),
    *("disconnected_at", "disconnect_reason", "last_seen", "booted_at", "created_at", "notes"),
)


def _station_cells(station: StationOut) -> list[object]:
    flat: dict[str, object] = {
        **station.model_dump(mode="json"),
        **station.hardware.model_dump(),
        **station.link.model_dump(exclude={"security_profile"}),
        "connected_at": station.link.since,
    }
    return [flat[name] for name in STATION_COLUMNS]


async def _all_stations(call: Call, conditions: Conditions) -> AsyncIterator[list[StationOut]]:
    last: StationId | None = None
    while True:
        after = last
        rows = await call.database.read(lambda connection: store.find(connection, conditions, after, 500))  # noqa: B023  # awaited at once
        if not rows:
            return
        last = rows[-1]["id"]
        yield [StationOut.of(row) for row in rows]
