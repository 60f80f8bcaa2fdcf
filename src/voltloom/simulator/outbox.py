"""What a station has to say: in order, one at a time, and what is about transactions until it was heard."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from random import Random

from voltloom.simulator.words import Payload, Said

MOST_QUEUED = 400
"""Beyond this many waiting messages, samples are no longer queued: stations have little memory."""


@dataclass(slots=True, eq=False)
class Message:
    """One call to the server, waiting or in flight.

    durable    about a transaction: kept while offline, told again until answered
    early      may go before the boot is accepted
    id         its message id; kept when the link broke before the answer, so that the server knows it again
    """

    said: Said
    heard: Callable[[Payload], None] | None = None
    failed: Callable[[str], None] | None = None
    durable: bool = False
    early: bool = False
    not_before: float = 0.0
    attempts: int = 0
    id: str = ""
    payload: Payload | None = None
    """As written the first time: a repetition says the same."""


class Outbox:
    """patience: how often a transaction message is tried, and how many seconds longer each time to wait."""

    def __init__(self, patience: Callable[[], tuple[int, float]], rng: Random, tally: "Counter[str]") -> None:
        self.in_flight: Message | None = None
        self._patience = patience
        self._rng = rng
        self._tally = tally
        self._queue: deque[Message] = deque()

    def __len__(self) -> int:
        return len(self._queue) + (self.in_flight is not None)

    @property
    def is_full(self) -> bool:
        return len(self._queue) > MOST_QUEUED

    def add(self, message: Message, *, first: bool = False) -> None:
        if first:
            self._queue.appendleft(message)
        else:
            self._queue.append(message)

    def disturb(self, *, swaps: bool) -> None:
        """A clumsy queue: now and then the later goes before the earlier, or something goes twice."""
        last = self._queue[-1]
        if swaps and len(self._queue) > 1 and self._queue[-2].durable and self._rng.random() < 0.4:
            self._queue[-1], self._queue[-2] = self._queue[-2], self._queue[-1]
            self._tally["swapped"] += 1
        if self._rng.random() < 0.4:
            self._queue.append(Message(last.said, durable=True))
            self._tally["doubled"] += 1

    def due(self, now: float) -> float:
        """When something that waits to be tried again may go."""
        if self.in_flight is not None:
            return inf
        return min((m.not_before for m in self._queue if m.not_before > now), default=inf)

    def next(self, now: float, *, early_only: bool) -> Message | None:
        """What goes now, its payload written; it is in flight until it is `ended`."""
        if self.in_flight is not None:
            return None
        held_back = False
        for message in tuple(self._queue):
            if (early_only and not message.early) or (held_back and message.durable):
                continue
            if message.not_before > now:
                held_back = held_back or message.durable  # transaction messages keep their order
                continue
            self._queue.remove(message)
            message.payload = message.payload or message.said.write()
            if message.payload is None:
                self._tally["dropped"] += 1
                continue
            self.in_flight = message
            return message
        return None

    def ended(self, message: Message) -> None:
        """It was answered, or never will be."""
        if self.in_flight is message:
            self.in_flight = None

    def again(self, message: Message, now: float) -> bool:
        """Keeps a transaction message that failed, to be tried later and later. False when that was the last time."""
        if not message.durable:
            return False
        tries, wait_s = self._patience()
        message.attempts += 1
        message.id = ""
        if message.attempts >= tries:
            self._tally["lost"] += 1
            return False
        message.not_before = now + wait_s * message.attempts
        self._queue.appendleft(message)
        self._tally["retries"] += 1
        return True

    def forget(self) -> list[Message]:
        """The link is gone: what was in flight waits again. Gives back, and drops, what is not about transactions."""
        if self.in_flight is not None:
            self._queue.appendleft(self.in_flight)
            self.in_flight = None
        dropped = [m for m in self._queue if not m.durable]
        self._queue = deque(m for m in self._queue if m.durable)
        return dropped
