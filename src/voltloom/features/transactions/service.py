"""Use cases of operators, and the clockwork that closes what never ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from voltloom.domain.charging import ChargingProfile, check_profile
from voltloom.domain.commands import Accepted, Answer, RequestStart, RequestStop, StartAnswer
from voltloom.domain.errors import Conflict, Invalid, NotFound
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.token import IdToken
from voltloom.features import authorization
from voltloom.features.access import note
from voltloom.features.feature import Context, Stations
from voltloom.features.stations import Caller, ask, existing
from voltloom.features.transactions import remote_starts, rules, store
from voltloom.features.transactions.answers import ended
from voltloom.features.transactions.memory import REMOTE_START_FOR
from voltloom.features.transactions.questionable import Questionable, read_questionable
from voltloom.features.transactions.remote_starts import RemoteStart
from voltloom.features.transactions.rules import ClosedBy, Transaction
from voltloom.infra.database import Database, Work

LOG = structlog.get_logger(__name__)

QUIET = timedelta(minutes=15)
"""An open transaction that nothing was heard of for so long is looked at."""
PAGE = 500
DENIED_AFTER = timedelta(minutes=15)


async def get_transaction(caller: Caller, station_id: StationId, transaction_id: TransactionId) -> Transaction:
    """Raises NotFound."""
    return await caller.database.read(lambda connection: _existing(connection, station_id, transaction_id))


def _existing(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> Transaction:
    transaction = store.find_one(connection, station_id, transaction_id)
    if transaction is None:
        raise NotFound(f"{station_id} has no transaction {transaction_id}")
    return transaction


# ---- asking stations


@dataclass(frozen=True, slots=True)
class Started:
    """What came of asking for a start. remote_start_id: the transaction that comes of it will carry it."""

    answer: StartAnswer
    remote_start_id: int


def new_number() -> int:
    """For what a station refers to: it fits every version's integer."""
    return secrets.randbelow(2**31 - 1) + 1


async def start_transaction(
    caller: Caller,
    station_id: StationId,
    token: IdToken,
    evse: int | None = None,
    timeout_s: float = 30.0,
    profile: ChargingProfile | None = None,
    number: int | None = None,
) -> Started:
    """Ask the station to begin. It may charge for this token although no list knows it: somebody who may, asked.

    profile   by which it is to charge
    number    of the start, where the caller has chosen it: `new_number`
    Raises Invalid, and what `stations.ask` raises.
    """
    if not token.value.strip() or len(token.value) > 255:
        raise Invalid("a token has 1 to 255 characters")
    if profile is not None:
        check_profile(evse, profile, starting=True)
    start = RemoteStart(station_id, number or new_number(), evse, token.key, caller.now)

    def prepare(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        remote_starts.prune_remote_starts(connection, caller.now - timedelta(days=1))
        remote_starts.add_remote_start(connection, start, caller.actor.name)
        authorization.vouch(connection, station_id, token, caller.now + REMOTE_START_FOR, caller.now)

    await caller.database.write(prepare)
    # The station may begin before it answers: whoever holds its connection must know by then.
    await caller.stations.refresh(station_id)
    place = None if evse is None else Place(evse)
    command = RequestStart(token, start.id, place, profile=profile)
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    if answer.answer.accepted is Accepted.REJECTED:
        await caller.database.write(
            lambda connection, _: remote_starts.remove_remote_start(connection, station_id, start.id)
        )
    return Started(answer, start.id)


@dataclass(frozen=True, slots=True)
class Stopped:
    """closed: the station does not know the transaction, and nothing was heard of it: it is closed now."""

    answer: Answer
    closed: bool


async def stop_transaction(
    caller: Caller, station_id: StationId, transaction_id: TransactionId, timeout_s: float = 30.0
) -> Stopped:
    """Ask the station to end it. It is over when the station says so.

    Raises NotFound, Conflict (it is over), and what `stations.ask` raises.
    """
    transaction = await get_transaction(caller, station_id, transaction_id)
    if not transaction.is_open:
        raise Conflict(
            f"transaction {transaction_id} of {station_id} ended at {transaction.ended_at:%Y-%m-%dT%H:%M:%SZ}"
        )
    answer = await ask(caller, station_id, RequestStop(transaction.known_as), timeout_s=timeout_s)
    if answer.accepted is not Accepted.REJECTED or caller.now - transaction.heard_at < DENIED_AFTER:
        return Stopped(answer, closed=False)
    closed = await close_here(caller.database, caller.stations, transaction, ClosedBy.DENIED)
    return Stopped(answer, closed)


async def close_here(database: Database, stations: Stations, transaction: Transaction, closed_by: ClosedBy) -> bool:
    """False where it ended meanwhile, or something was heard of it."""
    closed = await database.write(lambda connection, work: _close(connection, work, transaction, closed_by))
    if closed:
        await stations.refresh(transaction.station_id)
    return closed


async def close_transaction(caller: Caller, station_id: StationId, transaction_id: TransactionId) -> Transaction:
    """Close it here, whatever the station thinks, with what is last known of it. Raises NotFound, Conflict (over)."""

    def change(connection: Connection, work: Work) -> Transaction:
        transaction = _existing(connection, station_id, transaction_id)
        if not transaction.is_open or not _close(connection, work, transaction, ClosedBy.OPERATOR):
            raise Conflict(f"transaction {transaction_id} of {station_id} is over already")
        target = f"{station_id}/transaction/{transaction_id}"
        details = {"ended_at": transaction.ended_at, "energy_wh": transaction.energy.wh}
        note(connection, work, caller.actor, "transaction.close", target, "done", caller.now, details)
        return transaction

    transaction = await caller.database.write(change)
    await caller.stations.refresh(station_id)
    return transaction


def _close(connection: Connection, work: Work, transaction: Transaction, closed_by: ClosedBy) -> bool:
    """False where it ended meanwhile, or, unless an operator closes it, something was heard of it."""
    rules.close(transaction, closed_by, rules.stop_reason_of(closed_by))
    if not store.save_closed(connection, transaction, if_unheard=closed_by is not ClosedBy.OPERATOR):
        return False
    authorization.release(connection, transaction.station_id, transaction.id)
    work.tell(ended(transaction))
    return True


# ---- the clockwork


async def close_lost(ctx: Context) -> None:
    """Close open transactions that must have ended without our hearing of it."""
    after = ("", "")
    while True:
        page = await _page_after(ctx, after)
        lost = [
            (each.transaction, closed_by)
            for each in page
            if (closed_by := rules.why_over(each.transaction, each.evidence, ctx.now)) is not None
        ]
        if lost:
            await _close_all(ctx, lost)
        if len(page) < PAGE:
            return
        after = (page[-1].transaction.station_id, page[-1].transaction.id)


async def _page_after(ctx: Context, after: tuple[str, str]) -> list[Questionable]:
    return await ctx.database.read(lambda connection: read_questionable(connection, ctx.now - QUIET, after, PAGE))


async def _close_all(ctx: Context, lost: Sequence[tuple[Transaction, ClosedBy]]) -> None:
    def change(connection: Connection, work: Work) -> list[Transaction]:
        return [transaction for transaction, closed_by in lost if _close(connection, work, transaction, closed_by)]

    closed = await ctx.database.write(change)
    for transaction in closed:
        LOG.info(
            "closed a transaction that its station did not end",
            station_id=transaction.station_id,
            transaction_id=transaction.id,
            closed_by=transaction.closed_by.value,
            energy_wh=transaction.energy.wh,
        )
    for station_id in {transaction.station_id for transaction in closed}:
        await ctx.stations.refresh(station_id)
