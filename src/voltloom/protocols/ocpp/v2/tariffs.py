"""Tariffs, costs and payments in 2.x: 2.0.1 is told costs, 2.1 has the rest.

Amounts are decimals here and JSON numbers on the wire, written with the digits they have.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

import msgspec

from voltloom.domain.commands import (
    Accepted,
    AnnouncePayment,
    Answer,
    ChangeTariff,
    ClearedTariff,
    ClearedTariffs,
    ClearTariffs,
    Command,
    InstallTariff,
    ListTariffs,
    ShowCost,
    TariffsAnswer,
)
from voltloom.domain.ids import TransactionId
from voltloom.domain.reports import (
    Company,
    SettlementReply,
    SettlementReported,
    SettlementStatus,
    VatNumberReported,
    VatReply,
)
from voltloom.domain.tariff import ALWAYS, Conditions, Dimension, Rate, StationCost, StationTariff, Tariff, Tax
from voltloom.domain.transaction import TransactionLimit
from voltloom.protocols.ocpp.exchange import EMPTY_RESULT, Conversation, Read, whole_number
from voltloom.protocols.ocpp.times import read_time, write_time
from voltloom.protocols.ocpp.v2 import messages_21 as m
from voltloom.protocols.ocpp.v2.display import written_content
from voltloom.protocols.ocpp.v2.gate import Gate
from voltloom.protocols.ocpp.v2.said import answer_of
from voltloom.protocols.ocpp.wire import write

MOST: Final = 1e12
LONGEST_DETAILS: Final = 20_000
"""Characters of a station's own cost breakdown; the message log has all of it."""


# ---- what we say


def show_cost(gate: Gate, command: ShowCost) -> Conversation[Answer]:
    request = m.CostUpdatedRequest(total_cost=float(command.cost), transaction_id=command.transaction_id)
    yield from gate.ask("CostUpdated", request, m.CostUpdatedResponse)
    return _DONE


_DONE: Final = Answer(Accepted.ACCEPTED, "Accepted")
"""What an empty answer comes down to."""


def install(gate: Gate, command: InstallTariff) -> Conversation[Answer]:
    tariff = written_tariff(command.tariff)
    tariff.valid_from = None if command.valid_from is None else write_time(command.valid_from)
    request = m.SetDefaultTariffRequest(evse_id=command.evse, tariff=tariff)
    answer = yield from gate.ask("SetDefaultTariff", request, m.SetDefaultTariffResponse)
    return answer_of(answer.status, answer.status_info)


def change(gate: Gate, command: ChangeTariff) -> Conversation[Answer]:
    request = m.ChangeTransactionTariffRequest(
        tariff=written_tariff(command.tariff), transaction_id=command.transaction_id
    )
    answer = yield from gate.ask("ChangeTransactionTariff", request, m.ChangeTransactionTariffResponse)
    return answer_of(answer.status, answer.status_info)


def list_tariffs(gate: Gate, command: ListTariffs) -> Conversation[TariffsAnswer]:
    """NoTariff is no refusal: it has none."""
    request = m.GetTariffsRequest(evse_id=command.evse)
    answer = yield from gate.ask("GetTariffs", request, m.GetTariffsResponse)
    said = answer_of(answer.status, answer.status_info)
    if answer.status == "NoTariff":
        said = Answer(Accepted.ACCEPTED, said.status, said.reason, said.detail)
    return TariffsAnswer(said, tuple(_assignment(each) for each in answer.tariff_assignments or ()))


def _assignment(said: m.TariffAssignment) -> StationTariff:
    return StationTariff(
        said.tariff_id,
        said.tariff_kind.value,
        tuple(said.evse_ids or ()),
        tuple(said.id_tokens or ()),
        None if said.valid_from is None else read_time(said.valid_from),
    )


def clear(gate: Gate, command: ClearTariffs) -> Conversation[ClearedTariffs]:
    request = m.ClearTariffsRequest(tariff_ids=list(command.tariff_ids) or None, evse_id=command.evse)
    answer = yield from gate.ask("ClearTariffs", request, m.ClearTariffsResponse)
    return ClearedTariffs(
        tuple(
            ClearedTariff(each.tariff_id or "", answer_of(each.status, each.status_info))
            for each in answer.clear_tariffs_result
        )
    )


def announce(gate: Gate, command: AnnouncePayment) -> Conversation[Answer]:
    request = m.NotifyWebPaymentStartedRequest(evse_id=command.evse, timeout=command.timeout_s)
    yield from gate.ask("NotifyWebPaymentStarted", request, m.NotifyWebPaymentStartedResponse)
    return _DONE


# ---- a tariff as 2.1 writes it


def written_tariff(tariff: Tariff) -> m.Tariff:
    return m.Tariff(
        tariff_id=tariff.id,
        currency=tariff.currency,
        energy=_energy(tariff.rate(Dimension.ENERGY)),
        charging_time=_time(tariff.rate(Dimension.CHARGING_TIME)),
        idle_time=_time(tariff.rate(Dimension.IDLE_TIME)),
        fixed_fee=_fixed(tariff.rate(Dimension.FIXED)),
        min_cost=_limit(tariff.min_cost),
        max_cost=_limit(tariff.max_cost),
        description=[written_content(text) for text in tariff.texts] or None,
    )


def _energy(rate: Rate | None) -> m.TariffEnergy | None:
    if rate is None:
        return None
    prices = [
        m.TariffEnergyPrice(price_kwh=float(price.amount), conditions=_conditions(price.conditions))
        for price in rate.prices
    ]
    return m.TariffEnergy(prices=prices, tax_rates=_taxes(rate.taxes))


def _time(rate: Rate | None) -> m.TariffTime | None:
    if rate is None:
        return None
    prices = [
        m.TariffTimePrice(price_minute=float(price.amount), conditions=_conditions(price.conditions))
        for price in rate.prices
    ]
    return m.TariffTime(prices=prices, tax_rates=_taxes(rate.taxes))


def _fixed(rate: Rate | None) -> m.TariffFixed | None:
    if rate is None:
        return None
    prices = [
        m.TariffFixedPrice(price_fixed=float(price.amount), conditions=_conditions_of_a_fee(price.conditions))
        for price in rate.prices
    ]
    return m.TariffFixed(prices=prices, tax_rates=_taxes(rate.taxes))


def _limit(amount: Decimal | None) -> m.Price | None:
    return None if amount is None else m.Price(incl_tax=float(amount))


def _taxes(taxes: Iterable[Tax]) -> list[m.TaxRate] | None:
    return [m.TaxRate(type=tax.kind, tax=float(tax.percent), stack=tax.stack or None) for tax in taxes] or None


def _when(conditions: Conditions) -> dict[str, Any]:
    c = conditions
    return {
        "day_of_week": [m.DayOfWeekEnum(day.value) for day in c.days] or None,
        "start_time_of_day": None if c.from_time is None else f"{c.from_time:%H:%M}",
        "end_time_of_day": None if c.to_time is None else f"{c.to_time:%H:%M}",
        "valid_from_date": None if c.from_date is None else c.from_date.isoformat(),
        "valid_to_date": None if c.to_date is None else c.to_date.isoformat(),
    }


def _conditions(conditions: Conditions) -> m.TariffConditions | None:
    c = conditions
    if c == ALWAYS:
        return None
    return m.TariffConditions(
        **_when(c),
        min_energy=c.min_energy_wh,
        max_energy=c.max_energy_wh,
        min_power=c.min_power_w,
        max_power=c.max_power_w,
        min_time=c.min_s,
        max_time=c.max_s,
        min_charging_time=c.min_charging_s,
        max_charging_time=c.max_charging_s,
        min_idle_time=c.min_idle_s,
        max_idle_time=c.max_idle_s,
    )


def _conditions_of_a_fee(conditions: Conditions) -> m.TariffConditionsFixed | None:
    return None if conditions == ALWAYS else m.TariffConditionsFixed(**_when(conditions))


# ---- what stations say


def read_cost(details: m.CostDetails) -> StationCost:
    """Where it is too long to be kept, without its periods."""
    document = msgspec.json.encode(details)
    if len(document) > LONGEST_DETAILS:
        details.charging_periods = None
        document = msgspec.json.encode(details)
    total = details.total_cost.total.incl_tax
    if details.failure_to_calculate or (total is not None and abs(total) >= MOST):
        total = None
    return StationCost(
        details.total_cost.currency,
        None if total is None else _amount(total),
        document.decode() if len(document) <= LONGEST_DETAILS else "",
    )


def read_limit(limit: m.TransactionLimit) -> TransactionLimit:
    """What no limit can be, is none."""
    cost, energy, time = limit.max_cost, limit.max_energy, limit.max_time
    return TransactionLimit(
        max_cost=None if cost is None or not 0 <= cost < MOST else _amount(cost),
        max_energy_wh=None if energy is None or not 0 <= energy < MOST else energy,
        max_time_s=None if time is None or not 0 <= time < 2**31 else time,
        max_soc_percent=limit.max_soc,
    )


def written_limit(limit: TransactionLimit) -> m.TransactionLimit:
    return m.TransactionLimit(
        max_cost=None if limit.max_cost is None else float(limit.max_cost),
        max_energy=limit.max_energy_wh,
        max_time=limit.max_time_s,
        max_soc=limit.max_soc_percent,
    )


def _amount(number: float) -> Decimal:
    """The digits that were written: the shortest that give this number."""
    return Decimal(repr(number))


def settled(gate: Gate, message: m.NotifySettlementRequest, heard_at: datetime) -> Read:
    company = message.vat_company
    report = SettlementReported(
        message.psp_ref,
        SettlementStatus(message.status.value),
        _amount(message.settlement_amount),
        read_time(message.settlement_time),
        TransactionId(message.transaction_id) if message.transaction_id else None,
        message.receipt_id or "",
        message.receipt_url or "",
        message.status_info or "",
        message.vat_number or "",
        None if company is None else _company(company),
    )
    return Read((report,), _write_settlement)


def _company(address: m.Address) -> Company:
    return Company(
        address.name,
        address.address1,
        address.city,
        address.country,
        address.address2 or "",
        address.postal_code or "",
    )


def _write_settlement(reply: SettlementReply) -> bytes:
    if not reply.receipt_id and not reply.receipt_url:
        return EMPTY_RESULT
    return write(m.NotifySettlementResponse(receipt_id=reply.receipt_id or None, receipt_url=reply.receipt_url or None))


def vat_number(gate: Gate, message: m.VatNumberValidationRequest, heard_at: datetime) -> Read:
    evse = None if message.evse_id is None else whole_number(message.evse_id, "evseId")
    return Read((VatNumberReported(message.vat_number, evse),), partial(_write_vat, message))


def _write_vat(message: m.VatNumberValidationRequest, reply: VatReply) -> bytes:
    company = reply.company
    return write(
        m.VatNumberValidationResponse(
            vat_number=message.vat_number,
            evse_id=message.evse_id,
            status=m.GenericStatusEnum.ACCEPTED if reply.accepted else m.GenericStatusEnum.REJECTED,
            status_info=m.StatusInfo(reason_code="InvalidValue", additional_info=reply.reason[:1024])
            if reply.reason
            else None,
            company=None
            if company is None
            else m.Address(
                name=company.name[:50],
                address1=company.address1[:100],
                address2=company.address2[:100] or None,
                city=company.city[:100],
                postal_code=company.postal_code[:20] or None,
                country=company.country[:50],
            ),
        )
    )


READERS: Final[Mapping[str, Callable[[Gate, Any, datetime], Read]]] = {
    "NotifySettlement": settled,
    "VatNumberValidation": vat_number,
}
"""Of 2.1."""
SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    ShowCost: show_cost,
}
SPEAKERS_21: Final[Mapping[type[Command[Any]], Callable[[Gate, Any], Conversation[Any]]]] = {
    AnnouncePayment: announce,
    ChangeTariff: change,
    ClearTariffs: clear,
    InstallTariff: install,
    ListTariffs: list_tariffs,
}
