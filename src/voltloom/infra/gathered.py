"""Reads by a key: those asked for in one turn of the event loop are one query.

When a thousand stations come back at once, a thousand queries would cost a thousand changes of threads.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy import Connection

from voltloom.infra.database import Database

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Gathered(Generic[KeyT, ValueT]):
    """read: of many keys; what it does not give is None. It begins after whoever asks has asked, so that it sees all
    that was committed before."""

    def __init__(self, read: Callable[[Connection, Sequence[KeyT]], Mapping[KeyT, ValueT]]) -> None:
        self._read = read
        self._waiting: dict[Database, list[tuple[KeyT, asyncio.Future[ValueT | None]]]] = {}

    def ask(self, database: Database, key: KeyT) -> "asyncio.Future[ValueT | None]":
        """Raises what the query raises, when awaited."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ValueT | None] = loop.create_future()
        waiting = self._waiting.get(database)
        if waiting is None:
            self._waiting[database] = [(key, answer)]
            loop.call_soon(self._begin, database)
        else:
            waiting.append((key, answer))
        return answer

    def _begin(self, database: Database) -> None:
        waiting = self._waiting.pop(database)
        keys = list({key: None for key, _ in waiting})
        reading = asyncio.ensure_future(database.read(lambda connection: self._read(connection, keys)))
        reading.add_done_callback(partial(_give, waiting))


def _give(
    waiting: Sequence[tuple[KeyT, "asyncio.Future[ValueT | None]"]], reading: "asyncio.Future[Mapping[KeyT, ValueT]]"
) -> None:
    if reading.cancelled():
        for _, answer in waiting:
            answer.cancel()
        return
    error = reading.exception()
    for key, answer in waiting:
        if answer.done():
            continue
        if error is None:
            answer.set_result(reading.result().get(key))
        else:
            answer.set_exception(error)
