"""Brings a database's schema to the program's, in one transaction, whoever else starts at the same moment.

The revisions are in `voltloom/migrations/versions`. A database that a newer program has changed is left alone.
Alembic is imported only where there is something to change: every command asks whether there is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from voltloom.infra.database import Database, Work
from voltloom.infra.settings import SettingError

if TYPE_CHECKING:
    from alembic.config import Config

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


def alembic_config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def _revisions() -> tuple[str, ...]:
    """All that this program knows, in order: their files are named after them, and follow one another."""
    return tuple(sorted(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("[0-9]*_*.py")))


def head() -> str:
    """The newest revision this program knows."""
    return _revisions()[-1]


def is_known(revision: str) -> bool:
    """Whether this program can bring a database of that revision to its own. "" is an empty one."""
    return not revision or revision in _revisions()


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


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
    if before != head():
        from alembic import command

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
