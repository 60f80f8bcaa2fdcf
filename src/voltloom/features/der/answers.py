"""What stations tell of controls and alarms. These are rare: they may wait."""

from dataclasses import replace

from sqlalchemy import Connection

from voltloom.domain.events import DerAlarmNoticed
from voltloom.domain.reports import NOTED, DerAlarmReported, DerControlsReported, DerControlSwitched, Noted
from voltloom.features.der import rules, store
from voltloom.features.der.rules import Kept, State
from voltloom.features.der.service import complete_report, supersede, tell
from voltloom.features.feature import StationContext
from voltloom.features.stations import plain
from voltloom.infra.database import Work


async def controls_reported(ctx: StationContext, report: DerControlsReported) -> Noted:
    """Each part is kept as it comes; what we never sent, too."""

    def keep(connection: Connection, work: Work) -> None:
        kept_here = store.count(connection, ctx.station_id)
        for held in report.controls:
            control = replace(held.control, id=plain(held.control.id, 36))
            before = store.get(connection, ctx.station_id, control.id)
            if before is None:
                kept_here += 1
                if kept_here > rules.MOST_CONTROLS:
                    break
            state = State.SUPERSEDED if held.superseded else State.HELD
            if before is not None and before.state is State.ACTIVE and not held.superseded:
                state = State.ACTIVE
            known = before or Kept(ctx.station_id, control, state, "", "", ctx.now)
            store.put(
                connection,
                replace(known, control=control, state=state, changed_at=ctx.now, reported_at=ctx.now),
            )
            if before is None or before.state is not state:
                tell(work, known, state, ctx.now)
        complete_report(connection, work, ctx.station_id, report.request_id, ctx.now, more=report.more)

    await ctx.database.write(keep)
    return NOTED


async def alarm(ctx: StationContext, report: DerAlarmReported) -> Noted:
    """Told twice, it is one; the end of what never began says nothing."""
    at = ctx.now if report.at is None else min(report.at, ctx.now)
    fault = "" if report.fault is None else report.fault.value
    text = plain(report.text, 200)

    def keep(connection: Connection, work: Work) -> None:
        if report.ended:
            changed = store.end_alarm(connection, ctx.station_id, report.kind, at)
        else:
            changed = store.begin_alarm(connection, ctx.station_id, report.kind, fault, text, at)
        if changed:
            work.tell(DerAlarmNoticed(ctx.station_id, report.kind.value, fault, at, report.ended, text))

    await ctx.database.write(keep)
    return NOTED


async def switched(ctx: StationContext, report: DerControlSwitched) -> Noted:
    """The time of a control has come, or is over: then the station forgets it."""
    state = State.ACTIVE if report.started else State.ENDED

    def keep(connection: Connection, work: Work) -> None:
        kept = store.get(connection, ctx.station_id, report.control_id)
        if kept is not None and store.change(connection, ctx.station_id, report.control_id, state, ctx.now):
            tell(work, kept, state, ctx.now)
        supersede(connection, work, ctx.station_id, report.superseded, ctx.now)

    await ctx.database.write(keep)
    return NOTED
