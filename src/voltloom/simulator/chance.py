"""Chance that comes out the same each time: what is drawn depends on what it is asked with, and nothing else."""

import random
from math import log
from zlib import crc32


def dice(*names: object) -> random.Random:
    """A generator of its own for what `names` say, e.g. `dice(seed, station, "visit", 7)`."""
    return random.Random("/".join(map(str, names)))  # noqa: S311 – to be repeatable, not secret


def wobble(name: str, at: float, period_s: float) -> float:
    """A smooth wandering between -1 and 1, a pure function of the time: the same answer whoever asks, whenever."""
    step, part = divmod(at / period_s, 1.0)
    here, there = _grain(name, int(step)), _grain(name, int(step) + 1)
    ease = part * part * (3.0 - 2.0 * part)
    return here + (there - here) * ease


def lognormal(rng: random.Random, median: float, spread: float, low: float, high: float) -> float:
    """A positive draw with this median; `spread` is the ratio of the 84th percentile to the median."""
    return min(high, max(low, rng.lognormvariate(log(median), log(spread))))


def _grain(name: str, step: int) -> float:
    # A checksum alone makes names that differ in one letter wander alike; the multiplications undo that.
    x = crc32(f"{name}:{step}".encode())
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return (x ^ x >> 16) / 0x7FFFFFFF - 1.0
