"""The tables of charging profiles, and the statements on them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Identity,
    Index,
    Integer,
    Label,
    Row,
    String,
    Table,
    case,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.charging import ChargingProfile, Purpose
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.charging_profiles.rules import LOST, OURS, Kept, State
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import Json, UtcTime, metadata

profiles = Table(
    "charging_profiles",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("profile_id", Integer, nullable=False, comment="unique among those that a station has"),
    Column("evse", Integer, nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("stack_level", Integer, nullable=False),
    Column("valid_to", UtcTime, nullable=True),
    Column("profile", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("source", String(20), nullable=False, comment="CSO: we"),
    Column("transaction_id", String(80), nullable=False),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("actor", String(200), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("reported_at", UtcTime, nullable=True),
    Column("reported", Json, nullable=True, comment="as the station tells it, where that differs"),
    Column("remote_start_id", BigInteger, nullable=True, comment="the start that it went with"),
    Index("ix_charging_profiles_station_id", "station_id", "number"),
)
_IS_OPEN = profiles.c.state.in_([state.value for state in State if state.is_open])
Index("ix_charging_profiles_open", profiles.c.station_id, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)
_IS_OVER = profiles.c.state.not_in([state.value for state in State if state.is_open])
Index("ix_charging_profiles_over", profiles.c.changed_at, sqlite_where=_IS_OVER, postgresql_where=_IS_OVER)

reports = Table(
    "charging_profile_reports",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("request_id", Integer, primary_key=True, autoincrement=False),
    Column("criteria", Json, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("profiles", Integer, nullable=False, comment="that were told of"),
    Column("complete_at", UtcTime, nullable=True),
    Index("ix_charging_profile_reports_asked_at", "asked_at"),
)

_TRANSACTIONS = table(
    "transactions",
    column("station_id"),
    column("id"),
    column("said_id"),
    column("evse"),
    column("remote_start_id"),
    column("ended_at", UtcTime),
)


def add(connection: Connection, kept: Kept) -> int:
    """Its number; that of ``kept`` does not count."""
    profile = kept.profile
    row = insert(profiles).values(
        station_id=kept.station_id,
        profile_id=profile.id,
        evse=kept.evse,
        purpose=profile.purpose.value,
        stack_level=profile.stack_level,
        valid_to=profile.valid_to,
        profile=_json(profile),
        state=kept.state.value,
        source=kept.source,
        transaction_id=kept.transaction_id,
        said=kept.said[:100],
        actor=kept.actor[:200],
        asked_at=kept.asked_at,
        changed_at=kept.changed_at,
        reported_at=kept.reported_at,
        reported=None if kept.reported is None else _json(kept.reported),
        remote_start_id=kept.remote_start_id,
    )
    return connection.execute(row.returning(profiles.c.number)).scalar_one()


def change(connection: Connection, number: int, now: datetime, state: State, **more: Any) -> bool:
    """Only one that is open; False where it no longer is."""
    done = connection.execute(
        update(profiles).where(profiles.c.number == number, _IS_OPEN).values(state=state.value, changed_at=now, **more)
    )
    return done.rowcount == 1


def put_profile(connection: Connection, number: int, profile: ChargingProfile) -> None:
    connection.execute(update(profiles).where(profiles.c.number == number).values(profile=_json(profile)))


def note_report(
    connection: Connection, number: int, now: datetime, evse: int, reported: ChargingProfile | None
) -> None:
    """The station told of it; ``reported`` where it is otherwise than was sent."""
    values: dict[str, Any] = {
        "reported_at": now,
        "state": State.INSTALLED.value,
        "evse": evse,
        "reported": None if reported is None else _json(reported),
    }
    connection.execute(update(profiles).where(profiles.c.number == number, _IS_OPEN).values(values))


def get(connection: Connection, number: int, now: datetime) -> Kept | None:
    row = connection.execute(select(profiles, _over_at(now)).where(profiles.c.number == number)).one_or_none()
    return None if row is None else _as_it_stands(row)


def _over_at(now: datetime) -> Label[datetime]:
    """When its transaction or its time ended, of one that is open; null where it goes on. It is noted a little later:
    a reader is told at once."""
    c, tx = profiles.c, _TRANSACTIONS.c
    ended_at = select(tx.ended_at).where(
        c.transaction_id != "", tx.station_id == c.station_id, tx.id == c.transaction_id, tx.ended_at.is_not(None)
    )
    ran_out_at = case((c.valid_to <= now, c.valid_to), else_=None)
    over_at = func.coalesce(ended_at.limit(1).scalar_subquery(), ran_out_at)
    return case((_IS_OPEN, over_at), else_=None).cast(UtcTime()).label("over_at")


def _as_it_stands(row: Row[*tuple[Any, ...]]) -> Kept:
    kept = _kept(row)
    return kept if row.over_at is None else replace(kept, state=State.ENDED, changed_at=row.over_at)


def read_open(connection: Connection, station_id: StationId) -> list[Kept]:
    """The latest first."""
    query = select(profiles).where(profiles.c.station_id == station_id, _IS_OPEN).order_by(profiles.c.number.desc())
    return [_kept(row) for row in connection.execute(query)]


def find(
    connection: Connection,
    station_id: StationId | None,
    states: Sequence[State],
    transaction_id: str,
    after: int | None,
    limit: int,
    now: datetime,
) -> list[Kept]:
    """The latest first, as they stand now."""
    c, over_at = profiles.c, _over_at(now)
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if states:
        state = case((over_at.element.is_not(None), State.ENDED.value), else_=c.state)
        conditions.append(state.in_([each.value for each in states]))
    if transaction_id:
        conditions.append(c.transaction_id == transaction_id)
    if after is not None:
        conditions.append(c.number < after)
    query = select(profiles, over_at).where(*conditions).order_by(c.number.desc()).limit(limit)
    return [_as_it_stands(row) for row in connection.execute(query)]


def read_ended(connection: Connection) -> list[Kept]:
    """Open ones whose transaction is over."""
    c, tx = profiles.c, _TRANSACTIONS.c
    query = (
        select(profiles)
        .join(_TRANSACTIONS, (tx.station_id == c.station_id) & (tx.id == c.transaction_id))
        .where(_IS_OPEN, c.transaction_id != "", tx.ended_at.is_not(None))
    )
    return [_kept(row) for row in connection.execute(query)]


class Came(NamedTuple):
    """The transaction that came of a start. known_as: what its station calls it."""

    id: TransactionId
    known_as: TransactionId
    evse: int


def find_came(
    connection: Connection, station_id: StationId, remote_start_id: int | None, known_as: TransactionId | None
) -> Came | None:
    """By the start, else by what the station calls it; None: nothing has come of it yet."""
    tx = _TRANSACTIONS.c
    query = select(tx.id, func.coalesce(tx.said_id, tx.id), tx.evse).where(tx.station_id == station_id)
    if remote_start_id is not None:
        row = connection.execute(query.where(tx.remote_start_id == remote_start_id).limit(1)).one_or_none()
        if row is not None:
            return Came(*row)
    if known_as is None:
        return None
    named = query.where(or_(tx.id == known_as, tx.said_id == known_as)).order_by(tx.ended_at.is_not(None)).limit(1)
    row = connection.execute(named).one_or_none()
    return None if row is None else Came(*row)


def read_waiting(connection: Connection) -> list[Kept]:
    """Open ones of a start whose transaction is not known."""
    c = profiles.c
    query = select(profiles).where(_IS_OPEN, c.purpose == Purpose.TX.value, c.transaction_id == "")
    return [_kept(row) for row in connection.execute(query)]


def adopt(connection: Connection, kept: Kept) -> None:
    """It is for that transaction, at that EVSE."""
    connection.execute(
        update(profiles)
        .where(profiles.c.number == kept.number)
        .values(transaction_id=kept.transaction_id, evse=kept.evse, profile=_json(kept.profile))
    )


def having_open(connection: Connection, ids: Sequence[StationId]) -> set[StationId]:
    """Those of these stations that have any."""
    query = select(profiles.c.station_id).where(profiles.c.station_id.in_(ids), _IS_OPEN).distinct()
    return set(connection.execute(query).scalars())


def read_lost(connection: Connection, station_id: StationId, transaction_id: str) -> list[Kept]:
    """Ours for that transaction that its station did not keep over a restart, the latest first."""
    c = profiles.c
    query = select(profiles).where(
        c.station_id == station_id,
        c.transaction_id == transaction_id,
        c.source == OURS,
        c.state == State.GONE.value,
        c.said == LOST,
    )
    return [_kept(row) for row in connection.execute(query.order_by(c.number.desc()))]


def read_expired(connection: Connection, now: datetime) -> list[Kept]:
    """Open ones whose time is over."""
    query = select(profiles).where(_IS_OPEN, profiles.c.valid_to <= now)
    return [_kept(row) for row in connection.execute(query)]


def count_foreign(connection: Connection, station_id: StationId) -> int:
    query = select(func.count()).where(profiles.c.station_id == station_id, _IS_OPEN, profiles.c.source != OURS)
    return connection.execute(query).scalar_one()


def prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(profiles).where(_IS_OVER, profiles.c.changed_at < before))
    connection.execute(delete(reports).where(reports.c.asked_at < before))


# ---- reports


class Asked(msgspec.Struct, frozen=True):
    """A report that was asked for, as it stands."""

    criteria: str
    asked_at: datetime
    parts: int
    profiles: int
    complete_at: datetime | None


def add_report(connection: Connection, station_id: StationId, request_id: int, criteria: str, now: datetime) -> None:
    connection.execute(
        insert(reports).values(
            station_id=station_id,
            request_id=request_id,
            criteria=criteria,
            asked_at=now,
            parts=0,
            profiles=0,
            complete_at=None,
        )
    )


def get_report(connection: Connection, station_id: StationId, request_id: int) -> Asked | None:
    c = reports.c
    query = select(c.criteria, c.asked_at, c.parts, c.profiles, c.complete_at).where(
        c.station_id == station_id, c.request_id == request_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Asked(*row)


def add_part(
    connection: Connection, station_id: StationId, request_id: int, told: int, complete_at: datetime | None
) -> None:
    c = reports.c
    connection.execute(
        update(reports)
        .where(c.station_id == station_id, c.request_id == request_id)
        .values(parts=c.parts + 1, profiles=c.profiles + told, complete_at=complete_at)
    )


def _json(profile: ChargingProfile) -> str:
    return msgspec.json.encode(profile).decode()


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    return Kept(
        number=row.number,
        station_id=row.station_id,
        evse=row.evse,
        profile=msgspec.json.decode(row.profile, type=ChargingProfile),
        state=State(row.state),
        source=row.source,
        transaction_id=row.transaction_id,
        said=row.said,
        actor=row.actor,
        asked_at=row.asked_at,
        changed_at=row.changed_at,
        reported_at=row.reported_at,
        reported=None if row.reported is None else msgspec.json.decode(row.reported, type=ChargingProfile),
        remote_start_id=row.remote_start_id,
    )
