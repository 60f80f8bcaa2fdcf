"""What is kept only for a time: moves messages past their hot days to files, and lets the oldest events go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from voltloom.infra.archive import Archive
from voltloom.infra.database import Database, Work
from voltloom.infra.journal import prune_journal
from voltloom.infra.tasks import Handler, Task

MOST_EVENTS = 20_000_000
"""Events kept, however young: about 8 GB."""


@dataclass(frozen=True, slots=True)
class Chore:
    every: timedelta
    do: Handler


def chores(database: Database, archive: Archive, events_kept: timedelta) -> Mapping[str, Chore]:
    """By the name of their repeating task."""

    async def move_messages(task: Task) -> None:
        await archive.move(database, task.now)

    async def prune_events(task: Task) -> None:
        before = task.now - events_kept

        def prune(connection: Connection, _: Work) -> bool:
            return prune_journal(connection, before=before, keep=MOST_EVENTS)

        while await database.write(prune):
            pass

    return {
        "messages.archive": Chore(timedelta(hours=1), move_messages),
        "journal.prune": Chore(timedelta(hours=6), prune_events),
    }
