"""Messages on stations' displays: what was asked of them, and what they say they have to show."""

from datetime import timedelta

from voltloom.domain.reports import MessagesReported
from voltloom.features.display.rules import Message, State
from voltloom.features.display.service import answer_reported, end_what_is_over
from voltloom.features.feature import Feature, answer, every

__all__ = ["Message", "State", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.display.api import router

    return router()


feature = Feature(
    name="display",
    answers=(answer(MessagesReported, answer_reported),),
    tasks=(every(timedelta(minutes=1), end_what_is_over),),
    routes=_routes,
)
