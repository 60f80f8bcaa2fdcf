"""Routes of API keys."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.features.access import api_keys, store
from voltloom.features.access.api.shared import Text200
from voltloom.features.access.rules import ApiKey, Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position


class ApiKeyIn(Body):
    name: Text200
    grants: list[Annotated[str, StringConstraints(max_length=60)]] = Field(
        min_length=1, max_length=50, description='scope names, role names, or "*" for all'
    )
    expires_at: AwareDatetime | None = None


class ApiKeyOut(Body):
    id: str
    name: str
    start: str = Field(description="its first characters, to tell keys apart")
    grants: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="to the minute")
    revoked_at: datetime | None

    @staticmethod
    def of(key: ApiKey) -> "ApiKeyOut":
        return ApiKeyOut(
            id=key.id,
            name=key.name,
            start=key.start,
            grants=list(key.grants),
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class NewApiKeyOut(Body):
    """key: for `Authorization: Bearer`. It is told this once."""

    key: str
    api_key: ApiKeyOut


def add_routes(router: APIRouter) -> None:
    @router.get("/api-keys", tags=["api keys"], summary="API keys, revoked ones too")
    async def list_api_keys(
        call: Annotated[Call, allow(Scope.ACCESS_WRITE)], limit: Limit = 100, after: After = None
    ) -> Page[ApiKeyOut]:
        (last_id,) = position(after, tuple[str]) or ("",)
        found = await call.database.read(lambda connection: store.list_api_keys(connection, last_id, limit + 1))
        more = cursor(found[limit - 1].id) if len(found) > limit else None
        return Page(items=[ApiKeyOut.of(key) for key in found[:limit]], next=more)

    @router.post("/api-keys", tags=["api keys"], summary="Make an API key", status_code=201)
    async def add_api_key(body: ApiKeyIn, call: Annotated[Call, allow(Scope.ACCESS_WRITE, fresh=True)]) -> NewApiKeyOut:
        """The key is in this answer and nowhere else. It cannot do more than the one who makes it."""
        key, token = await api_keys.add_api_key(
            call.database, call.actor, body.name, tuple(body.grants), body.expires_at, call.now
        )
        return NewApiKeyOut(key=token, api_key=ApiKeyOut.of(key))

    @router.delete("/api-keys/{key_id}", tags=["api keys"], summary="Revoke an API key", status_code=204)
    async def revoke_api_key(key_id: str, call: Annotated[Call, allow(Scope.ACCESS_WRITE)]) -> None:
        # A brake: one that leaked is to end at once, without a password first (control C41 is of what gives power).
        await api_keys.revoke_api_key(call.database, call.actor, key_id, call.now)
