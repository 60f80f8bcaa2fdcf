"""What an outage is, and how much was up."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import CP, NOW
from voltloom.domain.events import ConnectorStatusChanged, StationChanged, StationConnected, StationDisconnected
from voltloom.features.uptime.rules import WHOLE, Kind, Ledger, Outage, Unit, measure

HOUR = timedelta(hours=1)
ONE, TWO = Unit(1, 1), Unit(2, 1)


def outage(kind: Kind, began: float, ended: float | None, unit: Unit = WHOLE) -> Outage:
    """Hours before now."""
    return Outage(CP, unit, kind, NOW - began * HOUR, "", None if ended is None else NOW - ended * HOUR)


def of_a_day(*outages: Outage, units: tuple[Unit, ...] = (ONE,), since: float = 100):
    return measure(NOW - since * HOUR, units, outages, NOW - 24 * HOUR, NOW)


def hours(seconds: float) -> float:
    return seconds / 3600


def test_a_station_that_was_never_lost_was_up():
    told = of_a_day()
    assert (told.uptime, hours(told.known_s), told.outages) == (1.0, 24, 0)


def test_what_was_offline_or_faulted_was_not_up():
    told = of_a_day(outage(Kind.OFFLINE, 10, 8), outage(Kind.FAULTED, 5, 4, ONE))
    assert told.uptime == pytest.approx(21 / 24, abs=1e-5)
    assert (hours(told.offline_s), hours(told.faulted_s), told.outages) == (2, 1, 2)


def test_two_reasons_at_once_count_once():
    told = of_a_day(outage(Kind.OFFLINE, 10, 8), outage(Kind.FAULTED, 9, 7, ONE))
    assert hours(told.known_s - told.up_s) == pytest.approx(3)


def test_a_connector_that_is_faulted_leaves_the_other_up():
    told = of_a_day(outage(Kind.FAULTED, 12, None, ONE), units=(ONE, TWO))
    assert told.uptime == pytest.approx(36 / 48)


def test_a_lost_station_loses_all_its_connectors():
    assert of_a_day(outage(Kind.OFFLINE, 12, None), units=(ONE, TWO)).uptime == pytest.approx(0.5)


def test_an_evse_that_is_out_takes_its_connectors_along():
    told = of_a_day(outage(Kind.UNAVAILABLE, 12, None, Unit(1)), units=(Unit(1, 1), Unit(1, 2), TWO))
    assert told.uptime == pytest.approx(48 / 72, abs=1e-5)


def test_the_time_before_it_first_came_is_not_counted():
    told = of_a_day(outage(Kind.OFFLINE, 2, 1), since=4)
    assert (hours(told.known_s), told.uptime) == (4, 0.75)


def test_the_time_in_which_we_were_away_is_not_counted():
    told = of_a_day(outage(Kind.UNKNOWN, 12, 6), outage(Kind.FAULTED, 8, 4, ONE))
    assert hours(told.known_s) == 18
    assert told.uptime == pytest.approx(16 / 18, abs=1e-5)


def test_of_a_station_never_heard_of_nothing_is_known():
    assert measure(NOW + HOUR, (ONE,), (), NOW - HOUR, NOW).uptime is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Kind)),
            st.floats(0, 40),
            st.floats(0, 40),
            st.sampled_from([Unit(), Unit(1), ONE, TWO]),
        ),
        max_size=12,
    )
)
def test_uptime_is_a_share_whatever_overlaps(drawn: list[tuple[Kind, float, float, Unit]]):
    outages = [outage(kind, max(a, b), min(a, b), unit) for kind, a, b, unit in drawn]
    told = of_a_day(*outages, units=(ONE, TWO))
    assert -1e-3 <= told.up_s <= told.known_s + 1e-3 <= 2 * 24 * 3600 + 1
    assert told.uptime is None or 0 <= told.uptime <= 1


# ---- from events


def connected(hours_ago: float) -> StationConnected:
    return StationConnected(CP, NOW - hours_ago * HOUR, "192.0.2.1", "ocpp1.6", 1)


def lost(hours_ago: float, reason: str = "silent for 90 s") -> StationDisconnected:
    return StationDisconnected(CP, NOW - hours_ago * HOUR, reason)


def status(hours_ago: float, word: str, fault: str = "") -> ConnectorStatusChanged:
    return ConnectorStatusChanged(CP, 1, 1, NOW - hours_ago * HOUR, word, "", fault)


def heard(*events: object) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.hear(event)  # type: ignore[arg-type]
    return ledger


def spans(ledger: Ledger) -> list[tuple[Kind, float, float | None]]:
    told = [*ledger.changed, *ledger.still_open()]
    return [
        (each.kind, (NOW - each.began_at) / HOUR, None if each.ended_at is None else (NOW - each.ended_at) / HOUR)
        for each in told
    ]


def test_a_loss_lasts_until_the_station_is_back():
    ledger = heard(connected(9), lost(5), connected(4), lost(2))
    assert spans(ledger) == [(Kind.OFFLINE, 5, 4), (Kind.OFFLINE, 2, None)]
    assert ledger.since == {CP: NOW - 9 * HOUR}


def test_a_second_loss_without_a_return_is_the_same():
    assert spans(heard(lost(5), lost(4), connected(1))) == [(Kind.OFFLINE, 5, 1)]


def test_a_fault_lasts_until_the_connector_says_otherwise():
    ledger = heard(status(5, "Faulted", "GroundFailure"), status(4, "Unavailable"), status(3, "Available"))
    assert spans(ledger) == [(Kind.FAULTED, 5, 4), (Kind.UNAVAILABLE, 4, 3)]
    assert ledger.changed[0].reason == "GroundFailure"


def test_a_fault_stays_one_while_the_station_is_away():
    assert spans(heard(status(5, "Faulted"), lost(4), connected(3))) == [(Kind.OFFLINE, 4, 3), (Kind.FAULTED, 5, None)]


def test_a_station_that_is_disabled_is_out_of_service():
    assert spans(heard(lost(4, "disabled by an operator"))) == [(Kind.UNAVAILABLE, 4, None)]


def test_while_we_were_away_nothing_is_known_until_the_station_had_time_to_come_back():
    ledger = heard(lost(5, "the server restarts: come back"))
    ledger.settle(NOW - 2 * HOUR, NOW - 2 * HOUR)
    assert spans(ledger) == [(Kind.UNKNOWN, 5, None)]
    ledger.settle(NOW - 1 * HOUR, NOW - 2 * HOUR)
    assert spans(ledger) == [(Kind.UNKNOWN, 5, 2), (Kind.OFFLINE, 2, None)]


def test_a_removed_station_is_forgotten():
    ledger = heard(connected(9), lost(5), connected(4), lost(3), StationChanged(CP, NOW, "removed"))
    assert (ledger.changed, ledger.still_open(), ledger.since, ledger.removed) == ([], [], {}, {CP})


def test_a_clock_that_runs_back_ends_nothing_before_it_began():
    assert spans(heard(status(2, "Faulted"), status(3, "Available"))) == [(Kind.FAULTED, 2, 2)]
