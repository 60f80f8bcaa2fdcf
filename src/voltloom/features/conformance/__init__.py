"""How well stations keep to the standard: their mistakes counted, and told of each make, model and firmware.

Counted from the message log, some seconds later: whoever speaks is not kept waiting for it.
"""

from datetime import timedelta

from voltloom.features.conformance.service import Checker, counter, forget_old
from voltloom.features.feature import Feature, every

__all__ = ["Checker", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.conformance.api import router

    return router()


def feature(check: Checker | None = None) -> Feature:
    return Feature(
        name="conformance",
        tasks=(every(timedelta(seconds=15), counter(check)), every(timedelta(hours=24), forget_old)),
        routes=_routes,
    )
