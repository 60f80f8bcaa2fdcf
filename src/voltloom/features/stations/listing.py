"""All stations and all knocks, for those who do not page: the command line, exports."""

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping

from voltloom.features.stations import store

_BATCH = 1_000


def all_stations(connection: Connection) -> Iterator[RowMapping]:
    """In the order of their identities."""
    last = None
    while batch := store.find(connection, (), last, _BATCH):
        yield from batch
        last = batch[-1]["id"]


def all_knocks(connection: Connection) -> Iterator[RowMapping]:
    """The latest first."""
    last = None
    while batch := store.find_knocks(connection, reason="", address="", words="", before=last, limit=_BATCH):
        yield from batch
        last = (batch[-1]["last_at"], batch[-1]["number"])
