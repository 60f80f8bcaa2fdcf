"""Use cases of sites: load → decide → save → tell."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.events import SiteChanged
from voltloom.domain.ids import SiteId
from voltloom.features.access import note
from voltloom.features.sites import rules, store
from voltloom.features.sites.rules import Site, SiteValues
from voltloom.features.stations import Caller, SiteCount, count_by_site, ids_in_site
from voltloom.infra.database import Database, Work


async def add_site(caller: Caller, values: SiteValues) -> Site:
    """Raises Invalid."""
    site = Site(SiteId(secrets.token_hex(6)), "loc-" + secrets.token_hex(6), caller.now, rules.check(values))

    def change(connection: Connection, work: Work) -> None:
        store.add(connection, site)
        work.tell(SiteChanged(site.id, caller.now, "added"))
        note(connection, work, caller.actor, "site.add", site.id, "done", caller.now, asdict(site.values))

    await caller.database.write(change)
    return site


async def change_site(caller: Caller, site_id: SiteId, wanted: Mapping[str, Any]) -> Site:
    """`wanted`: new values by field of SiteValues. Raises NotFound, Invalid."""

    def change(connection: Connection, work: Work) -> Site:
        site = existing(connection, site_id)
        values = rules.check(SiteValues(**{**asdict(site.values), **wanted}))
        if changed := rules.changes(site.values, values):
            store.change(connection, site_id, values)
            work.tell(SiteChanged(site_id, caller.now, "changed"))
            note(connection, work, caller.actor, "site.change", site_id, "done", caller.now, changed)
        return Site(site.id, site.public_id, site.created_at, values)

    return await caller.database.write(change)


async def remove_site(caller: Caller, site_id: SiteId) -> None:
    """Raises NotFound, and Conflict while stations are in it."""

    def change(connection: Connection, work: Work) -> None:
        site = existing(connection, site_id)
        if stations := ids_in_site(connection, site_id):
            named = ", ".join(stations[:3]) + (f" and {len(stations) - 3} more" if len(stations) > 3 else "")
            raise Conflict(f"{site.values.name} still has stations in it ({named}): move or remove them first")
        store.remove(connection, site_id)
        work.tell(SiteChanged(site_id, caller.now, "removed"))
        note(connection, work, caller.actor, "site.remove", site_id, "done", caller.now)

    await caller.database.write(change)


def existing(connection: Connection, site_id: SiteId) -> Site:
    """Raises NotFound."""
    site = store.get(connection, site_id)
    if site is None:
        raise NotFound("there is no such site")
    return site


async def get_site(database: Database, site_id: SiteId) -> tuple[Site, SiteCount]:
    """Raises NotFound."""

    def read(connection: Connection) -> tuple[Site, SiteCount]:
        return existing(connection, site_id), count_by_site(connection, [site_id])[site_id]

    return await database.read(read)


async def list_sites(
    database: Database,
    *,
    city: str = "",
    country: str = "",
    words: str = "",
    after: tuple[str, str] | None = None,
    limit: int = 100,
) -> Sequence[tuple[Site, SiteCount]]:
    """By name, each with how its stations do."""

    def read(connection: Connection) -> Sequence[tuple[Site, SiteCount]]:
        found = store.find(connection, city=city, country=country, words=words, after=after, limit=limit)
        counts = count_by_site(connection, [site.id for site in found])
        return [(site, counts[site.id]) for site in found]

    return await database.read(read)
