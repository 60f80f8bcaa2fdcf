"""Messages between nodes, three verbs: publish (at most once), request (one answers, or nobody), subscribe.

Subjects are words joined by dots; a pattern may hold `*` (any one word) and end in `>` (one or more words). Two buses:
`LocalBus` in one process, `nats_bus.NatsBus` for a cluster.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Protocol

import structlog

from voltloom.infra.settings import SettingError

LOG = structlog.get_logger(__name__)

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Given subject and message; what it returns is the reply where one was asked for. None: no reply, let another."""
Unsubscribe = Callable[[], None]


class NoResponder(Exception):
    """Nobody has subscribed to what was requested."""


class Bus(Protocol):
    def publish(self, subject: str, message: bytes) -> None:
        """Tell whoever listens now, this node included. Never waits; drops, and counts it, when the bus is away."""
        ...

    async def request(self, subject: str, message: bytes, timeout_s: float) -> bytes:
        """The first reply of the subscribers. Raises NoResponder at once where there is none, TimeoutError."""
        ...

    async def subscribe(self, pattern: str, handler: Handler) -> Unsubscribe:
        """Hear messages from now on, each in a task of its own. Returns how to stop."""
        ...

    async def close(self) -> None: ...


class LocalBus:
    """All in this process."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Handler]] = {}
        self._patterns: list[tuple[list[str], Handler]] = []
        self._running: set[asyncio.Task[bytes | None]] = set()

    def publish(self, subject: str, message: bytes) -> None:
        for handler in self._handlers(subject):
            self._start(handler, subject, message)

    async def request(self, subject: str, message: bytes, timeout_s: float) -> bytes:
        waiting = {self._start(handler, subject, message) for handler in self._handlers(subject)}
        if not waiting:
            raise NoResponder(subject)
        async with asyncio.timeout(timeout_s):
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    reply = None if task.cancelled() else task.result()
                    if reply is not None:
                        return reply
            # As on a network: one who was asked and says nothing is one who is silent.
            return await asyncio.get_running_loop().create_future()

    async def subscribe(self, pattern: str, handler: Handler) -> Unsubscribe:
        return self.add(pattern, handler)

    def add(self, pattern: str, handler: Handler) -> Unsubscribe:
        if "*" not in pattern and ">" not in pattern:
            self._exact.setdefault(pattern, []).append(handler)

            def leave() -> None:
                handlers = self._exact.get(pattern, [])
                with suppress(ValueError):
                    handlers.remove(handler)
                if not handlers:
                    self._exact.pop(pattern, None)

            return leave
        entry = (pattern.split("."), handler)
        self._patterns.append(entry)

        def leave_pattern() -> None:
            self._patterns = [other for other in self._patterns if other is not entry]

        return leave_pattern

    async def close(self) -> None:
        self._exact.clear()
        self._patterns.clear()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def _handlers(self, subject: str) -> Iterator[Handler]:
        yield from tuple(self._exact.get(subject, ()))
        if self._patterns:
            words = subject.split(".")
            for pattern, handler in tuple(self._patterns):
                if matches(pattern, words):
                    yield handler

    def _start(self, handler: Handler, subject: str, message: bytes) -> "asyncio.Task[bytes | None]":
        return keep(self._running, handle(handler, subject, message))


async def open_bus(url: str) -> Bus:
    """The bus of the setting: empty or `local` for this process alone, or `nats://…`. Raises SettingError."""
    if url in ("", "local"):
        return LocalBus()
    if url.startswith(("nats://", "tls://")):
        # Its client takes longer to import than most commands take.
        from voltloom.infra.nats_bus import NatsBus

        return await NatsBus.open(url)
    raise SettingError(
        f"The setting `bus` is {url!r}, which names no bus voltloom knows: give local or nats://host:4222."
    )


def matches(pattern: list[str], words: list[str]) -> bool:
    for place, word in enumerate(pattern):
        if word == ">":
            return len(words) > place
        if place >= len(words) or word not in ("*", words[place]):
            return False
    return len(pattern) == len(words)


def keep(running: "set[asyncio.Task[Any]]", coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """A task that is not forgotten while it runs."""
    task = asyncio.get_running_loop().create_task(coroutine)
    running.add(task)
    task.add_done_callback(running.discard)
    return task


async def handle(handler: Handler, subject: str, message: bytes) -> bytes | None:
    """What it replies; None also where it fails, which is logged."""
    try:
        return await handler(subject, message)
    except Exception:
        LOG.exception("a message on the bus was not handled", subject=subject)
        return None
