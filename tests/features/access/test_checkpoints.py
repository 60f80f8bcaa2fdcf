"""Signed heads of the audit log."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, update

from voltloom.features.access import LOCAL, note
from voltloom.features.access.audit import Entry, audit_log, seal
from voltloom.features.access.checkpoints import (
    Checkpoint,
    Signer,
    add_checkpoint,
    audit_checkpoints,
    check_checkpoints,
    list_checkpoints,
)
from voltloom.infra.database import Database, Work

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
OURS, THEIRS = Signer(bytes(32)), Signer(bytes([1]) * 32)


async def noted(database: Database, target: str) -> None:
    def change(connection: Connection, work: Work) -> None:
        note(connection, work, LOCAL, "station.reset", target, "done", NOON)

    await database.write(change)


async def signed(database: Database, signer: Signer = OURS, hours: int = 0) -> Checkpoint | None:
    return await database.write(lambda connection, _: add_checkpoint(connection, signer, NOON + timedelta(hours=hours)))


async def trouble(database: Database) -> str:
    found = await database.read(lambda connection: check_checkpoints(connection, OURS.public_key))
    return found.reason


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await noted(database, "CP-1")
            await signed(database)
            await story(database)

    asyncio.run(whole())


def test_what_was_noted_is_signed_once(fresh_database):
    async def story(database: Database):
        assert await signed(database, hours=1) is None
        await noted(database, "CP-2")
        assert await signed(database, hours=2) is not None
        found = await database.read(lambda connection: list_checkpoints(connection, 0, 10))
        assert [each.number for each in found] == [1, 2]
        assert all(each.is_genuine for each in found)
        checked = await database.read(lambda connection: check_checkpoints(connection, OURS.public_key))
        assert (checked.genuine, checked.keys, checked.reason) == (2, (OURS.public_key,), "")

    run(fresh_database, story)


def test_a_log_that_was_written_anew_does_not_match_what_was_signed(fresh_database):
    """Signed was another entry than the one that stands there now."""
    entry = Entry(1, NOON, "local", "", "", "", "station.reset", "CP-9", "done", "{}")
    forged = replace(entry, hash=seal("0" * 64, entry))

    async def story(database: Database):
        checkpoint = (await database.read(lambda connection: list_checkpoints(connection, 0, 1)))[0]
        await noted(database, "CP-2")
        two = OURS.sign(2, forged.hash, NOON)
        values = {name: getattr(two, name) for name in Checkpoint.__slots__}
        await database.write(lambda connection, _: connection.execute(insert(audit_checkpoints), values))
        assert checkpoint.is_genuine
        assert "entry 2 is not what was signed" in await trouble(database)

    run(fresh_database, story)


def test_a_checkpoint_that_was_altered_or_signed_by_another_is_told(fresh_database):
    async def story(database: Database):
        await database.write(
            lambda connection, _: connection.execute(update(audit_checkpoints).values(at=NOON.replace(year=2031)))
        )
        assert "not signed by the key it names" in await trouble(database)
        other = THEIRS.sign(1, (await hashes(database))[1], NOON)
        values = {"at": other.at, "key": other.key, "signature": other.signature}
        await database.write(lambda connection, _: connection.execute(update(audit_checkpoints).values(**values)))
        assert "another key than ours" in await trouble(database)

    run(fresh_database, story)


async def hashes(database: Database) -> dict[int, str]:
    query = audit_log.select()
    rows = await database.read(lambda connection: connection.execute(query).mappings().all())
    return {row["number"]: row["hash"] for row in rows}
