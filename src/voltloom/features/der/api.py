"""Routes of controls towards the grid, and of their alarms."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query

from voltloom.domain.commands import ClearDerControls, GetDerControls, SetDerControl
from voltloom.domain.ids import StationId
from voltloom.features.access import Scope
from voltloom.features.api import After, Call, Limit, Page, allow, cursor, position
from voltloom.features.der import service, store
from voltloom.features.der.documents import (
    AlarmOut,
    ClearIn,
    ControlIn,
    ControlOut,
    ReportIn,
    ReportOut,
    SetOut,
)
from voltloom.features.stations.api.shared import PROBLEMS_OF_A_COMMAND, Id, Timeout, gives
from voltloom.features.stations.documents import AnswerOut

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]


def router() -> APIRouter:
    routes = APIRouter(tags=["der"])

    @routes.get("/stations/{station_id}/der-controls", summary="Its controls towards the grid")
    async def list_der_controls(
        station_id: Id, call: Read, past: Annotated[bool, Query(description="those that are over as well")] = False
    ) -> list[ControlOut]:
        found = await call.database.read(lambda connection: store.read(connection, station_id, past=past))
        return [ControlOut.of(each) for each in found]

    @routes.post(
        "/stations/{station_id}/der-controls",
        tags=["commands"],
        summary="Set a control",
        status_code=201,
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(SetDerControl),
    )
    async def set_der_control(station_id: Id, body: ControlIn, call: Command, timeout_s: Timeout = 30) -> SetOut:
        """2.1 only. One with the same id is replaced. `superseded` in the answer: the controls that this one puts out
        of force; its own id where another comes first."""
        kept, answer = await service.set_control(call, station_id, body.control(), timeout_s)
        return SetOut(
            control=ControlOut.of(kept), answer=AnswerOut.of(answer.answer), superseded=list(answer.superseded)
        )

    @routes.post(
        "/stations/{station_id}/der-controls/clear",
        tags=["commands"],
        summary="Remove controls",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ClearDerControls),
    )
    async def clear_der_controls(station_id: Id, body: ClearIn, call: Command, timeout_s: Timeout = 30) -> AnswerOut:
        command = ClearDerControls(body.default, body.kind, body.control_id)
        return AnswerOut.of(await service.clear_controls(call, station_id, command, timeout_s))

    @routes.post(
        "/stations/{station_id}/der-controls/report",
        tags=["commands"],
        summary="Have it tell of its controls",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(GetDerControls),
    )
    async def report_der_controls(station_id: Id, body: ReportIn, call: Command, timeout_s: Timeout = 30) -> ReportOut:
        """They follow in parts. One that was set, fits, and is not told of is `gone`."""
        command = GetDerControls(secrets.randbelow(2**31 - 1) + 1, body.default, body.kind, body.control_id)
        answer = await service.report_controls(call, station_id, command, timeout_s)
        return ReportOut(**AnswerOut.of(answer).model_dump(), request_id=command.request_id)

    @routes.get("/der-alarms", summary="When controls changed what flowed, the latest first")
    async def list_der_alarms(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        station_id: Annotated[str | None, Query(max_length=48)] = None,
        going_on: Annotated[bool, Query(description="only those that still do")] = False,
    ) -> Page[AlarmOut]:
        start = position(after, tuple[int])
        station = StationId(station_id) if station_id is not None else None
        found = await call.database.read(
            lambda connection: store.find_alarms(
                connection, station, start[0] if start else None, limit + 1, going_on=going_on
            )
        )
        more = cursor(found[limit - 1].number) if len(found) > limit else None
        return Page(items=[AlarmOut.of(each) for each in found[:limit]], next=more)

    return routes
