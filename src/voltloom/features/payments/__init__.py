"""Payments at stations (2.1): what became of them, VAT numbers for receipts, and payments on the web."""

from collections.abc import Sequence

from voltloom.domain.reports import SettlementReported, VatNumberReported
from voltloom.features.feature import Feature, answer
from voltloom.features.payments.answers import desks, settled, vat_answerer
from voltloom.features.payments.rules import Settlement, VatValidator
from voltloom.features.payments.web import KEY
from voltloom.infra.keys import Envelope

__all__ = ["KEY", "Settlement", "VatValidator", "feature"]


def feature(envelope: Envelope, validators: Sequence[VatValidator] = ()) -> Feature:
    """envelope: for what makes the codes of stations. validators: ask who has a VAT number of the right form; in this
    order."""

    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.payments.api import router

        return router(envelope)

    return Feature(
        name="payments",
        answers=(answer(SettlementReported, settled), answer(VatNumberReported, vat_answerer(validators))),
        memories=(desks,),
        routes=routes,
    )
