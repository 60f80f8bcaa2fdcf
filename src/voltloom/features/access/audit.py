"""The audit log: who did what, to what, with what outcome. Entries are only ever added (the database has a trigger).

Each entry carries the SHA-256 of itself and of the entry before, so that a change, a gap or another order shows in
`verify`. The chain alone does not show that its end was cut off, or that all of it was written anew by someone who can
write to the database: for that, keep the `head` of an export elsewhere and pass it to `verify`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    text,
)

from voltloom.domain.events import AuditNoted
from voltloom.features.access.rules import Actor
from voltloom.infra.columns import UtcTime
from voltloom.infra.database import Work, metadata
from voltloom.infra.logs import redact

GENESIS = "0" * 64
"""What stands for the hash before the first entry."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor_kind", String(20), nullable=False),
    Column("actor_id", String(100), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("address", String(100), nullable=False),
    Column("action", String(100), nullable=False),
    Column("target", String(300), nullable=False),
    Column("outcome", String(500), nullable=False),
    Column("details", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_log_by_target", "target", "number"),
    Index("audit_log_by_actor", "actor_id", "number"),
)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('voltloom.audit_log'))")


@dataclass(frozen=True, slots=True)
class Entry:
    """details: canonical JSON text. hash: of this entry and, through its place, of all before it."""

    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    address: str
    action: str
    target: str
    outcome: str
    details: str
    hash: str = ""


def note(
    connection: Connection,
    work: Work,
    actor: Actor,
    action: str,
    target: str,
    outcome: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> int:
    """Put one entry into the audit log, inside the caller's `Database.write`; gives its number.

    Every use case that changes something or asks something of a station calls it, last in its change: it is committed
    with what it tells of, or not at all. A command is noted once, when its outcome is known, whatever that is
    (accepted, rejected, timed out, not connected).

    action    the resource and the verb, e.g. "station.reset", "person.invite", "token.block"
    target    what it was done to: "CP-7", "CP-7/transaction/42"; "" where there is nothing to name
    outcome   "done", "accepted", "rejected", or a short sentence
    details   what one must know to understand it later (the request, before and after); plain JSON values. Secrets are
              taken out by their names, but do not rely on it: leave them out.
    """
    if connection.dialect.name == "postgresql":
        # One writer at a time until commit: the next number and the hash before must not be read by two.
        connection.execute(_LOCK)
    last = connection.execute(select(audit_log.c.number, audit_log.c.hash).order_by(audit_log.c.number.desc()).limit(1))
    before = last.one_or_none()
    unsealed = Entry(
        number=(before.number if before else 0) + 1,
        at=now.astimezone(UTC),
        actor_kind=_fit(actor.kind, 20),
        actor_id=_fit(actor.id, 100),
        actor_name=_fit(actor.name, 200),
        address=_fit(actor.address, 100),
        action=_fit(action, 100),
        target=_fit(target, 300),
        outcome=_fit(outcome, 500),
        details=canonical(redact(dict(details or {}))),
    )
    entry = replace(unsealed, hash=seal(before.hash if before else GENESIS, unsealed))
    connection.execute(
        insert(audit_log),
        {name: getattr(entry, name) for name in Entry.__slots__},
    )
    work.tell(AuditNoted(entry.at, entry.actor_name, entry.action, entry.target, entry.outcome))
    return entry.number


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces; what JSON cannot say is said as text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text.encode("utf-8", "replace").decode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _clean(value: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL and UTF-8 cannot hold."""
    return value.replace("\0", "�").encode("utf-8", "replace").decode()


def _fit(value: str, length: int) -> str:
    value = _clean(value)
    return value if len(value) <= length else value[: length - 1] + "…"


def seal(before: str, entry: Entry) -> str:
    """The hash of an entry that follows the one with the hash `before`."""
    said = {name: getattr(entry, name) for name in Entry.__slots__ if name not in ("hash", "at")}
    said["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{before}\n{canonical(said)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """entries: how many are in order, from the first. broken_at: the number of the first that is not.
    head: the hash of the last that is in order; what proves all before it."""

    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""


def check(entries: Iterable[Entry], head: str = "") -> Verdict:
    """Walk the chain. With `head`, the hash of an entry seen before, that entry must still be there."""
    count, before, seen_head = 0, GENESIS, head in ("", GENESIS)
    for entry in entries:
        if entry.number != count + 1:
            return Verdict(count, before, count + 1, f"entry {count + 1} is missing")
        if entry.hash != seal(before, entry):
            return Verdict(count, before, entry.number, f"entry {entry.number} is not what was written")
        count, before = count + 1, entry.hash
        seen_head = seen_head or before == head
    if not seen_head:
        return Verdict(
            count, before, count + 1, "the entry with the given head is gone: the end was cut off or rewritten"
        )
    return Verdict(count, before)


def verify(connection: Connection, head: str = "") -> Verdict:
    """Check the whole log, as it lies in the database."""
    rows = (
        connection.execution_options(yield_per=1000).execute(select(audit_log).order_by(audit_log.c.number)).mappings()
    )
    return check((entry_of(row) for row in rows), head)


def entry_of(row: RowMapping) -> Entry:
    return Entry(**row)


def list_entries(
    connection: Connection, *, before: int | None, limit: int, actor_id: str = "", action: str = "", target: str = ""
) -> list[Entry]:
    """The newest first, those with numbers below `before`. action may end in `*`."""
    query = select(audit_log).order_by(audit_log.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.number < before)
    if actor_id:
        query = query.where(audit_log.c.actor_id == actor_id)
    if target:
        query = query.where(audit_log.c.target == target)
    if action.endswith("*"):
        query = query.where(audit_log.c.action.startswith(action[:-1], autoescape=True))
    elif action:
        query = query.where(audit_log.c.action == action)
    return [entry_of(row) for row in connection.execute(query).mappings()]


def entries_after(connection: Connection, number: int, limit: int) -> list[Entry]:
    """The oldest first."""
    query = select(audit_log).where(audit_log.c.number > number).order_by(audit_log.c.number).limit(limit)
    return [entry_of(row) for row in connection.execute(query).mappings()]
