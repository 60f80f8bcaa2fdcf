"""Load over time: when a figure is worth a row, and even slots made of rows that stand until the next. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

NETWORK = "*"
"""In the place of a site: all stations together, those in no site too."""
NOWHERE = ""
"""Stations in no site."""


class Load(NamedTuple):
    """power_w: of all running transactions, as last metered. charging, connected: how many."""

    power_w: float = 0.0
    limit_w: float | None = None
    charging: int = 0
    connected: int = 0


class Point(NamedTuple):
    """A row: it stands until the next one, as long as it may be held."""

    at: datetime
    load: Load
    power_max_w: float


LOOK_EVERY = timedelta(seconds=10)
SLOT = timedelta(minutes=5)
NOW_AT_LEAST_EVERY = timedelta(minutes=5)
PAST_AT_LEAST_EVERY = timedelta(hours=1)
NOW_HOLDS = NOW_AT_LEAST_EVERY + 3 * LOOK_EVERY
PAST_HOLDS = PAST_AT_LEAST_EVERY + 2 * SLOT
NOW_KEPT = timedelta(days=2)
PAST_KEPT = timedelta(days=400)


@dataclass(slots=True)
class _Slot:
    begins: datetime
    power_s: float = 0.0
    power_max_w: float = 0.0
    charging: int = 0
    times: int = 0
    load: Load = Load()  # noqa: RUF009  # frozen

    def add(self, load: Load) -> None:
        self.power_s += load.power_w
        self.power_max_w = max(self.power_max_w, load.power_w)
        self.charging = max(self.charging, load.charging)
        self.times += 1
        self.load = load

    def point(self) -> Point:
        mean = self.load._replace(power_w=self.power_s / self.times, charging=self.charging)
        return Point(self.begins, mean, self.power_max_w)


@dataclass(slots=True)
class Recorder:
    """Which figures become rows: those that changed, and now and then those that did not.

    It starts with nothing known; then all of them do, which costs some rows and no truth.
    """

    _now: dict[str, Point] = field(default_factory=dict[str, Point])
    _past: dict[str, Point] = field(default_factory=dict[str, Point])
    _slots: dict[str, _Slot] = field(default_factory=dict[str, _Slot])

    def hear(self, loads: dict[str, Load], at: datetime) -> "tuple[list[tuple[str, Point]], list[tuple[str, Point]]]":
        """(rows of now, rows of the slots that are over), by site."""
        now: list[tuple[str, Point]] = []
        past: list[tuple[str, Point]] = []
        begins = slot_of(at, SLOT)
        for site, load in loads.items():
            if _is_worth(self._now.get(site), load, at, NOW_AT_LEAST_EVERY):
                self._now[site] = Point(at, load, load.power_w)
                now.append((site, self._now[site]))
            slot = self._slots.get(site)
            if slot is None or slot.begins != begins:
                if slot is not None:
                    past += self._over(site, slot)
                slot = self._slots[site] = _Slot(begins)
            slot.add(load)
        for gone in self._slots.keys() - loads.keys():
            past += self._over(gone, self._slots.pop(gone))
            self._now.pop(gone, None)
            self._past.pop(gone, None)
        return now, past

    def _over(self, site: str, slot: _Slot) -> list[tuple[str, Point]]:
        point = slot.point()
        known = self._past.get(site)
        same = known is not None and known.power_max_w == point.power_max_w
        if same and not _is_worth(known, point.load, point.at, PAST_AT_LEAST_EVERY):
            return []
        self._past[site] = point
        return [(site, point)]


def _is_worth(known: Point | None, load: Load, at: datetime, at_least_every: timedelta) -> bool:
    return known is None or known.load != load or at - known.at >= at_least_every


def slot_of(at: datetime, length: timedelta) -> datetime:
    """When the slot it lies in begins; slots are even since 1970, in UTC."""
    seconds = length.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


class Slot(NamedTuple):
    """power_w: the mean over what is known of it, by time. None all over: nothing is."""

    at: datetime
    power_w: float | None = None
    power_max_w: float | None = None
    limit_w: float | None = None
    charging: int | None = None
    connected: int | None = None


def slots(points: Iterable[Point], since: datetime, until: datetime, step: timedelta, holds: timedelta) -> list[Slot]:
    """Even slots from `since` to `until`. points: in time, from `holds` before `since` on."""
    count = max(0, -(-(until - since) // step))
    sums = [0.0] * count
    known = [0.0] * count
    most: list[float | None] = [None] * count
    charging: list[int | None] = [None] * count
    last: list[Load | None] = [None] * count
    ordered = list(points)
    for number, point in enumerate(ordered):
        end = min(point.at + holds, until)
        if number + 1 < len(ordered):
            end = min(end, ordered[number + 1].at)
        low = max(point.at, since)
        index = int((low - since) // step)
        while low < end:
            edge = min(end, since + (index + 1) * step)
            seconds = (edge - low).total_seconds()
            sums[index] += point.load.power_w * seconds
            known[index] += seconds
            most[index] = max(most[index] or 0.0, point.power_max_w)
            charging[index] = max(charging[index] or 0, point.load.charging)
            last[index] = point.load
            low, index = edge, index + 1
    made: list[Slot] = []
    for index in range(count):
        at, load = since + index * step, last[index]
        if load is None:
            made.append(Slot(at))
            continue
        mean = sums[index] / known[index]
        made.append(Slot(at, round(mean, 1), most[index], load.limit_w, charging[index], load.connected))
    return made
