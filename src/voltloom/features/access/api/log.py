"""Routes of the audit log."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from voltloom.features.access import audit, checkpoints
from voltloom.features.access.rules import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, csv_text, cursor, position


class AuditEntryOut(Body):
    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    address: str
    action: str
    target: str
    outcome: str
    well: bool = Field(description="it was done as it was asked, all of it")
    details: object
    hash: str

    @staticmethod
    def of(entry: audit.Entry) -> "AuditEntryOut":
        return AuditEntryOut(
            number=entry.number,
            at=entry.at,
            actor_kind=entry.actor_kind,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            address=entry.address,
            action=entry.action,
            target=entry.target,
            outcome=entry.outcome,
            well=audit.is_well(entry.outcome),
            details=msgspec.json.decode(entry.details),
            hash=entry.hash,
        )


class VerdictOut(Body):
    good: bool
    entries: int = Field(description="how many are in order, from the first")
    head: str = Field(description="hash of the last that is in order; keep it elsewhere to prove what was there")
    broken_at: int | None
    reason: str
    checkpoints: int = Field(description="how many signed heads are as they were")
    keys: list[str] = Field(description="the public keys that signed them: compare them with the one you kept")


class CheckpointOut(Body):
    """The log up to an entry, signed (Ed25519). The text signed: `voltloom audit log`, number, hash and time (UTC, to
    the microsecond, with +00:00), each ended by a line feed."""

    number: int
    at: datetime
    hash: str
    key: str
    signature: str


_AUDIT_COLUMNS = audit.Entry.__slots__
_MOST_WORDS = 8


def _wanted(
    actor_id: Annotated[str, Query(max_length=100)] = "",
    action: Annotated[str, Query(max_length=100, description="`station.reset`, or `station.*`")] = "",
    target: Annotated[str, Query(max_length=300)] = "",
    q: Annotated[str, Query(max_length=200, description="words in any part of it")] = "",
    well: Annotated[bool | None, Query(description="whether it was done as it was asked")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> audit.Wanted:
    return audit.Wanted(actor_id, action, target, tuple(q.split()[:_MOST_WORDS]), well, since, until)


Wanted = Annotated[audit.Wanted, Depends(_wanted)]


def add_routes(router: APIRouter) -> None:
    @router.get("/audit", tags=["audit"], summary="Who did what")
    async def list_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        wanted: Wanted,
        limit: Limit = 100,
        after: After = None,
    ) -> Page[AuditEntryOut]:
        """The newest first."""
        start = position(after, tuple[int])
        found = await call.database.read(
            lambda connection: audit.list_entries(
                connection, before=start[0] if start else None, limit=limit + 1, wanted=wanted
            )
        )
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        return Page(items=[AuditEntryOut.of(entry) for entry in found[:limit]], next=more)

    @router.get("/audit/verify", tags=["audit"], summary="Check that nothing in it was changed")
    async def verify_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        head: Annotated[
            str, Query(max_length=64, description="a hash seen before: its entry must still be there")
        ] = "",
    ) -> VerdictOut:
        verdict = await call.database.read(lambda connection: audit.verify(connection, head))
        signed = await call.database.read(checkpoints.check_checkpoints)
        return VerdictOut(
            good=verdict.broken_at is None and not signed.reason,
            entries=verdict.entries,
            head=verdict.head,
            broken_at=verdict.broken_at,
            reason=verdict.reason or signed.reason,
            checkpoints=signed.genuine,
            keys=list(signed.keys),
        )

    @router.get("/audit/checkpoints", tags=["audit"], summary="Its signed heads, to keep elsewhere")
    async def list_checkpoints(
        call: Annotated[Call, allow(Scope.AUDIT_READ)], limit: Limit = 100, after: After = None
    ) -> Page[CheckpointOut]:
        """One an hour in which something was noted, the oldest first."""
        (last,) = position(after, tuple[int]) or (0,)
        found = await call.database.read(lambda connection: checkpoints.list_checkpoints(connection, last, limit + 1))
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        items = [
            CheckpointOut(number=each.number, at=each.at, hash=each.hash, key=each.key, signature=each.signature)
            for each in found[:limit]
        ]
        return Page(items=items, next=more)

    @router.get("/audit/export", tags=["audit"], summary="As a file, the oldest first", response_class=Response)
    async def export_audit(
        call: Annotated[Call, allow(Scope.AUDIT_READ)],
        wanted: Wanted,
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line")
        ] = "csv",
    ) -> StreamingResponse:
        media = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[kind]
        headers = {"content-disposition": f'attachment; filename="audit.{kind}"'}
        return StreamingResponse(_export(call, kind, wanted), media_type=media, headers=headers)


async def _export(call: Call, kind: Literal["csv", "jsonl"], wanted: audit.Wanted) -> AsyncIterator[str]:
    """A thousand at a time: an export does not hold a connection, nor the log in memory."""
    if kind == "csv":
        yield csv_text([_AUDIT_COLUMNS])
    number = 0
    while True:
        after_number = number
        entries = await call.database.read(
            lambda connection: audit.entries_after(connection, after_number, 1000, wanted)  # noqa: B023  # awaited at once
        )
        if not entries:
            return
        number = entries[-1].number
        if kind == "csv":
            yield csv_text([getattr(entry, column) for column in _AUDIT_COLUMNS] for entry in entries)
        else:
            yield "".join(f"{AuditEntryOut.of(entry).model_dump_json()}\n" for entry in entries)
