"""Use cases of controls towards the grid."""

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from voltloom.domain.commands import Accepted, Answer, ClearDerControls, DerAnswer, GetDerControls, SetDerControl
from voltloom.domain.der import DerControl, check_control
from voltloom.domain.errors import NotFound, TimedOut, VoltloomError
from voltloom.domain.events import DerControlChanged
from voltloom.domain.ids import StationId
from voltloom.features.der import rules, store
from voltloom.features.der.rules import Kept, State
from voltloom.features.feature import Context
from voltloom.features.stations import Caller, ask, existing
from voltloom.infra.database import Work


async def set_control(
    caller: Caller, station_id: StationId, control: DerControl, timeout_s: float = 30.0
) -> tuple[Kept, DerAnswer]:
    """One with the same id is replaced; where the station refuses the new one, the old one stays.

    Raises Invalid, NotFound, and what `ask` raises.
    """
    check_control(control)
    asked = Kept(station_id, control, State.ASKED, "", caller.actor.name, caller.now)

    def begin(connection: Connection, _: Work) -> Kept | None:
        existing(connection, station_id)
        before = store.get(connection, station_id, control.id)
        store.put(connection, asked)
        return before

    before = await caller.database.write(begin)
    try:
        answer = await ask(caller, station_id, SetDerControl(control), timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have taken it: the control stays as asked until the station tells of its controls
    except VoltloomError as error:
        await _settle(caller, asked, before, State.REFUSED, type(error).__name__)
        raise
    state = rules.state_after_setting(answer.answer, control.id, answer.superseded)
    await _settle(caller, asked, before, state, answer.answer.status, answer.superseded)
    return await get_control(caller, station_id, control.id), answer


async def _settle(
    caller: Caller, asked: Kept, before: Kept | None, state: State, said: str, superseded: tuple[str, ...] = ()
) -> None:
    def settle(connection: Connection, work: Work) -> None:
        if state is State.REFUSED and before is not None and before.state.is_open:
            store.put(connection, before)
        else:
            store.put(connection, replace(asked, state=state, said=said, changed_at=caller.now))
        tell(work, asked, state, caller.now)
        supersede(connection, work, asked.station_id, superseded, caller.now)

    await caller.database.write(settle)


def supersede(
    connection: Connection, work: Work, station_id: StationId, control_ids: tuple[str, ...], now: datetime
) -> None:
    for control_id in control_ids:
        kept = store.get(connection, station_id, control_id)
        if kept is None or kept.state is State.SUPERSEDED:
            continue
        if store.change(connection, station_id, control_id, State.SUPERSEDED, now):
            tell(work, kept, State.SUPERSEDED, now)


def tell(work: Work, kept: Kept, state: State, now: datetime) -> None:
    control = kept.control
    work.tell(DerControlChanged(kept.station_id, control.id, control.kind.value, now, state.value))


async def get_control(caller: Caller, station_id: StationId, control_id: str) -> Kept:
    """Raises NotFound."""
    found = await caller.database.read(lambda connection: store.get(connection, station_id, control_id))
    if found is None:
        raise NotFound(f"{station_id} has no control {control_id!r}")
    return found


async def clear_controls(
    caller: Caller, station_id: StationId, command: ClearDerControls, timeout_s: float = 30.0
) -> Answer:
    """Raises what `ask` raises. A station that says it knows none of them has none."""
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    accepted = answer.accepted is Accepted.ACCEPTED
    if not accepted and answer.status != "NotFound":
        return answer
    state = State.CLEARED if accepted else State.GONE

    def settle(connection: Connection, work: Work) -> None:
        for kept in store.read(connection, station_id, past=False):
            if rules.matches(command, kept) and store.change(
                connection, station_id, kept.control.id, state, caller.now
            ):
                tell(work, kept, state, caller.now)

    await caller.database.write(settle)
    return answer


async def report_controls(
    caller: Caller, station_id: StationId, command: GetDerControls, timeout_s: float = 30.0
) -> Answer:
    """What fits and the station does not tell of, is gone. Raises what `ask` raises."""
    criteria = msgspec.json.encode(command).decode()

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.add_report(connection, station_id, command.request_id, criteria, caller.now)

    await caller.database.write(begin)
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    if answer.status == "NotFound":
        await caller.database.write(
            lambda connection, work: complete_report(
                connection, work, station_id, command.request_id, caller.now, more=False
            )
        )
    return answer


def complete_report(
    connection: Connection, work: Work, station_id: StationId, request_id: int, now: datetime, *, more: bool
) -> None:
    """A part of a report has come; with the last, what was asked for and not told of is gone."""
    asked = store.get_report(connection, station_id, request_id)
    if asked is None or asked.complete_at is not None or now - asked.asked_at > rules.REPORT_FOR:
        return
    store.add_part(connection, station_id, request_id, None if more else now)
    if more:
        return
    command = msgspec.json.decode(asked.criteria, type=GetDerControls)
    for kept in store.read(connection, station_id, past=False):
        told_of = kept.reported_at is not None and kept.reported_at >= asked.asked_at
        if told_of or kept.asked_at >= asked.asked_at or not rules.matches(command, kept):
            continue
        if store.change(connection, station_id, kept.control.id, State.GONE, now):
            tell(work, kept, State.GONE, now)


async def prune(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.prune(connection, ctx.now - rules.KEPT))
