"""One connection of one station, from the moment it is let in: what it says is handled in order, one call at a time.

Everything happens in the callbacks of the socket and of the database: no task, no queue and no timer a connection. A
call is understood by the dialect, answered by a feature out of memory, committed, and only then the station hears it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NamedTuple, TypeAlias
from uuid import uuid4

import structlog

from voltloom.domain.errors import Forbidden, Unreachable, VoltloomError
from voltloom.domain.events import SecurityNoticed
from voltloom.domain.reports import LinkClosed, LinkOpened, Report
from voltloom.entrypoints.gateway.accept import Admitted
from voltloom.entrypoints.gateway.calling import Calls
from voltloom.entrypoints.gateway.handling import go_on, handle
from voltloom.entrypoints.gateway.home import Exchange, Home, inert, keep
from voltloom.entrypoints.gateway.pace import Pace
from voltloom.entrypoints.gateway.websocket import POLICY, TRY_AGAIN, Socket
from voltloom.features.feature import Link, Memories, StationContext
from voltloom.infra.database import Work
from voltloom.protocols.ocpp.dialect import DIALECTS, Read, Refusal
from voltloom.protocols.ocpp.errors import ErrorCode
from voltloom.protocols.ocpp.exchange import Payload
from voltloom.protocols.ocpp.quirks import NONE
from voltloom.protocols.ocpp.rpc import (
    Answered,
    CallReceived,
    Dropped,
    Endpoint,
    ErrorReceived,
    Refused,
    Replayed,
    ResultErrorReceived,
    ResultReceived,
    SendReceived,
)
from voltloom.protocols.ocpp.version import Version

log = structlog.get_logger(__name__)

BOOT = "BootNotification"
_ANSWERS = ("[3", "[4")
"""How a frame begins that answers a call of ours: it is heard at once, whatever else is under way."""


class _Heard(NamedTuple):
    """A message that waits."""

    message: bytes
    text: str


class _Told(NamedTuple):
    """A report that came about here, to be handled as if the station had sent it."""

    report: Report[Any]
    handled: "asyncio.Future[None]"


_Waiting: TypeAlias = _Heard | _Told


class Session:
    """States, in order: opening (`memories` None), open, ended (`ending` says why), over (nothing of it is left to
    be written).

    _busy     something of this station is being worked on, or its memories are being loaded
    _stale    the memories do not say what the database says: load them before anything else is heard
    _leaving  to be ended when what was heard is answered
    quirks    what its make is known to do otherwise; looked up again when it has booted
    notices   security events to be told with the opening, or the end, of the link
    """

    __slots__ = (
        "_busy",
        "_calls",
        "_finished",
        "_home",
        "_is_over",
        "_leaving",
        "_pace",
        "_paused",
        "_pinged_at",
        "_stale",
        "_triggered",
        "_unwritable_since",
        "_waiting",
        "address",
        "dialect",
        "ending",
        "endpoint",
        "heard_at",
        "memories",
        "messages_in",
        "messages_out",
        "notices",
        "opened_at",
        "previous",
        "profile",
        "protocol",
        "quirks",
        "replaced",
        "rtt_s",
        "slot",
        "socket",
        "station_id",
        "unsubscribe",
    )

    def __init__(self, home: Home, admitted: Admitted, answered: Answered | None) -> None:
        now = monotonic()
        version = Version(admitted.subprotocol)
        self._home = home
        self.station_id = admitted.station_id
        self.address = admitted.peer.address
        self.profile = admitted.profile
        self.endpoint = Endpoint(version, limits=home.frame_limits, answered=answered)
        self.dialect = DIALECTS[version]
        self.protocol = admitted.subprotocol
        self._calls = Calls(home, self.station_id, self.endpoint, self._say)
        self.socket = Socket(self, home.limits, admitted.deflate)
        self.memories: Memories | None = None
        self.quirks = NONE
        self.previous: Session | None = None
        self.unsubscribe: Callable[[], None] | None = None
        self.slot = 0
        self.notices: list[SecurityNoticed] = []
        self.opened_at = datetime.now(UTC)
        self.heard_at = now
        self.messages_in = 0
        self.messages_out = 0
        self.rtt_s: float | None = None
        self.ending: str | None = None
        self.replaced = False
        self._waiting: deque[_Waiting] | None = None
        self._pace = Pace(home.limits, now)
        self._busy = True
        self._stale = False
        self._paused = False
        self._is_over = False
        self._leaving: tuple[int, str] | None = None
        self._pinged_at: float | None = None
        self._unwritable_since: float | None = None
        self._triggered: set[str] | None = None
        self._finished: asyncio.Future[None] | None = None

    # ---- its life

    def opened(self) -> None:
        self._home.opened(self)

    def start(self, memories: Memories) -> None:
        """Tell that the link is open, then hear what has waited."""
        self.memories = memories
        self.quirks = self._home.quirks_of(memories)
        report = LinkOpened(self.opened_at, self.address, self.protocol, self.profile.value, self._home.node)

        def done(error: BaseException | None) -> None:
            if error is not None:
                self._cannot_keep(error)
            self._rest()

        self._handle_own(report, done)

    def resume(self, memories: Memories) -> None:
        """With fresh memories."""
        self.memories = memories
        self.quirks = self._home.quirks_of(memories)
        self._rest()

    def forget(self) -> None:
        """The memories are out of date: have new ones before the station's next message."""
        if self._busy:
            self._stale = True
        elif self.ending is None:
            self._busy = True
            self._home.reload(self)

    def leave(self, code: int, reason: str) -> None:
        """End it when what was heard is answered, so that no answer is lost. The rest is for the next link."""
        if self._waiting or (self._busy and self.memories is not None):
            self._leaving = (code, reason)
            self._proceed()
        else:
            self.end(code, reason)

    def end(self, code: int, reason: str, *, replaced: bool = False) -> None:
        """Hear no more, say goodbye, and tell that the link is closed once what is under way is done."""
        if self.ending is not None:
            return
        self.ending = reason
        self.replaced = replaced
        self.socket.close(code, reason)
        waiting, self._waiting = self._waiting, None
        for item in waiting or ():
            if isinstance(item, _Told) and not item.handled.done():
                item.handled.set_exception(self._unreachable())
        self._calls.abandon(self._unreachable())
        self._home.ended(self)
        if not self._busy:
            self._tell_closed()

    def closing(self, code: int, reason: str) -> None:
        self._home.intake.flush()
        self.end(code, reason)

    def closed(self, code: int, reason: str) -> None:
        self._home.intake.flush()
        self.end(code, reason)
        self._home.gone(self.socket)

    def over(self) -> None:
        """Nothing of this session is left to be written: the station's next one may read the database."""
        self._is_over = True
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    async def finished(self) -> None:
        if not self._is_over:
            if self._finished is None:
                self._finished = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._finished)

    @property
    def is_starting(self) -> bool:
        return self.memories is None

    def _tell_closed(self) -> None:
        self._busy = True
        report = LinkClosed(datetime.now(UTC), self.ending or "", self._home.node, self.replaced)

        def done(error: BaseException | None) -> None:
            if error is not None:
                log.error("gateway.link_not_closed", station=self.station_id, error=repr(error))
            self.over()

        self._handle_own(report, done)

    def _cannot_keep(self, error: BaseException) -> None:
        """The database does not take what this station says: it shall come back later."""
        log.error("gateway.link_not_opened", station=self.station_id, error=repr(error))
        self.end(TRY_AGAIN, "try again later")

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"{self.station_id} disconnected before it answered ({self.ending})")

    # ---- hearing

    def received(self, message: bytes, text: str) -> None:
        self._home.intake.add(self, message, text)

    def hear(self, message: bytes, text: str) -> None:
        """In its turn; see `Intake`."""
        if self.ending is not None or (self._leaving is not None and not text.startswith(_ANSWERS)):
            return
        now = self.heard_at = monotonic()
        self.messages_in += 1
        self._home.tally.messages_in += 1
        if (self._busy or self._waiting) and not text.startswith(_ANSWERS):
            self._wait(_Heard(message, text))
        elif wait_s := self._pace.take(message, self._home.limits, now):
            self._wait(_Heard(message, text))
            self._come_back(wait_s)
        else:
            self._hear(message, text, now)

    def _come_back(self, wait_s: float) -> None:
        """It speaks too fast: go on when it may."""
        asyncio.get_running_loop().call_later(wait_s, self._proceed)
        self._home.tally.throttled += 1

    def _wait(self, item: _Waiting) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(item)
        if len(self._waiting) >= self._home.limits.waiting_messages and not self._paused:
            self._paused = True
            self.socket.pause_reading()

    def _proceed(self) -> None:
        """Take up what waits, as long as nothing of it must wait itself."""
        while self._waiting and not self._busy and self.ending is None:
            item = self._waiting[0]
            now = monotonic()
            if isinstance(item, _Told):
                self._waiting.popleft()
                self._take_up(item)
            elif self._leaving is None and (wait_s := self._pace.take(item.message, self._home.limits, now)):
                self._come_back(wait_s)
                return
            else:
                self._waiting.popleft()
                self._hear(item.message, item.text, now)
        if self._leaving is not None and not self._waiting and not self._busy:
            self.end(*self._leaving)
        elif self._paused and self._unwritable_since is None and not self._waiting:
            self._paused = False
            self.socket.resume_reading()

    def _rest(self) -> None:
        """Nothing is under way: what is next?"""
        self._busy = False
        if self.ending is not None:
            self._tell_closed()
        elif self._leaving is not None and not self._waiting:
            self.end(*self._leaving)
        elif self._stale:
            self._stale = False
            self._busy = True
            self._home.reload(self)
        elif self._waiting or self._paused:
            self._proceed()

    def _hear(self, message: bytes, text: str, now: float) -> None:
        event = self.endpoint.receive(message, now)
        if type(event) is CallReceived:
            self._work_on(event, text, now)
            return
        match event:
            case CallReceived() | SendReceived():
                self._work_on(event, text, now)
            case ResultReceived() | ErrorReceived():
                self._calls.conclude(event, text, now)
            case Replayed():
                self._home.tally.replayed += 1
                self._say(event.reply)
            case Refused():
                self._home.tally.bad[event.code.value] += 1
                self._say(event.reply)
                self._archive_alone(event.message_id, "", inert(text), event.reply.decode(), event.why)
                self._weigh()
            case ResultErrorReceived():
                self._home.tally.bad["result_error"] += 1
                log.warning("gateway.result_refused", station=self.station_id, code=event.spelling, text=event.text)
            case Dropped():
                self._home.tally.dropped[event.kind.value] += 1
                self._weigh()

    def _weigh(self) -> None:
        if self.endpoint.bad_frames >= self._home.limits.bad_messages:
            text = f"{self.station_id} sent {self.endpoint.bad_frames} messages that are none"
            self.notices.append(SecurityNoticed("bad_messages", datetime.now(UTC), self.station_id, text))
            self.end(POLICY, "too many bad messages")

    def _say(self, frame: bytes) -> None:
        self.messages_out += 1
        self._home.tally.messages_out += 1
        self.socket.send(frame)

    # ---- answering

    def _work_on(self, call: CallReceived | SendReceived, text: str, started: float) -> None:
        home = self._home
        now = datetime.now(UTC)
        memories = self.memories
        assert memories is not None
        self._busy = True
        try:
            read = self.dialect.read_call(call.action, call.payload, now, self.quirks)
            if isinstance(read, Refusal):
                self._refuse(call, text, now, read.code, read.why)
                return
            if not self._may_speak(memories, call.action):
                self._refuse(call, text, now, ErrorCode.SECURITY, "The station's boot has not been accepted.")
                return
            work = Work()
            context = StationContext(
                home.database, home.stations, now, work, self.station_id, call.message_id, memories
            )
            reply, waiting = handle(home.handlers, context, read.reports)
            if waiting is None:
                self._commit_answer(call, read, reply, work, text, now, started)
                return

            def finish(reply: object) -> None:
                self._commit_answer(call, read, reply, work, text, now, started)

            def fail(error: Exception) -> None:
                self._fail(call, text, now, error)

            home.run(go_on(waiting, finish, fail))
        except Exception as error:  # noqa: BLE001 - the top of a message: the station hears InternalError, others nothing
            self._fail(call, text, now, error)

    def _may_speak(self, memories: Memories, action: str) -> bool:
        triggered = self._triggered
        if not self._home.may_speak(memories, action, triggered or ()):
            return False
        if triggered is not None:
            triggered.discard(action)
        return True

    def _commit_answer(
        self,
        call: CallReceived | SendReceived,
        read: Read,
        reply: object,
        work: Work,
        text: str,
        now: datetime,
        started: float,
    ) -> None:
        home = self._home
        if call.action == BOOT and self.memories is not None:
            self.quirks = home.quirks_of(self.memories)
        answers = type(call) is CallReceived
        payload = read.write(reply) if answers else b""
        took_us = int((monotonic() - started) * 1e6) if answers else None
        trouble = " ".join(read.mended) if read.mended else ""
        message_id, action = call.message_id, call.action
        answer = payload.decode()
        home.archive(
            work,
            Exchange(self.station_id, now, True, self.protocol, message_id, action, text, answer, took_us, trouble),
        )

        def done(error: BaseException | None) -> None:
            try:
                if error is not None:
                    self._undone(call, text, error)
                elif answers:
                    self._say(self.endpoint.result(message_id, payload))
                home.tally.observe(monotonic() - started)
            finally:
                self._rest()

        home.database.commit(work, done, self.station_id)

    def _undone(self, call: CallReceived | SendReceived, text: str, error: BaseException) -> None:
        """It is not on disk: the station must not believe it is, and memory must not either."""
        reference = uuid4().hex[:12]
        log.error(
            "gateway.not_kept", station=self.station_id, action=call.action, reference=reference, error=repr(error)
        )
        self._home.tally.failed += 1
        self._stale = True
        answer = ""
        if isinstance(call, CallReceived):
            frame = self.endpoint.error(call.message_id, ErrorCode.INTERNAL)
            answer = frame.decode()
            self._say(frame)
        why = f"The database did not take what it says; see {reference} in the log."
        self._archive_alone(call.message_id, call.action, text, answer, why)

    def _fail(self, call: CallReceived | SendReceived, text: str, now: datetime, error: Exception) -> None:
        """A handler could not answer: a bug, or something it needs is away. What it may have changed in memory is
        forgotten."""
        reference = uuid4().hex[:12]
        said = isinstance(error, VoltloomError)
        log.error(
            "gateway.not_handled",
            station=self.station_id,
            action=call.action,
            reference=reference,
            error=repr(error),
            exc_info=None if said else error,
        )
        self._home.tally.failed += 1
        self._stale = True
        code = ErrorCode.SECURITY if isinstance(error, Forbidden) else ErrorCode.INTERNAL
        why = error.reason if isinstance(error, VoltloomError) else f"A mistake of ours; see {reference} in the log."
        self._refuse(call, text, now, code, why)

    def _refuse(self, call: CallReceived | SendReceived, text: str, now: datetime, code: ErrorCode, why: str) -> None:
        """Answer with an error, constant in its text; the reason is in the archive."""
        self._home.tally.refused[code.value] += 1
        answer = ""
        if isinstance(call, CallReceived):
            frame = self.endpoint.error(call.message_id, code)
            answer = frame.decode()
            self._say(frame)
        self._archive_alone(call.message_id, call.action, text, answer, why)
        self._rest()

    def _archive_alone(self, message_id: str, action: str, text: str, answer: str, trouble: str) -> None:
        at = datetime.now(UTC)
        exchange = Exchange(self.station_id, at, True, self.protocol, message_id, action, text, answer, None, trouble)
        keep(self._home, exchange)

    # ---- reports of our own

    def _handle_own(self, report: Report[Any], done: Callable[[BaseException | None], None]) -> None:
        """Handle and commit a report that the station did not send; `done` as of a commit."""
        home = self._home
        work = Work()
        if isinstance(report, LinkOpened | LinkClosed):
            for notice in self.notices:
                work.tell(notice)
            self.notices = []
        memories = self.memories
        assert memories is not None
        context = StationContext(home.database, home.stations, datetime.now(UTC), work, self.station_id, "", memories)

        def finish(reply: object) -> None:
            home.database.commit(work, done, self.station_id)

        def fail(error: Exception) -> None:
            log.error("gateway.not_handled", station=self.station_id, report=type(report).__name__, exc_info=error)
            self._stale = True
            done(error)

        try:
            reply, waiting = handle(home.handlers, context, (report,))
            if waiting is None:
                finish(reply)
            else:
                home.run(go_on(waiting, finish, fail))
        except Exception as error:  # noqa: BLE001 - as in _work_on
            fail(error)

    async def tell(self, report: Report[Any]) -> None:
        """Have a report handled in its turn. Raises Unreachable where the link ends before."""
        if self.ending is not None:
            raise self._unreachable()
        handled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wait(_Told(report, handled))
        self._proceed()
        await handled

    def _take_up(self, told: _Told) -> None:
        self._busy = True

        def done(error: BaseException | None) -> None:
            if error is not None:
                self._stale = True
            if not told.handled.done():
                if error is None:
                    told.handled.set_result(None)
                else:
                    told.handled.set_exception(error)
            self._rest()

        self._handle_own(told.report, done)

    # ---- calling

    async def call(self, action: str, payload: bytes, timeout_s: float) -> Payload:
        """See `Calls.call`."""
        return await self._calls.call(action, payload, timeout_s)

    def look(self) -> Link:
        return Link(
            self.station_id,
            self.address,
            self.protocol,
            self.profile.value,
            self.opened_at,
            monotonic() - self.heard_at,
            self.rtt_s,
            self.messages_in,
            self.messages_out,
        )

    def expect(self, action: str) -> None:
        """The station was asked to send this: it may, also before it is accepted."""
        if self._triggered is None:
            self._triggered = set()
        self._triggered.add(action)

    # ---- time

    def tick(self, now: float) -> None:
        """About once a second."""
        limits = self._home.limits
        if self.ending is not None:
            return
        self.socket.forgive()
        self._calls.expire(now)
        if self._unwritable_since is not None and now - self._unwritable_since > limits.write_s:
            self._lose(f"did not read what it was sent for {limits.write_s:g} s")
        elif now - self.heard_at > limits.silent_s and not self._paused:
            self._lose(f"silent for {limits.silent_s:g} s")
        elif now - max(self.heard_at, self._pinged_at or 0.0) > limits.ping_every_s:
            self._pinged_at = now
            self.socket.ping()

    def _lose(self, reason: str) -> None:
        """It is not there any more, or as good as."""
        self._home.tally.lost += 1
        self.end(POLICY, reason)
        self.socket.abort()

    def signed(self, pong: bool) -> None:
        now = self.heard_at = monotonic()
        if pong and self._pinged_at is not None:
            self.rtt_s = now - self._pinged_at
            self._pinged_at = None

    def writable(self, yes: bool) -> None:
        """Whoever does not read what we write is not read either."""
        if yes:
            self._unwritable_since = None
            if self.ending is None:
                self._proceed()
        elif self._unwritable_since is None:
            self._unwritable_since = monotonic()
            self._paused = True
            self.socket.pause_reading()
