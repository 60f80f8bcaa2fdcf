"""What transactions cost as they go: told to stations that show it, said with the answer to their end, settled at last.

A transaction's tariff is the one in force when it is first heard of, or when its token is. Where no tariff is assigned
to anything, and the station reckons nothing itself, reports pass here without a look at anything else.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from voltloom.domain.commands import ShowCost, ShowFinalCost, ShowPrice
from voltloom.domain.errors import VoltloomError
from voltloom.domain.events import CostSettled, PriceAsked, TransactionCorrected, TransactionReviewed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports import AuthorizationReported, TransactionReply, TransactionReported
from voltloom.domain.tariff import StationCost, Tariff
from voltloom.domain.token import Authorization, IdToken
from voltloom.domain.transaction import Phase
from voltloom.features.feature import Context, StationContext
from voltloom.features.stations.rules import plain
from voltloom.features.tariffs import reckoning, rules, store
from voltloom.features.tariffs.prices import Till, list_of, prices_of, tills
from voltloom.features.tariffs.reckoning import Cost
from voltloom.features.tariffs.rules import Account, Prices
from voltloom.features.transactions import Transaction, books, find_transaction, read_samples
from voltloom.features.transactions.rules import begins
from voltloom.infra.database import Database, Work

LOG = structlog.get_logger(__name__)

PAGE = 200
AT_ONCE = 20
ANSWER_S = 10.0
FEW_SAMPLES = 300
MOST_MINOR = 10**15
"""What a station says it costs, at most: a trillion of most currencies."""


# ---- with the answers to reports


def add_cost(
    ctx: StationContext, report: TransactionReported, reply: TransactionReply
) -> TransactionReply | Awaitable[TransactionReply]:
    """The cost with the answer to the end; before that, the tariff is found and kept."""
    if report.cost is None:
        if list_of(ctx.database).is_empty:
            return reply
        if report.phase is not Phase.ENDED and report.token is None and reply.transaction_id in ctx.recall(tills).begun:
            return reply
    return _priced(ctx, report, reply)


async def _priced(ctx: StationContext, report: TransactionReported, reply: TransactionReply) -> TransactionReply:
    till, prices = ctx.recall(tills), await prices_of(ctx.database)
    transaction = ctx.recall(books).by_id.get(reply.transaction_id)
    if transaction is None:
        return reply
    is_news = report.token is not None and begins(report)
    account = await _account(ctx, till, prices, transaction, token_is_news=is_news)
    if report.cost is not None:
        account = _with_stations_own(account, report.cost)
    tariff = await _tariff(ctx.database, prices, account.tariff_id)
    if report.phase is Phase.ENDED and tariff is not None:
        known = await ctx.database.read(lambda c: read_samples(c, ctx.station_id, transaction.id))
        cost = await _cost(tariff, transaction, [*known, *report.samples], account.zone)
        account = _settled(account, transaction, cost, ctx.now)
        if report.cost is None:
            reply.total_cost = reckoning.to_decimal(cost.with_tax, cost.currency)
            reply.message = rules.total_text(cost)
        ctx.work.tell(_told_settled(account, cost, ctx.now))
    if account.tariff_id or account.station_details is not None:
        ctx.work.write(store.PUT, *store.values_of(account))
    return reply


async def _account(
    ctx: StationContext, till: Till, prices: Prices, transaction: Transaction, *, token_is_news: bool
) -> Account:
    """As it is kept, or a new one."""
    station_id, transaction_id = ctx.station_id, transaction.id
    token_key = transaction.token.upper()
    kept = await ctx.database.read(lambda connection: store.get(connection, station_id, transaction_id))
    if kept is not None:
        own = prices.of_token(token_key) if token_is_news and transaction.is_open else None
        if own is not None:
            kept = replace(kept, tariff_id=own.id)
        till.begin(transaction.known_as, kept.tariff_id)
        return kept
    tariff_id = till.begun.get(transaction.known_as)
    if tariff_id is None or token_is_news:
        tariff = prices.applying(token_key, station_id, till.site_id)
        tariff_id = tariff.id if tariff is not None else ""
    till.begin(transaction.known_as, tariff_id)
    return Account(station_id, transaction_id, transaction.started_at, tariff_id, till.zone, till.shows, till.every_s)


def _with_stations_own(account: Account, said: StationCost) -> Account:
    currency = plain(said.currency, 3)
    total = None if said.total is None else reckoning.to_minor(said.total, currency)
    return replace(
        account,
        station_currency=currency,
        station_total=total if total is not None and abs(total) <= MOST_MINOR else None,
        station_details=said.document or "{}",
    )


async def _tariff(database: Database, prices: Prices, tariff_id: str) -> Tariff | None:
    if not tariff_id:
        return None
    known = prices.tariffs.get(tariff_id)
    if known is not None:
        return known
    listed = await database.read(lambda connection: store.get_tariff(connection, tariff_id))
    return None if listed is None else listed.tariff


def add_price(
    ctx: StationContext, report: AuthorizationReported, authorization: Authorization
) -> Authorization | Awaitable[Authorization]:
    """What charging costs whoever showed the token; a tariff of the token's own, for a station that reckons itself."""
    if not authorization.accepted or list_of(ctx.database).is_empty:
        return authorization
    return _with_price(ctx, report.token, authorization)


async def _with_price(ctx: StationContext, token: IdToken, authorization: Authorization) -> Authorization:
    till, prices = ctx.recall(tills), await prices_of(ctx.database)
    tariff = prices.applying(token.key, ctx.station_id, till.site_id)
    if tariff is None:
        return authorization
    if till.shows_16:
        ctx.work.tell(PriceAsked(ctx.station_id, ctx.now, token.value, tariff.id))
    own = prices.of_token(token.key) if till.takes_tariffs else None
    return replace(
        authorization,
        message=authorization.message or rules.text_of(tariff),
        tariff=own,
    )


# ---- reckoning


def cost_of(
    tariff: Tariff,
    transaction: Transaction,
    samples: Sequence[Sample],
    zone: str,
    energy_wh: float | None = None,
) -> Cost:
    """So far, or in all. energy_wh: as a person stated it; None: as it was counted."""
    tx = transaction
    readings = rules.readings_of(samples, tx.started_at, tx.ended_at, tx.meter_start_wh, tx.meter_stop_wh)
    until = tx.ended_at or last_word(tx)
    counted = tx.energy.wh if energy_wh is None else energy_wh
    happened = reckoning.stretches(readings, tx.started_at, until, counted)
    return reckoning.reckon(tariff, happened, tx.started_at, ZoneInfo(zone))


async def _cost(
    tariff: Tariff,
    transaction: Transaction,
    samples: Sequence[Sample],
    zone: str,
    energy_wh: float | None = None,
) -> Cost:
    """Beside the loop where it takes long: stations wait for no other's cost."""
    if len(samples) < FEW_SAMPLES:
        return cost_of(tariff, transaction, samples, zone, energy_wh)
    return await asyncio.to_thread(cost_of, tariff, transaction, samples, zone, energy_wh)


def last_word(transaction: Transaction) -> datetime:
    """The latest time that is told of it."""
    tx = transaction
    return max(tx.started_at, tx.last_at, tx.last_sample_at or tx.last_at)


def _is_idle(transaction: Transaction, samples: Sequence[Sample]) -> bool:
    """By its power, where that is told; else by what flowed last."""
    if transaction.power_w is not None:
        return transaction.power_w < reckoning.IDLE_BELOW_W
    tx = transaction
    readings = rules.readings_of(samples, tx.started_at, tx.ended_at, tx.meter_start_wh, tx.meter_stop_wh)
    happened = reckoning.stretches(readings, tx.started_at, last_word(tx))
    return not happened or happened[-1].is_idle


def _settled(account: Account, transaction: Transaction, cost: Cost, now: datetime) -> Account:
    return replace(
        account, cost=cost, reckoned_at=now, reckoned_to=last_word(transaction), final=not transaction.is_open
    )


def _told_settled(account: Account, cost: Cost, now: datetime) -> CostSettled:
    return CostSettled(account.station_id, account.transaction_id, now, cost.currency, cost.with_tax)


# ---- the clockwork


async def reckon_due(ctx: Context) -> None:
    """Settle what is over, and tell stations that show it what charging has cost so far."""
    prices = await prices_of(ctx.database)
    after = ("", "")
    while page := await _due(ctx, after):
        last = page[-1].account
        after = (last.station_id, last.transaction_id)
        gate = asyncio.Semaphore(AT_ONCE)
        done = await asyncio.gather(
            *(_reckon_one(ctx, prices, due.account, gate) for due in page), return_exceptions=True
        )
        for due, error in zip(page, done, strict=True):
            if isinstance(error, Exception):
                # One that cannot be reckoned must not keep the others from it.
                LOG.error("a cost was not reckoned", transaction=due.account.transaction_id, error=repr(error))
        if len(page) < PAGE:
            return


async def _due(ctx: Context, after: tuple[str, str]) -> list[store.Due]:
    told_before = ctx.now - rules.TOLD_EVERY
    return await ctx.database.read(lambda connection: store.read_due(connection, told_before, after, PAGE))


async def _reckon_one(ctx: Context, prices: Prices, account: Account, gate: asyncio.Semaphore) -> None:
    async with gate:
        tariff = await _tariff(ctx.database, prices, account.tariff_id)
        found = await _read(ctx.database, account.station_id, account.transaction_id)
        if tariff is None or found is None:
            return
        transaction, samples = found
        cost = await _cost(tariff, transaction, samples, account.zone)
        account = _settled(account, transaction, cost, ctx.now)
        if await _save(ctx, account, cost, if_open=True) and account.may_be_told(ctx.now):
            await _tell_running(ctx, account, tariff, transaction, samples)


async def _read(
    database: Database, station_id: StationId, transaction_id: TransactionId
) -> tuple[Transaction, list[Sample]] | None:
    transaction = await database.read(lambda connection: find_transaction(connection, station_id, transaction_id))
    if transaction is None:
        return None
    samples = await database.read(lambda connection: read_samples(connection, station_id, transaction_id))
    return transaction, samples


async def _save(ctx: Context, account: Account, cost: Cost, *, if_open: bool) -> bool:
    def save(connection: Connection, work: Work) -> bool:
        saved = store.save_reckoned(connection, account, if_open=if_open)
        if saved and account.final:
            work.tell(_told_settled(account, cost, ctx.now))
        return saved

    return await ctx.database.write(save)


async def _tell_running(
    ctx: Context, account: Account, tariff: Tariff, transaction: Transaction, samples: Sequence[Sample]
) -> None:
    cost = account.cost
    assert cost is not None, "it was reckoned just now"
    registers = [each.energy_wh for each in samples if each.energy_wh is not None]
    command = ShowCost(
        transaction.known_as,
        reckoning.to_decimal(cost.with_tax, cost.currency),
        last_word(transaction),
        registers[-1] if registers else None,
        idle=_is_idle(transaction, samples),
        prices=rules.unit_prices(tariff),
    )
    if await _said(ctx, account.station_id, command):
        told = replace(account, told=cost.with_tax, told_at=ctx.now)
        await ctx.database.write(lambda connection, _: store.note_told(connection, told))


async def _said(ctx: Context, station_id: StationId, command: ShowCost | ShowFinalCost | ShowPrice) -> bool:
    """A price that could not be shown is no reason to stop anything: the next one is in a minute."""
    try:
        await ctx.stations.ask(station_id, command, timeout_s=ANSWER_S)
    except VoltloomError as error:
        LOG.info("a station was not told a price", station=station_id, what=type(command).__name__, reason=error.reason)
        return False
    return True


# ---- what is heard of


async def settle_again(ctx: Context, event: TransactionCorrected | TransactionReviewed) -> None:
    """What was told of it is not so, or a person stated its energy."""
    station_id, transaction_id = event.station_id, event.transaction_id
    account = await ctx.database.read(lambda connection: store.get(connection, station_id, transaction_id))
    if account is None or not account.tariff_id:
        return
    stated = event.energy_wh if isinstance(event, TransactionReviewed) else None
    tariff = await _tariff(ctx.database, await prices_of(ctx.database), account.tariff_id)
    found = await _read(ctx.database, station_id, transaction_id)
    if tariff is None or found is None:
        return
    transaction, samples = found
    cost = await _cost(tariff, transaction, samples, account.zone, stated)
    again = _settled(account, transaction, cost, ctx.now)
    if again.cost != account.cost or again.final != account.final:
        await _save(ctx, again, cost, if_open=False)


async def show_price(ctx: Context, event: PriceAsked) -> None:
    tariff = await _tariff(ctx.database, await prices_of(ctx.database), event.tariff_id)
    if tariff is not None:
        await _said(ctx, event.station_id, ShowPrice(IdToken(event.token), rules.text_of(tariff)))


async def show_final(ctx: Context, event: CostSettled) -> None:
    """Only where the station has no other way to hear of it."""
    station_id = event.station_id
    abilities = await ctx.database.read(lambda connection: store.read_abilities(connection, [station_id]))
    if abilities.get(station_id, {}).get(store.SHOWS_COST_16, "").strip().casefold() != "true":
        return
    transaction = await ctx.database.read(
        lambda connection: find_transaction(connection, station_id, event.transaction_id)
    )
    if transaction is None:
        return
    amount = reckoning.to_decimal(event.with_tax, event.currency)
    command = ShowFinalCost(transaction.known_as, amount, f"{amount:f} {event.currency}")
    await _said(ctx, station_id, command)
