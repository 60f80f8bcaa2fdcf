"""A station on the network: one WebSocket at a time, security profiles 0 to 3, and the station's own persistence."""

import asyncio
import base64
import json
import ssl
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import cast

import msgspec
from picows import WSAutoPingStrategy, WSError, WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport
from picows import ws_connect as _connect  # pyright: ignore[reportUnknownVariableType] - its **kwargs has no type

from voltloom.protocols.ocpp import rpc
from voltloom.protocols.ocpp.errors import read_code
from voltloom.protocols.ocpp.version import Version
from voltloom.simulator.fleet import StationPlan
from voltloom.simulator.outbox import Message
from voltloom.simulator.station import Station
from voltloom.simulator.v2 import Speech2
from voltloom.simulator.v16 import Speech16
from voltloom.simulator.web import HttpWeb
from voltloom.simulator.words import Payload, Refused, Speech

VERSIONS = {"1.6": Version.V16, "2.0.1": Version.V201, "2.1": Version.V21}
_LIMITS = rpc.Limits(answered=20)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


def new_station(plan: StationPlan, seed: int = 1, boot_s: tuple[float, float] = (2, 6), life: str = "") -> Station:
    """A station that speaks its plan's version; see `Station`."""
    speech: Callable[[Station], Speech] = Speech16 if plan.version == "1.6" else Speech2
    return Station(plan, speech, seed, boot_s, life)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a station connects to. url: with {id}, or the identity is appended to it, as OCPP has it.

    ca           the authority to trust, for wss; None: the system's
    backoff_s    first and longest wait before connecting again
    """

    url: str
    ca: str | None = None
    backoff_s: tuple[float, float] = (1.0, 60.0)

    def url_for(self, identity: str) -> str:
        if "{id}" in self.url:
            return self.url.replace("{id}", identity)
        return f"{self.url.rstrip('/')}/{identity}"


class LinkRefused(ConnectionError):
    """The server did not let the station in. status: the HTTP status, 0 where it was not even HTTP."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class CallRefused(Exception):
    """The server answered with a CALLERROR."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


Responder = Callable[["Wire", rpc.CallReceived], bool]
"""Sees a server's call before the station does; True when it has dealt with it."""


class Wire(WSListener):
    """Keeps one station connected, and carries what it says and hears. `run` until `stop`.

    counts   frames sent and received, connects, refusals, by name; may be shared among many
    clock    the station's time; how long answers take is measured by another, that nobody turns
    watch    called after anything happened
    frames   called with each frame: direction (">" sent, "<" received) and text
    """

    def __init__(
        self,
        station: Station,
        target: Target,
        *,
        counts: Counter[str] | None = None,
        clock: Callable[[], float] = time.time,
        watch: Callable[[], None] | None = None,
        frames: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.station = station
        self.counts: Counter[str] = Counter() if counts is None else counts
        self.refusal: LinkRefused | None = None
        """Why the last attempt to connect failed."""
        self.responder: Responder | None = None
        self.reconnects = True
        self._target = target
        self._clock = clock
        self._watch = watch
        self._frames = frames
        self._transport: WSTransport | None = None
        self._endpoint: rpc.Endpoint | None = None
        self._answered: rpc.Answered | None = None
        self._fragments: list[bytes] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._next_id = ""
        self._numbers = station.ids.getrandbits(32) << 32
        self._kick = asyncio.Event()
        self._stopping = False
        self._pumping = False
        quirks = station.plan.quirks
        self._web = HttpWeb(self._came, target.ca)
        station.web = self._web
        self._plain_json = not (quirks.spaced or quirks.escaped)

    # ---- living

    async def run(self) -> None:
        """Connect whenever the station wants its link, again and again, waiting longer and longer."""
        failures = 0
        self.pump()
        while not self._stopping:
            if not self.station.link_wanted or self._transport is not None:
                self._kick.clear()
                await self._kick.wait()
                continue
            began = self._clock()
            try:
                await self.connect()
                await self._transport_gone()
            except LinkRefused:
                pass
            if not self.reconnects:
                return
            lived = self._clock() - began > 10 and self.station.registration == "Accepted"
            failures = 0 if lived else failures + 1
            first, longest = self._target.backoff_s
            wait = min(longest, first * 2 ** min(failures, 10)) * self.station.rng.uniform(0.5, 1.5)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped(), wait)

    async def connect(self) -> None:
        """One attempt. Raises LinkRefused."""
        plan, station = self.station.plan, self.station
        try:
            every = station.device.number("OCPPCommCtrlr", "WebSocketPingInterval")
            await _connect(
                lambda: self,
                self._target.url_for(plan.id),
                ssl_context=self._tls(),
                extra_headers=self._headers(),
                read_buffer_init_size=4096,
                max_frame_size=4 * 1024 * 1024,
                websocket_handshake_timeout=30,
                max_redirects=0,
                enable_auto_ping=every > 0,
                auto_ping_idle_timeout=max(1, every),
                auto_ping_reply_timeout=max(1, every),
                auto_ping_strategy=WSAutoPingStrategy.PING_PERIODICALLY,
            )
        except WSInvalidStatusError as e:
            status = int(e.response.status) if e.response is not None else 0
            self._refused(LinkRefused(f"refused with HTTP {status}", status))
        except (OSError, WSError, TimeoutError) as e:
            self._refused(LinkRefused(str(e) or type(e).__name__))
        if self._endpoint is None:
            self._refused(LinkRefused("the server chose no version this station speaks"))
        self.refusal = None

    def _refused(self, refusal: LinkRefused) -> None:
        self.refusal = refusal
        self.counts["refused"] += 1
        if self._watch is not None:
            self._watch()
        raise refusal

    def stop(self) -> None:
        """Close the link, and let `run` end."""
        self._stopping = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._web.stop()
        self.cut(politely=True)
        self._kick.set()

    def cut(self, *, politely: bool = False) -> None:
        """End the connection; without manners it is simply gone, as when the power fails."""
        if self._transport is not None:
            if politely:
                self._transport.send_close()
            self._transport.disconnect(graceful=politely)

    async def _transport_gone(self) -> None:
        while self._transport is not None:
            self._kick.clear()
            await self._kick.wait()

    async def _stopped(self) -> None:
        while not self._stopping:
            self._kick.clear()
            await self._kick.wait()

    def _tls(self) -> ssl.SSLContext | None:
        if not self._target.url.startswith("wss:"):
            return None
        plan = self.station.plan
        installed = (plan.certificate_file, plan.key_file) if plan.profile == 3 else ("", "")
        # What the server has signed since comes before what the installer put there.
        return tls_context(self._target.ca, *(self.station.memory.certificates.files() or installed))

    def _headers(self) -> list[tuple[str, str]]:
        plan = self.station.plan
        offered = (VERSIONS[plan.version].value, *plan.quirks.offers)
        headers = [("Sec-WebSocket-Protocol", ", ".join(offered))]
        if plan.profile in (1, 2):
            # What the server has set since comes before what the installer entered.
            key = self.station.device.text("SecurityCtrlr", "BasicAuthPassword") or plan.password
            password = bytes.fromhex(key) if plan.quirks.hex_password else key.encode()
            basic = base64.b64encode(plan.id.encode() + b":" + password).decode()
            headers.append(("Authorization", f"Basic {basic}"))
        return headers

    # ---- the socket's side

    def on_ws_connected(self, transport: WSTransport) -> None:
        plan = self.station.plan
        chosen = transport.response.headers.get("Sec-WebSocket-Protocol", "")
        version = next((v for v in Version if v.value == chosen), None)
        if version is None or chosen not in (VERSIONS[plan.version].value, *plan.quirks.offers):
            transport.send_close()
            transport.disconnect()
            return
        self._transport = transport
        self._endpoint = rpc.Endpoint(version, limits=_LIMITS, new_id=self._new_id, answered=self._answered)
        self._fragments.clear()
        self.counts["connects"] += 1
        self.station.touch(self._clock())
        self.station.opened()
        self.pump()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._fragments.append(frame.get_payload_as_bytes())
            if frame.fin:
                text = b"".join(self._fragments)
                self._fragments.clear()
                self._received(text)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if transport is not self._transport or self._endpoint is None:
            return
        self._answered = self._endpoint.answered
        abandoned = self._endpoint.close()
        self._transport = self._endpoint = None
        self.station.touch(self._clock())
        self.station.closed()
        for event in abandoned:
            tag = event.call.tag
            if isinstance(tag, asyncio.Future) and not tag.done():
                tag.set_exception(ConnectionError("the link closed before the answer"))
        self.pump()
        self._kick.set()

    # ---- carrying

    def call(self, action: str, payload: bytes, timeout_s: float) -> "asyncio.Future[Payload]":
        """A call past the station's own queue. Raises ConnectionError when there is no link."""
        if self._endpoint is None:
            raise ConnectionError(f"{self.station.plan.id} is not connected")
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._endpoint.call(action, payload, now=time.monotonic(), timeout_s=timeout_s, tag=answer)
        self.pump()
        return answer

    def send(self, frame: bytes) -> None:
        """These bytes, whatever they are."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, frame)
            self.counts["sent"] += 1
            if self._frames is not None:
                self._frames(">", frame)

    def answer(self, message_id: str, answer: Payload | Refused) -> None:
        """Answer a call of the server's."""
        if self._endpoint is None:
            return
        if isinstance(answer, Refused):
            self.send(self._endpoint.error(message_id, read_code(answer.code), answer.description))
        else:
            self.send(self._endpoint.result(message_id, self._write(answer)))

    def pump(self) -> None:
        """Do what is due, send what is to be sent, and set the alarm for the next time."""
        if self._stopping or self._pumping:
            return
        self._pumping = True
        now = self._clock()
        self.station.wake(now)
        endpoint = self._endpoint
        if endpoint is not None:
            for late in endpoint.expire(time.monotonic()):
                self._ended(late.call, "no answer in time")
            if not self.station.link_wanted:
                self._kick.set()
                self._pumping = False
                self.cut()
                return
            self._hand_over(endpoint, time.monotonic())
        self._pumping = False
        self._set_alarm(now)
        if self.station.link_wanted != (endpoint is not None):
            self._kick.set()
        if self._watch is not None:
            self._watch()

    def _hand_over(self, endpoint: rpc.Endpoint, now: float) -> None:
        message = self.station.next_message()
        while message is not None and message.payload is not None and message.said.sent:
            self.send(endpoint.send(message.said.action, self._write(message.payload)))
            self.station.answered(message, {})
            message = self.station.next_message()
        if message is not None and message.payload is not None:
            self._next_id = message.id
            timeout_s = self.station.device.number("OCPPCommCtrlr", "MessageTimeout", "Default")
            message.id = endpoint.call(
                message.said.action, self._write(message.payload), now=now, timeout_s=timeout_s, tag=message
            )
        for call in endpoint.outgoing(now):
            self.send(call.frame)

    def _received(self, text: bytes) -> None:
        endpoint = self._endpoint
        if endpoint is None:
            return
        self.counts["received"] += 1
        if self._frames is not None:
            self._frames("<", text)
        self.station.touch(self._clock())
        match endpoint.receive(text, time.monotonic()):
            case rpc.CallReceived() as call:
                if self.responder is None or not self.responder(self, call):
                    self.answer(call.message_id, self.station.heard(call.action, _decode(call.payload)))
            case rpc.ResultReceived(call, payload):
                self._ended(call, _decode(payload))
            case rpc.ErrorReceived(call, _, spelling, text_):
                self.counts["errors"] += 1
                self._ended(call, CallRefused(spelling, text_))
            case rpc.Refused(reply) | rpc.Replayed(reply=reply):
                self.send(reply)
            case rpc.SendReceived() | rpc.ResultErrorReceived() | rpc.Dropped():
                self.counts["passed over"] += 1
        self.pump()

    def _ended(self, call: rpc.OutgoingCall, outcome: Payload | CallRefused | str) -> None:
        tag = call.tag
        if isinstance(tag, Message):
            if isinstance(outcome, dict):
                self.station.answered(tag, outcome)
            else:
                self.station.failed(tag, str(outcome))
        elif isinstance(tag, asyncio.Future):
            answer = cast("asyncio.Future[Payload]", tag)
            if answer.done():
                return
            if isinstance(outcome, dict):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome if isinstance(outcome, CallRefused) else TimeoutError(outcome))

    def _new_id(self) -> str:
        """A repeated message keeps its id; others are counted, from a random beginning."""
        message_id, self._next_id = self._next_id, ""
        if message_id:
            return message_id
        self._numbers += 1
        return f"{self._numbers:x}"

    def _write(self, payload: Payload) -> bytes:
        if self._plain_json:
            return _encode(payload)
        quirks = self.station.plan.quirks
        separators = (", ", ": ") if quirks.spaced else (",", ":")
        return json.dumps(payload, separators=separators, ensure_ascii=quirks.escaped).encode()

    def _came(self, do: Callable[[], None]) -> None:
        """Something came, or went, beside the link."""
        if self._stopping:
            return
        self.station.touch(self._clock())
        do()
        self.pump()

    def _set_alarm(self, now: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        wait = self.station.due - now
        if self._endpoint is not None and (deadline := self._endpoint.next_deadline()) is not None:
            wait = min(wait, deadline - time.monotonic())
        if wait < inf:
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, wait), self.pump)


@lru_cache(maxsize=1000)
def tls_context(ca: str | None, certificate_file: str, key_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if certificate_file:
        context.load_cert_chain(certificate_file, key_file)
    return context
