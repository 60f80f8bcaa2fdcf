"""The samples of meters, in transactions and outside of them: their table, its statements, and what is asked of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    and_,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ColumnElement

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.metering import Context, Reading, Sample, Signed
from voltloom.features.transactions.rules import Transaction
from voltloom.features.transactions.store import transactions
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Json, Statement, UtcTime, metadata

samples = Table(
    "samples",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("transaction_id", String(80), nullable=False, comment="empty: outside of transactions"),
    Column("at", UtcTime, nullable=False, comment="as the station claims"),
    Column("heard_at", UtcTime, nullable=False),
    Column("evse", Integer, nullable=False),
    Column("connector", Integer, nullable=True),
    Column("context", String(20), nullable=False),
    Column(
        "twin", SmallInteger, nullable=False, comment="told apart from others of this instant, outside transactions"
    ),
    Column("energy_wh", Float, nullable=True),
    Column("export_wh", Float, nullable=True),
    Column("power_w", Float, nullable=True),
    Column("power_export_w", Float, nullable=True),
    Column("current_1_a", Float, nullable=True),
    Column("current_2_a", Float, nullable=True),
    Column("current_3_a", Float, nullable=True),
    Column("voltage_1_v", Float, nullable=True),
    Column("voltage_2_v", Float, nullable=True),
    Column("voltage_3_v", Float, nullable=True),
    Column("soc_percent", Float, nullable=True),
    Column("temperature_c", Float, nullable=True),
    Column("frequency_hz", Float, nullable=True),
    Column("offered_w", Float, nullable=True),
    Column("offered_a", Float, nullable=True),
    Column("extras", Json, nullable=True),
    Column("signed", Json, nullable=True),
    Column("begun_at", UtcTime, nullable=True, comment="first_heard_at of its transaction"),
    # By when the transaction was first heard of, which tells it from nearly all others in a few bytes, and keeps those
    # that go on now side by side. By station and transaction, a batch changed a page of the index for each of its
    # rows: on SQLite that was 4 µs of CPU a sample, and 3 a commit.
    Index(None, "begun_at"),
)
_IDLE = samples.c.transaction_id == ""
Index(
    "uq_samples_idle",
    samples.c.station_id,
    samples.c.evse,
    samples.c.at,
    samples.c.context,
    samples.c.twin,
    unique=True,
    sqlite_where=_IDLE,
    postgresql_where=_IDLE,
)

_SAMPLE = tuple(each.name for each in samples.columns if each.name != "number")
ADD_SAMPLE = Statement(insert(samples), _SAMPLE, bulk=True)
ADD_IDLE_SAMPLE = Statement(postgresql.insert(samples).on_conflict_do_nothing(), _SAMPLE)

_encode = msgspec.json.Encoder().encode


def sample_values(transaction: Transaction, heard_at: datetime, sample: Sample) -> tuple[Any, ...]:
    """In the order of _SAMPLE."""
    tx = transaction
    return _sample_values(tx.station_id, tx.id, tx.evse, tx.connector, heard_at, sample, 0, tx.first_heard_at)


def idle_sample_values(
    station_id: StationId, evse: int, connector: int | None, heard_at: datetime, sample: Sample, twin: int
) -> tuple[Any, ...]:
    """Of one outside of transactions. In the order of _SAMPLE."""
    return _sample_values(station_id, "", evse, connector, heard_at, sample, twin, None)


def _sample_values(
    station_id: StationId,
    transaction_id: str,
    evse: int,
    connector: int | None,
    heard_at: datetime,
    sample: Sample,
    twin: int,
    begun_at: datetime | None,
) -> tuple[Any, ...]:
    (
        at,
        context,
        energy_wh,
        export_wh,
        power_w,
        power_export_w,
        current_a,
        voltage_v,
        soc_percent,
        temperature_c,
        frequency_hz,
        offered_w,
        offered_a,
        extras,
        signed,
    ) = sample
    return (
        station_id,
        transaction_id,
        at,
        heard_at,
        evse,
        connector,
        context.value,
        twin,
        energy_wh,
        export_wh,
        power_w,
        power_export_w,
        *current_a,
        *voltage_v,
        soc_percent,
        temperature_c,
        frequency_hz,
        offered_w,
        offered_a,
        _encode(extras).decode() if extras else None,
        _encode(signed).decode() if signed else None,
        begun_at,
    )


_decode_extras = msgspec.json.Decoder(tuple[Reading, ...]).decode
_decode_signed = msgspec.json.Decoder(tuple[Signed, ...]).decode
_SAID = [
    samples.c.at,
    *(samples.c[name] for name in _SAMPLE[_SAMPLE.index("energy_wh") : _SAMPLE.index("begun_at")]),
    samples.c.context,
]


def _of_transaction(station_id: StationId, transaction_id: str) -> ColumnElement[bool]:
    """Samples of one transaction; with "", those of the station outside of transactions."""
    if not transaction_id:
        return and_(samples.c.station_id == station_id, _IDLE)
    c = transactions.c
    begun_at = select(c.first_heard_at).where(c.station_id == station_id, c.id == transaction_id).scalar_subquery()
    return and_(
        samples.c.begun_at == begun_at,
        samples.c.station_id == station_id,
        samples.c.transaction_id == transaction_id,
    )


def _sample(row: Sequence[Any]) -> Sample:
    at, energy_wh, export_wh, power_w, power_export_w, i1, i2, i3, u1, u2, u3, *rest, extras, signed, context = row
    soc_percent, temperature_c, frequency_hz, offered_w, offered_a = rest
    return Sample(
        at,
        Context(context),
        energy_wh,
        export_wh,
        power_w,
        power_export_w,
        (i1, i2, i3),
        (u1, u2, u3),
        soc_percent,
        temperature_c,
        frequency_hz,
        offered_w,
        offered_a,
        _decode_extras(extras) if extras else (),
        _decode_signed(signed) if signed else (),
    )


def read_samples(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> list[Sample]:
    """All of a transaction, in time."""
    query = select(*_SAID).where(_of_transaction(station_id, transaction_id)).order_by(samples.c.at, samples.c.number)
    return [_sample(row) for row in connection.execute(query)]


# ---- looking at them


class Place(NamedTuple):
    """Where a sample was taken, and when we heard it."""

    evse: int
    connector: int | None
    heard_at: datetime


SamplePosition = tuple[datetime, int]


def find_samples(
    connection: Connection,
    station_id: StationId,
    transaction_id: str,
    after: SamplePosition | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[int, Place, Sample]]:
    """In time, each with its number. transaction_id "": those outside of transactions."""
    c = samples.c
    query = select(c.number, c.evse, c.connector, c.heard_at, *_SAID).where(_of_transaction(station_id, transaction_id))
    if since is not None:
        query = query.where(c.at >= since)
    if until is not None:
        query = query.where(c.at < until)
    if after is not None:
        at, number = after
        query = query.where(or_(c.at > at, and_(c.at == at, c.number > number)))
    rows = connection.execute(query.order_by(c.at, c.number).limit(limit))
    return [_numbered(row) for row in rows]


def _numbered(row: Sequence[Any]) -> tuple[int, Place, Sample]:
    number, evse, connector, heard_at, *said = row
    return number, Place(evse, connector, heard_at), _sample(said)


def read_series(
    connection: Connection, station_id: StationId, transaction_id: TransactionId
) -> list[tuple[datetime, float | None, float | None, float | None]]:
    """Time, energy register, power and state of charge of all samples, in time."""
    c = samples.c
    query = (
        select(c.at, c.energy_wh, c.power_w, c.soc_percent)
        .where(_of_transaction(station_id, transaction_id))
        .order_by(c.at, c.number)
    )
    return [(at, energy_wh, power_w, soc) for at, energy_wh, power_w, soc in connection.execute(query)]
