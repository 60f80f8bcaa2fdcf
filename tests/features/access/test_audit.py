import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from voltloom.domain.errors import Invalid
from voltloom.domain.events import AuditNoted
from voltloom.features.access import LOCAL, Actor, Role, note
from voltloom.features.access.audit import (
    GENESIS,
    Entry,
    Verdict,
    Wanted,
    audit_log,
    canonical,
    check,
    entries_after,
    is_well,
    list_entries,
    seal,
    verify,
)
from voltloom.infra.database import Database, open_database
from voltloom.infra.journal import Journal
from voltloom.infra.migrations import migrate

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
ANNA = Actor("person", "p-1", "anna", Role.OPERATOR.scopes, "192.0.2.7")


async def noted(database: Database, *targets: str) -> None:
    for minute, target in enumerate(targets):
        at = NOON + timedelta(minutes=minute)
        await database.write(
            lambda connection, work, target=target, at=at: note(
                connection, work, ANNA, "station.reset", target, "accepted", at, {"kind": "OnIdle", "at": at}
            )
        )


def test_an_entry_says_who_did_what_and_tells_it(fresh_database):
    told: list[object] = []

    async def story():
        journal = Journal((AuditNoted,))
        journal.follow(lambda _, event: told.append(event))
        async with fresh_database(journal) as database:
            await noted(database, "CP-7")
            (entry,) = await database.read(lambda connection: list_entries(connection, before=None, limit=9))
            assert entry.number == 1
            assert (entry.actor_name, entry.address) == ("anna", "192.0.2.7")
            assert (entry.action, entry.target, entry.outcome) == ("station.reset", "CP-7", "accepted")
            assert entry.details == '{"at":"2030-05-01T12:00:00+00:00","kind":"OnIdle"}'
            assert entry.at == NOON

    asyncio.run(story())
    assert told == [AuditNoted(NOON, "anna", "station.reset", "CP-7", "accepted")]


def test_an_entry_is_undone_with_what_it_tells_of(fresh_database):
    async def story():
        async with fresh_database() as database:

            def fails(connection, work):
                note(connection, work, ANNA, "station.reset", "CP-7", "accepted", NOON)
                raise RuntimeError("later in the same change")

            with pytest.raises(RuntimeError):
                await database.write(fails)
            await noted(database, "CP-8")
            entries = await database.read(lambda connection: list_entries(connection, before=None, limit=9))
            assert [(entry.number, entry.target) for entry in entries] == [(1, "CP-8")]

    asyncio.run(story())


def test_entries_written_at_once_form_one_chain(fresh_database):
    async def story():
        async with fresh_database() as database:
            await asyncio.gather(*(noted(database, f"CP-{number}") for number in range(40)))
            verdict = await database.read(verify)
            assert (verdict.entries, verdict.broken_at) == (40, None)

    asyncio.run(story())


def test_the_database_refuses_to_change_or_remove_entries(database_url):
    async def story():
        database = await open_database(database_url)
        try:
            await migrate(database)
            await noted(database, "CP-7")
            for wrong in (update(audit_log).values(outcome="rejected"), delete(audit_log)):
                with pytest.raises(DBAPIError, match="only ever added to"):
                    await database.write(lambda connection, _, wrong=wrong: connection.execute(wrong))
            assert (await database.read(verify)).entries == 1
        finally:
            await database.close()

    asyncio.run(story())


@pytest.mark.parametrize("column", ["at", "actor_name", "address", "action", "target", "outcome", "details", "hash"])
def test_a_changed_entry_is_found(fresh_database, column):
    value = NOON if column == "at" else "x"

    async def story():
        async with fresh_database() as database:
            await noted(database, "CP-1", "CP-2", "CP-3")
            change = update(audit_log).where(audit_log.c.number == 2).values({column: value})
            await database.write(lambda connection, _: connection.execute(change))
            verdict = await database.read(verify)
            assert (verdict.entries, verdict.broken_at) == (1, 2)

    asyncio.run(story())


def test_a_removed_entry_is_found(fresh_database):
    async def story():
        async with fresh_database() as database:
            await noted(database, "CP-1", "CP-2", "CP-3")
            await database.write(
                lambda connection, _: connection.execute(delete(audit_log).where(audit_log.c.number == 2))
            )
            assert (await database.read(verify)).broken_at == 2

    asyncio.run(story())


def test_a_log_whose_end_was_cut_off_does_not_hold_the_head_that_was_kept(fresh_database):
    async def story():
        async with fresh_database() as database:
            await noted(database, "CP-1", "CP-2", "CP-3")
            head = (await database.read(verify)).head
            await noted(database, "CP-4")
            assert (await database.read(lambda connection: verify(connection, head))).broken_at is None
            await database.write(
                lambda connection, _: connection.execute(delete(audit_log).where(audit_log.c.number >= 3))
            )
            assert (await database.read(verify)).broken_at is None
            assert (await database.read(lambda connection: verify(connection, head))).broken_at == 3

    asyncio.run(story())


def test_the_head_of_an_empty_log_proves_nothing_about_one_with_entries(fresh_database):
    async def story():
        async with fresh_database() as database:
            empty = await database.read(verify)
            assert (await database.read(lambda connection: verify(connection, empty.head))).broken_at is None
            await noted(database, "CP-1")
            with pytest.raises(Invalid, match="empty log"):
                await database.read(lambda connection: verify(connection, empty.head))

    asyncio.run(story())


def test_secrets_stay_out_of_the_log(fresh_database):
    details = {
        "password": "hunter2hunter2",
        "settings": [{"key": "AuthorizationKey", "value": "0011223344556677"}],
        "note": "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----",
    }

    async def story():
        async with fresh_database() as database:
            await database.write(
                lambda connection, work: note(connection, work, ANNA, "station.change", "CP", "done", NOON, details)
            )
            (entry,) = await database.read(lambda connection: list_entries(connection, before=None, limit=9))
            for secret in ("hunter2", "00112233", "MIGHAgEA"):
                assert secret not in entry.details

    asyncio.run(story())


def test_texts_that_no_database_holds_are_made_to_fit(fresh_database):
    async def story():
        async with fresh_database() as database:
            odd = "a\0b\ud800c" + "x" * 1000
            await database.write(
                lambda connection, work: note(connection, work, LOCAL, odd, odd, odd, NOON, {odd: odd, "n": [odd]})
            )
            assert (await database.read(verify)).broken_at is None

    asyncio.run(story())


def test_entries_are_listed_the_newest_first_by_action_target_and_actor(fresh_database):
    async def story():
        async with fresh_database() as database:
            await noted(database, "CP-1", "CP-2", "CP-1")
            await database.write(
                lambda connection, work: note(connection, work, LOCAL, "person.add", "bob", "done", NOON)
            )

            async def numbers(before=None, limit=9, **filters):
                found = await database.read(
                    lambda connection: list_entries(connection, before=before, limit=limit, wanted=Wanted(**filters))
                )
                return [entry.number for entry in found]

            assert await numbers() == [4, 3, 2, 1]
            assert await numbers(before=3) == [2, 1]
            assert await numbers(limit=2) == [4, 3]
            assert await numbers(target="CP-1") == [3, 1]
            assert await numbers(action="station.*") == [3, 2, 1]
            assert await numbers(action="person.add") == [4]
            assert await numbers(actor_id="p-1") == [3, 2, 1]
            assert await numbers(words=("ANNA", "onidle")) == [3, 2, 1]
            assert await numbers(words=("192.0.2.7", "cp-2")) == [2]
            assert await numbers(words=("%",)) == []
            assert await numbers(since=NOON + timedelta(minutes=1)) == [3, 2]
            assert await numbers(until=NOON + timedelta(minutes=1)) == [4, 1]
            later = await database.read(lambda connection: entries_after(connection, 1, 9, Wanted(target="CP-1")))
            assert [entry.number for entry in later] == [3]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("outcome", "well"),
    [
        ("done", True),
        ("Accepted", True),
        ("accepted (Scheduled)", True),
        ("12 accepted", True),
        ("12 accepted, 1 rejected", False),
        ("1 accepted, 3 failed", False),
        ("not accepted", False),
        (" accepted", False),
        ("rejected", False),
        ("refused", False),
        ("timed out", False),
        ("", False),
    ],
)
def test_what_was_not_done_as_it_was_asked_is_found(fresh_database, outcome, well):
    async def story():
        async with fresh_database() as database:
            await database.write(
                lambda connection, work: note(connection, work, ANNA, "station.reset", "CP", outcome, NOON)
            )
            for asked in (True, False):
                found = await database.read(
                    lambda connection, asked=asked: list_entries(
                        connection, before=None, limit=9, wanted=Wanted(well=asked)
                    )
                )
                assert bool(found) is (asked is well)

    assert is_well(outcome) is well
    asyncio.run(story())


def test_the_same_document_has_one_canonical_form():
    assert canonical({"b": 1, "a": [True, None, "ü"]}) == canonical({"a": (True, None, "ü"), "b": 1})
    assert canonical({"b": 1, "a": 2}) == '{"a":2,"b":1}'


def test_an_empty_log_is_in_order():
    assert check([]) == Verdict(0, GENESIS)


def test_entries_in_another_order_are_found():
    first = Entry(1, NOON, "person", "p", "anna", "", "a", "t", "done", "{}")
    second = Entry(2, NOON, "person", "p", "anna", "", "b", "t", "done", "{}")
    swapped = [
        Entry(1, NOON, "person", "p", "anna", "", "b", "t", "done", "{}", seal(GENESIS, first)),
        Entry(2, NOON, "person", "p", "anna", "", "a", "t", "done", "{}", seal(seal(GENESIS, first), second)),
    ]
    assert check(swapped).broken_at == 1
