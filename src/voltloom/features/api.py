"""What every feature's `api.py` shares: who calls, what they may, the services behind, and pages of lists."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from voltloom.domain.errors import Forbidden, Invalid
from voltloom.features.access import Actor, Scope
from voltloom.features.feature import Stations
from voltloom.infra.database import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised API call: who asks, when, and the services that answer it."""

    actor: Actor
    database: Database
    stations: Stations
    now: datetime


def allow(scope: Scope) -> Any:
    """The dependency that lets a call in when its actor has `scope`: `call: Annotated[Call, allow(Scope.STATIONS_READ)]`.

    Who asks was established by `entrypoints/http/auth.py`, which answers 401 where it cannot; this answers 403.
    """

    def permitted(request: Request) -> Call:
        actor: Actor = request.state.actor
        if not actor.may(scope):
            raise Forbidden(f"{actor.name} may not do this: it takes the scope {scope.value}")
        app = request.app.state
        return Call(actor, app.database, app.stations, datetime.now(timezone.utc))

    permitted.__voltloom_scope__ = scope  # type: ignore[attr-defined]  # read by the test that no route is left open
    return Depends(permitted)


class Body(BaseModel):
    """A request or response document. What is unknown is refused: a misspelt field is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class Page(BaseModel, Generic[T]):
    """A page of a list. `next` is what to pass as `after` for the page that follows; null on the last."""

    items: list[T]
    next: str | None = Field(default=None, description="pass as `after` to get the page that follows")


Limit = Annotated[int, Query(ge=1, le=500, description="items on a page")]
After = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]


def cursor(*keys: object) -> str:
    """The position after the row with these keys, opaque to callers."""
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).decode().rstrip("=")


def position(after: str | None, kinds: type[T]) -> T | None:
    """The keys in a cursor, as the tuple type `kinds`. Raises Invalid for one that we did not make."""
    if after is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)), type=kinds)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid("`after` is not a cursor of this list: pass the `next` of the page before, unchanged") from error
