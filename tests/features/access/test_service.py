import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise, repeat

import pytest

from voltloom.domain.commands import Command
from voltloom.domain.errors import Conflict, Forbidden, Invalid, NotFound, Throttled
from voltloom.features.access import LOCAL, Access, Actor, Passwords, Role, SignInRefused, Source, first_link, store
from voltloom.features.access.api_keys import add_api_key, revoke_api_key
from voltloom.features.access.audit import list_entries, verify
from voltloom.features.access.people import add_person, change_person, make_link, remove_person
from voltloom.features.access.rules import Scope, Standing
from voltloom.features.access.second_factor import SecondFactors
from voltloom.features.access.sessions import MOST_SESSIONS, end_session, tidy
from voltloom.features.access.tokens import csrf_token
from voltloom.features.feature import Context
from voltloom.infra.database import Database, Work
from voltloom.infra.keys import Envelope

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
HOME = Source("192.0.2.7", "Firefox")
PASSWORD = "winter kayak turnip"
FACTORS = SecondFactors(Envelope({"1": bytes(32)}, "1"))


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


@asynccontextmanager
async def opened(fresh_database) -> AsyncIterator[tuple[Database, Access]]:
    async with fresh_database() as database:
        access = Access(database, FACTORS, local_token="vl_local_x", passwords=Passwords(time_cost=1, memory_kib=64))
        try:
            yield database, access
        finally:
            access.close()


async def with_password(database: Database, access: Access, login: str, role: Role = Role.OPERATOR):
    """A person who has chosen PASSWORD at noon, and their session."""
    person, link = await add_person(database, LOCAL, login, login, role, NOON)
    signed_in = await access.sign_in_with_link(link, HOME, NOON)
    await access.change_password(signed_in.person.actor, signed_in.session, None, PASSWORD, HOME, NOON)
    return person, signed_in


async def guess(access: Access, logins: Iterable[str], sources: Iterable[Source]) -> tuple[int, Throttled | None]:
    """Guess until slowed down: how many guesses were heard out, and what ended them."""
    heard = 0
    for login, source in zip(logins, sources, strict=False):
        try:
            await access.sign_in(login, "guess", source, NOON)
        except SignInRefused:
            heard += 1
        except Throttled as throttled:
            return heard, throttled
    return heard, None


def test_the_first_link_makes_the_first_admin_and_none_is_made_once_an_admin_has_a_password(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            link = await first_link(database, NOON)
            signed_in = await access.sign_in_with_link(link, HOME, minutes(29))
            assert (signed_in.person.login, signed_in.person.role) == ("admin", Role.ADMIN)
            again = await first_link(database, minutes(40))
            assert again is not None
            same = await access.sign_in_with_link(again, HOME, minutes(41))
            assert same.person.id == signed_in.person.id
            await access.change_password(same.person.actor, same.session, None, PASSWORD, HOME, minutes(42))
            assert await first_link(database, minutes(43)) is None

    asyncio.run(story())


def test_a_link_lets_in_once_and_not_after_half_an_hour_nor_when_a_newer_one_was_made(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, link = await add_person(database, LOCAL, "anna", "Anna", Role.VIEWER, NOON)
            with pytest.raises(SignInRefused):
                await access.sign_in_with_link(link, HOME, minutes(30))
            await access.sign_in_with_link(link, HOME, minutes(29))
            with pytest.raises(SignInRefused):
                await access.sign_in_with_link(link, HOME, minutes(29))
            _, older = await make_link(database, LOCAL, "anna", NOON)
            _, newer = await make_link(database, LOCAL, "anna", NOON)
            with pytest.raises(SignInRefused):
                await access.sign_in_with_link(older, HOME, NOON)
            await access.sign_in_with_link(newer, HOME, NOON)
            with pytest.raises(SignInRefused):
                await access.sign_in_with_link("made up", HOME, NOON)

    asyncio.run(story())


def test_a_link_used_twice_at_the_same_moment_lets_in_one(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, link = await add_person(database, LOCAL, "anna", "Anna", Role.VIEWER, NOON)
            tries = await asyncio.gather(
                *(access.sign_in_with_link(link, HOME, NOON) for _ in range(8)), return_exceptions=True
            )
            assert sum(not isinstance(each, SignInRefused) for each in tries) == 1

    asyncio.run(story())


def test_a_password_lets_in_and_its_session_says_who_it_is(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            person, _ = await with_password(database, access, "anna@example.com")
            signed_in = await access.sign_in(" Anna@Example.com", PASSWORD, HOME, minutes(1))
            recognised = await access.resume(signed_in.token, "192.0.2.8", minutes(2))
            assert recognised is not None
            assert recognised.actor == Actor("person", person.id, "anna@example.com", Role.OPERATOR.scopes, "192.0.2.8")
            assert await access.resume("made up", "192.0.2.8", minutes(2)) is None

    asyncio.run(story())


def test_wrong_passwords_unknown_names_disabled_people_and_those_without_password_hear_the_same(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await with_password(database, access, "anna")
            gone, _ = await with_password(database, access, "gone")
            await change_person(database, LOCAL, gone.id, NOON, standing=Standing.DISABLED)
            await add_person(database, LOCAL, "new", "New", Role.VIEWER, NOON)
            heard: set[str] = set()
            for login, password in (
                ("anna", "wrong"),
                ("gone", PASSWORD),
                ("nobody", PASSWORD),
                ("new", ""),
                ("<no login>", "x"),
            ):
                with pytest.raises(SignInRefused) as refusal:
                    await access.sign_in(login, password, HOME, NOON)
                heard.add(refusal.value.reason)
            assert len(heard) == 1

    asyncio.run(story())


def test_guessing_is_slowed_down_and_the_account_stays_open_for_its_owner(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await with_password(database, access, "anna")
            heard, told = await guess(access, repeat("anna", 30), repeat(Source("203.0.113.9")))
            assert heard <= 20
            assert told is not None
            assert 0 < told.retry_after_s <= 6
            assert (await access.sign_in("anna", PASSWORD, HOME, NOON)).person.login == "anna"

    asyncio.run(story())


def test_a_source_that_tries_many_names_is_slowed_down_too(fresh_database):
    async def story():
        async with opened(fresh_database) as (_, access):
            heard, told = await guess(access, (f"name{number}" for number in range(40)), repeat(HOME))
            assert heard <= 20
            assert told is not None

    asyncio.run(story())


def test_guessing_from_everywhere_does_not_keep_out_a_place_the_owner_signed_in_from(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await with_password(database, access, "anna")
            await access.sign_in("anna", PASSWORD, HOME, NOON)
            everywhere = (Source(f"198.51.{number}.1") for number in range(250))
            heard, told = await guess(access, repeat("anna"), everywhere)
            assert heard <= 120
            assert told is not None
            assert await access.sign_in("anna", PASSWORD, HOME, NOON)

    asyncio.run(story())


def test_a_session_grows_idle_and_using_it_keeps_it_open_until_its_end(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, signed_in = await with_password(database, access, "anna")
            for minute in range(0, 12 * 60, 29):
                assert await access.resume(signed_in.token, "", minutes(minute))
            assert await access.resume(signed_in.token, "", minutes(12 * 60)) is None

            _, idle = await with_password(database, access, "bob")
            assert await access.resume(idle.token, "", minutes(29), touch=False)
            assert await access.resume(idle.token, "", minutes(31)) is None

    asyncio.run(story())


def test_signing_out_disabling_and_removing_end_sessions_at_once(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, out = await with_password(database, access, "anna")
            await access.sign_out(out.person.actor, out.session, NOON)
            assert await access.resume(out.token, "", NOON) is None

            bob, disabled = await with_password(database, access, "bob")
            await change_person(database, LOCAL, bob.id, NOON, standing=Standing.DISABLED)
            assert await access.resume(disabled.token, "", NOON) is None
            with pytest.raises(Conflict, match="disabled"):
                await make_link(database, LOCAL, "bob", NOON)

            carl, removed = await with_password(database, access, "carl")
            await remove_person(database, LOCAL, carl.id, NOON)
            assert await access.resume(removed.token, "", NOON) is None

    asyncio.run(story())


def test_a_new_role_counts_from_the_next_call(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            anna, signed_in = await with_password(database, access, "anna", Role.OPERATOR)
            await change_person(database, LOCAL, anna.id, NOON, role=Role.VIEWER)
            recognised = await access.resume(signed_in.token, "", NOON)
            assert recognised is not None
            assert recognised.actor.scopes == Role.VIEWER.scopes

    asyncio.run(story())


def test_a_new_password_ends_the_other_sessions_and_takes_the_old_one(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await with_password(database, access, "anna")
            here = await access.sign_in("anna", PASSWORD, HOME, NOON)
            there = await access.sign_in("anna", PASSWORD, HOME, NOON)
            with pytest.raises(Forbidden, match="old password"):
                await access.change_password(
                    here.person.actor, here.session, "wrong", "zeppelin ravioli 88", HOME, NOON
                )
            with pytest.raises(Invalid, match="15"):
                await access.change_password(here.person.actor, here.session, PASSWORD, "short", HOME, NOON)
            await access.change_password(here.person.actor, here.session, PASSWORD, "zeppelin ravioli 88", HOME, NOON)
            assert await access.resume(here.token, "", NOON)
            assert await access.resume(there.token, "", NOON) is None
            with pytest.raises(SignInRefused):
                await access.sign_in("anna", PASSWORD, HOME, NOON)
            await access.sign_in("anna", "zeppelin ravioli 88", HOME, NOON)

    asyncio.run(story())


def test_a_person_has_so_many_sessions_and_no_more(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            await with_password(database, access, "anna")
            tokens = [
                (await access.sign_in("anna", PASSWORD, HOME, minutes(1 + number / 100))).token
                for number in range(MOST_SESSIONS + 3)
            ]
            open_now = [bool(await access.resume(token, "", minutes(2))) for token in tokens]
            assert open_now == [False] * 3 + [True] * MOST_SESSIONS

    asyncio.run(story())


def test_sessions_are_listed_and_ended_by_their_owner_or_by_who_decides(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            anna, hers = await with_password(database, access, "anna")
            bob, his = await with_password(database, access, "bob")
            mine = await database.read(lambda connection: store.list_sessions(connection, anna.id, None, 9))
            assert [(session.id, login) for session, login in mine] == [(hers.session.id, "anna")]
            everyones = await database.read(lambda connection: store.list_sessions(connection, None, None, 9))
            assert {session.id for session, _ in everyones} == {hers.session.id, his.session.id}
            with pytest.raises(NotFound):
                await end_session(database, bob.actor, hers.session.id, NOON, anyones=False)
            await end_session(database, LOCAL, hers.session.id, NOON, anyones=True)
            assert await access.resume(hers.token, "", NOON) is None

    asyncio.run(story())


def test_an_api_key_may_what_it_was_granted_until_it_expires_or_is_revoked(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            key, token = await add_api_key(database, LOCAL, "robot", ("viewer",), minutes(60), NOON)
            assert token.startswith("vl_")
            assert len(token) >= 46
            recognised = await access.recognise(token, "192.0.2.9", NOON, local=False)
            assert recognised is not None
            assert recognised.actor == Actor("api_key", key.id, "robot", Role.VIEWER.scopes, "192.0.2.9")
            assert await access.recognise(token, "", minutes(60), local=False) is None
            assert await access.recognise(token[:-1], "", NOON, local=False) is None
            (used,) = await database.read(lambda connection: store.list_api_keys(connection, "", 9))
            assert used.last_used_at == NOON
            await revoke_api_key(database, LOCAL, key.id, NOON)
            assert await access.recognise(token, "", NOON, local=False) is None

    asyncio.run(story())


def test_a_key_or_person_cannot_be_given_more_than_the_giver_has(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, _):
            half = Actor("api_key", "k", "half", frozenset({Scope.ACCESS_WRITE, Scope.STATIONS_READ}))
            with pytest.raises(Forbidden):
                await add_api_key(database, half, "robot", ("*",), None, NOON)
            with pytest.raises(Forbidden):
                await add_person(database, half, "anna", "Anna", Role.ADMIN, NOON)
            admin, _ = await add_person(database, LOCAL, "root", "Root", Role.ADMIN, NOON)
            for forbidden in (
                make_link(database, half, "root", NOON),
                change_person(database, half, admin.id, NOON, role=Role.VIEWER),
                remove_person(database, half, admin.id, NOON),
            ):
                with pytest.raises(Forbidden):
                    await forbidden

    asyncio.run(story())


def test_the_last_admin_cannot_be_demoted_disabled_or_removed(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, _):
            admin, _ = await add_person(database, LOCAL, "root", "Root", Role.ADMIN, NOON)
            for refused in (
                change_person(database, LOCAL, admin.id, NOON, role=Role.VIEWER),
                change_person(database, LOCAL, admin.id, NOON, standing=Standing.DISABLED),
                remove_person(database, LOCAL, admin.id, NOON),
            ):
                with pytest.raises(Conflict, match="only admin"):
                    await refused
            await add_person(database, LOCAL, "second", "Second", Role.ADMIN, NOON)
            await remove_person(database, LOCAL, admin.id, NOON)

    asyncio.run(story())


def test_a_login_is_taken_once(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, _):
            await add_person(database, LOCAL, "anna", "Anna", Role.VIEWER, NOON)
            with pytest.raises(Conflict, match="already"):
                await add_person(database, LOCAL, " ANNA", "Anna", Role.VIEWER, NOON)

    asyncio.run(story())


def test_the_local_token_is_good_only_from_this_machine_itself(fresh_database):
    async def story():
        async with opened(fresh_database) as (_, access):
            recognised = await access.recognise("vl_local_x", "127.0.0.1", NOON, local=True)
            assert recognised is not None
            assert recognised.actor.kind == "local"
            assert await access.recognise("vl_local_x", "192.0.2.7", NOON, local=False) is None

    asyncio.run(story())


def test_nothing_that_lets_in_lies_in_the_database_in_clear(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, signed_in = await with_password(database, access, "anna")
            _, link = await make_link(database, LOCAL, "anna", NOON)
            _, key = await add_api_key(database, LOCAL, "robot", ("*",), None, NOON)
            secrets = (signed_in.token, link, key, PASSWORD, csrf_token(signed_in.token))

            def everything(connection) -> str:
                tables = (store.people, store.sessions, store.sign_in_links, store.api_keys)
                rows = [str(tuple(row)) for table in tables for row in connection.execute(table.select())]
                return "".join(rows) + str(list_entries(connection, before=None, limit=500))

            text = await database.read(everything)
            assert "anna" in text
            assert [secret for secret in secrets if secret in text] == []

    asyncio.run(story())


def test_what_people_do_to_access_is_in_the_audit_log(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            anna, signed_in = await with_password(database, access, "anna")
            with pytest.raises(SignInRefused):
                await access.sign_in("anna", "wrong", HOME, NOON)
            with pytest.raises(SignInRefused):
                await access.sign_in("my secret password", "anna", HOME, NOON)
            await change_person(database, LOCAL, anna.id, NOON, role=Role.VIEWER)
            await access.sign_out(signed_in.person.actor, signed_in.session, NOON)
            entries = await database.read(lambda connection: list_entries(connection, before=None, limit=50))
            assert [(entry.action, entry.target, entry.outcome) for entry in reversed(entries)] == [
                ("person.add", "anna", "done"),
                ("session.sign_in", "anna", "done"),
                ("person.change_password", "anna", "done"),
                ("session.sign_in", "anna", "refused"),
                ("session.sign_in", "an unknown name", "refused"),
                ("person.change", "anna", "done"),
                ("session.sign_out", "anna", "done"),
            ]
            assert entries[1].details == '{"role":{"after":"viewer","before":"operator"}}'
            assert "my secret password" not in str(entries)
            assert (await database.read(verify)).broken_at is None

    asyncio.run(story())


def test_refused_guesses_do_not_fill_the_audit_log(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            for _ in range(8):
                with pytest.raises(SignInRefused):
                    await access.sign_in("nobody", "guess", HOME, NOON)
            entries = await database.read(lambda connection: list_entries(connection, before=None, limit=50))
            assert 1 <= len(entries) <= 3

    asyncio.run(story())


class NoStations:
    """Nothing here asks stations anything."""

    async def ask(self, station_id: str, command: Command[object], *, timeout_s: float = 30.0):
        raise NotImplementedError

    async def refresh(self, station_id: str) -> None: ...

    async def disconnect(self, station_id: str, reason: str) -> bool:
        return False

    async def look(self, station_id: str) -> None:
        return None


def test_sessions_and_links_that_can_never_be_good_again_are_forgotten(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, access):
            _, old = await with_password(database, access, "anna")
            await make_link(database, LOCAL, "anna", NOON)
            fresh = await access.sign_in("anna", PASSWORD, HOME, minutes(40))
            await tidy(Context(database, NoStations(), minutes(41), Work()))

            def left(connection):
                sessions = [row.id for row in connection.execute(store.sessions.select())]
                return sessions, len(connection.execute(store.sign_in_links.select()).all())

            assert await database.read(left) == ([fresh.session.id], 0)
            assert old.session.id != fresh.session.id

    asyncio.run(story())


def test_people_and_keys_are_listed_page_by_page(fresh_database):
    async def story():
        async with opened(fresh_database) as (database, _):
            for name in ("carl", "anna", "bob"):
                await add_person(database, LOCAL, name, name, Role.VIEWER, NOON)
                await add_api_key(database, LOCAL, name, ("viewer",), None, NOON)
            first = await database.read(lambda connection: store.list_people(connection, "", 2))
            rest = await database.read(lambda connection: store.list_people(connection, first[-1].login, 2))
            assert [person.login for person in first + rest] == ["anna", "bob", "carl"]
            keys = await database.read(lambda connection: store.list_api_keys(connection, "", 9))
            assert all(one.id < other.id for one, other in pairwise(keys))

    asyncio.run(story())
