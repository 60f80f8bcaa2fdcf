"""Routes of reservations."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.domain.commands import CancelReservation, Reserve
from voltloom.domain.ids import StationId
from voltloom.domain.token import TokenKind
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.reservations import service, store
from voltloom.features.reservations.rules import LARGEST_ID, Reservation, State, token_of
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, TokenIn

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
ShortLine = Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00-\x1f\x7f]*$")]
GroupLine = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ReservationIn(Body):
    token: TokenIn
    expires_at: AwareDatetime = Field(description="at most 30 days from now", examples=["2030-01-01T18:00:00Z"])
    evse: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="left out: any of the station"
    )
    connector_type: ShortLine = Field(default="", description="any EVSE with one, 2.x only", examples=["cCCS2"])
    group: GroupLine = Field(default="", description="its members may use it as well")


class ReservationOut(Body):
    id: int
    station_id: str
    evse: int | None = Field(description="null: any of the station")
    connector_type: str
    token: str
    token_kind: TokenKind
    group: str
    expires_at: datetime
    state: State
    said: str = Field(description="the station's word when it was asked")
    asked_at: datetime
    actor: str
    changed_at: datetime | None
    transaction_id: str = Field(description="what came of it; empty: nothing yet")

    @staticmethod
    def of(reservation: Reservation) -> "ReservationOut":
        return ReservationOut(
            id=reservation.id,
            station_id=reservation.station_id,
            evse=reservation.evse,
            connector_type=reservation.connector_type,
            token=reservation.token.value,
            token_kind=reservation.token.kind,
            group=reservation.group,
            expires_at=reservation.expires_at,
            state=reservation.state,
            said=reservation.said,
            asked_at=reservation.asked_at,
            actor=reservation.actor,
            changed_at=reservation.changed_at,
            transaction_id=reservation.transaction_id,
        )


class ReservedOut(Body):
    reservation: ReservationOut
    answer: AnswerOut


def router() -> APIRouter:
    routes = APIRouter(tags=["reservations"])

    @routes.get("/reservations", summary="Reservations, the latest first")
    async def list_reservations(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[State] | None, Query(description="any of these; repeatable")] = None,
    ) -> Page[ReservationOut]:
        start = position(after, tuple[datetime, int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find(connection, station, state or (), start, limit + 1)
        )
        more = cursor(found[limit - 1].asked_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[ReservationOut.of(each) for each in found[:limit]], next=more)

    @routes.get("/reservations/{reservation_id}", summary="One reservation")
    async def get_reservation(reservation_id: Number, call: Read) -> ReservationOut:
        return ReservationOut.of(await service.get_reservation(call, reservation_id))

    @routes.post(
        "/stations/{station_id}/reservations",
        tags=["commands"],
        summary="Keep a place for somebody",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(Reserve),
    )
    async def reserve(station_id: Id, body: ReservationIn, call: Command, timeout_s: Timeout = 30) -> ReservedOut:
        """A station that refuses (`Occupied`, `Faulted`, …) is an answer: see `reservation.state`. Where it does not
        answer in time, the reservation stays `asked` until its time is over: it may hold."""
        made, answer = await service.reserve(
            call,
            station_id,
            token_of(body.token.value, body.token.kind.value),
            body.expires_at,
            evse=body.evse,
            connector_type=body.connector_type,
            group=body.group,
            timeout_s=timeout_s,
        )
        return ReservedOut(reservation=ReservationOut.of(made), answer=AnswerOut.of(answer))

    @routes.post(
        "/reservations/{reservation_id}/cancel",
        summary="Give the place up again",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(CancelReservation),
    )
    async def cancel_reservation(reservation_id: Number, call: Command, timeout_s: Timeout = 30) -> ReservedOut:
        cancelled, answer = await service.cancel(call, reservation_id, timeout_s)
        return ReservedOut(reservation=ReservationOut.of(cancelled), answer=AnswerOut.of(answer))

    return routes
