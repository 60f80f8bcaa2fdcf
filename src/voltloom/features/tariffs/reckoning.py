"""What a transaction costs. Pure and exact: time in whole µs, energy in whole µWh, money in fractions until the end.

Rounding: amounts are not rounded on the way; each that is told (a dimension's, a tax's, the total) is rounded once,
half away from zero, to the smallest unit of the currency. So a sum of rounded parts may differ from the rounded total
by a unit. Energy is spread evenly between two readings of a meter. A stretch between two readings is idle where, on
average, less than 50 W flowed: a meter's standby draw is no charging.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from voltloom.domain.tariff import Conditions, Dimension, Price, Rate, Tariff, Weekday

IDLE_BELOW_W = 50
LONGEST = timedelta(days=62)
"""Of one stretch: what a broken clock makes longer has the price of its beginning."""
MOST = 10**18
MOST_WH = 1e12
"""Between two readings, and in all: more is no energy that anybody took."""
_DAYS = tuple(Weekday)
_US = timedelta(microseconds=1)
_SECOND = 1_000_000
_WH = 1_000_000
_NONE = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DECIMALS: Final[dict[str, int]] = {**dict[str, int].fromkeys(_NONE, 0), **dict[str, int].fromkeys(_THREE, 3)}
"""Of ISO 4217, where they are not two."""


class Stretch(NamedTuple):
    """Between two readings."""

    starts_at: datetime
    ends_at: datetime
    uwh: int = 0

    @property
    def us(self) -> int:
        return (self.ends_at - self.starts_at) // _US

    @property
    def power_w(self) -> Fraction:
        return Fraction(self.uwh * 3600, self.us)

    @property
    def is_idle(self) -> bool:
        return self.uwh * 3600 < IDLE_BELOW_W * self.us


@dataclass(frozen=True, slots=True)
class Amount:
    """In the smallest unit of the currency. quantity: Wh, s, or times."""

    dimension: Dimension
    quantity: int
    without_tax: int
    with_tax: int


@dataclass(frozen=True, slots=True)
class TaxAmount:
    kind: str
    percent: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class Cost:
    """In the smallest unit of the currency. bound: "min" or "max" where that is what counts, and not the sum."""

    currency: str
    without_tax: int
    with_tax: int
    amounts: tuple[Amount, ...] = ()
    taxes: tuple[TaxAmount, ...] = ()
    bound: str = ""


def decimals_of(currency: str) -> int:
    return _DECIMALS.get(currency, 2)


def to_decimal(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-decimals_of(currency))


def to_minor(amount: Fraction | Decimal, currency: str) -> int:
    """Half away from zero; no more than a column takes, whatever a meter said."""
    scaled = Fraction(amount) * 10 ** decimals_of(currency)
    whole = min(int((abs(scaled) * 2 + 1) // 2), MOST)
    return whole if scaled >= 0 else -whole


# ---- what happened


def stretches(
    readings: Iterable[tuple[datetime, float]], started_at: datetime, until: datetime, energy_wh: float | None = None
) -> list[Stretch]:
    """From readings of the energy register, in Wh. Before the first and after the last is time without energy.

    energy_wh   what was counted in all: where the readings say otherwise (a jump, an estimate), they are stretched
    """
    found: list[Stretch] = []
    at, register, pending = started_at, None, 0
    for point, reading in sorted(dict(readings).items()):
        # A register that fell was reset or exchanged: from there it is counted anew.
        if register is not None and 0 < reading - register < MOST_WH:
            pending += round((reading - register) * _WH)
        register = reading
        here = min(max(point, at), until)
        if here > at:
            found.append(Stretch(at, here, pending))
            at, pending = here, 0
    if until > at:
        found.append(Stretch(at, until, pending))
    elif pending and found:
        found[-1] = found[-1]._replace(uwh=found[-1].uwh + pending)
    return found if energy_wh is None else _stretched(found, round(min(energy_wh, MOST_WH) * _WH))


def _stretched(found: list[Stretch], uwh: int) -> list[Stretch]:
    """As they were told, in proportion; evenly over time where nothing was told."""
    counted = sum(each.uwh for each in found)
    if abs(uwh - counted) < _WH or uwh < 0:
        return found
    weights = [each.uwh if counted else each.us for each in found]
    whole, given, result = sum(weights), 0, list[Stretch]()
    for number, (each, weight) in enumerate(zip(found, weights, strict=True), 1):
        share = uwh * weight // whole if number < len(found) else uwh - given
        given += share
        result.append(each._replace(uwh=share))
    return result


# ---- what it costs


@dataclass(slots=True)
class _Sum:
    quantity: int = 0
    without_tax: Fraction = Fraction(0)


@dataclass(slots=True)
class _Progress:
    """Of the transaction so far. Microseconds and µWh."""

    us: int = 0
    charging_us: int = 0
    idle_us: int = 0
    uwh: int = 0
    sums: dict[Dimension, _Sum] = field(default_factory=dict[Dimension, _Sum])

    def add(self, dimension: Dimension, quantity: int, amount: Fraction) -> None:
        entry = self.sums.setdefault(dimension, _Sum())
        entry.quantity += quantity
        entry.without_tax += amount


def reckon(tariff: Tariff, happened: Sequence[Stretch], started_at: datetime, zone: ZoneInfo) -> Cost:
    """What it costs so far, or in all."""
    progress = _Progress()
    rates = dict(tariff.rates)
    fixed = rates.get(Dimension.FIXED)
    if fixed is not None:
        price = _price(fixed, _Moment(started_at.astimezone(zone), progress, Fraction(0)))
        if price is not None:
            progress.add(Dimension.FIXED, 1, Fraction(price.amount))
    conditions = [price.conditions for rate in rates.values() for price in rate.prices]
    for stretch in happened:
        for part in _parts(stretch, conditions, progress, zone):
            _charge(rates, part, progress, zone)
    return _total(tariff, rates, progress)


def _charge(rates: dict[Dimension, Rate], part: Stretch, progress: _Progress, zone: ZoneInfo) -> None:
    moment = _Moment(part.starts_at.astimezone(zone), progress, part.power_w)
    if part.uwh and (energy := rates.get(Dimension.ENERGY)):
        price = _price(energy, moment)
        progress.add(Dimension.ENERGY, part.uwh, _times(price, Fraction(part.uwh, 1000 * _WH)))
    dimension = Dimension.IDLE_TIME if part.is_idle else Dimension.CHARGING_TIME
    if rate := rates.get(dimension):
        progress.add(dimension, part.us, _times(_price(rate, moment), Fraction(part.us, 60 * _SECOND)))
    progress.us += part.us
    progress.uwh += part.uwh
    if part.is_idle:
        progress.idle_us += part.us
    else:
        progress.charging_us += part.us


def _times(price: Price | None, quantity: Fraction) -> Fraction:
    """No price applies: it is free."""
    return Fraction(0) if price is None else quantity * Fraction(price.amount)


def _total(tariff: Tariff, rates: dict[Dimension, Rate], progress: _Progress) -> Cost:
    currency = tariff.currency
    amounts: list[Amount] = []
    taxes: dict[tuple[str, Decimal], Fraction] = {}
    without_tax = with_tax = Fraction(0)
    for dimension, entry in sorted(progress.sums.items(), key=lambda each: list(Dimension).index(each[0])):
        gross = entry.without_tax
        for stack in sorted({tax.stack for tax in rates[dimension].taxes}):
            base = gross
            for tax in (each for each in rates[dimension].taxes if each.stack == stack):
                levied = base * Fraction(tax.percent) / 100
                key = (tax.kind, tax.percent)
                taxes[key] = taxes.get(key, Fraction(0)) + levied
                gross += levied
        without_tax += entry.without_tax
        with_tax += gross
        unit = 1 if dimension is Dimension.FIXED else _SECOND
        amounts.append(
            Amount(
                dimension,
                min(round(Fraction(entry.quantity, unit)), MOST),
                to_minor(entry.without_tax, currency),
                to_minor(gross, currency),
            )
        )
    limit, bound = _bound(tariff, with_tax)
    if limit is not None:
        # Taxes keep their share; where nothing was charged, none is known.
        scale = Fraction(limit) / with_tax if with_tax else None
        without_tax = Fraction(limit) if scale is None else without_tax * scale
        taxes = {} if scale is None else {key: amount * scale for key, amount in taxes.items()}
        with_tax = Fraction(limit)
    return Cost(
        currency,
        to_minor(without_tax, currency),
        to_minor(with_tax, currency),
        tuple(amounts),
        tuple(TaxAmount(kind, percent, to_minor(amount, currency)) for (kind, percent), amount in taxes.items()),
        bound,
    )


def _bound(tariff: Tariff, with_tax: Fraction) -> tuple[Decimal | None, str]:
    if tariff.max_cost is not None and with_tax > tariff.max_cost:
        return tariff.max_cost, "max"
    if tariff.min_cost is not None and with_tax < tariff.min_cost:
        return tariff.min_cost, "min"
    return None, ""


class _Moment(NamedTuple):
    local: datetime
    progress: _Progress
    power_w: Fraction


def _price(rate: Rate, moment: _Moment) -> Price | None:
    return next((price for price in rate.prices if _holds(price.conditions, moment)), None)


def _holds(conditions: Conditions, moment: _Moment) -> bool:
    c, local, so_far = conditions, moment.local, moment.progress
    today = local.date()
    return (
        (not c.days or _DAYS[local.weekday()] in c.days)
        and (c.from_date is None or today >= c.from_date)
        and (c.to_date is None or today < c.to_date)
        and _in_hours(c.from_time, c.to_time, local.time())
        and _between(so_far.uwh, _WH, c.min_energy_wh, c.max_energy_wh)
        and _between(moment.power_w, 1, c.min_power_w, c.max_power_w)
        and _between(so_far.us, _SECOND, c.min_s, c.max_s)
        and _between(so_far.charging_us, _SECOND, c.min_charging_s, c.max_charging_s)
        and _between(so_far.idle_us, _SECOND, c.min_idle_s, c.max_idle_s)
    )


def _between(value: Fraction | int, unit: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least * unit) and (most is None or value < most * unit)


def _in_hours(begin: time | None, end: time | None, now: time) -> bool:
    if begin is None and end is None:
        return True
    first, last = begin or time(0), end or time(0)
    if first == last:
        return True
    if last == time(0):
        return now >= first
    return first <= now < last if first < last else now >= first or now < last


def _parts(
    stretch: Stretch, conditions: Sequence[Conditions], progress: _Progress, zone: ZoneInfo
) -> Iterator[Stretch]:
    """Cut where a price may change. Yielded one by one: what comes next depends on the progress made by then."""
    left = stretch
    while left.ends_at - left.starts_at <= LONGEST:
        cut = min((each for each in _cuts(left, conditions, progress, zone) if 0 < each < left.us), default=0)
        if not cut:
            break
        middle = left.starts_at + timedelta(microseconds=cut)
        first = left.uwh * cut // left.us
        yield Stretch(left.starts_at, middle, first)
        left = Stretch(middle, left.ends_at, left.uwh - first)
    yield left


def _cuts(left: Stretch, conditions: Sequence[Conditions], progress: _Progress, zone: ZoneInfo) -> Iterator[int]:
    """Microseconds from now at which some condition begins or ceases to hold."""
    local = left.starts_at.astimezone(zone)
    for c in conditions:
        for at in (c.from_time, c.to_time):
            if at is not None:
                yield _until(local, at, left.starts_at)
        if c.days or c.from_date is not None or c.to_date is not None:
            yield _until(local, time(0), left.starts_at)
        lasting = (progress.us, c.min_s), (progress.us, c.max_s)
        if left.is_idle:
            lasting += (progress.idle_us, c.min_idle_s), (progress.idle_us, c.max_idle_s)
        else:
            lasting += (progress.charging_us, c.min_charging_s), (progress.charging_us, c.max_charging_s)
        for so_far, limit_s in lasting:
            if limit_s is not None:
                yield limit_s * _SECOND - so_far
        for limit_wh in (c.min_energy_wh, c.max_energy_wh):
            if limit_wh is not None and left.uwh > 0:
                # Rounded up: there the limit is reached.
                yield -(-(limit_wh * _WH - progress.uwh) * left.us // left.uwh)


def _until(local: datetime, at: time, now: datetime) -> int:
    """Microseconds to the next time that clocks there show `at`, whatever the season does to them."""
    for days in (0, 1, 2):
        then = datetime.combine(local.date() + timedelta(days=days), at, local.tzinfo)
        ahead = then.astimezone(now.tzinfo) - now
        if ahead > timedelta(0):
            return ahead // _US
    return 86_400 * _SECOND
