"""Uptime: when stations and their connectors were out, why, and how much of a time they were up.

Outages are kept from what the journal says of connections and connectors; `rules` says what counts.
"""

from datetime import timedelta

from voltloom.features.feature import Feature, every
from voltloom.features.uptime.rules import Measure
from voltloom.features.uptime.service import LOOK_EVERY, keep_outages, prune_outages
from voltloom.features.uptime.store import UptimeRows, read_uptime

__all__ = ["Measure", "UptimeRows", "feature", "read_uptime"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.uptime.api import router

    return router()


feature = Feature(
    name="uptime",
    tasks=(every(LOOK_EVERY, keep_outages), every(timedelta(hours=6), prune_outages)),
    routes=_routes,
)
