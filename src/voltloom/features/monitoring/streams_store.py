"""The tables of streams and their values, and the statements on them."""

from collections.abc import Iterator, Sequence
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
    bindparam,
    delete,
    func,
    select,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.infra.database import Statement, UtcTime, metadata, upsert

streams = Table(
    "event_streams",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False, comment="the station's"),
    Column("monitor_id", Integer, nullable=False),
    Column("interval_s", Integer, nullable=True),
    Column("values_at_once", Integer, nullable=True),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime, nullable=True),
    Column("heard_at", UtcTime, nullable=True, comment="when values last came"),
    Column("pending", Integer, nullable=False, comment="values it had yet to send then"),
)
values = Table(
    "stream_values",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, primary_key=True),
    Column("value", String(2500), nullable=False),
    Index("ix_stream_values_at", "at"),
)

OPEN = Statement(
    upsert(
        streams,
        ("station_id", "id"),
        "monitor_id",
        "interval_s",
        "values_at_once",
        "opened_at",
        "closed_at",
        "heard_at",
        "pending",
    )
)
CLOSE = Statement(
    update(streams)
    .where(streams.c.station_id == bindparam("station_key"), streams.c.id == bindparam("key"))
    .values(closed_at=bindparam("closed_at")),
    ("closed_at", "station_key", "key"),
)
HEARD = Statement(
    update(streams)
    .where(streams.c.station_id == bindparam("station_key"), streams.c.id == bindparam("key"))
    .values(heard_at=bindparam("heard_at"), pending=bindparam("pending")),
    ("heard_at", "pending", "station_key", "key"),
)
ADD_VALUE = Statement(upsert(values, ("station_id", "stream_id", "at")), ("station_id", "stream_id", "at", "value"))
"""One that came before is left as it is: a station that is not answered may say it twice."""


def read_open(connection: Connection, ids: Sequence[StationId]) -> Iterator[tuple[StationId, int, int]]:
    c = streams.c
    wanted = select(c.station_id, c.id, c.monitor_id).where(
        c.station_id.in_(bindparam("ids", expanding=True)), c.closed_at.is_(None)
    )
    for start in range(0, len(ids), 1_000):
        for row in connection.execute(wanted, {"ids": ids[start : start + 1_000]}):
            yield row[0], row[1], row[2]


def read(connection: Connection, station_id: StationId) -> Sequence[RowMapping]:
    query = select(streams).where(streams.c.station_id == station_id).order_by(streams.c.id)
    return connection.execute(query).mappings().all()


def find(
    connection: Connection,
    after: tuple[str, int] | None,
    limit: int,
    station_id: str = "",
    is_open: bool | None = None,
) -> Sequence[RowMapping]:
    """Of all stations; by station and id. is_open None: both."""
    c = streams.c
    query = select(streams)
    if station_id:
        query = query.where(c.station_id == station_id)
    if is_open is not None:
        query = query.where(c.closed_at.is_(None) if is_open else c.closed_at.is_not(None))
    if after is not None:
        query = query.where((c.station_id > after[0]) | ((c.station_id == after[0]) & (c.id > after[1])))
    return connection.execute(query.order_by(c.station_id, c.id).limit(limit)).mappings().all()


def get(connection: Connection, station_id: StationId, stream_id: int) -> RowMapping | None:
    query = select(streams).where(streams.c.station_id == station_id, streams.c.id == stream_id)
    return connection.execute(query).mappings().one_or_none()


def set_pace(
    connection: Connection, station_id: StationId, stream_id: int, interval_s: int | None, at_once: int | None
) -> None:
    connection.execute(
        update(streams)
        .where(streams.c.station_id == station_id, streams.c.id == stream_id)
        .values(interval_s=interval_s, values_at_once=at_once)
    )


def put(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Those that a station says are open: known ones keep when they were opened."""
    if rows:
        connection.execute(
            upsert(streams, ("station_id", "id"), "monitor_id", "interval_s", "values_at_once", "closed_at"), rows
        )


def close_others(connection: Connection, station_id: StationId, open_ids: Sequence[int], at: datetime) -> None:
    connection.execute(
        update(streams)
        .where(streams.c.station_id == station_id, streams.c.id.not_in(open_ids), streams.c.closed_at.is_(None))
        .values(closed_at=at)
    )


def find_values(
    connection: Connection,
    station_id: StationId,
    stream_id: int,
    before: datetime | None,
    limit: int,
    since: datetime | None = None,
) -> Sequence[RowMapping]:
    """The newest first."""
    c = values.c
    query = select(values).where(c.station_id == station_id, c.stream_id == stream_id)
    if before is not None:
        query = query.where(c.at < before)
    if since is not None:
        query = query.where(c.at >= since)
    return connection.execute(query.order_by(c.at.desc()).limit(limit)).mappings().all()


def prune(connection: Connection, before: datetime, most: int) -> None:
    """Values from before, and beyond the latest `most` of a stream; streams that are closed and have none."""
    c = values.c
    connection.execute(delete(values).where(c.at < before))
    crowded = select(c.station_id, c.stream_id).group_by(c.station_id, c.stream_id).having(func.count() > most)
    for station_id, stream_id in connection.execute(crowded).all():
        query = select(c.at).where(c.station_id == station_id, c.stream_id == stream_id).order_by(c.at.desc())
        oldest = connection.execute(query.offset(most - 1).limit(1)).scalar_one()
        connection.execute(delete(values).where(c.station_id == station_id, c.stream_id == stream_id, c.at < oldest))
    connection.execute(delete(streams).where(streams.c.closed_at < before))


def forget_station(connection: Connection, station_id: StationId) -> None:
    for table in (streams, values):
        connection.execute(delete(table).where(table.c.station_id == station_id))
