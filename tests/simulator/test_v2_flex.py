"""What 2.x stations make of smart charging beyond plain profiles: every payload is judged by the standard's schema."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from voltloom.simulator import SimulatedStation
from voltloom.simulator.fleet import OutletPlan
from voltloom.simulator.v2_flex import NEW_IN_21
from voltloom.simulator.words import Refused

DC = OutletPlan(150_000, 0, 400, "cCCS2")
ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def told(a_csms):
    """Runs story(csms, station) with a booted station of 2.1."""

    def run(story, version="2.1", **more):
        async def told():
            async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", version, **more) as station:
                await station.boot()
                await story(csms, station)

        asyncio.run(told())

    return run


def profile(number, purpose, kind="Absolute", level=0, duration=None, more=None, **period):
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0} | period]}
    if kind == "Absolute":
        schedule["startSchedule"] = "2020-01-01T00:00:00Z"
    if duration:
        schedule["duration"] = duration
    return {
        "id": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    } | (more or {})


async def install(csms, said, evse=1):
    return (await csms.call("SetChargingProfile", {"evseId": evse, "chargingProfile": said}))["status"]


async def draws(station, watts):
    """The vehicle really does."""
    await station.until(lambda: station.machine.evse(1).flow().power_w == pytest.approx(watts))


def test_priority_takes_the_place_of_the_transactions_own_profile_until_it_ends(told):
    async def story(csms, station):
        tx = await station.start()
        asked = {"transactionId": tx.id, "activate": True}
        assert await csms.call("UsePriorityCharging", asked) == {"status": "NoProfile"}
        assert await install(csms, profile(1, "TxProfile", limit=20_000, more={"transactionId": tx.id})) == "Accepted"
        assert await install(csms, profile(2, "PriorityCharging", limit=60_000)) == "Accepted"
        await draws(station, 20_000)
        assert await csms.call("UsePriorityCharging", asked) == ACCEPTED
        assert await csms.until_of("NotifyPriorityCharging") == {"transactionId": tx.id, "activated": True}
        await draws(station, 60_000)
        assert await csms.call("UsePriorityCharging", asked | {"activate": False}) == ACCEPTED
        await draws(station, 20_000)
        assert await csms.call("UsePriorityCharging", asked | {"transactionId": "x"}) == {"status": "Rejected"}
        await station.stop(tx)
        assert 1 not in station.machine.memory.profiles

    told(story, outlet=DC)


def test_a_dynamic_profile_is_updated_and_runs_out(told):
    async def story(csms, station):
        tx = await station.start()
        own = profile(1, "TxProfile", "Dynamic", duration=60, limit=50_000, more={"transactionId": tx.id})
        assert await install(csms, own) == "Accepted"
        assert await install(csms, profile(2, "TxDefaultProfile", limit=10_000)) == "Accepted"
        await draws(station, 50_000)
        update = {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": 30_000}}
        assert await csms.call("UpdateDynamicSchedule", update) == ACCEPTED
        await draws(station, 30_000)
        update["scheduleUpdate"] = {"setpoint": -5_000, "dischargeLimit": -5_000}
        assert await csms.call("UpdateDynamicSchedule", update) == ACCEPTED
        await station.until(lambda: station.machine.evse(1).flow().power_w == 0)
        assert await csms.call("UpdateDynamicSchedule", update | {"chargingProfileId": 2}) == {"status": "Rejected"}
        station.let_pass(61)
        await draws(station, 10_000)

    told(story, outlet=DC)


def test_a_station_asks_for_the_rates_of_a_dynamic_profile_as_often_as_it_is_told(told):
    async def story(csms, station):
        csms.answers["PullDynamicScheduleUpdate"] = ACCEPTED | {"scheduleUpdate": {"limit": 25_000}}
        tx = await station.start()
        more = {"transactionId": tx.id, "dynUpdateInterval": 30}
        assert await install(csms, profile(1, "TxProfile", "Dynamic", limit=50_000, more=more)) == "Accepted"
        await draws(station, 50_000)
        station.let_pass(31)
        assert await csms.until_of("PullDynamicScheduleUpdate") == {"chargingProfileId": 1}
        await draws(station, 25_000)
        assert await csms.call("ClearChargingProfile", {"chargingProfileId": 1}) == ACCEPTED
        station.let_pass(31)
        await station.flush()
        assert len(csms.of("PullDynamicScheduleUpdate")) == 1

    told(story, outlet=DC)


def test_an_idle_period_stops_the_flow_and_what_is_generated_comes_on_top(told):
    async def story(csms, station):
        await station.start()
        assert await install(csms, profile(1, "TxDefaultProfile", limit=20_000)) == "Accepted"
        assert await install(csms, profile(2, "LocalGeneration", limit=5_000), evse=0) == "Accepted"
        await draws(station, 25_000)
        assert await install(csms, profile(3, "TxDefaultProfile", level=1, operationMode="Idle")) == "Accepted"
        await draws(station, 5_000)
        refused = profile(4, "ChargingStationExternalConstraints", limit=1)
        assert await install(csms, refused, evse=0) == "Rejected"

    told(story, outlet=DC)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_an_energy_manager_limits_the_station_which_tells_of_it(told, version):
    async def story(csms, station):
        flex = station.machine.speech.flex
        await station.start()
        flex.impose(15_000)
        station.wire.pump()
        limit = await csms.until_of("NotifyChargingLimit")
        assert (limit["chargingLimit"]["chargingLimitSource"], limit["evseId"]) == ("EMS", 0)
        await draws(station, 15_000)
        asked = {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["EMS"]}}
        assert await csms.call("GetChargingProfiles", asked) == ACCEPTED
        report = await csms.until_of("ReportChargingProfiles")
        assert report["chargingLimitSource"] == "EMS"
        assert report["chargingProfile"][0]["id"] < 0
        flex.release()
        station.wire.pump()
        assert await csms.until_of("ClearedChargingLimit") == {"chargingLimitSource": "EMS"}
        await station.until(lambda: station.machine.evse(1).flow().power_w > 15_000)

    told(story, version, outlet=DC)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(("outlet", "transfer"), [(DC, "DC"), (OutletPlan(11_040, 3, 16, "cType2"), "AC_three_phase")])
def test_what_the_car_needs_is_told(told, version, outlet, transfer):
    async def story(csms, station):
        csms.answers["NotifyEVChargingNeeds"] = {"status": "Processing"}
        machine = station.machine
        assert machine.speech.flex.needs(machine.evse(1)) is None
        await station.start()
        machine.post(machine.speech.flex.needs(machine.evse(1)))
        station.wire.pump()
        needs = (await csms.until_of("NotifyEVChargingNeeds"))["chargingNeeds"]
        assert needs["requestedEnergyTransfer"] == transfer

    told(story, version, outlet=outlet)


def test_what_201_does_not_know_it_does_not_answer(told):
    async def story(_, station):
        for action in NEW_IN_21:
            assert isinstance(station.machine.heard(action, {}), Refused)

    told(story, "2.0.1")


def control(name, kind="VoltVar", default=True, priority=1, **timed):
    curve = {"curveData": [{"x": 1, "y": 2}], "yUnit": "PctMaxVar", "priority": priority} | timed
    return {"controlId": name, "controlType": kind, "isDefault": default, "curve": curve}


def test_controls_are_held_superseded_reported_and_cleared(told):
    async def story(csms, _):
        assert await csms.call("SetDERControl", control("a")) == ACCEPTED
        better = await csms.call("SetDERControl", control("b", priority=0))
        assert better == ACCEPTED | {"supersededIds": ["a"]}
        worse = await csms.call("SetDERControl", control("c", priority=2))
        assert worse == ACCEPTED | {"supersededIds": ["c"]}
        gradients = {
            "controlId": "g",
            "controlType": "Gradients",
            "isDefault": True,
            "gradient": {"priority": 0, "gradient": 1, "softGradient": 2},
        }
        assert await csms.call("SetDERControl", gradients) == ACCEPTED
        assert await csms.call("SetDERControl", gradients | {"isDefault": False}) == {"status": "Rejected"}
        assert await csms.call("SetDERControl", gradients | {"controlType": "VoltVar"}) == {"status": "Rejected"}
        timed = control("t", startTime="2030-01-01T00:00:00Z", duration=1)
        assert await csms.call("SetDERControl", timed) == {"status": "Rejected"}
        assert await csms.call("GetDERControl", {"requestId": 5}) == ACCEPTED
        await csms.until_of("ReportDERControl", 4)
        reports = csms.of("ReportDERControl")
        assert [each["tbc"] for each in reports] == [True, True, True, False]
        held = {each["curve"][0]["id"]: each["curve"][0]["isSuperseded"] for each in reports if "curve" in each}
        assert held == {"a": True, "b": False, "c": True}
        asked = {"isDefault": True, "controlType": "VoltVar"}
        assert await csms.call("ClearDERControl", asked) == ACCEPTED
        assert await csms.call("ClearDERControl", asked) == {"status": "NotFound"}
        assert await csms.call("GetDERControl", {"requestId": 6, "controlId": "a"}) == {"status": "NotFound"}

    told(story)


def test_a_control_with_a_time_starts_stops_and_is_forgotten(told):
    async def story(csms, station):
        soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
        timed = control("t", default=False, startTime=soon, duration=30)
        assert await csms.call("SetDERControl", timed) == ACCEPTED
        station.let_pass(21)
        started = await csms.until_of("NotifyDERStartStop")
        assert (started["controlId"], started["started"]) == ("t", True)
        station.let_pass(31)
        assert (await csms.until_of("NotifyDERStartStop", 2))["started"] is False
        assert await csms.call("GetDERControl", {"requestId": 5}) == {"status": "NotFound"}
        flex = station.machine.speech.flex
        flex.alarm("HFMustTrip", "OverFrequency")
        flex.alarm("HFMustTrip", "OverFrequency", ended=True)
        station.wire.pump()
        assert (await csms.until_of("NotifyDERAlarm", 2))["alarmEnded"] is True

    told(story)


def test_the_signal_for_reserve_needs_a_curve(told):
    async def story(csms, station):
        signal = {"signal": 1, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        assert await csms.call("AFRRSignal", signal) == {"status": "Rejected"}
        curve = [{"signal": 0, "power": 0}, {"signal": 1, "power": 5000}]
        said = profile(1, "TxDefaultProfile", operationMode="LocalFrequency", v2xSignalWattCurve=curve)
        assert await install(csms, said) == "Accepted"
        assert await csms.call("AFRRSignal", signal) == ACCEPTED
        tx = await station.start()
        allowed = {"transactionId": tx.id, "allowedEnergyTransfer": ["DC"]}
        assert await csms.call("NotifyAllowedEnergyTransfer", allowed) == ACCEPTED
        assert await csms.call("NotifyAllowedEnergyTransfer", allowed | {"transactionId": "x"}) == {
            "status": "Rejected"
        }

    told(story, outlet=DC)


def test_a_battery_goes_in_and_another_out(told):
    async def story(csms, _):
        token = {"idToken": "04A1B2", "type": "ISO14443"}
        assert await csms.call("RequestBatterySwap", {"idToken": token, "requestId": 9}) == ACCEPTED
        await csms.until_of("BatterySwap", 2)
        steps = csms.of("BatterySwap")
        assert [each["eventType"] for each in steps] == ["BatteryIn", "BatteryOut"]
        assert {each["requestId"] for each in steps} == {9}
        assert steps[0]["batteryData"][0]["serialNumber"] != steps[1]["batteryData"][0]["serialNumber"]

    told(story)
