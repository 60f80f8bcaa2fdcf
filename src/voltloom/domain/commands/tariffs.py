"""What stations are told of prices and costs, and the tariffs they keep."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from voltloom.domain.commands.base import Answer, Command
from voltloom.domain.ids import TransactionId
from voltloom.domain.tariff import StationTariff, Tariff
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class ShowPrice(Command[Answer]):
    """A text for whoever showed that token. 1.6 with OCA's California pricing; 2.x tells it with the authorization."""

    token: IdToken
    text: str


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """With taxes; None where there is none."""

    per_kwh: Decimal | None = None
    per_charging_hour: Decimal | None = None
    per_idle_hour: Decimal | None = None
    fixed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ShowCost(Command[Answer]):
    """What a transaction has cost so far, with taxes. The rest is for 1.6, which shows more of it.

    meter_wh   the register; None: not known
    """

    transaction_id: TransactionId
    cost: Decimal
    at: datetime
    meter_wh: float | None = None
    idle: bool = False
    prices: UnitPrices = UnitPrices()


@dataclass(frozen=True, slots=True)
class ShowFinalCost(Command[Answer]):
    """1.6 with OCA's California pricing; 2.x is told with the answer to the end of the transaction."""

    transaction_id: TransactionId
    cost: Decimal
    text: str = ""


@dataclass(frozen=True, slots=True)
class InstallTariff(Command[Answer]):
    """What drivers pay who have no tariff of their own. evse 0: at all of them."""

    tariff: Tariff
    evse: int = 0
    valid_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeTariff(Command[Answer]):
    """Of a transaction that is under way."""

    transaction_id: TransactionId
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class TariffsAnswer:
    answer: Answer
    tariffs: tuple[StationTariff, ...] = ()


@dataclass(frozen=True, slots=True)
class ListTariffs(Command[TariffsAnswer]):
    """evse 0: of all."""

    evse: int = 0


@dataclass(frozen=True, slots=True)
class ClearedTariff:
    """tariff_id: "" where the station found none."""

    tariff_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class ClearedTariffs:
    tariffs: tuple[ClearedTariff, ...]


@dataclass(frozen=True, slots=True)
class ClearTariffs(Command[ClearedTariffs]):
    """Those tariffs, or all, at that EVSE, or at all."""

    tariff_ids: tuple[str, ...] = ()
    evse: int | None = None


@dataclass(frozen=True, slots=True)
class AnnouncePayment(Command[Answer]):
    """Somebody pays on the web for charging there: nobody else may begin meanwhile. timeout_s 0: it is off."""

    evse: int
    timeout_s: int
