"""The schema that migrations make is the schema that the code means, on both engines."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Boolean, Connection, String, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from voltloom.app import parts
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.transactions.samples import read_samples
from voltloom.infra.columns import UtcTime
from voltloom.infra.database import SettingError, Work, metadata, open_database
from voltloom.infra.migrations import alembic_config, current, head, migrate, require_current


def test_a_migrated_database_has_the_tables_of_the_code(database_url: str):
    async def story() -> None:
        database = await open_database(database_url)
        done = await migrate(database)
        assert (done.before, done.after) == ("", head())
        assert not (await migrate(database)).changed
        await require_current(database)

        await database.close()
        if database_url.startswith("sqlite"):
            plain = create_engine(database_url)
            with plain.connect() as connection:
                assert differences(connection) == []
            plain.dispose()
            return
        # An engine of its own: ours reads JSON as text, also in what SQLAlchemy asks of the catalogue.
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url))
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
        await engine.dispose()

    asyncio.run(story())


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
    return list(compare_metadata(context, metadata))


def test_a_database_that_a_newer_program_changed_is_left_alone(database_url: str):
    async def story() -> None:
        database = await open_database(database_url)
        await migrate(database)

        def become_newer(connection: Connection, _: Work) -> None:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        await database.write(become_newer)
        with pytest.raises(SettingError, match="a newer voltloom has changed it"):
            await migrate(database)
        with pytest.raises(SettingError, match="a newer voltloom has changed it"):
            await require_current(database)
        assert await current(database) == "9999"
        await database.close()

    asyncio.run(story())


def test_an_empty_database_is_not_used_before_it_is_migrated(database_url: str):
    async def story() -> None:
        database = await open_database(database_url)
        with pytest.raises(SettingError, match="voltloom migrate"):
            await require_current(database)
        await database.close()

    asyncio.run(story())


def test_several_that_start_at_once_migrate_once(database_url: str):
    async def story() -> None:
        databases = [await open_database(database_url) for _ in range(3)]
        done = await asyncio.gather(*map(migrate, databases))
        assert sorted(each.before for each in done) == ["", head(), head()]
        for database in databases:
            await database.close()

    asyncio.run(story())


def test_the_audit_log_cannot_be_changed_even_by_hand(database_url: str):
    async def story() -> None:
        database = await open_database(database_url)
        await migrate(database)
        row = (
            "INSERT INTO audit_log (number, at, actor_kind, actor_id, actor_name, address, action, target, outcome, "
            "details, hash) VALUES (1, {now}, 'local', '', '', '', '', '', '', '{{}}', '')"
        )
        now = "now()" if database_url.startswith("postgres") else "0"
        await database.write(lambda connection, _: connection.execute(text(row.format(now=now))) and None)
        for change in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"):
            with pytest.raises(Exception, match="only ever added to"):
                await database.write(lambda connection, _, change=change: connection.execute(text(change)) and None)
        await database.close()

    asyncio.run(story())


def test_revisions_are_numbered_without_gaps():
    names = sorted(path.name[:4] for path in (Path(parts.__file__).parents[1] / "migrations" / "versions").glob("*.py"))
    assert names == [f"{number:04d}" for number in range(1, len(names) + 1)]


def test_samples_from_before_they_were_found_by_their_transaction_are_found_as_well(database_url: str):
    async def story() -> None:
        database = await open_database(database_url)
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

        def fill(connection: Connection, _: Work) -> None:
            command.upgrade(alembic_config(connection), "0004")
            add(connection, "transactions", station_id="CP", id="T", evse=1, reckoning="{}")
            for transaction_id, energy_wh in (("T", 7.0), ("", 8.0)):
                add(connection, "samples", station_id="CP", transaction_id=transaction_id, energy_wh=energy_wh)

        def add(connection: Connection, name: str, **values: object) -> None:
            row: dict[str, object] = dict(values)
            for column in metadata.tables[name].columns:
                if column.nullable or column.name in (*row, "number"):
                    continue
                kind = type(column.type)
                row[column.name] = (
                    at if kind is UtcTime else "" if issubclass(kind, String) else kind is not Boolean and 0
                )
            row |= {"context": "Sample.Periodic"} if name == "samples" else {}
            connection.execute(metadata.tables[name].insert().values(row))

        await database.write(fill)
        await migrate(database)
        for transaction_id, energy_wh in (("T", 7.0), ("", 8.0)):
            found = await database.read(
                lambda c, wanted=transaction_id: read_samples(c, StationId("CP"), TransactionId(wanted))
            )
            assert [sample.energy_wh for sample in found] == [energy_wh]
        await database.close()

    asyncio.run(story())
