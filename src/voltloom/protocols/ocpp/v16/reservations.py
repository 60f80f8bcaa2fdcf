"""Reservations in 1.6: of a connector, or of the station as connector 0 (`ReserveConnectorZeroSupported`)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from voltloom.domain.commands import Accepted, Answer, CancelReservation, Command, Reserve
from voltloom.domain.errors import NotInThisVersion
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.inbound import id_tag
from voltloom.protocols.ocpp.version import Version


def reserve(command: Reserve) -> Conversation[Answer]:
    if command.connector_type:
        raise NotInThisVersion("OCPP 1.6 cannot reserve by connector type: name the EVSE")
    if command.place is not None and command.place.connector not in (None, 1):
        raise NotInThisVersion("OCPP 1.6 numbers connectors through: name the EVSE alone")
    request = m.ReserveNowRequest(
        connector_id=0 if command.place is None else command.place.evse,
        expiry_date=write_time(command.expires_at),
        id_tag=id_tag(command.token),
        parent_id_tag=None if command.group is None else id_tag(command.group),
        reservation_id=command.reservation_id,
    )
    builtins_of(request)
    answer = yield from ask(Version.V16, "ReserveNow", request, m.ReserveNowResponse)
    return _answer(answer.status.value)


def cancel(command: CancelReservation) -> Conversation[Answer]:
    request = m.CancelReservationRequest(reservation_id=command.reservation_id)
    answer = yield from ask(Version.V16, "CancelReservation", request, m.CancelReservationResponse)
    return _answer(answer.status.value)


def _answer(status: str) -> Answer:
    return Answer(Accepted.ACCEPTED if status == "Accepted" else Accepted.REJECTED, status)


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    CancelReservation: cancel,
    Reserve: reserve,
}
