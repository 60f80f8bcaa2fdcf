"""What stations tell of profiles, limits and needs, and what they are answered. These are rare: they may wait."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.charging import Purpose
from voltloom.domain.events import (
    ChargingLimitChanged,
    ChargingNeedsTold,
    PriorityChargingChanged,
    TransactionResumed,
)
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import (
    NOTED,
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DynamicUpdateAsked,
    DynamicUpdateReply,
    EvScheduleReported,
    NeedsReply,
    Noted,
    PriorityChargingReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.features.charging_profiles import flows, rules, store
from voltloom.features.charging_profiles.flows import Limit
from voltloom.features.charging_profiles.rules import OURS, Kept, State
from voltloom.features.charging_profiles.service import complete_report
from voltloom.features.feature import StationContext
from voltloom.features.stations import plain
from voltloom.features.transactions import Open, read_open_at
from voltloom.infra.database import Work

RESUMED = "TxResumed"


async def profiles_reported(ctx: StationContext, report: ChargingProfilesReported) -> Noted:
    """Each part is kept as it comes; what we never sent, too."""

    def keep(connection: Connection, work: Work) -> None:
        held = {kept.profile.id: kept for kept in reversed(store.read_open(connection, ctx.station_id))}
        foreign = store.count_foreign(connection, ctx.station_id)
        running = {each.known_as: each.id for each in read_open_at(connection, ctx.station_id)}
        for profile in report.profiles:
            kept = held.get(profile.id)
            if kept is not None and (kept.source == OURS) == (report.source == OURS):
                told = None if rules.is_as_sent(kept.profile, profile) else profile
                store.note_report(connection, kept.number, ctx.now, report.evse, told)
                continue
            if foreign >= rules.MOST_REPORTED:
                break
            foreign += 1
            named = profile.transaction_id
            made = Kept(
                number=0,
                station_id=ctx.station_id,
                evse=report.evse,
                profile=profile,
                state=State.INSTALLED,
                source=plain(report.source, 20),
                transaction_id="" if named is None else running.get(named, ""),
                said="",
                actor="",
                asked_at=ctx.now,
                changed_at=ctx.now,
                reported_at=ctx.now,
                reported=None,
            )
            held[profile.id] = replace(made, number=store.add(connection, made))
        complete_report(
            connection, work, ctx.station_id, report.request_id, len(report.profiles), ctx.now, more=report.more
        )

    await ctx.database.write(keep)
    return NOTED


async def needs(ctx: StationContext, report: ChargingNeedsReported) -> NeedsReply:
    """They are kept with the transaction at that EVSE."""

    def keep(connection: Connection, work: Work) -> NeedsReply:
        here = _open_at(connection, ctx.station_id, report.evse)
        flow = None if here is None else flows.read(connection, ctx.station_id, here.id)
        reply = rules.answer_needs(
            report.needs,
            () if flow is None else flow.allowed,
            has_transaction=here is not None,
            has_profile=here is not None and _has_profile(connection, ctx.station_id, here),
        )
        if here is not None:
            flows.put(
                connection,
                ctx.station_id,
                report.evse,
                here.id,
                ctx.now,
                needs=flows.as_json(report.needs),
                needs_at=_claimed(report.at, ctx.now),
                answer=reply.answer.value,
            )
            work.tell(ChargingNeedsTold(ctx.station_id, here.id, report.evse, ctx.now, reply.answer.value))
        return reply

    return await ctx.database.write(keep)


def _open_at(connection: Connection, station_id: StationId, evse: int) -> Open | None:
    """The latest that began there."""
    return next((each for each in read_open_at(connection, station_id) if each.evse == evse), None)


def _open_as(connection: Connection, station_id: StationId, known_as: TransactionId) -> Open | None:
    return next((each for each in read_open_at(connection, station_id) if each.known_as == known_as), None)


def _has_profile(connection: Connection, station_id: StationId, here: Open) -> bool:
    """One for the transaction, or one that went with its start."""
    return any(
        kept.state is State.INSTALLED
        and kept.profile.purpose is Purpose.TX
        and (kept.transaction_id == here.id or (not kept.transaction_id and kept.evse in (0, here.evse)))
        for kept in store.read_open(connection, station_id)
    )


async def ev_schedule(ctx: StationContext, report: EvScheduleReported) -> Noted:
    def keep(connection: Connection, _: Work) -> None:
        here = _open_at(connection, ctx.station_id, report.evse)
        if here is not None:
            flows.put(
                connection,
                ctx.station_id,
                report.evse,
                here.id,
                ctx.now,
                schedule=flows.as_json(report.schedule),
                schedule_at=_claimed(report.at, ctx.now),
                chosen=report.chosen,
            )

    await ctx.database.write(keep)
    return NOTED


async def priority(ctx: StationContext, report: PriorityChargingReported) -> Noted:
    def keep(connection: Connection, work: Work) -> None:
        here = _open_as(connection, ctx.station_id, report.transaction_id)
        if here is None:
            return
        flows.put(connection, ctx.station_id, here.evse, here.id, ctx.now, priority=report.active, priority_at=ctx.now)
        work.tell(PriorityChargingChanged(ctx.station_id, here.id, ctx.now, report.active))

    await ctx.database.write(keep)
    return NOTED


async def limit(ctx: StationContext, report: ChargingLimitReported) -> Noted:
    source = plain(report.source, 20)

    def keep(connection: Connection, work: Work) -> None:
        flows.make_room_for_limits(connection, ctx.station_id, rules.MOST_LIMITS)
        flows.put_limit(
            connection,
            Limit(
                ctx.station_id,
                report.evse,
                source,
                report.local_generation,
                report.grid_critical,
                report.schedules,
                ctx.now,
                None,
            ),
        )
        work.tell(
            ChargingLimitChanged(
                ctx.station_id, report.evse, source, ctx.now, limited=True, grid_critical=report.grid_critical
            )
        )

    await ctx.database.write(keep)
    return NOTED


async def limit_cleared(ctx: StationContext, report: ChargingLimitCleared) -> Noted:
    source = plain(report.source, 20)

    def keep(connection: Connection, work: Work) -> None:
        for each in flows.clear_limits(connection, ctx.station_id, report.evse, source, ctx.now):
            work.tell(
                ChargingLimitChanged(
                    ctx.station_id, each.evse, source, ctx.now, limited=False, grid_critical=each.grid_critical
                )
            )

    await ctx.database.write(keep)
    return NOTED


async def update_asked(ctx: StationContext, report: DynamicUpdateAsked) -> DynamicUpdateReply:
    """The rates as they were last set, here or by an update that could not be sent."""

    def look(connection: Connection) -> DynamicUpdateReply:
        for kept in store.read_open(connection, ctx.station_id):
            if kept.profile.id == report.profile_id and kept.source == OURS:
                return rules.rates_of(kept)
        return DynamicUpdateReply(None, f"there is no charging profile {report.profile_id}")

    return await ctx.database.read(look)


def note_resumed(ctx: StationContext, report: TransactionReported, reply: TransactionReply) -> TransactionReply:
    """A transaction that goes on after a restart: see `service.restore`."""
    if report.trigger == RESUMED:
        ctx.work.tell(TransactionResumed(ctx.station_id, reply.transaction_id, ctx.now))
    return reply


def _claimed(at: datetime | None, now: datetime) -> datetime:
    return now if at is None else at
