"""What stations report of transactions and meters, and what they are answered.

Plain functions, out of memory, as long as all that matters is remembered: that is the normal case, and costs
microseconds. What needs the database - a transaction not remembered, a token not seen lately, samples that come late -
becomes a coroutine.
"""

import secrets
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import NamedTuple

from voltloom.domain.events import TransactionCorrected, TransactionEnded, TransactionStarted, TransactionUpdated
from voltloom.domain.ids import TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports import NOTED, Noted, SamplesReported, TransactionReply, TransactionReported
from voltloom.domain.token import Authorization
from voltloom.domain.transaction import Phase
from voltloom.features.authorization import authorize, authorize_stop, begin_use, end_use
from voltloom.features.feature import StationContext
from voltloom.features.transactions import remote_starts, rules, samples, store
from voltloom.features.transactions.energy import Energy
from voltloom.features.transactions.memory import Book, Heard, books
from voltloom.features.transactions.rules import ClosedBy, Flag, Transaction

LONG_ID = 20
"""An id of so many characters is random: its station has not used it before."""
MOST_IDLE = 64
"""EVSEs of a station whose meter is remembered outside of transactions."""


class Before(NamedTuple):
    """What a transaction was, as far as telling others depends on it. energy_wh: only where it was over."""

    is_new: bool
    is_open: bool
    started: bool
    closed_by: ClosedBy
    energy_wh: float | None
    identity: tuple[object, ...]


def _before(transaction: Transaction, *, is_new: bool) -> Before:
    tx = transaction
    is_open = tx.ended_at is None
    return Before(is_new, is_open, tx.started, tx.closed_by, None if is_open else tx.energy.wh, _identity(tx))


def _identity(tx: Transaction) -> tuple[object, ...]:
    """All that rarely changes: where it does not, less is written."""
    return (
        tx.evse,
        tx.connector,
        tx.token,
        tx.token_sequence,
        tx.group,
        tx.authorization,
        tx.started_at,
        tx.started,
        tx.ended_at,
        tx.meter_start_wh,
        tx.meter_stop_wh,
        tx.stop_token,
        tx.closed_by,
        tx.remote_start_id,
        tx.reservation_id,
        tx.offline,
        len(tx.flags),
    )


# ---- transactions


def record(ctx: StationContext, report: TransactionReported) -> TransactionReply | Awaitable[TransactionReply]:
    book = ctx.recall(books)
    found, certain = _remembered(book, report, ctx.now)
    if not certain:
        return _find_and_record(ctx, book, report)
    return _record(ctx, book, report, found)


def _remembered(book: Book, report: TransactionReported, now: datetime) -> tuple[Transaction | None, bool]:
    """The transaction that is reported of; None for a new one. False where only the database can tell."""
    transaction_id = report.transaction_id
    if transaction_id is None:
        same = book.same_start(rules.start_key(report))
        return same, same is not None or rules.is_fresh(report, now)
    known = book.by_id.get(transaction_id)
    if known is not None:
        return (None, True) if rules.is_reused(known, report) else (known, True)
    if rules.unnumbered(transaction_id) and report.phase is Phase.ENDED and report.sequence is None:
        fitting = book.ended_by(report)
        return fitting, fitting is not None
    is_new = report.phase is Phase.STARTED and len(transaction_id) >= LONG_ID and rules.is_fresh(report, now)
    return None, is_new


async def _find_and_record(ctx: StationContext, book: Book, report: TransactionReported) -> TransactionReply:
    station_id, said = ctx.station_id, report.transaction_id
    if said is None:
        key = rules.start_key(report)
        found = await ctx.database.read(lambda connection: store.find_same_start(connection, station_id, key))
    else:
        named = _orphan_id(said, report, ctx.now)
        found = await ctx.database.read(lambda connection: store.find_said(connection, station_id, named))
        if found is not None and rules.is_reused(found, report):
            book.by_id[said] = found
            found = None
    reply = _record(ctx, book, report, found)
    return reply if isinstance(reply, TransactionReply) else await reply


def _orphan_id(said: TransactionId, report: TransactionReported, now: datetime) -> TransactionId:
    """What we call one that ends without a number of its own: the same when it is told again."""
    if report.sequence is None and report.phase is Phase.ENDED and rules.unnumbered(said):
        return TransactionId(f"{said}@{rules.credible(report.at, now):%Y%m%dT%H%M%S.%fZ}")
    return said


def _record(
    ctx: StationContext, book: Book, report: TransactionReported, found: Transaction | None
) -> TransactionReply | Awaitable[TransactionReply]:
    transaction = found or _begin(ctx, book, report)
    before = _before(transaction, is_new=found is None)
    if report.phase is Phase.STARTED:
        # First, so that what the token has lost here is no obstacle to its charging here again.
        _supersede(ctx, book, report, transaction)
    authorization = _authorization(ctx, book, report, transaction)
    fresh = rules.novel(transaction, report.samples) if report.samples else ()
    if fresh is None or not (authorization is None or isinstance(authorization, Authorization)):
        return _record_later(ctx, book, report, transaction, before, authorization, fresh)
    return _merge(ctx, book, report, transaction, before, authorization, fresh, None)


async def _record_later(
    ctx: StationContext,
    book: Book,
    report: TransactionReported,
    transaction: Transaction,
    before: Before,
    authorization: Authorization | Awaitable[Authorization] | None,
    fresh: Sequence[Sample] | None,
) -> TransactionReply:
    if not (authorization is None or isinstance(authorization, Authorization)):
        authorization = await authorization
    known = None
    if fresh is None:
        known = await _all_samples(ctx, transaction)
        fresh = _not_among(known, report.samples)
    reply = _merge(ctx, book, report, transaction, before, authorization, fresh, known)
    return reply if isinstance(reply, TransactionReply) else await reply


def _merge(
    ctx: StationContext,
    book: Book,
    report: TransactionReported,
    transaction: Transaction,
    before: Before,
    authorization: Authorization | None,
    fresh: Sequence[Sample],
    known: Sequence[Sample] | None,
) -> TransactionReply | Awaitable[TransactionReply]:
    """known: all samples the database has, where they had to be read."""
    registers = rules.register_points(transaction)
    if report.phase is not Phase.ENDED and _goes_on(book, transaction, report.at):
        rules.reopen(transaction)
    rules.apply(transaction, report, ctx.now)
    if authorization is not None:
        _note_authorization(ctx, report, transaction, authorization)
    reply = TransactionReply(transaction.known_as, authorization)
    if known is None:
        in_order = rules.count_registers(transaction, registers)
        for sample in fresh:
            in_order = rules.add_sample(transaction, sample) and in_order
        if not in_order:
            return _recount(ctx, book, transaction, before, fresh, reply)
    else:
        rules.recount(transaction, (*known, *fresh))
    _write(ctx, book, transaction, before, fresh)
    return reply


async def _recount(
    ctx: StationContext,
    book: Book,
    transaction: Transaction,
    before: Before,
    fresh: Sequence[Sample],
    reply: TransactionReply,
) -> TransactionReply:
    known = await _all_samples(ctx, transaction)
    rules.recount(transaction, (*known, *fresh))
    _write(ctx, book, transaction, before, fresh)
    return reply


async def _all_samples(ctx: StationContext, transaction: Transaction) -> Sequence[Sample]:
    station_id, transaction_id = ctx.station_id, transaction.id
    return await ctx.database.read(lambda connection: samples.read_samples(connection, station_id, transaction_id))


def _not_among(known: Sequence[Sample], said: Sequence[Sample]) -> list[Sample]:
    fresh: list[Sample] = []
    at = {sample.at for sample in said}
    near = [sample for sample in known if sample.at in at]
    for sample in said:
        if sample not in near and sample not in fresh:
            fresh.append(sample)
    return fresh


def _begin(ctx: StationContext, book: Book, report: TransactionReported) -> Transaction:
    said = report.transaction_id
    if said is None:
        transaction = rules.begin(ctx.station_id, _new_id(book), report, ctx.now)
        transaction.start_key = rules.start_key(report)
        return transaction
    named = _orphan_id(said, report, ctx.now)
    former = book.by_id.get(said)
    if former is not None:
        # A station that gives an id twice: the later one gets another name here.
        del book.by_id[said]
        named = TransactionId(f"{said}@{rules.credible(report.at, ctx.now):%Y%m%dT%H%M%SZ}")
    transaction = rules.begin(ctx.station_id, named, report, ctx.now)
    transaction.said_id = None if named == said or rules.unnumbered(said) else said
    return transaction


_unguessable: list[int] = []
"""Numbers of 31 bits, fetched some hundred at once: the system's generator takes longer to be asked than to answer."""


def _new_id(book: Book) -> TransactionId:
    """A number of 31 bits that nobody can guess (control C20)."""
    while True:
        if not _unguessable:
            _unguessable.extend(number & 0x7FFFFFFF for number in memoryview(secrets.token_bytes(2048)).cast("I"))
        number = _unguessable.pop()
        named = TransactionId(str(number))
        if number and named not in book.by_id:
            return named


def _goes_on(book: Book, transaction: Transaction, at: datetime | None) -> bool:
    """Does a report of that time disprove that it is over? Not where another has taken its place."""
    ended_at = transaction.ended_at
    if ended_at is None or not rules.may_reopen(transaction) or (at is not None and at <= ended_at):
        return False
    return transaction.evse == 0 or not book.open_at(transaction.evse)


# ---- tokens


def _authorization(
    ctx: StationContext, book: Book, report: TransactionReported, transaction: Transaction
) -> Authorization | Awaitable[Authorization] | None:
    token = report.token
    if rules.begins(report) or report.phase is Phase.STARTED:
        _match_remote_start(ctx, book, report, transaction)
    if token is None:
        return None
    if rules.begins(report) or not transaction.token:
        return authorize(ctx, token, transaction.id)
    return authorize_stop(ctx, transaction.token.upper(), transaction.group, token)


def _note_authorization(
    ctx: StationContext, report: TransactionReported, transaction: Transaction, authorization: Authorization
) -> None:
    assert report.token is not None, "there is no answer without a token"
    if not rules.begins(report):
        if not authorization.accepted:
            transaction.flags.add(Flag.STOPPED_BY_OTHER)
        return
    rules.authorized(transaction, authorization)
    if authorization.accepted and transaction.is_open:
        begin_use(ctx, report.token, transaction.id, transaction.started_at)


def _match_remote_start(ctx: StationContext, book: Book, report: TransactionReported, transaction: Transaction) -> None:
    if transaction.remote_start_id is not None or not book.remote_starts:
        return
    start = book.remote_start(report, rules.evse_of(report.place) or transaction.evse, report.token, ctx.now)
    if start is not None:
        transaction.remote_start_id = start.id
        book.remote_starts.remove(start)
        ctx.work.write(remote_starts.MATCH_REMOTE_START, transaction.id, ctx.station_id, start.id)


def _supersede(ctx: StationContext, book: Book, report: TransactionReported, new: Transaction) -> None:
    """An EVSE has one transaction at a time: where a new one begins, the one before it has ended unheard."""
    evse, at = rules.evse_of(report.place), rules.credible(report.at, ctx.now)
    if not evse:
        return
    for old in book.open_at(evse):
        if old is not new and old.started_at <= at:
            rules.close(old, ClosedBy.SUPERSEDED, rules.stop_reason_of(ClosedBy.SUPERSEDED), at)
            ctx.work.write(store.SAVE, *store.saved(old))
            end_use(ctx, old.id)
            ctx.work.tell(ended(old))


# ---- meters


def add_samples(ctx: StationContext, report: SamplesReported) -> Noted | Awaitable[Noted]:
    """Meter values of their own: of the transaction they name; else of the one that is open there; else of none."""
    if not report.samples:
        return NOTED
    book = ctx.recall(books)
    named = report.transaction_id
    if named is not None and not rules.unnumbered(named):
        transaction = book.by_id.get(named)
        if transaction is None:
            return _find_and_add(ctx, book, report, named)
    else:
        transaction = _open_there(book, report)
        if transaction is None:
            _add_idle(ctx, book, report)
            return NOTED
    return _add(ctx, book, transaction, report.samples)


def _open_there(book: Book, report: SamplesReported) -> Transaction | None:
    evse = rules.evse_of(report.place)
    if not evse:
        return None
    first = min(sample.at for sample in report.samples)
    here = [each for each in book.open_at(evse) if first >= each.started_at - rules.CLOCK_OFF]
    return here[0] if len(here) == 1 else None


async def _find_and_add(ctx: StationContext, book: Book, report: SamplesReported, named: TransactionId) -> Noted:
    station_id = ctx.station_id
    found = await ctx.database.read(lambda connection: store.find_said(connection, station_id, named))
    if found is not None:
        noted = _add(ctx, book, found, report.samples)
        if not isinstance(noted, Noted):
            await noted
        return NOTED
    # Begun with somebody else, or its start was lost: it charges all the same.
    first = min(sample.at for sample in report.samples)
    alone = TransactionReported(Phase.UPDATED, named, first, report.place, samples=report.samples)
    reply = _record(ctx, book, alone, None)
    if not isinstance(reply, TransactionReply):
        await reply
    return NOTED


def _add(
    ctx: StationContext, book: Book, transaction: Transaction, samples: Sequence[Sample]
) -> Noted | Awaitable[Noted]:
    fresh = rules.novel(transaction, samples)
    if fresh is None:
        return _add_late(ctx, book, transaction, samples)
    if not fresh:
        return NOTED
    before = None
    if transaction.ended_at is None and fresh[-1].at <= ctx.now + rules.CLOCK_OFF:
        transaction.heard_at = ctx.now
    else:
        before = _before(transaction, is_new=False)
        _hear_samples(ctx, book, transaction, fresh)
    in_order = True
    for sample in fresh:
        in_order = rules.add_sample(transaction, sample) and in_order
    if not in_order:
        return _add_recounted(ctx, book, transaction, before, fresh)
    _write(ctx, book, transaction, before, fresh)
    return NOTED


async def _add_late(ctx: StationContext, book: Book, transaction: Transaction, samples: Sequence[Sample]) -> Noted:
    known = await _all_samples(ctx, transaction)
    fresh = _not_among(known, samples)
    if not fresh:
        return NOTED
    before = _before(transaction, is_new=False)
    _hear_samples(ctx, book, transaction, fresh)
    rules.recount(transaction, (*known, *fresh))
    _write(ctx, book, transaction, before, fresh)
    return NOTED


async def _add_recounted(
    ctx: StationContext, book: Book, transaction: Transaction, before: Before | None, fresh: Sequence[Sample]
) -> Noted:
    known = await _all_samples(ctx, transaction)
    rules.recount(transaction, (*known, *fresh))
    _write(ctx, book, transaction, before, fresh)
    return NOTED


def _hear_samples(ctx: StationContext, book: Book, transaction: Transaction, fresh: Sequence[Sample]) -> None:
    transaction.heard_at = ctx.now
    latest = fresh[-1].at
    if _goes_on(book, transaction, latest):
        rules.reopen(transaction)
    if latest > ctx.now + rules.CLOCK_OFF:
        transaction.flags.add(Flag.CLOCK_OFF)


def _add_idle(ctx: StationContext, book: Book, report: SamplesReported) -> None:
    """Outside of transactions. What comes twice, the database takes once."""
    evse = rules.evse_of(report.place)
    connector = rules.connector_of(report.place)
    for sample in report.samples:
        heard = book.idle.get(evse)
        if heard is None or heard.at != sample.at:
            if heard is None and len(book.idle) >= MOST_IDLE:
                book.idle.clear()
            heard = book.idle[evse] = Heard(sample.at, [])
        if sample in heard.samples:
            continue
        twin = min(len(heard.samples), 30_000)
        heard.samples.append(sample)
        values = samples.idle_sample_values(ctx.station_id, evse, connector, ctx.now, sample, twin)
        ctx.work.write(samples.ADD_IDLE_SAMPLE, *values)


# ---- what is written and told


def _write(
    ctx: StationContext, book: Book, transaction: Transaction, before: Before | None, fresh: Sequence[Sample]
) -> None:
    """before: None where it went on, and nothing else of it can have changed."""
    tx, work = transaction, ctx.work
    for sample in fresh:
        work.write(samples.ADD_SAMPLE, *samples.sample_values(tx, ctx.now, sample))
    book.keep(tx)
    if before is None:
        told = tx.energy
        work.write(store.GO_ON, *store.on_the_way(tx, told))
        work.tell(_updated(ctx, tx, told))
        return
    if before.is_new:
        work.write(store.ADD_NUMBERED if tx.start_key else store.ADD, *store.values_of(tx))
        work.tell(TransactionStarted(tx.station_id, tx.id, tx.evse, tx.started_at, tx.token))
        if not tx.is_open:
            work.tell(ended(tx))
        return
    told = tx.energy
    if _identity(tx) != before.identity:
        work.write(store.SAVE, *store.saved(tx))
    else:
        work.write(store.GO_ON, *store.on_the_way(tx, told))
    if not (before.is_open and before.started) or tx.ended_at is not None:
        _tell_changes(ctx, transaction, before)
    if tx.ended_at is None:
        work.tell(_updated(ctx, tx, told))


def _updated(ctx: StationContext, tx: Transaction, told: Energy) -> TransactionUpdated:
    state = tx.charging_state.value if tx.charging_state else ""
    return TransactionUpdated(tx.station_id, tx.id, tx.evse, ctx.now, state, told.wh, tx.power_w, tx.soc_percent)


def _tell_changes(ctx: StationContext, transaction: Transaction, before: Before) -> None:
    tx = transaction
    if before.is_open and not tx.is_open:
        end_use(ctx, tx.id)
        ctx.work.tell(ended(tx))
    elif not before.is_open and tx.is_open:
        begin_use(ctx, rules.token_of(tx), tx.id, tx.started_at)
        ctx.work.tell(corrected(tx, "reopened", ctx.now))
    elif not tx.is_open and before.closed_by is not tx.closed_by:
        ctx.work.tell(corrected(tx, "ended", ctx.now))
    elif not tx.is_open and before.energy_wh != tx.energy.wh:
        ctx.work.tell(corrected(tx, "energy", ctx.now))
    if tx.started and not before.started:
        ctx.work.tell(corrected(tx, "started", ctx.now))


def ended(transaction: Transaction) -> TransactionEnded:
    tx = transaction
    assert tx.ended_at is not None, "it has ended"
    return TransactionEnded(
        tx.station_id,
        tx.id,
        tx.evse,
        tx.ended_at,
        tx.stop_reason.value if tx.stop_reason else "",
        tx.energy.wh,
        rules.is_suspect(rules.all_flags(tx)),
    )


def corrected(transaction: Transaction, change: str, now: datetime) -> TransactionCorrected:
    tx = transaction
    suspect = rules.is_suspect(rules.all_flags(tx))
    return TransactionCorrected(tx.station_id, tx.id, tx.evse, now, change, not tx.is_open, tx.energy.wh, suspect)
