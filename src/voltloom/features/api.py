"""What every feature's `api.py` shares: who calls, what they may, the services behind, pages of lists, and tables."""

import asyncio
import base64
import binascii
import csv
import gzip
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from voltloom.domain.errors import Forbidden, Invalid, TooSlow
from voltloom.features.access import Actor, Scope, Session
from voltloom.features.feature import Stations
from voltloom.infra.database import Database

T = TypeVar("T")


def _nobody_to_ask() -> None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised API call: who asks, when, and the services that answer it.

    insist_on_fresh   as `allow(…, fresh=True)`, for routes that are dangerous for some of what they are given. Raises
                      FreshSignInNeeded
    """

    actor: Actor
    database: Database
    stations: Stations
    now: datetime
    insist_on_fresh: Callable[[], None] = _nobody_to_ask


@dataclass(frozen=True, slots=True)
class Permission:
    """The dependency behind `allow`. scope None: anybody who is signed in. No API route is without one."""

    scope: Scope | None
    fresh: bool = False

    def __call__(self, request: Request) -> Call:
        actor: Actor = request.state.actor
        if self.scope is not None and not actor.may(self.scope):
            raise Forbidden(f"{actor.name} may not do this: it takes the scope {self.scope.value}")
        app = request.app.state
        session = getattr(request.state, "session", None)

        def insist_on_fresh() -> None:
            if isinstance(session, Session):
                app.access.insist_on_fresh(session, datetime.now(UTC))

        if self.fresh:
            insist_on_fresh()
        return Call(actor, app.database, app.stations, datetime.now(UTC), insist_on_fresh)


def allow(scope: Scope, *, fresh: bool = False) -> Any:
    """The dependency that lets a call in when its actor has `scope`. fresh: a person must have signed in, or shown
    again that it is them, a short while ago (control C41); keys of programs need not.

        def list_stations(call: Annotated[Call, allow(Scope.STATIONS_READ)]) -> Page[StationOut]: ...

    Who asks was established by `entrypoints/http/auth.py`, which answers 401 where it cannot; this answers 403.
    """
    return Depends(Permission(scope, fresh))


def signed_in() -> Any:
    """The dependency of the few routes that are about the caller alone, whatever they may."""
    return Depends(Permission(None))


class Body(BaseModel):
    """A request or response document. What is unknown is refused: a misspelt field is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class Page(BaseModel, Generic[T]):
    """A page of a list. `next` is what to pass as `after` for the page that follows; null on the last."""

    items: list[T]
    next: str | None = Field(default=None, description="pass as `after` to get the page that follows")


Limit = Annotated[int, Query(ge=1, le=500, description="items on a page")]
After = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]


_NO_CURSOR = "`after` is not a cursor of this list: pass the `next` of the page before, unchanged"


def cursor(*keys: object) -> str:
    """The position after the row with these keys, opaque to callers."""
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).decode().rstrip("=")


def position(after: str | None, kinds: type[T]) -> T | None:
    """The keys in a cursor, as the tuple type `kinds`. Raises Invalid for one that we did not make."""
    if after is None:
        return None
    try:
        keys = msgspec.json.decode(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)), type=kinds)
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Invalid(_NO_CURSOR) from error
    # Of times we only ever made aware ones.
    if any(isinstance(key, datetime) and key.tzinfo is None for key in cast("tuple[object, ...]", keys)):
        raise Invalid(_NO_CURSOR)
    return keys


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
            return "'" + value
        case _:
            return value


# ---- files


async def pieces_of(request: Request) -> AsyncIterator[bytes]:
    """A body that is never in memory as a whole. Raises TooSlow where the sender goes away."""
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise TooSlow("the sender went away before all of it came") from None


def length_of(request: Request) -> int | None:
    """As the sender says; None where it does not."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


# ---- large answers

_WORTH_PACKING = 4_000
_MEDIA = "application/json"


async def large(request: Request, text: bytes, tag_of: bytes | None = None) -> Response:
    """A large JSON document: packed where the caller can unpack it; nothing at all (304) where the caller has the same.

    tag_of   what makes it the same, where that is not all of the text
    """
    tag = f'W/"{hashlib.blake2b(tag_of or text, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "accept-encoding, authorization, cookie"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(text) > _WORTH_PACKING:
        # Off the loop, beside the stations: packing lets go of the interpreter.
        text = await asyncio.to_thread(gzip.compress, text, 4, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(text, headers=headers, media_type=_MEDIA)
