import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from voltloom.terminal.top import Snapshot, ago, connectors_by_state, draw, ranked, sparkline, watts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def station(station_id: str, *statuses: str, connected: bool = True, vendor: str = "Larkspur") -> dict:
    return {
        "id": station_id,
        "site_id": "s1",
        "last_seen": "2026-11-23T11:59:40Z",
        "hardware": {"vendor": vendor, "model": "Post"},
        "link": {
            "connected": connected,
            "protocol": "ocpp2.0.1",
            "since": "2026-11-23T09:00:00Z",
            "disconnected_at": "2026-11-23T11:50:00Z",
        },
        "connectors": [{"evse": n, "connector": 1, "status": status} for n, status in enumerate(statuses, 1)],
    }


def charge(power_w: float, state: str | None = None) -> dict:
    return {"power_w": power_w, "energy_wh": 1500.0, "soc_percent": 41.0, "charging_state": state}


def snapshot(*stations: dict, charges: dict | None = None) -> Snapshot:
    network = {
        "stations": 3,
        "stations_connected": 2,
        "transactions_open": 1,
        "power_w": 11_000.0,
        "messages_in_per_s": 3.25,
        "messages_out_per_s": 3.0,
        "stations_by_protocol": {"ocpp2.0.1": 2},
        "connectors_by_status": {"Charging": 1, "Faulted": 1},
    }
    return Snapshot(NOW, network, stations, charges or {}, {"s1": "Harbour"}, "http://127.0.0.1:8000")


def drawn(shown: Snapshot, width: int = 160, height: int | None = None) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(draw(shown, [1.0, 2.0], width, height))
    return out.getvalue()


def test_what_needs_somebody_comes_first_then_what_gives_most():
    shown = snapshot(
        station("A", "Available"),
        station("B", "Charging"),
        station("C", "Available", connected=False),
        station("D", "Available", "Faulted"),
        charges={("B", 1): charge(7000)},
    )
    assert [each["id"] for each in ranked(shown)] == ["D", "C", "B", "A"]


def test_a_station_is_a_line_with_its_states_power_and_energy():
    text = drawn(snapshot(station("CP-7", "Charging"), charges={("CP-7", 1): charge(11_040)}))
    assert "CP-7" in text
    assert "⚡ Charging" in text
    assert "11.0 kW" in text
    assert "1.50 kWh" in text
    assert "41 %" in text
    assert "Harbour" in text
    assert "up 3 h" in text


def test_an_occupied_connector_is_as_its_transaction_says():
    charges = {("CP-7", 1): charge(0, "SuspendedEV")}
    assert "SuspendedEV" in drawn(snapshot(station("CP-7", "Occupied"), charges=charges))
    assert "Occupied" in drawn(snapshot(station("CP-7", "Occupied")))


def test_a_station_that_is_away_says_for_how_long():
    assert "offline 10 min" in drawn(snapshot(station("CP-7", connected=False)))


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_no_window_is_too_narrow_for_what_matters(width: int):
    text = drawn(snapshot(station("CP-7", "Charging"), charges={("CP-7", 1): charge(11_040)}), width)
    assert "CP-7" in text
    assert "Charging" in text
    assert "11.0 kW" in text


def test_what_does_not_fit_is_counted():
    text = drawn(snapshot(*(station(f"CP-{n}", "Available") for n in range(40))), height=20)
    assert "and 29 more" in text


def test_text_of_a_station_cannot_move_the_cursor():
    assert "\x1b" not in drawn(snapshot(station("CP-7", "Available", vendor="\x1b[2Jowned")))


def test_amounts_are_told_in_units_people_use():
    assert watts(950) == "0.9 kW" or watts(950) == "1.0 kW"
    assert watts(1_250_000) == "1.25 MW"
    assert ago(None, NOW) == "–"
    assert ago("2026-11-23T09:00:00Z", NOW) == "3 h"
    assert sparkline([0, 1, 2, 4]) == "▁▂▄█"
    assert sparkline([0, 0]) == ""


def test_an_occupied_connector_that_charges_is_counted_as_charging():
    shown = snapshot(station("A", "Occupied"), station("B", "Occupied"), charges={("A", 1): charge(7000, "Charging")})
    shown.network["connectors_by_status"] = {"Occupied": 2}
    assert connectors_by_state(shown) == {"Occupied": 1, "Charging": 1}


def test_a_line_says_for_how_long_the_link_stands_or_is_gone():
    text = drawn(snapshot(station("A", "Available"), station("B", "Available", connected=False)))
    assert "up 3 h" in text
    assert "off 10 min" in text
