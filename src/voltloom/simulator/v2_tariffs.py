"""The tariffs that a 2.1 station keeps, what it reckons by them, and what it is told of costs.

It knows prices without conditions only, as stations may (TariffCostCtrlr.ConditionsSupported[Tariff] is false).
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from math import inf
from typing import Any

from voltloom.domain.transaction import StopReason
from voltloom.simulator.evse import Transaction
from voltloom.simulator.meter import stamp
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload

_ACCEPTED: Payload = {"status": "Accepted"}
_RATES = ("energy", "chargingTime", "idleTime", "fixedFee")
_CENT = Decimal("0.01")
_MOST_DRIVERS = 100


class Tariffs2:
    """defaults   by EVSE
    of_driver, of_transaction   by token, and by transaction
    costs         what it was told that transactions cost so far
    locked_until  by EVSE: somebody pays on the web
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        self.defaults: dict[int, Payload] = {}
        self.of_driver: dict[str, Payload] = {}
        self.of_transaction: dict[str, Payload] = {}
        self.costs: dict[str, float] = {}
        self.locked_until: dict[int, float] = {}

    # ---- being asked

    def cost_updated(self, payload: Payload) -> Payload:
        self.costs[payload["transactionId"]] = payload["totalCost"]
        tx = self._station.find(payload["transactionId"])
        if tx is not None and payload["totalCost"] >= tx.limit.get("maxCost", inf):
            number = tx.evse.number
            self._station.while_up(
                0.0, lambda: self._station.end(number, StopReason.LOCAL_OUT_OF_CREDIT, "CostLimitReached")
            )
        return {}

    def set_default(self, payload: Payload) -> Payload:
        tariff: Payload = payload["tariff"]
        if _is_conditional(tariff):
            return {"status": "ConditionNotSupported"}
        number: int = payload["evseId"]
        evses = [number] if number else [evse.number for evse in self._station.evses]
        evses = [self._station.known(each).number for each in evses]
        if any(kept["tariffId"] == tariff["tariffId"] for kept in self.defaults.values()):
            return {"status": "DuplicateTariffId"}
        self.defaults.update(dict.fromkeys(evses, tariff))
        return _ACCEPTED

    def change(self, payload: Payload) -> Payload:
        tx = self._station.find(payload["transactionId"])
        if tx is None:
            return {"status": "TxNotFound"}
        tariff: Payload = payload["tariff"]
        if _is_conditional(tariff):
            return {"status": "ConditionNotSupported"}
        before = self._of(tx)
        if before is not None and before["currency"] != tariff["currency"]:
            return {"status": "NoCurrencyChange"}
        self.of_transaction[tx.id] = tariff
        return _ACCEPTED

    def report(self, payload: Payload) -> Payload:
        number: int = payload["evseId"]
        places: dict[str, list[int]] = {}
        for evse, tariff in self.defaults.items():
            if number in (0, evse):
                places.setdefault(tariff["tariffId"], []).append(evse)
        found: list[Payload] = [
            {"tariffId": tariff_id, "tariffKind": "DefaultTariff", "evseIds": evses}
            for tariff_id, evses in places.items()
        ]
        found += [
            {"tariffId": tariff["tariffId"], "tariffKind": "DriverTariff", "idTokens": [token]}
            for token, tariff in self.of_driver.items()
        ]
        return _ACCEPTED | {"tariffAssignments": found} if found else {"status": "NoTariff"}

    def clear(self, payload: Payload) -> Payload:
        wanted: list[str] | None = payload.get("tariffIds")
        number: int = payload.get("evseId", 0)
        gone = [
            evse
            for evse, tariff in self.defaults.items()
            if number in (0, evse) and (wanted is None or tariff["tariffId"] in wanted)
        ]
        cleared = {self.defaults.pop(evse)["tariffId"]: "Accepted" for evse in gone}
        results: list[Payload] = [
            {"tariffId": each, "status": cleared.get(each, "NoTariff")} for each in wanted or cleared
        ]
        return {"clearTariffsResult": results or [{"status": "NoTariff"}]}

    def web_payment(self, payload: Payload) -> Payload:
        self.locked_until[payload["evseId"]] = self._station.now + payload["timeout"]
        return {}

    # ---- reckoning

    def hear(self, token: str, tariff: Payload) -> None:
        """A driver's own. One that it cannot reckon by is left to the server."""
        if _is_conditional(tariff):
            self.of_driver.pop(token, None)
            return
        self.of_driver[token] = tariff
        if len(self.of_driver) > _MOST_DRIVERS:
            del self.of_driver[next(iter(self.of_driver))]

    def details(self, tx: Transaction, meter_wh: float) -> Payload | None:
        """What the transaction costs; None where no tariff of the station applies."""
        tariff = self._of(tx)
        if tariff is None:
            return None
        energy_wh = max(0.0, meter_wh - tx.meter_start_wh)
        seconds = max(0, round(self._station.now - tx.started_at))
        kwh, minutes = Decimal(round(energy_wh)) / 1000, Decimal(seconds) / 60
        costs: Payload = {}
        without_tax = with_tax = Decimal(0)
        # All of its time counts as charging.
        for name, shown, quantity in (
            ("energy", "energy", kwh),
            ("chargingTime", "chargingTime", minutes),
            ("fixedFee", "fixed", Decimal(1)),
        ):
            rate: Payload | None = tariff.get(name)
            if rate is None:
                continue
            net = quantity * _amount(rate)
            percent = sum((Decimal(str(tax["tax"])) for tax in rate.get("taxRates", ())), Decimal(0))
            gross = net * (1 + percent / 100)
            without_tax, with_tax = without_tax + net, with_tax + gross
            costs[shown] = {"exclTax": _cents(net), "inclTax": _cents(gross)}
        began = stamp(tx.started_at, self._station.plan.quirks.meter)
        return {
            "chargingPeriods": [{"tariffId": tariff["tariffId"], "startPeriod": began}],
            "totalCost": {
                "currency": tariff["currency"],
                "typeOfCost": "NormalCost",
                **costs,
                "total": {"exclTax": _cents(without_tax), "inclTax": _cents(with_tax)},
            },
            "totalUsage": {"energy": round(energy_wh), "chargingTime": seconds, "idleTime": 0},
        }

    def _of(self, tx: Transaction) -> Payload | None:
        own = self.of_driver.get(tx.token.value) if tx.token is not None else None
        return self.of_transaction.get(tx.id) or own or self.defaults.get(tx.evse.number)


def _is_conditional(tariff: Payload) -> bool:
    return any("conditions" in price for price in _prices(tariff))


def _prices(tariff: Payload) -> Iterator[dict[str, Any]]:
    for name in _RATES:
        rate: Payload = tariff.get(name, {})
        yield from rate.get("prices", ())


def _amount(rate: Payload) -> Decimal:
    price: Payload = rate["prices"][0]
    return next(Decimal(str(price[name])) for name in ("priceKwh", "priceMinute", "priceFixed") if name in price)


def _cents(amount: Decimal) -> float:
    return float(amount.quantize(_CENT, ROUND_HALF_UP))
