import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.entrypoints.gateway.deflate import BadDeflate, Deflate, TooBig, negotiate


def squeeze(message: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def agreed() -> Deflate:
    deflate = negotiate("permessage-deflate")
    assert deflate is not None
    return deflate


def test_neither_side_keeps_its_window():
    deflate = negotiate("permessage-deflate; client_max_window_bits")
    assert deflate is not None
    assert deflate.agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-deflate; nonsense", None),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; client_max_window_bits=99", None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; server_max_window_bits=10", 10),
        ('permessage-deflate; server_max_window_bits="12"', 12),
        ("permessage-deflate; nonsense, permessage-deflate", 15),
        ("permessage-deflate; client_no_context_takeover; client_max_window_bits=9", 15),
    ],
)
def test_the_first_offer_that_can_be_met_is_taken(offer, answer):
    deflate = negotiate(offer)
    assert (deflate and deflate.window_bits) == answer


@given(st.binary(max_size=5000))
def test_what_was_deflated_inflates_to_the_same(message):
    assert agreed().inflate(squeeze(message), 5000) == message


@given(st.binary(min_size=1024, max_size=5000), st.integers(9, 15))
def test_ours_is_read_by_any_inflater(message, bits):
    sent = Deflate(bits, "").deflate(message)
    assert sent is not None
    assert zlib.decompressobj(wbits=-bits).decompress(sent + b"\x00\x00\xff\xff") == message


def test_short_messages_are_not_worth_it():
    assert agreed().deflate(b"x" * 100) is None


def test_a_final_block_is_legal():
    deflater = zlib.compressobj(wbits=-15)
    whole = deflater.compress(b"hello") + deflater.flush()
    assert agreed().inflate(whole, 100) == b"hello"
    assert agreed().inflate(whole + b"\x00", 100) == b"hello"


def test_a_bomb_is_not_inflated():
    with pytest.raises(TooBig):
        agreed().inflate(squeeze(bytes(100_000_000)), 1024 * 1024)


def test_the_limit_itself_is_allowed():
    assert len(agreed().inflate(squeeze(bytes(1000)), 1000)) == 1000
    with pytest.raises(TooBig):
        agreed().inflate(squeeze(bytes(1001)), 1000)


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_inflate_or_are_refused(payload):
    with contextlib.suppress(BadDeflate, TooBig):
        agreed().inflate(payload, 1000)
