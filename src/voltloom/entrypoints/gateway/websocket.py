"""One WebSocket: whole text messages in and out, strictly by RFC 6455.

This is the only file that knows picows. picows parses frames fast and leaves much to its user; what is made good here:
it delivers frames, not messages (fragments are joined and bounded, orphan continuations refused), does not check UTF-8,
lets reserved bits pass, does not inflate, does not answer a close, and answers any number of pings. Its own HTTP
handshake is strict where stations are not and talkative where it should not be, so it never sees a peer's: `accept`
reads that, and here it is shown one of our own making.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import picows.picows
import structlog
from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)

from voltloom.entrypoints.gateway.deflate import BadDeflate, Deflate, TooBig
from voltloom.entrypoints.gateway.limits import Limits

log = structlog.get_logger(__name__)

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
UNSUPPORTED = 1003
NO_CODE = 1005
ABNORMAL = 1006
INVALID_TEXT = 1007
POLICY = 1008
TOO_BIG = 1009
INTERNAL = 1011
RESTART = 1012
TRY_AGAIN = 1013

_READ_BUFFER = 4096
_LONGEST_REASON = 123
"""Bytes: a control frame holds 125, two of which are the code."""
_TEXT = WSMsgType.TEXT
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG
_CLOSE = WSMsgType.CLOSE
_CONTINUATION = WSMsgType.CONTINUATION
_NO_HEADERS = WSUpgradeResponse.create_101_response().headers
_FrameParser = cast("Callable[..., asyncio.BufferedProtocol]", vars(picows.picows)["WSProtocol"])
"""picows' own protocol class, which it does not name in its types."""


class Receiver(Protocol):
    """Who hears a socket. Called from the socket's own callbacks: it must not raise."""

    def opened(self) -> None: ...

    def received(self, message: bytes, text: str) -> None:
        """A whole message; `text` is the same, decoded."""
        ...

    def signed(self, pong: bool) -> None:
        """A sign of life that is no message: the answer to our ping, or a ping of its own."""
        ...

    def writable(self, yes: bool) -> None:
        """False: the peer does not read what it is sent. Whatever is sent all the same is kept, and grows."""
        ...

    def closing(self, code: int, reason: str) -> None:
        """The peer broke the rules and was told so, or said goodbye. Nothing is heard any more; `closed` follows, but
        it may take a peer that does not do its part to be aborted."""
        ...

    def closed(self, code: int, reason: str) -> None:
        """The connection is gone; nothing follows. ABNORMAL: without a closing handshake."""
        ...


class Socket(WSListener):
    """The server's end of a WebSocket. Nothing is sent or heard after `close` or `abort` but the closing itself.

    closing   we have said that it ends, or agreed; whoever keeps the time aborts what does not end
    """

    __slots__ = (
        "_control",
        "_deflate",
        "_deflated",
        "_fragments",
        "_gone",
        "_limits",
        "_parts",
        "_receiver",
        "_transport",
        "closing",
    )

    def __init__(self, receiver: Receiver, limits: Limits, deflate: Deflate | None) -> None:
        super().__init__()
        self._receiver = receiver
        self._limits = limits
        self._deflate = deflate
        self._transport: WSTransport | None = None
        self._fragments: bytearray | None = None
        self._parts = 0
        self._deflated = False
        self._control = 0
        self._gone = False
        self.closing: tuple[int, str] | None = None

    # ---- what the session does

    def send(self, message: bytes) -> None:
        if self.closing is not None or self._transport is None:
            return
        if self._deflate is not None:
            deflated = self._deflate.deflate(message)
            if deflated is not None:
                self._transport.send(_TEXT, deflated, rsv1=True)
                return
        self._transport.send(_TEXT, message)

    def ping(self) -> None:
        if self.closing is None and self._transport is not None:
            self._transport.send_ping()

    def forgive(self) -> None:
        """A second has passed: control frames count from nothing again."""
        self._control = 0

    def pause_reading(self) -> None:
        if self.closing is None and self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        if self.closing is None and self._transport is not None:
            self._transport.underlying_transport.resume_reading()

    def close(self, code: int, reason: str) -> None:
        """Say goodbye. The connection ends when the peer has answered."""
        if self.closing is not None or self._transport is None:
            return
        # Its answer must be read even if we had stopped listening.
        self.resume_reading()
        self.closing = (code, reason)
        self._fragments = None
        self._transport.send_close(_close_code(code), _short(reason))

    def abort(self) -> None:
        """Gone at once, whatever is still to be written."""
        if not self._gone and self._transport is not None:
            self._gone = True
            self.closing = self.closing or (ABNORMAL, "aborted")
            self._transport.disconnect(graceful=False)

    # ---- what picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        # picows keeps both for ever; nobody reads them again, and they are the largest part of an idle connection.
        transport.request.headers = transport.response.headers = _NO_HEADERS
        self._receiver.opened()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if self.closing is not None and kind is not _CLOSE:
            return
        if frame.rsv2 or frame.rsv3 or (frame.rsv1 and (self._deflate is None or kind is not _TEXT)):
            self._refuse(PROTOCOL_ERROR, "a reserved bit is set")
        elif kind is _TEXT:
            self._on_text(frame)
        elif kind is _CONTINUATION:
            self._on_continuation(frame)
        elif kind is _CLOSE:
            self._on_close(transport, frame)
        elif kind is _PING or kind is _PONG:
            self._on_control(transport, kind, frame)
        else:
            self._refuse(UNSUPPORTED, "OCPP is spoken in text")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._gone = True
        code, reason = _ending(transport, self.closing)
        self.closing = self.closing or (code, reason)
        self._transport = self._fragments = None
        self._receiver.closed(code, reason)

    def pause_writing(self) -> None:
        self._receiver.writable(False)

    def resume_writing(self) -> None:
        self._receiver.writable(True)

    def _refuse(self, code: int, reason: str) -> None:
        self.close(code, reason)
        self._receiver.closing(code, reason)

    # ---- frames

    def _on_text(self, frame: WSFrame) -> None:
        if self._fragments is not None:
            self._refuse(PROTOCOL_ERROR, "a message begins within another")
        elif frame.fin:
            self._deliver(frame.get_payload_as_bytes(), frame.rsv1)
        else:
            self._deflated = frame.rsv1
            self._fragments = bytearray(frame.get_payload_as_bytes())
            self._parts = 1

    def _on_continuation(self, frame: WSFrame) -> None:
        if self._fragments is None:
            self._refuse(PROTOCOL_ERROR, "a continuation of nothing")
            return
        self._parts += 1
        if len(self._fragments) + frame.payload_size > self._limits.message_bytes:
            self._refuse(TOO_BIG, f"a message has at most {self._limits.message_bytes} bytes")
        elif self._parts > self._limits.message_fragments:
            self._refuse(POLICY, f"a message comes in at most {self._limits.message_fragments} fragments")
        else:
            self._fragments += frame.get_payload_as_bytes()
            if frame.fin:
                message = bytes(self._fragments)
                self._fragments = None
                self._deliver(message, self._deflated)

    def _deliver(self, message: bytes, deflated: bool) -> None:
        try:
            if deflated and self._deflate is not None:
                message = self._deflate.inflate(message, self._limits.message_bytes)
            text = message.decode()
        except UnicodeDecodeError:
            self._refuse(INVALID_TEXT, "not UTF-8")
        except BadDeflate:
            self._refuse(INVALID_TEXT, "not deflate")
        except TooBig:
            self._refuse(TOO_BIG, f"a message has at most {self._limits.message_bytes} bytes")
        else:
            self._receiver.received(message, text)

    def _on_control(self, transport: WSTransport, kind: WSMsgType, frame: WSFrame) -> None:
        self._control += 1
        if self._control > self._limits.control_frames_per_s:
            self._refuse(POLICY, "too many control frames")
        else:
            if kind is _PING:
                transport.send_pong(frame.get_payload_as_bytes())
            self._receiver.signed(kind is _PONG)

    def _on_close(self, transport: WSTransport, frame: WSFrame) -> None:
        # picows has checked length, code and reason, but takes the codes that may not be sent (RFC 6455).
        if self.closing is None:
            code = int.from_bytes(frame.get_payload_as_bytes()[:2]) or NORMAL
            legal = code not in (1004, NO_CODE, ABNORMAL, 1015) and 1000 <= code < 5000
            self.close(code if legal else PROTOCOL_ERROR, "")
            self._receiver.closing(*_ending(transport, None))
        transport.disconnect()


class _Quiet:
    """What picows logs: each connection and each peer's mistake, which we count and tell ourselves. What is left are
    exceptions in our own callbacks."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name that picows calls
        return False

    def debug(self, *_: object) -> None: ...

    info = warning = error = debug

    def exception(self, message: str, *_: object) -> None:
        log.exception("gateway.socket_failed", where=message)


_QUIET = _Quiet()


def open_socket(
    transport: asyncio.Transport, socket: Socket, key: str, headers: Sequence[tuple[str, str]], pending: bytes
) -> None:
    """Answer 101 with `headers` to the peer whose handshake had this Sec-WebSocket-Key, and let the socket take over.

    pending   what the peer sent after its handshake without waiting for the answer
    """

    def respond(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), socket)

    protocol = _FrameParser(
        None,  # host, path: of a client
        None,
        False,  # client side
        respond,
        _QUIET,
        True,  # disconnect on exception
        None,  # handshake timeout: it is over
        False,  # auto-ping, and its three settings: a task a connection
        20.0,
        20.0,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,  # auto-pong: they would not be counted
        socket._limits.message_bytes,  # pyright: ignore[reportPrivateUsage] - the same file
        None,  # a client's headers
        _READ_BUFFER,
    )
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    canonical = (
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    rest = memoryview(canonical.encode() + pending)
    while rest:
        room = cast("memoryview", protocol.get_buffer(-1))
        size = min(len(room), len(rest))
        room[:size] = rest[:size]
        protocol.buffer_updated(size)
        rest = rest[size:]


def _ending(transport: WSTransport, ours: tuple[int, str] | None) -> tuple[int, str]:
    """How a connection that is gone came to its end: who said so first, and what.

    ours   what we said, where it was us (picows says some things on its own)
    """
    said = cast("_CloseHandshake | None", transport.close_handshake)
    if said is None:
        return ours or (ABNORMAL, "connection lost")
    if said.recv is not None and said.recv_then_sent:
        code = int(said.recv.code) or NO_CODE
        return code, f"closed by the station ({'no code' if code == NO_CODE else code})"
    if ours is not None:
        return ours
    if said.sent is not None:
        return int(said.sent.code), said.sent.reason
    return ABNORMAL, "connection lost"


class _CloseInfo(Protocol):
    """As picows really has it: the code an integer, whatever the peer sent."""

    code: int
    reason: str


class _CloseHandshake(Protocol):
    recv: _CloseInfo | None
    sent: _CloseInfo | None
    recv_then_sent: bool


def _close_code(code: int) -> WSCloseCode:
    return cast("WSCloseCode", code)  # picows takes any integer for it, its types do not


def _short(reason: str) -> bytes:
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore").encode()
