"""The audit log: who did what, to what, with what outcome. Entries are only ever added (the database has a trigger).

Each entry carries the SHA-256 of itself and of the entry before, so that a change, a gap or another order shows in
`verify`. The chain alone does not show that its end was cut off, or that all of it was written anew by someone who can
write to the database: for that, keep the `head` of an export elsewhere and pass it to `verify`.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    and_,
    func,
    insert,
    not_,
    or_,
    select,
    text,
)

from voltloom.domain.errors import Invalid
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
    """Walk the chain. With `head`, the hash of an entry seen before, that entry must still be there.

    Raises Invalid for the head of an empty log, where this one is not: no entry has it, and every log follows it.
    """
    count, before, seen_head = 0, GENESIS, head == ""
    for entry in entries:
        if entry.number != count + 1:
            return Verdict(count, before, count + 1, f"entry {count + 1} is missing")
        if entry.hash != seal(before, entry):
            return Verdict(count, before, entry.number, f"entry {entry.number} is not what was written")
        count, before = count + 1, entry.hash
        seen_head = seen_head or before == head
    if head == GENESIS:
        if count > 0:
            raise Invalid("that is the head of an empty log: give the hash of an entry that was seen in this one")
        return Verdict(count, before)
    if not seen_head:
        return Verdict(
            count, before, count + 1, "the entry with the given head is gone: the end was cut off or rewritten"
        )
    return Verdict(count, before)


def verify(connection: Connection, head: str = "") -> Verdict:
    """Check the whole log, as it lies in the database. Raises Invalid, as `check` does."""
    rows = (
        connection.execution_options(yield_per=1000).execute(select(audit_log).order_by(audit_log.c.number)).mappings()
    )
    return check((entry_of(row) for row in rows), head)


def entry_of(row: RowMapping) -> Entry:
    return Entry(**row)


# ---- looking for entries

_WELL = ("done", "asked", "answered", "accepted", "nothing")
"""Outcomes of what was done as it was asked. "accepted (Scheduled)" and "3 accepted" are such too."""
_ALL_ACCEPTED = re.compile("[0-9]+ accepted")


def is_well(outcome: str) -> bool:
    """Whether it was done as it was asked, all of it."""
    outcome = outcome.lower()
    return outcome in _WELL or outcome.startswith("accepted (") or bool(_ALL_ACCEPTED.fullmatch(outcome))


def _well(outcome: ColumnElement[str]) -> ColumnElement[bool]:
    """The same in SQL."""
    outcome = func.lower(outcome)
    digits_gone = func.ltrim(outcome, "0123456789")
    return or_(
        outcome.in_(_WELL),
        outcome.startswith("accepted ("),
        and_(digits_gone == " accepted", outcome != " accepted"),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is empty does not narrow.

    action   `station.reset`, or `station.*`
    words    all of them in who, whence, action, target, outcome or details; upper or lower case
    well     True: only what was done as asked; False: only what was not
    """

    actor_id: str = ""
    action: str = ""
    target: str = ""
    words: tuple[str, ...] = ()
    well: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


def _matching(wanted: Wanted) -> Select[Any]:
    entry = audit_log.c
    query = select(audit_log)
    if wanted.actor_id:
        query = query.where(entry.actor_id == wanted.actor_id)
    if wanted.target:
        query = query.where(entry.target == wanted.target)
    if wanted.action.endswith("*"):
        query = query.where(entry.action.startswith(wanted.action[:-1], autoescape=True))
    elif wanted.action:
        query = query.where(entry.action == wanted.action)
    if wanted.since is not None:
        query = query.where(entry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(entry.at < wanted.until)
    if wanted.well is not None:
        query = query.where(_well(entry.outcome) if wanted.well else not_(_well(entry.outcome)))
    parts = (entry.actor_name, entry.address, entry.action, entry.target, entry.outcome, entry.details)
    said = func.lower(functools.reduce(lambda text, part: text + " " + part, parts))
    for word in wanted.words:
        query = query.where(said.contains(word.lower(), autoescape=True))
    return query


def list_entries(
    connection: Connection, *, before: int | None, limit: int, wanted: Wanted | None = None
) -> list[Entry]:
    """The newest first, those with numbers below `before`."""
    query = _matching(wanted or Wanted()).order_by(audit_log.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.number < before)
    return [entry_of(row) for row in connection.execute(query).mappings()]


def entries_after(connection: Connection, number: int, limit: int, wanted: Wanted | None = None) -> list[Entry]:
    """The oldest first."""
    query = _matching(wanted or Wanted()).where(audit_log.c.number > number).order_by(audit_log.c.number).limit(limit)
    return [entry_of(row) for row in connection.execute(query).mappings()]
