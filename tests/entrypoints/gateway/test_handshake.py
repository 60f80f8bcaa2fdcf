import base64
import contextlib
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.entrypoints.gateway.handshake import (
    BadRequest,
    Request,
    basic,
    check_upgrade,
    choose_subprotocol,
    claimed_identity,
    identity,
    parse,
    refusal,
)

GOOD = (
    b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: csms\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6, ocpp2.0.1"
)


@pytest.mark.parametrize(
    ("target", "station"),
    [
        ("/ocpp/CP-1", "CP-1"),
        ("/ocpp/RDAM%7C123", "RDAM|123"),
        ("/ocpp/RDAM|123", "RDAM|123"),
        ("/ocpp/a*b_c=d+e@f.g", "a*b_c=d+e@f.g"),
        ("/ocpp/%43P-1", "CP-1"),
        ("/ocpp/" + "x" * 48, "x" * 48),
    ],
)
def test_the_identity_is_the_one_segment_after_ocpp(target, station):
    assert identity(target) == station


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/ocpp",
        "/ocpp/",
        "/CP-1",
        "/OCPP/CP-1",
        "//ocpp/CP-1",
        "/ocpp//CP-1",
        "/ocpp/CP-1/",
        "/ocpp/CP-1/x",
        "/ocpp/x/CP-1",
        "/ocpp/CP-1?x=1",
        "/ocpp/CP-1?",
        "/ocpp/CP-1#x",
        "/ocpp/CP-1;x",
        "/ocpp/./CP-1",
        "/ocpp/../ocpp/CP-1",
        "/ocpp/.",
        "/ocpp/..",
        "/ocpp/%2e%2e",
        "/ocpp/CP-1%2F",
        "/ocpp/%2FCP-1",
        "/ocpp/CP-1%00",
        "/ocpp/CP-1%0d%0a",
        "/ocpp/CP-1%20",
        "/ocpp/CP-1%",
        "/ocpp/CP-1%4",
        "/ocpp/CP-1%zz",
        "/ocpp/CP%2531",
        "/ocpp/CP%3A1",
        "/ocpp/CP:1",
        "/ocpp/CP\\1",
        "/ocpp/C%C3%A9",
        "/ocpp/%EF%BC%A3P-1",
        "/ocpp/" + "x" * 49,
        "/ocpp/" + "%41" * 49,
        "http://csms/ocpp/CP-1",
        "ocpp/CP-1",
        "*",
    ],
)
def test_no_other_spelling_of_a_path_names_a_station(target):
    assert identity(target) is None


@given(st.text(max_size=60))
def test_whatever_the_path_an_identity_is_of_legal_characters(target):
    found = identity("/ocpp/" + target)
    assert found is None or (0 < len(found) <= 48 and found.isascii() and not set(found) & set(":/ \\%?#\0"))


def test_a_handshake_is_read_with_its_fields():
    request = parse(GOOD, 100)
    assert request.target == "/ocpp/CP-1"
    assert request.subprotocols == ("ocpp1.6", "ocpp2.0.1")
    assert check_upgrade(request) == "dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"hello",
        GOOD.replace(b"GET", b"POST"),
        GOOD.replace(b"GET", b"get"),
        GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GOOD.replace(b"HTTP/1.1", b"HTTP/2"),
        GOOD.replace(b"GET ", b"GET  "),
        GOOD.replace(b"/CP-1", b"/C P-1"),
        GOOD.replace(b"/CP-1", b"/C\xc3\xa9"),
        GOOD.replace(b"Host:", b"Host :"),
        GOOD.replace(b"Host: csms\r\n", b""),
        GOOD.replace(b"Host: csms", b"Host: csms\r\n folded"),
        GOOD.replace(b"Host: csms", b"Host: csms\r\nHost: other"),
        GOOD.replace(b"Host: csms", b"Host: cs\x00ms"),
        GOOD.replace(b"Host: csms", b"Host: csms\nX: y"),
        GOOD + b"\r\nAuthorization: Basic YTpi\r\nAuthorization: Basic YTpj",
        GOOD + b"\r\nContent-Length: 5",
        GOOD + b"\r\nContent-Length: 0\r\nContent-Length: 0",
        GOOD + b"\r\nTransfer-Encoding: chunked",
        GOOD + b"\r\n" + b"\r\n".join(b"X: y" for _ in range(100)),
    ],
)
def test_a_malformed_request_is_refused(head):
    with pytest.raises(BadRequest):
        parse(head, 100)


def test_a_field_of_blanks_alone_is_read_in_one_pass():
    """A reader that tries where the blanks before and after a value part would not end in this century."""
    with pytest.raises(BadRequest):
        parse(GOOD + b"\r\nX:" + b" " * 30_000 + b"\x00", 100)
    assert parse(GOOD + b"\r\nX: \t", 100).get("x") == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(head):
    with contextlib.suppress(BadRequest):
        parse(head, 100)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Upgrade: websocket", b"Upgrade: h2c", 426),
        (b"Version: 13", b"Version: 8", 426),
        (b"Version: 13", b"Version: 13, 8", 426),
        (b"keep-alive, Upgrade", b"keep-alive", 400),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short", 400),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ=!", 400),
    ],
)
def test_what_is_no_websocket_handshake_is_told_so(old, new, status):
    with pytest.raises(BadRequest) as refused:
        check_upgrade(parse(GOOD.replace(old, new), 100))
    assert refused.value.status == status


def test_a_password_is_any_bytes_after_the_first_colon():
    said = basic("basic " + base64.b64encode(b"CP-1:\xff\x00:x").decode())
    assert said is not None
    assert said.user == "CP-1"
    assert said.password == b"\xff\x00:x"
    assert "xff" not in repr(said)


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!!", "Basic Q1AtMQ==", "Bearer abc", "Basic é"])
def test_credentials_that_cannot_be_read_are_none(header):
    assert basic(header) is None


@pytest.mark.parametrize(
    ("target", "authorization", "claimed"),
    [
        ("/ocpp/CP-1", "", "CP-1"),
        ("/CP-1", "", "CP-1"),
        ("/steve/websocket/CentralSystemService/CP-1?x=y", "", "CP-1"),
        ("/ocpp/", "Basic Q1AtMTp4", "CP-1"),
        ("/", "", ""),
        ("/<script>", "", ""),
    ],
)
def test_the_inbox_sees_who_a_wrong_request_seems_to_be_from(target, authorization, claimed):
    assert claimed_identity(Request(target, {"authorization": [authorization]})) == claimed


def test_the_best_version_that_was_offered_is_chosen():
    spoken = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]
    assert choose_subprotocol(["ocpp1.6", "ocpp2.0.1"], spoken) == "ocpp2.0.1"
    assert choose_subprotocol(["ocpp2.1", "ocpp2.0.1"], spoken[1:]) == "ocpp2.0.1"
    assert choose_subprotocol(["mqtt"], spoken) == ""


def test_a_refusal_for_lack_of_proof_asks_for_it():
    assert b"\r\nWWW-Authenticate: Basic " in refusal(HTTPStatus.UNAUTHORIZED)
    assert b"\r\nRetry-After: 5\r\n" in refusal(HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=4.6)
