"""What a frame may hold before anything of it is decoded: bytes, depth, digits, characters.

Built for the frame that is in order, which costs a microsecond; only a frame that might break a rule is taken apart.
"""

import math
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection, both what it may say and what is kept for it.

    depth     of nested arrays and objects, the frame itself being the first
    digits    of a number, before its exponent
    queue     calls of ours that wait their turn
    unanswered  calls of theirs that we have not answered yet
    answered  calls of theirs whose answers are remembered, to be given again
    """

    frame_bytes: int = 1024 * 1024
    depth: int = 32
    digits: int = 20
    queue: int = 50
    unanswered: int = 500
    answered: int = 500


# A view of a frame, a byte a character, in which a search for a few bytes finds what may be an unfit number: digits,
# points and plus signs as 0, and E as e. Texts are in it too: what is found is then looked at closely.
_NUMERALS: Final = bytes.maketrans(b"0123456789.+E", b"000000000000e")
_LARGE_EXPONENT: Final = b"0e000"
_CLOSE_LOOKS: Final = 64
_BEFORE_A_NUMBER: Final = b"[:, \t\r\n"
_BRACKETS: Final = bytes.maketrans(b"[]{}", b"()()")
_ALL_BUT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b'[]{}"\\')
_NUMBER: Final = re.compile(rb"-?([0-9][0-9.]*)(?:[eE][+-]?[0-9]+)?")
_SURROGATE_PAIR: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_FORBIDDEN_ESCAPE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def breach(frame: bytes, limits: Limits) -> str | None:
    """The rule that the frame breaks, as a sentence; None where it breaks none. JSON that is none passes."""
    if len(frame) > limits.frame_bytes:
        return f"the message has {len(frame)} bytes, more than {limits.frame_bytes}"
    if not frame.isascii() and not _is_utf8(frame):
        return "the message is not UTF-8"
    if b"\\" in frame and _has_forbidden_escape(frame):
        return "a text holds NUL or half a surrogate pair"
    if frame.count(b"{") + frame.count(b"[") > limits.depth and _is_deeper_than(limits.depth, frame):
        return f"the message is nested deeper than {limits.depth}, or never closes"
    numerals = frame.translate(_NUMERALS)
    if b"0" * (limits.digits + 1) in numerals or _has_large_number(numerals, limits.digits):
        return _unfit_number(frame, limits.digits)
    return None


def _is_utf8(frame: bytes) -> bool:
    try:
        frame.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_forbidden_escape(frame: bytes) -> bool:
    escapes = _SURROGATE_PAIR.sub(b"", frame.replace(b"\\\\", b""))
    return _FORBIDDEN_ESCAPE.search(escapes) is not None


def _is_deeper_than(depth: int, frame: bytes) -> bool:
    brackets = frame.translate(_BRACKETS, _ALL_BUT_BRACKETS)
    if b"\\" not in brackets:
        brackets = brackets.replace(b'""', b"")  # texts without brackets in them
    if b"\\" in brackets or b'"' in brackets:
        brackets = _outside_texts(frame).translate(_BRACKETS, _ALL_BUT_BRACKETS)
    for _ in range(depth):
        inner = brackets.replace(b"()", b"")
        if len(inner) == len(brackets):
            break
        brackets = inner
    # What is left never closes, or is nested deeper still: a parser would go down that far either way.
    return brackets.count(b"(") > 0


def _outside_texts(frame: bytes) -> bytes:
    return b"".join(frame.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _has_large_number(numerals: bytes, digits: int) -> bool:
    """Whether a large exponent may be a number's. Message ids in hexadecimal are full of the likes of 4e123."""
    at = -1
    for _ in range(_CLOSE_LOOKS):
        at = numerals.find(_LARGE_EXPONENT, at + 1)
        if at < 0:
            return False
        before = numerals[max(at - digits - 2, 0) : at].rstrip(b"0").removesuffix(b"-")
        if not before or before[-1] in _BEFORE_A_NUMBER:
            return True
    return True  # so many that taking the frame apart is cheaper


def _unfit_number(frame: bytes, digits: int) -> str | None:
    for number in _NUMBER.finditer(_outside_texts(frame)):
        if len(number[1].replace(b".", b"")) > digits:
            return f"a number has more than {digits} digits"
        if number[1].count(b".") < 2 and math.isinf(float(number[0])):
            return "a number is beyond all bounds"
    return None
