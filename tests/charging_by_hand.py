"""A station that charges, answered by all features that have a say in it; and the routes of those features."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from routes_by_hand import app_of, routed
from stations_by_hand import ADA, CONFIG, CP, NOW, Caller, Network
from voltloom.domain.events import Event
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.metering import Context, Sample
from voltloom.domain.reports import Report, SamplesReported, TransactionReply, TransactionReported
from voltloom.domain.token import IdToken, TokenKind
from voltloom.domain.transaction import Phase, StopReason
from voltloom.features import (
    authorization,
    battery_swap,
    charging_profiles,
    conformance,
    contracts,
    der,
    display,
    jobs,
    limits,
    load,
    local_authorization,
    monitoring,
    overview,
    payments,
    reservations,
    settings,
    sites,
    stations,
    tariffs,
    transactions,
    uptime,
)
from voltloom.features.access import Actor, Role
from voltloom.features.authorization import Token
from voltloom.features.feature import Memories, StationContext, handlers_of
from voltloom.features.stations import NewStation
from voltloom.features.transactions import get_transaction
from voltloom.features.transactions.rules import Transaction
from voltloom.infra.database import Database, Work
from voltloom.infra.keys import Envelope

ReplyT = TypeVar("ReplyT")

CARD = IdToken("04A2B3", TokenKind.ISO14443)
FEATURES = (
    stations.feature(replace(CONFIG, gatekeepers=settings.feature.gatekeepers)),
    sites.feature,
    monitoring.feature,
    settings.feature,
    uptime.feature,
    authorization.feature,
    contracts.feature(),
    transactions.feature,
    tariffs.feature,
    payments.feature(Envelope({"1": bytes(32)}, "1")),
    reservations.feature,
    display.feature,
    charging_profiles.feature,
    der.feature,
    battery_swap.feature,
    local_authorization.feature,
    limits.feature,
    conformance.feature(),
    jobs.feature,
    load.feature(),
    overview.feature,
)
HANDLERS = handlers_of(FEATURES)
MEMORIES = [memory for feature in FEATURES for memory in feature.memories]


@dataclass
class Station:
    """Connected. Its reports are handled in order and committed, as a gateway does it.

    waited   how many of its reports took a coroutine
    """

    database: Database
    id: StationId = CP
    now: datetime = NOW
    network: Network = field(default_factory=Network)
    told: list[Event] = field(default_factory=list)
    waited: int = 0
    memories: Memories | None = None

    async def connect(self) -> "Station":
        """Anew: what it knew is read from the database."""
        loaded = await self.database.read(lambda connection: Memories.load(MEMORIES, connection, [self.id]))
        self.memories = loaded[self.id]
        return self

    async def says(self, report: Report[ReplyT], after: timedelta = timedelta(0)) -> ReplyT:
        self.now += after
        assert self.memories is not None
        work = Work()
        ctx = StationContext(self.database, self.network, self.now, work, self.id, "m1", self.memories)
        reply = HANDLERS[type(report)](ctx, report)
        if inspect.isawaitable(reply):
            self.waited += 1
            reply = await reply
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: BaseException | None) -> None:
            committed.set_exception(error) if error else committed.set_result(None)

        self.told += work.events  # type: ignore[arg-type]
        self.database.commit(work, done, self.id)
        await committed
        return reply

    def heard(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    # ---- 1.6

    async def starts(
        self, evse: int = 1, token: IdToken = CARD, meter_wh: float = 1_000, at: datetime | None = None
    ) -> TransactionReply:
        place = Place(evse, 1)
        return await self.says(
            TransactionReported(Phase.STARTED, None, at or self.now, place, token=token, meter_start_wh=meter_wh)
        )

    async def stops(
        self, transaction_id: str, meter_wh: float = 2_000, token: IdToken | None = CARD, at: datetime | None = None
    ) -> TransactionReply:
        return await self.says(
            TransactionReported(
                Phase.ENDED,
                TransactionId(transaction_id),
                at or self.now,
                token=token,
                meter_stop_wh=meter_wh,
                stop_reason=StopReason.LOCAL,
            )
        )

    async def meters(
        self, transaction_id: str | None, wh: float, power_w: float = 7_400, evse: int = 1, at: datetime | None = None
    ) -> None:
        named = TransactionId(transaction_id) if transaction_id is not None else None
        sample = Sample(at or self.now, energy_wh=wh, power_w=power_w)
        await self.says(SamplesReported(Place(evse, 1), (sample,), named))

    # ---- 2.x

    async def tells(
        self, phase: Phase, transaction_id: str, sequence: int, wh: float | None = None, **fields: Any
    ) -> TransactionReply:
        context = {Phase.STARTED: Context.BEGIN, Phase.ENDED: Context.END}.get(phase, Context.PERIODIC)
        at = fields.pop("at", self.now)
        samples = (Sample(at, context, energy_wh=wh),) if wh is not None else ()
        named = TransactionId(transaction_id)
        fields = {"place": Place(1, 1), "samples": samples} | fields
        return await self.says(TransactionReported(phase, named, at, sequence=sequence, **fields))

    async def transaction(self, transaction_id: str) -> Transaction:
        """As the database has it."""
        return await get_transaction(self.caller, self.id, TransactionId(transaction_id))

    @property
    def caller(self) -> Caller:
        return Caller(self.database, self.network, self.now)


async def a_station(database: Database, *cards: Token, station_id: StationId = CP) -> Station:
    """Registered and connected, in a network that knows these cards; CARD, where none are given."""
    caller = Caller(database)
    await stations.add_station(caller, CONFIG, NewStation(station_id))
    for card in cards or (Token(CARD.value, CARD.kind),):
        await authorization.add_token(caller, card)
    return await Station(database, station_id).connect()


@dataclass
class Api:
    client: httpx.AsyncClient
    database: Database
    network: Network
    role: Role = Role.ADMIN

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(path, params=query)


@cache
def _shared_routes() -> FastAPI:
    return routed(FEATURES)


@asynccontextmanager
async def charging_api(database: Database) -> AsyncIterator[Api]:
    network = Network()
    app = app_of(_shared_routes(), database, network, lambda: Actor("person", ADA.id, ADA.name, whole.role.scopes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://voltloom") as client:
        whole = Api(client, database, network)
        yield whole
