"""Reservations: an EVSE, or any of a station, kept for a token until a time, and what becomes of it."""

from datetime import timedelta

from voltloom.domain.reports import ReservationReported
from voltloom.features.feature import Feature, answer, every
from voltloom.features.reservations.rules import Reservation, State
from voltloom.features.reservations.service import answer_ended, settle_open

__all__ = ["Reservation", "State", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.reservations.api import router

    return router()


feature = Feature(
    name="reservations",
    answers=(answer(ReservationReported, answer_ended),),
    tasks=(every(timedelta(seconds=30), settle_open),),
    routes=_routes,
)
