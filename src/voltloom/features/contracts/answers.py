"""What vehicles are answered: whether their contract is good, and a contract's certificate."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from cryptography import x509
from sqlalchemy import Connection

from voltloom.domain.certificate import CertificateState, CertificateUse, ContractVerdict, OcspQuestion
from voltloom.domain.events import SecurityNoticed
from voltloom.domain.ids import StationId
from voltloom.domain.reports import (
    AuthorizationReported,
    ContractPresented,
    ContractReply,
    EvCertificateAsked,
    EvCertificateReply,
)
from voltloom.features import certificates
from voltloom.features.authorization import answer_authorization
from voltloom.features.certificates import Inquiry, NoWord
from voltloom.features.contracts import rules, store
from voltloom.features.contracts.pool import NoContract, Pool
from voltloom.features.contracts.rules import Outcome
from voltloom.features.feature import Memory, StationContext
from voltloom.features.stations.rules import Desk, plain

LONGEST_EXI = 24_000
_WORTH_TELLING = (ContractVerdict.SIGNATURE_ERROR, ContractVerdict.REVOKED)


@dataclass(frozen=True, slots=True)
class Judged:
    """why: a sentence for people; "" where it is good."""

    verdict: ContractVerdict
    why: str = ""
    is_suspect: bool = False


@dataclass(frozen=True, slots=True)
class Trusted:
    """roots: of those whose contracts are taken. all: whose signatures are known."""

    roots: Sequence[x509.Certificate]
    all: Sequence[x509.Certificate]

    @staticmethod
    def read(connection: Connection) -> "Trusted":
        return Trusted(
            certificates.read_trusted(connection, CertificateUse.MO_ROOT), certificates.read_trusted(connection)
        )


def contract_answerer(inquiry: Inquiry) -> Callable[[StationContext, ContractPresented], Awaitable[ContractReply]]:
    async def answer_contract(ctx: StationContext, report: ContractPresented) -> ContractReply:
        """The certificate first: a token whose certificate is not good is not looked up."""
        if not ctx.recall(certificates.budget).take(ctx, max(1, len(report.questions))):
            return rules.refused(ContractVerdict.NONE_AVAILABLE)
        trusted = await ctx.database.read(Trusted.read)
        judged = await judge(inquiry, report, trusted, ctx.now)
        if judged.verdict is not ContractVerdict.ACCEPTED:
            is_news = judged.is_suspect or judged.verdict in _WORTH_TELLING
            if is_news and ctx.recall(certificates.budget).may_tell(ctx):
                text = f"{ctx.station_id} was shown a charging contract that is not good: {judged.why}"
                ctx.work.tell(SecurityNoticed("contract_refused", ctx.now, ctx.station_id, text[:500]))
            return rules.refused(judged.verdict)
        answer = answer_authorization(ctx, AuthorizationReported(report.token))
        token = await answer if isinstance(answer, Awaitable) else answer
        return rules.together(judged.verdict, token)

    return answer_contract


async def judge(inquiry: Inquiry, report: ContractPresented, trusted: Trusted, now: datetime) -> Judged:
    """With the chain itself everything is looked at. With hashes alone the station has looked at the chain, and what
    is left is whether it hangs on a root that is trusted here, and whether any of it was revoked."""
    if report.certificate:
        return await _judge_chain(inquiry, report, trusted, now)
    if not report.questions:
        return Judged(ContractVerdict.NONE_AVAILABLE, "it shows no certificate")
    if not any(certificates.is_issuer(root, each.hash) for root in trusted.roots for each in report.questions):
        return Judged(ContractVerdict.CHAIN_ERROR, "its chain leads to no root that is trusted here")
    return await _ask(inquiry, report.questions, trusted.all, now, must_be_proven=False)


async def _judge_chain(inquiry: Inquiry, report: ContractPresented, trusted: Trusted, now: datetime) -> Judged:
    path = certificates.find_path(report.certificate, trusted.roots, now)
    if path.verdict is not ContractVerdict.ACCEPTED or path.leaf is None:
        return Judged(path.verdict, path.why)
    named = certificates.common_name(path.leaf)
    if not certificates.same_emaid(named, report.token.value):
        return Judged(ContractVerdict.CHAIN_ERROR, "its certificate is of another contract", is_suspect=True)
    told = {each.hash.key: each.responder_url for each in report.questions}
    questions: list[OcspQuestion] = []
    for certificate, issuer in path.links:
        hash_ = certificates.hash_of(certificate, issuer)
        url = certificates.responder_of(certificate) or told.get(hash_.key, "")
        if not url:
            return Judged(ContractVerdict.CHAIN_ERROR, "a certificate in its chain names nobody to ask about it")
        questions.append(OcspQuestion(hash_, url))
    return await _ask(inquiry, questions, path.certificates, now, must_be_proven=True)


async def _ask(
    inquiry: Inquiry,
    questions: Sequence[OcspQuestion],
    issuers: Sequence[x509.Certificate],
    now: datetime,
    *,
    must_be_proven: bool,
) -> Judged:
    reasons: list[str] = []

    async def state(question: OcspQuestion) -> CertificateState:
        try:
            word = await inquiry.ask(question, issuers, now)
        except NoWord as error:
            reasons.append(error.reason)
            return CertificateState.FAILED
        if must_be_proven and not word.is_proven:
            reasons.append("what the responder says is not proven")
            return CertificateState.FAILED
        return word.state

    verdict = rules.verdict_of(await asyncio.gather(*map(state, questions)))
    match verdict:
        case ContractVerdict.ACCEPTED:
            return Judged(verdict)
        case ContractVerdict.REVOKED:
            return Judged(verdict, "a certificate in its chain was revoked")
        case _:
            return Judged(verdict, reasons[0] if reasons else "nobody vouches for a certificate in its chain")


# ---- contracts for vehicles


def _no_desks(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Desk]:
    return {}


desks = Memory(_no_desks, Desk)


def ev_certificate_answerer(
    pool: Pool | None,
) -> Callable[[StationContext, EvCertificateAsked], Awaitable[EvCertificateReply]]:
    async def answer_ev_certificate(ctx: StationContext, report: EvCertificateAsked) -> EvCertificateReply:
        if not ctx.recall(certificates.budget).take(ctx, 1):
            return EvCertificateReply(reason=certificates.TOO_MANY)
        began = perf_counter()
        reply, outcome = await _fetched(pool, report)
        _keep(ctx, report, reply, outcome, round((perf_counter() - began) * 1000))
        return reply

    return answer_ev_certificate


async def _fetched(pool: Pool | None, report: EvCertificateAsked) -> tuple[EvCertificateReply, Outcome]:
    if pool is None:
        reason = "no pool of charging contracts is configured: see contract_pool_url"
        return EvCertificateReply(reason=reason), Outcome.REFUSED
    if not report.exi or len(report.exi) > LONGEST_EXI or not certificates.is_base64(report.exi):
        return EvCertificateReply(reason="the vehicle's message is not base64"), Outcome.REFUSED
    try:
        contract = await pool.fetch(report)
    except NoContract as error:
        return EvCertificateReply(reason=error.reason), Outcome.FAILED
    return EvCertificateReply(contract.exi, remaining=contract.remaining), Outcome.GIVEN


def _keep(
    ctx: StationContext, report: EvCertificateAsked, reply: EvCertificateReply, outcome: Outcome, took_ms: int
) -> None:
    """That it was asked and what came of it, without what passed; in part, where a station asks too often."""
    if not ctx.recall(desks).at(ctx.now).take(ctx.now):
        return
    ctx.work.write(
        store.ADD,
        ctx.station_id,
        ctx.message_id[:36],
        ctx.now,
        report.action.value,
        plain(report.schema_version, 100),
        outcome.value,
        plain(reply.reason, 300),
        took_ms,
    )
