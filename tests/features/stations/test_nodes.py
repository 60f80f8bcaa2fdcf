"""Nodes that come, live, and are gone without a word."""

import asyncio
from datetime import datetime, timedelta

from stations_by_hand import CP, NOW, Network, connect, registered
from voltloom.domain.reports import LinkOpened
from voltloom.features.feature import Context
from voltloom.features.stations import nodes, store
from voltloom.infra.database import Database, Work

MINUTES = timedelta(minutes=1)


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await registered(database)
            await nodes.join(database, "n1", NOW)
            await (await connect(database)).says(LinkOpened(NOW, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
            await story(database)

    asyncio.run(whole())


async def look(database: Database, now: datetime) -> tuple[bool, str | None]:
    """Whether the station counts as connected after a node has looked for those that are gone, and why not."""
    await nodes.close_links_of_the_gone(Context(database, Network(), now, Work()))
    row = await database.read(lambda connection: store.get(connection, CP))
    assert row is not None
    return row["connected"], row["disconnect_reason"]


def test_what_a_node_held_that_went_silent_is_away_and_says_why(fresh_database):
    async def story(database: Database):
        assert (await look(database, NOW + 0.9 * MINUTES))[0]
        assert await look(database, NOW + 1.1 * MINUTES) == (False, "the node n1 went away")

    run(fresh_database, story)


def test_a_node_that_says_it_lives_keeps_what_it_holds(fresh_database):
    async def story(database: Database):
        for minute in range(1, 4):
            await nodes.beat(database, "n1", [CP], NOW + minute * MINUTES)
            assert (await look(database, NOW + (minute + 0.5) * MINUTES))[0]

    run(fresh_database, story)


def test_a_node_that_was_only_cut_off_has_its_links_again(fresh_database):
    async def story(database: Database):
        assert not (await look(database, NOW + 2 * MINUTES))[0]
        await nodes.beat(database, "n1", [CP], NOW + 3 * MINUTES)
        assert (await look(database, NOW + 3.5 * MINUTES))[0]

    run(fresh_database, story)


def test_what_another_node_has_taken_meanwhile_stays_with_it(fresh_database):
    async def story(database: Database):
        await look(database, NOW + 2 * MINUTES)
        session = await connect(database)
        await session.says(LinkOpened(NOW + 2 * MINUTES, "192.0.2.7", "ocpp2.0.1", 1, "n2"))
        await nodes.beat(database, "n1", [CP], NOW + 3 * MINUTES)
        row = await database.read(lambda connection: store.get(connection, CP))
        assert row is not None
        assert row["node"] == "n2"

    run(fresh_database, story)


def test_a_node_that_ended_as_it_should_is_not_missed(fresh_database):
    async def story(database: Database):
        await nodes.leave(database, "n1")
        assert (await look(database, NOW + 10 * MINUTES))[0]

    run(fresh_database, story)
