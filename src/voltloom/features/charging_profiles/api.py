"""Routes of charging profiles, of what they come to, and of how transactions charge."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from voltloom.domain.commands import (
    AllowEnergyTransfer,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    SendAfrrSignal,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.errors import NotFound
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.charging_profiles import flows, service, store
from voltloom.features.charging_profiles.documents import (
    AfrrIn,
    AllowedIn,
    ClearIn,
    CompositeAnswerOut,
    CompositeIn,
    FlowOut,
    KeptOut,
    LimitOut,
    PriorityIn,
    ReckonedOut,
    ReportIn,
    ReportOut,
    ReportStandOut,
    SetIn,
    SetOut,
    UpdateIn,
)
from voltloom.features.charging_profiles.reckoning import Supply
from voltloom.features.charging_profiles.rules import State
from voltloom.features.stations import ask
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut
from voltloom.features.transactions import get_transaction

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Number = Annotated[int, Path(ge=1, le=2**62, description="of our own count")]
ProfileId = Annotated[int, Path(ge=-(2**31), le=2**31 - 1, description="by which the station knows it")]
RequestId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Transaction = Annotated[str, Path(max_length=80, description="its id, as `GET /transactions` gives it")]


def router() -> APIRouter:
    routes = APIRouter(tags=["charging"])
    _kept_routes(routes)
    _profile_routes(routes)
    _composite_routes(routes)
    _transaction_routes(routes)
    return routes


def _kept_routes(routes: APIRouter) -> None:
    @routes.get("/charging-profiles", summary="Charging profiles and what became of them, the latest first")
    async def list_charging_profiles(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
        transaction_id: Annotated[str, Query(max_length=80)] = "",
    ) -> Page[KeptOut]:
        start = position(after, tuple[int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(
                connection, station, state or (), transaction_id, start[0] if start else None, limit + 1, call.now
            )
        )
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        return Page(items=[KeptOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/charging-profiles/{number}", summary="One charging profile")
    async def get_charging_profile(number: Number, call: Read) -> KeptOut:
        return KeptOut.of(await service.get_kept(call, number))

    @routes.get("/stations/{station_id}/charging-limits", summary="What others impose on a station")
    async def list_charging_limits(
        station_id: Id,
        call: Read,
        past: Annotated[bool, Query(description="those that were cleared as well")] = False,
    ) -> list[LimitOut]:
        """As the station tells it: of an energy manager at its site, the grid operator, or what is generated there."""
        found = await call.database.read(
            lambda connection: flows.read_limits(connection, station_id, in_force=not past)
        )
        return [LimitOut.of(each) for each in found]


def _profile_routes(routes: APIRouter) -> None:
    @routes.post(
        "/stations/{station_id}/charging-profiles",
        tags=["commands"],
        summary="Install a charging profile",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetChargingProfile),
    )
    async def set_charging_profile(station_id: Id, body: SetIn, call: Command, timeout_s: Timeout = 30) -> SetOut:
        """A station that refuses it is an answer: see `profile.state`. Where it does not answer in time, the profile
        stays `asked`: it may hold."""
        kept, answer = await service.set_profile(call, station_id, body.evse, body.profile.profile(), timeout_s)
        return SetOut(profile=KeptOut.of(kept), answer=AnswerOut.of(answer))

    @routes.post(
        "/stations/{station_id}/charging-profiles/clear",
        tags=["commands"],
        summary="Remove charging profiles",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearChargingProfiles),
    )
    async def clear_charging_profiles(
        station_id: Id, body: ClearIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """`Unknown`: the station had none that fits."""
        return AnswerOut.of(await service.clear_profiles(call, station_id, body.command(), timeout_s))

    @routes.post(
        "/stations/{station_id}/charging-profiles/report",
        tags=["commands"],
        summary="Have it tell of its charging profiles",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetChargingProfiles),
    )
    async def report_charging_profiles(
        station_id: Id, body: ReportIn, call: Command, timeout_s: Timeout = 30
    ) -> ReportOut:
        """2.x only. They follow in parts. One that was sent, fits, and is not told of is `gone`."""
        command = body.command(service.new_number())
        answer = await service.report_profiles(call, station_id, command, timeout_s)
        return ReportOut(**AnswerOut.of(answer).model_dump(), request_id=command.request_id)

    @routes.get(
        "/stations/{station_id}/charging-profiles/reports/{request_id}", summary="How far such a report has come"
    )
    async def get_charging_profiles_report(station_id: Id, request_id: RequestId, call: Read) -> ReportStandOut:
        found = await call.database.read(lambda connection: store.get_report(connection, station_id, request_id))
        if found is None:
            raise NotFound(f"{station_id} was not asked for a report {request_id} of its charging profiles")
        return ReportStandOut(
            asked_at=found.asked_at, parts=found.parts, profiles=found.profiles, complete_at=found.complete_at
        )

    @routes.post(
        "/stations/{station_id}/charging-profiles/{profile_id}/update",
        tags=["commands"],
        summary="New rates for a dynamic profile",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(UpdateDynamicSchedule),
    )
    async def update_dynamic_schedule(
        station_id: Id, profile_id: ProfileId, body: UpdateIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """2.1 only. What is left out stays. `scheduled`: the station asks for it when its interval is over."""
        return AnswerOut.of(await service.update_dynamic(call, station_id, profile_id, body.rates(), timeout_s))


def _composite_routes(routes: APIRouter) -> None:
    @routes.post(
        "/stations/{station_id}/composite-schedule",
        tags=["commands"],
        summary="Have it say what its profiles come to",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetCompositeSchedule),
    )
    async def get_composite_schedule(
        station_id: Id, body: CompositeIn, call: Command, timeout_s: Timeout = 30
    ) -> CompositeAnswerOut:
        command = GetCompositeSchedule(body.evse, body.duration_s, body.unit)
        return CompositeAnswerOut.of_composite(await ask(call, station_id, command, timeout_s=timeout_s))

    @routes.get("/stations/{station_id}/composite", summary="What all known profiles come to")
    async def reckon_composite(
        station_id: Id,
        call: Read,
        evse: Annotated[int, Query(ge=0, le=10_000, description="0: the station as a whole")] = 0,
        duration_s: Annotated[int, Query(ge=1, le=7 * 86_400)] = 86_400,
        phases: Annotated[int, Query(ge=0, le=3, description="of its supply; 0: direct current")] = 3,
        voltage_v: Annotated[float, Query(ge=1, le=2_000, description="of a phase")] = 230.0,
        max_w: Annotated[float | None, Query(ge=0, le=1e9, description="what its electronics can do")] = None,
    ) -> ReckonedOut:
        """Reckoned here, from what was installed and what the station told: it need not be asked."""
        supply = Supply(phases, voltage_v) if max_w is None else Supply(phases, voltage_v, max_w)
        known = await call.database.read(lambda connection: service.read_known(connection, station_id, evse, supply))
        spans = await asyncio.to_thread(known.spans, call.now, timedelta(seconds=duration_s))
        return ReckonedOut.of(known, spans, call.now, duration_s)

    @routes.post(
        "/stations/{station_id}/afrr-signal",
        tags=["commands"],
        summary="Signal automatic frequency restoration",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SendAfrrSignal),
    )
    async def send_afrr_signal(station_id: Id, body: AfrrIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        """2.1 only. Periods with a `signal_curve` find their power by it."""
        return AnswerOut.of(
            await ask(call, station_id, SendAfrrSignal(body.signal, body.at or call.now), timeout_s=timeout_s)
        )


def _transaction_routes(routes: APIRouter) -> None:
    def path(end: str) -> str:
        return f"/transactions/{{station_id}}/{{transaction_id}}/{end}"

    @routes.get(path("charging"), summary="What its vehicle needs, and how it charges")
    async def get_charging(station_id: Id, transaction_id: Transaction, call: Read) -> FlowOut:
        await get_transaction(call, station_id, TransactionId(transaction_id))
        return FlowOut.of(
            await call.database.read(lambda connection: flows.read(connection, station_id, transaction_id))
        )

    responses: Mapping[int | str, dict[str, object]] = PROBLEMS_OF_A_COMMAND

    @routes.post(
        path("priority"),
        tags=["commands"],
        summary="Charge it by the priority profile, or no longer",
        responses={**responses},
        openapi_extra=gives(UsePriorityCharging),
    )
    async def use_priority_charging(
        station_id: Id, transaction_id: Transaction, body: PriorityIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """2.1 only. `NoProfile`: no profile for priority is installed."""
        return AnswerOut.of(
            await service.use_priority(
                call, station_id, TransactionId(transaction_id), activate=body.active, timeout_s=timeout_s
            )
        )

    @routes.post(
        path("allowed-transfer"),
        tags=["commands"],
        summary="Say how energy may flow in it",
        responses={**responses},
        openapi_extra=gives(AllowEnergyTransfer),
    )
    async def allow_energy_transfer(
        station_id: Id, transaction_id: Transaction, body: AllowedIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """2.1 only. A vehicle that then needs another way is refused, and its transaction ends."""
        return AnswerOut.of(
            await service.allow_transfer(call, station_id, TransactionId(transaction_id), body.transfers, timeout_s)
        )
