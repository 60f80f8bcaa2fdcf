"""Use cases: signing in and out, and deciding who may."""

import hmac
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.errors import Forbidden, Invalid, NotFound, Throttled
from voltloom.features.access import store
from voltloom.features.access.api_keys import KEY_PREFIX
from voltloom.features.access.audit import note
from voltloom.features.access.local_key import LOCAL
from voltloom.features.access.passwords import Passwords, insist_on_good
from voltloom.features.access.people import first_admin
from voltloom.features.access.rules import (
    FRESH_FOR,
    Actor,
    FreshSignInNeeded,
    Person,
    SecondFactorNeeded,
    Session,
    SignInRefused,
    Standing,
    login_of,
)
from voltloom.features.access.second_factor import SecondFactors
from voltloom.features.access.sessions import SignedIn, Source, begin_session
from voltloom.features.access.throttle import Throttle, source_of
from voltloom.features.access.tokens import hash_of
from voltloom.infra.database import Database, Work

_REFUSED = "that name and password do not go together"
_LINK_REFUSED = "this link is not good: it was used, it is older than 30 minutes, or a newer one was made"


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
        self._local_hash = hash_of(local_token) if local_token else ""
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
            return begin_session(connection, work, replace(current, password_hash=renewed), "password", source, now)

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
        token_hash = hash_of(token)

        def use(connection: Connection, work: Work) -> SignedIn:
            link = store.link_by_hash(connection, token_hash)
            if link is None or not link.is_good(now) or not store.use_link(connection, token_hash, now):
                raise SignInRefused(_LINK_REFUSED)
            person = store.person_by_id(connection, link.person_id) if link.person_id else first_admin(connection, now)
            if person is None or person.standing is not Standing.ACTIVE:
                raise SignInRefused(_LINK_REFUSED)
            self._count_code(person, code)
            self._insist_on_code(connection, person, code, now)
            return begin_session(connection, work, person, "link", source, now)

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
        token_hash = hash_of(bearer)
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
        token_hash = hash_of(session_token)
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
