"""Use cases of local lists, and the clockwork that makes stations' lists what they should be."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from voltloom.domain.commands import (
    GetLocalListVersion,
    GetSettings,
    ListAnswer,
    ListStatus,
    ListUpdate,
    SendLocalList,
    SettingStatus,
)
from voltloom.domain.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotInThisVersion,
    StationError,
    Unreachable,
    VoltloomError,
)
from voltloom.domain.events import LocalListChanged, SiteChanged, StationBooted, StationChanged, TokenChanged
from voltloom.domain.ids import SiteId, StationId
from voltloom.domain.station import Attribute
from voltloom.features import sites
from voltloom.features.access import note
from voltloom.features.authorization import Known, Selected, group_ids, select_tokens, standing
from voltloom.features.feature import Context, Stations
from voltloom.features.local_authorization import rules, store
from voltloom.features.local_authorization.rules import (
    Bounds,
    Content,
    Entry,
    Held,
    ListScope,
    Mode,
    Selection,
    State,
    StationList,
)
from voltloom.features.stations import Caller, ask, existing, keep_settings, known_settings
from voltloom.infra.database import Database, Work

LOG = structlog.get_logger(__name__)

AT_ONCE = 8
A_ROUND = 200
"""Stations that are brought up to date in one turn of the clockwork; the next turn goes on."""
PATIENCE_S = 30.0
SENDING = timedelta(minutes=5)
"""How long a list may be under way before another may try."""


# ---- selections


async def put_selection(caller: Caller, selection: Selection) -> Selection:
    """Raises Invalid, NotFound (the site or station)."""
    rules.check(selection)
    selection = replace(selection, tokens=tuple(dict.fromkeys(token.upper() for token in selection.tokens)))

    def put(connection: Connection, work: Work) -> Selection:
        _existing_target(connection, selection)
        unknown = sorted(set(selection.groups) - group_ids(connection))
        if unknown:
            raise Invalid(f"there is no token group {unknown[0]!r}")
        store.put_selection(connection, selection, caller.now, caller.actor.name)
        store.note_change(connection)
        details = {"mode": selection.mode.value, "groups": selection.groups, "tokens": len(selection.tokens)}
        target = selection.scope_id or "network"
        note(connection, work, caller.actor, "local_list.select", target, "done", caller.now, details)
        return selection

    return await caller.database.write(put)


def _existing_target(connection: Connection, selection: Selection) -> None:
    match selection.scope:
        case ListScope.STATION:
            existing(connection, StationId(selection.scope_id))
        case ListScope.SITE:
            sites.existing(connection, SiteId(selection.scope_id))
        case ListScope.NETWORK:
            pass


async def remove_selection(caller: Caller, scope: ListScope, scope_id: str) -> None:
    """What holds farther out holds again. Raises NotFound."""

    def remove(connection: Connection, work: Work) -> None:
        if not store.remove_selection(connection, scope, scope_id):
            raise NotFound("nothing is selected there")
        store.note_change(connection)
        note(connection, work, caller.actor, "local_list.unselect", scope_id or "network", "done", caller.now)

    await caller.database.write(remove)


# ---- a station's list


async def get_list(caller: Caller, station_id: StationId) -> StationList:
    """Raises NotFound (no such station)."""

    def read(connection: Connection) -> StationList:
        existing(connection, station_id)
        return store.get_list(connection, station_id) or StationList(station_id, State.OFF)

    return await caller.database.read(read)


async def wanted_entries(caller: Caller, station_id: StationId) -> tuple[Entry, ...]:
    """What its list should hold. Raises NotFound."""
    found = await get_list(caller, station_id)
    if not found.wanted:
        return ()
    return await caller.database.read(lambda connection: store.get_content(connection, found.wanted)) or ()


async def ask_version(caller: Caller, station_id: StationId, timeout_s: float) -> int | None:
    """What the station says its list is; where that is not what we thought, it is sent anew. Raises what `ask` does."""
    answer = await ask(caller, station_id, GetLocalListVersion(), timeout_s=timeout_s)

    def keep(connection: Connection, _: Work) -> None:
        known = store.get_list(connection, station_id)
        if known is None:
            return
        if known.state is not State.OFF and answer.version is not None and answer.version != known.version:
            store.ask_again(connection, station_id, datetime.now(UTC))
        store.change_list(connection, station_id, {"said_version": answer.version, "asked_at": caller.now})

    await caller.database.write(keep)
    return answer.version


async def send_now(caller: Caller, station_id: StationId, *, full: bool) -> StationList:
    """Reckon and send without waiting for the clockwork; where that is at it, it goes on. full: all of it, whatever is
    thought to be there.

    Raises NotFound, Conflict (its list is not ours to fill), Unreachable.
    """

    def prepare(connection: Connection, work: Work) -> StationList:
        if not existing(connection, station_id)["connected"]:
            raise Unreachable(f"{station_id} is not connected")
        _reckon(connection, work, caller.now)
        found = store.get_list(connection, station_id)
        if found is None or found.state is State.OFF:
            raise Conflict(f"nothing is selected for the list of {station_id}: say first which tokens belong on it")
        if (caller.database.url, station_id) in _under_way:
            return found
        store.change_list(
            connection, station_id, {"next_at": None, "must_ask": True} | ({"digest": ""} if full else {})
        )
        details = {"full": full, "entries": found.wanted_entries}
        note(connection, work, caller.actor, "local_list.send", station_id, "asked", caller.now, details)
        found = store.get_list(connection, station_id)
        assert found is not None
        return found

    found = await caller.database.write(prepare)
    await _Bringing(caller.database, caller.stations, found).run()
    return await get_list(caller, station_id)


# ---- what others tell


async def tokens_changed(ctx: Context, _: TokenChanged) -> None:
    await _note_change(ctx)


async def site_changed(ctx: Context, told: SiteChanged) -> None:
    if told.change == "removed":
        await ctx.database.write(
            lambda connection, _: store.remove_selection(connection, ListScope.SITE, told.site_id) or None
        )
        await _note_change(ctx)


async def station_changed(ctx: Context, told: StationChanged) -> None:
    """It may be new, or have another site."""
    if told.change not in ("added", "changed", "removed"):
        return
    if told.change == "removed":
        await ctx.database.write(
            lambda connection, _: store.remove_selection(connection, ListScope.STATION, told.station_id) or None
        )
    await _note_change(ctx)


def boots_that_matter(connection: Connection, told: Sequence[StationBooted]) -> list[bool]:
    """Those of stations that are to hold a list."""
    holding = store.holding_lists(connection, [each.station_id for each in told])
    return [each.station_id in holding for each in told]


def one_is_enough(_: Connection, told: Sequence[TokenChanged]) -> list[bool]:
    """Of several changes of tokens, the last."""
    return [each is told[-1] for each in told]


def changes_that_matter(_: Connection, told: Sequence[StationChanged]) -> list[bool]:
    """Each removal; of what was added or has another site, the last."""
    others = [each for each in told if each.change in ("added", "changed")]
    return [each.change == "removed" or (bool(others) and each is others[-1]) for each in told]


async def station_booted(ctx: Context, told: StationBooted) -> None:
    """It may have lost its list, or have another firmware that knows lists."""
    await ctx.database.write(lambda connection, _: store.ask_again(connection, told.station_id, told.at))


async def _note_change(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.note_change(connection))


# ---- the clockwork


async def reconcile(ctx: Context) -> None:
    """Reckon what lists should hold, where anything changed; then bring those up to date that are not."""
    changes = await ctx.database.read(lambda connection: store.changes_to_reckon(connection, ctx.now))
    if changes is not None:
        await ctx.database.write(lambda connection, work: _reckon(connection, work, ctx.now))
    due = await ctx.database.read(lambda connection: store.due_lists(connection, ctx.now, A_ROUND))
    queue = iter(due)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(due))):
            group.create_task(_work(ctx, queue))


async def _work(ctx: Context, queue: Iterator[StationList]) -> None:
    for station_list in queue:
        await _Bringing(ctx.database, ctx.stations, station_list).run()


def _reckon(connection: Connection, work: Work, now: datetime) -> None:
    changes = store.changes_to_reckon(connection, now)
    if changes is None:
        return
    selections = store.selections(connection)
    lists = store.all_lists(connection)
    reckoner = _Reckoner(connection, now)
    stations = store.all_stations(connection)
    changed: list[StationList] = []
    for station_id, site_id in stations:
        before = lists.pop(station_id, None)
        after = _with_wanted(before, station_id, rules.nearest(selections, station_id, site_id), reckoner)
        if after is not None and after != before:
            changed.append(after)
    store.put_lists(connection, changed)
    store.forget_lists(connection, list(lists))
    store.forget_contents(connection)
    store.note_reckoned(connection, changes, reckoner.next_at)
    for each in changed:
        work.tell(
            LocalListChanged(StationId(each.station_id), now, each.state.value, each.version, each.wanted_entries)
        )


def _with_wanted(
    before: StationList | None, station_id: str, selection: Selection | None, reckoner: "_Reckoner"
) -> StationList | None:
    """A list that nobody ever wanted anything of is none of ours."""
    if selection is None or selection.mode is Mode.OFF:
        return None if before is None else replace(before, state=State.OFF, wanted="", wanted_entries=0, left_out=0)
    known = before or StationList(station_id)
    content = reckoner.content(selection, known.room)
    if known.wanted == content.digest and known.left_out == content.left_out and known.state is not State.OFF:
        return known
    state = State.CURRENT if known.digest == content.digest and not known.must_ask else State.PENDING
    return replace(
        known,
        state=state,
        wanted=content.digest,
        wanted_entries=len(content.entries),
        left_out=content.left_out,
        tries=0,
        next_at=None,
    )


class _Reckoner:
    """What each selection comes to, once, for each bound that stations put on it."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._selected: dict[tuple[object, ...], tuple[list[Entry], int]] = {}
        self._contents: dict[tuple[object, ...], Content] = {}
        self.next_at: datetime | None = None

    def content(self, selection: Selection, most: int | None) -> Content:
        named = (selection.mode, selection.groups, selection.tokens)
        found = self._contents.get((*named, most))
        if found is None:
            if named not in self._selected:
                self._selected[named] = self._entries(selection)
            found = rules.content_of(*self._selected[named], most)
            self._contents[(*named, most)] = found
            store.put_content(self._connection, found)
        return found

    def _entries(self, selection: Selection) -> tuple[list[Entry], int]:
        wanted = None if selection.mode is Mode.EVERYTHING else (selection.groups, selection.tokens)
        selected: Selected = select_tokens(self._connection, wanted, self._now, rules.MOST_ENTRIES)
        times = [at for known in selected.known for at in (known.token.valid_from, known.token.valid_until)]
        self.next_at = rules.next_turn((*times, self.next_at), self._now)
        return [_entry(known, self._now) for known in selected.known], selected.total


def _entry(known: Known, now: datetime) -> Entry:
    token = known.token
    until = token.valid_until
    return Entry(
        token.value,
        rules.kind_on_a_list(token.value, token.kind).value,
        standing(token, known.group, now).value,
        "" if until is None else until.astimezone(UTC).isoformat(),
        known.group.id if known.group else "",
        token.language,
    )


_under_way: set[tuple[str, StationId]] = set()
"""On this node. Of another, the table tells: see `store.take`."""


class _Bringing:
    """One station's list, brought up to date: its version asked where that is due, then what is missing sent."""

    def __init__(self, database: Database, stations: Stations, station_list: StationList) -> None:
        self._database = database
        self._stations = stations
        self._id = StationId(station_list.station_id)
        self._list = station_list

    async def run(self) -> None:
        if (self._database.url, self._id) in _under_way:
            return
        _under_way.add((self._database.url, self._id))
        try:
            await self._run()
        finally:
            _under_way.discard((self._database.url, self._id))

    async def _run(self) -> None:
        until = datetime.now(UTC) + SENDING
        found, now = self._list, datetime.now(UTC)
        if not await self._database.write(lambda connection, _: store.take(connection, found, now, until)):
            return
        self._list = replace(found, next_at=until)
        try:
            await self._bring()
        except Unreachable:
            await self._keep(State.PENDING, "not connected", wait=timedelta(minutes=1))
        except (StationError, NotInThisVersion) as error:
            code = getattr(error, "code", "")
            unsupported = isinstance(error, NotInThisVersion) or code in ("NotImplemented", "NotSupported")
            await self._keep(State.UNSUPPORTED if unsupported else State.FAILED, error.reason)
        except VoltloomError as error:
            await self._keep(State.FAILED, error.reason)

    async def _bring(self) -> None:
        if self._list.must_ask and not await self._ask():
            return
        if self._list.digest == self._list.wanted:
            await self._keep(State.CURRENT, "")
            return
        bounds = await self._bounds()
        wanted, entries = await self._database.write(lambda connection, _: self._contents(connection, bounds))
        answer = await self._send(Held(self._list.version, entries), wanted, bounds)
        if answer.status in (ListStatus.FAILED, ListStatus.VERSION_MISMATCH) and entries is not None:
            # It cannot be built upon: all of it, with a version above whatever the station has.
            self._list = replace(self._list, digest="")
            if await self._ask():
                answer = await self._send(Held(self._list.version), wanted, bounds)
            else:
                return
        if answer.status is ListStatus.ACCEPTED:
            self._list = replace(self._list, digest=wanted.digest, must_ask=False)
        elif answer.status is ListStatus.VERSION_MISMATCH:
            self._list = replace(self._list, must_ask=True)
        said = " ".join(filter(None, (answer.status.value, answer.reason, answer.detail)))
        await self._keep(rules.state_after(answer.status), said)

    async def _ask(self) -> bool:
        """False where it keeps no list."""
        said = await self._stations.ask(self._id, GetLocalListVersion(), timeout_s=PATIENCE_S)
        self._list = replace(self._list, said_version=said.version, asked_at=datetime.now(UTC), must_ask=False)
        if said.version is None:
            await self._keep(State.UNSUPPORTED, "it says that it keeps no list")
            return False
        if said.version != self._list.version:
            # Somebody else's, or an older one: what is on it is not known.
            self._list = replace(self._list, version=max(0, said.version), digest="")
        return True

    async def _bounds(self) -> Bounds:
        """As it told them, or tells them now. One that has no words for them has none."""
        known = await self._database.read(lambda connection: known_settings(connection, self._id, rules.BOUNDS))
        if rules.ITEMS_PER_MESSAGE in known:
            return rules.bounds_of(known)
        question = GetSettings(tuple((name, Attribute.ACTUAL) for name in rules.BOUNDS))
        try:
            answers = await self._stations.ask(self._id, question, timeout_s=PATIENCE_S)
        except (StationError, NotInThisVersion):
            return rules.bounds_of(known)
        told = [each.setting for each in answers if each.setting and each.status is SettingStatus.ACCEPTED]
        now = datetime.now(UTC)
        await self._database.write(lambda connection, _: keep_settings(connection, self._id, told, now))
        return rules.bounds_of(known | {setting.name: setting for setting in told})

    def _contents(self, connection: Connection, bounds: Bounds) -> tuple[Content, tuple[Entry, ...] | None]:
        """What should be on it, within the room that it has; and what is, where that is known."""
        whole = Content(store.get_content(connection, self._list.wanted) or (), self._list.left_out, self._list.wanted)
        wanted = rules.fitted(whole, bounds.entries)
        if wanted is not whole or bounds.entries != self._list.room:
            self._list = replace(
                self._list,
                room=bounds.entries,
                wanted=wanted.digest,
                wanted_entries=len(wanted.entries),
                left_out=wanted.left_out,
            )
            store.put_content(connection, wanted)
            store.put_lists(connection, [self._list])
        held = store.get_content(connection, self._list.digest) if self._list.digest else None
        return wanted, held

    async def _send(self, held: Held, wanted: Content, bounds: Bounds) -> ListAnswer:
        """The last answer: it ends at the first that is no yes. Under way, nobody knows what is on the list."""
        unsayable, full = 0, False
        answer = ListAnswer(ListStatus.ACCEPTED)
        for message in rules.messages(held, wanted, bounds):
            full = full or message.update is ListUpdate.FULL
            answer = await self._stations.ask(self._id, message, timeout_s=PATIENCE_S)
            if answer.status is not ListStatus.ACCEPTED:
                self._list = replace(self._list, digest="")
                return answer
            unsayable += answer.left_out
            await self._note_sent(message)
        self._list = replace(self._list, unsayable=unsayable if full else self._list.unsayable + unsayable)
        return answer

    async def _note_sent(self, message: SendLocalList) -> None:
        self._list = replace(self._list, version=message.version)
        values = {"version": message.version, "digest": ""}
        await self._database.write(lambda connection, _: store.change_list(connection, self._id, values))

    async def _keep(self, state: State, said: str, wait: timedelta | None = None) -> None:
        now = datetime.now(UTC)
        tries = 0 if state is State.CURRENT else self._list.tries + 1
        pause = rules.UNSUPPORTED_WAIT if state is State.UNSUPPORTED else wait or rules.wait(tries)
        kept = replace(
            self._list,
            state=state,
            said=said[:200],
            tries=tries,
            next_at=None if state is State.CURRENT else now + pause,
            changed_at=now,
        )

        def keep(connection: Connection, work: Work) -> None:
            if store.keep_list(connection, kept):
                work.tell(LocalListChanged(self._id, now, state.value, kept.version, kept.wanted_entries))

        await self._database.write(keep)
        if state is not State.CURRENT:
            LOG.info("a local list is not as it should be", station_id=self._id, state=state.value, said=kept.said)


async def find_lists(caller: Caller, states: Sequence[State], after: str, limit: int) -> list[StationList]:
    return await caller.database.read(lambda connection: store.find_lists(connection, states, after, limit))
