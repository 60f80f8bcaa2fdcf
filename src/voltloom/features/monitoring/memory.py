"""What is remembered of a connected station: reports under way, open streams, how much it may tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.events import SecurityNoticed
from voltloom.domain.ids import StationId
from voltloom.features.feature import Memory, StationContext
from voltloom.features.monitoring import streams_store
from voltloom.features.stations import Allowance, Assembly

MOST_EVENTS_AT_ONCE, EVENTS_EVERY = 2_000, timedelta(seconds=1)
MOST_VALUES_AT_ONCE, VALUES_EVERY = 20_000, timedelta(milliseconds=50)
NOTICES_EVERY = timedelta(minutes=10)


@dataclass(slots=True)
class Watching:
    """streams: the monitor of each that is open, by its id."""

    assemblies: dict[int, Assembly] = field(default_factory=dict[int, Assembly])
    streams: dict[int, int] = field(default_factory=dict[int, int])
    events: Allowance | None = None
    values: Allowance | None = None
    noticed_at: dict[str, datetime] = field(default_factory=dict[str, datetime])


def load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Watching]:
    found: dict[StationId, Watching] = {}
    for station_id, stream_id, monitor_id in streams_store.read_open(connection, ids):
        found.setdefault(station_id, Watching()).streams[stream_id] = monitor_id
    return found


remembered = Memory(load, Watching)


def notice(ctx: StationContext, kind: str, text: str) -> None:
    """What was dropped is told, each kind of it once in ten minutes."""
    noticed_at = ctx.recall(remembered).noticed_at
    last = noticed_at.get(kind)
    if last is None or ctx.now - last >= NOTICES_EVERY:
        noticed_at[kind] = ctx.now
        ctx.work.tell(SecurityNoticed(kind, ctx.now, ctx.station_id, text))
