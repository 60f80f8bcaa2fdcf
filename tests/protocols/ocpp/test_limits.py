import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.protocols.ocpp.limits import Limits, breach

LIMITS = Limits()

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**19), 10**19)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | texts
    | st.sampled_from(["[[[[", '"]}', '\\"{', "4e123", "1" * 30, "\\u0000", ",e", " 1e999 "])
)
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=40)


def depth_of(tree: Any) -> int:
    if isinstance(tree, dict):
        return 1 + max(map(depth_of, tree.values()), default=0)
    if isinstance(tree, list):
        return 1 + max(map(depth_of, tree), default=0)
    return 0


def digits_of(tree: Any) -> int:
    if isinstance(tree, dict):
        return max(map(digits_of, tree.values()), default=0)
    if isinstance(tree, list):
        return max(map(digits_of, tree), default=0)
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        return sum(character.isdigit() for character in json.dumps(tree).lower().split("e")[0])
    return 0


@given(trees, st.integers(1, 8), st.booleans())
def test_a_frame_passes_just_when_it_is_no_deeper_than_allowed(tree: Any, depth: int, is_ascii: bool) -> None:
    frame = json.dumps(tree, ensure_ascii=is_ascii).encode()
    assert (breach(frame, Limits(depth=depth, digits=400)) is None) == (depth_of(tree) <= depth)


@given(trees, st.integers(1, 20))
def test_a_frame_passes_just_when_its_numbers_have_no_more_digits_than_allowed(tree: Any, digits: int) -> None:
    frame = json.dumps(tree).encode()
    assert (breach(frame, Limits(depth=99, digits=digits)) is None) == (digits_of(tree) <= digits)


@given(st.integers(1, 10**19), st.integers(-999, 999), st.sampled_from(["e", "E", "e+", "E+"]), st.booleans())
def test_a_number_passes_just_when_it_is_finite(mantissa: int, exponent: int, e: str, is_negative: bool) -> None:
    number = f"{'-' if is_negative else ''}{mantissa}{'e' if exponent < 0 else e}{exponent}"
    for frame in (f"[{number}]", f'[2,"4e123","H",{{"a":{number}}}]', f"[1, {number} ]"):
        assert (breach(frame.encode(), LIMITS) is None) == math.isfinite(float(number))


@given(st.binary(max_size=300))
def test_bytes_pass_as_text_just_when_they_are_utf8(noise: bytes) -> None:
    why = breach(noise, Limits(depth=10**6, digits=10**6))
    try:
        noise.decode()
    except UnicodeDecodeError:
        assert why == "the message is not UTF-8"
    else:
        assert why != "the message is not UTF-8"


@pytest.mark.parametrize(
    "frame",
    [
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'["]",' * 40 + b"1" + b"]" * 40,  # brackets in texts do not make up for those outside
        b"[" * 1_000_000,
        b"[1e400]",
        b"[-1E+309]",
        b"[123456789012345678901]",
        b"[0.12345678901234567890]",
        rb'["\u0000"]',
        rb'["\ud800"]',
        rb'["\udc00\ud800"]',
        rb'["\\\u0000"]',
        b'["\xff"]',
        b'["\xed\xa0\x80"]',  # a surrogate, as if it were UTF-8
        b"[" + b"1," * 600_000 + b"1]",
    ],
)
def test_what_breaks_a_limit_is_named(frame: bytes) -> None:
    assert breach(frame, LIMITS)


@pytest.mark.parametrize(
    "frame",
    [
        b"[" * 32 + b"]" * 32,
        b"[" + b"[]," * 500 + b"1]",
        b'["' + b"[" * 99 + b'"]',
        rb'["\"' + b"[" * 99 + b'"]',
        b'["1e400"]',
        b'["7c4e123a-0e999-4e99912"]',
        b"[12345678901234567890]",
        b"[1e-400]",
        b"[1e300]",
        rb'["\\u0000"]',
        rb'["\ud83d\ude00"]',
        '["😀"]'.encode(),
    ],
)
def test_what_is_within_the_limits_passes(frame: bytes) -> None:
    assert breach(frame, LIMITS) is None
