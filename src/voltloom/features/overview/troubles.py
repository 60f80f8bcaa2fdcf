"""What needs somebody: troubles that have something in common are one. Pure; the time is an argument.

The parts of a trouble are such that a sentence can be made of it in any language: "4 GroundFailure at Lyon Harbour
(all with firmware 2.4.11, since 14:02)", "5 offline at Oslo P+R (together, silent for 90 s)".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.features.overview.fleet import Row
from voltloom.features.stations import DANGEROUS, KnockReason, Overall, Refusal, grave_rank
from voltloom.features.transactions import Suspect

TOGETHER = timedelta(minutes=5)
"""Stations lost no further apart than this, one after the other, were lost together."""
UNSEEN_AFTER = timedelta(hours=1)
MANY = 3
"""So many in different places, with the same trouble, are no coincidence."""
MOST_NAMED = 50
MOST_TROUBLES = 200


class Kind(Enum):
    FAULT = "fault"
    OFFLINE = "offline"
    OVER_LIMIT = "over_limit"
    REJECTED = "rejected"
    PENDING = "pending"
    NEVER_SEEN = "never_seen"
    REFUSED = "refused"
    SUSPECT = "suspect"


class Severity(Enum):
    """critical: harm, or a whole site lost. warning: cannot be used. notice: wants a look."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Place:
    """A site, as far as troubles are concerned."""

    id: str
    name: str
    power_limit_w: float | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """count        how many stations (refused: identities; suspect: transactions)
    site_id      where all of them are; None: at several, or in none
    code         the fault, or why they were refused
    firmware, model   what all of them have in common; "" where they differ
    reason       why they were lost, where it is the same for all
    since        when the first of them began
    together     they began within minutes of one another
    station_ids  the first MOST_NAMED of them
    transactions likewise, as (station, id)
    power_w, limit_w   of a site above its limit
    """

    kind: Kind
    severity: Severity
    count: int
    since: datetime | None
    site_id: str | None = None
    site_name: str = ""
    code: str = ""
    firmware: str = ""
    model: str = ""
    reason: str = ""
    together: bool = False
    station_ids: tuple[str, ...] = ()
    transactions: tuple[tuple[str, str], ...] = ()
    power_w: float | None = None
    limit_w: float | None = None


def find_troubles(
    rows: Sequence[Row],
    places: Sequence[Place],
    refusals: Sequence[Refusal],
    suspects: Sequence[Suspect],
    now: datetime,
) -> list[Trouble]:
    """The gravest first, then the largest, then the latest."""
    names = {place.id: place.name for place in places}
    found = [
        *_faults(rows, names),
        *_offline(rows, names),
        *_over_limit(rows, places),
        *_waiting(rows, names, now),
        *_refused(refusals, names),
        *_suspect(suspects),
    ]
    late = datetime.max.replace(tzinfo=now.tzinfo)
    found.sort(key=lambda each: (_ORDER.index(each.severity), -each.count, late - (each.since or now)))
    return found[:MOST_TROUBLES]


# ---- faults


def _faults(rows: Sequence[Row], names: Mapping[str, str]) -> list[Trouble]:
    """Of one code at one site; those alone at their sites, with the same code and firmware elsewhere, are one too."""
    by_site: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        if row.state == Overall.FAULTED.value:
            by_site[row.fault, row.site_id].append(row)
    groups = [group for group in by_site.values() if len(group) > 1]
    alike: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for group in by_site.values():
        if len(group) == 1:
            row = group[0]
            alike[row.fault, row.vendor, row.model, row.firmware].append(row)
    groups += _many_or_each(alike.values())
    return [
        _of_stations(Kind.FAULT, _fault_severity(group[0].fault), group, names, code=group[0].fault) for group in groups
    ]


def _many_or_each(groups: Iterable[list[Row]]) -> list[list[Row]]:
    """Those of many as they are; the rest one by one."""
    found: list[list[Row]] = []
    for group in groups:
        found += [group] if len(group) >= MANY else [[row] for row in group]
    return found


def _fault_severity(code: str) -> Severity:
    return Severity.CRITICAL if grave_rank(code) >= DANGEROUS else Severity.WARNING


# ---- offline


def _offline(rows: Sequence[Row], names: Mapping[str, str]) -> list[Trouble]:
    """Those of one site that were lost together; those lost alone there, but together and for the same reason with
    others elsewhere, are one too."""
    at_site: dict[str | None, int] = defaultdict(int)
    by_site: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        at_site[row.site_id] += 1
        if row.state == Overall.OFFLINE.value:
            by_site[row.site_id].append(row)
    groups: list[list[Row]] = []
    alone: dict[str, list[Row]] = defaultdict(list)
    for site_id, lost in by_site.items():
        for group in _together(lost):
            # In no site at all is no place to have in common.
            if len(group) > 1 and site_id is not None:
                groups.append(group)
            else:
                for row in group:
                    alone[row.disconnect_reason].append(row)
    for lost in alone.values():
        groups += _many_or_each(_together(lost))
    troubles: list[Trouble] = []
    for group in groups:
        whole = len(group) > 1 and group[0].site_id is not None and len(group) == at_site[group[0].site_id]
        severity = Severity.CRITICAL if whole else Severity.WARNING
        reason = _common(row.disconnect_reason for row in group)
        troubles.append(_of_stations(Kind.OFFLINE, severity, group, names, reason=reason, together=len(group) > 1))
    return troubles


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    last: datetime | None = None
    for row in sorted((row for row in rows if row.state_since is not None), key=lambda row: (row.state_since, row.id)):
        assert row.state_since is not None
        if last is None or row.state_since - last > TOGETHER:
            groups.append([])
        groups[-1].append(row)
        last = row.state_since
    return [*groups, *([row] for row in rows if row.state_since is None)]


# ---- the rest


def _over_limit(rows: Sequence[Row], places: Sequence[Place]) -> list[Trouble]:
    power: dict[str | None, float] = defaultdict(float)
    for row in rows:
        power[row.site_id] += row.power_w or 0.0
    return [
        Trouble(
            Kind.OVER_LIMIT,
            Severity.CRITICAL,
            1,
            None,
            place.id,
            place.name,
            power_w=power[place.id],
            limit_w=place.power_limit_w,
        )
        for place in places
        if place.power_limit_w is not None and power[place.id] > place.power_limit_w
    ]


def _waiting(rows: Sequence[Row], names: Mapping[str, str], now: datetime) -> list[Trouble]:
    """Not accepted, or never come."""
    wanted = {
        Overall.REJECTED.value: (Kind.REJECTED, Severity.WARNING),
        Overall.PENDING.value: (Kind.PENDING, Severity.NOTICE),
        Overall.NEVER_SEEN.value: (Kind.NEVER_SEEN, Severity.NOTICE),
    }
    groups: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        young = row.state_since is not None and now - row.state_since < UNSEEN_AFTER
        if row.state in wanted and not (row.state == Overall.NEVER_SEEN.value and young):
            groups[row.state, row.site_id].append(row)
    return [_of_stations(*wanted[state], group, names) for (state, _), group in groups.items()]


_OF_NOBODY = {KnockReason.BAD_REQUEST, KnockReason.TLS_FAILURE, KnockReason.THROTTLED, KnockReason.WRONG_PATH}


def _refused(refusals: Sequence[Refusal], names: Mapping[str, str]) -> list[Trouble]:
    """By reason: those that claim to be stations of ours are a warning, those that nobody knows a notice. What is no
    station (a scanner, a browser) is left in the inbox."""
    groups: dict[tuple[KnockReason, bool], list[Refusal]] = defaultdict(list)
    for refusal in refusals:
        if refusal.identity and (refusal.known or refusal.reason not in _OF_NOBODY):
            groups[refusal.reason, refusal.known].append(refusal)
    troubles: list[Trouble] = []
    for (reason, known), group in groups.items():
        identities = tuple(dict.fromkeys(refusal.identity for refusal in group))
        site_id = _one(refusal.site_id for refusal in group)
        troubles.append(
            Trouble(
                Kind.REFUSED,
                Severity.WARNING if known else Severity.NOTICE,
                len(identities),
                min(refusal.first_at for refusal in group),
                site_id,
                names.get(site_id or "", ""),
                code=reason.value,
                station_ids=identities[:MOST_NAMED],
            )
        )
    return troubles


def _suspect(suspects: Sequence[Suspect]) -> list[Trouble]:
    """Open ones and ended ones apart: the first hold a connector, the others a bill."""
    troubles: list[Trouble] = []
    for is_open in (True, False):
        group = [each for each in suspects if (each.ended_at is None) == is_open]
        if group:
            named = tuple((each.station_id, each.id) for each in group[:MOST_NAMED])
            stations = tuple(dict.fromkeys(each.station_id for each in group))[:MOST_NAMED]
            troubles.append(
                Trouble(
                    Kind.SUSPECT,
                    Severity.NOTICE,
                    len(group),
                    min(each.started_at for each in group),
                    code="open" if is_open else "ended",
                    station_ids=stations,
                    transactions=named,
                )
            )
    return troubles


def _of_stations(
    kind: Kind,
    severity: Severity,
    group: Sequence[Row],
    names: Mapping[str, str],
    *,
    code: str = "",
    reason: str = "",
    together: bool = False,
) -> Trouble:
    site_id = _one(row.site_id for row in group)
    return Trouble(
        kind,
        severity,
        len(group),
        min((row.state_since for row in group if row.state_since is not None), default=None),
        site_id,
        names.get(site_id or "", ""),
        code,
        _common(row.firmware for row in group),
        _common(f"{row.vendor} {row.model}".strip() for row in group),
        reason,
        together,
        tuple(row.id for row in group[:MOST_NAMED]),
    )


def _common(texts: Iterable[str]) -> str:
    """What all of them say; "" where they differ."""
    return _one(texts) or ""


def _one(values: Iterable[str | None]) -> str | None:
    said = set(values)
    return said.pop() if len(said) == 1 else None
