"""What a station that is let in says, and what it hears: order, durability, limits, bad messages."""

import asyncio
import json

import pytest
from sqlalchemy import Column, String, Table, insert, select

from gateway_house import TABLES, Raw, enter, frame, run, until
from voltloom.domain.commands import GetSettings, RawCall, Reset, ResetKind, Trigger, Triggerable
from voltloom.domain.errors import Conflict, NotInThisVersion, StationError, TimedOut, Unreachable
from voltloom.domain.ids import StationId
from voltloom.domain.reports import NOTED, AuthorizationReported, DataReply, Noted, SamplesReported
from voltloom.domain.station import Registration
from voltloom.domain.token import Authorization, AuthorizationStatus
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.features.feature import Feature, Memory, StationContext, answer
from voltloom.infra.archive import Wanted, find_exchanges
from voltloom.infra.database import Statement

CP1 = StationId("CP-1")

notes = Table("gateway_test_notes", TABLES, Column("station_id", String(48)), Column("note", String(100), unique=True))
ADD_NOTE = Statement(insert(notes))
remembered = Memory[list[str]](
    lambda connection, ids: {
        station_id: [row[0] for row in connection.execute(select(notes.c.note).where(notes.c.station_id == station_id))]
        for station_id in ids
    },
    list,
)


def keep(ctx: StationContext, report: AuthorizationReported) -> Authorization:
    """Keeps each token, once: the second time the database refuses."""
    ctx.recall(remembered).append(report.token.value)
    ctx.work.write(ADD_NOTE, ctx.station_id, report.token.value)
    return Authorization(AuthorizationStatus.ACCEPTED)


def taking_notes(handler=keep) -> Feature:
    return Feature("notes", answers=(answer(AuthorizationReported, handler),), memories=(remembered,))


async def kept(house) -> list[str]:
    return [row[0] for row in await house.database.read(lambda c: c.execute(select(notes.c.note)).fetchall())]


def authorize(message_id: str, tag: str) -> bytes:
    return frame(json.dumps([2, message_id, "Authorize", {"idTag": tag}]).encode())


def memory_of(house) -> list[str]:
    return house.gateway._sessions[CP1].memories.of(remembered)


def test_what_is_answered_is_in_the_database_and_in_the_archive(open_house):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            reply = await station.call("Authorize", {"idTag": "A"}, "m-1")
            assert reply == [3, "m-1", {"idTagInfo": {"status": "Accepted"}}]
            assert await kept(house) == ["A"]
            (exchange,) = house.exchanges
            assert exchange.action == "Authorize"
            assert json.loads(exchange.call) == [2, "m-1", "Authorize", {"idTag": "A"}]
            assert json.loads(exchange.answer) == reply[2]
            assert exchange.inbound
            assert exchange.took_us is not None

    run(story)


def test_what_had_to_be_put_right_is_told_with_the_message(open_house):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "info": "x" * 60}
            assert (await station.call("StatusNotification", status, "m-1"))[0] == 3
            (exchange,) = house.exchanges
            assert exchange.trouble == "info has 60 characters and may have 50: cut"

    run(story)


def test_calls_sent_all_at_once_are_answered_in_their_order(open_house):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(b"".join(authorize(str(n), f"T{n}") for n in range(100)))
            assert [(await station.message())[1] for _ in range(100)] == [str(n) for n in range(100)]
            assert memory_of(house) == [f"T{n}" for n in range(100)]

    run(story)


def test_a_work_that_the_database_refuses_is_an_internal_error_and_leaves_no_trace_in_memory(open_house):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(authorize("1", "A") + authorize("2", "A") + authorize("3", "B"))
            assert (await station.message())[0] == 3
            refused = await station.message()
            assert refused[:3] == [4, "2", "InternalError"]
            assert (await station.message())[0] == 3
            assert memory_of(house) == ["A", "B"]
            assert await kept(house) == ["A", "B"]
            archived = []
            while len(archived) < 3:
                archived = await house.database.read(lambda c: find_exchanges(c, Wanted("CP-1")))
            assert {row.message_id: bool(row.trouble) for row in archived} == {"1": False, "2": True, "3": False}

    run(story)


def test_a_handler_that_fails_says_nothing_of_why_and_the_next_message_is_heard(open_house):
    def fails(ctx: StationContext, report: AuthorizationReported) -> Authorization:
        ctx.recall(remembered).append("half done")
        if report.token.value == "BAD":
            raise RuntimeError("secret: the password of the database is swordfish")
        return Authorization(AuthorizationStatus.ACCEPTED)

    async def story():
        async with open_house(taking_notes(fails)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            refused = await station.call("Authorize", {"idTag": "BAD"})
            assert refused[:3] == [4, "1", "InternalError"]
            assert "swordfish" not in json.dumps(refused)
            assert (await station.call("Authorize", {"idTag": "OK"}, "3"))[0] == 3
            assert memory_of(house) == ["half done"]
            assert any(exchange.trouble for exchange in house.exchanges)

    run(story)


def test_a_handler_may_wait_and_the_order_holds(open_house):
    gate = asyncio.Event()

    async def waits(ctx: StationContext, report: AuthorizationReported) -> Authorization:
        if report.token.value == "SLOW":
            await gate.wait()
        return keep(ctx, report)

    async def story():
        async with open_house(taking_notes(waits)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            station, other = await enter(house.plain_port), await enter(house.plain_port, "CP-2")
            await station.write(authorize("1", "SLOW") + authorize("2", "NEXT"))
            assert (await other.call("Authorize", {"idTag": "C"}))[0] == 3
            assert await kept(house) == ["C"]
            gate.set()
            assert [(await station.message())[1] for _ in range(2)] == ["1", "2"]
            assert memory_of(house) == ["SLOW", "NEXT"]

    run(story)


def test_a_handler_that_waits_and_then_fails_is_an_internal_error(open_house):
    async def fails_late(ctx: StationContext, report: AuthorizationReported) -> Authorization:
        await asyncio.sleep(0)
        raise RuntimeError("no")

    async def story():
        async with open_house(taking_notes(fails_late)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            assert (await station.call("Authorize", {"idTag": "A"}))[2] == "InternalError"
            assert (await station.call("Heartbeat", {}, "2"))[0] == 3

    run(story)


def test_a_repeated_call_is_answered_as_before_and_done_once(open_house):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            first = await station.call("Authorize", {"idTag": "A"}, "m-1")
            assert await station.call("Authorize", {"idTag": "A"}, "m-1") == first
            await station.end()
            again = await enter(house.plain_port)
            assert await again.call("Authorize", {"idTag": "A"}, "m-1") == first
            assert await kept(house) == ["A"]
            assert house.gateway.tally.replayed == 2

    run(story)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"hello", "FormationViolation"),
        (b"{}", "FormationViolation"),
        (b'[2,"1","BrewCoffee",{}]', "NotImplemented"),
        (b'[2,"1","Reset",{"type":"Hard"}]', "NotSupported"),
        (b'[2,"1","Authorize",{}]', "OccurenceConstraintViolation"),
        (b'[2,"1","Authorize",{"idTag":7}]', "TypeConstraintViolation"),
        (b'[2,"1","Authorize",[]]', "FormationViolation"),
        (b"[" * 100 + b"]" * 100, "FormationViolation"),
        (b'[2,"1","Authorize",{"idTag":"\\u0000"}]', "FormationViolation"),
        (b'[2,"1","Authorize",{"x":1e999}]', "FormationViolation"),
    ],
)
def test_a_message_that_is_wrong_is_told_which_way_and_the_next_is_heard(open_house, sent, code):
    async def story():
        async with open_house(taking_notes()) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(sent))
            refused = await station.message()
            assert refused[0] == 4
            assert refused[2] == code
            assert (await station.call("Heartbeat", {}, "2"))[0] == 3
            assert house.exchanges[0].trouble

    run(story)


def test_two_hundred_bad_messages_end_the_connection_with_an_event(open_house):
    async def story():
        async with open_house(limits=Limits(messages_burst=1000, close_s=0.2)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(b"nonsense") * 250)
            assert await station.close_code() == 1008
            while not await house.events("security.noticed"):
                await asyncio.sleep(0.01)
            (event,) = await house.events("security.noticed")
            assert event["kind"] == "bad_messages"

    run(story)


def test_answers_nobody_asked_for_are_dropped_and_do_not_hurt_the_next_command(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(b"".join(frame(json.dumps([3, f"x{n}", {}]).encode()) for n in range(100)))
            asked = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE)))
            call = await station.message()
            await station.write(frame(json.dumps([3, call[1], {"status": "Accepted"}]).encode()))
            assert (await asked).status == "Accepted"

    run(story)


def test_a_station_that_sends_too_fast_waits_and_loses_nothing_and_others_are_not_slowed(open_house):
    async def story():
        limits = Limits(messages_burst=5.0, messages_per_s=50.0, waiting_messages=4)
        async with open_house(taking_notes(), limits=limits) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            station, other = await enter(house.plain_port), await enter(house.plain_port, "CP-2")
            began = asyncio.get_running_loop().time()
            await station.write(b"".join(authorize(str(n), f"T{n}") for n in range(30)))
            assert (await other.call("Heartbeat", {}))[0] == 3
            assert [(await station.message())[1] for _ in range(30)] == [str(n) for n in range(30)]
            assert asyncio.get_running_loop().time() - began > 25 / 50.0 * 0.9
            assert house.gateway.tally.throttled > 0

    run(story)


def test_a_station_that_does_not_read_is_given_up_and_costs_no_memory(open_house):
    async def story():
        limits = Limits(write_s=0.5, messages_burst=1e9, messages_per_s=1e9, control_frames_per_s=10**9)
        async with open_house(limits=limits) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            station.writer.transport.pause_reading()
            station.reader._limit = 1
            flood = frame(b"x" * 125, 9) * 100

            async def pour() -> None:
                while True:
                    station.writer.write(flood)
                    await asyncio.sleep(0)
                    if station.writer.transport.get_write_buffer_size() > 1_000_000:
                        await asyncio.sleep(0.01)

            pouring = asyncio.create_task(pour())
            await until(lambda: house.gateway.connections == 0)
            pouring.cancel()
            assert house.gateway.tally.lost == 1

    run(story)


def test_before_its_boot_is_accepted_a_station_may_only_boot(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", policy=Registration.REJECTED)
            station = await enter(house.plain_port)
            boot = {"chargePointVendor": "V", "chargePointModel": "M"}
            assert (await station.call("BootNotification", boot, "1"))[2]["status"] == "Rejected"
            refused = await station.call(
                "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}, "2"
            )
            assert refused[:3] == [4, "2", "SecurityError"]

    run(story)


def test_a_pending_station_may_send_what_it_was_asked_for(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", policy=Registration.PENDING)
            station = await enter(house.plain_port)
            boot = {"chargePointVendor": "V", "chargePointModel": "M"}
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            assert (await station.call("BootNotification", boot, "1"))[2]["status"] == "Pending"
            assert (await station.call("StatusNotification", status, "2"))[0] == 4
            asked = asyncio.create_task(house.gateway.ask(CP1, Trigger(Triggerable.STATUS)))
            call = await station.message()
            await station.write(frame(json.dumps([3, call[1], {"status": "Accepted"}]).encode()))
            await asked
            assert (await station.call("StatusNotification", status, "3"))[0] == 3
            assert (await station.call("StatusNotification", status, "4"))[0] == 4

    run(story)


# ---- commands


async def answer_next(station: Raw, *reply: object) -> list:
    call = await station.message()
    await station.write(frame(json.dumps([reply[0], call[1], *reply[1:]]).encode()))
    return call


def test_a_command_is_answered_with_the_stations_own_word(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            asked = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE)))
            call = await answer_next(station, 3, {"status": "Rejected"})
            assert call[2:] == ["Reset", {"type": "Soft"}]
            assert (await asked).status == "Rejected"
            (exchange,) = house.exchanges
            assert not exchange.inbound
            assert json.loads(exchange.call) == call
            assert exchange.took_us is not None

    run(story)


def test_a_station_that_answers_with_an_error_is_quoted(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            asked = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE)))
            await answer_next(station, 4, "NotSupported", "never heard of it", {"a": 1})
            with pytest.raises(StationError, match="never heard of it") as raised:
                await asked
            assert (raised.value.code, raised.value.details) == ("NotSupported", '{"a": 1}')

    run(story)


def test_one_call_is_under_way_at_a_time_and_a_silent_station_times_out(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            first = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE), timeout_s=0.5))
            second = asyncio.create_task(house.gateway.ask(CP1, RawCall("ClearCache"), timeout_s=30))
            call = await station.message()
            assert call[2] == "Reset"
            with pytest.raises(TimedOut):
                await first
            call = await answer_next(station, 3, {"status": "Accepted"})
            assert call[2] == "ClearCache"
            assert json.loads((await second).payload) == {"status": "Accepted"}
            assert house.gateway.tally.timed_out == 1

    run(story)


def test_a_call_that_never_has_its_turn_times_out_unsent(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            first = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE), timeout_s=30))
            call = await station.message()
            with pytest.raises(TimedOut, match="not sent"):
                await house.gateway.ask(CP1, RawCall("ClearCache"), timeout_s=0.1)
            await station.write(frame(json.dumps([3, call[1], {"status": "Accepted"}]).encode()))
            await first
            assert (await station.call("Heartbeat", {}))[0] == 3

    run(story)


def test_too_many_commands_at_once_are_refused(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await enter(house.plain_port)
            asked = [asyncio.create_task(house.gateway.ask(CP1, RawCall("ClearCache"))) for _ in range(60)]
            await until(lambda: sum(task.done() for task in asked) == 9)
            for task in asked:
                if task.done():
                    with pytest.raises(Conflict):
                        task.result()
                else:
                    task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    run(story)


def test_what_cannot_be_asked_is_said_at_once(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            with pytest.raises(Unreachable):
                await house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE))
            station = await enter(house.plain_port)
            with pytest.raises(NotInThisVersion):
                await house.gateway.ask(CP1, RawCall("SetMonitoringBase"))
            asked = asyncio.create_task(house.gateway.ask(CP1, Reset(ResetKind.ON_IDLE)))
            await station.message()
            await station.end()
            with pytest.raises(Unreachable, match="disconnected"):
                await asked

    run(story)


def test_what_a_command_brings_to_light_is_handled_like_a_report(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            asked = asyncio.create_task(house.gateway.ask(CP1, GetSettings()))
            settings = [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
            await answer_next(station, 3, {"configurationKey": settings})
            assert [found.said for found in await asked]
            assert (await station.call("Heartbeat", {}))[0] == 3

    run(story)


def test_a_handler_may_ask_the_station_itself(open_house):
    async def asks(ctx: StationContext, report: AuthorizationReported) -> Authorization:
        outcome = await ctx.stations.ask(ctx.station_id, RawCall("ClearCache"))
        assert json.loads(outcome.payload) == {"status": "Accepted"}
        return Authorization(AuthorizationStatus.ACCEPTED)

    async def story():
        async with open_house(taking_notes(asks)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(authorize("1", "A"))
            await answer_next(station, 3, {"status": "Accepted"})
            assert (await station.message())[:2] == [3, "1"]

    run(story)


def test_a_vendors_message_is_answered(open_house):
    async def story():
        handlers = {"com.example": lambda ctx, report: DataReply("Accepted", report.data)}
        async with open_house(handlers=handlers) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            reply = await station.call("DataTransfer", {"vendorId": "com.example", "data": "hi"})
            assert reply[2] == {"status": "Accepted", "data": "hi"}

    run(story)


def test_the_link_that_closes_is_told_with_its_reason(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame((1001).to_bytes(2), 8))
            while not (told := await house.events("station.disconnected")):
                await asyncio.sleep(0.01)
            assert told[0]["reason"] == "closed by the station (1001)"

    run(story)


def test_what_a_make_is_known_to_say_wrongly_is_put_right_from_its_boot_on(open_house):
    said: list[float | None] = []

    def note(ctx: StationContext, report: SamplesReported) -> Noted:
        said.extend(sample.energy_wh for sample in report.samples)
        return NOTED

    async def story():
        async with open_house(Feature("meters", answers=(answer(SamplesReported, note),))) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            meter = {
                "connectorId": 1,
                "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "3"}]}],
            }
            boot = {"chargePointVendor": "OpenEVSE", "chargePointModel": "open_evse", "firmwareVersion": "4.2.1"}
            await station.call("BootNotification", boot, "1")
            await station.call("MeterValues", meter, "2")
            assert house.exchanges[-1].trouble == "energy is in kWh with this make, whatever it says: taken so"
            await station.call("BootNotification", boot | {"firmwareVersion": "5.0"}, "3")
            await station.call("MeterValues", meter, "4")
            assert said == [3000, 3]

    run(story)
