"""Sites: places with stations, their address, position, time zone and how much power they may draw."""

from voltloom.features.feature import Feature
from voltloom.features.sites.rules import Site, SiteValues
from voltloom.features.sites.service import add_site, change_site, existing, list_sites, remove_site
from voltloom.features.sites.store import read_all, search_sites

__all__ = [
    "Site",
    "SiteValues",
    "add_site",
    "change_site",
    "existing",
    "feature",
    "list_sites",
    "read_all",
    "remove_site",
    "search_sites",
]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.sites.api import router

    return router()


feature = Feature(name="sites", routes=_routes)
