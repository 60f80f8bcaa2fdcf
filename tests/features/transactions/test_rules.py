from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.metering import Context, Sample
from voltloom.domain.reports import TransactionReported
from voltloom.domain.station import ConnectorStatus
from voltloom.domain.token import IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, Phase, StopReason
from voltloom.features.transactions import rules
from voltloom.features.transactions.rules import ClosedBy, Evidence, Flag, Transaction

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = TransactionId("f2b1c9a0-5a39-4c0e-9f0e-2d3b1f6f7a11")


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


HEARD = minutes(60)


def told(phase: Phase, minute: float, sequence: int | None = None, **fields: object) -> TransactionReported:
    return TransactionReported(phase, ID, minutes(minute), sequence=sequence, offline=True, **fields)  # type: ignore[arg-type]


def whole_transaction(samples_each: int = 1) -> list[TransactionReported]:
    """Plugged in, authorised a minute later, charged, full, unplugged."""
    reports = [
        told(Phase.STARTED, 0, 0, place=Place(1, 1), samples=(Sample(minutes(0), Context.BEGIN, 1_000.0),)),
        told(Phase.UPDATED, 1, 1, token=IdToken("ADA", TokenKind.ISO14443), trigger="Authorized"),
        told(Phase.UPDATED, 2, 2, charging_state=ChargingState.CHARGING),
    ]
    for number in range(4):
        samples = tuple(
            Sample(
                minutes(3 + number + each / 10),
                energy_wh=1_000.0 + 150 * number + 15 * each,
                power_w=9_000.0,
                soc_percent=50.0 + number,
            )
            for each in range(samples_each)
        )
        reports.append(told(Phase.UPDATED, 3 + number, 3 + number, samples=samples))
    reports.append(told(Phase.UPDATED, 8, 7, charging_state=ChargingState.SUSPENDED_EV))
    reports.append(
        told(
            Phase.ENDED,
            9,
            8,
            stop_reason=StopReason.EV_DISCONNECTED,
            samples=(Sample(minutes(9), Context.END, 1_700.0),),
        )
    )
    return reports


def after(reports: Sequence[TransactionReported], first_heard: datetime = HEARD) -> Transaction:
    """As `answers` applies them, with all samples at hand in place of the database."""
    tx = rules.begin(StationId("CP-1"), ID, reports[0], first_heard)
    heard: list[Sample] = []
    for report in reports:
        registers = rules.register_points(tx)
        fresh = rules.novel(tx, report.samples)
        rules.apply(tx, report, first_heard)
        in_order = rules.count_registers(tx, registers) and fresh is not None
        for sample in fresh or ():
            in_order = rules.add_sample(tx, sample) and in_order
        heard += [sample for sample in report.samples if sample not in heard]
        if not in_order:
            rules.recount(tx, heard)
    return tx


def facts(tx: Transaction) -> tuple[object, ...]:
    """All that must not depend on order."""
    return (
        tx.started_at,
        tx.ended_at,
        tx.evse,
        tx.connector,
        tx.token,
        tx.energy,
        tx.soc_percent,
        tx.power_w,
        tx.charging_state,
        tx.stop_reason,
        tuple(tx.seen),
        frozenset(rules.all_flags(tx)),
        tx.last_at,
        tx.last_sample_at,
    )


def test_a_transaction_told_in_order_has_its_energy_times_and_token():
    tx = after(whole_transaction())
    assert (tx.energy.wh, tx.token, tx.started_at, tx.ended_at) == (700.0, "ADA", minutes(0), minutes(9))
    assert rules.all_flags(tx) == set()


@given(st.permutations(whole_transaction(2)), st.data())
@settings(max_examples=300)
def test_order_and_repetition_of_reports_do_not_change_the_transaction(
    reports: list[TransactionReported], data: st.DataObject
):
    for again in data.draw(st.lists(st.sampled_from(reports), max_size=4)):
        reports.insert(data.draw(st.integers(0, len(reports))), again)
    assert facts(after(reports)) == facts(after(whole_transaction(2)))


def one_point_six() -> list[TransactionReported]:
    return [
        told(Phase.STARTED, 0, token=IdToken("ADA"), place=Place(1, 1), meter_start_wh=2_000.0),
        *(told(Phase.UPDATED, n, samples=(Sample(minutes(n), energy_wh=2_000.0 + 100 * n),)) for n in range(1, 5)),
        told(Phase.ENDED, 6, token=IdToken("ADA"), meter_stop_wh=2_650.0, stop_reason=StopReason.LOCAL),
    ]


@given(st.permutations(one_point_six()))
def test_the_registers_of_a_start_and_stop_may_come_in_any_order_too(reports: list[TransactionReported]):
    assert facts(after(reports)) == facts(after(one_point_six()))
    assert after(reports).energy.wh == 650.0


def test_an_end_without_a_start_is_recorded_and_marked():
    tx = after(whole_transaction()[-1:])
    assert tx.ended_at == minutes(9)
    assert Flag.START_MISSING in rules.all_flags(tx)


def test_numbers_that_never_came_are_a_gap():
    reports = whole_transaction()
    tx = after([*reports[:3], *reports[5:]])
    assert rules.missing(tx.seen) == [(3, 4)]
    assert rules.all_flags(tx) == {Flag.REPORTS_MISSING}
    assert not rules.is_suspect(rules.all_flags(tx))


@given(st.lists(st.integers(0, 300), max_size=200))
def test_the_numbers_that_came_are_kept_whatever_their_order(numbers: list[int]):
    seen: list[tuple[int, int]] = []
    for number in numbers:
        rules.add_number(seen, number)
    covered = {each for low, high in seen for each in range(low, high + 1)}
    assert covered >= set(numbers)
    assert len(seen) <= rules.MOST_RANGES
    if len(seen) < rules.MOST_RANGES:
        assert covered == set(numbers)


def test_a_station_whose_clock_is_ahead_is_not_believed_and_marked():
    report = told(Phase.STARTED, 0, 0)
    tx = after([report], first_heard=minutes(-10))
    assert tx.started_at == minutes(-10)
    assert Flag.CLOCK_OFF in rules.all_flags(tx)


def test_a_clock_that_was_never_set_is_not_believed():
    long_ago = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    report = TransactionReported(Phase.STARTED, ID, long_ago, sequence=0)
    assert after([report]).started_at == minutes(60)


def test_a_queued_report_is_believed_about_the_past():
    assert Flag.CLOCK_OFF not in after([told(Phase.STARTED, 0, 0)], first_heard=minutes(600)).flags


def test_a_late_report_of_the_same_instant_with_other_readings_is_kept():
    tx = after([told(Phase.STARTED, 0, 0, samples=(Sample(minutes(1), energy_wh=10.0),))])
    other = Sample(minutes(1), soc_percent=40.0)
    assert rules.novel(tx, (Sample(minutes(1), energy_wh=10.0), other)) == [other]


# ---- those that never end


def silent(since: float = 0) -> Transaction:
    """Open, and last heard of then."""
    tx = after(whole_transaction()[:4], first_heard=minutes(since))
    tx.evse = 1
    return tx


@pytest.mark.parametrize(
    ("evidence", "at", "expected"),
    [
        (Evidence(ConnectorStatus.CHARGING, minutes(-5)), 60 * 23, None),
        (Evidence(ConnectorStatus.AVAILABLE, minutes(5)), 19, None),
        (Evidence(ConnectorStatus.AVAILABLE, minutes(5)), 20, ClosedBy.AVAILABLE),
        (Evidence(ConnectorStatus.AVAILABLE, minutes(-60)), 15, ClosedBy.AVAILABLE),
        (Evidence(ConnectorStatus.PREPARING, booted_at=minutes(2)), 16, None),
        (Evidence(ConnectorStatus.PREPARING, booted_at=minutes(2)), 17, ClosedBy.REBOOT),
        (Evidence(ConnectorStatus.CHARGING, booted_at=minutes(2)), 121, None),
        (Evidence(ConnectorStatus.CHARGING, booted_at=minutes(2)), 122, ClosedBy.REBOOT),
        (Evidence(ConnectorStatus.PREPARING, booted_at=minutes(-2)), 60, None),
        (Evidence(ConnectorStatus.AVAILABLE, minutes(1), offline_since=minutes(1)), 60 * 24 * 6, None),
        (Evidence(offline_since=minutes(1)), 60 * 24 * 7 + 1, ClosedBy.OFFLINE),
        (Evidence(ConnectorStatus.CHARGING, later_start=minutes(5)), 15, ClosedBy.SUPERSEDED),
        (Evidence(ConnectorStatus.OCCUPIED), 60 * 24, ClosedBy.SILENT),
        (Evidence(ConnectorStatus.SUSPENDED_EV), 60 * 24 * 6, None),
        (Evidence(ConnectorStatus.SUSPENDED_EV), 60 * 24 * 7, ClosedBy.SILENT),
        (Evidence(), 60 * 24, ClosedBy.SILENT),
    ],
)
def test_what_tells_that_an_open_transaction_is_over(evidence: Evidence, at: float, expected: ClosedBy | None):
    assert rules.why_over(silent(), evidence, minutes(at)) is expected


def test_one_that_we_close_ends_with_what_was_last_known():
    tx = silent(30)
    rules.close(tx, ClosedBy.REBOOT, StopReason.LOST)
    assert (tx.ended_at, tx.energy.wh, tx.stop_reason) == (minutes(3), 0.0, StopReason.LOST)
    assert rules.is_suspect(rules.all_flags(tx))


def test_one_that_another_has_replaced_ends_no_later_than_the_other_began():
    tx = silent(30)
    rules.close(tx, ClosedBy.SUPERSEDED, StopReason.LOST, minutes(2))
    assert tx.ended_at == minutes(2)


def test_the_end_a_station_tells_late_replaces_ours():
    tx = silent(30)
    rules.close(tx, ClosedBy.OFFLINE, StopReason.LOST)
    rules.apply(tx, told(Phase.ENDED, 9, 8, stop_reason=StopReason.EV_DISCONNECTED), minutes(60))
    assert (tx.ended_at, tx.stop_reason, tx.closed_by) == (minutes(9), StopReason.EV_DISCONNECTED, ClosedBy.STATION)
    assert not rules.is_suspect(rules.all_flags(tx))


def test_what_an_operator_closed_stays_closed_while_the_station_goes_on():
    tx = silent()
    rules.close(tx, ClosedBy.OPERATOR, StopReason.CLOSED_BY_OPERATOR)
    assert not rules.may_reopen(tx)


def test_a_refused_start_that_was_ended_for_it_is_not_suspect():
    tx = after(whole_transaction()[:1])
    tx.flags.add(Flag.UNAUTHORIZED)
    assert rules.is_suspect(rules.all_flags(tx))
    tx.stop_reason = StopReason.DE_AUTHORIZED
    assert not rules.is_suspect(rules.all_flags(tx))
