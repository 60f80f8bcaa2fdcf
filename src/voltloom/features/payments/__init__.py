"""Payments at stations (2.1): what became of them, VAT numbers for receipts, and payments on the web."""

from collections.abc import Sequence

from voltloom.domain.reports import SettlementReported, VatNumberReported
from voltloom.features.feature import Feature, answer
from voltloom.features.payments.answers import desks, settler, vat_answerer
from voltloom.features.payments.rules import Settlement, VatValidator, check_receipts_at
from voltloom.features.payments.web import KEY
from voltloom.infra.keys import Envelope

__all__ = ["KEY", "Settlement", "VatValidator", "check_receipts_at", "feature"]


def feature(envelope: Envelope, validators: Sequence[VatValidator] = (), receipts_at: str = "") -> Feature:
    """envelope: for what makes the codes of stations. validators: ask who has a VAT number of the right form; in this
    order. receipts_at: the address of a receipt, with placeholders; "": stations make them, or nobody.

    Raises Invalid.
    """
    if receipts_at:
        check_receipts_at(receipts_at)

    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.payments.api import router

        return router(envelope)

    return Feature(
        name="payments",
        answers=(answer(SettlementReported, settler(receipts_at)), answer(VatNumberReported, vat_answerer(validators))),
        memories=(desks,),
        routes=routes,
    )
