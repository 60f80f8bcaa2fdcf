"""Use cases: who may sign in, what each of them may do, and the one-time links that let in whom no password does."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.ids import PersonId
from voltloom.features.access import store
from voltloom.features.access.audit import note
from voltloom.features.access.local_key import LOCAL
from voltloom.features.access.rules import (
    LINK_LIFE,
    Actor,
    Link,
    Person,
    Role,
    Standing,
    keep_an_admin,
    login_of,
    may_grant,
)
from voltloom.features.access.tokens import hash_of, new_token
from voltloom.infra.database import Database, Work


def new_person(login: str, name: str, role: Role, now: datetime) -> Person:
    return Person(PersonId(f"p-{secrets.token_hex(8)}"), login, name, role, Standing.ACTIVE, "", now)


def first_admin(connection: Connection, now: datetime) -> Person:
    """The one whom the very first link lets in: `admin`, with no password until one is chosen."""
    person = store.person_by_login(connection, "admin")
    if person is None:
        person = new_person("admin", "Administrator", Role.ADMIN, now)
        store.add_person(connection, person)
    return person


def find_person(connection: Connection, who: str) -> Person:
    person = store.person_by_id(connection, who) or store.person_by_login(connection, who.strip().lower())
    if person is None:
        raise NotFound(f"there is no person {who[:100]}")
    return person


async def add_person(
    database: Database, actor: Actor, login: str, name: str, role: Role, now: datetime
) -> tuple[Person, str]:
    """With a one-time link to sign in and choose a password. Raises Conflict where the login is taken."""
    login = login_of(login)
    may_grant(actor, role.scopes)

    def add(connection: Connection, work: Work) -> tuple[Person, str]:
        if store.person_by_login(connection, login):
            raise Conflict(f"there is a person {login} already")
        person = new_person(login, name.strip() or login, role, now)
        store.add_person(connection, person)
        token = put_link(connection, person.id, now)
        note(connection, work, actor, "person.add", login, "done", now, {"role": role.value, "name": person.name})
        return person, token

    return await database.write(add)


async def change_person(
    database: Database,
    actor: Actor,
    person_id: str,
    now: datetime,
    *,
    name: str | None = None,
    role: Role | None = None,
    standing: Standing | None = None,
) -> Person:
    """What is None stays. Disabling ends their sessions. Raises Conflict for the last admin."""

    def change(connection: Connection, work: Work) -> Person:
        person = find_person(connection, person_id)
        may_grant(actor, person.role.scopes)
        changed = replace(
            person, name=name or person.name, role=role or person.role, standing=standing or person.standing
        )
        may_grant(actor, changed.role.scopes)
        if changed.role is not Role.ADMIN or changed.standing is not Standing.ACTIVE:
            keep_an_admin(person, (admin.id for admin in store.active_admins(connection)))
        store.save_person(connection, changed)
        if changed.standing is not Standing.ACTIVE:
            store.end_sessions_of(connection, person.id)
            store.remove_links(connection, person.id)
        note(connection, work, actor, "person.change", person.login, "done", now, _difference(person, changed))
        return changed

    return await database.write(change)


def _difference(before: Person, after: Person) -> Mapping[str, object]:
    pairs = {
        "name": (before.name, after.name),
        "role": (before.role.value, after.role.value),
        "standing": (before.standing.value, after.standing.value),
    }
    return {key: {"before": old, "after": new} for key, (old, new) in pairs.items() if old != new}


async def change_own_name(database: Database, actor: Actor, person_id: PersonId, name: str, now: datetime) -> Person:
    """What one is called takes nobody's leave; what one may does."""

    def change(connection: Connection, work: Work) -> Person:
        person = find_person(connection, person_id)
        changed = replace(person, name=name.strip() or person.login)
        store.save_person(connection, changed)
        note(connection, work, actor, "person.change", person.login, "done", now, _difference(person, changed))
        return changed

    return await database.write(change)


async def remove_person(database: Database, actor: Actor, person_id: str, now: datetime) -> None:
    def remove(connection: Connection, work: Work) -> None:
        person = find_person(connection, person_id)
        may_grant(actor, person.role.scopes)
        keep_an_admin(person, (admin.id for admin in store.active_admins(connection)))
        store.remove_person(connection, person.id)
        note(connection, work, actor, "person.remove", person.login, "done", now)

    await database.write(remove)


# ---- one-time links


def put_link(connection: Connection, person_id: PersonId | None, now: datetime) -> str:
    token = new_token()
    store.remove_links(connection, person_id)
    store.add_link(connection, Link(hash_of(token), person_id, now + LINK_LIFE, None))
    return token


async def first_link(database: Database, now: datetime) -> str | None:
    """The token of a one-time link for the first admin, while no admin can sign in otherwise; None once one can.

    Printed by the server as it starts: the address is `/sign-in?link=<token>`.
    """

    def make(connection: Connection, work: Work) -> str | None:
        admins = store.active_admins(connection)
        if any(admin.password_hash for admin in admins):
            return None
        person_id = admins[0].id if admins else None
        token = put_link(connection, person_id, now)
        note(connection, work, LOCAL, "person.link", admins[0].login if admins else "the first admin", "done", now)
        return token

    return await database.write(make)


async def make_link(database: Database, actor: Actor, who: str, now: datetime) -> tuple[Person, str]:
    """A new one-time link for the person with this id or login; older ones no longer let anybody in."""

    def make(connection: Connection, work: Work) -> tuple[Person, str]:
        person = find_person(connection, who)
        may_grant(actor, person.role.scopes)
        if person.standing is not Standing.ACTIVE:
            raise Conflict(f"{person.login} is disabled: enable them first")
        token = put_link(connection, person.id, now)
        note(connection, work, actor, "person.link", person.login, "done", now)
        return person, token

    return await database.write(make)
