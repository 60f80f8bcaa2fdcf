"""This node's stations: who is connected here, how to reach the others, and how all of it starts and stops."""

import asyncio
import ssl
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar

import msgspec
import structlog

from voltloom.domain.commands import Command
from voltloom.domain.errors import Unreachable
from voltloom.domain.events import SecurityNoticed
from voltloom.domain.ids import StationId
from voltloom.domain.reports import Report
from voltloom.entrypoints.gateway import relay
from voltloom.entrypoints.gateway.accept import Admitted, CredentialBook, Gatekeeper, Policy, Trust
from voltloom.entrypoints.gateway.arrivals import Arrivals, Listener
from voltloom.entrypoints.gateway.asking import converse
from voltloom.entrypoints.gateway.doorstep import Doorbell, Entrance
from voltloom.entrypoints.gateway.home import Archive
from voltloom.entrypoints.gateway.intake import Intake
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.entrypoints.gateway.loader import Loader
from voltloom.entrypoints.gateway.nodes import Nodes
from voltloom.entrypoints.gateway.session import Session
from voltloom.entrypoints.gateway.tally import Tally
from voltloom.entrypoints.gateway.websocket import GOING_AWAY, POLICY, RESTART, TRY_AGAIN, Socket
from voltloom.features.feature import AnyHandler, Feature, Link, Memories, Stations, handlers_of
from voltloom.features.stations import may_speak, remembered
from voltloom.infra.bus import Bus
from voltloom.infra.database import Database
from voltloom.infra.settings import SettingError, is_loopback
from voltloom.protocols.ocpp.limits import Limits as FrameLimits
from voltloom.protocols.ocpp.quirks import NONE, Quirks, quirks_of
from voltloom.protocols.ocpp.rpc import Answered

log = structlog.get_logger(__name__)

OutcomeT = TypeVar("OutcomeT")

_SLOTS = 10
_SLOT_S = 0.1
"""Each session is looked after once a second, a tenth of them at a time."""
_TIDY_EVERY_S = 30.0
_LET_GO_S = 30.0
"""How long a new connection waits for what the station's older one still has under way."""
_RELAY_S = 5.0
_SHARED_TIMES = 2
_SHARED_WITHIN_S = 600.0
_ANSWERS_KEPT = 2_000
"""Stations that are gone whose answers are remembered: they repeat what they did not hear answered."""


class Gateway:
    """Holds the stations that are connected to this node; implements `features.feature.Stations`.

    bus       to the other nodes; None where this node is alone
    archive   adds a call and its answer to a work
    """

    def __init__(
        self,
        *,
        database: Database,
        features: Sequence[Feature],
        credentials: CredentialBook,
        doorbell: Doorbell,
        trust: Trust,
        archive: Archive,
        node: str,
        bus: Bus | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> None:
        self.database = database
        self.stations: Stations = self
        self.node = node
        self.limits = limits
        self.frame_limits = FrameLimits(frame_bytes=limits.message_bytes)
        self.tally = Tally()
        self.intake = Intake()
        self.handlers: Mapping[type[Report[Any]], AnyHandler] = handlers_of(features)
        self._memories = tuple(memory for feature in features for memory in feature.memories)
        self._registers = remembered in self._memories
        self._credentials = credentials
        self.archive = archive
        self._nodes = Nodes(bus, node)
        self._sessions: dict[StationId, Session] = {}
        self._slots: tuple[set[Session], ...] = tuple(set() for _ in range(_SLOTS))
        self._leaving: dict[Socket, float] = {}
        self._all_gone = asyncio.Event()
        self._next_slot = 0
        self._loader = Loader(database, self._memories)
        self._answers: dict[StationId, Answered] = {}
        self._shared: dict[StationId, list[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[Listener] = []
        self._clockwork: asyncio.Task[None] | None = None
        self._draining = False
        gatekeeper = Gatekeeper(credentials, trust, limits, policy)
        self._entrance = Entrance(gatekeeper, doorbell, self, limits, self.tally)
        self._arrivals = Arrivals(self._entrance)

    # ---- starting and stopping

    async def listen(
        self, host: str, port: int, context: ssl.SSLContext | None = None, *, allow_plain: bool = False
    ) -> list[tuple[str, int]]:
        """Let stations in here; the addresses that it came to be. Without a context: without TLS, and then only from
        this machine unless `allow_plain`.

        Raises SettingError.
        """
        if context is None and not allow_plain and not is_loopback(host):
            raise SettingError(
                f"Stations would connect to {host}:{port} without TLS, so that anybody on the way reads their "
                "passwords: use the TLS port, or set `allow_plain_ws` if the network between is your own."
            )
        listener = Listener(self._entrance, self._arrivals, context)
        try:
            await listener.open(host, port)
        except OSError as error:
            raise SettingError(
                f"Cannot listen for stations on {host}:{port} ({error.strerror or error}): "
                "choose another port or address, or stop what uses it."
            ) from error
        self._listeners.append(listener)
        if self._clockwork is None:
            self._clockwork = asyncio.get_running_loop().create_task(self._tick(), name="gateway clockwork")
        return listener.addresses

    async def stop(self, over_s: float = 0.0) -> None:
        """Take nobody in any more, and tell those who are here to come back, spread over this time."""
        self._draining = True
        for listener in self._listeners:
            listener.close()
        sessions = list(self._sessions.values())
        pause_s = over_s / len(sessions) if sessions else 0.0
        for number, session in enumerate(sessions):
            session.leave(RESTART, "the server restarts: come back")
            # Not a sleep for each of ten thousand: the loop's clock is coarser than that.
            if pause_s and (number + 1) % max(1, round(0.02 / pause_s)) == 0:
                await asyncio.sleep(max(0.02, pause_s))
        deadline = monotonic() + self.limits.close_s + self.limits.handshake_s
        await self._until_gone(sessions, deadline)
        for listener in self._listeners:
            await listener.finish()
        if self._clockwork is not None:
            self._clockwork.cancel()
        for doorstep in list(self._entrance.waiting):
            doorstep.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_gone(self, sessions: Iterable[Session], deadline: float) -> None:
        for session in sessions:
            try:
                async with asyncio.timeout(max(0.01, deadline - monotonic())):
                    await session.finished()
            except TimeoutError:
                session.end(RESTART, "the server restarts: come back")
                log.warning("gateway.not_drained", station=session.station_id)
        if self._leaving:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, deadline - monotonic())):
                    await self._all_gone.wait()
        for socket in list(self._leaving):
            socket.abort()

    # ---- looking

    @property
    def listening(self) -> bool:
        """Stations are let in."""
        return bool(self._listeners) and not self._draining

    @property
    def connections(self) -> int:
        return len(self._sessions) + len(self._leaving)

    def links(self) -> Iterator[Link]:
        """All connections of this node."""
        for session in self._sessions.values():
            yield session.look()

    def link(self, station_id: StationId) -> Link | None:
        session = self._sessions.get(station_id)
        return None if session is None else session.look()

    # ---- Stations

    async def ask(self, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0) -> OutcomeT:
        session = self._sessions.get(station_id)
        if session is not None:
            return await converse(session, command, timeout_s)
        request = relay.encode_request(type(command).__name__, command, timeout_s)
        # A conversation may take several calls, and wait for its turn.
        reply = await self._nodes.request(station_id, request, 4 * timeout_s + _RELAY_S)
        return relay.decode_reply(reply, command)

    async def refresh(self, station_id: StationId) -> None:
        # Who changed it may have the station connect at once: events of the change take a moment longer.
        await self._credentials.refresh((station_id,))
        if self.forget(station_id):
            return
        with suppress(Unreachable):  # then nobody remembers anything of it
            relay.read_reply(await self._nodes.request(station_id, relay.encode_request("refresh", None), _RELAY_S))

    def forget(self, station_id: StationId) -> bool:
        """Read again what is remembered of it, before its next report; False where its connection is not here."""
        session = self._sessions.get(station_id)
        if session is None:
            return False
        session.forget()
        return True

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        # It comes back at once, and must not come in with what was good before.
        await self._credentials.refresh((station_id,))
        session = self._sessions.get(station_id)
        if session is not None:
            session.end(GOING_AWAY, reason)
            return True
        try:
            relay.read_reply(
                await self._nodes.request(station_id, relay.encode_request("disconnect", reason), _RELAY_S)
            )
        except Unreachable:
            return False
        return True

    async def look(self, station_id: StationId) -> Link | None:
        link = self.link(station_id)
        if link is not None:
            return link
        try:
            reply = await self._nodes.request(station_id, relay.encode_request("look", None), _RELAY_S)
        except Unreachable:
            return None
        return msgspec.json.decode(relay.read_reply(reply).body, type=Link)

    # ---- what the door asks of us

    def admit(self, admitted: Admitted) -> Socket:
        """The newest connection of a station is the station; an older one is ended."""
        station_id = admitted.station_id
        older = self._sessions.get(station_id)
        if older is not None:
            self.tally.replaced += 1
            older.end(POLICY, "replaced by a newer connection of this station", replaced=True)
        session = Session(self, admitted, self._answers.pop(station_id, None))
        if older is not None:
            session.previous = older
            session.notices += self._notice_replaced(older, session)
        self._sessions[station_id] = session
        session.slot = self._next_slot
        self._next_slot = (self._next_slot + 1) % _SLOTS
        self._slots[session.slot].add(session)
        return session.socket

    def see_off(self, socket: Socket) -> None:
        self._all_gone.clear()
        self._leaving[socket] = monotonic() + self.limits.close_s

    def _notice_replaced(self, older: Session, newer: Session) -> Iterator[SecurityNoticed]:
        now, station_id = datetime.now(UTC), newer.station_id
        text = f"{station_id} connected from {newer.address} while its connection from {older.address} stood"
        yield SecurityNoticed("duplicate_connection", now, station_id, text)
        if older.address == newer.address:
            return
        moment = monotonic()
        times = [at for at in self._shared.get(station_id, ()) if moment - at < _SHARED_WITHIN_S] + [moment]
        self._shared[station_id] = times[-_SHARED_TIMES:]
        if len(times) >= _SHARED_TIMES:
            text = f"two devices seem to use the identity {station_id}: {older.address} and {newer.address}"
            yield SecurityNoticed("identity_shared", now, station_id, text)

    # ---- what sessions ask of us

    def opened(self, session: Session) -> None:
        self.run(self._begin(session))

    async def _begin(self, session: Session) -> None:
        try:
            previous, session.previous = session.previous, None
            if previous is not None:
                # What it wrote last must be there before anything is read.
                try:
                    async with asyncio.timeout(_LET_GO_S):
                        await previous.finished()
                except TimeoutError:
                    log.error("gateway.older_link_hangs", station=session.station_id)
            await self._nodes.take_over(session)
            # Also where it has ended meanwhile: that it came, and how, is to be known.
            session.start(await self._loader.load(session.station_id))
        except Exception as error:  # noqa: BLE001 - the top of a connection
            log.error("gateway.not_opened", station=session.station_id, error=repr(error))
            session.end(TRY_AGAIN, "try again later")
        finally:
            if session.is_starting:
                session.over()

    def reload(self, session: Session) -> None:
        self.run(self._reload(session))

    async def _reload(self, session: Session) -> None:
        try:
            session.resume(await self._loader.load(session.station_id))
        except Exception as error:  # noqa: BLE001 - the top of a connection
            log.error("gateway.memories_not_read", station=session.station_id, error=repr(error))
            session.end(TRY_AGAIN, "try again later")
            if session.memories is not None:
                session.resume(session.memories)

    def ended(self, session: Session) -> None:
        # Only its own entry: a newer connection may have taken its place already.
        if self._sessions.get(session.station_id) is session:
            del self._sessions[session.station_id]
        self._slots[session.slot].discard(session)
        self.see_off(session.socket)
        if session.unsubscribe is not None:
            session.unsubscribe()
            session.unsubscribe = None
        answered = session.endpoint.answered
        if answered is not None:
            self._answers[session.station_id] = answered
            if len(self._answers) > _ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]

    def gone(self, socket: Socket) -> None:
        self._leaving.pop(socket, None)
        if not self._leaving:
            self._all_gone.set()

    def may_speak(self, memories: Memories, action: str, triggered: Collection[str]) -> bool:
        return not self._registers or may_speak(memories.of(remembered).registration, action, triggered)

    def quirks_of(self, memories: Memories) -> Quirks:
        if not self._registers:
            return NONE
        hardware = memories.of(remembered).hardware
        return quirks_of(hardware.vendor, hardware.model, hardware.firmware)

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- time

    async def _tick(self) -> None:
        slot = 0
        tidy_at = monotonic() + _TIDY_EVERY_S
        while True:
            await asyncio.sleep(_SLOT_S)
            now = monotonic()
            for session in list(self._slots[slot]):
                try:
                    session.tick(now)
                except Exception:
                    log.exception("gateway.tick_failed", station=session.station_id)
            for socket in [socket for socket, deadline in self._leaving.items() if deadline <= now]:
                socket.abort()
                self.gone(socket)
            slot = (slot + 1) % _SLOTS
            if slot == 0:
                self._entrance.sweep(now)
                self._arrivals.sweep(now)
            if now >= tidy_at:
                tidy_at = now + _TIDY_EVERY_S
                self._entrance.gatekeeper.sweep(now)
                self._forget_shared(now)

    def _forget_shared(self, now: float) -> None:
        old = [station_id for station_id, times in self._shared.items() if now - times[-1] > _SHARED_WITHIN_S]
        for station_id in old:
            del self._shared[station_id]
