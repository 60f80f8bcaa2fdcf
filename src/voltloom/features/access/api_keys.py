"""Use cases: keys for programs."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.errors import Invalid, NotFound
from voltloom.features.access import store
from voltloom.features.access.audit import note
from voltloom.features.access.rules import Actor, ApiKey, may_grant, scopes_of
from voltloom.features.access.tokens import hash_of, new_token
from voltloom.infra.database import Database, Work

KEY_PREFIX = "vl_"


async def add_api_key(
    database: Database, actor: Actor, name: str, grants: tuple[str, ...], expires_at: datetime | None, now: datetime
) -> tuple[ApiKey, str]:
    """The key itself is told this once. Raises Forbidden where it could more than its maker."""
    may_grant(actor, scopes_of(grants))
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at is in the past")
    token = KEY_PREFIX + new_token()
    key = ApiKey(
        id=f"k-{secrets.token_hex(8)}",
        token_hash=hash_of(token),
        name=name.strip(),
        start=token[:9],
        grants=tuple(dict.fromkeys(grants)),
        created_by=actor.name,
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
    )

    def add(connection: Connection, work: Work) -> None:
        store.add_api_key(connection, key)
        details = {"name": key.name, "grants": list(key.grants), "expires_at": expires_at}
        note(connection, work, actor, "api_key.add", key.id, "done", now, details)

    await database.write(add)
    return key, token


async def revoke_api_key(database: Database, actor: Actor, key_id: str, now: datetime) -> None:
    """It lets nobody in from now on; revoking it again changes nothing."""

    def revoke(connection: Connection, work: Work) -> None:
        key = store.api_key_by_id(connection, key_id)
        if key is None:
            raise NotFound(f"there is no API key {key_id[:60]}")
        if key.revoked_at is None:
            store.revoke_api_key(connection, key.id, now)
            note(connection, work, actor, "api_key.revoke", key.id, "done", now, {"name": key.name})

    await database.write(revoke)
