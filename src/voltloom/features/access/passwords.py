"""Passwords of people: which are good enough, and how they are kept (argon2id).

Hashing is dear on purpose, so it happens on two threads and behind a short queue: whoever floods the sign-in slows
the sign-in, and nothing else.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from importlib.resources import files
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from voltloom.domain.errors import Invalid, Throttled

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST = 15
LONGEST = 200
_KEYBOARD = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "yxcvbnm", "qsdfghjklm")
_LEET = str.maketrans("0134578@$!|", "oieastbasil")
_FEWEST_LEFT = 6
"""Characters that must remain when everything that is guessed first is taken out."""


def normal(password: str) -> str:
    """One form for what looks and types the same on different machines (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def insist_on_good(password: str, *about: str) -> None:
    """Refuse what is short or guessed first. No rules of composition: they make passwords worse.

    about   what a guesser knows: the login, the name
    Raises Invalid, saying what to do.
    """
    password = normal(password)
    if len(password) < SHORTEST:
        raise Invalid(f"the password is {len(password)} characters long: use at least {SHORTEST}, such as a few words")
    if len(password) > LONGEST:
        raise Invalid(f"the password is longer than {LONGEST} characters")
    known = tuple(part for text in about for part in _parts(text))
    lowered = password.lower()
    if min(_left(lowered, known), _left(lowered.translate(_LEET), known)) < _FEWEST_LEFT:
        raise Invalid("the password is made of what is guessed first: use a few words that do not belong together")


def _parts(text: str) -> list[str]:
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return [word for word in words if len(word) >= 3] + [text.lower()]


def _left(password: str, known: tuple[str, ...]) -> int:
    """How many characters are neither common words, nor known, nor runs, nor said before."""
    password = _without_repeats(password)
    words = sorted({*_common(), *known}, key=len, reverse=True)
    for word in words:
        password = password.replace(word, "\0")
    left = "".join(" " if length >= 3 else piece for piece, length in _runs(password))
    return sum(letter.isalnum() or ord(letter) > 127 for letter in left)


def _without_repeats(password: str) -> str:
    """The shortest beginning that the whole is a repetition of."""
    for length in range(1, len(password) // 2 + 1):
        if (password[:length] * (len(password) // length + 1))[: len(password)] == password:
            return password[:length]
    return password


def _runs(password: str) -> list[tuple[str, int]]:
    """The pieces that go on alike: aaa, abc, 321, and neighbours on a keyboard."""
    pieces: list[tuple[str, int]] = []
    start = 0
    while start < len(password):
        end = max(_run_end(password, start, step) for step in (0, 1, -1, None))
        pieces.append((password[start:end], end - start))
        start = end
    return pieces


def _run_end(password: str, start: int, step: int | None) -> int:
    end = start + 1
    while end < len(password) and _follows(password[end - 1], password[end], step):
        end += 1
    return end


def _follows(letter: str, following: str, step: int | None) -> bool:
    if step is not None:
        return ord(following) - ord(letter) == step
    return any(letter + following in row or following + letter in row for row in _KEYBOARD)


@cache
def _common() -> frozenset[str]:
    text = files("voltloom.features.access").joinpath("common_words.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


class Passwords:
    """Makes and checks argon2id hashes, two at a time; `queue` more may wait, the next is Throttled."""

    def __init__(self, *, slots: int = 2, queue: int = 40, time_cost: int = 2, memory_kib: int = 47_104) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="argon2")
        self._room = slots + queue

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, normal(password))

    async def check(self, password_hash: str, password: str) -> bool:
        """password_hash "": nobody's; takes as long and is False."""
        good = await self._run(self._verify, password_hash, normal(password))
        return good and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Made with other parameters than ours of today: make it anew, now that the password is at hand."""
        return self._hasher.check_needs_rehash(password_hash)

    @cached_property
    def _dummy(self) -> str:
        """Checked in place of a hash that is not there, so that an unknown name takes as long as a known one."""
        return self._hasher.hash("nobody's")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        if self._room <= 0:
            raise Throttled("too many are signing in at once: try again in a few seconds", 5.0)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*arguments, **named))
        finally:
            self._room += 1
