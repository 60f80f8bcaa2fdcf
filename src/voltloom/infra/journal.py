"""Events as they were told, kept with a number beside the tables that are the truth.

They are appended inside the caller's unit of work. Numbers grow in the order in which events become visible, so that
whoever has read up to a number has missed nothing before it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog
from sqlalchemy import (
    Column,
    Connection,
    Identity,
    Index,
    Select,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from voltloom.domain.errors import Unavailable
from voltloom.infra.bus import Bus
from voltloom.infra.columns import NUMBER, Json, UtcTime
from voltloom.infra.database import Database, Row, Statement, Work, metadata
from voltloom.infra.tasks import task_values

LOG = structlog.get_logger(__name__)

HINT = "event.journal"
"""Subject: somebody wrote to the journal. Message: which node."""
LIVE = "event.live"
"""Subject: an event that is live only. Message: the node, a new line, the event as JSON."""

journal = Table(
    "journal",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("at", UtcTime, nullable=False, comment="when it was written here"),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="the station it is about, or empty"),
    Column("body", Json, nullable=False),
    Column("node", Text, nullable=False, comment="who wrote it"),
    Index(None, "subject", "number"),
    sqlite_autoincrement=True,
)

ADD_ENTRY = Statement(insert(journal), ("number", "at", "name", "subject", "body", "node"), bulk=True)

POLL_S = 0.3
"""How long rows that another process wrote may stay unnoticed when nothing tells us of them."""
PAGE = 500

Follower = Callable[[int | None, Any], None]
"""Hears each event after its commit, with its number; None for one that is live only."""


class Entry(NamedTuple):
    """A row of the journal. body: the event as JSON text."""

    number: int
    at: datetime
    name: str
    subject: str
    body: str
    node: str


def read_journal(
    connection: Connection, *, after: int = 0, limit: int = PAGE, names: Sequence[str] = (), subject: str | None = None
) -> list[Entry]:
    """What was told after number `after`, oldest first; of these names, about this subject."""
    query = _about(names, subject).where(journal.c.number > after).order_by(journal.c.number).limit(limit)
    return [Entry(*row) for row in connection.execute(query)]


def read_newest(
    connection: Connection,
    *,
    limit: int = PAGE,
    names: Sequence[str] = (),
    subject: str | None = None,
    before: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """The last that were told, oldest first: before that number, written at `since` or later and before `until`."""
    query = _about(names, subject).order_by(journal.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(journal.c.number < before)
    if since is not None:
        query = query.where(journal.c.at >= since)
    if until is not None:
        query = query.where(journal.c.at < until)
    return [Entry(*row) for row in connection.execute(query)][::-1]


def _about(names: Sequence[str], subject: str | None) -> Select[Any]:
    query = select(journal)
    if names:
        query = query.where(journal.c.name.in_(names))
    if subject is not None:
        query = query.where(journal.c.subject == subject)
    return query


def newest_number(connection: Connection) -> int:
    return connection.execute(select(func.max(journal.c.number))).scalar() or 0


def oldest_number(connection: Connection) -> int:
    """Of those still kept: whoever resumes from before it has missed something. 0 for an empty journal."""
    return connection.execute(select(func.min(journal.c.number))).scalar() or 0


def prune_journal(connection: Connection, *, before: datetime, keep: int, limit: int = 10_000) -> bool:
    """Remove the oldest entries: those written before that time, and all but the newest `keep`. At most `limit` at
    once, so that nobody waits long; whether there are more. The newest of all stays."""
    oldest = oldest_number(connection)
    newest = newest_number(connection)
    end = min(oldest + limit, newest)
    young = select(func.min(journal.c.number)).where(journal.c.number.between(oldest, end - 1), journal.c.at >= before)
    first_kept = max(connection.execute(young).scalar() or end, min(newest - keep + 1, end))
    connection.execute(delete(journal).where(journal.c.number < first_kept))
    return first_kept == end < newest


@dataclass(slots=True)
class Entries:
    """What works tell, ready to be written: journal rows (still without numbers) and tasks of listeners."""

    rows: list[tuple[datetime, str, str, str, str]] = field(default_factory=list[tuple[datetime, str, str, str, str]])
    tasks: list[Row] = field(default_factory=list[Row])

    def numbered(self, numbers: Sequence[int]) -> list[Row]:
        """Rows of ADD_ENTRY."""
        return [(number, *row) for number, row in zip(numbers, self.rows, strict=True)]


class Journal:
    """Which events are kept, who listens, and who follows them live on this node.

    events      the classes that may be told: each has `name` and `live_only`
    listeners   the names of the tasks that are to run for each event, by the event's name
    node        this node's name
    """

    def __init__(
        self, events: Iterable[type[Any]] = (), listeners: Mapping[str, Sequence[str]] | None = None, node: str = ""
    ) -> None:
        self.node = node
        self._kinds = {kind.name: kind for kind in events}
        self._decoders = {name: msgspec.json.Decoder(kind) for name, kind in self._kinds.items()}
        self._listeners = dict(listeners or {})
        self._followers: list[tuple[Follower, frozenset[type[Any]]]] = []
        self._followers_of: dict[type[Any], tuple[Follower, ...]] = {}
        self._outbox: deque[tuple[int | None, object]] = deque()
        self._seen: int | None = None
        self._hurry = asyncio.Event()
        self._tail: asyncio.Task[None] | None = None
        self._bus: Bus | None = None
        self._subscriptions: list[Callable[[], None]] = []

    # ---- for the engines

    def entries(self, works: Iterable[Work], now: datetime) -> Entries:
        entries = Entries()
        for work in works:
            for told in work.events:
                kind: Any = type(told)
                if kind.live_only:
                    continue
                body = msgspec.json.encode(told).decode()
                entries.rows.append((now, kind.name, getattr(told, "station_id", None) or "", body, self.node))
                for task in self._listeners.get(kind.name, ()):
                    entries.tasks.append(task_values(task, body, due=now))
        return entries

    def committed(self, works: Iterable[Work], numbers: Sequence[int]) -> None:
        """These works are on disk, and their journaled events got these numbers. Called on the event loop."""
        own = iter(numbers)
        outbox = self._outbox
        for work in works:
            for told in work.events:
                kind: Any = type(told)
                if not kind.live_only:
                    outbox.append((next(own), told))
                elif outbox:
                    outbox.append((None, told))
                else:
                    self._hand_out(None, told)
                    self._share(told)
        if numbers and self._bus is not None:
            self._bus.publish(HINT, self.node.encode())
        self._publish()

    # ---- for those who want to hear

    @property
    def listened(self) -> tuple[type[Any], ...]:
        """The kinds of events with which tasks are written."""
        return tuple(kind for name, kind in self._kinds.items() if name in self._listeners)

    def decode(self, name: str, body: str) -> Any | None:
        """The event, or None where its name is not known here (a newer node told it)."""
        decoder = self._decoders.get(name)
        return None if decoder is None else decoder.decode(body)

    def follow(self, follower: Follower, *kinds: type[Any]) -> Callable[[], None]:
        """Call `follower` for each event told on any node, journaled ones in the order of their numbers, each once.

        kinds   of events that it wants; none: all
        Journaled events of other processes come too, within POLL_S or as fast as the bus. Returns how to stop.
        """
        entry = (follower, frozenset(kinds))
        self._followers.append(entry)
        self._followers_of.clear()

        def leave() -> None:
            with suppress(ValueError):
                self._followers.remove(entry)
            self._followers_of.clear()

        return leave

    async def start(self, database: Database, bus: Bus | None = None) -> None:
        """Follow also what other processes write to the same database."""
        self._seen = await database.read(newest_number)
        self._bus = bus
        if bus is not None:
            self._subscriptions = [
                await bus.subscribe(HINT, self._hear_hint),
                await bus.subscribe(f"{LIVE}.>", self._hear_live),
            ]
        self._tail = asyncio.create_task(self._follow_others(database), name="journal tail")

    async def stop(self) -> None:
        for unsubscribe in self._subscriptions:
            unsubscribe()
        if self._tail is not None:
            self._tail.cancel()
            with suppress(asyncio.CancelledError):
                await self._tail

    # ---- publishing

    def _publish(self) -> None:
        """Hand out what is next in number; what comes after a gap waits for `_follow_others` to fill it."""
        while self._outbox:
            number, told = self._outbox[0]
            if number is not None and self._seen is not None and number > self._seen + 1:
                self._hurry.set()
                return
            self._outbox.popleft()
            if number is None:
                self._hand_out(None, told)
                self._share(told)
            elif self._seen is None or number > self._seen:
                if self._seen is not None:
                    self._seen = number
                self._hand_out(number, told)

    def _hand_out(self, number: int | None, told: object) -> None:
        kind = type(told)
        followers = self._followers_of.get(kind)
        if followers is None:
            wanting = [follower for follower, kinds in self._followers if not kinds or kind in kinds]
            followers = self._followers_of[kind] = tuple(wanting)
        for follower in followers:
            try:
                follower(number, told)
            except Exception:
                LOG.exception("a follower of events failed", event_name=getattr(told, "name", "?"))

    async def _follow_others(self, database: Database) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), POLL_S)
            self._hurry.clear()
            try:
                while await self._catch_up(database):
                    pass
            except Unavailable as error:
                LOG.warning("the journal cannot be followed now", reason=str(error))
                await asyncio.sleep(1)

    async def _catch_up(self, database: Database) -> bool:
        """Hand out the next page of what is in the table; whether there may be more."""
        assert self._seen is not None
        after = self._seen
        page = await database.read(lambda connection: read_journal(connection, after=after))
        own = dict(self._outbox)
        for entry in page:
            # Our own commits may have been handed out while we were reading.
            if entry.number <= self._seen:
                continue
            self._seen = entry.number
            told = own.get(entry.number)
            if told is None:
                told = self.decode(entry.name, entry.body)
            if told is not None:
                self._hand_out(entry.number, told)
        self._publish()
        return len(page) == PAGE

    # ---- other nodes

    def _share(self, told: object) -> None:
        if self._bus is None:
            return
        kind: Any = type(told)
        if kind.name in self._decoders:
            self._bus.publish(f"{LIVE}.{kind.name}", self.node.encode() + b"\n" + msgspec.json.encode(told))

    async def _hear_hint(self, _: str, node: bytes) -> None:
        if node.decode() != self.node:
            self._hurry.set()

    async def _hear_live(self, subject: str, message: bytes) -> None:
        node, _, body = message.partition(b"\n")
        if node.decode() == self.node:
            return
        told = self.decode(subject.removeprefix(f"{LIVE}."), body.decode())
        if told is not None:
            self._hand_out(None, told)
