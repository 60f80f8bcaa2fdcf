"""The tables of campaigns and the statements on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    case,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    table,
    update,
)

from voltloom.domain.ids import StationId
from voltloom.features.firmware.campaigns import BAD, GOOD, Item, Stage, Standing
from voltloom.features.firmware.store import updates
from voltloom.infra.database import UtcTime, metadata

campaigns = Table(
    "firmware_campaigns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("image_id", String(32), nullable=False),
    Column("version", String(100), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("wave", Integer, nullable=False, comment="0: the canaries"),
    Column("canary", Integer, nullable=False),
    Column("wave_size", Integer, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("halt_percent", Integer, nullable=False),
    Column("soak_s", Integer, nullable=False),
    Column("patience_s", Integer, nullable=False),
    Column("forgiven", Integer, nullable=False, comment="failures that somebody has looked at"),
    Column("allow_unsigned", Boolean, nullable=False),
    Column("retries", Integer, nullable=True),
    Column("retry_interval_s", Integer, nullable=True),
    Column("actor_kind", String(20), nullable=False),
    Column("actor_id", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("address", String(100), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=True),
    Column("ended_at", UtcTime, nullable=True),
    Index("ix_firmware_campaigns_asked_at", "asked_at", "id"),
)
items = Table(
    "firmware_campaign_stations",
    metadata,
    Column("campaign_id", String(32), primary_key=True),
    Column("station_id", String(48), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("wave", Integer, nullable=True),
    Column("outcome", String(300), nullable=False),
    Column("update_id", Integer, nullable=True),
    Column("at", UtcTime, nullable=True),
    Index("ix_firmware_campaign_stations_state", "campaign_id", "state", "station_id"),
    Index("ix_firmware_campaign_stations_update_id", "update_id"),
)
_OPEN = campaigns.c.stage.in_([stage.value for stage in Stage if not stage.is_over])
_STATIONS = table("stations", column("id"), column("connected", Boolean))


def add(connection: Connection, values: Mapping[str, Any], stations: Iterable[tuple[str, Item, str]]) -> None:
    """stations: with what they are to begin with, and why."""
    connection.execute(insert(campaigns), values)
    rows = [
        {
            "campaign_id": values["id"],
            "station_id": station_id,
            "state": state.value,
            "wave": None,
            "outcome": outcome,
            "update_id": None,
            "at": None,
        }
        for station_id, state, outcome in stations
    ]
    connection.execute(insert(items), rows)


def get(connection: Connection, campaign_id: str) -> RowMapping | None:
    return connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).mappings().one_or_none()


def find(connection: Connection, before: tuple[datetime, str] | None, limit: int) -> Sequence[RowMapping]:
    """The latest first."""
    c = campaigns.c
    query = select(campaigns).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    if before is not None:
        at, campaign_id = before
        query = query.where((c.asked_at < at) | ((c.asked_at == at) & (c.id < campaign_id)))
    return connection.execute(query).mappings().all()


def count_open(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(campaigns).where(_OPEN)).scalar_one()


def read_running(connection: Connection) -> Sequence[RowMapping]:
    query = select(campaigns).where(campaigns.c.stage == Stage.RUNNING.value).order_by(campaigns.c.asked_at)
    return connection.execute(query).mappings().all()


def is_image_used(connection: Connection, image_id: str) -> bool:
    query = select(campaigns.c.id).where(campaigns.c.image_id == image_id, _OPEN).limit(1)
    return connection.execute(query).first() is not None


def change(connection: Connection, campaign_id: str, was: Iterable[Stage], **values: Any) -> bool:
    """False where it is at none of these stages (any more)."""
    query = update(campaigns).where(
        campaigns.c.id == campaign_id, campaigns.c.stage.in_([stage.value for stage in was])
    )
    return connection.execute(query.values(**values)).rowcount == 1


def counts(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many stations are in each state, by campaign."""
    query = (
        select(items.c.campaign_id, items.c.state, func.count())
        .where(items.c.campaign_id.in_(list(ids)))
        .group_by(items.c.campaign_id, items.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for campaign_id, state, number in connection.execute(query):
        found.setdefault(campaign_id, {})[state] = number
    return found


MOST_WAVES = 500
"""Of one campaign, told of."""


def counts_by_wave(connection: Connection, campaign_id: str) -> dict[int, dict[str, int]]:
    """How many stations are in each state, of the latest waves."""
    c = items.c
    of_it = (c.campaign_id == campaign_id) & c.wave.is_not(None)
    newest = select(func.max(c.wave) - MOST_WAVES).where(of_it).scalar_subquery()
    query = select(c.wave, c.state, func.count()).where(of_it, c.wave > newest).group_by(c.wave, c.state)
    found: dict[int, dict[str, int]] = {}
    for wave, state, number in connection.execute(query):
        found.setdefault(wave, {})[state] = number
    return found


def find_items(
    connection: Connection, campaign_id: str, states: Sequence[Item], after: str, limit: int
) -> Sequence[RowMapping]:
    """By station."""
    query = select(items).where(items.c.campaign_id == campaign_id, items.c.station_id > after)
    if states:
        query = query.where(items.c.state.in_([state.value for state in states]))
    return connection.execute(query.order_by(items.c.station_id).limit(limit)).mappings().all()


def standing(connection: Connection, campaign: RowMapping) -> Standing:
    c = items.c
    in_wave = c.wave == campaign["wave"]
    query = select(
        func.count(case((c.state == Item.WAITING.value, 1))),
        func.count(case((c.state == Item.DONE.value, 1))),
        func.count(case((c.state == Item.FAILED.value, 1))),
        func.count(case((in_wave & (c.state != Item.SKIPPED.value), 1))),
        func.count(case((c.state == Item.UPDATING.value, 1))),
        func.max(case((in_wave, c.at)), type_=UtcTime()),
    ).where(c.campaign_id == campaign["id"])
    waiting, done, failed, started, updating, over_at = connection.execute(query).one()
    return Standing(campaign["wave"], waiting, done, failed, started, updating, campaign["forgiven"], over_at)


def read_moved(connection: Connection, campaign_id: str) -> Sequence[RowMapping]:
    """Stations whose update has come to another end than is noted of them."""
    c, u = items.c, updates.c
    query = (
        select(c.station_id, u.state, u.said, u.reason, u.changed_at)
        .join(updates, u.id == c.update_id)
        .where(
            c.campaign_id == campaign_id,
            or_(
                c.state.in_((Item.UPDATING.value, Item.FAILED.value)) & u.state.in_(GOOD),
                c.state.in_((Item.UPDATING.value, Item.DONE.value)) & u.state.in_(BAD),
            ),
        )
    )
    return connection.execute(query).mappings().all()


def read_lost(connection: Connection, campaign_id: str, before: datetime) -> list[StationId]:
    """Being asked when a node ended."""
    c = items.c
    query = select(c.station_id).where(
        c.campaign_id == campaign_id, c.state == Item.UPDATING.value, c.update_id.is_(None), c.at < before
    )
    return [StationId(id_) for id_ in connection.execute(query).scalars()]


def waiting_and_connected(connection: Connection, campaign_id: str, limit: int) -> list[StationId]:
    c, s = items.c, _STATIONS.c
    query = (
        select(c.station_id)
        .join(_STATIONS, s.id == c.station_id)
        .where(c.campaign_id == campaign_id, c.state == Item.WAITING.value, s.connected)
        .order_by(c.station_id)
        .limit(limit)
    )
    return [StationId(id_) for id_ in connection.execute(query).scalars()]


def take(connection: Connection, campaign_id: str, station_id: StationId, wave: int, at: datetime) -> bool:
    """It is asked now; False where it no longer waits, or the campaign does not run."""
    runs = select(campaigns.c.id).where(campaigns.c.id == campaign_id, campaigns.c.stage == Stage.RUNNING.value)
    c = items.c
    query = update(items).where(
        c.campaign_id == campaign_id, c.station_id == station_id, c.state == Item.WAITING.value, runs.exists()
    )
    return connection.execute(query.values(state=Item.UPDATING.value, wave=wave, at=at)).rowcount == 1


def put(connection: Connection, campaign_id: str, station_id: str, **values: Any) -> None:
    c = items.c
    connection.execute(update(items).where(c.campaign_id == campaign_id, c.station_id == station_id).values(**values))


def end_waiting(connection: Connection, campaign_id: str, state: Item, at: datetime) -> int:
    c = items.c
    query = update(items).where(c.campaign_id == campaign_id, c.state == Item.WAITING.value)
    return connection.execute(query.values(state=state.value, at=at)).rowcount


def prune(connection: Connection, before: datetime) -> None:
    old = select(campaigns.c.id).where(campaigns.c.ended_at < before)
    connection.execute(delete(items).where(items.c.campaign_id.in_(old)))
    connection.execute(delete(campaigns).where(campaigns.c.ended_at < before))
