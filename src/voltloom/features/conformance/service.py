"""Counting: some messages at a time, each once."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from voltloom.features.conformance import rules, store
from voltloom.features.conformance.rules import Seen
from voltloom.features.conformance.store import Counted, Key, Make
from voltloom.features.feature import Context

AT_ONCE = 100_000
"""Messages counted in one go."""
MOST_PAST = 1_000_000
"""Messages counted that came before counting began."""
MOST_RULES = 100
"""Of one station: what it does wrong in yet another way is counted with the others of its kind."""
KEPT = timedelta(days=400)


Checker: TypeAlias = Callable[[str, str, str], str]
"""Of a protocol, an action and the frame by which a station answered it: what is wrong with the answer; "": nothing.
It knows OCPP, and this feature does not."""


def counter(check: Checker | None) -> Callable[[Context], Coroutine[Any, Any, None]]:
    async def count_mistakes(ctx: Context) -> None:
        await count(ctx, check)

    return count_mistakes


async def count(ctx: Context, check: Checker | None) -> None:
    while True:
        after = await ctx.database.read(store.counted_to)
        newest = await ctx.database.read(store.newest)
        if after is None:
            after = max(0, newest - MOST_PAST)
        if newest < after:
            await ctx.database.write(lambda connection, _, to=newest: store.set_counted_to(connection, to))
            return
        if newest == after:
            return
        to = min(newest, after + AT_ONCE)
        # Read apart from the write, which holds up nobody for longer than it must.
        span = (after, to)
        messages = await ctx.database.read(lambda connection, span=span: store.count_messages(connection, *span))
        odd = await ctx.database.read(lambda connection, span=span: store.read_odd(connection, *span))

        def keep(
            connection: Connection,
            _: object,
            messages: Sequence[tuple[str, int, Any]] = messages,
            odd: Sequence[Any] = odd,
            to: int = to,
        ) -> None:
            makes = store.makes(connection, [station_id for station_id, *_ in messages])
            store.add_messages(connection, [(id_, makes.get(id_, Make()), number, at) for id_, number, at in messages])
            store.add_mistakes(connection, _counted(connection, odd, makes, check).items())
            store.set_counted_to(connection, to)

        await ctx.database.write(keep)


def _counted(
    connection: Connection, odd: Sequence[Any], makes: dict[str, Make], check: Checker | None
) -> dict[Key, Counted]:
    known = store.rules_of(connection, sorted({row.station_id for row in odd}))
    counted: dict[Key, Counted] = {}
    for row in odd:
        trouble: str = row.trouble
        if check is not None and not row.inbound and not trouble:
            trouble = check(row.protocol, row.action, row.answer)
        found = rules.mistake_in(Seen(bool(row.inbound), row.action, row.answer, trouble))
        if found is None:
            continue
        firmware = makes.get(row.station_id, Make()).firmware
        key: Key = (row.station_id, firmware, found.mistake.value, found.rule)
        station = known.setdefault(row.station_id, set())
        if key not in station and len(station) >= MOST_RULES:
            key = (*key[:3], "")
        station.add(key)
        each = counted.get(key)
        if each is None:
            counted[key] = Counted(1, row.at, row.at, row.message_id[:64], row.number)
        else:
            each.count += 1
            each.last_at, each.message_id, each.message_number = row.at, row.message_id[:64], row.number
    return counted


async def forget_old(ctx: Context) -> None:
    before = ctx.now - KEPT
    await ctx.database.write(lambda connection, _: store.forget(connection, before))
