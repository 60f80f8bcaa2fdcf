"""What stations decide by themselves: their lists of tokens, what they remember of our answers, and how they behave
while they cannot ask.

`rules` says what a list holds and how it becomes so; `service` keeps thousands of them in step with the tokens.
"""

from datetime import timedelta

from voltloom.domain.events import SiteChanged, StationBooted, StationChanged, TokenChanged
from voltloom.features.feature import Feature, every, listen
from voltloom.features.local_authorization.service import (
    boots_that_matter,
    changes_that_matter,
    one_is_enough,
    reconcile,
    site_changed,
    station_booted,
    station_changed,
    tokens_changed,
)

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.local_authorization.api import router

    return router()


feature = Feature(
    name="local_authorization",
    listens=(
        listen(TokenChanged, tokens_changed, among=one_is_enough),
        listen(SiteChanged, site_changed),
        listen(StationChanged, station_changed, among=changes_that_matter),
        listen(StationBooted, station_booted, among=boots_that_matter),
    ),
    tasks=(every(timedelta(seconds=5), reconcile),),
    routes=_routes,
)
