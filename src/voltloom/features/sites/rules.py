"""What a site is, and what it may not be."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import SiteId


@dataclass(frozen=True, slots=True)
class SiteValues:
    """What people decide about a site.

    country         two letters, ISO 3166-1
    latitude, longitude   degrees, WGS 84; both or neither
    timezone        of the IANA database, for tariffs and reports in local time
    power_limit_w   what all its stations may draw together; None: no limit of its own
    """

    name: str
    address: str = ""
    city: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    timezone: str = "UTC"
    power_limit_w: float | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """public_id: what the public sees instead of the id."""

    id: SiteId
    public_id: str
    created_at: datetime
    values: SiteValues


def check(values: SiteValues) -> SiteValues:
    """The same, tidied. Raises Invalid."""
    values = replace(
        values,
        name=values.name.strip(),
        address=values.address.strip(),
        city=values.city.strip(),
        country=values.country.strip().upper(),
    )
    if not values.name:
        raise Invalid("a site has a name")
    if values.country and not (len(values.country) == 2 and values.country.isascii() and values.country.isalpha()):
        raise Invalid(f"{values.country!r} is no country: give two letters as in ISO 3166-1, such as DE")
    if (values.latitude is None) != (values.longitude is None):
        raise Invalid("a position is a latitude and a longitude: give both, or neither")
    if values.latitude is not None and not -90 <= values.latitude <= 90:
        raise Invalid("a latitude lies between -90 and 90 degrees")
    if values.longitude is not None and not -180 <= values.longitude <= 180:
        raise Invalid("a longitude lies between -180 and 180 degrees")
    if values.power_limit_w is not None and not 0 <= values.power_limit_w <= 1e9:
        raise Invalid("a power limit lies between 0 and 1,000,000,000 W; leave it out for none")
    if not _is_timezone(values.timezone):
        raise Invalid(f"{values.timezone!r} is no time zone: give a name such as Europe/Berlin, or UTC")
    return values


def changes(before: SiteValues, after: SiteValues) -> dict[str, list[object]]:
    """Field by field, [before, after] of what differs."""
    return {
        each.name: [getattr(before, each.name), getattr(after, each.name)]
        for each in fields(SiteValues)
        if getattr(before, each.name) != getattr(after, each.name)
    }


def _is_timezone(name: str) -> bool:
    if name == "UTC":
        # Known even where the machine has no time zone database.
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
