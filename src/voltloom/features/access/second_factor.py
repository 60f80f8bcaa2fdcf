"""A second factor for people: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who lost it.

The app's secret must be readable to check a code, so it is sealed with a key that lies outside the database; recovery
codes are random and kept as hashes. A code that was used is not good again, nor is one of before it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, Forbidden, NotFound
from voltloom.domain.ids import PersonId
from voltloom.features.access import store
from voltloom.features.access.audit import note
from voltloom.features.access.rules import Actor, Person, Role, may_grant
from voltloom.infra.database import Database, Work
from voltloom.infra.keys import Envelope

KEY = "second-factors"
STEP_S = 30
DRIFT = 1
"""How many steps a phone's clock may be off: codes of the step before and after are good too (RFC 6238 §5.2)."""
_DIGITS = 6
_SECRET_BYTES = 20
_RECOVERY_CODES = 10


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None for a code of none that is near enough."""
    present = int(now.timestamp()) // STEP_S
    # SHA-1 is what authenticator apps know; nothing here rests on its collision resistance.
    codes = HOTP(secret, _DIGITS, SHA1())  # noqa: S303
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(codes.generate(step), code.encode("utf-8", "replace")):
            found = step
    return found


def tidy_code(text: str) -> str:
    """As people type it: spaces and dashes between groups, any case."""
    return "".join(letter for letter in text if letter.isalnum()).lower()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app is told, once. uri: for a QR code (otpauth://)."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """required   whose role may do nothing without"""

    envelope: Envelope
    required: frozenset[Role] = frozenset()

    def missing(self, person: Person) -> bool:
        """This person must set one up before anything else."""
        return person.role in self.required and not person.totp

    def accepts(self, connection: Connection, person: Person, code: str, now: datetime) -> bool:
        """Whether it is a code of this person's app, or a recovery code. It is used up; the caller commits."""
        code = tidy_code(code)
        step = matching_step(self._open(person.totp, person.id), code, now)
        if step is not None and step > person.totp_step:
            store.save_second_factor(connection, replace(person, totp_step=step))
            return True
        hashed, left = _hash(code), person.recovery.split()
        if hashed not in left:
            return False
        left.remove(hashed)
        store.save_second_factor(connection, replace(person, recovery=" ".join(left)))
        return True

    async def begin(self, database: Database, person_id: PersonId) -> Enrolment:
        """A new secret, good once `confirm` has seen a code of it. Until then what was there stays."""
        secret = secrets.token_bytes(_SECRET_BYTES)

        def change(connection: Connection, _: Work) -> Person:
            person = _get(connection, person_id)
            sealed = self.envelope.seal(secret, f"person:{person.id}")
            store.save_second_factor(connection, replace(person, totp_next=sealed))
            return person

        person = await database.write(change)
        shown = base64.b32encode(secret).decode()
        label = quote(f"voltloom:{person.login}")
        return Enrolment(shown, f"otpauth://totp/{label}?secret={shown}&issuer=voltloom")

    async def confirm(
        self, database: Database, actor: Actor, person_id: PersonId, session_id: str, code: str, now: datetime
    ) -> list[str]:
        """The app works: from now on it is asked for. Gives recovery codes, told this once; ends other sessions.

        Raises Conflict where none was begun, Forbidden for a wrong code.
        """

        def change(connection: Connection, work: Work) -> list[str]:
            person = _get(connection, person_id)
            if not person.totp_next:
                raise Conflict("no second factor is being set up: begin with `POST /session/second-factor`")
            step = matching_step(self._open(person.totp_next, person.id), tidy_code(code), now)
            if step is None:
                raise Forbidden("that code is not one of the app: check the clock of the phone, and take the newest")
            codes = _new_recovery_codes()
            store.save_second_factor(
                connection,
                replace(
                    person,
                    totp=person.totp_next,
                    totp_next="",
                    totp_step=step,
                    recovery=" ".join(_hash(tidy_code(each)) for each in codes),
                ),
            )
            store.end_sessions_of(connection, person.id, keep=session_id)
            note(connection, work, actor, "person.set_second_factor", person.login, "done", now)
            return codes

        return await database.write(change)

    async def renew_recovery_codes(
        self, database: Database, actor: Actor, person_id: PersonId, now: datetime
    ) -> list[str]:
        """The old ones end. Only after `Access.prove`. Raises Conflict where there is no second factor."""

        def change(connection: Connection, work: Work) -> list[str]:
            person = _with_factor(connection, person_id)
            codes = _new_recovery_codes()
            kept = " ".join(_hash(tidy_code(each)) for each in codes)
            store.save_second_factor(connection, replace(person, recovery=kept))
            note(connection, work, actor, "person.renew_recovery_codes", person.login, "done", now)
            return codes

        return await database.write(change)

    async def remove(self, database: Database, actor: Actor, person_id: PersonId, now: datetime) -> None:
        """One's own. Only after `Access.prove`. Raises Conflict where there is none, or the role must have one."""

        def change(connection: Connection, work: Work) -> None:
            person = _with_factor(connection, person_id)
            if person.role in self.required:
                raise Conflict(f"people with the role {person.role.value} must have a second factor here")
            store.save_second_factor(connection, _without(person))
            note(connection, work, actor, "person.remove_second_factor", person.login, "done", now)

        await database.write(change)

    def _open(self, sealed: str, person_id: PersonId) -> bytes:
        return self.envelope.open(sealed, f"person:{person_id}")


async def reset_second_factor(database: Database, actor: Actor, who: str, now: datetime) -> Person:
    """For somebody who lost app and recovery codes: id or login. Their sessions end; the password is asked alone, and
    where the role must have a second factor, the next one is set up right after."""

    def change(connection: Connection, work: Work) -> Person:
        person = store.person_by_id(connection, who) or store.person_by_login(connection, who.strip().lower())
        if person is None:
            raise NotFound(f"there is no person {who[:100]}")
        may_grant(actor, person.role.scopes)
        if not person.totp:
            raise Conflict(f"{person.login} has no second factor")
        store.save_second_factor(connection, _without(person))
        store.end_sessions_of(connection, person.id)
        note(connection, work, actor, "person.reset_second_factor", person.login, "done", now)
        return _without(person)

    return await database.write(change)


def _get(connection: Connection, person_id: PersonId) -> Person:
    person = store.person_by_id(connection, person_id)
    if person is None:
        raise NotFound("there is no such person any more")
    return person


def _with_factor(connection: Connection, person_id: PersonId) -> Person:
    person = _get(connection, person_id)
    if not person.totp:
        raise Conflict("there is no second factor")
    return person


def _without(person: Person) -> Person:
    return replace(person, totp="", totp_next="", totp_step=0, recovery="")


def _new_recovery_codes() -> list[str]:
    """80 random bits each: nothing to guess that a slow hash would protect."""
    raw = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(_RECOVERY_CODES)]
    return ["-".join(code[place : place + 4] for place in range(0, 16, 4)) for code in raw]


def _hash(code: str) -> str:
    return hashlib.sha256(f"recovery {code}".encode("utf-8", "replace")).hexdigest()
