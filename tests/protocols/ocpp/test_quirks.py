"""What makes are known to do otherwise, and what all stations may do. Each with where it was reported."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from voltloom.domain.commands import GetSettings, ReportSettings
from voltloom.domain.ids import Place
from voltloom.domain.reports import (
    FaultReported,
    Report,
    SamplesReported,
    SettingsReported,
    TransactionReported,
)
from voltloom.domain.station import Attribute
from voltloom.domain.transaction import StopReason
from voltloom.protocols.ocpp.dialect import DIALECTS, Call, Read, Version
from voltloom.protocols.ocpp.quirks import NONE, Quirks, known, quirks_of
from voltloom.protocols.ocpp.v16.settings import NAMES

NOW = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)
AT = "2024-05-17T10:29:00Z"
V16, V201 = Version.V16, Version.V201


def heard(version: Version, action: str, payload: Any, quirks: Quirks = NONE) -> Read:
    read = DIALECTS[version].read_call(action, json.dumps(payload).encode(), NOW, quirks)
    assert isinstance(read, Read), read
    return read


def energy(read: Read) -> list[float | None]:
    report = read.reports[0]
    assert isinstance(report, SamplesReported | TransactionReported)
    return [sample.energy_wh for sample in report.samples]


def readings(*readings: dict[str, str]) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(readings)}]}


# ---- the files


def test_every_entry_says_what_a_make_does_and_where_that_was_seen():
    assert known()
    for entry in known():
        assert entry.source.startswith("https://"), entry
        assert entry.note.endswith("."), entry
        assert quirks_of(entry.vendor.strip("*"), "", entry.firmware.split("[")[0].rstrip("*") + "0") is not NONE, entry


def test_most_stations_have_none():
    assert quirks_of("Corvid Electric", "Rook 22", "3.8.1") is NONE


def test_a_firmware_that_mended_it_is_believed_again():
    assert quirks_of("OpenEVSE", "open_evse", "4.2.1").energy_in_kwh
    assert quirks_of("openevse", "open_evse", "5.0.0") is NONE


# ---- of one make


def test_kilowatt_hours_that_are_called_watt_hours():
    """https://github.com/OpenEVSE/openevse_esp32_firmware/issues/703"""
    quirks = quirks_of("OpenEVSE", "open_evse", "4.2.2")
    power = {"value": "9451", "measurand": "Power.Active.Import", "unit": "W"}
    register = {"value": "361", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    read = heard(V16, "MeterValues", readings(power, register), quirks)
    assert energy(read) == [361_000]
    assert read.reports[0].samples[0].power_w == 9451
    assert "kWh" in read.mended[0]
    assert energy(heard(V16, "MeterValues", readings(power, register))) == [361]
    rightly = register | {"unit": "kWh"}
    assert energy(heard(V16, "MeterValues", readings(rightly), quirks)) == [361_000]


def test_registers_in_kilowatt_hours_at_start_and_stop():
    quirks = Quirks(registers_in_kwh=True)
    start = {"connectorId": 1, "idTag": "A", "meterStart": 12, "timestamp": AT}
    stop = {"transactionId": 7, "meterStop": 20, "timestamp": AT}
    assert heard(V16, "StartTransaction", start, quirks).reports[0].meter_start_wh == 12_000
    assert heard(V16, "StopTransaction", stop, quirks).reports[0].meter_stop_wh == 20_000
    assert heard(V16, "StopTransaction", stop).reports[0].meter_stop_wh == 20


def test_an_error_that_a_make_calls_by_another_name():
    """https://github.com/lbbrhzn/ocpp/issues/1248"""
    quirks = quirks_of("Legrand", "GreenUp", "1.0")
    status = {"connectorId": 0, "errorCode": "Error", "status": "Faulted", "timestamp": AT}
    read = heard(V16, "StatusNotification", status, quirks)
    fault = read.reports[1]
    assert isinstance(fault, FaultReported)
    assert (fault.place, fault.code) == (Place(0), "OtherError")
    assert read.mended == ("errorCode is 'Error', no word of the standard: taken as OtherError",)


def play(command: Any, quirks: Quirks, has: set[str]) -> tuple[list[Any], list[Report[Any]], Any]:
    """What a 1.6 station that has these keys is asked, what is told, and the outcome."""
    asked: list[Any] = []
    told: list[Report[Any]] = []
    conversation = DIALECTS[V16].converse(command, quirks)
    step = next(conversation)
    try:
        while True:
            if not isinstance(step, Call):
                told.append(step)
                step = conversation.send(b"")
                continue
            keys = json.loads(step.payload).get("key", [])
            asked.append(keys)
            answer = {
                "configurationKey": [{"key": key, "readonly": False, "value": "1"} for key in keys if key in has],
                "unknownKey": [key for key in keys if key not in has],
            }
            step = conversation.send(json.dumps(answer).encode())
    except StopIteration as end:
        return asked, told, end.value


@pytest.mark.parametrize("command", [GetSettings(), ReportSettings(5)])
def test_a_make_that_never_tells_all_its_keys_at_once_is_asked_for_a_few_at_a_time(command: Any):
    """https://github.com/evcc-io/evcc/issues/15869"""
    quirks = quirks_of("Entratek GmbH", "Power Dot Pro", "1.2")
    asked, told, _ = play(command, quirks, {"HeartbeatInterval", "WebSocketPingInterval"})
    assert all(1 <= len(keys) <= 4 for keys in asked)
    assert {key for keys in asked for key in keys} == set(NAMES)
    [report] = told
    assert isinstance(report, SettingsReported)
    assert len(report.settings) == 2


def test_a_make_with_few_keys_a_call_is_asked_in_portions():
    names = GetSettings(tuple((name, Attribute.ACTUAL) for name in list(NAMES.values())[:6]))
    asked, _, outcome = play(names, quirks_of("Entratek GmbH", "Power Dot Pro", "1.2"), set(NAMES))
    assert [len(keys) for keys in asked] == [4, 2]
    assert len(outcome) == 6


# ---- of any station


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("EVDisconnect", StopReason.OTHER),
        ("evdisconnected", StopReason.EV_DISCONNECTED),
        ("REMOTE", StopReason.REMOTE),
        ("", StopReason.LOCAL),
    ],
)
def test_a_reason_for_stopping_that_no_standard_knows_does_not_keep_a_transaction_open(said: str, meant: StopReason):
    stop = {"transactionId": 7, "meterStop": 20, "timestamp": AT, "reason": said}
    read = heard(V16, "StopTransaction", stop)
    assert read.reports[0].stop_reason is meant
    assert read.mended


def test_in_2x_likewise():
    event = {
        "eventType": "Ended",
        "timestamp": AT,
        "triggerReason": "StopAuthorized",
        "seqNo": 3,
        "transactionInfo": {"transactionId": "T-1", "stoppedReason": "CarLeft"},
    }
    assert heard(V201, "TransactionEvent", event).reports[0].stop_reason is StopReason.OTHER


def test_a_stop_with_a_fraction_of_a_watt_hour_is_rounded():
    """https://github.com/shiv3/ocpp-cp-simulator/pull/83: refused, it strands the transaction."""
    read = heard(V16, "StopTransaction", {"transactionId": 7, "meterStop": 26008.333, "timestamp": AT})
    assert read.reports[0].meter_stop_wh == 26008
    assert read.mended == ("meterStop is 26008.333: rounded to watt-hours",)


@pytest.mark.parametrize(
    ("value", "unit", "wh"),
    [
        ("11.5 kWh", None, 11_500),
        ("11,5kWh", "kWh", 11_500),
        ("361 Wh", "Wh", 361),
        ("1.5 kWh", "Wh", 1_500),
        ("12,25", "Wh", 12.25),
    ],
)
def test_a_value_with_its_unit_inside_or_a_comma_is_a_value(value: str, unit: str | None, wh: float):
    reading = {"value": value, "measurand": "Energy.Active.Import.Register"} | ({"unit": unit} if unit else {})
    assert energy(heard(V16, "MeterValues", readings(reading))) == [wh]


def test_what_is_no_value_at_all_is_kept_as_it_came():
    read = heard(V16, "MeterValues", readings({"value": "n/a"}, {"value": "7", "measurand": "Power.Active.Import"}))
    [sample] = read.reports[0].samples
    assert sample.power_w == 7
    assert [extra.value for extra in sample.extras] == ["n/a"]


def test_a_unit_in_another_case_does_not_cost_the_reading():
    read = heard(V16, "MeterValues", readings({"value": "2", "unit": "KWH"}))
    assert energy(read) == [2_000]


def test_a_reading_without_context_and_a_time_without_zone_are_taken_as_the_standard_means_them():
    """https://github.com/evcc-io/evcc/issues/10399"""
    meter = {"connectorId": 1, "meterValue": [{"timestamp": "2024-05-17T10:29:00", "sampledValue": [{"value": "7"}]}]}
    [sample] = heard(V16, "MeterValues", meter).reports[0].samples
    assert sample.energy_wh == 7
    assert sample.at == datetime(2024, 5, 17, 10, 29, tzinfo=UTC)


@pytest.mark.parametrize("number", [0, -1])
def test_a_stop_of_a_transaction_that_began_offline_is_taken(number: int):
    """https://github.com/EVerest/libocpp/issues/495"""
    read = heard(V16, "StopTransaction", {"transactionId": number, "meterStop": 20, "timestamp": AT})
    assert read.reports[0].transaction_id == str(number)


def test_a_station_that_tells_of_connector_0_alone_means_its_outlet():
    """https://github.com/sap-labs-france/ev-server/pull/54: connectors were given the status of connector 0."""
    status = {"connectorId": 0, "errorCode": "NoError", "status": "Charging", "timestamp": AT}
    read = heard(V16, "StatusNotification", status, Quirks(status_connector=1))
    assert [report.place for report in read.reports] == [Place(1, 1), Place(1, 1)]
    assert read.mended == ("connectorId 0 is connector 1 with this make: taken so",)
    assert [report.place for report in heard(V16, "StatusNotification", status).reports] == [Place(0), Place(0)]
