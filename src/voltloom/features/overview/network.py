"""The whole network in one document: what needs somebody, and how much of everything there is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from voltloom.features.overview.fleet import Found, Row, UptimeMemo, read_network
from voltloom.features.overview.troubles import Place, Trouble, find_troubles
from voltloom.features.sites import read_all
from voltloom.features.stations import Refusal, read_refusals
from voltloom.features.transactions import Figures, Suspect, read_figures, read_suspects

REFUSED_WITHIN = timedelta(days=1)
SUSPECT_WITHIN = timedelta(days=7)
MOST_SUSPECTS = 1_000


class Seen(NamedTuple):
    """What the database says; made an overview of on a thread."""

    found: Found
    places: list[Place]
    refusals: list[Refusal]
    suspects: list[Suspect]
    figures: Figures

    def overview(self, memo: UptimeMemo) -> "Overview":
        snapshot = self.found.snapshot(memo)
        troubles = find_troubles(snapshot.rows, self.places, self.refusals, self.suspects, self.found.at)
        return Overview(
            self.found.at,
            self.found.newest,
            dict(Counter(row.state for row in snapshot.rows)),
            _sites(snapshot.rows, self.places),
            self.figures,
            troubles,
            sum(row.power_w or 0.0 for row in snapshot.rows),
            snapshot.uptime,
        )


@dataclass(frozen=True, slots=True)
class SiteLine:
    """power_w: of what runs there, as last metered. limit_w None: it has none of its own."""

    place: Place
    stations: int
    by_state: dict[str, int]
    power_w: float
    transactions_open: int


@dataclass(frozen=True, slots=True)
class Overview:
    at: datetime
    newest: int
    by_state: dict[str, int]
    sites: list[SiteLine]
    figures: Figures
    troubles: list[Trouble]
    power_w: float
    uptime: float | None

    @property
    def limit_w(self) -> float | None:
        """Of the sites that have one, together."""
        limits = [line.place.power_limit_w for line in self.sites if line.place.power_limit_w is not None]
        return sum(limits) if limits else None


def read_overview(connection: Connection, now: datetime, since: datetime, memo: UptimeMemo) -> Seen:
    """since: when today began, for whoever asks."""
    return Seen(
        read_network(connection, now, memo),
        [Place(site.id, site.values.name, site.values.power_limit_w) for site in read_all(connection)],
        read_refusals(connection, now - REFUSED_WITHIN),
        read_suspects(connection, now - SUSPECT_WITHIN, MOST_SUSPECTS),
        read_figures(connection, now, since),
    )


def _sites(rows: list[Row], places: list[Place]) -> list[SiteLine]:
    by_site: dict[str, list[Row]] = {place.id: [] for place in places}
    for row in rows:
        if row.site_id in by_site:
            by_site[row.site_id].append(row)
    return [
        SiteLine(
            place,
            len(here := by_site[place.id]),
            dict(Counter(row.state for row in here)),
            sum(row.power_w or 0.0 for row in here),
            sum(row.transactions_open for row in here),
        )
        for place in places
    ]
