"""Which nodes of a cluster live, so that what a dead one held does not stay connected for ever.

Each node says every few seconds that it is there. One that was silent for a minute is taken for gone, by whichever
node looks: its links are closed, with that reason. If it was only cut off from the database, it finds out with its
next sign of life, and its links are open again. The clocks of nodes must agree to within half a minute.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, RowMapping, String, Table, bindparam, delete, insert, select, update

from voltloom.domain.events import StationConnected, StationDisconnected
from voltloom.domain.ids import StationId
from voltloom.features.feature import Context
from voltloom.features.stations.store import close_links, stations
from voltloom.infra.columns import UtcTime
from voltloom.infra.database import Database, Work, metadata

BEAT_S = 15.0
GONE_AFTER = timedelta(seconds=60)
LOOK_EVERY = timedelta(seconds=30)

nodes = Table(
    "nodes",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)


async def join(database: Database, node: str, now: datetime) -> None:
    """It lives from now on."""

    def change(connection: Connection, _: Work) -> None:
        connection.execute(delete(nodes).where(nodes.c.name == node))
        connection.execute(insert(nodes).values(name=node, started_at=now, seen_at=now))

    await database.write(change)


async def beat(database: Database, node: str, held: Sequence[StationId], now: datetime) -> None:
    """It lives still, and holds these stations."""

    def change(connection: Connection, work: Work) -> None:
        if connection.execute(update(nodes).where(nodes.c.name == node).values(seen_at=now)).rowcount:
            return
        # It was silent for so long that others took it for gone.
        connection.execute(insert(nodes).values(name=node, started_at=now, seen_at=now))
        for row in _reopen(connection, node, held):
            profile = row["connection_profile"]
            work.tell(StationConnected(row["id"], now, row["address"] or "", row["protocol"] or "", profile or 0))

    await database.write(change)


async def leave(database: Database, node: str) -> None:
    """It ends as it should, and has closed its links itself."""
    await database.write(lambda connection, _: connection.execute(delete(nodes).where(nodes.c.name == node)))


async def close_links_of_the_gone(context: Context) -> None:
    def change(connection: Connection, work: Work) -> None:
        gone = delete(nodes).where(nodes.c.seen_at < context.now - GONE_AFTER).returning(nodes.c.name)
        for name in connection.execute(gone).scalars().all():
            reason = f"the node {name} went away"
            for station_id in close_links(connection, name, context.now, reason):
                work.tell(StationDisconnected(station_id, context.now, reason))

    await context.database.write(change)


def _reopen(connection: Connection, node: str, held: Sequence[StationId]) -> list[RowMapping]:
    """Those that are held and noted as gone, and that no other node has taken since."""
    found: list[RowMapping] = []
    lost = select(stations).where(
        stations.c.id.in_(bindparam("ids", expanding=True)), stations.c.node == node, ~stations.c.connected
    )
    for start in range(0, len(held), 1_000):
        found += connection.execute(lost, {"ids": held[start : start + 1_000]}).mappings()
    for row in found:
        connection.execute(update(stations).where(stations.c.id == row["id"]).values(connected=True))
    return found
