"""Messages between nodes, three verbs: publish (at most once), request (one answers, or nobody), subscribe.

Subjects are words joined by dots; a pattern may hold `*` (one word) and end in `>` (one or more words). Two buses:
`LocalBus` in one process, `NatsBus` for a cluster.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Given subject and message; what it returns is the reply where one was asked for."""


class NoResponder(Exception):
    """Nobody has subscribed to what was requested."""


class Bus(Protocol):
    def publish(self, subject: str, message: bytes) -> None:
        """Tell whoever listens now. Never waits."""
        ...

    async def request(self, subject: str, message: bytes, timeout_s: float) -> bytes:
        """The reply of one subscriber. Raises NoResponder at once where there is none, TimeoutError."""
        ...

    async def subscribe(self, pattern: str, handler: Handler) -> Callable[[], None]:
        """Hear messages from now on, on every node, each in its own task. Returns how to stop."""
        ...

    async def close(self) -> None: ...
