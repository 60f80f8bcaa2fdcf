"""The tables of local lists and the statements on them.

What a list holds is kept once, by its digest: thousands of stations have the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.features.local_authorization.rules import Content, Entry, ListScope, Mode, Selection, State, StationList
from voltloom.infra.database import UtcTime, metadata, upsert

list_selections = Table(
    "list_selections",
    metadata,
    Column("scope", String(10), primary_key=True),
    Column("scope_id", String(48), primary_key=True),
    Column("mode", String(10), nullable=False),
    Column("groups", Text, nullable=False, comment="JSON"),
    Column("tokens", Text, nullable=False, comment="JSON: keys"),
    Column("changed_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

list_contents = Table(
    "list_contents",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("entries", Text, nullable=False, comment="JSON"),
)

station_lists = Table(
    "station_lists",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("wanted", String(64), nullable=False, comment="digest; empty: nobody wants anything of it"),
    Column("wanted_entries", Integer, nullable=False),
    Column("left_out", Integer, nullable=False, comment="for want of room"),
    Column("room", Integer, nullable=True, comment="entries the station has room for; null: not said"),
    Column("unsayable", Integer, nullable=False, comment="that its version has no room or word for"),
    Column("version", Integer, nullable=False, comment="what it accepted last"),
    Column("digest", String(64), nullable=False, comment="of that; empty: what is on it is not known"),
    Column("said_version", Integer, nullable=True),
    Column("asked_at", UtcTime, nullable=True),
    Column("must_ask", Boolean, nullable=False),
    Column("said", String(200), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=True),
    Column("changed_at", UtcTime, nullable=True),
    Index("ix_station_lists_state", "state", "next_at"),
)

list_clock = Table(
    "list_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("changes", Integer, nullable=False, comment="of tokens, groups, selections, sites and stations"),
    Column("reckoned", Integer, nullable=False, comment="up to which of them"),
    Column("next_at", UtcTime, nullable=True, comment="when a token begins or ends to be valid"),
)

_STATIONS = table(
    "stations",
    column("id"),
    column("site_id"),
    column("connected"),
    column("registration"),
    column("policy"),
)


# ---- selections


def selections(connection: Connection) -> dict[tuple[ListScope, str], Selection]:
    return {(each.scope, each.scope_id): each for each in map(_selection, connection.execute(select(list_selections)))}


def put_selection(connection: Connection, selection: Selection, now: datetime, actor: str) -> None:
    values = {
        "scope": selection.scope.value,
        "scope_id": selection.scope_id,
        "mode": selection.mode.value,
        "groups": msgspec.json.encode(selection.groups).decode(),
        "tokens": msgspec.json.encode(selection.tokens).decode(),
        "changed_at": now,
        "actor": actor[:200],
    }
    connection.execute(
        upsert(list_selections, ("scope", "scope_id"), "mode", "groups", "tokens", "changed_at", "actor"), values
    )


def remove_selection(connection: Connection, scope: ListScope, scope_id: str) -> bool:
    c = list_selections.c
    return (
        connection.execute(delete(list_selections).where(c.scope == scope.value, c.scope_id == scope_id)).rowcount > 0
    )


def _selection(row: Row[*tuple[Any, ...]]) -> Selection:
    groups = msgspec.json.decode(row.groups, type=tuple[str, ...])
    return Selection(
        ListScope(row.scope),
        row.scope_id,
        Mode(row.mode),
        groups,
        msgspec.json.decode(row.tokens, type=tuple[str, ...]),
    )


# ---- what is to be reckoned anew


def note_change(connection: Connection) -> None:
    done = connection.execute(update(list_clock).values(changes=list_clock.c.changes + 1))
    if not done.rowcount:
        connection.execute(upsert(list_clock, ("id",), "changes").values(id=1, changes=1, reckoned=0, next_at=None))


def changes_to_reckon(connection: Connection, now: datetime) -> int | None:
    """Up to which; None where all are reckoned, and no token's time has come."""
    row = connection.execute(select(list_clock)).one_or_none()
    if row is None:
        return None
    is_due = row.changes != row.reckoned or (row.next_at is not None and row.next_at <= now)
    return row.changes if is_due else None


def note_reckoned(connection: Connection, changes: int, next_at: datetime | None) -> None:
    connection.execute(update(list_clock).values(reckoned=changes, next_at=next_at))


# ---- contents


def put_content(connection: Connection, content: Content) -> None:
    text = msgspec.json.encode(content.entries).decode()
    connection.execute(
        upsert(list_contents, ("digest",), "entries").values(digest=content.digest, entries=text),
    )


def get_content(connection: Connection, digest: str) -> tuple[Entry, ...] | None:
    text = connection.execute(select(list_contents.c.entries).where(list_contents.c.digest == digest)).scalar()
    return None if text is None else msgspec.json.decode(text, type=tuple[Entry, ...])


def forget_contents(connection: Connection) -> None:
    """Those that no list has or should have."""
    c = station_lists.c
    used = select(c.wanted).union(select(c.digest))
    connection.execute(delete(list_contents).where(list_contents.c.digest.not_in(used)))


# ---- stations


def all_stations(connection: Connection) -> list[tuple[str, str | None]]:
    return [
        (station_id, site_id) for station_id, site_id in connection.execute(select(_STATIONS.c.id, _STATIONS.c.site_id))
    ]


def all_lists(connection: Connection) -> dict[str, StationList]:
    return {row.station_id: _list(row) for row in connection.execute(select(station_lists))}


def get_list(connection: Connection, station_id: StationId) -> StationList | None:
    row = connection.execute(select(station_lists).where(station_lists.c.station_id == station_id)).one_or_none()
    return None if row is None else _list(row)


def find_lists(connection: Connection, states: Sequence[State], after: str, limit: int) -> list[StationList]:
    query = select(station_lists).where(station_lists.c.station_id > after).order_by(station_lists.c.station_id)
    if states:
        query = query.where(station_lists.c.state.in_([state.value for state in states]))
    return [_list(row) for row in connection.execute(query.limit(limit))]


def count_lists(connection: Connection) -> dict[str, int]:
    """By state."""
    c = station_lists.c
    query = select(c.state, func.count().label("n")).group_by(c.state)
    return {row.state: row.n for row in connection.execute(query)}


def put_lists(connection: Connection, lists: Iterable[StationList]) -> None:
    rows = [_values(each) for each in lists]
    if rows:
        names = [each.name for each in station_lists.c if each.name != "station_id"]
        connection.execute(upsert(station_lists, ("station_id",), *names), rows)


def add_list(connection: Connection, station_list: StationList) -> None:
    connection.execute(insert(station_lists).values(**_values(station_list)))


def forget_lists(connection: Connection, station_ids: Sequence[str]) -> None:
    for start in range(0, len(station_ids), 500):
        connection.execute(
            delete(station_lists).where(station_lists.c.station_id.in_(station_ids[start : start + 500]))
        )


def holding_lists(connection: Connection, ids: Sequence[StationId]) -> set[StationId]:
    """Those of them that are to hold a list."""
    c = station_lists.c
    query = select(c.station_id).where(c.station_id.in_(ids), c.state != State.OFF.value)
    return set(connection.execute(query).scalars())


def ask_again(connection: Connection, station_id: StationId, since: datetime) -> None:
    """What it holds is to be made sure of before long, unless it was asked after that."""
    c = station_lists.c
    connection.execute(
        update(station_lists)
        .where(c.station_id == station_id, c.state != State.OFF.value, or_(c.asked_at.is_(None), c.asked_at < since))
        .values(must_ask=True, next_at=None, tries=0, state=State.PENDING.value)
    )


def due_lists(connection: Connection, now: datetime, limit: int) -> list[StationList]:
    """Of connected stations that may be asked: those that are not as they should be, and whose turn it is."""
    c, s = station_lists.c, _STATIONS.c
    is_wanting = or_(c.state == State.PENDING.value, c.state == State.FAILED.value, c.state == State.UNSUPPORTED.value)
    query = (
        select(station_lists)
        .join(_STATIONS, s.id == c.station_id)
        .where(
            and_(is_wanting, or_(c.next_at.is_(None), c.next_at <= now)),
            s.connected,
            func.coalesce(s.registration, s.policy) == "Accepted",
        )
        .order_by(c.next_at, c.station_id)
        .limit(limit)
    )
    return [_list(row) for row in connection.execute(query)]


def take(connection: Connection, station_list: StationList, now: datetime, until: datetime) -> bool:
    """For one who sends: nobody else does until then. False where another has it, or it has changed."""
    c = station_lists.c
    done = connection.execute(
        update(station_lists)
        .where(
            c.station_id == station_list.station_id,
            c.state == station_list.state.value,
            c.wanted == station_list.wanted,
            c.digest == station_list.digest,
            c.version == station_list.version,
            or_(c.next_at.is_(None), c.next_at <= now),
        )
        .values(next_at=until)
    )
    return done.rowcount == 1


def keep_list(connection: Connection, kept: StationList) -> bool:
    """What came of sending. Where another content is wanted meanwhile, it stays to be done."""
    c = station_lists.c
    values = _values(kept)
    for name in ("station_id", "wanted", "wanted_entries"):
        del values[name]
    same = update(station_lists).where(c.station_id == kept.station_id, c.state != State.OFF.value)
    if connection.execute(same.where(c.wanted == kept.wanted).values(**values)).rowcount:
        return True
    held = {name: values[name] for name in ("version", "digest", "said_version", "asked_at", "must_ask", "unsayable")}
    connection.execute(same.values(**held, next_at=None))
    return False


def change_list(connection: Connection, station_id: str, values: Mapping[str, object]) -> None:
    connection.execute(update(station_lists).where(station_lists.c.station_id == station_id).values(**values))


def _values(each: StationList) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(each, name) for name in StationList.__slots__}
    values["state"] = each.state.value
    return values


def _list(row: Row[*tuple[Any, ...]]) -> StationList:
    values: dict[str, Any] = {name: getattr(row, name) for name in StationList.__slots__}
    values["state"] = State(row.state)
    return StationList(**values)
