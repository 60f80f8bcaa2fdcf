"""What stations say of what they watch, and what they are answered."""

from datetime import timedelta

from voltloom.domain.events import MonitorsReceived, StationEventNoticed, StreamChanged
from voltloom.domain.monitoring import StationEvent
from voltloom.domain.reports import (
    NOTED,
    EventsReported,
    MonitorsReported,
    Noted,
    StreamClosed,
    StreamOpened,
    StreamReply,
    StreamReported,
)
from voltloom.features.feature import StationContext
from voltloom.features.monitoring import events_store, store, streams_store
from voltloom.features.monitoring.memory import (
    EVENTS_EVERY,
    MOST_EVENTS_AT_ONCE,
    MOST_VALUES_AT_ONCE,
    VALUES_EVERY,
    notice,
    remembered,
)
from voltloom.features.stations import Allowance, Assembly, claimed_time, plain, plain_lines

MOST_MONITORS = 2_000
MOST_ASSEMBLIES = 4
MOST_PARTS = 2_000
MOST_STREAMS = 50
MOST_LIVE = 20
"""Events of one message that are shown while they happen; all of them are kept."""
LATEST, EARLIEST = timedelta(minutes=5), timedelta(days=7)
"""How far from now the time of a stream's value may be."""


async def monitors(ctx: StationContext, report: MonitorsReported) -> Noted:
    """Each part is kept as it comes. When all are here and they are the whole report that was asked for, what none of
    them held is forgotten."""
    held = await ctx.database.read(lambda connection: store.count(connection, ctx.station_id))
    assemblies = ctx.recall(remembered).assemblies
    assembly = assemblies.get(report.report_id)
    if held + len(report.monitors) > 2 * MOST_MONITORS or (assembly and len(assembly.parts) >= MOST_PARTS):
        notice(ctx, "too_many_monitors", f"{len(report.monitors)} monitors were dropped: {held} are kept already")
        return NOTED
    if assembly is None:
        if len(assemblies) >= MOST_ASSEMBLIES:
            del assemblies[next(iter(assemblies))]
        assembly = assemblies[report.report_id] = Assembly(ctx.now)
    if not assembly.add(report.part, report.more, len(report.monitors)):
        return NOTED
    for monitor in {each.id: each for each in report.monitors}.values():
        ctx.work.write(store.PUT_MONITOR, *store.monitor_values(ctx.station_id, monitor, ctx.now))
    if assembly.complete:
        del assemblies[report.report_id]
        ctx.work.write(store.FORGET_UNREPORTED, ctx.station_id, report.report_id, assembly.began_at)
        ctx.work.write(store.REPORTED, ctx.now, ctx.station_id, report.report_id)
        ctx.work.tell(MonitorsReceived(ctx.station_id, ctx.now, report.report_id, assembly.count))
    return NOTED


# ---- events


def events(ctx: StationContext, report: EventsReported) -> Noted:
    watching = ctx.recall(remembered)
    if watching.events is None:
        watching.events = Allowance.of(MOST_EVENTS_AT_ONCE, EVENTS_EVERY, ctx.now)
    for number, event in enumerate(report.events):
        if not watching.events.take(ctx.now):
            notice(ctx, "too_many_events", f"{len(report.events) - number} events were dropped: they come too fast")
            break
        _keep(ctx, event, live=number < MOST_LIVE)
    return NOTED


def _keep(ctx: StationContext, event: StationEvent, *, live: bool) -> None:
    at = claimed_time(event.at, ctx.now)
    name = store.name_values(event.name)
    value = plain_lines(event.value, 2_500)
    ctx.work.write(
        events_store.ADD,
        ctx.station_id,
        ctx.now,
        at,
        event.event_id,
        plain(event.trigger, 20),
        *name,
        value,
        event.severity if event.severity is None else min(event.severity, 99),
        event.cause,
        event.cleared,
        plain(event.tech_code, 50),
        plain(event.tech_info, 500),
        plain(event.transaction_id, 36),
        event.monitor_id,
        plain(event.origin, 30),
    )
    if live:
        component, _, variable, _, evse, _ = name
        ctx.work.tell(
            StationEventNoticed(
                ctx.station_id,
                at,
                component,
                variable,
                evse if evse >= 0 else None,
                event.trigger,
                value[:200],
                event.severity,
                event.cleared,
            )
        )


# ---- streams


def stream_opened(ctx: StationContext, report: StreamOpened) -> StreamReply:
    """Opened again, it is the same with another pace."""
    stream, opened = report.stream, ctx.recall(remembered).streams
    if stream.id not in opened and len(opened) >= MOST_STREAMS:
        notice(ctx, "too_many_streams", f"stream {stream.id} was refused: {MOST_STREAMS} are open")
        return StreamReply(accepted=False, reason=f"{MOST_STREAMS} streams are open already")
    opened[stream.id] = stream.monitor_id
    pace = stream.pace
    ctx.work.write(
        streams_store.OPEN,
        ctx.station_id,
        stream.id,
        stream.monitor_id,
        pace.interval_s,
        pace.values,
        ctx.now,
        None,
        None,
        0,
    )
    ctx.work.tell(StreamChanged(ctx.station_id, ctx.now, stream.id, "opened"))
    return StreamReply(accepted=True)


def stream_closed(ctx: StationContext, report: StreamClosed) -> Noted:
    if ctx.recall(remembered).streams.pop(report.stream_id, None) is not None:
        ctx.work.write(streams_store.CLOSE, ctx.now, ctx.station_id, report.stream_id)
        ctx.work.tell(StreamChanged(ctx.station_id, ctx.now, report.stream_id, "closed"))
    return NOTED


def streamed(ctx: StationContext, report: StreamReported) -> Noted:
    """Values of a stream that is not open, of a time that cannot be, or of more than one may tell, are dropped."""
    watching = ctx.recall(remembered)
    if report.stream_id not in watching.streams:
        notice(ctx, "unknown_stream", f"values of stream {report.stream_id}, which is not open, were dropped")
        return NOTED
    if watching.values is None:
        watching.values = Allowance.of(MOST_VALUES_AT_ONCE, VALUES_EVERY, ctx.now)
    dropped = 0
    for each in report.values:
        if not ctx.now - EARLIEST < each.at <= ctx.now + LATEST or not watching.values.take(ctx.now):
            dropped += 1
            continue
        value = plain_lines(each.value, 2_500)
        ctx.work.write(streams_store.ADD_VALUE, ctx.station_id, report.stream_id, each.at, value)
    ctx.work.write(streams_store.HEARD, ctx.now, report.pending, ctx.station_id, report.stream_id)
    if dropped:
        text = f"{dropped} values of stream {report.stream_id} were dropped: too many, or of a time that cannot be"
        notice(ctx, "dropped_stream_values", text)
    return NOTED
