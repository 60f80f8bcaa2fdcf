"""What stations are told of limits with the answers to their reports, and what they say of them.

Where nothing is held to anything, and no token is prepaid, a report passes here at the cost of a look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection

from voltloom.domain.events import TransactionLimitChanged
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import TransactionReply, TransactionReported
from voltloom.domain.token import AuthorizationStatus
from voltloom.domain.transaction import Phase
from voltloom.features.authorization import prepaid_of
from voltloom.features.feature import Memory, StationContext
from voltloom.features.limits import rules, store
from voltloom.features.limits.rules import Held
from voltloom.features.limits.store import Pending
from voltloom.features.transactions import Transaction, books

MOST_REMEMBERED = 64
_PAYS = (AuthorizationStatus.ACCEPTED, AuthorizationStatus.CONCURRENT_TX, AuthorizationStatus.NO_CREDIT)
"""A prepaid token that is answered so pays for what it began, with what is left or with debts."""
PREPAID = "prepaid"
"""Who wants a limit that is what is left on a token."""


@dataclass(slots=True)
class Ledger:
    """What the open transactions of a station are held to, by what it calls them; and starts that will be."""

    held: dict[TransactionId, Held] = field(default_factory=dict[TransactionId, Held])
    starts: dict[int, Pending] = field(default_factory=dict[int, Pending])


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Ledger]:
    since = datetime.now(UTC) - rules.PENDING_FOR
    found = {
        station_id: Ledger(held) for station_id, held in store.by_station(store.read_open(connection, ids)).items()
    }
    for station_id, starts in store.read_pending(connection, ids, since).items():
        found.setdefault(station_id, Ledger()).starts = starts
    return found


ledgers = Memory(_load, Ledger)


def add_limit(ctx: StationContext, report: TransactionReported, reply: TransactionReply) -> TransactionReply:
    ledger = ctx.recall(ledgers)
    if report.limit is None and report.token is None and not ledger.held and not ledger.starts:
        return reply
    transaction = ctx.recall(books).by_id.get(reply.transaction_id)
    if transaction is None:
        return reply
    known = ledger.held.get(reply.transaction_id)
    before = known or Held(ctx.station_id, transaction.id)
    held = _as_heard(ctx, report, _as_wanted(ctx, ledger, transaction, report, reply, before))
    if report.phase is Phase.ENDED or not transaction.is_open:
        ledger.held.pop(reply.transaction_id, None)
    else:
        reply.limit = rules.to_tell(held)
        if reply.limit is not None:
            held = replace(held, told_at=ctx.now)
        if known is not None or held != before:
            _remember(ledger, reply.transaction_id, held)
    if held != before:
        ctx.work.write(store.PUT, *store.values_of(held, ctx.now))
    return reply


def _as_wanted(
    ctx: StationContext,
    ledger: Ledger,
    transaction: Transaction,
    report: TransactionReported,
    reply: TransactionReply,
    held: Held,
) -> Held:
    """With the limit that its start was asked for with, and with what is left on the token that begins it."""
    start = ledger.starts.pop(transaction.remote_start_id, None) if transaction.remote_start_id is not None else None
    if start is not None:
        ctx.work.write(store.FORGET_START, ctx.station_id, start.remote_start_id)
        held = replace(held, wanted=start.wanted, actor=start.actor, wanted_at=start.asked_at)
        ctx.work.tell(TransactionLimitChanged(ctx.station_id, transaction.id, ctx.now, "us"))
    status = None if reply.authorization is None else reply.authorization.status
    if report.token is None or held.prepaid or status not in _PAYS or transaction.token.upper() != report.token.key:
        return held
    credit = prepaid_of(ctx, report.token)
    if credit is None:
        return held
    if status is not AuthorizationStatus.ACCEPTED:
        # It goes on all the same, begun offline or by a station that does not ask: what it costs is owed.
        credit = Decimal(0)
    ctx.work.tell(TransactionLimitChanged(ctx.station_id, transaction.id, ctx.now, "us"))
    return replace(
        held,
        wanted=rules.with_credit(held.wanted, credit),
        actor=held.actor or PREPAID,
        wanted_at=ctx.now,
        prepaid=report.token.key,
    )


def _as_heard(ctx: StationContext, report: TransactionReported, held: Held) -> Held:
    if report.limit is None or report.limit == held.at_station:
        return held
    ctx.work.tell(TransactionLimitChanged(ctx.station_id, held.transaction_id, ctx.now, "station"))
    return replace(held, at_station=report.limit, heard_at=ctx.now)


def _remember(ledger: Ledger, known_as: TransactionId, held: Held) -> None:
    ledger.held[known_as] = held
    if len(ledger.held) > MOST_REMEMBERED:
        del ledger.held[next(iter(ledger.held))]
