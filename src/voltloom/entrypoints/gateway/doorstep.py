"""The doorstep: a connection from its first byte until it is let in or sent away.

What arrives here comes from anybody. Until a peer has proven who it is, it may cost us one socket, one small object
and at most one head of a request, for a bounded time.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic
from typing import Protocol, cast

from voltloom.entrypoints.gateway.accept import (
    Admitted,
    Gatekeeper,
    Peer,
    Refused,
    seen_by_proxy,
    source_of,
)
from voltloom.entrypoints.gateway.handshake import HEAD_END, BadRequest, Request, parse, refusal
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.tally import Tally
from voltloom.entrypoints.gateway.tls import describe, read_certificate
from voltloom.entrypoints.gateway.websocket import PROTOCOL_ERROR, Socket, open_socket
from voltloom.features.stations import Knock, KnockReason

_TLS_RECORD = b"\x16\x03"
"""How a TLS handshake begins."""


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
    half_open    how many doorsteps each source has, TLS handshakes included; standing: all of them
    on_leave     called with the source of each that leaves
    """

    gatekeeper: Gatekeeper
    doorbell: Doorbell
    inside: Inside
    limits: Limits
    tally: Tally
    waiting: dict["Doorstep", float] = field(default_factory=dict["Doorstep", float])
    half_open: Counter[str] = field(default_factory=Counter[str])
    standing: int = 0
    on_leave: Callable[[str], None] = lambda _: None

    def stand(self, source: str) -> None:
        self.half_open[source] += 1
        self.standing += 1

    def leave(self, doorstep: "Doorstep", source: str) -> None:
        self.waiting.pop(doorstep, None)
        self.standing -= 1
        self.half_open[source] -= 1
        if self.half_open[source] <= 0:
            del self.half_open[source]
        self.on_leave(source)

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

    def __init__(self, entrance: Entrance, address: str, source: str, begun_at: float) -> None:
        self._entrance = entrance
        self._address = address
        self._source = source
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._begun_at = begun_at
        self._over = False
        entrance.stand(source)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Whoever was slow to speak, or to agree on keys, has a quarter of the time left for its request.
        time_s = self._entrance.limits.handshake_s
        self._transport = cast("asyncio.Transport", transport)
        self._entrance.waiting[self] = max(self._begun_at + time_s, monotonic() + time_s / 4)

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
                fields=tuple((name, ", ".join(values)) for name, values in request.fields.items()),
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
