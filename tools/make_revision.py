"""Writes the next revision of the schema: what differs between the migrations so far and the tables in the code.

python tools/make_revision.py "what changes"

Read what it wrote, and mend it: it knows the tables, not the rows in them. Then run tests/test_migrations.py.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from voltloom.app.parts import EVENTS
from voltloom.infra.database import Work, open_database
from voltloom.infra.migrations import FOLDER, alembic_config


async def write_revision(message: str) -> Path:
    assert EVENTS, "every feature is imported, so that every table is known"
    number = len(list((FOLDER / "versions").glob("0*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(f"sqlite:///{Path(folder) / 'schema.db'}")

        def write(connection: Connection, _: Work) -> None:
            config = alembic_config(connection)
            command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")

        try:
            await database.write(write)
        finally:
            await database.close()
    return next((FOLDER / "versions").glob(f"{number:04d}_*.py"))


def main(message: str) -> None:
    written = asyncio.run(write_revision(message))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", written], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "--fix", written], check=True)
    print(written)


if __name__ == "__main__":
    main(sys.argv[1])
