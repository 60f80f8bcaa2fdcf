"""What stations want to know about certificates: their own, to show to vehicles, and those of vehicles."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from voltloom.domain.certificate import CertificateState, StatusAnswer
from voltloom.domain.ids import StationId
from voltloom.domain.reports import ChainStatusAsked, ChainStatusReply, OcspAsked, OcspReply
from voltloom.features.certificates.inquiry import Inquiry, response_text
from voltloom.features.certificates.revocation import NoWord
from voltloom.features.certificates.trust import read_trusted
from voltloom.features.feature import Memory, StationContext

MOST_AT_ONCE = 60.0
EVERY_S = 1.0
TOO_MANY = "it asks about certificates too fast: try again in a minute"


@dataclass(slots=True)
class Budget:
    """How many questions to the outside a station may cause: many at once, then one a second."""

    left: float = MOST_AT_ONCE
    as_of_s: float = 0.0
    told_s: float = 0.0

    def take(self, ctx: StationContext, count: int) -> bool:
        now_s = ctx.now.timestamp()
        self.left = min(MOST_AT_ONCE, self.left + max(0.0, now_s - self.as_of_s) / EVERY_S)
        self.as_of_s = max(self.as_of_s, now_s)
        if self.left < count:
            return False
        self.left -= count
        return True

    def may_tell(self, ctx: StationContext) -> bool:
        """Security events are kept for long: of one station, one a minute will do."""
        now_s = ctx.now.timestamp()
        if now_s < self.told_s + 60:
            return False
        self.told_s = now_s
        return True


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Budget]:
    return {}


budget = Memory(_load, Budget)


def status_answerer(inquiry: Inquiry) -> Callable[[StationContext, OcspAsked], Awaitable[OcspReply]]:
    async def answer_status(ctx: StationContext, report: OcspAsked) -> OcspReply:
        """The responder's own signed answer: the station, and the vehicle it is shown to, read it themselves."""
        if not ctx.recall(budget).take(ctx, 1):
            return OcspReply(reason=TOO_MANY)
        issuers = await ctx.database.read(read_trusted)
        try:
            word = await inquiry.ask(report.question, issuers, ctx.now)
        except NoWord as error:
            return OcspReply(reason=error.reason)
        return OcspReply(response_text(word))

    return answer_status


def chain_answerer(inquiry: Inquiry) -> Callable[[StationContext, ChainStatusAsked], Awaitable[ChainStatusReply]]:
    async def answer_chain(ctx: StationContext, report: ChainStatusAsked) -> ChainStatusReply:
        if not ctx.recall(budget).take(ctx, len(report.questions)):
            later = ctx.now + timedelta(minutes=1)
            return ChainStatusReply(
                tuple(StatusAnswer(question, CertificateState.FAILED, later) for question in report.questions)
            )
        issuers = await ctx.database.read(read_trusted)
        return ChainStatusReply(await inquiry.ask_all(report.questions, issuers, ctx.now))

    return answer_chain
