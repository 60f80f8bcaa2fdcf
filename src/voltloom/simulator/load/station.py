"""One station of a load, as cheap as can be."""

import asyncio
import base64
import re
import ssl
import time
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from picows import WSFrame, WSHandshakeError, WSInvalidStatusError, WSListener, WSMsgType, WSTransport
from picows import ws_connect as _connect  # pyright: ignore[reportUnknownVariableType] - its **kwargs has no type

from voltloom.simulator.cycles import Caller
from voltloom.simulator.load.options import Options

if TYPE_CHECKING:
    from voltloom.simulator.load.rounds import Load

TEXT = WSMsgType.TEXT
CLOSE = WSMsgType.CLOSE
_CALL, _RESULT, _ERROR = b"2"[0], b"3"[0], b"4"[0]
_TRANSACTION = re.compile(rb'"transactionId":\s*(-?\d+)')
_ACCEPTED = re.compile(rb'"status":\s*"Accepted"')
_MESSAGE_ID = re.compile(rb'\[\s*2\s*,\s*("(?:[^"\\]|\\.)*")')
_WAIT = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class TryAgain(ConnectionError):
    """Cut off, or told to wait, while connecting: the server is busy, nothing is wrong."""


@dataclass(slots=True)
class Counts:
    """What happened in the measured span. tried_again: how often stations were cut off or told to wait as they came."""

    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    errors: int = 0
    lost: int = 0
    server_calls: int = 0
    first_error: str = ""
    tried_again: int = 0
    first_refusal: str = ""


class LoadStation(WSListener):
    """One station, as cheap as can be: a counter into the cycle, and when the call in flight was due."""

    def __init__(self, load: "Load", number: int, identity: str, password: str, token: str) -> None:
        self._load = load
        self.identity = identity
        self.caller = Caller(token.encode(), str(number).encode())
        self.due: deque[float] = deque()
        """Open loop: when calls that could not be sent yet should have been."""
        self.transport: WSTransport | None = None
        self.ready: asyncio.Future[None] | None = None
        self.busy = False
        self.ahead = 0
        """Calls to make before all are measured."""
        self._headers = [("Sec-WebSocket-Protocol", load.cycle.subprotocol)]
        if password:
            basic = base64.b64encode(f"{identity}:{password}".encode()).decode()
            self._headers.append(("Authorization", f"Basic {basic}"))
        self._url = load.options.url.format(id=identity, n=number)
        self.step = 0
        self._opening = 0
        self._sent = 0.0

    async def connect(self) -> None:
        """Connected, booted, and its status told.

        Raises TryAgain, else ConnectionError or WSError where trying again is of no use.
        """
        self.ready = asyncio.get_running_loop().create_future()
        self._opening, self.busy = 0, False
        try:
            await _connect(
                lambda: self,
                self._url,
                ssl_context=self._load.tls,
                extra_headers=self._headers,
                read_buffer_init_size=2048,
                websocket_handshake_timeout=60,
            )
            if self.transport is None:
                # picows takes a connection that ended before it was answered for one that was made.
                raise TryAgain(f"{self.identity}: cut off before it was answered")
            await self.ready
        except WSInvalidStatusError as error:
            if error.response is None or error.response.status not in _WAIT:
                raise
            raise TryAgain(f"{self.identity}: told to wait ({error.response.status})") from error
        except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, TimeoutError) as error:
            raise TryAgain(f"{self.identity}: cut off while it connected ({error!r})") from error
        except WSHandshakeError as error:
            if error.raw_header:
                raise
            raise TryAgain(f"{self.identity}: cut off while it asked to be let in") from error

    def cut(self) -> None:
        """The link is gone, without a word."""
        transport, self.transport = self.transport, None
        self.step = 0
        if transport is not None:
            transport.disconnect(graceful=False)

    def send(self, due: float) -> None:
        """The next call of the cycle, whose latency counts from `due`."""
        load = self._load
        load.number += 1
        frame = load.steps[self.step](load.pulse, self.caller, load.number)
        self._sent = due
        self.busy = True
        if self.transport is not None:
            self.transport.send(TEXT, frame)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self._say_opening()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not TEXT:
            if frame.msg_type is CLOSE:
                transport.disconnect()
            return
        payload = frame.get_payload_as_bytes()
        kind = payload[1]
        load = self._load
        if kind == _CALL and not load.echo:
            self._refuse(transport, payload)
            return
        if self.ready is not None:
            self._opened(payload, kind)
            return
        now = time.perf_counter()
        if load.measuring:
            load.counts.latencies_s.append(now - self._sent)
        if kind == _ERROR:
            load.note_error(f"{self.identity}: {payload[:200].decode(errors='replace')}")
        elif self.step == load.start:
            found = _TRANSACTION.search(payload)
            if found is not None:
                self.caller.transaction = found[1]
        self.step += 1
        if self.step == len(load.steps):
            self.step = 0
        if load.closed_loop:
            self.send(now)
        elif self.ahead:
            self.ahead -= 1
            self.send(now)
        elif self.due:
            self.send(self.due.popleft())
        else:
            self.busy = False

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.transport is not transport:
            return
        self.transport = None
        self.step = 0
        if self.ready is None:
            self._load.lost(self)
        elif not self.ready.done():
            self.ready.set_exception(TryAgain(f"{self.identity}: link closed before it was ready"))

    def _say_opening(self) -> None:
        load = self._load
        load.number += 1
        assert self.transport is not None
        self.transport.send(TEXT, load.cycle.opening[self._opening](load.pulse, self.caller, load.number))

    def _opened(self, payload: bytes, kind: int) -> None:
        assert self.ready is not None
        if not self._load.echo and (kind != _RESULT or (self._opening == 0 and not _ACCEPTED.search(payload))):
            if not self.ready.done():
                text = payload[:200].decode(errors="replace")
                self.ready.set_exception(ConnectionError(f"{self.identity}: not accepted: {text}"))
            return
        self._opening += 1
        if self._opening < len(self._load.cycle.opening):
            self._say_opening()
            return
        ready, self.ready = self.ready, None
        if not ready.done():
            ready.set_result(None)

    def _refuse(self, transport: WSTransport, payload: bytes) -> None:
        """A server may ask something after boot: it is told that this station cannot."""
        self._load.counts.server_calls += 1
        found = _MESSAGE_ID.match(payload)
        if found is not None:
            transport.send(TEXT, b'[4,%b,"NotSupported","",{}]' % found[1])


@dataclass(frozen=True, slots=True)
class _Credentials:
    id: str
    password: str = ""
    token: str = ""


def stations_of(load: "Load", options: Options) -> Iterable[LoadStation]:
    if options.credentials is not None:
        text = options.credentials.read_bytes()
        known: dict[str, str] | list[_Credentials] = msgspec.json.decode(text, type=dict[str, str] | list[_Credentials])
        if isinstance(known, dict):
            known = [_Credentials(identity, password) for identity, password in known.items()]
        for n, entry in enumerate(known[options.first : options.first + options.connections], options.first):
            token = entry.token or options.token.format(n=n, id=entry.id)
            yield LoadStation(load, n, entry.id, entry.password, token)
        return
    for n in range(options.first, options.first + options.connections):
        identity = options.station.format(n=n)
        named = {"n": n, "id": identity}
        yield LoadStation(load, n, identity, options.password.format(**named), options.token.format(**named))


def tls_context(options: Options) -> ssl.SSLContext | None:
    if not options.url.startswith("wss:"):
        return None
    return ssl.create_default_context(cafile=options.ca)
