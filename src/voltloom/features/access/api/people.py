"""Routes of people who may sign in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from voltloom.features.access import people, second_factor, store
from voltloom.features.access.api.shared import PersonOut, Text200
from voltloom.features.access.rules import LINK_LIFE, Person, Role, Scope, Standing
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position, signed_in


class PersonIn(Body):
    login: Text200 = Field(description="an e-mail address or a user name")
    name: Text200 | None = None
    role: Role


class PersonChangeIn(Body):
    name: Text200 | None = None
    role: Role | None = None
    standing: Standing | None = None


class LinkOut(Body):
    """A one-time way in. It is told this once; it is good for 30 minutes and until a newer one is made."""

    person: PersonOut
    path: str = Field(description="of the page to open, on this server")
    expires_at: datetime


class RoleOut(Body):
    role: Role
    scopes: list[Scope]


class RolesOut(Body):
    """What each role may: the least first."""

    items: list[RoleOut]


def _link(person: Person, token: str, now: datetime) -> LinkOut:
    expires_at = now + LINK_LIFE
    return LinkOut(person=PersonOut.of(person, expires_at), path=f"/sign-in?link={token}", expires_at=expires_at)


def add_routes(router: APIRouter) -> None:
    @router.get("/people", tags=["people"], summary="People who may sign in")
    async def list_people(
        call: Annotated[Call, allow(Scope.ACCESS_WRITE)], limit: Limit = 100, after: After = None
    ) -> Page[PersonOut]:
        (last_login,) = position(after, tuple[str]) or ("",)

        def read(connection: Connection) -> tuple[list[Person], dict[str, datetime]]:
            found = store.list_people(connection, last_login, limit + 1)
            return found, store.open_links(connection, [person.id for person in found], call.now)

        found, links = await call.database.read(read)
        more = cursor(found[limit - 1].login) if len(found) > limit else None
        return Page(items=[PersonOut.of(person, links.get(person.id)) for person in found[:limit]], next=more)

    @router.post("/people", tags=["people"], summary="Invite a person", status_code=201)
    async def add_person(body: PersonIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]) -> LinkOut:
        """Gives a one-time link to hand over, good for 30 minutes, with which they sign in and choose a password."""
        person, token = await people.add_person(
            call.database, call.actor, body.login, body.name or body.login, body.role, call.now
        )
        return _link(person, token, call.now)

    @router.patch("/people/{person_id}", tags=["people"], summary="Change a person's name, role or standing")
    async def change_person(
        person_id: str, body: PersonChangeIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]
    ) -> PersonOut:
        """Disabling somebody ends their sessions at once. The last admin stays one."""
        person = await people.change_person(
            call.database, call.actor, person_id, call.now, name=body.name, role=body.role, standing=body.standing
        )
        return PersonOut.of(person)

    @router.post("/people/{person_id}/link", tags=["people"], summary="Make a new sign-in link", status_code=201)
    async def make_link(person_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]) -> LinkOut:
        """For somebody who lost password or link. Older links of theirs no longer let anybody in."""
        person, token = await people.make_link(call.database, call.actor, person_id, call.now)
        return _link(person, token, call.now)

    @router.delete(
        "/people/{person_id}/second-factor", tags=["people"], summary="Reset a second factor", status_code=204
    )
    async def reset_second_factor(person_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]) -> None:
        """For somebody who lost app and recovery codes. Be sure who asks: their password alone lets them in then."""
        await second_factor.reset_second_factor(call.database, call.actor, person_id, call.now)

    @router.get("/roles", tags=["people"], summary="What each role may")
    async def list_roles(call: Annotated[Call, signed_in()]) -> RolesOut:
        by_name = [RoleOut(role=role, scopes=[scope for scope in Scope if scope in role.scopes]) for role in Role]
        return RolesOut(items=by_name)

    @router.delete("/people/{person_id}", tags=["people"], summary="Remove a person", status_code=204)
    async def remove_person(person_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]) -> None:
        """Their sessions end. What they did stays in the audit log."""
        await people.remove_person(call.database, call.actor, person_id, call.now)
