"""Use cases of limits: what operators want, what time does, and what is taken off prepaid tokens."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import structlog
from sqlalchemy import Connection

from voltloom.domain.charging import ChargingProfile
from voltloom.domain.commands import Accepted, RequestStop
from voltloom.domain.errors import VoltloomError
from voltloom.domain.events import CostSettled, TransactionLimitChanged
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.token import IdToken
from voltloom.domain.transaction import TransactionLimit
from voltloom.features.access import note
from voltloom.features.authorization import credit_left, spend
from voltloom.features.feature import Context
from voltloom.features.limits import rules, store
from voltloom.features.limits.rules import Held, Reached
from voltloom.features.limits.store import OpenHeld, Pending
from voltloom.features.stations import Automatic, Caller, ask, existing, likeness_of
from voltloom.features.tariffs import cost_so_far, to_decimal
from voltloom.features.transactions import (
    Started,
    find_transaction,
    get_transaction,
    new_number,
    start_transaction,
)
from voltloom.infra.database import Work

LOG = structlog.get_logger(__name__)
MICRO = 1_000_000
PATIENCE_S = 10.0


async def limit_transaction(
    caller: Caller, station_id: StationId, transaction_id: TransactionId, limit: TransactionLimit
) -> Held:
    """A station of 2.1 hears of it with the answer to its next report; others are stopped when it is reached.

    Raises Invalid, NotFound, Conflict (it is over).
    """
    rules.check(limit)
    transaction = await get_transaction(caller, station_id, transaction_id)
    rules.check_open(station_id, transaction.id, is_open=transaction.is_open)

    def keep(connection: Connection, work: Work) -> Held:
        before = store.get(connection, station_id, transaction.id) or Held(station_id, transaction.id)
        credit = credit_left(connection, before.prepaid) if before.prepaid else None
        wanted = limit if credit is None else rules.with_credit(limit, credit.amount)
        held = replace(before, wanted=wanted, actor=caller.actor.name, wanted_at=caller.now, told_at=None)
        store.put(connection, held, caller.now)
        named = f"{station_id}/{transaction.id}"
        note(connection, work, caller.actor, "transaction.limit", named, "kept", caller.now, said(limit))
        work.tell(TransactionLimitChanged(station_id, transaction.id, caller.now, "us"))
        return held

    held = await caller.database.write(keep)
    await caller.stations.refresh(station_id)
    return held


def said(limit: TransactionLimit) -> dict[str, object]:
    """For the audit log."""
    return {
        field.name: str(value) if isinstance(value, Decimal) else value
        for field in fields(limit)
        if (value := getattr(limit, field.name)) is not None
    }


async def get_held(caller: Caller, station_id: StationId, transaction_id: TransactionId) -> Held:
    """With nothing in it where nobody wanted or said anything. Raises NotFound."""
    transaction = await get_transaction(caller, station_id, transaction_id)
    found = await caller.database.read(lambda connection: store.get(connection, station_id, transaction.id))
    return found or Held(station_id, transaction.id)


async def start_limited(
    caller: Caller,
    station_id: StationId,
    token: IdToken,
    limit: TransactionLimit,
    evse: int | None = None,
    timeout_s: float = 30.0,
    profile: ChargingProfile | None = None,
) -> Started:
    """Ask the station to begin, and hold what comes of it to a limit: a payment's amount, say (OCPP 2.1 C24, C25).

    Raises Invalid, and what `start_transaction` raises.
    """
    rules.check(limit)
    start = Pending(new_number(), limit, caller.actor.name, caller.now)

    def prepare(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.add_pending(connection, station_id, start)
        note(connection, work, caller.actor, "transaction.limited_start", station_id, "asked", caller.now, said(limit))

    await caller.database.write(prepare)
    # Before the station is asked, whoever holds its connection reads again what is remembered.
    started = await start_transaction(caller, station_id, token, evse, timeout_s, profile, start.remote_start_id)
    if started.answer.answer.accepted is Accepted.REJECTED:
        await caller.database.write(
            lambda connection, _: store.forget_pending(connection, station_id, start.remote_start_id)
        )
    return started


# ---- where stations cannot


async def hold(ctx: Context) -> None:
    """Stop what has come to its limit at a station that does not hold it itself."""
    open_ones = await ctx.database.read(store.read_open)
    if _several(open_ones):
        await _share_out(ctx)
        open_ones = await ctx.database.read(store.read_open)
    for each in open_ones:
        last = each.held.stopped_at
        if each.held.wanted is not None and (last is None or ctx.now - last >= rules.ASK_AGAIN):
            await _hold_one(ctx, each)


async def _share_out(ctx: Context) -> None:
    """Where a prepaid token has several transactions open, no later one is left what an earlier one may still cost. A
    second is refused where it can be: not offline, nor where two nodes hear of a first at the same moment."""

    def share(connection: Connection, work: Work) -> set[StationId]:
        changed: set[StationId] = set()
        for key, open_ones in _several(store.read_open(connection)).items():
            credit = credit_left(connection, key)
            if credit is None:
                continue
            limits = [each.held.wanted or TransactionLimit() for each in open_ones]
            for each, left in zip(open_ones, rules.shares(limits, credit.amount), strict=True):
                if left != each.held.wanted:
                    held = replace(each.held, wanted=left, wanted_at=ctx.now, told_at=None)
                    store.put(connection, held, ctx.now)
                    work.tell(TransactionLimitChanged(held.station_id, held.transaction_id, ctx.now, "us"))
                    changed.add(held.station_id)
        return changed

    for station_id in await ctx.database.write(share):
        await ctx.stations.refresh(station_id)


def _several(held: Iterable[OpenHeld]) -> dict[str, list[OpenHeld]]:
    """By prepaid token, of those that pay for more than one: the first to begin first."""
    by_token: dict[str, list[OpenHeld]] = {}
    for each in sorted(held, key=lambda each: (each.started_at, each.held.station_id, each.held.transaction_id)):
        if each.held.prepaid:
            by_token.setdefault(each.held.prepaid, []).append(each)
    return {key: open_ones for key, open_ones in by_token.items() if len(open_ones) > 1}


async def _hold_one(ctx: Context, each: OpenHeld) -> None:
    come_to = await _come_to(ctx, each.held)
    if come_to is None:
        return
    caller, (station_id, transaction_id) = Automatic.of(ctx, "limits"), (each.held.station_id, each.held.transaction_id)
    await ctx.database.write(
        lambda connection, _: store.note_stop(connection, station_id, transaction_id, ctx.now, come_to)
    )
    try:
        await ask(caller, station_id, RequestStop(each.known_as), timeout_s=PATIENCE_S)
    except VoltloomError as error:
        LOG.info("a station did not stop at a limit", station=station_id, reason=error.reason)


async def _come_to(ctx: Context, held: Held) -> Reached | None:
    ours, station_id = rules.not_held_by_station(held), held.station_id
    if ours is None:
        return None
    station = await ctx.database.read(lambda connection: likeness_of(connection, station_id))
    if station is None or not station.connected:
        return None
    transaction = await ctx.database.read(
        lambda connection: find_transaction(connection, station_id, held.transaction_id)
    )
    if transaction is None or not transaction.is_open:
        return None
    cost = None
    if ours.max_cost is not None:
        cost = await cost_so_far(Automatic.of(ctx, "limits"), station_id, held.transaction_id)
    lasted: timedelta = ctx.now - transaction.started_at
    return rules.reached(ours, lasted, transaction.energy.wh, transaction.soc_percent, cost)


# ---- prepaid tokens


async def charge_prepaid(ctx: Context, event: CostSettled) -> None:
    """What it cost is taken off the token that pays for it; where it is reckoned again, the difference. Told twice, it
    is taken once."""

    def charge(connection: Connection, work: Work) -> None:
        held = store.get(connection, event.station_id, event.transaction_id)
        if held is None or not held.prepaid:
            return
        cost = int(to_decimal(event.with_tax, event.currency) * MICRO)
        if cost == held.charged or not store.note_charged(
            connection, event.station_id, event.transaction_id, held.charged, cost
        ):
            return
        spend(connection, work, held.prepaid, event.currency, cost - held.charged, ctx.now)

    await ctx.database.write(charge)


async def prune(ctx: Context) -> None:
    before = ctx.now - rules.KEPT
    await ctx.database.write(lambda connection, _: store.prune(connection, ctx.now - rules.PENDING_FOR, before))
