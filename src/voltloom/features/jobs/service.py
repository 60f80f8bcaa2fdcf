"""Asking many stations: who is meant, and the durable task that asks them, a few at a time."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping

from voltloom.domain.commands import Command
from voltloom.domain.errors import Conflict, Invalid, NotFound, VoltloomError
from voltloom.domain.events import JobChanged, JobProgressed
from voltloom.domain.ids import StationId
from voltloom.features.access import Actor, note
from voltloom.features.feature import Context, Stations
from voltloom.features.jobs import store
from voltloom.features.jobs.rules import (
    AT_ONCE,
    MOST_JOBS,
    MOST_STATIONS,
    OVER,
    Blast,
    ItemState,
    JobState,
    Target,
    blast_of,
    state_of,
)
from voltloom.features.stations import (
    Caller,
    Conditions,
    ask,
    check_command,
    document_of,
    read_fleet,
    said_of,
    summary,
)
from voltloom.features.transactions import read_running
from voltloom.infra.database import Database, Work

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of whom. request: its document, by which the same command can be made again after a restart.

    ids        these stations; None: those that meet the conditions
    """

    name: str
    command: Command[Any]
    request: bytes
    ids: tuple[StationId, ...] | None
    conditions: Conditions
    timeout_s: int = 30


def _targets(connection: Connection, wish: Wish, now: datetime) -> tuple[list[Target], list[str]]:
    """Who is meant; and which names are no station's."""
    fleet = read_fleet(connection, wish.conditions).fleet()
    running = read_running(connection, now)
    wanted = None if wish.ids is None else set(wish.ids)
    targets = [
        Target(
            member.id,
            member.connected,
            member.protocol,
            member.registration or member.policy,
            member.id in running,
        )
        for member in fleet.members
        if wanted is None or member.id in wanted
    ]
    known = {target.id for target in targets}
    return targets, [id_ for id_ in wish.ids or () if id_ not in known]


async def look(caller: Caller, wish: Wish) -> Blast:
    """How far it would reach; nothing is asked. Raises Conflict for a command that is not to be given this way."""
    check_command(wish.command)
    targets, missing = await caller.database.read(lambda connection: _targets(connection, wish, caller.now))
    return blast_of(targets, wish.command, missing)


async def start(caller: Caller, wish: Wish) -> tuple[str, Blast]:
    """The job's id. Raises NotFound (a station that is not there), Invalid (none is meant, or too many), Conflict."""
    check_command(wish.command)
    targets, missing = await caller.database.read(lambda connection: _targets(connection, wish, caller.now))
    blast = blast_of(targets, wish.command, missing)
    if missing:
        raise NotFound(
            f"there is no station {missing[0][:60]!r}"
            + (f", nor {len(missing) - 1} others named" if missing[1:] else "")
        )
    if not targets:
        raise Invalid("no station is meant by this")
    if len(targets) > MOST_STATIONS:
        raise Invalid(f"{len(targets)} stations are more than the {MOST_STATIONS} that may be asked at once")
    job_id = secrets.token_hex(8)
    shown = document_of(wish.command)

    def add(connection: Connection, work: Work) -> None:
        if store.count_open(connection) >= MOST_JOBS:
            raise Conflict(f"{MOST_JOBS} jobs are under way already: wait for one of them, or cancel it")
        values = {
            "id": job_id,
            "command": wish.name,
            "request": wish.request.decode(),
            "shown": shown,
            "state": JobState.WAITING.value,
            "actor_kind": caller.actor.kind,
            "actor_id": caller.actor.id[:100],
            "actor": caller.actor.name[:200],
            "address": caller.actor.address[:100],
            "timeout_s": wish.timeout_s,
            "asked_at": caller.now,
            "ended_at": None,
        }
        store.add(connection, values, [StationId(target.id) for target in targets])
        details = {"stations": len(targets), "request": msgspec.json.decode(shown)}
        note(connection, work, caller.actor, f"job.{wish.name}", job_id, "asked", caller.now, details)
        work.tell(JobChanged(job_id, caller.now, "asked", wish.name, len(targets), caller.actor.name))

    await caller.database.write(add)
    return job_id, blast


async def cancel(caller: Caller, job_id: str) -> None:
    """Stations that are being asked answer yet; the others are not asked. Raises NotFound, Conflict (it is over)."""

    def change(connection: Connection, work: Work) -> None:
        job = existing(connection, job_id)
        if not store.set_state(connection, job_id, JobState.CANCELLED, ended_at=caller.now, request="null"):
            raise Conflict("this job is over already")
        left = store.set_items(connection, job_id, ItemState.WAITING, ItemState.CANCELLED, caller.now, "cancelled")
        note(connection, work, caller.actor, "job.cancel", job_id, "done", caller.now, {"not_asked": left})
        work.tell(JobChanged(job_id, caller.now, "cancelled", job["command"], left, caller.actor.name))

    await caller.database.write(change)


def existing(connection: Connection, job_id: str) -> RowMapping:
    """Raises NotFound."""
    job = store.get(connection, job_id)
    if job is None:
        raise NotFound("there is no such job")
    return job


# ---- the task


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whoever gave the job, as a caller of each of its questions."""

    actor: Actor
    database: Database
    stations: Stations
    now: datetime


async def run_job(ctx: Context, told: JobChanged) -> None:
    """Runs to its end on one node; another goes on with it where that one dies."""
    # Documents are the routes' as well, and bring the web framework: a command line has no need of it.
    from voltloom.features.jobs.documents import command_of

    if told.change != "asked":
        return
    job = await ctx.database.write(lambda connection, _: _begin(connection, told.job_id, ctx.now))
    if job is None:
        return
    command = command_of(job["command"], job["request"].encode())
    counts = (await ctx.database.read(lambda connection: store.counts(connection, [told.job_id])))[told.job_id]
    await _Runner(ctx, job, command, counts).run()


def _begin(connection: Connection, job_id: str, now: datetime) -> RowMapping | None:
    job = store.get(connection, job_id)
    if job is None or JobState(job["state"]) in OVER:
        return None
    store.set_state(connection, job_id, JobState.RUNNING)
    outcome = "the server ended while it was being asked: whether it acted is not known"
    store.set_items(connection, job_id, ItemState.ASKING, ItemState.UNKNOWN, now, outcome)
    return job


class _Runner:
    def __init__(self, ctx: Context, job: RowMapping, command: Command[Any], counts: dict[str, int]) -> None:
        self._ctx = ctx
        self._id: str = job["id"]
        self._name: str = job["command"]
        self._timeout_s: int = job["timeout_s"]
        self._actor = Actor(job["actor_kind"], job["actor_id"], job["actor"], frozenset(), job["address"])
        self._command = command
        self._total = sum(counts.values())
        self._behind = self._total - counts.get(ItemState.WAITING.value, 0)

    async def run(self) -> None:
        database = self._ctx.database
        while waiting := await database.read(
            lambda connection: store.stations_in(connection, self._id, ItemState.WAITING, 500)
        ):
            queue = iter(waiting)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(waiting))):
                    group.create_task(self._work(queue))
        await database.write(self._end)

    async def _work(self, queue: Iterator[StationId]) -> None:
        for station_id in queue:
            if not await self._ctx.database.write(lambda connection, _, id_=station_id: self._take(connection, id_)):
                continue
            state, outcome, answer = await self._ask(station_id)
            self._behind += 1
            await self._ctx.database.write(
                lambda connection, work, id_=station_id, told=(state, outcome, answer): self._keep(
                    connection, work, id_, *told
                )
            )

    async def _ask(self, station_id: StationId) -> tuple[ItemState, str, str]:
        asker = _Asker(self._actor, self._ctx.database, self._ctx.stations, datetime.now(UTC))
        try:
            answer: object = await ask(asker, station_id, self._command, timeout_s=self._timeout_s)
        except VoltloomError as error:
            return ItemState.FAILED, said_of(error), "null"
        return state_of(answer), summary(answer), document_of(answer)

    def _take(self, connection: Connection, station_id: StationId) -> bool:
        """False where it was cancelled meanwhile."""
        return store.take_item(connection, self._id, station_id, datetime.now(UTC))

    def _keep(
        self, connection: Connection, work: Work, station_id: StationId, state: ItemState, outcome: str, answer: str
    ) -> None:
        now = datetime.now(UTC)
        store.set_item(connection, self._id, station_id, state, now, outcome, answer)
        work.tell(JobProgressed(self._id, now, station_id, state.value, outcome, self._behind, self._total))

    def _end(self, connection: Connection, work: Work) -> None:
        now = datetime.now(UTC)
        # What was asked may hold secrets: they are not kept longer than they are needed.
        if store.set_state(connection, self._id, JobState.DONE, ended_at=now, request="null"):
            counts = store.counts(connection, [self._id]).get(self._id, {})
            told = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
            note(connection, work, self._actor, f"job.{self._name}", self._id, told, now)
            work.tell(JobChanged(self._id, now, "done", self._name, self._total, self._actor.name))


async def prune_jobs(ctx: Context) -> None:
    before = ctx.now - KEPT
    await ctx.database.write(lambda connection, _: store.prune(connection, before))
