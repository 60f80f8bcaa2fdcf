"""One word for a station."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import NOW
from voltloom.domain.station import ConnectorStatus
from voltloom.features.stations.overall import Fault, Known, Overall, Part, gravest, overall

HOUR = timedelta(hours=1)


def known(*statuses: str, **more: object) -> Known:
    """Connected and accepted, with a connector an EVSE in each of these states, the first since an hour, and so on."""
    parts = [Part(evse, status, NOW - evse * HOUR) for evse, status in enumerate(statuses, 1)]
    values = {
        "created_at": NOW - 90 * HOUR,
        "enabled": True,
        "connected": True,
        "connected_at": NOW - 50 * HOUR,
        "disconnected_at": NOW - 51 * HOUR,
        "registration": "Accepted",
        "booted_at": NOW - 49 * HOUR,
        "parts": parts,
    }
    return Known(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("station", "word", "hours_ago"),
    [
        (known("Charging", enabled=False), Overall.DISABLED, None),
        (known(connected=False, connected_at=None), Overall.NEVER_SEEN, 90),
        (known("Charging", connected=False), Overall.OFFLINE, 51),
        (known("Available", registration="Rejected"), Overall.REJECTED, 49),
        (known("Available", registration="Pending"), Overall.PENDING, 49),
        (known("Available", registration=None), Overall.AVAILABLE, 1),
        (known("Charging", "Faulted"), Overall.FAULTED, 2),
        (known("Charging", faults=[Fault("GroundFailure", NOW - 7 * HOUR)]), Overall.FAULTED, 7),
        (known("Charging", faults=[Fault("WeakSignal", NOW - 7 * HOUR)]), Overall.CHARGING, 1),
        (known("Available", faults=[Fault("Connector.Problem", NOW)]), Overall.FAULTED, 0),
        (known("Available", "Charging"), Overall.CHARGING, 2),
        (known("Occupied", charging_since=NOW - 3 * HOUR, open_since=NOW - 4 * HOUR), Overall.CHARGING, 3),
        (known("Occupied", open_since=NOW - 4 * HOUR), Overall.OCCUPIED, 4),
        (known("Available", "SuspendedEV"), Overall.OCCUPIED, 2),
        (known("Available", "Preparing"), Overall.OCCUPIED, 2),
        (known("Available", "Unavailable"), Overall.AVAILABLE, 1),
        (known("Reserved", "Available"), Overall.AVAILABLE, 2),
        (known("Reserved", "Unavailable"), Overall.RESERVED, 1),
        (known("Unavailable", "Unavailable"), Overall.UNAVAILABLE, 1),
        (known(parts=[Part(0, "Unavailable", NOW - HOUR), Part(1, "Available", NOW)]), Overall.UNAVAILABLE, 1),
        (known(parts=[Part(0, "Faulted", NOW - HOUR), Part(1, "Available", NOW)]), Overall.FAULTED, 1),
        (known(parts=[Part(0, "Available", NOW - HOUR)]), Overall.AVAILABLE, 1),
        (known(), Overall.UNKNOWN, 50),
    ],
)
def test_what_comes_first_is_told(station: Known, word: Overall, hours_ago: float | None):
    assert overall(station) == (word, None if hours_ago is None else NOW - hours_ago * HOUR)


@given(
    st.lists(st.sampled_from([status.value for status in ConnectorStatus]), max_size=5),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "Accepted", "Pending", "Rejected"]),
)
def test_every_station_has_a_word(statuses: list[str], enabled: bool, connected: bool, registration: str | None):
    word, since = overall(known(*statuses, enabled=enabled, connected=connected, registration=registration))
    assert isinstance(word, Overall)
    assert (since is None) == (word is Overall.DISABLED)


def test_the_gravest_fault_is_the_most_dangerous_then_the_oldest():
    early, late = NOW - HOUR, NOW
    assert gravest([]) == ""
    assert gravest([Fault("WeakSignal", early), Fault("GroundFailure", late)]) == "GroundFailure"
    assert gravest([Fault("OtherError", late), Fault("EVCommunicationError", early)]) == "EVCommunicationError"
    assert gravest([Fault("WeakSignal", early), Fault("Connector.Problem", late)]) == "Connector.Problem"
