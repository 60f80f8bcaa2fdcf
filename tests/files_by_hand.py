"""Routes of firmware and logs over a folder of their own, and stations that answer and tell as a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from routes_by_hand import app_of, routed
from signed_firmware import IMAGE, RSA, certificate, signature
from stations_by_hand import CONFIG, CP, Network
from voltloom.domain.commands import Accepted, Answer, Command, FirmwareAnswer
from voltloom.domain.events import Event
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReported, LinkOpened, Report
from voltloom.domain.station import Hardware
from voltloom.features import firmware, logs, sites, stations, transactions
from voltloom.features.access import Actor, Role
from voltloom.features.access.api import Arrival
from voltloom.features.feature import Context, Feature, Memories, StationContext
from voltloom.features.firmware import FirmwareConfig
from voltloom.features.logs import LogsConfig
from voltloom.infra.database import Database, Work
from voltloom.infra.files import FileStore

BASE = "http://voltloom"
YES = FirmwareAnswer(Answer(Accepted.ACCEPTED, "Accepted"), signed=True)
NO = FirmwareAnswer(Answer(Accepted.REJECTED, "Rejected", "Busy", "charging"))


@dataclass
class House:
    """client: of the routes. asked: what stations were asked, in order."""

    database: Database
    client: httpx.AsyncClient
    network: Network
    folder: Path
    features: tuple[Feature, ...]
    told: list[Event] = field(default_factory=list)
    role: Role = Role.ADMIN

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, document: object = None, status: int = 201, **query: Any) -> Any:
        answer = await self.client.post(path, json=document or {}, params=query)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def add_station(
        self, station_id: str = CP, firmware: str = "1.0", vendor: str = "Acme", *, connected: bool = True
    ) -> None:
        await self.post("/stations", {"id": station_id})
        await self.boots(station_id, firmware, vendor)
        if connected:
            now = datetime.now(UTC)
            await self.says(station_id, LinkOpened(now, "192.0.2.7", "ocpp2.0.1", 1, "n1"))

    async def boots(self, station_id: str, firmware: str, vendor: str = "Acme") -> None:
        await self.says(station_id, BootReported(Hardware(vendor, "One", firmware=firmware)))

    async def says(self, station_id: str, report: Report[Any]) -> None:
        memories = [memory for feature in self.features for memory in feature.memories]
        id_ = StationId(station_id)
        loaded = await self.database.read(lambda connection: Memories.load(memories, connection, [id_]))
        work = Work()
        ctx = StationContext(self.database, self.network, datetime.now(UTC), work, id_, "m1", loaded[id_])
        handlers = {each.report: each.handler for feature in self.features for each in feature.answers}
        reply = handlers[type(report)](ctx, report)
        if asyncio.iscoroutine(reply):
            await reply
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.database.commit(
            work, lambda error: committed.set_exception(error) if error else committed.set_result(None), id_
        )
        await committed

    async def passes(self, task: str, now: datetime | None = None) -> None:
        """One beat of a repeating task."""
        (repeating,) = [each for feature in self.features for each in feature.tasks if each.name.endswith(f".{task}")]
        await repeating.handler(Context(self.database, self.network, now or datetime.now(UTC), Work()))

    def answers(self, says: Callable[[StationId, Command[Any]], object] | object) -> None:
        self.network.says = says if callable(says) else lambda station_id, command: says

    async def add_image(self, version: str = "2.0", *, signed: bool = True, **values: str) -> str:
        made = await self.post("/firmware/images", {"version": version, "vendor": "Acme", **by(signed), **values})
        answer = await self.send(made["id"], IMAGE)
        assert answer.status_code == 200, answer.text
        return made["id"]

    async def send(self, image_id: str, content: bytes) -> httpx.Response:
        return await self.client.put(f"/firmware/images/{image_id}/content", content=content)


def by(signed: bool) -> dict[str, str]:
    return {"certificate": SIGNER, "signature": SIGNATURE} if signed else {}


SIGNER, SIGNATURE = certificate(RSA), signature(RSA)


@asynccontextmanager
async def a_house(database: Database, folder: Path) -> AsyncIterator[House]:
    ours = (
        stations.feature(CONFIG),
        sites.feature,
        transactions.feature,
        firmware.feature(FirmwareConfig(FileStore(folder / "firmware"), BASE)),
        logs.feature(LogsConfig(FileStore(folder / "logs"), BASE, most_bytes=1_000)),
    )
    network = Network()
    app = app_of(
        routed(ours),
        database,
        network,
        lambda: Actor("person", "p1", "Ada", house.role.scopes),
        arrival=Arrival("192.0.2.9", False, False, 80),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
        house = House(database, client, network, folder, ours)
        yield house
