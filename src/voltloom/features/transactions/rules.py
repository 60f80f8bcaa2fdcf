"""What a transaction is, what a report changes of it, and when one that never ended is over. No I/O; the time is an
argument.

A report changes the transaction it is applied to, in place: it is remembered while the station is connected, and a
copy a report would cost more than all the rest. Facts are merged so that reports may come late, twice and in any
order: what comes out depends on what was said, not on when we heard it.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import TypeVar

from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports import TransactionReported
from voltloom.domain.station import ConnectorStatus
from voltloom.domain.token import Authorization, IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, Phase, StopReason
from voltloom.features.transactions import energy
from voltloom.features.transactions.energy import Count, Energy, Point

T = TypeVar("T")

CLOCK_OFF = timedelta(minutes=5)
_CLOCK_OFF_S = CLOCK_OFF.total_seconds()
OLDEST_CLAIM = timedelta(days=366)
"""What a station says happened longer ago, happened when its clock was not set."""
MOST_PLACES = 10_000
MOST_RANGES = 50
STOPPED = frozenset({"StopAuthorized"})
"""Triggers of 2.x with which a token comes that ends the transaction, not one that begins it."""


class Flag(Enum):
    """What is odd about a transaction. `holds_back`: it is not billed before somebody has looked at it."""

    START_MISSING = "start_missing"
    """The station never told that it began."""
    BEGIN_UNMETERED = "begin_unmetered"
    """The meter was first heard of minutes after it began."""
    REPORTS_MISSING = "reports_missing"
    """Of the numbers of its reports, some never came."""
    CLOCK_OFF = "clock_off"
    """The station's clock was more than five minutes off."""
    REGISTER_RESET = energy.RESET
    REGISTER_FELL = energy.FELL
    REGISTER_JUMPED = energy.JUMPED
    ESTIMATED = "estimated"
    """No energy register was told: the energy is reckoned from power."""
    UNMETERED = "unmetered"
    """It ended, and no meter said anything of energy."""
    UNAUTHORIZED = "unauthorized"
    """It began although the token was refused, and was not ended for it."""
    STOPPED_BY_OTHER = "stopped_by_other"
    """A token ended it that had no right to."""
    CLOSED_HERE = "closed_here"
    """The station never told that it ended: we closed it."""
    REOPENED = "reopened"
    """We had closed it, and the station went on."""

    @property
    def holds_back(self) -> bool:
        return self not in _HARMLESS


_HARMLESS = {Flag.REPORTS_MISSING, Flag.STOPPED_BY_OTHER, Flag.REOPENED, Flag.BEGIN_UNMETERED}


class ClosedBy(Enum):
    """Why we closed a transaction that its station did not end."""

    STATION = ""
    """We did not: the station told its end."""
    SUPERSEDED = "superseded"
    """Another began at the same EVSE."""
    AVAILABLE = "available"
    """The connector has been free for a while."""
    REBOOT = "reboot"
    """The station booted, and told nothing more of it."""
    OFFLINE = "offline"
    """The station has been away for days."""
    SILENT = "silent"
    """The station is connected and occupied, and told nothing of it for a day."""
    DENIED = "denied"
    """Asked to end it, or how it stands, the station did not know it (any more), and had nothing to tell of it."""
    OPERATOR = "operator"


_FINAL = {ClosedBy.STATION, ClosedBy.SUPERSEDED, ClosedBy.OPERATOR}
"""Closed so, a transaction stays closed although the station still reports of it, until it reports the end."""


@dataclass(slots=True)
class Transaction:
    """id              what we call it; unique at its station
    said_id         what the station calls it, where that is not unique
    evse            0 where nobody said
    token, token_kind   who began it, as presented; "" where nobody knows yet
    token_sequence  of the report that said so: the earliest counts
    started_at      as the station claims, or when we heard of it, if that cannot be
    last_at         the latest time its station told of
    last_sample_at  the latest sample's
    first_heard_at, heard_at   by our clock
    start_key       what a 1.6 start is known by if it comes again
    state_sequence  of the report that told the charging state
    seen            the numbers of reports that came, as ranges
    latest_samples  those of `last_sample_at`; None where they are only in the database
    """

    station_id: StationId
    id: TransactionId
    first_heard_at: datetime
    heard_at: datetime
    started_at: datetime
    last_at: datetime
    said_id: TransactionId | None = None
    evse: int = 0
    connector: int | None = None
    token: str = ""
    token_kind: TokenKind = TokenKind.UNKNOWN
    token_sequence: int | None = None
    group: str | None = None
    authorization: str = ""
    started: bool = False
    ended_at: datetime | None = None
    charging_state: ChargingState | None = None
    state_sequence: int = -1
    meter_start_wh: float | None = None
    meter_stop_wh: float | None = None
    count: Count = field(default_factory=Count)
    power_w: float | None = None
    soc_percent: float | None = None
    last_sample_at: datetime | None = None
    stop_reason: StopReason | None = None
    stop_token: str = ""
    closed_by: ClosedBy = ClosedBy.STATION
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    seen: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    flags: set[Flag] = field(default_factory=set[Flag])
    start_key: str = ""
    latest_samples: list[Sample] | None = None

    @property
    def known_as(self) -> TransactionId:
        """What its station calls it."""
        return self.said_id or self.id

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def energy(self) -> Energy:
        return energy.energy_of(self.count)


def all_flags(transaction: Transaction, told: Energy | None = None) -> AbstractSet[Flag]:
    """With those that follow from the other facts. told: its energy, where that is known already."""
    tx = transaction
    told = told or tx.energy
    is_begin_metered = _is_begin_metered(tx)
    if tx.started and not (tx.flags or told.doubts or told.estimated or tx.ended_at or len(tx.seen) > 1):
        return _NONE if is_begin_metered else {Flag.BEGIN_UNMETERED}
    flags = set(tx.flags)
    flags.update(Flag(doubt) for doubt in told.doubts)
    if told.estimated:
        flags.add(Flag.ESTIMATED)
    if tx.stop_reason is StopReason.DE_AUTHORIZED:
        # Refused, and ended for it: as it should be.
        flags.discard(Flag.UNAUTHORIZED)
    if not tx.started:
        flags.add(Flag.START_MISSING)
    if missing(tx.seen):
        flags.add(Flag.REPORTS_MISSING)
    if not is_begin_metered:
        flags.add(Flag.BEGIN_UNMETERED)
    if tx.ended_at is not None:
        if told.wh is None:
            flags.add(Flag.UNMETERED)
        if tx.closed_by is not ClosedBy.STATION:
            flags.add(Flag.CLOSED_HERE)
    return flags


_NONE: AbstractSet[Flag] = frozenset()


def _is_begin_metered(tx: Transaction) -> bool:
    first = tx.count.first
    return first is None or first.t - tx.started_at.timestamp() <= _CLOCK_OFF_S


def is_suspect(flags: Iterable[Flag]) -> bool:
    return any(flag.holds_back for flag in flags)


# ---- what stations claim


def credible(at: datetime | None, now: datetime) -> datetime:
    """When it happened, as far as the station can be believed."""
    if at is None or at > now + CLOCK_OFF or at < now - OLDEST_CLAIM:
        return now
    return at


def is_clock_off(report: TransactionReported, now: datetime) -> bool:
    at = report.at
    if at is None:
        return False
    if at > now + CLOCK_OFF or at < now - OLDEST_CLAIM:
        return True
    # 1.6 does not say that a report was queued: its past is to be believed. 2.x does.
    return report.sequence is not None and not report.offline and at < now - CLOCK_OFF


def evse_of(place: Place | None) -> int:
    return place.evse if place is not None and 0 <= place.evse <= MOST_PLACES else 0


def connector_of(place: Place | None) -> int | None:
    if place is None or place.connector is None or not 0 < place.connector <= MOST_PLACES:
        return None
    return place.connector


def start_key(report: TransactionReported) -> str:
    """What says that a 1.6 start is the same again: connector, token, time and meter (control C19)."""
    token = report.token.key if report.token else ""
    at = report.at.isoformat() if report.at else ""
    return f"{evse_of(report.place)}|{token}|{at}|{report.meter_start_wh}"


def is_fresh(report: TransactionReported, now: datetime) -> bool:
    """Told as it happens: whatever it may repeat is still remembered."""
    return not report.offline and (report.at is None or abs(now - report.at) <= timedelta(minutes=10))


def is_reused(transaction: Transaction, report: TransactionReported) -> bool:
    """Does the station give a new transaction the id of one that is over? Some count from 1 again after a reset."""
    return (
        report.phase is Phase.STARTED
        and transaction.started
        and transaction.ended_at is not None
        and report.at is not None
        and report.at > transaction.ended_at
    )


# ---- the numbers of reports


def add_number(seen: list[tuple[int, int]], number: int) -> None:
    """Keep `seen` sorted and joined. Where a station's numbers make no sense, the oldest gaps are given up."""
    if seen and number == seen[-1][1] + 1:
        seen[-1] = (seen[-1][0], number)
        return
    for low, high in seen:
        if low <= number <= high:
            return
    seen.append((number, number))
    seen.sort()
    joined: list[tuple[int, int]] = []
    for low, high in seen:
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    while len(joined) > MOST_RANGES:
        joined[:2] = [(joined[0][0], joined[1][1])]
    seen[:] = joined


def missing(seen: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The numbers between the first and the last that never came, as ranges."""
    return [(before[1] + 1, after[0] - 1) for before, after in pairwise(seen)]


# ---- reports


def begin(
    station_id: StationId, transaction_id: TransactionId, report: TransactionReported, now: datetime
) -> Transaction:
    """A transaction nobody heard of before, without anything the report says."""
    at = credible(report.at, now)
    return Transaction(station_id, transaction_id, now, now, at, at)


def apply(transaction: Transaction, report: TransactionReported, now: datetime) -> None:
    """Merge what a report says; all but its samples (`add_samples`)."""
    tx = transaction
    at = credible(report.at, now)
    is_start = report.phase is Phase.STARTED
    tx.heard_at = max(tx.heard_at, now)
    tx.last_at = max(tx.last_at, at)
    if is_clock_off(report, now):
        tx.flags.add(Flag.CLOCK_OFF)
    if is_start:
        tx.started_at = min(at, tx.started_at) if tx.started else at
        tx.started = True
        tx.meter_start_wh = _first(tx.meter_start_wh, report.meter_start_wh)
    elif not tx.started:
        tx.started_at = min(at, tx.started_at)
    _apply_place(tx, report.place, is_start)
    _apply_token(tx, report)
    tx.remote_start_id = _first(tx.remote_start_id, report.remote_start_id)
    tx.reservation_id = _first(tx.reservation_id, report.reservation_id)
    tx.offline = tx.offline or report.offline
    if report.sequence is not None:
        add_number(tx.seen, report.sequence)
    if report.charging_state is not None and (report.sequence is None or report.sequence >= tx.state_sequence):
        tx.charging_state = report.charging_state
        tx.state_sequence = tx.state_sequence if report.sequence is None else report.sequence
    if report.phase is Phase.ENDED:
        _apply_end(tx, report, at)


def _first(known: T | None, said: T | None) -> T | None:
    return said if known is None else known


def _apply_place(tx: Transaction, place: Place | None, is_start: bool) -> None:
    evse = evse_of(place)
    if evse and (is_start or not tx.evse):
        tx.evse = evse
        tx.connector = connector_of(place) or tx.connector
    elif evse == tx.evse and tx.connector is None:
        tx.connector = connector_of(place)


def begins(report: TransactionReported) -> bool:
    """Does its token say who charges, and not who ends it?"""
    return report.token is not None and report.phase is not Phase.ENDED and report.trigger not in STOPPED


def _apply_token(tx: Transaction, report: TransactionReported) -> None:
    token = report.token
    if token is None:
        return
    if not begins(report):
        tx.stop_token = token.value[:255]
        return
    sequence = report.sequence or 0
    if tx.token_sequence is None or sequence < tx.token_sequence:
        tx.token, tx.token_kind, tx.token_sequence = token.value[:255], token.kind, sequence


def _apply_end(tx: Transaction, report: TransactionReported, at: datetime) -> None:
    if tx.ended_at is None or tx.closed_by is not ClosedBy.STATION:
        tx.ended_at = at
        tx.stop_reason = report.stop_reason or StopReason.LOCAL
        tx.closed_by = ClosedBy.STATION
    elif at > tx.ended_at:
        tx.ended_at = at
    tx.meter_stop_wh = _first(tx.meter_stop_wh, report.meter_stop_wh)
    tx.power_w = None


def register_points(transaction: Transaction) -> tuple[Point, ...]:
    """What a 1.6 start and stop said of the register."""
    if transaction.meter_start_wh is None and transaction.meter_stop_wh is None:
        return ()
    points: list[Point] = []
    if transaction.meter_start_wh is not None:
        points.append(Point(0, transaction.started_at.timestamp(), transaction.meter_start_wh))
    if transaction.meter_stop_wh is not None and transaction.ended_at is not None:
        points.append(Point(2, transaction.ended_at.timestamp(), transaction.meter_stop_wh))
    return tuple(points)


def count_registers(transaction: Transaction, before: Sequence[Point]) -> bool:
    """Count the registers of start and stop that were not there `before`. False where that takes a `recount`."""
    points = register_points(transaction)
    if points == before:
        return True
    if any(point not in points for point in before):
        return False
    for point in points:
        if point in before:
            continue
        if transaction.count.newest is not None and point < transaction.count.newest:
            return False
        if point != transaction.count.newest:
            energy.add_point(transaction.count, point)
    return True


def authorized(transaction: Transaction, authorization: Authorization) -> None:
    """What was answered about the token that began it."""
    transaction.authorization = authorization.status.value
    transaction.group = authorization.group.value if authorization.group else transaction.group
    if authorization.accepted:
        transaction.flags.discard(Flag.UNAUTHORIZED)
    else:
        transaction.flags.add(Flag.UNAUTHORIZED)


# ---- samples


def novel(transaction: Transaction, samples: Sequence[Sample]) -> Sequence[Sample] | None:
    """Those not heard before, in order. None where only the database can tell: some are older than the latest."""
    last, latest = transaction.last_sample_at, transaction.latest_samples
    if len(samples) == 1 and (last is None or samples[0].at > last):
        return samples
    fresh: list[Sample] = []
    for sample in sorted(samples, key=_place_in_time):
        if last is None or sample.at > last:
            last, latest = sample.at, [sample]
        elif sample.at < last or latest is None:
            return None
        elif sample in latest:
            continue
        else:
            latest = [*latest, sample]
        fresh.append(sample)
    return fresh


def _place_in_time(sample: Sample) -> tuple[datetime, int, float]:
    return sample.at, energy.rank_of(sample.context), sample.energy_wh or 0.0


def add_sample(transaction: Transaction, sample: Sample) -> bool:
    """Take a `novel` sample into account. False where its meter is out of order: count all anew (`recount`)."""
    tx = transaction
    if tx.last_sample_at is None or sample.at > tx.last_sample_at:
        tx.last_sample_at = sample.at
        tx.latest_samples = [sample]
        if sample.soc_percent is not None:
            tx.soc_percent = sample.soc_percent
        if sample.power_w is not None and tx.ended_at is None:
            tx.power_w = sample.power_w
    else:
        assert tx.latest_samples is not None, "novel samples of the latest time are known"
        tx.latest_samples.append(sample)
        tx.soc_percent = _larger(tx.soc_percent, sample.soc_percent)
        if tx.ended_at is None:
            tx.power_w = _larger(tx.power_w, sample.power_w)
    return energy.add_sample(tx.count, sample)


def _larger(known: float | None, said: float | None) -> float | None:
    return said if known is None else known if said is None else max(known, said)


def recount(transaction: Transaction, samples: Iterable[Sample]) -> None:
    """Of all samples that were ever heard of it."""
    heard = sorted(samples, key=lambda sample: sample.at)
    tx = transaction
    tx.count = energy.count_all(heard, register_points(tx))
    tx.last_sample_at, tx.latest_samples = None, []
    if heard:
        tx.last_sample_at = heard[-1].at
        tx.latest_samples = [sample for sample in heard if sample.at == tx.last_sample_at]
    tx.soc_percent = _latest((sample.at, sample.soc_percent) for sample in heard)
    tx.power_w = _latest((sample.at, sample.power_w) for sample in heard) if tx.is_open else None


def _latest(said: Iterable[tuple[datetime, float | None]]) -> float | None:
    values = [(at, value) for at, value in said if value is not None]
    return max(values)[1] if values else None


# ---- those that never end


def close(transaction: Transaction, closed_by: ClosedBy, reason: StopReason, until: datetime | None = None) -> None:
    """End it with what is last known of it; not later than `until`. What the station tells later, corrects it."""
    tx = transaction
    last = tx.last_at if tx.last_sample_at is None else max(tx.last_at, _no_later(tx.last_sample_at, tx.heard_at))
    if until is not None:
        last = min(last, until)
    tx.ended_at = max(last, tx.started_at)
    tx.stop_reason = reason
    tx.closed_by = closed_by
    tx.power_w = None


def _no_later(at: datetime, heard_at: datetime) -> datetime:
    return min(at, heard_at + CLOCK_OFF)


def may_reopen(transaction: Transaction) -> bool:
    """We closed it, for a reason that a sign of life disproves."""
    return not transaction.is_open and transaction.closed_by not in _FINAL


def reopen(transaction: Transaction) -> None:
    transaction.ended_at = None
    transaction.stop_reason = None
    transaction.closed_by = ClosedBy.STATION
    transaction.flags.add(Flag.REOPENED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What else is known of the place of an open transaction.

    status, since    of its connector; None where nobody said
    booted_at, offline_since   of its station; None: never, or it is connected
    later_start      another transaction began at the same EVSE afterwards
    """

    status: ConnectorStatus | None = None
    since: datetime | None = None
    booted_at: datetime | None = None
    offline_since: datetime | None = None
    later_start: datetime | None = None


LATE_END_FOR = timedelta(minutes=15)
"""A start that was told late has its end in the same queue."""
AVAILABLE_FOR = timedelta(minutes=15)
"""Longer than a driver is given between showing the card and plugging in."""
BOOTED_FOR = timedelta(minutes=15)
BOOTED_AND_OCCUPIED_FOR = timedelta(hours=2)
"""A station that resumes a transaction after a power loss tells of it within its sampling interval."""
OFFLINE_FOR = timedelta(days=7)
SILENT_FOR = timedelta(days=1)
SILENT_AND_CHARGING_FOR = timedelta(days=7)
"""A car that is full and stays, at a station that samples only while it charges."""
CHARGING = {ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE}


def why_over(transaction: Transaction, evidence: Evidence, now: datetime) -> ClosedBy | None:
    """Must this open transaction have ended without our hearing of it? None: it may well go on."""
    heard_at = transaction.heard_at
    if evidence.offline_since is not None:
        # What a station tells when it comes back, it tells of the time before: wait for it.
        gone = now - max(evidence.offline_since, heard_at) >= OFFLINE_FOR
        return ClosedBy.OFFLINE if gone else None
    if evidence.later_start is not None and now - heard_at >= LATE_END_FOR:
        return ClosedBy.SUPERSEDED
    status, since = evidence.status, evidence.since
    if status is ConnectorStatus.AVAILABLE and since is not None and now - max(since, heard_at) >= AVAILABLE_FOR:
        return ClosedBy.AVAILABLE
    if evidence.booted_at is not None and evidence.booted_at > heard_at:
        patience = BOOTED_AND_OCCUPIED_FOR if status in CHARGING else BOOTED_FOR
        return ClosedBy.REBOOT if now - evidence.booted_at >= patience else None
    longest = SILENT_AND_CHARGING_FOR if status in CHARGING else SILENT_FOR
    return ClosedBy.SILENT if now - heard_at >= longest else None


def stop_reason_of(closed_by: ClosedBy) -> StopReason:
    return StopReason.CLOSED_BY_OPERATOR if closed_by is ClosedBy.OPERATOR else StopReason.LOST


# ---- 1.6 stops that name no transaction


def unnumbered(transaction_id: TransactionId) -> bool:
    """Stations that began one while they were offline say 0 or -1 for the number they were never given."""
    return transaction_id in ("0", "-1")


def fits_stop(transaction: Transaction, report: TransactionReported) -> bool:
    """Can a stop that names no transaction be of this one?"""
    tx = transaction
    if not tx.is_open or (report.at is not None and report.at < tx.started_at):
        return False
    if report.token is not None and tx.token and report.token.key != tx.token.upper():
        return False
    least = tx.count.last.wh if tx.count.last is not None else tx.meter_start_wh
    return report.meter_stop_wh is None or least is None or report.meter_stop_wh >= least - energy.ROUNDING_WH


def token_of(transaction: Transaction) -> IdToken:
    return IdToken(transaction.token, transaction.token_kind)
