"""Routes of tariffs and costs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime

from voltloom.domain.commands import ChangeTariff, ClearTariffs, InstallTariff, ListTariffs
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Responses, Timeout, gives
from voltloom.features.stations.documents import AnswerOut
from voltloom.features.tariffs import service, store
from voltloom.features.tariffs.documents import (
    AssignmentIn,
    AssignmentOut,
    ChangeIn,
    ClearedOut,
    ClearIn,
    CostOut,
    InstallIn,
    ListedOut,
    ListIn,
    StationTariffOut,
    TariffIn,
    TariffOut,
)
from voltloom.features.tariffs.rules import Kind

Read = Annotated[Call, allow(Scope.TRANSACTIONS_READ)]
Write = Annotated[Call, allow(Scope.TRANSACTIONS_WRITE)]
ReadStation = Annotated[Call, allow(Scope.STATIONS_READ)]
TariffName = Annotated[str, Path(max_length=60)]
Transaction = Annotated[str, Path(max_length=80)]
NO_SUCH: Responses = {404: {"description": "There is no such tariff."}}


def router() -> APIRouter:
    routes = APIRouter(tags=["tariffs"])
    _tariff_routes(routes)
    _assignment_routes(routes)
    _cost_routes(routes)
    _station_routes(routes)
    return routes


def _tariff_routes(routes: APIRouter) -> None:
    @routes.get("/tariffs", summary="Tariffs, by their ids")
    async def list_tariffs(
        call: Read, limit: Limit = 100, after: After = None, retired: Annotated[bool, Query()] = False
    ) -> Page[TariffOut]:
        start = position(after, tuple[str])
        found = await call.database.read(
            lambda connection: store.find_tariffs(connection, start and start[0], limit + 1, retired=retired)
        )
        more = len(found) > limit
        return Page(
            items=[TariffOut.of(each) for each in found[:limit]],
            next=cursor(found[limit - 1].tariff.id) if more else None,
        )

    @routes.post("/tariffs", status_code=201, summary="Make a tariff")
    async def add_tariff(body: TariffIn, call: Write) -> TariffOut:
        """A tariff is never changed: what was billed by it refers to it. Make another, and assign that."""
        return TariffOut.of(await service.add_tariff(call, body.tariff(), body.name))

    @routes.get("/tariffs/{tariff_id}", summary="One tariff", responses=NO_SUCH)
    async def get_tariff(tariff_id: TariffName, call: Read) -> TariffOut:
        return TariffOut.of(await service.get_tariff(call, tariff_id))

    @routes.post("/tariffs/{tariff_id}/retire", summary="Assign it to nothing any more", responses=NO_SUCH)
    async def retire_tariff(tariff_id: TariffName, call: Write) -> TariffOut:
        return TariffOut.of(await service.retire_tariff(call, tariff_id))


def _assignment_routes(routes: APIRouter) -> None:
    @routes.get("/tariff-assignments", summary="What tariffs are assigned to")
    async def list_tariff_assignments(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        tariff_id: Annotated[str | None, Query(max_length=60)] = None,
    ) -> Page[AssignmentOut]:
        start = position(after, tuple[str, str])
        found = await call.database.read(
            lambda connection: store.find_assignments(connection, tariff_id, start, limit + 1)
        )
        last = found[limit - 1] if len(found) > limit else None
        return Page(
            items=[AssignmentOut.of(each) for each in found[:limit]],
            next=None if last is None else cursor(last.kind.value, last.target),
        )

    @routes.put("/tariff-assignments", summary="Assign a tariff to the network, a site, a station or a token")
    async def assign_tariff(body: AssignmentIn, call: Write) -> AssignmentOut:
        """What began before keeps the tariff it began with."""
        return AssignmentOut.of(await service.assign(call, body.kind, body.target, body.tariff_id))

    @routes.delete("/tariff-assignments", status_code=204, summary="Assign none", response_class=Response)
    async def unassign_tariff(
        call: Write, kind: Annotated[Kind, Query()], target: Annotated[str, Query(max_length=255)] = ""
    ) -> None:
        await service.unassign(call, kind, target)


def _cost_routes(routes: APIRouter) -> None:
    @routes.get("/costs", summary="What transactions cost, the latest first")
    async def list_costs(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        site_id: Annotated[str | None, Query(max_length=48)] = None,
        tariff_id: Annotated[
            str | None, Query(max_length=60, description="empty: those that only the station reckons")
        ] = None,
        final: Annotated[bool | None, Query(description="over and settled, or still going on")] = None,
        since: Annotated[AwareDatetime | None, Query(description="begun then or later")] = None,
        until: Annotated[AwareDatetime | None, Query(description="begun before")] = None,
        transaction_id: Annotated[str | None, Query(max_length=80)] = None,
    ) -> Page[CostOut]:
        """Of those that go on: as they were last reckoned."""
        start = position(after, tuple[datetime, str, str])
        station = StationId(station_id) if station_id is not None else None
        wanted = store.Wanted(station, site_id, tariff_id, final, since, until, transaction_id)
        found = await call.database.read(lambda connection: store.find(connection, wanted, start, limit + 1))
        last = found[limit - 1] if len(found) > limit else None
        return Page(
            items=[CostOut.of(each) for each in found[:limit]],
            next=None if last is None else cursor(last.begun_at, last.station_id, last.transaction_id),
        )

    @routes.get("/transactions/{station_id}/{transaction_id}/cost", summary="What a transaction costs")
    async def get_transaction_cost(station_id: Id, transaction_id: Transaction, call: Read) -> CostOut:
        """Where it goes on, so far."""
        return CostOut.of(await service.get_cost(call, station_id, TransactionId(transaction_id)))

    @routes.post(
        "/transactions/{station_id}/{transaction_id}/tariff",
        summary="Give a running transaction another tariff (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ChangeTariff),
    )
    async def change_transaction_tariff(
        station_id: Id, transaction_id: Transaction, body: ChangeIn, call: Write, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """From its beginning, here; from now, at a station that reckons itself."""
        return AnswerOut.of(
            await service.change_tariff(call, station_id, TransactionId(transaction_id), body.tariff_id, timeout_s)
        )


def _station_routes(routes: APIRouter) -> None:
    @routes.get("/stations/{station_id}/tariffs", summary="The tariffs that a station was last known to keep (2.1)")
    async def list_station_tariffs(station_id: Id, call: ReadStation) -> list[StationTariffOut]:
        found = await call.database.read(lambda connection: store.read_station_tariffs(connection, station_id))
        return [StationTariffOut.of(each, seen_at) for each, seen_at in found]

    @routes.post(
        "/stations/{station_id}/tariffs",
        summary="Have a station reckon by a tariff (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(InstallTariff),
    )
    async def install_tariff(station_id: Id, body: InstallIn, call: Write, timeout_s: Timeout = 30) -> AnswerOut:
        """For drivers who have none of their own. A station that cannot (`TooManyElements`, `ConditionNotSupported`,
        `DuplicateTariffId`, …) says so."""
        return AnswerOut.of(
            await service.install(call, station_id, body.tariff_id, body.evse, body.valid_from, timeout_s)
        )

    @routes.post(
        "/stations/{station_id}/tariffs-report",
        summary="Ask a station which tariffs it keeps (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ListTariffs),
    )
    async def report_station_tariffs(station_id: Id, body: ListIn, call: Write, timeout_s: Timeout = 30) -> ListedOut:
        found = await service.list_station_tariffs(call, station_id, body.evse, timeout_s)
        return ListedOut(
            answer=AnswerOut.of(found.answer), tariffs=[StationTariffOut.of(each) for each in found.tariffs]
        )

    @routes.post(
        "/stations/{station_id}/tariffs-clear",
        summary="Take tariffs from a station (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearTariffs),
    )
    async def clear_station_tariffs(
        station_id: Id, body: ClearIn, call: Write, timeout_s: Timeout = 30
    ) -> list[ClearedOut]:
        """What a transaction is reckoned by stays until that is over."""
        cleared = await service.clear_station_tariffs(call, station_id, tuple(body.tariff_ids), body.evse, timeout_s)
        return [ClearedOut.of(each) for each in cleared.tariffs]
