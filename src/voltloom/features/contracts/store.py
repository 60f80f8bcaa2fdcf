"""What was asked of the pool of contracts for vehicles, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Identity,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    case,
    delete,
    func,
    select,
)

from voltloom.domain.ids import StationId
from voltloom.features.contracts.rules import Outcome
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Statement, UtcTime, metadata, upsert

requests = Table(
    "contract_requests",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("action", String(10), nullable=False, comment="Install or Update"),
    Column("schema_version", String(100), nullable=False, comment="of ISO 15118"),
    Column("outcome", String(20), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("took_ms", Integer, nullable=False),
    # A message that is answered again is one request.
    Index("uq_contract_requests_message", "station_id", "message_id", "at", unique=True),
    Index("ix_contract_requests_at", "at"),
)
_COLUMNS = tuple(each.name for each in requests.columns if each.name != "number")
ADD = Statement(upsert(requests, ("station_id", "message_id", "at")), _COLUMNS)


def find(
    connection: Connection,
    station_id: StationId | None,
    outcome: Outcome | None,
    before: int | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The latest first."""
    c = requests.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if outcome is not None:
        conditions.append(c.outcome == outcome.value)
    if before is not None:
        conditions.append(c.number < before)
    query = select(requests).where(*conditions).order_by(c.number.desc()).limit(limit)
    return connection.execute(query).mappings().all()


class Tally(NamedTuple):
    given: int
    refused: int
    failed: int
    last_given_at: datetime | None
    last_failed_at: datetime | None


def tally(connection: Connection, since: datetime) -> Tally:
    """Of all stations; the counts since then."""
    c = requests.c

    def count(outcome: Outcome) -> ColumnElement[int]:
        return func.count(case(((c.outcome == outcome.value) & (c.at >= since), 1)))

    def last(outcome: Outcome) -> ColumnElement[Any]:
        return func.max(case((c.outcome == outcome.value, c.at)), type_=UtcTime())

    row = connection.execute(
        select(
            *(count(each) for each in (Outcome.GIVEN, Outcome.REFUSED, Outcome.FAILED)),
            last(Outcome.GIVEN),
            last(Outcome.FAILED),
        )
    ).one()
    return Tally(*row)


def prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(requests).where(requests.c.at < before))
