"""Asking stations how a transaction stands: where its end may be lost, or reports of it are missing. 2.x only.

A station that has messages waiting will tell by itself; one that has none, and says that it is over, has lost its end.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from voltloom.domain.commands import GetTransactionStatus, TransactionStatus
from voltloom.domain.errors import NotInThisVersion, VoltloomError
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.feature import Context
from voltloom.features.stations import Caller, ask
from voltloom.features.transactions.questionable import read_questionable
from voltloom.features.transactions.rules import ClosedBy, Transaction
from voltloom.features.transactions.service import QUIET, close_here, get_transaction

AGAIN: Final = timedelta(hours=1)
A_ROUND: Final = 50
PATIENCE_S: Final = 20.0
_MOST_REMEMBERED: Final = 20_000
_asked: OrderedDict[tuple[str, StationId, TransactionId], datetime] = OrderedDict()
"""When each was asked of last: on this node, which is enough not to pester anybody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """closed: it is over for its station, nothing more will come, and it was closed here."""

    status: TransactionStatus
    transaction: Transaction
    closed: bool


async def ask_status(
    caller: Caller, station_id: StationId, transaction_id: TransactionId, timeout_s: float = 30.0
) -> Standing:
    """Raises NotFound, NotInThisVersion (1.6), and what `stations.ask` raises."""
    transaction = await get_transaction(caller, station_id, transaction_id)
    status = await ask(caller, station_id, GetTransactionStatus(transaction.known_as), timeout_s=timeout_s)
    closed = is_lost(transaction, status, caller.now) and await close_here(
        caller.database, caller.stations, transaction, ClosedBy.DENIED
    )
    return Standing(status, await get_transaction(caller, station_id, transaction_id), closed)


def is_lost(transaction: Transaction, status: TransactionStatus, now: datetime) -> bool:
    """Its end will not come: over, nothing waits, and nothing was heard of it for a while."""
    return (
        transaction.is_open
        and status.ongoing is False
        and not status.messages_in_queue
        and now - transaction.heard_at >= QUIET
    )


async def ask_about_doubtful(ctx: Context) -> None:
    """Open ones that nothing was heard of for a while, of connected stations; each once an hour at most."""
    after = ("", "")
    left = A_ROUND
    while left > 0:
        page = await ctx.database.read(
            lambda connection, after=after: read_questionable(connection, ctx.now - QUIET, after, 500)
        )
        for each in page:
            if left > 0 and each.evidence.offline_since is None and _is_turn(ctx, each.transaction):
                left -= await _ask_about(ctx, each.transaction)
        if len(page) < 500:
            return
        after = (page[-1].transaction.station_id, page[-1].transaction.id)


def _is_turn(ctx: Context, transaction: Transaction) -> bool:
    key = (ctx.database.url, transaction.station_id, transaction.id)
    last = _asked.get(key)
    if last is not None and ctx.now - last < AGAIN:
        return False
    _asked[key] = ctx.now
    _asked.move_to_end(key)
    if len(_asked) > _MOST_REMEMBERED:
        _asked.popitem(last=False)
    return True


async def _ask_about(ctx: Context, transaction: Transaction) -> int:
    """How many stations were really asked."""
    question = GetTransactionStatus(transaction.known_as)
    try:
        status = await ctx.stations.ask(transaction.station_id, question, timeout_s=PATIENCE_S)
    except NotInThisVersion:
        return 0
    except VoltloomError:
        return 1
    if is_lost(transaction, status, ctx.now):
        await close_here(ctx.database, ctx.stations, transaction, ClosedBy.DENIED)
    return 1
