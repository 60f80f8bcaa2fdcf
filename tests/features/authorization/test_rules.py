from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.token import Authorization, AuthorizationStatus, IdToken, TokenKind
from voltloom.features.authorization.rules import (
    GUESSES,
    Credit,
    Group,
    Guesses,
    Known,
    Token,
    TokenState,
    Use,
    decide,
    may_stop,
    stopping,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = StationId("CP-1")
THERE = StationId("CP-2")
CARD = IdToken("04a2b3", TokenKind.ISO14443)


def status(known: Known | None, token: IdToken = CARD, starting: str | None = None) -> AuthorizationStatus:
    return decide(token, known, NOW, HERE, TransactionId(starting) if starting else None).status


def card(group: Group | None = None, uses: tuple[Use, ...] = (), **fields: object) -> Known:
    token = Token("04A2B3", TokenKind.ISO14443, group.id if group else None, **fields)  # type: ignore[arg-type]
    return Known(token, group, uses)


def open_at(station: StationId, transaction: str = "t1", ago: timedelta = timedelta(hours=1)) -> Use:
    return Use(station, TransactionId(transaction), NOW - ago)


def test_a_known_active_token_may_charge():
    assert status(card()) is AuthorizationStatus.ACCEPTED


def test_an_unknown_token_may_not():
    assert status(None) is AuthorizationStatus.UNKNOWN


def test_a_blocked_token_or_a_token_of_a_blocked_group_may_not():
    assert status(card(state=TokenState.BLOCKED)) is AuthorizationStatus.BLOCKED
    assert status(card(Group("g", blocked=True))) is AuthorizationStatus.BLOCKED


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NOW, NOW + timedelta(seconds=1), AuthorizationStatus.ACCEPTED),
        (NOW + timedelta(seconds=1), None, AuthorizationStatus.NOT_AT_THIS_TIME),
        (None, NOW, AuthorizationStatus.EXPIRED),
        (None, NOW + timedelta(microseconds=1), AuthorizationStatus.ACCEPTED),
    ],
)
def test_a_token_may_charge_from_its_first_moment_until_just_before_its_last(
    start: datetime | None, end: datetime | None, expected: AuthorizationStatus
):
    assert status(card(valid_from=start, valid_until=end)) is expected


def test_a_cards_number_typed_on_a_keypad_is_not_the_card():
    assert status(card(), IdToken("04A2B3", TokenKind.KEY_CODE)) is AuthorizationStatus.UNKNOWN


def test_a_station_that_does_not_say_the_kind_is_believed():
    assert status(card(), IdToken("04A2B3")) is AuthorizationStatus.ACCEPTED


def test_cards_of_either_standard_are_taken_for_each_other():
    assert status(card(), IdToken("04A2B3", TokenKind.ISO15693)) is AuthorizationStatus.ACCEPTED


def test_a_token_that_charges_elsewhere_may_not_begin_another():
    assert status(card(uses=(open_at(THERE),))) is AuthorizationStatus.CONCURRENT_TX


def test_a_token_that_charges_here_may_be_presented_to_stop():
    assert status(card(uses=(open_at(HERE),))) is AuthorizationStatus.ACCEPTED


def test_a_token_that_charges_here_may_not_begin_a_second_transaction_here():
    known = card(uses=(open_at(HERE, "t1"),))
    assert status(known, starting="t2") is AuthorizationStatus.CONCURRENT_TX


def test_the_start_of_a_transaction_is_no_obstacle_to_itself():
    assert status(card(uses=(open_at(HERE, "t1"),)), starting="t1") is AuthorizationStatus.ACCEPTED


def test_a_fleets_token_may_have_as_many_open_as_it_is_allowed():
    uses = (open_at(THERE, "t1"), open_at(THERE, "t2"))
    assert status(card(uses=uses, allowed=3), starting="t3") is AuthorizationStatus.ACCEPTED
    assert status(card(uses=uses, allowed=2), starting="t3") is AuthorizationStatus.CONCURRENT_TX
    assert status(card(uses=uses, allowed=None), starting="t3") is AuthorizationStatus.ACCEPTED


def test_a_transaction_forgotten_for_days_does_not_keep_its_driver_from_charging():
    assert status(card(uses=(open_at(THERE, ago=timedelta(days=4)),))) is AuthorizationStatus.ACCEPTED


def test_a_station_that_lets_anybody_charge_is_let():
    assert status(None, IdToken("", TokenKind.NO_AUTHORIZATION)) is AuthorizationStatus.ACCEPTED


def test_the_answer_says_the_group_and_until_when_it_holds():
    until = NOW + timedelta(days=1)
    answer = decide(CARD, card(Group("fleet"), valid_until=until, language="de"), NOW, HERE)
    assert answer.group == IdToken("fleet", TokenKind.CENTRAL)
    assert (answer.expires_at, answer.language) == (until, "de")


def test_whoever_began_may_always_stop():
    assert may_stop("04A2B3", None, IdToken("04a2b3"), card(state=TokenState.BLOCKED))


def test_a_member_of_the_group_may_stop_and_a_stranger_may_not():
    member = Known(Token("B"), Group("Fleet"))
    assert may_stop("A", "fleet", IdToken("b"), member)
    assert not may_stop("A", "others", IdToken("b"), member)
    assert not may_stop("A", None, IdToken("b"), member)
    assert not may_stop("A", "fleet", IdToken("b"), None)


def test_a_blocked_member_may_not_stop_anothers_transaction():
    assert not may_stop("A", "fleet", IdToken("b"), Known(Token("B", state=TokenState.BLOCKED), Group("fleet")))


def test_a_master_may_stop_everything():
    assert may_stop("A", None, IdToken("m"), Known(Token("M"), Group("staff", master=True)))


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=80))
def test_a_guesser_gets_twenty_looks_and_then_one_a_second(gaps: list[float]):
    guesses, now, began = Guesses(), NOW, NOW
    for looks, gap in enumerate(gaps, 1):
        now += timedelta(seconds=gap)
        now += timedelta(seconds=guesses.wait_s(now))
        guesses.spend(now)
        assert looks <= GUESSES + (now - began).total_seconds() + 0.001 * looks


def test_a_guesser_is_told_of_once_until_it_was_quiet():
    guesses = Guesses()
    assert guesses.is_news(NOW)
    assert not guesses.is_news(NOW + timedelta(minutes=9))
    assert not guesses.is_news(NOW + timedelta(minutes=18))
    assert guesses.is_news(NOW + timedelta(minutes=29))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (TokenState.NO_CREDIT, AuthorizationStatus.NO_CREDIT),
        (TokenState.INVALID, AuthorizationStatus.INVALID),
        (TokenState.BLOCKED, AuthorizationStatus.BLOCKED),
    ],
)
def test_a_token_that_is_not_to_charge_is_answered_why(state: TokenState, status: AuthorizationStatus):
    assert decide(CARD, Known(Token(CARD.value, state=state)), NOW, HERE).status is status


def test_one_without_credit_may_end_what_its_group_began_and_an_invalid_one_may_not():
    group = Group("family")
    used_up = Known(Token("B", state=TokenState.NO_CREDIT, group_id="family"), group)
    assert may_stop("A", "family", IdToken("B"), used_up)
    copied = Known(Token("B", state=TokenState.INVALID, group_id="family"), group)
    assert not may_stop("A", "family", IdToken("B"), copied)


def test_a_token_that_expired_says_so_whatever_credit_it_had():
    token = Token(CARD.value, state=TokenState.NO_CREDIT, valid_until=NOW)
    assert decide(CARD, Known(token), NOW, HERE).status is AuthorizationStatus.EXPIRED


def test_who_ends_a_transaction_is_told_with_the_group():
    member, group = card(Group("fleet")), IdToken("fleet", TokenKind.CENTRAL)
    assert stopping("A", "fleet", IdToken("b"), member) == Authorization(AuthorizationStatus.ACCEPTED, group=group)
    assert stopping("A", "others", IdToken("b"), member) == Authorization(AuthorizationStatus.INVALID, group=group)
    assert stopping("A", None, IdToken("a"), None) == Authorization(AuthorizationStatus.ACCEPTED)
    assert stopping("A", None, IdToken("b"), None) == Authorization(AuthorizationStatus.INVALID)


@pytest.mark.parametrize(
    ("micro", "expected"),
    [
        (1, AuthorizationStatus.ACCEPTED),
        (0, AuthorizationStatus.NO_CREDIT),
        (-5, AuthorizationStatus.NO_CREDIT),
    ],
)
def test_a_prepaid_token_is_good_for_what_is_left_and_no_station_remembers_it(
    micro: int, expected: AuthorizationStatus
):
    found = decide(CARD, replace(card(), credit=Credit(micro, "EUR")), NOW, HERE, None)
    assert (found.status, found.expires_at) == (expected, NOW)
