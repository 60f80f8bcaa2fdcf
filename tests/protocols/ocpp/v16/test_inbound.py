"""What a 1.6 station says, and what it is answered."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.ids import WHOLE_STATION, Place, TransactionId
from voltloom.domain.metering import Context, Sample
from voltloom.domain.reports import (
    NOTED,
    AuthorizationReported,
    BootReply,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    FaultReported,
    FirmwareReported,
    FirmwareStatus,
    HeartbeatReply,
    HeartbeatReported,
    LogReported,
    LogStatus,
    Report,
    RequestReply,
    SamplesReported,
    SecurityReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.domain.station import ConnectorStatus, Hardware, Registration
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken
from voltloom.domain.transaction import Phase, StopReason
from voltloom.protocols.ocpp.dialect import DIALECTS, Read, Version

NOW = datetime(2024, 5, 17, 10, 30, 0, 250_000, tzinfo=UTC)
AT = "2024-05-17T10:29:00Z"
THEN = datetime(2024, 5, 17, 10, 29, tzinfo=UTC)
METER = {"timestamp": AT, "sampledValue": [{"value": "1500", "context": "Transaction.End"}]}


def heard(action: str, payload: dict[str, Any]) -> Read:
    text = json.dumps(payload).encode()
    check(Version.V16, action, "Request", text, formats=False)
    read = DIALECTS[Version.V16].read_call(action, text, NOW)
    assert isinstance(read, Read), read
    return read


def answered(action: str, payload: dict[str, Any], reply: object) -> Any:
    return check(Version.V16, action, "Response", heard(action, payload).write(reply))


def status(connector: int, word: str, error: str = "NoError", **more: str) -> dict[str, Any]:
    return {"connectorId": connector, "status": word, "errorCode": error, **more}


@pytest.mark.parametrize(
    ("action", "payload", "reports"),
    [
        (
            "BootNotification",
            {"chargePointVendor": "ACME", "chargePointModel": "Duo"},
            [BootReported(Hardware("ACME", "Duo"))],
        ),
        (
            "BootNotification",
            {
                "chargePointVendor": "ACME",
                "chargePointModel": "Duo",
                "chargePointSerialNumber": "S1",
                "chargeBoxSerialNumber": "B1",
                "firmwareVersion": "1.2",
                "iccid": "I",
                "imsi": "M",
                "meterType": "T",
                "meterSerialNumber": "N",
            },
            [BootReported(Hardware("ACME", "Duo", "S1", "1.2", "I", "M", "T", "N"))],
        ),
        (
            "BootNotification",
            {"chargePointVendor": "A", "chargePointModel": "B", "chargeBoxSerialNumber": "B1"},
            [BootReported(Hardware("A", "B", "B1"))],
        ),
        ("Heartbeat", {}, [HeartbeatReported()]),
        (
            "StatusNotification",
            status(1, "SuspendedEV", timestamp=AT),
            [
                ConnectorStatusReported(Place(1, 1), ConnectorStatus.SUSPENDED_EV, THEN),
                FaultReported(Place(1, 1), THEN, "", cleared=True),
            ],
        ),
        (
            "StatusNotification",
            status(2, "Faulted", "OtherError", vendorId="acme", vendorErrorCode="E42", info="door open"),
            [
                ConnectorStatusReported(Place(2, 1), ConnectorStatus.FAULTED, None, "OtherError"),
                FaultReported(Place(2, 1), None, "OtherError", "acme", "E42", "door open"),
            ],
        ),
        (
            "StatusNotification",
            status(0, "Unavailable", timestamp="when?"),
            [
                ConnectorStatusReported(WHOLE_STATION, ConnectorStatus.UNAVAILABLE, None),
                FaultReported(WHOLE_STATION, None, "", cleared=True),
            ],
        ),
        (
            "StatusNotification",
            status(4000, "Available"),
            [
                ConnectorStatusReported(Place(4000, 1), ConnectorStatus.AVAILABLE, None),
                FaultReported(Place(4000, 1), None, "", cleared=True),
            ],
        ),
        ("Authorize", {"idTag": "04a1"}, [AuthorizationReported(IdToken("04a1"))]),
        (
            "StartTransaction",
            {"connectorId": 1, "idTag": "04a1", "meterStart": 120, "timestamp": AT, "reservationId": 3},
            [
                TransactionReported(
                    Phase.STARTED,
                    None,
                    THEN,
                    Place(1, 1),
                    token=IdToken("04a1"),
                    meter_start_wh=120.0,
                    reservation_id=3,
                )
            ],
        ),
        (
            "StopTransaction",
            {"transactionId": 7, "meterStop": 1500, "timestamp": AT},
            [
                TransactionReported(
                    Phase.ENDED, TransactionId("7"), THEN, meter_stop_wh=1500.0, stop_reason=StopReason.LOCAL
                )
            ],
        ),
        (
            "StopTransaction",
            {
                "transactionId": -1,
                "meterStop": 1500,
                "timestamp": "?",
                "idTag": "B",
                "reason": "EVDisconnected",
                "transactionData": [METER],
            },
            [
                TransactionReported(
                    Phase.ENDED,
                    TransactionId("-1"),
                    None,
                    token=IdToken("B"),
                    meter_stop_wh=1500.0,
                    samples=(Sample(THEN, Context.END, 1500.0),),
                    stop_reason=StopReason.EV_DISCONNECTED,
                )
            ],
        ),
        (
            "MeterValues",
            {"connectorId": 1, "transactionId": 7, "meterValue": [METER]},
            [SamplesReported(Place(1, 1), (Sample(THEN, Context.END, 1500.0),), TransactionId("7"))],
        ),
        (
            "MeterValues",
            {"connectorId": 0, "meterValue": [METER]},
            [SamplesReported(WHOLE_STATION, (Sample(THEN, Context.END, 1500.0),))],
        ),
        ("DataTransfer", {"vendorId": "acme"}, [DataReported("acme")]),
        (
            "DataTransfer",
            {"vendorId": "acme", "messageId": "Ping", "data": "[1, 2]"},
            [DataReported("acme", "Ping", "[1, 2]")],
        ),
        (
            "SecurityEventNotification",
            {"type": "TamperDetectionActivated", "timestamp": AT, "techInfo": "lid"},
            [SecurityReported("TamperDetectionActivated", THEN, "lid")],
        ),
        (
            "FirmwareStatusNotification",
            {"status": "InstallationFailed"},
            [FirmwareReported(FirmwareStatus.INSTALLATION_FAILED)],
        ),
        (
            "SignedFirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 7},
            [FirmwareReported(FirmwareStatus.INVALID_SIGNATURE, 7)],
        ),
        ("SignedFirmwareStatusNotification", {"status": "Idle"}, [FirmwareReported(FirmwareStatus.IDLE)]),
        ("DiagnosticsStatusNotification", {"status": "UploadFailed"}, [LogReported(LogStatus.UPLOAD_FAILURE)]),
        ("LogStatusNotification", {"status": "Uploaded", "requestId": 7}, [LogReported(LogStatus.UPLOADED, 7)]),
    ],
)
def test_what_a_station_says_means(action: str, payload: dict[str, Any], reports: list[Report[Any]]):
    assert list(heard(action, payload).reports) == reports


def test_a_stop_whose_time_cannot_be_read_has_its_samples_at_the_time_it_was_heard():
    payload = {"transactionId": 1, "meterStop": 1, "timestamp": "?", "transactionData": [METER | {"timestamp": "?"}]}
    [report] = heard("StopTransaction", payload).reports
    assert isinstance(report, TransactionReported)
    assert report.samples[0].at == NOW


ALLOWED = Authorization(AuthorizationStatus.ACCEPTED)
START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": AT}
STOP = {"transactionId": 7, "meterStop": 1, "timestamp": AT}


@pytest.mark.parametrize(
    ("action", "payload", "reply", "result"),
    [
        (
            "BootNotification",
            {"chargePointVendor": "A", "chargePointModel": "B"},
            BootReply(Registration.PENDING, NOW, 30, reason="not known yet"),
            {"status": "Pending", "currentTime": "2024-05-17T10:30:00.250Z", "interval": 30},
        ),
        ("Heartbeat", {}, HeartbeatReply(NOW), {"currentTime": "2024-05-17T10:30:00.250Z"}),
        ("StatusNotification", status(1, "Available"), NOTED, {}),
        ("MeterValues", {"connectorId": 1, "meterValue": [METER]}, NOTED, {}),
        ("Authorize", {"idTag": "A"}, ALLOWED, {"idTagInfo": {"status": "Accepted"}}),
        (
            "Authorize",
            {"idTag": "A"},
            Authorization(AuthorizationStatus.ACCEPTED, NOW, IdToken("G" * 25), "de", "Willkommen"),
            {"idTagInfo": {"status": "Accepted", "expiryDate": "2024-05-17T10:30:00.250Z", "parentIdTag": "G" * 20}},
        ),
        (
            "StartTransaction",
            START,
            TransactionReply(TransactionId("1804289383"), ALLOWED),
            {"transactionId": 1804289383, "idTagInfo": {"status": "Accepted"}},
        ),
        ("StopTransaction", STOP, TransactionReply(TransactionId("7")), {}),
        ("StopTransaction", STOP, TransactionReply(TransactionId("7"), ALLOWED), {"idTagInfo": {"status": "Accepted"}}),
        ("DataTransfer", {"vendorId": "v"}, DataReply("UnknownVendorId"), {"status": "UnknownVendorId"}),
        ("DataTransfer", {"vendorId": "v"}, DataReply("Accepted", "[1]"), {"status": "Accepted", "data": "[1]"}),
        ("SignCertificate", {"csr": "x"}, RequestReply(), {"status": "Accepted"}),
        ("SignCertificate", {"csr": "x"}, RequestReply("its key is weak"), {"status": "Rejected"}),
        ("LogStatusNotification", {"status": "Uploaded"}, NOTED, {}),
    ],
)
def test_what_a_station_is_answered(action: str, payload: dict[str, Any], reply: object, result: dict[str, Any]):
    assert answered(action, payload, reply) == result


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_whatever_16_has_no_word_for_is_invalid(status: AuthorizationStatus):
    own = {"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"}
    said = answered("Authorize", {"idTag": "A"}, Authorization(status))
    assert said == {"idTagInfo": {"status": status.value if status.value in own else "Invalid"}}
