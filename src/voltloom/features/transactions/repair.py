"""What people decide about transactions that are odd: to take them as they are, to state their energy, to open them
again. What was decided is kept with who and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Identity,
    Index,
    String,
    Table,
    Text,
    insert,
    select,
    tuple_,
    update,
)

from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.events import TransactionCorrected, TransactionReviewed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.features.access import note
from voltloom.features.stations import Caller
from voltloom.features.transactions import rules, service, store
from voltloom.features.transactions.rules import ClosedBy, Flag, Transaction
from voltloom.infra.columns import NUMBER
from voltloom.infra.database import UtcTime, Work, metadata


class Action(Enum):
    """What can be done about one."""

    STOP = "stop"
    """Ask the station to end it."""
    CLOSE = "close"
    """End it here, whatever the station thinks."""
    ACCEPT = "accept"
    """Take it as it is, or with a stated energy: it is no longer suspect."""
    REOPEN = "reopen"
    """It goes on: we closed it, and were wrong."""


reviews = Table(
    "transaction_reviews",
    metadata,
    Column("number", NUMBER, Identity(), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("transaction_id", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("energy_wh", Float, nullable=True, comment="as stated; null: as it was reckoned"),
    Column("flags", Text, nullable=False, comment="what was odd about it then"),
    Index("ix_transaction_reviews_one", "station_id", "transaction_id", "number"),
)
_REVIEW = [reviews.c[name] for name in ("station_id", "transaction_id", "at", "actor", "action", "reason")]


@dataclass(frozen=True, slots=True)
class Review:
    """flags: what was odd about it when it was decided: what is found out later is decided anew."""

    station_id: StationId
    transaction_id: TransactionId
    at: datetime
    actor: str
    action: str
    reason: str
    energy_wh: float | None
    flags: str

    def settles(self, flags: "frozenset[Flag] | set[Flag]") -> bool:
        return self.action == Action.ACCEPT.value and store.flags_text(flags) == self.flags


_SELECT = select(*_REVIEW, reviews.c.energy_wh, reviews.c.flags)


def read_reviews(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> list[Review]:
    """The latest first."""
    r = reviews.c
    query = _SELECT.where(r.station_id == station_id, r.transaction_id == transaction_id)
    return [Review(*row) for row in connection.execute(query.order_by(r.number.desc()).limit(100))]


Key = tuple[str, str]


def latest_reviews(connection: Connection, transactions: Sequence[Transaction]) -> dict[Key, Review]:
    """Of each that was ever looked at, by station and id: one statement for a page of them."""
    r = reviews.c
    keys = [(each.station_id, each.id) for each in transactions]
    found: dict[Key, Review] = {}
    for start in range(0, len(keys), 500):
        some = tuple_(r.station_id, r.transaction_id).in_(keys[start : start + 500])
        for row in connection.execute(_SELECT.where(some).order_by(r.number)):
            found[row.station_id, row.transaction_id] = Review(*row)
    return found


# ---- what can be done


@dataclass(frozen=True, slots=True)
class Remedy:
    """why_not: "" where it can be done."""

    action: Action
    why_not: str = ""


def remedies(transaction: Transaction, *, suspect: bool) -> tuple[Remedy, ...]:
    tx = transaction
    over = "" if tx.is_open else "it is over"
    harmless = "" if suspect else "nothing holds it back"
    told = "its station told its end" if tx.closed_by is ClosedBy.STATION else ""
    return (
        Remedy(Action.STOP, over),
        Remedy(Action.CLOSE, over),
        Remedy(Action.ACCEPT, "it is open: close it first" if tx.is_open else harmless),
        Remedy(Action.REOPEN, "it is open" if tx.is_open else told),
    )


async def accept(
    caller: Caller,
    station_id: StationId,
    transaction_id: TransactionId,
    reason: str,
    energy_wh: float | None = None,
) -> Transaction:
    """It is no longer suspect, until something else turns out to be odd about it. energy_wh: what it is to count with,
    instead of what was reckoned. Raises NotFound, Conflict (it is open)."""

    def change(connection: Connection, work: Work) -> Transaction:
        tx = _existing(connection, station_id, transaction_id)
        if tx.is_open:
            raise Conflict(f"transaction {transaction_id} of {station_id} is open: close it first")
        _keep(connection, work, caller, tx, Action.ACCEPT, reason, energy_wh)
        return tx

    return await caller.database.write(change)


async def close(
    caller: Caller,
    station_id: StationId,
    transaction_id: TransactionId,
    reason: str,
    energy_wh: float | None,
) -> Transaction:
    """Close it here; with a stated energy it is accepted as well. Raises NotFound, Conflict (it is over)."""
    tx = await service.close_transaction(caller, station_id, transaction_id)

    def change(connection: Connection, work: Work) -> Transaction:
        tx = _existing(connection, station_id, transaction_id)
        action = Action.CLOSE if energy_wh is None else Action.ACCEPT
        _keep(connection, work, caller, tx, action, reason, energy_wh)
        return tx

    return await caller.database.write(change) if reason or energy_wh is not None else tx


async def reopen(caller: Caller, station_id: StationId, transaction_id: TransactionId, reason: str) -> Transaction:
    """One that we closed goes on. Raises NotFound, Conflict (it is open, or its station told its end)."""

    def change(connection: Connection, work: Work) -> Transaction:
        tx = _existing(connection, station_id, transaction_id)
        remedy = next(each for each in remedies(tx, suspect=True) if each.action is Action.REOPEN)
        if remedy.why_not:
            raise Conflict(f"transaction {transaction_id} of {station_id} is not opened again: {remedy.why_not}")
        rules.reopen(tx)
        work.write(store.SAVE, *store.saved(tx))
        _keep(connection, work, caller, tx, Action.REOPEN, reason, None)
        told = (tx.evse, caller.now, "reopened", False, tx.energy.wh, rules.is_suspect(rules.all_flags(tx)))
        work.tell(TransactionCorrected(tx.station_id, tx.id, *told))
        return tx

    tx = await caller.database.write(change)
    await caller.stations.refresh(station_id)
    return tx


def _existing(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> Transaction:
    transaction = store.find_one(connection, station_id, transaction_id)
    if transaction is None:
        raise NotFound(f"{station_id} has no transaction {transaction_id}")
    return transaction


def _keep(
    connection: Connection,
    work: Work,
    caller: Caller,
    tx: Transaction,
    action: Action,
    reason: str,
    energy_wh: float | None,
) -> None:
    connection.execute(
        insert(reviews).values(
            station_id=tx.station_id,
            transaction_id=tx.id,
            at=caller.now,
            actor=caller.actor.name[:200],
            action=action.value,
            reason=reason,
            energy_wh=energy_wh,
            flags=store.flags_text(rules.all_flags(tx)),
        )
    )
    if action is Action.ACCEPT:
        values: dict[str, Any] = {"suspect": False}
        if energy_wh is not None:
            values["energy_wh"] = energy_wh
        c = store.transactions.c
        mine = (c.station_id == tx.station_id, c.id == tx.id)
        connection.execute(update(store.transactions).where(*mine).values(**values))
    details = {"reason": reason, "energy_wh": energy_wh, "reckoned_wh": tx.energy.wh}
    target = f"{tx.station_id}/transaction/{tx.id}"
    note(connection, work, caller.actor, f"transaction.{action.value}", target, "done", caller.now, details)
    work.tell(TransactionReviewed(tx.station_id, tx.id, caller.now, action.value, reason, energy_wh, caller.actor.name))
