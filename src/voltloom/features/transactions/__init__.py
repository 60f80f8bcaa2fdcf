"""Transactions: who charged where, when, and how much; and every sample of every meter.

`rules` says what a report changes of a transaction, `energy` how much it charged; `answers` records what stations
report; `service` is what operators do, and the clockwork that closes what its station never ended.
"""

from datetime import timedelta

from voltloom.domain.reports import SamplesReported, TransactionReported
from voltloom.features.feature import Feature, answer, every
from voltloom.features.transactions.answers import add_samples, record
from voltloom.features.transactions.asking import ask_about_doubtful
from voltloom.features.transactions.figures import (
    Figures,
    Named,
    Suspect,
    read_figures,
    read_suspects,
    search_transactions,
)
from voltloom.features.transactions.memory import REMOTE_START_FOR, books
from voltloom.features.transactions.repair import Review
from voltloom.features.transactions.rules import Transaction
from voltloom.features.transactions.running import (
    POWER_FRESH,
    Open,
    Running,
    read_load_by_site,
    read_open_at,
    read_running,
)
from voltloom.features.transactions.samples import read_samples
from voltloom.features.transactions.service import (
    Started,
    close_lost,
    close_transaction,
    get_transaction,
    new_number,
    start_transaction,
    stop_transaction,
)
from voltloom.features.transactions.store import Summary, summarize
from voltloom.features.transactions.store import find_one as find_transaction

__all__ = [
    "POWER_FRESH",
    "REMOTE_START_FOR",
    "Figures",
    "Named",
    "Open",
    "Review",
    "Running",
    "Started",
    "Summary",
    "Suspect",
    "Transaction",
    "books",
    "close_transaction",
    "feature",
    "find_transaction",
    "get_transaction",
    "new_number",
    "read_figures",
    "read_load_by_site",
    "read_open_at",
    "read_running",
    "read_samples",
    "read_suspects",
    "search_transactions",
    "start_transaction",
    "stop_transaction",
    "summarize",
]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.transactions.api import router

    return router()


feature = Feature(
    name="transactions",
    answers=(answer(TransactionReported, record), answer(SamplesReported, add_samples)),
    tasks=(every(timedelta(minutes=5), close_lost), every(timedelta(minutes=5), ask_about_doubtful)),
    memories=(books,),
    routes=_routes,
)
