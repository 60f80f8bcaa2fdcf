"""What is remembered of a connected station's transactions, so that its meter values read no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports import TransactionReported
from voltloom.domain.token import IdToken
from voltloom.features.feature import Memory
from voltloom.features.transactions import rules, store
from voltloom.features.transactions.remote_starts import RemoteStart, read_remote_starts
from voltloom.features.transactions.rules import Transaction
from voltloom.features.transactions.store import RECENT

ENDED_SINCE = timedelta(hours=6)
MOST_OPEN = 256
"""More than any station has EVSEs: the rest stays in the database, where it is found as well, only slower."""
REMOTE_START_FOR = timedelta(minutes=15)
"""How long after an operator asked for it a transaction may begin."""


@dataclass(slots=True)
class Heard:
    """The latest samples of an EVSE outside of transactions, all of one instant."""

    at: datetime
    samples: list[Sample]


@dataclass(slots=True)
class Book:
    """by_id           open transactions, and those that ended last, by what the station calls them
    idle            by EVSE
    remote_starts   that no transaction came of yet
    """

    by_id: dict[TransactionId, Transaction] = field(default_factory=dict[TransactionId, Transaction])
    idle: dict[int, Heard] = field(default_factory=dict[int, Heard])
    remote_starts: list[RemoteStart] = field(default_factory=list[RemoteStart])

    def keep(self, transaction: Transaction) -> None:
        """Remember it, and forget the oldest of its like when there are too many."""
        if transaction.known_as in self.by_id:
            return
        self.by_id[transaction.known_as] = transaction
        if len(self.by_id) <= RECENT:
            return
        ended = [each for each in self.by_id.values() if not each.is_open]
        spare = ended[0] if len(ended) > RECENT else None
        if spare is None and len(self.by_id) - len(ended) > MOST_OPEN:
            spare = next(each for each in self.by_id.values() if each.is_open)
        if spare is not None:
            del self.by_id[spare.known_as]

    def open_at(self, evse: int) -> list[Transaction]:
        """Normally one."""
        return [each for each in self.by_id.values() if each.ended_at is None and each.evse == evse]

    def same_start(self, start_key: str) -> Transaction | None:
        return next((each for each in self.by_id.values() if each.start_key == start_key), None)

    def ended_by(self, report: TransactionReported) -> Transaction | None:
        """The one transaction that a stop which names none can be of; None where none or several can."""
        fitting = [each for each in self.by_id.values() if rules.fits_stop(each, report)]
        return fitting[0] if len(fitting) == 1 else None

    def remote_start(
        self, report: TransactionReported, evse: int, token: IdToken | None, now: datetime
    ) -> RemoteStart | None:
        """What an operator asked for, if this is it: by its number, which 2.x gives back, else by place and token."""
        for start in self.remote_starts:
            if now - start.asked_at > REMOTE_START_FOR:
                continue
            if report.remote_start_id is not None:
                if report.remote_start_id == start.id:
                    return start
            elif token is not None and token.key == start.token_key and start.evse in (None, evse):
                return start
        return None


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Book]:
    since = datetime.now(UTC) - ENDED_SINCE
    books: dict[StationId, Book] = {}
    for station_id, transactions in store.read_remembered(connection, ids, since).items():
        books[station_id] = Book({each.known_as: each for each in transactions})
    for station_id, starts in read_remote_starts(connection, ids).items():
        books.setdefault(station_id, Book()).remote_starts = starts
    return books


books = Memory(_load, Book)
