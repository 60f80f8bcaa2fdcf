"""What 2.0.1 and 2.1 stations say, and what they are answered. The same in both, but where it says otherwise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.display import Content, DisplayMessage, MessageFormat, MessagePriority, MessageState, Screen
from voltloom.domain.ids import WHOLE_STATION, Place, TransactionId
from voltloom.domain.metering import Context, Sample
from voltloom.domain.monitoring import Monitor, MonitorKind, Pace, Stream, StreamValue
from voltloom.domain.reports import (
    NOTED,
    AuthorizationReported,
    BootReply,
    BootReported,
    ConnectorStatusReported,
    CustomerInformationReported,
    DataReply,
    DataReported,
    EventsReported,
    FaultReported,
    FirmwareReported,
    FirmwareStatus,
    HeartbeatReply,
    HeartbeatReported,
    LogReported,
    LogStatus,
    MessagesReported,
    MonitorsReported,
    OcspReply,
    PublishReported,
    PublishStatus,
    Report,
    SamplesReported,
    SecurityReported,
    SettingsReported,
    StreamClosed,
    StreamOpened,
    StreamReply,
    StreamReported,
    TransactionReply,
    TransactionReported,
)
from voltloom.domain.station import (
    Attribute,
    BootReason,
    ConnectorStatus,
    Hardware,
    Mutability,
    Registration,
    Setting,
    SettingName,
)
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, Phase, StopReason
from voltloom.protocols.ocpp.dialect import DIALECTS, Read, Version

BOTH = pytest.mark.parametrize("version", [Version.V201, Version.V21], ids=str)
NOW = datetime(2024, 5, 17, 10, 30, 0, 250_000, tzinfo=UTC)
AT = "2024-05-17T12:29:00+02:00"
THEN = datetime(2024, 5, 17, 10, 29, tzinfo=UTC)
METER = {"timestamp": AT, "sampledValue": [{"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}]}
SAMPLE = Sample(THEN, Context.PERIODIC, 1500.0)
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "Duo"}}
UPDATE = {
    "eventType": "Updated",
    "timestamp": AT,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T-1"},
}


def heard(version: Version, action: str, payload: dict[str, Any]) -> Read:
    text = json.dumps(payload).encode()
    check(version, action, "Request", text, formats=False)
    read = DIALECTS[version].read_call(action, text, NOW)
    assert isinstance(read, Read), read
    return read


def answered(version: Version, action: str, payload: dict[str, Any], reply: object) -> Any:
    return check(version, action, "Response", heard(version, action, payload).write(reply))


def event(**said: Any) -> dict[str, Any]:
    usual = {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 2}},
        "variable": {"name": "Problem"},
    }
    return {"generatedAt": AT, "seqNo": 0, "eventData": [usual | said]}


@BOTH
@pytest.mark.parametrize(
    ("action", "payload", "reports"),
    [
        ("BootNotification", BOOT, [BootReported(Hardware("ACME", "Duo"), BootReason.POWER_UP)]),
        (
            "BootNotification",
            {
                "reason": "Watchdog",
                "chargingStation": {
                    "vendorName": "A",
                    "model": "B",
                    "serialNumber": "S",
                    "firmwareVersion": "F",
                    "modem": {"iccid": "I", "imsi": "M"},
                },
            },
            [BootReported(Hardware("A", "B", "S", "F", "I", "M"), BootReason.WATCHDOG)],
        ),
        ("Heartbeat", {}, [HeartbeatReported()]),
        (
            "StatusNotification",
            {"timestamp": AT, "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1},
            [ConnectorStatusReported(Place(2, 1), ConnectorStatus.OCCUPIED, THEN)],
        ),
        (
            "StatusNotification",
            {"timestamp": "", "connectorStatus": "Faulted", "evseId": 2, "connectorId": 0},
            [ConnectorStatusReported(Place(2), ConnectorStatus.FAULTED, None)],
        ),
        (
            "StatusNotification",
            {"timestamp": AT, "connectorStatus": "Available", "evseId": 0, "connectorId": 0},
            [ConnectorStatusReported(WHOLE_STATION, ConnectorStatus.AVAILABLE, THEN)],
        ),
        (
            "Authorize",
            {"idToken": {"idToken": "04a1", "type": "ISO14443"}},
            [AuthorizationReported(IdToken("04a1", TokenKind.ISO14443))],
        ),
        (
            "Authorize",
            {
                "idToken": {
                    "idToken": "DE1",
                    "type": "eMAID",
                    "additionalInfo": [{"additionalIdToken": "WV1", "type": "VIN"}],
                }
            },
            [AuthorizationReported(IdToken("DE1", TokenKind.EMAID, additional=(("WV1", "VIN"),)))],
        ),
        (
            "TransactionEvent",
            UPDATE,
            [TransactionReported(Phase.UPDATED, TransactionId("T-1"), THEN, None, 3, "MeterValuePeriodic")],
        ),
        (
            "TransactionEvent",
            UPDATE
            | {
                "eventType": "Started",
                "triggerReason": "Authorized",
                "evse": {"id": 1, "connectorId": 2},
                "idToken": {"idToken": "", "type": "NoAuthorization"},
                "meterValue": [METER],
                "offline": True,
                "numberOfPhasesUsed": 3,
                "cableMaxCurrent": 32,
                "reservationId": 9,
                "transactionInfo": {"transactionId": "T-1", "chargingState": "EVConnected", "remoteStartId": 5},
            },
            [
                TransactionReported(
                    Phase.STARTED,
                    TransactionId("T-1"),
                    THEN,
                    Place(1, 2),
                    3,
                    "Authorized",
                    IdToken("", TokenKind.NO_AUTHORIZATION),
                    samples=(SAMPLE,),
                    charging_state=ChargingState.EV_CONNECTED,
                    remote_start_id=5,
                    reservation_id=9,
                    offline=True,
                    phases_used=3,
                    cable_max_a=32.0,
                )
            ],
        ),
        (
            "TransactionEvent",
            UPDATE | {"eventType": "Ended", "evse": {"id": 1}},
            [
                TransactionReported(
                    Phase.ENDED,
                    TransactionId("T-1"),
                    THEN,
                    Place(1),
                    3,
                    "MeterValuePeriodic",
                    stop_reason=StopReason.LOCAL,
                )
            ],
        ),
        (
            "TransactionEvent",
            UPDATE
            | {"eventType": "Ended", "transactionInfo": {"transactionId": "T-1", "stoppedReason": "SOCLimitReached"}},
            [
                TransactionReported(
                    Phase.ENDED,
                    TransactionId("T-1"),
                    THEN,
                    None,
                    3,
                    "MeterValuePeriodic",
                    stop_reason=StopReason.SOC_LIMIT_REACHED,
                )
            ],
        ),
        ("MeterValues", {"evseId": 0, "meterValue": [METER]}, [SamplesReported(WHOLE_STATION, (SAMPLE,))]),
        ("MeterValues", {"evseId": 3, "meterValue": [METER]}, [SamplesReported(Place(3), (SAMPLE,))]),
        ("DataTransfer", {"vendorId": "acme"}, [DataReported("acme")]),
        (
            "NotifyDisplayMessages",
            {
                "requestId": 5,
                "tbc": True,
                "messageInfo": [
                    {
                        "id": 3,
                        "priority": "AlwaysFront",
                        "state": "Idle",
                        "startDateTime": AT,
                        "endDateTime": "nonsense",
                        "transactionId": "T-1",
                        "message": {"format": "HTML", "content": "Hi", "language": "en"},
                        "display": {"name": "D", "instance": "left", "evse": {"id": 1}},
                    },
                    {"id": 4, "priority": "NormalCycle", "message": {"format": "ASCII", "content": "Ho"}},
                ],
            },
            [
                MessagesReported(
                    5,
                    (
                        DisplayMessage(
                            3,
                            MessagePriority.ALWAYS_FRONT,
                            (Content("Hi", MessageFormat.HTML, "en"),),
                            MessageState.IDLE,
                            THEN,
                            None,
                            TransactionId("T-1"),
                            Screen("D", "left", Place(1)),
                        ),
                        DisplayMessage(4, MessagePriority.NORMAL_CYCLE, (Content("Ho", MessageFormat.ASCII),)),
                    ),
                    more=True,
                )
            ],
        ),
        ("NotifyDisplayMessages", {"requestId": 5}, [MessagesReported(5, ())]),
        (
            "DataTransfer",
            {"vendorId": "acme", "messageId": "P", "data": {"a": [1, None]}},
            [DataReported("acme", "P", '{"a":[1,null]}')],
        ),
        ("DataTransfer", {"vendorId": "acme", "data": "text"}, [DataReported("acme", "", '"text"')]),
        (
            "NotifyReport",
            {
                "requestId": 5,
                "generatedAt": AT,
                "seqNo": 2,
                "tbc": True,
                "reportData": [
                    {
                        "component": {"name": "EVSE", "instance": "left", "evse": {"id": 1}},
                        "variable": {"name": "Power", "instance": "max"},
                        "variableAttribute": [
                            {"value": "11", "mutability": "ReadOnly"},
                            {"type": "MaxSet", "value": "22"},
                        ],
                        "variableCharacteristics": {
                            "dataType": "decimal",
                            "supportsMonitoring": True,
                            "unit": "kW",
                            "minLimit": 0,
                            "maxLimit": 22.5,
                            "valuesList": "a,b",
                        },
                    },
                    {
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                        "variableAttribute": [{"mutability": "WriteOnly"}],
                    },
                ],
            },
            [
                SettingsReported(
                    5,
                    2,
                    more=True,
                    settings=(
                        Setting(
                            SettingName("EVSE", "Power", "left", "max", Place(1)),
                            "11",
                            Attribute.ACTUAL,
                            Mutability.READ_ONLY,
                            "decimal",
                            "kW",
                            "a,b",
                            0.0,
                            22.5,
                        ),
                        Setting(
                            SettingName("EVSE", "Power", "left", "max", Place(1)),
                            "22",
                            Attribute.MAX_SET,
                            Mutability.READ_WRITE,
                            "decimal",
                            "kW",
                            "a,b",
                            0.0,
                            22.5,
                        ),
                        Setting(
                            SettingName("SecurityCtrlr", "BasicAuthPassword"), None, mutability=Mutability.WRITE_ONLY
                        ),
                    ),
                    generated_at=THEN,
                )
            ],
        ),
        (
            "NotifyReport",
            {"requestId": 5, "generatedAt": AT, "seqNo": 3},
            [SettingsReported(5, 3, more=False, settings=(), generated_at=THEN)],
        ),
        (
            "SecurityEventNotification",
            {"type": "StartupOfTheDevice", "timestamp": AT},
            [SecurityReported("StartupOfTheDevice", THEN)],
        ),
        (
            "FirmwareStatusNotification",
            {"status": "InstallRebooting", "requestId": 7},
            [FirmwareReported(FirmwareStatus.INSTALL_REBOOTING, 7)],
        ),
        ("FirmwareStatusNotification", {"status": "Idle"}, [FirmwareReported(FirmwareStatus.IDLE)]),
        (
            "PublishFirmwareStatusNotification",
            {"status": "Published", "requestId": 7, "location": ["http://10.0.0.1/fw", "ftp://10.0.0.1/fw"]},
            [PublishReported(PublishStatus.PUBLISHED, 7, ("http://10.0.0.1/fw", "ftp://10.0.0.1/fw"))],
        ),
        (
            "LogStatusNotification",
            {"status": "PermissionDenied", "requestId": 7},
            [LogReported(LogStatus.PERMISSION_DENIED, 7)],
        ),
        ("LogStatusNotification", {"status": "Uploaded"}, [LogReported(LogStatus.UPLOADED)]),
    ],
)
def test_what_a_station_says_means(version: Version, action: str, payload: dict[str, Any], reports: list[Report[Any]]):
    assert list(heard(version, action, payload).reports) == reports


@BOTH
@pytest.mark.parametrize(
    ("action", "payload", "reports"),
    [
        (
            "NotifyEvent",
            event(techCode="E42", techInfo="lock jammed"),
            [FaultReported(Place(1, 2), THEN, "Connector.Problem", vendor_code="E42", text="lock jammed")],
        ),
        (
            "NotifyEvent",
            event(actualValue="false"),
            [FaultReported(Place(1, 2), THEN, "Connector.Problem", text="false", cleared=True)],
        ),
        (
            "NotifyEvent",
            event(
                trigger="Alerting",
                actualValue="81.5",
                component={"name": "TemperatureSensor"},
                variable={"name": "Temperature"},
            ),
            [FaultReported(WHOLE_STATION, THEN, "TemperatureSensor.Temperature", text="81.5")],
        ),
        (
            "NotifyEvent",
            event(trigger="Alerting", actualValue="40", variable={"name": "Temperature"}, cleared=True),
            [FaultReported(Place(1, 2), THEN, "Connector.Temperature", text="40", cleared=True)],
        ),
    ],
)
def test_what_alerts_is_a_fault_or_its_end_as_well(
    version: Version, action: str, payload: dict[str, Any], reports: list[Report[Any]]
):
    told, *faults = heard(version, action, payload).reports
    assert isinstance(told, EventsReported)
    assert faults == reports


@pytest.mark.parametrize(
    ("action", "status", "report"),
    [
        (
            "FirmwareStatusNotification",
            "DownloadFailed",
            FirmwareReported(FirmwareStatus.DOWNLOAD_FAILED, 7, "NoSpace: 3 MB"),
        ),
        ("LogStatusNotification", "UploadFailure", LogReported(LogStatus.UPLOAD_FAILURE, 7, "NoSpace: 3 MB")),
        (
            "PublishFirmwareStatusNotification",
            "PublishFailed",
            PublishReported(PublishStatus.PUBLISH_FAILED, 7, (), "NoSpace: 3 MB"),
        ),
    ],
)
def test_21_says_why(action: str, status: str, report: Report[Any]):
    info = {"reasonCode": "NoSpace", "additionalInfo": "3 MB"}
    assert heard(Version.V21, action, {"status": status, "requestId": 7, "statusInfo": info}).reports == (report,)


@BOTH
def test_an_event_is_told_whole(version: Version):
    payload = event(
        variable={"name": "AvailabilityState", "instance": "x"},
        actualValue="Occupied",
        cause=4,
        transactionId="T-1",
        variableMonitoringId=9,
        techCode="E1",
        techInfo="by hand",
        trigger="Delta",
        eventNotificationType="CustomMonitor",
        **({"severity": 3} if version is Version.V21 else {}),
    )
    [report] = heard(version, "NotifyEvent", payload).reports
    assert isinstance(report, EventsReported)
    [told] = report.events
    assert told.name == SettingName("Connector", "AvailabilityState", variable_instance="x", place=Place(1, 2))
    assert (told.value, told.cause, told.transaction_id, told.monitor_id) == ("Occupied", 4, "T-1", 9)
    assert (told.tech_code, told.tech_info, told.trigger, told.origin) == ("E1", "by hand", "Delta", "CustomMonitor")
    assert (told.at, told.cleared, told.severity) == (THEN, False, 3 if version is Version.V21 else None)


@BOTH
@pytest.mark.parametrize(("number", "read"), [(2**40, True), (2**64, False)])
def test_the_number_of_an_event_may_outgrow_32_bits(version: Version, number: int, read: bool):
    payload = json.dumps(event(eventId=number)).encode()
    assert isinstance(DIALECTS[version].read_call("NotifyEvent", payload, NOW), Read) is read


MONITORS = [
    {"id": 7, "transaction": True, "value": 11000, "type": "UpperThreshold", "severity": 4},
    {"id": 8, "transaction": False, "value": 0.5, "type": "Periodic", "severity": 8},
]
MONITORED = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


@BOTH
def test_a_part_of_a_report_of_monitors_says_who_made_them_where_the_station_does(version: Version):
    """2.1 requires it, and stations leave it out: the message is read all the same."""
    monitored = MONITORED | {"variableMonitoring": MONITORS}
    payload = {"requestId": 5, "generatedAt": AT, "seqNo": 2, "tbc": True, "monitor": [monitored]}
    read = DIALECTS[version].read_call("NotifyMonitoringReport", json.dumps(payload).encode(), NOW)
    assert isinstance(read, Read)
    power = SettingName("EVSE", "Power", place=Place(1))
    assert read.reports == (
        MonitorsReported(
            5,
            2,
            more=True,
            monitors=(
                Monitor(7, power, MonitorKind.UPPER_THRESHOLD, 11000, 4, in_transaction=True),
                Monitor(8, power, MonitorKind.PERIODIC, 0.5, 8),
            ),
        ),
    )
    assert heard(version, "NotifyMonitoringReport", {"requestId": 5, "generatedAt": AT, "seqNo": 0}).reports == (
        MonitorsReported(5, 0, more=False, monitors=()),
    )


@BOTH
def test_what_a_station_knows_of_a_customer_comes_in_parts(version: Version):
    payload = {"requestId": 5, "generatedAt": AT, "seqNo": 1, "tbc": True, "data": "Ada, 2 charges"}
    [report] = heard(version, "NotifyCustomerInformation", payload).reports
    assert report == CustomerInformationReported(5, 1, more=True, text="Ada, 2 charges")


def test_21_says_who_made_a_monitor():
    said = [entry | {"eventNotificationType": "CustomMonitor"} for entry in MONITORS]
    payload = {"requestId": 5, "generatedAt": AT, "seqNo": 0, "monitor": [MONITORED | {"variableMonitoring": said}]}
    [report] = heard(Version.V21, "NotifyMonitoringReport", payload).reports
    assert isinstance(report, MonitorsReported)
    assert {monitor.origin for monitor in report.monitors} == {"CustomMonitor"}


def test_a_stream_of_21_is_opened_and_closed():
    stream = {"id": 3, "variableMonitoringId": 8, "params": {"interval": 10, "values": 5}}
    read = heard(Version.V21, "OpenPeriodicEventStream", {"constantStreamData": stream})
    assert read.reports == (StreamOpened(Stream(3, 8, Pace(10, 5))),)
    assert json.loads(read.write(StreamReply(accepted=True))) == {"status": "Accepted"}
    refused = json.loads(read.write(StreamReply(accepted=False, reason="too many")))
    assert refused == {"status": "Rejected", "statusInfo": {"reasonCode": "Unspecified", "additionalInfo": "too many"}}
    assert heard(Version.V21, "ClosePeriodicEventStream", {"id": 3}).reports == (StreamClosed(3),)


def test_the_values_of_a_stream_are_so_long_after_its_time():
    values = [{"t": 0, "v": "1"}, {"t": 2.5, "v": "2"}, {"t": 1e300, "v": "never"}]
    sent = {"id": 3, "pending": 2, "basetime": AT, "data": values}
    [report] = heard(Version.V21, "NotifyPeriodicEventStream", sent).reports
    later = THEN + timedelta(seconds=2.5)
    assert report == StreamReported(3, THEN, (StreamValue(THEN, "1"), StreamValue(later, "2")), pending=2)


def test_a_kind_of_token_of_21_that_is_none_of_ours_keeps_its_word():
    payload = {"idToken": {"idToken": "7", "type": "Bonus"}}
    [report] = heard(Version.V21, "Authorize", payload).reports
    assert report == AuthorizationReported(IdToken("7", TokenKind.UNKNOWN, "Bonus"))


def test_a_kind_of_token_of_21_is_known_in_any_case():
    payload = {"idToken": {"idToken": "7", "type": "emaid"}}
    [report] = heard(Version.V21, "Authorize", payload).reports
    assert report == AuthorizationReported(IdToken("7", TokenKind.EMAID))


@BOTH
def test_a_sample_whose_time_cannot_be_read_has_that_of_its_event(version: Version):
    [report] = heard(version, "TransactionEvent", UPDATE | {"meterValue": [METER | {"timestamp": ""}]}).reports
    assert isinstance(report, TransactionReported)
    assert report.samples[0].at == THEN


ALLOWED = Authorization(AuthorizationStatus.ACCEPTED)
TOKEN = {"idToken": {"idToken": "A", "type": "Local"}}


@BOTH
@pytest.mark.parametrize(
    ("action", "payload", "reply", "result"),
    [
        (
            "BootNotification",
            BOOT,
            BootReply(Registration.ACCEPTED, NOW, 300),
            {"status": "Accepted", "currentTime": "2024-05-17T10:30:00.250Z", "interval": 300},
        ),
        (
            "BootNotification",
            BOOT,
            BootReply(Registration.REJECTED, NOW, 300, "model not allowed"),
            {
                "status": "Rejected",
                "currentTime": "2024-05-17T10:30:00.250Z",
                "interval": 300,
                "statusInfo": {"reasonCode": "Unspecified", "additionalInfo": "model not allowed"},
            },
        ),
        ("Heartbeat", {}, HeartbeatReply(NOW), {"currentTime": "2024-05-17T10:30:00.250Z"}),
        ("Authorize", TOKEN, ALLOWED, {"idTokenInfo": {"status": "Accepted"}}),
        (
            "Authorize",
            TOKEN,
            Authorization(AuthorizationStatus.NO_CREDIT, NOW, IdToken("G"), "nl-NL-x-long", "Geen saldo"),
            {
                "idTokenInfo": {
                    "status": "NoCredit",
                    "cacheExpiryDateTime": "2024-05-17T10:30:00.250Z",
                    "groupIdToken": {"idToken": "G", "type": "Central"},
                    "language1": "nl-NL-x-",
                    "personalMessage": {"format": "UTF8", "language": "nl-NL-x-", "content": "Geen saldo"},
                }
            },
        ),
        ("TransactionEvent", UPDATE, TransactionReply(TransactionId("T-1")), {}),
        (
            "TransactionEvent",
            UPDATE | TOKEN,
            TransactionReply(TransactionId("T-1"), Authorization(AuthorizationStatus.BLOCKED)),
            {"idTokenInfo": {"status": "Blocked"}},
        ),
        ("DataTransfer", {"vendorId": "v"}, DataReply("UnknownVendorId"), {"status": "UnknownVendorId"}),
        ("DataTransfer", {"vendorId": "v"}, DataReply("Accepted", '{"a":1}'), {"status": "Accepted", "data": {"a": 1}}),
        ("DataTransfer", {"vendorId": "v"}, DataReply("Accepted", "plain"), {"status": "Accepted", "data": "plain"}),
        ("NotifyEvent", event(), NOTED, {}),
        (
            "GetCertificateStatus",
            {
                "ocspRequestData": {
                    "hashAlgorithm": "SHA256",
                    "issuerNameHash": "a",
                    "issuerKeyHash": "b",
                    "serialNumber": "1",
                    "responderURL": "http://ocsp.example",
                }
            },
            OcspReply(reason="the responder is not to be reached"),
            {
                "status": "Failed",
                "statusInfo": {"reasonCode": "Unspecified", "additionalInfo": "the responder is not to be reached"},
            },
        ),
    ],
)
def test_what_a_station_is_answered(
    version: Version, action: str, payload: dict[str, Any], reply: object, result: dict[str, Any]
):
    assert answered(version, action, payload, reply) == result


@BOTH
@pytest.mark.parametrize("status", AuthorizationStatus)
def test_every_status_of_an_authorization_has_its_word(version: Version, status: AuthorizationStatus):
    assert answered(version, "Authorize", TOKEN, Authorization(status)) == {"idTokenInfo": {"status": status.value}}


@pytest.mark.parametrize(("version", "token", "text"), [(Version.V201, 36, 512), (Version.V21, 255, 1024)], ids=str)
def test_what_is_too_long_for_a_version_is_cut_to_its_length(version: Version, token: int, text: int):
    long = Authorization(AuthorizationStatus.ACCEPTED, group=IdToken("G" * 300), message="m" * 2000)
    info = answered(version, "Authorize", TOKEN, long)["idTokenInfo"]
    assert info["groupIdToken"]["idToken"] == "G" * token
    assert info["personalMessage"]["content"] == "m" * text


@pytest.mark.parametrize(("version", "kind"), [(Version.V201, "Central"), (Version.V21, "VIN")], ids=str)
def test_a_group_of_a_kind_that_the_version_lacks_is_central(version: Version, kind: str):
    grouped = Authorization(AuthorizationStatus.ACCEPTED, group=IdToken("G", TokenKind.VIN))
    assert answered(version, "Authorize", TOKEN, grouped)["idTokenInfo"]["groupIdToken"]["type"] == kind
