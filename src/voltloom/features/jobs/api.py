"""Routes for asking many stations at once."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from voltloom.domain.commands import Command
from voltloom.domain.errors import Invalid
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.jobs import service, store
from voltloom.features.jobs.documents import (
    BlastOut,
    BulkAvailabilityIn,
    BulkResetIn,
    BulkSettingsIn,
    BulkTriggerIn,
    BulkUnlockIn,
    JobOut,
    JobStationOut,
    MeantIn,
    StartedOut,
)
from voltloom.features.jobs.rules import ItemState
from voltloom.features.jobs.service import Wish
from voltloom.features.stations.api.finding import Matching

Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Asking = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Dangerous = Annotated[Call, allow(Scope.STATIONS_COMMAND, fresh=True)]
Id = Annotated[str, Path(max_length=40)]
DryRun = Annotated[bool, Query(description="only say how far it would reach")]
Timeout = Annotated[int, Query(ge=1, le=120, description="seconds to wait for each station's answer")]


async def _ask(
    call: Call,
    name: str,
    command: Command[Any],
    request: Body,
    meant: MeantIn,
    conditions: Matching,
    dry: bool,
    wait: int,
) -> StartedOut:
    if meant.stations is None and not conditions and not meant.everything:
        raise Invalid("say which stations: name them, or give filters in the address, or `everything`")
    wish = Wish(name, command, request.model_dump_json(exclude_unset=True).encode(), meant.ids(), conditions, wait)
    if dry:
        return StartedOut(job_id=None, blast=BlastOut.of(await service.look(call, wish)))
    job_id, blast = await service.start(call, wish)
    return StartedOut(job_id=job_id, blast=BlastOut.of(blast))


def _asking_routes(router: APIRouter) -> None:
    @router.post("/jobs/reset", summary="Reset many stations", status_code=202)
    async def reset_stations(
        body: BulkResetIn, call: Dangerous, conditions: Matching, dry_run: DryRun = False, timeout_s: Timeout = 30
    ) -> StartedOut:
        """Those that are named, or meet the filters (as of `GET /stations`), some at a time: see `GET /jobs/{id}`. It
        goes on after a restart, and asks no station twice."""
        command = body.request.command()
        return await _ask(call, "reset", command, body.request, body, conditions, dry_run, timeout_s)

    @router.post("/jobs/availability", summary="Take many stations in or out of service", status_code=202)
    async def change_availability_of_stations(
        body: BulkAvailabilityIn, call: Asking, conditions: Matching, dry_run: DryRun = False, timeout_s: Timeout = 30
    ) -> StartedOut:
        command = body.request.command()
        return await _ask(call, "availability", command, body.request, body, conditions, dry_run, timeout_s)

    @router.post("/jobs/trigger", summary="Have many stations send a message now", status_code=202)
    async def trigger_stations(
        body: BulkTriggerIn, call: Asking, conditions: Matching, dry_run: DryRun = False, timeout_s: Timeout = 30
    ) -> StartedOut:
        command = body.request.command()
        return await _ask(call, "trigger", command, body.request, body, conditions, dry_run, timeout_s)

    @router.post("/jobs/unlock", summary="Unlock the same connector of many stations", status_code=202)
    async def unlock_stations(
        body: BulkUnlockIn, call: Asking, conditions: Matching, dry_run: DryRun = False, timeout_s: Timeout = 30
    ) -> StartedOut:
        command = body.request.command()
        return await _ask(call, "unlock", command, body.request, body, conditions, dry_run, timeout_s)

    @router.post("/jobs/settings", summary="Change settings of many stations", status_code=202)
    async def change_settings_of_stations(
        body: BulkSettingsIn, call: Dangerous, conditions: Matching, dry_run: DryRun = False, timeout_s: Timeout = 30
    ) -> StartedOut:
        command = body.request.command()
        return await _ask(call, "settings", command, body.request, body, conditions, dry_run, timeout_s)


def _job_routes(router: APIRouter) -> None:
    @router.get("/jobs", summary="What was asked of many stations")
    async def list_jobs(call: Read, limit: Limit = 100, after: After = None) -> Page[JobOut]:
        """The latest first; kept for 90 days."""
        before = position(after, tuple[datetime, str])

        def read(connection: Connection) -> Page[JobOut]:
            rows = store.find(connection, before, limit + 1)
            counts = store.counts(connection, [row["id"] for row in rows[:limit]])
            last = rows[limit - 1] if len(rows) > limit else None
            return Page(
                items=[JobOut.of(row, counts.get(row["id"], {})) for row in rows[:limit]],
                next=cursor(last["asked_at"], last["id"]) if last else None,
            )

        return await call.database.read(read)

    @router.get("/jobs/{job_id}", summary="How a job stands")
    async def get_job(job_id: Id, call: Read) -> JobOut:
        def read(connection: Connection) -> JobOut:
            row = service.existing(connection, job_id)
            return JobOut.of(row, store.counts(connection, [job_id]).get(job_id, {}))

        return await call.database.read(read)

    @router.get("/jobs/{job_id}/stations", summary="What became of each station of a job")
    async def list_job_stations(
        job_id: Id,
        call: Read,
        limit: Limit = 100,
        after: After = None,
        state: Annotated[list[ItemState] | None, Query(max_length=7, description="any of these; default: all")] = None,
    ) -> Page[JobStationOut]:
        """By identity. What the station answered in full: `GET /stations/{id}/commands`."""
        (last,) = position(after, tuple[str]) or ("",)

        def read(connection: Connection) -> Page[JobStationOut]:
            service.existing(connection, job_id)
            rows = store.find_items(connection, job_id, state or (), last, limit + 1)
            more = cursor(rows[limit - 1]["station_id"]) if len(rows) > limit else None
            return Page(items=[JobStationOut.of(row) for row in rows[:limit]], next=more)

        return await call.database.read(read)

    @router.post("/jobs/{job_id}/cancel", summary="Ask no more stations", status_code=204)
    async def cancel_job(job_id: Id, call: Asking) -> None:
        """Those that are being asked answer yet."""
        await service.cancel(call, job_id)


def router() -> APIRouter:
    router = APIRouter(tags=["jobs"])
    _asking_routes(router)
    _job_routes(router)
    return router
