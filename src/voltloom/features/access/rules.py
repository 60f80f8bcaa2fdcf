"""Who may do what, and for how long. Pure; the time is an argument."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.errors import Conflict, Forbidden, Invalid, VoltloomError
from voltloom.domain.ids import PersonId


class Scope(Enum):
    """What a call needs. Denied unless the actor has it."""

    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    STATIONS_COMMAND = "stations:command"
    MESSAGES_READ = "messages:read"
    SITES_READ = "sites:read"
    SITES_WRITE = "sites:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    TRANSACTIONS_READ = "transactions:read"
    TRANSACTIONS_WRITE = "transactions:write"
    EVENTS_READ = "events:read"
    METRICS_READ = "metrics:read"
    AUDIT_READ = "audit:read"
    ACCESS_WRITE = "access:write"
    """People, roles, API keys."""


READ = frozenset(
    {
        Scope.STATIONS_READ,
        Scope.SITES_READ,
        Scope.TOKENS_READ,
        Scope.TRANSACTIONS_READ,
        Scope.EVENTS_READ,
        Scope.MESSAGES_READ,
        Scope.METRICS_READ,
    }
)


class Role(Enum):
    """viewer sees; technician also commands and repairs stations; operator also runs the business; admin also
    decides who may."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[Scope]:
        return SCOPES_BY_ROLE[self]


SCOPES_BY_ROLE = {
    Role.VIEWER: READ,
    Role.TECHNICIAN: READ | {Scope.STATIONS_COMMAND, Scope.STATIONS_WRITE},
    Role.OPERATOR: READ
    | {
        Scope.STATIONS_COMMAND,
        Scope.STATIONS_WRITE,
        Scope.SITES_WRITE,
        Scope.TOKENS_WRITE,
        Scope.TRANSACTIONS_WRITE,
        Scope.AUDIT_READ,
    },
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, an API key, or this machine's own command line.

    kind      "person", "api_key", "local", or "voltloom" for what it does by itself
    address   where the call came from, for the audit log; "" for this machine's own
    """

    kind: str
    id: str
    name: str
    scopes: frozenset[Scope]
    address: str = ""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


class SignInRefused(VoltloomError):
    """Name, password, link or key are not good. The reason never says which, nor whether there is such a name."""


class SecondFactorNeeded(VoltloomError):
    """The password is right, or the link is; this person also has to give a code."""


class FreshSignInNeeded(VoltloomError):
    """The session is of a while ago, and what was asked for takes a person who has just shown that it is them."""


# ---- people


class Standing(Enum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Person:
    """login          an e-mail address or a user name, lower case; what one signs in with
    password_hash  "" until one is chosen: only a link lets this person in
    last_seen_at   to the minute: the last call of a session of theirs
    totp           the sealed secret of an authenticator app, "" without a second factor; totp_next: one being set up
    totp_step      the time step of the last code that was used
    recovery       hashes of the recovery codes that are left
    """

    id: PersonId
    login: str
    name: str
    role: Role
    standing: Standing
    password_hash: str
    created_at: datetime
    last_sign_in_at: datetime | None = None
    totp: str = field(default="", repr=False)
    totp_next: str = field(default="", repr=False)
    totp_step: int = 0
    recovery: str = field(default="", repr=False)
    last_seen_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        return Actor("person", self.id, self.login, self.role.scopes)


_LOGIN = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}(@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,8})?")


def login_of(text: str) -> str:
    """A login as it is compared. Raises Invalid for what can be none."""
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if len(login) > 200 or not _LOGIN.fullmatch(login):
        raise Invalid("a login is an e-mail address, or a user name of letters, digits and . _ + -, at most 64 long")
    return login


def may_grant(actor: Actor, granted: frozenset[Scope]) -> None:
    """Nobody gives away more than they have. Raises Forbidden."""
    beyond = sorted(scope.value for scope in granted - actor.scopes)
    if beyond:
        raise Forbidden(f"{actor.name} cannot give what {actor.name} does not have: {', '.join(beyond)}")


def keep_an_admin(person: Person, admins: Iterable[PersonId]) -> None:
    """Refuses to take the last admin away. admins: the active ones. Raises Conflict."""
    if set(admins) == {person.id}:
        raise Conflict(f"{person.login} is the only admin: make another one first")


# ---- one-time links

LINK_LIFE = timedelta(minutes=30)
FRESH_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Link:
    """person_id None: the very first sign-in, which makes the first admin."""

    token_hash: str
    person_id: PersonId | None
    expires_at: datetime
    used_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at


# ---- sessions

SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
TOUCH_AFTER = timedelta(minutes=1)
"""How stale `last_seen_at` may be: a request does not cost a write each."""
CHANGE_WITHOUT_OLD = timedelta(minutes=30)
"""How long after signing in with a link a password may be chosen without telling the old one."""


@dataclass(frozen=True, slots=True)
class Session:
    """by: "password" or "link", how it began. confirmed_at: when its person last showed again that it is them."""

    id: str
    token_hash: str
    person_id: PersonId
    by: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    agent: str
    confirmed_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        return self.created_at + SESSION_LIFE

    @property
    def proven_at(self) -> datetime:
        return self.confirmed_at or self.created_at

    def is_good(self, now: datetime) -> bool:
        return now < self.expires_at and now - self.last_seen_at < SESSION_IDLE

    def wants_touch(self, now: datetime) -> bool:
        return now - self.last_seen_at >= TOUCH_AFTER

    def may_choose_password(self, now: datetime) -> bool:
        return self.by == "link" and now - self.created_at < CHANGE_WITHOUT_OLD


# ---- API keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """grants   what it may: scope names, role names, or "*"
    start    its first characters, to tell keys apart
    """

    id: str
    token_hash: str
    name: str
    start: str
    grants: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def wants_touch(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= TOUCH_AFTER

    @property
    def actor(self) -> Actor:
        return Actor("api_key", self.id, self.name, scopes_of(self.grants))


def scopes_of(grants: Iterable[str]) -> frozenset[Scope]:
    """Raises Invalid for a name that is neither scope, role nor "*"."""
    scopes: set[Scope] = set()
    for grant in grants:
        if grant == "*":
            scopes.update(Scope)
        elif any(grant == role.value for role in Role):
            scopes.update(Role(grant).scopes)
        elif any(grant == scope.value for scope in Scope):
            scopes.add(Scope(grant))
        else:
            raise Invalid(f'"{grant[:60]}" is no scope, no role and not "*"')
    return frozenset(scopes)
