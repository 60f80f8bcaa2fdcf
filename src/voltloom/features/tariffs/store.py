"""Tariffs, what they are assigned to, what transactions cost, and the tariffs that stations keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    and_,
    column,
    delete,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.tariff import StationTariff, Tariff
from voltloom.features.tariffs.reckoning import Cost
from voltloom.features.tariffs.rules import Account, Assignment, Kind, Listed, Prices
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

tariffs = Table(
    "tariffs",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("document", Json, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("retired_at", UtcTime, nullable=True),
)

assignments = Table(
    "tariff_assignments",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("target", String(255), primary_key=True, comment="empty: the network"),
    Column("tariff_id", String(60), nullable=False, index=True),
    Column("assigned_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

costs = Table(
    "costs",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("transaction_id", String(80), primary_key=True),
    Column("begun_at", UtcTime, nullable=False),
    Column("tariff_id", String(60), nullable=False, comment="empty: only the station reckons"),
    Column("zone", String(60), nullable=False, comment="whose times of day its prices mean"),
    Column("shown", Boolean, nullable=False, comment="its station shows running costs"),
    Column("every_s", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("without_tax", BigInteger, nullable=True, comment="in the smallest unit of the currency"),
    Column("with_tax", BigInteger, nullable=True),
    Column("document", Json, nullable=True),
    Column("reckoned_at", UtcTime, nullable=True),
    Column("reckoned_to", UtcTime, nullable=True),
    Column("final", Boolean, nullable=False),
    Column("told", BigInteger, nullable=True, comment="the amount its station was last told"),
    Column("told_at", UtcTime, nullable=True),
    Column("station_currency", String(3), nullable=False),
    Column("station_total", BigInteger, nullable=True, comment="what the station reckoned itself"),
    Column("station_details", Json, nullable=True),
    Index("ix_costs_begun_at", "begun_at", "station_id", "transaction_id"),
)
_IS_OPEN = costs.c.final.is_(False)
Index("ix_costs_open", costs.c.station_id, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)

station_tariffs = Table(
    "station_tariffs",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("tariff_id", String(60), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("document", Json, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

_TRANSACTIONS = table(
    "transactions",
    column("station_id"),
    column("id"),
    column("last_at", UtcTime),
    column("last_sample_at", UtcTime),
    column("ended_at", UtcTime),
)
"""What is asked of transactions: which of them went on, or are over."""
_STATIONS = table("stations", column("id"), column("site_id"))
_SITES = table("sites", column("id"), column("timezone"))
_SETTINGS = table(
    "station_settings",
    column("station_id"),
    column("component"),
    column("variable"),
    column("variable_instance"),
    column("attribute"),
    column("value"),
)

_COLUMNS = tuple(each.name for each in costs.columns)
_KEYS = ("station_id", "transaction_id")
_TOLD = ("told", "told_at")
_PUT = upsert(costs, _KEYS, *(name for name in _COLUMNS if name not in (*_KEYS, *_TOLD)))
PUT = Statement(_PUT, _COLUMNS)
"""Leaves what its station was told: that is noted apart, while reports come."""
_RECKONED = ("currency", "without_tax", "with_tax", "document", "reckoned_at", "reckoned_to", "final")


def values_of(account: Account) -> tuple[Any, ...]:
    """In the order of the columns."""
    cost = account.cost
    return (
        account.station_id,
        account.transaction_id,
        account.begun_at,
        account.tariff_id,
        account.zone,
        account.shown,
        account.every_s,
        cost.currency if cost else "",
        cost.without_tax if cost else None,
        cost.with_tax if cost else None,
        msgspec.json.encode(cost).decode() if cost else None,
        account.reckoned_at,
        account.reckoned_to,
        account.final,
        account.told,
        account.told_at,
        account.station_currency,
        account.station_total,
        account.station_details,
    )


def put(connection: Connection, account: Account) -> None:
    connection.execute(_PUT, dict(zip(_COLUMNS, values_of(account), strict=True)))


def save_reckoned(connection: Connection, account: Account, *, if_open: bool) -> bool:
    """if_open: only where it was not settled meanwhile; then False."""
    values = dict(zip(_COLUMNS, values_of(account), strict=True))
    statement = update(costs).where(
        costs.c.station_id == account.station_id, costs.c.transaction_id == account.transaction_id
    )
    if if_open:
        statement = statement.where(_IS_OPEN)
    return connection.execute(statement.values({name: values[name] for name in _RECKONED})).rowcount == 1


def note_told(connection: Connection, account: Account) -> None:
    connection.execute(
        update(costs)
        .where(costs.c.station_id == account.station_id, costs.c.transaction_id == account.transaction_id)
        .values(told=account.told, told_at=account.told_at)
    )


def get(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> Account | None:
    query = select(costs).where(costs.c.station_id == station_id, costs.c.transaction_id == transaction_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _account(row)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of the costs that are looked for. None: any. tariff_id "": those that only the station reckons. Times: of when
    the transaction began."""

    station_id: StationId | None = None
    site_id: str | None = None
    tariff_id: str | None = None
    final: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    transaction_id: str | None = None


def find(connection: Connection, wanted: Wanted, after: tuple[datetime, str, str] | None, limit: int) -> list[Account]:
    """The latest first."""
    c = costs.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.station_id is not None:
        conditions.append(c.station_id == wanted.station_id)
    if wanted.transaction_id is not None:
        conditions.append(c.transaction_id == wanted.transaction_id)
    if wanted.site_id is not None:
        conditions.append(c.station_id.in_(select(_STATIONS.c.id).where(_STATIONS.c.site_id == wanted.site_id)))
    if wanted.tariff_id is not None:
        conditions.append(c.tariff_id == wanted.tariff_id)
    if wanted.final is not None:
        conditions.append(c.final.is_(wanted.final))
    if wanted.since is not None:
        conditions.append(c.begun_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(c.begun_at < wanted.until)
    if after is not None:
        at, station, transaction = after
        beyond = (c.station_id > station) | ((c.station_id == station) & (c.transaction_id > transaction))
        conditions.append((c.begun_at < at) | ((c.begun_at == at) & beyond))
    query = select(costs).where(*conditions).order_by(c.begun_at.desc(), c.station_id, c.transaction_id).limit(limit)
    return [_account(row) for row in connection.execute(query)]


class Due(NamedTuple):
    account: Account
    ended: bool


def read_due(connection: Connection, told_before: datetime, after: tuple[str, str], limit: int) -> list[Due]:
    """Those that are over, or went on since they were reckoned, where that is shown and was not told lately. By their
    keys."""
    c, tx = costs.c, _TRANSACTIONS.c
    went_on = and_(
        c.shown.is_(True), or_(c.reckoned_to.is_(None), tx.last_at > c.reckoned_to, tx.last_sample_at > c.reckoned_to)
    )
    may_be_told = or_(c.told_at.is_(None), c.told_at <= told_before)
    query = (
        select(costs, tx.ended_at.label("ended_at"))
        .join(_TRANSACTIONS, (tx.station_id == c.station_id) & (tx.id == c.transaction_id))
        .where(_IS_OPEN, c.tariff_id != "", or_(tx.ended_at.is_not(None), and_(went_on, may_be_told)))
        .where((c.station_id > after[0]) | ((c.station_id == after[0]) & (c.transaction_id > after[1])))
        .order_by(c.station_id, c.transaction_id)
        .limit(limit)
    )
    return [Due(_account(row), row.ended_at is not None) for row in connection.execute(query)]


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        station_id=row.station_id,
        transaction_id=row.transaction_id,
        begun_at=row.begun_at,
        tariff_id=row.tariff_id,
        zone=row.zone,
        shown=row.shown,
        every_s=row.every_s,
        cost=None if row.document is None else msgspec.json.decode(row.document, type=Cost),
        reckoned_at=row.reckoned_at,
        reckoned_to=row.reckoned_to,
        final=row.final,
        told=row.told,
        told_at=row.told_at,
        station_currency=row.station_currency,
        station_total=row.station_total,
        station_details=row.station_details,
    )


# ---- tariffs


def add_tariff(connection: Connection, listed: Listed) -> None:
    connection.execute(
        insert(tariffs).values(
            id=listed.tariff.id,
            name=listed.name,
            currency=listed.tariff.currency,
            document=msgspec.json.encode(listed.tariff).decode(),
            made_at=listed.made_at,
            actor=listed.actor[:200],
            retired_at=None,
        )
    )


def get_tariff(connection: Connection, tariff_id: str) -> Listed | None:
    row = connection.execute(select(tariffs).where(tariffs.c.id == tariff_id)).one_or_none()
    return None if row is None else _listed(row)


def retire(connection: Connection, tariff_id: str, now: datetime) -> None:
    connection.execute(update(tariffs).where(tariffs.c.id == tariff_id).values(retired_at=now))


def find_tariffs(connection: Connection, after: str | None, limit: int, *, retired: bool) -> list[Listed]:
    conditions: list[ColumnElement[bool]] = [] if retired else [tariffs.c.retired_at.is_(None)]
    if after is not None:
        conditions.append(tariffs.c.id > after)
    query = select(tariffs).where(*conditions).order_by(tariffs.c.id).limit(limit)
    return [_listed(row) for row in connection.execute(query)]


def _listed(row: Row[*tuple[Any, ...]]) -> Listed:
    return Listed(_tariff(row.document), row.name, row.made_at, row.actor, row.retired_at)


def _tariff(document: str) -> Tariff:
    return msgspec.json.decode(document, type=Tariff)


def assign(connection: Connection, assignment: Assignment) -> None:
    values = {
        "kind": assignment.kind.value,
        "target": assignment.target,
        "tariff_id": assignment.tariff_id,
        "assigned_at": assignment.assigned_at,
        "actor": assignment.actor[:200],
    }
    connection.execute(upsert(assignments, ("kind", "target"), "tariff_id", "assigned_at", "actor"), values)


def unassign(connection: Connection, kind: Kind, target: str) -> bool:
    c = assignments.c
    return connection.execute(delete(assignments).where(c.kind == kind.value, c.target == target)).rowcount == 1


def is_assigned(connection: Connection, tariff_id: str) -> bool:
    query = select(assignments.c.kind).where(assignments.c.tariff_id == tariff_id).limit(1)
    return connection.execute(query).first() is not None


def find_assignments(
    connection: Connection, tariff_id: str | None, after: tuple[str, str] | None, limit: int
) -> list[Assignment]:
    c = assignments.c
    conditions: list[ColumnElement[bool]] = [] if tariff_id is None else [c.tariff_id == tariff_id]
    if after is not None:
        conditions.append((c.kind > after[0]) | ((c.kind == after[0]) & (c.target > after[1])))
    query = select(assignments).where(*conditions).order_by(c.kind, c.target).limit(limit)
    return [
        Assignment(Kind(row.kind), row.target, row.tariff_id, row.assigned_at, row.actor)
        for row in connection.execute(query)
    ]


def read_prices(connection: Connection) -> Prices:
    assigned = {
        (Kind(kind), target): tariff_id
        for kind, target, tariff_id in connection.execute(
            select(assignments.c.kind, assignments.c.target, assignments.c.tariff_id)
        )
    }
    query = select(tariffs.c.id, tariffs.c.document).where(tariffs.c.id.in_(select(assignments.c.tariff_id).distinct()))
    return Prices({tariff_id: _tariff(document) for tariff_id, document in connection.execute(query)}, assigned)


# ---- what is remembered of stations

SHOWS_COST = ("TariffCostCtrlr", "Enabled", "Cost")
COST_INTERVAL = ("TariffCostCtrlr", "Interval", "Cost")
TAKES_TARIFFS = ("TariffCostCtrlr", "Enabled", "Tariff")
SHOWS_COST_16 = ("CustomDisplayCostAndPrice", "CustomDisplayCostAndPrice", "")
_ASKED = (SHOWS_COST, COST_INTERVAL, TAKES_TARIFFS)


def read_places(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, tuple[str | None, str]]:
    """Each station's site, and its time zone."""
    s, sites = _STATIONS.c, _SITES.c
    query = select(s.id, s.site_id, sites.timezone).select_from(_STATIONS.outerjoin(_SITES, sites.id == s.site_id))
    return {
        row[0]: (row[1], row[2] or "UTC")
        for some in _in_hundreds(ids)
        for row in connection.execute(query.where(s.id.in_(some)))
    }


def read_abilities(
    connection: Connection, ids: Sequence[StationId]
) -> dict[StationId, dict[tuple[str, str, str], str]]:
    """What stations say of their ways to show prices and costs."""
    c = _SETTINGS.c
    asked = or_(
        and_(c.component == "TariffCostCtrlr", c.variable.in_(("Enabled", "Interval"))),
        c.variable == SHOWS_COST_16[1],
    )
    query = select(c.station_id, c.component, c.variable, c.variable_instance, c.value).where(
        asked, c.attribute == "Actual"
    )
    found: dict[StationId, dict[tuple[str, str, str], str]] = {}
    for some in _in_hundreds(ids):
        for station_id, component, variable, instance, value in connection.execute(query.where(c.station_id.in_(some))):
            is_16 = variable == SHOWS_COST_16[1]
            name = SHOWS_COST_16 if is_16 else (component, variable, instance)
            found.setdefault(station_id, {})[name] = value or ""
    return found


def read_open(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, dict[TransactionId, str]]:
    """The tariffs of transactions that are not settled yet."""
    c = costs.c
    found: dict[StationId, dict[TransactionId, str]] = {}
    query = select(c.station_id, c.transaction_id, c.tariff_id).where(_IS_OPEN)
    for some in _in_hundreds(ids):
        for station_id, transaction_id, tariff_id in connection.execute(query.where(c.station_id.in_(some))):
            found.setdefault(station_id, {})[transaction_id] = tariff_id
    return found


def _in_hundreds(ids: Sequence[StationId]) -> list[Sequence[StationId]]:
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


# ---- tariffs that stations keep


def put_station_tariffs(
    connection: Connection, station_id: StationId, told: Sequence[StationTariff], now: datetime, *, all_of_them: bool
) -> None:
    if all_of_them:
        connection.execute(delete(station_tariffs).where(station_tariffs.c.station_id == station_id))
    for each in {(each.tariff_id, each.kind): each for each in told}.values():
        values = {
            "station_id": station_id,
            "tariff_id": each.tariff_id,
            "kind": each.kind,
            "document": msgspec.json.encode(each).decode(),
            "seen_at": now,
        }
        statement = upsert(station_tariffs, ("station_id", "tariff_id", "kind"), "document", "seen_at")
        connection.execute(statement, values)


def remove_station_tariffs(connection: Connection, station_id: StationId, tariff_ids: Sequence[str]) -> None:
    c = station_tariffs.c
    connection.execute(delete(station_tariffs).where(c.station_id == station_id, c.tariff_id.in_(tariff_ids)))


def read_station_tariffs(connection: Connection, station_id: StationId) -> list[tuple[StationTariff, datetime]]:
    c = station_tariffs.c
    query = select(c.document, c.seen_at).where(c.station_id == station_id).order_by(c.tariff_id, c.kind)
    return [
        (msgspec.json.decode(document, type=StationTariff), seen_at) for document, seen_at in connection.execute(query)
    ]
