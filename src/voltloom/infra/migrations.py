"""Brings a database's schema to the program's, in one transaction, whoever else starts at the same moment.

The revisions are in `voltloom/migrations/versions`. A database that a newer program has changed is left alone.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from voltloom.infra.database import Database, SettingError, Work

FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 0x6D696772


@dataclass(frozen=True, slots=True)
class Migrated:
    """before: "" for an empty database. after: the program's newest revision."""

    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def is_known(revision: str) -> bool:
    """Whether this program can bring a database of that revision to its own. "" is an empty one."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return not revision or any(script.revision == revision for script in scripts.walk_revisions())


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


async def current(database: Database) -> str:
    """The revision the database is at; "" for an empty one."""
    return await database.read(_revision)


async def migrate(database: Database) -> Migrated:
    """Raises SettingError for a database newer than the program."""
    return await database.write(_upgrade)


async def require_current(database: Database) -> None:
    """For commands that use a database without owning it. Raises SettingError unless it is at our revision."""
    found = await current(database)
    if found != head():
        await database.read(_checked)
        raise SettingError(
            f"The database is at revision {found or '(empty)'}, this program needs {head()}: run `voltloom migrate`."
        )


def _upgrade(connection: Connection, _: Work) -> Migrated:
    if connection.dialect.name == "postgresql":
        # Whoever waited for the lock must see what was done meanwhile, which a serializable transaction would not.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    before = _checked(connection)
    command.upgrade(alembic_config(connection), "head")
    return Migrated(before, head())


def _checked(connection: Connection) -> str:
    found = _revision(connection)
    if not is_known(found):
        raise SettingError(
            f"The database is at revision {found}, which this program does not know: a newer voltloom has changed it. "
            "Start that version, or restore a backup from before."
        )
    return found
