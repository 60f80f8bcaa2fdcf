"""Keeping a place for somebody."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import Place
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class Reserve(Command[Answer]):
    """Keep a place for a token until then. A reservation with the same id is replaced.

    place           an EVSE; None: any of the station
    connector_type  any EVSE with such a connector, where no place is named (2.x only)
    group           whose members may use it as well
    """

    reservation_id: int
    token: IdToken
    expires_at: datetime
    place: Place | None = None
    connector_type: str = ""
    group: IdToken | None = None


@dataclass(frozen=True, slots=True)
class CancelReservation(Command[Answer]):
    reservation_id: int
