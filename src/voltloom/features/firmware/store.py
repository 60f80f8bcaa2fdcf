"""The tables of images, updates and publications, and the statements on them."""

from collections.abc import Collection, Mapping, Sequence
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
    Text,
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
from voltloom.features.firmware.rules import MOST_STEPS, OPEN, Image, Publication, Published, State, Update
from voltloom.features.firmware.signing import Signer
from voltloom.infra.database import Json, UtcTime, metadata

images = Table(
    "firmware_images",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("vendor", String(100), nullable=False, comment="whose stations it is for; empty: any"),
    Column("model", String(100), nullable=False),
    Column("version", String(100), nullable=False),
    Column("file_name", String(100), nullable=False),
    Column("notes", String(1000), nullable=False),
    Column("signature", String(800), nullable=False),
    Column("certificate", Text, nullable=False),
    Column("signer", Json, nullable=True, comment="the certificate, as it was read"),
    Column("algorithm", String(50), nullable=False, comment="how the signature was made, once it was checked"),
    Column("size", BigInteger, nullable=True, comment="null: the content is not here"),
    Column("sha256", String(64), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Index("ix_firmware_images_created_at", "created_at", "id"),
)
updates = Table(
    "firmware_updates",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("station_id", String(48), nullable=False),
    Column("image_id", String(32), nullable=False),
    Column("version", String(100), nullable=False),
    Column("from_version", String(100), nullable=False),
    Column("campaign_id", String(32), nullable=False, comment="empty: of none"),
    Column("state", String(20), nullable=False),
    Column("signed", Boolean, nullable=True),
    Column("said", String(100), nullable=False, comment="the station's word when it was asked"),
    Column("reason", String(300), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("retrieve_at", UtcTime, nullable=True),
    Column("install_at", UtcTime, nullable=True),
    Column("deadline", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("booted_version", String(100), nullable=False),
    Column("fetched_at", UtcTime, nullable=True),
    Column("ticket", String(64), nullable=False, comment="SHA-256 of what stands in the address; empty: not from here"),
    Index("ix_firmware_updates_station_id_asked_at", "station_id", "asked_at"),
    Index("ix_firmware_updates_asked_at", "asked_at", "id"),
    Index("ix_firmware_updates_campaign_id", "campaign_id"),
    Index("ix_firmware_updates_ticket", "ticket"),
)
_IS_OPEN = updates.c.state.in_(sorted(state.value for state in OPEN))
Index("ix_firmware_updates_open", updates.c.deadline, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)
steps = Table(
    "firmware_steps",
    metadata,
    Column("update_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("status", String(50), nullable=False, comment="the station's word, or what was found here"),
    Column("detail", String(300), nullable=False),
)
publications = Table(
    "firmware_publications",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("station_id", String(48), nullable=False),
    Column("image_id", String(32), nullable=False),
    Column("version", String(100), nullable=False),
    Column("checksum", String(32), nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", String(100), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("locations", Json, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("deadline", UtcTime, nullable=False),
    Column("ticket", String(64), nullable=False),
    Index("ix_firmware_publications_station_id_asked_at", "station_id", "asked_at"),
    Index("ix_firmware_publications_asked_at", "asked_at", "id"),
    Index("ix_firmware_publications_ticket", "ticket"),
)
_STATIONS = table(
    "stations", column("id"), column("firmware"), column("booted_at", UtcTime), column("connected", Boolean)
)
"""What is asked of stations: with which version they last came back, and whether they are there."""


_FETCHING = [state.value for state in (Published.ASKED, Published.ACCEPTED, Published.DOWNLOADING)]


# ---- images


def add_image(connection: Connection, image: Image) -> None:
    connection.execute(
        insert(images).values(
            id=image.id,
            vendor=image.vendor,
            model=image.model,
            version=image.version,
            file_name=image.file_name,
            notes=image.notes,
            signature=image.signature,
            certificate=image.certificate,
            signer=None if image.signer is None else msgspec.json.encode(image.signer).decode(),
            algorithm="",
            size=None,
            sha256="",
            md5="",
            created_at=image.created_at,
            actor=image.actor[:200],
        )
    )


def fill_image(connection: Connection, image_id: str, **content: Any) -> bool:
    """Its content is here; False where it has some already, or is gone."""
    done = connection.execute(update(images).where(images.c.id == image_id, images.c.size.is_(None)).values(**content))
    return done.rowcount == 1


def get_image(connection: Connection, image_id: str) -> Image | None:
    row = connection.execute(select(images).where(images.c.id == image_id)).one_or_none()
    return None if row is None else _image(row)


def find_images(connection: Connection, after: tuple[datetime, str] | None, limit: int) -> list[Image]:
    """The latest first."""
    c = images.c
    query = select(images).order_by(c.created_at.desc(), c.id.desc()).limit(limit)
    if after is not None:
        at, image_id = after
        query = query.where((c.created_at < at) | ((c.created_at == at) & (c.id < image_id)))
    return [_image(row) for row in connection.execute(query)]


def count_images(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(images)).scalar_one()


def is_needed(connection: Connection, image_id: str, now: datetime) -> bool:
    """May a station still come for it?"""
    u, p = updates.c, publications.c
    update_ = select(u.id).where(u.image_id == image_id, _IS_OPEN)
    published = select(p.id).where(p.image_id == image_id, p.deadline > now, p.state.in_(_FETCHING))
    return any(connection.execute(query.limit(1)).first() is not None for query in (update_, published))


def remove_image(connection: Connection, image_id: str) -> bool:
    return connection.execute(delete(images).where(images.c.id == image_id)).rowcount == 1


def _image(row: Row[*tuple[Any, ...]]) -> Image:
    return Image(
        id=row.id,
        vendor=row.vendor,
        model=row.model,
        version=row.version,
        file_name=row.file_name,
        created_at=row.created_at,
        actor=row.actor,
        notes=row.notes,
        signature=row.signature,
        certificate=row.certificate,
        signer=None if row.signer is None else msgspec.json.decode(row.signer, type=Signer),
        algorithm=row.algorithm,
        size=row.size,
        sha256=row.sha256,
        md5=row.md5,
    )


# ---- updates


def add_update(connection: Connection, made: Update, ticket: str) -> None:
    values = {name: getattr(made, name) for name in Update.__slots__}
    connection.execute(insert(updates).values({**values, "state": made.state.value, "ticket": ticket}))


def change_update(connection: Connection, update_id: int, **values: Any) -> None:
    connection.execute(update(updates).where(updates.c.id == update_id).values(**values))


def remove_update(connection: Connection, update_id: int) -> None:
    connection.execute(delete(steps).where(steps.c.update_id == update_id))
    connection.execute(delete(updates).where(updates.c.id == update_id))


def get_update(connection: Connection, update_id: int) -> Update | None:
    row = connection.execute(select(updates).where(updates.c.id == update_id)).one_or_none()
    return None if row is None else _update(row)


def updates_of(connection: Connection, station_id: StationId, limit: int = 20) -> list[Update]:
    """The latest first."""
    c = updates.c
    query = select(updates).where(c.station_id == station_id).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_update(row) for row in connection.execute(query)]


def open_update(connection: Connection, station_id: StationId) -> Update | None:
    c = updates.c
    query = select(updates).where(c.station_id == station_id, _IS_OPEN).order_by(c.asked_at.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _update(row)


def read_open_of(connection: Connection, station_id: StationId) -> list[Update]:
    query = select(updates).where(updates.c.station_id == station_id, _IS_OPEN)
    return [_update(row) for row in connection.execute(query)]


def has_taken_signed(connection: Connection, station_id: StationId) -> bool:
    c = updates.c
    query = select(c.id).where(c.station_id == station_id, c.signed, c.state != State.REFUSED.value).limit(1)
    return connection.execute(query).first() is not None


def find_updates(
    connection: Connection,
    conditions: Mapping[str, str | None],
    states: Sequence[State],
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Update]:
    """The latest first. conditions: what columns are to be; None: whatever they are."""
    c = updates.c
    where: list[ColumnElement[bool]] = [c[name] == value for name, value in conditions.items() if value is not None]
    if states:
        where.append(c.state.in_([state.value for state in states]))
    if after is not None:
        at, number = after
        where.append((c.asked_at < at) | ((c.asked_at == at) & (c.id < number)))
    query = select(updates).where(*where).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_update(row) for row in connection.execute(query)]


def read_late(connection: Connection, now: datetime) -> list[Update]:
    """Open ones whose time is over."""
    return [_update(row) for row in connection.execute(select(updates).where(_IS_OPEN, updates.c.deadline <= now))]


def read_booted(connection: Connection, since: datetime) -> list[tuple[Update, str, datetime]]:
    """Open ones, and those installed since then, whose station has booted after it was asked; with what it then ran."""
    c, s = updates.c, _STATIONS.c
    query = (
        select(updates, s.firmware.label("ran"), s.booted_at)
        .join(_STATIONS, s.id == c.station_id)
        .where(
            or_(_IS_OPEN, (c.state == State.INSTALLED.value) & (c.asked_at > since)),
            s.booted_at > c.asked_at,
        )
    )
    return [(_update(row), row.ran, row.booted_at) for row in connection.execute(query)]


def _update(row: Row[*tuple[Any, ...]]) -> Update:
    values: dict[str, Any] = {name: getattr(row, name) for name in Update.__slots__}
    values["state"] = State(row.state)
    return Update(**values)


def add_step(connection: Connection, update_id: int, at: datetime, status: str, detail: str) -> bool:
    """One after those that are there, unless it repeats the last one; False where there are as many as are kept."""
    c = steps.c
    last = connection.execute(
        select(c.number, c.status, c.detail).where(c.update_id == update_id).order_by(c.number.desc()).limit(1)
    ).first()
    number = 1 if last is None else last.number + 1
    if last is not None and (last.status, last.detail) == (status, detail):
        return True
    if number > MOST_STEPS:
        return False
    connection.execute(insert(steps).values(update_id=update_id, number=number, at=at, status=status, detail=detail))
    return True


def steps_of(connection: Connection, update_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    query = select(steps.c.at, steps.c.status, steps.c.detail).where(steps.c.update_id == update_id)
    return connection.execute(query.order_by(steps.c.number)).all()


def prune_updates(connection: Connection, before: datetime) -> None:
    old = select(updates.c.id).where(updates.c.asked_at < before, ~_IS_OPEN)
    connection.execute(delete(steps).where(steps.c.update_id.in_(old)))
    connection.execute(delete(updates).where(updates.c.asked_at < before, ~_IS_OPEN))
    connection.execute(delete(publications).where(publications.c.asked_at < before))


# ---- publications


def add_publication(connection: Connection, made: Publication, ticket: str, deadline: datetime) -> None:
    values = {name: getattr(made, name) for name in Publication.__slots__}
    special = {"state": made.state.value, "locations": "[]", "ticket": ticket, "deadline": deadline}
    connection.execute(insert(publications).values({**values, **special}))


def change_publication(connection: Connection, publication_id: int, **values: Any) -> None:
    connection.execute(update(publications).where(publications.c.id == publication_id).values(**values))


def remove_publication(connection: Connection, publication_id: int) -> None:
    connection.execute(delete(publications).where(publications.c.id == publication_id))


def get_publication(connection: Connection, publication_id: int) -> Publication | None:
    row = connection.execute(select(publications).where(publications.c.id == publication_id)).one_or_none()
    return None if row is None else _publication(row)


def publications_of(connection: Connection, station_id: StationId, limit: int = 20) -> list[Publication]:
    return find_publications(connection, station_id, None, limit)


def find_publications(
    connection: Connection, station_id: StationId | None, after: tuple[datetime, int] | None, limit: int
) -> list[Publication]:
    """The latest first."""
    c = publications.c
    query = select(publications).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if after is not None:
        at, number = after
        query = query.where((c.asked_at < at) | ((c.asked_at == at) & (c.id < number)))
    return [_publication(row) for row in connection.execute(query)]


def _publication(row: Row[*tuple[Any, ...]]) -> Publication:
    values: dict[str, Any] = {name: getattr(row, name) for name in Publication.__slots__}
    values["state"] = Published(row.state)
    values["locations"] = tuple(msgspec.json.decode(row.locations, type=list[str]))
    return Publication(**values)


def locations_text(locations: Sequence[str]) -> str:
    return msgspec.json.encode(list(locations)).decode()


# ---- what a station comes for


def image_behind(connection: Connection, ticket: str, now: datetime) -> tuple[str, int | None] | None:
    """The image that an address leads to, and the update it was given for; None where it is none, or over."""
    c, p = updates.c, publications.c
    found = connection.execute(select(c.image_id, c.id).where(c.ticket == ticket, c.deadline > now)).first()
    if found is not None:
        return found.image_id, found.id
    published = connection.execute(select(p.image_id).where(p.ticket == ticket, p.deadline > now)).first()
    return None if published is None else (published.image_id, None)


def connected_among(connection: Connection, ids: Collection[str]) -> set[str]:
    s = _STATIONS.c
    return set(connection.execute(select(s.id).where(s.id.in_(list(ids)), s.connected)).scalars())
