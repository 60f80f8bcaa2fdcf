"""A fleet behind one address comes back at once, and somebody else means harm."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from gateway_house import House, Raw, enter, handshake, knock, run, until
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.features.stations import KnockReason
from voltloom.infra.processes import raise_open_files


async def knock_from(address: str, port: int, data: bytes) -> Raw:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    raw = Raw(reader, writer)
    await raw.write(data)
    return raw


async def enter_from(address: str, port: int, station_id: str) -> Raw:
    raw = await knock_from(address, port, handshake(f"/ocpp/{station_id}", user=station_id))
    head = await raw.response()
    assert head.startswith(b"HTTP/1.1 101 "), head
    return raw


def stand_silent(stack: ExitStack, port: int, count: int) -> None:
    for _ in range(count):
        stack.enter_context(socket.create_connection(("127.0.0.1", port)))


def silent(house: House) -> int:
    return len(house.gateway._arrivals)


def test_who_comes_with_many_of_its_source_waits_for_its_turn_and_is_let_in(open_house):
    async def story():
        async with open_house(limits=Limits(half_open_per_source=5)) as house:
            fleet = [f"CP-{number}" for number in range(40)]
            for name in fleet:
                await house.register(name)
            slow = [await knock(house.plain_port, b"G") for _ in range(5)]
            await until(lambda: house.gateway._entrance.standing == 5)
            coming = [asyncio.create_task(enter(house.plain_port, name)) for name in fleet]
            await until(lambda: silent(house) == 40)
            for each in slow:
                await each.end()
            await asyncio.gather(*coming)
            assert not house.gateway.tally.turned_away
            assert house.gateway.connections == 40

    run(story)


def test_a_fleet_behind_one_address_comes_in_over_tls(open_house):
    async def story():
        async with open_house(limits=Limits(half_open_per_source=3)) as house:
            fleet = [f"CP-{number}" for number in range(30)]
            for name in fleet:
                await house.register(name)
            context = house.client_context()
            await asyncio.gather(*(enter(house.tls_port, name, context=context) for name in fleet))
            assert not house.gateway.tally.turned_away

    run(story)


def test_who_waits_for_its_turn_does_not_wait_for_ever(open_house):
    async def story():
        async with open_house(limits=Limits(half_open_per_source=1, waiting_s=0.3)) as house:
            await knock(house.plain_port, b"G")
            await until(lambda: house.gateway._entrance.standing == 1)
            assert await (await knock(house.plain_port, handshake())).status() == 0
            assert house.gateway.tally.turned_away == {"waited": 1}

    run(story)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_who_says_nothing_at_all_is_cut_and_costs_no_handshake(open_house, secure):
    async def story():
        async with open_house(limits=Limits(handshake_s=0.3)) as house:
            raw = await knock(house.tls_port if secure else house.plain_port, b"")
            await until(lambda: silent(house) == 1)
            assert house.gateway._entrance.standing == 0
            assert await raw.status() == 0
            assert house.gateway.tally.turned_away == {"silent": 1}

    run(story)


def test_five_thousand_that_say_nothing_keep_nobody_out(open_house):
    """Neither stations elsewhere nor those behind the same address."""
    if raise_open_files() < 11_000:
        pytest.skip("the system gives a process fewer than 11,000 open files")

    async def story():
        async with open_house(limits=Limits(handshake_s=60.0)) as house:
            for name in ("CP-1", "CP-2", "CP-3"):
                await house.register(name)
            with ExitStack() as stack:
                await asyncio.to_thread(stand_silent, stack, house.plain_port, 2_500)
                await asyncio.to_thread(stand_silent, stack, house.tls_port, 2_500)
                await until(lambda: silent(house) == 5_000)
                elsewhere = await enter_from("127.0.0.2", house.plain_port, "CP-1")
                await enter(house.plain_port, "CP-2")
                await enter(house.tls_port, "CP-3", context=house.client_context())
            await until(lambda: silent(house) == 0)
            await elsewhere.end()

    run(story)


def test_a_source_that_fills_the_house_gives_way_to_others(open_house):
    async def story():
        async with open_house(limits=Limits(connections=100, handshake_s=60.0)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            with ExitStack() as stack:
                await asyncio.to_thread(stand_silent, stack, house.plain_port, 150)
                await until(lambda: house.gateway.tally.accepted == 150)
                assert silent(house) == 100
                assert house.gateway.tally.turned_away == {"full": 50}
                elsewhere = await enter_from("127.0.0.2", house.plain_port, "CP-1")
                assert house.gateway.tally.turned_away["gave_way"]
                assert silent(house) < 100
            await elsewhere.end()

    run(story)


def test_a_house_full_of_stations_takes_nobody_more(open_house):
    async def story():
        async with open_house(limits=Limits(connections=2)) as house:
            for name in ("CP-1", "CP-2", "CP-3"):
                await house.register(name)
            await enter(house.plain_port, "CP-1")
            await enter(house.plain_port, "CP-2")
            assert await (await knock(house.plain_port, handshake("/ocpp/CP-3", user="CP-3"))).status() == 0
            assert house.gateway.tally.turned_away == {"full": 1}

    run(story)


def test_a_station_that_reconnects_a_thousand_times_hurts_nobody_else(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await house.register("CP-2")
            await house.register("CP-3")
            other = await enter(house.plain_port, "CP-2")

            async def come_again() -> int:
                raw = await knock(house.plain_port, handshake())
                status = await raw.status()
                await raw.end()
                return status

            statuses = [
                status for _ in range(20) for status in await asyncio.gather(*(come_again() for _ in range(50)))
            ]
            assert set(statuses) == {101, 429}
            assert statuses.count(101) < 100
            assert KnockReason.THROTTLED in house.knocks()
            assert (await other.call("Heartbeat", {}))[0] in (3, 4)
            await enter(house.plain_port, "CP-3")
            assert house.gateway.link("CP-2") is not None

    run(story)
