"""Listening, and who waits before the doorstep: connections that have not spoken yet, and those that wait their turn.

A fleet behind one address comes back all at once, and is let in as fast as it can be: nobody is refused for being one
of many. What is bounded is what they may cost: of each source so many are listened to at a time, the others wait as a
socket and one small object each. Where there is no room for one more, the source that has most waiting gives way.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

import structlog

from voltloom.entrypoints.gateway.accept import is_among, source_of
from voltloom.entrypoints.gateway.doorstep import Doorstep, Entrance
from voltloom.entrypoints.gateway.tls import explain, is_out_of_time
from voltloom.features.stations import Knock, KnockReason

log = structlog.get_logger(__name__)

_ACCEPT_AT_ONCE = 64
_BACKLOG = 65_535
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LOOK_AGAIN_S = 1.0
"""Looking for the source that has most waiting takes as long as there are sources."""


class Arrival:
    """A connection that stands nowhere yet."""

    __slots__ = ("at", "connection", "deadline", "host", "listener", "source", "trusted")

    def __init__(
        self, listener: "Listener", connection: socket.socket, host: str, source: str, now: float, *, trusted: bool
    ) -> None:
        self.listener = listener
        self.connection = connection
        self.host = host
        self.source = source
        self.trusted = trusted
        self.at = now
        self.deadline = 0.0


@dataclass(slots=True)
class _Crowd:
    """Those of one source, in the order in which they came.

    silent   have not said anything
    ready    have, and wait until fewer of their source are listened to
    """

    silent: dict[Arrival, None] = field(default_factory=dict[Arrival, None])
    ready: dict[Arrival, None] = field(default_factory=dict[Arrival, None])

    def __len__(self) -> int:
        return len(self.silent) + len(self.ready)


class Arrivals:
    """What all listeners of a gateway share."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._limits = entrance.limits
        self._loop = asyncio.get_running_loop()
        self._crowds: dict[str, _Crowd] = {}
        self._waiting = 0
        self._largest: tuple[str, int, float] = ("", 0, 0.0)
        """The source that had most waiting, how many, and when that was seen."""
        entrance.on_leave = self._next

    def __len__(self) -> int:
        return self._waiting

    def take(self, arrival: Arrival) -> None:
        """Listened to as soon as it speaks, and others of its source leave room for it."""
        if not self._has_room(arrival.source):
            self._entrance.tally.turned_away["full"] += 1
            arrival.connection.close()
            return
        crowd = self._crowds.get(arrival.source)
        if crowd is None:
            crowd = self._crowds[arrival.source] = _Crowd()
        self._waiting += 1
        # In a rush, or over a short way, its first words are here before we are.
        if _has_spoken(arrival.connection):
            self._line_up(crowd, arrival)
            return
        arrival.deadline = arrival.at + self._limits.handshake_s
        crowd.silent[arrival] = None
        self._loop.add_reader(arrival.connection.fileno(), self._speaks, arrival)

    def give_way(self) -> bool:
        """Turn away some of those who wait, of the source that has most; False where no source has two."""
        source = self._largest_source()
        crowd = self._crowds.get(source)
        if crowd is None or len(crowd) < 2:
            return False
        # Several at once: who pushes comes again at once.
        for _ in range(max(1, len(crowd) // 16)):
            self._turn_away(next(iter(crowd.silent)) if crowd.silent else next(reversed(crowd.ready)), "gave_way")
        return True

    def sweep(self, now: float) -> None:
        """Cut who said nothing in time, and who waited too long."""
        for crowd in list(self._crowds.values()):
            for arrival in _late(crowd.silent, now):
                self._turn_away(arrival, "silent")
            for arrival in _late(crowd.ready, now):
                self._turn_away(arrival, "waited")

    def dismiss(self, listener: "Listener") -> None:
        """Who waits here came by this listener, which is closed."""
        for crowd in list(self._crowds.values()):
            for arrival in [each for each in (*crowd.silent, *crowd.ready) if each.listener is listener]:
                self._turn_away(arrival, "closing")

    def _has_room(self, source: str) -> bool:
        if self._there() < self._limits.connections:
            return True
        crowd = self._crowds.get(source)
        mine = 1 if crowd is None else len(crowd) + 1
        return mine < len(self._crowds.get(self._largest_source(), ())) and self.give_way()

    def _there(self) -> int:
        return self._entrance.inside.connections + self._entrance.standing + self._waiting

    def _largest_source(self) -> str:
        source, size, seen_at = self._largest
        now = monotonic()
        if len(self._crowds.get(source, ())) <= size // 2 or now - seen_at > _LOOK_AGAIN_S:
            source = max(self._crowds, key=lambda each: len(self._crowds[each]), default="")
            self._largest = (source, len(self._crowds.get(source, ())), now)
        return source

    def _speaks(self, arrival: Arrival) -> None:
        self._loop.remove_reader(arrival.connection.fileno())
        crowd = self._crowds[arrival.source]
        del crowd.silent[arrival]
        self._line_up(crowd, arrival)

    def _line_up(self, crowd: _Crowd, arrival: Arrival) -> None:
        if self._may_enter(arrival):
            self._gone(crowd, arrival.source)
            arrival.listener.welcome(arrival)
        else:
            arrival.deadline = monotonic() + self._limits.waiting_s
            crowd.ready[arrival] = None

    def _may_enter(self, arrival: Arrival) -> bool:
        return arrival.trusted or self._entrance.half_open[arrival.source] < self._limits.half_open_per_source

    def _next(self, source: str) -> None:
        """One of this source has left the doorstep."""
        crowd = self._crowds.get(source)
        if crowd is None or not crowd.ready:
            return
        arrival = next(iter(crowd.ready))
        if self._may_enter(arrival):
            del crowd.ready[arrival]
            self._gone(crowd, source)
            arrival.at = monotonic()
            arrival.listener.welcome(arrival)

    def _turn_away(self, arrival: Arrival, why: str) -> None:
        self._entrance.tally.turned_away[why] += 1
        crowd = self._crowds[arrival.source]
        if arrival in crowd.silent:
            self._loop.remove_reader(arrival.connection.fileno())
            del crowd.silent[arrival]
        else:
            del crowd.ready[arrival]
        self._gone(crowd, arrival.source)
        arrival.connection.close()

    def _gone(self, crowd: _Crowd, source: str) -> None:
        self._waiting -= 1
        if not crowd:
            self._crowds.pop(source, None)


def _has_spoken(connection: socket.socket) -> bool:
    try:
        connection.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:  # gone already: whoever welcomes it finds out
        return True
    return True


def _late(waiting: dict[Arrival, None], now: float) -> Iterator[Arrival]:
    """In the order in which they came, which is that of their deadlines."""
    late: list[Arrival] = []
    for arrival in waiting:
        if arrival.deadline > now:
            break
        late.append(arrival)
    yield from late


class Listener:
    """One listening address. Connections are taken by ourselves, so that a peer is counted before TLS is spent on
    it, and a TLS handshake that fails is noticed and explained."""

    def __init__(self, entrance: Entrance, arrivals: Arrivals, context: ssl.SSLContext | None) -> None:
        self._entrance = entrance
        self._arrivals = arrivals
        self._context = context
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [listening.getsockname()[:2] for listening in self._sockets]

    async def open(self, host: str, port: int) -> None:
        """Raises OSError where the address cannot be had."""
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                listening = socket.socket(family, kind, protocol)
                self._sockets.append(listening)
                listening.setblocking(False)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listening.bind(address)
                listening.listen(_BACKLOG)
        except OSError:
            self.close()
            raise
        for listening in self._sockets:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    def close(self) -> None:
        """Listen no more. Who stands on the doorstep may still come in; who waits before it comes back."""
        for listening in self._sockets:
            self._loop.remove_reader(listening.fileno())
            listening.close()
        self._sockets.clear()
        self._arrivals.dismiss(self)

    async def finish(self) -> None:
        """Give up on the handshakes under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def welcome(self, arrival: Arrival) -> None:
        """It stands on the doorstep from now on."""
        doorstep = Doorstep(self._entrance, arrival.host, arrival.source, arrival.at)
        task = self._loop.create_task(self._welcome(arrival, doorstep))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self, listening: socket.socket) -> None:
        now = monotonic()
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                if not self._arrivals.give_way():
                    self._pause(listening, error)
                return
            self._entrance.tally.accepted += 1
            connection.setblocking(False)
            host = str(address[0])
            trusted = is_among(host, self._entrance.gatekeeper.policy.trusted_proxies)
            self._arrivals.take(Arrival(self, connection, host, source_of(host), now, trusted=trusted))

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Out of file descriptors or memory: those who wait, wait in the backlog for a second."""
        log.error("gateway.cannot_accept", error=str(error), hint="raise the limit of open files (ulimit -n)")
        fileno = listening.fileno()
        self._loop.remove_reader(fileno)

        def again() -> None:
            if listening in self._sockets:
                self._loop.add_reader(fileno, self._accept, listening)

        self._loop.call_later(1.0, again)

    async def _welcome(self, arrival: Arrival, doorstep: Doorstep) -> None:
        limits = self._entrance.limits
        connection = arrival.connection
        try:
            if self._context is None:
                await self._loop.connect_accepted_socket(lambda: doorstep, connection)
            else:
                waited_s = monotonic() - arrival.at
                await self._loop.connect_accepted_socket(
                    lambda: doorstep,
                    connection,
                    ssl=self._context,
                    ssl_handshake_timeout=max(limits.tls_handshake_s - waited_s, limits.tls_handshake_s / 4),
                    ssl_shutdown_timeout=limits.close_s,
                )
        except OSError as error:  # ssl.SSLError is one
            doorstep.end()
            connection.close()
            if self._context is not None:
                reason = KnockReason.EXPIRED_CERTIFICATE if is_out_of_time(error) else KnockReason.TLS_FAILURE
                knock = Knock("", arrival.host, datetime.now(UTC), reason, tls=explain(error))
                self._entrance.knock(knock)
        except BaseException:
            doorstep.end()
            connection.close()
            raise
