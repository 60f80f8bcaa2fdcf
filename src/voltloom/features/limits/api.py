"""Routes of limits."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from voltloom.domain.commands import RequestStart
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.transaction import TransactionLimit
from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow
from voltloom.features.limits import service
from voltloom.features.limits.rules import Held, Reached
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.charging_documents import StartProfileIn
from voltloom.features.stations.documents import StartAnswerOut, TokenIn
from voltloom.features.transactions import new_number

Read = Annotated[Call, allow(Scope.TRANSACTIONS_READ)]
Write = Annotated[Call, allow(Scope.TRANSACTIONS_WRITE)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Transaction = Annotated[str, Path(max_length=80, description="the transaction's id; unique at its station")]
Cost = Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=15, decimal_places=6, allow_inf_nan=False)]


class LimitDoc(Body):
    """At least one of them. What has come to it is paused or ended by its station; before OCPP 2.1, stopped by us."""

    max_cost: Cost | None = Field(default=None, description="with taxes, in the currency of its tariff")
    max_energy_wh: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    max_time_s: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, description="from its start")
    max_soc_percent: Annotated[int, Field(ge=0, le=100)] | None = None

    def limit(self) -> TransactionLimit:
        return TransactionLimit(self.max_cost, self.max_energy_wh, self.max_time_s, self.max_soc_percent)

    @staticmethod
    def of(limit: TransactionLimit | None) -> "LimitDoc | None":
        if limit is None:
            return None
        # Not checked: what a station tells may be what nobody may ask.
        return LimitDoc.model_construct(
            max_cost=limit.max_cost,
            max_energy_wh=limit.max_energy_wh,
            max_time_s=limit.max_time_s,
            max_soc_percent=limit.max_soc_percent,
        )


class LimitOut(Body):
    station_id: str
    transaction_id: str
    wanted: LimitDoc | None = Field(description="by us; null: nothing")
    actor: str = Field(description="who wants it; `prepaid`: it is what is left on the token")
    wanted_at: datetime | None
    told_at: datetime | None = Field(description="when its station was last told; null: not yet")
    at_station: LimitDoc | None = Field(description="as its station says that it holds it (2.1); null: it said nothing")
    heard_at: datetime | None
    stopped_at: datetime | None = Field(description="when we asked to stop it, as its station cannot hold it")
    reached: Reached | None = Field(description="which it had come to then")

    @staticmethod
    def of(held: Held) -> "LimitOut":
        return LimitOut.model_construct(
            station_id=held.station_id,
            transaction_id=held.transaction_id,
            wanted=LimitDoc.of(held.wanted),
            actor=held.actor,
            wanted_at=held.wanted_at,
            told_at=held.told_at,
            at_station=LimitDoc.of(held.at_station),
            heard_at=held.heard_at,
            stopped_at=held.stopped_at,
            reached=held.reached,
        )


class LimitedStartIn(Body):
    token: TokenIn = Field(description="of a payment: its reference, as a token of the kind DirectPayment")
    limit: LimitDoc
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="left out: as it likes")
    profile: StartProfileIn | None = Field(default=None, description="by which it is to charge")


def router() -> APIRouter:
    routes = APIRouter(tags=["transactions"])

    @routes.get("/transactions/{station_id}/{transaction_id}/limit", summary="What it is held to")
    async def get_limit(station_id: Id, transaction_id: Transaction, call: Read) -> LimitOut:
        return LimitOut.of(await service.get_held(call, StationId(station_id), TransactionId(transaction_id)))

    @routes.put("/transactions/{station_id}/{transaction_id}/limit", summary="Hold it to a limit")
    async def put_limit(station_id: Id, transaction_id: Transaction, body: LimitDoc, call: Write) -> LimitOut:
        """A station of 2.1 is told with the answer to its next report, until it says that it holds it. Another limit
        takes the place of this one."""
        named = (StationId(station_id), TransactionId(transaction_id))
        return LimitOut.of(await service.limit_transaction(call, *named, body.limit()))

    @routes.post(
        "/stations/{station_id}/limited-start",
        tags=["commands"],
        summary="Start a transaction that is held to a limit",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(RequestStart),
    )
    async def start_limited(
        station_id: Id, body: LimitedStartIn, call: Command, timeout_s: Timeout = 30
    ) -> StartAnswerOut:
        """For what was paid for at a terminal or on the web: the amount is the limit."""
        profile = None if body.profile is None else body.profile.profile(new_number())
        started = await service.start_limited(
            call, station_id, body.token.token(), body.limit.limit(), body.evse, timeout_s, profile
        )
        return StartAnswerOut.of_start(started.answer, started.remote_start_id)

    return routes
