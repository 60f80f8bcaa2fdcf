"""What makes are known to do otherwise, and what all stations may do. Each with where it was reported."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

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
from voltloom.protocols.ocpp.quirks import NONE, Quirks, borne, known, quirks_of
from voltloom.protocols.ocpp.v16.settings import NAMES

T = TypeVar("T")
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
        assert quirks_of(entry.vendor.strip("*"), "", a_firmware(entry.firmware)) is not NONE, entry


def test_most_stations_have_none():
    assert quirks_of("Corvid Electric", "Rook 22", "3.8.1") is NONE


def test_a_firmware_that_mended_it_is_believed_again():
    assert quirks_of("OpenEVSE", "open_evse", "4.2.1").energy_in_kwh
    assert quirks_of("openevse", "open_evse", "5.0.0") is NONE


def a_firmware(pattern: str) -> str:
    """One that it fits."""
    return re.sub(r"\[(.).*?\]", r"\1", pattern).replace("*", "0")


SHOWN: set[str] = set()


def shows(*names: str) -> Callable[[T], T]:
    """The test shows that it is borne with."""

    def note(test: T) -> T:
        SHOWN.update(names)
        return test

    return note


def test_all_that_is_borne_with_is_shown_by_a_test_and_says_where_it_was_seen():
    # That of profiles is shown in `test_charging`.
    assert {each.what for each in borne()} == SHOWN | {"profiles for one connector alone"}
    for each in borne():
        assert each.note.endswith("."), each
        assert each.source.startswith("https://") or not each.source, each


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


@shows("registers in kilowatt-hours")
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


@shows("reasons for stopping")
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


@shows("fractions of a watt-hour")
def test_a_stop_with_a_fraction_of_a_watt_hour_is_rounded():
    """https://github.com/shiv3/ocpp-cp-simulator/pull/83: refused, it strands the transaction."""
    read = heard(V16, "StopTransaction", {"transactionId": 7, "meterStop": 26008.333, "timestamp": AT})
    assert read.reports[0].meter_stop_wh == 26008
    assert read.mended == ("meterStop is 26008.333: rounded to watt-hours",)


@shows("values with their unit inside")
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


@shows("readings without a context", "times without zone")
def test_a_reading_without_context_and_a_time_without_zone_are_taken_as_the_standard_means_them():
    """https://github.com/evcc-io/evcc/issues/10399"""
    meter = {"connectorId": 1, "meterValue": [{"timestamp": "2024-05-17T10:29:00", "sampledValue": [{"value": "7"}]}]}
    [sample] = heard(V16, "MeterValues", meter).reports[0].samples
    assert sample.energy_wh == 7
    assert sample.at == datetime(2024, 5, 17, 10, 29, tzinfo=UTC)


@shows("transaction 0", "transaction -1")
@pytest.mark.parametrize("number", [0, -1])
def test_a_stop_of_a_transaction_that_began_offline_is_taken(number: int):
    """https://github.com/EVerest/libocpp/issues/495"""
    read = heard(V16, "StopTransaction", {"transactionId": number, "meterStop": 20, "timestamp": AT})
    assert read.reports[0].transaction_id == str(number)


@shows("status of connector 0 alone")
def test_a_station_that_tells_of_connector_0_alone_means_its_outlet():
    status = {"connectorId": 0, "errorCode": "NoError", "status": "Charging", "timestamp": AT}
    read = heard(V16, "StatusNotification", status, Quirks(status_connector=1))
    assert [report.place for report in read.reports] == [Place(1, 1), Place(1, 1)]
    assert read.mended == ("connectorId 0 is connector 1 with this make: taken so",)
    assert [report.place for report in heard(V16, "StatusNotification", status).reports] == [Place(0), Place(0)]


@shows("transaction null")
def test_a_stop_without_the_number_of_its_transaction_is_taken():
    read = heard(V16, "StopTransaction", {"transactionId": None, "meterStop": 20, "timestamp": AT})
    assert read.reports[0].transaction_id == "0"
    assert read.mended == ("transactionId is null or missing: taken as 0",)


@shows("units by other names")
@pytest.mark.parametrize(
    ("unit", "measurand", "column"), [("Hz", "Frequency", "frequency_hz"), ("%", "SoC", "soc_percent")]
)
def test_a_unit_by_the_name_of_another_version_does_not_cost_the_reading(unit: str, measurand: str, column: str):
    read = heard(V16, "MeterValues", readings({"value": "49.97", "measurand": measurand, "unit": unit}))
    assert getattr(read.reports[0].samples[0], column) == 49.97
    assert read.mended


def test_a_unit_that_a_make_calls_otherwise():
    """https://github.com/OpenEVSE/openevse_esp32_firmware/pull/726"""
    temperature = readings({"value": "31", "measurand": "Temperature", "unit": "C"})
    read = heard(V16, "MeterValues", temperature, quirks_of("OpenEVSE", "open_evse", "4.2.0"))
    assert read.reports[0].samples[0].temperature_c == 31
    assert heard(V16, "MeterValues", temperature).reports[0].samples == ()


@shows("numbers for text")
def test_a_number_where_text_should_be_is_its_text():
    read = heard(V16, "MeterValues", readings({"value": 604.213, "unit": "Wh"}))  # type: ignore[dict-item]  # as it came
    assert energy(read) == [604.213]


@shows("status of EVSE 0")
def test_a_status_of_evse_0_is_of_the_station():
    status = {"timestamp": AT, "evseId": 0, "connectorId": 0, "connectorStatus": "Available"}
    assert [report.place for report in heard(V201, "StatusNotification", status).reports] == [Place(0)]
