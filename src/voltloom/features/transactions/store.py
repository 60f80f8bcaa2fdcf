"""Transactions: their table, its statements, and what is asked of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.sql import ColumnElement

from voltloom.domain.ids import SiteId, StationId, TransactionId
from voltloom.domain.token import TokenKind
from voltloom.domain.transaction import ChargingState, StopReason
from voltloom.features.transactions.energy import Count, Energy
from voltloom.features.transactions.rules import ClosedBy, Flag, Transaction, all_flags, is_suspect
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

_STATIONS = table("stations", column("id"), column("site_id"))
"""Where transactions are is asked of stations."""

transactions = Table(
    "transactions",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("said_id", String(64), nullable=True, comment="what the station calls it, where that is not unique"),
    Column("evse", Integer, nullable=False, comment="0: nobody said"),
    Column("connector", Integer, nullable=True),
    Column("token", String(255), nullable=False, comment="as presented"),
    Column("token_key", String(255), nullable=False, comment="in upper case"),
    Column("token_kind", String(20), nullable=False),
    Column("token_sequence", BigInteger, nullable=True),
    Column("group_id", String(255), nullable=True),
    Column("authorization", String(30), nullable=False, comment="what was answered about the token"),
    Column("started", Boolean, nullable=False, comment="the station told the start"),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Column("first_heard_at", UtcTime, nullable=False),
    Column("heard_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("last_sample_at", UtcTime, nullable=True),
    Column("charging_state", String(20), nullable=False),
    Column("state_sequence", BigInteger, nullable=False),
    Column("meter_start_wh", Float, nullable=True),
    Column("meter_stop_wh", Float, nullable=True),
    Column("reckoning", Json, nullable=False, comment="what it takes to count its energy on"),
    Column("energy_wh", Float, nullable=True),
    Column("estimated", Boolean, nullable=False),
    Column("power_w", Float, nullable=True),
    Column("soc_percent", Float, nullable=True),
    Column("stop_reason", String(30), nullable=False),
    Column("stop_token", String(255), nullable=False),
    Column("closed_by", String(20), nullable=False, comment="why we closed it; empty: the station ended it"),
    Column("remote_start_id", BigInteger, nullable=True),
    Column("reservation_id", BigInteger, nullable=True),
    Column("offline", Boolean, nullable=False),
    Column("seen", Text, nullable=False, comment="the numbers of its reports that came: 0-7,9"),
    Column("kept_flags", Text, nullable=False),
    Column("flags", Text, nullable=False, comment="with those that follow from the rest"),
    Column("suspect", Boolean, nullable=False),
    Column("start_key", Text, nullable=False, comment="what a 1.6 start is known by when it comes again"),
    Index("ix_transactions_started_at", "started_at", "station_id", "id"),
    Index("ix_transactions_station_id_started_at", "station_id", "started_at"),
    Index("ix_transactions_token_key", "token_key", "started_at"),
    Index("ix_transactions_ended_at", "ended_at"),
)
OPEN = transactions.c.ended_at.is_(None)
Index("ix_transactions_open", transactions.c.station_id, sqlite_where=OPEN, postgresql_where=OPEN)

_RENAMED = transactions.c.said_id.is_not(None)
Index(
    "ix_transactions_said_id",
    transactions.c.station_id,
    transactions.c.said_id,
    sqlite_where=_RENAMED,
    postgresql_where=_RENAMED,
)

_KEYS = ("station_id", "id")
_COLUMNS = tuple(each.name for each in transactions.columns)
_CHANGING = tuple(name for name in _COLUMNS if name not in _KEYS)
_ON_THE_WAY = (
    "heard_at",
    "last_at",
    "last_sample_at",
    "charging_state",
    "state_sequence",
    "reckoning",
    "energy_wh",
    "estimated",
    "power_w",
    "soc_percent",
    "seen",
    "flags",
    "suspect",
)
_BY_KEY = (transactions.c.station_id == bindparam("station_key"), transactions.c.id == bindparam("transaction_key"))

ADD = Statement(upsert(transactions, _KEYS), _COLUMNS)
"""One with an id its station made: where it is there already, it is the same one."""
ADD_NUMBERED = Statement(insert(transactions), _COLUMNS)
"""One with an id that we made: where it is there already, it is another, and the station must ask again."""
SAVE = Statement(
    update(transactions).where(*_BY_KEY).values({name: bindparam(name) for name in _CHANGING}),
    (*_CHANGING, "station_key", "transaction_key"),
)
GO_ON = Statement(
    update(transactions).where(*_BY_KEY).values({name: bindparam(name) for name in _ON_THE_WAY}),
    (*_ON_THE_WAY, "station_key", "transaction_key"),
)


# ---- transactions as rows

_encode = msgspec.json.Encoder().encode
_decode_count = msgspec.json.Decoder(Count).decode


def values_of(transaction: Transaction) -> tuple[Any, ...]:
    """In the order of _COLUMNS."""
    tx = transaction
    told = tx.energy
    flags = all_flags(tx, told)
    return (
        tx.station_id,
        tx.id,
        tx.said_id,
        tx.evse,
        tx.connector,
        tx.token,
        tx.token.upper()[:255],
        tx.token_kind.value,
        tx.token_sequence,
        tx.group,
        tx.authorization,
        tx.started,
        tx.started_at,
        tx.ended_at,
        tx.first_heard_at,
        tx.heard_at,
        tx.last_at,
        tx.last_sample_at,
        tx.charging_state.value if tx.charging_state else "",
        tx.state_sequence,
        tx.meter_start_wh,
        tx.meter_stop_wh,
        _encode(tx.count).decode(),
        told.wh,
        told.estimated,
        tx.power_w,
        tx.soc_percent,
        tx.stop_reason.value if tx.stop_reason else "",
        tx.stop_token,
        tx.closed_by.value,
        tx.remote_start_id,
        tx.reservation_id,
        tx.offline,
        _ranges_text(tx.seen),
        flags_text(tx.flags),
        flags_text(flags),
        is_suspect(flags),
        tx.start_key,
    )


def saved(transaction: Transaction) -> tuple[Any, ...]:
    """The values of SAVE."""
    station_id, transaction_id, *rest = values_of(transaction)
    return (*rest, station_id, transaction_id)


def on_the_way(transaction: Transaction, told: Energy) -> tuple[Any, ...]:
    """The values of GO_ON. told: its energy."""
    tx = transaction
    flags = all_flags(tx, told)
    return (
        tx.heard_at,
        tx.last_at,
        tx.last_sample_at,
        tx.charging_state.value if tx.charging_state else "",
        tx.state_sequence,
        _encode(tx.count).decode(),
        told.wh,
        told.estimated,
        tx.power_w,
        tx.soc_percent,
        _ranges_text(tx.seen),
        flags_text(flags) if flags else "",
        bool(flags) and is_suspect(flags),
        tx.station_id,
        tx.id,
    )


def flags_text(flags: Iterable[Flag]) -> str:
    return ",".join(sorted(flag.value for flag in flags))


def flags_of(text: str) -> set[Flag]:
    return {Flag(each) for each in text.split(",") if each}


def _ranges_text(seen: Sequence[tuple[int, int]]) -> str:
    return ",".join([f"{low}-{high}" for low, high in seen]) if seen else ""


def _ranges(text: str) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for each in text.split(",") if text else ():
        low, _, high = each.partition("-")
        ranges.append((int(low), int(high)))
    return ranges


def transaction_of(row: Row[*tuple[Any, ...]]) -> Transaction:
    return Transaction(
        station_id=row.station_id,
        id=row.id,
        first_heard_at=row.first_heard_at,
        heard_at=row.heard_at,
        started_at=row.started_at,
        last_at=row.last_at,
        said_id=row.said_id,
        evse=row.evse,
        connector=row.connector,
        token=row.token,
        token_kind=TokenKind(row.token_kind),
        token_sequence=row.token_sequence,
        group=row.group_id,
        authorization=row.authorization,
        started=row.started,
        ended_at=row.ended_at,
        charging_state=ChargingState(row.charging_state) if row.charging_state else None,
        state_sequence=row.state_sequence,
        meter_start_wh=row.meter_start_wh,
        meter_stop_wh=row.meter_stop_wh,
        count=_decode_count(row.reckoning),
        power_w=row.power_w,
        soc_percent=row.soc_percent,
        last_sample_at=row.last_sample_at,
        stop_reason=StopReason(row.stop_reason) if row.stop_reason else None,
        stop_token=row.stop_token,
        closed_by=ClosedBy(row.closed_by),
        remote_start_id=row.remote_start_id,
        reservation_id=row.reservation_id,
        offline=row.offline,
        seen=_ranges(row.seen),
        flags=flags_of(row.kept_flags),
        start_key=row.start_key,
    )


# ---- what is remembered of connected stations

RECENT = 16
_REMEMBERED = (
    select(transactions)
    .where(
        transactions.c.station_id.in_(bindparam("ids", expanding=True)),
        or_(OPEN, transactions.c.started_at >= bindparam("since")),
    )
    .order_by(transactions.c.started_at)
)


def read_remembered(
    connection: Connection, ids: Sequence[StationId], since: datetime
) -> dict[StationId, list[Transaction]]:
    """All open transactions of these stations, and those that ended lately; each station's in time."""
    found: dict[StationId, list[Transaction]] = {}
    for some in in_hundreds(ids):
        for row in connection.execute(_REMEMBERED, {"ids": some, "since": since}):
            found.setdefault(row.station_id, []).append(transaction_of(row))
    for station_id, known in found.items():
        ended = [each for each in known if not each.is_open]
        forgotten = {each.id for each in ended[:-RECENT]}
        found[station_id] = [each for each in known if each.id not in forgotten]
    return found


def in_hundreds(ids: Sequence[StationId]) -> Iterable[Sequence[StationId]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def find_one(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> Transaction | None:
    """By what we call it."""
    here = transactions.c.station_id == station_id
    row = connection.execute(select(transactions).where(here, transactions.c.id == transaction_id)).one_or_none()
    return transaction_of(row) if row else None


def find_said(connection: Connection, station_id: StationId, said: TransactionId) -> Transaction | None:
    """The latest of those that the station calls, or called, so."""
    here = transactions.c.station_id == station_id
    renamed = select(transactions).where(here, transactions.c.said_id == said)
    row = connection.execute(renamed.order_by(transactions.c.started_at.desc()).limit(1)).one_or_none()
    return transaction_of(row) if row else find_one(connection, station_id, said)


def find_same_start(connection: Connection, station_id: StationId, start_key: str) -> Transaction | None:
    """Of a 1.6 start that may have come before."""
    query = (
        select(transactions)
        .where(transactions.c.station_id == station_id, transactions.c.start_key == start_key)
        .order_by(transactions.c.started_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return transaction_of(row) if row else None


def save_closed(connection: Connection, transaction: Transaction, *, if_unheard: bool) -> bool:
    """Save one that was open when it was read; False where it no longer is.

    if_unheard   False as well where something was heard of it since
    """
    station_id, transaction_id, *rest = values_of(transaction)
    c = transactions.c
    conditions = [c.station_id == station_id, c.id == transaction_id, OPEN]
    if if_unheard:
        conditions.append(c.heard_at == transaction.heard_at)
    done = connection.execute(update(transactions).where(*conditions).values(dict(zip(_CHANGING, rest, strict=True))))
    return done.rowcount == 1


# ---- looking at them


class Wanted(NamedTuple):
    """Which transactions. since, until: of their starts; until is exclusive."""

    station_id: StationId | None = None
    site_id: SiteId | None = None
    token: str | None = None
    is_open: bool | None = None
    suspect: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.station_id is not None:
        conditions.append(transactions.c.station_id == wanted.station_id)
    if wanted.site_id is not None:
        here = select(_STATIONS.c.id).where(_STATIONS.c.site_id == wanted.site_id)
        conditions.append(transactions.c.station_id.in_(here))
    if wanted.token is not None:
        conditions.append(transactions.c.token_key == wanted.token.upper())
    if wanted.is_open is not None:
        conditions.append(OPEN if wanted.is_open else transactions.c.ended_at.is_not(None))
    if wanted.suspect is not None:
        conditions.append(transactions.c.suspect if wanted.suspect else transactions.c.suspect.is_(False))
    if wanted.since is not None:
        conditions.append(transactions.c.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(transactions.c.started_at < wanted.until)
    return conditions


Position = tuple[datetime, str, str]
"""Of a transaction in the list: its start, station and id."""


def find(connection: Connection, wanted: Wanted, after: Position | None, limit: int) -> list[Transaction]:
    """The latest start first."""
    query: Select[*tuple[Any, ...]] = select(transactions).where(*_conditions(wanted))
    if after is not None:
        at, station_id, transaction_id = after
        c = transactions.c
        query = query.where(
            or_(
                c.started_at < at,
                and_(c.started_at == at, c.station_id > station_id),
                and_(c.started_at == at, c.station_id == station_id, c.id > transaction_id),
            )
        )
    query = query.order_by(transactions.c.started_at.desc(), transactions.c.station_id, transactions.c.id).limit(limit)
    return [transaction_of(row) for row in connection.execute(query)]


class Summary(NamedTuple):
    """power_w: of the open ones that told of it lately. energy_wh: of the open ones, and of those that ended since."""

    open: int
    charging: int
    suspect_open: int
    power_w: float
    energy_wh: float
    ended: int


def summarize(connection: Connection, site_id: SiteId | None, since: datetime, heard_since: datetime) -> Summary:
    c = transactions.c
    lately = c.heard_at >= heard_since
    power = func.coalesce(func.sum(case((and_(OPEN, lately), c.power_w))), 0.0)
    query = select(
        func.count(case((OPEN, 1))),
        func.count(case((and_(OPEN, lately, c.power_w > 0), 1))),
        func.count(case((and_(OPEN, c.suspect), 1))),
        power,
        func.coalesce(func.sum(c.energy_wh), 0.0),
        func.count(c.ended_at),
    ).where(or_(OPEN, c.ended_at >= since), *_conditions(Wanted(site_id=site_id)))
    return Summary(*connection.execute(query).one())
