import asyncio
from contextlib import asynccontextmanager

import pytest

from voltloom.infra.bus import LocalBus, NoResponder, matches, open_bus
from voltloom.infra.database import SettingError


@pytest.fixture(params=["local", "nats"])
def two_ends(request):
    """A bus as seen by two nodes. In one process both are the same."""

    @asynccontextmanager
    async def opened():
        if request.param == "local":
            bus = LocalBus()
            yield bus, bus
            await bus.close()
        else:
            url = request.getfixturevalue("nats_url")
            here, there = await open_bus(url), await open_bus(url)
            yield here, there
            await here.close()
            await there.close()

    if request.param == "nats":
        request.getfixturevalue("nats_url")
    return opened


def run(story):
    async def limited():
        async with asyncio.timeout(20):
            await story()

    asyncio.run(limited())


def test_a_request_is_answered_by_whoever_subscribed(two_ends):
    async def story():
        async with two_ends() as (here, there):

            async def answer(subject, message):
                return subject.encode() + b"=" + message

            await there.subscribe("station.Q1A", answer)
            assert await here.request("station.Q1A", b"reset", 5) == b"station.Q1A=reset"

    run(story)


def test_a_request_that_nobody_hears_fails_at_once(two_ends):
    async def story():
        async with two_ends() as (here, there):
            with pytest.raises(NoResponder):
                await here.request("station.Q1A", b"", 60)

            async def answer(_, message):
                return message

            leave = await there.subscribe("station.Q1A", answer)
            assert await here.request("station.Q1A", b"x", 5) == b"x"
            leave()
            while True:
                try:
                    await here.request("station.Q1A", b"x", 0.2)
                except TimeoutError:  # the network had not heard yet that nobody is there
                    continue
                except NoResponder:
                    break

    run(story)


def test_one_who_says_nothing_times_out(two_ends):
    async def story():
        async with two_ends() as (here, there):

            async def silent(*_):
                return None

            async def broken(*_):
                raise RuntimeError("broken on purpose")

            await there.subscribe("a.silent", silent)
            await there.subscribe("a.broken", broken)
            for subject in ("a.silent", "a.broken"):
                with pytest.raises(TimeoutError):
                    await here.request(subject, b"", 0.05)

    run(story)


def test_publications_reach_all_who_match_and_in_order(two_ends):
    async def story():
        async with two_ends() as (here, there):
            heard = {"exact": [], "star": [], "all": []}

            def hearing(name):
                async def hear(subject, message):
                    heard[name].append((subject, message))

                return hear

            await there.subscribe("event.a.b", hearing("exact"))
            await there.subscribe("event.*.b", hearing("star"))
            await here.subscribe("event.>", hearing("all"))
            for n in range(20):
                here.publish("event.a.b", b"%d" % n)
            here.publish("event.x", b"end")
            while len(heard["all"]) < 21 or len(heard["star"]) < 20 or len(heard["exact"]) < 20:
                await asyncio.sleep(0.005)
            expected = [("event.a.b", b"%d" % n) for n in range(20)]
            assert heard == {"exact": expected, "star": expected, "all": [*expected, ("event.x", b"end")]}

    run(story)


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("*.b", "a.c", False),
    ],
)
def test_patterns(pattern, subject, expected):
    assert matches(pattern.split("."), subject.split(".")) is expected


@pytest.mark.parametrize(("url", "says"), [("redis://x", "no bus voltloom knows"), ("nats://127.0.0.1:1", "no NATS")])
def test_a_wrong_bus_is_one_sentence(url, says):
    with pytest.raises(SettingError, match=says):
        asyncio.run(open_bus(url))


def test_while_the_bus_is_away_a_node_goes_on_alone_and_finds_the_others_again(nats_server, free_port):
    async def story():
        async def answer(_, message):
            return b"here " + message

        async def answer_there(_, message):
            return b"there " + message

        with nats_server(free_port) as url:
            here, there = await open_bus(url), await open_bus(url)
            await here.subscribe("station.mine", answer)
            await there.subscribe("station.theirs", answer_there)
            assert await here.request("station.theirs", b"1", 5) == b"there 1"
        while True:
            try:
                assert await here.request("station.mine", b"2", 1) == b"here 2"
                with pytest.raises(NoResponder):
                    await here.request("station.theirs", b"3", 1)
                break
            except TimeoutError:  # it has not noticed yet
                continue
        here.publish("event.x", b"dropped")
        with nats_server(free_port):
            while True:
                try:
                    assert await here.request("station.theirs", b"4", 1) == b"there 4"
                    break
                except (NoResponder, TimeoutError):
                    await asyncio.sleep(0.02)
            await here.close()
            await there.close()

    run(story)
