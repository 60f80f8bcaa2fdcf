"""How fast messages come and go at this node."""

import asyncio
from collections import deque
from time import monotonic

from voltloom.entrypoints.gateway.gateway import Gateway

_PACE_S = 5.0
"""Messages a second are counted over this long."""


class Pace:
    """How fast messages come and go."""

    def __init__(self, gateway: Gateway) -> None:
        self._tally = gateway.tally
        self._seen: deque[tuple[float, int, int]] = deque([self._now()])

    def _now(self) -> tuple[float, int, int]:
        return monotonic(), self._tally.messages_in, self._tally.messages_out

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._seen.append(self._now())
            while self._seen[-1][0] - self._seen[0][0] > _PACE_S:
                self._seen.popleft()

    @property
    def per_s(self) -> tuple[float, float]:
        """Received, sent."""
        then, now = self._seen[0], self._now()
        seconds = max(0.001, now[0] - then[0])
        return (now[1] - then[1]) / seconds, (now[2] - then[2]) / seconds
