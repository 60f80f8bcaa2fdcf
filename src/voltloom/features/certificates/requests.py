"""Requests of stations for certificates: taken, signed, delivered until the station answers.

What is taken is on disk before the station hears so. It is delivered at once where the station is connected, and tried
again for a week where it is not, or does not answer: on whichever node.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.certificate import SigningUse
from voltloom.domain.commands import SendSignedCertificate
from voltloom.domain.errors import Conflict, Invalid, NotFound, VoltloomError
from voltloom.domain.events import CertificateRequestChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import CertificateRequested, RequestReply
from voltloom.domain.station import SecurityProfile
from voltloom.features.access import Actor, note
from voltloom.features.certificates import rules, store
from voltloom.features.certificates.authority import read_request
from voltloom.features.certificates.rules import Outcome, Outcomes, Request, RequestState
from voltloom.features.certificates.signing import NotSigned, Signed, Signers
from voltloom.features.feature import Context, StationContext, Stations
from voltloom.features.stations import Caller, ask, change_station, existing, remembered
from voltloom.infra.database import Database, Work

AT_ONCE = 8
MOST_A_ROUND = 200
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks a station, where no person does: its own request is what it is asked about."""

    actor: Actor
    database: Database
    stations: Stations
    now: datetime

    @staticmethod
    def of(ctx: Context, kind: str, name: str) -> "Asker":
        return Asker(Actor(kind, name, name, frozenset()), ctx.database, ctx.stations, ctx.now)


# ---- taken


async def answer_request(ctx: StationContext, report: CertificateRequested) -> RequestReply:
    """One that waits is open at a time for each use: a station that asks anew has lost the key of the one before."""
    if ctx.recall(remembered).profile_reached is SecurityProfile.OPEN:
        return RequestReply("a station that has not proven who it is gets no certificate: give it a password first")
    try:
        read_request(report.csr)
    except Invalid as error:
        return RequestReply(error.reason)
    day = ctx.now - timedelta(days=1)
    waiting, count = await ctx.database.read(
        lambda connection: store.read_standing(connection, ctx.station_id, report.use, day)
    )
    csr_hash = rules.hash_of_request(report.csr)
    if waiting is not None and (waiting.csr_hash, waiting.number) == (csr_hash, report.request_id):
        # It is under way, or tried again within minutes: only one that waits for longer is worth a hurry, or a station
        # that repeats itself would be sent its certificate as fast as it can ask.
        if waiting.next_at > ctx.now + rules.LEASE:
            ctx.work.write(store.HURRY, waiting.id, ctx.now)
            _tell(ctx.work, waiting.station_id, waiting.id, ctx.now, RequestState.WAITING)
        return RequestReply()
    if count >= rules.MOST_A_DAY:
        return RequestReply(f"it has asked {count} times within a day: try again tomorrow")
    made = Request(
        secrets.token_hex(8),
        ctx.station_id,
        report.use,
        report.request_id,
        report.csr,
        csr_hash,
        ctx.now,
        ctx.now,
    )
    ctx.work.write(store.SUPERSEDE, ctx.station_id, report.use.value if report.use else "", ctx.now)
    ctx.work.write(store.ADD_REQUEST, *store.request_values(made))
    _tell(ctx.work, made.station_id, made.id, ctx.now, RequestState.WAITING)
    return RequestReply()


def _tell(
    work: Work, station_id: StationId, request: str, now: datetime, state: RequestState, reason: str = ""
) -> None:
    work.tell(CertificateRequestChanged(station_id, request, now, state.value, reason))


# ---- signed and delivered


def deliverer(signers: Signers) -> Callable[[Context, CertificateRequestChanged], Awaitable[None]]:
    async def deliver(ctx: Context, told: CertificateRequestChanged) -> None:
        if told.state == RequestState.WAITING.value:
            await deliver_one(ctx, signers, told.request)

    return deliver


def due_deliverer(signers: Signers) -> Callable[[Context], Awaitable[None]]:
    async def deliver_due(ctx: Context) -> None:
        due = await ctx.database.read(lambda connection: store.read_due(connection, ctx.now, MOST_A_ROUND))
        turns = asyncio.Semaphore(AT_ONCE)

        async def take(request: Request) -> None:
            async with turns:
                await deliver_one(ctx, signers, request.id)

        async with asyncio.TaskGroup() as group:
            for request in due:
                group.create_task(take(request))

    return deliver_due


async def deliver_one(ctx: Context, signers: Signers, request_id: str) -> None:
    """One attempt, where it is due and nobody else is at it."""
    request = await ctx.database.write(lambda connection, _: store.claim(connection, request_id, ctx.now))
    if request is None:
        return
    if rules.is_given_up(request, ctx.now):
        reason = request.reason or "the station was not there"
        await _settle(ctx, request, Outcome(RequestState.EXPIRED, f"given up after a week: {reason}", ctx.now))
        return
    if await ctx.stations.look(request.station_id) is None:
        until = ctx.now + rules.WHILE_AWAY
        await ctx.database.write(lambda connection, _: store.put_off(connection, request.id, until))
        return
    chain = request.chain or await _sign(ctx, signers, request)
    if chain is not None:
        await _send(ctx, request, chain)


async def _sign(ctx: Context, signers: Signers, request: Request) -> str | None:
    """None where nothing was, which is kept."""
    try:
        signed = await signers.of(request.means).sign(request.station_id, request.csr, request.means, ctx.now)
    except NotSigned as error:
        await _settle(ctx, request, rules.after_no_signature(request, error.reason, error.again, ctx.now))
        return None
    return await ctx.database.write(lambda connection, work: _keep(connection, work, request, signed, ctx.now))


def _keep(connection: Connection, work: Work, request: Request, signed: Signed, now: datetime) -> str | None:
    """None where it was superseded meanwhile: what was signed is of no use to anybody."""
    issued = signed.issued
    if not store.set_signed(connection, request.id, signed.chain, issued.fingerprint):
        return None
    if store.get(connection, issued.fingerprint) is None:
        store.add(
            connection,
            request.station_id,
            issued,
            now,
            use=request.means,
            outcome=Outcomes.OFFERED,
            is_ours=signed.is_ours,
        )
    told = {
        "fingerprint": issued.fingerprint,
        "not_after": issued.not_after.isoformat(),
        "use": request.means.value,
        "request": request.id,
    }
    actor = Actor("station", request.station_id, request.station_id, frozenset())
    note(connection, work, actor, "certificate.issue", request.station_id, "done", now, told)
    return signed.chain


async def _send(ctx: Context, request: Request, chain: str) -> None:
    asker = Asker.of(ctx, "station", request.station_id)
    try:
        answer = await ask(asker, request.station_id, SendSignedCertificate(chain, request.use, request.number))
    except VoltloomError as error:
        await _settle(ctx, request, rules.after_error(request, error, ctx.now))
        return
    await _settle(ctx, request, rules.after_answer(answer, ctx.now))


async def _settle(ctx: Context, request: Request, outcome: Outcome) -> None:
    def settle(connection: Connection, work: Work) -> str:
        """The fingerprint that the station must come in with from now on; "" for no other than before."""
        if not store.settle(connection, request, outcome, ctx.now):
            return ""
        kept = store.get_request(connection, request.id)
        fingerprint = kept.fingerprint if kept else ""
        if outcome.state is not RequestState.WAITING:
            _tell(work, request.station_id, request.id, ctx.now, outcome.state, outcome.reason)
        if outcome.state is RequestState.REFUSED:
            store.set_outcome(connection, fingerprint, Outcomes.REFUSED)
        if outcome.state is not RequestState.ACCEPTED:
            return ""
        store.set_outcome(connection, fingerprint, Outcomes.ACCEPTED)
        pinned = existing(connection, request.station_id)["cert_fingerprint"]
        return fingerprint if pinned and request.means is SigningUse.STATION else ""

    fingerprint = await ctx.database.write(settle)
    if fingerprint:
        asker = Asker.of(ctx, "station", request.station_id)
        await change_station(asker, request.station_id, {"cert_fingerprint": fingerprint})


# ---- by operators


async def cancel_request(caller: Caller, request_id: str) -> None:
    """It is delivered no more. Raises NotFound, Conflict (it is over)."""

    def change(connection: Connection, work: Work) -> None:
        request = store.get_request(connection, request_id)
        if request is None:
            raise NotFound("there is no such request for a certificate")
        outcome = Outcome(RequestState.FAILED, f"cancelled by {caller.actor.name}", caller.now)
        if request.state is not RequestState.WAITING or not store.settle(connection, request, outcome, caller.now):
            raise Conflict(f"this request is over: {request.state.value}")
        _tell(work, request.station_id, request.id, caller.now, outcome.state, outcome.reason)
        told = {"request": request_id}
        note(connection, work, caller.actor, "certificate.cancel", request.station_id, "done", caller.now, told)

    await caller.database.write(change)


async def prune_requests(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.prune_requests(connection, ctx.now - KEPT))
