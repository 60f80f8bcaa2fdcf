"""Charging contracts (ISO 15118, Plug & Charge): vehicles that identify themselves with one, and that get one."""

from datetime import timedelta

from voltloom.domain.reports import ContractPresented, EvCertificateAsked
from voltloom.features.certificates import Inquiry
from voltloom.features.contracts import rules, store
from voltloom.features.contracts.answers import contract_answerer, desks, ev_certificate_answerer
from voltloom.features.contracts.pool import Pool
from voltloom.features.feature import Context, Feature, answer, every
from voltloom.infra.outbound import Outbound

__all__ = ["Pool", "feature"]


async def prune(ctx: Context) -> None:
    await ctx.database.write(lambda connection, _: store.prune(connection, ctx.now - rules.KEPT))


def feature(inquiry: Inquiry | None = None, pool: Pool | None = None) -> Feature:
    """pool: None where no vehicle gets a contract here."""

    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.contracts.api import router

        return router(pool)

    return Feature(
        name="contracts",
        answers=(
            answer(ContractPresented, contract_answerer(inquiry or Inquiry(Outbound()))),
            answer(EvCertificateAsked, ev_certificate_answerer(pool)),
        ),
        tasks=(every(timedelta(hours=6), prune),),
        memories=(desks,),
        routes=routes,
    )
