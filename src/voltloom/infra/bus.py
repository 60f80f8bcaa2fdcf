"""Messages between nodes, three verbs: publish (at most once), request (one answers, or nobody), subscribe.

Subjects are words joined by dots; a pattern may hold `*` (any one word) and end in `>` (one or more words). Two buses:
`LocalBus` in one process, `NatsBus` for a cluster.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import Counter

from voltloom.infra.database import SettingError

LOG = structlog.get_logger(__name__)

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Given subject and message; what it returns is the reply where one was asked for. None: no reply, let another."""
Unsubscribe = Callable[[], None]

UNSENT = Counter("voltloom_bus_unsent", "Publications dropped because the bus was away or too slow")
MOST_WAITING = 50_000


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
        return _keep(self._running, _handle(handler, subject, message))


class NatsBus:
    """A cluster's. While NATS is away this node goes on alone: what is its own still finds it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._local = LocalBus()
        self._outbox: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue(MOST_WAITING)
        self._running: set[asyncio.Task[None]] = set()
        self._sender = asyncio.create_task(self._send(), name="bus sender")

    @classmethod
    async def open(cls, url: str) -> "NatsBus":
        parts = urlsplit(url)
        try:
            # First by hand: the client itself never stops trying.
            async with asyncio.timeout(5):
                _, stream = await asyncio.open_connection(parts.hostname, parts.port or 4222)
            stream.close()
            with suppress(OSError):
                await stream.wait_closed()
            async with asyncio.timeout(10):
                client = await nats.connect(  # pyright: ignore[reportUnknownMemberType]  # its options are untyped
                    url,
                    name="voltloom",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.5,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=_note_error,
                    disconnected_cb=_note_away,
                    reconnected_cb=_note_back,
                )
        except (OSError, ValueError, TimeoutError, nats.errors.Error) as error:
            shown = url if parts.password is None else url.replace(f":{parts.password}@", ":…@")
            raise SettingError(
                f"The setting `bus` is {shown!r}, and no NATS server answers there "
                f"({str(error) or type(error).__name__}): start it, or leave the setting out for a single node."
            ) from error
        return cls(client)

    def publish(self, subject: str, message: bytes) -> None:
        if not self._client.is_connected:
            UNSENT.inc()
            self._local.publish(subject, message)
            return
        try:
            self._outbox.put_nowait((subject, message))
        except asyncio.QueueFull:
            UNSENT.inc()

    async def request(self, subject: str, message: bytes, timeout_s: float) -> bytes:
        if not self._client.is_connected:
            return await self._local.request(subject, message, timeout_s)
        try:
            return (await self._client.request(subject, message, timeout=timeout_s)).data
        except nats.errors.NoRespondersError as error:
            raise NoResponder(subject) from error
        except nats.errors.TimeoutError as error:
            raise TimeoutError(f"no reply to {subject} in {timeout_s} s") from error

    async def subscribe(self, pattern: str, handler: Handler) -> Unsubscribe:
        async def hear(message: Msg) -> None:
            _keep(self._running, self._answer(handler, message))

        subscription = await self._client.subscribe(  # pyright: ignore[reportUnknownMemberType]  # one is untyped
            pattern, cb=hear
        )
        # So that a message sent right after this returns is heard, from whichever node.
        if self._client.is_connected:
            await self._client.flush()
        leave = self._local.add(pattern, handler)

        def unsubscribe() -> None:
            leave()
            _keep(self._running, _leave(subscription.unsubscribe()))

        return unsubscribe

    async def close(self) -> None:
        await self._outbox.put(None)
        await self._sender
        await self._local.close()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        with suppress(nats.errors.Error, OSError):
            await self._client.flush(timeout=2)
        await self._client.close()

    async def _send(self) -> None:
        while (publication := await self._outbox.get()) is not None:
            subject, message = publication
            try:
                await self._client.publish(subject, message)
            except (nats.errors.Error, OSError):
                UNSENT.inc()

    async def _answer(self, handler: Handler, message: Msg) -> None:
        reply = await _handle(handler, message.subject, message.data)
        if reply is not None and message.reply:
            with suppress(nats.errors.Error, OSError):
                await self._client.publish(message.reply, reply)


async def open_bus(url: str) -> Bus:
    """The bus of the setting: empty or `local` for this process alone, or `nats://…`. Raises SettingError."""
    if url in ("", "local"):
        return LocalBus()
    if url.startswith(("nats://", "tls://")):
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


def _keep(running: "set[asyncio.Task[Any]]", coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """A task that is not forgotten while it runs."""
    task = asyncio.get_running_loop().create_task(coroutine)
    running.add(task)
    task.add_done_callback(running.discard)
    return task


async def _handle(handler: Handler, subject: str, message: bytes) -> bytes | None:
    try:
        return await handler(subject, message)
    except Exception:
        LOG.exception("a message on the bus was not handled", subject=subject)
        return None


async def _leave(unsubscribing: Awaitable[None]) -> None:
    with suppress(nats.errors.Error, OSError):
        await unsubscribing


async def _note_error(error: Exception) -> None:
    LOG.warning("trouble with the bus", reason=str(error) or type(error).__name__)


async def _note_away() -> None:
    LOG.warning("the bus is away; this node goes on alone")


async def _note_back() -> None:
    LOG.info("the bus is back")
