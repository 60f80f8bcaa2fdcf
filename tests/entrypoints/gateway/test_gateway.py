"""All connections of a node, and of several: duplicates, refreshing, sending away, draining, asking across nodes."""

import asyncio
import json
from dataclasses import replace

import pytest

from gateway_house import enter, frame, handshake, knock, run, until
from voltloom.domain.commands import RawCall, Reset, ResetKind
from voltloom.domain.errors import NotInThisVersion, Unreachable
from voltloom.domain.ids import StationId
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.nodes import subject
from voltloom.entrypoints.gateway.tally import GatewayMetrics
from voltloom.infra.bus import LocalBus, open_bus
from voltloom.infra.database import SettingError

CP1 = StationId("CP-1")


async def told(house, name: str, count: int = 1) -> list:
    while len(events := await house.events(name)) < count:
        await asyncio.sleep(0.01)
    return events


def test_the_newest_connection_of_a_station_is_the_station(open_house):
    async def story():
        async with open_house(limits=Limits(close_s=0.2)) as house:
            await house.register("CP-1")
            older = await enter(house.plain_port)
            assert (await older.call("Heartbeat", {}))[0] == 3
            newer = await enter(house.plain_port)
            assert await older.close_code() == 1008
            assert (await newer.call("Heartbeat", {}, "2"))[0] == 3
            await until(lambda: house.gateway.connections == 1)
            asked = asyncio.create_task(house.gateway.ask(CP1, RawCall("ClearCache")))
            call = await newer.message()
            await newer.write(frame(json.dumps([3, call[1], {"status": "Accepted"}]).encode()))
            await asked
            (event,) = await told(house, "security.noticed")
            assert event["kind"] == "duplicate_connection"
            assert await house.events("station.disconnected") == []

    run(story)


def test_a_thousand_reconnects_hurt_nobody(open_house):
    async def story():
        async with open_house(limits=Limits(reconnects=100_000, close_s=0.5)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            other = await enter(house.plain_port, "CP-2")
            for number in range(1000):
                station = await knock(house.plain_port, handshake())
                if number % 3 == 0:
                    await station.response()
                if number % 100 == 0:
                    assert (await other.call("Heartbeat", {}, f"o{number}"))[0] == 3
                station.writer.transport.abort()
            station = await enter(house.plain_port)
            assert (await station.call("Heartbeat", {}))[0] == 3
            await until(lambda: house.gateway.connections == 2)

    run(story)


def test_a_station_refreshed_has_what_the_database_says(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            assert (await station.call("Heartbeat", {}))[0] == 3
            before = house.gateway._sessions[CP1].memories
            await house.gateway.refresh(CP1)
            assert (await station.call("Heartbeat", {}, "2"))[0] == 3
            assert house.gateway._sessions[CP1].memories is not before
            await house.gateway.refresh(StationId("nobody"))

    run(story)


def test_a_station_sent_away_hears_why_and_may_come_back(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            assert await house.gateway.disconnect(CP1, "its password was changed")
            first, payload = await station.frame()
            assert (first, payload[2:]) == (0x88, b"its password was changed")
            assert not await house.gateway.disconnect(CP1, "again")
            await enter(house.plain_port)

    run(story)


def test_stopping_tells_everybody_to_come_back_and_answers_what_was_heard(open_house):
    async def story():
        async with open_house(limits=Limits(close_s=0.5)) as house:
            names = [f"CP-{n}" for n in range(20)]
            for name in names:
                await house.register(name)
            stations = [await enter(house.plain_port, name) for name in names]
            for station in stations:
                for call_id in "abc":
                    await station.write(frame(json.dumps([2, call_id, "Heartbeat", {}]).encode()))
            await until(lambda: house.gateway.tally.messages_in == 3 * len(names))
            stopping = asyncio.create_task(house.gateway.stop(0.3))
            for station in stations:
                for call_id in "abc":
                    assert (await station.message())[:2] == [3, call_id]
                first, payload = await station.frame()
                assert (first, int.from_bytes(payload[:2])) == (0x88, 1012)
                await station.write(frame(payload[:2], 8))
            await stopping
            assert house.gateway.connections == 0
            assert len(await house.events("station.disconnected")) == 20
            with pytest.raises(ConnectionError):
                await knock(house.plain_port, handshake())

    run(story)


def test_stopping_does_not_wait_for_those_who_say_nothing(open_house):
    async def story():
        async with open_house(limits=Limits(close_s=0.2, handshake_s=0.5)) as house:
            await house.register("CP-1")
            await enter(house.plain_port)
            await knock(house.plain_port, b"GET ")
            await house.gateway.stop()
            assert house.gateway.connections == 0

    run(story)


def test_without_tls_one_listens_beyond_this_machine_only_on_purpose(open_house):
    async def story():
        async with open_house() as house:
            with pytest.raises(SettingError, match="allow_plain_ws"):
                await house.gateway.listen("0.0.0.0", 0)
            with pytest.raises(SettingError, match="Cannot listen"):
                await house.gateway.listen("127.0.0.1", house.plain_port)

    run(story)


def test_links_say_who_is_here_and_how_they_do(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port, protocols="ocpp2.0.1")
            await station.call("Heartbeat", {})
            (link,) = house.gateway.links()
            assert (link.station_id, link.protocol, link.security_profile) == ("CP-1", "ocpp2.0.1", 1)
            assert (link.messages_in, link.messages_out) == (1, 1)
            text = {metric.name: metric for metric in GatewayMetrics(house.gateway.tally, lambda: 1).collect()}
            assert text["voltloom_gateway_messages_in"].samples[0].value == 1
            assert text["voltloom_gateway_answer_seconds"].samples[-2].value == 1

    run(story)


def test_identities_with_dots_and_stars_have_subjects_of_their_own():
    subjects = {subject(StationId(name)) for name in ("a.b", "a*b", "a", "a.>", "ab")}
    assert len(subjects) == 5
    assert all(each.count(".") == 1 and "*" not in each and ">" not in each for each in subjects)


@pytest.mark.parametrize("kind", ["local", "nats"])
def test_a_station_is_reached_from_another_node_and_moves_between_them(open_house, nats_url, kind):
    async def story():
        buses = [LocalBus()] * 2 if kind == "local" else [await open_bus(nats_url), await open_bus(nats_url)]
        how = {"name": "shared", "limits": Limits(close_s=0.2)}
        async with open_house(node="n1", bus=buses[0], **how) as one, open_house(node="n2", bus=buses[1], **how) as two:
            await one.register("CP-1")
            await two.credentials.load()
            station = await enter(one.plain_port)
            assert (await station.call("Heartbeat", {}))[0] == 3

            asked = asyncio.create_task(two.gateway.ask(CP1, Reset(ResetKind.ON_IDLE)))
            call = await station.message()
            await station.write(frame(json.dumps([3, call[1], {"status": "Accepted"}]).encode()))
            assert (await asked).status == "Accepted"
            with pytest.raises(NotInThisVersion):
                await two.gateway.ask(CP1, RawCall("SetMonitoringBase"))

            seen = await two.gateway.look(CP1)
            assert seen == replace(await one.gateway.look(CP1), heard_s=seen.heard_s)
            assert (seen.protocol, seen.messages_in > 0) == ("ocpp1.6", True)
            assert await two.gateway.look(StationId("CP-2")) is None

            moved = await enter(two.plain_port)
            assert await station.close_code() == 1008
            assert (await moved.call("Heartbeat", {}))[0] == 3
            await two.gateway.refresh(CP1)
            await one.gateway.refresh(CP1)
            assert await one.gateway.disconnect(CP1, "sent away by the other node")
            assert await moved.close_code() == 1001
            with pytest.raises(Unreachable):
                await one.gateway.ask(CP1, Reset(ResetKind.ON_IDLE))
        for bus in buses:
            await bus.close()

    run(story)
