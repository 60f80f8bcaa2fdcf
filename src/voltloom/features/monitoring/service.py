"""Use cases of monitors: setting them, keeping templates, and having stations watch what templates want."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from voltloom.domain.commands import (
    Accepted,
    AdjustStream,
    Answer,
    ClearMonitors,
    MonitorAnswer,
    NewMonitor,
    Part,
    ReadStreams,
    ReportMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from voltloom.domain.errors import Conflict, NotFound, VoltloomError
from voltloom.domain.events import MonitorsReceived, MonitorTemplateChanged, StationBooted, StationChanged
from voltloom.domain.ids import StationId
from voltloom.domain.monitoring import Monitor, MonitorCriterion, MonitoringBase, Pace, Stream
from voltloom.features.access import note
from voltloom.features.feature import Context
from voltloom.features.monitoring import customers, events_store, rules, store, streams_store
from voltloom.features.monitoring.answers import MOST_MONITORS
from voltloom.features.monitoring.rules import Template, Wanted
from voltloom.features.stations import Aim, Automatic, Caller, ask, existing, likeness_of, likenesses, said_of
from voltloom.infra.database import Work

MOST_TEMPLATES = 200
AT_ONCE = 8
EVENTS_KEPT, MOST_EVENTS = timedelta(days=90), 10_000
VALUES_KEPT, MOST_VALUES = timedelta(days=14), 100_000
HAS_MONITORS = frozenset({"ocpp2.0.1", "ocpp2.1"})


def new_number() -> int:
    """For requests that a station refers to."""
    return secrets.randbelow(2**31 - 1) + 1


# ---- asking


async def set_monitors(
    caller: Caller,
    station_id: StationId,
    wanted: Sequence[NewMonitor],
    *,
    template_ids: Sequence[str] = (),
    timeout_s: float = 30.0,
) -> tuple[MonitorAnswer, ...]:
    """One answer each, and each is kept with who wanted it. Raises Invalid, and what `ask` raises."""
    for new in wanted:
        rules.check(new)
    answers = await ask(caller, station_id, SetMonitors(tuple(wanted)), timeout_s=timeout_s)

    def keep(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        for number, (new, answer) in enumerate(zip(wanted, answers, strict=True)):
            accepted = answer.accepted is Accepted.ACCEPTED
            id_ = answer.id if answer.id is not None else new.id
            if accepted and id_ is not None:
                monitor = Monitor(id_, new.name, new.kind, new.value, new.severity, new.in_transaction, "CustomMonitor")
                store.put(connection, station_id, [monitor], caller.now)
            store.put_change(
                connection,
                station_id,
                new,
                answer,
                accepted=accepted,
                at=caller.now,
                actor=caller.actor.name,
                template_id=template_ids[number] if template_ids else "",
            )

    await caller.database.write(keep)
    return answers


async def clear_monitors(
    caller: Caller, station_id: StationId, ids: Sequence[int], timeout_s: float = 30.0
) -> tuple[MonitorAnswer, ...]:
    """One the station does not know is gone as well. Raises what `ask` raises."""
    answers = await ask(caller, station_id, ClearMonitors(tuple(ids)), timeout_s=timeout_s)
    gone = [
        id_
        for id_, answer in zip(ids, answers, strict=True)
        if answer.accepted is Accepted.ACCEPTED or answer.said == "NotFound"
    ]
    if gone:
        await caller.database.write(lambda connection, _: store.drop(connection, station_id, gone))
    return answers


async def set_base(caller: Caller, station_id: StationId, base: MonitoringBase, timeout_s: float = 30.0) -> Answer:
    """What it watches then is another: the station is asked to report it."""
    answer = await ask(caller, station_id, SetMonitoringBase(base), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        await caller.database.write(lambda connection, _: store.put_state(connection, station_id, base=base.value))
        await report_all(caller, station_id)
    return answer


async def set_level(caller: Caller, station_id: StationId, severity: int, timeout_s: float = 30.0) -> Answer:
    answer = await ask(caller, station_id, SetMonitoringLevel(severity), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        await caller.database.write(lambda connection, _: store.put_state(connection, station_id, level=severity))
    return answer


async def report_monitors(
    caller: Caller,
    station_id: StationId,
    criteria: Sequence[MonitorCriterion] = (),
    parts: Sequence[Part] = (),
    timeout_s: float = 30.0,
) -> tuple[int, Answer]:
    """The number of the report that follows, and the answer. Neither criteria nor parts: all that it watches, and what
    is not in the report no longer is. Raises what `ask` raises."""
    number = new_number()
    whole = not criteria and not parts
    if whole:

        def begin(connection: Connection, _: Work) -> None:
            existing(connection, station_id)
            store.put_state(connection, station_id, report_id=number)

        await caller.database.write(begin)
    answer = await ask(caller, station_id, ReportMonitors(number, tuple(criteria), tuple(parts)), timeout_s=timeout_s)
    if whole and answer.status == "EmptyResultSet":

        def forget(connection: Connection, work: Work) -> None:
            store.drop(connection, station_id, None)
            store.put_state(connection, station_id, reported_at=caller.now, trouble="")
            work.tell(MonitorsReceived(station_id, caller.now, number, 0))

        await caller.database.write(forget)
    elif whole and answer.accepted is not Accepted.ACCEPTED:
        said = f"it was asked what it watches and said {answer.status}"[:500]
        await caller.database.write(lambda connection, _: store.put_state(connection, station_id, trouble=said))
    return number, answer


async def report_all(caller: Caller, station_id: StationId) -> None:
    """As far as it can be asked now; why not, is kept."""
    try:
        await report_monitors(caller, station_id)
    except NotFound:
        return
    except VoltloomError as error:
        said = f"it could not be asked what it watches: {said_of(error)}"[:500]
        await caller.database.write(lambda connection, _: store.put_state(connection, station_id, trouble=said))


# ---- streams


async def read_streams(caller: Caller, station_id: StationId, timeout_s: float = 30.0) -> tuple[Stream, ...]:
    """Those that are open, as the station sees it: ours are put right by it."""
    found = await ask(caller, station_id, ReadStreams(), timeout_s=timeout_s)

    def keep(connection: Connection, _: Work) -> None:
        rows = [
            {
                "station_id": station_id,
                "id": each.id,
                "monitor_id": each.monitor_id,
                "interval_s": each.pace.interval_s,
                "values_at_once": each.pace.values,
                "opened_at": caller.now,
                "closed_at": None,
                "heard_at": None,
                "pending": 0,
            }
            for each in {each.id: each for each in found}.values()
        ]
        streams_store.put(connection, rows)
        streams_store.close_others(connection, station_id, [each.id for each in found], caller.now)

    await caller.database.write(keep)
    await caller.stations.refresh(station_id)
    return found


async def adjust_stream(
    caller: Caller, station_id: StationId, stream_id: int, pace: Pace, timeout_s: float = 30.0
) -> Answer:
    answer = await ask(caller, station_id, AdjustStream(stream_id, pace), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        await caller.database.write(
            lambda connection, _: streams_store.set_pace(
                connection, station_id, stream_id, pace.interval_s, pace.values
            )
        )
    return answer


# ---- templates


async def put_template(
    caller: Caller, template_id: str, name: str, aim: Aim, monitors: Sequence[NewMonitor]
) -> Template:
    """template_id "": a new one. Stations that are connected are put right at once, others when they boot.

    Raises Invalid, Conflict (too many), NotFound.
    """
    rules.check_template(monitors)
    made = Template(template_id or secrets.token_hex(8), name, aim, tuple(monitors), caller.now, caller.actor.name)

    def change(connection: Connection, work: Work) -> None:
        if template_id and store.get_template(connection, template_id) is None:
            raise NotFound("there is no such template")
        if not template_id and store.count_templates(connection) >= MOST_TEMPLATES:
            raise Conflict(f"there are {MOST_TEMPLATES} templates already: change one of them")
        store.put_template(connection, made)
        told = "changed" if template_id else "added"
        details = {"name": name, "monitors": len(monitors)}
        note(connection, work, caller.actor, f"monitor_template.{told}", made.id, "done", caller.now, details)
        work.tell(MonitorTemplateChanged(made.id, caller.now, told))

    await caller.database.write(change)
    return made


async def remove_template(caller: Caller, template_id: str) -> None:
    """Its monitors are cleared from stations that have them. Raises NotFound."""

    def change(connection: Connection, work: Work) -> None:
        if not store.remove_template(connection, template_id):
            raise NotFound("there is no such template")
        note(connection, work, caller.actor, "monitor_template.removed", template_id, "done", caller.now)
        work.tell(MonitorTemplateChanged(template_id, caller.now, "removed"))

    await caller.database.write(change)


# ---- having stations watch what is wanted


def boots_that_matter(connection: Connection, told: Sequence[StationBooted]) -> list[bool]:
    """Those of stations that have monitors, or are to have some."""
    ids = [each.station_id for each in told if each.registration == "Accepted"]
    able = [station for station in likenesses(connection, ids) if station.protocol in HAS_MONITORS]
    known = store.watched_since(connection, [station.id for station in able])
    templates = store.read_templates(connection) if able else ()
    wanted = {station.id for station in able if rules.wanted_of(station, templates)}

    def matters(each: StationBooted) -> bool:
        # What is known only since then was told after the boot.
        since = known.get(each.station_id)
        return each.station_id in wanted or (since is not None and since < each.at)

    return [each.registration == "Accepted" and matters(each) for each in told]


async def after_boot(ctx: Context, told: StationBooted) -> None:
    """The ids of monitors may be others after a boot (OCPP 2.0.1 N04.FR.19): ask for them, where any are known or
    wanted. What comes is put right by `settle`."""
    if any(await ctx.database.read(lambda connection: boots_that_matter(connection, [told]))):
        await report_all(Automatic.of(ctx, "monitor templates"), told.station_id)


async def settle(ctx: Context, told: MonitorsReceived) -> None:
    """A whole report is here: set what is missing or otherwise, clear what no template wants any more."""
    caller = Automatic.of(ctx, "monitor templates")

    def decide(connection: Connection) -> tuple[rules.Plan, set[rules.Identity]] | None:
        station = likeness_of(connection, told.station_id)
        state = store.state_of(connection, told.station_id)
        if station is None or state is None or state["report_id"] != told.report_id:
            return None
        wanted = rules.wanted_of(station, store.read_templates(connection))
        present = [store.monitor_of(row) for row in store.read(connection, told.station_id)]
        changes = store.read_changes(connection, told.station_id)
        ours = {key for key, row in changes.items() if row["template_id"]}
        return rules.plan(wanted, present, ours), ours - wanted.keys()

    decided = await ctx.database.read(decide)
    if decided is None:
        return
    todo, unwanted = decided
    try:
        await _carry_out(caller, told.station_id, todo.set, todo.clear)
    except VoltloomError as error:
        said = f"its monitors could not be set: {said_of(error)}"[:500]
        await ctx.database.write(lambda connection, _: store.put_state(connection, told.station_id, trouble=said))
        return
    if unwanted:

        def forget(connection: Connection, _: Work) -> None:
            changes = store.read_changes(connection, told.station_id)
            store.drop_changes(connection, told.station_id, [changes[key] for key in unwanted if key in changes])

        await ctx.database.write(forget)


async def _carry_out(caller: Automatic, station_id: StationId, wanted: Sequence[Wanted], clear: Sequence[int]) -> None:
    if clear:
        await clear_monitors(caller, station_id, clear)
    if wanted:
        await set_monitors(
            caller,
            station_id,
            [each.monitor for each in wanted],
            template_ids=[each.template_id for each in wanted],
        )


async def after_template_change(ctx: Context, told: MonitorTemplateChanged) -> None:
    """All that are connected, a few at a time: whom a template was for before it changed, nobody knows any more."""
    caller = Automatic.of(ctx, "monitor templates")

    def affected(connection: Connection) -> list[StationId]:
        templates = store.read_templates(connection)
        found: list[StationId] = []
        for station in list(likenesses(connection, connected=True)):
            if station.protocol not in HAS_MONITORS or (station.registration or station.policy) != "Accepted":
                continue
            if station.booted_at is not None and station.booted_at > told.at:
                continue  # asked because it booted
            ours = (row["template_id"] for row in store.read_changes(connection, station.id).values())
            if rules.wanted_of(station, templates) or any(ours):
                found.append(station.id)
        return found

    waiting = iter(await ctx.database.read(affected))

    async def work() -> None:
        for station_id in waiting:
            await report_all(caller, station_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def reconcile(caller: Caller, station_id: StationId) -> Answer:
    """Now, at somebody's wish. Raises what `ask` raises."""
    return (await report_monitors(caller, station_id))[1]


# ---- upkeep


async def prune(ctx: Context) -> None:
    def change(connection: Connection, _: Work) -> None:
        events_store.prune(connection, ctx.now - EVENTS_KEPT, MOST_EVENTS)
        streams_store.prune(connection, ctx.now - VALUES_KEPT, MOST_VALUES)
        store.trim(connection, MOST_MONITORS)
        customers.prune(connection, ctx.now)

    await ctx.database.write(change)


async def forget_removed(ctx: Context, told: StationChanged) -> None:
    """What is only about how it stands now. What it noticed stays its time."""
    if told.change != "removed":
        return

    def change(connection: Connection, _: Work) -> None:
        store.forget_station(connection, told.station_id)
        streams_store.forget_station(connection, told.station_id)

    await ctx.database.write(change)
