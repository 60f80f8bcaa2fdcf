"""The tables of jobs and the statements on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.features.jobs.rules import ItemState, JobState
from voltloom.infra.database import Json, UtcTime, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("command", String(60), nullable=False),
    Column("request", Json, nullable=False, comment="what is asked; without secrets once it is over"),
    Column("shown", Json, nullable=False, comment="likewise, without secrets"),
    Column("state", String(20), nullable=False),
    Column("actor_kind", String(20), nullable=False),
    Column("actor_id", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("address", String(100), nullable=False),
    Column("timeout_s", Integer, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Index("ix_jobs_asked_at", "asked_at", "id"),
)
items = Table(
    "job_items",
    metadata,
    Column("job_id", String(40), primary_key=True),
    Column("station_id", String(48), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("outcome", String(500), nullable=False),
    Column("answer", Text, nullable=False, comment="JSON"),
    Column("at", UtcTime, nullable=True),
    Index("ix_job_items_job_id_state", "job_id", "state", "station_id"),
)

_OPEN = jobs.c.state.in_((JobState.WAITING.value, JobState.RUNNING.value))


def add(connection: Connection, values: Mapping[str, Any], stations: Sequence[StationId]) -> None:
    connection.execute(insert(jobs), values)
    rows = [
        {
            "job_id": values["id"],
            "station_id": station_id,
            "state": ItemState.WAITING.value,
            "outcome": "",
            "answer": "null",
            "at": None,
        }
        for station_id in stations
    ]
    connection.execute(insert(items), rows)


def get(connection: Connection, job_id: str) -> RowMapping | None:
    return connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().one_or_none()


def count_open(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(jobs).where(_OPEN)).scalar_one()


def set_state(connection: Connection, job_id: str, state: JobState, **values: object) -> bool:
    """False where it was over already."""
    query = update(jobs).where(jobs.c.id == job_id, _OPEN).values(state=state.value, **values)
    return connection.execute(query).rowcount == 1


def find(connection: Connection, before: tuple[datetime, str] | None, limit: int) -> Sequence[RowMapping]:
    """The latest first."""
    query = select(jobs).order_by(jobs.c.asked_at.desc(), jobs.c.id.desc()).limit(limit)
    if before is not None:
        at, job_id = before
        query = query.where((jobs.c.asked_at < at) | ((jobs.c.asked_at == at) & (jobs.c.id < job_id)))
    return connection.execute(query).mappings().all()


def counts(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many stations are in each state, by job."""
    query = (
        select(items.c.job_id, items.c.state, func.count())
        .where(items.c.job_id.in_(list(ids)))
        .group_by(items.c.job_id, items.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for job_id, state, number in connection.execute(query):
        found.setdefault(job_id, {})[state] = number
    return found


def stations_in(connection: Connection, job_id: str, state: ItemState, limit: int) -> list[StationId]:
    query = select(items.c.station_id).where(items.c.job_id == job_id, items.c.state == state.value)
    return [StationId(id_) for id_ in connection.execute(query.order_by(items.c.station_id).limit(limit)).scalars()]


def find_items(
    connection: Connection, job_id: str, states: Sequence[ItemState], after: str, limit: int
) -> Sequence[RowMapping]:
    """By station."""
    query = select(items).where(items.c.job_id == job_id, items.c.station_id > after)
    if states:
        query = query.where(items.c.state.in_([state.value for state in states]))
    return connection.execute(query.order_by(items.c.station_id).limit(limit)).mappings().all()


def take_item(connection: Connection, job_id: str, station_id: StationId, at: datetime) -> bool:
    """It is asked now; False where it no longer waits."""
    query = update(items).where(
        items.c.job_id == job_id, items.c.station_id == station_id, items.c.state == ItemState.WAITING.value
    )
    return connection.execute(query.values(state=ItemState.ASKING.value, at=at)).rowcount == 1


def set_item(
    connection: Connection,
    job_id: str,
    station_id: StationId,
    state: ItemState,
    at: datetime,
    outcome: str = "",
    answer: str = "null",
) -> None:
    connection.execute(
        update(items)
        .where(items.c.job_id == job_id, items.c.station_id == station_id)
        .values(state=state.value, outcome=outcome[:500], answer=answer, at=at)
    )


def set_items(connection: Connection, job_id: str, was: ItemState, state: ItemState, at: datetime, outcome: str) -> int:
    """All that are in the state `was`."""
    query = update(items).where(items.c.job_id == job_id, items.c.state == was.value)
    return connection.execute(query.values(state=state.value, outcome=outcome, at=at)).rowcount


def prune(connection: Connection, before: datetime) -> None:
    old = select(jobs.c.id).where(jobs.c.ended_at < before)
    connection.execute(delete(items).where(items.c.job_id.in_(old)))
    connection.execute(delete(jobs).where(jobs.c.ended_at < before))
