"""Routes of what stations watch."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from voltloom.domain.commands import (
    ClearMonitors,
    ReportMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from voltloom.domain.monitoring import MonitorKind
from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.monitoring import service, store
from voltloom.features.monitoring.documents import (
    BaseIn,
    ClearMonitorsIn,
    LevelIn,
    MonitorAnswerOut,
    MonitorChangeOut,
    MonitoringOut,
    MonitorOut,
    ReportMonitorsIn,
    SetMonitorsIn,
)
from voltloom.features.stations import existing
from voltloom.features.stations.api.shared import NOT_FOUND, PROBLEMS_OF_A_COMMAND, Command, Id, Read, Timeout, gives
from voltloom.features.stations.documents import AnswerOut, ReportAnswerOut

Name = Annotated[str, Query(max_length=50)]


def add_routes(routes: APIRouter) -> None:
    @routes.get("/monitors", tags=["monitoring"], summary="What stations watch")
    async def list_monitors(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str, Query(max_length=48)] = "",
        component: Name = "",
        variable: Name = "",
        kind: Annotated[list[MonitorKind] | None, Query(description="any of these; repeatable")] = None,
        severity: Annotated[int | None, Query(ge=0, le=9, description="this grave or graver (lower)")] = None,
    ) -> Page[MonitorOut]:
        """Of all stations; by station and id."""
        start = position(after, tuple[str, int])
        rows = await call.database.read(
            lambda connection: store.find(
                connection,
                start,
                limit + 1,
                station_id=station_id,
                component=component,
                variable=variable,
                kinds=[each.value for each in kind or ()],
                gravest=severity,
            )
        )
        more = cursor(rows[limit - 1]["station_id"], rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(items=[MonitorOut.of(row) for row in rows[:limit]], next=more)

    @routes.get(
        "/stations/{station_id}/monitoring", tags=["monitoring"], summary="How it watches itself", responses=NOT_FOUND
    )
    async def get_monitoring(station_id: Id, call: Read) -> MonitoringOut:
        def read(connection: Connection) -> MonitoringOut:
            existing(connection, station_id)
            state = store.state_of(connection, station_id)
            changes = store.read_changes(connection, station_id).values()
            return MonitoringOut(
                base=state["base"] if state else "",
                level=state["level"] if state else None,
                reported_at=state["reported_at"] if state else None,
                trouble=state["trouble"] if state else "",
                set=[MonitorChangeOut.of(row) for row in changes],
            )

        return await call.database.read(read)

    _asking_routes(routes)


def _asking_routes(routes: APIRouter) -> None:
    @routes.post(
        "/stations/{station_id}/monitors",
        tags=["monitoring"],
        summary="Set monitors",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetMonitors),
    )
    async def set_monitors(
        station_id: Id, body: SetMonitorsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[MonitorAnswerOut]:
        """One answer a monitor, in order: each stands or falls alone."""
        wanted = [each.monitor(each.id) for each in body.monitors]
        answers = await service.set_monitors(call, station_id, wanted, timeout_s=timeout_s)
        return [MonitorAnswerOut.of(answer) for answer in answers]

    @routes.post(
        "/stations/{station_id}/monitors/clear",
        tags=["monitoring"],
        summary="Clear monitors",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearMonitors),
    )
    async def clear_monitors(
        station_id: Id, body: ClearMonitorsIn, call: Command, timeout_s: Timeout = 30
    ) -> list[MonitorAnswerOut]:
        answers = await service.clear_monitors(call, station_id, body.ids, timeout_s)
        return [MonitorAnswerOut.of(answer) for answer in answers]

    @routes.post(
        "/stations/{station_id}/monitors/base",
        tags=["monitoring"],
        summary="Choose what is watched besides",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetMonitoringBase),
    )
    async def set_base(station_id: Id, body: BaseIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        """`FactoryDefault` and `HardWiredOnly` drop monitors that were set. The station is asked to report what is
        left, and those of templates are set anew."""
        return AnswerOut.of(await service.set_base(call, station_id, body.base, timeout_s))

    @routes.post(
        "/stations/{station_id}/monitors/level",
        tags=["monitoring"],
        summary="Choose how grave an event must be to be told",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetMonitoringLevel),
    )
    async def set_level(station_id: Id, body: LevelIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        return AnswerOut.of(await service.set_level(call, station_id, body.severity, timeout_s))

    @routes.post(
        "/stations/{station_id}/monitors/report",
        tags=["monitoring"],
        summary="Have it report what it watches",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ReportMonitors),
    )
    async def report_monitors(
        station_id: Id, body: ReportMonitorsIn, call: Command, timeout_s: Timeout = 30
    ) -> ReportAnswerOut:
        """The report follows in parts; `station.monitors_received` tells when it is complete. A whole report also has
        monitors of templates put right."""
        parts = [each.part() for each in body.parts]
        number, answer = await service.report_monitors(call, station_id, body.criteria, parts, timeout_s)
        return ReportAnswerOut(**AnswerOut.of(answer).model_dump(), report_id=number)
