"""Routes of payments."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, ConfigDict, Field

from voltloom.domain.commands import AnnouncePayment, ChangeSettings
from voltloom.domain.ids import StationId
from voltloom.domain.reports import SettlementStatus
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.payments import qr, store, web
from voltloom.features.payments.qr import Scanned, SetUp
from voltloom.features.payments.rules import Settlement
from voltloom.features.stations import ask
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Command, Dangerous, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut
from voltloom.infra.keys import Envelope

Read = Annotated[Call, allow(Scope.TRANSACTIONS_READ)]


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


class WebPaymentsIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"template": "https://pay.example.com/{chargingstationid}/{evse}/{totp}"}]}
    )

    template: str = Field(
        max_length=qr.LONGEST_URL,
        description="of the page that pays: the station puts in `{chargingstationid}`, `{evse}` and `{totp}`; and "
        "`{version}`, where it stands there",
    )
    validity_s: Annotated[int, Field(ge=qr.SHORTEST_S, le=qr.LONGEST_S)] = Field(
        default=60, description="how long one code is shown"
    )
    length: Annotated[int, Field(ge=qr.FEWEST, le=qr.MOST)] = 8


class WebPaymentsOut(WebPaymentsIn):
    station_id: str
    actor: str = Field(description="who turned it on")
    at: datetime

    @staticmethod
    def of(setup: SetUp) -> "WebPaymentsOut":
        said = {name: getattr(setup, name) for name in WebPaymentsOut.model_fields}
        return WebPaymentsOut(**said)


class ScannedIn(Body):
    url: str = Field(max_length=qr.LONGEST_URL, description="by which the page was opened")


class ScannedOut(Body):
    station_id: str
    evse: int
    max_cost: Decimal | None = Field(description="chosen at the station; null: nothing was")
    max_energy_wh: float | None
    max_time_s: int | None

    @staticmethod
    def of(scanned: Scanned) -> "ScannedOut":
        limit = scanned.limit
        return ScannedOut(
            station_id=scanned.station_id,
            evse=scanned.evse,
            max_cost=limit.max_cost,
            max_energy_wh=limit.max_energy_wh,
            max_time_s=limit.max_time_s,
        )


def _qr_routes(routes: APIRouter, envelope: Envelope) -> None:
    path = "/stations/{station_id}/web-payments"

    @routes.get(path, summary="How a station shows changing QR codes")
    async def get_web_payments(station_id: Id, call: Read) -> WebPaymentsOut:
        return WebPaymentsOut.of(await web.get_setup(call, StationId(station_id)))

    @routes.put(
        path,
        summary="Have a station show changing QR codes (2.1)",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ChangeSettings),
    )
    async def put_web_payments(
        station_id: Id, body: WebPaymentsIn, call: Dangerous, timeout_s: Timeout = 30
    ) -> WebPaymentsOut:
        """It gets a new secret, of which it makes the codes. Nobody can read that again."""
        setup = await web.turn_on(
            call, envelope, StationId(station_id), body.template, body.validity_s, body.length, timeout_s
        )
        return WebPaymentsOut.of(setup)

    @routes.delete(
        path,
        summary="Have a station show no more of them",
        status_code=204,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ChangeSettings),
    )
    async def delete_web_payments(station_id: Id, call: Command, timeout_s: Timeout = 30) -> None:
        """What it still shows is good no more at once, whether it can be reached or not."""
        await web.turn_off(call, StationId(station_id), timeout_s)

    @routes.post("/web-payments/scanned", summary="What an address of a QR code says, if it is one of now")
    async def read_scanned(body: ScannedIn, call: Command) -> ScannedOut:
        """For the page that takes the payment: 403 where the code is none that the station shows now. Then announce
        the payment to the station, and once it is paid start there with its reference and its limit."""
        return ScannedOut.of(await web.read_scanned(call, envelope, body.url))


def router(envelope: Envelope) -> APIRouter:
    routes = APIRouter(tags=["payments"])
    _qr_routes(routes, envelope)

    @routes.get("/settlements", summary="What became of payments at stations, the latest first")
    async def list_settlements(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        transaction_id: Annotated[str | None, Query(max_length=80)] = None,
        status: Annotated[SettlementStatus | None, Query()] = None,
        since: Annotated[AwareDatetime | None, Query(description="heard then or later")] = None,
        until: Annotated[AwareDatetime | None, Query(description="heard before")] = None,
    ) -> Page[SettlementOut]:
        start = position(after, tuple[int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(
                connection, station, transaction_id, status, start and start[0], limit + 1, since, until
            )
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
