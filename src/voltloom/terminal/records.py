"""Commands that add, list and change records: stations, the inbox, tokens, people, API keys, the audit log.

They work on the database itself, so that they need no server; one that runs hears of it through the journal.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from voltloom.app.parts import open_records, parts_of
from voltloom.app.places import Addresses, addresses, sign_in_url
from voltloom.domain.commands import Command
from voltloom.domain.errors import Invalid, NotFound, Unreachable, VoltloomError
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.domain.token import TokenKind
from voltloom.features import access, authorization, stations
from voltloom.infra.database import Database
from voltloom.infra.processes import is_in_use
from voltloom.infra.settings import SettingError, Settings
from voltloom.terminal import output


class Nowhere:
    """Stations, for commands that hold no connection: what they change, the server that holds it hears of."""

    async def ask(self, station_id: StationId, command: Command[Any], *, timeout_s: float = 30.0) -> NoReturn:
        raise Unreachable(
            f"{station_id} is connected to the server, not to this command: use the API to ask it something"
        )

    async def refresh(self, station_id: StationId) -> None:
        return None

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        return False

    async def look(self, station_id: StationId) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with: the database, and who it is that works."""

    where: Addresses
    config: stations.StationsConfig
    database: Database
    stations: Nowhere
    actor: access.Actor
    now: datetime
    public_key: str
    """That signs the audit log."""


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncGenerator[Desk]:
    """Brings the database up to date first, unless a server has it: then it must be so already."""
    where = addresses(settings)
    parts = parts_of(settings, where)
    database = await open_records(settings, parts, owned=not is_in_use(settings.data_dir))
    try:
        yield Desk(where, parts.config, database, Nowhere(), access.LOCAL, datetime.now(UTC), parts.signer.public_key)
    finally:
        await database.close()


def at_desk(settings: Settings, work: Callable[[Desk], Awaitable[None]]) -> None:
    """Run one command's work; what was asked wrongly ends it with one sentence."""

    async def main() -> None:
        async with open_desk(settings) as desk:
            await work(desk)

    try:
        asyncio.run(main())
    except (VoltloomError, SettingError) as error:
        output.fail(error if isinstance(error, VoltloomError) else str(error))


def shown(welcome: stations.Welcome) -> dict[str, object]:
    found: dict[str, object] = {"id": welcome.station_id, "url": welcome.urls[0] if welcome.urls else ""}
    if len(welcome.urls) > 1:
        found["urls"] = list(welcome.urls)
    found["password"] = welcome.password
    return found


# ---- stations and the inbox


async def add_station(desk: Desk, new: stations.NewStation, *, json: bool) -> None:
    welcome = await stations.add_station(desk, desk.config, new)
    output.result(shown(welcome), json=json)
    if welcome.password:
        output.say("The password is shown this once: enter it in the station now.")


async def list_stations(desk: Desk, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: list(stations.all_stations(connection)))
    columns = ("id", "name", "site_id", "connected", "protocol", "vendor", "model", "firmware", "last_seen")
    output.rows(
        [{name: row[name] for name in columns} for row in found],
        columns,
        json=json,
        empty="No station yet: `voltloom station add ID` makes one.",
    )


async def remove_station(desk: Desk, station_id: str, *, json: bool) -> None:
    await stations.remove_station(desk, StationId(station_id))
    output.result({"id": station_id, "removed": True}, json=json)


async def new_password(desk: Desk, station_id: str, *, json: bool) -> None:
    output.result(shown(await stations.rotate_password(desk, desk.config, StationId(station_id))), json=json)


async def list_inbox(desk: Desk, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: list(stations.all_knocks(connection)))
    output.rows(
        [
            {
                "number": row["number"],
                "identity": row["identity"],
                "address": row["address"],
                "reason": row["reason"],
                "count": row["count"],
                "last_at": row["last_at"],
                "what_to_do": stations.KnockReason(row["reason"]).sentence,
            }
            for row in found
        ],
        ("number", "identity", "address", "reason", "count", "last_at", "what_to_do"),
        json=json,
        empty="Nobody knocked in vain.",
    )


async def adopt(desk: Desk, who: str, profile: SecurityProfile, *, json: bool) -> None:
    """who: the number of a knock, or the identity it claimed."""
    knocks = await desk.database.read(lambda connection: list(stations.all_knocks(connection)))
    number = next((row["number"] for row in knocks if who in (row["identity"], str(row["number"]))), None)
    if number is None:
        raise NotFound(f"nobody called {who!r} is in the inbox: see `voltloom inbox list`")
    new = stations.NewStation(id=who, security_profile=profile)
    output.result(shown(await stations.adopt(desk, desk.config, number, new)), json=json)


# ---- tokens


async def add_token(desk: Desk, value: str, kind: str, holder: str, group: str | None, *, json: bool) -> None:
    known = {each.value.lower(): each for each in TokenKind}
    if kind.lower() not in known:
        raise Invalid(f"{kind!r} is no kind of token: choose one of {', '.join(filter(None, known))}")
    token = await authorization.add_token(
        desk, authorization.Token(value=value, kind=known[kind.lower()], holder=holder, group_id=group)
    )
    output.result({"value": token.value, "kind": token.kind.value or "any", "state": token.state.value}, json=json)


async def list_tokens(desk: Desk, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: authorization.find_tokens(connection, limit=100_000))
    output.rows(
        [
            {
                "value": token.value,
                "kind": token.kind.value or "any",
                "state": token.state.value,
                "group": token.group_id,
                "holder": token.holder,
                "valid_until": token.valid_until,
            }
            for token in found
        ],
        ("value", "kind", "state", "group", "holder", "valid_until"),
        json=json,
        empty="No token yet: `voltloom token add VALUE` makes one.",
    )


# ---- people and keys


async def add_person(desk: Desk, login: str, name: str, role: str, *, json: bool) -> None:
    roles = {each.value: each for each in access.Role}
    if role not in roles:
        raise Invalid(f"{role!r} is no role: choose one of {', '.join(roles)}")
    person, link = await access.add_person(desk.database, desk.actor, login, name or login, roles[role], desk.now)
    output.result(
        {"login": person.login, "role": person.role.value, "sign_in": sign_in_url(desk.where, link)}, json=json
    )
    output.say("The link is good once, for 30 minutes.")


async def sign_in_link(desk: Desk, login: str, *, json: bool) -> None:
    try:
        person, link = await access.make_link(desk.database, desk.actor, login, desk.now)
    except NotFound:
        # Before the first sign-in there is nobody, and who asks for the admin's link asks for that one.
        first = await access.first_link(desk.database, desk.now) if login.strip().lower() == "admin" else None
        if first is None:
            raise
        output.result({"login": "admin", "sign_in": sign_in_url(desk.where, first)}, json=json)
        return
    output.result({"login": person.login, "sign_in": sign_in_url(desk.where, link)}, json=json)


async def reset_second_factor(desk: Desk, login: str, *, json: bool) -> None:
    person = await access.reset_second_factor(desk.database, desk.actor, login, desk.now)
    output.result({"login": person.login, "second_factor": False}, json=json)


async def list_people(desk: Desk, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: access.list_people(connection, "", 100_000))
    output.rows(
        [
            {"login": each.login, "name": each.name, "role": each.role.value, "standing": each.standing.value}
            for each in found
        ],
        ("login", "name", "role", "standing"),
        json=json,
        empty="Nobody yet: `voltloom serve` prints a link for the first admin.",
    )


async def add_api_key(desk: Desk, name: str, scopes: tuple[str, ...], days: int | None, *, json: bool) -> None:
    if not scopes:
        raise Invalid(
            "an API key needs at least one --scope: a role (viewer, technician, operator, admin), a scope, or *"
        )
    expires = None if days is None else desk.now + timedelta(days=days)
    key, token = await access.add_api_key(desk.database, desk.actor, name, scopes, expires, desk.now)
    output.result(
        {"id": key.id, "name": key.name, "scopes": list(key.grants), "expires_at": key.expires_at, "key": token},
        json=json,
    )
    output.say("The key is shown this once. It is sent as `Authorization: Bearer KEY`.")


async def list_api_keys(desk: Desk, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: access.list_api_keys(connection, "", 100_000))
    output.rows(
        [
            {
                "id": key.id,
                "name": key.name,
                "start": key.start,
                "scopes": list(key.grants),
                "expires_at": key.expires_at,
                "last_used_at": key.last_used_at,
                "revoked_at": key.revoked_at,
            }
            for key in found
        ],
        ("id", "name", "start", "scopes", "expires_at", "last_used_at", "revoked_at"),
        json=json,
        empty="No key yet: `voltloom apikey create NAME --scope viewer` makes one.",
    )


async def revoke_api_key(desk: Desk, key_id: str, *, json: bool) -> None:
    await access.revoke_api_key(desk.database, desk.actor, key_id, desk.now)
    output.result({"id": key_id, "revoked": True}, json=json)


# ---- the audit log


async def list_audit(desk: Desk, limit: int, *, json: bool) -> None:
    found = await desk.database.read(lambda connection: access.list_entries(connection, before=None, limit=limit))
    output.rows(
        [
            {
                "at": each.at,
                "who": each.actor_name,
                "action": each.action,
                "target": each.target,
                "outcome": each.outcome,
            }
            for each in found
        ],
        ("at", "who", "action", "target", "outcome"),
        json=json,
        empty="Nothing was done yet.",
    )


async def verify_audit(desk: Desk, head: str, *, json: bool) -> None:
    verdict = await desk.database.read(lambda connection: access.verify(connection, head))
    signed = await desk.database.read(lambda connection: access.check_checkpoints(connection, desk.public_key))
    whole = verdict.broken_at is None and not signed.reason
    output.result(
        {
            "entries_in_order": verdict.entries,
            "whole": whole,
            "reason": verdict.reason or signed.reason,
            "head": verdict.head,
            "checkpoints": signed.genuine,
            "public_key": desk.public_key,
        },
        json=json,
    )
    if not whole:
        raise SystemExit(1)
