"""What handshakes know, kept in step with the registry."""

import asyncio
from datetime import datetime

import structlog

from voltloom.domain.errors import Unavailable
from voltloom.domain.events import StationChanged
from voltloom.domain.ids import StationId
from voltloom.entrypoints.gateway.gateway import Gateway
from voltloom.features import certificates, stations
from voltloom.infra.database import Database

LOG = structlog.get_logger(__name__)


class Changes:
    """Keeps what handshakes know in step with the registry, whoever changed it: this node, another, a command line."""

    def __init__(
        self,
        database: Database,
        credentials: stations.Credentials,
        trust: certificates.StationTrust,
        gateway: Gateway,
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._trust = trust
        self._gateway = gateway
        self._changed: dict[StationId, datetime | None] = {}
        """With the time since when its password is another."""
        self._reached: set[StationId] = set()
        """Of these only the door need know: each station that comes for the first time is one."""
        self._something = asyncio.Event()

    def hear(self, _: int | None, told: object) -> None:
        if not isinstance(told, StationChanged):
            return
        if told.change == "reached":
            self._reached.add(told.station_id)
        else:
            since = told.at if told.change == "password" else self._changed.get(told.station_id)
            self._changed[told.station_id] = since
        self._something.set()

    async def run(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            changed, self._changed = self._changed, {}
            reached, self._reached = self._reached, set()
            try:
                await self._credentials.refresh(reached.union(changed))
                if changed:
                    await self._trust.refresh(self._database)
            except Unavailable as error:
                LOG.warning("changed stations could not be read; trying again", reason=error.reason)
                self._changed = changed | self._changed
                self._reached |= reached
                self._something.set()
                await asyncio.sleep(1)
                continue
            for station_id, new_password_at in changed.items():
                link = self._gateway.link(station_id)
                if link is None:
                    continue
                credential = self._credentials.get(station_id)
                if credential is None or not credential.enabled:
                    await self._gateway.disconnect(station_id, "not let in any more")
                elif new_password_at is not None and link.since < new_password_at:
                    await self._gateway.disconnect(station_id, "its password was changed")
                else:
                    self._gateway.forget(station_id)
