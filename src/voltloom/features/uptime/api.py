"""Routes of uptime, outages and a station's history."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from voltloom.domain import events
from voltloom.domain.errors import NotFound
from voltloom.domain.ids import SiteId, StationId
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.stations import existing
from voltloom.features.uptime import store
from voltloom.features.uptime.rules import Kind, Measure, Outage, Unit
from voltloom.infra.journal import Entry, read_newest

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Id = Annotated[StationId, Path(max_length=48, description="the OCPP identity", examples=["CP-7"])]
Site = Annotated[SiteId, Path(max_length=40)]
WINDOWS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


# ---- uptime


class MeasureOut(Body):
    """Of all connectors together, in seconds; the parts of what was down may overlap."""

    uptime: float | None = Field(description="0 to 1: what was up of what is known; null: nothing is known")
    known_s: float = Field(description="since it was first heard of, without the time in which we were not there")
    offline_s: float
    faulted_s: float
    unavailable_s: float
    outages: int

    @staticmethod
    def of(measure: Measure) -> "MeasureOut":
        return MeasureOut(
            uptime=measure.uptime,
            known_s=round(measure.known_s, 3),
            offline_s=round(measure.offline_s, 3),
            faulted_s=round(measure.faulted_s, 3),
            unavailable_s=round(measure.unavailable_s, 3),
            outages=measure.outages,
        )


class UptimeOut(Body):
    """A connector is up while its station is connected and it is neither faulted nor out of service."""

    at: datetime
    day: MeasureOut = Field(description="the last 24 hours")
    week: MeasureOut = Field(description="the last 7 days")
    month: MeasureOut = Field(description="the last 30 days")


def _uptime(rows: store.UptimeRows, now: datetime) -> UptimeOut:
    told: dict[str, MeasureOut] = {}
    for name, length in WINDOWS.items():
        total = Measure()
        for each in rows.measures(now - length, now).values():
            total.add(each)
        told[name] = MeasureOut.of(total)
    return UptimeOut(at=now, **told)


class OutageOut(Body):
    """evse 0: the station as a whole. ended_at null: it goes on."""

    kind: Kind
    evse: int
    connector: int | None
    began_at: datetime
    ended_at: datetime | None
    reason: str = Field(description="why the connection ended, or the connector's error")

    @staticmethod
    def of(outage: Outage) -> "OutageOut":
        return OutageOut(
            kind=outage.kind,
            evse=outage.unit.evse,
            connector=outage.unit.connector or None,
            began_at=outage.began_at,
            ended_at=outage.ended_at,
            reason=outage.reason,
        )


def _uptime_routes(router: APIRouter) -> None:
    @router.get("/uptime", tags=["network"], summary="How much of the time the network was up")
    async def network_uptime(call: Read) -> UptimeOut:
        start = call.now - store.LONGEST
        return _uptime(await call.database.read(lambda connection: store.read_uptime(connection, start)), call.now)

    @router.get("/sites/{site_id}/uptime", tags=["sites"], summary="How much of the time a site was up")
    async def site_uptime(site_id: Site, call: Annotated[Call, allow(Scope.SITES_READ)]) -> UptimeOut:
        def read(connection: Connection) -> store.UptimeRows:
            if not store.site_exists(connection, site_id):
                raise NotFound("there is no such site")
            return store.read_uptime(connection, call.now - store.LONGEST, site_id=site_id)

        return _uptime(await call.database.read(read), call.now)

    @router.get("/stations/{station_id}/uptime", tags=["stations"], summary="How much of the time it was up")
    async def station_uptime(station_id: Id, call: Read) -> UptimeOut:
        def read(connection: Connection) -> store.UptimeRows:
            existing(connection, station_id)
            return store.read_uptime(connection, call.now - store.LONGEST, station_id=station_id)

        return _uptime(await call.database.read(read), call.now)

    @router.get("/stations/{station_id}/outages", tags=["stations"], summary="When it was out, and why")
    async def list_outages(station_id: Id, call: Read, limit: Limit = 100, after: After = None) -> Page[OutageOut]:
        """The latest first."""
        before = position(after, tuple[datetime, int])
        found = await call.database.read(
            lambda connection: store.find_outages(connection, station_id, before, limit + 1)
        )
        last = found[limit - 1] if len(found) > limit else None
        more = cursor(last.began_at, last.number) if last else None
        return Page(items=[OutageOut.of(each) for each in found[:limit]], next=more)


# ---- history


class Chapter(Enum):
    """What kind of thing happened."""

    CONNECTION = "connection"
    BOOT = "boot"
    STATUS = "status"
    FAULT = "fault"
    COMMAND = "command"
    CHANGE = "change"
    TRANSACTION = "transaction"
    SECURITY = "security"


_CHAPTERS: dict[Chapter, tuple[type[events.Event], ...]] = {
    Chapter.CONNECTION: (events.StationConnected, events.StationDisconnected),
    Chapter.BOOT: (events.StationBooted,),
    Chapter.STATUS: (events.ConnectorStatusChanged,),
    Chapter.FAULT: (events.FaultNoticed,),
    Chapter.COMMAND: (events.CommandAnswered,),
    Chapter.CHANGE: (events.StationChanged, events.SettingsReceived),
    Chapter.TRANSACTION: (
        events.TransactionStarted,
        events.TransactionEnded,
        events.TransactionCorrected,
        events.TransactionReviewed,
    ),
    Chapter.SECURITY: (events.SecurityNoticed,),
}
_CHAPTER_OF = {kind.name: chapter for chapter, kinds in _CHAPTERS.items() for kind in kinds}


class HistoryItem(Body):
    number: int = Field(description="of the event in the journal")
    at: datetime = Field(description="when it happened, as far as that is known")
    chapter: Chapter
    name: str = Field(examples=["station.disconnected"])
    data: dict[str, object] = Field(description="the event, as `/events` tells it")
    outage: OutageOut | None = Field(description="the outage that began with it")


def _history_routes(router: APIRouter) -> None:
    @router.get("/stations/{station_id}/history", tags=["stations"], summary="What happened to it")
    async def list_history(
        station_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        chapter: Annotated[list[Chapter] | None, Query(max_length=8, description="any of these; default: all")] = None,
        since: Annotated[AwareDatetime | None, Query(description="told at this time or later")] = None,
        until: Annotated[AwareDatetime | None, Query(description="told before this time")] = None,
    ) -> Page[HistoryItem]:
        """Connections, boots, connectors, faults, commands, changes, transactions and security events, the latest
        first; of a removed station too."""
        start = position(after, tuple[int])
        names = [kind.name for each in chapter or Chapter for kind in _CHAPTERS[each]]

        def read(connection: Connection) -> tuple[list[Entry], list[Outage]]:
            entries = read_newest(
                connection,
                limit=limit + 1,
                names=names,
                subject=station_id,
                before=start[0] if start else None,
                since=since,
                until=until,
            )
            times = [_at(entry, _data(entry)) for entry in entries]
            begun = store.outages_begun(connection, station_id, min(times), max(times)) if times else []
            return entries[::-1], begun

        found, begun = await call.database.read(read)
        outages = {(each.is_link, each.unit, each.began_at): each for each in begun}
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        return Page(items=[_item(entry, outages) for entry in found[:limit]], next=more)


def _item(entry: Entry, outages: dict[tuple[bool, Unit, datetime], Outage]) -> HistoryItem:
    data = _data(entry)
    at = _at(entry, data)
    unit, is_link = Unit(), entry.name == events.StationDisconnected.name
    if entry.name == events.ConnectorStatusChanged.name:
        unit = Unit(cast("int", data.get("evse", 0)), cast("int", data.get("connector") or 0))
    outage = (
        outages.get((is_link, unit, at)) if _CHAPTER_OF[entry.name] in (Chapter.CONNECTION, Chapter.STATUS) else None
    )
    return HistoryItem(
        number=entry.number,
        at=at,
        chapter=_CHAPTER_OF[entry.name],
        name=entry.name,
        data=data,
        outage=OutageOut.of(outage) if outage else None,
    )


def _data(entry: Entry) -> dict[str, object]:
    return msgspec.json.decode(entry.body, type=dict[str, object])


def _at(entry: Entry, data: dict[str, Any]) -> datetime:
    return msgspec.convert(data["at"], datetime) if "at" in data else entry.at


def router() -> APIRouter:
    router = APIRouter()
    _uptime_routes(router)
    _history_routes(router)
    return router
