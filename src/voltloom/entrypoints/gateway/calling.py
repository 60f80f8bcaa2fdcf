"""What we ask of one station: one call at a time, the others wait their turn; each ends with an answer or a reason."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import cast

from voltloom.domain.errors import StationError, TimedOut, Unreachable, VoltloomError
from voltloom.domain.ids import StationId
from voltloom.entrypoints.gateway.home import Exchange, Home, inert, keep
from voltloom.protocols.ocpp.exchange import Payload
from voltloom.protocols.ocpp.rpc import Endpoint, ErrorReceived, OutgoingCall, ResultReceived


class Calls:
    """The calls of one session. say: sends a frame to the station."""

    __slots__ = ("_endpoint", "_home", "_say", "_station_id")

    def __init__(self, home: Home, station_id: StationId, endpoint: Endpoint, say: Callable[[bytes], None]) -> None:
        self._home = home
        self._station_id = station_id
        self._endpoint = endpoint
        self._say = say

    async def call(self, action: str, payload: bytes, timeout_s: float) -> Payload:
        """The payload of the station's answer. Raises StationError, TimedOut, Unreachable, Conflict (too many wait)."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Payload] = loop.create_future()
        message_id = self._endpoint.call(action, payload, now=monotonic(), timeout_s=timeout_s, tag=answer)
        self._send_next(monotonic())
        # Its own time begins when it is sent; waiting for its turn must end as well.
        waiting = loop.call_later(timeout_s, self._withdraw, message_id, action, answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self._endpoint.withdraw(message_id)
            raise
        finally:
            waiting.cancel()

    def conclude(self, event: ResultReceived | ErrorReceived, text: str, now: float) -> None:
        """A call of ours has been answered: pass it on, archive it, send the next."""
        if isinstance(event, ResultReceived):
            _settle(event.call, event.payload)
            self._archive(event.call, text, now, "")
        else:
            error = self._station_error(event)
            _settle(event.call, error)
            self._archive(event.call, inert(text), now, error.reason)
        self._send_next(now)

    def expire(self, now: float) -> None:
        """Give up on the call that was not answered in time, and send the next."""
        for late in self._endpoint.expire(now):
            self._home.tally.timed_out += 1
            reason = f"{self._station_id} did not answer {late.call.action} within {late.call.timeout_s:g} s"
            _settle(late.call, TimedOut(reason))
            self._archive(late.call, "", now, reason)
            self._send_next(now)

    def abandon(self, error: Unreachable) -> None:
        """The connection is over, and with it all calls."""
        for abandoned in self._endpoint.close():
            _settle(abandoned.call, error)

    def _send_next(self, now: float) -> None:
        for call in self._endpoint.outgoing(now):
            self._home.tally.calls += 1
            self._say(call.frame)

    def _withdraw(self, message_id: str, action: str, answer: "asyncio.Future[Payload]") -> None:
        if self._endpoint.withdraw(message_id) and not answer.done():
            busy = f"{self._station_id} was still busy with what it was asked before: {action} was not sent"
            answer.set_exception(TimedOut(busy))

    def _station_error(self, event: ErrorReceived) -> StationError:
        asked = f"{self._station_id} answered {event.call.action}"
        if not event.spelling:
            return StationError(f"{asked} with what is no answer: {event.text}")
        said = f"{event.spelling}: {event.text}" if event.text else event.spelling
        return StationError(f"{asked} with the error {said}", event.spelling, event.details.decode())

    def _archive(self, call: OutgoingCall, answer: str, now: float, trouble: str) -> None:
        took_us = None if call.sent_at is None or not answer else int((now - call.sent_at) * 1e6)
        exchange = Exchange(
            self._station_id,
            datetime.now(UTC),
            False,
            self._endpoint.version.value,
            call.message_id,
            call.action,
            call.frame.decode(),
            answer,
            took_us,
            trouble,
        )
        keep(self._home, exchange)


def _settle(call: OutgoingCall, answer: Payload | VoltloomError) -> None:
    """Whoever asked may have gone away."""
    future = cast("asyncio.Future[Payload]", call.tag)
    if future.done():
        return
    if isinstance(answer, VoltloomError):
        future.set_exception(answer)
    else:
        future.set_result(answer)
