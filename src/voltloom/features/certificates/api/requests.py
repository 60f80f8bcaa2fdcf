"""Routes of stations' requests for certificates."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from voltloom.domain.certificate import SigningUse
from voltloom.domain.errors import NotFound
from voltloom.domain.ids import StationId
from voltloom.features.api import After, Body, Limit, Page, cursor, position
from voltloom.features.certificates import store
from voltloom.features.certificates.requests import cancel_request
from voltloom.features.certificates.rules import Request, RequestState
from voltloom.features.stations.api.shared import Read, Write

RequestId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


class RequestOut(Body):
    id: str
    station_id: str
    use: SigningUse | None = Field(description="null: the station did not say")
    number: int | None = Field(description="the station's own, in OCPP 2.1")
    state: RequestState = Field(description="waiting: it is signed, or delivered, as soon as that can be")
    reason: str = Field(description="why it is so, or why the last attempt came to nothing")
    attempts: int = Field(description="to deliver it")
    asked_at: datetime
    next_at: datetime | None = Field(description="when it is tried again, while it waits")
    changed_at: datetime | None
    fingerprint: str = Field(description="of the certificate; empty: nothing was signed yet")
    csr: str

    @staticmethod
    def of(request: Request) -> "RequestOut":
        return RequestOut(
            id=request.id,
            station_id=request.station_id,
            use=request.use,
            number=request.number,
            state=request.state,
            reason=request.reason,
            attempts=request.attempts,
            asked_at=request.asked_at,
            next_at=request.next_at if request.state is RequestState.WAITING else None,
            changed_at=request.changed_at,
            fingerprint=request.fingerprint,
            csr=request.csr,
        )


def add_routes(routes: APIRouter) -> None:
    @routes.get("/certificates/requests", summary="What stations asked to have signed, the latest first")
    async def list_requests(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[RequestState] | None, Query(description="any of these; repeatable")] = None,
    ) -> Page[RequestOut]:
        start = position(after, tuple[datetime, str])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find_requests(connection, station, state or (), start, limit + 1)
        )
        more = cursor(found[limit - 1].asked_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[RequestOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/certificates/requests/{request_id}")
    async def get_request(request_id: RequestId, call: Read) -> RequestOut:
        found = await call.database.read(lambda connection: store.get_request(connection, request_id))
        if found is None:
            raise NotFound("there is no such request for a certificate")
        return RequestOut.of(found)

    @routes.post("/certificates/requests/{request_id}/cancel", status_code=204)
    async def cancel(request_id: RequestId, call: Write) -> None:
        """It is signed and delivered no more. A certificate that was signed stands: see `revoke`."""
        await cancel_request(call, request_id)
