import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import inspect

from voltloom.infra import migrations
from voltloom.infra.database import SettingError, open_database

REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = {revision!r}, {down!r}, None, None

def upgrade():
    op.create_table({table!r}, sa.Column("id", sa.Integer, primary_key=True))
    {more}
"""


@pytest.fixture
def history(tmp_path: Path, monkeypatch):
    """A history of our own to migrate along; called with the names of its tables, a revision each."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("versions", "__pycache__"))
    monkeypatch.setattr(migrations, "FOLDER", folder)

    def write(*tables: str, broken: str = "") -> None:
        shutil.rmtree(folder / "versions", ignore_errors=True)
        (folder / "versions").mkdir()
        down = None
        for number, table in enumerate(tables, 1):
            more = "raise RuntimeError('broken on purpose')" if table == broken else ""
            text = REVISION.format(revision=f"{number:04}", down=down, table=table, more=more)
            (folder / "versions" / f"{number:04}_{table}.py").write_text(text)
            down = f"{number:04}"

    return write


def tables(database):
    return database.read(lambda connection: sorted(inspect(connection).get_table_names()))


def test_an_empty_database_and_an_older_one_come_to_the_programs_revision(database_url, history):
    async def story():
        database = await open_database(database_url)
        assert await migrations.current(database) == ""
        history("one", "two")
        assert await migrations.migrate(database) == migrations.Migrated("", "0002")
        history("one", "two", "three")
        with pytest.raises(SettingError, match="run `voltloom migrate`"):
            await migrations.require_current(database)
        assert await migrations.migrate(database) == migrations.Migrated("0002", "0003")
        assert not (await migrations.migrate(database)).changed
        await migrations.require_current(database)
        assert await tables(database) == ["alembic_version", "one", "three", "two"]
        await database.close()

    asyncio.run(story())


def test_a_database_newer_than_the_program_is_refused_and_left_alone(database_url, history):
    async def story():
        database = await open_database(database_url)
        history("one", "two")
        await migrations.migrate(database)
        history("one")
        for refused in (migrations.migrate, migrations.require_current):
            with pytest.raises(SettingError, match="a newer voltloom"):
                await refused(database)
        assert await migrations.current(database) == "0002"
        await database.close()

    asyncio.run(story())


def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url, history):
    async def story():
        database = await open_database(database_url)
        history("one")
        await migrations.migrate(database)
        history("one", "two", "three", broken="three")
        with pytest.raises(RuntimeError, match="broken on purpose"):
            await migrations.migrate(database)
        assert await migrations.current(database) == "0001"
        assert await tables(database) == ["alembic_version", "one"]
        await database.close()

    asyncio.run(story())


def test_several_that_start_at_once_migrate_once(database_url, history):
    async def story():
        history("one", "two")
        databases = [await open_database(database_url) for _ in range(4)]
        done = await asyncio.gather(*(migrations.migrate(database) for database in databases))
        assert sorted(each.before for each in done) == ["", "0002", "0002", "0002"]
        for database in databases:
            await database.close()

    asyncio.run(story())
