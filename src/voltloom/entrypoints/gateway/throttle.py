"""Token buckets by key, bounded in number: one float a key."""

from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Throttle(Generic[KeyT]):
    """Each key may do `burst` things at once, then one each `every_s` seconds.

    What is kept of a key is the time at which its bucket is full again; a full bucket is not kept at all. `room`
    bounds the number of keys: beyond, the one that came first is forgotten.
    """

    def __init__(self, burst: int, every_s: float, room: int = 50_000) -> None:
        self._every_s = every_s
        self._burst_s = (burst - 1) * every_s
        self._room = room
        self._full_at: dict[KeyT, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def wait_s(self, key: KeyT, now: float) -> float:
        """How long until `key` may do one more; 0.0 where it may now. Takes nothing."""
        full_at = self._full_at.get(key)
        return 0.0 if full_at is None else max(0.0, full_at - self._burst_s - now)

    def take(self, key: KeyT, now: float) -> float:
        """Take one where there is one: 0.0. Otherwise nothing is taken, and it is how long to wait."""
        wait_s = self.wait_s(key, now)
        if wait_s == 0.0:
            self.spend(key, now)
        return wait_s

    def spend(self, key: KeyT, now: float) -> None:
        """Take one, be it there or not: a bucket may go below empty by what was under way at once."""
        # The key moves to the end: what is forgotten first is what was used last.
        full_at = self._full_at.pop(key, now)
        if len(self._full_at) >= self._room:
            self._make_room(now)
        self._full_at[key] = max(full_at, now) + self._every_s

    def forget(self, key: KeyT) -> None:
        self._full_at.pop(key, None)

    def sweep(self, now: float) -> None:
        """Drop the keys whose buckets are full again."""
        full = [key for key, full_at in self._full_at.items() if full_at <= now]
        for key in full:
            del self._full_at[key]

    def _make_room(self, now: float) -> None:
        self.sweep(now)
        while len(self._full_at) >= self._room:
            del self._full_at[next(iter(self._full_at))]
