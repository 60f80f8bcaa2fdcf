"""Routes of settings across stations, and of what differs from what is wanted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection

from voltloom.domain.ids import StationId
from voltloom.domain.station import Attribute
from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.settings import service
from voltloom.features.settings.documents import DriftOut, SettingOfStation, StandOut, ValueCountOut
from voltloom.features.stations import (
    SETTING_KEY,
    WantedSettings,
    count_values,
    find_across,
    is_secret,
    likeness_of,
    setting_of,
)
from voltloom.features.stations.api.shared import Read, Word
from voltloom.features.stations.documents import SettingOut

STATIONS_LOOKED_AT = 200


def _wanted(
    component: Annotated[str, Query(max_length=50)] = "",
    variable: Annotated[str, Query(max_length=50, examples=["HeartbeatInterval"])] = "",
    attribute: Attribute | None = None,
    value: Annotated[str | None, Query(max_length=2_500, description="exactly this")] = None,
    q: Annotated[str, Query(max_length=100, description="words in component, variable or value")] = "",
    station_id: Annotated[str, Query(max_length=48)] = "",
    site_id: Annotated[str, Query(max_length=40)] = "",
    vendor: Word = "",
    model: Word = "",
    firmware: Word = "",
) -> WantedSettings:
    return WantedSettings(
        component,
        variable,
        attribute.value if attribute else "",
        value,
        q,
        station_id,
        site_id,
        vendor,
        model,
        firmware,
    )


Meant = Annotated[WantedSettings, Depends(_wanted)]


def add_routes(routes: APIRouter) -> None:
    @routes.get("/settings", tags=["settings"], summary="Settings of all stations, as last heard")
    async def list_settings_of_stations(
        call: Read, meant: Meant, limit: Limit = 100, after: After = None
    ) -> Page[SettingOfStation]:
        """By station and name. Of OCPP 1.6, keys that 2.x has a variable for go by its name; others are of the
        component `OCPP16`."""
        start = position(after, tuple[str, str, str, str, str, int, int, str])
        rows = await call.database.read(lambda connection: find_across(connection, meant, start, limit + 1))
        items = [
            SettingOfStation(
                station_id=row["station_id"], **SettingOut.of(setting_of(row), row["reported_at"]).model_dump()
            )
            for row in rows[:limit]
        ]
        more = cursor(*(rows[limit - 1][name] for name in SETTING_KEY)) if len(rows) > limit else None
        return Page(items=items, next=more)

    @routes.get("/settings/values", tags=["settings"], summary="Which values settings have, and how often")
    async def count_setting_values(call: Read, meant: Meant, limit: Limit = 100) -> list[ValueCountOut]:
        """The most common first."""
        found = await call.database.read(lambda connection: count_values(connection, meant, limit))
        return [
            ValueCountOut.of(name, attribute, None if is_secret(name) else value, count)
            for name, attribute, value, count in found
        ]

    @routes.get("/settings/drift", tags=["settings"], summary="What stations have otherwise than wanted")
    async def list_drift(call: Read, after: After = None) -> Page[DriftOut]:
        """By station, as last heard; a page looks at 200 stations, and may hold nothing while others follow."""
        start = position(after, tuple[str])

        def read(connection: Connection) -> Page[DriftOut]:
            found, last = service.drift(connection, StationId(start[0]) if start else None, STATIONS_LOOKED_AT)
            items: list[DriftOut] = []
            booted = {
                id_: station.booted_at if (station := likeness_of(connection, id_)) else None
                for id_ in {id_ for id_, _ in found}
            }
            for station_id, stand in found:
                told = StandOut.of(stand, booted[station_id])
                items.append(DriftOut(station_id=station_id, **told.model_dump()))
            return Page(items=items, next=cursor(last) if last else None)

        return await call.database.read(read)
