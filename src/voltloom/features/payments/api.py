"""Routes of payments."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from voltloom.domain.commands import AnnouncePayment
from voltloom.domain.ids import StationId
from voltloom.domain.reports import SettlementStatus
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.payments import store
from voltloom.features.payments.rules import Settlement
from voltloom.features.stations import ask
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut

Read = Annotated[Call, allow(Scope.TRANSACTIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]


class CompanyOut(Body):
    name: str
    address1: str
    address2: str
    postal_code: str
    city: str
    country: str


class SettlementOut(Body):
    number: int
    station_id: str
    psp_ref: str = Field(description="of the payment service; the value of the id token")
    status: SettlementStatus
    amount: Decimal = Field(description="in the currency of the station")
    at: datetime = Field(description="as the station claims")
    heard_at: datetime
    transaction_id: str = Field(description="empty: none began")
    receipt_id: str
    receipt_url: str
    info: str
    vat_number: str
    company: CompanyOut | None

    @staticmethod
    def of(settlement: Settlement) -> "SettlementOut":
        said = {name: getattr(settlement, name) for name in Settlement.__slots__}
        company = settlement.company
        said["company"] = (
            None if company is None else CompanyOut(**{name: getattr(company, name) for name in company.__slots__})
        )
        return SettlementOut(**said)


class WebPaymentIn(Body):
    evse: Annotated[int, Field(ge=0, le=10_000)]
    timeout_s: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=300, description="how long nobody else may begin there; 0: it is off"
    )


def router() -> APIRouter:
    routes = APIRouter(tags=["payments"])

    @routes.get("/settlements", summary="What became of payments at stations, the latest first")
    async def list_settlements(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        transaction_id: Annotated[str | None, Query(max_length=80)] = None,
        status: Annotated[SettlementStatus | None, Query()] = None,
    ) -> Page[SettlementOut]:
        start = position(after, tuple[int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(connection, station, transaction_id, status, start and start[0], limit + 1)
        )
        return Page(
            items=[SettlementOut.of(each) for each in found[:limit]],
            next=cursor(found[limit - 1].number) if len(found) > limit else None,
        )

    @routes.post(
        "/stations/{station_id}/web-payment",
        summary="Tell a station that somebody pays on the web (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(AnnouncePayment),
    )
    async def announce_web_payment(
        station_id: Id, body: WebPaymentIn, call: Command, timeout_s: Timeout = 30
    ) -> AnswerOut:
        """So that nobody begins there meanwhile. Once it is paid, start the transaction with the payment's reference
        as a token of the kind DirectPayment."""
        answer = await ask(call, station_id, AnnouncePayment(body.evse, body.timeout_s), timeout_s=timeout_s)
        return AnswerOut.of(answer)

    return routes
