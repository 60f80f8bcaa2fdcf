"""A station driven by hand, against a central system on a real socket."""

import asyncio

import pytest

from voltloom.simulator import NEVER, CallRefused, LinkRefused, Raw, Refused, SimulatedStation, Turned

VERSIONS = ["1.6", "2.0.1", "2.1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_station_boots_charges_and_stops(a_csms, version):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", version) as station:
            answer = await station.boot()
            assert answer["status"] == "Accepted"
            station.plug_in()
            tx = await station.start(token="04A2B3C4")
            station.let_pass(600)
            await station.send_meter_values()
            await station.stop(tx)
            station.unplug()
            await station.flush()
            assert tx.told
            if version == "1.6":
                start, stop = csms.of("StartTransaction")[0], csms.of("StopTransaction")[0]
                assert stop["transactionId"] == 1001
                assert stop["meterStop"] - start["meterStart"] == pytest.approx(3 * 16 * 230 / 6, abs=20)
                assert [s["status"] for s in csms.of("StatusNotification")] == [
                    "Available", "Available", "Preparing", "Charging", "Finishing", "Available",
                ]  # fmt: skip
            else:
                kinds = [e["eventType"] for e in csms.of("TransactionEvent")]
                assert kinds == ["Started", "Updated", "Ended"]
                assert [e["seqNo"] for e in csms.of("TransactionEvent")] == [0, 1, 2]

    asyncio.run(story())


def test_a_refused_token_starts_nothing(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.0.1") as station:
            csms.tokens["BAD"] = "Blocked"
            await station.boot()
            with pytest.raises(Turned):
                await station.start(token="BAD")
            assert csms.of("TransactionEvent") == []

    asyncio.run(story())


def test_a_wrong_password_is_refused_before_the_upgrade(a_csms):
    async def story():
        async with a_csms() as csms:
            csms.passwords["CP-1"] = b"right"
            with pytest.raises(LinkRefused) as refused:
                async with SimulatedStation(csms.url, "CP-1", "1.6", password="wrong"):
                    pass
            assert refused.value.status == 401
            async with SimulatedStation(csms.url, "CP-1", "1.6", password="right") as station:
                await station.boot()

    asyncio.run(story())


@pytest.mark.parametrize("version", VERSIONS)
def test_any_call_can_be_made_and_its_answer_read(a_csms, version):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", version) as station:
            await station.boot()
            assert "currentTime" in await station.call("Heartbeat", {})
            csms.answers["DataTransfer"] = {"status": "Rejected"}
            assert await station.call("DataTransfer", {"vendorId": "x"}) == {"status": "Rejected"}
            from voltloom.protocols.ocpp.errors import ErrorCode

            csms.answers["DataTransfer"] = ErrorCode.INTERNAL
            with pytest.raises(CallRefused) as refused:
                await station.call("DataTransfer", {"vendorId": "x"})
            assert refused.value.code == "InternalError"

    asyncio.run(story())


def test_a_station_can_be_made_to_answer_badly(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            station.on("Reset", Refused("InternalError", "no"))
            with pytest.raises(RuntimeError, match="InternalError: no"):
                await csms.call("Reset", {"type": "Soft"})
            station.on("Reset", {"status": "Rejected"})
            assert await csms.call("Reset", {"type": "Soft"}) == {"status": "Rejected"}
            station.on("Reset", Raw('[3,"{id}",{"status":"Rejected"}]'))
            assert await csms.call("Reset", {"type": "Soft"}) == {"status": "Rejected"}
            station.on("*", NEVER)
            asking = asyncio.create_task(csms.call("ClearCache", {}))
            await station.until_heard("ClearCache")
            assert not asking.done()
            asking.cancel()

    asyncio.run(story())


def test_an_unknown_call_is_answered_with_not_implemented(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            with pytest.raises(RuntimeError, match="NotImplemented"):
                await csms.call("MakeCoffee", {})

    asyncio.run(story())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_transaction_goes_on_offline_and_is_told_later_in_order(a_csms, version):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", version) as station:
            await station.boot()
            tx = await station.start()
            await station.go_offline()
            station.let_pass(120)
            station.machine.sample_now(1)
            await station.stop(tx)
            station.unplug()
            second = await station.start(token="OFFLINE-2")
            assert not second.confirmed
            await station.go_online()
            await station.until(lambda: second.confirmed and tx.told)
            await station.flush()
            if version == "1.6":
                told = [
                    (a, p.get("transactionId")) for _, a, p in csms.calls if "Transaction" in a or a == "MeterValues"
                ]
                assert told == [
                    ("StartTransaction", None), ("MeterValues", 1001), ("StopTransaction", 1001),
                    ("StartTransaction", None),
                ]  # fmt: skip
            else:
                events = csms.of("TransactionEvent")
                assert [e["eventType"] for e in events] == ["Started", "Updated", "Ended", "Started"]
                assert [e.get("offline", False) for e in events] == [False, True, True, True]
                assert [e["seqNo"] for e in events] == [0, 1, 2, 0]
                assert sorted(e["timestamp"] for e in events) == [e["timestamp"] for e in events]

    asyncio.run(story())


def test_an_answer_lost_with_the_link_is_asked_for_again_under_the_same_id(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            csms.answers["StartTransaction"] = None
            station.plug_in()
            assert await station.authorize()
            await csms.until_of("StartTransaction")
            del csms.answers["StartTransaction"]
            await station.reconnect()
            await csms.until_of("StartTransaction", 2)
            await station.flush()
            first, second = (f.text for f in station.frames if f.sent and f.action == "StartTransaction")
            assert first == second

    asyncio.run(story())


def test_a_refused_transaction_message_is_tried_again(a_csms):
    async def story():
        from voltloom.protocols.ocpp.errors import ErrorCode

        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.0.1") as station:
            await station.boot()
            refusals = iter([ErrorCode.INTERNAL])
            csms.answers["TransactionEvent"] = lambda _, payload: next(refusals, {})
            station.plug_in()
            assert await station.authorize()
            await csms.until_of("TransactionEvent")
            await station.until(lambda: station.machine.tally["retries"] == 1)
            station.let_pass(21)
            await csms.until_of("TransactionEvent", 2)
            first, second = csms.of("TransactionEvent")[:2]
            assert first == second

    asyncio.run(story())


def test_a_pending_station_waits_and_boots_again(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.0.1") as station:
            csms.registration, csms.interval = "Pending", 60
            assert (await station.boot())["status"] == "Pending"
            assert csms.of("StatusNotification") == []
            csms.registration = "Accepted"
            station.let_pass(61)
            await csms.until_of("BootNotification", 2)
            await csms.until_of("StatusNotification")

    asyncio.run(story())


def test_a_rejected_station_says_nothing_but_boot(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            csms.registration = "Rejected"
            await station.boot()
            with pytest.raises(RuntimeError, match="SecurityError"):
                await csms.call("Reset", {"type": "Soft"})
            assert set(csms.order) == {"BootNotification"}

    asyncio.run(story())


def test_power_loss_ends_the_transaction_and_boots_anew(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            await station.start()
            station.power_loss()
            await station.until(lambda: not station.machine.online)
            station.power_back()
            await csms.until_of("StopTransaction")
            assert csms.of("StopTransaction")[0]["reason"] == "PowerLoss"
            assert len(csms.of("BootNotification")) == 2

    asyncio.run(story())


def test_time_that_passes_fills_the_battery_and_suspends(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.1") as station:
            await station.boot()
            tx = await station.start()
            station.let_pass(5 * 3600)
            await station.flush()
            assert tx.state.value == "SuspendedEV"
            assert csms.of("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "SuspendedEV"

    asyncio.run(story())
