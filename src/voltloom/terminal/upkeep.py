"""Commands that keep an installation in order: migrations and backups."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from voltloom.app.places import keys_folder
from voltloom.infra.database import open_database
from voltloom.infra.migrations import current
from voltloom.infra.migrations import migrate as bring_up_to_date
from voltloom.infra.processes import run
from voltloom.infra.settings import SettingError, Settings
from voltloom.terminal import output


def migrate(settings: Settings, *, json: bool) -> None:
    async def main() -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = await open_database(settings.database_url)
        try:
            done = await bring_up_to_date(database)
            output.result({"before": done.before or "(empty)", "after": done.after, "changed": done.changed}, json=json)
        finally:
            await database.close()

    try:
        run(main())
    except SettingError as error:
        output.fail(str(error))


def back_up(settings: Settings, file: Path, *, json: bool) -> None:
    """A consistent copy of the SQLite database, made while others write to it."""
    url = settings.database_url
    if not url.startswith("sqlite:///"):
        output.fail("The database is PostgreSQL: back it up with its own tools, for example pg_dump.")
    source = Path(url.removeprefix("sqlite:///"))
    if not source.exists():
        output.fail(f"There is no database at {source} yet: nothing to back up.")
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        output.fail(f"{file} exists already: give the copy a name of its own.")
    except OSError as error:
        output.fail(f"{file} cannot be written ({error.strerror}): choose another place.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(file)) as copy:
        live.backup(copy, pages=1000)
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        output.fail(f"The copy {file} is damaged ({verdict}): check the disk, and run `voltloom doctor`.")
    output.result({"file": str(file), "bytes": file.stat().st_size}, json=json)
    output.say(f"Keys are not in it: keep a copy of {keys_folder(settings)} in another, safe place.")


async def revision_of(settings: Settings) -> str:
    """Where the database is; "" for an empty one. Raises SettingError."""
    database = await open_database(settings.database_url)
    try:
        return await current(database)
    finally:
        await database.close()
