"""What happens, while it happens: server-sent events, resumable from the journal.

A journaled event has its number as `id`; what is live only has none. A client that reads too slowly is not waited
for: what it missed is dropped and it is told `resync`, with the number from which it can read on.
"""

import asyncio
import collections
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from prometheus_client import Counter, Gauge
from sqlalchemy import Connection

from voltloom.domain.errors import Invalid, Throttled
from voltloom.domain.events import Event
from voltloom.features.access import Recognised, Scope
from voltloom.features.api import Call, allow
from voltloom.infra.database import Database
from voltloom.infra.journal import PAGE, Journal, newest_number, oldest_number, read_journal

HEARTBEAT_S = 15.0
MOST_WAITING = 1000
MOST_WAITING_BYTES = 1 << 20
MOST_STREAMS = 1000
MOST_STREAMS_EACH = 30

STREAMS = Gauge("voltloom_live_streams", "open streams of live events")
RESYNCS = Counter("voltloom_live_resyncs", "times a client read too slowly and was told to read the journal")


def frame(number: int | None, name: str, body: bytes) -> bytes:
    """One event as it goes over the wire. body: JSON, which has no line breaks of its own."""
    identity = b"" if number is None else b"id: %d\n" % number
    return identity + b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


class Listener:
    """One open stream: which events it wants, and the few that wait to be sent.

    names, stations   empty: all
    """

    def __init__(self, names: Iterable[str], stations: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._stations = frozenset(stations)
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._something = asyncio.Event()
        self._floor = 0
        self.read_to = 0
        """The number up to which it was given what the journal holds."""
        self.closed = False

    def wants(self, name: str, station_id: str) -> bool:
        return (not self._names or name in self._names) and (not self._stations or station_id in self._stations)

    def offer(self, number: int | None, text: bytes) -> None:
        if number is not None and number <= self._floor:
            return
        if len(self._waiting) >= MOST_WAITING or self._waiting_bytes + len(text) > MOST_WAITING_BYTES:
            self._drop(number)
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        self._something.set()

    def _drop(self, number: int | None) -> None:
        """Everything that waits is lost; the client hears from where it can read it again."""
        RESYNCS.inc()
        numbers = (known for text in self._waiting if (known := _number_of(text)) is not None)
        first = next(numbers, number)
        self._waiting.clear()
        self._waiting.append(_resync(self._floor if first is None else first - 1))
        self._waiting_bytes = len(self._waiting[0])

    def skip_to(self, number: int) -> None:
        """Events up to this number have been sent already, from the journal."""
        self._floor = number
        self._waiting = deque(
            text for text in self._waiting if not text.startswith(b"id: ") or (_number_of(text) or 0) > number
        )
        self._waiting_bytes = sum(map(len, self._waiting))

    def close(self) -> None:
        self.closed = True
        self._something.set()

    async def next(self, timeout_s: float) -> bytes:
        """All that waits; b"" when nothing came in time."""
        try:
            await asyncio.wait_for(self._something.wait(), timeout_s)
        except TimeoutError:
            return b""
        self._something.clear()
        text = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        return text


def _number_of(text: bytes) -> int | None:
    """Of a frame, or what an earlier `resync` in the queue says."""
    if text.startswith(b"id: "):
        return int(text[4 : text.index(b"\n")])
    if text.startswith(b"event: resync\n"):
        return msgspec.json.decode(text.partition(b"data: ")[2], type=dict[str, int])["after"] + 1
    return None


def _resync(after: int) -> bytes:
    return frame(None, "resync", msgspec.json.encode({"after": after}))


class Live:
    """Hands what the journal tells to all open streams: written once, however many listen."""

    def __init__(self, journal: Journal, database: Database) -> None:
        self._journal = journal
        self._database = database
        self._listeners: set[Listener] = set()
        self._streams_by_actor: collections.Counter[str] = collections.Counter()
        self._unfollow: Callable[[], None] | None = None
        self._closed = False

    def start(self) -> None:
        self._unfollow = self._journal.follow(self._hear)

    def close(self) -> None:
        """End all streams; their clients come back to whoever is there then."""
        self._closed = True
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None
        for listener in self._listeners:
            listener.close()

    def _hear(self, number: int | None, told: Event) -> None:
        if not self._listeners:
            return
        name = told.name
        station_id: str = getattr(told, "station_id", None) or ""
        text: bytes | None = None
        for listener in self._listeners:
            if listener.wants(name, station_id):
                text = text or frame(number, name, msgspec.json.encode(told))
                listener.offer(number, text)

    def admit(self, actor_id: str) -> None:
        """Raises Throttled where there are too many streams."""
        if self._streams_by_actor.total() >= MOST_STREAMS or self._streams_by_actor[actor_id] >= MOST_STREAMS_EACH:
            raise Throttled("too many live streams are open", 10)

    async def stream(
        self,
        actor_id: str,
        after: int | None,
        names: Iterable[str],
        stations: Iterable[str],
        may_stay: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        """What was told after number `after`, then what is told, until the client goes or may no longer listen."""
        self._streams_by_actor[actor_id] += 1
        STREAMS.inc()
        listener = Listener(names, stations)
        try:
            newest, oldest = await self._database.read(_ends)
            listener.read_to = newest if after is None else min(after, newest)
            if after is None:
                # Whoever has heard `hello` is listening.
                self._listeners.add(listener)
            yield frame(newest if after is None else None, "hello", msgspec.json.encode({"newest": newest}))
            if after is not None and not oldest - 1 <= after <= newest:
                yield _resync(listener.read_to)
            async for text in self._past(listener):
                yield text
            self._listeners.add(listener)
            # What was told between the last page and now. From here on nothing is missed, and nothing comes twice.
            async for text in self._past(listener):
                yield text
            listener.skip_to(listener.read_to)
            async for text in self._present(listener, may_stay):
                yield text
        finally:
            STREAMS.dec()
            self._listeners.discard(listener)
            self._streams_by_actor[actor_id] -= 1
            if self._streams_by_actor[actor_id] <= 0:
                del self._streams_by_actor[actor_id]

    async def _past(self, listener: Listener) -> AsyncIterator[bytes]:
        """Pages of the journal from where this listener has read to, until it has no more."""
        while not self._closed:
            page = await self._database.read(partial(read_journal, after=listener.read_to))
            if page:
                listener.read_to = page[-1].number
            if wanted := [entry for entry in page if listener.wants(entry.name, entry.subject)]:
                yield b"".join(frame(entry.number, entry.name, entry.body.encode()) for entry in wanted)
            if len(page) < PAGE:
                return

    async def _present(self, listener: Listener, may_stay: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """What comes, as it comes. The heartbeat keeps proxies from cutting a quiet stream and finds clients that are
        gone; with it we look whether the one who listens still may."""
        clock = asyncio.get_running_loop()
        beat_at = clock.time() + HEARTBEAT_S
        while not (listener.closed or self._closed):
            yield await listener.next(max(0.0, beat_at - clock.time()))
            if clock.time() >= beat_at:
                beat_at += HEARTBEAT_S
                if not await may_stay():
                    yield frame(None, "goodbye", b'{"reason":"no longer allowed"}')
                    return
                yield b":\n\n"


def _ends(connection: Connection) -> tuple[int, int]:
    return newest_number(connection), oldest_number(connection)


Names = Annotated[str, Query(max_length=1000, description="only events of these names, with commas between")]
Stations = Annotated[str, Query(max_length=2000, description="only events about these stations, with commas between")]
Number = Annotated[int, Query(ge=0, lt=1 << 63)]


def split_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _resume_from(last_event_id: str | None, after: int | None) -> int | None:
    """The browser's own header wins: it is sent when it reconnects, with the address it began with."""
    if not last_event_id:
        return after
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
        raise Invalid("`Last-Event-ID` is not a number of ours")
    return int(last_event_id)


def routes(live: Live) -> APIRouter:
    router = APIRouter(tags=["events"])

    @router.get("/events", summary="What happens, live", response_class=StreamingResponse)
    async def live_events(
        call: Annotated[Call, allow(Scope.EVENTS_READ)],
        request: Request,
        names: Names = "",
        station: Stations = "",
        after: Annotated[Number | None, Query(description="resume after this number of the journal")] = None,
        last_event_id: Annotated[str | None, Header(description="as browsers send it when they reconnect")] = None,
    ) -> StreamingResponse:
        """Server-sent events: `id` is the number in the journal, `event` the name, `data` JSON.

        Events without an id are live only. `hello` comes first. `resync` means that events were missed: read the
        journal after the number it gives. `goodbye` comes when the session or key is no longer good.
        """
        live.admit(call.actor.id)
        start = _resume_from(last_event_id, after)

        async def may_stay() -> bool:
            recognised: Recognised | None = await request.state.still_in()
            return recognised is not None and recognised.actor.may(Scope.EVENTS_READ)

        stream = live.stream(call.actor.id, start, split_list(names), split_list(station), may_stay)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    return router
