"""Fields that the standard does not know are passed over, and counted."""

from gateway_house import enter, run, until


def test_an_unknown_field_is_no_error_and_is_counted_once_a_station(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            boot = {"chargePointVendor": "V", "chargePointModel": "M", "colour": "red"}
            assert (await station.call("BootNotification", boot, "1"))[2]["status"] == "Accepted"
            assert (await station.call("Heartbeat", {}, "2"))[0] == 3
            tally = house.gateway.tally
            await until(lambda: tally.unknown_fields["BootNotification"] == 1)
            await station.call("BootNotification", boot, "3")
            await until(lambda: not house.gateway._unknown_fields._waiting)
            assert tally.unknown_fields == {"BootNotification": 1}

    run(story)
