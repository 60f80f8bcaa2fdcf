"""What a message means, in a sentence: of its fields, in both languages, whatever is in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_schemas import payloads
from voltloom.protocols.ocpp.dialect import DIALECTS, Version
from voltloom.protocols.ocpp.explain import Part, broken_rules
from voltloom.protocols.ocpp.inspection import Inspection, inspect, wrong_answer
from voltloom.protocols.ocpp.meaning import Language, answer_meaning, call_meaning, error_meaning

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "evse", "id", "x"]), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("action", "payload", "english", "german"),
    [
        (
            "StatusNotification",
            {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure", "info": "wet"},
            "Connector 2 is Faulted (error GroundFailure): wet.",
            "Anschluss 2 ist Faulted (Fehler GroundFailure): wet.",
        ),
        (
            "StatusNotification",
            {"connectorId": 2, "status": "Available", "errorCode": "NoError"},
            "Connector 2 is Available.",
            "Anschluss 2 ist Available.",
        ),
        (
            "StatusNotification",
            {"evseId": 1, "connectorId": 2, "connectorStatus": "Occupied", "timestamp": "t"},
            "EVSE 1, connector 2 is Occupied.",
            "EVSE 1, Anschluss 2 ist Occupied.",
        ),
        (
            "BootNotification",
            {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "One"}},
            "The station has started (PowerUp): Acme One.",
            "Die Station ist gestartet (PowerUp): Acme One.",
        ),
        (
            "TransactionEvent",
            {
                "eventType": "Ended",
                "triggerReason": "StopAuthorized",
                "seqNo": 4,
                "transactionInfo": {"transactionId": "tx", "stoppedReason": "Local"},
                "evse": {"id": 1},
            },
            "Transaction tx: Ended (StopAuthorized) at EVSE 1, ended by Local, report 4.",
            "Transaktion tx: Ended (StopAuthorized) an EVSE 1, Ende: Local, Bericht 4.",
        ),
        (
            "NotifyDisplayMessages",
            {"requestId": 7, "tbc": False},
            "The station says: notify display messages: requestId 7, tbc false.",
            "Die Station sagt: notify display messages: requestId 7, tbc false.",
        ),
    ],
)
def test_what_a_station_says(action: str, payload: Any, english: str, german: str):
    assert call_meaning(action, payload, from_station=True, language="en") == english
    assert call_meaning(action, payload, from_station=True, language="de") == german


def test_what_we_ask_and_what_it_answers():
    asked = {"updateType": "Full", "versionNumber": 3, "localAuthorizationList": [{}, {}]}
    said = call_meaning("SendLocalList", asked, from_station=False, language="en")
    assert said == "We send the list of tokens (Full), version 3, with 2 entries."
    assert answer_meaning("SendLocalList", {"status": "Accepted"}, language="de") == "Angenommen."
    failed = {"status": "Failed", "statusInfo": {"reasonCode": "NoMemory"}}
    assert answer_meaning("SendLocalList", failed, language="en") == "Failed (reasonCode NoMemory)."
    assert answer_meaning("StatusNotification", {}, language="en") == "Taken note of: nothing more to say."
    assert error_meaning("NotImplemented", language="en").endswith("the other side does not know this action.")
    assert error_meaning("Own\nCode", language="de").endswith(": Own\ufffdCode.")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("version", list(Version), ids=str)
def test_every_message_of_every_version_has_a_sentence(version: Version, language: Language):
    for action in DIALECTS[version].actions:
        for from_station in (True, False):
            assert call_meaning(action, {}, from_station=from_station, language=language).endswith(".")
        assert answer_meaning(action, {}, language=language).endswith(".")


@given(JSON, st.text(max_size=30), st.sampled_from(["BootNotification", "MeterValues", "GetVariables", "X"]))
def test_no_payload_breaks_it(payload: Any, code: str, action: str):
    for said in (
        call_meaning(action, payload, from_station=True, language="en"),
        call_meaning(action, payload, from_station=False, language="de"),
        answer_meaning(action, payload, language="en"),
        error_meaning(code, language="de"),
    ):
        assert said.isprintable()
        assert len(said) < 1_500


# ---- rules that are broken


def seen(call: str, answer: str, error: str = "", language: Language = "en") -> Inspection:
    return inspect(
        "ocpp1.6",
        "Authorize",
        call,
        answer,
        from_station=True,
        shown={"idTag": "AA"},
        shown_answer={"idTagInfo": {"status": "Accepted"}},
        error=error,
        language=language,
    )


def test_all_rules_that_a_call_breaks_are_named_with_where_the_schema_says_so():
    found = seen('[2,"1","Authorize",{"idTag":"' + "7" * 21 + '","more":1}]', '[4,"1","X","",{}]', error="X")
    assert [(each.path, each.rule) for each in found.broken_by_call] == [
        ("idTag", "properties/idTag/maxLength"),
        ("", "additionalProperties"),
    ]
    assert "7777" not in str(found), "who charges is not told twice"
    assert found.answer == "Answered with an error of its own: X."
    german = seen('[2,"1","Authorize",{}]', "", language="de").broken_by_call
    assert [each.found for each in german] == ["hat kein idTag"]


def test_an_answer_is_held_to_its_schema_too():
    found = seen('[2,"1","Authorize",{"idTag":"AA"}]', '{"idTagInfo":{"status":"Perhaps"}}')
    assert found.broken_by_call == ()
    assert [each.rule for each in found.broken_by_answer] == ["properties/idTagInfo/properties/status/enum"]
    assert found.answer == "Token: Accepted."


@pytest.mark.parametrize("call", ["", "[]", "nonsense", "[2", '{"a":1}', '[2,"1","Authorize","text"]'])
def test_a_frame_that_is_none_says_nothing(call: str):
    assert seen(call, "").broken_by_answer == ()


@pytest.mark.parametrize(
    ("frame", "is_wrong"),
    [
        ('[3,"1",{"status":"Accepted"}]', False),
        ('[3,"1",{"status":"Accepted","more":1}]', False),
        ('[3,"1",{"status":"Perhaps"}]', True),
        ('[3,"1",{}]', True),
        ('[4,"1","InternalError","",{}]', False),
        ("[3", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
def test_an_answer_that_cannot_be_read_is_told_from_one_that_can(protocol: str, frame: str, is_wrong: bool):
    assert bool(wrong_answer(protocol, "Reset", frame)) is is_wrong
    assert wrong_answer("ocpp9", "Reset", frame) == ""
    assert wrong_answer(protocol, "Dance", frame) == ""


@given(st.data())
def test_what_keeps_to_the_schema_breaks_no_rule(data: st.DataObject):
    payload = data.draw(payloads(Version.V16, "StatusNotification"))
    assert broken_rules(Version.V16, "StatusNotification", payload, part=Part.REQUEST) == ()
