"""Use cases of stations' logs: asked for, taken in, given out, let go."""

import secrets
from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from voltloom.domain.commands import Answer, GetLog, LogKind
from voltloom.domain.errors import Conflict, Invalid, NotFound, TimedOut, Unavailable, Unreachable, VoltloomError
from voltloom.domain.events import StationLogChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import NOTED, LogReported, LogStatus, Noted
from voltloom.features.access import note
from voltloom.features.feature import Context, Occasional, StationContext
from voltloom.features.logs import rules, store
from voltloom.features.logs.rules import Log, State
from voltloom.features.stations import Caller, ask, existing, plain, said_of
from voltloom.infra.database import Database, Work
from voltloom.infra.files import FileStore, hash_of, new_ticket
from voltloom.infra.multipart import FormFile, boundary_of

NOT_THERE = "there is nothing at this address (any more)"
MOST_AT_ONCE = 8
"""Uploads that a node takes at the same time."""


@dataclass(frozen=True, slots=True)
class LogsConfig:
    """files    where logs lie
    base_url    where stations reach us by HTTP
    kept        how long logs are kept
    most_bytes  how much they may come to; the oldest go first
    """

    files: FileStore
    base_url: str
    kept: timedelta = timedelta(days=90)
    most_bytes: int = 10_000_000_000


@dataclass(frozen=True, slots=True)
class LogWish:
    kind: LogKind
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


async def ask_for_log(
    caller: Caller, config: LogsConfig, station_id: StationId, wish: LogWish, timeout_s: float = 30.0
) -> tuple[Log, Answer]:
    """Kept before the station is asked: its upload may be faster than its answer. Raises NotFound, Invalid, and what
    `ask` raises."""
    rules.check_span(wish.oldest, wish.latest)
    ticket = new_ticket()
    made = Log(
        id=secrets.randbelow(rules.LARGEST_ID) + 1,
        station_id=station_id,
        kind=wish.kind,
        asked_at=caller.now,
        expires_at=caller.now + rules.VALID,
        actor=caller.actor.name[:200],
        oldest=wish.oldest,
        latest=wish.latest,
    )

    def begin(connection: Connection, _: Work) -> None:
        existing(connection, station_id)
        store.add(connection, made, ticket.hash)

    await caller.database.write(begin)
    location = f"{config.base_url}/files/logs/{ticket.text}"
    command = GetLog(made.id, wish.kind, location, wish.oldest, wish.latest, wish.retries, wish.retry_interval_s)
    try:
        answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    except TimedOut:
        raise
    except Unreachable:
        await caller.database.write(lambda connection, _: store.remove(connection, made.id))
        raise
    except VoltloomError as error:
        await _answered(caller, made, State.REFUSED, "", said_of(error), "")
        raise
    said = answer.answer
    why = ": ".join(filter(None, (said.reason, said.detail)))
    await _answered(caller, made, rules.state_after_asking(said), said.status, why, answer.file_name)
    return await get_log(caller.database, made.id), said


async def _answered(caller: Caller, made: Log, state: State, said: str, reason: str, file_name: str) -> None:
    def settle(connection: Connection, work: Work) -> None:
        now_is = store.get(connection, made.id)
        if now_is is None:
            return
        named = now_is.file_name or plain(file_name, 255)
        store.change(connection, made.id, said=said[:100], file_name=named)
        if now_is.state is State.ASKED:
            _put(connection, work, now_is, state, reason, caller.now)

    await caller.database.write(settle)


def _put(connection: Connection, work: Work, log: Log, state: State, reason: str, now: datetime) -> None:
    if (state, reason) == (log.state, log.reason):
        return
    store.change(connection, log.id, state=state.value, reason=reason[:300], changed_at=now)
    _tell(work, replace(log, state=state, reason=reason[:300]), now)


def _tell(work: Work, log: Log, now: datetime) -> None:
    work.tell(StationLogChanged(log.station_id, log.id, now, log.kind.value, log.state.value, log.reason, log.size))


async def get_log(database: Database, log_id: int) -> Log:
    """Raises NotFound."""
    found = await database.read(lambda connection: store.get(connection, log_id))
    if found is None:
        raise NotFound(f"there is no log {log_id}")
    return found


async def open_content(database: Database, config: LogsConfig, log_id: int) -> tuple[Path, Log]:
    """Raises NotFound, Conflict (nothing came), Unavailable (it is not on this disk)."""
    log = await get_log(database, log_id)
    if log.size is None:
        raise Conflict(f"log {log_id} is {log.state.value}: there is nothing of it")
    if not config.files.has(str(log.id)):
        raise Unavailable("this node does not have the file: see the setting files_dir")
    return config.files.path(str(log.id)), log


async def note_download(caller: Caller, log: Log) -> None:
    """Logs of stations name people and cars: who took one is kept."""

    def keep(connection: Connection, work: Work) -> None:
        note(connection, work, caller.actor, "log.download", f"{log.station_id}/log/{log.id}", "done", caller.now)

    await caller.database.write(keep)


async def remove_log(caller: Caller, config: LogsConfig, log_id: int) -> None:
    """The file goes with it; what is under way is not taken any more. Raises NotFound."""

    def remove(connection: Connection, work: Work) -> None:
        log = store.get(connection, log_id)
        if log is None:
            raise NotFound(f"there is no log {log_id}")
        store.remove(connection, log_id)
        details = {"kind": log.kind.value, "size": log.size, "sha256": log.sha256}
        target = f"{log.station_id}/log/{log.id}"
        note(connection, work, caller.actor, "log.remove", target, "done", caller.now, details)

    await caller.database.write(remove)
    await config.files.remove(str(log_id))


# ---- what stations send


class Receiving:
    """Takes uploads of stations, a few at a time. One a node."""

    def __init__(self, config: LogsConfig) -> None:
        self._config = config
        self._under_way: set[int] = set()

    async def receive(
        self,
        database: Database,
        ticket: str,
        pieces: AsyncIterable[bytes],
        content_type: str,
        length: int | None,
        name: str,
        address: str,
    ) -> None:
        """The file, as it is sent or the first of a form; once for each address.

        Raises NotFound (an address that takes nothing, any more), Conflict, Throttled, TooLarge, TooSlow, Invalid,
        Unavailable.
        """
        now = datetime.now(UTC)
        hashed = hash_of(ticket)
        boundary = boundary_of(content_type)

        def begin(connection: Connection, _: Work) -> tuple[Log | None, int]:
            log = store.begin_upload(connection, hashed, now, rules.MOST_TRIES)
            return log, store.size_since(connection, rules.day_before(now))

        log, of_the_day = await database.write(begin)
        if log is None:
            raise NotFound(NOT_THERE)
        if log.id in self._under_way:
            raise Conflict("this log is being uploaded already")
        if len(self._under_way) >= MOST_AT_ONCE:
            raise Unavailable("many logs are being uploaded now: try again")
        # What is under way counts as if each were as large as one may be.
        room = rules.room_for(of_the_day + len(self._under_way) * rules.MOST_BYTES, now)
        rules.check_length(length, room)
        self._under_way.add(log.id)
        try:
            await self._take(database, log, pieces, boundary, room, name, address)
        finally:
            self._under_way.discard(log.id)

    async def _take(
        self,
        database: Database,
        log: Log,
        pieces: AsyncIterable[bytes],
        boundary: bytes | None,
        room: int,
        name: str,
        address: str,
    ) -> None:
        files = self._config.files
        form = None if boundary is None else FormFile(pieces, boundary)
        arriving = secrets.token_hex(16)
        kept = await files.receive(arriving, pieces if form is None else form.pieces(), room)
        now = datetime.now(UTC)
        named = plain((form.name if form else "") or name or log.file_name, 255)

        def keep(connection: Connection, work: Work) -> None:
            received = {"size": kept.size, "sha256": kept.sha256, "received_at": now, "changed_at": now}
            told = {"state": State.RECEIVED.value, "reason": "", "file_name": named, "address": plain(address, 64)}
            if not store.keep_received(connection, log.id, **received, **told):
                raise NotFound(NOT_THERE)
            _tell(work, replace(log, state=State.RECEIVED, reason="", size=kept.size), now)
            # Within the change: a log that is said to be here is.
            files.path(arriving).replace(files.path(str(log.id)))

        try:
            if kept.size == 0:
                raise Invalid("the log is empty")
            await database.write(keep)
        except VoltloomError:
            await files.remove(arriving)
            raise


async def log_status(ctx: StationContext, report: LogReported) -> Noted:
    """Rare, so the database is asked. One that is of no request of ours is in the message log alone."""
    detail = plain(report.detail, 250)

    def hear(connection: Connection, work: Work) -> None:
        log = rules.which(store.of_station(connection, ctx.station_id), report.request_id, ctx.now)
        if log is None:
            return
        state = rules.state_after(log.state, report.status)
        failed = state is State.FAILED
        if failed and log.state is State.FAILED:
            return
        reason = ": ".join(filter(None, (report.status.value, detail))) if failed else log.reason
        if state is State.UPLOADING:
            reason = "the station says it is uploaded" if report.status is LogStatus.UPLOADED else ""
        _put(connection, work, log, state, reason, ctx.now)

    await ctx.database.write(hear)
    return NOTED


# ---- what time does


async def settle_logs(ctx: Context) -> None:
    """Those whose address ended before anything came."""
    if not await ctx.database.read(lambda connection: store.read_late(connection, ctx.now)):
        return

    def settle(connection: Connection, work: Work) -> None:
        for log in store.read_late(connection, ctx.now):
            came = "the station says it is uploaded, and nothing came here" if log.reason else "nothing came in time"
            _put(connection, work, log, State.SILENT, came, ctx.now)

    await ctx.database.write(settle)


def pruner(config: LogsConfig) -> Occasional:
    async def prune_logs(ctx: Context) -> None:
        def prune(connection: Connection, _: Work) -> list[int]:
            old = store.read_old(connection, ctx.now - config.kept, config.most_bytes)
            for log_id in old:
                store.remove(connection, log_id)
            return old

        while gone := await ctx.database.write(prune):
            for log_id in gone:
                await config.files.remove(str(log_id))
        await config.files.sweep()

    return prune_logs
