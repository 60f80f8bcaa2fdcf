"""One station driven by hand, for tests: every step is awaited, and everything said is kept.

async with SimulatedStation(url, "CP-1", "1.6", password="…") as station:
    await station.boot()
    station.plug_in()
    tx = await station.start(token="04A2B3C4")
    await station.send_meter_values()
    await station.stop(tx)
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

import msgspec

from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.protocols.ocpp import rpc
from voltloom.simulator import meter
from voltloom.simulator.evse import Token, Transaction
from voltloom.simulator.fleet import OutletPlan, Quirks, StationPlan
from voltloom.simulator.vehicle import CAR_MODELS, Vehicle
from voltloom.simulator.wire import CallRefused, LinkRefused, Target, Wire, new_station
from voltloom.simulator.words import Payload, Refused

__all__ = ["NEVER", "CallRefused", "Frame", "Late", "LinkRefused", "Raw", "Refused", "SimulatedStation", "Turned"]


class Turned(Exception):
    """The server would not authorize the token."""


class Late(NamedTuple):
    """Answer properly, but only after so long."""

    seconds: float


class Raw(NamedTuple):
    """Send these bytes for an answer; {id} is the call's message id."""

    text: str


NEVER = Late(float("inf"))

Behaviour = Late | Raw | Refused | Payload | Callable[[Payload], Payload | Refused]
"""How to answer a call: see `SimulatedStation.on`."""


class Frame(NamedTuple):
    """One message on the wire. sent: by the station. body: as JSON, or None where it is none."""

    sent: bool
    text: str
    body: list[Any] | None

    @property
    def action(self) -> str:
        return self.body[2] if self.body and self.body[0] in (2, 6) else ""

    @property
    def payload(self) -> Payload:
        return self.body[-1] if self.body else {}


class SimulatedStation:
    """Connects on entering, boots when told to, then keeps itself connected until the end.

    password       profile 1 (or 2 over wss); None: profile 0
    certificate    (certificate file, key file): profile 3
    evses          how many outlets; phases 0 makes them DC
    clock          its time; `let_pass` moves it on
    more           further fields of its `StationPlan`
    """

    def __init__(
        self,
        url: str,
        identity: str,
        version: str = "1.6",
        *,
        password: str | None = None,
        certificate: tuple[str, str] | None = None,
        ca: str | None = None,
        evses: int = 1,
        outlet: OutletPlan = OutletPlan(22_080, 3, 32, "sType2"),  # noqa: B008 - frozen
        measurands: tuple[str, ...] = meter.PLAIN,
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        sample_interval_s: int = 0,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        **more: Any,
    ) -> None:
        profile = 3 if certificate else 0 if password is None else 2 if url.startswith("wss:") else 1
        plan = StationPlan(
            id=identity, version=version, profile=profile, outlets=(outlet,) * evses, measurands=measurands,
            sample_interval_s=sample_interval_s, quirks=quirks, password=password or "",
            certificate_file=certificate[0] if certificate else "", key_file=certificate[1] if certificate else "",
        )  # fmt: skip
        self.frames: list[Frame] = []
        """Everything on the wire, oldest first."""
        self.machine = new_station(replace(plan, **more), seed, boot_s=(0.0, 0.01))
        self._clock = clock
        self._skipped_s = 0.0
        self._behaviours: dict[str, Behaviour] = {}
        self._changed = asyncio.Event()
        self._run: asyncio.Task[None] | None = None
        self._late: set[asyncio.TimerHandle] = set()
        self.wire = Wire(
            self.machine,
            Target(url, ca, backoff_s=(0.02, 1.0)),
            clock=self._now,
            watch=self._changed.set,
            frames=self._keep,
        )
        self.wire.responder = self._respond

    # ---- beginning and end

    async def __aenter__(self) -> Self:
        """Connect. Raises LinkRefused."""
        self.machine.boots_by_itself = False
        self.machine.powered = True
        self.machine.touch(self._now())
        await self.wire.connect()
        self._run = asyncio.create_task(self.wire.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for handle in self._late:
            handle.cancel()
        self.wire.stop()
        if self._run is not None:
            await self._run

    async def boot(self, reason: BootReason = BootReason.POWER_UP) -> Payload:
        """Boot, and tell all states where accepted: the answer. From now on it boots by itself when it must."""
        self.machine.boots_by_itself = True
        before = len(self.answers("BootNotification"))
        self._do(lambda: self.machine.boot(reason))
        await self.until(lambda: len(self.answers("BootNotification")) > before)
        await self.flush()
        return self.answers("BootNotification")[-1]

    # ---- what people and cars do

    def plug_in(self, evse: int = 1, car: Vehicle | None = None) -> None:
        """A car comes: unless said otherwise a compact one, 40 % full, that wants 80 %."""
        model = CAR_MODELS[2]
        self._do(lambda: self.machine.plug_in(evse, car or Vehicle(model, model.battery_wh, 0.4, 0.8)))

    def unplug(self, evse: int = 1) -> None:
        self._do(lambda: self.machine.unplug(evse))

    async def authorize(self, evse: int = 1, token: str = "04A2B3C4D5E680", kind: str = "ISO14443") -> bool:  # noqa: S107 – an id token
        """Show a token: may it charge?"""
        decided: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._do(lambda: self.machine.present(evse, Token(token, kind), decided.set_result))
        return await asyncio.wait_for(decided, 10)

    async def start(self, evse: int = 1, token: str = "04A2B3C4D5E680", kind: str = "ISO14443") -> Transaction:  # noqa: S107 – an id token
        """Plug in where no car is, show a token, and begin; when connected, wait for the server's answer.

        Raises Turned where the token may not charge.
        """
        outlet = self.machine.evse(evse)
        if outlet.car is None:
            self.plug_in(evse)
        if not await self.authorize(evse, token, kind):
            raise Turned(token)
        await self.until(lambda: outlet.transaction is not None)
        tx = outlet.transaction
        assert tx is not None
        if self.machine.online:
            await self.until(lambda: tx.confirmed)
            await self.flush()
        return tx

    async def stop(
        self, tx: Transaction, reason: StopReason = StopReason.LOCAL, trigger: str = "StopAuthorized"
    ) -> None:
        """End it; when connected, wait for the server's answer."""
        self._do(lambda: self.machine.end(tx.evse.number, reason, trigger, tx.token))
        if self.machine.online:
            await self.until(lambda: tx.told or tx.stopping is not None)
            await self.flush()

    async def send_meter_values(self, evse: int = 1) -> None:
        self._do(lambda: self.machine.sample_now(evse))
        await self.flush()

    def let_pass(self, seconds: float) -> None:
        """The station's clock jumps ahead: what would have flowed has flowed. Its times then are in the future."""
        self._skipped_s += seconds
        self.wire.pump()

    # ---- the link

    async def go_offline(self) -> None:
        """The network is gone, without a word."""
        self.machine.network = False
        self.wire.pump()
        await self.until(lambda: not self.machine.online)

    async def go_online(self) -> None:
        """The network is back: until connected, and booted where need be."""
        self.machine.network = True
        self.wire.pump()
        await self.until(lambda: self.machine.online and self.machine.registration == "Accepted")

    async def reconnect(self) -> None:
        await self.go_offline()
        await self.go_online()

    def power_loss(self) -> None:
        self._do(lambda: self.machine.power_down(StopReason.POWER_LOSS))

    def power_back(self) -> None:
        self._do(self.machine.power_up)

    # ---- raw

    async def call(self, action: str, payload: Payload | None = None, timeout_s: float = 10.0) -> Payload:
        """Any call with any payload: the answer. Raises CallRefused, TimeoutError or ConnectionError."""
        return await self.wire.call(action, msgspec.json.encode(payload or {}), timeout_s)

    def send(self, text: str | bytes) -> None:
        """Any text at all, now."""
        self.wire.send(text.encode() if isinstance(text, str) else text)

    def on(self, action: str, behaviour: Behaviour | None) -> None:
        """How to answer this action from now on; "*" stands for all others. None: properly again.

        NEVER or Late(seconds) · Refused(code, text) · Raw(text with {id}) · a payload · a function of the payload
        """
        if behaviour is None:
            self._behaviours.pop(action, None)
        else:
            self._behaviours[action] = behaviour

    # ---- looking and waiting

    async def until(self, holds: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Wait until this holds, looking after everything that happens. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def flush(self, timeout_s: float = 10.0) -> None:
        """Until nothing is waiting to be said or answered."""
        await self.until(lambda: not self.machine.talking or not self.machine.online, timeout_s)

    def sent(self, action: str) -> list[Payload]:
        """The payloads of its calls of this action, oldest first."""
        return [f.payload for f in self.frames if f.sent and f.action == action]

    def heard(self, action: str) -> list[Payload]:
        """The payloads of the server's calls of this action."""
        return [f.payload for f in self.frames if not f.sent and f.action == action]

    def answers(self, action: str) -> list[Payload]:
        """The payloads of the server's CALLRESULTs to its calls of this action."""
        asked = {f.body[1] for f in self.frames if f.sent and f.action == action and f.body}
        return [f.payload for f in self.frames if not f.sent and f.body and f.body[0] == 3 and f.body[1] in asked]

    async def until_heard(self, action: str, count: int = 1, timeout_s: float = 10.0) -> Payload:
        await self.until(lambda: len(self.heard(action)) >= count, timeout_s)
        return self.heard(action)[count - 1]

    async def until_sent(self, action: str, count: int = 1, timeout_s: float = 10.0) -> Payload:
        await self.until(lambda: len(self.sent(action)) >= count, timeout_s)
        return self.sent(action)[count - 1]

    # ---- inside

    def _now(self) -> float:
        return self._clock() + self._skipped_s

    def _do(self, what: Callable[[], object]) -> None:
        self.machine.touch(self._now())
        what()
        self.wire.pump()

    def _keep(self, direction: str, frame: bytes) -> None:
        body: Any = None
        try:
            body = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            body = None
        if not (isinstance(body, list) and len(cast("list[Any]", body)) > 1):
            body = None
        self.frames.append(Frame(direction == ">", frame.decode(errors="replace"), cast("list[Any] | None", body)))
        self._changed.set()

    def _respond(self, wire: Wire, call: rpc.CallReceived) -> bool:
        behaviour = self._behaviours.get(call.action, self._behaviours.get("*"))
        if behaviour is None:
            return False
        payload = msgspec.json.decode(call.payload, type=dict[str, Any])
        match behaviour:
            case Late(seconds):
                if seconds < float("inf"):
                    loop = asyncio.get_running_loop()
                    proper = self.machine.heard(call.action, payload)
                    self._late.add(loop.call_later(seconds, wire.answer, call.message_id, proper))
            case Raw(text):
                wire.send(text.replace("{id}", call.message_id).encode())
            case Refused() | dict():
                wire.answer(call.message_id, behaviour)
            case _:
                wire.answer(call.message_id, behaviour(payload))
        return True
