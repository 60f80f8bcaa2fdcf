"""Outages, kept from what the journal says: read on in pages, so that a storm of reconnects costs no task an event."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from voltloom.domain.events import ConnectorStatusChanged, Event, StationChanged, StationConnected, StationDisconnected
from voltloom.features.feature import Context
from voltloom.features.uptime import store
from voltloom.features.uptime.rules import AWAY_AFTER, Ledger, Outage
from voltloom.infra.journal import Entry, newest_number, read_journal

LOOK_EVERY = timedelta(seconds=10)
KEPT = timedelta(days=400)
PAGE = 2_000
MOST_PAGES = 10
"""At one time; the rest is read the next time."""

_KINDS: tuple[type[Event], ...] = (StationConnected, StationDisconnected, StationChanged, ConnectorStatusChanged)
_DECODERS = {kind.name: msgspec.json.Decoder(kind) for kind in _KINDS}
_NAMES = tuple(_DECODERS)


class _Standing(NamedTuple):
    progress: store.Progress | None
    newest: int
    open: list[Outage]


def _standing(connection: Connection) -> _Standing:
    return _Standing(store.read_progress(connection), newest_number(connection), store.read_open(connection))


async def keep_outages(ctx: Context) -> None:
    """It is run on one node at a time, and what it read to is kept with what came of it: each event counts once."""
    standing = await ctx.database.read(_standing)
    known = standing.progress
    up_since = known.up_since if known and ctx.now - known.looked_at < AWAY_AFTER else ctx.now
    ledger = Ledger.of(standing.open)
    number = known.number if known else 0
    for _ in range(MOST_PAGES):
        page = await _page(ctx, number)
        for entry in page:
            ledger.hear(_DECODERS[entry.name].decode(entry.body))
            number = entry.number
        if len(page) < PAGE:
            # What was told meanwhile, of other names, need not be looked at again.
            number = max(number, standing.newest)
            break
    ledger.settle(ctx.now, up_since)
    _save(ctx, ledger)
    ctx.work.write(store.PUT_PROGRESS, 1, number, ctx.now, up_since)


async def _page(ctx: Context, after: int) -> list[Entry]:
    return await ctx.database.read(lambda connection: read_journal(connection, after=after, limit=PAGE, names=_NAMES))


def _save(ctx: Context, ledger: Ledger) -> None:
    for station_id in ledger.removed:
        ctx.work.write(store.FORGET_OUTAGES, station_id)
        ctx.work.write(store.FORGET_WATCH, station_id)
    for outage in (*ledger.changed, *ledger.still_open()):
        if outage.number is None:
            ctx.work.write(store.ADD_OUTAGE, *store.outage_values(outage))
        else:
            ctx.work.write(store.END_OUTAGE, outage.ended_at, outage.number)
    for station_id, since in ledger.since.items():
        ctx.work.write(store.WATCH, station_id, since)


async def prune_outages(ctx: Context) -> None:
    before: datetime = ctx.now - KEPT
    ctx.work.write(store.PRUNE, before)
