"""The other nodes of a cluster: what ours asks of them about a station that they hold, and they of ours."""

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog

from voltloom.domain.errors import TimedOut, Unreachable, VoltloomError
from voltloom.domain.ids import StationId
from voltloom.entrypoints.gateway import relay
from voltloom.entrypoints.gateway.asking import converse
from voltloom.entrypoints.gateway.session import Session
from voltloom.entrypoints.gateway.websocket import GOING_AWAY, POLICY
from voltloom.infra.bus import Bus, NoResponder

log = structlog.get_logger(__name__)

_YIELD_S = 5.0


class Nodes:
    """bus None: there are none."""

    def __init__(self, bus: Bus | None, node: str) -> None:
        self._bus = bus
        self._node = node

    async def request(self, station_id: StationId, message: bytes, timeout_s: float) -> bytes:
        """The reply of the node that holds the station. Raises Unreachable, TimedOut."""
        if self._bus is None:
            raise Unreachable(f"{station_id} is not connected")
        try:
            # In a task: a report's handler may ask, and is not run in one.
            return await asyncio.get_running_loop().create_task(
                _awaited(self._bus.request(subject(station_id), message, timeout_s))
            )
        except NoResponder as error:
            raise Unreachable(f"{station_id} is not connected") from error
        except TimeoutError as error:
            raise TimedOut(f"the node that holds {station_id} did not answer within {timeout_s:g} s") from error

    async def take_over(self, session: Session) -> None:
        """Have other nodes let go of the station, then be the one that is asked."""
        bus = self._bus
        if bus is None:
            return
        try:
            await bus.request(f"{subject(session.station_id)}.yield", self._node.encode(), _YIELD_S)
        except NoResponder:
            pass
        except TimeoutError:
            log.warning("gateway.no_yield", station=session.station_id)

        async def relayed(_: str, message: bytes) -> bytes | None:
            return await self._relayed(session, message)

        async def yielding(_: str, message: bytes) -> bytes | None:
            if message.decode() == self._node:
                return None
            session.end(POLICY, "connected anew at another node", replaced=True)
            await session.finished()
            return b"yielded"

        undo = [
            await bus.subscribe(subject(session.station_id), relayed),
            await bus.subscribe(f"{subject(session.station_id)}.yield", yielding),
        ]

        def unsubscribe() -> None:
            for leave in undo:
                leave()

        if session.ending is None:
            session.unsubscribe = unsubscribe
        else:
            unsubscribe()

    async def _relayed(self, session: Session, message: bytes) -> bytes:
        asked = relay.decode_request(message)
        try:
            match asked.name:
                case "refresh":
                    session.forget()
                    return relay.encode_outcome(None)
                case "disconnect":
                    session.end(GOING_AWAY, msgspec.json.decode(asked.body, type=str))
                    return relay.encode_outcome(None)
                case "look":
                    return relay.encode_outcome(session.look())
                case _:
                    return relay.encode_outcome(await converse(session, relay.decode_command(asked), asked.timeout_s))
        except VoltloomError as error:
            return relay.encode_error(error)


def subject(station_id: StationId) -> str:
    """Identities may hold dots and stars, which mean something in subjects."""
    return "station." + base64.urlsafe_b64encode(station_id.encode()).decode().rstrip("=")


async def _awaited(request: Coroutine[Any, Any, bytes]) -> bytes:
    return await request
