"""The table of sites and the statements on it."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import (
    Column,
    Connection,
    Float,
    RowMapping,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from voltloom.domain.ids import SiteId
from voltloom.features.sites.rules import Site, SiteValues
from voltloom.infra.database import UtcTime, metadata

sites = Table(
    "sites",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("name", String(100), nullable=False, index=True),
    Column("address", String(200), nullable=False),
    Column("city", String(100), nullable=False),
    Column("country", String(2), nullable=False),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    Column("timezone", String(60), nullable=False),
    Column("power_limit_w", Float, nullable=True),
    Column("created_at", UtcTime, nullable=False),
)
_VALUES = tuple(SiteValues.__slots__)


def site_of(row: RowMapping) -> Site:
    return Site(row["id"], row["public_id"], row["created_at"], SiteValues(**{name: row[name] for name in _VALUES}))


def get(connection: Connection, site_id: SiteId) -> Site | None:
    row = connection.execute(select(sites).where(sites.c.id == site_id)).mappings().one_or_none()
    return site_of(row) if row else None


def add(connection: Connection, site: Site) -> None:
    connection.execute(
        insert(sites),
        {"id": site.id, "public_id": site.public_id, "created_at": site.created_at, **asdict(site.values)},
    )


def change(connection: Connection, site_id: SiteId, values: SiteValues) -> None:
    connection.execute(update(sites).where(sites.c.id == site_id).values(**asdict(values)))


def remove(connection: Connection, site_id: SiteId) -> None:
    connection.execute(delete(sites).where(sites.c.id == site_id))


def find(
    connection: Connection, *, city: str, country: str, words: str, after: tuple[str, str] | None, limit: int
) -> Sequence[Site]:
    """By name. `after`: name and id of the one before."""
    query = select(sites).order_by(sites.c.name, sites.c.id).limit(limit)
    if city:
        query = query.where(func.lower(sites.c.city) == city.lower())
    if country:
        query = query.where(sites.c.country == country.upper())
    said = func.lower(sites.c.name + " " + sites.c.address + " " + sites.c.city)
    for word in words.split()[:8]:
        query = query.where(said.contains(word.lower(), autoescape=True))
    if after is not None:
        name, site_id = after
        query = query.where(or_(sites.c.name > name, and_(sites.c.name == name, sites.c.id > site_id)))
    return [site_of(row) for row in connection.execute(query).mappings()]


def read_all(connection: Connection) -> list[Site]:
    """Every one, by name."""
    return [site_of(row) for row in connection.execute(select(sites).order_by(sites.c.name, sites.c.id)).mappings()]


def search_sites(connection: Connection, words: str, limit: int) -> list[Site]:
    """With all of these words in name, address or city; by name."""
    return list(find(connection, city="", country="", words=words, after=None, limit=limit))
