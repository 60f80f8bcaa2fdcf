"""A station's reports, answered and committed as a gateway does it, and a network that answers as a test says."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from routes_by_hand import app_of, routed
from voltloom.domain.commands import Command
from voltloom.domain.errors import Unreachable
from voltloom.domain.events import Event
from voltloom.domain.ids import StationId
from voltloom.domain.reports import Report
from voltloom.features import sites, stations
from voltloom.features.access import Actor, Role
from voltloom.features.feature import Feature, Link, Memories, StationContext
from voltloom.features.stations import NewStation, StationsConfig, Vocabulary, add_station, remembered
from voltloom.features.stations.credentials import Passwords
from voltloom.infra.database import Database, Work

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CP = StationId("CP-7")
ReplyT = TypeVar("ReplyT")
OutcomeT = TypeVar("OutcomeT")

CONFIG = StationsConfig(
    passwords=Passwords(b"k" * 32),
    public_urls=("ws://127.0.0.1:9000/ocpp", "wss://csms.example.com:9443/ocpp"),
    vocabulary={"ocpp2.0.1": Vocabulary(frozenset({"unlock", "reset"}), ("Reset",))}.get,
)

ADA = Actor("person", "p1", "Ada", Role.ADMIN.scopes)


@dataclass
class Network:
    """Connected stations. `says`: what a station answers to a command, or raises."""

    says: Callable[[StationId, Command[Any]], object] | None = None
    asked: list[tuple[StationId, Command[Any]]] = field(default_factory=list)
    refreshed: list[StationId] = field(default_factory=list)
    disconnected: list[tuple[StationId, str]] = field(default_factory=list)
    links: dict[StationId, Link] = field(default_factory=dict)

    async def ask(self, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0) -> OutcomeT:
        self.asked.append((station_id, command))
        if self.says is None:
            raise Unreachable(f"{station_id} is not connected")
        answer = self.says(station_id, command)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]  # the test's own matter

    async def refresh(self, station_id: StationId) -> None:
        self.refreshed.append(station_id)

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        self.disconnected.append((station_id, reason))
        return True

    async def look(self, station_id: StationId) -> Link | None:
        return self.links.get(station_id)


@dataclass
class Caller:
    database: Database
    stations: Network = field(default_factory=Network)
    now: datetime = NOW
    actor: Actor = ADA


@dataclass
class Session:
    """One connected station: its reports are answered in order, from memory."""

    database: Database
    feature: Feature
    memories: Memories
    network: Network
    station_id: StationId
    now: datetime = NOW
    told: list[Event] = field(default_factory=list)
    writes: int = 0

    async def says(self, report: Report[ReplyT], after: timedelta = timedelta(0)) -> ReplyT:
        self.now += after
        work = Work()
        ctx = StationContext(self.database, self.network, self.now, work, self.station_id, "m1", self.memories)
        (handler,) = [each.handler for each in self.feature.answers if each.report is type(report)]
        reply = handler(ctx, report)
        if inspect.isawaitable(reply):
            reply = await reply
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: BaseException | None) -> None:
            committed.set_exception(error) if error else committed.set_result(None)

        self.told += work.events  # type: ignore[arg-type]
        self.writes += len(work.writes)
        self.database.commit(work, done, self.station_id)
        await committed
        return reply

    def heard(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]


async def connect(database: Database, station_id: StationId = CP, config: StationsConfig = CONFIG) -> Session:
    loaded = await database.read(lambda connection: Memories.load([remembered], connection, [station_id]))
    return Session(database, stations.feature(config), loaded[station_id], Network(), station_id)


async def registered(database: Database, **values: Any) -> Caller:
    """A caller, and the station CP-7."""
    caller = Caller(database)
    await add_station(caller, CONFIG, NewStation(**{"id": CP, **values}))
    caller.stations.refreshed.clear()
    return caller


@dataclass
class Api:
    """A client of the routes of stations and sites, and what stands behind them."""

    client: httpx.AsyncClient
    database: Database
    network: Network
    role: Role = Role.ADMIN

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(path, params=query)

    async def post(self, path: str, document: object) -> httpx.Response:
        return await self.client.post(path, json=document)

    async def patch(self, path: str, document: object) -> httpx.Response:
        return await self.client.patch(path, json=document)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path)

    async def send(self, path: str, body: bytes) -> httpx.Response:
        return await self.client.post(path, content=body, headers={"content-type": "application/json"})


@cache
def _shared_routes() -> FastAPI:
    return routed((stations.feature(CONFIG), sites.feature))


@asynccontextmanager
async def api(database: Database) -> AsyncIterator[Api]:
    network = Network()
    app = app_of(_shared_routes(), database, network, lambda: Actor("person", "p1", "Ada", whole.role.scopes))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://voltloom") as client:
        whole = Api(client, database, network)
        yield whole
