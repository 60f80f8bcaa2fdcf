"""Prices and costs in 1.6, by OCA's application note "OCPP & California Pricing Requirements": DataTransfer messages
with JSON in their text. A station that understands them has the configuration key CustomDisplayCostAndPrice at true."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from voltloom.domain.commands import Accepted, Answer, Command, ShowCost, ShowFinalCost, ShowPrice
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import TransactionId
from voltloom.protocols.ocpp.ask import ask, builtins_of
from voltloom.protocols.ocpp.exchange import Conversation
from voltloom.protocols.ocpp.times import write_time
from voltloom.protocols.ocpp.v16 import messages as m
from voltloom.protocols.ocpp.v16.inbound import id_tag
from voltloom.protocols.ocpp.version import Version

VENDOR: Final = "org.openchargealliance.costmsg"


def show_price(command: ShowPrice) -> Conversation[Answer]:
    return _send("SetUserPrice", {"idToken": id_tag(command.token), "priceText": command.text})


def show_cost(command: ShowCost) -> Conversation[Answer]:
    prices = command.prices
    charging = {"kWhPrice": prices.per_kwh, "hourPrice": prices.per_charging_hour, "flatFee": prices.fixed}
    said: dict[str, object] = {
        "transactionId": _number(command.transaction_id),
        "timestamp": write_time(command.at),
        "meterValue": round(command.meter_wh or 0),
        "cost": float(command.cost),
        "state": "Idle" if command.idle else "Charging",
        "chargingPrice": _amounts(charging),
    }
    if prices.per_idle_hour is not None:
        said["idlePrice"] = _amounts({"hourPrice": prices.per_idle_hour})
    return _send("RunningCost", said)


def show_final(command: ShowFinalCost) -> Conversation[Answer]:
    said = {"transactionId": _number(command.transaction_id), "cost": float(command.cost), "priceText": command.text}
    return _send("FinalCost", said)


def _send(message_id: str, said: Mapping[str, object]) -> Conversation[Answer]:
    request = m.DataTransferRequest(vendor_id=VENDOR, message_id=message_id, data=msgspec.json.encode(said).decode())
    builtins_of(request)
    answer = yield from ask(Version.V16, "DataTransfer", request, m.DataTransferResponse)
    accepted = answer.status is m.DataTransferStatus.ACCEPTED
    return Answer(Accepted.ACCEPTED if accepted else Accepted.REJECTED, answer.status.value)


def _amounts(prices: Mapping[str, Decimal | None]) -> dict[str, float]:
    return {name: float(amount) for name, amount in prices.items() if amount is not None}


def _number(transaction_id: TransactionId) -> int:
    """Raises Invalid."""
    try:
        return int(transaction_id)
    except ValueError:
        raise Invalid(f"transactions of OCPP 1.6 have numbers, and {transaction_id!r} is none") from None


SPEAKERS: Final[Mapping[type[Command[Any]], Callable[[Any], Conversation[Any]]]] = {
    ShowCost: show_cost,
    ShowFinalCost: show_final,
    ShowPrice: show_price,
}
