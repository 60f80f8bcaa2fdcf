"""Recording load, and reading it back in even slots."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.errors import Invalid
from voltloom.domain.events import SiteLoad, SiteLoadMeasured
from voltloom.domain.ids import SiteId
from voltloom.features.feature import Context
from voltloom.features.load import store
from voltloom.features.load.rules import (
    NETWORK,
    NOW_HOLDS,
    NOW_KEPT,
    PAST_HOLDS,
    PAST_KEPT,
    SLOT,
    Point,
    Recorder,
    Slot,
    slot_of,
    slots,
)

MOST_SLOTS = 2_000
LONGEST = timedelta(days=92)
"""At once: what is asked for is read whole."""


def recorder() -> Callable[[Context], Awaitable[None]]:
    """Run on one node at a time; it remembers what it wrote last, so that only what changed is written."""
    memory = Recorder()

    async def record_load(ctx: Context) -> None:
        loads = await ctx.database.read(lambda connection: store.read_loads(connection, ctx.now))
        now, past = memory.hear(loads, ctx.now)
        for site, point in now:
            ctx.work.write(store.ADD_NOW, *store.now_values(site, point))
        for site, point in past:
            ctx.work.write(store.PUT_PAST, *store.past_values(site, point))
        network = loads[NETWORK]
        ctx.work.tell(
            SiteLoadMeasured(
                ctx.now,
                network.power_w,
                network.limit_w,
                network.charging,
                network.connected,
                tuple(SiteLoad(SiteId(site), *point.load) for site, point in now if site != NETWORK),
            )
        )

    return record_load


async def prune_load(ctx: Context) -> None:
    ctx.work.write(store.PRUNE_NOW, ctx.now - NOW_KEPT)
    ctx.work.write(store.PRUNE_PAST, ctx.now - PAST_KEPT)


class Window:
    """What is asked for: even slots of a time. Raises Invalid."""

    def __init__(self, since: datetime | None, until: datetime | None, step_s: int | None, now: datetime) -> None:
        self.until = until or now
        self.since = since or self.until - timedelta(days=1)
        length = self.until - self.since
        if not timedelta(0) < length <= LONGEST:
            raise Invalid(f"`since` lies before `until`, by {LONGEST.days} days at most")
        self.step = timedelta(seconds=step_s) if step_s else _step_for(length)
        if length / self.step > MOST_SLOTS:
            raise Invalid(f"that would be more than {MOST_SLOTS} slots: ask for a longer step or a shorter time")
        self.is_fine = self.step < SLOT and self.since >= now - NOW_KEPT
        # On round times, so that the same slot has the same figures whenever it is asked for.
        self.since = slot_of(self.since, self.step)

    def read(self, connection: Connection, site: str) -> list[Point]:
        if self.is_fine:
            return store.read_now(connection, site, self.since - NOW_HOLDS, self.until)
        # The five minutes that are not over yet have no mean: what is newer than that is taken as it was.
        past = store.read_past(connection, site, self.since - PAST_HOLDS, self.until)
        newest = past[-1].at + SLOT if past else max(self.since, self.until - NOW_KEPT)
        return past + store.read_now(connection, site, max(newest, self.until - NOW_KEPT), self.until)

    def slots(self, points: list[Point]) -> list[Slot]:
        return slots(points, self.since, self.until, self.step, NOW_HOLDS if self.is_fine else PAST_HOLDS)


_STEPS_S = (10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400)


def _step_for(length: timedelta) -> timedelta:
    """About three hundred slots, of a round length."""
    wanted = length.total_seconds() / 300
    return timedelta(seconds=next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1]))
