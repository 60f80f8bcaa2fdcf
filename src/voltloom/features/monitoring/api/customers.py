"""Routes of what stations know of customers."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints

from voltloom.domain.commands import AskCustomerInformation, CertificateHash
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.monitoring import customers
from voltloom.features.monitoring.documents import CustomerReadOut, CustomerRequestOut
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, TokenIn

Private = Annotated[Call, allow(Scope.TOKENS_WRITE)]
Hash = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[0-9A-Za-z+/=]+$")]


class CertificateIn(Body):
    algorithm: Literal["SHA256", "SHA384", "SHA512"] = "SHA256"
    issuer_name_hash: Hash
    issuer_key_hash: Hash
    serial: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z]+$")]


class CustomerIn(Body):
    """One of `token`, `certificate` and `identifier`."""

    report: bool = Field(default=True, description="have it tell what it knows")
    clear: bool = Field(default=False, description="have it forget what it knows")
    token: TokenIn | None = None
    certificate: CertificateIn | None = None
    identifier: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""

    def customer(self) -> customers.Customer:
        said = self.certificate
        certificate = (
            CertificateHash(said.algorithm, said.issuer_name_hash, said.issuer_key_hash, said.serial) if said else None
        )
        return customers.Customer(self.token.token() if self.token else None, certificate, self.identifier)


class AskedOut(Body):
    number: int = Field(description="by which the request is read")
    answer: AnswerOut


def add_routes(routes: APIRouter) -> None:
    @routes.post(
        "/stations/{station_id}/customer-information",
        tags=["monitoring"],
        summary="Ask what it knows of a customer, or have it forget that",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(AskCustomerInformation),
    )
    async def ask_customer_information(
        station_id: Id, body: CustomerIn, call: Private, timeout_s: Timeout = 30
    ) -> AskedOut:
        """What it tells comes in parts; `customer.information_received` tells when all is here, to be read once, within
        a day, by those who may change tokens. It is in no message log."""
        number, answer = await customers.ask_customer(
            call, station_id, body.customer(), report=body.report, clear=body.clear, timeout_s=timeout_s
        )
        return AskedOut(number=number, answer=AnswerOut.of(answer))

    @routes.get("/customer-information", tags=["monitoring"], summary="What was asked of customers")
    async def list_customer_requests(
        call: Private,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str, Query(max_length=48)] = "",
    ) -> Page[CustomerRequestOut]:
        """The latest first, without what stations said."""
        start = position(after, tuple[datetime, int])
        rows = await call.database.read(lambda connection: customers.find(connection, station_id, start, limit + 1))
        more = cursor(rows[limit - 1]["asked_at"], rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(items=[CustomerRequestOut.of(row) for row in rows[:limit]], next=more)

    @routes.post(
        "/customer-information/{number}/read",
        tags=["monitoring"],
        summary="Read what a station knows of a customer, once",
        responses={409: {"description": "It is not here yet, was read already, or came too late."}},
    )
    async def read_customer_information(
        number: Annotated[int, Path(ge=1, le=2**31 - 1)], call: Private
    ) -> CustomerReadOut:
        """It is forgotten here with the answer; who read it, is in the audit log."""
        row, text = await customers.read_once(call, number)
        return CustomerReadOut(request=CustomerRequestOut.of(row), text=text)
