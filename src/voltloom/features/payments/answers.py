"""What stations tell of payments, and what they are answered."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Connection

from voltloom.domain.events import PaymentTold, SecurityNoticed
from voltloom.domain.ids import StationId
from voltloom.domain.reports import (
    Company,
    SettlementReply,
    SettlementReported,
    SettlementStatus,
    VatNumberReported,
    VatReply,
)
from voltloom.features.feature import Memory, StationContext
from voltloom.features.payments import rules, store
from voltloom.features.payments.rules import Settlement, VatValidator
from voltloom.features.stations.rules import Desk, claimed_time, plain

LOG = structlog.get_logger(__name__)
_HAVE_RECEIPTS = (SettlementStatus.SETTLED, SettlementStatus.FAILED)
"""One that failed may be settled later, by the station or by us: the receipt will be found there."""


def _load(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, Desk]:
    return {}


desks = Memory(_load, Desk)


def settler(receipts_at: str) -> Callable[[StationContext, SettlementReported], SettlementReply]:
    """receipts_at: where a receipt of ours is found, by `rules.receipt_at`; "": nowhere."""

    def answer(ctx: StationContext, report: SettlementReported) -> SettlementReply:
        _keep(ctx, report)
        if report.status in _HAVE_RECEIPTS and not (report.receipt_url or report.receipt_id):
            return SettlementReply(receipt_url=rules.receipt_at(receipts_at, ctx.station_id, report))
        return SettlementReply()

    return answer


def _keep(ctx: StationContext, report: SettlementReported) -> None:
    """As told; in part where it tells too much."""
    allowance = ctx.recall(desks).at(ctx.now)
    if not allowance.take(ctx.now):
        if allowance.refused == 1:
            text = "payments are told too fast: some are not kept"
            ctx.work.tell(SecurityNoticed("too_many_payments", ctx.now, ctx.station_id, text))
        return
    settlement = Settlement(
        number=0,
        station_id=ctx.station_id,
        psp_ref=plain(report.psp_ref, 255),
        status=report.status,
        amount=report.amount,
        at=claimed_time(report.at, ctx.now),
        heard_at=ctx.now,
        transaction_id=plain(report.transaction_id or "", 80),
        receipt_id=plain(report.receipt_id, 50),
        receipt_url=plain(report.receipt_url, 2000),
        info=plain(report.info, 500),
        vat_number=plain(report.vat_number, rules.LONGEST_VAT),
        company=None if report.company is None else _plain(report.company),
    )
    ctx.work.write(store.ADD, *store.values_of(settlement))
    ctx.work.tell(PaymentTold(ctx.station_id, settlement.transaction_id, ctx.now, settlement.status.value))


def _plain(company: Company) -> Company:
    return Company(**{name: plain(getattr(company, name), 100) for name in Company.__slots__})


def vat_answerer(
    validators: Sequence[VatValidator],
) -> Callable[[StationContext, VatNumberReported], Coroutine[Any, Any, VatReply]]:
    async def answer(ctx: StationContext, report: VatNumberReported) -> VatReply:
        """By its form; then by the first validator that knows its country. One that fails knows nothing."""
        number = rules.plain_vat(report.number)
        if why := rules.why_no_vat(number):
            return VatReply(accepted=False, reason=why)
        for validator in validators:
            try:
                found = await validator(number)
            except Exception as error:  # noqa: BLE001 - another's code: a driver waits for the receipt
                LOG.warning("a validator of VAT numbers failed", error=repr(error))
                continue
            if found is not None:
                return replace(found, reason=found.reason if not found.accepted else "")
        return VatReply(accepted=True)

    return answer
