"""Routes of battery swaps."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from voltloom.domain.battery import SwapStep
from voltloom.domain.commands import RequestBatterySwap
from voltloom.domain.ids import StationId
from voltloom.domain.token import TokenKind
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.battery_swap import service, store
from voltloom.features.battery_swap.rules import Move, State, Swap
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, TokenIn

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
RequestId = Annotated[int, Path(ge=-(2**31), le=2**31 - 1)]


class SwapIn(Body):
    token: TokenIn = Field(description="who may swap")


class SwapOut(Body):
    station_id: str
    request_id: int = Field(description="ours where it was asked for, else the station's")
    token: str
    token_kind: TokenKind
    state: State
    said: str = Field(description="the station's word when it was asked")
    actor: str = Field(description="empty: the station let them by itself")
    asked_at: datetime
    changed_at: datetime | None

    @staticmethod
    def of(swap: Swap) -> "SwapOut":
        return SwapOut(
            station_id=swap.station_id,
            request_id=swap.request_id,
            token=swap.token.value,
            token_kind=swap.token.kind,
            state=swap.state,
            said=swap.said,
            actor=swap.actor,
            asked_at=swap.asked_at,
            changed_at=swap.changed_at,
        )


class MoveOut(Body):
    at: datetime
    step: SwapStep
    slot: int
    serial: str
    soc_percent: float
    soh_percent: float = Field(description="its health")
    produced_at: datetime | None
    vendor_info: str

    @staticmethod
    def of(move: Move) -> "MoveOut":
        battery = move.battery
        return MoveOut(
            at=move.at,
            step=move.step,
            slot=battery.slot,
            serial=battery.serial,
            soc_percent=battery.soc_percent,
            soh_percent=battery.soh_percent,
            produced_at=battery.produced_at,
            vendor_info=battery.vendor_info,
        )


class SwapWithMovesOut(SwapOut):
    moves: list[MoveOut] = Field(description="batteries that went in and out, in time")


class AskedOut(Body):
    swap: SwapOut
    answer: AnswerOut


def router() -> APIRouter:
    routes = APIRouter(tags=["battery swap"])

    @routes.post(
        "/stations/{station_id}/battery-swaps",
        tags=["commands"],
        summary="Let somebody swap batteries",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(RequestBatterySwap),
    )
    async def request_battery_swap(station_id: Id, body: SwapIn, call: Command, timeout_s: Timeout = 30) -> AskedOut:
        """2.1 only. What comes of it: `GET /stations/{id}/battery-swaps/{request_id}`."""
        swap, answer = await service.request_swap(call, station_id, body.token.token(), timeout_s)
        return AskedOut(swap=SwapOut.of(swap), answer=AnswerOut.of(answer))

    @routes.get("/stations/{station_id}/battery-swaps/{request_id}", summary="One battery swap")
    async def get_battery_swap(station_id: Id, request_id: RequestId, call: Read) -> SwapWithMovesOut:
        swap, moves = await service.get_swap(call, station_id, request_id)
        return SwapWithMovesOut(**SwapOut.of(swap).model_dump(), moves=[MoveOut.of(each) for each in moves])

    @routes.get("/battery-swaps", summary="Battery swaps, the latest first")
    async def list_battery_swaps(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        serial: Annotated[str, Query(max_length=50, description="of a battery that was moved")] = "",
    ) -> Page[SwapOut]:
        start = position(after, tuple[datetime, str, int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(lambda connection: store.find(connection, station, serial, start, limit + 1))
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            more = cursor(last.asked_at, last.station_id, last.request_id)
        return Page(items=[SwapOut.of(each) for each in found[:limit]], next=more)

    return routes
