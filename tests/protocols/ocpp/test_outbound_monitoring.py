"""What each version says of monitors, streams, customers, reports of some settings and network profiles."""

from typing import Any

import pytest

from protocols.ocpp.test_outbound import HEARTBEAT, RFID, V16, V21, V201, always, play, says
from protocols.ocpp.test_outbound import agreeable as agreeable_otherwise
from voltloom.domain.commands import (
    Accepted,
    AdjustStream,
    Answer,
    AskCustomerInformation,
    CertificateHash,
    ClearMonitors,
    Command,
    MobileAccess,
    NetworkProfile,
    NewMonitor,
    Part,
    PartCriterion,
    PrivateNetwork,
    ReadStreams,
    ReportMonitors,
    ReportSome,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetNetworkProfile,
)
from voltloom.domain.errors import Invalid, NotInThisVersion, StationError
from voltloom.domain.ids import Place
from voltloom.domain.monitoring import MonitorCriterion, MonitoringBase, MonitorKind, Pace, Stream
from voltloom.domain.reports import SettingsReported
from voltloom.domain.station import Setting, SettingName
from voltloom.protocols.ocpp.dialect import Version

POWER = SettingName("EVSE", "Power", place=Place(1))
POWER_WRITTEN = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
CONNECTION = {
    "ocppInterface": "Wired0",
    "ocppTransport": "JSON",
    "messageTimeout": 30,
    "ocppCsmsUrl": "wss://csms.example.com/ocpp",
    "securityProfile": 2,
}


def agreeable(action: str, request: Any) -> dict[str, Any]:
    match action:
        case "SetVariableMonitoring":
            kept = ("type", "severity", "component", "variable")
            results = [{key: asked[key] for key in kept} for asked in request["setMonitoringData"]]
            return {
                "setMonitoringResult": [
                    result | {"status": "Accepted", "id": number} for number, result in enumerate(results, 1)
                ]
            }
        case "ClearVariableMonitoring":
            return {"clearMonitoringResult": [{"id": number, "status": "Accepted"} for number in request["id"]]}
        case "GetPeriodicEventStream":
            return {}
        case _:
            return agreeable_otherwise(action, request)


def said(version: Version, command: Command[Any]) -> Any:
    try:
        [call] = play(version, command, agreeable).calls
    except (NotInThisVersion, Invalid) as error:
        return type(error) if error.reason else "refused without a reason"
    return call


@pytest.mark.parametrize(
    ("command", "v16", "v201", "v21"),
    [
        says(
            SetMonitors(
                (
                    NewMonitor(POWER, MonitorKind.UPPER_THRESHOLD, 11000.0, 4, in_transaction=True),
                    NewMonitor(POWER, MonitorKind.PERIODIC, 30.0, 8, id=7),
                )
            ),
            v16=NotInThisVersion,
            v201=(
                "SetVariableMonitoring",
                {
                    "setMonitoringData": [
                        {"transaction": True, "value": 11000.0, "type": "UpperThreshold", "severity": 4}
                        | POWER_WRITTEN,
                        {"id": 7, "value": 30.0, "type": "Periodic", "severity": 8} | POWER_WRITTEN,
                    ]
                },
            ),
        ),
        says(
            SetMonitors((NewMonitor(POWER, MonitorKind.TARGET_DELTA, 1.0, 5),)),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "SetVariableMonitoring",
                {"setMonitoringData": [{"value": 1.0, "type": "TargetDelta", "severity": 5} | POWER_WRITTEN]},
            ),
        ),
        says(
            SetMonitors((NewMonitor(POWER, MonitorKind.PERIODIC, 5.0, 8, stream=Pace(60, 12)),)),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "SetVariableMonitoring",
                {
                    "setMonitoringData": [
                        {
                            "periodicEventStream": {"interval": 60, "values": 12},
                            "value": 5.0,
                            "type": "Periodic",
                            "severity": 8,
                        }
                        | POWER_WRITTEN
                    ]
                },
            ),
        ),
        says(ClearMonitors((3, 4)), v16=NotInThisVersion, v201=("ClearVariableMonitoring", {"id": [3, 4]})),
        says(
            SetMonitoringBase(MonitoringBase.HARD_WIRED_ONLY),
            v16=NotInThisVersion,
            v201=("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"}),
        ),
        says(SetMonitoringLevel(4), v16=NotInThisVersion, v201=("SetMonitoringLevel", {"severity": 4})),
        says(ReportMonitors(7), v16=NotInThisVersion, v201=("GetMonitoringReport", {"requestId": 7})),
        says(
            ReportMonitors(7, (MonitorCriterion.DELTA,), (Part("EVSE", "Power", place=Place(1)),)),
            v16=NotInThisVersion,
            v201=(
                "GetMonitoringReport",
                {"requestId": 7, "monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [POWER_WRITTEN]},
            ),
        ),
        says(ReadStreams(), v16=NotInThisVersion, v201=NotInThisVersion, v21=("GetPeriodicEventStream", {})),
        says(
            AdjustStream(3, Pace(interval_s=60)),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=("AdjustPeriodicEventStream", {"id": 3, "params": {"interval": 60}}),
        ),
        says(
            AskCustomerInformation(7, report=True, clear=False, token=RFID),
            v16=NotInThisVersion,
            v201=(
                "CustomerInformation",
                {
                    "requestId": 7,
                    "report": True,
                    "clear": False,
                    "idToken": {"idToken": "04A1B2", "type": "ISO14443"},
                },
            ),
        ),
        says(
            AskCustomerInformation(7, report=False, clear=True, certificate=CertificateHash("SHA256", "a", "b", "1f")),
            v16=NotInThisVersion,
            v201=(
                "CustomerInformation",
                {
                    "requestId": 7,
                    "report": False,
                    "clear": True,
                    "customerCertificate": {
                        "hashAlgorithm": "SHA256",
                        "issuerNameHash": "a",
                        "issuerKeyHash": "b",
                        "serialNumber": "1f",
                    },
                },
            ),
        ),
        says(
            AskCustomerInformation(7, report=True, clear=True, identifier="C-1"),
            v16=NotInThisVersion,
            v201=("CustomerInformation", {"requestId": 7, "report": True, "clear": True, "customerIdentifier": "C-1"}),
        ),
        says(AskCustomerInformation(7, report=True, clear=True), v16=NotInThisVersion, v201=Invalid),
        says(
            AskCustomerInformation(7, report=True, clear=True, token=RFID, identifier="C-1"),
            v16=NotInThisVersion,
            v201=Invalid,
        ),
        says(
            ReportSome(9, parts=(Part("OCPPCommCtrlr", "HeartbeatInterval"),)),
            v16=("GetConfiguration", {"key": ["HeartbeatInterval"]}),
            v201=(
                "GetReport",
                {
                    "requestId": 9,
                    "componentVariable": [
                        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
                    ],
                },
            ),
        ),
        says(
            ReportSome(9, (PartCriterion.PROBLEM,), (Part("EVSE"),)),
            v16=NotInThisVersion,
            v201=(
                "GetReport",
                {
                    "requestId": 9,
                    "componentCriteria": ["Problem"],
                    "componentVariable": [{"component": {"name": "EVSE"}}],
                },
            ),
        ),
        says(
            SetNetworkProfile(2, NetworkProfile("wss://csms.example.com/ocpp", 2, "Wired0", 30)),
            v16=NotInThisVersion,
            v201=(
                "SetNetworkProfile",
                {"configurationSlot": 2, "connectionData": CONNECTION | {"ocppVersion": "OCPP20"}},
            ),
            v21=("SetNetworkProfile", {"configurationSlot": 2, "connectionData": CONNECTION}),
        ),
        says(
            SetNetworkProfile(
                1,
                NetworkProfile(
                    "wss://csms.example.com/ocpp",
                    2,
                    "Wired0",
                    30,
                    "OCPP21",
                    "CP-7",
                    "0123456789abcdef",
                    MobileAccess("internet", "CHAP", "u", "p", 1234, "26201", only_preferred=True),
                    PrivateNetwork("vpn.example.com", "IKEv2", "u", "g", "p", "k"),
                ),
            ),
            v16=NotInThisVersion,
            v201=NotInThisVersion,
            v21=(
                "SetNetworkProfile",
                {
                    "configurationSlot": 1,
                    "connectionData": CONNECTION
                    | {
                        "ocppVersion": "OCPP21",
                        "identity": "CP-7",
                        "basicAuthPassword": "0123456789abcdef",
                        "apn": {
                            "apn": "internet",
                            "apnAuthentication": "CHAP",
                            "apnUserName": "u",
                            "apnPassword": "p",
                            "simPin": 1234,
                            "preferredNetwork": "26201",
                            "useOnlyPreferredNetwork": True,
                        },
                        "vpn": {
                            "server": "vpn.example.com",
                            "type": "IKEv2",
                            "user": "u",
                            "group": "g",
                            "password": "p",
                            "key": "k",
                        },
                    },
                },
            ),
        ),
    ],
)
def test_every_version_says_its_own(command: Command[Any], v16: Any, v201: Any, v21: Any):
    assert said(V16, command) == v16
    assert said(V201, command) == v201
    assert said(V21, command) == v21


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_each_monitor_has_its_own_answer_in_the_order_asked(version: Version):
    """11 are asked in two calls; answers come in any order, one is missing, one call fails."""

    def station(action: str, request: Any) -> dict[str, Any] | Exception:
        asked = request["setMonitoringData"]
        if len(asked) == 1:
            return StationError("busy", "InternalError")
        results = [
            {key: each[key] for key in ("type", "severity", "component", "variable")}
            | ({"status": "Accepted", "id": 40 + each["severity"]} if each["severity"] else {"status": "Duplicate"})
            for each in asked
            if each["severity"] != 9
        ]
        return {"setMonitoringResult": results[::-1]}

    monitors = [NewMonitor(POWER, MonitorKind.DELTA, 1.0, severity) for severity in range(10)]
    answers = play(version, SetMonitors((*monitors, monitors[0])), station).outcome
    assert [answer.said for answer in answers] == ["Duplicate", *["Accepted"] * 8, "", "InternalError"]
    assert [answer.id for answer in answers] == [None, *range(41, 49), None, None]
    assert "left it out" in answers[9].reason


def test_monitors_are_cleared_each_by_itself():
    def station(action: str, request: Any) -> dict[str, Any]:
        return {"clearMonitoringResult": [{"id": 5, "status": "NotFound"}, {"id": 4, "status": "Accepted"}]}

    answers = play(V201, ClearMonitors((4, 5, 6)), station).outcome
    assert [(answer.id, answer.accepted, answer.said) for answer in answers] == [
        (4, Accepted.ACCEPTED, "Accepted"),
        (5, Accepted.REJECTED, "NotFound"),
        (6, Accepted.REJECTED, ""),
    ]


def test_the_streams_of_a_21_station_are_read():
    said = {"constantStreamData": [{"id": 3, "variableMonitoringId": 8, "params": {"interval": 10}}]}
    assert play(V21, ReadStreams(), always(said)).outcome == (Stream(3, 8, Pace(10)),)


def test_16_reports_some_settings_itself_and_says_what_it_has_no_key_for():
    command = ReportSome(9, parts=(Part("OCPPCommCtrlr", "HeartbeatInterval"),))
    played = play(V16, command, agreeable)
    assert played.outcome == Answer(Accepted.ACCEPTED, "Accepted")
    assert played.reports == [SettingsReported(9, 0, more=False, settings=(Setting(HEARTBEAT, "1"),))]
    none = play(V16, command, always({"unknownKey": ["HeartbeatInterval"]}))
    assert (none.outcome, none.reports) == (Answer(Accepted.REJECTED, "EmptyResultSet"), [])
    for part in (
        Part("EVSE", "Power"),
        Part("OCPPCommCtrlr"),
        Part("OCPPCommCtrlr", "HeartbeatInterval", place=Place(1)),
    ):
        with pytest.raises(NotInThisVersion):
            play(V16, ReportSome(9, parts=(part,)), agreeable)


def test_what_a_network_profile_cannot_say_is_refused_unsent():
    with pytest.raises(NotInThisVersion, match="Wired9"):
        play(V21, SetNetworkProfile(1, NetworkProfile("wss://a.example", 2, "Wired9", 30)), agreeable)
