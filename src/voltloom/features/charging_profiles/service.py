"""Use cases of charging profiles: what operators ask, and what time does.

Whatever changes how much may flow goes through `set_profile`, `update_dynamic`, `clear_profiles` or `use_priority`: a
guard against moving much power at once has its place before their `ask`.
"""

import contextlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from voltloom.domain.charging import (
    ChargingProfile,
    EnergyTransfer,
    ProfileKind,
    Purpose,
    Rates,
    check_profile,
    check_rates,
)
from voltloom.domain.commands import (
    Accepted,
    AllowEnergyTransfer,
    Answer,
    ClearChargingProfiles,
    GetChargingProfiles,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.errors import Conflict, Invalid, NotFound, TimedOut, VoltloomError
from voltloom.domain.events import ChargingProfileChanged, StartedWithProfile, StationBooted, TransactionResumed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.access import note
from voltloom.features.charging_profiles import flows, reckoning, rules, store
from voltloom.features.charging_profiles.flows import Limit
from voltloom.features.charging_profiles.reckoning import Held, Situation, Span, Supply
from voltloom.features.charging_profiles.rules import OURS, Kept, State
from voltloom.features.feature import Context
from voltloom.features.stations import Automatic, Caller, ask, existing, known_settings, likeness_of
from voltloom.features.transactions import REMOTE_START_FOR, Open, get_transaction, read_open_at
from voltloom.infra.database import Work


def new_number() -> int:
    """For what a station refers to: it fits every version's integer."""
    return secrets.randbelow(rules.LARGEST_ID) + 1


async def set_profile(
    caller: Caller, station_id: StationId, evse: int | None, profile: ChargingProfile, timeout_s: float = 30.0
) -> tuple[Kept, Answer]:
    """Install it, or put it in the place of another. Kept before the station is asked, so that one it took unheard is
    known as well.

    evse          None: that of the transaction, or the station as a whole
    profile.id    0: one is chosen, that of the profile in whose place it comes where there is one
    Raises Invalid, NotFound, Conflict (the transaction is over), and what `ask` raises.
    """
    transaction_id = ""
    if profile.transaction_id is not None:
        transaction = await get_transaction(caller, station_id, profile.transaction_id)
        if not transaction.is_open:
            raise Conflict(f"transaction {transaction.id} of {station_id} is over")
        if evse is not None and transaction.evse and evse != transaction.evse:
            raise Invalid(f"transaction {transaction.id} is at EVSE {transaction.evse}, not {evse}")
        evse, transaction_id = transaction.evse or evse, transaction.id
        profile = replace(profile, transaction_id=transaction.known_as)
    evse = evse or 0
    check_profile(evse, profile)
    made = Kept(
        number=0,
        station_id=station_id,
        evse=evse,
        profile=profile,
        state=State.ASKED,
        source=OURS,
        transaction_id=transaction_id,
        said="",
        actor=caller.actor.name,
        asked_at=caller.now,
        changed_at=None,
        reported_at=None,
        reported=None,
    )

    def begin(connection: Connection, _: Work) -> Kept:
        existing(connection, station_id)
        numbered = made if profile.id else replace(made, profile=replace(profile, id=_id_for(connection, made)))
        return replace(numbered, number=store.add(connection, numbered))

    kept = await caller.database.write(begin)
    try:
        answer = await ask(caller, station_id, SetChargingProfile(evse, kept.profile), timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have taken it: the profile stays as asked until the station tells of its profiles
    except VoltloomError as error:
        await _settle(caller, kept, State.REFUSED, type(error).__name__)
        raise
    await _settle(caller, kept, rules.state_after_asking(answer), answer.status)
    return await get_kept(caller, kept.number), answer


def _id_for(connection: Connection, made: Kept) -> int:
    """That of the one with the same slot: stations refuse a second one beside it."""
    for other in store.read_open(connection, made.station_id):
        if other.source == OURS and rules.slot_of(other) == rules.slot_of(made):
            return other.profile.id
    return new_number()


async def _settle(caller: Caller, kept: Kept, state: State, said: str) -> None:
    def settle(connection: Connection, work: Work) -> None:
        if not store.change(connection, kept.number, caller.now, state, said=said[:100]):
            return
        _tell(work, kept, state, caller.now)
        if state is State.INSTALLED:
            _replace_others(connection, work, kept, caller.now)

    await caller.database.write(settle)


def _replace_others(connection: Connection, work: Work, kept: Kept, now: datetime) -> None:
    for other in store.read_open(connection, kept.station_id):
        if (
            other.number != kept.number
            and rules.takes_the_place_of(kept, other)
            and store.change(connection, other.number, now, State.REPLACED)
        ):
            _tell(work, other, State.REPLACED, now)


def _tell(work: Work, kept: Kept, state: State, now: datetime) -> None:
    work.tell(ChargingProfileChanged(kept.station_id, kept.profile.id, kept.evse, now, state.value))


async def clear_profiles(
    caller: Caller, station_id: StationId, command: ClearChargingProfiles, timeout_s: float = 30.0
) -> Answer:
    """Raises NotFound, and what `ask` raises. Those of others cannot be told from ours: what fits is cleared."""
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    state = rules.state_after_clearing(answer)

    def settle(connection: Connection, work: Work) -> None:
        for kept in store.read_open(connection, station_id):
            if rules.matches(command, kept) and store.change(connection, kept.number, caller.now, state):
                _tell(work, kept, state, caller.now)

    await caller.database.write(settle)
    return answer


async def get_kept(caller: Caller, number: int) -> Kept:
    """Raises NotFound."""
    found = await caller.database.read(lambda connection: store.get(connection, number, caller.now))
    if found is None:
        raise NotFound(f"there is no charging profile number {number}")
    return found


async def report_profiles(
    caller: Caller, station_id: StationId, command: GetChargingProfiles, timeout_s: float = 30.0
) -> Answer:
    """Have the station tell of its profiles. What fits and it does not tell of, is gone. Raises what `ask` raises."""
    criteria = msgspec.json.encode(command).decode()

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.add_report(connection, station_id, command.request_id, criteria, caller.now)

    await caller.database.write(begin)
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    if answer.status == "NoProfiles":
        await caller.database.write(
            lambda connection, work: complete_report(
                connection, work, station_id, command.request_id, 0, caller.now, more=False
            )
        )
    return answer


def complete_report(
    connection: Connection,
    work: Work,
    station_id: StationId,
    request_id: int,
    told: int,
    now: datetime,
    *,
    more: bool,
) -> None:
    """A part of a report has come; with the last, what was asked for and not told of is gone."""
    asked = store.get_report(connection, station_id, request_id)
    if asked is None or asked.complete_at is not None or now - asked.asked_at > rules.REPORT_FOR:
        return
    store.add_part(connection, station_id, request_id, told, None if more else now)
    if more:
        return
    command = msgspec.json.decode(asked.criteria, type=GetChargingProfiles)
    for kept in store.read_open(connection, station_id):
        told_of = kept.reported_at is not None and kept.reported_at >= asked.asked_at
        # One that was sent after the report was asked for may have come too late for it.
        if told_of or kept.asked_at >= asked.asked_at or not rules.matches(command, kept):
            continue
        if store.change(connection, kept.number, now, State.GONE):
            _tell(work, kept, State.GONE, now)


# ---- dynamic profiles, priority, energy transfer


async def update_dynamic(
    caller: Caller, station_id: StationId, profile_id: int, rates: Rates, timeout_s: float = 30.0
) -> Answer:
    """New rates for a dynamic profile. One that the station asks for itself gets them when it does.

    Raises NotFound, Conflict, Invalid, and what `ask` raises.
    """
    check_rates(rates)

    def look(connection: Connection) -> Kept | None:
        held = store.read_open(connection, station_id)
        return next((kept for kept in held if kept.profile.id == profile_id and kept.source == OURS), None)

    kept = await caller.database.read(look)
    if kept is None:
        raise NotFound(f"{station_id} has no charging profile {profile_id} of ours")
    updated = rules.with_rates(kept, rates, caller.now)
    check_profile(kept.evse, updated)
    if updated.update_interval_s:
        await caller.database.write(lambda connection, work: _keep_for_asking(caller, connection, work, kept, updated))
        return Answer(Accepted.SCHEDULED, "PullDynamicScheduleUpdate", detail="the station asks for it when it is time")
    answer = await ask(caller, station_id, UpdateDynamicSchedule(profile_id, rates), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        await caller.database.write(lambda connection, _: store.put_profile(connection, kept.number, updated))
    return answer


def _keep_for_asking(caller: Caller, connection: Connection, work: Work, kept: Kept, updated: ChargingProfile) -> None:
    store.put_profile(connection, kept.number, updated)
    details = {"profile_id": updated.id, "rates": updated.schedules[0].periods[0].rates}
    name = "station.update_dynamic_schedule"
    note(connection, work, caller.actor, name, kept.station_id, "kept", caller.now, msgspec.to_builtins(details))


async def use_priority(
    caller: Caller, station_id: StationId, transaction_id: TransactionId, *, activate: bool, timeout_s: float = 30.0
) -> Answer:
    """The station tells when it does: `charging.priority_changed`. Raises NotFound, Conflict, and what `ask` raises."""
    transaction = await get_transaction(caller, station_id, transaction_id)
    if not transaction.is_open:
        raise Conflict(f"transaction {transaction_id} of {station_id} is over")
    return await ask(caller, station_id, UsePriorityCharging(transaction.known_as, activate), timeout_s=timeout_s)


async def allow_transfer(
    caller: Caller,
    station_id: StationId,
    transaction_id: TransactionId,
    transfers: Sequence[EnergyTransfer],
    timeout_s: float = 30.0,
) -> Answer:
    """How energy may flow in a transaction. Raises NotFound, Conflict, and what `ask` raises."""
    transaction = await get_transaction(caller, station_id, transaction_id)
    if not transaction.is_open:
        raise Conflict(f"transaction {transaction_id} of {station_id} is over")
    command = AllowEnergyTransfer(transaction.known_as, tuple(transfers))
    answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        allowed = flows.as_json(command.transfers)
        await caller.database.write(
            lambda connection, _: flows.put(
                connection, station_id, transaction.evse, transaction.id, caller.now, allowed=allowed
            )
        )
    return answer


# ---- what it all comes to


@dataclass(frozen=True, slots=True)
class Known:
    """What limits an EVSE (0: the station as a whole), as far as it is known here. The station may know more: ask it
    as well.

    situations   of the EVSE, or of all that are known where it is the whole station
    """

    evse: int
    profiles: tuple[Kept, ...]
    limits: tuple[Limit, ...]
    situations: tuple[Situation, ...]

    def spans(self, now: datetime, duration: timedelta) -> tuple[Span, ...]:
        held = [Held(each.evse, each.profile, each.changed_at or each.asked_at) for each in self.profiles]
        held += [_as_held(number, limit) for number, limit in enumerate(self.limits, 1) if limit.schedules]
        if self.evse:
            return reckoning.composite(held, self.situations[0], now, duration)
        return reckoning.station_composite(held, self.situations, now, duration)


def read_known(connection: Connection, station_id: StationId, evse: int, supply: Supply) -> Known:
    """Raises NotFound."""
    existing(connection, station_id)
    kept = tuple(each for each in store.read_open(connection, station_id) if each.state is State.INSTALLED)
    limits = tuple(flows.read_limits(connection, station_id, in_force=True))
    running = read_open_at(connection, station_id)
    evses = {each.evse for each in kept if each.evse} | {each.evse for each in running if each.evse}
    numbers = (evse,) if evse else sorted(evses)
    situations = tuple(_situation(connection, station_id, number, supply, running) for number in numbers)
    return Known(evse, kept, limits, situations)


def _situation(
    connection: Connection, station_id: StationId, evse: int, supply: Supply, running: Sequence[Open]
) -> Situation:
    here = next((each for each in running if each.evse == evse), None)
    if here is None:
        return Situation(evse, supply)
    flow = flows.read(connection, station_id, here.id)
    priority = flow is not None and bool(flow.priority)
    return Situation(evse, supply, here.known_as, here.started_at, priority)


def _as_held(number: int, limit: Limit) -> Held:
    """What somebody else imposes, as the profile that a station makes of it (OCPP 2.1 K11, K12)."""
    purpose = Purpose.LOCAL_GENERATION if limit.local_generation else Purpose.EXTERNAL_CONSTRAINTS
    profile = ChargingProfile(-number, purpose, ProfileKind.ABSOLUTE, limit.schedules, valid_from=limit.since)
    starts = replace(limit.schedules[0], starts_at=limit.schedules[0].starts_at or limit.since)
    return Held(limit.evse, replace(profile, schedules=(starts,)), limit.since)


# ---- what events and time do


async def keep_started(ctx: Context, event: StartedWithProfile) -> None:
    """The profile that went with a start holds for what comes of it, and no longer. Told twice, it is kept once."""
    profile = msgspec.json.decode(event.profile, type=ChargingProfile)
    kept = Kept(
        number=0,
        station_id=event.station_id,
        evse=event.evse or 0,
        profile=profile,
        state=State.INSTALLED,
        source=OURS,
        transaction_id="",
        said="with the start",
        actor=event.actor,
        asked_at=event.at,
        changed_at=event.at,
        reported_at=None,
        reported=None,
        remote_start_id=event.remote_start_id,
    )

    def keep(connection: Connection, work: Work) -> None:
        held = store.find(connection, event.station_id, (), "", None, 100, ctx.now)
        if any(each.profile.id == profile.id and each.asked_at == event.at for each in held):
            return
        came = store.find_came(connection, event.station_id, event.remote_start_id, event.transaction_id)
        adopted = kept if came is None else _adopted(kept, came)
        numbered = replace(adopted, number=store.add(connection, adopted))
        _tell(work, numbered, State.INSTALLED, ctx.now)
        _replace_others(connection, work, numbered, ctx.now)

    await ctx.database.write(keep)


async def settle_open(ctx: Context) -> None:
    """What was for a transaction that is over, and what has run out: stations tell neither."""

    def settle(connection: Connection, work: Work) -> None:
        fruitless = _adopt(connection, work, ctx.now)
        for kept in (*store.read_ended(connection), *store.read_expired(connection, ctx.now), *fruitless):
            if store.change(connection, kept.number, ctx.now, State.ENDED):
                _tell(work, kept, State.ENDED, ctx.now)

    await ctx.database.write(settle)


def _adopt(connection: Connection, work: Work, now: datetime) -> list[Kept]:
    """Find the transactions that came of starts. Those of which nothing came, nor will: by then the station has given
    it up."""
    fruitless: list[Kept] = []
    running: dict[StationId, list[Open]] = {}
    for kept in store.read_waiting(connection):
        came = store.find_came(connection, kept.station_id, kept.remote_start_id, kept.profile.transaction_id)
        if came is not None:
            adopted = _adopted(kept, came)
            store.adopt(connection, adopted)
            _replace_others(connection, work, adopted, now)
        elif now - kept.asked_at > REMOTE_START_FOR:
            if kept.station_id not in running:
                running[kept.station_id] = read_open_at(connection, kept.station_id)
            # What it is for may be unknown here: it lasts as long as something may run there.
            if not _may_run(kept, running[kept.station_id]):
                fruitless.append(kept)
    return fruitless


def _adopted(kept: Kept, came: store.Came) -> Kept:
    """The profile, now that its transaction is known."""
    profile = replace(kept.profile, transaction_id=came.known_as)
    return replace(kept, evse=came.evse or kept.evse, transaction_id=came.id, profile=profile)


def _may_run(kept: Kept, running: Sequence[Open]) -> bool:
    return any(0 in (kept.evse, each.evse) or kept.evse == each.evse for each in running)


def _lose(
    connection: Connection, work: Work, station_id: StationId, purposes: Collection[Purpose], at: datetime
) -> None:
    """Those of these purposes, but where the station keeps them over a restart."""
    held = known_settings(connection, station_id, [rules.PERSISTENCE[purpose] for purpose in purposes])
    persistent = {name for name, setting in held.items() if (setting.value or "").strip().lower() == "true"}
    for kept in store.read_open(connection, station_id):
        purpose = kept.profile.purpose
        if (
            purpose not in purposes
            or rules.PERSISTENCE[purpose] in persistent
            or (kept.changed_at or kept.asked_at) > at
        ):
            continue
        if store.change(connection, kept.number, at, State.GONE, said=rules.LOST):
            _tell(work, kept, State.GONE, at)


def boots_that_matter(connection: Connection, told: Sequence[StationBooted]) -> list[bool]:
    """Those of stations that have profiles."""
    having = store.having_open(connection, [each.station_id for each in told])
    return [each.station_id in having for each in told]


async def after_boot(ctx: Context, event: StationBooted) -> None:
    """What stations do not keep over a restart is gone; if one tells of it all the same, it is known again."""

    def lose(connection: Connection, work: Work) -> None:
        station = likeness_of(connection, event.station_id)
        if station is not None and rules.is_lost_at_boot(station.protocol, event.reason):
            _lose(connection, work, event.station_id, rules.PERSISTENCE.keys(), event.at)

    await ctx.database.write(lose)


async def restore(ctx: Context, event: TransactionResumed) -> None:
    """A transaction goes on after a restart: what limited it and was not kept is sent again (OCPP 2.1 E17)."""

    def look(connection: Connection, work: Work) -> list[Kept]:
        here = next(
            (each for each in read_open_at(connection, event.station_id) if each.known_as == event.transaction_id), None
        )
        if here is None:
            return []
        _lose(connection, work, event.station_id, [Purpose.TX], event.at)
        standing = {rules.slot_of(each) for each in store.read_open(connection, event.station_id)}
        lost: list[Kept] = []
        for kept in store.read_lost(connection, event.station_id, here.id):
            if rules.slot_of(kept) not in standing:
                standing.add(rules.slot_of(kept))
                lost.append(kept)
        return lost

    caller = Automatic.of(ctx, "charging profiles")
    for kept in await ctx.database.write(look):
        # One that it does not take, or not now, is kept with what it said.
        with contextlib.suppress(VoltloomError):
            await set_profile(caller, event.station_id, None, kept.profile)


async def prune(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.prune(connection, ctx.now - rules.KEPT))
