"""Payments at stations (2.1): what became of them, VAT numbers for receipts, and payments on the web."""

from collections.abc import Sequence

from voltloom.domain.reports import SettlementReported, VatNumberReported
from voltloom.features.feature import Feature, answer
from voltloom.features.payments.answers import desks, settled, vat_answerer
from voltloom.features.payments.rules import Settlement, VatValidator

__all__ = ["Settlement", "VatValidator", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.payments.api import router

    return router()


def feature(validators: Sequence[VatValidator] = ()) -> Feature:
    """validators: ask who has a VAT number of the right form; in this order."""
    return Feature(
        name="payments",
        answers=(answer(SettlementReported, settled), answer(VatNumberReported, vat_answerer(validators))),
        memories=(desks,),
        routes=_routes,
    )
