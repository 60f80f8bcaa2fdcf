"""Use cases of wanted settings: keeping them, having stations take them, letting stations in."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from voltloom.domain.commands import (
    ChangeSettings,
    GetSettings,
    NewValue,
    SettingAnswer,
    SettingStatus,
    Trigger,
    Triggerable,
)
from voltloom.domain.errors import Conflict, NotFound, TimedOut, Unreachable, VoltloomError
from voltloom.domain.events import SettingsReconciled, StationBooted, StationChanged, WantedSettingsChanged
from voltloom.domain.ids import StationId
from voltloom.domain.station import Attribute, Setting
from voltloom.features.access import note
from voltloom.features.feature import Context
from voltloom.features.settings import rules, store
from voltloom.features.settings.rules import AllWanted, Standing, Template, Verdict, Wanted, WhenRefused
from voltloom.features.stations import (
    Aim,
    Automatic,
    Caller,
    Likeness,
    NameKey,
    SettingChange,
    ask,
    changes_of,
    check_command,
    existing,
    likeness_of,
    likenesses,
    said_of,
    values_held,
)
from voltloom.infra.database import Work

MOST_TEMPLATES = 200
AT_ONCE = 8
ASK_AGAIN = timedelta(minutes=10)
"""A station that refused what it must have boots again and again while it waits: it is not asked each time."""
ACTOR = "wanted settings"


# ---- what is wanted


async def put_template(
    caller: Caller,
    template_id: str,
    name: str,
    aim: Aim,
    settings: Sequence[NewValue],
    *,
    before_accepted: bool,
    when_refused: WhenRefused,
) -> Template:
    """template_id "": a new one. Stations that are connected are put right at once, others when they boot.

    Raises Invalid, Conflict (too many; a password), NotFound.
    """
    rules.check(settings)
    check_command(ChangeSettings(tuple(settings)))
    made = Template(
        template_id or secrets.token_hex(8),
        name,
        aim,
        tuple(settings),
        before_accepted,
        when_refused,
        caller.now,
        caller.actor.name,
    )

    def change(connection: Connection, work: Work) -> None:
        if template_id and store.get_template(connection, template_id) is None:
            raise NotFound("there is no such template")
        if not template_id and store.count_templates(connection) >= MOST_TEMPLATES:
            raise Conflict(f"there are {MOST_TEMPLATES} templates already: change one of them")
        store.put_template(connection, made)
        told = "changed" if template_id else "added"
        details = {"name": name, "settings": {str(new.name): new.value for new in settings}}
        note(connection, work, caller.actor, f"setting_template.{told}", made.id, "done", caller.now, details)
        work.tell(WantedSettingsChanged("", made.id, caller.now, told))

    await caller.database.write(change)
    return made


async def remove_template(caller: Caller, template_id: str) -> None:
    """Stations keep what they have. Raises NotFound."""

    def change(connection: Connection, work: Work) -> None:
        if not store.remove_template(connection, template_id):
            raise NotFound("there is no such template")
        note(connection, work, caller.actor, "setting_template.removed", template_id, "done", caller.now)
        work.tell(WantedSettingsChanged("", template_id, caller.now, "removed"))

    await caller.database.write(change)


async def want(caller: Caller, station_id: StationId, settings: Sequence[NewValue]) -> None:
    """Of this station alone, instead of what was before; it has its way over templates. Raises NotFound, Invalid,
    Conflict (a password)."""
    rules.check(settings)
    check_command(ChangeSettings(tuple(settings)))

    def change(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.put_own(connection, station_id, settings, caller.now, caller.actor.name)
        details = {"settings": {str(new.name): new.value for new in settings}}
        note(connection, work, caller.actor, "station.want_settings", station_id, "done", caller.now, details)
        work.tell(WantedSettingsChanged(station_id, "", caller.now, "changed"))

    await caller.database.write(change)
    await caller.stations.refresh(station_id)


# ---- how stations stand


@dataclass(frozen=True, slots=True)
class Stand:
    """A wanted setting of a station, and what it has. held_at: when that was last heard."""

    wanted: Wanted
    standing: Standing
    held: Setting | None
    held_at: datetime | None
    change: SettingChange | None


def wanted_now(connection: Connection, station: Likeness) -> dict[NameKey, Wanted]:
    own = store.read_own(connection, [station.id]).get(station.id, ())
    return rules.wanted_of(station, store.read_templates(connection), own)


def stands(connection: Connection, station: Likeness, wanted: AllWanted) -> dict[NameKey, Stand]:
    names = [each.setting.name for each in wanted.values()]
    held = values_held(connection, [station.id], names).get(station.id, {})
    changes = changes_of(connection, station.id, names)
    found: dict[NameKey, Stand] = {}
    for key, each in wanted.items():
        setting, at = held.get(key, (None, None))
        change = changes.get(key)
        standing = rules.standing_of(each, setting, change, station.booted_at)
        found[key] = Stand(each, standing, setting, at, change)
    return found


def drift(
    connection: Connection, after: StationId | None, most_stations: int
) -> tuple[list[tuple[StationId, Stand]], StationId | None]:
    """What stations have otherwise than wanted; where to go on, None at the end."""
    templates = store.read_templates(connection)
    found: list[tuple[StationId, Stand]] = []
    stations = list(likenesses(connection, after=after, limit=most_stations + 1))
    for station in stations[:most_stations]:
        own = store.read_own(connection, [station.id]).get(station.id, ())
        wanted = rules.wanted_of(station, templates, own)
        if wanted:
            each = stands(connection, station, wanted).values()
            found += [(station.id, stand) for stand in each if stand.standing is not Standing.HOLDS]
    return found, stations[most_stations - 1].id if len(stations) > most_stations else None


# ---- having stations take them


@dataclass(slots=True, weakref_slot=True)
class _Turn:
    """done: since which boot, and for what, the station was last put right while others waited for that."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    done: tuple[datetime | None, AllWanted] | None = None


_under_way: WeakValueDictionary[tuple[str, StationId], _Turn] = WeakValueDictionary()
"""By database and station, while somebody is at it or waits."""


async def reconcile(caller: Caller, station_id: StationId, *, again: bool = True) -> dict[NameKey, Stand]:
    """Read what it has, set what differs, judge. Raises NotFound, and what `ask` raises.

    Once at a time. again False: where this had to wait for another that wanted the same since the same boot, what that
    one found is all there is to find: a station that boots as a template changes is asked once.
    """
    place = (caller.database.url, station_id)
    turn = _under_way.get(place)
    if turn is None:
        turn = _under_way[place] = _Turn()
    async with turn.lock:
        return await _reconcile(caller, station_id, turn, again=again)


async def _reconcile(caller: Caller, station_id: StationId, turn: _Turn, *, again: bool) -> dict[NameKey, Stand]:
    def read(connection: Connection) -> tuple[Likeness, dict[NameKey, Wanted]]:
        existing(connection, station_id)
        station = likeness_of(connection, station_id)
        assert station is not None
        return station, wanted_now(connection, station)

    station, wanted = await caller.database.read(read)
    if not again and turn.done == (station.booted_at, wanted):
        return await caller.database.read(lambda connection: stands(connection, station, wanted))
    if wanted:
        try:
            await _put_right(caller, station_id, wanted)
        except VoltloomError as error:
            # One that is there and does not answer refuses as well as it can; one that is away is asked when it boots.
            away = isinstance(error, Unreachable) and not isinstance(error, TimedOut)
            await _judge(caller, station, wanted, f"it could not be asked: {said_of(error)}", judged=not away)
            raise
    found = await _judge(caller, station, wanted, "", judged=True)
    turn.done = (station.booted_at, wanted)
    return found


async def _put_right(caller: Caller, station_id: StationId, wanted: AllWanted) -> None:
    names = tuple((each.setting.name, Attribute.ACTUAL) for each in wanted.values())
    answers = await ask(caller, station_id, GetSettings(names))
    differing = tuple(
        each.setting for each, answer in zip(wanted.values(), answers, strict=True) if not _holds(each, answer)
    )
    if differing:
        await ask(caller, station_id, ChangeSettings(differing))


def _holds(wanted: Wanted, answer: SettingAnswer) -> bool:
    if answer.status is not SettingStatus.ACCEPTED or answer.setting is None or answer.setting.value is None:
        return False
    return rules.same(wanted.setting.value, answer.setting.value)


async def _judge(
    caller: Caller, station: Likeness, wanted: AllWanted, trouble: str, *, judged: bool
) -> dict[NameKey, Stand]:
    """Kept with its reason, and told; one that waited to be accepted is asked to boot where it may come in now."""
    must = rules.must_have(wanted)

    def keep(connection: Connection, work: Work) -> tuple[dict[NameKey, Stand], bool]:
        found = stands(connection, station, wanted)
        standings = {key: each.standing for key, each in found.items()}
        store.put_reconciled(connection, station.id, caller.now, trouble)
        verdict, reason = None, trouble
        if must and judged:
            why = {
                key: f"{each.change.said} {each.change.reason}".strip() for key, each in found.items() if each.change
            }
            verdict, reason = rules.judge(must, standings, why)
            reason = f"{trouble}; {reason}"[:500] if trouble and reason else reason
            store.put_provisioning(
                connection,
                station.id,
                asked=rules.fingerprint(must, station.firmware),
                verdict=verdict.value,
                reason=reason,
                at=caller.now,
            )
        if wanted:
            counted = [each.standing for each in found.values()]
            work.tell(
                SettingsReconciled(
                    station.id,
                    caller.now,
                    counted.count(Standing.HOLDS),
                    counted.count(Standing.REFUSED),
                    counted.count(Standing.REBOOT_NEEDED),
                    verdict is Verdict.HELD_BACK,
                    reason,
                )
            )
        return found, verdict is not None and verdict.lets_in

    found, lets_in = await caller.database.write(keep)
    if must and judged:
        # Whoever holds its connection answers its next boot by this, and says why.
        await caller.stations.refresh(station.id)
    await _let_in(caller, station, waits_for_nothing=lets_in or not must)
    return found


async def _let_in(caller: Caller, station: Likeness, *, waits_for_nothing: bool) -> None:
    if not waits_for_nothing or station.policy != "Accepted" or station.registration != "Pending":
        return
    await caller.stations.refresh(station.id)
    # One that will not, boots when its wait is over.
    with contextlib.suppress(VoltloomError):
        await ask(caller, station.id, Trigger(Triggerable.BOOT), timeout_s=10)


async def waive(caller: Caller, station_id: StationId) -> None:
    """Let it in as it is, until its firmware or what it must have changes. Raises NotFound, Conflict (it does not wait
    for that)."""

    def change(connection: Connection, work: Work) -> Likeness:
        existing(connection, station_id)
        station = likeness_of(connection, station_id)
        assert station is not None
        must = rules.must_have(wanted_now(connection, station))
        if not must:
            raise Conflict(f"{station_id} has nothing that it must have before it is accepted")
        asked = rules.fingerprint(must, station.firmware)
        reason = f"let in as it is by {caller.actor.name}"[:500]
        store.put_provisioning(
            connection, station_id, asked=asked, verdict=Verdict.WAIVED.value, reason=reason, at=caller.now
        )
        note(connection, work, caller.actor, "station.waive_settings", station_id, "done", caller.now)
        return station

    station = await caller.database.write(change)
    await _let_in(caller, station, waits_for_nothing=True)


# ---- by itself


def boots_that_matter(connection: Connection, told: Sequence[StationBooted]) -> list[bool]:
    """Those of stations that are to have settings, and were not asked for them a moment ago in vain."""
    ids = [each.station_id for each in told]
    known = {station.id: station for station in likenesses(connection, ids)}
    templates, own = store.read_templates(connection), store.read_own(connection, ids)
    rows = store.read_provisioning(connection, ids)

    def matters(each: StationBooted) -> bool:
        station, row = known.get(each.station_id), rows.get(each.station_id)
        if station is None or each.registration == "Rejected":
            return False
        wanted = rules.wanted_of(station, templates, own.get(station.id, ()))
        if each.registration == "Pending" and row is not None and row["verdict"] == Verdict.HELD_BACK.value:
            asked = rules.fingerprint(rules.must_have(wanted), station.firmware)
            return row["asked"] != asked or each.at - row["at"] >= ASK_AGAIN
        return bool(wanted)

    return [matters(each) for each in told]


async def after_boot(ctx: Context, told: StationBooted) -> None:
    if any(await ctx.database.read(lambda connection: boots_that_matter(connection, [told]))):
        with contextlib.suppress(VoltloomError):
            await reconcile(Automatic.of(ctx, ACTOR), told.station_id, again=False)


async def after_change(ctx: Context, told: WantedSettingsChanged) -> None:
    """All that are connected and meant, a few at a time; one that was held back by what is wanted no more comes in."""

    def affected(connection: Connection) -> list[StationId]:
        templates = store.read_templates(connection)
        ids = [StationId(told.station_id)] if told.station_id else None
        found: list[StationId] = []
        for station in list(likenesses(connection, ids, connected=True)):
            own = store.read_own(connection, [station.id]).get(station.id, ())
            waits = station.registration == "Pending" and station.policy == "Accepted"
            if station.registration != "Rejected" and (waits or rules.wanted_of(station, templates, own)):
                found.append(station.id)
        return found

    waiting = iter(await ctx.database.read(affected))

    async def work() -> None:
        for station_id in waiting:
            caller = Automatic(ctx.database, ctx.stations, datetime.now(UTC), Automatic.of(ctx, ACTOR).actor)
            await ctx.stations.refresh(station_id)
            with contextlib.suppress(VoltloomError):
                await reconcile(caller, station_id, again=False)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def forget_removed(ctx: Context, told: StationChanged) -> None:
    if told.change == "removed":
        await ctx.database.write(lambda connection, _: store.forget_station(connection, told.station_id))
