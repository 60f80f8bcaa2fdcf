"""Stations present tokens, on real databases."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from charging_by_hand import CARD, Station, a_station
from stations_by_hand import NOW
from voltloom.domain.events import SecurityNoticed, TokenChanged, TransactionEnded, TransactionStarted
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import AuthorizationReported
from voltloom.domain.token import AuthorizationStatus, IdToken, TokenKind
from voltloom.features.authorization import Token, TokenState, follower
from voltloom.features.authorization.cache import TokenCache, cache_of
from voltloom.features.authorization.rules import GUESSES, Group, Known
from voltloom.features.authorization.service import add_token, change_token, put_group, remove_token


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database:
                await story(await a_station(database))

        asyncio.run(whole())

    return played


async def asked(station: Station, value: str = CARD.value, kind: TokenKind = TokenKind.UNKNOWN) -> AuthorizationStatus:
    return (await station.says(AuthorizationReported(IdToken(value, kind)))).status


def test_a_token_seen_lately_is_answered_without_the_database(play):
    async def story(station: Station) -> None:
        assert await asked(station) is AuthorizationStatus.ACCEPTED
        assert station.waited == 1
        assert await asked(station, CARD.value.lower()) is AuthorizationStatus.ACCEPTED
        assert station.waited == 1
        station.now += timedelta(seconds=61)
        assert await asked(station) is AuthorizationStatus.ACCEPTED
        assert station.waited == 2

    play(story)


def test_what_an_operator_changes_counts_from_the_next_time_a_card_is_shown(play):
    async def story(station: Station) -> None:
        assert await asked(station) is AuthorizationStatus.ACCEPTED
        await change_token(station.caller, CARD.value, {"state": TokenState.BLOCKED})
        assert await asked(station) is AuthorizationStatus.BLOCKED
        await change_token(station.caller, CARD.value, {"state": TokenState.ACTIVE, "group_id": None})
        assert await asked(station) is AuthorizationStatus.ACCEPTED
        await remove_token(station.caller, CARD.value)
        assert await asked(station) is AuthorizationStatus.UNKNOWN
        await add_token(station.caller, Token(CARD.value))
        assert await asked(station) is AuthorizationStatus.ACCEPTED

    play(story)


def test_blocking_a_group_blocks_its_cards_at_once(play):
    async def story(station: Station) -> None:
        await put_group(station.caller, Group("fleet"))
        await change_token(station.caller, CARD.value, {"group_id": "fleet"})
        assert await asked(station) is AuthorizationStatus.ACCEPTED
        await put_group(station.caller, Group("fleet", blocked=True))
        assert await asked(station) is AuthorizationStatus.BLOCKED

    play(story)


def test_tokens_that_cannot_be_any_are_unknown(play):
    async def story(station: Station) -> None:
        for value in ("", "x" * 300, "' OR 1=1 --", "\N{SNOWMAN}"):
            assert await asked(station, value) is AuthorizationStatus.UNKNOWN
        assert await asked(station, CARD.value, TokenKind.KEY_CODE) is AuthorizationStatus.UNKNOWN
        assert await asked(station, "", TokenKind.NO_AUTHORIZATION) is AuthorizationStatus.ACCEPTED

    play(story)


def test_a_station_that_guesses_is_slowed_and_told_of(play):
    async def story(station: Station) -> None:
        for number in range(GUESSES):
            assert await asked(station, f"GUESS-{number}") is AuthorizationStatus.UNKNOWN
        assert station.heard(SecurityNoticed) == []
        began = time.monotonic()
        assert await asked(station, "GUESS-X") is AuthorizationStatus.UNKNOWN
        assert time.monotonic() - began >= 0.99
        (notice,) = station.heard(SecurityNoticed)
        assert (notice.kind, notice.station_id) == ("token_guessing", station.id)
        # Others are as fast as ever, and a good card is still accepted.
        other = await Station(station.database, StationId("CP-8")).connect()
        assert await asked(other) is AuthorizationStatus.ACCEPTED
        assert await asked(station) is AuthorizationStatus.ACCEPTED

    play(story)


def test_a_start_with_an_unknown_token_is_never_held_back(play):
    async def story(station: Station) -> None:
        for number in range(GUESSES + 5):
            await station.starts(token=IdToken(f"GUESS-{number}"), at=station.now + timedelta(seconds=number))
        assert station.heard(SecurityNoticed) == []

    play(story)


def test_a_card_that_charges_elsewhere_is_told_so_when_it_is_shown(play):
    async def story(station: Station) -> None:
        await station.starts()
        other = await Station(station.database, StationId("CP-8")).connect()
        assert await asked(other) is AuthorizationStatus.CONCURRENT_TX
        assert await asked(station) is AuthorizationStatus.ACCEPTED

    play(story)


def test_a_node_hears_what_changed_on_another(fresh_database):
    async def whole() -> None:
        async with fresh_database() as database:
            cache = cache_of(database)
            follow = follower(database)
            known, at = Known(Token("A")), NOW
            cache.put("A", known, at, cache.changes)
            follow(1, TransactionStarted(StationId("CP-9"), TransactionId("t"), 1, at, "a"))
            entry = cache.get("A", at)
            assert entry is not None
            assert [use.station_id for use in entry.uses] == ["CP-9"]
            follow(2, TransactionEnded(StationId("CP-9"), TransactionId("t"), 1, at, "Local", 1.0, False))
            assert cache.get("A", at) == known
            follow(3, TokenChanged("A", at, "changed"))
            assert cache.get("A", at) is None
            cache.put("A", known, at, cache.changes)
            follow(4, TokenChanged("*", at, "imported"))
            assert cache.get("A", at) is None

    asyncio.run(whole())


def test_what_was_read_before_a_change_is_not_remembered_after_it(play):
    async def story(station: Station) -> None:
        cache = cache_of(station.database)
        before = cache.changes
        cache.forget("A")
        cache.put("A", Known(Token("A")), station.now, before)
        assert cache.get("A", station.now) is None

    play(story)


def test_only_the_tokens_used_last_are_remembered():
    cache = TokenCache(most=3)
    for value in "ABC":
        cache.put(value, Known(Token(value)), NOW, 0)
    cache.get("A", NOW)
    cache.put("D", Known(Token("D")), NOW, 0)
    assert [value for value in "ABCD" if cache.get(value, NOW)] == ["A", "C", "D"]
