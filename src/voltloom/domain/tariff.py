"""What charging costs: prices, when they apply, and taxes. Amounts are decimals of the currency's main unit, no floats.

A dimension's prices are looked at in their order, and the first that applies counts: one without conditions comes last.
Times of day and dates are those of the place (OCPP 2.1 TariffConditionsType).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from voltloom.domain.display import Content


class Weekday(Enum):
    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


class Dimension(Enum):
    """What is paid for. The value names the field of 2.1's TariffType."""

    ENERGY = "energy"
    """a kWh"""
    CHARGING_TIME = "charging_time"
    """a minute in which energy flows"""
    IDLE_TIME = "idle_time"
    """a minute in which none does"""
    FIXED = "fixed"
    """once, when it begins"""


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that is set must hold. From is inclusive, to exclusive; a time of day that ends before it starts goes past
    midnight.

    min_s, max_s   since the transaction began
    """

    days: tuple[Weekday, ...] = ()
    from_time: time | None = None
    to_time: time | None = None
    from_date: date | None = None
    to_date: date | None = None
    min_energy_wh: int | None = None
    max_energy_wh: int | None = None
    min_power_w: int | None = None
    max_power_w: int | None = None
    min_s: int | None = None
    max_s: int | None = None
    min_charging_s: int | None = None
    max_charging_s: int | None = None
    min_idle_s: int | None = None
    max_idle_s: int | None = None


ALWAYS = Conditions()


@dataclass(frozen=True, slots=True)
class Price:
    """amount: without taxes; of a kWh, of a minute, or once."""

    amount: Decimal
    conditions: Conditions = ALWAYS


@dataclass(frozen=True, slots=True)
class Tax:
    """stack: 0 is levied on the price, 1 on that and the taxes of 0, and so on."""

    kind: str
    percent: Decimal
    stack: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    prices: tuple[Price, ...]
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Tariff:
    """id                   never another's: what was billed by it refers to it
    min_cost, max_cost   of the whole, with taxes
    texts                for drivers, each in a language
    """

    id: str
    currency: str
    rates: tuple[tuple[Dimension, Rate], ...] = ()
    min_cost: Decimal | None = None
    max_cost: Decimal | None = None
    texts: tuple[Content, ...] = ()

    def rate(self, dimension: Dimension) -> Rate | None:
        return next((rate for each, rate in self.rates if each is dimension), None)


@dataclass(frozen=True, slots=True)
class StationTariff:
    """A tariff that a station says it has. kind: DefaultTariff or DriverTariff."""

    tariff_id: str
    kind: str
    evses: tuple[int, ...] = ()
    tokens: tuple[str, ...] = ()
    valid_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class StationCost:
    """What a station reckoned itself (2.1), verbatim beside its total. total: None where it could not."""

    currency: str
    total: Decimal | None
    document: str
