"""Renewal: a station whose certificate will expire is asked for a new request, in time and not too often."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from voltloom.domain.certificate import SigningUse
from voltloom.domain.commands import Answer, Trigger, Triggerable
from voltloom.domain.errors import Unreachable, VoltloomError
from voltloom.domain.ids import StationId
from voltloom.features.certificates import store
from voltloom.features.certificates.requests import AT_ONCE, Asker
from voltloom.features.feature import Context
from voltloom.features.stations import Caller, ask

MOST_A_ROUND = 200
TRIGGERS = {
    SigningUse.STATION: Triggerable.SIGN_STATION_CERTIFICATE,
    SigningUse.V2G: Triggerable.SIGN_V2G_CERTIFICATE,
    SigningUse.V2G20: Triggerable.SIGN_V2G20_CERTIFICATE,
}


async def ask_to_renew(
    caller: Caller, station_id: StationId, use: SigningUse = SigningUse.STATION, timeout_s: float = 30.0
) -> Answer:
    """The station then asks for a certificate by itself: see `requests`. Raises what `ask` raises."""
    return await ask(caller, station_id, Trigger(TRIGGERS[use]), timeout_s=timeout_s)


def renewer(before: timedelta) -> Callable[[Context], Awaitable[None]]:
    """before: how long before the end of a certificate its station is asked to renew it."""

    async def renew_expiring(ctx: Context) -> None:
        found = await ctx.database.read(
            lambda connection: store.read_expiring(connection, ctx.now, ctx.now + before, MOST_A_ROUND)
        )
        turns = asyncio.Semaphore(AT_ONCE)

        async def renew(fingerprint: str, station_id: StationId, use: SigningUse) -> None:
            async with turns:
                await _renew(ctx, fingerprint, station_id, use)

        async with asyncio.TaskGroup() as group:
            for fingerprint, station_id, use, _ in found:
                group.create_task(renew(fingerprint, station_id, use))

    return renew_expiring


async def _renew(ctx: Context, fingerprint: str, station_id: StationId, use: SigningUse) -> None:
    """Whatever the station answers, it is not asked again for a day; one that is away is, when it is back."""
    if await ctx.stations.look(station_id) is None:
        return
    try:
        await ask_to_renew(Asker.of(ctx, "system", "certificate renewal"), station_id, use)
    except Unreachable:
        return
    except VoltloomError:
        pass  # kept with the station's commands, for whoever wonders
    at: datetime = ctx.now
    await ctx.database.write(lambda connection, _: store.set_renewal_asked(connection, fingerprint, at))
