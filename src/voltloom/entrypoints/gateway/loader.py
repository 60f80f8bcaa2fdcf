"""Reads what is remembered of stations as they connect."""

import asyncio
from typing import Any

from voltloom.domain.ids import StationId
from voltloom.features.feature import Memories, Memory
from voltloom.infra.database import Database

_LOADED_AT_ONCE = 500
_COMPANY_S = 0.01
"""A read of memories costs as much as thirty stations in it: in a rush they wait this long for each other."""


class Loader:
    """Reads memories for all that ask at about the same time with one query a feature: thousands reconnect at once."""

    def __init__(self, database: Database, memories: tuple[Memory[Any], ...]) -> None:
        self._database = database
        self._memories = memories
        self._wanted: dict[StationId, list[asyncio.Future[Memories]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def load(self, station_id: StationId) -> Memories:
        loaded: asyncio.Future[Memories] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(station_id, []).append(loaded)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return await loaded

    async def _read(self) -> None:
        try:
            rush = False
            while self._wanted:
                if rush and len(self._wanted) < _LOADED_AT_ONCE:
                    await asyncio.sleep(_COMPANY_S)
                rush = True
                ids = list(self._wanted)[:_LOADED_AT_ONCE]
                waiting = {station_id: self._wanted.pop(station_id) for station_id in ids}
                try:
                    found = await self._database.read(
                        lambda connection, ids=ids: Memories.load(self._memories, connection, ids)
                    )
                except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
                    for loaded in (one for all_of_it in waiting.values() for one in all_of_it):
                        if not loaded.done():
                            loaded.set_exception(error)
                else:
                    for station_id, futures in waiting.items():
                        for loaded in futures:
                            if not loaded.done():
                                loaded.set_result(found[station_id])
        finally:
            self._reading = None
