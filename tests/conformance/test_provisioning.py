"""Provisioning, frame by frame: reports of settings, wanted settings, a boot that waits for them, network profiles."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness import Server, Station, until

ALL = pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
BOTH = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
AT = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
BEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
WANTED = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "60"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("provisioning") / "data") as running:
        yield running


async def asks(server: Server, path: str, body: dict[str, object], expected: int = 200) -> Any:
    def ask() -> Any:
        with server.api() as api:
            answer = api.post(path, json=body)
            assert answer.status_code == expected, answer.text
            return answer.json() if answer.content else None

    return await asyncio.to_thread(ask)


async def sees(server: Server, path: str) -> Any:
    return await asyncio.to_thread(server.ask, path)


async def connected(server: Server, kind: str, version: str) -> Station:
    station_id = f"{kind}-{version.removeprefix('ocpp')}"
    password = await asyncio.to_thread(server.add_station, station_id)
    return await Station.connect(server.ocpp, station_id, password, version)


async def boots(station: Station, version: str, vendor: str) -> dict[str, Any]:
    if version == "ocpp1.6":
        return await station.call("BootNotification", {"chargePointVendor": vendor, "chargePointModel": "One"})
    hardware = {"vendorName": vendor, "model": "One"}
    return await station.call("BootNotification", {"reason": "PowerUp", "chargingStation": hardware})


async def reads(station: Station, version: str, value: str) -> None:
    """It is asked for the setting, and says what it has."""
    if version == "ocpp1.6":
        entry = {"key": "HeartbeatInterval", "readonly": False, "value": value}
        asked = await station.answer("GetConfiguration", {"configurationKey": [entry]})
        assert asked == {"key": ["HeartbeatInterval"]}
    else:
        result = BEAT | {"attributeStatus": "Accepted", "attributeValue": value}
        assert await station.answer("GetVariables", {"getVariableResult": [result]}) == {"getVariableData": [BEAT]}


async def takes(station: Station, version: str, status: str) -> None:
    """It is told another value, and answers."""
    if version == "ocpp1.6":
        asked = await station.answer("ChangeConfiguration", {"status": status})
        assert asked == {"key": "HeartbeatInterval", "value": "60"}
    else:
        result = {"setVariableResult": [BEAT | {"attributeStatus": status}]}
        asked = await station.answer("SetVariables", result)
        assert asked == {"setVariableData": [BEAT | {"attributeValue": "60"}]}


@ALL
def test_a_station_is_pending_until_it_took_what_it_must_have(server: Server, version: str):
    """B02 of 2.x, §4.2 of 1.6: while Pending it is asked and set; then it is triggered to boot, and accepted."""

    async def story() -> None:
        vendor = f"Must{version}"
        body = {"name": vendor, "aim": {"vendor": vendor}, "settings": [WANTED], "before_accepted": True}
        await asks(server, "/setting-templates", body | {"when_refused": "hold_back"}, 201)
        station = await connected(server, "MUST", version)
        pending = await boots(station, version, vendor)
        assert pending["status"] == "Pending"
        if version != "ocpp1.6":
            assert "put right" in pending["statusInfo"]["additionalInfo"]
        await reads(station, version, "300")
        await takes(station, version, "Accepted")
        asked = await station.answer("TriggerMessage", {"status": "Accepted"})
        assert asked == {"requestedMessage": "BootNotification"}
        assert (await boots(station, version, vendor))["status"] == "Accepted"
        # After that it is compared again, and has what it is to have.
        await reads(station, version, "60")

        async def holds() -> bool:
            told = await sees(server, f"/stations/{station.id}/settings/wanted")
            return (told["verdict"], told["settings"][0]["standing"]) == ("passed", "holds")

        await until(holds)
        await station.close()

    asyncio.run(story())


@ALL
def test_a_station_that_refuses_is_told_why_and_let_in_by_hand(server: Server, version: str):
    async def story() -> None:
        vendor = f"Refuses{version}"
        body = {"name": vendor, "aim": {"vendor": vendor}, "settings": [WANTED], "before_accepted": True}
        await asks(server, "/setting-templates", body | {"when_refused": "hold_back"}, 201)
        station = await connected(server, "REFUSES", version)
        assert (await boots(station, version, vendor))["status"] == "Pending"
        await reads(station, version, "300")
        await takes(station, version, "Rejected")
        path = f"/stations/{station.id}/settings/wanted"

        async def judged() -> bool:
            return (await sees(server, path))["verdict"] == "held_back"

        await until(judged)

        async def says_why() -> bool:
            again = await boots(station, version, vendor)
            assert again["status"] == "Pending"
            return version == "ocpp1.6" or "HeartbeatInterval: Rejected" in again["statusInfo"]["additionalInfo"]

        await until(says_why)
        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/settings/waive", {}))
        await station.answer("TriggerMessage", {"status": "Accepted"})
        assert (await asked)["verdict"] == "waived"
        assert (await boots(station, version, vendor))["status"] == "Accepted"
        await station.close()

    asyncio.run(story())


@ALL
def test_some_settings_are_reported(server: Server, version: str):
    """GetReport of 2.x, GetConfiguration by keys of 1.6; what comes is known across stations."""

    async def story() -> None:
        station = await connected(server, "SOME", version)
        await boots(station, version, "Acme")
        body: dict[str, object] = {"parts": [{"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}]}
        path = f"/stations/{station.id}/settings/report-some"
        asked = asyncio.ensure_future(asks(server, path, body))
        if version == "ocpp1.6":
            await reads(station, version, "17")
            assert (await asked)["outcome"] == "accepted"
            await asks(server, path, {"criteria": ["Problem"]}, 409)
        else:
            request = await station.answer("GetReport", {"status": "Accepted"})
            number = (await asked)["report_id"]
            assert request == {"requestId": number, "componentVariable": [BEAT]}
            told = BEAT | {"variableAttribute": [{"value": "17"}]}
            report = {"requestId": number, "generatedAt": AT, "seqNo": 0, "reportData": [told]}
            assert await station.call("NotifyReport", report) == {}
            asked = asyncio.ensure_future(asks(server, path, {"criteria": ["Problem"]}))
            request = await station.answer("GetReport", {"status": "EmptyResultSet"})
            assert request["componentCriteria"] == ["Problem"]
            assert (await asked)["status"] == "EmptyResultSet"
        found = (await sees(server, "/settings?variable=HeartbeatInterval&value=17"))["items"]
        assert station.id in [each["station_id"] for each in found]
        await station.close()

    asyncio.run(story())


@BOTH
@pytest.mark.parametrize("status", ["Accepted", "Rejected", "Failed"])
def test_tc_b_42_to_44_a_network_profile_is_set_and_its_outcome_kept(server: Server, version: str, status: str):
    """OCA test cases TC_B_42 and TC_B_44, by their steps (Accepted, Failed); Rejected alike."""

    async def story() -> None:
        station = await connected(server, f"NET{status[0]}", version)
        await boots(station, version, "Acme")
        body: dict[str, object] = {
            "slot": 2,
            "url": "ws://csms.example.com/ocpp",
            "security_profile": 1,
            "message_timeout_s": 30,
        }
        path = f"/stations/{station.id}/network-profiles"
        asked = asyncio.ensure_future(asks(server, path, body))
        request = await station.answer("SetNetworkProfile", {"status": status})
        connection = {
            "messageTimeout": 30,
            "ocppCsmsUrl": "ws://csms.example.com/ocpp",
            "ocppInterface": "Wired0",
            "ocppTransport": "JSON",
            "securityProfile": 1,
        }
        if version == "ocpp2.0.1":
            connection["ocppVersion"] = "OCPP20"
        assert request == {"configurationSlot": 2, "connectionData": connection}
        assert (await asked)["status"] == status
        [kept] = await sees(server, path)
        assert (kept["said"], kept["accepted"]) == (status, status == "Accepted")
        await asks(server, path, body | {"security_profile": 0}, 409)
        await station.close()

    asyncio.run(story())
