"""What people keep for themselves: how the console is shown to them, and views of its lists that they saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, RowMapping, String, Table, delete, func, select

from voltloom.domain.errors import Conflict, NotFound
from voltloom.features.access.audit import note
from voltloom.features.access.rules import Actor
from voltloom.infra.columns import Json, UtcTime, upsert
from voltloom.infra.database import Database, Work, metadata

MOST_VIEWS = 100
"""Of one person in one room."""
MOST_ROOMS = 50

preferences = Table(
    "preferences",
    metadata,
    Column("person_id", String(40), ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("language", String(20), nullable=False),
    Column("theme", String(10), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
views = Table(
    "saved_views",
    metadata,
    Column("person_id", String(40), ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("room", String(40), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("body", Json, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """language, zone: "" as the browser says. theme: "light", "dark" or "auto"."""

    language: str = ""
    theme: str = "auto"
    zone: str = ""


def person_of(actor: Actor) -> str:
    """Raises Conflict: keys keep nothing for themselves."""
    if actor.kind != "person":
        raise Conflict("only people keep preferences and views: this call came with a key")
    return actor.id


def read_preferences(connection: Connection, person_id: str) -> Preferences:
    p = preferences.c
    query = select(p.language, p.theme, p.zone).where(p.person_id == person_id)
    row = connection.execute(query).one_or_none()
    return Preferences(*row) if row else Preferences()


async def save_preferences(database: Database, actor: Actor, wanted: Preferences, now: datetime) -> None:
    person_id = person_of(actor)

    def save(connection: Connection, work: Work) -> None:
        values = {"language": wanted.language, "theme": wanted.theme, "zone": wanted.zone, "changed_at": now}
        connection.execute(upsert(preferences, ("person_id",), *values).values(person_id=person_id, **values))
        note(connection, work, actor, "preferences.change", "", "done", now)

    await database.write(save)


# ---- views


def list_views(connection: Connection, person_id: str, room: str) -> Sequence[RowMapping]:
    """By name."""
    v = views.c
    query = select(v.name, v.body, v.changed_at).where(v.person_id == person_id, v.room == room).order_by(v.name)
    return connection.execute(query).mappings().all()


def get_view(connection: Connection, person_id: str, room: str, name: str) -> RowMapping:
    """Raises NotFound."""
    v = views.c
    query = select(v.name, v.body, v.changed_at).where(v.person_id == person_id, v.room == room, v.name == name)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such view of yours")
    return row


async def save_view(database: Database, actor: Actor, room: str, name: str, body: str, now: datetime) -> None:
    """Raises Conflict where there are too many."""
    person_id = person_of(actor)
    v = views.c

    def save(connection: Connection, work: Work) -> None:
        mine = select(func.count()).select_from(views).where(v.person_id == person_id)
        others = connection.execute(mine.where(v.room == room, v.name != name)).scalar_one()
        everywhere = connection.execute(mine).scalar_one()
        if others >= MOST_VIEWS or everywhere >= MOST_VIEWS * MOST_ROOMS:
            raise Conflict(f"there are {MOST_VIEWS} views here already: remove one first")
        connection.execute(
            upsert(views, ("person_id", "room", "name"), "body", "changed_at").values(
                person_id=person_id, room=room, name=name, body=body, changed_at=now
            )
        )
        note(connection, work, actor, "view.save", f"{room}/{name}", "done", now)

    await database.write(save)


async def remove_view(database: Database, actor: Actor, room: str, name: str, now: datetime) -> None:
    """Raises NotFound."""
    person_id = person_of(actor)
    v = views.c

    def remove(connection: Connection, work: Work) -> None:
        get_view(connection, person_id, room, name)
        connection.execute(delete(views).where(v.person_id == person_id, v.room == room, v.name == name))
        note(connection, work, actor, "view.remove", f"{room}/{name}", "done", now)

    await database.write(remove)
