"""Slows guessing down: so many attempts at once, then one every so often. In memory, of this process."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

MOST_KEYS = 10_000


class Throttle:
    """A bucket of `burst` attempts for each key, refilled by one every `period_s`.

    Of more than `most` keys the longest unused is forgotten, which only ever forgives.
    """

    def __init__(self, burst: int, period_s: float, most: int = MOST_KEYS) -> None:
        self._burst = burst
        self._period_s = period_s
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """Seconds until the key may try; 0 when it may now. Takes nothing."""
        missing = max(0.0, self._full_at.get(key, now_s) - now_s) / self._period_s
        return max(0.0, missing - (self._burst - 1)) * self._period_s

    def take(self, key: str, now_s: float) -> None:
        self._full_at[key] = max(now_s, self._full_at.pop(key, now_s)) + self._period_s
        while len(self._full_at) > self._most:
            self._full_at.popitem(last=False)

    def give_back(self, key: str) -> None:
        """The attempt was a good one: it does not count."""
        if key in self._full_at:
            self._full_at[key] -= self._period_s

    def forget(self, key: str) -> None:
        self._full_at.pop(key, None)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 an IPv6 host can choose its addresses from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return str(parsed)
