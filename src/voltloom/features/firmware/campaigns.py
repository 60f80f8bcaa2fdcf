"""A campaign: an image for many stations, some canaries first, then wave by wave. Pure; the time is an argument."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from voltloom.features.firmware.rules import Image, State, is_made_for, is_version

MOST_STATIONS = 20_000
MOST_CAMPAIGNS = 4
"""That are not over, of the whole network."""
MOST_AT_ONCE = 100
"""Stations of one campaign that are being updated at the same time. Asking is quick: they may fetch for an hour."""


class Stage(Enum):
    RUNNING = "running"
    PAUSED = "paused"
    """Somebody said so."""
    HALTED = "halted"
    """Too many failed: somebody has to look."""
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (Stage.DONE, Stage.CANCELLED)


class Item(Enum):
    """What became of one station."""

    WAITING = "waiting"
    UPDATING = "updating"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It runs that version already, is of another make, or was being updated otherwise."""
    CANCELLED = "cancelled"
    NOT_REACHED = "not_reached"
    """It was not connected until the campaign ended."""


class Wave(NamedTuple):
    """How one wave stands. number 0: the canaries. waiting: who are to be asked in it, yet."""

    number: int
    updated: int = 0
    updating: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """canary        how many are first, and must all succeed
    wave          how many are next, wave by wave: one begins when the one before is behind us
    at_once       how many are being updated at the same time, at most
    halt_percent  a greater share of failures among those behind us ends the rollout until somebody looks
    soak          between the canaries and the first wave
    patience      how long one station may take
    ends_at       who was not connected by then is not reached
    """

    canary: int
    wave: int
    at_once: int
    halt_percent: int
    soak: timedelta
    patience: timedelta
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a campaign stands. wave 0: the canaries.

    waiting, done, failed   stations of the whole campaign; skipped ones count nowhere
    started, updating       of this wave
    forgiven    failures that somebody has looked at
    over_at     when the last of this wave was behind us
    """

    wave: int
    waiting: int
    done: int
    failed: int
    started: int
    updating: int
    forgiven: int = 0
    over_at: datetime | None = None


class Do(Enum):
    WAIT = "wait"
    START = "start"
    NEXT_WAVE = "next wave"
    HALT = "halt"
    FINISH = "finish"


class Step(NamedTuple):
    do: Do
    stations: int = 0
    reason: str = ""


WAIT = Step(Do.WAIT)


def next_step(plan: Plan, now_is: Standing, now: datetime) -> Step:
    if why := why_halt(plan, now_is):
        return Step(Do.HALT, reason=why)
    is_late = now >= plan.ends_at
    if now_is.updating == 0 and (now_is.waiting == 0 or is_late):
        return Step(Do.FINISH)
    if now_is.waiting == 0 or is_late:
        return WAIT
    target = plan.canary if now_is.wave == 0 else plan.wave
    room = min(target - now_is.started, plan.at_once - now_is.updating)
    if room > 0:
        return Step(Do.START, room)
    if now_is.updating > 0 or now_is.started < target:
        return WAIT
    if now_is.wave == 0 and now < (now_is.over_at or now) + plan.soak:
        return WAIT
    return Step(Do.NEXT_WAVE)


def why_halt(plan: Plan, now_is: Standing) -> str:
    """ "" where it may go on. A canary that fails is one too many; later, the share counts, of a wave at least, so that
    the first to fail in a large campaign is not all that is behind us."""
    failed = now_is.failed - now_is.forgiven
    if failed <= 0:
        return ""
    if now_is.wave == 0:
        return f"{failed} of the canaries failed"
    behind = now_is.done + now_is.failed
    among = max(behind, min(plan.wave, behind + now_is.waiting + now_is.updating))
    if failed * 100 > plan.halt_percent * among:
        return f"{failed} of {behind} failed"
    return ""


_ITEMS = {
    State.INSTALLED: Item.DONE,
    State.CONFIRMED: Item.DONE,
    State.FAILED: Item.FAILED,
    State.REFUSED: Item.FAILED,
    State.SILENT: Item.FAILED,
    State.REPLACED: Item.FAILED,
}
GOOD = tuple(state.value for state, item in _ITEMS.items() if item is Item.DONE)
BAD = tuple(state.value for state, item in _ITEMS.items() if item is Item.FAILED)


def item_after(state: State) -> Item:
    """What an update's state makes of its station."""
    return _ITEMS.get(state, Item.UPDATING)


# ---- who is meant


class Target(NamedTuple):
    id: str
    connected: bool
    vendor: str
    model: str
    firmware: str
    charging: bool


@dataclass(slots=True)
class Reach:
    """How far it reaches. The counts overlap.

    stations   that are to be updated
    have_it    that run this version already, other_make: that it is not for; neither is among them
    missing    names that were given and are no station's
    """

    stations: int = 0
    connected: int = 0
    offline: int = 0
    charging: int = 0
    have_it: int = 0
    other_make: int = 0
    by_firmware: dict[str, int] = field(default_factory=dict[str, int])
    missing: list[str] = field(default_factory=list[str])


def why_skip(image: Image, target: Target) -> str:
    if not is_made_for(image, target.vendor, target.model):
        return "of another make"
    if is_version(image.version, target.firmware):
        return "runs this version already"
    return ""


def reach_of(image: Image, targets: Iterable[Target], missing: Iterable[str]) -> Reach:
    reach = Reach(missing=list(missing))
    for target in targets:
        if not is_made_for(image, target.vendor, target.model):
            reach.other_make += 1
        elif is_version(image.version, target.firmware):
            reach.have_it += 1
        else:
            reach.stations += 1
            reach.connected += target.connected
            reach.offline += not target.connected
            reach.charging += target.charging
            named = target.firmware or "not told"
            reach.by_firmware[named] = reach.by_firmware.get(named, 0) + 1
    return reach


def waves_of(begun: Mapping[int, Mapping[str, int]], running: int | None, size: int, waiting: int) -> list[Wave]:
    """Those that began, in order.

    begun     how many of each are in each state
    running   the one that stations are still added to, of ``size``; None where the campaign is over
    waiting   who belong to no wave so far
    """
    found: list[Wave] = []
    for number in sorted({*begun, *(() if running is None else (running,))}):
        counts = {Item(state): count for state, count in begun.get(number, {}).items()}
        started = sum(count for state, count in counts.items() if state is not Item.SKIPPED)
        found.append(
            Wave(
                number,
                counts.get(Item.DONE, 0),
                counts.get(Item.UPDATING, 0),
                counts.get(Item.FAILED, 0),
                min(max(size - started, 0), waiting) if number == running else 0,
            )
        )
    return found
