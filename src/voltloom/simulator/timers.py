"""What is to be done later, in the order it falls due. Knows no clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf


class Timer:
    """Something to be done at a time, unless cancelled."""

    __slots__ = ("cancelled", "do", "due")

    def __init__(self, due: float, do: Callable[[], None]) -> None:
        self.due, self.do, self.cancelled = due, do, False

    def cancel(self) -> None:
        self.cancelled = True


class Timers:
    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = count()

    def add(self, due: float, do: Callable[[], None]) -> Timer:
        timer = Timer(due, do)
        heappush(self._heap, (due, next(self._numbers), timer))
        return timer

    @property
    def due(self) -> float:
        """When the next falls due; infinite for never."""
        while self._heap and self._heap[0][2].cancelled:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else inf

    def pop(self, now: float) -> Timer | None:
        """The next one that is due by now."""
        return heappop(self._heap)[2] if self.due <= now else None


def cancel(*timers: Timer | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()
