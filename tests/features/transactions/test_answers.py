"""What stations report, in every order and disorder they are known for, on real databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charging_by_hand import CARD, Station, a_station
from stations_by_hand import NOW, Caller
from voltloom.domain.events import (
    TransactionCorrected,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.metering import Context, Reading, Sample, Signed
from voltloom.domain.reports import SamplesReported, TransactionReported
from voltloom.domain.token import AuthorizationStatus, IdToken, TokenKind
from voltloom.domain.transaction import ChargingState, Phase, StopReason
from voltloom.features.authorization import Group, Token, add_token
from voltloom.features.authorization.service import put_group
from voltloom.features.transactions import samples, store
from voltloom.features.transactions.rules import ClosedBy, Flag, all_flags
from voltloom.infra.database import Database, metadata, open_database

UUID = "f2b1c9a0-5a39-4c0e-9f0e-2d3b1f6f7a11"
MINUTE = timedelta(minutes=1)

Story = Callable[[Station], Awaitable[None]]


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Story, *cards: Token) -> None:
        async def whole() -> None:
            async with fresh_database() as database:
                await story(await a_station(database, *cards))

        asyncio.run(whole())

    return played


async def samples_of(station: Station, transaction_id: str) -> list[Sample]:
    return await station.database.read(
        lambda connection: samples.read_samples(connection, station.id, TransactionId(transaction_id))
    )


# ---- the normal way


def test_a_1_6_station_charges_a_car(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        assert reply.authorization is not None
        assert reply.authorization.accepted
        for minute in range(1, 4):
            await station.says(
                SamplesReported(
                    Place(1, 1),
                    (Sample(station.now + MINUTE, energy_wh=1_000 + 100 * minute, power_w=6_000),),
                    reply.transaction_id,
                ),
                MINUTE,
            )
        running = await station.transaction(reply.transaction_id)
        assert (running.is_open, running.energy.wh, running.power_w) == (True, 300, 6_000)
        await station.stops(reply.transaction_id, 1_350)
        ended = await station.transaction(reply.transaction_id)
        assert (ended.energy.wh, ended.stop_reason, all_flags(ended)) == (350, StopReason.LOCAL, set())
        assert [event.energy_wh for event in station.heard(TransactionUpdated)] == [100, 200, 300]
        (told,) = station.heard(TransactionEnded)
        assert (told.energy_wh, told.suspect) == (350, False)

    play(story)


def test_a_2_x_station_charges_a_car(play):
    async def story(station: Station) -> None:
        reply = await station.tells(Phase.STARTED, UUID, 0, 500)
        assert (reply.transaction_id, reply.authorization) == (UUID, None)
        reply = await station.tells(Phase.UPDATED, UUID, 1, token=CARD, trigger="Authorized")
        assert reply.authorization is not None
        assert reply.authorization.accepted
        await station.tells(Phase.UPDATED, UUID, 2, charging_state=ChargingState.CHARGING)
        station.now += MINUTE
        await station.tells(Phase.ENDED, UUID, 3, 620, stop_reason=StopReason.EV_DISCONNECTED)
        ended = await station.transaction(UUID)
        assert (ended.energy.wh, ended.token, ended.seen) == (120, CARD.value, [(0, 3)])
        assert all_flags(ended) == set()
        assert station.heard(TransactionStarted)[0].at == NOW

    play(story)


def test_once_the_card_is_known_nothing_of_it_reads_the_database(play):
    async def story(station: Station) -> None:
        first = await station.starts()
        await station.stops(first.transaction_id)
        station.waited = 0
        reply = await station.starts(at=station.now + MINUTE)
        for minute in range(10):
            await station.meters(reply.transaction_id, 1_000 + minute, at=station.now + minute * MINUTE)
        await station.stops(reply.transaction_id, at=station.now + 20 * MINUTE)
        assert station.waited == 0

    play(story)


def test_all_that_a_meter_says_is_kept_as_it_was_said(play):
    sample = Sample(
        NOW,
        Context.CLOCK,
        1234.5,
        6.5,
        7_000.25,
        0.0,
        (10.1, None, 9.9),
        (230.0, 231.5, None),
        55.5,
        31.0,
        50.01,
        11_000.0,
        16.0,
        (Reading("Energy.Reactive.Import.Register", 4.0, "varh", "L1", "Inlet"), Reading("RPM", "fast")),
        (Signed("T0NNRnx7fQ==", "ECDSA", "OCMF", "key"),),
    )

    async def story(station: Station) -> None:
        reply = await station.starts()
        await station.says(SamplesReported(Place(1, 1), (sample,), reply.transaction_id))
        assert await samples_of(station, reply.transaction_id) == [sample]

    play(story)


# ---- twice, late, in disorder


def test_a_1_6_start_told_again_is_the_same_transaction(play):
    async def story(station: Station) -> None:
        first = await station.starts(at=NOW)
        again = await station.starts(at=NOW)
        assert again.transaction_id == first.transaction_id
        assert again.authorization == first.authorization
        await station.connect()
        assert (await station.starts(at=NOW)).transaction_id == first.transaction_id
        assert len(station.heard(TransactionStarted)) == 1

    play(story)


def test_a_1_6_start_told_again_hours_later_is_the_same_transaction(play):
    async def story(station: Station) -> None:
        first = await station.starts(at=NOW)
        await station.stops(first.transaction_id)
        station.now += timedelta(hours=30)
        await station.connect()
        again = await station.starts(at=NOW)
        assert again.transaction_id == first.transaction_id
        assert not (await station.transaction(first.transaction_id)).is_open

    play(story)


def test_ids_for_1_6_are_31_bits_and_cannot_be_guessed(play):
    async def story(station: Station) -> None:
        ids: list[int] = []
        for minute in range(5):
            reply = await station.starts(at=station.now + minute * MINUTE)
            await station.stops(reply.transaction_id, at=station.now + minute * MINUTE)
            ids.append(int(reply.transaction_id))
        assert all(0 < number < 2**31 for number in ids)
        gaps = {abs(after - before) for before, after in pairwise(ids)}
        assert min(gaps) > 100

    play(story)


def test_meter_values_told_twice_count_once_even_after_a_reconnect(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        await station.meters(reply.transaction_id, 1_100, at=NOW + MINUTE)
        await station.meters(reply.transaction_id, 1_100, at=NOW + MINUTE)
        await station.connect()
        await station.meters(reply.transaction_id, 1_100, at=NOW + MINUTE)
        assert len(await samples_of(station, reply.transaction_id)) == 1
        assert (await station.transaction(reply.transaction_id)).energy.wh == 100

    play(story)


def test_samples_that_come_late_are_counted_in_their_place(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000, at=NOW)
        station.now += timedelta(hours=1)
        await station.meters(reply.transaction_id, 1_900, at=NOW + 50 * MINUTE)
        await station.meters(reply.transaction_id, 1_500, at=NOW + 20 * MINUTE)
        await station.meters(reply.transaction_id, 1_700, at=NOW + 30 * MINUTE)
        running = await station.transaction(reply.transaction_id)
        assert (running.energy.wh, running.last_sample_at) == (900, NOW + 50 * MINUTE)
        assert all_flags(running) == set()
        assert [sample.energy_wh for sample in await samples_of(station, reply.transaction_id)] == [1_500, 1_700, 1_900]

    play(story)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 0, 3, 1, 1)])
def test_reports_of_a_2_x_transaction_may_come_in_any_order(play, order: tuple[int, ...]):
    async def story(station: Station) -> None:
        station.now += timedelta(hours=1)
        for number in order:
            at = NOW + number * MINUTE
            phase = (Phase.STARTED, Phase.UPDATED, Phase.UPDATED, Phase.ENDED)[number]
            token = CARD if number == 0 else None
            await station.tells(phase, UUID, number, 1_000 + 100 * number, at=at, token=token, offline=True)
        ended = await station.transaction(UUID)
        assert (ended.started_at, ended.ended_at, ended.token) == (NOW, NOW + 3 * MINUTE, CARD.value)
        assert (ended.energy.wh, ended.seen, all_flags(ended)) == (300, [(0, 3)], set())

    play(story)


def test_an_end_without_a_start_is_recorded_and_marked(play):
    async def story(station: Station) -> None:
        await station.stops("4711", 9_000)
        ended = await station.transaction("4711")
        assert (ended.is_open, ended.meter_stop_wh, ended.evse) == (False, 9_000, 0)
        assert Flag.START_MISSING in all_flags(ended)
        assert len(station.heard(TransactionStarted)) == len(station.heard(TransactionEnded)) == 1

    play(story)


def test_an_update_of_an_unknown_transaction_begins_it_with_a_gap(play):
    async def story(station: Station) -> None:
        await station.tells(Phase.UPDATED, UUID, 7, 5_000)
        running = await station.transaction(UUID)
        assert running.is_open
        assert all_flags(running) == {Flag.START_MISSING}
        await station.tells(Phase.STARTED, UUID, 0, 4_000, at=NOW - MINUTE, token=CARD, offline=True)
        running = await station.transaction(UUID)
        assert (running.started_at, running.energy.wh, running.token) == (NOW - MINUTE, 1_000, CARD.value)
        assert all_flags(running) == {Flag.REPORTS_MISSING}
        assert [event.change for event in station.heard(TransactionCorrected)] == ["started"]

    play(story)


def test_meter_values_of_a_transaction_begun_with_another_system_are_kept(play):
    async def story(station: Station) -> None:
        await station.meters("815", 5_000, at=NOW)
        await station.meters("815", 5_400, at=NOW + 5 * MINUTE)
        running = await station.transaction("815")
        assert (running.evse, running.energy.wh) == (1, 400)
        assert Flag.START_MISSING in all_flags(running)

    play(story)


def test_a_report_that_comes_after_the_end_does_not_open_it_again(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        await station.stops(reply.transaction_id, 1_500, at=NOW + 10 * MINUTE)
        station.now += 20 * MINUTE
        await station.meters(reply.transaction_id, 1_200, at=NOW + 5 * MINUTE)
        ended = await station.transaction(reply.transaction_id)
        assert (ended.is_open, ended.energy.wh) == (False, 500)
        assert len(await samples_of(station, reply.transaction_id)) == 1

    play(story)


# ---- what stations do


def test_a_stop_that_names_no_transaction_ends_the_one_it_can_only_mean(play):
    """Stations that began while they were offline say -1."""

    async def story(station: Station) -> None:
        first = await station.starts(evse=1, meter_wh=1_000)
        second = await station.starts(evse=2, token=IdToken("OTHER"), meter_wh=50_000)
        await station.stops("-1", 1_200)
        assert not (await station.transaction(first.transaction_id)).is_open
        assert (await station.transaction(second.transaction_id)).is_open

    play(story)


def test_a_stop_that_may_be_of_two_transactions_ends_neither_and_is_kept(play):
    async def story(station: Station) -> None:
        first = await station.starts(evse=1, meter_wh=1_000)
        second = await station.starts(evse=2, meter_wh=1_000)
        for _ in range(2):
            await station.stops("0", 1_200, token=None)
        assert (await station.transaction(first.transaction_id)).is_open
        assert (await station.transaction(second.transaction_id)).is_open
        assert len(station.heard(TransactionEnded)) == 1

    play(story)


def test_meter_values_that_name_no_transaction_belong_to_the_one_at_that_evse(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        await station.meters(None, 1_100, at=NOW + MINUTE)
        await station.meters("0", 1_200, at=NOW + 2 * MINUTE)
        assert (await station.transaction(reply.transaction_id)).energy.wh == 200

    play(story)


def test_meter_values_outside_of_transactions_are_kept_once(play):
    async def story(station: Station) -> None:
        for _ in range(2):
            await station.meters(None, 700, power_w=0, evse=0)
            await station.connect()
            await station.meters(None, 700, power_w=0, evse=0)
        await station.says(SamplesReported(Place(0), (Sample(NOW, frequency_hz=50.0),)))
        samples = await samples_of(station, "")
        assert [(sample.energy_wh, sample.frequency_hz) for sample in samples] in (
            [(700, None), (None, 50.0)],
            [(None, 50.0), (700, None)],
        )

    play(story)


def test_where_a_new_transaction_begins_the_one_before_it_has_ended(play):
    async def story(station: Station) -> None:
        lost = await station.starts(meter_wh=1_000)
        await station.meters(lost.transaction_id, 1_400, at=NOW + 5 * MINUTE)
        station.now += timedelta(hours=1)
        new = await station.starts(meter_wh=1_450)
        assert new.authorization is not None
        assert new.authorization.accepted
        old = await station.transaction(lost.transaction_id)
        assert (old.closed_by, old.stop_reason, old.ended_at) == (
            ClosedBy.SUPERSEDED,
            StopReason.LOST,
            NOW + 5 * MINUTE,
        )
        assert (old.energy.wh, Flag.CLOSED_HERE in all_flags(old)) == (400, True)
        assert [event.suspect for event in station.heard(TransactionEnded)] == [True]
        # What the station tells of it in the end, counts.
        await station.stops(lost.transaction_id, 1_440, at=NOW + 8 * MINUTE)
        old = await station.transaction(lost.transaction_id)
        assert (old.closed_by, old.energy.wh, old.ended_at) == (ClosedBy.STATION, 440, NOW + 8 * MINUTE)
        assert [(event.change, event.suspect) for event in station.heard(TransactionCorrected)] == [("ended", False)]
        assert (await station.transaction(new.transaction_id)).is_open

    play(story)


def test_an_older_start_told_late_does_not_end_the_one_that_runs(play):
    async def story(station: Station) -> None:
        running = await station.starts(meter_wh=2_000)
        late = await station.starts(meter_wh=1_000, at=NOW - timedelta(hours=2))
        await station.stops(late.transaction_id, 1_900, at=NOW - timedelta(hours=1))
        assert (await station.transaction(running.transaction_id)).is_open
        assert (await station.transaction(late.transaction_id)).energy.wh == 900

    play(story)


def test_a_station_that_counts_its_transactions_from_one_again_gets_two(play):
    async def story(station: Station) -> None:
        for day in range(2):
            station.now = NOW + timedelta(days=day)
            await station.connect()
            reply = await station.tells(Phase.STARTED, "1", 0, 1_000, token=CARD)
            assert reply.transaction_id == "1"
            station.now += MINUTE
            await station.tells(Phase.UPDATED, "1", 1, 1_100)
            await station.tells(Phase.ENDED, "1", 2, 1_200 + 10 * day, at=station.now + MINUTE)
        assert (await station.transaction("1")).energy.wh == 200
        assert (await station.transaction("1@20260505T120000Z")).energy.wh == 210

    play(story)


def test_a_sign_of_life_opens_again_what_we_had_given_up(play):
    async def story(station: Station) -> None:
        reply = await station.starts(meter_wh=1_000)
        transaction = await station.transaction(reply.transaction_id)

        def give_up(connection: object, _: object) -> None:
            from voltloom.features.transactions import rules

            rules.close(transaction, ClosedBy.OFFLINE, StopReason.LOST)
            assert store.save_closed(connection, transaction, if_unheard=True)  # type: ignore[arg-type]

        await station.database.write(give_up)
        station.now += timedelta(days=8)
        await station.connect()
        await station.meters(reply.transaction_id, 3_000)
        again = await station.transaction(reply.transaction_id)
        assert (again.is_open, again.energy.wh) == (True, 2_000)
        assert Flag.REOPENED in all_flags(again)
        await station.stops(reply.transaction_id, 3_100)
        assert [event.energy_wh for event in station.heard(TransactionEnded)] == [2_100]

    play(story)


# ---- tokens


def test_a_start_with_an_unknown_token_is_recorded_and_refused(play):
    async def story(station: Station) -> None:
        reply = await station.starts(token=IdToken("STRANGER"))
        assert reply.authorization is not None
        assert reply.authorization.status is AuthorizationStatus.UNKNOWN
        assert Flag.UNAUTHORIZED in all_flags(await station.transaction(reply.transaction_id))

    play(story)


def test_a_token_charges_once_at_a_time_over_the_whole_network(play):
    async def story(station: Station) -> None:
        first = await station.starts()
        other = await Station(station.database, StationId("CP-8")).connect()
        refused = await other.starts()
        assert refused.authorization is not None
        assert refused.authorization.status is AuthorizationStatus.CONCURRENT_TX
        await station.stops(first.transaction_id)
        other.now += MINUTE
        accepted = await other.starts()
        assert accepted.authorization is not None
        assert accepted.authorization.accepted

    play(story)


def test_a_stranger_who_ends_a_transaction_is_refused_and_it_is_marked(play):
    async def story(station: Station) -> None:
        reply = await station.starts()
        stopped = await station.stops(reply.transaction_id, token=IdToken("STRANGER"))
        assert stopped.authorization is not None
        assert not stopped.authorization.accepted
        ended = await station.transaction(reply.transaction_id)
        assert not ended.is_open
        assert Flag.STOPPED_BY_OTHER in all_flags(ended)

    play(story)


def test_another_card_of_the_group_may_end_it(play):
    async def story(station: Station) -> None:
        await put_group(station.caller, Group("fleet"))
        for value in ("A", "B"):
            await add_token(station.caller, Token(value, group_id="fleet"))
        reply = await station.starts(token=IdToken("A"))
        assert reply.authorization is not None
        assert reply.authorization.group == IdToken("fleet", TokenKind.CENTRAL)
        stopped = await station.stops(reply.transaction_id, token=IdToken("b"))
        assert stopped.authorization is not None
        assert stopped.authorization.accepted

    play(story)


def test_charging_without_authorization_is_recorded(play):
    async def story(station: Station) -> None:
        free = IdToken("", TokenKind.NO_AUTHORIZATION)
        reply = await station.tells(Phase.STARTED, UUID, 0, 0, token=free)
        assert reply.authorization is not None
        assert reply.authorization.accepted
        assert all_flags(await station.transaction(UUID)) == set()

    play(story)


def test_a_sample_at_an_absurd_place_is_kept_as_the_stations(play):
    async def story(station: Station) -> None:
        report = TransactionReported(
            Phase.STARTED, TransactionId(UUID), NOW, Place(2**40, -7), sequence=0, samples=(Sample(NOW, energy_wh=5.0),)
        )
        await station.says(report)
        running = await station.transaction(UUID)
        assert (running.evse, running.connector) == (0, None)

    play(story)


def test_no_disorder_repetition_or_reconnect_changes_what_is_kept(database_url: str):
    """What the handlers keep of shuffled, doubled reports with reconnects between them is what they keep in order."""
    start = NOW - timedelta(hours=1)

    def reports(transaction_id: str) -> list[TransactionReported]:
        told = [
            TransactionReported(
                Phase.UPDATED,
                TransactionId(transaction_id),
                start + minute * MINUTE,
                sequence=minute,
                offline=True,
                charging_state=ChargingState.CHARGING if minute == 2 else None,
                samples=(
                    Sample(start + minute * MINUTE, energy_wh=1_000.0 + 90 * minute, power_w=5_400.0),
                    Sample(start + minute * MINUTE + timedelta(seconds=30), energy_wh=1_045.0 + 90 * minute),
                ),
            )
            for minute in range(1, 5)
        ]
        first = Sample(start, Context.BEGIN, 1_000.0)
        last = Sample(start + 6 * MINUTE, Context.END, 1_500.0)
        one = TransactionReported(
            Phase.STARTED,
            TransactionId(transaction_id),
            start,
            Place(1, 1),
            0,
            token=CARD,
            samples=(first,),
            offline=True,
        )
        end = TransactionReported(
            Phase.ENDED,
            TransactionId(transaction_id),
            start + 6 * MINUTE,
            sequence=5,
            samples=(last,),
            stop_reason=StopReason.EV_DISCONNECTED,
            offline=True,
        )
        return [one, *told, end]

    async def kept(database: Database, order: list[int], reconnect_before: set[int]) -> tuple[object, ...]:
        station = await Station(database, StationId(f"S-{uuid4()}")).connect()
        transaction_id = str(uuid4())
        said = reports(transaction_id)
        for place, number in enumerate(order):
            if place in reconnect_before:
                await station.connect()
            await station.says(said[number])
        tx = await station.transaction(transaction_id)
        samples = await samples_of(station, transaction_id)
        ends = len(station.heard(TransactionEnded))
        return (tx.started_at, tx.ended_at, tx.token, tx.evse, tx.energy, tx.seen, all_flags(tx), samples, ends)

    with asyncio.Runner() as runner:
        database = runner.run(open_database(database_url))
        try:
            runner.run(prepare(database))
            in_order = runner.run(kept(database, list(range(6)), set()))

            @settings(max_examples=40)
            @given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=3), st.sets(st.integers(0, 8)))
            def in_any_order(order: list[int], again: list[int], reconnects: set[int]) -> None:
                assert runner.run(kept(database, [*order, *again], reconnects)) == in_order

            in_any_order()
        finally:
            runner.run(database.close())


async def prepare(database: Database) -> None:
    await database.write(lambda connection, _: metadata.create_all(connection))
    await add_token(Caller(database), Token(CARD.value, allowed=None))
