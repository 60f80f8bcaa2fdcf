"""Databases with all tables, for tests: made once on each engine, and copied for each test.

Making a hundred tables takes a second of PostgreSQL, a copy of them a twentieth.
"""

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import asyncpg

from voltloom.infra.database import metadata, open_database

_Tables = frozenset[str]
_files: dict[_Tables, Path] = {}
_names: dict[tuple[str, _Tables], str] = {}


async def furnish(url: str) -> None:
    """Give an empty database all tables of the features that were imported; one that has tables stays as it is."""
    tables = frozenset(metadata.tables)
    if url.startswith("sqlite:///"):
        await _furnish_file(Path(url.removeprefix("sqlite:///")), tables)
    else:
        await _furnish_postgres(url, tables)


async def _furnish_file(path: Path, tables: _Tables) -> None:
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return
    made = _files.get(tables)
    if made is None:
        folder = Path(tempfile.mkdtemp(prefix="vl-tables-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        made = folder / "tables.db"
        await _make(f"sqlite:///{made}")
        with closing(sqlite3.connect(made)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _files[tables] = made
    shutil.copyfile(made, path)


async def _furnish_postgres(url: str, tables: _Tables) -> None:
    server, _, options = url.partition("?")
    server, _, name = server.rpartition("/")
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
            return
    finally:
        await connection.close()
    admin = await asyncpg.connect(f"{server}/postgres?{options}")
    try:
        made = _names.get((server + options, tables))
        if made is None:
            made = f"tables_{len(_names)}"
            await admin.execute(f"CREATE DATABASE {made}")
            await _make(f"{server}/{made}?{options}")
            _names[server + options, tables] = made
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {made}")
    finally:
        await admin.close()


async def _make(url: str) -> None:
    database = await open_database(url)
    try:
        await database.write(lambda connection, _: metadata.create_all(connection))
    finally:
        await database.close()
