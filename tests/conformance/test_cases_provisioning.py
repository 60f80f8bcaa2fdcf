"""The OCA's test cases of block B (provisioning) for a central system, by their ids, in 2.0.1 and 2.1.

Read in `AviranAbady/tzi-OCTT`, whose files quote each case: names, requirements, steps and what is checked (2.0.1/B);
those it has no file of (TC_B_30, TC_B_31) as `EVtivity/evtivity-csms` restates them for 2.1. TC_B_42 and TC_B_44 are in
`test_provisioning`.
"""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from cases import CARD, OF_2X, Bench, case, furnish, now
from harness import Server, Station, until

OFFLINE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
REMOTE = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "AuthorizeRemoteStart"}}
NAMES = {"OfflineThreshold": "OCPPCommCtrlr", "AuthorizeRemoteStart": "AuthCtrlr"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("provisioning") / "data") as running:
        furnish(running)
        wanted = {"component": "OCPPCommCtrlr", "variable": "OfflineThreshold", "value": "123"}
        body = {"name": STRICT, "aim": {"vendor": STRICT}, "settings": [wanted], "before_accepted": True}
        running.tell("/setting-templates", body | {"when_refused": "hold_back"})
        yield running


# ---- booting


@case(*OF_2X, boots=False)
async def test_TC_B_01_CSMS_a_cold_boot_is_accepted(bench: Bench):
    boot = await bench.boot()
    assert (boot["status"], boot["interval"] > 0, bool(boot["currentTime"])) == ("Accepted", True, True)
    await bench.status("Available")


STRICT = "Strict"


async def must_wait(bench: Bench) -> None:
    """Stations of this make are accepted when they have what they must have. It does not say that it has it."""
    assert (await bench.boot(vendor=STRICT))["status"] == "Pending"


@case(*OF_2X, boots=False)
async def test_TC_B_02_CSMS_a_cold_boot_is_pending_and_then_accepted(bench: Bench):
    """While it waits it may be asked and set (B02.FR.01), over the same connection (B02.FR.06)."""
    await must_wait(bench)
    heard = await bench.station.answer(
        "GetVariables", {"getVariableResult": [OFFLINE | {"attributeStatus": "Accepted", "attributeValue": "60"}]}
    )
    assert heard == {"getVariableData": [OFFLINE]}
    heard = await bench.station.answer(
        "SetVariables", {"setVariableResult": [OFFLINE | {"attributeStatus": "Accepted"}]}
    )
    assert heard == {"setVariableData": [OFFLINE | {"attributeValue": "123"}]}
    assert await bench.station.answer("TriggerMessage", {"status": "Accepted"}) == {
        "requestedMessage": "BootNotification"
    }
    assert (await bench.boot("Triggered", STRICT))["status"] == "Accepted"
    await bench.station.answer(
        "GetVariables", {"getVariableResult": [OFFLINE | {"attributeStatus": "Accepted", "attributeValue": "123"}]}
    )
    await bench.status("Available")


@case(*OF_2X, boots=False)
async def test_TC_B_30_CSMS_who_is_pending_may_not_speak(bench: Bench):
    """Anything but a BootNotification is answered with SecurityError."""
    await must_wait(bench)
    said = {"timestamp": now(), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    assert (await bench.station.call("StatusNotification", said, error=True))["code"] == "SecurityError"
    event = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Delta",
        "actualValue": "Available",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    told = {"generatedAt": now(), "seqNo": 0, "eventData": [event]}
    assert (await bench.station.call("NotifyEvent", told, error=True))["code"] == "SecurityError"
    has = OFFLINE | {"attributeStatus": "Accepted", "attributeValue": "60"}
    await bench.station.answer("GetVariables", {"getVariableResult": [has]})
    await bench.station.answer("SetVariables", {"setVariableResult": [OFFLINE | {"attributeStatus": "Rejected"}]})

    async def judged() -> bool:
        return (await bench.sees("settings/wanted"))["verdict"] == "held_back"

    await until(judged)


@case(*OF_2X, boots=False)
async def test_TC_B_31_CSMS_who_is_pending_is_asked_to_boot_again(bench: Bench):
    await must_wait(bench)
    has = OFFLINE | {"attributeStatus": "Accepted", "attributeValue": "60"}
    await bench.station.answer("GetVariables", {"getVariableResult": [has]})
    await bench.station.answer("SetVariables", {"setVariableResult": [OFFLINE | {"attributeStatus": "Rejected"}]})

    async def judged() -> bool:
        return (await bench.sees("settings/wanted"))["verdict"] == "held_back"

    await until(judged)
    heard, _ = await bench.asks("settings/waive", {}, "TriggerMessage", {"status": "Accepted"})
    assert heard == {"requestedMessage": "BootNotification"}
    assert (await bench.boot("Triggered", STRICT))["status"] == "Accepted"


# ---- variables


def asked(*variables: str) -> dict[str, Any]:
    return {"names": [{"component": NAMES[variable], "variable": variable} for variable in variables]}


def is_told(data: dict[str, Any], value: str) -> dict[str, Any]:
    return data | {"attributeStatus": "Accepted", "attributeValue": value}


@case(*OF_2X)
async def test_TC_B_06_CSMS_one_variable_is_got(bench: Bench):
    answer = {"getVariableResult": [is_told(OFFLINE, "60")]}
    heard, [said] = await bench.asks("settings/get", asked("OfflineThreshold"), "GetVariables", answer)
    assert heard == {"getVariableData": [OFFLINE]}
    assert (said["status"], said["setting"]["value"]) == ("accepted", "60")


@case(*OF_2X)
async def test_TC_B_07_CSMS_several_variables_are_got(bench: Bench):
    answer = {"getVariableResult": [is_told(REMOTE, "true"), is_told(OFFLINE, "60")]}
    body = asked("OfflineThreshold", "AuthorizeRemoteStart")
    heard, said = await bench.asks("settings/get", body, "GetVariables", answer)
    assert heard == {"getVariableData": [OFFLINE, REMOTE]}
    assert [each["setting"]["value"] for each in said] == ["60", "true"]


@case(*OF_2X)
async def test_TC_B_08_CSMS_no_more_variables_are_got_than_a_message_may_hold(bench: Bench):
    """B06.FR.05. Once the station has said that it is four, five are asked for in two messages."""

    def of(variable: str, instance: str) -> dict[str, Any]:
        return {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": variable, "instance": instance}}

    wanted = [
        of(name, instance)
        for name in ("ItemsPerMessage", "BytesPerMessage")
        for instance in ("GetReport", "GetVariables")
    ]
    names = [
        {
            "component": each["component"]["name"],
            "variable": each["variable"]["name"],
            "variable_instance": each["variable"]["instance"],
        }
        for each in wanted
    ]
    most = of("ItemsPerMessage", "GetVariables")
    answer = {"getVariableResult": [is_told(most, "4")]}
    await bench.asks("settings/get", {"names": [names[1]]}, "GetVariables", answer)
    body = {"names": [*names, *asked("AuthorizeRemoteStart")["names"]]}
    telling = asyncio.ensure_future(bench.tells("settings/get", body))
    first = await bench.station.answer("GetVariables", {"getVariableResult": [is_told(each, "4") for each in wanted]})
    second = await bench.station.answer("GetVariables", {"getVariableResult": [is_told(REMOTE, "true")]})
    assert (first["getVariableData"], second["getVariableData"]) == (wanted, [REMOTE])
    assert [each["setting"]["value"] for each in await telling] == ["4", "4", "4", "4", "true"]


@case(*OF_2X)
async def test_TC_B_09_CSMS_one_variable_is_set(bench: Bench):
    body = {"settings": [asked("OfflineThreshold")["names"][0] | {"value": "123"}]}
    answer = {"setVariableResult": [OFFLINE | {"attributeStatus": "Accepted"}]}
    heard, [said] = await bench.asks("settings", body, "SetVariables", answer)
    assert heard == {"setVariableData": [OFFLINE | {"attributeValue": "123"}]}
    assert said["status"] == "accepted"


@case(*OF_2X)
async def test_TC_B_10_CSMS_several_variables_are_set(bench: Bench):
    first, second = asked("OfflineThreshold", "AuthorizeRemoteStart")["names"]
    body = {"settings": [first | {"value": "123"}, second | {"value": "false"}]}
    answer = {
        "setVariableResult": [OFFLINE | {"attributeStatus": "Accepted"}, REMOTE | {"attributeStatus": "Accepted"}]
    }
    heard, said = await bench.asks("settings", body, "SetVariables", answer)
    assert heard["setVariableData"] == [OFFLINE | {"attributeValue": "123"}, REMOTE | {"attributeValue": "false"}]
    assert [each["status"] for each in said] == ["accepted", "accepted"]


async def reports(bench: Bench, base: str) -> None:
    heard, said = await bench.asks("settings/report", {"base": base}, "GetBaseReport", {"status": "Accepted"})
    assert heard == {"requestId": said["report_id"], "reportBase": base}
    assert heard["requestId"] >= 0
    attribute = {"type": "Actual", "value": "60", "mutability": "ReadWrite"}
    traits = {"dataType": "integer", "supportsMonitoring": True}
    entry = OFFLINE | {"variableAttribute": [attribute], "variableCharacteristics": traits}
    part = {"requestId": heard["requestId"], "generatedAt": now(), "seqNo": 0, "tbc": False, "reportData": [entry]}
    assert await bench.call("NotifyReport", part) == {}
    [found] = (await bench.sees("settings?q=OfflineThreshold"))["items"]
    assert (found["component"], found["value"]) == ("OCPPCommCtrlr", "60")


@case(*OF_2X)
async def test_TC_B_12_CSMS_a_configuration_inventory(bench: Bench):
    await reports(bench, "ConfigurationInventory")


@case(*OF_2X)
async def test_TC_B_13_CSMS_a_full_inventory(bench: Bench):
    await reports(bench, "FullInventory")


@case(*OF_2X)
async def test_TC_B_14_CSMS_a_summary_inventory(bench: Bench):
    await reports(bench, "SummaryInventory")


@case(*OF_2X)
async def test_TC_B_18_CSMS_a_custom_report(bench: Bench):
    """Of EVSE 1 among the components with a problem: nothing; among the available ones: its state."""
    where = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
    part = {"component": "EVSE", "variable": "AvailabilityState", "evse": 1}
    body = {"criteria": ["Problem"], "parts": [part]}
    heard, said = await bench.asks("settings/report-some", body, "GetReport", {"status": "EmptyResultSet"})
    assert heard == {"requestId": said["report_id"], "componentCriteria": ["Problem"], "componentVariable": [where]}
    body = {"criteria": ["Available"], "parts": [part]}
    heard, said = await bench.asks("settings/report-some", body, "GetReport", {"status": "Accepted"})
    assert (heard["componentCriteria"], heard["componentVariable"]) == (["Available"], [where])
    entry = where | {"variableAttribute": [{"value": "Available"}]}
    told = {"requestId": said["report_id"], "generatedAt": now(), "seqNo": 0, "reportData": [entry]}
    assert await bench.call("NotifyReport", told) == {}


# ---- resets


async def resets(bench: Bench, kind: str, status: str = "Accepted", evse: int | None = None) -> None:
    heard, said = await bench.asks("reset", {"kind": kind, "evse": evse}, "Reset", {"status": status})
    assert heard == {"type": kind} | ({} if evse is None else {"evseId": evse})
    assert said["status"] == status


@case(*OF_2X)
async def test_TC_B_20_CSMS_a_reset_without_a_transaction(bench: Bench):
    await resets(bench, "OnIdle")
    await bench.reconnects()
    await bench.boots("RemoteReset")


@case(*OF_2X)
async def test_TC_B_21_CSMS_a_reset_when_the_transaction_is_over(bench: Bench):
    await bench.charges()
    await resets(bench, "OnIdle", "Scheduled")
    await ends_by_itself(bench)
    await bench.reconnects()
    await bench.boots("ScheduledReset")


async def ends_by_itself(bench: Bench) -> None:
    answer = await bench.event("Updated", "StopAuthorized", "EVConnected", CARD)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await bench.event("Ended", "EVCommunicationLost", "Idle", info={"stoppedReason": "EVDisconnected"})
    assert (await bench.transaction())["ended_at"] is not None


@case(*OF_2X)
async def test_TC_B_22_CSMS_a_reset_at_once_ends_the_transaction(bench: Bench):
    await bench.charges()
    await resets(bench, "Immediate")
    await bench.event("Ended", "ResetCommand", info={"stoppedReason": "ImmediateReset"})
    await bench.reconnects()
    await bench.boots("RemoteReset", word="Occupied")
    assert (await bench.transaction())["stop_reason"] == "ImmediateReset"


@case(*OF_2X)
async def test_TC_B_25_CSMS_an_evse_is_reset(bench: Bench):
    await resets(bench, "OnIdle", evse=1)


@case(*OF_2X)
async def test_TC_B_26_CSMS_an_evse_is_reset_when_the_transaction_is_over(bench: Bench):
    await bench.charges()
    await resets(bench, "OnIdle", "Scheduled", evse=1)
    await ends_by_itself(bench)


@case(*OF_2X)
async def test_TC_B_27_CSMS_an_evse_is_reset_at_once(bench: Bench):
    await bench.charges()
    await resets(bench, "Immediate", evse=1)
    await bench.event("Ended", "ResetCommand", info={"stoppedReason": "ImmediateReset"})
    assert (await bench.transaction())["stop_reason"] == "ImmediateReset"


@case(*OF_2X)
async def test_TC_B_58_CSMS_the_subprotocol_is_negotiated(bench: Bench):
    """One that is unknown is not spoken: the handshake ends without it, and the connection at once after it; of
    several, the known one is taken."""
    await bench.station.close()
    strange = await Station.connect(bench.server.ocpp, bench.station.id, bench.password, "ocpp0.1")
    assert strange.socket.subprotocol is None
    await strange.closed()
    told = base64.b64encode(f"{bench.station.id}:{bench.password}".encode()).decode()
    socket = await websockets.connect(
        f"{bench.server.ocpp}/{bench.station.id}",
        subprotocols=[websockets.Subprotocol("ocpp0.1"), websockets.Subprotocol(bench.version)],
        additional_headers={"Authorization": f"Basic {told}"},
        compression=None,
    )
    assert socket.subprotocol == bench.version
    bench.station = Station(bench.station.id, socket)
    await bench.boots()
