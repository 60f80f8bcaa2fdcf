"""Routes for what is odd about a transaction: what can be done, doing it, and what happened to it."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from voltloom.domain.events import (
    TransactionCorrected,
    TransactionEnded,
    TransactionReviewed,
    TransactionStarted,
)
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.api import Body
from voltloom.features.transactions import repair, rules, service
from voltloom.features.transactions.api.transactions import (
    Id,
    Reading,
    Station,
    TransactionOut,
    Writing,
    transaction_out,
)
from voltloom.features.transactions.repair import Action, Review
from voltloom.features.transactions.rules import Transaction
from voltloom.infra.journal import Entry, read_newest

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
StatedEnergy = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]


class ReasonIn(Body):
    reason: Reason


class AcceptIn(ReasonIn):
    energy_wh: StatedEnergy | None = Field(
        default=None, description="what it is to count with; left out: what was reckoned"
    )


class RemedyOut(Body):
    action: Action
    possible: bool
    why_not: str


class ReviewOut(Body):
    at: datetime
    actor: str
    action: str
    reason: str
    energy_wh: float | None = Field(description="as stated")

    @staticmethod
    def of(review: Review) -> "ReviewOut":
        return ReviewOut(
            at=review.at,
            actor=review.actor,
            action=review.action,
            reason=review.reason,
            energy_wh=review.energy_wh,
        )


class RepairsOut(Body):
    remedies: list[RemedyOut]
    reviews: list[ReviewOut] = Field(description="what was decided about it, the latest first")


class TransactionEventOut(Body):
    number: int
    at: datetime
    name: str
    data: dict[str, object]


class TransactionEventsOut(Body):
    items: list[TransactionEventOut] = Field(description="in time")


_NAMES = tuple(kind.name for kind in (TransactionStarted, TransactionEnded, TransactionCorrected, TransactionReviewed))
_PAGE, _MOST_PAGES = 500, 20


def _events_of(connection: Connection, tx: Transaction) -> list[Entry]:
    """Backwards from the newest to its beginning, a page at a time; a station has few transactions a day."""
    found: list[Entry] = []
    before: int | None = None
    since = tx.first_heard_at - timedelta(minutes=1)
    for _ in range(_MOST_PAGES):
        page = read_newest(connection, limit=_PAGE, names=_NAMES, subject=tx.station_id, before=before, since=since)
        found = [each for each in page if _data(each).get("transaction_id") == tx.id] + found
        if len(page) < _PAGE:
            break
        before = page[0].number
    return found


def _data(entry: Entry) -> dict[str, object]:
    return msgspec.json.decode(entry.body, type=dict[str, object])


def add_routes(router: APIRouter) -> None:
    @router.get(
        "/transactions/{station_id}/{transaction_id}/repairs",
        summary="What can be done about it",
        tags=["transactions"],
    )
    async def list_repairs(call: Reading, station_id: Station, transaction_id: Id) -> RepairsOut:
        """Each with why it cannot be, and what was decided about it before."""
        tx = await service.get_transaction(call, StationId(station_id), TransactionId(transaction_id))
        reviews = await call.database.read(lambda connection: repair.read_reviews(connection, tx.station_id, tx.id))
        flags = set(rules.all_flags(tx))
        suspect = rules.is_suspect(flags) and not (reviews and reviews[0].settles(flags))
        return RepairsOut(
            remedies=[
                RemedyOut(action=each.action, possible=not each.why_not, why_not=each.why_not)
                for each in repair.remedies(tx, suspect=suspect)
            ],
            reviews=[ReviewOut.of(each) for each in reviews],
        )

    @router.post(
        "/transactions/{station_id}/{transaction_id}/accept", summary="Take it as it is", tags=["transactions"]
    )
    async def accept_transaction(
        call: Writing, station_id: Station, transaction_id: Id, body: AcceptIn
    ) -> TransactionOut:
        """It is no longer suspect, until something else turns out to be odd about it. With `energy_wh` it counts with
        that. Who decided so, and why, is kept."""
        named = (StationId(station_id), TransactionId(transaction_id))
        return await transaction_out(call, await repair.accept(call, *named, body.reason, body.energy_wh))

    @router.post("/transactions/{station_id}/{transaction_id}/reopen", summary="It goes on", tags=["transactions"])
    async def reopen_transaction(
        call: Writing, station_id: Station, transaction_id: Id, body: ReasonIn
    ) -> TransactionOut:
        """For one that was closed here and goes on; not for one whose station told its end."""
        named = (StationId(station_id), TransactionId(transaction_id))
        return await transaction_out(call, await repair.reopen(call, *named, body.reason))

    @router.get(
        "/transactions/{station_id}/{transaction_id}/events", summary="What was told of it", tags=["transactions"]
    )
    async def list_transaction_events(call: Reading, station_id: Station, transaction_id: Id) -> TransactionEventsOut:
        """Its entries in the journal. Its messages: `GET /stations/{id}/messages?transaction_id=`."""
        tx = await service.get_transaction(call, StationId(station_id), TransactionId(transaction_id))
        found = await call.database.read(lambda connection: _events_of(connection, tx))
        return TransactionEventsOut(
            items=[
                TransactionEventOut(number=each.number, at=each.at, name=each.name, data=_data(each)) for each in found
            ]
        )
