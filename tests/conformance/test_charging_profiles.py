"""Smart charging, frame by frame, in every version that has it: profiles set, reported, cleared, updated and reckoned;
limits of others, needs, priority; controls towards the grid and battery swaps.

Use cases as summarised in the ocpp.md catalogue of OCPP 2.1 (K01, K05, K08 to K13, K15, K21, K28, Q02, R04, R05, S02).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness import Server, Station, until

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
ALL = pytest.mark.parametrize("version", [V16, V201, V21])
OF_2X = pytest.mark.parametrize("version", [V201, V21])
FLAT = {"unit": "A", "periods": [{"start_s": 0, "limit": 16}, {"start_s": 600, "limit": 6.5, "phases": 1}]}
PERIODS = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 600, "limit": 6.5, "numberPhases": 1}]
TRANSACTION = "4f1f9d0b-2c3e"
Story = Callable[["Bench"], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("charging") / "data") as running:
        yield running


class Bench:
    """A station of a version, booted, and the API beside it."""

    def __init__(self, server: Server, station: Station, version: str) -> None:
        self.server, self.station, self.version = server, station, version

    @property
    def path(self) -> str:
        return f"/stations/{self.station.id}"

    async def asks(self, path: str, body: dict[str, Any], action: str, answer: dict[str, Any]) -> tuple[Any, Any]:
        """What the station hears when somebody asks for that, and what they are told once it has answered."""
        asked = asyncio.ensure_future(asyncio.to_thread(self.server.tell, path, body))
        heard = await self.station.answer(action, answer)
        return heard, await asked

    async def starts(self) -> str:
        """A transaction at EVSE 1; its id."""
        now = datetime.now(UTC).isoformat()
        if self.version == V16:
            start = {"connectorId": 1, "idTag": "ANY", "meterStart": 0, "timestamp": now}
            return str((await self.station.call("StartTransaction", start))["transactionId"])
        event = {
            "eventType": "Started",
            "timestamp": now,
            "triggerReason": "CablePluggedIn",
            "seqNo": 0,
            "transactionInfo": {"transactionId": TRANSACTION},
            "evse": {"id": 1, "connectorId": 1},
        }
        await self.station.call("TransactionEvent", event)
        return TRANSACTION

    def kept(self) -> dict[int, Any]:
        found = self.server.ask(f"/charging-profiles?station_id={self.station.id}")["items"]
        return {each["profile"]["id"]: each for each in reversed(found)}


def play(server: Server, name: str, version: str, story: Story) -> None:
    async def whole() -> None:
        station_id = f"{name}-{version.removeprefix('ocpp')}"
        station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
        assert (await station.boot())["status"] == "Accepted"
        await story(Bench(server, station, version))
        await station.close()

    asyncio.run(whole())


@ALL
def test_a_default_is_set_replaced_and_cleared(server: Server, version: str):
    """K01, K10."""

    async def story(bench: Bench) -> None:
        profile = {
            "id": 7,
            "purpose": "TxDefaultProfile",
            "kind": "Recurring",
            "recurrence": "Daily",
            "stack_level": 1,
            "schedules": [FLAT | {"starts_at": "2030-01-01T08:00:00Z", "duration_s": 3600}],
        }
        wanted = {"evse": 0, "profile": profile}
        heard, made = await bench.asks(
            f"{bench.path}/charging-profiles", wanted, "SetChargingProfile", {"status": "Accepted"}
        )
        schedule = {
            "startSchedule": "2030-01-01T08:00:00.000Z",
            "duration": 3600,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": PERIODS,
        }
        common = {
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Recurring",
            "recurrencyKind": "Daily",
        }
        if version == V16:
            assert heard == {
                "connectorId": 0,
                "csChargingProfiles": common | {"chargingProfileId": 7, "chargingSchedule": schedule},
            }
        else:
            assert heard == {
                "evseId": 0,
                "chargingProfile": common | {"id": 7, "chargingSchedule": [schedule | {"id": 1}]},
            }
        assert made["profile"]["state"] == "installed"

        profile = profile | {"id": 8}
        await bench.asks(
            f"{bench.path}/charging-profiles",
            wanted | {"profile": profile},
            "SetChargingProfile",
            {"status": "Rejected"},
        )
        assert {number: each["state"] for number, each in bench.kept().items()} == {7: "installed", 8: "refused"}
        criteria = {"evse": 0, "purpose": "TxDefaultProfile", "stack_level": 1}
        heard, _ = await bench.asks(
            f"{bench.path}/charging-profiles/clear", criteria, "ClearChargingProfile", {"status": "Accepted"}
        )
        if version == V16:
            assert heard == {"connectorId": 0, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}
        else:
            assert heard == {
                "chargingProfileCriteria": {
                    "evseId": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "stackLevel": 1,
                }
            }
        assert {number: each["state"] for number, each in bench.kept().items()} == {7: "cleared", 8: "refused"}

    play(server, "DEF", version, story)


@ALL
def test_a_profile_for_a_running_transaction_and_what_the_station_makes_of_it(server: Server, version: str):
    """K01, K08."""

    async def story(bench: Bench) -> None:
        transaction_id = await bench.starts()
        profile = {
            "purpose": "TxProfile",
            "kind": "Relative",
            "transaction_id": transaction_id,
            "schedules": [FLAT],
        }
        heard, made = await bench.asks(
            f"{bench.path}/charging-profiles", {"profile": profile}, "SetChargingProfile", {"status": "Accepted"}
        )
        assert (made["profile"]["evse"], made["profile"]["transaction_id"]) == (1, transaction_id)
        if version == V16:
            assert (heard["connectorId"], heard["csChargingProfiles"]["transactionId"]) == (1, int(transaction_id))
        else:
            assert (heard["evseId"], heard["chargingProfile"]["transactionId"]) == (1, transaction_id)

        reckoned = server.ask(f"{bench.path}/composite?evse=1&duration_s=900")["spans"]
        assert [(each["limit_w"], each["limit_a"], each["phases"]) for each in reckoned] == [
            (16 * 690, 16, 3),
            (6.5 * 230, 6.5, 1),
        ]
        inner = {"duration": 900, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}
        start = "2030-01-01T08:00:00Z"
        if version == V16:
            answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": start, "chargingSchedule": inner}
        else:
            answer = {"status": "Accepted", "schedule": inner | {"evseId": 1, "scheduleStart": start}}
        wanted = {"evse": 1, "duration_s": 900, "unit": "A"}
        heard, said = await bench.asks(f"{bench.path}/composite-schedule", wanted, "GetCompositeSchedule", answer)
        where = "connectorId" if version == V16 else "evseId"
        assert heard == {where: 1, "duration": 900, "chargingRateUnit": "A"}
        assert [each["limit"] for each in said["schedule"]["periods"]] == [16, 6.5]

        now = datetime.now(UTC).isoformat()
        if version == V16:
            stop = {"transactionId": int(transaction_id), "meterStop": 10, "timestamp": now}
            await bench.station.call("StopTransaction", stop)
        else:
            event = {
                "eventType": "Ended",
                "timestamp": now,
                "triggerReason": "EVDeparted",
                "seqNo": 1,
                "transactionInfo": {"transactionId": transaction_id, "stoppedReason": "EVDisconnected"},
            }
            await bench.station.call("TransactionEvent", event)
        assert server.ask(f"{bench.path}/composite?evse=1")["spans"][0]["limit_w"] is None

    play(server, "TX", version, story)


@ALL
def test_a_start_takes_a_profile_along(server: Server, version: str):
    """K05."""

    async def story(bench: Bench) -> None:
        body = {"token": {"value": "ANY", "kind": "Central"}, "evse": 1, "profile": {"id": 11, "schedules": [FLAT]}}
        action = "RemoteStartTransaction" if version == V16 else "RequestStartTransaction"
        heard, _ = await bench.asks(f"{bench.path}/start", body, action, {"status": "Accepted"})
        profile = heard["chargingProfile"]
        assert profile["chargingProfilePurpose"] == "TxProfile"
        assert "transactionId" not in profile
        assert profile["chargingProfileId" if version == V16 else "id"] == 11
        await until(lambda: 11 in bench.kept())
        assert bench.kept()[11]["state"] == "installed"

    play(server, "START", version, story)


@OF_2X
def test_profiles_are_reported_in_parts_and_what_is_missing_is_gone(server: Server, version: str):
    """K09."""

    async def story(bench: Bench) -> None:
        for number in (1, 2):
            profile = {
                "id": number,
                "purpose": "TxDefaultProfile",
                "kind": "Relative",
                "stack_level": number,
                "schedules": [FLAT],
            }
            await bench.asks(
                f"{bench.path}/charging-profiles",
                {"evse": 1, "profile": profile},
                "SetChargingProfile",
                {"status": "Accepted"},
            )
        heard, said = await bench.asks(
            f"{bench.path}/charging-profiles/report", {}, "GetChargingProfiles", {"status": "Accepted"}
        )
        assert heard == {"requestId": said["request_id"], "chargingProfile": {}}
        one = {
            "id": 1,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}],
        }
        report = {"requestId": said["request_id"], "chargingLimitSource": "CSO", "evseId": 1}
        assert (
            await bench.station.call("ReportChargingProfiles", report | {"tbc": True, "chargingProfile": [one]}) == {}
        )
        assert bench.kept()[2]["state"] == "installed"
        grid = one | {"id": -3, "chargingProfilePurpose": "ChargingStationExternalConstraints"}
        report |= {"chargingLimitSource": "EMS", "evseId": 0, "chargingProfile": [grid]}
        assert await bench.station.call("ReportChargingProfiles", report) == {}
        kept = bench.kept()
        assert {number: each["state"] for number, each in kept.items()} == {1: "installed", 2: "gone", -3: "installed"}
        assert (kept[1]["reported"], kept[-3]["source"]) == (None, "EMS")

    play(server, "REP", version, story)


@OF_2X
def test_limits_that_others_impose_come_and_go(server: Server, version: str):
    """K11 to K13."""

    async def story(bench: Bench) -> None:
        schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}]}
        limit = {
            "chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": True},
            "chargingSchedule": [schedule],
        }
        assert await bench.station.call("NotifyChargingLimit", limit) == {}
        [found] = server.ask(f"{bench.path}/charging-limits")
        assert (found["evse"], found["source"], found["grid_critical"]) == (0, "EMS", True)
        assert server.ask(f"{bench.path}/composite")["spans"][0]["limit_w"] == 5000
        assert await bench.station.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == {}
        assert server.ask(f"{bench.path}/charging-limits") == []

    play(server, "LIM", version, story)


@OF_2X
def test_needs_are_answered_by_what_the_version_can_say(server: Server, version: str):
    """K15."""

    async def story(bench: Bench) -> None:
        transaction_id = await bench.starts()
        needs = {
            "evseId": 1,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_three_phase",
                "acChargingParameters": {
                    "energyAmount": 20000,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 16,
                    "evMaxVoltage": 400,
                },
            },
        }
        answer = await bench.station.call("NotifyEVChargingNeeds", needs)
        assert answer == {"status": "Processing" if version == V201 else "NoChargingProfile"}
        profile = {
            "purpose": "TxProfile",
            "kind": "Relative",
            "transaction_id": transaction_id,
            "schedules": [FLAT],
        }
        await bench.asks(
            f"{bench.path}/charging-profiles", {"profile": profile}, "SetChargingProfile", {"status": "Accepted"}
        )
        assert await bench.station.call("NotifyEVChargingNeeds", needs) == {"status": "Accepted"}
        schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4000}]}
        own = {"timeBase": datetime.now(UTC).isoformat(), "evseId": 1, "chargingSchedule": schedule}
        assert await bench.station.call("NotifyEVChargingSchedule", own) == {"status": "Accepted"}
        found = server.ask(f"/transactions/{bench.station.id}/{transaction_id}/charging")
        assert found["needs"]["ac"]["energy_wh"] == 20000
        assert (found["answer"], found["schedule"]["periods"][0]["limit"]) == ("Accepted", 4000)

    play(server, "NEED", version, story)


def test_a_dynamic_profile_is_pushed_and_pulled(server: Server):
    """K28."""

    async def story(bench: Bench) -> None:
        transaction_id = await bench.starts()
        period = {"start_s": 0, "limit": 7000, "setpoint": -2000, "discharge_limit": -5000, "mode": "CentralSetpoint"}
        profile = {
            "id": 21,
            "purpose": "TxProfile",
            "kind": "Dynamic",
            "transaction_id": transaction_id,
            "schedules": [{"unit": "W", "periods": [period]}],
        }
        heard, _ = await bench.asks(
            f"{bench.path}/charging-profiles", {"profile": profile}, "SetChargingProfile", {"status": "Accepted"}
        )
        assert heard["chargingProfile"]["chargingProfileKind"] == "Dynamic"
        [period] = heard["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert period == {
            "startPeriod": 0,
            "limit": 7000,
            "setpoint": -2000,
            "dischargeLimit": -5000,
            "operationMode": "CentralSetpoint",
        }
        heard, _ = await bench.asks(
            f"{bench.path}/charging-profiles/21/update",
            {"setpoint": 3000},
            "UpdateDynamicSchedule",
            {"status": "Accepted"},
        )
        assert heard == {"chargingProfileId": 21, "scheduleUpdate": {"setpoint": 3000}}
        answer = await bench.station.call("PullDynamicScheduleUpdate", {"chargingProfileId": 21})
        assert answer == {
            "status": "Accepted",
            "scheduleUpdate": {"limit": 7000, "setpoint": 3000, "dischargeLimit": -5000},
        }
        refused = await bench.station.call("PullDynamicScheduleUpdate", {"chargingProfileId": 99})
        assert (refused["status"], "99" in refused["statusInfo"]["additionalInfo"]) == ("Rejected", True)

    play(server, "DYN", V21, story)


def test_priority_transfer_and_the_signal_for_reserve(server: Server):
    """K21, Q02."""

    async def story(bench: Bench) -> None:
        transaction_id = await bench.starts()
        path = f"/transactions/{bench.station.id}/{transaction_id}"
        heard, said = await bench.asks(
            f"{path}/priority", {"active": True}, "UsePriorityCharging", {"status": "NoProfile"}
        )
        assert heard == {"transactionId": transaction_id, "activate": True}
        assert (said["outcome"], said["status"]) == ("rejected", "NoProfile")
        told = {"transactionId": transaction_id, "activated": True}
        assert await bench.station.call("NotifyPriorityCharging", told) == {}
        heard, _ = await bench.asks(
            f"{path}/allowed-transfer",
            {"transfers": ["DC", "DC_BPT"]},
            "NotifyAllowedEnergyTransfer",
            {"status": "Accepted"},
        )
        assert heard == {"transactionId": transaction_id, "allowedEnergyTransfer": ["DC", "DC_BPT"]}
        found = server.ask(f"{path}/charging")
        assert (found["priority"], found["allowed"]) == (True, ["DC", "DC_BPT"])
        needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_single_phase"}}
        assert (await bench.station.call("NotifyEVChargingNeeds", needs))["status"] == "Rejected"
        signal = {"signal": 2, "at": "2030-01-01T00:00:00Z"}
        heard, _ = await bench.asks(f"{bench.path}/afrr-signal", signal, "AFRRSignal", {"status": "Accepted"})
        assert heard == {"signal": 2, "timestamp": "2030-01-01T00:00:00.000Z"}

    play(server, "PRIO", V21, story)


def test_controls_towards_the_grid(server: Server):
    """R04, R05."""

    async def story(bench: Bench) -> None:
        path = f"{bench.path}/der-controls"
        control = {
            "id": "vv-1",
            "kind": "VoltVar",
            "priority": 1,
            "default": False,
            "starts_at": "2030-01-01T00:00:00Z",
            "duration_s": 900,
            "curve": {"points": [[207, 30], [253, -30]], "y_unit": "PctMaxVar"},
        }
        accepted = {"status": "Accepted", "supersededIds": ["old"]}
        heard, said = await bench.asks(path, control, "SetDERControl", accepted)
        curve = {
            "curveData": [{"x": 207, "y": 30}, {"x": 253, "y": -30}],
            "yUnit": "PctMaxVar",
            "priority": 1,
            "startTime": "2030-01-01T00:00:00.000Z",
            "duration": 900,
        }
        assert heard == {"isDefault": False, "controlId": "vv-1", "controlType": "VoltVar", "curve": curve}
        assert (said["control"]["state"], said["superseded"]) == ("held", ["old"])
        now = datetime.now(UTC).isoformat()
        switched = {"controlId": "vv-1", "started": True, "timestamp": now}
        assert await bench.station.call("NotifyDERStartStop", switched) == {}
        assert server.ask(path)[0]["state"] == "active"

        heard, said = await bench.asks(f"{path}/report", {}, "GetDERControl", {"status": "Accepted"})
        assert heard == {"requestId": said["request_id"]}
        droop = {
            "id": "fd-1",
            "isDefault": True,
            "isSuperseded": False,
            "freqDroop": {
                "priority": 0,
                "overFreq": 50.2,
                "underFreq": 49.8,
                "overDroop": 5,
                "underDroop": 5,
                "responseTime": 2,
            },
        }
        report = {"requestId": said["request_id"], "freqDroop": [droop]}
        assert await bench.station.call("ReportDERControl", report) == {}
        assert [(each["id"], each["state"]) for each in server.ask(f"{path}?past=true")] == [
            ("fd-1", "held"),
            ("vv-1", "gone"),
        ]
        cleared = {"default": True, "kind": "FreqDroop"}
        heard, _ = await bench.asks(f"{path}/clear", cleared, "ClearDERControl", {"status": "Accepted"})
        assert heard == {"isDefault": True, "controlType": "FreqDroop"}

        alarm = {"controlType": "HFMustTrip", "timestamp": now, "gridEventFault": "OverFrequency"}
        assert await bench.station.call("NotifyDERAlarm", alarm) == {}
        [found] = server.ask(f"/der-alarms?station_id={bench.station.id}")["items"]
        assert (found["fault"], found["ended_at"]) == ("OverFrequency", None)
        assert await bench.station.call("NotifyDERAlarm", alarm | {"alarmEnded": True}) == {}
        assert server.ask(f"/der-alarms?station_id={bench.station.id}&going_on=true")["items"] == []

    play(server, "DER", V21, story)


def test_a_battery_is_swapped(server: Server):
    """S02, S03."""

    async def story(bench: Bench) -> None:
        token = {"value": "04A1B2", "kind": "ISO14443"}
        heard, said = await bench.asks(
            f"{bench.path}/battery-swaps", {"token": token}, "RequestBatterySwap", {"status": "Accepted"}
        )
        number = said["swap"]["request_id"]
        wire = {"idToken": "04A1B2", "type": "ISO14443"}
        assert heard == {"requestId": number, "idToken": wire}
        for step, serial, soc in (("BatteryIn", "B-1", 8), ("BatteryOut", "B-2", 97.5)):
            battery = {"evseId": 1, "serialNumber": serial, "soC": soc, "soH": 90}
            told = {"requestId": number, "eventType": step, "idToken": wire, "batteryData": [battery]}
            assert await bench.station.call("BatterySwap", told) == {}
        found = server.ask(f"{bench.path}/battery-swaps/{number}")
        assert (found["state"], [each["serial"] for each in found["moves"]]) == ("done", ["B-1", "B-2"])

    play(server, "SWAP", V21, story)


@pytest.mark.parametrize(
    ("path", "body", "versions"),
    [
        ("charging-profiles/report", {}, [V16]),
        ("afrr-signal", {"signal": 1}, [V16, V201]),
        ("battery-swaps", {"token": {"value": "A"}}, [V16, V201]),
        ("der-controls/clear", {"default": True}, [V16, V201]),
        (
            "charging-profiles",
            {"evse": 0, "profile": {"purpose": "LocalGeneration", "schedules": [FLAT]}},
            [V16, V201],
        ),
    ],
)
def test_what_a_version_cannot_say_is_refused_in_words(
    server: Server, path: str, body: dict[str, Any], versions: list[str]
):
    for version in versions:

        async def story(bench: Bench) -> None:
            with server.api() as api:
                answer = await asyncio.to_thread(api.post, f"{bench.path}/{path}", json=body)
            assert answer.status_code == 409, answer.text
            assert "1.6" in answer.text or "2.0.1" in answer.text

        play(server, f"NOT-{path.replace('/', '-')}", version, story)


def test_what_was_asked_is_in_the_audit_log(server: Server):
    texts = json.dumps(server.ask("/audit?limit=500"))
    for name in ("set_charging_profile", "use_priority_charging", "set_der_control", "request_battery_swap"):
        assert f"station.{name}" in texts
