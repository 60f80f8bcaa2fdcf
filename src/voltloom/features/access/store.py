"""People, one-time links, sessions and API keys. Of everything that lets somebody in, only the hash is kept."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from voltloom.domain.ids import PersonId
from voltloom.features.access.rules import ApiKey, Link, Person, Role, Session, Standing
from voltloom.infra.columns import UtcTime
from voltloom.infra.database import metadata

people = Table(
    "people",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("login", String(200), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("standing", String(20), nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_sign_in_at", UtcTime),
    Column("last_seen_at", UtcTime),
    Column("totp", String(300), nullable=False, server_default="", comment="secret of the app, sealed"),
    Column("totp_next", String(300), nullable=False, server_default="", comment="one that is being set up"),
    Column("totp_step", BigInteger, nullable=False, server_default="0", comment="of the last code used"),
    Column("recovery", Text, nullable=False, server_default="", comment="hashes of what was not used"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", String(40), ForeignKey("people.id", ondelete="CASCADE")),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", String(40), ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("by", String(20), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("address", String(100), nullable=False),
    Column("agent", String(300), nullable=False),
    Column("confirmed_at", UtcTime, nullable=True, comment="when its person last showed again that it is them"),
    Index("sessions_by_person", "person_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("start", String(20), nullable=False),
    Column("grants", Text, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)


# ---- people


def _values(row: RowMapping) -> dict[str, object]:
    """Its keys are a kind of text of SQLAlchemy's own, which msgspec does not take for one."""
    return {str(name): value for name, value in row.items()}


def _person(row: RowMapping) -> Person:
    return msgspec.convert(_values(row), Person)


def person_by_id(connection: Connection, person_id: str) -> Person | None:
    row = connection.execute(select(people).where(people.c.id == person_id)).mappings().one_or_none()
    return _person(row) if row else None


def person_by_login(connection: Connection, login: str) -> Person | None:
    row = connection.execute(select(people).where(people.c.login == login)).mappings().one_or_none()
    return _person(row) if row else None


def list_people(connection: Connection, after_login: str, limit: int) -> list[Person]:
    query = select(people).where(people.c.login > after_login).order_by(people.c.login).limit(limit)
    return [_person(row) for row in connection.execute(query).mappings()]


def search_people(connection: Connection, words: str, limit: int) -> list[Person]:
    """With all of these words in login or name; by login."""
    said = func.lower(people.c.login + " " + people.c.name)
    query = select(people).order_by(people.c.login).limit(limit)
    for word in words.split()[:8]:
        query = query.where(said.contains(word.lower(), autoescape=True))
    return [_person(row) for row in connection.execute(query).mappings()]


def active_admins(connection: Connection) -> list[Person]:
    query = select(people).where(people.c.role == Role.ADMIN.value, people.c.standing == Standing.ACTIVE.value)
    return [_person(row) for row in connection.execute(query.order_by(people.c.created_at)).mappings()]


def add_person(connection: Connection, person: Person) -> None:
    connection.execute(
        insert(people).values(
            id=person.id,
            login=person.login,
            name=person.name,
            role=person.role.value,
            standing=person.standing.value,
            password_hash=person.password_hash,
            created_at=person.created_at,
            last_sign_in_at=person.last_sign_in_at,
        )
    )


def save_person(connection: Connection, person: Person) -> None:
    connection.execute(
        update(people)
        .where(people.c.id == person.id)
        .values(
            name=person.name,
            role=person.role.value,
            standing=person.standing.value,
            password_hash=person.password_hash,
            last_sign_in_at=person.last_sign_in_at,
            last_seen_at=person.last_seen_at,
        )
    )


def save_second_factor(connection: Connection, person: Person) -> None:
    connection.execute(
        update(people)
        .where(people.c.id == person.id)
        .values(totp=person.totp, totp_next=person.totp_next, totp_step=person.totp_step, recovery=person.recovery)
    )


def remove_person(connection: Connection, person_id: PersonId) -> None:
    connection.execute(delete(sign_in_links).where(sign_in_links.c.person_id == person_id))
    connection.execute(delete(sessions).where(sessions.c.person_id == person_id))
    connection.execute(delete(people).where(people.c.id == person_id))


# ---- one-time links


def add_link(connection: Connection, link: Link) -> None:
    connection.execute(
        insert(sign_in_links).values(
            token_hash=link.token_hash, person_id=link.person_id, expires_at=link.expires_at, used_at=link.used_at
        )
    )


def link_by_hash(connection: Connection, token_hash: str) -> Link | None:
    row = (
        connection.execute(select(sign_in_links).where(sign_in_links.c.token_hash == token_hash))
        .mappings()
        .one_or_none()
    )
    return Link(**row) if row else None


def use_link(connection: Connection, token_hash: str, now: datetime) -> bool:
    """False where somebody was faster."""
    used = connection.execute(
        update(sign_in_links)
        .where(sign_in_links.c.token_hash == token_hash, sign_in_links.c.used_at.is_(None))
        .values(used_at=now)
    )
    return used.rowcount == 1


def remove_links(connection: Connection, person_id: PersonId | None) -> None:
    """The unused ones of a person (None: of the first sign-in): a new link makes the older ones void."""
    whose = sign_in_links.c.person_id.is_(None) if person_id is None else sign_in_links.c.person_id == person_id
    connection.execute(delete(sign_in_links).where(whose, sign_in_links.c.used_at.is_(None)))


def open_links(connection: Connection, person_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    """When the link that was made for somebody, and is still good, ends: by the person's id."""
    link = sign_in_links.c
    query = select(link.person_id, func.max(link.expires_at)).group_by(link.person_id)
    query = query.where(link.person_id.in_(person_ids), link.used_at.is_(None), link.expires_at > now)
    return {row[0]: row[1] for row in connection.execute(query)}


# ---- sessions


def add_session(connection: Connection, session: Session) -> None:
    connection.execute(
        insert(sessions).values(
            id=session.id,
            token_hash=session.token_hash,
            person_id=session.person_id,
            by=session.by,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            address=session.address,
            agent=session.agent,
        )
    )


def session_by_hash(connection: Connection, token_hash: str) -> tuple[Session, Person] | None:
    row = connection.execute(select(sessions).where(sessions.c.token_hash == token_hash)).mappings().one_or_none()
    if row is None:
        return None
    person = person_by_id(connection, row["person_id"])
    return (Session(**row), person) if person else None


def session_by_id(connection: Connection, session_id: str) -> Session | None:
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).mappings().one_or_none()
    return Session(**row) if row else None


def list_sessions(
    connection: Connection, person_id: PersonId | None, after: tuple[datetime, str] | None, limit: int
) -> list[tuple[Session, str]]:
    """The newest first, each with the login of its person; `after` the one with this beginning and id."""
    query = (
        select(sessions, people.c.login)
        .join(people, people.c.id == sessions.c.person_id)
        .order_by(sessions.c.created_at.desc(), sessions.c.id)
        .limit(limit)
    )
    if person_id is not None:
        query = query.where(sessions.c.person_id == person_id)
    if after is not None:
        began, last_id = after
        query = query.where(
            or_(sessions.c.created_at < began, (sessions.c.created_at == began) & (sessions.c.id > last_id))
        )
    return [
        (Session(**{name: row[name] for name in Session.__slots__}), row["login"])
        for row in connection.execute(query).mappings()
    ]


def touch_session(connection: Connection, session: Session, now: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.id == session.id).values(last_seen_at=now))
    connection.execute(update(people).where(people.c.id == session.person_id).values(last_seen_at=now))


def confirm_session(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(confirmed_at=now))


def end_session(connection: Connection, session_id: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def end_sessions_of(connection: Connection, person_id: PersonId, keep: str = "") -> None:
    connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.id != keep))


def keep_newest_sessions(connection: Connection, person_id: PersonId, count: int) -> None:
    newest = (
        select(sessions.c.id)
        .where(sessions.c.person_id == person_id)
        .order_by(sessions.c.created_at.desc(), sessions.c.id)
        .limit(count)
    )
    ids: Sequence[str] = connection.execute(newest).scalars().all()
    connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.id.not_in(ids)))


def remove_stale(connection: Connection, created_before: datetime, seen_before: datetime, now: datetime) -> None:
    """Sessions and links that can never be good again."""
    connection.execute(
        delete(sessions).where(or_(sessions.c.created_at < created_before, sessions.c.last_seen_at < seen_before))
    )
    connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at < now))


# ---- API keys


def _api_key(row: RowMapping) -> ApiKey:
    return msgspec.convert({**_values(row), "grants": msgspec.json.decode(row["grants"])}, ApiKey)


def add_api_key(connection: Connection, key: ApiKey) -> None:
    connection.execute(
        insert(api_keys).values(
            id=key.id,
            token_hash=key.token_hash,
            name=key.name,
            start=key.start,
            grants=msgspec.json.encode(key.grants).decode(),
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )
    )


def api_key_by_hash(connection: Connection, token_hash: str) -> ApiKey | None:
    row = connection.execute(select(api_keys).where(api_keys.c.token_hash == token_hash)).mappings().one_or_none()
    return _api_key(row) if row else None


def api_key_by_id(connection: Connection, key_id: str) -> ApiKey | None:
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).mappings().one_or_none()
    return _api_key(row) if row else None


def list_api_keys(connection: Connection, after_id: str, limit: int) -> list[ApiKey]:
    query = select(api_keys).where(api_keys.c.id > after_id).order_by(api_keys.c.id).limit(limit)
    return [_api_key(row) for row in connection.execute(query).mappings()]


def touch_api_key(connection: Connection, key_id: str, now: datetime) -> None:
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))


def revoke_api_key(connection: Connection, key_id: str, now: datetime) -> None:
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=now))


def count_people(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(people)).scalar_one()
