"""A real HTTP server on a free port, over a real database, and a client that speaks to its socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import pytest
import structlog
import structlog.testing

from databases import furnish
from harness import TRUSTS_NOBODY
from voltloom.domain.commands import Command
from voltloom.domain.errors import Unreachable
from voltloom.domain.events import AuditNoted, ConnectorStatusChanged, StationConnected, TransactionUpdated
from voltloom.domain.ids import StationId
from voltloom.entrypoints.http import HttpServer, HttpSettings, NetworkSummary, Services
from voltloom.features import access
from voltloom.features.access import Access, Passwords, first_link, new_local_token
from voltloom.features.access.second_factor import SecondFactors
from voltloom.features.feature import Feature
from voltloom.infra.database import Database, open_database
from voltloom.infra.journal import Journal
from voltloom.infra.keys import Envelope

OutcomeT = TypeVar("OutcomeT")


class NoStations:
    """A node on which no station is connected."""

    async def ask(self, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0) -> OutcomeT:
        raise Unreachable(f"{station_id} is not connected")

    async def refresh(self, station_id: StationId) -> None: ...

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        return False

    async def look(self, station_id: StationId) -> None:
        return None


async def quiet_network() -> NetworkSummary:
    return NetworkSummary(3, 2, 1, 7400.0, 1.5, 1.25, {"ocpp1.6": 2}, {"Available": 1, "Charging": 1})


@dataclass
class Serving:
    server: HttpServer
    database: Database
    journal: Journal
    local_token: str
    access: Access

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=TRUSTS_NOBODY, base_url=self.server.url, headers=headers, timeout=20)

    def as_local(self) -> httpx.AsyncClient:
        return self.client(authorization=f"Bearer {self.local_token}")

    @asynccontextmanager
    async def as_admin(self) -> AsyncIterator[httpx.AsyncClient]:
        """Signed in with the first link; sends the CSRF token."""
        token = await first_link(self.database, datetime.now(UTC))
        async with self.client() as client:
            answer = await client.post("/api/v1/session/link", json={"link": token})
            assert answer.status_code == 201, answer.text
            client.headers["x-csrf-token"] = answer.json()["csrf_token"]
            yield client


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, object]]]:
    """What was logged."""
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as entries:
        yield entries


ServeHttp = Callable[..., AbstractAsyncContextManager[Serving]]


@pytest.fixture
def serve_http(database_url: str) -> ServeHttp:
    return _serving(database_url)


@pytest.fixture
def serve_sqlite(sqlite_url: str) -> ServeHttp:
    return _serving(sqlite_url)


def _serving(url: str) -> ServeHttp:
    @asynccontextmanager
    async def serving(
        *more: Feature, settings: HttpSettings | None = None, ready: dict[str, Callable[[], object]] | None = None
    ) -> AsyncIterator[Serving]:
        journal = Journal((AuditNoted, StationConnected, ConnectorStatusChanged, TransactionUpdated), node="test")
        await furnish(url)
        database = await open_database(url, journal=journal)
        await journal.start(database)
        token = new_local_token()
        # The cheapest hashing argon2 knows: what is tested is who gets in, not how long it takes.
        service = Access(
            database,
            SecondFactors(Envelope({"1": bytes(32)}, "1")),
            local_token=token,
            passwords=Passwords(time_cost=1, memory_kib=64),
        )
        services = Services(database, NoStations(), service, journal, quiet_network, ready or {})
        server = HttpServer([access.feature, *more], services, settings or HttpSettings(port=0))
        await server.start()
        try:
            yield Serving(server, database, journal, token, service)
        finally:
            await server.stop()
            service.close()
            await journal.stop()
            await database.close()

    return serving


async def wait_for(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)
