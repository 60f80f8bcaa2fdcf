"""What simulated stations watch in themselves, what they know of customers, and their network profiles."""

import asyncio

import pytest

from voltloom.simulator import SimulatedStation

HEAT = {"component": {"name": "TemperatureSensor"}, "variable": {"name": "Temperature"}}
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}


@pytest.fixture(params=["2.0.1", "2.1"])
def told(request, a_csms):
    """Runs story(csms, station) with a booted station of each version."""

    def run(story, versions=("2.0.1", "2.1")):
        async def told():
            async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", request.param) as station:
                await station.boot()
                await story(csms, station)

        if request.param in versions:
            asyncio.run(told())

    return run


async def watches(csms, *monitors):
    answer = await csms.call("SetVariableMonitoring", {"setMonitoringData": list(monitors)})
    return [(each["status"], each.get("id")) for each in answer["setMonitoringResult"]]


def a(kind, value, severity=5, of=HEAT, **more):
    return of | {"type": kind, "value": value, "severity": severity} | more


async def events(csms, count):
    await csms.until(lambda: sum(len(each["eventData"]) for each in csms.of("NotifyEvent")) >= count)
    return [event for each in csms.of("NotifyEvent") for event in each["eventData"]]


def test_monitors_are_set_each_by_itself_reported_in_parts_and_cleared(told):
    async def story(csms, station):
        nowhere = {"component": {"name": "Moon"}, "variable": {"name": "Phase"}}
        unknown = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Phase"}}
        assert await watches(
            csms,
            a("UpperThreshold", 60),
            a("UpperThreshold", 50),
            a("UpperThreshold", 500, 4),
            a("Delta", -1),
            a("UpperThreshold", 1, of=STATE),
            a("Delta", 1, of=nowhere),
            a("Delta", 1, of=unknown),
            a("Periodic", 60, 8, of=POWER),
            a("Delta", 1, 3, id=77),
        ) == [
            ("Accepted", 1),
            ("Duplicate", None),
            ("Rejected", None),
            ("Rejected", None),
            ("UnsupportedMonitorType", None),
            ("UnknownComponent", None),
            ("UnknownVariable", None),
            ("Accepted", 2),
            ("Rejected", None),
        ]
        assert await watches(csms, a("UpperThreshold", 65, id=1)) == [("Accepted", 1)]
        asked = {"requestId": 7, "monitoringCriteria": ["ThresholdMonitoring"]}
        assert await csms.call("GetMonitoringReport", asked) == {"status": "Accepted"}
        [part] = [await csms.until_of("NotifyMonitoringReport")]
        [monitored] = part["monitor"]
        assert (part["requestId"], part["tbc"], monitored["variable"]) == (7, False, HEAT["variable"])
        assert [(each["id"], each["value"]) for each in monitored["variableMonitoring"]] == [(1, 65)]
        cleared = await csms.call("ClearVariableMonitoring", {"id": [1, 9]})
        assert [each["status"] for each in cleared["clearMonitoringResult"]] == ["Accepted", "NotFound"]
        assert await csms.call("SetMonitoringBase", {"monitoringBase": "FactoryDefault"}) == {"status": "Accepted"}
        assert await csms.call("GetMonitoringReport", {"requestId": 8}) == {"status": "EmptyResultSet"}

    told(story)


def test_monitors_fire_when_a_car_charges_and_again_when_it_is_over(told):
    async def story(csms, station):
        await watches(csms, a("UpperThreshold", 1_000, 4, of=POWER), a("Delta", 1, 8, of=STATE), a("Delta", 1, 9))
        assert await csms.call("SetMonitoringLevel", {"severity": 8}) == {"status": "Accepted"}
        tx = await station.start()
        seen = await events(csms, 2)
        by_trigger = {each["trigger"]: each for each in seen}
        assert by_trigger["Delta"]["actualValue"] == "Occupied"
        assert float(by_trigger["Alerting"]["actualValue"]) > 1_000
        assert by_trigger["Alerting"]["variableMonitoringId"] == 1
        await station.stop(tx)
        over = [each for each in await events(csms, 3) if each.get("cleared")]
        await csms.until(lambda: any(e.get("cleared") for n in csms.of("NotifyEvent") for e in n["eventData"]))
        assert [each["component"]["name"] for each in over] in (["EVSE"], [])
        assert not [each for each in await events(csms, 3) if each["component"]["name"] == "TemperatureSensor"]

    told(story)


def test_a_periodic_monitor_tells_and_in_21_streams(told):
    async def story(csms, station):
        await watches(csms, a("Periodic", 1, 8))
        [event] = (await csms.until_of("NotifyEvent"))["eventData"]
        assert (event["trigger"], event["eventNotificationType"]) == ("Periodic", "CustomMonitor")

    told(story)


def test_some_settings_are_reported_by_criteria_and_by_name(told):
    async def story(csms, station):
        assert await csms.call("GetReport", {"requestId": 1, "componentCriteria": ["Problem"]}) == {
            "status": "EmptyResultSet"
        }
        asked = {"requestId": 2, "componentCriteria": ["Available"], "componentVariable": [STATE]}
        assert await csms.call("GetReport", asked) == {"status": "Accepted"}
        report = await csms.until_of("NotifyReport")
        assert [each["variable"]["name"] for each in report["reportData"]] == ["AvailabilityState"]

    told(story)


def test_what_it_knows_of_a_customer_is_told_and_forgotten(told):
    async def story(csms, station):
        card = {"idToken": "CARD", "type": "ISO14443"}
        await csms.call(
            "SendLocalList",
            {
                "versionNumber": 1,
                "updateType": "Full",
                "localAuthorizationList": [{"idToken": card, "idTokenInfo": {"status": "Accepted"}}],
            },
        )
        asked = {"requestId": 5, "report": True, "clear": True, "idToken": card}
        assert await csms.call("CustomerInformation", asked) == {"status": "Accepted"}
        said = await csms.until_of("NotifyCustomerInformation")
        assert (said["data"], said["requestId"]) == ("local list: Accepted", 5)
        await csms.call("CustomerInformation", asked | {"requestId": 6})
        await csms.until(lambda: len(csms.of("NotifyCustomerInformation")) == 2)
        assert csms.of("NotifyCustomerInformation")[-1]["data"] == "nothing is known"

    told(story)


def test_a_network_profile_is_kept_where_there_is_room_and_never_below_the_one_in_use(told):
    async def story(csms, station):
        connection = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": "wss://csms.example.com",
            "messageTimeout": 30,
            "securityProfile": 3,
            "ocppInterface": "Wired0",
        }
        for slot, status in ((1, "Accepted"), (9, "Rejected")):
            answer = await csms.call("SetNetworkProfile", {"configurationSlot": slot, "connectionData": connection})
            assert answer["status"] == status

    told(story)
