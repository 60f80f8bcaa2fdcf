"""What transactions are held to: how much they may cost, charge, last, or how full the vehicle may get.

A station of 2.1 holds them to it itself: it is told with the answers to its reports until it says that it does (E16).
Those that cannot are stopped from here. What is left on a prepaid token is such a limit (C17).
"""

from datetime import timedelta

from voltloom.domain.events import CostSettled
from voltloom.domain.reports import TransactionReported
from voltloom.features.feature import Feature, amend, every, listen
from voltloom.features.limits.answers import add_limit, ledgers
from voltloom.features.limits.rules import Held, Reached
from voltloom.features.limits.service import charge_prepaid, hold, limit_transaction, prune, start_limited

__all__ = ["Held", "Reached", "feature", "limit_transaction", "start_limited"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.limits.api import router

    return router()


feature = Feature(
    name="limits",
    amendments=(amend(TransactionReported, add_limit),),
    listens=(listen(CostSettled, charge_prepaid),),
    tasks=(every(timedelta(seconds=30), hold), every(timedelta(hours=6), prune)),
    memories=(ledgers,),
    routes=_routes,
)
