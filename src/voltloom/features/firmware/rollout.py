"""Use cases of campaigns, and the clockwork that carries them on: all it knows is in the database, so it outlives a
restart, and may be paused and cancelled at any moment."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, RowMapping

from voltloom.domain.errors import Conflict, Invalid, NotFound, TimedOut, Unreachable, VoltloomError
from voltloom.domain.events import FirmwareCampaignChanged
from voltloom.domain.ids import StationId
from voltloom.features.access import Actor, note
from voltloom.features.feature import Context, Occasional, Stations
from voltloom.features.firmware import campaign_store as store
from voltloom.features.firmware import images, rules
from voltloom.features.firmware.campaigns import (
    MOST_CAMPAIGNS,
    MOST_STATIONS,
    Do,
    Item,
    Plan,
    Reach,
    Stage,
    Step,
    Target,
    item_after,
    next_step,
    reach_of,
    why_skip,
)
from voltloom.features.firmware.images import FirmwareConfig
from voltloom.features.firmware.rules import State
from voltloom.features.firmware.service import UpdateWish, update_station
from voltloom.features.firmware.store import find_updates, get_image
from voltloom.features.stations import Caller, Conditions, read_fleet, said_of
from voltloom.features.transactions import read_running
from voltloom.infra.database import Database, Work

LOST_AFTER = timedelta(minutes=5)
"""A station that was being asked when a node ended is looked at again then."""


@dataclass(frozen=True, slots=True)
class CampaignWish:
    """ids: these stations; None: those that meet the conditions."""

    image_id: str
    plan: Plan
    ids: tuple[StationId, ...] | None
    conditions: Conditions
    allow_unsigned: bool = False
    retries: int | None = None
    retry_interval_s: int | None = None


def _targets(connection: Connection, wish: CampaignWish, now: datetime) -> tuple[list[Target], list[str]]:
    """Who is meant; and which names are no station's."""
    charging = read_running(connection, now)
    wanted = None if wish.ids is None else set(wish.ids)
    targets = [
        Target(each.id, each.connected, each.vendor, each.model, each.firmware, each.id in charging)
        for each in read_fleet(connection, wish.conditions).fleet().members
        if wanted is None or each.id in wanted
    ]
    known = {target.id for target in targets}
    return targets, [id_ for id_ in wish.ids or () if id_ not in known]


async def look(caller: Caller, wish: CampaignWish) -> Reach:
    """How far it would reach; nothing is begun. Raises NotFound (the image)."""

    def read(connection: Connection) -> Reach:
        targets, missing = _targets(connection, wish, caller.now)
        return reach_of(images.existing(connection, wish.image_id), targets, missing)

    return await caller.database.read(read)


async def begin(caller: Caller, wish: CampaignWish) -> tuple[str, Reach]:
    """The campaign's id. Raises NotFound, Invalid (none is meant, or too many), Conflict."""
    campaign_id = secrets.token_hex(8)

    def add(connection: Connection, work: Work) -> Reach:
        image = images.existing(connection, wish.image_id)
        rules.check_here(image)
        rules.check_signed_enough(image, takes_signed=False, allow_unsigned=wish.allow_unsigned, now=caller.now)
        targets, missing = _targets(connection, wish, caller.now)
        reach = reach_of(image, targets, missing)
        _check(reach, connection)
        skipped = [(target.id, why_skip(image, target)) for target in targets]
        stations = [(id_, Item.SKIPPED if why else Item.WAITING, why) for id_, why in skipped]
        store.add(connection, _values(caller, campaign_id, image.version, wish), stations)
        details = {"image": image.id, "version": image.version, "sha256": image.sha256, "stations": reach.stations}
        note(connection, work, caller.actor, "firmware.campaign", campaign_id, "began", caller.now, details)
        work.tell(FirmwareCampaignChanged(campaign_id, caller.now, "began", "", 0, reach.stations, 0, 0))
        return reach

    return campaign_id, await caller.database.write(add)


def _check(reach: Reach, connection: Connection) -> None:
    if reach.missing:
        others = f", nor {len(reach.missing) - 1} others named" if reach.missing[1:] else ""
        raise NotFound(f"there is no station {reach.missing[0][:60]!r}{others}")
    if not reach.stations:
        raise Invalid("no station is left to be updated by this")
    if reach.stations + reach.have_it + reach.other_make > MOST_STATIONS:
        raise Invalid(f"a campaign is for at most {MOST_STATIONS} stations")
    if store.count_open(connection) >= MOST_CAMPAIGNS:
        raise Conflict(f"{MOST_CAMPAIGNS} campaigns are under way already: wait for one of them, or cancel it")


def _values(caller: Caller, campaign_id: str, version: str, wish: CampaignWish) -> dict[str, object]:
    plan = wish.plan
    return {
        "id": campaign_id,
        "image_id": wish.image_id,
        "version": version,
        "stage": Stage.RUNNING.value,
        "reason": "",
        "wave": 0,
        "canary": plan.canary,
        "wave_size": plan.wave,
        "at_once": plan.at_once,
        "halt_percent": plan.halt_percent,
        "soak_s": int(plan.soak.total_seconds()),
        "patience_s": int(plan.patience.total_seconds()),
        "forgiven": 0,
        "allow_unsigned": wish.allow_unsigned,
        "retries": wish.retries,
        "retry_interval_s": wish.retry_interval_s,
        "actor_kind": caller.actor.kind,
        "actor_id": caller.actor.id[:100],
        "actor": caller.actor.name[:200],
        "address": caller.actor.address[:100],
        "asked_at": caller.now,
        "ends_at": plan.ends_at,
        "changed_at": None,
        "ended_at": None,
    }


async def pause(caller: Caller, campaign_id: str) -> None:
    """No more stations are asked; those being updated go on. Raises NotFound, Conflict (it does not run)."""
    await _turn(caller, campaign_id, (Stage.RUNNING,), Stage.PAUSED, "paused")


async def resume(caller: Caller, campaign_id: str) -> None:
    """What failed until now is not held against it any more. Raises NotFound, Conflict (it is over, or runs)."""
    await _turn(caller, campaign_id, (Stage.PAUSED, Stage.HALTED), Stage.RUNNING, "resumed")


async def cancel(caller: Caller, campaign_id: str) -> None:
    """Stations that are being updated go on. Raises NotFound, Conflict (it is over)."""
    open_ = (Stage.RUNNING, Stage.PAUSED, Stage.HALTED)
    await _turn(caller, campaign_id, open_, Stage.CANCELLED, "cancelled")


async def _turn(caller: Caller, campaign_id: str, was: Iterable[Stage], to: Stage, change: str) -> None:
    def turn(connection: Connection, work: Work) -> None:
        before = existing(connection, campaign_id)
        values: dict[str, object] = {"stage": to.value, "reason": "", "changed_at": caller.now}
        if to is Stage.RUNNING:
            values["forgiven"] = store.standing(connection, before).failed
        if to.is_over:
            values["ended_at"] = caller.now
        if not store.change(connection, campaign_id, was, **values):
            raise Conflict(f"this campaign is {before['stage']}")
        if to.is_over:
            store.end_waiting(connection, campaign_id, Item.CANCELLED, caller.now)
        note(connection, work, caller.actor, "firmware.campaign", campaign_id, change, caller.now)
        _tell(connection, work, campaign_id, change, "", caller.now)

    await caller.database.write(turn)


def existing(connection: Connection, campaign_id: str) -> RowMapping:
    """Raises NotFound."""
    found = store.get(connection, campaign_id)
    if found is None:
        raise NotFound("there is no such campaign")
    return found


def _tell(connection: Connection, work: Work, campaign_id: str, change: str, reason: str, now: datetime) -> None:
    counts = store.counts(connection, [campaign_id]).get(campaign_id, {})
    stations = sum(number for state, number in counts.items() if state != Item.SKIPPED.value)
    done, failed = counts.get(Item.DONE.value, 0), counts.get(Item.FAILED.value, 0)
    wave = existing(connection, campaign_id)["wave"]
    work.tell(FirmwareCampaignChanged(campaign_id, now, change, reason[:300], wave, stations, done, failed))


# ---- the clockwork


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whoever began the campaign, as a caller of each of its updates."""

    actor: Actor
    database: Database
    stations: Stations
    now: datetime


def carrier(config: FirmwareConfig) -> Occasional:
    async def carry_campaigns_on(ctx: Context) -> None:
        for campaign in await ctx.database.read(store.read_running):
            await _Rollout(ctx, config, campaign).advance()

    return carry_campaigns_on


class _Rollout:
    def __init__(self, ctx: Context, config: FirmwareConfig, campaign: RowMapping) -> None:
        self._ctx = ctx
        self._config = config
        self._id: str = campaign["id"]
        self._actor = Actor(
            campaign["actor_kind"], campaign["actor_id"], campaign["actor"], frozenset(), campaign["address"]
        )
        self._wish = UpdateWish(
            campaign["image_id"],
            retries=campaign["retries"],
            retry_interval_s=campaign["retry_interval_s"],
            allow_unsigned=campaign["allow_unsigned"],
            campaign_id=campaign["id"],
            patience=timedelta(seconds=campaign["patience_s"]),
        )
        self._plan = Plan(
            campaign["canary"],
            campaign["wave_size"],
            campaign["at_once"],
            campaign["halt_percent"],
            timedelta(seconds=campaign["soak_s"]),
            timedelta(seconds=campaign["patience_s"]),
            campaign["ends_at"],
        )

    async def advance(self) -> None:
        step, wave = await self._ctx.database.write(self._decide)
        if step.do is not Do.START:
            return
        waiting = await self._ctx.database.read(
            lambda connection: store.waiting_and_connected(connection, self._id, step.stations)
        )
        async with asyncio.TaskGroup() as group:
            for station_id in waiting:
                group.create_task(self._update(station_id, wave))

    def _decide(self, connection: Connection, work: Work) -> tuple[Step, int]:
        """What is next, after what has become of its stations is noted."""
        now = self._ctx.now
        campaign = store.get(connection, self._id)
        if campaign is None or campaign["stage"] != Stage.RUNNING.value:
            return Step(Do.WAIT), 0
        self._note_moved(connection)
        self._find_lost(connection, now)
        why = self._why_not(connection, now)
        step = Step(Do.HALT, reason=why) if why else next_step(self._plan, store.standing(connection, campaign), now)
        match step.do:
            case Do.HALT:
                self._turn(connection, work, Stage.HALTED, "halted", step.reason)
            case Do.FINISH:
                store.end_waiting(connection, self._id, Item.NOT_REACHED, now)
                self._turn(connection, work, Stage.DONE, "done", "")
            case Do.NEXT_WAVE:
                store.change(connection, self._id, (Stage.RUNNING,), wave=campaign["wave"] + 1, changed_at=now)
                _tell(connection, work, self._id, "wave", "", now)
            case Do.START | Do.WAIT:
                pass
        return step, campaign["wave"]

    def _note_moved(self, connection: Connection) -> None:
        for moved in store.read_moved(connection, self._id):
            state = State(moved["state"])
            outcome = moved["reason"] or moved["said"] if item_after(state) is Item.FAILED else state.value
            at = moved["changed_at"] or self._ctx.now
            values = {"state": item_after(state).value, "outcome": outcome[:300], "at": at}
            store.put(connection, self._id, moved["station_id"], **values)

    def _find_lost(self, connection: Connection, now: datetime) -> None:
        for station_id in store.read_lost(connection, self._id, now - LOST_AFTER):
            self._bind(connection, station_id)

    def _bind(self, connection: Connection, station_id: StationId) -> None:
        """To the update that was begun; one that has none waits again."""
        named = {"campaign_id": self._id, "station_id": station_id}
        found = find_updates(connection, named, (), None, 1)
        if found:
            store.put(connection, self._id, station_id, update_id=found[0].id, outcome=found[0].said)
        else:
            store.put(connection, self._id, station_id, state=Item.WAITING.value, wave=None, outcome="", at=None)

    def _why_not(self, connection: Connection, now: datetime) -> str:
        image = get_image(connection, self._wish.image_id)
        if image is None:
            return "its image is deleted"
        if image.signer is not None and now > image.signer.not_after:
            return "the certificate that its image was signed with has ended"
        return ""

    def _turn(self, connection: Connection, work: Work, to: Stage, change: str, reason: str) -> None:
        now = self._ctx.now
        ended = {"ended_at": now} if to.is_over else {}
        store.change(
            connection, self._id, (Stage.RUNNING,), stage=to.value, reason=reason[:300], changed_at=now, **ended
        )
        outcome = f"{change}: {reason}" if reason else change
        note(connection, work, self._actor, "firmware.campaign", self._id, outcome, now)
        _tell(connection, work, self._id, change, reason, now)

    async def _update(self, station_id: StationId, wave: int) -> None:
        database = self._ctx.database
        now = datetime.now(UTC)
        if not await database.write(lambda connection, _: store.take(connection, self._id, station_id, wave, now)):
            return
        asker = _Asker(self._actor, database, self._ctx.stations, now)
        try:
            await update_station(asker, self._config, station_id, self._wish)
        except TimedOut:
            pass  # it may have begun: its update says so, or ends as silent
        except Unreachable:
            pass  # there is no update of it: it waits again
        except Conflict as error:
            await self._put(station_id, Item.SKIPPED, error.reason)
            return
        except VoltloomError as error:
            why = error.reason if isinstance(error, Invalid) else said_of(error)
            await self._put(station_id, Item.FAILED, why)
            return
        await database.write(lambda connection, _: self._bind(connection, station_id))

    async def _put(self, station_id: StationId, state: Item, outcome: str) -> None:
        values = {"state": state.value, "outcome": outcome[:300], "at": datetime.now(UTC)}
        await self._ctx.database.write(lambda connection, _: store.put(connection, self._id, station_id, **values))
