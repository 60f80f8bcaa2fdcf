"""Signing in with a second factor, and what becomes of it."""

import asyncio
import base64
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from voltloom.domain.errors import Conflict, Forbidden, Throttled
from voltloom.features.access import (
    LOCAL,
    Access,
    Passwords,
    Role,
    SecondFactorNeeded,
    SecondFactors,
    SignInRefused,
    Source,
    add_person,
    make_link,
    reset_second_factor,
    store,
)
from voltloom.features.access.audit import list_entries
from voltloom.features.access.second_factor import matching_step
from voltloom.infra.database import Database
from voltloom.infra.keys import Envelope

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
HOME = Source("192.0.2.7", "Firefox")
PASSWORD = "winter kayak turnip"
FACTORS = SecondFactors(Envelope({"1": bytes(32)}, "1"))
LATER = NOON + timedelta(hours=1)


def app_code(secret: str, at: datetime) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(at.timestamp())).decode()


@asynccontextmanager
async def opened(fresh_database, factors: SecondFactors = FACTORS):
    async with fresh_database() as database:
        access = Access(database, factors, passwords=Passwords(time_cost=1, memory_kib=64))
        try:
            yield database, access
        finally:
            access.close()


async def enrolled(database: Database, access: Access, role: Role = Role.OPERATOR):
    """Ada, the secret in her app, and her recovery codes."""
    person, link = await add_person(database, LOCAL, "ada", "Ada", role, NOON)
    signed_in = await access.sign_in_with_link(link, HOME, NOON)
    actor, session = signed_in.person.actor, signed_in.session
    await access.change_password(actor, session, None, PASSWORD, HOME, NOON)
    enrolment = await access.factors.begin(database, person.id)
    assert f"secret={enrolment.secret}" in enrolment.uri
    codes = await access.factors.confirm(database, actor, person.id, session.id, app_code(enrolment.secret, NOON), NOON)
    return person, session, enrolment.secret, codes


def test_the_codes_of_rfc_6238_are_known():
    """Its appendix B has eight digits; the last six of them are ours."""
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        at = datetime.fromtimestamp(seconds, UTC)
        assert matching_step(secret, code, at) == seconds // 30
        assert matching_step(secret, code, at + timedelta(seconds=30)) == seconds // 30
        assert matching_step(secret, code, at + timedelta(seconds=90)) is None


def test_who_has_one_needs_password_and_code(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, _, secret, _ = await enrolled(database, access)
            with pytest.raises(SecondFactorNeeded):
                await access.sign_in("ada", PASSWORD, HOME, LATER)
            with pytest.raises(SignInRefused):
                await access.sign_in("ada", PASSWORD, HOME, LATER, code="000000")
            with pytest.raises(SignInRefused):
                await access.sign_in("ada", "another password", HOME, LATER, code=app_code(secret, LATER))
            signed_in = await access.sign_in("ada", PASSWORD, HOME, LATER, code=app_code(secret, LATER))
            assert signed_in.person.login == "ada"

    asyncio.run(story())


def test_a_code_is_good_once(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, _, secret, codes = await enrolled(database, access)
            code = app_code(secret, LATER)
            await access.sign_in("ada", PASSWORD, HOME, LATER, code=code)
            with pytest.raises(SignInRefused):
                await access.sign_in("ada", PASSWORD, HOME, LATER, code=code)
            await access.sign_in("ada", PASSWORD, HOME, LATER, code=codes[0].upper().replace("-", " "))
            with pytest.raises(SignInRefused):
                await access.sign_in("ada", PASSWORD, HOME, LATER, code=codes[0])
            await access.sign_in("ada", PASSWORD, HOME, LATER, code=codes[9])

    asyncio.run(story())


def test_codes_cannot_be_guessed_by_who_knows_the_password(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await enrolled(database, access)
            refused: list[type[Exception]] = []
            for number in range(20):
                source = Source(f"192.0.2.{number}")
                with pytest.raises((SignInRefused, Throttled)) as error:
                    await access.sign_in("ada", PASSWORD, source, LATER, code=f"{number:06}")
                refused.append(error.type)
            assert refused == [SignInRefused] * 5 + [Throttled] * 15

    asyncio.run(story())


def test_a_link_stands_for_the_password_alone_and_stays_good_while_the_code_is_looked_for(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, _, secret, _ = await enrolled(database, access)
            _, link = await make_link(database, LOCAL, "ada", LATER)
            with pytest.raises(SecondFactorNeeded):
                await access.sign_in_with_link(link, HOME, LATER)
            await access.sign_in_with_link(link, HOME, LATER, code=app_code(secret, LATER))

    asyncio.run(story())


def test_where_a_role_must_have_one_nothing_is_allowed_before_it_is_set_up(fresh_database):
    async def story():
        strict = replace(FACTORS, required=frozenset({Role.ADMIN}))
        async with opened(fresh_database, strict) as (database, access):
            person, link = await add_person(database, LOCAL, "ada", "Ada", Role.ADMIN, NOON)
            signed_in = await access.sign_in_with_link(link, HOME, NOON)
            found = await access.resume(signed_in.token, HOME.address, NOON)
            assert found is not None
            assert not found.actor.scopes
            enrolment = await access.factors.begin(database, person.id)
            code = app_code(enrolment.secret, NOON)
            await access.factors.confirm(database, found.actor, person.id, signed_in.session.id, code, NOON)
            found = await access.resume(signed_in.token, HOME.address, NOON)
            assert found is not None
            assert found.actor.scopes == Role.ADMIN.scopes
            with pytest.raises(Conflict):
                await access.factors.remove(database, found.actor, person.id, NOON)

    asyncio.run(story())


def test_to_change_it_takes_password_and_code(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            person, session, secret, codes = await enrolled(database, access)
            for password, code in ((PASSWORD, ""), (PASSWORD, "000000"), ("wrong", app_code(secret, LATER))):
                with pytest.raises(Forbidden):
                    await access.prove(session, password, code, HOME, LATER)
            assert (await access.prove(session, PASSWORD, app_code(secret, LATER), HOME, LATER)).id == person.id
            new = await access.factors.renew_recovery_codes(database, person.actor, person.id, LATER)
            with pytest.raises(SignInRefused):
                await access.sign_in("ada", PASSWORD, HOME, LATER, code=codes[1])
            await access.sign_in("ada", PASSWORD, HOME, LATER, code=new[1])
            await access.factors.remove(database, person.actor, person.id, LATER)
            await access.sign_in("ada", PASSWORD, HOME, LATER)

    asyncio.run(story())


def test_a_new_app_that_was_not_confirmed_changes_nothing(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            person, session, secret, _ = await enrolled(database, access)
            await access.factors.begin(database, person.id)
            with pytest.raises(Forbidden):
                await access.factors.confirm(database, person.actor, person.id, session.id, "000000", LATER)
            await access.sign_in("ada", PASSWORD, HOME, LATER, code=app_code(secret, LATER))

    asyncio.run(story())


def test_an_admin_resets_it_for_who_lost_it_and_that_is_noted(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await enrolled(database, access)
            await reset_second_factor(database, LOCAL, "ada", LATER)
            await access.sign_in("ada", PASSWORD, HOME, LATER)
            with pytest.raises(Conflict):
                await reset_second_factor(database, LOCAL, "ada", LATER)
            entries = await database.read(lambda connection: list_entries(connection, before=None, limit=20))
            assert {"person.set_second_factor", "person.reset_second_factor"} <= {each.action for each in entries}

    asyncio.run(story())


def test_the_secret_is_not_readable_in_the_database(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, _, secret, codes = await enrolled(database, access)
            person = await database.read(lambda connection: store.person_by_login(connection, "ada"))
            assert person is not None
            kept = person.totp + person.recovery
            assert secret not in kept
            assert base64.b64encode(base64.b32decode(secret)).decode() not in kept
            assert codes[0] not in kept
            assert secret not in repr(person)

    asyncio.run(story())
