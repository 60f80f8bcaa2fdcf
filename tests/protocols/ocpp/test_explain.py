import msgspec
import pytest

from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.explain import Explanation, Part, explain, keeps_to_schema, unknown_fields
from voltloom.protocols.ocpp.v16 import messages
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import read


def refusal(action: str, payload: bytes) -> Explanation:
    with pytest.raises(msgspec.ValidationError) as refused:
        read(messages.ACTIONS[action].request, payload)
    return explain(Version.V16, action, payload, str(refused.value))


@pytest.mark.parametrize(
    ("action", "payload", "code", "why"),
    [
        ("Authorize", b"{}", ErrorCode.OCCURRENCE, "Authorize: the payload has no idTag"),
        ("Authorize", b'{"idTag":null}', ErrorCode.OCCURRENCE, "Authorize: the payload has no idTag"),
        ("Authorize", b"[]", ErrorCode.TYPE, "Authorize: the payload is an array, which is no object"),
        (
            "Authorize",
            b'{"idTag":"' + b"7" * 21 + b'"}',
            ErrorCode.PROPERTY,
            "Authorize: idTag is a text of 21 characters, which is longer than 20 characters",
        ),
        (
            "StopTransaction",
            b'{"transactionId":"7","meterStop":1,"timestamp":"t"}',
            ErrorCode.TYPE,
            'StopTransaction: transactionId is "7", which is no integer',
        ),
        (
            "StopTransaction",
            b'{"transactionId":7.5,"meterStop":1,"timestamp":"t"}',
            ErrorCode.TYPE,
            "StopTransaction: transactionId is 7.5, which is no integer",
        ),
        (
            "MeterValues",
            b'{"connectorId":1,"meterValue":[]}',
            ErrorCode.OCCURRENCE,
            "MeterValues: meterValue has fewer than 1 items",
        ),
        (
            "MeterValues",
            b'{"connectorId":1.0,"meterValue":[{"timestamp":"t","sampledValue":[{"value":"1","location":"Roof"}]}]}',
            ErrorCode.PROPERTY,
            'MeterValues: meterValue[0].sampledValue[0].location is "Roof", '
            "which is none of Cable, EV, Inlet, Outlet, Body",
        ),
    ],
)
def test_the_broken_rule_is_named_with_path_and_finding(action: str, payload: bytes, code: ErrorCode, why: str) -> None:
    assert refusal(action, payload) == Explanation(code, why)


def test_of_several_broken_rules_the_one_that_stopped_the_reading_is_named() -> None:
    told = refusal("MeterValues", b'{"colour":1,"meterValue":[{"timestamp":"t","sampledValue":[]},7],"connectorId":1}')
    assert told == Explanation(ErrorCode.TYPE, "MeterValues: meterValue[1] is 7, which is no object")


def test_a_large_payload_is_not_looked_at_closely_and_gets_the_same_code() -> None:
    told = refusal("MeterValues", b'{"connectorId":1,"meterValue":[' + b"{}," * 300_000 + b"{}]}")
    assert told.code is ErrorCode.OCCURRENCE
    assert "timestamp" in told.why


def test_a_text_without_end_does_not_end_up_in_the_log() -> None:
    told = refusal("Reset", b'{"type":"' + b"x" * 3000 + b'"}')
    assert told.code is ErrorCode.PROPERTY
    assert len(told.why) < 200


def test_what_is_no_json_is_said_to_be_none() -> None:
    assert explain(Version.V21, "Heartbeat", b"{").code is ErrorCode.FORMAT


@pytest.mark.parametrize("action", ["Nonsense", "../v16/schemas/Authorize", ""])
def test_an_action_of_no_version_is_not_implemented(action: str) -> None:
    assert explain(Version.V201, action, b"{}").code is ErrorCode.NOT_IMPLEMENTED
    assert unknown_fields(Version.V201, action, b"{}") == ()
    assert not keeps_to_schema(Version.V201, action, b"{}")


def test_unknown_fields_are_listed_with_their_paths() -> None:
    payload = b'{"connectorId":1,"meterValue":[{"foo":1,"sampledValue":[{"bar":3,"value":"1"}]}],"x":{"y":1}}'
    assert unknown_fields(Version.V16, "MeterValues", payload) == (
        "meterValue[0].foo",
        "meterValue[0].sampledValue[0].bar",
        "x",
    )


def test_what_a_vendor_adds_to_custom_data_is_not_unknown() -> None:
    payload = b'{"customData":{"vendorId":"com.example","more":1},"less":2}'
    assert unknown_fields(Version.V21, "Heartbeat", payload) == ("less",)


def test_an_answer_is_measured_by_its_own_schema() -> None:
    assert keeps_to_schema(Version.V201, "Heartbeat", b'{"currentTime":"t"}', part=Part.RESPONSE)
    assert not keeps_to_schema(Version.V201, "Heartbeat", b"{}", part=Part.RESPONSE)


def test_writing_is_held_to_the_rules_that_reading_is_not() -> None:
    assert not keeps_to_schema(Version.V201, "Heartbeat", b'{"colour":1}')
