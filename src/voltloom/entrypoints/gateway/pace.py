"""How fast one station may speak. Beyond that it waits: nothing is dropped."""

from voltloom.entrypoints.gateway.limits import Limits

_LONG = 64 * 1024
"""Bytes that count as one more message: what a message takes of us grows with its length."""
_LEAST_WAIT_S = 0.02


class Pace:
    """A bucket of tokens: each message takes some, time brings them back."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, limits: Limits, now: float) -> None:
        self._tokens = limits.messages_burst
        self._at = now

    def take(self, message: bytes, limits: Limits, now: float) -> float:
        """Take what the message costs: 0.0. Where there is not enough, nothing is taken, and it is how long to wait."""
        burst = limits.messages_burst
        tokens = self._tokens + (now - self._at) * limits.messages_per_s
        if tokens > burst:
            tokens = burst
        cost = 1.0 if len(message) < _LONG else min(1.0 + len(message) // _LONG, burst)
        self._at = now
        if tokens >= cost:
            self._tokens = tokens - cost
            return 0.0
        self._tokens = tokens
        return max(_LEAST_WAIT_S, (cost - tokens) / limits.messages_per_s)
