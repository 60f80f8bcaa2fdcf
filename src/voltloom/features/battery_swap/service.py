"""Use cases of battery swaps."""

import secrets
from dataclasses import replace

from sqlalchemy import Connection

from voltloom.domain.battery import Battery
from voltloom.domain.commands import Answer, RequestBatterySwap
from voltloom.domain.errors import NotFound, TimedOut, VoltloomError
from voltloom.domain.events import BatterySwapChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import NOTED, BatterySwapReported, Noted
from voltloom.domain.token import IdToken
from voltloom.features.battery_swap import rules, store
from voltloom.features.battery_swap.rules import Move, State, Swap
from voltloom.features.feature import Context, StationContext
from voltloom.features.stations import Caller, ask, existing, plain
from voltloom.infra.database import Work


async def request_swap(
    caller: Caller, station_id: StationId, token: IdToken, timeout_s: float = 30.0
) -> tuple[Swap, Answer]:
    """Kept before the station is asked. Raises NotFound, and what `ask` raises."""
    number = secrets.randbelow(2**31 - 1) + 1
    made = Swap(station_id, number, token, State.ASKED, "", caller.actor.name, caller.now)

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.put(connection, made)

    await caller.database.write(begin)
    try:
        answer = await ask(caller, station_id, RequestBatterySwap(number, token), timeout_s=timeout_s)
    except TimedOut:
        raise  # it may let them: the swap stays as asked
    except VoltloomError as error:
        await _settle(caller, made, State.REFUSED, type(error).__name__)
        raise
    await _settle(caller, made, rules.state_after_asking(answer), answer.status)
    swap, _ = await get_swap(caller, station_id, number)
    return swap, answer


async def _settle(caller: Caller, made: Swap, state: State, said: str) -> None:
    def settle(connection: Connection, work: Work) -> None:
        now = store.get(connection, made.station_id, made.request_id)
        # A battery may be in before the station has answered.
        ahead = now is not None and now.state is not State.ASKED
        store.change(connection, made, now.state if now and ahead else state, caller.now, said=said[:100])
        if not ahead:
            work.tell(BatterySwapChanged(made.station_id, made.request_id, caller.now, state.value, ()))

    await caller.database.write(settle)


async def get_swap(caller: Caller, station_id: StationId, request_id: int) -> tuple[Swap, list[Move]]:
    """Raises NotFound."""

    def look(connection: Connection) -> tuple[Swap, list[Move]] | None:
        swap = store.get(connection, station_id, request_id)
        return None if swap is None else (swap, store.read_moves(connection, swap))

    found = await caller.database.read(look)
    if found is None:
        raise NotFound(f"{station_id} has no battery swap {request_id}")
    return found


async def swap_reported(ctx: StationContext, report: BatterySwapReported) -> Noted:
    """Told twice, it is one. A swap that nobody here asked for is the station's own."""
    batteries = [_plain(each) for each in report.batteries[: rules.MOST_BATTERIES]]
    token = replace(report.token, value=plain(report.token.value, 255), additional=())

    def keep(connection: Connection, work: Work) -> None:
        before = store.get(connection, ctx.station_id, report.request_id)
        if before is None or rules.is_another(before, ctx.now):
            before = None
            swap = Swap(ctx.station_id, report.request_id, token, State.IN, "", "", ctx.now)
        else:
            swap = before
        state = rules.state_after(None if before is None else before.state, report.step)
        moved = [
            store.add_move(
                connection,
                ctx.station_id,
                report.request_id,
                Move(ctx.now, report.step, battery),
                max(swap.asked_at, ctx.now - rules.SAID_TWICE),
            )
            for battery in batteries
        ]
        if before is None:
            store.put(connection, replace(swap, state=state, changed_at=ctx.now))
        elif any(moved):
            store.change(connection, swap, state, ctx.now)
        if before is None or any(moved):
            serials = tuple(battery.serial for battery in batteries)
            work.tell(BatterySwapChanged(ctx.station_id, report.request_id, ctx.now, state.value, serials))

    await ctx.database.write(keep)
    return NOTED


def _plain(battery: Battery) -> Battery:
    return replace(battery, serial=plain(battery.serial, 50), vendor_info=plain(battery.vendor_info, 500))


async def prune(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.prune(connection, ctx.now - rules.KEPT))
