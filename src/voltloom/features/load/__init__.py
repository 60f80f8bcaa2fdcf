"""Load: how much power each site and the network drew, against their limits, over time."""

from datetime import timedelta

from voltloom.features.feature import Feature, every
from voltloom.features.load.rules import LOOK_EVERY
from voltloom.features.load.service import prune_load, recorder

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.load.api import router

    return router()


def feature() -> Feature:
    return Feature(
        name="load",
        tasks=(every(LOOK_EVERY, recorder()), every(timedelta(hours=1), prune_load)),
        routes=_routes,
    )
