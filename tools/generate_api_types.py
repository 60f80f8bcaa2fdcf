"""Writes `console/src/api/schema.d.ts`: the types of the API, from its own OpenAPI document.

No port is opened: the application is made, asked for its document, and thrown away. `--check` compares with what is
there and writes nothing; `--document` prints the document.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import TypeVar

from build_console import CONSOLE, ROOT, BuildError, install, run_node
from voltloom.app.parts import features, parts_of
from voltloom.app.places import Addresses
from voltloom.domain.commands import Command
from voltloom.domain.errors import Unreachable
from voltloom.domain.ids import StationId
from voltloom.entrypoints.http import HttpServer, HttpSettings, NetworkSummary, Services
from voltloom.entrypoints.http.openapi import openapi_of
from voltloom.features.access import Access, new_local_token
from voltloom.infra.database import open_database
from voltloom.infra.journal import Journal
from voltloom.infra.settings import Settings

TARGET = CONSOLE / "src" / "api" / "schema.d.ts"


OutcomeT = TypeVar("OutcomeT")


class _NoStations:
    async def ask(self, station_id: StationId, command: Command[OutcomeT], *, timeout_s: float = 30.0) -> OutcomeT:
        raise Unreachable(f"{station_id} is not connected")

    async def refresh(self, station_id: StationId) -> None: ...

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        return False

    async def look(self, station_id: StationId) -> None:
        return None


async def _no_network() -> NetworkSummary:
    return NetworkSummary(0, 0, 0, 0.0, 0.0, 0.0)


async def document(folder: Path) -> dict[str, object]:
    parts = parts_of(Settings(data_dir=folder), Addresses("", ()))
    database = await open_database(f"sqlite:///{folder / 'voltloom.db'}")
    access = Access(database, parts.factors, local_token=new_local_token())
    try:
        services = Services(database, _NoStations(), access, Journal((), node="types"), _no_network)
        return openapi_of(HttpServer(features(parts), services, HttpSettings(port=0)).app)
    finally:
        access.close()
        await database.close()


def types(folder: Path) -> str:
    source, target = folder / "openapi.json", folder / "schema.d.ts"
    source.write_text(json.dumps(asyncio.run(document(folder / "data"))))
    install()
    run_node("node_modules/openapi-typescript/bin/cli.js", str(source), "--output", str(target))
    return target.read_text()


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        if "--document" in options:
            print(json.dumps(asyncio.run(document(Path(folder))), indent=1))
            return 0
        try:
            made = types(Path(folder))
        except BuildError as error:
            print(error, file=sys.stderr)
            return 1
    if "--check" not in options:
        TARGET.write_text(made)
        return 0
    if TARGET.is_file() and TARGET.read_text() == made:
        return 0
    print(f"{TARGET.relative_to(ROOT)} is stale: run .venv/bin/python tools/generate_api_types.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
