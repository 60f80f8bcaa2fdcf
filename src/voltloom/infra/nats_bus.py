"""The bus of a cluster: NATS core."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from urllib.parse import urlsplit

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import Counter

from voltloom.infra.bus import Handler, LocalBus, NoResponder, Unsubscribe, handle, keep
from voltloom.infra.settings import SettingError

LOG = structlog.get_logger(__name__)

UNSENT = Counter("voltloom_bus_unsent", "Publications dropped because the bus was away or too slow")
MOST_WAITING = 50_000


class NatsBus:
    """A cluster's. While NATS is away this node goes on alone: what is its own still finds it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._local = LocalBus()
        self._outbox: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue(MOST_WAITING)
        self._running: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._closing = False

    @classmethod
    async def open(cls, url: str) -> "NatsBus":
        parts = urlsplit(url)
        bus = cls(Client())
        try:
            # First by hand: the client itself never stops trying.
            async with asyncio.timeout(5):
                _, stream = await asyncio.open_connection(parts.hostname, parts.port or 4222)
            stream.close()
            with suppress(OSError):
                await stream.wait_closed()
            async with asyncio.timeout(10):
                await bus._client.connect(  # pyright: ignore[reportUnknownMemberType]  # its options are untyped
                    url,
                    name="voltloom",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.5,  # pyright: ignore[reportArgumentType]  # it sleeps so long: any number will do
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=_note_error,
                    disconnected_cb=bus._note_away,
                    reconnected_cb=_note_back,
                )
        except (OSError, ValueError, TimeoutError, nats.errors.Error) as error:
            shown = url if parts.password is None else url.replace(f":{parts.password}@", ":…@")
            raise SettingError(
                f"The setting `bus` is {shown!r}, and no NATS server answers there "
                f"({str(error) or type(error).__name__}): start it, or leave the setting out for a single node."
            ) from error
        bus._sender = asyncio.create_task(bus._send(), name="bus sender")
        return bus

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
            keep(self._running, self._answer(handler, message))

        subscription = await self._client.subscribe(  # pyright: ignore[reportUnknownMemberType]  # one is untyped
            pattern, cb=hear
        )
        # So that a message sent right after this returns is heard, from whichever node.
        if self._client.is_connected:
            await self._client.flush()
        leave = self._local.add(pattern, handler)

        def unsubscribe() -> None:
            leave()
            keep(self._running, _leave(subscription.unsubscribe()))

        return unsubscribe

    async def close(self) -> None:
        self._closing = True
        if self._sender is not None:
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
        reply = await handle(handler, message.subject, message.data)
        if reply is not None and message.reply:
            with suppress(nats.errors.Error, OSError):
                await self._client.publish(message.reply, reply)

    async def _note_away(self) -> None:
        if not self._closing:
            LOG.warning("the bus is away; this node goes on alone")


async def _leave(unsubscribing: Awaitable[None]) -> None:
    with suppress(nats.errors.Error, OSError):
        await unsubscribing


async def _note_error(error: Exception) -> None:
    LOG.warning("trouble with the bus", reason=str(error) or type(error).__name__)


async def _note_back() -> None:
    LOG.info("the bus is back")
