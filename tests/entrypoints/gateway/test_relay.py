import inspect
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voltloom.domain import commands
from voltloom.domain.commands import (
    Accepted,
    Answer,
    CancelReservation,
    ChangeAvailability,
    ChangeSettings,
    Command,
    DataAnswer,
    GetSettings,
    NewValue,
    RawAnswer,
    RawCall,
    ReportSettings,
    RequestStart,
    RequestStop,
    Reserve,
    Reset,
    ResetKind,
    SendData,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
    Trigger,
    Triggerable,
    Unlock,
)
from voltloom.domain.der import SETTINGS, DerControl, DerKind
from voltloom.domain.errors import (
    Conflict,
    NotInThisVersion,
    StationError,
    Throttled,
    TimedOut,
    Unavailable,
    VoltloomError,
)
from voltloom.domain.ids import JsonText, Place, TransactionId
from voltloom.domain.station import Attribute, Availability, Setting, SettingName
from voltloom.domain.token import IdToken, TokenKind
from voltloom.entrypoints.gateway.relay import (
    Asked,
    decode_command,
    decode_reply,
    decode_request,
    encode_error,
    encode_outcome,
    encode_request,
)

NAME = SettingName("SampledDataCtrlr", "TxUpdatedInterval", place=Place(1, 2))
ANSWER = Answer(Accepted.SCHEDULED, "Scheduled", "why", "{}")
SAMPLES: list[tuple[Command[object], object]] = [
    (
        RequestStart(IdToken("ABC", TokenKind.EMAID, additional=(("1", "PIN"),)), 7, Place(1), IdToken("G")),
        StartAnswer(ANSWER, TransactionId("x")),
    ),
    (RequestStop(TransactionId("5")), ANSWER),
    (Reset(ResetKind.ON_IDLE, 1), ANSWER),
    (Unlock(Place(1, 1)), ANSWER),
    (Reserve(7, IdToken("A"), datetime(2030, 1, 1, tzinfo=UTC), Place(1)), ANSWER),
    (CancelReservation(7), ANSWER),
    (ChangeAvailability(Availability.INOPERATIVE, Place(2)), ANSWER),
    (Trigger(Triggerable.CUSTOM, None, "x"), ANSWER),
    (
        GetSettings(((NAME, Attribute.MAX_SET),)),
        (SettingAnswer(NAME, SettingStatus.ACCEPTED, "Accepted", Setting(NAME, "60", min_limit=1.5)),),
    ),
    (ChangeSettings((NewValue(NAME, "60"),)), (SettingAnswer(NAME, SettingStatus.READ_ONLY, "ReadOnly"),)),
    (ReportSettings(3), ANSWER),
    (SendData("com.example", "x", "{}"), DataAnswer(Accepted.ACCEPTED, "Accepted", None)),
    (RawCall("Reset", JsonText('{"type":"Hard"}')), RawAnswer(JsonText('{"status":"Accepted"}'))),
]


@pytest.mark.parametrize(("command", "outcome"), SAMPLES)
def test_a_command_and_its_outcome_cross_nodes_unchanged(command, outcome):
    asked = decode_request(encode_request(type(command).__name__, command, 12.5))
    assert asked.timeout_s == 12.5
    assert decode_command(asked) == command
    assert decode_reply(encode_outcome(outcome), command) == outcome


KINDS = [
    kind
    for _, kind in inspect.getmembers(commands, inspect.isclass)
    if issubclass(kind, Command) and kind is not Command
]
st.register_type_strategy(datetime, st.integers(0, 4 * 10**9).map(lambda at: datetime.fromtimestamp(at, UTC)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(
    DerControl,
    st.sampled_from(DerKind).flatmap(
        lambda kind: st.builds(DerControl, kind=st.just(kind), settings=st.from_type(SETTINGS[kind]))
    ),
)
st.register_type_strategy(Decimal, st.decimals(-(10**9), 10**9, places=4, allow_nan=False))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_command_and_any_outcome_cross_nodes_unchanged(kind: type[Command[Any]], data: st.DataObject):
    command = data.draw(st.from_type(kind))
    assert decode_command(decode_request(encode_request(kind.__name__, command, 1.0))) == command
    (outcome_kind,) = get_args(kind.__orig_bases__[0])  # type: ignore[attr-defined]
    outcome_kind = getattr(commands, getattr(outcome_kind, "__forward_arg__", ""), outcome_kind)
    outcome = data.draw(st.from_type(outcome_kind))
    assert decode_reply(encode_outcome(outcome), command) == outcome


@pytest.mark.parametrize("kind", [TimedOut, NotInThisVersion, Conflict, Unavailable])
def test_an_error_is_raised_here_as_it_was_there(kind):
    with pytest.raises(kind, match="who, what"):
        decode_reply(encode_error(kind("who, what")), Reset(ResetKind.ON_IDLE))


def test_a_stations_own_error_keeps_its_code_and_details():
    with pytest.raises(StationError) as raised:
        decode_reply(encode_error(StationError("no", "NotSupported", '{"a":1}')), Reset(ResetKind.ON_IDLE))
    assert (raised.value.code, raised.value.details) == ("NotSupported", '{"a":1}')


def test_how_long_to_wait_is_kept():
    with pytest.raises(Throttled) as raised:
        decode_reply(encode_error(Throttled("slow", 3.5)), Reset(ResetKind.ON_IDLE))
    assert raised.value.retry_after_s == 3.5


def test_a_command_of_a_newer_node_is_refused_with_a_sentence():
    with pytest.raises(VoltloomError, match="BrewCoffee"):
        decode_command(Asked("BrewCoffee", b"{}", 1.0))
