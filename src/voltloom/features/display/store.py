"""The messages known of stations' displays, and what stations were asked to report of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
    column,
    delete,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.display import Content, DisplayMessage, MessagePriority, MessageState, Screen
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.display.rules import Message, Question, State
from voltloom.infra.database import Json, Statement, UtcTime, metadata, upsert

messages = Table(
    "display_messages",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("priority", String(20), nullable=False),
    Column("contents", Json, nullable=False),
    Column("showing", String(20), nullable=False, comment="only while the station does that; empty: always"),
    Column("starts_at", UtcTime, nullable=True),
    Column("ends_at", UtcTime, nullable=True),
    Column("transaction_id", String(64), nullable=False, comment="as the station calls it; empty: of none"),
    Column("screen", Json, nullable=True),
    Column("state", String(20), nullable=False),
    Column("said", String(50), nullable=False, comment="the station's word when it was asked"),
    Column("asked_at", UtcTime, nullable=True),
    Column("actor", String(200), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=True, comment="the station told that it has it"),
    Column("seen_report", BigInteger, nullable=True),
    Index("ix_display_messages_changed_at", "changed_at", "station_id", "number"),
)
_IS_OPEN = messages.c.state.in_([state.value for state in State if state.is_open])
Index("ix_display_messages_open", messages.c.station_id, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)

questions = Table(
    "display_questions",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("report_id", BigInteger, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("whole", Boolean, nullable=False),
)

_KEYS = ("station_id", "number")
_TRANSACTIONS = table(
    "transactions", column("station_id"), column("id"), column("said_id"), column("ended_at", UtcTime)
)
"""What is asked of transactions: which of them are over."""

_COLUMNS = tuple(each.name for each in messages.columns)
_PUT = upsert(messages, _KEYS, *(name for name in _COLUMNS if name not in _KEYS))
PUT = Statement(_PUT, _COLUMNS)


def values_of(message: Message) -> tuple[Any, ...]:
    """In the order of the columns."""
    what = message.what
    return (
        message.station_id,
        what.number,
        what.priority.value,
        msgspec.json.encode(what.contents).decode(),
        "" if what.state is None else what.state.value,
        what.starts_at,
        what.ends_at,
        what.transaction_id or "",
        None if what.screen is None else msgspec.json.encode(what.screen).decode(),
        message.state.value,
        message.said,
        message.asked_at,
        message.actor[:200],
        message.changed_at,
        message.seen_at,
        message.seen_report,
    )


def put(connection: Connection, message: Message) -> None:
    values = dict(zip(_COLUMNS, values_of(message), strict=True))
    connection.execute(_PUT, values)


def ask(connection: Connection, station_id: StationId, question: Question) -> None:
    values = {
        "station_id": station_id,
        "report_id": question.report_id,
        "asked_at": question.asked_at,
        "whole": question.whole,
    }
    connection.execute(upsert(questions, ("station_id",), "report_id", "asked_at", "whole"), values)


def question_of(connection: Connection, station_id: StationId) -> Question | None:
    row = connection.execute(select(questions).where(questions.c.station_id == station_id)).one_or_none()
    return None if row is None else Question(row.report_id, row.asked_at, row.whole)


def get(connection: Connection, station_id: StationId, number: int) -> Message | None:
    query = select(messages).where(messages.c.station_id == station_id, messages.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _message(row)


def read_known(connection: Connection, station_id: StationId) -> dict[int, Message]:
    rows = connection.execute(select(messages).where(messages.c.station_id == station_id))
    return {row.number: _message(row) for row in rows}


def find(
    connection: Connection,
    station_id: StationId | None,
    states: Sequence[State],
    after: tuple[datetime, str, int] | None,
    limit: int,
) -> list[Message]:
    """What changed last comes first."""
    c = messages.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if states:
        conditions.append(c.state.in_([state.value for state in states]))
    if after is not None:
        at, station, number = after
        later_station = (c.station_id > station) | ((c.station_id == station) & (c.number > number))
        conditions.append((c.changed_at < at) | ((c.changed_at == at) & later_station))
    query = select(messages).where(*conditions).order_by(c.changed_at.desc(), c.station_id, c.number).limit(limit)
    return [_message(row) for row in connection.execute(query)]


def expire(connection: Connection, now: datetime) -> list[tuple[StationId, int]]:
    """End those whose time, or whose transaction, is over; which they are."""
    c, tx = messages.c, _TRANSACTIONS.c
    its_transaction = select(tx.id).where(
        tx.station_id == c.station_id,
        or_(tx.said_id == c.transaction_id, (tx.said_id.is_(None)) & (tx.id == c.transaction_id)),
        tx.ended_at.is_not(None),
    )
    is_over = or_(c.ends_at <= now, (c.transaction_id != "") & its_transaction.exists())
    over = [(row[0], row[1]) for row in connection.execute(select(c.station_id, c.number).where(_IS_OPEN, is_over))]
    for station_id, number in over:
        connection.execute(
            update(messages)
            .where(c.station_id == station_id, c.number == number)
            .values(state=State.EXPIRED.value, changed_at=now)
        )
    return over


def prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(messages).where(~_IS_OPEN, messages.c.changed_at < before))


def remove_oldest_over(connection: Connection, station_id: StationId) -> None:
    """Room for one more: of those that are over, the one that has been for longest goes."""
    c = messages.c
    oldest = select(c.number).where(c.station_id == station_id, ~_IS_OPEN).order_by(c.changed_at).limit(1)
    number = connection.execute(oldest).scalar_one_or_none()
    if number is not None:
        connection.execute(delete(messages).where(c.station_id == station_id, c.number == number))


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(
        station_id=row.station_id,
        what=DisplayMessage(
            number=row.number,
            priority=MessagePriority(row.priority),
            contents=msgspec.json.decode(row.contents, type=tuple[Content, ...]),
            state=MessageState(row.showing) if row.showing else None,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            transaction_id=TransactionId(row.transaction_id) if row.transaction_id else None,
            screen=None if row.screen is None else msgspec.json.decode(row.screen, type=Screen),
        ),
        state=State(row.state),
        changed_at=row.changed_at,
        said=row.said,
        asked_at=row.asked_at,
        actor=row.actor,
        seen_at=row.seen_at,
        seen_report=row.seen_report,
    )
