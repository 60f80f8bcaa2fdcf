"""Use cases: signing in and out, and deciding who may.

What is shown once (a link, a session's token, an API key) is random, 256 bit, and kept as its SHA-256: there is
nothing to guess that a slow hash would protect.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, Forbidden, Invalid, NotFound, Throttled
from voltloom.domain.ids import PersonId
from voltloom.features.access import store
from voltloom.features.access.audit import note
from voltloom.features.access.local_key import LOCAL
from voltloom.features.access.passwords import Passwords, insist_on_good
from voltloom.features.access.rules import (
    FRESH_FOR,
    LINK_LIFE,
    SESSION_IDLE,
    SESSION_LIFE,
    Actor,
    ApiKey,
    FreshSignInNeeded,
    Link,
    Person,
    Role,
    SecondFactorNeeded,
    Session,
    SignInRefused,
    Standing,
    keep_an_admin,
    login_of,
    may_grant,
    scopes_of,
)
from voltloom.features.access.second_factor import SecondFactors
from voltloom.features.access.throttle import Throttle, source_of
from voltloom.features.feature import Context
from voltloom.infra.database import Database, Work

T = TypeVar("T")

KEY_PREFIX = "vl_"
MOST_SESSIONS = 20
"""Of one person; the oldest ends when another begins."""
_REFUSED = "that name and password do not go together"
_LINK_REFUSED = "this link is not good: it was used, it is older than 30 minutes, or a newer one was made"


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


@dataclass(frozen=True, slots=True)
class Recognised:
    """session None: came with a key, not with a session."""

    actor: Actor
    session: Session | None = None


class Access:
    """Lets people and keys in. Holds what must be fast or bounded in memory: throttles and the hashing threads.

    local_token   what this machine's own command line calls with; "" for none
    """

    def __init__(
        self,
        database: Database,
        factors: SecondFactors,
        *,
        local_token: str = "",
        passwords: Passwords | None = None,
        fresh_for: timedelta = FRESH_FOR,
    ) -> None:
        """fresh_for: how long after signing in a person may do what is dangerous; 0: always."""
        self._database = database
        self.factors = factors
        self._fresh_for = fresh_for
        self._local_hash = _hash(local_token) if local_token else ""
        self._passwords = passwords or Passwords()
        self._by_source = Throttle(burst=15, period_s=5)
        self._by_source_and_login = Throttle(burst=8, period_s=5)
        # Against guessing from many sources at once. A source the account signed in from before is never held up by
        # it, and a link always lets its owner in: guessing cannot lock anybody out for good.
        self._by_login = Throttle(burst=100, period_s=2)
        # Whoever gets here knows the password: a code of six digits must not be guessed.
        self._by_code = Throttle(burst=5, period_s=60)
        self._refusals_noted = Throttle(burst=3, period_s=60)
        self._known_sources: dict[tuple[str, str], None] = {}

    def close(self) -> None:
        self._passwords.close()

    # ---- signing in

    async def sign_in(self, login: str, password: str, source: Source, now: datetime, *, code: str = "") -> SignedIn:
        """Raises SignInRefused, the same for an unknown name and a wrong password; SecondFactorNeeded; Throttled.

        code: of the second factor, where this person has one.
        """
        try:
            login = login_of(login)
        except Invalid:
            login = ""
        taken = self._take(login, source_of(source.address))
        person = await self._database.read(lambda connection: store.person_by_login(connection, login))
        able = person is not None and person.standing is Standing.ACTIVE
        good = await self._passwords.check(person.password_hash if person and able else "", password)
        if person is None or not good:
            await self._note_refusal(person, source, now)
            raise SignInRefused(_REFUSED)
        for throttle, key in taken:
            throttle.give_back(key)
        self._remember(login, source_of(source.address))
        self._count_code(person, code)
        checked = person.password_hash
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(checked) else checked
        person_id = person.id

        def begin(connection: Connection, work: Work) -> SignedIn:
            current = store.person_by_id(connection, person_id)
            if current is None or current.standing is not Standing.ACTIVE or current.password_hash != checked:
                raise SignInRefused(_REFUSED)
            self._insist_on_code(connection, current, code, now)
            return _begin_session(connection, work, replace(current, password_hash=renewed), "password", source, now)

        try:
            signed_in = await self._database.write(begin)
        except SignInRefused:
            await self._note_refusal(person, source, now)
            raise
        self._by_code.forget(person.id)
        return signed_in

    def _count_code(self, person: Person, code: str) -> None:
        """Raises Throttled."""
        if not (person.totp and code):
            return
        now_s = time.monotonic()
        wait_s = self._by_code.wait_s(person.id, now_s)
        if wait_s > 0:
            raise Throttled("too many wrong codes: wait a little", wait_s)
        self._by_code.take(person.id, now_s)

    def _insist_on_code(self, connection: Connection, person: Person, code: str, now: datetime) -> None:
        if not person.totp:
            return
        if not code:
            raise SecondFactorNeeded("give the code that your authenticator app shows, or a recovery code")
        if not self.factors.accepts(connection, person, code, now):
            raise SignInRefused("that code is not good: take the newest of the app, or a recovery code")

    async def sign_in_with_link(self, token: str, source: Source, now: datetime, *, code: str = "") -> SignedIn:
        """Uses the link up. The first of all makes the first admin. A link stands for the password, not for the
        second factor. Raises SignInRefused; SecondFactorNeeded (the link stays good); Throttled."""
        taken = self._take("", source_of(source.address))
        token_hash = _hash(token)

        def use(connection: Connection, work: Work) -> SignedIn:
            link = store.link_by_hash(connection, token_hash)
            if link is None or not link.is_good(now) or not store.use_link(connection, token_hash, now):
                raise SignInRefused(_LINK_REFUSED)
            person = store.person_by_id(connection, link.person_id) if link.person_id else _first_admin(connection, now)
            if person is None or person.standing is not Standing.ACTIVE:
                raise SignInRefused(_LINK_REFUSED)
            self._count_code(person, code)
            self._insist_on_code(connection, person, code, now)
            return _begin_session(connection, work, person, "link", source, now)

        try:
            signed_in = await self._database.write(use)
        except SecondFactorNeeded:
            for throttle, key in taken:
                throttle.give_back(key)
            raise
        self._by_code.forget(signed_in.person.id)
        for throttle, key in taken:
            throttle.give_back(key)
        return signed_in

    def _take(self, login: str, source: str) -> list[tuple[Throttle, str]]:
        """Count this attempt against everything it counts for. Raises Throttled, before anything costly."""
        counted = [(self._by_source, source), (self._by_source_and_login, f"{source} {login}")]
        if login and (login, source) not in self._known_sources:
            counted.append((self._by_login, login))
        now_s = time.monotonic()
        wait_s = max(throttle.wait_s(key, now_s) for throttle, key in counted)
        if wait_s > 0:
            raise Throttled("too many attempts to sign in: wait a little", wait_s)
        for throttle, key in counted:
            throttle.take(key, now_s)
        return counted

    def _remember(self, login: str, source: str) -> None:
        self._known_sources.pop((login, source), None)
        self._known_sources[login, source] = None
        if len(self._known_sources) > 10_000:
            del self._known_sources[next(iter(self._known_sources))]

    async def _note_refusal(self, person: Person | None, source: Source, now: datetime) -> None:
        """A few a minute and source: guessing must not fill the log. A name that is not one of ours is not kept;
        it might be a password, typed in the wrong place."""
        now_s, key = time.monotonic(), source_of(source.address)
        if self._refusals_noted.wait_s(key, now_s) > 0:
            return
        self._refusals_noted.take(key, now_s)
        actor = Actor("unknown", "", "somebody", frozenset(), source.address)
        target = person.login if person else "an unknown name"

        def add(connection: Connection, work: Work) -> None:
            note(connection, work, actor, "session.sign_in", target, "refused", now)

        await self._database.write(add)

    # ---- recognising

    async def recognise(self, bearer: str, address: str, now: datetime, *, local: bool) -> Recognised | None:
        """Who calls with this bearer token. local: the call comes from this machine itself, through nobody."""
        token_hash = _hash(bearer)
        if self._local_hash and hmac.compare_digest(token_hash, self._local_hash):
            return Recognised(replace(LOCAL, address=address)) if local else None
        if not bearer.startswith(KEY_PREFIX):
            return None
        key = await self._database.read(lambda connection: store.api_key_by_hash(connection, token_hash))
        if key is None or not key.is_good(now):
            return None
        if key.wants_touch(now):
            await self._database.write(lambda connection, _: store.touch_api_key(connection, key.id, now))
        return Recognised(replace(key.actor, address=address))

    async def resume(self, session_token: str, address: str, now: datetime, *, touch: bool = True) -> Recognised | None:
        """Whose session this is. touch False: looking does not keep it from growing idle."""
        token_hash = _hash(session_token)
        found = await self._database.read(lambda connection: store.session_by_hash(connection, token_hash))
        if found is None:
            return None
        session, person = found
        if not session.is_good(now) or person.standing is not Standing.ACTIVE:
            return None
        if touch and session.wants_touch(now):
            await self._database.write(lambda connection, _: store.touch_session(connection, session, now))
        return Recognised(replace(self.actor_of(person), address=address), session)

    def actor_of(self, person: Person) -> Actor:
        """Where the role must have a second factor, nothing is allowed before one is set up."""
        return replace(person.actor, scopes=frozenset()) if self.factors.missing(person) else person.actor

    # ---- one's own session

    async def sign_out(self, actor: Actor, session: Session, now: datetime) -> None:
        def end(connection: Connection, work: Work) -> None:
            store.end_session(connection, session.id)
            note(connection, work, actor, "session.sign_out", actor.name, "done", now)

        await self._database.write(end)

    async def leave(self, session: Session) -> None:
        """Another session takes its place."""
        await self._database.write(lambda connection, _: store.end_session(connection, session.id))

    def fresh_until(self, session: Session) -> datetime | None:
        """None: always, as nobody has to show again that it is them."""
        return session.proven_at + self._fresh_for if self._fresh_for else None

    def insist_on_fresh(self, session: Session, now: datetime) -> None:
        """Raises FreshSignInNeeded."""
        until = self.fresh_until(session)
        if until is not None and now >= until:
            raise FreshSignInNeeded(
                f"this takes somebody who signed in in the last {self._fresh_for // timedelta(minutes=1)} minutes: "
                "confirm that it is you with `POST /api/v1/session/confirmation`, or sign in again"
            )

    async def confirm(
        self, actor: Actor, session: Session, password: str | None, code: str, source: Source, now: datetime
    ) -> Session:
        """As good as just signed in. Raises Forbidden."""
        person = await self.prove(session, password, code, source, now, link_will_do=False)

        def keep(connection: Connection, work: Work) -> None:
            store.confirm_session(connection, session.id, now)
            note(connection, work, actor, "session.confirm", person.login, "done", now)

        await self._database.write(keep)
        return replace(session, confirmed_at=now)

    async def prove(
        self,
        session: Session,
        password: str | None,
        code: str,
        source: Source,
        now: datetime,
        *,
        link_will_do: bool = True,
    ) -> Person:
        """It is the person who sits there, and not who found the browser open: who it is. Raises Forbidden.

        password       not needed soon after signing in with a link, where that will do
        code           where there is a second factor already
        """
        person = await self._database.read(lambda connection: store.person_by_id(connection, session.person_id))
        if person is None:
            raise NotFound("there is no such person any more")
        if not (link_will_do and session.may_choose_password(now)):
            taken = self._take(person.login, source_of(source.address))
            if not await self._passwords.check(person.password_hash, password or ""):
                raise Forbidden("the password is not right")
            for throttle, key in taken:
                throttle.give_back(key)
        if person.totp:
            self._count_code(person, code or " ")

            def use(connection: Connection, _: Work) -> bool:
                current = store.person_by_id(connection, person.id)
                return (
                    current is not None and bool(current.totp) and self.factors.accepts(connection, current, code, now)
                )

            if not await self._database.write(use):
                raise Forbidden("that code is not good: take the newest of the app, or a recovery code")
            self._by_code.forget(person.id)
        return person

    async def change_password(
        self, actor: Actor, session: Session, old: str | None, new: str, source: Source, now: datetime
    ) -> None:
        """Ends the person's other sessions. Without the old one only soon after signing in with a link."""
        person = await self._database.read(lambda connection: store.person_by_id(connection, session.person_id))
        if person is None:
            raise NotFound("there is no such person any more")
        if not session.may_choose_password(now):
            taken = self._take(person.login, source_of(source.address))
            if not await self._passwords.check(person.password_hash, old or ""):
                raise Forbidden("the old password is not right; without it, sign in with a link first")
            for throttle, key in taken:
                throttle.give_back(key)
        insist_on_good(new, person.login, person.name)
        password_hash = await self._passwords.hash(new)

        def change(connection: Connection, work: Work) -> None:
            current = store.person_by_id(connection, person.id)
            if current is None:
                raise NotFound("there is no such person any more")
            store.save_person(connection, replace(current, password_hash=password_hash))
            store.remove_links(connection, person.id)
            store.end_sessions_of(connection, person.id, keep=session.id)
            note(connection, work, actor, "person.change_password", person.login, "done", now)

        await self._database.write(change)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_token(session_token: str) -> str:
    """What a page sends back in `X-CSRF-Token`: follows from the session's token, and cannot be had without it."""
    return hashlib.sha256(f"csrf {session_token}".encode("utf-8", "replace")).hexdigest()


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _begin_session(
    connection: Connection, work: Work, person: Person, by: str, source: Source, now: datetime
) -> SignedIn:
    token = _new_token()
    session = Session(
        id=f"s-{secrets.token_hex(8)}",
        token_hash=_hash(token),
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


def _first_admin(connection: Connection, now: datetime) -> Person:
    """The one whom the very first link lets in: `admin`, with no password until one is chosen."""
    person = store.person_by_login(connection, "admin")
    if person is None:
        person = _new_person("admin", "Administrator", Role.ADMIN, now)
        store.add_person(connection, person)
    return person


def _new_person(login: str, name: str, role: Role, now: datetime) -> Person:
    return Person(PersonId(f"p-{secrets.token_hex(8)}"), login, name, role, Standing.ACTIVE, "", now)


# ---- one-time links


def _make_link(connection: Connection, person_id: PersonId | None, now: datetime) -> str:
    token = _new_token()
    store.remove_links(connection, person_id)
    store.add_link(connection, Link(_hash(token), person_id, now + LINK_LIFE, None))
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
        token = _make_link(connection, person_id, now)
        note(connection, work, LOCAL, "person.link", admins[0].login if admins else "the first admin", "done", now)
        return token

    return await database.write(make)


async def make_link(database: Database, actor: Actor, who: str, now: datetime) -> tuple[Person, str]:
    """A new one-time link for the person with this id or login; older ones no longer let anybody in."""

    def make(connection: Connection, work: Work) -> tuple[Person, str]:
        person = _find(connection, who)
        may_grant(actor, person.role.scopes)
        if person.standing is not Standing.ACTIVE:
            raise Conflict(f"{person.login} is disabled: enable them first")
        token = _make_link(connection, person.id, now)
        note(connection, work, actor, "person.link", person.login, "done", now)
        return person, token

    return await database.write(make)


# ---- people


def _find(connection: Connection, who: str) -> Person:
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
        person = _new_person(login, name.strip() or login, role, now)
        store.add_person(connection, person)
        token = _make_link(connection, person.id, now)
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
        person = _find(connection, person_id)
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
        person = _find(connection, person_id)
        changed = replace(person, name=name.strip() or person.login)
        store.save_person(connection, changed)
        note(connection, work, actor, "person.change", person.login, "done", now, _difference(person, changed))
        return changed

    return await database.write(change)


async def remove_person(database: Database, actor: Actor, person_id: str, now: datetime) -> None:
    def remove(connection: Connection, work: Work) -> None:
        person = _find(connection, person_id)
        may_grant(actor, person.role.scopes)
        keep_an_admin(person, (admin.id for admin in store.active_admins(connection)))
        store.remove_person(connection, person.id)
        note(connection, work, actor, "person.remove", person.login, "done", now)

    await database.write(remove)


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


# ---- API keys


async def add_api_key(
    database: Database, actor: Actor, name: str, grants: tuple[str, ...], expires_at: datetime | None, now: datetime
) -> tuple[ApiKey, str]:
    """The key itself is told this once. Raises Forbidden where it could more than its maker."""
    may_grant(actor, scopes_of(grants))
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at is in the past")
    token = KEY_PREFIX + _new_token()
    key = ApiKey(
        id=f"k-{secrets.token_hex(8)}",
        token_hash=_hash(token),
        name=name.strip(),
        start=token[:9],
        grants=tuple(dict.fromkeys(grants)),
        created_by=actor.name,
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
    )

    def add(connection: Connection, work: Work) -> None:
        store.add_api_key(connection, key)
        details = {"name": key.name, "grants": list(key.grants), "expires_at": expires_at}
        note(connection, work, actor, "api_key.add", key.id, "done", now, details)

    await database.write(add)
    return key, token


async def revoke_api_key(database: Database, actor: Actor, key_id: str, now: datetime) -> None:
    """It lets nobody in from now on; revoking it again changes nothing."""

    def revoke(connection: Connection, work: Work) -> None:
        key = store.api_key_by_id(connection, key_id)
        if key is None:
            raise NotFound(f"there is no API key {key_id[:60]}")
        if key.revoked_at is None:
            store.revoke_api_key(connection, key.id, now)
            note(connection, work, actor, "api_key.revoke", key.id, "done", now, {"name": key.name})

    await database.write(revoke)


# ---- at intervals


async def tidy(context: Context) -> None:
    """Forget sessions and links that can never be good again."""
    now = context.now
    await context.database.write(
        lambda connection, _: store.remove_stale(connection, now - SESSION_LIFE, now - SESSION_IDLE, now)
    )
