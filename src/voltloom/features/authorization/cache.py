"""Tokens that were looked at lately, in memory, so that a car that starts to charge costs no database read.

One cache a database. An entry lives a minute, and is forgotten at once when an event says that it changed, on any
node: `follower` is to follow the journal.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from voltloom.domain.events import TokenChanged, TransactionEnded, TransactionStarted
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.authorization.rules import Known, Use
from voltloom.infra.database import Database

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

LIFETIME = timedelta(seconds=60)
MOST = 100_000
"""About 100 MB when full."""


class Recent(Generic[KeyT, ValueT]):
    """A mapping that keeps only what was used last."""

    def __init__(self, most: int) -> None:
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._most = most

    def get(self, key: KeyT) -> ValueT | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def pop(self, key: KeyT) -> ValueT | None:
        return self._values.pop(key, None)

    def clear(self) -> None:
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)


class TokenCache:
    """`changes` counts what was forgotten: what was read before a change must not be put in after it."""

    def __init__(self, most: int = MOST) -> None:
        self._known: Recent[str, tuple[Known, datetime]] = Recent(most)
        self._keys_by_use: Recent[tuple[StationId, TransactionId], str] = Recent(most)
        self.changes = 0

    def get(self, key: str, now: datetime) -> Known | None:
        entry = self._known.get(key)
        if entry is None or now >= entry[1]:
            return None
        return entry[0]

    def put(self, key: str, known: Known, now: datetime, changes: int) -> None:
        if changes != self.changes:
            return
        self._known.put(key, (known, now + LIFETIME))
        for use in known.uses:
            self._keys_by_use.put((use.station_id, use.transaction_id), key)

    def forget(self, key: str) -> None:
        """`*`: all."""
        self.changes += 1
        if key == "*":
            self._known.clear()
        else:
            self._known.pop(key)

    def begin_use(self, key: str, use: Use) -> None:
        self._keys_by_use.put((use.station_id, use.transaction_id), key)
        entry = self._known.get(key)
        if entry is None:
            return
        known, until = entry
        if not any((u.station_id, u.transaction_id) == (use.station_id, use.transaction_id) for u in known.uses):
            self._known.put(key, (replace(known, uses=(*known.uses, use)), until))

    def end_use(self, station_id: StationId, transaction_id: TransactionId) -> None:
        key = self._keys_by_use.pop((station_id, transaction_id))
        entry = self._known.get(key) if key is not None else None
        if key is None or entry is None:
            return
        known, until = entry
        left = tuple(use for use in known.uses if (use.station_id, use.transaction_id) != (station_id, transaction_id))
        self._known.put(key, (replace(known, uses=left), until))

    def __len__(self) -> int:
        return len(self._known)


_caches: Recent[str, TokenCache] = Recent(64)


def cache_of(database: Database) -> TokenCache:
    cache = _caches.get(database.url)
    if cache is None:
        cache = TokenCache()
        _caches.put(database.url, cache)
    return cache


FOLLOWED = (TokenChanged, TransactionStarted, TransactionEnded)
"""The events that `follower` wants."""


def follower(database: Database) -> Callable[[int | None, object], None]:
    """What `Journal.follow` is to call, so that this node hears what changed on the others."""
    cache = cache_of(database)

    def heard(number: int | None, event: object) -> None:
        match event:
            case TokenChanged():
                cache.forget(event.value)
            case TransactionStarted(token=token) if token:
                cache.begin_use(token.upper(), Use(event.station_id, event.transaction_id, event.at))
            case TransactionEnded():
                cache.end_use(event.station_id, event.transaction_id)
            case _:
                pass

    return heard
