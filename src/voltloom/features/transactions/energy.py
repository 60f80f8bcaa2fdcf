"""From what meters said to the energy of a transaction. Pure.

The energy depends on what was said, not on the order in which we heard it. `Count` takes points in the order of the
meter (`Point`s sort that way), at a cost of a microsecond; a point that comes late makes the caller count all of them
anew with `count_all`, which gives the same as if it had come in time.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from voltloom.domain.metering import Context, Sample

MOST_POWER_W = 500_000.0
"""No EVSE delivers more: what a register gained faster was not charged here (control C24)."""
MARGIN = 1.1
STEP_WH = 1_000.0
"""Registers may count in whole kWh."""
ROUNDING_WH = 1.0
LONGEST_GAP_S = 3600.0
"""Power is taken to have gone on between two readings for at most this long."""

RESET, FELL, JUMPED = "register_reset", "register_fell", "register_jumped"


class Point(NamedTuple):
    """A register reading. rank: 0 at the beginning of the transaction, 2 at its end, whatever the clock said then."""

    rank: int
    t: float
    wh: float


class Count(msgspec.Struct, array_like=True):
    """Energy counted so far, and what is needed to count on.

    wh        up to `last`, which is trusted
    newest    the latest point, trusted or not
    branch    a reading that does not follow from `last`: the register was reset or exchanged, or this one reading is
              wrong. The next reading tells; branch_wh is the energy in the first case
    first     the earliest point
    end       the latest of those at the end of the transaction
    doubts    RESET, FELL, JUMPED, where seen
    power_*   the last reading of power, and the energy that all of them make
    export_*  of the register of energy that flowed back
    """

    wh: float = 0.0
    last: Point | None = None
    newest: Point | None = None
    first: Point | None = None
    end: Point | None = None
    branch: Point | None = None
    branch_wh: float = 0.0
    branch_doubt: str = ""
    doubts: list[str] = []
    power_t: float | None = None
    power_w: float = 0.0
    power_wh: float = 0.0
    export_first: float | None = None
    export_last: float | None = None
    export_t: float = 0.0


class Energy(NamedTuple):
    """wh None: no meter said anything. estimated: from power only. doubts: why it may be wrong."""

    wh: float | None
    estimated: bool = False
    doubts: tuple[str, ...] = ()


def rank_of(context: Context) -> int:
    return 0 if context is Context.BEGIN else 2 if context is Context.END else 1


def point_of(sample: Sample) -> Point | None:
    if sample.energy_wh is None:
        return None
    return Point(rank_of(sample.context), sample.at.timestamp(), sample.energy_wh)


def most_gained_wh(seconds: float) -> float:
    return MOST_POWER_W * max(0.0, seconds) / 3600 * MARGIN + STEP_WH


def follows(before: Point, after: Point) -> bool:
    """Can the register have gone from one to the other by charging?"""
    gained = after.wh - before.wh
    return -ROUNDING_WH <= gained <= most_gained_wh(after.t - before.t)


def add_point(count: Count, point: Point) -> None:
    """The next point, which sorts after all before it."""
    count.newest = point
    if point.rank == 2:
        count.end = point
    last = count.last
    if last is None:
        count.first = count.last = point
        return
    if follows(last, point):
        if count.branch is not None:
            # One reading was wrong, and this one goes on from before it.
            _doubt(count, count.branch_doubt)
            count.branch = None
        _go_on(count, last, point)
        return
    branch = count.branch
    if branch is not None and follows(branch, point):
        _doubt(count, count.branch_doubt)
        count.wh = count.branch_wh
        count.branch = None
        _go_on(count, branch, point)
        return
    if branch is not None:
        _doubt(count, count.branch_doubt)
    count.branch = point
    count.branch_doubt, counted = _break(last, point)
    count.branch_wh = count.wh + counted


def _go_on(count: Count, before: Point, point: Point) -> None:
    gained = point.wh - before.wh
    if gained > 0:
        count.wh += gained
        count.last = point
    else:
        count.last = Point(point.rank, point.t, before.wh)


def _break(last: Point, point: Point) -> tuple[str, float]:
    """What a reading that does not follow would mean, and what was charged since in that case."""
    if point.wh > last.wh:
        return JUMPED, 0.0
    if 0 <= point.wh <= most_gained_wh(point.t - last.t):
        # It counts from zero again: since a power loss, or since the transaction began.
        return RESET, point.wh
    return FELL, 0.0


def _doubt(count: Count, doubt: str) -> None:
    if doubt not in count.doubts:
        count.doubts = [*count.doubts, doubt]


def add_power(count: Count, t: float, power_w: float) -> None:
    """The next reading of power, later than all before it."""
    if count.power_t is not None:
        seconds = min(t - count.power_t, LONGEST_GAP_S)
        count.power_wh += (count.power_w + power_w) / 2 * seconds / 3600
    count.power_t = t
    count.power_w = power_w


def energy_of(count: Count) -> Energy:
    """As far as it is known now.

    The difference of the registers at both ends is the energy that was sold, if it can have been charged in that time;
    what happened to the register in between only matters where it tells of another amount. To the milliwatt-hour: what
    is beyond is the noise of adding up.
    """
    if count.last is None:
        return Energy(None) if count.power_t is None else Energy(round(max(0.0, count.power_wh), 3), estimated=True)
    folded, doubts = count.wh, count.doubts
    if count.branch is not None:
        folded = count.branch_wh
        doubts = [*doubts, count.branch_doubt] if count.branch_doubt not in doubts else doubts
    if not doubts:
        return Energy(round(folded, 3))
    first, end = count.first, count.end
    if first is not None and first.rank == 0 and end is not None and follows(first, end):
        sold = max(0.0, end.wh - first.wh)
        agrees = abs(sold - folded) <= max(STEP_WH, 0.02 * sold)
        return Energy(round(sold, 3), doubts=() if agrees else tuple(sorted(doubts)))
    return Energy(round(folded, 3), doubts=tuple(sorted(doubts)))


def exported_wh(count: Count) -> float | None:
    if count.export_first is None or count.export_last is None:
        return None
    return max(0.0, count.export_last - count.export_first)


def add_sample(count: Count, sample: Sample) -> bool:
    """Count what a sample says. False, and nothing counted, where it is out of order: then count all anew."""
    energy_wh, power_w, export_wh = sample.energy_wh, sample.power_w, sample.export_wh
    if energy_wh is None and power_w is None and export_wh is None:
        return True
    t = sample.at.timestamp()
    point = None if energy_wh is None else Point(rank_of(sample.context), t, energy_wh)
    if (
        (point is not None and count.newest is not None and point < count.newest)
        or (power_w is not None and count.power_t is not None and (t, power_w) < (count.power_t, count.power_w))
        or (
            export_wh is not None
            and count.export_last is not None
            and (t, export_wh) < (count.export_t, count.export_last)
        )
    ):
        return False
    if point is not None and point != count.newest:
        add_point(count, point)
    if power_w is not None:
        add_power(count, t, power_w)
    if export_wh is not None:
        add_export(count, t, export_wh)
    return True


def add_export(count: Count, t: float, export_wh: float) -> None:
    if count.export_first is None:
        count.export_first = export_wh
    count.export_last = export_wh
    count.export_t = t


def count_all(samples: Iterable[Sample], points: Iterable[Point] = ()) -> Count:
    """All that the meter ever said of a transaction, in any order and any number of times.

    points   said apart from samples, such as the registers of a 1.6 start and stop
    """
    count = Count()
    heard = tuple(samples)
    said = {point for sample in heard if (point := point_of(sample)) is not None}
    for point in sorted(said.union(points)):
        add_point(count, point)
    powers = {(sample.at.timestamp(), sample.power_w) for sample in heard if sample.power_w is not None}
    for t, power_w in sorted(powers):
        add_power(count, t, power_w)
    exports = {(sample.at.timestamp(), sample.export_wh) for sample in heard if sample.export_wh is not None}
    for t, export_wh in sorted(exports):
        add_export(count, t, export_wh)
    return count


class Slot(NamedTuple):
    """energy_wh   charged up to the end of the slot; None before any meter said anything
    power_w     the mean of what was told in it; soc_percent: the last
    """

    at: datetime
    energy_wh: float | None
    power_w: float | None
    soc_percent: float | None
    samples: int


def in_slots(
    readings: Iterable[tuple[datetime, float | None, float | None, float | None]],
    start: Point | None,
    seconds: int,
) -> list[Slot]:
    """How a transaction went, in slots of that length; those in which nothing was told are left out.

    readings   time, energy register, power and state of charge, in time
    start      the register at the start, where it was told apart
    """
    count = Count()
    if start is not None:
        add_point(count, start)
    slots: list[Slot] = []
    powers: list[float] = []
    soc: float | None = None
    number, slot_at = 0, 0
    for at, energy_wh, power_w, soc_percent in readings:
        t = at.timestamp()
        if number and int(t // seconds) != slot_at:
            slots.append(_slot(slot_at * seconds, count, powers, soc, number))
            powers, number = [], 0
        slot_at = int(t // seconds)
        number += 1
        if energy_wh is not None:
            add_point(count, Point(1, t, energy_wh))
        if power_w is not None:
            add_power(count, t, power_w)
            powers.append(power_w)
        soc = soc if soc_percent is None else soc_percent
    if number:
        slots.append(_slot(slot_at * seconds, count, powers, soc, number))
    return slots


def _slot(t: int, count: Count, powers: list[float], soc: float | None, number: int) -> Slot:
    mean = sum(powers) / len(powers) if powers else None
    return Slot(datetime.fromtimestamp(t, UTC), energy_of(count).wh, mean, soc, number)
