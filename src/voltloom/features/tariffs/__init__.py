"""Tariffs, and what transactions cost by them.

`reckoning` says what a transaction costs, `rules` which tariff applies; `costing` reckons as transactions go, and
tells stations. Whoever starts a node has the journal followed by `follower(database)`.
"""

from datetime import timedelta

from voltloom.domain.events import CostSettled, PriceAsked, TransactionCorrected, TransactionReviewed
from voltloom.domain.reports import AuthorizationReported, TransactionReported
from voltloom.features.feature import Feature, amend, every, listen
from voltloom.features.tariffs.costing import (
    add_cost,
    add_price,
    reckon_due,
    settle_again,
    show_final,
    show_price,
)
from voltloom.features.tariffs.prices import FOLLOWED, follower, tills
from voltloom.features.tariffs.reckoning import to_decimal
from voltloom.features.tariffs.service import cost_so_far

__all__ = ["FOLLOWED", "cost_so_far", "feature", "follower", "to_decimal"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.tariffs.api import router

    return router()


feature = Feature(
    name="tariffs",
    amendments=(amend(TransactionReported, add_cost), amend(AuthorizationReported, add_price)),
    listens=(
        listen(TransactionCorrected, settle_again),
        listen(TransactionReviewed, settle_again),
        listen(PriceAsked, show_price),
        listen(CostSettled, show_final),
    ),
    tasks=(every(timedelta(seconds=10), reckon_due),),
    memories=(tills,),
    routes=_routes,
)
