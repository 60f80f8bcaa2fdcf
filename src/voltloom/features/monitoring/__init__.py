"""Monitoring: what stations watch in themselves, what they noticed and stream, and what they know of customers.

Templates say what stations of a kind are to watch; they are put right when they boot, and when a template changes.
"""

from datetime import timedelta

from voltloom.domain.events import MonitorsReceived, MonitorTemplateChanged, StationBooted, StationChanged
from voltloom.domain.reports import (
    CustomerInformationReported,
    EventsReported,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReported,
)
from voltloom.features.feature import Feature, answer, every, listen
from voltloom.features.monitoring import answers, customers, service
from voltloom.features.monitoring.memory import remembered
from voltloom.features.stations import removals

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.monitoring.api import router

    return router()


feature = Feature(
    name="monitoring",
    answers=(
        answer(MonitorsReported, answers.monitors),
        answer(EventsReported, answers.events),
        answer(StreamOpened, answers.stream_opened),
        answer(StreamClosed, answers.stream_closed),
        answer(StreamReported, answers.streamed),
        answer(CustomerInformationReported, customers.answer_part),
    ),
    listens=(
        listen(StationBooted, service.after_boot, among=service.boots_that_matter),
        listen(MonitorsReceived, service.settle),
        listen(MonitorTemplateChanged, service.after_template_change),
        listen(StationChanged, service.forget_removed, among=removals),
    ),
    tasks=(every(timedelta(hours=1), service.prune),),
    memories=(remembered,),
    routes=_routes,
)
