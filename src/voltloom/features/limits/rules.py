"""What a transaction is held to, and whether it has come to that. No I/O; the time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.transaction import TransactionLimit

PENDING_FOR: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=90)
"""How long what was asked of transactions that are over is kept."""
ASK_AGAIN: Final = timedelta(minutes=5)
"""A station that did not stop when it was asked to is asked again."""


class Reached(Enum):
    COST = "cost"
    ENERGY = "energy"
    TIME = "time"
    SOC = "soc"


@dataclass(frozen=True, slots=True)
class Held:
    """A transaction and what it is held to.

    wanted        by us; told: it went to the station with an answer
    at_station    as the station last said that it holds it
    stopped_at    when its station was last asked to stop it, as it cannot hold it itself
    prepaid       the token that pays for it, upper case; "" for none. charged: what was taken off it, in millionths
    """

    station_id: StationId
    transaction_id: TransactionId
    wanted: TransactionLimit | None = None
    actor: str = ""
    wanted_at: datetime | None = None
    told_at: datetime | None = None
    at_station: TransactionLimit | None = None
    heard_at: datetime | None = None
    stopped_at: datetime | None = None
    reached: Reached | None = None
    prepaid: str = ""
    charged: int = 0


NOTHING: Final = TransactionLimit()


def check(limit: TransactionLimit) -> None:
    """Raises Invalid."""
    if limit == NOTHING:
        raise Invalid("a limit says at least one of max_cost, max_energy_wh, max_time_s, max_soc_percent")


def check_open(station_id: StationId, transaction_id: TransactionId, *, is_open: bool) -> None:
    """Raises Conflict."""
    if not is_open:
        raise Conflict(f"transaction {transaction_id} of {station_id} is over")


def to_tell(held: Held) -> TransactionLimit | None:
    """What the station must still be told; None where it holds all that is wanted (OCPP 2.1 E16)."""
    if held.wanted is None:
        return None
    there = held.at_station or NOTHING
    for field in fields(held.wanted):
        wanted = getattr(held.wanted, field.name)
        if wanted is not None and wanted != getattr(there, field.name):
            return held.wanted
    return None


def with_credit(wanted: TransactionLimit | None, credit: Decimal) -> TransactionLimit:
    """It costs no more than is left."""
    limit = wanted or NOTHING
    cost = credit if limit.max_cost is None else min(limit.max_cost, credit)
    return replace(limit, max_cost=max(cost, Decimal(0)))


def shares(limits: Sequence[TransactionLimit], credit: Decimal) -> list[TransactionLimit]:
    """Of the open transactions of one prepaid token, the first to begin first: what each may cost where those before
    it cost all that they may."""
    found: list[TransactionLimit] = []
    for limit in limits:
        share = with_credit(limit, credit)
        found.append(share)
        credit -= share.max_cost or Decimal(0)
    return found


def not_held_by_station(held: Held) -> TransactionLimit | None:
    """What of it its station did not say that it holds, or a lower one. None does before 2.1; not each does then."""
    assert held.wanted is not None
    there, ours = held.at_station or NOTHING, held.wanted
    for field in fields(ours):
        wanted, said = getattr(ours, field.name), getattr(there, field.name)
        if wanted is not None and said is not None and said <= wanted:
            ours = replace(ours, **{field.name: None})
    return None if ours == NOTHING else ours


def reached(
    limit: TransactionLimit,
    lasted: timedelta,
    energy_wh: float | None,
    soc_percent: float | None,
    cost: Decimal | None,
) -> Reached | None:
    """The first that is."""
    if limit.max_cost is not None and cost is not None and cost >= limit.max_cost:
        return Reached.COST
    if limit.max_energy_wh is not None and energy_wh is not None and energy_wh >= limit.max_energy_wh:
        return Reached.ENERGY
    if limit.max_time_s is not None and lasted.total_seconds() >= limit.max_time_s:
        return Reached.TIME
    if limit.max_soc_percent is not None and soc_percent is not None and soc_percent >= limit.max_soc_percent:
        return Reached.SOC
    return None
