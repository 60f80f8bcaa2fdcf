import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from voltloom.domain.errors import NotInThisVersion, Unreachable
from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.limits import Limits
from voltloom.protocols.ocpp.rpc import (
    Answered,
    CallReceived,
    Drop,
    Dropped,
    Endpoint,
    ErrorReceived,
    QueueFull,
    Received,
    Refused,
    Replayed,
    ResultErrorReceived,
    ResultReceived,
    SendReceived,
)
from voltloom.protocols.ocpp.version import Version

V16, V201, V21 = Version.V16, Version.V201, Version.V21
METERS = b'[2,"m-1","MeterValues",{"connectorId":1,"meterValue":[]}]'


def endpoint(version: Version = V16, **limits: int) -> Endpoint:
    return Endpoint(version, limits=Limits(**limits))


def error_in(reply: bytes | None) -> tuple[int, str, str]:
    """Type, message id and code of an error frame, whose shape is checked."""
    kind, message_id, code, text, details = json.loads(reply or b"null")
    assert isinstance(text, str)
    assert details == {}
    return kind, message_id, code


def called(end: Endpoint, timeout_s: float = 30, now: float = 0) -> str:
    """A call under way."""
    message_id = end.call("Reset", b'{"type":"Soft"}', now=now, timeout_s=timeout_s)
    assert [call.message_id for call in end.outgoing(now)] == [message_id]
    return message_id


# ---- hearing calls -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"a","Heartbeat",{}]',
        ' [ 2 , "a" , "Heartbeat" , { } ] ',
        b'[2,"a","Heartbeat",{}]',
        b'[2,"\\u0061","Heartbeat",{}]',
        '[2,"a","Heartbeat",null]',
    ],
)
def test_a_call_is_heard_however_it_is_spaced(frame: str | bytes) -> None:
    heard = endpoint().receive(frame, 0)
    assert isinstance(heard, CallReceived)
    assert (heard.message_id, heard.action, json.loads(bytes(heard.payload))) == ("a", "Heartbeat", {})


def test_a_call_is_answered_under_its_own_id() -> None:
    end = endpoint()
    end.receive('[2,"quo\\"te – 1","Heartbeat",{}]', 0)
    assert json.loads(end.result('quo"te – 1', b'{"currentTime":"t"}')) == [3, 'quo"te – 1', {"currentTime": "t"}]


def test_a_call_is_refused_in_the_spelling_of_its_version() -> None:
    for version, code in ((V16, "OccurenceConstraintViolation"), (V201, "OccurrenceConstraintViolation")):
        end = endpoint(version)
        end.receive(METERS, 0)
        assert error_in(end.error("m-1", ErrorCode.OCCURRENCE)) == (4, "m-1", code)


def test_the_text_of_an_error_never_depends_on_the_message() -> None:
    texts = {json.loads(endpoint(V201).receive(f'[2,"a","{secret}"]', 0).reply)[3] for secret in ("one", "two")}  # pyright: ignore
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("frame", "in_16", "in_2", "message_id"),
    [
        ("", "FormationViolation", "RpcFrameworkError", "-1"),
        ("nonsense", "FormationViolation", "RpcFrameworkError", "-1"),
        ("{}", "FormationViolation", "RpcFrameworkError", "-1"),
        ("[]", "FormationViolation", "RpcFrameworkError", "-1"),
        ("[2]", "FormationViolation", "RpcFrameworkError", "-1"),
        ('["2","a","Heartbeat",{}]', "FormationViolation", "RpcFrameworkError", "-1"),
        ('[2,7,"Heartbeat",{}]', "FormationViolation", "RpcFrameworkError", "-1"),
        ('[2,"","Heartbeat",{}]', "FormationViolation", "RpcFrameworkError", "-1"),
        (f'[2,"{"i" * 37}","Heartbeat",{{}}]', "FormationViolation", "RpcFrameworkError", "-1"),
        ('[2,"a"]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a",7,{}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat",{},{}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat",{"x":NaN}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat",{"x":1e999}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat",{"x":"\\u0000"}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat",{"x":"\ud800"}]', "FormationViolation", "RpcFrameworkError", "-1"),
        (b'[2,"a","Heartbeat",{"x":"\xff"}]', "FormationViolation", "RpcFrameworkError", "a"),
        ('[2,"a","Heartbeat"]', "ProtocolError", "ProtocolError", "a"),
        ('[2,"a","Heartbeat",[]]', "FormationViolation", "ProtocolError", "a"),
        ('[2,"a","Heartbeat","{}"]', "FormationViolation", "ProtocolError", "a"),
        (f'[2,"a","{"H" * 65}",{{}}]', "NotImplemented", "NotImplemented", "a"),
    ],
)
def test_what_is_no_call_is_refused_with_the_code_of_its_version(
    frame: str | bytes, in_16: str, in_2: str, message_id: str
) -> None:
    for version, code in ((V16, in_16), (V201, in_2), (V21, in_2)):
        heard = endpoint(version).receive(frame, 0)
        assert isinstance(heard, Refused)
        assert heard.why
        assert error_in(heard.reply) == (4, message_id, code)


def test_an_unknown_message_type_is_ignored_in_1_6_and_refused_in_2_x() -> None:
    assert endpoint(V16).receive('[9,"a",{}]', 0) == Dropped(Drop.UNKNOWN_TYPE, "OCPP 1.6 has no message type 9", "a")
    for version, frame in ((V201, '[9,"a",{}]'), (V201, '[6,"a","X",{}]'), (V21, '[7,"a"]')):
        heard = endpoint(version).receive(frame, 0)
        assert isinstance(heard, Refused)
        assert error_in(heard.reply) == (4, "a", "MessageTypeNotSupported")


def test_a_frame_over_the_limit_is_refused_unread() -> None:
    heard = endpoint(frame_bytes=100).receive('[2,"a","Heartbeat",{"x":"' + "x" * 100 + '"}]', 0)
    assert isinstance(heard, Refused)
    assert error_in(heard.reply)[1] == "a"


def test_bad_frames_are_counted_and_good_ones_are_not() -> None:
    end = endpoint()
    for frame in ("", METERS, '[3,"x",{}]', '[4,"x","y","",{}]', "[2]", '[2,"b","Heartbeat",{}]'):
        end.receive(frame, 0)
    assert end.bad_frames == 4


# ---- the same call again -----------------------------------------------------------------------------------------


def test_a_call_that_was_answered_gets_the_same_answer_again() -> None:
    end = endpoint()
    end.receive(METERS, 0)
    reply = end.result("m-1", b'{"a":1}')
    assert end.receive(METERS, 5_000_000) == Replayed("m-1", "MeterValues", reply)


def test_a_call_that_is_being_answered_is_not_handed_on_again() -> None:
    end = endpoint()
    end.receive(METERS, 0)
    heard = end.receive(METERS, 1)
    assert isinstance(heard, Dropped)
    assert heard.kind is Drop.BEING_ANSWERED
    assert end.bad_frames == 0


def test_a_call_that_was_refused_may_be_tried_again() -> None:
    end = endpoint()
    end.receive(METERS, 0)
    end.error("m-1", ErrorCode.INTERNAL)
    assert isinstance(end.receive(METERS, 1), CallReceived)


def test_an_old_id_with_another_message_is_another_call() -> None:
    end = endpoint()
    end.receive(METERS, 0)
    end.result("m-1", b"{}")
    assert isinstance(end.receive(METERS.replace(b"[]", b"[1]"), 1), CallReceived)


def test_one_id_for_two_calls_at_a_time_is_refused() -> None:
    end = endpoint(V201)
    end.receive(METERS, 0)
    assert isinstance(end.receive(METERS.replace(b"[]", b"[1]"), 1), Refused)


def test_a_message_that_carries_no_time_is_taken_for_repeated_within_the_minute_only() -> None:
    heartbeat = '[2,"1","Heartbeat",{}]'
    end = endpoint()
    end.receive(heartbeat, 120)
    end.result("1", b'{"currentTime":"t"}')
    assert isinstance(end.receive(heartbeat, 179), Replayed)
    assert isinstance(end.receive(heartbeat, 7200), CallReceived)


def test_the_next_connection_knows_what_the_last_one_answered() -> None:
    first = endpoint()
    first.receive(METERS, 0)
    first.close()
    first.result("m-1", b"{}")
    second = Endpoint(V16, answered=first.answered)
    assert isinstance(second.receive(METERS, 10), Replayed)


def test_the_last_answers_are_remembered_and_older_ones_forgotten() -> None:
    end = endpoint(answered=500)
    frames = [METERS.replace(b"m-1", b"m-%d" % number) for number in range(600)]
    for number, frame in enumerate(frames):
        end.receive(frame, 0)
        end.result(f"m-{number}", b"{}")
    assert all(isinstance(end.receive(frame, 0), Replayed) for frame in frames[100:])
    assert all(isinstance(end.receive(frame, 0), CallReceived) for frame in frames[:100])


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=60), st.integers(1, 8))
def test_answers_are_found_by_their_frames(said: list[tuple[bytes, bytes]], size: int) -> None:
    answered = Answered(size)
    for frame, payload in said:
        answered.add(answered.key(frame, "MeterValues", 0), payload)
    assert len(answered) == min(size, len(said))
    last = dict(said[-size:])
    for frame in {frame for frame, _ in said}:
        found = answered.find(answered.key(frame, "MeterValues", 0))
        assert (found is not None) == (frame in last)


def test_two_keys_side_by_side_are_not_taken_for_a_third() -> None:
    answered = Answered()
    answered.add(b"abcdefgh", b"{}")
    answered.add(b"ijklabcd", b"{}")
    answered.add(b"efghijkl", b'{"third":1}')
    assert answered.find(b"efghijkl") == b'{"third":1}'
    assert answered.find(b"ghijklab") is None


def test_no_more_calls_than_allowed_wait_for_our_answer() -> None:
    end = endpoint(unanswered=3)
    heard = [end.receive(f'[2,"{number}","Heartbeat",{{}}]', 0) for number in range(5)]
    assert [type(event) for event in heard] == [CallReceived] * 3 + [Refused] * 2
    end.result("0", b"{}")
    assert isinstance(end.receive('[2,"9","Heartbeat",{}]', 0), CallReceived)


# ---- calling -----------------------------------------------------------------------------------------------------


def test_one_call_is_under_way_at_a_time_and_in_order() -> None:
    end = endpoint()
    ids = [end.call("Reset", b'{"n":%d}' % number, now=0, timeout_s=10) for number in range(3)]
    for number, message_id in enumerate(ids):
        (call,) = end.outgoing(number)
        assert json.loads(call.frame) == [2, message_id, "Reset", {"n": number}]
        assert end.outgoing(number) == []
        heard = end.receive(f'[3,"{message_id}",{{"status":"Accepted"}}]', number)
        assert isinstance(heard, ResultReceived)
        assert heard.call is call
    assert end.outgoing(9) == []


def test_ids_of_ours_are_random_and_short_enough() -> None:
    end = endpoint()
    ids = {end.call("Reset", b"{}", now=0, timeout_s=1) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(message_id) == 32 and int(message_id, 16) for message_id in ids)


def test_the_queue_is_bounded() -> None:
    end = endpoint(queue=2)
    called(end)
    end.call("Reset", b"{}", now=0, timeout_s=1)
    end.call("Reset", b"{}", now=0, timeout_s=1)
    with pytest.raises(QueueFull):
        end.call("Reset", b"{}", now=0, timeout_s=1)
    assert end.waiting == 2


def test_a_call_times_out_from_when_it_was_sent_and_the_next_goes_out() -> None:
    end = endpoint()
    first = called(end, timeout_s=30, now=100)
    second = end.call("Reset", b"{}", now=100, timeout_s=5)
    assert end.next_deadline() == 130
    assert end.expire(129.9) == []
    assert [late.call.message_id for late in end.expire(130)] == [first]
    assert end.next_deadline() is None
    assert [call.message_id for call in end.outgoing(140)] == [second]
    assert end.next_deadline() == 145


def test_an_answer_that_comes_too_late_is_known_as_such_and_spoils_nothing() -> None:
    end = endpoint()
    first = called(end, timeout_s=1)
    end.expire(1)
    second = called(end, now=2)
    heard = end.receive(f'[3,"{first}",{{}}]', 3)
    assert isinstance(heard, Dropped)
    assert heard.kind is Drop.LATE
    assert isinstance(end.receive(f'[3,"{second}",{{}}]', 3), ResultReceived)
    assert end.bad_frames == 0


def test_a_second_answer_is_known_as_such() -> None:
    end = endpoint()
    message_id = called(end)
    end.receive(f'[3,"{message_id}",{{}}]', 0)
    heard = end.receive(f'[3,"{message_id}",{{}}]', 0)
    assert isinstance(heard, Dropped)
    assert heard.kind is Drop.DUPLICATE


def test_an_answer_to_nothing_is_dropped_and_counted() -> None:
    end = endpoint()
    for message_id in ("x", end.call("Reset", b"{}", now=0, timeout_s=1)):  # the second one waits, and was never sent
        heard = end.receive(f'[3,"{message_id}",{{}}]', 0)
        assert isinstance(heard, Dropped)
        assert heard.kind is Drop.UNSOLICITED
    assert end.bad_frames == 2
    assert end.waiting == 1


@pytest.mark.parametrize(
    ("rest", "code", "text"),
    [
        ('"NotSupported","no",{"a":1}', ErrorCode.NOT_SUPPORTED, "no"),
        ('"FormationViolation",""', ErrorCode.FORMAT, ""),  # two elements less: stations do so
        ('"FormatViolation","",null', ErrorCode.FORMAT, ""),
        ('"Whatever","",{}', ErrorCode.GENERIC, ""),
        ("7,8,9", ErrorCode.GENERIC, ""),
    ],
)
def test_an_error_ends_the_call_in_whatever_spelling(rest: str, code: ErrorCode, text: str) -> None:
    end = endpoint(V201)
    message_id = called(end)
    heard = end.receive(f'[4,"{message_id}",{rest}]', 0)
    assert isinstance(heard, ErrorReceived)
    assert (heard.call.message_id, heard.code, heard.text) == (message_id, code, text)
    assert isinstance(json.loads(heard.details), dict)


def test_an_error_without_a_readable_id_is_about_the_call_under_way() -> None:
    end = endpoint()
    assert isinstance(end.receive('[4,"-1","NotImplemented","",{}]', 0), Dropped)
    message_id = called(end)
    heard = end.receive('[4,"-1","NotImplemented","",{}]', 0)
    assert isinstance(heard, ErrorReceived)
    assert heard.call.message_id == message_id


@pytest.mark.parametrize("payload", ["7", "[]", "NaN", '{"a":1e999}', '{"a":', ""])
def test_an_answer_that_cannot_be_read_ends_the_call_and_is_not_answered(payload: str) -> None:
    end = endpoint()
    message_id = called(end)
    heard = end.receive(f'[3,"{message_id}",{payload}]', 0)
    assert isinstance(heard, ErrorReceived)
    assert heard.spelling == ""
    assert end.next_deadline() is None
    assert isinstance(end.receive(f'[3,"other",{payload}]', 0), Dropped)


def test_a_call_that_waits_can_be_withdrawn() -> None:
    end = endpoint()
    under_way = called(end)
    waiting = end.call("Reset", b"{}", now=0, timeout_s=1)
    assert end.withdraw(waiting)
    assert not end.withdraw(waiting)
    assert not end.withdraw(under_way)
    end.receive(f'[3,"{under_way}",{{}}]', 0)
    assert end.outgoing(0) == []


def test_the_end_of_the_connection_ends_all_calls() -> None:
    end = endpoint()
    under_way = called(end, now=7)
    waiting = end.call("Reset", b"{}", now=8, timeout_s=1)
    abandoned = end.close()
    assert [(gone.call.message_id, gone.call.sent_at) for gone in abandoned] == [(under_way, 7), (waiting, None)]
    assert end.close() == []
    with pytest.raises(Unreachable):
        end.call("Reset", b"{}", now=9, timeout_s=1)


# ---- what 2.1 adds -----------------------------------------------------------------------------------------------


def test_2_1_sends_without_waiting_for_an_answer() -> None:
    station, csms = endpoint(V21), endpoint(V21)
    called(station)
    heard = csms.receive(station.send("NotifyPeriodicEventStream", b'{"id":1}'), 0)
    assert isinstance(heard, SendReceived)
    assert (heard.action, bytes(heard.payload)) == ("NotifyPeriodicEventStream", b'{"id":1}')
    for version in (V16, V201):
        with pytest.raises(NotInThisVersion):
            endpoint(version).send("NotifyPeriodicEventStream", b"{}")


def test_a_bad_send_is_not_answered() -> None:
    for frame in ('[6,"a","X"]', '[6,"a","X",{"a":NaN}]', '[6,"a",7,{}]'):
        assert isinstance(endpoint(V21).receive(frame, 0), Dropped)


def test_2_1_says_that_a_result_could_not_be_used() -> None:
    station, csms = endpoint(V21), endpoint(V21)
    frame = station.result_error("a-1", ErrorCode.FORMAT)
    assert frame is not None
    heard = csms.receive(frame, 0)
    assert isinstance(heard, ResultErrorReceived)
    assert (heard.message_id, heard.code) == ("a-1", ErrorCode.FORMAT)
    assert endpoint(V201).result_error("a-1", ErrorCode.FORMAT) is None


# ---- any input at all --------------------------------------------------------------------------------------------

noise = st.binary(max_size=200) | st.text(max_size=200)
ids = st.sampled_from(["", "a", "m-1", "-1", "i" * 36, "i" * 37, "\0", 'ü"\\']) | st.integers()
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
frames = st.builds(
    lambda kind, message_id, rest: json.dumps([kind, message_id, *rest]),
    st.integers(-1, 10) | st.floats() | st.text(max_size=2),
    ids,
    st.lists(st.sampled_from(["Heartbeat", "MeterValues"]) | json_values, max_size=5),
)


@settings(max_examples=400)
@given(st.sampled_from(Version), noise | frames)
def test_any_input_comes_to_something(version: Version, said: str | bytes) -> None:
    end = endpoint(version)
    called(end)
    heard = end.receive(said, 0)
    assert isinstance(heard, Received)
    match heard:
        case Refused():
            assert error_in(heard.reply)[0] == 4
        case CallReceived() | SendReceived() | ResultReceived():
            assert isinstance(json.loads(bytes(heard.payload)), dict)
        case _:
            pass


@given(
    st.sampled_from(Version),
    st.lists(st.tuples(st.text(max_size=20), st.dictionaries(st.text(max_size=9), st.integers(-99, 99))), max_size=9),
)
def test_what_one_end_says_the_other_understands(version: Version, said: list[tuple[str, dict[str, int]]]) -> None:
    station, csms = endpoint(version), endpoint(version)
    for number, (text, answer) in enumerate(said):
        clean = text.replace("\0", "")
        payload = json.dumps({"text": clean}, ensure_ascii=bool(number % 2)).encode()
        station.call("DataTransfer", payload, now=number, timeout_s=9)
        (call,) = station.outgoing(number)
        heard = csms.receive(call.frame, number)
        assert isinstance(heard, CallReceived)
        assert json.loads(bytes(heard.payload)) == {"text": clean}
        if number % 3:
            reply = csms.result(heard.message_id, json.dumps({"n": list(answer.values())}).encode())
            outcome = station.receive(reply, number)
            assert isinstance(outcome, ResultReceived)
            assert outcome.call is call
            assert json.loads(bytes(outcome.payload)) == {"n": list(answer.values())}
        else:
            outcome = station.receive(csms.error(heard.message_id, ErrorCode.OCCURRENCE, clean, b'{"a":1}'), number)
            assert isinstance(outcome, ErrorReceived)
            assert (outcome.call, outcome.code, outcome.text) == (call, ErrorCode.OCCURRENCE, clean)
            assert outcome.details == b'{"a":1}'


class Conversation(RuleBasedStateMachine):
    """Two ends and a line that may lose, delay and repeat frames: no call ends twice, and none is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.station = Endpoint(V201, limits=Limits(queue=3))
        self.csms = Endpoint(V201, limits=Limits(queue=3))
        self.now = 0.0
        self.to_station: list[bytes] = []
        self.to_csms: list[bytes] = []
        self.open: set[str] = set()
        self.handled: list[str] = []

    def end(self, message_id: str) -> None:
        assert message_id in self.open
        self.open.remove(message_id)

    @rule()
    def ask(self) -> None:
        try:
            self.open.add(self.csms.call("Reset", b'{"type":"OnIdle"}', now=self.now, timeout_s=10))
        except QueueFull:
            assert self.csms.waiting == 3

    @rule()
    def write(self) -> None:
        self.to_station += [call.frame for call in self.csms.outgoing(self.now)]

    @precondition(lambda self: self.to_station)
    @rule(is_lost=st.booleans(), is_kept=st.booleans(), position=st.integers(0, 5))
    def station_hears(self, is_lost: bool, is_kept: bool, position: int) -> None:
        at = position % len(self.to_station)
        frame = self.to_station[at] if is_kept else self.to_station.pop(at)
        if is_lost:
            return
        match self.station.receive(frame, self.now):
            case CallReceived(message_id=message_id):
                self.handled.append(message_id)
                self.to_csms.append(self.station.result(message_id, b'{"status":"Accepted"}'))
            case Replayed(reply=reply):
                self.to_csms.append(reply)
            case other:
                raise AssertionError(other)

    @precondition(lambda self: self.to_csms)
    @rule(is_lost=st.booleans(), is_kept=st.booleans(), position=st.integers(0, 5))
    def csms_hears(self, is_lost: bool, is_kept: bool, position: int) -> None:
        at = position % len(self.to_csms)
        frame = self.to_csms[at] if is_kept else self.to_csms.pop(at)
        if is_lost:
            return
        match self.csms.receive(frame, self.now):
            case ResultReceived(call=call):
                self.end(call.message_id)
            case Dropped(kind=kind):
                assert kind in (Drop.LATE, Drop.DUPLICATE, Drop.UNSOLICITED)
            case other:
                raise AssertionError(other)

    @rule(seconds=st.integers(0, 12))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        for late in self.csms.expire(self.now):
            self.end(late.call.message_id)

    @invariant()
    def the_books_balance(self) -> None:
        under_way = self.csms.next_deadline() is not None
        assert len(self.open) == self.csms.waiting + under_way


TestConversation = Conversation.TestCase


def test_memory_stays_bounded_whatever_is_said() -> None:
    end = endpoint(V21)
    message_id = called(end)
    grown: list[int] = []
    for round_ in range(4):
        for number in range(3000):
            end.receive(f'[2,"{round_}-{number}","X{number}",{{"a":"{"x" * 100}"}}]', number)
            end.receive(f'[3,"{number}-{round_}",{{}}]', number)
            end.receive(f'[4,"{number}-{round_}","x","y",{{}}]', number)
            end.receive(f'[5,"{number}-{round_}","x","y",{{}}]', number)
            end.result(f"{round_}-{number}", b"{}")
        grown.append(size_of(end))
    assert grown[1:] == [grown[1]] * 3
    assert grown[-1] < 32 * 1024
    assert isinstance(end.receive(f'[3,"{message_id}",{{}}]', 0), ResultReceived)


def size_of(end: Endpoint) -> int:
    """Bytes that the endpoint holds, down to its leaves."""
    seen: set[int] = set()

    def weigh(thing: Any) -> int:
        if id(thing) in seen or isinstance(thing, type | Version) or callable(thing):
            return 0
        seen.add(id(thing))
        parts: list[Any] = []
        if isinstance(thing, dict):
            parts = [*thing.keys(), *thing.values()]
        elif isinstance(thing, str | bytes | bytearray | int | float):
            pass
        elif hasattr(thing, "__iter__"):
            parts = list(thing)
        for slots in (getattr(kind, "__slots__", ()) for kind in type(thing).__mro__):
            parts += [getattr(thing, name) for name in slots if hasattr(thing, name)]
        return sys.getsizeof(thing) + sum(map(weigh, parts))

    return weigh(end)
