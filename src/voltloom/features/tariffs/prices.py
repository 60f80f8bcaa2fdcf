"""The tariffs in force, in memory: where none is, a transaction costs nothing to answer. One list a database.

It is forgotten when an event says that something changed, on any node: `follower` is to follow the journal.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from voltloom.domain.events import TariffsChanged
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.feature import Memory
from voltloom.features.tariffs import store
from voltloom.features.tariffs.rules import Prices
from voltloom.infra.database import Database

MOST_BEGUN = 64
_MOST_LISTS = 64


class PriceList:
    """now       None until it was read
    reading   for all who wait for it: thousands may ask at once
    """

    __slots__ = ("changes", "now", "reading")

    def __init__(self) -> None:
        self.now: Prices | None = None
        self.reading: asyncio.Future[Prices] | None = None
        self.changes = 0

    @property
    def is_empty(self) -> bool:
        return self.now is not None and not self.now.assigned

    def forget(self) -> None:
        self.changes += 1
        self.now = self.reading = None


_lists: dict[str, PriceList] = {}


def list_of(database: Database) -> PriceList:
    found = _lists.get(database.url)
    if found is None:
        if len(_lists) >= _MOST_LISTS:
            del _lists[next(iter(_lists))]
        found = _lists[database.url] = PriceList()
    return found


async def prices_of(database: Database) -> Prices:
    known = list_of(database)
    if known.now is not None:
        return known.now
    if known.reading is None:
        known.reading = asyncio.ensure_future(database.read(store.read_prices))
    reading, changes = known.reading, known.changes
    try:
        prices = await asyncio.shield(reading)
    finally:
        if known.reading is reading and reading.done():
            known.reading = None
    if changes == known.changes:
        known.now = prices
    return prices


FOLLOWED = (TariffsChanged,)
"""The events that `follower` wants."""


def follower(database: Database) -> Callable[[int | None, object], None]:
    """What `Journal.follow` is to call, so that this node hears what changed on the others."""
    known = list_of(database)

    def heard(number: int | None, event: object) -> None:
        known.forget()

    return heard


@dataclass(slots=True)
class Till:
    """What is remembered of a station.

    shows          it shows running costs, in whichever version
    takes_tariffs  it reckons itself (2.1)
    begun          its transactions, with the tariff of each; "" for one that has none
    """

    site_id: str | None = None
    zone: str = "UTC"
    shows: bool = False
    shows_16: bool = False
    takes_tariffs: bool = False
    every_s: int = 60
    begun: dict[TransactionId, str] = field(default_factory=dict[TransactionId, str])

    def begin(self, transaction_id: TransactionId, tariff_id: str) -> None:
        self.begun[transaction_id] = tariff_id
        if len(self.begun) > MOST_BEGUN:
            del self.begun[next(iter(self.begun))]


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Till]:
    abilities = store.read_abilities(connection, ids)
    begun = store.read_open(connection, ids)
    tills: dict[StationId, Till] = {}
    for station_id, (site_id, zone) in store.read_places(connection, ids).items():
        said = abilities.get(station_id, {})
        shows_16 = _is_true(said, store.SHOWS_COST_16)
        interval = said.get(store.COST_INTERVAL, "")
        tills[station_id] = Till(
            site_id,
            zone,
            shows=shows_16 or _is_true(said, store.SHOWS_COST),
            shows_16=shows_16,
            takes_tariffs=_is_true(said, store.TAKES_TARIFFS),
            every_s=min(int(interval), 86_400) if interval.isascii() and interval.isdigit() else 60,
            begun=dict(list(begun.get(station_id, {}).items())[-MOST_BEGUN:]),
        )
    return tills


def _is_true(said: dict[tuple[str, str, str], str], name: tuple[str, str, str]) -> bool:
    return said.get(name, "").strip().casefold() == "true"


tills = Memory(_load, Till)
