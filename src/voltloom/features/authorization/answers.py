"""The realtime decision: from memory where the token was seen lately, else from the database."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from voltloom.domain.events import SecurityNoticed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import AuthorizationReported
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.features.authorization import rules, store
from voltloom.features.authorization.cache import cache_of
from voltloom.features.authorization.rules import Guesses, Known, Use
from voltloom.features.feature import Memory, StationContext
from voltloom.infra.gathered import Gathered

LONGEST = 255
"""Characters of a token; 2.1 allows the most."""


@dataclass(slots=True)
class StationTokens:
    """grants   tokens an operator vouched for at this station, upper case, each until when"""

    guesses: Guesses = field(default_factory=Guesses)
    grants: dict[str, datetime] = field(default_factory=dict[str, datetime])


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, StationTokens]:
    return {
        station_id: StationTokens(grants=grants) for station_id, grants in store.read_grants(connection, ids).items()
    }


station_tokens = Memory(_load, StationTokens)


def answer_authorization(
    ctx: StationContext, report: AuthorizationReported
) -> Authorization | Awaitable[Authorization]:
    found = recall(ctx, report.token)
    if found is None:
        return _look(ctx, report.token)
    return _decided(ctx, report.token, found[0])


def authorize(
    ctx: StationContext, token: IdToken, starting: TransactionId | None = None
) -> Authorization | Awaitable[Authorization]:
    """May the token charge here? With `starting`, may it begin that transaction? At once where the token is known in
    memory. Nothing is throttled: the station has already acted, and what it did must be recorded."""
    found = recall(ctx, token)
    if found is None:
        return _authorize_unseen(ctx, token, starting)
    return _decided(ctx, token, found[0], starting)


def authorize_stop(
    ctx: StationContext, starter: str, starter_group: str | None, stopper: IdToken
) -> Authorization | Awaitable[Authorization]:
    """May `stopper` end what the token `starter` (upper case) of that group began?"""
    found = recall(ctx, stopper)
    if found is None:
        return _authorize_stop_unseen(ctx, starter, starter_group, stopper)
    return rules.stopping(starter, starter_group, stopper, found[0])


def begin_use(ctx: StationContext, token: IdToken, transaction_id: TransactionId, since: datetime) -> None:
    """The token has that transaction open, from the moment the context's work is committed."""
    if token.kind is TokenKind.NO_AUTHORIZATION or not token.value:
        return
    key = token.key[:LONGEST]
    ctx.work.write(store.BEGIN_USE, ctx.station_id, transaction_id, key, since)
    cache_of(ctx.database).begin_use(key, Use(ctx.station_id, transaction_id, since))


def end_use(ctx: StationContext, transaction_id: TransactionId) -> None:
    ctx.work.write(store.END_USE, ctx.station_id, transaction_id)
    cache_of(ctx.database).end_use(ctx.station_id, transaction_id)


def prepaid_of(ctx: StationContext, token: IdToken) -> Decimal | None:
    """What is left on a token that was authorized just now; None for one that is not prepaid."""
    found = recall(ctx, token)
    if found is None or found[0] is None or found[0].credit is None:
        return None
    return found[0].credit.amount


def recall(ctx: StationContext, token: IdToken) -> tuple[Known | None] | None:
    """What decides about the token, without the database: (None,) where there is nothing to know, None where it must
    be looked up."""
    if token.kind is TokenKind.NO_AUTHORIZATION or not 0 < len(token.value) <= LONGEST:
        return (None,)
    known = cache_of(ctx.database).get(token.key, ctx.now)
    return None if known is None else (known,)


def _decided(
    ctx: StationContext, token: IdToken, known: Known | None, starting: TransactionId | None = None
) -> Authorization:
    authorization = rules.decide(token, known, ctx.now, ctx.station_id, starting)
    if authorization.status is AuthorizationStatus.UNKNOWN:
        until = ctx.recall(station_tokens).grants.get(token.key)
        if until is not None and ctx.now < until:
            # An operator asked this station to charge for it: that it is in no list was for the operator to judge.
            return Authorization(AuthorizationStatus.ACCEPTED)
    return authorization


async def _look(ctx: StationContext, token: IdToken) -> Authorization:
    guesses = ctx.recall(station_tokens).guesses
    wait_s = guesses.wait_s(ctx.now)
    if wait_s > 0:
        if guesses.is_news(ctx.now):
            text = f"{ctx.station_id} presents one unknown token after another"
            ctx.work.tell(SecurityNoticed("token_guessing", ctx.now, ctx.station_id, text))
        # Held back, not refused: the next driver's card may well be a good one. Only this station waits.
        await asyncio.sleep(wait_s)
    authorization = _decided(ctx, token, await _read(ctx, token))
    if authorization.status is AuthorizationStatus.UNKNOWN:
        guesses.spend(ctx.now + timedelta(seconds=wait_s))
    return authorization


async def _authorize_unseen(ctx: StationContext, token: IdToken, starting: TransactionId | None) -> Authorization:
    return _decided(ctx, token, await _read(ctx, token), starting)


async def _authorize_stop_unseen(
    ctx: StationContext, starter: str, starter_group: str | None, stopper: IdToken
) -> Authorization:
    return rules.stopping(starter, starter_group, stopper, await _read(ctx, stopper))


_looked_up: Gathered[str, Known] = Gathered(store.read_known)


async def _read(ctx: StationContext, token: IdToken) -> Known | None:
    cache = cache_of(ctx.database)
    changes, key = cache.changes, token.key
    known = await _looked_up.ask(ctx.database, key)
    if known is None:
        return None
    # What this very report has ended is not yet written.
    over = {values for statement, values in ctx.work.writes if statement is store.END_USE}
    if over:
        left = tuple(use for use in known.uses if (use.station_id, use.transaction_id) not in over)
        known = replace(known, uses=left)
    cache.put(key, known, ctx.now, changes)
    return known
