"""Use cases of reservations."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.commands import Accepted, Answer, CancelReservation, Reserve
from voltloom.domain.errors import NotFound, TimedOut, VoltloomError
from voltloom.domain.events import ReservationChanged
from voltloom.domain.ids import Place, StationId
from voltloom.domain.reports import NOTED, Noted, ReservationReported
from voltloom.domain.token import IdToken
from voltloom.features.feature import Context, StationContext
from voltloom.features.reservations import rules, store
from voltloom.features.reservations.rules import Reservation, State
from voltloom.features.stations import Caller, ask, existing
from voltloom.infra.database import Work


async def reserve(
    caller: Caller,
    station_id: StationId,
    token: IdToken,
    expires_at: datetime,
    *,
    evse: int | None = None,
    connector_type: str = "",
    group: str = "",
    timeout_s: float = 30.0,
) -> tuple[Reservation, Answer]:
    """Kept before the station is asked, so that one it accepted unheard is known as well.

    Raises Invalid, NotFound, and what `ask` raises.
    """
    rules.check(expires_at, caller.now, evse, connector_type)
    number = secrets.randbelow(rules.LARGEST_ID) + 1
    made = Reservation(
        number,
        station_id,
        token,
        expires_at,
        caller.now,
        caller.actor.name,
        evse=evse,
        connector_type=connector_type,
        group=group,
    )

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.add(connection, made)

    await caller.database.write(begin)
    place = None if evse is None else Place(evse)
    command = Reserve(number, token, expires_at, place, connector_type, IdToken(group) if group else None)
    try:
        answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have accepted: the reservation stays as asked until its time is over
    except VoltloomError as error:
        await _settle(caller, made, State.REFUSED, type(error).__name__)
        raise
    await _settle(caller, made, rules.state_after_asking(answer), answer.status)
    return await get_reservation(caller, number), answer


async def cancel(caller: Caller, reservation_id: int, timeout_s: float = 30.0) -> tuple[Reservation, Answer]:
    """Raises NotFound, Conflict (it is over), and what `ask` raises. A station that knows nothing of it has none."""
    found = await get_reservation(caller, reservation_id)
    rules.check_may_be_cancelled(found)
    answer = await ask(caller, found.station_id, CancelReservation(reservation_id), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED or found.state is State.ASKED:
        await _settle(caller, found, State.CANCELLED, found.said)
    elif rules.is_over(found, caller.now):
        await _settle(caller, found, State.EXPIRED, found.said)
    return await get_reservation(caller, reservation_id), answer


async def get_reservation(caller: Caller, reservation_id: int) -> Reservation:
    """Raises NotFound."""
    found = await caller.database.read(lambda connection: store.get(connection, reservation_id))
    if found is None:
        raise NotFound(f"there is no reservation {reservation_id}")
    return found


async def _settle(caller: Caller, reservation: Reservation, state: State, said: str) -> None:
    def settle(connection: Connection, work: Work) -> None:
        if store.change(connection, reservation.id, state, caller.now, said=said[:100]):
            work.tell(ReservationChanged(reservation.station_id, reservation.id, caller.now, state.value))

    await caller.database.write(settle)


# ---- what stations tell, and time does


def answer_ended(ctx: StationContext, report: ReservationReported) -> Noted:
    """One that is over already, or another's, stays as it is."""
    state = rules.state_after(report.end)
    ctx.work.write(store.END, state.value, ctx.now, report.reservation_id, ctx.station_id)
    ctx.work.tell(ReservationChanged(ctx.station_id, report.reservation_id, ctx.now, state.value))
    return NOTED


async def settle_open(ctx: Context) -> None:
    """Find what was used, and what has run out: stations of 1.6 tell neither."""

    def settle(connection: Connection, work: Work) -> None:
        waiting = {each.id: each for each in store.read_open(connection)}
        if not waiting:
            return
        for number, transaction_id in store.read_used(connection):
            if store.change(connection, number, State.USED, ctx.now, transaction_id=transaction_id):
                work.tell(ReservationChanged(waiting.pop(number).station_id, number, ctx.now, State.USED.value))
        for each in waiting.values():
            if rules.is_over(each, ctx.now) and store.change(connection, each.id, State.EXPIRED, ctx.now):
                work.tell(ReservationChanged(each.station_id, each.id, ctx.now, State.EXPIRED.value))

    await ctx.database.write(settle)
