"""What the API takes and gives about tariffs and costs. Amounts are decimals as texts, in the currency's main unit."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.domain.commands import ClearedTariff
from voltloom.domain.display import Content, MessageFormat
from voltloom.domain.ids import JsonText
from voltloom.domain.tariff import Conditions, Dimension, Price, Rate, StationTariff, Tariff, Tax, Weekday
from voltloom.features.api import Body
from voltloom.features.stations.documents import AnswerOut
from voltloom.features.tariffs import reckoning, rules
from voltloom.features.tariffs.reckoning import Cost
from voltloom.features.tariffs.rules import Account, Assignment, Kind, Listed

Amount = Annotated[Decimal, Field(ge=0, le=rules.MOST_AMOUNT, max_digits=13, decimal_places=rules.MOST_DECIMALS)]
Many = Annotated[int, Field(ge=0, le=2**31 - 1)]
Line = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
TariffId = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ConditionsBody(Body):
    """All that is set must hold. From is inclusive, to exclusive; times and dates are those of the site."""

    days: list[Weekday] = Field(default=[], max_length=7)
    from_time: Clock | None = Field(default=None, examples=["22:00"])
    to_time: Clock | None = Field(default=None, description="before from_time: past midnight", examples=["06:00"])
    from_date: date | None = None
    to_date: date | None = None
    min_energy_wh: Many | None = None
    max_energy_wh: Many | None = None
    min_power_w: Many | None = None
    max_power_w: Many | None = None
    min_s: Many | None = Field(default=None, description="since the transaction began")
    max_s: Many | None = None
    min_charging_s: Many | None = None
    max_charging_s: Many | None = None
    min_idle_s: Many | None = None
    max_idle_s: Many | None = None

    def conditions(self) -> Conditions:
        said = {name: getattr(self, name) for name in Conditions.__slots__}
        said["days"] = tuple(dict.fromkeys(self.days))
        said["from_time"] = _time(self.from_time)
        said["to_time"] = _time(self.to_time)
        return Conditions(**said)

    @staticmethod
    def of(conditions: Conditions) -> "ConditionsBody":
        said = {name: getattr(conditions, name) for name in Conditions.__slots__}
        said["days"] = list(conditions.days)
        said["from_time"] = _clock(conditions.from_time)
        said["to_time"] = _clock(conditions.to_time)
        return ConditionsBody(**said)


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"


class PriceBody(Body):
    amount: Amount = Field(description="without taxes", examples=["0.45"])
    conditions: ConditionsBody = ConditionsBody()


class TaxBody(Body):
    kind: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f]+$")] = "vat"
    percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=rules.MOST_DECIMALS)]
    stack: Annotated[int, Field(ge=0, lt=rules.MOST_TAXES)] = Field(
        default=0, description="1 and more: levied on the price with the taxes below it"
    )


class RateBody(Body):
    """The first price whose conditions hold is the price; one without conditions comes last."""

    prices: Annotated[list[PriceBody], Field(min_length=1, max_length=rules.MOST_PRICES)]
    taxes: list[TaxBody] = Field(default=[], max_length=rules.MOST_TAXES)

    def rate(self) -> Rate:
        return Rate(
            tuple(Price(each.amount, each.conditions.conditions()) for each in self.prices),
            tuple(Tax(each.kind, each.percent, each.stack) for each in self.taxes),
        )

    @staticmethod
    def of(rate: Rate | None) -> "RateBody | None":
        if rate is None:
            return None
        return RateBody(
            prices=[
                PriceBody(amount=each.amount, conditions=ConditionsBody.of(each.conditions)) for each in rate.prices
            ],
            taxes=[TaxBody(kind=each.kind, percent=each.percent, stack=each.stack) for each in rate.taxes],
        )


class TextBody(Body):
    text: Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$")]
    language: Annotated[str, StringConstraints(max_length=8, pattern=r"^[A-Za-z0-9-]*$")] = ""


class TariffBody(Body):
    id: TariffId = Field(description="never another's: what was billed by it refers to it", examples=["public-2030-1"])
    name: Line = ""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(description="ISO 4217", examples=["EUR"])
    energy: RateBody | None = Field(default=None, description="a kWh")
    charging_time: RateBody | None = Field(default=None, description="a minute in which energy flows")
    idle_time: RateBody | None = Field(default=None, description="a minute in which none does")
    fixed: RateBody | None = Field(default=None, description="once, when charging begins")
    min_cost: Amount | None = Field(default=None, description="of the whole, with taxes")
    max_cost: Amount | None = None
    texts: list[TextBody] = Field(default=[], max_length=rules.MOST_TEXTS, description="for drivers")


class TariffIn(TariffBody):
    def tariff(self) -> Tariff:
        rates = tuple(
            (dimension, body.rate()) for dimension in Dimension if (body := getattr(self, dimension.value)) is not None
        )
        texts = tuple(Content(each.text, MessageFormat.UTF8, each.language) for each in self.texts)
        return Tariff(self.id, self.currency, rates, self.min_cost, self.max_cost, texts)


class TariffOut(TariffBody):
    made_at: datetime
    actor: str
    retired_at: datetime | None

    @staticmethod
    def of(listed: Listed) -> "TariffOut":
        tariff = listed.tariff
        return TariffOut(
            id=tariff.id,
            name=listed.name,
            currency=tariff.currency,
            energy=RateBody.of(tariff.rate(Dimension.ENERGY)),
            charging_time=RateBody.of(tariff.rate(Dimension.CHARGING_TIME)),
            idle_time=RateBody.of(tariff.rate(Dimension.IDLE_TIME)),
            fixed=RateBody.of(tariff.rate(Dimension.FIXED)),
            min_cost=tariff.min_cost,
            max_cost=tariff.max_cost,
            texts=[TextBody(text=each.text, language=each.language) for each in tariff.texts],
            made_at=listed.made_at,
            actor=listed.actor,
            retired_at=listed.retired_at,
        )


class AssignmentIn(Body):
    kind: Kind = Field(description="a token's counts more than a station's, that more than a site's, that than all's")
    target: Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        default="", description="the site's, station's id, or the token; empty for the network"
    )
    tariff_id: TariffId


class AssignmentOut(Body):
    kind: Kind
    target: str
    tariff_id: str
    assigned_at: datetime
    actor: str

    @staticmethod
    def of(assignment: Assignment) -> "AssignmentOut":
        return AssignmentOut(
            kind=assignment.kind,
            target=assignment.target,
            tariff_id=assignment.tariff_id,
            assigned_at=assignment.assigned_at,
            actor=assignment.actor,
        )


class AmountOut(Body):
    dimension: Dimension
    quantity: int = Field(description="Wh, seconds, or times")
    without_tax: Decimal
    with_tax: Decimal


class TaxOut(Body):
    kind: str
    percent: Decimal
    amount: Decimal


class StationCostOut(Body):
    currency: str
    total: Decimal | None = Field(description="with taxes; null: it could not reckon it")
    details: str = Field(description="what it told, as JSON")


class CostOut(Body):
    """Each amount is rounded once, half away from zero, to the smallest unit of the currency."""

    station_id: str
    transaction_id: str
    tariff_id: str = Field(description="empty: only the station reckons")
    begun_at: datetime
    final: bool
    reckoned_at: datetime | None
    currency: str
    without_tax: Decimal | None
    with_tax: Decimal | None
    amounts: list[AmountOut]
    taxes: list[TaxOut]
    bound: str = Field(description='"min" or "max", where that is what counts and not the sum')
    told: Decimal | None = Field(description="the running cost that the station was last told")
    told_at: datetime | None
    station: StationCostOut | None = Field(description="what the station reckoned itself (2.1)")

    @staticmethod
    def of(account: Account) -> "CostOut":
        cost = account.cost or Cost("", 0, 0)
        known = account.cost is not None

        def amount(minor: int | None) -> Decimal | None:
            return None if minor is None or not known else reckoning.to_decimal(minor, cost.currency)

        own = account.station_total
        return CostOut(
            station_id=account.station_id,
            transaction_id=account.transaction_id,
            tariff_id=account.tariff_id,
            begun_at=account.begun_at,
            final=account.final,
            reckoned_at=account.reckoned_at,
            currency=cost.currency,
            without_tax=amount(cost.without_tax),
            with_tax=amount(cost.with_tax),
            amounts=[
                AmountOut(
                    dimension=each.dimension,
                    quantity=each.quantity,
                    without_tax=reckoning.to_decimal(each.without_tax, cost.currency),
                    with_tax=reckoning.to_decimal(each.with_tax, cost.currency),
                )
                for each in cost.amounts
            ],
            taxes=[
                TaxOut(kind=each.kind, percent=each.percent, amount=reckoning.to_decimal(each.amount, cost.currency))
                for each in cost.taxes
            ],
            bound=cost.bound,
            told=amount(account.told),
            told_at=account.told_at,
            station=None
            if account.station_details is None
            else StationCostOut(
                currency=account.station_currency,
                total=None if own is None else reckoning.to_decimal(own, account.station_currency),
                details=JsonText(account.station_details),
            ),
        )


# ---- tariffs that stations keep


class InstallIn(Body):
    tariff_id: TariffId
    evse: Annotated[int, Field(ge=0, le=10_000)] = Field(default=0, description="0: all of them")
    valid_from: AwareDatetime | None = None


class ListIn(Body):
    evse: Annotated[int, Field(ge=0, le=10_000)] = Field(default=0, description="0: all of them")


class StationTariffOut(Body):
    tariff_id: str
    kind: str = Field(description="DefaultTariff or DriverTariff")
    evses: list[int]
    tokens: list[str]
    valid_from: datetime | None
    seen_at: datetime | None = None

    @staticmethod
    def of(said: StationTariff, seen_at: datetime | None = None) -> "StationTariffOut":
        return StationTariffOut(
            tariff_id=said.tariff_id,
            kind=said.kind,
            evses=list(said.evses),
            tokens=list(said.tokens),
            valid_from=said.valid_from,
            seen_at=seen_at,
        )


class ListedOut(Body):
    answer: AnswerOut
    tariffs: list[StationTariffOut]


class ClearIn(Body):
    tariff_ids: Annotated[list[TariffId], Field(max_length=100)] = Field(default=[], description="none: all")
    evse: Annotated[int, Field(ge=0, le=10_000)] | None = Field(default=None, description="null: all of them")


class ClearedOut(Body):
    tariff_id: str = Field(description="empty: the station found none")
    answer: AnswerOut

    @staticmethod
    def of(cleared: ClearedTariff) -> "ClearedOut":
        return ClearedOut(tariff_id=cleared.tariff_id, answer=AnswerOut.of(cleared.answer))


class ChangeIn(Body):
    tariff_id: TariffId
