"""What operators do with transactions, and what the clockwork closes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from charging_by_hand import CARD, Station, a_station
from stations_by_hand import NOW, Network
from voltloom.domain.commands import Accepted, Answer, RequestStart, RequestStop, StartAnswer
from voltloom.domain.errors import Conflict, Invalid, NotFound, Unreachable
from voltloom.domain.events import TransactionEnded
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.reports import (
    AuthorizationReported,
    BootReported,
    ConnectorStatusReported,
    LinkClosed,
    LinkOpened,
)
from voltloom.domain.station import ConnectorStatus, Hardware
from voltloom.domain.token import IdToken, TokenKind
from voltloom.domain.transaction import Phase, StopReason
from voltloom.features.feature import Context
from voltloom.features.transactions.rules import ClosedBy
from voltloom.features.transactions.service import (
    close_lost,
    close_transaction,
    start_transaction,
    stop_transaction,
)
from voltloom.infra.database import Work

YES = Answer(Accepted.ACCEPTED, "Accepted")
NO = Answer(Accepted.REJECTED, "Rejected")
GUEST = IdToken("GUEST-1", TokenKind.CENTRAL)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database:
                await story(await a_station(database))

        asyncio.run(whole())

    return played


async def clockwork(station: Station, at: datetime) -> Network:
    network = Network()
    await close_lost(Context(station.database, network, at, Work()))
    return network


async def link(station: Station) -> None:
    await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))


async def status(station: Station, status: ConnectorStatus) -> None:
    await station.says(ConnectorStatusReported(Place(1, 1), status, station.now))


# ---- the clockwork


def test_a_transaction_at_a_connector_that_is_free_again_is_closed(play):
    async def story(station: Station) -> None:
        await link(station)
        reply = await station.starts(meter_wh=1_000)
        await status(station, ConnectorStatus.CHARGING)
        await station.meters(reply.transaction_id, 1_800, at=NOW + 5 * MINUTE)
        station.now += 30 * MINUTE
        await status(station, ConnectorStatus.AVAILABLE)
        await clockwork(station, station.now + 10 * MINUTE)
        assert (await station.transaction(reply.transaction_id)).is_open
        network = await clockwork(station, station.now + 16 * MINUTE)
        closed = await station.transaction(reply.transaction_id)
        assert (closed.closed_by, closed.stop_reason) == (ClosedBy.AVAILABLE, StopReason.LOST)
        assert (closed.energy.wh, closed.ended_at) == (800, NOW + 5 * MINUTE)
        assert network.refreshed == [station.id]
        # Its card may charge again.
        await station.connect()
        station.now += 20 * MINUTE
        reply = await station.starts(evse=2)
        assert reply.authorization is not None
        assert reply.authorization.accepted

    play(story)


def test_a_transaction_the_station_resumes_after_a_boot_goes_on(play):
    async def story(station: Station) -> None:
        await link(station)
        reply = await station.starts(meter_wh=1_000)
        station.now += 5 * MINUTE
        await station.says(BootReported(Hardware("ABB", "Terra")))
        await station.meters(reply.transaction_id, 1_100, at=station.now + MINUTE)
        station.now += 2 * MINUTE
        await station.meters(reply.transaction_id, 1_200)
        await clockwork(station, station.now + 60 * MINUTE)
        assert (await station.transaction(reply.transaction_id)).is_open

    play(story)


def test_a_transaction_that_a_booted_station_says_no_more_of_is_closed_until_it_tells_the_end(play):
    async def story(station: Station) -> None:
        await link(station)
        reply = await station.starts(meter_wh=1_000)
        station.now += 5 * MINUTE
        await station.says(BootReported(Hardware("ABB", "Terra")))
        await clockwork(station, station.now + 14 * MINUTE)
        assert (await station.transaction(reply.transaction_id)).is_open
        await clockwork(station, station.now + 16 * MINUTE)
        assert (await station.transaction(reply.transaction_id)).closed_by is ClosedBy.REBOOT
        await station.connect()
        await station.stops(reply.transaction_id, 1_500, at=NOW + 4 * MINUTE)
        told = await station.transaction(reply.transaction_id)
        assert (told.closed_by, told.energy.wh, told.ended_at) == (ClosedBy.STATION, 500, NOW + 4 * MINUTE)

    play(story)


def test_a_station_that_is_away_is_waited_for_a_week(play):
    async def story(station: Station) -> None:
        await link(station)
        reply = await station.starts(meter_wh=1_000)
        await station.says(LinkClosed(NOW, "closed by station (1000)", "n1"))
        await clockwork(station, NOW + timedelta(days=6))
        assert (await station.transaction(reply.transaction_id)).is_open
        await clockwork(station, NOW + timedelta(days=8))
        assert (await station.transaction(reply.transaction_id)).closed_by is ClosedBy.OFFLINE

    play(story)


def test_only_those_that_are_over_are_closed_among_many(play):
    async def story(station: Station) -> None:
        await link(station)
        lost = [(await station.starts(evse=evse, token=IdToken(f"T{evse}"))).transaction_id for evse in range(1, 6)]
        station.now += timedelta(hours=30)
        fresh = await station.starts(evse=9, token=IdToken("T9"))
        await clockwork(station, station.now + 16 * MINUTE)
        states = [(await station.transaction(each)).is_open for each in (*lost, fresh.transaction_id)]
        assert states == [False] * 5 + [True]

    play(story)


# ---- operators


def test_an_operator_closes_what_the_station_lost(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        await station.meters(reply.transaction_id, 1_300, at=NOW + MINUTE)
        closed = await close_transaction(station.caller, station.id, reply.transaction_id)
        assert (closed.closed_by, closed.energy.wh) == (ClosedBy.OPERATOR, 300)
        assert station.network.refreshed == [station.id]
        with pytest.raises(Conflict):
            await close_transaction(station.caller, station.id, reply.transaction_id)
        with pytest.raises(NotFound):
            await close_transaction(station.caller, station.id, TransactionId("1"))
        # The station goes on about it: kept, but it stays closed.
        await station.connect()
        station.now += 10 * MINUTE
        await station.meters(reply.transaction_id, 1_400)
        again = await station.transaction(reply.transaction_id)
        assert (again.is_open, again.energy.wh) == (False, 400)

    play(story)


def test_a_start_from_afar_is_recognised_by_its_number(play):
    async def story(station: Station) -> None:
        asked: list[RequestStart] = []

        def says(_: StationId, command: object) -> object:
            assert isinstance(command, RequestStart)
            asked.append(command)
            return StartAnswer(YES)

        station.network.says = says
        started = await start_transaction(station.caller, station.id, GUEST, 2)
        assert asked == [RequestStart(GUEST, started.remote_start_id, Place(2))]
        assert station.network.refreshed == [station.id]
        await station.connect()
        uuid = "0b6f0f34-4f0e-4e43-9c1f-8d0d6a7e1c55"
        reply = await station.tells(
            Phase.STARTED, uuid, 0, token=GUEST, place=Place(2, 1), remote_start_id=started.remote_start_id
        )
        assert reply.authorization is not None
        assert reply.authorization.accepted
        assert (await station.transaction(uuid)).remote_start_id == started.remote_start_id

    play(story)


def test_a_1_6_station_may_charge_for_a_guest_that_an_operator_sends(play):
    async def story(station: Station) -> None:
        station.network.says = lambda *_: StartAnswer(YES)
        assert not (await station.says(AuthorizationReported(GUEST))).accepted
        started = await start_transaction(station.caller, station.id, GUEST, 1)
        await station.connect()
        assert (await station.says(AuthorizationReported(IdToken("guest-1")))).accepted
        reply = await station.starts(token=IdToken("GUEST-1"))
        assert reply.authorization is not None
        assert reply.authorization.accepted
        assert (await station.transaction(reply.transaction_id)).remote_start_id == started.remote_start_id
        station.now += 16 * MINUTE
        await station.connect()
        assert not (await station.says(AuthorizationReported(GUEST))).accepted

    play(story)


def test_a_start_that_the_station_refuses_is_not_waited_for(play):
    async def story(station: Station) -> None:
        station.network.says = lambda *_: StartAnswer(NO)
        await start_transaction(station.caller, station.id, CARD, 1)
        await station.connect()
        reply = await station.starts()
        assert (await station.transaction(reply.transaction_id)).remote_start_id is None

    play(story)


def test_asking_a_station_that_is_not_there_says_so(play):
    async def story(station: Station) -> None:
        with pytest.raises(Unreachable):
            await start_transaction(station.caller, station.id, CARD)
        with pytest.raises(NotFound):
            await start_transaction(station.caller, StationId("CP-99"), CARD)
        with pytest.raises(Invalid):
            await start_transaction(station.caller, station.id, IdToken(" "))

    play(story)


def test_a_stop_from_afar_is_over_when_the_station_says_so(play):
    async def story(station: Station) -> None:
        station.network.says = lambda *_: YES
        reply = await station.starts()
        stopped = await stop_transaction(station.caller, station.id, reply.transaction_id)
        assert (stopped.answer, stopped.closed) == (YES, False)
        assert station.network.asked == [(station.id, RequestStop(reply.transaction_id))]
        assert (await station.transaction(reply.transaction_id)).is_open
        await station.stops(reply.transaction_id)
        with pytest.raises(Conflict):
            await stop_transaction(station.caller, station.id, reply.transaction_id)

    play(story)


def test_a_transaction_the_station_denies_is_closed_if_it_has_long_been_silent(play):
    async def story(station: Station) -> None:
        station.network.says = lambda *_: NO
        reply = await station.starts()
        assert not (await stop_transaction(station.caller, station.id, reply.transaction_id)).closed
        station.now += 20 * MINUTE
        assert (await stop_transaction(station.caller, station.id, reply.transaction_id)).closed
        assert (await station.transaction(reply.transaction_id)).closed_by is ClosedBy.DENIED

    play(story)


def test_every_end_is_told_once(play):
    async def story(station: Station) -> None:
        reply = await station.starts()
        for _ in range(3):
            await station.stops(reply.transaction_id, at=NOW + MINUTE)
        assert len(station.heard(TransactionEnded)) == 1

    play(story)
