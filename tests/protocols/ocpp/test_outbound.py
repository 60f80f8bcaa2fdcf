"""What each version says for each command: one table. That it has no words is an answer too."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.certificate import CertificateHash, CertificateUse, HashAlgorithm, SigningUse
from voltloom.domain.commands import (
    Accepted,
    AnnouncePayment,
    Answer,
    CancelReservation,
    ChangeAvailability,
    ChangeSettings,
    ChangeTariff,
    ClearCache,
    ClearedTariff,
    ClearedTariffs,
    ClearMessage,
    ClearTariffs,
    Command,
    DataAnswer,
    DeleteCertificate,
    FirmwareAnswer,
    GetLocalListVersion,
    GetLog,
    GetSettings,
    GetTransactionStatus,
    InstallCertificate,
    InstallTariff,
    ListAnswer,
    ListCertificates,
    ListEntry,
    ListStatus,
    ListTariffs,
    ListUpdate,
    ListVersion,
    LogAnswer,
    LogKind,
    NewValue,
    PublishFirmware,
    ReportBase,
    ReportMessages,
    ReportSettings,
    RequestStart,
    RequestStop,
    Reserve,
    Reset,
    ResetKind,
    SendData,
    SendLocalList,
    SendSignedCertificate,
    SettingStatus,
    ShowCost,
    ShowFinalCost,
    ShowMessage,
    ShowPrice,
    TariffsAnswer,
    TransactionStatus,
    Trigger,
    Triggerable,
    UnitPrices,
    Unlock,
    UnpublishFirmware,
    UpdateFirmware,
)
from voltloom.domain.display import Content, DisplayMessage, MessageFormat, MessagePriority, MessageState, Screen
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError, TimedOut
from voltloom.domain.ids import Place, TransactionId
from voltloom.domain.reports import Report, SettingsReported
from voltloom.domain.station import Attribute, Availability, Mutability, Setting, SettingName
from voltloom.domain.tariff import Conditions, Dimension, Price, Rate, StationTariff, Tariff, Tax, Weekday
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.protocols.ocpp.dialect import DIALECTS, Call, Version

V16, V201, V21 = Version.V16, Version.V201, Version.V21
HASH = CertificateHash(HashAlgorithm.SHA256, "ab", "cd", "3f")
HASH_DATA = {"hashAlgorithm": "SHA256", "issuerNameHash": "ab", "issuerKeyHash": "cd", "serialNumber": "3f"}
UNTIL, WRITTEN = datetime(2030, 1, 1, 18, 0, tzinfo=UTC), "2030-01-01T18:00:00.000Z"


TARIFF = Tariff(
    "T-1",
    "EUR",
    (
        (
            Dimension.ENERGY,
            Rate(
                (
                    Price(
                        Decimal("0.2"),
                        Conditions(
                            (Weekday.SATURDAY,),
                            time(22),
                            time(6),
                            date(2030, 1, 1),
                            date(2031, 1, 1),
                            max_energy_wh=10_000,
                            min_s=60,
                        ),
                    ),
                    Price(Decimal("0.45")),
                ),
                (Tax("vat", Decimal(21)), Tax("city", Decimal("0.5"), 1)),
            ),
        ),
        (Dimension.IDLE_TIME, Rate((Price(Decimal("0.1")),))),
        (Dimension.FIXED, Rate((Price(Decimal(1), Conditions(from_time=time(8))),))),
    ),
    max_cost=Decimal("99.95"),
    texts=(Content("Hi", language="en"),),
)
WRITTEN_TARIFF: dict[str, Any] = {
    "tariffId": "T-1",
    "currency": "EUR",
    "description": [{"format": "UTF8", "content": "Hi", "language": "en"}],
    "energy": {
        "prices": [
            {
                "priceKwh": 0.2,
                "conditions": {
                    "dayOfWeek": ["Saturday"],
                    "startTimeOfDay": "22:00",
                    "endTimeOfDay": "06:00",
                    "validFromDate": "2030-01-01",
                    "validToDate": "2031-01-01",
                    "maxEnergy": 10_000,
                    "minTime": 60,
                },
            },
            {"priceKwh": 0.45},
        ],
        "taxRates": [{"type": "vat", "tax": 21.0}, {"type": "city", "tax": 0.5, "stack": 1}],
    },
    "idleTime": {"prices": [{"priceMinute": 0.1}]},
    "fixedFee": {"prices": [{"priceFixed": 1.0, "conditions": {"startTimeOfDay": "08:00"}}]},
    "maxCost": {"inclTax": 99.95},
}


@dataclass
class Played:
    calls: list[tuple[str, Any]] = field(default_factory=list)
    reports: list[Report[Any]] = field(default_factory=list)
    outcome: Any = None


Station = Callable[[str, Any], dict[str, Any] | Exception]


def play(version: Version, command: Command[Any], station: Station) -> Played:
    """The conversation with a station, both sides held to the schemas."""
    conversation = DIALECTS[version].converse(command)
    played = Played()
    try:
        step = next(conversation)
        while True:
            if not isinstance(step, Call):
                played.reports.append(step)
                step = conversation.send(b"")
                continue
            request = check(version, step.action, "Request", step.payload)
            played.calls.append((step.action, request))
            answer = station(step.action, request)
            if isinstance(answer, Exception):
                step = conversation.throw(answer)
                continue
            payload = json.dumps(answer).encode()
            check(version, step.action, "Response", payload)
            step = conversation.send(payload)
    except StopIteration as end:
        played.outcome = end.value
    return played


def agreeable(action: str, request: Any) -> dict[str, Any]:
    """A station that does what it is asked, and has every setting at "1"."""
    match action:
        case "UnlockConnector":
            return {"status": "Unlocked"}
        case "CostUpdated" | "NotifyWebPaymentStarted":
            return {}
        case "ClearTariffs":
            return {"clearTariffsResult": [{"status": "NoTariff"}]}
        case "UnpublishFirmware":
            return {"status": "Unpublished"}
        case "GetDiagnostics":
            return {"fileName": "log.txt"}
        case "UpdateFirmware" if "location" in request:  # 1.6
            return {}
        case "GetConfiguration":
            return {
                "configurationKey": [
                    {"key": key, "readonly": False, "value": "1"} for key in request.get("key", ["HeartbeatInterval"])
                ]
            }
        case "GetVariables":
            return {
                "getVariableResult": [
                    asked | {"attributeStatus": "Accepted", "attributeValue": "1"}
                    for asked in request["getVariableData"]
                ]
            }
        case "SetVariables":
            results = [
                {key: value for key, value in asked.items() if key != "attributeValue"}
                for asked in request["setVariableData"]
            ]
            return {"setVariableResult": [result | {"attributeStatus": "Accepted"} for result in results]}
        case "GetLocalListVersion":
            return {"versionNumber": 3}
        case "GetTransactionStatus":
            return {"messagesInQueue": False}
        case _:
            return {"status": "Accepted"}


def said(version: Version, command: Command[Any]) -> Any:
    try:
        calls = play(version, command, agreeable).calls
    except (NotInThisVersion, Invalid) as error:
        return type(error) if error.reason else "refused without a reason"
    return calls[0] if len(calls) == 1 else calls


def says(command: Command[Any], *, v16: Any, v201: Any, v21: Any = ...) -> Any:
    """v21 left out: as v201."""
    return pytest.param(command, v16, v201, v201 if v21 is ... else v21, id=str(command)[:80])


RFID = IdToken("04A1B2", TokenKind.ISO14443)
HEARTBEAT = SettingName("OCPPCommCtrlr", "HeartbeatInterval")
MEASURANDS = SettingName("SampledDataCtrlr", "TxUpdatedMeasurands")
VENDORS = SettingName("OCPP16", "LightLevel")
SIGNED_UPDATE = UpdateFirmware(
    7, "https://h/fw", UNTIL, UNTIL, certificate="PEM", signature="c2ln", retries=3, retry_interval_s=60
)
SIGNED_AS_SAID = {
    "requestId": 7,
    "firmware": {
        "location": "https://h/fw",
        "retrieveDateTime": WRITTEN,
        "installDateTime": WRITTEN,
        "signingCertificate": "PEM",
        "signature": "c2ln",
    },
    "retries": 3,
    "retryInterval": 60,
}
ON_EVSE = SettingName("Connector", "Available", place=Place(1, 2))
ATTEMPTS = SettingName("OCPPCommCtrlr", "MessageAttempts", variable_instance="TransactionEvent")


@pytest.mark.parametrize(
    ("command", "v16", "v201", "v21"),
    [
        says(
            RequestStart(RFID, 7, Place(1)),
            v16=("RemoteStartTransaction", {"idTag": "04A1B2", "connectorId": 1}),
            v201=(
                "RequestStartTransaction",
                {"idToken": {"idToken": "04A1B2", "type": "ISO14443"}, "remoteStartId": 7, "evseId": 1},
            ),
        ),
        says(
            RequestStart(IdToken("ABC"), 7),
            v16=("RemoteStartTransaction", {"idTag": "ABC"}),
            v201=("RequestStartTransaction", {"idToken": {"idToken": "ABC", "type": "Central"}, "remoteStartId": 7}),
        ),
        says(
            RequestStart(
                IdToken("ABC", TokenKind.CENTRAL, additional=(("1234", "PIN"),)), 7, group=IdToken("G", TokenKind.LOCAL)
            ),
            v16=("RemoteStartTransaction", {"idTag": "ABC"}),
            v201=(
                "RequestStartTransaction",
                {
                    "idToken": {
                        "idToken": "ABC",
                        "type": "Central",
                        "additionalInfo": [{"additionalIdToken": "1234", "type": "PIN"}],
                    },
                    "groupIdToken": {"idToken": "G", "type": "Local"},
                    "remoteStartId": 7,
                },
            ),
        ),
        says(
            RequestStart(IdToken("1HGBH41JXMN109186", TokenKind.VIN), 7),
            v16=("RemoteStartTransaction", {"idTag": "1HGBH41JXMN109186"}),
            v201=NotInThisVersion,
            v21=(
                "RequestStartTransaction",
                {"idToken": {"idToken": "1HGBH41JXMN109186", "type": "VIN"}, "remoteStartId": 7},
            ),
        ),
        says(
            RequestStart(IdToken("X" * 21, TokenKind.CENTRAL), 7),
            v16=NotInThisVersion,
            v201=("RequestStartTransaction", {"idToken": {"idToken": "X" * 21, "type": "Central"}, "remoteStartId": 7}),
        ),
        says(
            RequestStart(IdToken("X" * 37, TokenKind.CENTRAL), 7),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("RequestStartTransaction", {"idToken": {"idToken": "X" * 37, "type": "Central"}, "remoteStartId": 7}),
        ),
        says(RequestStart(IdToken("X" * 256), 7), v16=NotInThisVersion, v201=Invalid),
        says(RequestStart(RFID, 7, Place(0)), v16=Invalid, v201=Invalid),
        says(
            RequestStop(TransactionId("4711")),
            v16=("RemoteStopTransaction", {"transactionId": 4711}),
            v201=("RequestStopTransaction", {"transactionId": "4711"}),
        ),
        says(
            RequestStop(TransactionId("b3b5-4ef2")),
            v16=Invalid,
            v201=("RequestStopTransaction", {"transactionId": "b3b5-4ef2"}),
        ),
        says(RequestStop(TransactionId("x" * 37)), v16=Invalid, v201=Invalid),
        says(
            Reserve(7, RFID, UNTIL, Place(2)),
            v16=("ReserveNow", {"connectorId": 2, "expiryDate": WRITTEN, "idTag": "04A1B2", "reservationId": 7}),
            v201=(
                "ReserveNow",
                {"id": 7, "expiryDateTime": WRITTEN, "evseId": 2, "idToken": {"idToken": "04A1B2", "type": "ISO14443"}},
            ),
        ),
        says(
            Reserve(7, RFID, UNTIL, group=IdToken("G")),
            v16=(
                "ReserveNow",
                {"connectorId": 0, "expiryDate": WRITTEN, "idTag": "04A1B2", "parentIdTag": "G", "reservationId": 7},
            ),
            v201=(
                "ReserveNow",
                {
                    "id": 7,
                    "expiryDateTime": WRITTEN,
                    "idToken": {"idToken": "04A1B2", "type": "ISO14443"},
                    "groupIdToken": {"idToken": "G", "type": "Central"},
                },
            ),
        ),
        says(
            Reserve(7, RFID, UNTIL, connector_type="cCCS2"),
            v16=NotInThisVersion,
            v201=(
                "ReserveNow",
                {
                    "id": 7,
                    "expiryDateTime": WRITTEN,
                    "connectorType": "cCCS2",
                    "idToken": {"idToken": "04A1B2", "type": "ISO14443"},
                },
            ),
        ),
        says(Reserve(7, RFID, UNTIL, Place(1), "cCCS2"), v16=NotInThisVersion, v201=Invalid),
        says(
            Reserve(7, IdToken("X" * 21), UNTIL),
            v16=NotInThisVersion,
            v201=(
                "ReserveNow",
                {"id": 7, "expiryDateTime": WRITTEN, "idToken": {"idToken": "X" * 21, "type": "Central"}},
            ),
        ),
        says(
            SendSignedCertificate("PEM", SigningUse.STATION),
            v16=("CertificateSigned", {"certificateChain": "PEM"}),
            v201=("CertificateSigned", {"certificateChain": "PEM", "certificateType": "ChargingStationCertificate"}),
        ),
        says(
            SendSignedCertificate("PEM"),
            v16=("CertificateSigned", {"certificateChain": "PEM"}),
            v201=("CertificateSigned", {"certificateChain": "PEM"}),
        ),
        says(
            SendSignedCertificate("PEM", SigningUse.V2G20, 7),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "CertificateSigned",
                {"certificateChain": "PEM", "certificateType": "V2G20Certificate", "requestId": 7},
            ),
        ),
        says(SendSignedCertificate("x" * 10_001), v16=Invalid, v201=Invalid),
        says(
            InstallCertificate(CertificateUse.CSMS_ROOT, "PEM"),
            v16=("InstallCertificate", {"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"}),
            v201=("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "PEM"}),
        ),
        says(
            InstallCertificate(CertificateUse.MANUFACTURER_ROOT, "PEM"),
            v16=("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": "PEM"}),
            v201=("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": "PEM"}),
        ),
        says(
            InstallCertificate(CertificateUse.OEM_ROOT, "PEM"),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("InstallCertificate", {"certificateType": "OEMRootCertificate", "certificate": "PEM"}),
        ),
        says(InstallCertificate(CertificateUse.V2G_CHAIN, "PEM"), v16=Invalid, v201=Invalid),
        says(
            InstallCertificate(CertificateUse.CSMS_ROOT, "x" * 5_501),
            v16=Invalid,
            v201=NotInThisVersion,
            v21=("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "x" * 5_501}),
        ),
        says(
            DeleteCertificate(HASH),
            v16=("DeleteCertificate", {"certificateHashData": HASH_DATA}),
            v201=("DeleteCertificate", {"certificateHashData": HASH_DATA}),
        ),
        says(
            ListCertificates((CertificateUse.CSMS_ROOT,)),
            v16=("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
            v201=("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]}),
        ),
        says(
            ListCertificates((CertificateUse.OEM_ROOT,)),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("GetInstalledCertificateIds", {"certificateType": ["OEMRootCertificate"]}),
        ),
        says(
            CancelReservation(7),
            v16=("CancelReservation", {"reservationId": 7}),
            v201=("CancelReservation", {"reservationId": 7}),
        ),
        says(
            ShowMessage(DisplayMessage(3, MessagePriority.IN_FRONT, (Content("Hi"),))),
            v16=NotInThisVersion,
            v201=(
                "SetDisplayMessage",
                {"message": {"id": 3, "priority": "InFront", "message": {"format": "UTF8", "content": "Hi"}}},
            ),
        ),
        says(
            ShowMessage(
                DisplayMessage(
                    3,
                    MessagePriority.ALWAYS_FRONT,
                    (Content("<b>Hi</b>", MessageFormat.HTML, "en"),),
                    MessageState.FAULTED,
                    UNTIL,
                    UNTIL,
                    TransactionId("T-1"),
                    Screen("DisplayMessageCtrlr", "left", Place(1, 2)),
                )
            ),
            v16=NotInThisVersion,
            v201=(
                "SetDisplayMessage",
                {
                    "message": {
                        "id": 3,
                        "priority": "AlwaysFront",
                        "state": "Faulted",
                        "startDateTime": WRITTEN,
                        "endDateTime": WRITTEN,
                        "transactionId": "T-1",
                        "message": {"format": "HTML", "content": "<b>Hi</b>", "language": "en"},
                        "display": {
                            "name": "DisplayMessageCtrlr",
                            "instance": "left",
                            "evse": {"id": 1, "connectorId": 2},
                        },
                    }
                },
            ),
        ),
        says(
            ShowMessage(DisplayMessage(3, MessagePriority.IN_FRONT, (Content("Hi"), Content("Hoi", language="nl")))),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "SetDisplayMessage",
                {
                    "message": {
                        "id": 3,
                        "priority": "InFront",
                        "message": {"format": "UTF8", "content": "Hi"},
                        "messageExtra": [{"format": "UTF8", "content": "Hoi", "language": "nl"}],
                    }
                },
            ),
        ),
        says(ShowMessage(DisplayMessage(3, MessagePriority.IN_FRONT, ())), v16=NotInThisVersion, v201=Invalid),
        says(ClearMessage(3), v16=NotInThisVersion, v201=("ClearDisplayMessage", {"id": 3})),
        says(ReportMessages(9), v16=NotInThisVersion, v201=("GetDisplayMessages", {"requestId": 9})),
        says(
            ReportMessages(9, (1, 2), MessagePriority.IN_FRONT, MessageState.IDLE),
            v16=NotInThisVersion,
            v201=("GetDisplayMessages", {"requestId": 9, "id": [1, 2], "priority": "InFront", "state": "Idle"}),
        ),
        says(
            UpdateFirmware(7, "https://h/fw", UNTIL),
            v16=("UpdateFirmware", {"location": "https://h/fw", "retrieveDate": WRITTEN}),
            v201=(
                "UpdateFirmware",
                {"requestId": 7, "firmware": {"location": "https://h/fw", "retrieveDateTime": WRITTEN}},
            ),
        ),
        says(
            SIGNED_UPDATE,
            v16=("SignedUpdateFirmware", SIGNED_AS_SAID),
            v201=("UpdateFirmware", SIGNED_AS_SAID),
        ),
        says(
            UpdateFirmware(7, "https://h/fw", UNTIL, install_at=UNTIL),
            v16=NotInThisVersion,
            v201=(
                "UpdateFirmware",
                {
                    "requestId": 7,
                    "firmware": {
                        "location": "https://h/fw",
                        "retrieveDateTime": WRITTEN,
                        "installDateTime": WRITTEN,
                    },
                },
            ),
        ),
        says(UpdateFirmware(7, "https://h/fw", UNTIL, signature="c2ln"), v16=Invalid, v201=Invalid),
        says(UpdateFirmware(7, "https://h/fw", UNTIL, signed_only=True), v16=Invalid, v201=Invalid),
        says(
            UpdateFirmware(7, "https://h/" + "x" * 503, UNTIL),
            v16=("UpdateFirmware", {"location": "https://h/" + "x" * 503, "retrieveDate": WRITTEN}),
            v201=NotInThisVersion,
            v21=(
                "UpdateFirmware",
                {"requestId": 7, "firmware": {"location": "https://h/" + "x" * 503, "retrieveDateTime": WRITTEN}},
            ),
        ),
        says(
            PublishFirmware(7, "https://h/fw", "0" * 32, 2, 60),
            v16=NotInThisVersion,
            v201=(
                "PublishFirmware",
                {
                    "requestId": 7,
                    "location": "https://h/fw",
                    "checksum": "0" * 32,
                    "retries": 2,
                    "retryInterval": 60,
                },
            ),
        ),
        says(UnpublishFirmware("0" * 32), v16=NotInThisVersion, v201=("UnpublishFirmware", {"checksum": "0" * 32})),
        says(
            GetLog(7, LogKind.DIAGNOSTICS, "https://h/log", UNTIL, UNTIL, 2, 60),
            v16=(
                "GetDiagnostics",
                {
                    "location": "https://h/log",
                    "startTime": WRITTEN,
                    "stopTime": WRITTEN,
                    "retries": 2,
                    "retryInterval": 60,
                },
            ),
            v201=(
                "GetLog",
                {
                    "requestId": 7,
                    "logType": "DiagnosticsLog",
                    "log": {
                        "remoteLocation": "https://h/log",
                        "oldestTimestamp": WRITTEN,
                        "latestTimestamp": WRITTEN,
                    },
                    "retries": 2,
                    "retryInterval": 60,
                },
            ),
        ),
        says(
            GetLog(7, LogKind.SECURITY, "https://h/log"),
            v16=(
                "GetLog",
                {"requestId": 7, "logType": "SecurityLog", "log": {"remoteLocation": "https://h/log"}},
            ),
            v201=(
                "GetLog",
                {"requestId": 7, "logType": "SecurityLog", "log": {"remoteLocation": "https://h/log"}},
            ),
        ),
        says(
            GetLog(7, LogKind.DATA_COLLECTOR, "https://h/log"),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "GetLog",
                {"requestId": 7, "logType": "DataCollectorLog", "log": {"remoteLocation": "https://h/log"}},
            ),
        ),
        says(
            SendLocalList(
                3,
                ListUpdate.FULL,
                (
                    ListEntry(
                        RFID, Authorization(AuthorizationStatus.ACCEPTED, UNTIL, IdToken("G", TokenKind.CENTRAL))
                    ),
                    ListEntry(IdToken("ABC", TokenKind.CENTRAL), Authorization(AuthorizationStatus.NO_CREDIT)),
                ),
            ),
            v16=(
                "SendLocalList",
                {
                    "listVersion": 3,
                    "updateType": "Full",
                    "localAuthorizationList": [
                        {
                            "idTag": "04A1B2",
                            "idTagInfo": {"status": "Accepted", "expiryDate": WRITTEN, "parentIdTag": "G"},
                        },
                        {"idTag": "ABC", "idTagInfo": {"status": "Invalid"}},
                    ],
                },
            ),
            v201=(
                "SendLocalList",
                {
                    "versionNumber": 3,
                    "updateType": "Full",
                    "localAuthorizationList": [
                        {
                            "idToken": {"idToken": "04A1B2", "type": "ISO14443"},
                            "idTokenInfo": {
                                "status": "Accepted",
                                "cacheExpiryDateTime": WRITTEN,
                                "groupIdToken": {"idToken": "G", "type": "Central"},
                            },
                        },
                        {"idToken": {"idToken": "ABC", "type": "Central"}, "idTokenInfo": {"status": "NoCredit"}},
                    ],
                },
            ),
        ),
        says(
            SendLocalList(4, ListUpdate.DIFFERENTIAL, (ListEntry(RFID),)),
            v16=(
                "SendLocalList",
                {"listVersion": 4, "updateType": "Differential", "localAuthorizationList": [{"idTag": "04A1B2"}]},
            ),
            v201=(
                "SendLocalList",
                {
                    "versionNumber": 4,
                    "updateType": "Differential",
                    "localAuthorizationList": [{"idToken": {"idToken": "04A1B2", "type": "ISO14443"}}],
                },
            ),
        ),
        says(
            SendLocalList(5, ListUpdate.FULL),
            v16=("SendLocalList", {"listVersion": 5, "updateType": "Full", "localAuthorizationList": []}),
            v201=("SendLocalList", {"versionNumber": 5, "updateType": "Full"}),
        ),
        says(
            SendLocalList(6, ListUpdate.DIFFERENTIAL),
            v16=("SendLocalList", {"listVersion": 6, "updateType": "Differential"}),
            v201=("SendLocalList", {"versionNumber": 6, "updateType": "Differential"}),
        ),
        says(SendLocalList(0, ListUpdate.FULL), v16=Invalid, v201=Invalid),
        says(ClearCache(), v16=("ClearCache", {}), v201=("ClearCache", {})),
        says(
            GetTransactionStatus(TransactionId("tx-1")),
            v16=NotInThisVersion,
            v201=("GetTransactionStatus", {"transactionId": "tx-1"}),
        ),
        says(GetTransactionStatus(), v16=NotInThisVersion, v201=("GetTransactionStatus", {})),
        says(
            ShowCost(
                TransactionId("4711"),
                Decimal("4.50"),
                UNTIL,
                12_345.6,
                prices=UnitPrices(Decimal("0.45"), Decimal("1.2"), Decimal(6), Decimal(1)),
            ),
            v16=(
                "DataTransfer",
                {
                    "vendorId": "org.openchargealliance.costmsg",
                    "messageId": "RunningCost",
                    "data": '{"transactionId":4711,"timestamp":"2030-01-01T18:00:00.000Z","meterValue":12346,'
                    '"cost":4.5,"state":"Charging","chargingPrice":{"kWhPrice":0.45,"hourPrice":1.2,"flatFee":1.0},'
                    '"idlePrice":{"hourPrice":6.0}}',
                },
            ),
            v201=("CostUpdated", {"totalCost": 4.5, "transactionId": "4711"}),
        ),
        says(
            ShowCost(TransactionId("b3b5-4ef2"), Decimal(0), UNTIL),
            v16=Invalid,
            v201=("CostUpdated", {"totalCost": 0.0, "transactionId": "b3b5-4ef2"}),
        ),
        says(
            ShowPrice(RFID, "0.45 EUR/kWh"),
            v16=(
                "DataTransfer",
                {
                    "vendorId": "org.openchargealliance.costmsg",
                    "messageId": "SetUserPrice",
                    "data": '{"idToken":"04A1B2","priceText":"0.45 EUR/kWh"}',
                },
            ),
            v201=NotInThisVersion,
        ),
        says(
            ShowFinalCost(TransactionId("4711"), Decimal("4.50"), "4.50 EUR"),
            v16=(
                "DataTransfer",
                {
                    "vendorId": "org.openchargealliance.costmsg",
                    "messageId": "FinalCost",
                    "data": '{"transactionId":4711,"cost":4.5,"priceText":"4.50 EUR"}',
                },
            ),
            v201=NotInThisVersion,
        ),
        says(
            InstallTariff(TARIFF, 1, UNTIL),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("SetDefaultTariff", {"evseId": 1, "tariff": WRITTEN_TARIFF | {"validFrom": WRITTEN}}),
        ),
        says(
            ChangeTariff(TransactionId("T-1"), TARIFF),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("ChangeTransactionTariff", {"transactionId": "T-1", "tariff": WRITTEN_TARIFF}),
        ),
        says(ListTariffs(), v16=NotInThisVersion, v201=NotInThisVersion, v21=("GetTariffs", {"evseId": 0})),
        says(
            ClearTariffs(("A", "B"), 2),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("ClearTariffs", {"tariffIds": ["A", "B"], "evseId": 2}),
        ),
        says(
            AnnouncePayment(2, 300),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("NotifyWebPaymentStarted", {"evseId": 2, "timeout": 300}),
        ),
        says(Reset(ResetKind.IMMEDIATE), v16=("Reset", {"type": "Hard"}), v201=("Reset", {"type": "Immediate"})),
        says(Reset(ResetKind.ON_IDLE), v16=("Reset", {"type": "Soft"}), v201=("Reset", {"type": "OnIdle"})),
        says(Reset(ResetKind.ON_IDLE, evse=2), v16=NotInThisVersion, v201=("Reset", {"type": "OnIdle", "evseId": 2})),
        says(
            Reset(ResetKind.IMMEDIATE_AND_RESUME),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("Reset", {"type": "ImmediateAndResume"}),
        ),
        says(
            Unlock(Place(2, 1)),
            v16=("UnlockConnector", {"connectorId": 2}),
            v201=("UnlockConnector", {"evseId": 2, "connectorId": 1}),
        ),
        says(
            Unlock(Place(2)),
            v16=("UnlockConnector", {"connectorId": 2}),
            v201=("UnlockConnector", {"evseId": 2, "connectorId": 1}),
        ),
        says(Unlock(Place(1, 2)), v16=NotInThisVersion, v201=("UnlockConnector", {"evseId": 1, "connectorId": 2})),
        says(Unlock(Place(0)), v16=Invalid, v201=Invalid),
        says(
            ChangeAvailability(Availability.INOPERATIVE),
            v16=("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
            v201=("ChangeAvailability", {"operationalStatus": "Inoperative"}),
        ),
        says(
            ChangeAvailability(Availability.OPERATIVE, Place(3)),
            v16=("ChangeAvailability", {"connectorId": 3, "type": "Operative"}),
            v201=("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 3}}),
        ),
        says(
            ChangeAvailability(Availability.OPERATIVE, Place(3, 2)),
            v16=NotInThisVersion,
            v201=("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 3, "connectorId": 2}}),
        ),
        says(
            Trigger(Triggerable.STATUS, Place(1, 1)),
            v16=("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
            v201=("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
        ),
        says(
            Trigger(Triggerable.BOOT),
            v16=("TriggerMessage", {"requestedMessage": "BootNotification"}),
            v201=("TriggerMessage", {"requestedMessage": "BootNotification"}),
        ),
        says(
            Trigger(Triggerable.HEARTBEAT),
            v16=("TriggerMessage", {"requestedMessage": "Heartbeat"}),
            v201=("TriggerMessage", {"requestedMessage": "Heartbeat"}),
        ),
        says(
            Trigger(Triggerable.METER_VALUES, Place(0)),
            v16=("TriggerMessage", {"requestedMessage": "MeterValues"}),
            v201=("TriggerMessage", {"requestedMessage": "MeterValues"}),
        ),
        says(
            Trigger(Triggerable.FIRMWARE_STATUS),
            v16=("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
            v201=("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
        ),
        says(
            Trigger(Triggerable.DIAGNOSTICS_STATUS),
            v16=("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"}),
            v201=NotInThisVersion,
        ),
        says(
            Trigger(Triggerable.LOG_STATUS),
            v16=("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"}),
            v201=("TriggerMessage", {"requestedMessage": "LogStatusNotification"}),
        ),
        says(
            Trigger(Triggerable.SIGN_STATION_CERTIFICATE),
            v16=("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}),
            v201=("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"}),
        ),
        says(
            Trigger(Triggerable.TRANSACTION, Place(1)),
            v16=NotInThisVersion,
            v201=("TriggerMessage", {"requestedMessage": "TransactionEvent", "evse": {"id": 1}}),
        ),
        says(
            Trigger(Triggerable.SIGN_V2G20_CERTIFICATE),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("TriggerMessage", {"requestedMessage": "SignV2G20Certificate"}),
        ),
        says(
            Trigger(Triggerable.CUSTOM, custom="SelfTest"),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("TriggerMessage", {"requestedMessage": "CustomTrigger", "customTrigger": "SelfTest"}),
        ),
        says(Trigger(Triggerable.CUSTOM), v16=NotInThisVersion, v201=Invalid),
        says(
            GetSettings(((HEARTBEAT, Attribute.ACTUAL), (ATTEMPTS, Attribute.ACTUAL))),
            v16=("GetConfiguration", {"key": ["HeartbeatInterval", "TransactionMessageAttempts"]}),
            v201=(
                "GetVariables",
                {
                    "getVariableData": [
                        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
                        {
                            "component": {"name": "OCPPCommCtrlr"},
                            "variable": {"name": "MessageAttempts", "instance": "TransactionEvent"},
                        },
                    ]
                },
            ),
        ),
        says(
            GetSettings(((ON_EVSE, Attribute.TARGET),)),
            v16=[],
            v201=(
                "GetVariables",
                {
                    "getVariableData": [
                        {
                            "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 2}},
                            "variable": {"name": "Available"},
                            "attributeType": "Target",
                        }
                    ]
                },
            ),
        ),
        says(GetSettings(), v16=("GetConfiguration", {}), v201=NotInThisVersion),
        says(
            ChangeSettings((NewValue(HEARTBEAT, "300"), NewValue(VENDORS, "7"))),
            v16=[
                ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
                ("ChangeConfiguration", {"key": "LightLevel", "value": "7"}),
            ],
            v201=(
                "SetVariables",
                {
                    "setVariableData": [
                        {
                            "component": {"name": "OCPPCommCtrlr"},
                            "variable": {"name": "HeartbeatInterval"},
                            "attributeValue": "300",
                        },
                        {"component": {"name": "OCPP16"}, "variable": {"name": "LightLevel"}, "attributeValue": "7"},
                    ]
                },
            ),
        ),
        says(ChangeSettings((NewValue(SettingName("C" * 51, "V"), "1"),)), v16=[], v201=Invalid),
        says(
            ReportSettings(5),
            v16=("GetConfiguration", {}),
            v201=("GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"}),
        ),
        says(
            ReportSettings(5, ReportBase.CONFIGURATION),
            v16=("GetConfiguration", {}),
            v201=("GetBaseReport", {"requestId": 5, "reportBase": "ConfigurationInventory"}),
        ),
        says(
            ReportSettings(5, ReportBase.SUMMARY),
            v16=NotInThisVersion,
            v201=("GetBaseReport", {"requestId": 5, "reportBase": "SummaryInventory"}),
        ),
        says(
            SendData("com.example", "Ping", '{"a":[1]}'),
            v16=("DataTransfer", {"vendorId": "com.example", "messageId": "Ping", "data": '{"a":[1]}'}),
            v201=("DataTransfer", {"vendorId": "com.example", "messageId": "Ping", "data": {"a": [1]}}),
        ),
        says(
            SendData("com.example", data="plain"),
            v16=("DataTransfer", {"vendorId": "com.example", "data": "plain"}),
            v201=Invalid,
        ),
        says(
            SendData("com.example"),
            v16=("DataTransfer", {"vendorId": "com.example"}),
            v201=("DataTransfer", {"vendorId": "com.example"}),
        ),
        says(SendData("v" * 256), v16=Invalid, v201=Invalid),
    ],
)
def test_every_version_says_its_own(command: Command[Any], v16: Any, v201: Any, v21: Any):
    assert said(V16, command) == v16
    assert said(V201, command) == v201
    assert said(V21, command) == v21


# ---- what comes of it


def always(answer: dict[str, Any] | Exception) -> Station:
    return lambda action, request: answer


@pytest.mark.parametrize(
    ("version", "command", "answer", "outcome"),
    [
        (V16, Reset(ResetKind.ON_IDLE), {"status": "Rejected"}, Answer(Accepted.REJECTED, "Rejected")),
        (V201, Reset(ResetKind.ON_IDLE), {"status": "Scheduled"}, Answer(Accepted.SCHEDULED, "Scheduled")),
        (
            V21,
            Reset(ResetKind.ON_IDLE),
            {"status": "Rejected", "statusInfo": {"reasonCode": "TxInProgress", "additionalInfo": "EVSE 1"}},
            Answer(Accepted.REJECTED, "Rejected", "TxInProgress", "EVSE 1"),
        ),
        (V16, Unlock(Place(1)), {"status": "NotSupported"}, Answer(Accepted.REJECTED, "NotSupported")),
        (V16, Unlock(Place(1)), {"status": "UnlockFailed"}, Answer(Accepted.REJECTED, "UnlockFailed")),
        (V16, Unlock(Place(1)), {"status": "Unlocked"}, Answer(Accepted.ACCEPTED, "Unlocked")),
        (V201, Unlock(Place(1)), {"status": "Unlocked"}, Answer(Accepted.ACCEPTED, "Unlocked")),
        (V201, Unlock(Place(1)), {"status": "UnknownConnector"}, Answer(Accepted.REJECTED, "UnknownConnector")),
        (V16, Trigger(Triggerable.BOOT), {"status": "NotImplemented"}, Answer(Accepted.REJECTED, "NotImplemented")),
        (V201, ShowCost(TransactionId("T"), Decimal(1), UNTIL), {}, Answer(Accepted.ACCEPTED, "Accepted")),
        (V21, AnnouncePayment(1, 60), {}, Answer(Accepted.ACCEPTED, "Accepted")),
        (V21, InstallTariff(TARIFF), {"status": "TooManyElements"}, Answer(Accepted.REJECTED, "TooManyElements")),
        (V21, ListTariffs(), {"status": "NoTariff"}, TariffsAnswer(Answer(Accepted.ACCEPTED, "NoTariff"))),
        (
            V21,
            ListTariffs(),
            {
                "status": "Accepted",
                "tariffAssignments": [
                    {"tariffId": "A", "tariffKind": "DefaultTariff", "evseIds": [1, 2], "validFrom": WRITTEN},
                    {"tariffId": "B", "tariffKind": "DriverTariff", "idTokens": ["X"]},
                ],
            },
            TariffsAnswer(
                Answer(Accepted.ACCEPTED, "Accepted"),
                (
                    StationTariff("A", "DefaultTariff", (1, 2), (), UNTIL),
                    StationTariff("B", "DriverTariff", (), ("X",)),
                ),
            ),
        ),
        (
            V21,
            ClearTariffs(),
            {"clearTariffsResult": [{"tariffId": "A", "status": "Accepted"}, {"status": "NoTariff"}]},
            ClearedTariffs(
                (
                    ClearedTariff("A", Answer(Accepted.ACCEPTED, "Accepted")),
                    ClearedTariff("", Answer(Accepted.REJECTED, "NoTariff")),
                )
            ),
        ),
        (V16, ShowPrice(RFID, "x"), {"status": "UnknownVendorId"}, Answer(Accepted.REJECTED, "UnknownVendorId")),
        (V201, ClearMessage(3), {"status": "Unknown"}, Answer(Accepted.REJECTED, "Unknown")),
        (V201, ReportMessages(9), {"status": "Unknown"}, Answer(Accepted.ACCEPTED, "Unknown")),
        (V201, ReportSettings(1), {"status": "EmptyResultSet"}, Answer(Accepted.REJECTED, "EmptyResultSet")),
        (V16, SendData("v"), {"status": "UnknownVendorId"}, DataAnswer(Accepted.REJECTED, "UnknownVendorId")),
        (V16, SendData("v"), {"status": "Accepted", "data": "pong"}, DataAnswer(Accepted.ACCEPTED, "Accepted", "pong")),
        (V201, SendData("v"), {"status": "Accepted", "data": [1]}, DataAnswer(Accepted.ACCEPTED, "Accepted", "[1]")),
    ],
    ids=str,
)  # fmt: skip
def test_the_stations_word_and_what_it_comes_down_to(
    version: Version, command: Command[Any], answer: dict[str, Any], outcome: Any
):
    assert play(version, command, always(answer)).outcome == outcome


def test_a_transaction_that_the_cable_began_is_named():
    answer = {"status": "Accepted", "transactionId": "T-1"}
    assert play(V201, RequestStart(RFID, 1), always(answer)).outcome.transaction_id == "T-1"


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_a_call_that_is_answered_with_an_error_raises_it(version: Version):
    with pytest.raises(StationError, match="busy"):
        play(version, Reset(ResetKind.ON_IDLE), always(StationError("busy", "InternalError")))


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_settings_are_read_in_the_order_asked_and_say_what_they_are(version: Version):
    names = ((MEASURANDS, Attribute.ACTUAL), (HEARTBEAT, Attribute.ACTUAL), (MEASURANDS, Attribute.ACTUAL))
    answers = play(version, GetSettings(names), agreeable).outcome
    assert [answer.name for answer in answers] == [name for name, _ in names]
    assert {answer.status for answer in answers} == {SettingStatus.ACCEPTED}
    assert [answer.setting for answer in answers] == [Setting(name, "1") for name, _ in names]


@pytest.mark.parametrize(("version", "calls"), [(V16, 3), (V201, 3), (V21, 3)], ids=str)
def test_many_settings_are_read_in_portions(version: Version, calls: int):
    names = tuple((SettingName("OCPP16", f"Key{number}"), Attribute.ACTUAL) for number in range(45))
    played = play(version, GetSettings(names), agreeable)
    assert len(played.calls) == calls
    assert [answer.name for answer in played.outcome] == [name for name, _ in names]


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_no_more_settings_go_into_a_call_than_the_station_says_it_takes(version: Version):
    names = tuple((SettingName("OCPP16", f"Key{number}"), Attribute.ACTUAL) for number in range(5))
    played = play(version, GetSettings(names, most_a_call=2), agreeable)
    assert len(played.calls) == 3
    assert [answer.name for answer in played.outcome] == [name for name, _ in names]
    # What it says never makes a call larger.
    many = tuple((SettingName("OCPP16", f"Key{number}"), Attribute.ACTUAL) for number in range(45))
    assert len(play(version, GetSettings(many, most_a_call=1000), agreeable).calls) == 3


def test_what_a_16_station_does_not_know_or_leaves_out_is_said():
    def station(action: str, request: Any) -> dict[str, Any]:
        return {"configurationKey": [{"key": "heartbeatinterval", "readonly": True}], "unknownKey": ["LightLevel"]}

    names = tuple((name, Attribute.ACTUAL) for name in (HEARTBEAT, VENDORS, MEASURANDS))
    heartbeat, light, measurands = play(V16, GetSettings(names), station).outcome
    assert heartbeat.setting == Setting(HEARTBEAT, None, mutability=Mutability.READ_ONLY)
    assert light.status is SettingStatus.UNKNOWN
    assert measurands.status is SettingStatus.REJECTED
    assert "left it out" in measurands.reason


def test_16_answers_for_what_it_has_no_words_for_without_asking():
    played = play(V16, GetSettings(((ON_EVSE, Attribute.ACTUAL), (HEARTBEAT, Attribute.TARGET))), agreeable)
    assert played.calls == []
    assert [answer.status for answer in played.outcome] == [SettingStatus.UNKNOWN, SettingStatus.UNSUPPORTED_ATTRIBUTE]


def test_2x_statuses_of_settings_are_told_apart():
    statuses = ["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"]
    names = tuple((SettingName("C", f"V{number}"), Attribute.ACTUAL) for number in range(len(statuses)))

    def station(action: str, request: Any) -> dict[str, Any]:
        info = {"reasonCode": "NotFound", "additionalInfo": "none such"}
        asked = zip(request["getVariableData"], statuses, strict=True)
        results = [entry | {"attributeStatus": status, "attributeStatusInfo": info} for entry, status in asked]
        return {"getVariableResult": results[::-1]}

    answers = play(V201, GetSettings(names), station).outcome
    assert [answer.said for answer in answers] == statuses
    assert [answer.status for answer in answers] == [
        SettingStatus.REJECTED,
        SettingStatus.UNKNOWN,
        SettingStatus.UNKNOWN,
        SettingStatus.UNSUPPORTED_ATTRIBUTE,
    ]
    assert {answer.reason for answer in answers} == {"NotFound: none such"}
    assert {answer.setting for answer in answers} == {None}


@pytest.mark.parametrize(
    ("version", "action"), [(V16, "ChangeConfiguration"), (V201, "SetVariables"), (V21, "SetVariables")], ids=str
)
def test_a_setting_that_fails_does_not_take_the_others_with_it(version: Version, action: str):
    """1.6 says it a key, 2.x a portion: the first 20 fall together, the 21st stands."""
    many = tuple(NewValue(SettingName("OCPP16", f"Key{number}"), "1") for number in range(21))

    def station(said_action: str, request: Any) -> dict[str, Any] | Exception:
        assert said_action == action
        text = json.dumps(request)
        return StationError("no", "InternalError") if '"Key3"' in text else agreeable(said_action, request)

    answers = play(version, ChangeSettings(many), station).outcome
    assert [answer.name for answer in answers] == [new.name for new in many]
    assert (answers[3].status, answers[3].said, answers[3].reason) == (SettingStatus.REJECTED, "InternalError", "no")
    assert answers[20].status is SettingStatus.ACCEPTED


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_a_station_that_falls_silent_ends_the_conversation(version: Version):
    with pytest.raises(TimedOut):
        play(version, ChangeSettings((NewValue(HEARTBEAT, "1"),)), always(TimedOut("silent")))


@pytest.mark.parametrize(("version", "longest"), [(V16, 500), (V201, 1000), (V21, 2500)], ids=str)
def test_a_value_is_never_cut(version: Version, longest: int):
    command = ChangeSettings((NewValue(HEARTBEAT, "x" * (longest + 1)), NewValue(MEASURANDS, "x" * longest)))
    played = play(version, command, agreeable)
    too_long, fits = played.outcome
    assert too_long.status is SettingStatus.REJECTED
    assert str(longest) in too_long.reason
    assert fits.status is SettingStatus.ACCEPTED
    assert len(played.calls) == 1


def test_16_reports_its_settings_itself():
    def station(action: str, request: Any) -> dict[str, Any]:
        return {
            "configurationKey": [
                {"key": "MeterValueSampleInterval", "readonly": False, "value": "60"},
                {"key": "VendorSecret", "readonly": True},
            ]
        }

    played = play(V16, ReportSettings(9), station)
    assert played.outcome == Answer(Accepted.ACCEPTED, "Accepted")
    assert played.reports == [
        SettingsReported(
            9,
            0,
            more=False,
            settings=(
                Setting(SettingName("SampledDataCtrlr", "TxUpdatedInterval"), "60"),
                Setting(SettingName("OCPP16", "VendorSecret"), None, mutability=Mutability.READ_ONLY),
            ),
            full=True,
        )
    ]
    everything = play(V16, GetSettings(), station)
    assert everything.reports[0].report_id is None
    assert [answer.setting for answer in everything.outcome] == list(played.reports[0].settings)


def unknowing(*actions: str) -> Station:
    """A station that has never heard of these actions."""
    return lambda action, request: (
        StationError("what?", "NotImplemented") if action in actions else agreeable(action, request)
    )


def test_a_16_station_without_signed_updates_is_asked_for_a_plain_one():
    command = replace(SIGNED_UPDATE, install_at=None)
    played = play(V16, command, unknowing("SignedUpdateFirmware"))
    assert [action for action, _ in played.calls] == ["SignedUpdateFirmware", "UpdateFirmware"]
    assert played.outcome == FirmwareAnswer(Answer(Accepted.ACCEPTED, "Accepted"), signed=False)
    assert play(V16, command, agreeable).outcome.signed


@pytest.mark.parametrize("command", [replace(SIGNED_UPDATE, install_at=None, signed_only=True), SIGNED_UPDATE])
def test_no_plain_update_takes_the_place_of_one_that_must_be_signed_or_wait(command: UpdateFirmware):
    with pytest.raises(StationError, match=r"what\?"):
        play(V16, command, unknowing("SignedUpdateFirmware"))


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
@pytest.mark.parametrize(
    ("word", "comes_to"),
    [
        ("AcceptedCanceled", Accepted.ACCEPTED),
        ("Rejected", Accepted.REJECTED),
        ("InvalidCertificate", Accepted.REJECTED),
        ("RevokedCertificate", Accepted.REJECTED),
    ],
)
def test_what_a_station_says_to_a_signed_update(version: Version, word: str, comes_to: Accepted):
    answer = play(version, SIGNED_UPDATE, always({"status": word})).outcome
    assert answer == FirmwareAnswer(Answer(comes_to, word), signed=True)


def test_a_16_station_without_getdiagnostics_is_asked_with_getlog():
    command = GetLog(7, LogKind.DIAGNOSTICS, "https://h/log")
    played = play(V16, command, unknowing("GetDiagnostics"))
    assert [action for action, _ in played.calls] == ["GetDiagnostics", "GetLog"]
    nothing = play(V16, command, always({})).outcome
    assert nothing == LogAnswer(Answer(Accepted.REJECTED, "NoFile"))
    assert play(V16, command, agreeable).outcome == LogAnswer(Answer(Accepted.ACCEPTED, "Accepted"), "log.txt")


@pytest.mark.parametrize(
    ("word", "comes_to"),
    [
        ("Unpublished", Accepted.ACCEPTED),
        ("NoFirmware", Accepted.REJECTED),
        ("DownloadOngoing", Accepted.REJECTED),
    ],
)
def test_what_a_local_controller_says_to_offering_no_more(word: str, comes_to: Accepted):
    assert play(V21, UnpublishFirmware("0" * 32), always({"status": word})).outcome == Answer(comes_to, word)


# ---- local lists


@pytest.mark.parametrize(("version", "longest"), [(V16, 20), (V201, 36), (V21, 255)], ids=str)
def test_a_token_that_no_such_station_could_be_shown_is_left_off_its_list(version: Version, longest: int):
    accepted = Authorization(AuthorizationStatus.ACCEPTED)
    entries = tuple(ListEntry(IdToken("X" * length, TokenKind.CENTRAL), accepted) for length in (longest, longest + 1))
    played = play(version, SendLocalList(1, ListUpdate.FULL, entries), agreeable)
    assert len(played.calls[0][1]["localAuthorizationList"]) == 1
    assert played.outcome == ListAnswer(ListStatus.ACCEPTED, left_out=1)


@pytest.mark.parametrize(("version", "left_out"), [(V16, 0), (V201, 1), (V21, 0)], ids=str)
def test_a_kind_of_token_that_a_version_does_not_know_is_left_off(version: Version, left_out: int):
    vehicle = ListEntry(IdToken("WVWZZZ1JZXW000001", TokenKind.VIN), Authorization(AuthorizationStatus.ACCEPTED))
    assert play(version, SendLocalList(1, ListUpdate.FULL, (vehicle,)), agreeable).outcome.left_out == left_out


@pytest.mark.parametrize(
    ("version", "said", "meant"),
    [
        (V16, {"listVersion": -1}, None),
        (V16, {"listVersion": 0}, 0),
        (V16, {"listVersion": 7}, 7),
        (V201, {"versionNumber": 0}, 0),
        (V21, {"versionNumber": 7}, 7),
    ],
)
def test_the_version_of_a_list(version: Version, said: dict[str, int], meant: int | None):
    assert play(version, GetLocalListVersion(), always(said)).outcome == ListVersion(meant)


@pytest.mark.parametrize("status", ["Accepted", "Failed", "VersionMismatch"])
@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_every_answer_to_a_list_is_understood(version: Version, status: str):
    answer = play(version, SendLocalList(1, ListUpdate.FULL), always({"status": status})).outcome
    assert answer == ListAnswer(ListStatus(status))


def test_16_may_say_that_it_keeps_no_list_and_2x_why_it_failed():
    answer = play(V16, SendLocalList(1, ListUpdate.FULL), always({"status": "NotSupported"})).outcome
    assert answer.status is ListStatus.NOT_SUPPORTED
    info = {"reasonCode": "NoMemory", "additionalInfo": "full"}
    answer = play(V201, SendLocalList(1, ListUpdate.FULL), always({"status": "Failed", "statusInfo": info})).outcome
    assert answer == ListAnswer(ListStatus.FAILED, "NoMemory", "full")


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_how_a_transaction_stands_at_its_station(version: Version):
    said = {"ongoingIndicator": True, "messagesInQueue": True}
    assert play(version, GetTransactionStatus(TransactionId("tx")), always(said)).outcome == TransactionStatus(
        True, True
    )
    assert play(version, GetTransactionStatus(), always({"messagesInQueue": False})).outcome == TransactionStatus(False)
