"""How many stations there are, where, and how they do: for sites, consoles and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from voltloom.domain.ids import SiteId, StationId
from voltloom.features.stations import store


@dataclass(frozen=True, slots=True)
class SiteCount:
    """connectors_by_status leaves out EVSE 0, which is the station as a whole."""

    stations: int = 0
    connected: int = 0
    faulted: int = 0
    connectors_by_status: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class NetworkCount:
    """stations_by_protocol counts those that are connected; connectors_by_status leaves out EVSE 0."""

    stations: int
    connected: int
    faulted: int
    stations_by_protocol: dict[str, int]
    connectors_by_status: dict[str, int]


def count_network(connection: Connection) -> NetworkCount:
    totals, _, statuses = store.count(connection, ())
    _, protocols, _ = store.count(connection, (store.is_connected(True),))
    return NetworkCount(totals["stations"], totals["connected"], totals["faulted"], protocols, statuses)


def count_by_site(connection: Connection, ids: Sequence[SiteId]) -> dict[SiteId, SiteCount]:
    """Of these sites; one without stations has zeros."""
    statuses: dict[SiteId, dict[str, int]] = {}
    for site_id, status, number in store.connectors_by_site(connection, ids):
        statuses.setdefault(site_id, {})[status] = number
    counts = {
        row["site_id"]: SiteCount(
            row["stations"], row["connected"], row["faulted"], statuses.get(row["site_id"], dict[str, int]())
        )
        for row in store.stations_by_site(connection, ids)
    }
    return {site_id: counts.get(site_id, SiteCount()) for site_id in ids}


def ids_in_site(connection: Connection, site_id: SiteId) -> tuple[StationId, ...]:
    return store.ids_in_site(connection, site_id)
