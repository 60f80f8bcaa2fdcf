"""Routes of network profiles."""

from fastapi import APIRouter
from sqlalchemy import Connection

from voltloom.domain.commands import SetNetworkProfile
from voltloom.features.settings import network, store
from voltloom.features.settings.documents import NetworkProfileIn, NetworkProfileOut
from voltloom.features.stations import existing
from voltloom.features.stations.api.shared import (
    NOT_FOUND,
    PROBLEMS_OF_A_COMMAND,
    DangerousWrite,
    Id,
    Read,
    Timeout,
    gives,
)
from voltloom.features.stations.documents import AnswerOut


def add_routes(routes: APIRouter) -> None:
    @routes.get(
        "/stations/{station_id}/network-profiles",
        tags=["settings"],
        summary="Its network profiles, as set from here",
        responses=NOT_FOUND,
    )
    async def list_network_profiles(station_id: Id, call: Read) -> list[NetworkProfileOut]:
        def read(connection: Connection) -> list[NetworkProfileOut]:
            existing(connection, station_id)
            return [NetworkProfileOut.of(row) for row in store.read_network_profiles(connection, station_id)]

        return await call.database.read(read)

    @routes.post(
        "/stations/{station_id}/network-profiles",
        tags=["settings"],
        summary="Set a network profile",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetNetworkProfile),
    )
    async def set_network_profile(
        station_id: Id, body: NetworkProfileIn, call: DangerousWrite, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """A slot is used once it stands in `OCPPCommCtrlr.NetworkConfigurationPriority`, after a reboot. Never below
        the security profile in use: a station would come back weaker, or not at all."""
        answer = await network.set_network_profile(call, station_id, body.slot, body.profile(), timeout_s)
        return AnswerOut.of(answer)
