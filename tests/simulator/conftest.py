"""The other end: a small central system on a real socket, that judges every payload by the standard's schema."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jsonschema_rs
import pytest
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from ocpp_schemas import check
from voltloom.protocols.ocpp import rpc
from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.version import Version

Answer = dict[str, Any] | ErrorCode | None
"""A payload, a CALLERROR, or no answer at all."""


class Csms:
    """answers: action → a payload, an error, None for silence, or a function of (station, payload)."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        """(station, action, payload) of everything heard, in order."""
        self.message_ids: list[str] = []
        self.wrong: list[str] = []
        """What broke the standard's schema."""
        self.links: dict[str, Link] = {}
        self.passwords: dict[str, bytes] = {}
        self.refused = 0
        self.transactions = 0
        self.registration = "Accepted"
        self.interval = 300
        self.tokens: dict[str, str] = {}
        """Of tokens that are not accepted: their status."""
        self.answers: dict[str, Answer | Callable[[str, dict[str, Any]], Answer]] = {}
        self.happened = asyncio.Event()

    def of(self, action: str) -> list[dict[str, Any]]:
        return [payload for _, a, payload in self.calls if a == action]

    @property
    def order(self) -> list[str]:
        return [action for _, action, _ in self.calls]

    async def until(self, holds: Callable[[], bool], timeout_s: float = 10) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                self.happened.clear()
                await self.happened.wait()

    async def until_of(self, action: str, count: int = 1) -> dict[str, Any]:
        await self.until(lambda: len(self.of(action)) >= count)
        return self.of(action)[count - 1]

    async def call(self, action: str, payload: dict[str, Any], station: str = "CP-1") -> dict[str, Any]:
        """Ask the station. The answer is judged too. Raises RuntimeError with the code of a CALLERROR."""
        return await self.links[station].call(action, payload)

    def answer(self, station: str, version: Version, action: str, payload: dict[str, Any]) -> Answer:
        found = self.answers.get(action, ...)
        if callable(found):
            return found(station, payload)
        if found is not ...:
            return found
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        match action:
            case "BootNotification":
                return {"status": self.registration, "currentTime": now, "interval": self.interval}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize" if version is Version.V16:
                return {"idTagInfo": self._verdict(payload["idTag"])}
            case "Authorize":
                return {"idTokenInfo": self._verdict(payload["idToken"]["idToken"])}
            case "StartTransaction":
                self.transactions += 1
                return {"transactionId": 1000 + self.transactions, "idTagInfo": self._verdict(payload["idTag"])}
            case "TransactionEvent" if "idToken" in payload:
                return {"idTokenInfo": self._verdict(payload["idToken"]["idToken"])}
            case _:
                return {}

    def _verdict(self, token: str) -> dict[str, Any]:
        return {"status": self.tokens.get(token, "Accepted")}


class Link(WSListener):
    def __init__(self, csms: Csms, station: str, version: Version) -> None:
        self.csms, self.station, self.version = csms, station, version
        self.endpoint = rpc.Endpoint(version)
        self.transport: WSTransport

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.csms.links[self.station] = self
        self.csms.happened.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            if frame.msg_type is WSMsgType.CLOSE:
                transport.disconnect()
            return
        match self.endpoint.receive(frame.get_payload_as_bytes(), time.time()):
            case rpc.CallReceived(message_id, action, payload):
                self.called(message_id, action, json.loads(bytes(payload)))
            case rpc.ResultReceived(call, payload):
                answer = json.loads(bytes(payload))
                self.judge(call.action, "Response", answer)
                call.tag.set_result(answer)
            case rpc.ErrorReceived(call, _, spelling, text):
                call.tag.set_exception(RuntimeError(f"{spelling}: {text}"))
            case rpc.Replayed(message_id, _, reply):
                self.csms.message_ids.append(message_id)
                self.transport.send(WSMsgType.TEXT, reply)
            case other:
                self.csms.wrong.append(repr(other))
        self.csms.happened.set()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        for event in self.endpoint.close():
            event.call.tag.set_exception(ConnectionError("closed"))
        if self.csms.links.get(self.station) is self:
            del self.csms.links[self.station]
        self.csms.happened.set()

    def called(self, message_id: str, action: str, payload: dict[str, Any]) -> None:
        self.csms.calls.append((self.station, action, payload))
        self.csms.message_ids.append(message_id)
        self.judge(action, "Request", payload)
        answer = self.csms.answer(self.station, self.version, action, payload)
        if isinstance(answer, ErrorCode):
            self.transport.send(WSMsgType.TEXT, self.endpoint.error(message_id, answer))
        elif answer is not None:
            self.judge(action, "Response", answer)
            self.transport.send(WSMsgType.TEXT, self.endpoint.result(message_id, json.dumps(answer).encode()))

    def judge(self, action: str, role: str, payload: dict[str, Any]) -> None:
        try:
            check(self.version, action, role, json.dumps(payload).encode())
        except StopIteration:
            pass  # an action that the standard does not know
        except jsonschema_rs.ValidationError as error:
            self.csms.wrong.append(f"{action}{role}: {error.message} at {error.instance_path}: {payload}")

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.endpoint.call(action, json.dumps(payload).encode(), now=time.time(), timeout_s=10, tag=answer)
        for call in self.endpoint.outgoing(time.time()):
            self.transport.send(WSMsgType.TEXT, call.frame)
        return await asyncio.wait_for(answer, 10)


@asynccontextmanager
async def running_csms(tls: Any = None, *, pongs: bool = True) -> AsyncIterator[Csms]:
    """Listens until the end, and then holds against the stations whatever broke the schemas."""
    csms = Csms()

    def factory(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        station = request.path.decode().rsplit("/", 1)[-1]
        wanted = csms.passwords.get(station)
        if wanted is not None:
            basic = base64.b64encode(station.encode() + b":" + wanted).decode()
            if request.headers.get("Authorization") != f"Basic {basic}":
                csms.refused += 1
                csms.happened.set()
                return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(401, b"no"), None)
        offered = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        version = next((v for v in Version if v.value in offered), None)
        if version is None:
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(400, b"no"), None)
        chosen = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": version.value})
        return WSUpgradeResponseWithListener(chosen, Link(csms, station, version))

    server = await ws_create_server(factory, "127.0.0.1", 0, ssl=tls, enable_auto_pong=pongs)
    csms.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
    try:
        yield csms
    finally:
        for link in list(csms.links.values()):
            link.transport.disconnect(graceful=False)
        server.close()
        await server.wait_closed()
    assert csms.wrong == []


@pytest.fixture
def a_csms() -> Callable[..., Any]:
    """`async with a_csms() as csms:`"""
    return running_csms
