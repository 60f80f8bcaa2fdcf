"""What a change in the registry makes this node do: as little as it takes."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway_house import enter, open_house, run, until
from voltloom.app.changes import Changes
from voltloom.domain.events import StationChanged
from voltloom.domain.ids import StationId
from voltloom.features.certificates import Authority

CP = StationId("CP-1")


@asynccontextmanager
async def changing(tmp_path: Path):
    """A house with a connected station, and who hears of changes."""
    Authority.open(tmp_path / "ca", "Voltgrid AG", datetime.now(UTC)).issue_server(["localhost"], datetime.now(UTC))
    async with open_house(tmp_path, tmp_path / "ca") as house:
        await house.register(CP)
        await enter(house.plain_port, CP)
        session = house.gateway._sessions[CP]
        await until(lambda: session.memories is not None and not session._busy)
        changes = Changes(house.database, house.credentials, house.trust, house.gateway)
        running = asyncio.create_task(changes.run())
        try:
            yield house, session, changes
        finally:
            running.cancel()


async def heard(changes: Changes, change: str, at: datetime) -> None:
    changes.hear(None, StationChanged(CP, at, change))
    # Taken up, and then the next one waited for.
    await until(lambda: not changes._something.is_set() and not changes._changed and not changes._reached)


def test_a_profile_that_was_reached_concerns_the_door_alone(tmp_path):
    async def story():
        async with changing(tmp_path) as (_, session, changes):
            before = session.memories
            await heard(changes, "reached", datetime.now(UTC))
            await heard(changes, "reached", datetime.now(UTC))
            assert session.memories is before
            assert not session._busy  # nor are they being read
            assert session.ending is None

    run(story)


def test_what_else_changes_is_read_again(tmp_path):
    async def story():
        async with changing(tmp_path) as (_, session, changes):
            before = session.memories
            await heard(changes, "changed", datetime.now(UTC))
            await until(lambda: session.memories is not before)
            assert session.ending is None

    run(story)


def test_with_the_old_password_it_may_not_stay(tmp_path):
    async def story():
        async with changing(tmp_path) as (house, session, changes):
            await heard(changes, "password", datetime.now(UTC) - timedelta(hours=1))
            assert session.ending is None
            await heard(changes, "password", datetime.now(UTC) + timedelta(seconds=1))
            await until(lambda: house.gateway.link(CP) is None)

    run(story)
