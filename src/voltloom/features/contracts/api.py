"""Routes of the pool that contracts of vehicles are fetched from."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection, RowMapping

from voltloom.domain.errors import Conflict
from voltloom.domain.ids import StationId
from voltloom.features.access import note
from voltloom.features.api import After, Body, Limit, Page, cursor, position
from voltloom.features.contracts import store
from voltloom.features.contracts.pool import Pool
from voltloom.features.contracts.rules import Outcome
from voltloom.features.stations.api.shared import Command, Read
from voltloom.infra.database import Work

DAY = timedelta(days=1)


class ContractPoolOut(Body):
    url: str = Field(description="of the setting `contract_pool_url`; empty: no vehicle gets a contract here")
    has_token: bool = Field(description="`contract_pool_token_file` is set")
    given: int = Field(description="contracts, in the last 24 hours")
    refused: int = Field(description="without asking the pool")
    failed: int = Field(description="the pool had none, or did not answer as it should")
    last_given_at: datetime | None
    last_failed_at: datetime | None


class ContractPoolTestOut(Body):
    reached: bool = Field(description="somebody is there, who lets us in")
    http_status: int | None = Field(description="null: nobody answered")
    reason: str
    took_ms: int


class ContractRequestOut(Body):
    number: int
    station_id: str
    at: datetime
    action: str = Field(description="Install or Update")
    schema_version: str = Field(description="of ISO 15118, by which the vehicle speaks")
    outcome: Outcome
    reason: str
    took_ms: int

    @staticmethod
    def of(row: RowMapping) -> "ContractRequestOut":
        said = {name: row[name] for name in ContractRequestOut.model_fields}
        return ContractRequestOut.model_validate(said | {"outcome": Outcome(row["outcome"])})


def router(pool: Pool | None) -> APIRouter:
    """The address is a setting and stays one: the token beside it would go to whatever address a caller chose."""
    routes = APIRouter(tags=["certificates"])

    @routes.get("/contract-pool", summary="The pool that vehicles get their contracts from (ISO 15118)")
    async def get_contract_pool(call: Read) -> ContractPoolOut:
        counted = await call.database.read(lambda connection: store.tally(connection, call.now - DAY))
        return ContractPoolOut(
            url=pool.shown_url if pool else "",
            has_token=pool is not None and pool.token_file is not None,
            **counted._asdict(),
        )

    @routes.post(
        "/contract-pool/test",
        summary="Is it there, and does it let us in?",
        responses={409: {"description": "There is none."}},
    )
    async def test_contract_pool(call: Command) -> ContractPoolTestOut:
        """No contract is asked for."""
        if pool is None:
            raise Conflict("no pool of charging contracts is configured: set contract_pool_url")
        found, url = await pool.test(), pool.shown_url
        outcome = "done" if not found.reason else found.reason

        def keep(connection: Connection, work: Work) -> None:
            note(connection, work, call.actor, "contract_pool.test", url, outcome, call.now)

        await call.database.write(keep)
        return ContractPoolTestOut(
            reached=not found.reason, http_status=found.status, reason=found.reason, took_ms=found.took_ms
        )

    @routes.get("/contract-requests", summary="What vehicles asked of the pool and got, the latest first")
    async def list_contract_requests(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        outcome: Annotated[Outcome | None, Query()] = None,
    ) -> Page[ContractRequestOut]:
        """Kept for 90 days, without what passed."""
        start = position(after, tuple[int])
        station = StationId(station_id) if station_id is not None else None
        rows = await call.database.read(
            lambda connection: store.find(connection, station, outcome, start[0] if start else None, limit + 1)
        )
        more = cursor(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(items=[ContractRequestOut.of(row) for row in rows[:limit]], next=more)

    return routes
