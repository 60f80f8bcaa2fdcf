"""Routes of the registry, and of how a station stands."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.stations import service, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api.finding import detail
from voltloom.features.stations.api.shared import NOT_FOUND, PROBLEMS_OF_A_COMMAND, DangerousWrite, Id, Read, Write
from voltloom.features.stations.documents import (
    CommandOut,
    ConnectionOut,
    ConnectorOut,
    PasswordIn,
    SettingChangeOut,
    SettingOut,
    StationChangeIn,
    StationDetail,
    StationIn,
    VocabularyOut,
    WelcomeOut,
)
from voltloom.features.stations.setting_changes import read_changes
from voltloom.features.stations.store import setting_key, setting_of


def add_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.post("/stations", tags=["stations"], summary="Register a station", status_code=201)
    async def add_station(body: StationIn, call: Write) -> WelcomeOut:
        """Gives what to enter in the station: its addresses, and a password that is shown this once."""
        return WelcomeOut.of(await service.add_station(call, config, body.value()))

    @router.patch("/stations/{station_id}", tags=["stations"], summary="Change a station", responses=NOT_FOUND)
    async def change_station(station_id: Id, body: StationChangeIn, call: Write) -> StationDetail:
        """What it proves itself with (`security_profile`, `cert_fingerprint`) takes a fresh sign-in."""
        if body.model_fields_set & {"security_profile", "cert_fingerprint"}:
            call.insist_on_fresh()
        await service.change_station(call, station_id, body.wanted())
        return await call.database.read(lambda connection: detail(connection, config, station_id))

    @router.delete(
        "/stations/{station_id}", tags=["stations"], summary="Remove a station", status_code=204, responses=NOT_FOUND
    )
    async def remove_station(station_id: Id, call: DangerousWrite) -> None:
        """It is let in no more. Its transactions, messages and commands stay."""
        await service.remove_station(call, station_id)

    @router.post(
        "/stations/{station_id}/password",
        tags=["stations"],
        summary="Give a station another password",
        responses=PROBLEMS_OF_A_COMMAND,
    )
    async def rotate_password(station_id: Id, body: PasswordIn, call: DangerousWrite) -> WelcomeOut:
        """With `install`, the station takes it over its connection; otherwise the old one ends now, and the new one
        is to be entered in the station."""
        welcome = await service.rotate_password(call, config, station_id, body.password, install=body.install)
        return WelcomeOut.of(welcome)


# ---- how a station stands


def add_standing_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/stations/{station_id}/link", tags=["stations"], summary="Its connection, now", responses=NOT_FOUND)
    async def get_link(station_id: Id, call: Read) -> ConnectionOut | None:
        """Asked of the node that holds it; null where there is none."""
        await call.database.read(lambda connection: service.existing(connection, station_id))
        link = await call.stations.look(station_id)
        return ConnectionOut.of(link) if link else None

    @router.get(
        "/stations/{station_id}/vocabulary",
        tags=["commands"],
        summary="What its version has words for",
        responses=NOT_FOUND,
    )
    async def get_vocabulary(station_id: Id, call: Read) -> VocabularyOut:
        """Of its connection, or its last one. What is not among these is refused as `not-in-this-version`."""
        row = await call.database.read(lambda connection: service.existing(connection, station_id))
        known = config.vocabulary(row["protocol"])
        commands, actions = (known.commands, known.actions) if known else ((), ())
        return VocabularyOut(protocol=row["protocol"], commands=sorted(commands), actions=sorted(actions))

    @router.get("/stations/{station_id}/connectors", tags=["stations"], summary="Its connectors", responses=NOT_FOUND)
    async def list_connectors(station_id: Id, call: Read) -> list[ConnectorOut]:
        """As last heard of; EVSE 0 is the station as a whole."""

        def read(connection: Connection) -> list[ConnectorOut]:
            service.existing(connection, station_id)
            return [ConnectorOut.of(row) for row in store.read_connectors(connection, [station_id])]

        return await call.database.read(read)

    @router.get(
        "/stations/{station_id}/settings", tags=["stations"], summary="Its settings, as last heard", responses=NOT_FOUND
    )
    async def list_settings(
        station_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        q: Annotated[str, Query(max_length=100, description="words in component, variable or value")] = "",
    ) -> Page[SettingOut]:
        """By name. Have the station report them anew with `POST …/settings/report`."""
        start = position(after, tuple[str, str, str, str, int, int, str])

        def read(connection: Connection) -> Page[SettingOut]:
            station = service.existing(connection, station_id)
            rows = store.find_settings(connection, station_id, q, start, limit + 1)
            changes = read_changes(connection, station_id, [setting_key(row) for row in rows[:limit]])
            items: list[SettingOut] = []
            for row in rows[:limit]:
                change = changes.get(setting_key(row))
                last = SettingChangeOut.of(change, station["booted_at"]) if change else None
                items.append(SettingOut.of(setting_of(row), row["reported_at"], last))
            return Page(items=items, next=cursor(*setting_key(rows[limit - 1])) if len(rows) > limit else None)

        return await call.database.read(read)

    @router.get("/stations/{station_id}/commands", tags=["stations"], summary="What was asked of it")
    async def list_commands(
        station_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        command: Annotated[str, Query(max_length=60, examples=["reset"])] = "",
    ) -> Page[CommandOut]:
        """The newest first; those of a removed station too."""
        start = position(after, tuple[int])
        rows = await call.database.read(
            lambda connection: store.find_commands(
                connection, station_id, command, start[0] if start else None, limit + 1
            )
        )
        more = cursor(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(items=[CommandOut.of(row) for row in rows[:limit]], next=more)
