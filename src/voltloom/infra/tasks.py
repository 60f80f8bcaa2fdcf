"""Durable work: at least once, with retries, on any node; and what is to be done again and again, on one at a time.

A task is a row, added in the unit of work that makes it necessary. It is leased to the node that runs it, so that a
dead node's tasks are taken over. A handler's own writes commit together with the task's end.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Float, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects import postgresql

from voltloom.infra.columns import Json, UtcTime
from voltloom.infra.database import Row, Statement, Work, metadata

WAITING, RUNNING, FAILED = "waiting", "running", "failed"


class TaskAdded:
    """Told with a task, so that this node looks at once. Never leaves it."""

    name: ClassVar[str] = "task.added"
    live_only: ClassVar[bool] = True


tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("name", Text, nullable=False, comment="which handler"),
    Column("key", Text, nullable=False, comment="of several that wait with the same key one is enough; empty: of none"),
    Column("body", Json, nullable=False, comment="what the handler is given"),
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("every_s", Float, comment="due again this long after each run"),
    Column("lease_until", UtcTime, comment="when others may take it over"),
    Column("node", Text, nullable=False, comment="who runs it"),
    Column("error", Text, nullable=False, comment="of the last attempt"),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "state", "due_at"),
    sqlite_autoincrement=True,
)
_ONE_WAITING = text("key <> '' AND state = 'waiting'")
Index(
    "uq_tasks_one_waiting",
    tasks.c.name,
    tasks.c.key,
    unique=True,
    sqlite_where=_ONE_WAITING,
    postgresql_where=_ONE_WAITING,
)

_COLUMNS = ("name", "key", "body", "state", "due_at", "attempts", "every_s", "node", "error", "created_at")
ADD_TASK = Statement(
    postgresql.insert(tasks).on_conflict_do_nothing(index_elements=["name", "key"], index_where=_ONE_WAITING), _COLUMNS
)


def task_values(
    name: str, body: str, *, due: datetime, key: str = "", every_s: float | None = None, now: datetime | None = None
) -> Row:
    """The values of ADD_TASK."""
    return (name, key, body, WAITING, due, 0, every_s, "", "", now or due)


def add_task(work: Work, name: str, body: str = "{}", *, due: datetime, key: str = "") -> None:
    """Have `name` done at `due`, once this work is committed.

    body   JSON text
    key    where one with the same name and key waits already, that one is enough: ten causes, one run
    """
    work.write(ADD_TASK, *task_values(name, body, due=due, key=key))
    work.tell(TaskAdded())
