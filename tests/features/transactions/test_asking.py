"""Stations are asked of transactions that nothing was heard of; those that are lost are closed. On both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from charging_by_hand import Station, a_station
from stations_by_hand import NOW
from voltloom.domain.commands import Command, GetTransactionStatus, TransactionStatus
from voltloom.domain.errors import NotInThisVersion, TimedOut
from voltloom.domain.ids import StationId
from voltloom.domain.reports import LinkOpened
from voltloom.domain.transaction import Phase
from voltloom.features.feature import Context
from voltloom.features.transactions.asking import ask_about_doubtful, ask_status
from voltloom.features.transactions.rules import ClosedBy
from voltloom.infra.database import Work, open_database
from voltloom.infra.migrations import migrate

TX = "0f9b3a52-7f1c-4a0e-9d1c-2b6f0a9e0001"


def played(database_url: str, story: Callable[[Station], Awaitable[None]]) -> None:
    async def play() -> None:
        database = await open_database(database_url)
        try:
            await migrate(database)
            station = await a_station(database)
            await station.says(LinkOpened(NOW, "192.0.2.1", "ocpp2.0.1", 1, "n1"))
            await station.tells(Phase.STARTED, TX, 0, wh=1_000)
            await story(station)
        finally:
            await database.close()

    asyncio.run(play())


def answers(station: Station, said: object) -> None:
    def say(station_id: StationId, command: Command[object]) -> object:
        assert isinstance(command, GetTransactionStatus)
        assert command.transaction_id == TX
        return said

    station.network.says = say


async def turn(station: Station, after: timedelta) -> int:
    """Of the clockwork, so long after; how often the station was asked in all."""
    await ask_about_doubtful(Context(station.database, station.network, NOW + after, Work()))
    return len(station.network.asked)


def test_one_that_is_lost_is_closed(database_url: str):
    async def story(station: Station) -> None:
        answers(station, TransactionStatus(messages_in_queue=False, ongoing=False))
        assert await turn(station, timedelta(minutes=5)) == 0, "it was heard of just now"
        assert await turn(station, timedelta(minutes=20)) == 1
        found = await station.transaction(TX)
        assert (found.is_open, found.closed_by) == (False, ClosedBy.DENIED)

    played(database_url, story)


@pytest.mark.parametrize(
    "said",
    [
        TransactionStatus(messages_in_queue=True, ongoing=False),
        TransactionStatus(messages_in_queue=False, ongoing=True),
        TransactionStatus(messages_in_queue=False, ongoing=None),
        NotInThisVersion("1.6"),
        TimedOut("silent"),
    ],
    ids=str,
)
def test_one_that_may_go_on_or_still_be_told_of_stays(database_url: str, said: object):
    async def story(station: Station) -> None:
        answers(station, said)
        assert await turn(station, timedelta(minutes=20)) == 1
        assert await turn(station, timedelta(minutes=30)) == 1, "once an hour is enough"
        assert await turn(station, timedelta(minutes=90)) == 2
        assert (await station.transaction(TX)).is_open

    played(database_url, story)


def test_somebody_who_asks_is_told(database_url: str):
    async def story(station: Station) -> None:
        answers(station, TransactionStatus(messages_in_queue=False, ongoing=False))
        found = await ask_status(station.caller, station.id, (await station.transaction(TX)).id)
        assert not found.closed, "its end may be on its way: it was heard of just now"
        station.now += timedelta(minutes=20)
        found = await ask_status(station.caller, station.id, found.transaction.id)
        assert found.closed
        assert found.transaction.closed_by is ClosedBy.DENIED

    played(database_url, story)
