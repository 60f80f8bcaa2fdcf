"""Listening, and the doorstep: a connection from its first byte until it is let in or sent away.

What arrives here comes from anybody. Until a peer has proven who it is, it may cost us one socket, one small object
and at most one head of a request, for a bounded time.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic
from typing import Protocol, cast

import structlog

from voltloom.entrypoints.gateway.accept import (
    Admitted,
    Gatekeeper,
    Peer,
    Refused,
    is_among,
    seen_by_proxy,
    source_of,
)
from voltloom.entrypoints.gateway.handshake import HEAD_END, BadRequest, Request, parse, refusal
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.tally import Tally
from voltloom.entrypoints.gateway.tls import describe, explain, read_certificate
from voltloom.entrypoints.gateway.websocket import PROTOCOL_ERROR, Socket, open_socket
from voltloom.features.stations import Knock, KnockReason

log = structlog.get_logger(__name__)

_TLS_RECORD = b"\x16\x03"
"""How a TLS handshake begins."""
_ACCEPT_AT_ONCE = 64
_BACKLOG = 65_535
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Doorbell(Protocol):
    """`features.stations.Inbox`: called in the handshake, so it does not wait."""

    def note(self, knock: Knock) -> None: ...


class Inside(Protocol):
    """What is behind the door: the gateway."""

    @property
    def connections(self) -> int:
        """How many are let in."""
        ...

    def admit(self, admitted: Admitted) -> Socket:
        """The socket at which this station is heard from now on."""
        ...

    def see_off(self, socket: Socket) -> None:
        """It is about to be closed: abort it where the peer does not do its part."""
        ...

    def gone(self, socket: Socket) -> None:
        """It is closed."""
        ...


@dataclass(slots=True)
class Entrance:
    """What all doorsteps of a gateway share.

    waiting      doorsteps, with the time at which they are cut
    half_open    how many connections each source has that are not let in yet, TLS handshakes included
    """

    gatekeeper: Gatekeeper
    doorbell: Doorbell
    inside: Inside
    limits: Limits
    tally: Tally
    waiting: dict["Doorstep", float] = field(default_factory=dict["Doorstep", float])
    half_open: Counter[str] = field(default_factory=Counter[str])

    def has_room(self, source: str, trusted: bool) -> bool:
        """Whether one more may come in from there. Counts who may not."""
        if self.inside.connections + self.half_open.total() >= self.limits.connections:
            self.tally.turned_away["full"] += 1
            return False
        if not trusted and self.half_open[source] >= self.limits.half_open_per_source:
            self.tally.turned_away["half_open"] += 1
            return False
        return True

    def leave(self, doorstep: "Doorstep", source: str) -> None:
        self.waiting.pop(doorstep, None)
        self.half_open[source] -= 1
        if self.half_open[source] <= 0:
            del self.half_open[source]

    def sweep(self, now: float) -> None:
        """Cut off who has not asked in time."""
        late = [doorstep for doorstep, deadline in self.waiting.items() if deadline <= now]
        for doorstep in late:
            doorstep.cut()

    def knock(self, knock: Knock) -> None:
        self.tally.knocks[knock.reason.value] += 1
        self.doorbell.note(knock)


class Doorstep(asyncio.Protocol):
    """Reads one HTTP request, has it judged, and answers it."""

    __slots__ = ("_address", "_begun_at", "_entrance", "_head", "_over", "_source", "_transport")

    def __init__(self, entrance: Entrance, address: str, source: str) -> None:
        self._entrance = entrance
        self._address = address
        self._source = source
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._begun_at = monotonic()
        self._over = False
        entrance.half_open[source] += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Whoever was slow to agree on keys has half the time left for its request.
        time_s = self._entrance.limits.handshake_s
        self._transport = cast("asyncio.Transport", transport)
        self._entrance.waiting[self] = max(self._begun_at + time_s, monotonic() + time_s / 2)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        searched = max(0, len(self._head) - len(HEAD_END) + 1)
        self._head += data
        end = self._head.find(HEAD_END, searched)
        if end < 0 and self._head.startswith(_TLS_RECORD):
            self._knock("", KnockReason.TLS_FAILURE, detail=_TLS_ON_PLAIN)
            self._leave(b"")
        elif end > self._entrance.limits.head_bytes or (end < 0 and len(self._head) > self._entrance.limits.head_bytes):
            self._refuse_unread(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too large")
        elif end >= 0:
            self._ask(bytes(self._head[:end]), bytes(self._head[end + len(HEAD_END) :]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()

    def cut(self) -> None:
        """It has had its time."""
        self._entrance.tally.turned_away["silent"] += 1
        transport = self.end()
        if transport is not None:
            transport.abort()

    def end(self) -> asyncio.Transport | None:
        """It stands here no longer. Gives back the connection, once."""
        transport, self._transport = self._transport, None
        if not self._over:
            self._over = True
            self._entrance.leave(self, self._source)
        return transport

    def _ask(self, head: bytes, pending: bytes) -> None:
        entrance = self._entrance
        try:
            request = parse(head, entrance.limits.head_fields)
        except BadRequest as error:
            self._refuse_unread(error.status, error.why)
            return
        peer = self._peer(request)
        verdict = entrance.gatekeeper.judge(request, peer, monotonic())
        match verdict:
            case Refused():
                self._note(request, peer, verdict)
                self._leave(refusal(verdict.status, retry_after_s=verdict.retry_after_s))
            case Admitted(subprotocol=""):
                detail = "Offered: " + (", ".join(request.subprotocols) or "nothing")
                refused = Refused(
                    HTTPStatus.SWITCHING_PROTOCOLS, verdict.not_spoken, verdict.station_id, verdict.profile, detail
                )
                self._note(request, peer, refused)
                speechless = _Speechless(entrance.inside, entrance.limits)
                entrance.inside.see_off(speechless.socket)
                self._open(verdict, speechless.socket, [], pending)
            case Admitted():
                headers = [("Sec-WebSocket-Protocol", verdict.subprotocol)]
                if verdict.deflate is not None:
                    headers.append(("Sec-WebSocket-Extensions", verdict.deflate.agreed))
                entrance.tally.admitted += 1
                self._open(verdict, entrance.inside.admit(verdict), headers, pending)

    def _open(self, admitted: Admitted, socket: Socket, headers: list[tuple[str, str]], pending: bytes) -> None:
        transport = self.end()
        assert transport is not None
        open_socket(transport, socket, admitted.key, headers, pending)

    def _peer(self, request: Request) -> Peer:
        assert self._transport is not None
        connection = cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))
        proxies = self._entrance.gatekeeper.policy.trusted_proxies
        address, secure = seen_by_proxy(request, self._address, connection is not None, proxies)
        if connection is None:
            return Peer(address, source_of(address), secure, tls="TLS ended at a trusted proxy" if secure else "")
        der = connection.getpeercert(binary_form=True)
        certificate = read_certificate(der) if der else None
        return Peer(address, source_of(address), secure, certificate, describe(connection))

    def _note(self, request: Request, peer: Peer, refused: Refused) -> None:
        self._entrance.knock(
            Knock(
                identity=refused.identity,
                address=peer.address,
                at=datetime.now(UTC),
                reason=refused.reason,
                path=request.target,
                subprotocols=request.subprotocols,
                user_agent=request.get("user-agent"),
                tls=peer.tls,
                profile=refused.profile,
                detail=refused.detail,
            )
        )

    def _knock(self, identity: str, reason: KnockReason, detail: str) -> None:
        self._entrance.knock(Knock(identity, self._address, datetime.now(UTC), reason, detail=detail))

    def _refuse_unread(self, status: HTTPStatus, why: str) -> None:
        self._knock("", KnockReason.BAD_REQUEST, why[:1].upper() + why[1:] + ".")
        self._leave(refusal(status))

    def _leave(self, answer: bytes) -> None:
        transport = self.end()
        if transport is not None:
            transport.write(answer)
            transport.close()


_TLS_ON_PLAIN = "It spoke TLS to the plain port: its address must begin with ws://, or name the TLS port."


class _Speechless:
    """Hears a station that speaks nothing that we do: it is told so, and that is all."""

    __slots__ = ("_inside", "socket")

    def __init__(self, inside: Inside, limits: Limits) -> None:
        self._inside = inside
        self.socket = Socket(self, limits, None)

    def opened(self) -> None:
        self.socket.close(PROTOCOL_ERROR, "no common subprotocol")

    def received(self, message: bytes, text: str) -> None: ...

    def signed(self, pong: bool) -> None: ...

    def writable(self, yes: bool) -> None: ...

    def closing(self, code: int, reason: str) -> None: ...

    def closed(self, code: int, reason: str) -> None:
        self._inside.gone(self.socket)


class Listener:
    """One listening address. Connections are taken by ourselves, so that a peer is counted before TLS is spent on
    it, and a TLS handshake that fails is noticed and explained."""

    def __init__(self, entrance: Entrance, context: ssl.SSLContext | None) -> None:
        self._entrance = entrance
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
        """Listen no more. Who stands on the doorstep may still come in."""
        for listening in self._sockets:
            self._loop.remove_reader(listening.fileno())
            listening.close()
        self._sockets.clear()

    async def finish(self) -> None:
        """Give up on the handshakes under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                self._pause(listening, error)
                return
            self._entrance.tally.accepted += 1
            host = str(address[0])
            source = source_of(host)
            trusted = is_among(host, self._entrance.gatekeeper.policy.trusted_proxies)
            if not self._entrance.has_room(source, trusted):
                connection.close()
                continue
            connection.setblocking(False)
            task = self._loop.create_task(self._welcome(connection, host, Doorstep(self._entrance, host, source)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Out of file descriptors or memory: those who wait, wait in the backlog for a second."""
        log.error("gateway.cannot_accept", error=str(error), hint="raise the limit of open files (ulimit -n)")
        fileno = listening.fileno()
        self._loop.remove_reader(fileno)

        def again() -> None:
            if listening in self._sockets:
                self._loop.add_reader(fileno, self._accept, listening)

        self._loop.call_later(1.0, again)

    async def _welcome(self, connection: socket.socket, host: str, doorstep: Doorstep) -> None:
        limits = self._entrance.limits
        try:
            if self._context is None:
                await self._loop.connect_accepted_socket(lambda: doorstep, connection)
            else:
                await self._loop.connect_accepted_socket(
                    lambda: doorstep,
                    connection,
                    ssl=self._context,
                    ssl_handshake_timeout=limits.tls_handshake_s,
                    ssl_shutdown_timeout=limits.close_s,
                )
        except OSError as error:  # ssl.SSLError is one
            doorstep.end()
            connection.close()
            if self._context is not None:
                self._entrance.knock(Knock("", host, datetime.now(UTC), KnockReason.TLS_FAILURE, tls=explain(error)))
        except BaseException:
            doorstep.end()
            connection.close()
            raise
