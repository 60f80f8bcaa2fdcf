"""Which tariff applies, and what a tariff may be. No I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from voltloom.domain.commands import UnitPrices
from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.tariff import ALWAYS, Conditions, Dimension, Price, Tariff
from voltloom.features.tariffs import reckoning
from voltloom.features.tariffs.reckoning import Cost

MOST_PRICES = 24
MOST_TAXES = 5
MOST_AMOUNT = Decimal(1_000_000)
MOST_DECIMALS = 6
MOST_TEXTS = 10
TOLD_EVERY = timedelta(seconds=60)
"""A running cost is told no more often; a station may want it less often (TariffCostCtrlr.Interval[Cost])."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,59}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Kind(Enum):
    """What a tariff is assigned to; the later in this order counts more."""

    NETWORK = "network"
    SITE = "site"
    STATION = "station"
    TOKEN = "token"  # noqa: S105 - a kind, no secret


@dataclass(frozen=True, slots=True)
class Assignment:
    """target: "" for the network; a token in upper case."""

    kind: Kind
    target: str
    tariff_id: str
    assigned_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A tariff with who made it. It is never changed: what was billed by it refers to it."""

    tariff: Tariff
    name: str
    made_at: datetime
    actor: str
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a transaction costs, and by which tariff.

    tariff_id      "": only the station reckons
    zone           whose times of day its prices mean
    shown          its station shows running costs, and is told every so many seconds
    cost           None: not reckoned yet
    told           the amount its station was last told
    station_total  what the station reckoned itself, in the smallest unit of its currency
    """

    station_id: StationId
    transaction_id: TransactionId
    begun_at: datetime
    tariff_id: str
    zone: str = "UTC"
    shown: bool = False
    every_s: int = 60
    cost: Cost | None = None
    reckoned_at: datetime | None = None
    reckoned_to: datetime | None = None
    final: bool = False
    told: int | None = None
    told_at: datetime | None = None
    station_currency: str = ""
    station_total: int | None = None
    station_details: str | None = None

    def may_be_told(self, now: datetime) -> bool:
        if not self.shown or self.final or self.cost is None or self.told == self.cost.with_tax:
            return False
        return self.told_at is None or now - self.told_at >= max(TOLD_EVERY, timedelta(seconds=self.every_s))


@dataclass(slots=True)
class Prices:
    """Every tariff in force, and what it is assigned to."""

    tariffs: Mapping[str, Tariff] = field(default_factory=dict[str, Tariff])
    assigned: Mapping[tuple[Kind, str], str] = field(default_factory=dict[tuple[Kind, str], str])

    def applying(self, token_key: str, station_id: StationId, site_id: str | None) -> Tariff | None:
        tariff_id = (
            (self.assigned.get((Kind.TOKEN, token_key)) if token_key else None)
            or self.assigned.get((Kind.STATION, station_id))
            or (self.assigned.get((Kind.SITE, site_id)) if site_id else None)
            or self.assigned.get((Kind.NETWORK, ""))
        )
        return None if tariff_id is None else self.tariffs.get(tariff_id)

    def of_token(self, token_key: str) -> Tariff | None:
        tariff_id = self.assigned.get((Kind.TOKEN, token_key))
        return None if tariff_id is None else self.tariffs.get(tariff_id)


def check(tariff: Tariff) -> None:
    """Raises Invalid."""
    if not _ID.fullmatch(tariff.id):
        raise Invalid("a tariff's id has 1 to 60 letters, digits and . _ : -, and begins with a letter or digit")
    if not _CURRENCY.fullmatch(tariff.currency):
        raise Invalid(f"{tariff.currency!r} is no currency: give its three letters of ISO 4217, such as EUR")
    if len({dimension for dimension, _ in tariff.rates}) < len(tariff.rates):
        raise Invalid("a tariff has one rate for each dimension")
    for dimension, rate in tariff.rates:
        _check_rate(dimension, rate.prices, len(rate.taxes))
        for tax in rate.taxes:
            if not 0 <= tax.percent <= 100 or not 0 <= tax.stack < MOST_TAXES:
                raise Invalid(f"the tax {tax.kind!r} is 0 to 100 percent, with a stack of 0 to {MOST_TAXES - 1}")
            _check_digits(tax.percent)
    for limit in (tariff.min_cost, tariff.max_cost):
        if limit is not None:
            _check_amount(limit)
    if tariff.min_cost is not None and tariff.max_cost is not None and tariff.min_cost > tariff.max_cost:
        raise Invalid("min_cost is above max_cost")
    languages = [text.language.casefold() for text in tariff.texts]
    if len(languages) > MOST_TEXTS or len(set(languages)) < len(languages):
        raise Invalid(f"a tariff has at most {MOST_TEXTS} texts, each in a language of its own")


def _check_rate(dimension: Dimension, prices: tuple[Price, ...], taxes: int) -> None:
    if not 1 <= len(prices) <= MOST_PRICES or taxes > MOST_TAXES:
        raise Invalid(f"{dimension.value} has 1 to {MOST_PRICES} prices and at most {MOST_TAXES} taxes")
    for number, price in enumerate(prices, 1):
        _check_amount(price.amount)
        if price.conditions == ALWAYS and number < len(prices):
            raise Invalid(f"{dimension.value}: price {number} always applies, so those after it never do: put it last")
        if dimension is Dimension.FIXED and _lasts(price.conditions):
            raise Invalid("a fee is due when charging begins: only days, dates and times of day can be its conditions")
        _check_conditions(dimension, price.conditions)


def _lasts(conditions: Conditions) -> bool:
    c = conditions
    when = Conditions(c.days, c.from_time, c.to_time, c.from_date, c.to_date)
    return c != when


def _check_conditions(dimension: Dimension, conditions: Conditions) -> None:
    c = conditions
    pairs = (
        ("energy", c.min_energy_wh, c.max_energy_wh),
        ("power", c.min_power_w, c.max_power_w),
        ("time", c.min_s, c.max_s),
        ("charging time", c.min_charging_s, c.max_charging_s),
        ("idle time", c.min_idle_s, c.max_idle_s),
    )
    for name, least, most in pairs:
        if least is not None and most is not None and least >= most:
            raise Invalid(f"{dimension.value}: a condition's least {name} is not below its most")
    if c.from_date is not None and c.to_date is not None and c.from_date >= c.to_date:
        raise Invalid(f"{dimension.value}: a condition's dates end before they begin")
    if any(at is not None and (at.second or at.microsecond) for at in (c.from_time, c.to_time)):
        raise Invalid(f"{dimension.value}: times of day are hours and minutes")


def _check_amount(amount: Decimal) -> None:
    if not 0 <= amount <= MOST_AMOUNT:
        raise Invalid(f"an amount is 0 to {MOST_AMOUNT}, not {amount}")
    _check_digits(amount)


def _check_digits(number: Decimal) -> None:
    exponent = number.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > MOST_DECIMALS:
        raise Invalid(f"{number} has more than {MOST_DECIMALS} decimals")


def unit_prices(tariff: Tariff) -> UnitPrices:
    """Without conditions, for stations that show no more than that; with taxes."""

    def plain(dimension: Dimension, times: int = 1) -> Decimal | None:
        rate = tariff.rate(dimension)
        if rate is None:
            return None
        gross = rate.prices[-1].amount * times
        for stack in sorted({tax.stack for tax in rate.taxes}):
            gross += gross * sum((tax.percent for tax in rate.taxes if tax.stack == stack), Decimal(0)) / 100
        return gross.quantize(Decimal(1).scaleb(-MOST_DECIMALS)).normalize()

    return UnitPrices(
        plain(Dimension.ENERGY),
        plain(Dimension.CHARGING_TIME, 60),
        plain(Dimension.IDLE_TIME, 60),
        plain(Dimension.FIXED),
    )


def text_of(tariff: Tariff) -> str:
    """What a driver is shown: its first text, or its plain prices."""
    if tariff.texts:
        return tariff.texts[0].text
    prices = unit_prices(tariff)
    parts = (
        (prices.per_kwh, "/kWh"),
        (None if prices.per_charging_hour is None else prices.per_charging_hour / 60, "/min"),
        (None if prices.per_idle_hour is None else prices.per_idle_hour / 60, "/min idle"),
        (prices.fixed, " once"),
    )
    return " + ".join(f"{amount:f} {tariff.currency}{unit}" for amount, unit in parts if amount is not None)


def total_text(cost: Cost) -> str:
    return f"{reckoning.to_decimal(cost.with_tax, cost.currency):f} {cost.currency}"


def readings_of(
    samples: Sequence[Sample],
    started_at: datetime,
    ended_at: datetime | None,
    start_wh: float | None,
    stop_wh: float | None,
) -> list[tuple[datetime, float]]:
    """What is known of the energy register, with what a 1.6 start and stop say of it."""
    readings = [(each.at, each.energy_wh) for each in samples if each.energy_wh is not None]
    if start_wh is not None:
        readings.append((started_at, start_wh))
    if stop_wh is not None and ended_at is not None:
        readings.append((ended_at, stop_wh))
    return readings
