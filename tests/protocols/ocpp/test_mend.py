"""Slips that real stations make, and what is made of them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.reports import BootReported, ConnectorStatusReported, FaultReported, SamplesReported
from voltloom.protocols.ocpp.dialect import DIALECTS, Read, Refusal, Version

NOW = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)
AT = "2024-05-17T10:29:00Z"


def heard(version: Version, action: str, payload: Any) -> Read | Refusal:
    return DIALECTS[version].read_call(action, json.dumps(payload).encode(), NOW)


def mended(version: Version, action: str, payload: Any) -> Read:
    read = heard(version, action, payload)
    assert isinstance(read, Read), read
    assert read.mended
    return read


def meter_16(*readings: Any) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(readings)}]}


def meter_2(*readings: Any) -> dict[str, Any]:
    return {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(readings)}]}


def energies(read: Read) -> list[float | None]:
    [report] = read.reports
    assert isinstance(report, SamplesReported)
    return [sample.energy_wh for sample in report.samples]


def test_a_name_that_is_too_long_boots_all_the_same():
    read = mended(Version.V16, "BootNotification", {"chargePointVendor": "V" * 30, "chargePointModel": "M"})
    [report] = read.reports
    assert isinstance(report, BootReported)
    assert report.hardware.vendor == "V" * 20
    assert read.mended == ("chargePointVendor has 30 characters and may have 20: cut",)


def test_a_serial_number_of_2x_is_cut_and_that_of_a_certificate_is_not():
    station = {"vendorName": "V", "model": "M", "serialNumber": "S" * 40}
    mended(Version.V201, "BootNotification", {"reason": "PowerUp", "chargingStation": station})
    hashes = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "S" * 41}
    asked = {"ocspRequestData": hashes | {"responderURL": "http://x.example"}}
    assert isinstance(heard(Version.V201, "GetCertificateStatus", asked), Refusal)


def test_a_long_explanation_does_not_hide_a_fault():
    payload = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "info": "x" * 80, "vendorId": ""}
    status, fault = mended(Version.V16, "StatusNotification", payload).reports
    assert isinstance(status, ConnectorStatusReported)
    assert isinstance(fault, FaultReported)
    assert fault.text == "x" * 50


def test_an_empty_word_is_as_good_as_none():
    reading = {"value": "7", "measurand": "", "unit": "", "phase": "", "location": "", "context": "", "format": ""}
    assert energies(mended(Version.V16, "MeterValues", meter_16(reading))) == [7]


def test_a_number_where_16_wants_text_is_taken():
    assert energies(mended(Version.V16, "MeterValues", meter_16({"value": 1234}, {"value": 1.5, "unit": "A"}))) == [
        1234
    ]


def test_text_where_2x_wants_a_number_is_taken():
    assert energies(mended(Version.V201, "MeterValues", meter_2({"value": "12.5"}))) == [12.5]


@pytest.mark.parametrize(
    "bad", [{"value": "9", "measurand": "Energy.Of.Youth"}, {"value": "9", "unit": "kwh!"}, {}, "9", None]
)
def test_a_reading_that_cannot_be_read_does_not_take_the_others_with_it(bad: Any):
    assert energies(mended(Version.V16, "MeterValues", meter_16(bad, {"value": "5"}))) == [5]


@pytest.mark.parametrize("bad", [{"value": "much"}, {"value": "NaN"}, {"value": True}, {"measurand": "SoC"}])
def test_in_2x_too(bad: Any):
    assert energies(mended(Version.V21, "MeterValues", meter_2(bad, {"value": 5}))) == [5]


def test_a_stop_is_not_refused_for_its_readings():
    payload = {"transactionId": 1, "meterStop": 5, "timestamp": AT}
    entry = {"timestamp": AT, "sampledValue": [{"value": "1", "unit": "parsec"}]}
    mended(Version.V16, "StopTransaction", payload | {"transactionData": [entry]})


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idTag": "T" * 21}),
        ("Authorize", {"idTag": 4711}),
        ("StatusNotification", {"connectorId": "1", "status": "Available", "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": 1, "status": "", "errorCode": "NoError"}),
        ("BootNotification", {"chargePointVendor": "V" * 30}),
        ("SecurityEventNotification", {"type": "T" * 51, "timestamp": AT}),
    ],
)
def test_what_identifies_or_is_missing_is_never_made_up(action: str, payload: Any):
    assert isinstance(heard(Version.V16, action, payload), Refusal)


def test_what_is_in_order_is_not_mended():
    read = heard(Version.V16, "MeterValues", meter_16({"value": "5"}))
    assert isinstance(read, Read)
    assert read.mended == ()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["value", "unit", AT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "sampledValue", "meterValue", "timestamp", "evseId"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(list(Version)), st.dictionaries(st.sampled_from(["connectorId", "evseId", "meterValue"]), JSON))
def test_no_payload_breaks_it(version: Version, payload: Any):
    assert isinstance(heard(version, "MeterValues", payload), Read | Refusal)
