"""Reservations in 2.x: of an EVSE, of any with a type of connector, or of any at all."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from voltloom.domain.commands import Answer, CancelReservation, Command, Reserve
from voltloom.domain.errors import Invalid
from voltloom.domain.reports import ReservationEnd, ReservationReported
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.inbound import write_token
from voltloom.protocols.ocpp.v2.said import answer_of


def reserve(gate: Gate, command: Reserve) -> Conversation[Answer]:
    if command.place is not None and command.connector_type:
        raise Invalid("a reservation names an EVSE or a type of connector, not both")
    request = m.ReserveNowRequest(
        id=command.reservation_id,
        expiry_date_time=write_time(command.expires_at),
        id_token=write_token(command.token),
        evse_id=None if command.place is None else command.place.evse,
        connector_type=command.connector_type or None,
        group_id_token=None if command.group is None else write_token(command.group),
    )
    answer = yield from gate.ask("ReserveNow", request, m.ReserveNowResponse)
    return answer_of(answer.status, answer.status_info)


def cancel(gate: Gate, command: CancelReservation) -> Conversation[Answer]:
    request = m.CancelReservationRequest(reservation_id=command.reservation_id)
    answer = yield from gate.ask("CancelReservation", request, m.CancelReservationResponse)
    return answer_of(answer.status, answer.status_info)


def ended(gate: Gate, message: m.ReservationStatusUpdateRequest, heard_at: datetime) -> Read:
    end = ReservationEnd(message.reservation_update_status.value)
    return Read((ReservationReported(message.reservation_id, end),), _write_nothing)


def _write_nothing(reply: object) -> bytes:
    return EMPTY_RESULT


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {"ReservationStatusUpdate": ended}
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    CancelReservation: cancel,
    Reserve: reserve,
}
