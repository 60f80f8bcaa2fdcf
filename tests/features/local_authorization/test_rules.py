"""What a station's list holds, and what is sent so that it does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.commands import ListEntry, ListStatus, ListUpdate, SendLocalList
from voltloom.domain.errors import Invalid
from voltloom.domain.station import Setting, SettingName
from voltloom.domain.token import AuthorizationStatus, TokenKind
from voltloom.features.local_authorization import rules
from voltloom.features.local_authorization.behaviour import NAMES, Behaviour, behaviour_of, change_to
from voltloom.features.local_authorization.rules import Bounds, Content, Entry, Held, ListScope, Mode, Selection, State

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entry(value: str, status: str = "Accepted", **more: str) -> Entry:
    return Entry(value, "ISO14443", status, **more)


ENTRIES = st.lists(
    st.builds(entry, st.sampled_from([f"T{n}" for n in range(12)]), st.sampled_from(["Accepted", "Blocked"])),
    unique_by=lambda each: each.key,
    max_size=12,
)


def applied(held: dict[str, str], version: int, messages: tuple[SendLocalList, ...]) -> tuple[dict[str, str], int]:
    """As a station does it that keeps to the letter of the standard."""
    for message in messages:
        assert message.version > version or message.update is ListUpdate.FULL
        keys = [each.token.key for each in message.entries]
        assert len(set(keys)) == len(keys)
        if message.update is ListUpdate.FULL:
            held = {}
        for each in message.entries:
            if each.authorization is None:
                assert message.update is ListUpdate.DIFFERENTIAL
                held.pop(each.token.key, None)
            else:
                held[each.token.key] = each.authorization.status.value
        version = message.version
    return held, version


@given(ENTRIES, ENTRIES, st.integers(0, 5), st.booleans(), st.integers(1, 5))
def test_whatever_was_on_a_list_it_becomes_what_it_should_be(
    before: list[Entry], after: list[Entry], version: int, is_known: bool, items: int
):
    held = Held(version, tuple(before) if is_known else None)
    sent = rules.messages(held, Content(tuple(after)), Bounds(items=items))
    assert all(len(message.entries) <= items for message in sent)
    on_it, _ = applied({each.key: each.status for each in before}, version, sent)
    assert on_it == {each.key: each.status for each in after}


def test_a_small_change_is_an_update_and_a_large_one_the_whole_list():
    many = tuple(entry(f"T{n}") for n in range(9))
    update = rules.messages(Held(4, many), Content((*many, entry("NEW"))), Bounds())
    assert [(m.version, m.update, len(m.entries)) for m in update] == [(5, ListUpdate.DIFFERENTIAL, 1)]
    others = tuple(entry(f"U{n}") for n in range(9))
    assert [m.update for m in rules.messages(Held(4, many), Content(others), Bounds())] == [ListUpdate.FULL]


def test_a_change_of_case_alone_is_a_change_of_the_entry_and_no_second_token():
    changed = rules.difference((entry("aa"),), (entry("AA"),))
    assert [each.token.value for each in changed] == ["AA"]


def test_a_kind_that_changed_comes_off_and_on_again():
    changed = rules.difference((entry("AA"),), (Entry("AA", "Central", "Accepted"),))
    assert [(each.token.kind, each.authorization is None) for each in changed] == [
        (TokenKind.ISO14443, True),
        (TokenKind.CENTRAL, False),
    ]


def test_versions_that_are_counted_out_begin_anew_with_a_full_list():
    (only,) = rules.messages(Held(2**31 - 1, (entry("A"),)), Content((entry("A"), entry("B"))), Bounds())
    assert (only.version, only.update) == (1, ListUpdate.FULL)


def test_those_that_may_charge_have_the_room():
    entries = [entry("A", "Blocked"), entry("B"), entry("C", "Expired"), entry("D")]
    content = rules.content_of(entries, 5, most=3)
    assert [each.value for each in content.entries] == ["B", "D", "A"]
    assert content.left_out == 2
    assert rules.fitted(content, 2).left_out == 3
    assert rules.fitted(content, None) is content


@given(st.lists(st.text(min_size=1, max_size=255), max_size=30, unique_by=str.upper), st.integers(300, 5_000))
def test_no_message_is_longer_than_the_station_can_bear(values: list[str], most: int):
    said = [entry(value, group="G" * 36).said() for value in values]
    for part in rules.portions(said, Bounds(items=100, bytes_=most)):
        assert len(part) <= 1 or sum(map(rules.length, part)) <= most


def test_what_looks_like_a_card_is_one():
    assert rules.kind_on_a_list("04a2b3c4", TokenKind.UNKNOWN) is TokenKind.ISO14443
    assert rules.kind_on_a_list("04A2B3C4D5E680", TokenKind.UNKNOWN) is TokenKind.ISO14443
    assert rules.kind_on_a_list("ada@example", TokenKind.UNKNOWN) is TokenKind.CENTRAL
    assert rules.kind_on_a_list("DE*ABC*123", TokenKind.EMAID) is TokenKind.EMAID


def test_bounds_are_read_in_either_version_and_nonsense_is_none():
    said = {
        rules.ITEMS_PER_MESSAGE: Setting(rules.ITEMS_PER_MESSAGE, "50"),
        rules.BYTES_PER_MESSAGE: Setting(rules.BYTES_PER_MESSAGE, "much"),
        rules.ENTRIES: Setting(rules.ENTRIES, "3", max_limit=1000.0),
    }
    assert rules.bounds_of(said) == Bounds(50, None, 1000)
    assert rules.bounds_of({rules.ENTRIES_16: Setting(rules.ENTRIES_16, "100")}) == Bounds(entries=100)
    # How many there are is not how many there may be.
    assert rules.bounds_of({rules.ENTRIES: Setting(rules.ENTRIES, "0")}) == Bounds()


def test_the_nearest_selection_holds():
    network = Selection(ListScope.NETWORK, "", Mode.EVERYTHING)
    site = Selection(ListScope.SITE, "s1", Mode.CHOSEN, ("fleet",))
    own = Selection(ListScope.STATION, "CP-1", Mode.OFF)
    selections = {(each.scope, each.scope_id): each for each in (network, site, own)}
    assert rules.nearest(selections, "CP-1", "s1") is own
    assert rules.nearest(selections, "CP-2", "s1") is site
    assert rules.nearest(selections, "CP-3", None) is network
    assert rules.nearest({}, "CP-3", "s1") is None


@pytest.mark.parametrize(
    "selection",
    [
        Selection(ListScope.NETWORK, "x", Mode.EVERYTHING),
        Selection(ListScope.SITE, "", Mode.EVERYTHING),
        Selection(ListScope.SITE, "s1", Mode.EVERYTHING, ("g",)),
        Selection(ListScope.STATION, "CP", Mode.CHOSEN, tokens=tuple(map(str, range(rules.MOST_CHOSEN + 1)))),
    ],
)
def test_a_selection_that_says_two_things_is_refused(selection: Selection):
    with pytest.raises(Invalid):
        rules.check(selection)


def test_trying_again_takes_ever_longer_up_to_a_bound():
    waits = [rules.wait(tries) for tries in range(20)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == rules.LONGEST_WAIT


def test_every_answer_leads_to_a_state():
    assert {status: rules.state_after(status) for status in ListStatus} == {
        ListStatus.ACCEPTED: State.CURRENT,
        ListStatus.FAILED: State.FAILED,
        ListStatus.VERSION_MISMATCH: State.FAILED,
        ListStatus.NOT_SUPPORTED: State.UNSUPPORTED,
    }


def test_an_entry_says_all_that_a_station_is_told_of_a_token():
    said = entry("A", "Expired", expires_at=NOW.isoformat(), group="G", language="de").said()
    assert isinstance(said, ListEntry)
    told = said.authorization
    assert told is not None
    assert (told.status, told.expires_at, told.language) == (AuthorizationStatus.EXPIRED, NOW, "de")
    assert told.group is not None
    assert (told.group.value, told.group.kind) == ("G", TokenKind.CENTRAL)


def test_a_behaviour_is_said_and_read_alike():
    wanted = Behaviour(offline_unknown=False, most_invalid_wh=500, master_group="chiefs", cache_enabled=True)
    change = change_to(wanted)
    assert [(new.name.variable, new.value) for new in change.settings] == [
        ("OfflineTxForUnknownIdEnabled", "false"),
        ("MaxEnergyOnInvalidId", "500"),
        ("Enabled", "true"),
        ("MasterPassGroupId", "chiefs"),
    ]
    assert behaviour_of({new.name: Setting(new.name, new.value) for new in change.settings}) == wanted
    with pytest.raises(Invalid):
        change_to(Behaviour())


@given(st.dictionaries(st.sampled_from(list(NAMES.values())), st.text(max_size=20)))
def test_whatever_a_station_says_of_itself_can_be_read(told: dict[SettingName, str]):
    behaviour_of({name: Setting(name, value) for name, value in told.items()})
