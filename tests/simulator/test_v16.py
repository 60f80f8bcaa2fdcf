"""What a 1.6 station answers. The conftest's central system judges every payload by the schema."""

import asyncio
import time

import pytest

from voltloom.domain.station import BootReason
from voltloom.simulator import SimulatedStation
from voltloom.simulator.faults import PART_ERRORS
from voltloom.simulator.fleet import Quirks


def told(a_csms, story, **more):
    """Runs story(csms, station) with a booted 1.6 station."""

    async def run():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6", **more) as station:
            await station.boot()
            await story(csms, station)

    asyncio.run(run())


def test_remote_start_and_stop(a_csms):
    async def story(csms, station):
        station.plug_in()
        assert await csms.call("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1}) == {"status": "Accepted"}
        assert (await csms.until_of("StartTransaction"))["idTag"] == "APP"
        await station.flush()
        assert await csms.call("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1}) == {"status": "Rejected"}
        assert await csms.call("RemoteStopTransaction", {"transactionId": 77}) == {"status": "Rejected"}
        assert await csms.call("RemoteStopTransaction", {"transactionId": 1001}) == {"status": "Accepted"}
        assert (await csms.until_of("StopTransaction"))["reason"] == "Remote"

    told(a_csms, story)


def test_remote_start_without_a_car_waits_for_one_and_gives_up(a_csms):
    async def story(csms, station):
        await csms.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "30"})
        assert await csms.call("RemoteStartTransaction", {"idTag": "APP"}) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Preparing")
        station.let_pass(31)
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Available")
        assert csms.of("StartTransaction") == []

    told(a_csms, story)


def test_authorize_remote_tx_requests_asks_first(a_csms):
    async def story(csms, station):
        await csms.call("ChangeConfiguration", {"key": "AuthorizeRemoteTxRequests", "value": "true"})
        station.plug_in()
        await csms.call("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        await csms.until_of("StartTransaction")
        assert csms.of("Authorize") == [{"idTag": "APP"}]

    told(a_csms, story)


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
def test_reset_ends_the_transaction_and_boots_again(a_csms, kind, reason):
    async def story(csms, station):
        await station.start()
        assert await csms.call("Reset", {"type": kind}) == {"status": "Accepted"}
        await csms.until_of("StopTransaction")
        assert csms.of("StopTransaction")[0]["reason"] == reason
        assert len(csms.of("BootNotification")) == 2

    told(a_csms, story)


def test_unlock(a_csms):
    async def story(csms, station):
        await station.start()
        assert await csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        assert (await csms.until_of("StopTransaction"))["reason"] == "UnlockCommand"

    told(a_csms, story)


def test_availability_waits_for_the_transaction(a_csms):
    async def story(csms, station):
        change = {"connectorId": 1, "type": "Inoperative"}
        tx = await station.start()
        assert await csms.call("ChangeAvailability", change) == {"status": "Scheduled"}
        await station.stop(tx)
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Unavailable")
        station.unplug()
        assert await csms.call("ChangeAvailability", change | {"type": "Operative"}) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Available")
        assert await csms.call("ChangeAvailability", change | {"connectorId": 0}) == {"status": "Accepted"}

    told(a_csms, story)


def test_settings_are_read_and_changed(a_csms):
    async def story(csms, station):
        everything = await csms.call("GetConfiguration", {})
        assert len(everything["configurationKey"]) > 35
        some = await csms.call("GetConfiguration", {"key": ["heartbeatinterval", "Nonsense", "AuthorizationKey"]})
        assert some["unknownKey"] == ["Nonsense"]
        assert some["configurationKey"] == [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "AuthorizationKey", "readonly": False},
        ]

        async def change(key, value):
            return (await csms.call("ChangeConfiguration", {"key": key, "value": value}))["status"]

        assert await change("MeterValueSampleInterval", "15") == "Accepted"
        assert await change("MeterValueSampleInterval", "often") == "Rejected"
        assert await change("MeterValuesSampledData", "Voltage,Nonsense") == "Rejected"
        assert await change("NumberOfConnectors", "9") == "Rejected"
        assert await change("AuthorizationKey", "0123456789abcdef") == "RebootRequired"
        assert await change("Nonsense", "1") == "NotSupported"

    told(a_csms, story)


def test_measurands_follow_the_settings(a_csms):
    async def story(csms, station):
        await csms.call(
            "ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "Voltage,Current.Import.L2,Temperature"}
        )
        await station.start()
        await station.send_meter_values()
        (value,) = csms.of("MeterValues")[0]["meterValue"]
        seen = [(v["measurand"], v.get("phase")) for v in value["sampledValue"]]
        assert seen == [
            ("Voltage", "L1"), ("Voltage", "L2"), ("Voltage", "L3"), ("Current.Import", "L2"), ("Temperature", None),
        ]  # fmt: skip

    told(a_csms, story)


def test_meter_values_come_every_interval_and_at_round_times(a_csms):
    async def story(csms, station):
        await station.start()
        station.let_pass(61)
        await csms.until_of("MeterValues")
        assert csms.of("MeterValues")[0]["transactionId"] == 1001
        await csms.call("ChangeConfiguration", {"key": "ClockAlignedDataInterval", "value": "900"})
        station.let_pass(61)  # the station looks for a new interval every minute
        station.let_pass(901)

        def aligned():
            values = [v for m in csms.of("MeterValues") for v in m["meterValue"]]
            return [v for v in values if v["sampledValue"][0].get("context") == "Sample.Clock"]

        await csms.until(lambda: bool(aligned()))
        assert aligned()[0]["timestamp"][14:16] in ("00", "15", "30", "45")

    told(a_csms, story, sample_interval_s=60)


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("StatusNotification", "StatusNotification"),
        ("MeterValues", "MeterValues"),
        ("FirmwareStatusNotification", "FirmwareStatusNotification"),
        ("DiagnosticsStatusNotification", "DiagnosticsStatusNotification"),
    ],
)
def test_messages_can_be_triggered(a_csms, message, action):
    async def story(csms, station):
        before = len(csms.of(action))
        assert await csms.call("TriggerMessage", {"requestedMessage": message}) == {"status": "Accepted"}
        await csms.until_of(action, before + 1)
        assert await csms.call("TriggerMessage", {"requestedMessage": message, "connectorId": 9}) == {
            "status": "Rejected"
        }

    told(a_csms, story)


def test_a_trigger_it_does_not_know_is_not_implemented(a_csms):
    async def story(csms, station):
        asked = {"requestedMessage": "MakeCoffee"}
        assert await csms.call("ExtendedTriggerMessage", asked) == {"status": "NotImplemented"}

    told(a_csms, story)


def test_data_transfer(a_csms):
    async def story(csms, station):
        async def send(**payload):
            return await csms.call("DataTransfer", payload)

        vendor = station.machine.plan.vendor
        assert await send(vendorId="nobody") == {"status": "UnknownVendorId"}
        assert await send(vendorId=vendor, messageId="x") == {"status": "UnknownMessageId"}
        assert await send(vendorId=vendor, messageId="Echo", data="ü") == {"status": "Accepted", "data": "ü"}

    told(a_csms, story)


def test_the_local_list_decides_offline(a_csms):
    async def story(csms, station):
        entries = [
            {"idTag": "GOOD", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "BAD", "idTagInfo": {"status": "Blocked"}},
        ]
        update = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
        assert await csms.call("SendLocalList", update) == {"status": "Accepted"}
        assert await csms.call("GetLocalListVersion", {}) == {"listVersion": 3}
        late = {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": []}
        assert await csms.call("SendLocalList", late) == {"status": "VersionMismatch"}
        await station.go_offline()
        station.plug_in()
        assert not await station.authorize(token="BAD")
        assert await station.authorize(token="good")

    told(a_csms, story)


def test_reservations_keep_others_out(a_csms):
    async def story(csms, station):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        reserve = {"connectorId": 1, "expiryDate": until, "idTag": "MINE", "reservationId": 5}
        assert await csms.call("ReserveNow", reserve) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Reserved")
        assert await csms.call("ReserveNow", reserve | {"reservationId": 6}) == {"status": "Occupied"}
        station.plug_in()
        await station.authorize(token="OTHER")
        assert not station.machine.evse(1).is_busy
        await station.start(token="MINE")
        assert csms.of("StartTransaction")[0]["reservationId"] == 5
        assert await csms.call("CancelReservation", {"reservationId": 5}) == {"status": "Rejected"}

    told(a_csms, story)


def test_a_reservation_expires(a_csms):
    async def story(csms, station):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        await csms.call("ReserveNow", {"connectorId": 1, "expiryDate": until, "idTag": "M", "reservationId": 5})
        station.let_pass(61)
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Available")

    told(a_csms, story)


def profile(limit, *, number=1, purpose="TxDefaultProfile", level=0, unit="A", **more):
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    } | more


def test_charging_profiles_limit_and_suspend(a_csms):
    async def story(csms, station):
        async def install(said, connector=1):
            answer = await csms.call("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": said})
            return answer["status"]

        assert await install(profile(10)) == "Accepted"
        assert await install(profile(8, purpose="TxProfile", number=2)) == "Rejected"
        await station.start()
        evse = station.machine.evse(1)
        assert evse.flow().power_w == pytest.approx(3 * 10 * 230)
        assert await install(profile(8, purpose="TxProfile", number=2, transactionId=1001)) == "Accepted"
        await station.until(lambda: evse.flow().power_w == pytest.approx(3 * 8 * 230))
        assert await install(profile(2_000, number=3, purpose="ChargePointMaxProfile", unit="W"), 0) == "Accepted"
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "SuspendedEVSE")
        composite = await csms.call("GetCompositeSchedule", {"connectorId": 1, "duration": 600})
        assert composite["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 2000.0}]
        assert await csms.call("ClearChargingProfile", {"id": 3}) == {"status": "Accepted"}
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Charging")
        assert await csms.call("ClearChargingProfile", {"id": 3}) == {"status": "Unknown"}

    told(a_csms, story)


def test_a_failing_part_ends_the_transaction_and_is_mended(a_csms):
    async def story(csms, station):
        await station.start()
        station.machine.break_part(1, PART_ERRORS[0])
        station.wire.pump()
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Faulted")
        status = csms.of("StatusNotification")[-1]
        assert (status["errorCode"], status["vendorErrorCode"]) == ("GroundFailure", "E-0107")
        assert csms.of("StopTransaction")[0]["reason"] == "Other"
        station.machine.mend(1)
        station.wire.pump()
        await csms.until(lambda: csms.of("StatusNotification")[-1]["status"] == "Finishing")

    told(a_csms, story)


def test_what_a_simulated_station_has_not_it_says_so(a_csms):
    async def story(csms, station):
        assert await csms.call("GetDiagnostics", {"location": "ftp://x"}) == {}
        asked = {"certificateType": "CentralSystemRootCertificate"}
        assert await csms.call("GetInstalledCertificateIds", asked) == {"status": "NotFound"}
        assert await csms.call("ClearCache", {}) == {"status": "Accepted"}

    told(a_csms, story)


def test_a_payload_without_its_fields_is_a_formation_violation(a_csms):
    async def story(csms, station):
        with pytest.raises(RuntimeError, match="FormationViolation"):
            await csms.call("Reset", {})
        with pytest.raises(RuntimeError, match="FormationViolation"):
            await csms.call("UnlockConnector", {"connectorId": 9})

    told(a_csms, story)


def test_a_token_called_invalid_after_the_start_ends_it(a_csms):
    async def run():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            csms.answers["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}
            station.plug_in()
            assert await station.authorize()
            assert (await csms.until_of("StopTransaction"))["reason"] == "DeAuthorized"

    asyncio.run(run())


def test_manners_of_a_make_show_on_the_wire(a_csms):
    async def run():
        async with a_csms() as csms:
            quirks = Quirks(hasty=True, spaced=True, escaped=True)
            async with SimulatedStation(csms.url, "CP-1", "1.6", quirks=quirks, vendor="Østerå") as station:
                await station.boot(BootReason.POWER_UP)
                station.machine.registration = ""
                await station.reconnect()
                again = csms.order[csms.order.index("BootNotification") + 1 :]
                assert again.index("StatusNotification") < again.index("BootNotification")
                frame = next(f.text for f in station.frames if f.action == "BootNotification")
                assert '"\\u00d8ster\\u00e5", "chargePointModel": ' in frame

    asyncio.run(run())
