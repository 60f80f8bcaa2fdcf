"""The tables of mistakes, and the statements on them and on the message log."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    table,
)
from sqlalchemy.dialects import postgresql

from voltloom.domain.ids import StationId
from voltloom.features.conformance.rules import LONGEST_RULE, Mistake
from voltloom.infra.database import UtcTime, metadata, upsert

heard_messages = Table(
    "heard_messages",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("firmware", String(100), primary_key=True),
    Column("vendor", String(100), nullable=False),
    Column("model", String(100), nullable=False),
    Column("messages", BigInteger, nullable=False, comment="calls of either side"),
    Column("last_at", UtcTime, nullable=False),
    Index("ix_heard_messages_last_at", "last_at"),
)

mistakes = Table(
    "mistakes",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("firmware", String(100), primary_key=True),
    Column("mistake", String(20), primary_key=True),
    Column("rule", String(LONGEST_RULE), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("message_id", String(64), nullable=False, comment="of the latest"),
    Column("message_number", BigInteger, nullable=False),
)

conformance_clock = Table(
    "conformance_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, comment="of the last message that was counted"),
)

_EXCHANGES = table(
    "exchanges",
    column("number", BigInteger),
    column("station_id", String),
    column("inbound", Boolean),
    column("protocol", String),
    column("message_id", String),
    column("action", String),
    column("answer", String),
    column("trouble", String),
    column("at", UtcTime),
)
_STATIONS = table(
    "stations", column("id", String), column("vendor", String), column("model", String), column("firmware", String)
)


def counted_to(connection: Connection) -> int | None:
    """None: nothing was counted yet."""
    return connection.execute(select(conformance_clock.c.number)).scalar()


def set_counted_to(connection: Connection, number: int) -> None:
    connection.execute(upsert(conformance_clock, ("id",), "number").values(id=1, number=number))


def newest(connection: Connection) -> int:
    return connection.execute(select(func.max(_EXCHANGES.c.number))).scalar() or 0


def count_messages(connection: Connection, after: int, to: int) -> list[tuple[str, int, datetime]]:
    """By station: how many, and when the last was."""
    c = _EXCHANGES.c
    query = (
        select(c.station_id, func.count().label("n"), func.max(c.at).label("last_at"))
        .where(c.number > after, c.number <= to)
        .group_by(c.station_id)
    )
    return [(row.station_id, row.n, row.last_at) for row in connection.execute(query)]


def read_odd(connection: Connection, after: int, to: int) -> list[Any]:
    """Those that may show a mistake, by number."""
    c = _EXCHANGES.c
    is_odd = or_(c.trouble != "", c.inbound.is_(False))
    query = select(_EXCHANGES).where(c.number > after, c.number <= to, is_odd).order_by(c.number)
    return list(connection.execute(query))


@dataclass(frozen=True, slots=True)
class Make:
    vendor: str = ""
    model: str = ""
    firmware: str = ""


def makes(connection: Connection, ids: Sequence[str]) -> dict[str, Make]:
    found: dict[str, Make] = {}
    s = _STATIONS.c
    for start in range(0, len(ids), 500):
        for row in connection.execute(select(_STATIONS).where(s.id.in_(ids[start : start + 500]))):
            found[row.id] = Make(row.vendor, row.model, row.firmware)
    return found


_heard = postgresql.insert(heard_messages)
_ADD_MESSAGES = _heard.on_conflict_do_update(
    index_elements=["station_id", "firmware"],
    set_={
        "messages": heard_messages.c.messages + _heard.excluded.messages,
        "vendor": _heard.excluded.vendor,
        "model": _heard.excluded.model,
        "last_at": _heard.excluded.last_at,
    },
)


def add_messages(connection: Connection, rows: Iterable[tuple[str, Make, int, datetime]]) -> None:
    """All in one statement: thousands of stations are counted while nobody else can write."""
    values = [
        {
            "station_id": station_id,
            "firmware": make.firmware,
            "vendor": make.vendor,
            "model": make.model,
            "messages": number,
            "last_at": at,
        }
        for station_id, make, number, at in rows
    ]
    if values:
        connection.execute(_ADD_MESSAGES, values)


@dataclass(slots=True)
class Counted:
    """How often since it was counted last, and the latest of them."""

    count: int
    first_at: datetime
    last_at: datetime
    message_id: str
    message_number: int


Key = tuple[str, str, str, str]
"""Station, firmware, mistake, rule."""


def rules_of(connection: Connection, station_ids: Sequence[str]) -> dict[str, set[Key]]:
    """Those counted already, by station."""
    c = mistakes.c
    found: dict[str, set[Key]] = {}
    for start in range(0, len(station_ids), 500):
        query = select(c.station_id, c.firmware, c.mistake, c.rule)
        for row in connection.execute(query.where(c.station_id.in_(station_ids[start : start + 500]))):
            found.setdefault(row.station_id, set()).add((row.station_id, row.firmware, row.mistake, row.rule))
    return found


_mistaken = postgresql.insert(mistakes)
_ADD_MISTAKES = _mistaken.on_conflict_do_update(
    index_elements=["station_id", "firmware", "mistake", "rule"],
    set_={
        "count": mistakes.c["count"] + _mistaken.excluded["count"],
        "last_at": _mistaken.excluded.last_at,
        "message_id": _mistaken.excluded.message_id,
        "message_number": _mistaken.excluded.message_number,
    },
)


def add_mistakes(connection: Connection, counted: Iterable[tuple[Key, Counted]]) -> None:
    values = [
        dict(zip(("station_id", "firmware", "mistake", "rule"), key, strict=True)) | asdict(each)
        for key, each in counted
    ]
    if values:
        connection.execute(_ADD_MISTAKES, values)


@dataclass(frozen=True, slots=True)
class Tally:
    make: Make
    stations: int
    messages: int


def read_tallies(connection: Connection, vendor: str, model: str, firmware: str) -> list[Tally]:
    """Of each make, model and firmware; those named alone, where one is."""
    c = heard_messages.c
    conditions = [c[name] == value for name, value in _named(vendor, model, firmware)]
    query = (
        select(c.vendor, c.model, c.firmware, func.count().label("stations"), func.sum(c.messages).label("messages"))
        .where(*conditions)
        .group_by(c.vendor, c.model, c.firmware)
        .order_by(c.vendor, c.model, c.firmware)
        .limit(2_000)
    )
    return [
        Tally(Make(row.vendor, row.model, row.firmware), row.stations, int(row.messages))
        for row in connection.execute(query)
    ]


def _named(vendor: str, model: str, firmware: str) -> list[tuple[str, str]]:
    said = (("vendor", vendor), ("model", model), ("firmware", firmware))
    return [(name, value) for name, value in said if value]


@dataclass(frozen=True, slots=True)
class Evidence:
    """make: of whom. stations: how many made it. message: an example."""

    make: Make
    mistake: Mistake
    rule: str
    count: int
    stations: int
    last_at: datetime
    station_id: str
    message_id: str
    message_number: int


def read_evidence(
    connection: Connection, vendor: str = "", model: str = "", firmware: str = "", station_id: str = ""
) -> list[Evidence]:
    """The most frequent first."""
    m, h = mistakes.c, heard_messages.c
    conditions = [h[name] == value for name, value in _named(vendor, model, firmware)]
    if station_id:
        conditions.append(m.station_id == station_id)
    joined = mistakes.join(heard_messages, and_(h.station_id == m.station_id, h.firmware == m.firmware))
    query = select(mistakes, m["count"].label("n"), h.vendor, h.model).select_from(joined).where(*conditions)
    rows = connection.execute(query)
    found: dict[tuple[Make, Mistake, str], Evidence] = {}
    for row in rows:
        make = Make(row.vendor, row.model, row.firmware)
        key = (make, Mistake(row.mistake), row.rule)
        before = found.get(key)
        count, stations = (before.count, before.stations) if before else (0, 0)
        example = before if before is not None and before.last_at >= row.last_at else None
        found[key] = Evidence(
            *key,
            count + row.n,
            stations + 1,
            example.last_at if example else row.last_at,
            example.station_id if example else row.station_id,
            example.message_id if example else row.message_id,
            example.message_number if example else row.message_number,
        )
    return sorted(found.values(), key=lambda each: (-each.count, each.rule))


def messages_of(connection: Connection, station_id: StationId) -> int:
    query = select(func.coalesce(func.sum(heard_messages.c.messages), 0)).where(
        heard_messages.c.station_id == station_id
    )
    return int(connection.execute(query).scalar_one())


def forget(connection: Connection, before: datetime) -> None:
    """What stations did that were not heard since then."""
    c = heard_messages.c
    old = select(c.station_id, c.firmware).where(c.last_at < before)
    for row in connection.execute(old).all():
        connection.execute(_FORGET, {"station_key": row.station_id, "firmware_key": row.firmware})
    connection.execute(delete(heard_messages).where(c.last_at < before))


_FORGET = delete(mistakes).where(
    mistakes.c.station_id == bindparam("station_key"), mistakes.c.firmware == bindparam("firmware_key")
)
