"""Charging profiles as a station keeps them, and the limit they come to. OCPP-version-neutral."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from voltloom.simulator.vehicle import DAY_S, NOMINAL_V, Outlet

STATION_WIDE = (
    "ChargePointMaxProfile",
    "ChargingStationMaxProfile",
    "ChargingStationExternalConstraints",
    "LocalGeneration",
)


@dataclass(frozen=True, slots=True)
class Period:
    start_s: float
    limit: float
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """purpose, kind, unit: the standard's words. evse 0: the whole station. starts_at: of an Absolute or Recurring one.

    transaction   the id a TxProfile is for; "" for whichever runs
    since         when it was installed: a Relative one without a transaction counts from there, a Dynamic one always
    source        who imposed it: CSO is the server
    """

    id: int
    evse: int
    purpose: str
    stack_level: int
    kind: str
    unit: str
    periods: tuple[Period, ...]
    since: float
    starts_at: float | None = None
    duration_s: float = inf
    recurs_s: float = 0.0
    valid_from: float = -inf
    valid_to: float = inf
    transaction: str = ""
    source: str = "CSO"
    original: dict[str, Any] | None = None
    """As it was sent, to be reported back."""


@dataclass(frozen=True, slots=True)
class Limit:
    """watts in force until `until`, when it may change."""

    watts: float
    until: float


def rate_of(period: dict[str, Any]) -> float | None:
    """What a period of 2.x leaves to a vehicle that cannot give back: its limit, or less where it says a setpoint."""
    if period.get("operationMode") == "Idle":
        return 0.0
    said = [rate for rate in (period.get("limit"), period.get("setpoint")) if rate is not None]
    return max(0.0, min(said)) if said else None


def limit_at(
    profiles: Iterable[Profile], outlet: Outlet, evse: int, now: float, transaction: str = "",
    started_at: float = 0.0, *, priority: bool = False,
) -> Limit:  # fmt: skip
    """What an EVSE may draw now: the highest stack level of each purpose, the lowest of the purposes.

    A TxProfile takes the place of the TxDefaultProfile, one for priority of both while that is asked for; what is
    generated locally comes on top. Infinite where no profile applies.
    """
    best: dict[str, tuple[int, float]] = {}
    until = inf
    for profile in profiles:
        if profile.evse not in (0, evse):
            continue
        if profile.purpose == "TxProfile" and (not transaction or profile.transaction not in ("", transaction)):
            continue
        watts, changes_at = _in_force(profile, outlet, now, started_at or profile.since)
        until = min(until, changes_at)
        # Of equal stack levels the one for this EVSE alone comes before the one for all.
        rank = profile.stack_level * 2 + (profile.evse == evse)
        if watts is not None and rank >= best.get(profile.purpose, (-1, 0.0))[0]:
            best[profile.purpose] = (rank, watts)
    first = ("PriorityCharging", "TxProfile", "TxDefaultProfile")[0 if priority else 1 :]
    counts = next((purpose for purpose in first if purpose in best), "")
    _, more = best.pop("LocalGeneration", (0, 0.0))
    for purpose in ("PriorityCharging", "TxProfile", "TxDefaultProfile"):
        if purpose != counts:
            best.pop(purpose, None)
    return Limit(min((watts for _, watts in best.values()), default=inf) + more, until)


def _in_force(profile: Profile, outlet: Outlet, now: float, started_at: float) -> tuple[float | None, float]:
    """Its limit in W at this time, or None where it says nothing; and when that may change."""
    if now < profile.valid_from:
        return None, profile.valid_from
    if now >= profile.valid_to:
        return None, inf
    begin = started_at if profile.kind == "Relative" or profile.starts_at is None else profile.starts_at
    if profile.kind == "Dynamic":
        begin = profile.since
    if profile.recurs_s and now >= begin:
        begin += (now - begin) // profile.recurs_s * profile.recurs_s
    offset = now - begin
    if offset < 0:
        return None, min(begin, profile.valid_to)
    if offset >= profile.duration_s:
        return None, begin + profile.recurs_s if profile.recurs_s else inf
    current: Period | None = None
    ends_at = begin + min(profile.duration_s, profile.recurs_s or inf)
    for period in profile.periods:
        if period.start_s <= offset:
            current = period
        else:
            ends_at = min(ends_at, begin + period.start_s)
            break
    if current is None:
        return None, min(ends_at, profile.valid_to)
    watts = current.limit
    if profile.unit == "A":
        watts *= (min(current.phases, outlet.phases) or 1) * NOMINAL_V if not outlet.is_dc else 400.0
    return watts, min(ends_at, profile.valid_to)


def changes(
    profiles: Iterable[Profile],
    outlet: Outlet,
    evse: int,
    now: float,
    span_s: float,
    transaction: str = "",
    started_at: float = 0.0,
    *,
    priority: bool = False,
) -> Iterator[Period]:
    """The composite schedule in W: a period wherever the limit changes, from now on."""
    profiles, at, last = list(profiles), now, -1.0
    while at < now + span_s:
        limit = limit_at(profiles, outlet, evse, at, transaction, started_at, priority=priority)
        watts = min(limit.watts, outlet.max_w)
        if watts != last:
            yield Period(at - now, watts, outlet.phases or 3)
            last = watts
        # Of two times that differ by less than a clock can tell, the sum may round down to where we stand.
        at = max(limit.until, at + 0.001)


RECURS_S = {"Daily": DAY_S, "Weekly": 7 * DAY_S}
