"""Routes of what one station is to be set to, and of reports of some of its settings."""

import secrets

from fastapi import APIRouter
from sqlalchemy import Connection

from voltloom.domain.commands import ReportSome
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.features.settings import service, store
from voltloom.features.settings.documents import ReportSomeIn, StandOut, WantedOut, WantIn
from voltloom.features.settings.rules import Verdict
from voltloom.features.stations import ask, existing, is_of_security, likeness_of
from voltloom.features.stations.api.shared import (
    NOT_FOUND,
    PROBLEMS_OF_A_COMMAND,
    Command,
    Id,
    Read,
    Timeout,
    Write,
    gives,
)
from voltloom.features.stations.documents import AnswerOut, ReportAnswerOut


def _wanted(connection: Connection, station_id: StationId) -> WantedOut:
    existing(connection, station_id)
    station = likeness_of(connection, station_id)
    assert station is not None
    found = service.stands(connection, station, service.wanted_now(connection, station))
    last = store.read_reconciled(connection, station_id)
    judged = store.read_provisioning(connection, [station_id]).get(station_id)
    return WantedOut(
        settings=[StandOut.of(each, station.booted_at) for each in found.values()],
        reconciled_at=last["at"] if last else None,
        trouble=last["trouble"] if last else "",
        verdict=Verdict(judged["verdict"]) if judged else None,
        reason=judged["reason"] if judged else "",
    )


def add_routes(routes: APIRouter) -> None:
    @routes.get(
        "/stations/{station_id}/settings/wanted", tags=["settings"], summary="What it is to have", responses=NOT_FOUND
    )
    async def get_wanted(station_id: Id, call: Read) -> WantedOut:
        """By templates and of it alone, with what it has, as last heard, and what came of setting it."""
        return await call.database.read(lambda connection: _wanted(connection, station_id))

    @routes.put(
        "/stations/{station_id}/settings/wanted",
        tags=["settings"],
        summary="Say what it alone is to have",
        responses=NOT_FOUND,
    )
    async def put_wanted(station_id: Id, body: WantIn, call: Write) -> WantedOut:
        """It has its way over templates. The station is put right at once where it is connected, or when it boots.
        Settings of security take a fresh sign-in."""
        settings = [each.wanted() for each in body.settings]
        if any(is_of_security(new.name) for new in settings):
            call.insist_on_fresh()
        await service.want(call, station_id, settings)
        return await call.database.read(lambda connection: _wanted(connection, station_id))

    @routes.post(
        "/stations/{station_id}/settings/reconcile",
        tags=["settings"],
        summary="Put it right now",
        responses=PROBLEMS_OF_A_COMMAND,
    )
    async def reconcile_settings(station_id: Id, call: Command) -> WantedOut:
        """Reads what it has and sets what differs. One that waits to be accepted comes in where it may."""
        await service.reconcile(call, station_id)
        return await call.database.read(lambda connection: _wanted(connection, station_id))

    @routes.post(
        "/stations/{station_id}/settings/waive",
        tags=["settings"],
        summary="Let it in without what it must have",
        responses=NOT_FOUND,
    )
    async def waive_settings(station_id: Id, call: Write) -> WantedOut:
        """Until its firmware or what it must have changes."""
        await service.waive(call, station_id)
        return await call.database.read(lambda connection: _wanted(connection, station_id))

    @routes.post(
        "/stations/{station_id}/settings/report-some",
        tags=["settings"],
        summary="Have it report some settings",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ReportSome),
    )
    async def report_some(
        station_id: Id, body: ReportSomeIn, call: Command, timeout_s: Timeout = 30
    ) -> ReportAnswerOut:
        """The report follows in parts; `station.settings_received` tells when it is complete."""
        if not body.criteria and not body.parts:
            raise Invalid("say which: by `criteria`, by `parts`, or both; of everything ask for the base report")
        number = secrets.randbelow(2**31 - 1) + 1
        command = ReportSome(number, tuple(body.criteria), tuple(each.part() for each in body.parts))
        answer = await ask(call, station_id, command, timeout_s=timeout_s)
        return ReportAnswerOut(**AnswerOut.of(answer).model_dump(), report_id=number)
