"""Routes for signing in and out, one's own password, and open sessions."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from voltloom.domain.errors import Conflict, Forbidden
from voltloom.domain.ids import PersonId
from voltloom.features.access import people, sessions, store
from voltloom.features.access.api.shared import (
    Arrival,
    PersonOut,
    Secret,
    Text200,
    access_of,
    cookie_name,
    drop_session,
    keep_session,
    source_of_call,
)
from voltloom.features.access.rules import Actor, Person, Scope, Session
from voltloom.features.access.service import Access
from voltloom.features.access.sessions import SignedIn
from voltloom.features.access.tokens import csrf_token
from voltloom.features.api import After, Body, Call, Limit, Page, cursor, position, signed_in

SecondFactorState = Literal["off", "on", "required"]


class ActorOut(Body):
    """Who calls: a person, an API key, or this machine's own command line."""

    kind: Literal["person", "api_key", "local"]
    id: str
    name: str
    scopes: list[Scope]
    person: PersonOut | None = None
    csrf_token: str | None = Field(
        default=None, description="to send as `X-CSRF-Token` with every call that changes something"
    )
    expires_at: datetime | None = Field(default=None, description="when this session ends at the latest")
    may_choose_password: bool = Field(
        default=False, description="true soon after signing in with a link: no old password is asked"
    )
    fresh_until: datetime | None = Field(
        default=None,
        description="until then this session may do what takes somebody who just signed in; null: always. Then "
        "`POST /session/confirmation`",
    )
    second_factor: SecondFactorState | None = Field(
        default=None, description="required: this person may do nothing before one is set up"
    )


_CODE = "of the second factor: what the app shows, or a recovery code; asked for with the problem second-factor-needed"


class SignInIn(Body):
    login: Secret
    password: Secret
    code: Secret = Field(default="", description=_CODE)


class LinkIn(Body):
    link: Secret = Field(description="the token of a one-time link: what follows `link=` in its address")
    code: Secret = Field(default="", description=_CODE)


class PasswordIn(Body):
    old: Secret | None = Field(default=None, description="not needed soon after signing in with a link")
    new: Secret = Field(description="15 characters or more; a few words that do not belong together")


class SelfIn(Body):
    name: Text200


class SessionOut(Body):
    id: str
    login: str
    by: Literal["password", "link"]
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


async def _who(call: Call, request: Request) -> ActorOut:
    actor, session = call.actor, request.state.session
    scopes = sorted(actor.scopes, key=lambda scope: scope.value)
    if not isinstance(session, Session):
        return ActorOut(kind=_kind(actor), id=actor.id, name=actor.name, scopes=scopes)
    person = await call.database.read(lambda connection: store.person_by_id(connection, session.person_id))
    return ActorOut(
        kind=_kind(actor),
        id=actor.id,
        name=actor.name,
        scopes=scopes,
        person=PersonOut.of(person) if person else None,
        csrf_token=csrf_token(request.cookies[cookie_name(request.state.arrival)]),
        expires_at=session.expires_at,
        may_choose_password=session.may_choose_password(call.now),
        fresh_until=access_of(request).fresh_until(session),
        second_factor=_state(access_of(request), person) if person else None,
    )


def _state(access: Access, person: Person) -> SecondFactorState:
    if access.factors.missing(person):
        return "required"
    return "on" if person.totp else "off"


def _kind(actor: Actor) -> Literal["person", "api_key", "local"]:
    match actor.kind:
        case "person" | "api_key" | "local":
            return actor.kind
        case _:
            raise AssertionError(f"an actor of kind {actor.kind} signed in")


def _who_signed_in(access: Access, signed_in: SignedIn, now: datetime) -> ActorOut:
    actor, session = access.actor_of(signed_in.person), signed_in.session
    return ActorOut(
        kind=_kind(actor),
        id=actor.id,
        name=actor.name,
        scopes=sorted(actor.scopes, key=lambda scope: scope.value),
        person=PersonOut.of(signed_in.person),
        csrf_token=csrf_token(signed_in.token),
        expires_at=session.expires_at,
        may_choose_password=session.may_choose_password(now),
        fresh_until=access.fresh_until(session),
        second_factor=_state(access, signed_in.person),
    )


def _session_routes(router: APIRouter) -> None:
    @router.post("/session", tags=["session"], summary="Sign in with a password", status_code=201)
    async def sign_in(body: SignInIn, request: Request, response: Response) -> ActorOut:
        now = datetime.now(UTC)
        _refuse_clear(request)
        signed_in = await access_of(request).sign_in(
            body.login, body.password, source_of_call(request), now, code=body.code
        )
        await _replace_session(request, response, signed_in)
        return _who_signed_in(access_of(request), signed_in, now)

    @router.post("/session/link", tags=["session"], summary="Sign in with a one-time link", status_code=201)
    async def sign_in_with_link(body: LinkIn, request: Request, response: Response) -> ActorOut:
        now = datetime.now(UTC)
        _refuse_clear(request)
        signed_in = await access_of(request).sign_in_with_link(body.link, source_of_call(request), now, code=body.code)
        await _replace_session(request, response, signed_in)
        return _who_signed_in(access_of(request), signed_in, now)

    @router.get("/session", tags=["session"], summary="Who am I, and what may I")
    async def who_am_i(call: Annotated[Call, signed_in()], request: Request) -> ActorOut:
        return await _who(call, request)

    @router.patch("/session", tags=["session"], summary="Change my own name")
    async def change_own_name(body: SelfIn, call: Annotated[Call, signed_in()], request: Request) -> ActorOut:
        session = own_session(request)
        await people.change_own_name(call.database, call.actor, session.person_id, body.name, call.now)
        return await _who(call, request)

    @router.delete("/session", tags=["session"], summary="Sign out", status_code=204)
    async def sign_out(call: Annotated[Call, signed_in()], request: Request, response: Response) -> None:
        await access_of(request).sign_out(call.actor, own_session(request), call.now)
        drop_session(response, request.state.arrival)

    @router.put("/session/password", tags=["session"], summary="Choose a new password", status_code=204)
    async def change_password(body: PasswordIn, call: Annotated[Call, signed_in()], request: Request) -> None:
        """Ends all other sessions of this person."""
        session = own_session(request)
        source = source_of_call(request)
        await access_of(request).change_password(call.actor, session, body.old, body.new, source, call.now)


def _refuse_clear(request: Request) -> None:
    """Before the password is looked at: whoever sent it in clear hears so, right or wrong."""
    arrival: Arrival = request.state.arrival
    if not (arrival.secure or arrival.local):
        raise Forbidden("signing in takes https here: a password must not cross a network in clear")


async def _replace_session(request: Request, response: Response, signed_in: SignedIn) -> None:
    if isinstance(request.state.session, Session):
        await access_of(request).leave(request.state.session)
    keep_session(response, request.state.arrival, signed_in)


def own_session(request: Request) -> Session:
    session = request.state.session
    if not isinstance(session, Session):
        raise Conflict("this call came with a key, not with a session")
    return session


def _sessions_routes(router: APIRouter) -> None:
    @router.get("/sessions", tags=["session"], summary="Open sessions")
    async def list_sessions(
        call: Annotated[Call, signed_in()],
        request: Request,
        limit: Limit = 100,
        after: After = None,
        everyones: Annotated[bool, Query(description="of all people; takes the scope access:write")] = False,
    ) -> Page[SessionOut]:
        """The newest first. One's own, or everyone's."""
        if everyones and not call.actor.may(Scope.ACCESS_WRITE):
            raise Forbidden(f"{call.actor.name} may see only their own sessions")
        whose = None if everyones else PersonId(call.actor.id)
        start = position(after, tuple[datetime, str])
        found = await call.database.read(lambda connection: store.list_sessions(connection, whose, start, limit + 1))
        current = request.state.session
        items = [
            SessionOut(
                id=session.id,
                login=login,
                by="link" if session.by == "link" else "password",
                created_at=session.created_at,
                last_seen_at=session.last_seen_at,
                expires_at=session.expires_at,
                address=session.address,
                agent=session.agent,
                current=isinstance(current, Session) and current.id == session.id,
            )
            for session, login in found[:limit]
            if session.is_good(call.now)
        ]
        last = found[limit - 1][0] if len(found) > limit else None
        return Page(items=items, next=cursor(last.created_at, last.id) if last else None)

    @router.delete("/sessions", tags=["session"], summary="End all my other sessions", status_code=204)
    async def end_other_sessions(call: Annotated[Call, signed_in()], request: Request) -> None:
        await sessions.end_other_sessions(call.database, call.actor, own_session(request), call.now)

    @router.delete("/sessions/{session_id}", tags=["session"], summary="End a session", status_code=204)
    async def end_session(session_id: str, call: Annotated[Call, signed_in()]) -> None:
        """One's own; anybody's with the scope access:write."""
        anyones = call.actor.may(Scope.ACCESS_WRITE)
        await sessions.end_session(call.database, call.actor, session_id, call.now, anyones=anyones)


def add_routes(router: APIRouter) -> None:
    _session_routes(router)
    _sessions_routes(router)
