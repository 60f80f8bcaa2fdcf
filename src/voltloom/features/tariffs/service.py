"""Use cases of tariffs and costs."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeTariff,
    ClearedTariffs,
    ClearTariffs,
    InstallTariff,
    ListTariffs,
    TariffsAnswer,
)
from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.events import TariffsChanged
from voltloom.domain.ids import SiteId, StationId, TransactionId
from voltloom.domain.tariff import StationTariff, Tariff
from voltloom.features import sites
from voltloom.features.access import note
from voltloom.features.stations import Caller, ask, existing
from voltloom.features.stations.rules import plain
from voltloom.features.tariffs import rules, store
from voltloom.features.tariffs.costing import cost_of, last_word
from voltloom.features.tariffs.prices import list_of
from voltloom.features.tariffs.reckoning import to_decimal
from voltloom.features.tariffs.rules import Account, Assignment, Kind, Listed
from voltloom.features.transactions import find_transaction, get_transaction, read_samples
from voltloom.infra.database import Work

MOST_LISTED = 200
"""Tariffs of one station."""


async def add_tariff(caller: Caller, tariff: Tariff, name: str) -> Listed:
    """Raises Invalid, Conflict."""
    rules.check(tariff)
    made = Listed(tariff, name, caller.now, caller.actor.name)

    def add(connection: Connection, work: Work) -> None:
        if store.get_tariff(connection, tariff.id) is not None:
            raise Conflict(f"there is a tariff {tariff.id}: what was billed by it refers to it, so give another id")
        store.add_tariff(connection, made)
        note(connection, work, caller.actor, "tariff.add", tariff.id, "done", caller.now, {"name": name})

    await caller.database.write(add)
    return made


async def get_tariff(caller: Caller, tariff_id: str) -> Listed:
    """Raises NotFound."""
    found = await caller.database.read(lambda connection: store.get_tariff(connection, tariff_id))
    if found is None:
        raise NotFound(f"there is no tariff {plain(tariff_id, 60)}")
    return found


async def retire_tariff(caller: Caller, tariff_id: str) -> Listed:
    """It can be assigned no more. Raises NotFound, Conflict."""

    def retire(connection: Connection, work: Work) -> None:
        if store.get_tariff(connection, tariff_id) is None:
            raise NotFound(f"there is no tariff {plain(tariff_id, 60)}")
        if store.is_assigned(connection, tariff_id):
            raise Conflict(f"tariff {tariff_id} is assigned still: see /tariff-assignments?tariff_id={tariff_id}")
        store.retire(connection, tariff_id, caller.now)
        note(connection, work, caller.actor, "tariff.retire", tariff_id, "done", caller.now)

    await caller.database.write(retire)
    return await get_tariff(caller, tariff_id)


async def assign(caller: Caller, kind: Kind, target: str, tariff_id: str) -> Assignment:
    """What it had before is replaced. Raises NotFound, Conflict (it is retired)."""
    assignment = Assignment(kind, _target(kind, target), tariff_id, caller.now, caller.actor.name)

    def change(connection: Connection, work: Work) -> None:
        listed = store.get_tariff(connection, tariff_id)
        if listed is None:
            raise NotFound(f"there is no tariff {plain(tariff_id, 60)}")
        if listed.retired_at is not None:
            raise Conflict(f"tariff {tariff_id} is retired")
        if kind is Kind.STATION:
            existing(connection, StationId(assignment.target))
        elif kind is Kind.SITE:
            sites.existing(connection, SiteId(assignment.target))
        store.assign(connection, assignment)
        _tell(connection, work, caller, "tariff.assign", assignment.kind, assignment.target, tariff_id)

    await caller.database.write(change)
    list_of(caller.database).forget()
    return assignment


async def unassign(caller: Caller, kind: Kind, target: str) -> None:
    """Raises NotFound."""
    named = _target(kind, target)

    def change(connection: Connection, work: Work) -> None:
        if not store.unassign(connection, kind, named):
            raise NotFound(f"nothing is assigned to the {kind.value} {named}".rstrip())
        _tell(connection, work, caller, "tariff.unassign", kind, named, "")

    await caller.database.write(change)
    list_of(caller.database).forget()


def _target(kind: Kind, target: str) -> str:
    if kind is Kind.NETWORK:
        return ""
    return target.upper() if kind is Kind.TOKEN else target


def _tell(
    connection: Connection, work: Work, caller: Caller, action: str, kind: Kind, target: str, tariff_id: str
) -> None:
    work.tell(TariffsChanged(caller.now, kind.value, target, tariff_id))
    details = {"kind": kind.value, "tariff": tariff_id}
    note(connection, work, caller.actor, action, target or kind.value, "done", caller.now, details)


# ---- costs


async def get_cost(caller: Caller, station_id: StationId, transaction_id: TransactionId) -> Account:
    """Where it goes on, as of now. Raises NotFound."""
    account = await caller.database.read(lambda connection: store.get(connection, station_id, transaction_id))
    if account is None:
        await get_transaction(caller, station_id, transaction_id)
        raise NotFound(f"no tariff applied to transaction {transaction_id} of {station_id}")
    if account.final or not account.tariff_id:
        return account

    def read(connection: Connection) -> Account:
        listed = store.get_tariff(connection, account.tariff_id)
        transaction = find_transaction(connection, station_id, transaction_id)
        if listed is None or transaction is None:
            return account
        samples = read_samples(connection, station_id, transaction_id)
        cost = cost_of(listed.tariff, transaction, samples, account.zone)
        return replace(account, cost=cost, reckoned_at=caller.now, reckoned_to=last_word(transaction))

    return await caller.database.read(read)


async def cost_so_far(caller: Caller, station_id: StationId, transaction_id: TransactionId) -> Decimal | None:
    """With taxes; None where no tariff applies, or nothing is known of it yet."""
    try:
        account = await get_cost(caller, station_id, transaction_id)
    except NotFound:
        return None
    return None if account.cost is None else to_decimal(account.cost.with_tax, account.cost.currency)


# ---- tariffs that stations keep (2.1)


async def install(
    caller: Caller,
    station_id: StationId,
    tariff_id: str,
    evse: int,
    valid_from: datetime | None,
    timeout_s: float = 30.0,
) -> Answer:
    """Raises NotFound, Conflict (it is retired), and what `ask` raises."""
    listed = await _usable(caller, tariff_id)
    answer = await ask(caller, station_id, InstallTariff(listed.tariff, evse, valid_from), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:
        kept = StationTariff(tariff_id, "DefaultTariff", (evse,), valid_from=valid_from)
        await _keep(caller, station_id, (kept,), all_of_them=False)
    return answer


async def list_station_tariffs(
    caller: Caller, station_id: StationId, evse: int = 0, timeout_s: float = 30.0
) -> TariffsAnswer:
    """Raises what `ask` raises."""
    found = await ask(caller, station_id, ListTariffs(evse), timeout_s=timeout_s)
    told = tuple(_bounded(each) for each in found.tariffs[:MOST_LISTED])
    if found.answer.accepted is Accepted.ACCEPTED:
        await _keep(caller, station_id, told, all_of_them=evse == 0)
    return TariffsAnswer(found.answer, told)


async def clear_station_tariffs(
    caller: Caller, station_id: StationId, tariff_ids: tuple[str, ...], evse: int | None, timeout_s: float = 30.0
) -> ClearedTariffs:
    """Raises what `ask` raises. What is in use stays so until its transaction is over."""
    cleared = await ask(caller, station_id, ClearTariffs(tariff_ids, evse), timeout_s=timeout_s)
    if not evse:
        gone = [each.tariff_id for each in cleared.tariffs if each.answer.accepted is Accepted.ACCEPTED]
        await caller.database.write(lambda connection, _: store.remove_station_tariffs(connection, station_id, gone))
    return cleared


async def change_tariff(
    caller: Caller, station_id: StationId, transaction_id: TransactionId, tariff_id: str, timeout_s: float = 30.0
) -> Answer:
    """The station's tariff of a transaction, and ours of it. Raises NotFound, Conflict, and what `ask` raises."""
    listed = await _usable(caller, tariff_id)
    transaction = await get_transaction(caller, station_id, transaction_id)
    if not transaction.is_open:
        raise Conflict(f"transaction {transaction_id} is over")
    answer = await ask(caller, station_id, ChangeTariff(transaction.known_as, listed.tariff), timeout_s=timeout_s)
    if answer.accepted is Accepted.ACCEPTED:

        def change(connection: Connection, _: Work) -> None:
            account = store.get(connection, station_id, transaction_id)
            if account is None:
                zone = store.read_places(connection, [station_id])[station_id][1]
                account = Account(station_id, transaction_id, transaction.started_at, tariff_id, zone)
            store.put(connection, replace(account, tariff_id=tariff_id, cost=None, reckoned_to=None))

        await caller.database.write(change)
        await caller.stations.refresh(station_id)
    return answer


async def _usable(caller: Caller, tariff_id: str) -> Listed:
    listed = await get_tariff(caller, tariff_id)
    if listed.retired_at is not None:
        raise Conflict(f"tariff {tariff_id} is retired")
    return listed


def _bounded(said: StationTariff) -> StationTariff:
    return StationTariff(
        plain(said.tariff_id, 60),
        plain(said.kind, 20),
        said.evses[:MOST_LISTED],
        tuple(plain(token, 255) for token in said.tokens[:MOST_LISTED]),
        said.valid_from,
    )


async def _keep(caller: Caller, station_id: StationId, told: tuple[StationTariff, ...], *, all_of_them: bool) -> None:
    await caller.database.write(
        lambda connection, _: store.put_station_tariffs(
            connection, station_id, told, caller.now, all_of_them=all_of_them
        )
    )
