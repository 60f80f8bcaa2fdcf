from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from gateway_house import ORGANIZATION, House
from gateway_house import open_house as open_a_house
from voltloom.features.certificates import Authority


class OpenHouse(Protocol):
    """`gateway_house.open_house`, with a folder of the test's own."""

    def __call__(self, *features: object, **how: object) -> AbstractAsyncContextManager[House]: ...


@pytest.fixture(scope="session")
def authority_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("authority")
    Authority.open(directory, ORGANIZATION, datetime.now(UTC)).issue_server(["localhost"], datetime.now(UTC))
    return directory


@pytest.fixture
def open_house(tmp_path: Path, authority_dir: Path) -> OpenHouse:
    return partial(open_a_house, tmp_path, authority_dir)
