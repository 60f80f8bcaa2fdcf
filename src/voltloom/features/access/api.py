"""Routes for signing in, people, sessions, API keys and the audit log; and the cookie of a session.

`request.state.arrival` (whence the call came) and `request.state.session` are set by the server's `auth.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.domain.errors import Conflict, Forbidden
from voltloom.domain.ids import PersonId
from voltloom.features.access import audit, service, store
from voltloom.features.access.rules import Actor, ApiKey, Person, Role, Scope, Session, Standing
from voltloom.features.access.service import Access, SignedIn, Source, csrf_token
from voltloom.features.api import After, Body, Call, Limit, Page, allow, csv_text, cursor, position, signed_in

# ---- the cookie


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whence a call came, after what trusted proxies say of it.

    secure   over TLS, at least up to the proxy
    local    from this machine itself, by its loopback address and name, through no proxy
    port     of the server, as its socket knows it
    """

    address: str
    secure: bool
    local: bool
    port: int


def cookie_name(arrival: Arrival) -> str:
    """Without TLS a browser takes no `__Host-` cookie; and cookies do not tell ports apart, so the name does."""
    return "__Host-voltloom" if arrival.secure else f"voltloom-{arrival.port}"


def keep_session(response: Response, arrival: Arrival, signed_in: SignedIn) -> None:
    response.set_cookie(
        cookie_name(arrival), signed_in.token, path="/", secure=arrival.secure, httponly=True, samesite="lax"
    )


def drop_session(response: Response, arrival: Arrival) -> None:
    response.delete_cookie(cookie_name(arrival), path="/", secure=arrival.secure, httponly=True, samesite="lax")


def source_of_call(request: Request) -> Source:
    return Source(request.state.arrival.address, request.headers.get("user-agent", ""))


def _access(request: Request) -> Access:
    return request.app.state.access


# ---- documents

Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Secret = Annotated[str, StringConstraints(max_length=1000)]


class PersonOut(Body):
    id: str
    login: str
    name: str
    role: Role
    standing: Standing
    has_password: bool = Field(description="false: only a sign-in link lets this person in")
    created_at: datetime
    last_sign_in_at: datetime | None

    @staticmethod
    def of(person: Person) -> "PersonOut":
        return PersonOut(
            id=person.id,
            login=person.login,
            name=person.name,
            role=person.role,
            standing=person.standing,
            has_password=bool(person.password_hash),
            created_at=person.created_at,
            last_sign_in_at=person.last_sign_in_at,
        )


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


class SignInIn(Body):
    login: Secret
    password: Secret


class LinkIn(Body):
    link: Secret = Field(description="the token of a one-time link: what follows `link=` in its address")


class PasswordIn(Body):
    old: Secret | None = Field(default=None, description="not needed soon after signing in with a link")
    new: Secret = Field(description="15 characters or more; a few words that do not belong together")


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


class ApiKeyIn(Body):
    name: Text200
    grants: list[Annotated[str, StringConstraints(max_length=60)]] = Field(
        min_length=1, max_length=50, description='scope names, role names, or "*" for all'
    )
    expires_at: AwareDatetime | None = None


class ApiKeyOut(Body):
    id: str
    name: str
    start: str = Field(description="its first characters, to tell keys apart")
    grants: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="to the minute")
    revoked_at: datetime | None

    @staticmethod
    def of(key: ApiKey) -> "ApiKeyOut":
        return ApiKeyOut(
            id=key.id,
            name=key.name,
            start=key.start,
            grants=list(key.grants),
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class NewApiKeyOut(Body):
    """key: for `Authorization: Bearer`. It is told this once."""

    key: str
    api_key: ApiKeyOut


class AuditEntryOut(Body):
    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    address: str
    action: str
    target: str
    outcome: str
    details: object
    hash: str

    @staticmethod
    def of(entry: audit.Entry) -> "AuditEntryOut":
        return AuditEntryOut(
            number=entry.number,
            at=entry.at,
            actor_kind=entry.actor_kind,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            address=entry.address,
            action=entry.action,
            target=entry.target,
            outcome=entry.outcome,
            details=msgspec.json.decode(entry.details),
            hash=entry.hash,
        )


class VerdictOut(Body):
    good: bool
    entries: int = Field(description="how many are in order, from the first")
    head: str = Field(description="hash of the last that is in order; keep it elsewhere to prove what was there")
    broken_at: int | None
    reason: str


# ---- one's own session


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
    )


def _kind(actor: Actor) -> Literal["person", "api_key", "local"]:
    match actor.kind:
        case "person" | "api_key" | "local":
            return actor.kind
        case _:
            raise AssertionError(f"an actor of kind {actor.kind} signed in")


def _who_signed_in(signed_in: SignedIn, now: datetime) -> ActorOut:
    actor, session = signed_in.person.actor, signed_in.session
    return ActorOut(
        kind=_kind(actor),
        id=actor.id,
        name=actor.name,
        scopes=sorted(actor.scopes, key=lambda scope: scope.value),
        person=PersonOut.of(signed_in.person),
        csrf_token=csrf_token(signed_in.token),
        expires_at=session.expires_at,
        may_choose_password=session.may_choose_password(now),
    )


def _session_routes(router: APIRouter) -> None:
    @router.post("/session", tags=["session"], summary="Sign in with a password", status_code=201)
    async def sign_in(body: SignInIn, request: Request, response: Response) -> ActorOut:
        now = datetime.now(UTC)
        _refuse_clear(request)
        signed_in = await _access(request).sign_in(body.login, body.password, source_of_call(request), now)
        await _replace_session(request, response, signed_in)
        return _who_signed_in(signed_in, now)

    @router.post("/session/link", tags=["session"], summary="Sign in with a one-time link", status_code=201)
    async def sign_in_with_link(body: LinkIn, request: Request, response: Response) -> ActorOut:
        now = datetime.now(UTC)
        _refuse_clear(request)
        signed_in = await _access(request).sign_in_with_link(body.link, source_of_call(request), now)
        await _replace_session(request, response, signed_in)
        return _who_signed_in(signed_in, now)

    @router.get("/session", tags=["session"], summary="Who am I, and what may I")
    async def who_am_i(call: Annotated[Call, signed_in()], request: Request) -> ActorOut:
        return await _who(call, request)

    @router.delete("/session", tags=["session"], summary="Sign out", status_code=204)
    async def sign_out(call: Annotated[Call, signed_in()], request: Request, response: Response) -> None:
        await _access(request).sign_out(call.actor, _own_session(request), call.now)
        drop_session(response, request.state.arrival)

    @router.put("/session/password", tags=["session"], summary="Choose a new password", status_code=204)
    async def change_password(body: PasswordIn, call: Annotated[Call, signed_in()], request: Request) -> None:
        """Ends all other sessions of this person."""
        session = _own_session(request)
        source = source_of_call(request)
        await _access(request).change_password(call.actor, session, body.old, body.new, source, call.now)


def _refuse_clear(request: Request) -> None:
    """Before the password is looked at: whoever sent it in clear hears so, right or wrong."""
    arrival: Arrival = request.state.arrival
    if not (arrival.secure or arrival.local):
        raise Forbidden("signing in takes https here: a password must not cross a network in clear")


async def _replace_session(request: Request, response: Response, signed_in: SignedIn) -> None:
    if isinstance(request.state.session, Session):
        await _access(request).leave(request.state.session)
    keep_session(response, request.state.arrival, signed_in)


def _own_session(request: Request) -> Session:
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

    @router.delete("/sessions/{session_id}", tags=["session"], summary="End a session", status_code=204)
    async def end_session(session_id: str, call: Annotated[Call, signed_in()]) -> None:
        """One's own; anybody's with the scope access:write."""
        anyones = call.actor.may(Scope.ACCESS_WRITE)
        await service.end_session(call.database, call.actor, session_id, call.now, anyones=anyones)


# ---- people


def _people_routes(router: APIRouter) -> None:
    @router.get("/people", tags=["people"], summary="People who may sign in")
    async def list_people(
        call: Annotated[Call, allow(Scope.ACCESS_WRITE)], limit: Limit = 100, after: After = None
    ) -> Page[PersonOut]:
        (last_login,) = position(after, tuple[str]) or ("",)
        found = await call.database.read(lambda connection: store.list_people(connection, last_login, limit + 1))
        more = cursor(found[limit - 1].login) if len(found) > limit else None
        return Page(items=[PersonOut.of(person) for person in found[:limit]], next=more)

    @router.post("/people", tags=["people"], summary="Invite a person", status_code=201)
    async def add_person(body: PersonIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> LinkOut:
        """Gives a one-time link to hand over, good for 30 minutes, with which they sign in and choose a password."""
        person, token = await service.add_person(
            call.database, call.actor, body.login, body.name or body.login, body.role, call.now
        )
        return LinkOut(person=PersonOut.of(person), path=f"/sign-in?link={token}")

    @router.patch("/people/{person_id}", tags=["people"], summary="Change a person's name, role or standing")
    async def change_person(
        person_id: str, body: PersonChangeIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]
    ) -> PersonOut:
        """Disabling somebody ends their sessions at once. The last admin stays one."""
        person = await service.change_person(
            call.database, call.actor, person_id, call.now, name=body.name, role=body.role, standing=body.standing
        )
        return PersonOut.of(person)

    @router.post("/people/{person_id}/link", tags=["people"], summary="Make a new sign-in link", status_code=201)
    async def make_link(person_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> LinkOut:
        """For somebody who lost password or link. Older links of theirs no longer let anybody in."""
        person, token = await service.make_link(call.database, call.actor, person_id, call.now)
        return LinkOut(person=PersonOut.of(person), path=f"/sign-in?link={token}")

    @router.delete("/people/{person_id}", tags=["people"], summary="Remove a person", status_code=204)
    async def remove_person(person_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> None:
        """Their sessions end. What they did stays in the audit log."""
        await service.remove_person(call.database, call.actor, person_id, call.now)


# ---- API keys


def _api_key_routes(router: APIRouter) -> None:
    @router.get("/api-keys", tags=["api keys"], summary="API keys, revoked ones too")
    async def list_api_keys(
        call: Annotated[Call, allow(Scope.ACCESS_WRITE)], limit: Limit = 100, after: After = None
    ) -> Page[ApiKeyOut]:
        (last_id,) = position(after, tuple[str]) or ("",)
        found = await call.database.read(lambda connection: store.list_api_keys(connection, last_id, limit + 1))
        more = cursor(found[limit - 1].id) if len(found) > limit else None
        return Page(items=[ApiKeyOut.of(key) for key in found[:limit]], next=more)

    @router.post("/api-keys", tags=["api keys"], summary="Make an API key", status_code=201)
    async def add_api_key(body: ApiKeyIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> NewApiKeyOut:
        """The key is in this answer and nowhere else. It cannot do more than the one who makes it."""
        key, token = await service.add_api_key(
            call.database, call.actor, body.name, tuple(body.grants), body.expires_at, call.now
        )
        return NewApiKeyOut(key=token, api_key=ApiKeyOut.of(key))

    @router.delete("/api-keys/{key_id}", tags=["api keys"], summary="Revoke an API key", status_code=204)
    async def revoke_api_key(key_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> None:
        await service.revoke_api_key(call.database, call.actor, key_id, call.now)


# ---- the audit log

_AUDIT_COLUMNS = tuple(AuditEntryOut.model_fields)


def _audit_routes(router: APIRouter) -> None:
    @router.get("/audit", tags=["audit"], summary="Who did what")
    async def list_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        limit: Limit = 100,
        after: After = None,
        actor_id: Annotated[str, Query(max_length=100)] = "",
        action: Annotated[str, Query(max_length=100, description="`station.reset`, or `station.*`")] = "",
        target: Annotated[str, Query(max_length=300)] = "",
    ) -> Page[AuditEntryOut]:
        """The newest first."""
        start = position(after, tuple[int])
        found = await call.database.read(
            lambda connection: audit.list_entries(
                connection,
                before=start[0] if start else None,
                limit=limit + 1,
                actor_id=actor_id,
                action=action,
                target=target,
            )
        )
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        return Page(items=[AuditEntryOut.of(entry) for entry in found[:limit]], next=more)

    @router.get("/audit/verify", tags=["audit"], summary="Check that nothing in it was changed")
    async def verify_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        head: Annotated[
            str, Query(max_length=64, description="a hash seen before: its entry must still be there")
        ] = "",
    ) -> VerdictOut:
        verdict = await call.database.read(lambda connection: audit.verify(connection, head))
        return VerdictOut(
            good=verdict.broken_at is None,
            entries=verdict.entries,
            head=verdict.head,
            broken_at=verdict.broken_at,
            reason=verdict.reason,
        )

    @router.get("/audit/export", tags=["audit"], summary="All of it, the oldest first", response_class=Response)
    async def export_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line")
        ] = "csv",
    ) -> StreamingResponse:
        media = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[kind]
        headers = {"content-disposition": f'attachment; filename="audit.{kind}"'}
        return StreamingResponse(_export(call, kind), media_type=media, headers=headers)


async def _export(call: Call, kind: Literal["csv", "jsonl"]) -> AsyncIterator[str]:
    """A thousand at a time: an export does not hold a connection, nor the log in memory."""
    if kind == "csv":
        yield csv_text([_AUDIT_COLUMNS])
    number = 0
    while True:
        after_number = number
        entries = await call.database.read(lambda connection: audit.entries_after(connection, after_number, 1000))  # noqa: B023  # awaited at once
        if not entries:
            return
        number = entries[-1].number
        if kind == "csv":
            yield csv_text([getattr(entry, column) for column in _AUDIT_COLUMNS] for entry in entries)
        else:
            yield "".join(f"{AuditEntryOut.of(entry).model_dump_json()}\n" for entry in entries)


def routes() -> APIRouter:
    router = APIRouter()
    _session_routes(router)
    _sessions_routes(router)
    _people_routes(router)
    _api_key_routes(router)
    _audit_routes(router)
    return router
