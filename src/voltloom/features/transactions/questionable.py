"""Transactions that may be over, though their stations never said so, with what speaks for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Row,
    and_,
    column,
    func,
    or_,
    select,
    table,
)

from voltloom.domain.ids import StationId
from voltloom.domain.station import ConnectorStatus
from voltloom.features.transactions.rules import Evidence, Transaction
from voltloom.features.transactions.store import OPEN, in_hundreds, transaction_of, transactions
from voltloom.infra.database import UtcTime

_STATIONS = table(
    "stations",
    column("id"),
    column("connected"),
    column("booted_at", UtcTime),
    column("disconnected_at", UtcTime),
)
"""What is asked of stations here: whether they can still have a transaction that they do not tell of."""
_CONNECTORS = table(
    "connectors", column("station_id"), column("evse"), column("connector"), column("status"), column("since", UtcTime)
)


class Questionable(NamedTuple):
    transaction: Transaction
    evidence: Evidence


def read_questionable(
    connection: Connection, heard_before: datetime, after: tuple[str, str], limit: int
) -> list[Questionable]:
    """Open transactions that nothing was heard of since then, and what is known of their places; a page of them, after
    that (station, id)."""
    c = transactions.c
    found = connection.execute(
        select(transactions, _STATIONS.c.connected, _STATIONS.c.booted_at, _STATIONS.c.disconnected_at)
        .select_from(transactions.outerjoin(_STATIONS, _STATIONS.c.id == transactions.c.station_id))
        .where(
            OPEN,
            c.heard_at < heard_before,
            or_(c.station_id > after[0], and_(c.station_id == after[0], c.id > after[1])),
        )
        .order_by(c.station_id, c.id)
        .limit(limit)
    ).all()
    ids = sorted({row.station_id for row in found})
    statuses = _statuses(connection, ids)
    starts = _latest_starts(connection, ids)
    questionable: list[Questionable] = []
    for row in found:
        transaction = transaction_of(row)
        status, since = _status_at(statuses.get(row.station_id, ()), transaction)
        later = starts.get((row.station_id, row.evse)) if row.evse else None
        evidence = Evidence(
            status,
            since,
            row.booted_at,
            None if row.connected else row.disconnected_at or row.heard_at,
            later if later is not None and later > row.started_at else None,
        )
        questionable.append(Questionable(transaction, evidence))
    return questionable


def _statuses(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, list[Row[*tuple[Any, ...]]]]:
    found: dict[StationId, list[Row[*tuple[Any, ...]]]] = {}
    for some in in_hundreds(ids):
        for row in connection.execute(select(_CONNECTORS).where(_CONNECTORS.c.station_id.in_(some))):
            found.setdefault(row.station_id, []).append(row)
    return found


def _latest_starts(connection: Connection, ids: Sequence[StationId]) -> dict[tuple[StationId, int], datetime]:
    found: dict[tuple[StationId, int], datetime] = {}
    latest = func.max(transactions.c.started_at, type_=UtcTime())
    for some in in_hundreds(ids):
        query = (
            select(transactions.c.station_id, transactions.c.evse, latest)
            .where(transactions.c.station_id.in_(some), transactions.c.started)
            .group_by(transactions.c.station_id, transactions.c.evse)
        )
        found.update(((station_id, evse), at) for station_id, evse, at in connection.execute(query))
    return found


def _status_at(
    rows: Sequence[Row[*tuple[Any, ...]]], transaction: Transaction
) -> tuple[ConnectorStatus | None, datetime | None]:
    """Of its connector; where that is not known, of the EVSE: free only where all of its connectors are."""
    here = [row for row in rows if row.evse == transaction.evse and row.evse]
    own = [row for row in here if row.connector and row.connector == transaction.connector] or here
    for row in own:
        if row.status != ConnectorStatus.AVAILABLE.value:
            return ConnectorStatus(row.status), row.since
    return (ConnectorStatus.AVAILABLE, max(row.since for row in own)) if own else (None, None)
