"""Who was not let in lately, for those who look at the network as a whole."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from voltloom.features.stations.inbox import KnockReason
from voltloom.features.stations.store import knocks, stations


class Refusal(NamedTuple):
    """known: it claimed to be a registered station."""

    number: int
    identity: str
    reason: KnockReason
    address: str
    first_at: datetime
    last_at: datetime
    times: int
    known: bool
    site_id: str | None


def read_refusals(connection: Connection, since: datetime, limit: int = 2_000) -> list[Refusal]:
    """The latest first: as many as the inbox holds."""
    k = knocks.c
    query = (
        select(
            k.number, k.identity, k.reason, k.address, k.first_at, k.last_at, k.count, stations.c.id, stations.c.site_id
        )
        .outerjoin(stations, stations.c.id == k.identity)
        .where(k.last_at >= since)
        .order_by(k.last_at.desc(), k.number.desc())
        .limit(limit)
    )
    return [
        Refusal(number, identity, KnockReason(reason), address, first_at, last_at, count, known is not None, site_id)
        for number, identity, reason, address, first_at, last_at, count, known, site_id in connection.execute(query)
    ]
