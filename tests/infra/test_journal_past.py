import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from voltloom.domain.events import FaultNoticed, StationConnected, StationDisconnected
from voltloom.domain.ids import StationId
from voltloom.infra import journal_past
from voltloom.infra.database import Database
from voltloom.infra.journal import Journal, journal, newest_number
from voltloom.infra.journal_past import Wanted, read_back, read_on

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def connected(station: str, address: str = "192.0.2.7") -> StationConnected:
    return StationConnected(StationId(station), NOON, address, "ocpp1.6", 1)


def left(station: str, reason: str) -> StationDisconnected:
    return StationDisconnected(StationId(station), NOON, reason)


def fault(station: str, text: str) -> FaultNoticed:
    return FaultNoticed(StationId(station), 1, 1, NOON, "GroundFailure", "", text, cleared=False)


async def fill(database: Database, *events: object) -> None:
    """Number 1 was written at noon, each further one a minute later."""

    def tell(_, work) -> None:
        for event in events:
            work.tell(event)

    await database.write(tell)
    for number in range(1, len(events) + 1):
        at = NOON + timedelta(minutes=number - 1)
        await database.write(
            lambda connection, _, number=number, at=at: connection.execute(
                update(journal).where(journal.c.number == number).values(at=at)
            )
        )


def numbers(past) -> list[int]:
    return [entry.number for entry in past.entries]


KINDS = Journal((StationConnected, StationDisconnected, FaultNoticed))


@pytest.fixture
def of_six(fresh_database):
    """Asks a journal of six events, read back or on; filled when it is first asked."""

    def ask(read, wanted: Wanted, **how: object):
        async def story():
            async with fresh_database(KINDS) as database:
                if await database.read(newest_number):
                    return await database.read(lambda connection: read(connection, wanted, **how))
                await fill(
                    database,
                    connected("CP-1"),
                    connected("CP-2", "192.0.2.8"),
                    fault("CP-1", "Übertemperatur am Kabel"),
                    left("CP-1", "silent for 90 s"),
                    left("CP-2", 'he said "enough"'),
                    connected("CP-1"),
                )
                return await database.read(lambda connection: read(connection, wanted, **how))

        return asyncio.run(story())

    return ask


def test_the_past_is_read_back_page_by_page(of_six):
    page = of_six(read_back, Wanted(), before=None, limit=2)
    assert (numbers(page), page.further) == ([5, 6], 5)
    page = of_six(read_back, Wanted(), before=5, limit=4)
    assert (numbers(page), page.further) == ([1, 2, 3, 4], None)


def test_it_is_read_on_from_a_number(of_six):
    page = of_six(read_on, Wanted(station="CP-1"), after=1, limit=2)
    assert (numbers(page), page.further) == ([3, 4], 4)
    page = of_six(read_on, Wanted(station="CP-1"), after=4, limit=2)
    assert (numbers(page), page.further) == ([6], None)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(names=("station.disconnected",)), [4, 5]),
        (Wanted(words=("SILENT", "cp-1")), [4]),
        (Wanted(words=('"enough"',)), [5]),
        (Wanted(words=("über",)), [3]),
        (Wanted(words=("ÜBER",)), [3]),
        (Wanted(words=("192.0.2.8",)), [2]),
        (Wanted(words=("connected",), station="CP-2"), [2, 5]),
        (Wanted(words=("address",)), []),
        (Wanted(words=("%",)), []),
        (Wanted(since=NOON + timedelta(minutes=4)), [5, 6]),
        (Wanted(since=NOON + timedelta(minutes=1, seconds=1), until=NOON + timedelta(minutes=4)), [3, 4]),
        (Wanted(until=NOON), []),
        (Wanted(since=NOON + timedelta(hours=1)), []),
    ],
)
def test_it_is_looked_through(of_six, wanted, found):
    assert numbers(of_six(read_back, wanted, before=None, limit=9)) == found
    assert numbers(of_six(read_on, wanted, after=0, limit=9)) == found


def test_a_page_looks_so_far_and_says_where_it_stopped(of_six, monkeypatch):
    monkeypatch.setattr(journal_past, "STRETCH", 2)
    rare = Wanted(words=("silent",))
    page = of_six(read_back, rare, before=None, limit=9)
    assert (numbers(page), page.further) == ([], 5)
    page = of_six(read_back, rare, before=5, limit=9)
    assert (numbers(page), page.further) == ([4], 3)
    page = of_six(read_back, rare, before=3, limit=9)
    assert (numbers(page), page.further) == ([], None)
    page = of_six(read_on, rare, after=0, limit=9)
    assert (numbers(page), page.further) == ([], 2)
    page = of_six(read_on, rare, after=2, limit=9)
    assert (numbers(page), page.further) == ([4], 4)


def test_an_empty_journal_has_no_past(fresh_database):
    async def story():
        async with fresh_database(KINDS) as database:
            for read, how in ((read_back, {"before": None}), (read_on, {"after": 0})):
                wanted = Wanted(since=NOON, words=("x",))
                page = await database.read(lambda c, read=read, how=how: read(c, wanted, limit=3, **how))  # noqa: B023
                assert (page.entries, page.further) == ([], None)

    asyncio.run(story())
