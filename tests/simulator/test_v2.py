"""What stations of 2.0.1 and 2.1 say and answer; the same story for both."""

import asyncio
import time

import pytest

from voltloom.simulator import SimulatedStation
from voltloom.simulator.faults import PART_ERRORS
from voltloom.simulator.fleet import OutletPlan, Quirks

DC = OutletPlan(150_000, 0, 400, "cCCS2")


@pytest.fixture(params=["2.0.1", "2.1"])
def told(request, a_csms):
    """Runs story(csms, station) with a booted station of each version."""

    def run(story, **more):
        async def told():
            async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", request.param, **more) as station:
                await station.boot()
                await story(csms, station)

        asyncio.run(told())

    return run


APP = {"idToken": "APP", "type": "Central"}


def test_remote_start_and_stop(told):
    async def story(csms, station):
        station.plug_in()
        asked = {"idToken": APP, "remoteStartId": 42, "evseId": 1}
        assert await csms.call("RequestStartTransaction", asked) == {"status": "Accepted"}
        started = await csms.until_of("TransactionEvent")
        assert started["triggerReason"] == "RemoteStart"
        assert started["transactionInfo"]["remoteStartId"] == 42
        assert started["idToken"] == APP
        assert await csms.call("RequestStartTransaction", asked) == {"status": "Rejected"}
        number = started["transactionInfo"]["transactionId"]
        status = await csms.call("GetTransactionStatus", {"transactionId": number})
        assert status["ongoingIndicator"] is True
        assert await csms.call("RequestStopTransaction", {"transactionId": number}) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("TransactionEvent")[-1]["eventType"] == "Ended")
        assert csms.of("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "Remote"
        assert await csms.call("RequestStopTransaction", {"transactionId": number}) == {"status": "Rejected"}

    told(story)


def test_a_make_that_begins_with_the_cable_ends_with_the_cable(told):
    async def story(csms, station):
        station.plug_in()
        await csms.until_of("TransactionEvent")
        await station.flush()
        tx = await station.start()
        await station.stop(tx)
        station.unplug()
        await station.flush()
        told = [
            (e["eventType"], e["triggerReason"], e["transactionInfo"].get("chargingState"))
            for e in csms.of("TransactionEvent")
        ]
        assert told == [
            ("Started", "CablePluggedIn", "EVConnected"),
            ("Updated", "Authorized", "Charging"),
            ("Updated", "StopAuthorized", "EVConnected"),
            ("Ended", "EVDeparted", "Idle"),
        ]
        assert csms.of("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "Local"

    told(story, quirks=Quirks(starts_on_plug=True))


def test_a_remote_start_takes_over_what_the_cable_began(told):
    async def story(csms, station):
        station.plug_in()
        started = await csms.until_of("TransactionEvent")
        answer = await csms.call("RequestStartTransaction", {"idToken": APP, "remoteStartId": 1})
        assert answer == {
            "status": "Accepted",
            "transactionId": started["transactionInfo"]["transactionId"],
        }
        await csms.until_of("TransactionEvent", 2)
        assert csms.of("TransactionEvent")[1]["triggerReason"] == "RemoteStart"

    told(story, quirks=Quirks(starts_on_plug=True))


def test_reset_now_or_when_idle(told):
    async def story(csms, station):
        tx = await station.start()
        assert await csms.call("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
        await station.stop(tx)
        station.let_pass(2)
        await csms.until_of("BootNotification", 2)
        assert csms.of("BootNotification")[1]["reason"] == "RemoteReset"
        await csms.until(lambda: station.machine.registration == "Accepted")
        station.unplug()
        await station.start()
        assert await csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
        await csms.until_of("BootNotification", 3)
        await csms.until(lambda: csms.of("TransactionEvent")[-1]["eventType"] == "Ended")
        ended = csms.of("TransactionEvent")[-1]
        assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
        assert ended["triggerReason"] == "ResetCommand"

    told(story)


def test_the_base_report_comes_in_parts(told):
    async def story(csms, station):
        asked = {"requestId": 9, "reportBase": "FullInventory"}
        assert await csms.call("GetBaseReport", asked) == {"status": "Accepted"}
        await csms.until(lambda: any(not r["tbc"] for r in csms.of("NotifyReport")))
        parts = csms.of("NotifyReport")
        assert len(parts) > 3
        assert [p["seqNo"] for p in parts] == list(range(len(parts)))
        items = [i for p in parts for i in p["reportData"]]
        assert len(items) == sum(1 for _ in station.machine.device.inventory())
        names = {(i["component"]["name"], i["variable"]["name"]) for i in items}
        assert ("OCPPCommCtrlr", "HeartbeatInterval") in names
        (password,) = [i for i in items if i["variable"]["name"] == "BasicAuthPassword"]
        assert password["variableAttribute"] == [{"type": "Actual", "mutability": "WriteOnly"}]

    told(story)


def test_a_report_can_be_asked_of_some(told):
    async def story(csms, station):
        wanted = [{"component": {"name": "TxCtrlr"}}]
        assert await csms.call("GetReport", {"requestId": 1, "componentVariable": wanted}) == {"status": "Accepted"}
        report = await csms.until_of("NotifyReport")
        assert {i["component"]["name"] for i in report["reportData"]} == {"TxCtrlr"}
        wanted = [{"component": {"name": "Nobody"}}]
        assert await csms.call("GetReport", {"requestId": 2, "componentVariable": wanted}) == {
            "status": "EmptyResultSet"
        }

    told(story)


def test_variables_are_read_and_set(told):
    async def story(csms, station):
        def name(component, variable, **more):
            return {"component": {"name": component}, "variable": {"name": variable}} | more

        asked = [
            name("ocppcommctrlr", "heartbeatinterval"), name("ClockCtrlr", "DateTime"), name("ClockCtrlr", "No"),
            name("No", "No"), name("SecurityCtrlr", "BasicAuthPassword"),
            name("ClockCtrlr", "DateTime", attributeType="Target"),
            {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}},
        ]  # fmt: skip
        answer = await csms.call("GetVariables", {"getVariableData": asked})
        results = answer["getVariableResult"]
        assert [r["attributeStatus"] for r in results] == [
            "Accepted", "Accepted", "UnknownVariable", "UnknownComponent", "Rejected", "NotSupportedAttributeType",
            "Accepted",
        ]  # fmt: skip
        assert results[0]["attributeValue"] == "300"
        wanted = [
            name("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="60"),
            name("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="soon"),
            name("SecurityCtrlr", "Identity", attributeValue="X"),
            name("SecurityCtrlr", "BasicAuthPassword", attributeValue="0123456789abcdef"),
        ]
        answer = await csms.call("SetVariables", {"setVariableData": wanted})
        results = answer["setVariableResult"]
        assert [r["attributeStatus"] for r in results] == ["Accepted", "Rejected", "Rejected", "RebootRequired"]
        station.let_pass(61)
        await csms.until_of("Heartbeat")

    told(story)


@pytest.mark.parametrize("message", ["Heartbeat", "StatusNotification", "MeterValues", "TransactionEvent"])
def test_messages_can_be_triggered(told, message):
    async def story(csms, station):
        if message == "TransactionEvent":
            assert await csms.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Rejected"}
            await station.start()
        before = len(csms.of(message))
        assert await csms.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
        await csms.until_of(message, before + 1)

    told(story)


def test_a_registered_station_does_not_boot_on_a_trigger(told):
    async def story(csms, station):
        asked = {"requestedMessage": "BootNotification"}
        assert await csms.call("TriggerMessage", asked) == {"status": "Rejected"}

    told(story)


def test_availability_and_unlock(told):
    async def story(csms, station):
        change = {"operationalStatus": "Inoperative", "evse": {"id": 2}}
        tx = await station.start(2)
        assert await csms.call("UnlockConnector", {"evseId": 2, "connectorId": 1}) == {
            "status": "OngoingAuthorizedTransaction"
        }
        assert await csms.call("ChangeAvailability", change) == {"status": "Scheduled"}
        await station.stop(tx)
        await csms.until(lambda: csms.of("StatusNotification")[-1]["connectorStatus"] == "Unavailable")
        assert await csms.call("UnlockConnector", {"evseId": 1, "connectorId": 1}) == {"status": "Unlocked"}
        assert await csms.call("UnlockConnector", {"evseId": 1, "connectorId": 2}) == {"status": "UnknownConnector"}

    told(story, evses=2)


def profile(limit, *, number=1, purpose="TxDefaultProfile", level=0, **more):
    schedule = {
        "id": number,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    return {
        "id": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    } | more


def test_charging_profiles_limit_and_are_reported(told):
    async def story(csms, station):
        async def install(said, evse=1):
            return (await csms.call("SetChargingProfile", {"evseId": evse, "chargingProfile": said}))["status"]

        tx = await station.start()
        evse = station.machine.evse(1)
        assert await install(profile(60_000)) == "Accepted"
        await station.until(lambda: evse.flow().power_w == pytest.approx(60_000))
        assert await install(profile(1, number=2)) == "Rejected"  # the same place is taken
        assert await install(profile(1, number=3, purpose="ChargingStationMaxProfile")) == "Rejected"
        assert await install(profile(0, number=4, purpose="TxProfile", transactionId=tx.id)) == "Accepted"
        await csms.until(lambda: csms.of("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "SuspendedEVSE")
        asked = {"requestId": 1, "chargingProfile": {"chargingProfilePurpose": "TxProfile"}}
        assert await csms.call("GetChargingProfiles", asked) == {"status": "Accepted"}
        report = await csms.until_of("ReportChargingProfiles")
        assert report["chargingProfile"][0]["id"] == 4
        composite = await csms.call("GetCompositeSchedule", {"evseId": 1, "duration": 60})
        assert composite["schedule"]["chargingSchedulePeriod"][0]["limit"] == 0
        assert await csms.call("ClearChargingProfile", {"chargingProfileId": 4}) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "Charging")
        assert await csms.call("GetChargingProfiles", asked) == {"status": "NoProfiles"}

    told(story, outlet=DC)


def test_a_failing_part_is_told_and_its_end_too(told):
    async def story(csms, station):
        await station.start()
        station.machine.break_part(1, PART_ERRORS[0])
        station.wire.pump()
        (event,) = (await csms.until_of("NotifyEvent"))["eventData"]
        assert (event["component"]["name"], event["variable"]["name"], event["actualValue"]) == (
            "RCD",
            "Problem",
            "true",
        )
        assert csms.of("StatusNotification")[-1]["connectorStatus"] == "Faulted"
        assert csms.of("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "GroundFault"
        station.machine.mend(1)
        station.wire.pump()
        (event,) = (await csms.until_of("NotifyEvent", 2))["eventData"]
        assert event["cleared"] is True

    told(story)


def test_reservations_and_local_list(told):
    async def story(csms, station):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        reserve = {"id": 5, "expiryDateTime": until, "idToken": APP}
        assert await csms.call("ReserveNow", reserve) == {"status": "Accepted"}
        assert await csms.call("ReserveNow", reserve | {"id": 6}) == {"status": "Occupied"}
        await csms.until(lambda: csms.of("StatusNotification")[-1]["connectorStatus"] == "Reserved")
        assert await csms.call("CancelReservation", {"reservationId": 5}) == {"status": "Accepted"}
        entries = [{"idToken": APP, "idTokenInfo": {"status": "Accepted"}}]
        update = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": entries}
        assert await csms.call("SendLocalList", update) == {"status": "Accepted"}
        assert await csms.call("GetLocalListVersion", {}) == {"versionNumber": 1}

    told(story)


def test_messages_are_shown_and_told_in_parts(told):
    async def story(csms, station):
        def message(number, **more):
            content = {"format": "UTF8", "content": f"text {number}"}
            return {"message": {"id": number, "priority": "NormalCycle", "message": content} | more}

        asked = {"requestId": 7}
        assert await csms.call("GetDisplayMessages", asked) == {"status": "Unknown"}
        for number in (1, 2, 3):
            assert await csms.call("SetDisplayMessage", message(number)) == {"status": "Accepted"}
        assert await csms.call("SetDisplayMessage", message(3, priority="InFront")) == {"status": "Accepted"}
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        assert await csms.call("SetDisplayMessage", message(4, endDateTime=soon)) == {"status": "Accepted"}
        refused = message(5, message={"format": "HTML", "content": "x"})
        assert await csms.call("SetDisplayMessage", refused) == {"status": "NotSupportedMessageFormat"}
        nobodys = message(5, transactionId="nobody")
        assert await csms.call("SetDisplayMessage", nobodys) == {"status": "UnknownTransaction"}
        assert await csms.call("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
        assert await csms.call("ClearDisplayMessage", {"id": 1}) == {"status": "Unknown"}
        assert await csms.call("GetDisplayMessages", asked) == {"status": "Accepted"}
        await csms.until(lambda: len(csms.of("NotifyDisplayMessages")) == 2)
        parts = csms.of("NotifyDisplayMessages")
        assert [part["tbc"] for part in parts] == [True, False]
        assert sorted(each["id"] for part in parts for each in part["messageInfo"]) == [2, 3, 4]
        station.let_pass(61)
        assert await csms.call("GetDisplayMessages", asked | {"id": [4]}) == {"status": "Unknown"}
        assert await csms.call("GetDisplayMessages", asked | {"priority": "InFront"}) == {"status": "Accepted"}

    told(story)


def test_a_21_station_reckons_by_its_tariff(a_csms):
    tariff = {
        "tariffId": "T-1",
        "currency": "EUR",
        "energy": {"prices": [{"priceKwh": 0.4}], "taxRates": [{"type": "vat", "tax": 25}]},
        "fixedFee": {"prices": [{"priceFixed": 1.0}]},
    }

    async def whole():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.1") as station:
            await station.boot()
            assert await csms.call("GetTariffs", {"evseId": 0}) == {"status": "NoTariff"}
            asked = {"evseId": 0, "tariff": tariff}
            assert await csms.call("SetDefaultTariff", asked) == {"status": "Accepted"}
            assert await csms.call("SetDefaultTariff", asked) == {"status": "DuplicateTariffId"}
            night = {"prices": [{"priceKwh": 0.1, "conditions": {"startTimeOfDay": "22:00"}}]}
            conditional = {"evseId": 0, "tariff": tariff | {"tariffId": "T-2", "energy": night}}
            assert await csms.call("SetDefaultTariff", conditional) == {"status": "ConditionNotSupported"}
            [kept] = (await csms.call("GetTariffs", {"evseId": 1}))["tariffAssignments"]
            assert (kept["tariffId"], kept["tariffKind"], kept["evseIds"]) == ("T-1", "DefaultTariff", [1])
            station.plug_in()
            tx = await station.start()
            change = {"transactionId": tx.id, "tariff": tariff | {"currency": "USD"}}
            assert await csms.call("ChangeTransactionTariff", change) == {"status": "NoCurrencyChange"}
            gone = change | {"transactionId": "nobody"}
            assert await csms.call("ChangeTransactionTariff", gone) == {"status": "TxNotFound"}
            assert await csms.call("CostUpdated", {"transactionId": tx.id, "totalCost": 1.25}) == {}
            await station.stop(tx)
            details = csms.of("TransactionEvent")[-1]["costDetails"]
            energy = details["totalUsage"]["energy"]
            assert details["totalCost"]["total"]["inclTax"] == pytest.approx(energy * 0.0005 + 1, abs=0.01)
            assert details["totalCost"]["currency"] == "EUR"
            cleared = {"clearTariffsResult": [{"tariffId": "T-1", "status": "Accepted"}]}
            assert await csms.call("ClearTariffs", {}) == cleared
            assert await csms.call("ClearTariffs", {}) == {"clearTariffsResult": [{"status": "NoTariff"}]}
            assert await csms.call("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}) == {}

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("limit", "reason"), [({"maxTime": 1}, "TimeLimitReached"), ({"maxCost": 1.0}, "LocalOutOfCredit")]
)
def test_a_21_station_says_what_it_is_held_to_and_ends_at_it(a_csms, limit: dict[str, float], reason: str):
    async def whole():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.1") as station:
            await station.boot()
            variable = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
            await csms.call("SetVariables", {"setVariableData": [variable | {"attributeValue": "1"}]})
            csms.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Accepted"}, "transactionLimit": limit}
            station.plug_in()
            tx = await station.start()

            def last() -> dict[str, object]:
                return csms.of("TransactionEvent")[-1]

            await csms.until(lambda: any(e["triggerReason"] == "LimitSet" for e in csms.of("TransactionEvent")))
            [said] = [e for e in csms.of("TransactionEvent") if e["triggerReason"] == "LimitSet"]
            assert said["transactionInfo"]["transactionLimit"] == limit
            if "maxCost" in limit:
                await csms.call("CostUpdated", {"transactionId": tx.id, "totalCost": 0.99})
                assert last()["eventType"] != "Ended"
                await csms.call("CostUpdated", {"transactionId": tx.id, "totalCost": 1.0})
            await csms.until(lambda: last()["eventType"] == "Ended")
            assert last()["transactionInfo"]["stoppedReason"] == reason
            # It is said once, however often it is answered.
            assert sum(e["triggerReason"] == "LimitSet" for e in csms.of("TransactionEvent")) == 1

    asyncio.run(whole())


def test_everything_else_has_an_answer_of_its_kind(told):
    async def story(csms, station):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        log = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "ftp://x"}}
        asked = [
            ("ClearCache", {}, "Accepted"),
            ("DataTransfer", {"vendorId": "nobody"}, "UnknownVendorId"),
            ("GetLog", log, "Rejected"),
            ("UnpublishFirmware", {"checksum": "0" * 32}, "NoFirmware"),
            ("GetInstalledCertificateIds", {}, "NotFound"),
            ("GetMonitoringReport", {"requestId": 1}, "EmptyResultSet"),
            ("SetMonitoringBase", {"monitoringBase": "All"}, "Accepted"),
            ("SetMonitoringLevel", {"severity": 10}, "Rejected"),
            ("CustomerInformation", {"requestId": 1, "report": True, "clear": False}, "Invalid"),
            ("CustomerInformation", {"requestId": 1, "report": True, "clear": False, "idToken": APP}, "Accepted"),
            (
                "UpdateFirmware",
                {"requestId": 1, "retries": 0, "firmware": {"location": "ftp://x/none", "retrieveDateTime": now}},
                "Accepted",
            ),
        ]
        for action, payload, status in asked:
            assert (await csms.call(action, payload))["status"] == status
        await csms.until_of("NotifyCustomerInformation")
        station.let_pass(4)
        await csms.until_of("FirmwareStatusNotification", 2)
        assert csms.of("FirmwareStatusNotification")[-1]["status"] == "DownloadFailed"
        with pytest.raises(RuntimeError, match="NotImplemented"):
            await csms.call("MakeCoffee", {})
        with pytest.raises(RuntimeError, match="FormatViolation"):
            await csms.call("UnlockConnector", {"evseId": 7, "connectorId": 1})

    told(story)


def test_whole_numbers_may_be_written_as_floats(told):
    async def story(csms, station):
        await station.start()
        frame = next(f.text for f in station.frames if f.action == "TransactionEvent")
        assert '"seqNo":0.0' in frame

    told(story, quirks=Quirks(floats=True))


def test_a_station_that_offers_two_versions_speaks_the_one_that_is_chosen(a_csms):
    async def story():
        async with a_csms() as csms:
            quirks = Quirks(offers=("ocpp2.0.1",))
            async with SimulatedStation(csms.url, "CP-1", "2.1", quirks=quirks) as station:
                await station.boot()
                assert csms.links["CP-1"].version.value == "ocpp2.0.1"

    asyncio.run(story())
