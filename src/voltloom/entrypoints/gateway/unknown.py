"""Fields of stations' messages that the standard does not know (C14: passed over, and counted).

Looking for them costs as much as all else that is done with a message, so the first message of each kind of each
station is looked at, a few at a time, after it was answered.
"""

from collections import deque

import msgspec
import structlog

from voltloom.entrypoints.gateway.home import Exchange
from voltloom.entrypoints.gateway.tally import Tally
from voltloom.protocols.ocpp.explain import unknown_fields

log = structlog.get_logger(__name__)

_MOST_WAITING = 1_000
_MOST_KINDS = 100_000
_AT_ONCE = 5
_Frame = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw])


class UnknownFields:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._seen: set[tuple[str, str]] = set()
        self._waiting: deque[Exchange] = deque()
        self._told: set[tuple[str, str]] = set()

    def note(self, exchange: Exchange) -> None:
        """Called for each message."""
        if not exchange.inbound:
            return
        kind = (exchange.station_id, exchange.action)
        if kind in self._seen or len(self._waiting) >= _MOST_WAITING or len(self._seen) >= _MOST_KINDS:
            return
        self._seen.add(kind)
        self._waiting.append(exchange)

    def look(self) -> None:
        """Called many times a second."""
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            self._look_at(self._waiting.popleft())

    def _look_at(self, exchange: Exchange) -> None:
        try:
            *_, payload = _Frame.decode(exchange.call)
            found = unknown_fields(exchange.version, exchange.action, payload)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return  # what is no message of the standard's was told of when it came
        if not found:
            return
        self._tally.unknown_fields[exchange.action] += len(found)
        for path in found[:10]:
            name = path.rpartition(".")[2][:60]
            if (exchange.action, name) not in self._told and len(self._told) < 1_000:
                self._told.add((exchange.action, name))
                log.info("gateway.unknown_field", station=exchange.station_id, action=exchange.action, field=path[:200])
