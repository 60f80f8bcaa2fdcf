"""Use cases: sessions, from the sign-in that begins one."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.errors import NotFound
from voltloom.features.access import store
from voltloom.features.access.audit import note
from voltloom.features.access.rules import SESSION_IDLE, SESSION_LIFE, Actor, Person, Session
from voltloom.features.access.tokens import hash_of, new_token
from voltloom.features.feature import Context
from voltloom.infra.database import Database, Work

MOST_SESSIONS = 20
"""Of one person; the oldest ends when another begins."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a sign-in comes from. agent: the browser, as it calls itself."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: the cookie's value, told this once."""

    token: str
    session: Session
    person: Person


def begin_session(
    connection: Connection, work: Work, person: Person, by: str, source: Source, now: datetime
) -> SignedIn:
    token = new_token()
    session = Session(
        id=f"s-{secrets.token_hex(8)}",
        token_hash=hash_of(token),
        person_id=person.id,
        by=by,
        created_at=now,
        last_seen_at=now,
        address=source.address[:100],
        agent=_one_line(source.agent)[:300],
    )
    person = replace(person, last_sign_in_at=now, last_seen_at=now)
    store.save_person(connection, person)
    store.add_session(connection, session)
    store.keep_newest_sessions(connection, person.id, MOST_SESSIONS)
    actor = replace(person.actor, address=source.address)
    note(connection, work, actor, "session.sign_in", person.login, "done", now, {"by": by, "agent": session.agent})
    return SignedIn(token, session, person)


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


async def end_session(database: Database, actor: Actor, session_id: str, now: datetime, *, anyones: bool) -> None:
    """anyones False: only the actor's own."""

    def end(connection: Connection, work: Work) -> None:
        session = store.session_by_id(connection, session_id)
        if session is None or not (anyones or session.person_id == actor.id):
            raise NotFound(f"there is no session {session_id[:60]}")
        person = store.person_by_id(connection, session.person_id)
        store.end_session(connection, session.id)
        note(connection, work, actor, "session.end", person.login if person else session.person_id, "done", now)

    await database.write(end)


async def end_other_sessions(database: Database, actor: Actor, session: Session, now: datetime) -> None:
    """All of the person's but this one."""

    def end(connection: Connection, work: Work) -> None:
        store.end_sessions_of(connection, session.person_id, keep=session.id)
        note(connection, work, actor, "session.end_others", actor.name, "done", now)

    await database.write(end)


async def tidy(context: Context) -> None:
    """Forget sessions and links that can never be good again."""
    now = context.now
    await context.database.write(
        lambda connection, _: store.remove_stale(connection, now - SESSION_LIFE, now - SESSION_IDLE, now)
    )
