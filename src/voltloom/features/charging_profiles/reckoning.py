"""What all profiles of a station together allow. Pure: profiles, where power comes from, and a time.

Of each purpose the highest stack level that has something to say at that time prevails; the profile of the transaction
takes the place of the default, the one for priority of both; the lowest of the purposes is what may flow, and what is
generated locally comes on top (OCPP 2.1 K01, K08, K21, K27). Periods are half-open: a limit holds from the start of its
period until the next begins.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from math import inf
from typing import NamedTuple

from voltloom.domain.charging import (
    ChargingProfile,
    OperationMode,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Schedule,
)
from voltloom.domain.ids import TransactionId

NEVER = datetime.max.replace(tzinfo=UTC)
MOST_SPANS = 1_000
_MOMENT = timedelta(microseconds=1)
_OF_TRANSACTIONS = (Purpose.PRIORITY, Purpose.TX, Purpose.TX_DEFAULT)
"""The first that speaks is the one that counts."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Where an EVSE gets its power from.

    phases      0: direct current
    voltage_v   between a phase and neutral; of the battery where it is direct current
    max_w       what its electronics can do
    """

    phases: int = 3
    voltage_v: float = 230.0
    max_w: float = inf


@dataclass(frozen=True, slots=True)
class Held:
    """A profile that a station has. evse 0: all of them. since: installed, or its rates updated, then."""

    evse: int
    profile: ChargingProfile
    since: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """What goes on at an EVSE.

    transaction_id   None: nothing; the default counts as if something began now (OCPP 2.1 K08)
    priority         it was asked to charge by its priority profile
    offline_s        how long the station has been away; None: it is here
    zone             of the station's clock, for schedules in local time
    """

    evse: int
    supply: Supply = Supply()
    transaction_id: TransactionId | None = None
    started_at: datetime | None = None
    priority: bool = False
    offline_s: float | None = None
    zone: tzinfo = UTC


class Ceiling(NamedTuple):
    """What may flow.

    limit_w       to the vehicle, all phases; inf: nothing limits it
    limit_a       the same, on each of the phases
    discharge_w   from it: ≤ 0; -inf: nothing limits it; 0 where no profile allows any
    setpoint_w    what it shall follow; None: nothing to
    by            the ids of the profiles that prevail
    """

    limit_w: float
    limit_a: float
    phases: int
    discharge_w: float
    setpoint_w: float | None
    by: tuple[int, ...]


class Span(NamedTuple):
    starts_at: datetime
    ceiling: Ceiling


def ceiling(held: Sequence[Held], situation: Situation, at: datetime) -> Ceiling:
    """The ceiling in force at ``at``."""
    return _Profiles(held, situation, at).at(at)[0]


def composite(held: Sequence[Held], situation: Situation, starts_at: datetime, duration: timedelta) -> tuple[Span, ...]:
    """The ceilings from then on, a span wherever they change; no more than `MOST_SPANS`."""
    return tuple(_spans(_Profiles(held, situation, starts_at).at, starts_at, starts_at + duration))


def station_composite(
    held: Sequence[Held], situations: Sequence[Situation], starts_at: datetime, duration: timedelta
) -> tuple[Span, ...]:
    """Likewise of the station as a whole: what its EVSEs may draw together, and no more than it may itself."""
    whole = _Profiles([each for each in held if each.evse == 0], Situation(0), starts_at)
    evses = [_Profiles(held, situation, starts_at) for situation in situations]

    def at(time: datetime) -> tuple[Ceiling, datetime]:
        own, until = whole.at(time)
        parts = [evse.at(time) for evse in evses]
        total = min(own.limit_w, sum(part.limit_w for part, _ in parts)) if parts else own.limit_w
        given = sum(part.discharge_w for part, _ in parts)
        ids = dict.fromkeys(number for part in (own, *(part for part, _ in parts)) for number in part.by)
        return (
            own._replace(limit_w=total, limit_a=_amperes(total, own.phases, 230.0), discharge_w=given, by=tuple(ids)),
            min(until, *(until for _, until in parts)) if parts else until,
        )

    return tuple(_spans(at, starts_at, starts_at + duration))


def _spans(at_of: Callable[[datetime], tuple[Ceiling, datetime]], time: datetime, ends_at: datetime) -> Iterator[Span]:
    last: Ceiling | None = None
    looks = 0
    spans = 0
    while time < ends_at and spans < MOST_SPANS and looks < 20 * MOST_SPANS:
        found, until = at_of(time)
        if found != last:
            yield Span(time, found)
            last, spans = found, spans + 1
        time, looks = max(until, time + _MOMENT), looks + 1


# ---- which profiles speak, and what they say


class _Says(NamedTuple):
    """What a profile says from a time until another. period None: nothing."""

    period: Period | None
    unit: RateUnit
    until: datetime


class _Prepared(NamedTuple):
    held: Held
    schedule: Schedule
    starts: tuple[int, ...]
    rank: tuple[int, int, datetime]


class _Profiles:
    """Those that can have a say at an EVSE, made ready to be asked for many times."""

    def __init__(self, held: Iterable[Held], situation: Situation, asked_at: datetime) -> None:
        self._situation = situation
        self._started_at = situation.started_at or asked_at
        self._prepared = [_prepare(each, situation) for each in held if _applies(each, situation)]

    def at(self, time: datetime) -> tuple[Ceiling, datetime]:
        best: dict[Purpose, tuple[_Prepared, _Says]] = {}
        until = NEVER
        for each in self._prepared:
            says = _says(each, self._started_at, self._situation.zone, time)
            until = min(until, says.until)
            purpose = each.held.profile.purpose
            if says.period is not None and (purpose not in best or best[purpose][0].rank < each.rank):
                best[purpose] = each, says
        count = next((purpose for purpose in self._counting if purpose in best), None)
        for purpose in _OF_TRANSACTIONS:
            if purpose is not count:
                best.pop(purpose, None)
        return _merged(best, count, self._situation.supply), until

    @property
    def _counting(self) -> tuple[Purpose, ...]:
        return _OF_TRANSACTIONS if self._situation.priority else _OF_TRANSACTIONS[1:]


def _applies(held: Held, situation: Situation) -> bool:
    profile = held.profile
    if held.evse not in (0, situation.evse):
        return False
    if situation.evse == 0 and profile.purpose in _OF_TRANSACTIONS:
        return False
    away = situation.offline_s
    if away is not None and profile.max_offline_s is not None and away > profile.max_offline_s:
        return False
    if profile.purpose is Purpose.TX:
        return situation.transaction_id is not None and profile.transaction_id in (None, situation.transaction_id)
    return True


def _prepare(held: Held, situation: Situation) -> _Prepared:
    """Periods in order, whatever the station sent. Of equal stack levels the one for this EVSE alone comes first."""
    schedule = held.profile.schedules[0]
    periods = tuple(sorted(schedule.periods, key=lambda period: period.start_s))
    rank = (held.profile.stack_level, 1 if held.evse == situation.evse else 0, held.since)
    return _Prepared(held, replace(schedule, periods=periods), tuple(period.start_s for period in periods), rank)


def _says(each: _Prepared, started_at: datetime, zone: tzinfo, at: datetime) -> _Says:
    held, schedule, starts, _ = each
    profile, unit = held.profile, schedule.unit
    if profile.valid_from is not None and at < profile.valid_from:
        return _Says(None, unit, profile.valid_from)
    ends_at = profile.valid_to or NEVER
    if at >= ends_at:
        return _Says(None, unit, NEVER)
    begin, next_begin = _round(held, schedule, started_at, zone, at)
    if at < begin:
        return _Says(None, unit, min(begin, ends_at))
    over = next_begin if schedule.duration_s is None else min(next_begin, _after(begin, schedule.duration_s))
    if at >= over:
        return _Says(None, unit, min(next_begin, ends_at))
    index = bisect_right(starts, (at - begin).total_seconds())
    changes_at = _after(begin, starts[index]) if index < len(starts) else NEVER
    return _Says(schedule.periods[index - 1] if index else None, unit, min(changes_at, over, ends_at))


def _round(
    held: Held, schedule: Schedule, started_at: datetime, zone: tzinfo, at: datetime
) -> tuple[datetime, datetime]:
    """When the schedule that `at` falls into began, and when it begins anew."""
    profile = held.profile
    if profile.kind is ProfileKind.DYNAMIC:
        return profile.updated_at or held.since, NEVER
    starts_at = schedule.starts_at
    if profile.kind is ProfileKind.RELATIVE or (starts_at is None and profile.recurrence is None):
        return started_at, NEVER
    starts_at = starts_at or profile.valid_from or held.since
    if schedule.local_time:
        return _local_round(profile, starts_at.replace(tzinfo=None), zone, at)
    if profile.recurrence is None or at < starts_at:
        return starts_at, NEVER
    span = profile.recurrence.span
    begin = at - (at - starts_at) % span
    return begin, _after(begin, span.total_seconds())


def _local_round(profile: ChargingProfile, face: datetime, zone: tzinfo, at: datetime) -> tuple[datetime, datetime]:
    """By the station's clock, so that eight in the morning stays that when the clocks change."""
    if profile.recurrence is None:
        return _from_face(face, zone), NEVER
    shown = _face(at, zone)
    if shown < face:
        return _from_face(face, zone), NEVER
    span = profile.recurrence.span
    begin = shown - (shown - face) % span
    since = _from_face(begin, zone)
    if since > at:  # the hour that the clock shows twice
        since = at
    return since, max(_from_face(begin + span, zone), at + _MOMENT)


def _face(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return at.replace(tzinfo=None)


def _from_face(face: datetime, zone: tzinfo) -> datetime:
    try:
        return face.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return face.replace(tzinfo=UTC)


def _after(begin: datetime, seconds: float) -> datetime:
    try:
        return begin + timedelta(seconds=seconds)
    except OverflowError:
        return NEVER if seconds > 0 else datetime.min.replace(tzinfo=UTC)


# ---- what they come to


class _Bound(NamedTuple):
    """total_w: of the phases together. phase_w: of each. phases: how many may be used."""

    total_w: float
    phase_w: tuple[float, float, float]
    phases: int

    def and_(self, other: "_Bound") -> "_Bound":
        l1, l2, l3 = map(min, self.phase_w, other.phase_w)
        return _Bound(min(self.total_w, other.total_w), (l1, l2, l3), min(self.phases, other.phases))

    @property
    def watts(self) -> float:
        """Which of the phases are used is not known: those that may carry most."""
        if not self.phases:
            return self.total_w
        return min(self.total_w, sum(sorted(self.phase_w, reverse=True)[: self.phases]))


_UNBOUND = (inf, inf, inf)


def _merged(best: dict[Purpose, tuple[_Prepared, _Says]], count: Purpose | None, supply: Supply) -> Ceiling:
    bound = _Bound(supply.max_w, _UNBOUND, supply.phases)
    discharge, setpoint, more = (0.0 if count is None else -inf), None, 0.0
    for purpose, (_, says) in best.items():
        period = says.period
        assert period is not None
        if purpose is Purpose.LOCAL_GENERATION:
            more = max(0.0, _bound(period, says.unit, supply).watts)
            more = 0.0 if more == inf else more
            continue
        bound = bound.and_(_bound(period, says.unit, supply))
        discharge = max(discharge, _discharge(period, says.unit, supply, of_transaction=purpose is count))
        if purpose is count:
            setpoint = _setpoint(period.rates, says.unit, supply)
    limit = min(bound.watts + more, supply.max_w)
    phases = bound.phases or supply.phases
    if setpoint is not None:
        setpoint = max(discharge, min(limit, setpoint))
    ids = tuple(each.held.profile.id for each, _ in best.values())
    return Ceiling(limit, _amperes(limit, phases, supply.voltage_v), phases, discharge, setpoint, ids)


def _bound(period: Period, unit: RateUnit, supply: Supply) -> _Bound:
    rates, volts = period.rates, supply.voltage_v
    phases = supply.phases
    if phases and period.phases is not None:
        phases = min(phases, period.phases) or phases
    if period.mode is OperationMode.IDLE:
        return _Bound(0.0, _UNBOUND, phases)
    limit = rates.limit
    if limit is None:
        return _Bound(inf, _UNBOUND, phases)
    if not supply.phases:
        return _Bound(limit if unit is RateUnit.WATTS else limit * volts, _UNBOUND, 0)
    if rates.limit_l2 is not None or rates.limit_l3 is not None:
        factor = 1.0 if unit is RateUnit.WATTS else volts
        l1, l2, l3 = limit * factor, (rates.limit_l2 or 0.0) * factor, (rates.limit_l3 or 0.0) * factor
        return _Bound(inf, (l1, l2, l3), phases)
    if unit is RateUnit.WATTS:
        return _Bound(limit, _UNBOUND, phases)
    each = limit * volts
    return _Bound(inf, (each, each, each), phases)


def _discharge(period: Period, unit: RateUnit, supply: Supply, *, of_transaction: bool) -> float:
    """What may flow back. The profile that a transaction goes by must allow it: by itself it only charges."""
    rates = period.rates
    if of_transaction and period.mode in (None, OperationMode.CHARGING_ONLY, OperationMode.IDLE):
        return 0.0
    if rates.discharge_limit is None:
        return -inf
    return _total(rates.discharge_limit, rates.discharge_limit_l2, rates.discharge_limit_l3, unit, supply)


def _setpoint(rates: Rates, unit: RateUnit, supply: Supply) -> float | None:
    if rates.setpoint is None:
        return None
    return _total(rates.setpoint, rates.setpoint_l2, rates.setpoint_l3, unit, supply)


def _total(l1: float, l2: float | None, l3: float | None, unit: RateUnit, supply: Supply) -> float:
    """Alone, it is the sum of the phases, in A as in W: so says the schema of 2.1 of setpoints and discharge limits."""
    total = l1 + (l2 or 0.0) + (l3 or 0.0)
    return total if unit is RateUnit.WATTS else total * supply.voltage_v


def _amperes(watts: float, phases: int, volts: float) -> float:
    return watts / ((phases or 1) * volts)
