"""What became of payments at stations; which of them show changing QR codes."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Identity,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    select,
)

from voltloom.domain.ids import StationId
from voltloom.domain.reports import Company, SettlementStatus
from voltloom.features.payments.qr import SetUp
from voltloom.features.payments.rules import Settlement
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

settlements = Table(
    "settlements",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("psp_ref", String(255), nullable=False),
    Column("status", String(10), nullable=False),
    Column("amount", String(40), nullable=False, comment="a decimal, in the currency of the station"),
    Column("at", UtcTime, nullable=False, comment="as the station claims"),
    Column("heard_at", UtcTime, nullable=False),
    Column("transaction_id", String(80), nullable=False, comment="empty: none began"),
    Column("receipt_id", String(50), nullable=False),
    Column("receipt_url", Text, nullable=False),
    Column("info", Text, nullable=False),
    Column("vat_number", String(20), nullable=False),
    Column("company", Json, nullable=True),
    # What a station tells again is told once.
    Index("uq_settlements_told", "station_id", "psp_ref", "status", "transaction_id", "amount", "at", unique=True),
    Index("ix_settlements_transaction_id", "station_id", "transaction_id"),
)
web_payments = Table(
    "web_payments",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("template", Text, nullable=False, comment="of the addresses in its QR codes"),
    Column("validity_s", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("sealed", Text, nullable=False, comment="its secret"),
    Column("actor", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
)
_TOLD = ("station_id", "psp_ref", "status", "transaction_id", "amount", "at")
_COLUMNS = tuple(each.name for each in settlements.columns if each.name != "number")
ADD = Statement(upsert(settlements, _TOLD), _COLUMNS)


def find(
    connection: Connection,
    station_id: StationId | None,
    transaction_id: str | None,
    status: SettlementStatus | None,
    before: int | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Settlement]:
    """The latest first. since, until: when they were heard."""
    c = settlements.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if transaction_id is not None:
        conditions.append(c.transaction_id == transaction_id)
    if status is not None:
        conditions.append(c.status == status.value)
    if before is not None:
        conditions.append(c.number < before)
    if since is not None:
        conditions.append(c.heard_at >= since)
    if until is not None:
        conditions.append(c.heard_at < until)
    query = select(settlements).where(*conditions).order_by(c.number.desc()).limit(limit)
    return [_settlement(row) for row in connection.execute(query)]


MOST_TEMPLATES = 200


def templates(connection: Connection) -> list[str]:
    query = select(web_payments.c.template).distinct().limit(MOST_TEMPLATES)
    return list(connection.scalars(query))


def get_setup(connection: Connection, station_id: StationId) -> SetUp | None:
    query = select(web_payments).where(web_payments.c.station_id == station_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else SetUp(**row)


def put_setup(connection: Connection, setup: SetUp) -> None:
    names = tuple(each.name for each in web_payments.columns)
    connection.execute(
        upsert(web_payments, ("station_id",), *names[1:]).values({name: getattr(setup, name) for name in names})
    )


def remove_setup(connection: Connection, station_id: StationId) -> None:
    connection.execute(delete(web_payments).where(web_payments.c.station_id == station_id))


def values_of(settlement: Settlement) -> tuple[Any, ...]:
    """Without its number, in the order of the columns."""
    s = settlement
    company = None if s.company is None else msgspec.json.encode(s.company).decode()
    return (
        s.station_id,
        s.psp_ref,
        s.status.value,
        str(s.amount),
        s.at,
        s.heard_at,
        s.transaction_id,
        s.receipt_id,
        s.receipt_url,
        s.info,
        s.vat_number,
        company,
    )


def _settlement(row: Row[*tuple[Any, ...]]) -> Settlement:
    return Settlement(
        number=row.number,
        station_id=row.station_id,
        psp_ref=row.psp_ref,
        status=SettlementStatus(row.status),
        amount=Decimal(row.amount),
        at=row.at,
        heard_at=row.heard_at,
        transaction_id=row.transaction_id,
        receipt_id=row.receipt_id,
        receipt_url=row.receipt_url,
        info=row.info,
        vat_number=row.vat_number,
        company=None if row.company is None else msgspec.json.decode(row.company, type=Company),
    )
