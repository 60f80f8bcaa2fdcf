"""What a transaction costs: prices, when they apply, taxes, and rounding."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltloom.domain.tariff import ALWAYS, Conditions, Dimension, Price, Rate, Tariff, Tax, Weekday
from voltloom.features.tariffs.reckoning import Cost, Stretch, decimals_of, reckon, stretches, to_decimal, to_minor

BEGAN = datetime(2030, 1, 4, 10, 0, tzinfo=UTC)  # a Friday
BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
D = Decimal


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def tariff(currency: str = "EUR", taxes: tuple[Tax, ...] = (), **prices: object) -> Tariff:
    """Each dimension by its value: an amount, or several prices."""
    limits = {name: prices.pop(name) for name in ("min_cost", "max_cost") if name in prices}
    rates = tuple(
        (Dimension(name), Rate(said if isinstance(said, tuple) else (Price(D(str(said))),), taxes))
        for name, said in prices.items()
    )
    return Tariff("T", currency, rates, **limits)  # type: ignore[arg-type]


def charged(minutes: float, kwh: float, start: float = 0) -> Stretch:
    return Stretch(at(start), at(start + minutes), round(kwh * 1_000_000_000))


def cost(of: Tariff, *happened: Stretch, zone: ZoneInfo = BERLIN) -> Cost:
    return reckon(of, happened, BEGAN, zone)


def total(of: Tariff, *happened: Stretch, zone: ZoneInfo = BERLIN) -> int:
    return cost(of, *happened, zone=zone).with_tax


def test_energy_time_and_the_session_each_have_their_price():
    priced = tariff(energy="0.45", charging_time="0.02", idle_time="0.10", fixed="1.00")
    found = cost(priced, charged(60, 10), charged(30, 0, 60))
    assert found.with_tax == 450 + 120 + 300 + 100
    assert {each.dimension: (each.quantity, each.with_tax) for each in found.amounts} == {
        Dimension.ENERGY: (10_000, 450),
        Dimension.CHARGING_TIME: (3600, 120),
        Dimension.IDLE_TIME: (1800, 300),
        Dimension.FIXED: (1, 100),
    }


def test_a_stretch_with_hardly_any_power_is_idle():
    priced = tariff(charging_time="1.00", idle_time="2.00")
    assert total(priced, charged(60, 0.049)) == 12_000
    assert total(priced, charged(60, 0.050)) == 6_000


def test_money_is_rounded_once_and_half_away_from_zero():
    # 0.333 kWh at 0.25 is 0.08325, three times 0.24975: rounded each time it would be 0.24.
    priced = tariff(energy="0.25")
    assert total(priced, charged(10, 0.333), charged(10, 0.333, 10), charged(10, 0.333, 20)) == 25
    assert total(tariff(energy="0.15"), charged(10, 0.1)) == 2  # 0.015
    assert (to_minor(D("0.005"), "EUR"), to_minor(D("-0.005"), "EUR"), to_minor(D("0.0049"), "EUR")) == (1, -1, 0)


@pytest.mark.parametrize(("currency", "decimals", "minor"), [("EUR", 2, 450), ("JPY", 0, 5), ("KWD", 3, 4500)])
def test_each_currency_has_its_own_smallest_unit(currency: str, decimals: int, minor: int):
    assert decimals_of(currency) == decimals
    assert total(tariff(currency, energy="0.45"), charged(60, 10)) == minor
    assert to_decimal(minor, currency) == D(minor).scaleb(-decimals)


def test_taxes_stack():
    taxes = (Tax("state", D("10")), Tax("city", D("5")), Tax("federal", D("20"), 1))
    found = cost(tariff("USD", taxes, fixed="100"))
    # (100 + 10 + 5) * 1.2
    assert (found.without_tax, found.with_tax) == (10_000, 13_800)
    assert {each.kind: each.amount for each in found.taxes} == {"state": 1000, "city": 500, "federal": 2300}


def test_there_is_a_least_and_a_most():
    taxes = (Tax("vat", D("25")),)
    least = cost(tariff(taxes=taxes, energy="0.40", min_cost=D("5.00")), charged(60, 1))
    assert (least.with_tax, least.without_tax, least.bound) == (500, 400, "min")
    most = cost(tariff(taxes=taxes, energy="0.40", max_cost=D("10.00")), charged(60, 100))
    assert (most.with_tax, most.without_tax, most.bound) == (1000, 800, "max")
    assert most.taxes[0].amount == 200
    between = cost(tariff(energy="0.40", min_cost=D("1.00"), max_cost=D("10.00")), charged(60, 10))
    assert (between.with_tax, between.bound) == (400, "")
    assert cost(tariff(energy="0.40", min_cost=D("1.00"))).with_tax == 100


def test_the_first_price_whose_conditions_hold_is_the_price():
    night = Price(D("0.20"), Conditions(from_time=time(22), to_time=time(6)))
    # 21:00 to 23:00 in Berlin is 20:00 to 22:00 in UTC.
    evening = Stretch(BEGAN.replace(hour=20), BEGAN.replace(hour=22), 20_000_000_000)
    assert total(tariff(energy=(night, Price(D("0.40")))), evening) == 200 + 400
    assert total(tariff(energy=(Price(D("0.40")), night)), evening) == 800
    assert total(tariff(energy=(night,)), evening) == 200


def test_days_and_dates_are_those_of_the_place():
    weekend = Conditions(days=(Weekday.SATURDAY, Weekday.SUNDAY))
    priced = tariff(energy=(Price(D("1"), weekend), Price(D("2"))))
    # Friday 22:00 to Saturday 00:00 in UTC: the second hour is Saturday in Berlin.
    late = Stretch(BEGAN.replace(hour=22), BEGAN.replace(hour=22) + timedelta(hours=2), 2_000_000_000)
    assert total(priced, late, zone=BERLIN) == 100 + 200
    assert total(priced, late, zone=LONDON) == 400
    year = tariff(
        energy=(Price(D("1"), Conditions(from_date=date(2030, 1, 5), to_date=date(2030, 1, 6))), Price(D("2")))
    )
    assert total(year, late, zone=BERLIN) == 300


def test_an_hour_that_clocks_skip_or_repeat_is_counted_as_it_lasted():
    two_to_three = Conditions(from_time=time(2), to_time=time(3))
    priced = tariff(charging_time=(Price(D("1"), two_to_three),))

    def night(month: int, day: int) -> int:
        begin = datetime(2030, month, day, tzinfo=BERLIN).astimezone(UTC)
        return total(priced, Stretch(begin, begin + timedelta(hours=6), 60_000_000_000))

    assert night(1, 4) == 60_00
    assert night(3, 31) == 0
    assert night(10, 27) == 2 * 60_00


def test_steps_of_energy_and_time_cut_a_stretch():
    first_ten = Price(D("0.50"), Conditions(max_energy_wh=10_000))
    assert total(tariff(energy=(first_ten, Price(D("0.30")))), charged(60, 25)) == 500 + 450
    grace = Price(D("0"), Conditions(max_idle_s=600))
    assert total(tariff(idle_time=(grace, Price(D("0.10")))), charged(60, 10), charged(30, 0, 60)) == 200
    long = Price(D("1.00"), Conditions(min_s=3600))
    assert total(tariff(charging_time=(long, Price(D("0.10")))), charged(90, 10)) == 600 + 3000
    half = Price(D("1.00"), Conditions(min_charging_s=1800))
    assert total(tariff(charging_time=(half,)), charged(20, 1), charged(30, 0, 20), charged(20, 1, 50)) == 1000
    fast = Price(D("0.60"), Conditions(min_power_w=50_000))
    assert total(tariff(energy=(fast, Price(D("0.40")))), charged(6, 10), charged(60, 10, 6)) == 600 + 400


def test_a_session_fee_may_depend_on_when_it_begins():
    fee = (Price(D("2"), Conditions(from_time=time(18))), Price(D("1")))
    assert total(tariff(fixed=fee)) == 100
    assert reckon(tariff(fixed=fee), (), BEGAN.replace(hour=17), BERLIN).with_tax == 200


# ---- what happened


def test_readings_become_stretches():
    found = stretches([(at(30), 1500.0), (at(0), 1000.0), (at(30), 1500.0), (at(60), 1500.0)], at(0), at(70))
    assert found == [
        Stretch(at(0), at(30), 500_000_000),
        Stretch(at(30), at(60), 0),
        Stretch(at(60), at(70), 0),
    ]


def test_a_register_that_falls_takes_nothing_away():
    found = stretches([(at(0), 900.0), (at(10), 1000.0), (at(20), 0.0), (at(30), 50.0)], at(0), at(30))
    assert [each.uwh for each in found] == [100_000_000, 0, 50_000_000]


def test_what_was_counted_is_what_is_paid():
    jumped = stretches([(at(0), 0.0), (at(30), 3000.0), (at(60), 4000.0)], at(0), at(60), 2000.0)
    assert [each.uwh for each in jumped] == [1_500_000_000, 500_000_000]
    untold = stretches([], at(0), at(60), 2000.0)
    assert untold == [Stretch(at(0), at(60), 2_000_000_000)]
    assert stretches([], at(0), at(0), 2000.0) == []


def test_readings_out_of_its_time_are_held_to_it():
    found = stretches([(at(-5), 0.0), (at(5), 100.0), (at(50), 900.0)], at(0), at(10))
    assert found == [Stretch(at(0), at(5), 100_000_000), Stretch(at(5), at(10), 800_000_000)]


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 100_000)), max_size=12),
    st.lists(st.integers(1, 599), max_size=3),
)
def test_cutting_a_stretch_changes_no_price_of_the_whole(readings, limits):
    """A price that is the same on both sides of every condition is as if it had none."""
    plain = tariff(energy="0.37", charging_time="0.07", idle_time="0.03")
    cut = Tariff(
        "T",
        "EUR",
        tuple(
            (
                dimension,
                Rate(
                    (
                        *(Price(rate.prices[0].amount, Conditions(max_s=most, max_energy_wh=most)) for most in limits),
                        Price(rate.prices[0].amount, ALWAYS),
                    )
                ),
            )
            for dimension, rate in plain.rates
        ),
    )
    happened = stretches([(at(minute), float(wh)) for minute, wh in readings], at(0), at(600))
    whole, parts = cost(plain, *happened), cost(cut, *happened)
    # A part may be idle by a rounded µWh where the whole is not, and no more.
    assert abs(whole.with_tax - parts.with_tax) <= 1
    energy = sum(each.uwh for each in happened)
    found = {each.dimension: each.quantity for each in parts.amounts}
    assert abs(found.get(Dimension.ENERGY, 0) - energy / 1_000_000) <= 1


@given(st.integers(1, 200_000), st.integers(0, 600), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_cost_is_never_less_than_nothing_and_taxes_never_make_it_less(wh, minutes, currency):
    priced = tariff(currency, (Tax("vat", D("19")),), energy="0.4567", idle_time="0.1", fixed="0.35")
    found = cost(priced, charged(minutes + 1, wh / 1000))
    assert 0 <= found.without_tax <= found.with_tax
