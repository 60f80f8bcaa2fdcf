"""Tariffs and costs, over their routes, and what transactions make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from charging_by_hand import CARD, Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeTariff,
    ClearedTariff,
    ClearedTariffs,
    Command,
    InstallTariff,
    ShowCost,
    ShowFinalCost,
    ShowPrice,
    TariffsAnswer,
)
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import CostSettled, PriceAsked, TransactionReviewed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import AuthorizationReported, SettingsReported
from voltloom.domain.station import Setting, SettingName
from voltloom.domain.tariff import StationCost, StationTariff
from voltloom.domain.transaction import Phase
from voltloom.features.access import Role
from voltloom.features.feature import Context
from voltloom.features.tariffs import costing, store
from voltloom.features.tariffs.prices import list_of, tills
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")
TX = "b3b5f2a4-4ef2-41d3"
Story = Callable[[Api, Station], Awaitable[None]]
TARIFF = {
    "id": "public-1",
    "name": "Public",
    "currency": "EUR",
    "energy": {"prices": [{"amount": "0.40"}], "taxes": [{"kind": "vat", "percent": "25"}]},
    "idle_time": {"prices": [{"amount": "0", "conditions": {"max_idle_s": 600}}, {"amount": "0.10"}]},
    "fixed": {"prices": [{"amount": "1"}]},
    "texts": [{"text": "0.50 EUR/kWh and 1 EUR", "language": "en"}],
}


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                list_of(database).forget()
                station = await a_station(database)
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, **answers: object) -> None:
    """What the station answers, by the name of the command, from now on."""

    def answer(_: StationId, command: Command[Any]) -> object:
        return answers.get(type(command).__name__, Unreachable("silent"))

    client.network.says = answer


def asked(client: Api, kind: type[Command[Any]]) -> list[Any]:
    return [command for _, command in client.network.asked if isinstance(command, kind)]


async def priced(client: Api, kind: str = "network", target: str = "", **values: object) -> str:
    tariff = TARIFF | values
    made = await client.client.post("/tariffs", json=tariff)
    assert made.status_code == 201, made.text
    body = {"kind": kind, "target": target, "tariff_id": tariff["id"]}
    assigned = await client.client.put("/tariff-assignments", json=body)
    assert assigned.status_code == 200, assigned.text
    return str(tariff["id"])


async def shows(station: Station, *names: tuple[str, str, str, str]) -> None:
    """The station tells what it can: (component, variable, instance, value)."""
    settings = tuple(
        Setting(SettingName(component, variable, variable_instance=instance), value)
        for component, variable, instance, value in names
    )
    await station.says(SettingsReported(1, 0, False, settings))
    await station.connect()


SHOWS_COST = ("TariffCostCtrlr", "Enabled", "Cost", "true")
TAKES_TARIFFS = ("TariffCostCtrlr", "Enabled", "Tariff", "true")
SHOWS_16 = ("Other", "CustomDisplayCostAndPrice", "", "true")


async def cost(client: Api, transaction_id: str = TX) -> dict[str, Any]:
    found = await client.get(f"/transactions/CP-7/{transaction_id}/cost")
    assert found.status_code == 200, found.text
    return found.json()


def context(client: Api, station: Station) -> Context:
    return Context(client.database, client.network, station.now, Work())


async def charge(
    station: Station, *, minutes: int = 60, wh: float = 10_000, token: Any = CARD, end: bool = True
) -> Any:
    await station.tells(Phase.STARTED, TX, 0, 1000, token=token)
    station.now += timedelta(minutes=minutes)
    await station.tells(Phase.UPDATED, TX, 1, 1000 + wh)
    station.now += timedelta(minutes=30)
    return await station.tells(Phase.ENDED if end else Phase.UPDATED, TX, 2, 1000 + wh)


def test_the_end_is_answered_with_the_cost_and_it_is_kept(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        reply = await charge(station)
        # 10 kWh at 0.40 and a quarter of tax, 30 minutes idle of which 10 are free, and the fee.
        assert (reply.total_cost, reply.message) == (Decimal("8.00"), "8.00 EUR")
        found = await cost(client)
        assert (found["with_tax"], found["without_tax"], found["final"]) == ("8.00", "7.00", True)
        assert (found["tariff_id"], found["currency"], found["bound"]) == ("public-1", "EUR", "")
        assert {each["dimension"]: each["with_tax"] for each in found["amounts"]} == {
            "energy": "5.00",
            "idle_time": "2.00",
            "fixed": "1.00",
        }
        assert found["taxes"] == [{"kind": "vat", "percent": "25", "amount": "1.00"}]
        assert [(each.currency, each.with_tax) for each in station.heard(CostSettled)] == [("EUR", 800)]
        [listed] = (await client.get("/costs", station_id="CP-7")).json()["items"]
        assert listed == found
        tx = found["transaction_id"]
        for fits in (
            {"final": "true"},
            {"tariff_id": "public-1"},
            {"since": found["begun_at"]},
            {"transaction_id": tx},
        ):
            assert len((await client.get("/costs", **fits)).json()["items"]) == 1, fits
        for fits_not in (
            {"final": "false"},
            {"tariff_id": ""},
            {"until": found["begun_at"]},
            {"site_id": "nowhere"},
            {"transaction_id": "another"},
        ):
            assert (await client.get("/costs", **fits_not)).json()["items"] == [], fits_not
        # The station did not hear the answer, and says it again.
        again = await station.tells(Phase.ENDED, TX, 2, 11_000)
        assert again.total_cost == Decimal("8.00")

    play(story)


def test_where_no_tariff_applies_nothing_is_said_read_or_written(play):
    async def story(client: Api, station: Station) -> None:
        await charge(station)  # the list of tariffs is read once
        await station.tells(Phase.STARTED, "b3b5f2a4-4ef2-41d4", 0, 1000, token=CARD)
        station.waited = 0
        reply = await station.tells(Phase.ENDED, "b3b5f2a4-4ef2-41d4", 1, 2000)
        assert (reply.total_cost, reply.message, station.waited) == (None, "", 0)
        assert (await client.get("/costs")).json()["items"] == []
        assert (await client.get(f"/transactions/CP-7/{TX}/cost")).status_code == 404
        assert (await client.get("/transactions/CP-7/nobody/cost")).status_code == 404

    play(story)


def test_one_that_goes_on_is_passed_without_a_read(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        station.waited = 0
        await station.tells(Phase.UPDATED, TX, 1, 1500, at=station.now + timedelta(minutes=1))
        assert station.waited == 0

    play(story)


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ([("network", "")], "network-1"),
        ([("network", ""), ("site", "S")], "site-1"),
        ([("network", ""), ("site", "S"), ("station", "CP-7")], "station-1"),
        ([("network", ""), ("site", "S"), ("station", "CP-7"), ("token", "04a2b3")], "token-1"),
        ([("station", "CP-7"), ("token", "SOMEBODY")], "station-1"),
    ],
)
def test_the_nearest_tariff_counts(play, assigned: list[tuple[str, str]], expected: str):
    async def story(client: Api, station: Station) -> None:
        site = (await client.client.post("/sites", json={"name": "Here", "timezone": "Europe/Berlin"})).json()["id"]
        await client.client.patch("/stations/CP-7", json={"site_id": site})
        await station.connect()
        for kind, target in assigned:
            await priced(client, kind, site if target == "S" else target, id=f"{kind}-1")
        await charge(station)
        assert (await cost(client))["tariff_id"] == expected
        assert (await client.get("/tariff-assignments")).json()["items"][0]["actor"]

    play(story)


def test_a_token_that_comes_later_brings_its_tariff(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await priced(client, "token", CARD.value, id="fleet-1", energy={"prices": [{"amount": "0.20"}]}, fixed=None)
        await station.tells(Phase.STARTED, TX, 0, 1000)
        assert (await cost(client))["tariff_id"] == "public-1"
        station.now += timedelta(minutes=1)
        await station.tells(Phase.UPDATED, TX, 1, token=CARD)
        assert (await cost(client))["tariff_id"] == "fleet-1"

    play(story)


def test_what_began_keeps_its_tariff_whatever_is_assigned_later(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await priced(client, id="public-2", fixed={"prices": [{"amount": "100"}]})
        await station.connect()
        station.now += timedelta(hours=1)
        reply = await station.tells(Phase.ENDED, TX, 1, 11_000)
        assert reply.total_cost == Decimal("6.00")
        assert (await cost(client))["tariff_id"] == "public-1"

    play(story)


def test_a_running_cost_is_told_to_a_station_that_shows_it_and_not_too_often(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await shows(station, SHOWS_COST, ("TariffCostCtrlr", "Interval", "Cost", "300"))
        says(client, ShowCost=ACCEPTED)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        for minutes, number, wh in ((2, 1, 2000.0), (2, 2, 3000.0), (4, 3, 4000.0)):
            station.now += timedelta(minutes=minutes)
            await station.tells(Phase.UPDATED, TX, number, wh)
            await costing.reckon_due(context(client, station))
        assert [(each.transaction_id, each.cost) for each in asked(client, ShowCost)] == [
            (TX, Decimal("1.50")),
            (TX, Decimal("2.50")),
        ]
        found = await cost(client)
        assert (found["with_tax"], found["told"], found["final"]) == ("2.50", "2.50", False)
        # Nothing new, nothing told.
        station.now += timedelta(minutes=10)
        await costing.reckon_due(context(client, station))
        assert len(asked(client, ShowCost)) == 2

    play(story)


def test_a_station_that_does_not_hear_is_told_the_next_time(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await shows(station, SHOWS_COST)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        station.now += timedelta(minutes=2)
        await station.tells(Phase.UPDATED, TX, 1, 2000.0)
        says(client, ShowCost=TimedOut("?"))
        await costing.reckon_due(context(client, station))
        assert (await cost(client))["told"] is None
        station.now += timedelta(minutes=2)
        await station.tells(Phase.UPDATED, TX, 2, 3000.0)
        says(client, ShowCost=ACCEPTED)
        await costing.reckon_due(context(client, station))
        assert (await cost(client))["told"] == "2.00"

    play(story)


def test_one_that_ends_unheard_is_settled_by_the_clockwork(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await charge(station, end=False)
        closed = await client.client.post(f"/transactions/CP-7/{TX}/close", json={"reason": "left"})
        assert closed.status_code == 200, closed.text
        await costing.reckon_due(context(client, station))
        assert (await cost(client))["final"] is True

    play(story)


def test_what_a_person_states_is_what_is_paid(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await charge(station)
        told = TransactionReviewed(StationId("CP-7"), TransactionId(TX), station.now, "accept", "meter", 4000.0, "Ada")
        await costing.settle_again(context(client, station), told)
        found = await cost(client)
        assert (found["with_tax"], found["amounts"][0]["quantity"]) == ("5.00", 4000)

    play(story)


def test_a_station_that_reckons_itself_is_heard(play):
    async def story(client: Api, station: Station) -> None:
        own = StationCost("EUR", Decimal("3.21"), '{"totalCost":{"currency":"EUR"}}')
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        reply = await station.tells(Phase.ENDED, TX, 1, 2000, cost=own, at=station.now + timedelta(minutes=5))
        assert reply.total_cost is None
        found = await cost(client)
        assert (found["tariff_id"], found["with_tax"]) == ("", None)
        assert found["station"] == {"currency": "EUR", "total": "3.21", "details": own.document}

    play(story)


def test_beside_ours_the_stations_own_cost_stands(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        own = StationCost("EUR\x00", None, "")
        station.now += timedelta(hours=1)
        reply = await station.tells(Phase.ENDED, TX, 1, 11_000, cost=own)
        assert reply.total_cost is None
        found = await cost(client)
        assert (found["with_tax"], found["station"]["total"]) == ("6.00", None)

    play(story)


# ---- 1.6 with California pricing


def test_a_16_station_that_can_is_told_the_price_the_cost_and_the_end(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await shows(station, SHOWS_16)
        says(client, ShowCost=ACCEPTED, ShowPrice=ACCEPTED, ShowFinalCost=ACCEPTED)
        await station.says(AuthorizationReported(CARD))
        [told] = station.heard(PriceAsked)
        await costing.show_price(context(client, station), told)
        [price] = asked(client, ShowPrice)
        assert (price.token.value, price.text) == (CARD.value, "0.50 EUR/kWh and 1 EUR")
        started = await station.starts()
        station.now += timedelta(minutes=10)
        await station.meters(started.transaction_id, 3_000)
        await costing.reckon_due(context(client, station))
        [running] = asked(client, ShowCost)
        assert (running.cost, running.meter_wh, running.idle) == (Decimal("2.00"), 3_000, False)
        assert (running.prices.per_kwh, running.prices.fixed) == (Decimal("0.5"), Decimal(1))
        station.now += timedelta(minutes=10)
        await station.stops(started.transaction_id, 5_000)
        [settled] = station.heard(CostSettled)
        await costing.show_final(context(client, station), settled)
        [final] = asked(client, ShowFinalCost)
        assert (final.transaction_id, final.cost, final.text) == (started.transaction_id, Decimal("3.00"), "3.00 EUR")

    play(story)


def test_a_station_that_cannot_is_told_nothing(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await station.says(AuthorizationReported(CARD))
        assert station.heard(PriceAsked) == []
        started = await station.starts()
        station.now += timedelta(minutes=10)
        await station.meters(started.transaction_id, 3_000)
        await costing.reckon_due(context(client, station))
        await station.stops(started.transaction_id, 5_000)
        await costing.show_final(context(client, station), station.heard(CostSettled)[0])
        assert client.network.asked == []

    play(story)


# ---- prices with the authorization


def test_a_driver_is_told_the_price_and_a_station_that_reckons_the_drivers_tariff(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        told = await station.says(AuthorizationReported(CARD))
        assert (told.message, told.tariff) == ("0.50 EUR/kWh and 1 EUR", None)
        await priced(client, "token", CARD.value, id="fleet-1", texts=[])
        told = await station.says(AuthorizationReported(CARD))
        assert (told.message, told.tariff) == ("0.5 EUR/kWh + 0.1 EUR/min idle + 1 EUR once", None)
        await shows(station, TAKES_TARIFFS)
        told = await station.says(AuthorizationReported(CARD))
        assert told.tariff is not None
        assert told.tariff.id == "fleet-1"

    play(story)


# ---- tariffs, as they are kept


def test_a_tariff_is_read_as_it_was_made_and_never_changed(play):
    async def story(client: Api, _: Station) -> None:
        conditions = {
            "days": ["Saturday", "Sunday"],
            "from_time": "22:00",
            "to_time": "06:00",
            "from_date": "2030-01-01",
            "to_date": "2031-01-01",
            "min_energy_wh": 100,
            "max_power_w": 50_000,
        }
        made = TARIFF | {
            "charging_time": {"prices": [{"amount": "0.02", "conditions": conditions}]},
            "min_cost": "0.50",
            "max_cost": "99.95",
        }
        assert (await client.client.post("/tariffs", json=made)).status_code == 201
        found = (await client.get("/tariffs/public-1")).json()
        price = found["charging_time"]["prices"][0]
        assert {name: value for name, value in price["conditions"].items() if value} == conditions
        assert (price["amount"], found["min_cost"], found["max_cost"]) == ("0.02", "0.50", "99.95")
        assert found["energy"]["taxes"] == [{"kind": "vat", "percent": "25", "stack": 0}]
        again = await client.client.post("/tariffs", json=made)
        assert (again.status_code, "another id" in again.text) == (409, True)
        assert (await client.get("/tariffs/nobody")).status_code == 404

    play(story)


def test_a_tariff_that_is_assigned_cannot_be_retired_and_one_that_is_cannot_be_assigned(play):
    async def story(client: Api, _: Station) -> None:
        await priced(client)
        assert (await client.client.post("/tariffs/public-1/retire")).status_code == 409
        assert (await client.client.delete("/tariff-assignments?kind=network")).status_code == 204
        assert (await client.client.delete("/tariff-assignments?kind=network")).status_code == 404
        assert (await client.client.post("/tariffs/public-1/retire")).json()["retired_at"]
        refused = await client.client.put("/tariff-assignments", json={"kind": "network", "tariff_id": "public-1"})
        assert (refused.status_code, "is retired" in refused.text) == (409, True)
        assert (await client.get("/tariffs")).json()["items"] == []
        assert len((await client.get("/tariffs", retired=True)).json()["items"]) == 1

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"currency": "eur"}, "pattern"),
        ({"energy": {"prices": []}}, "at least 1 item"),
        ({"energy": {"prices": [{"amount": "-1"}]}}, "greater than or equal to 0"),
        ({"energy": {"prices": [{"amount": "0.1234567"}]}}, "decimal places"),
        ({"energy": {"prices": [{"amount": "1"}, {"amount": "2"}]}}, "put it last"),
        ({"fixed": {"prices": [{"amount": "1", "conditions": {"min_energy_wh": 1}}]}}, "a fee is due"),
        ({"energy": {"prices": [{"amount": "1", "conditions": {"min_s": 9, "max_s": 9}}]}}, "not below its most"),
        ({"min_cost": "2", "max_cost": "1"}, "above max_cost"),
        ({"texts": [{"text": "a"}, {"text": "b"}]}, "a language of its own"),
        ({"energy": {"prices": [{"amount": "1", "conditions": {"from_time": "24:00"}}]}}, "pattern"),
        ({"id": "no spaces"}, "pattern"),
        ({"sign": "x"}, "Extra inputs"),
    ],
)
def test_what_is_no_tariff_is_refused_with_the_reason(play, wrong: dict[str, object], why: str):
    async def story(client: Api, _: Station) -> None:
        refused = await client.client.post("/tariffs", json=TARIFF | wrong)
        assert refused.status_code in (400, 422), refused.text
        assert why in refused.text

    play(story)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "station", "target": "nobody", "tariff_id": "public-1"},
        {"kind": "site", "target": "nowhere", "tariff_id": "public-1"},
        {"kind": "network", "tariff_id": "nothing"},
    ],
)
def test_what_is_not_there_has_no_tariff(play, body: dict[str, str]):
    async def story(client: Api, _: Station) -> None:
        await client.client.post("/tariffs", json=TARIFF)
        assert (await client.client.put("/tariff-assignments", json=body)).status_code == 404

    play(story)


def test_who_may_only_look_prices_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.TECHNICIAN
        assert (await client.client.post("/tariffs", json=TARIFF)).status_code == 403
        assert (
            await client.client.put("/tariff-assignments", json={"kind": "network", "tariff_id": "x"})
        ).status_code == 403
        assert (await client.client.post("/stations/CP-7/tariffs", json={"tariff_id": "x"})).status_code == 403
        assert (await client.get("/tariffs")).status_code == 200

    play(story)


# ---- tariffs that stations keep (2.1)


def test_a_station_is_given_a_tariff_asked_for_its_own_and_relieved_of_them(play):
    async def story(client: Api, _: Station) -> None:
        await client.client.post("/tariffs", json=TARIFF)
        path = "/stations/CP-7/tariffs"
        says(client, InstallTariff=Answer(Accepted.REJECTED, "TooManyElements"))
        refused = (await client.client.post(path, json={"tariff_id": "public-1"})).json()
        assert (refused["outcome"], refused["status"]) == ("rejected", "TooManyElements")
        assert (await client.get(path)).json() == []
        says(client, InstallTariff=ACCEPTED)
        body = {"tariff_id": "public-1", "evse": 2, "valid_from": "2030-01-01T00:00:00Z"}
        assert (await client.client.post(path, json=body)).json()["outcome"] == "accepted"
        command = asked(client, InstallTariff)[-1]
        assert (command.tariff.id, command.evse, command.valid_from) == (
            "public-1",
            2,
            datetime(2030, 1, 1, tzinfo=UTC),
        )
        [kept] = (await client.get(path)).json()
        assert (kept["tariff_id"], kept["kind"], kept["evses"]) == ("public-1", "DefaultTariff", [2])
        told = (
            StationTariff("other\x00", "DriverTariff", (1,), ("A",)),
            StationTariff("public-1", "DefaultTariff", (1, 2)),
        )
        says(client, ListTariffs=TariffsAnswer(ACCEPTED, told))
        listed = (await client.client.post(f"{path}-report", json={})).json()
        assert [each["tariff_id"] for each in listed["tariffs"]] == ["other\ufffd", "public-1"]
        assert [each["evses"] for each in (await client.get(path)).json()] == [[1], [1, 2]]
        cleared = ClearedTariffs(
            (ClearedTariff("public-1", ACCEPTED), ClearedTariff("x", Answer(Accepted.REJECTED, "NoTariff")))
        )
        says(client, ClearTariffs=cleared)
        gone = (await client.client.post(f"{path}-clear", json={"tariff_ids": ["public-1", "x"]})).json()
        assert [each["answer"]["outcome"] for each in gone] == ["accepted", "rejected"]
        assert [each["tariff_id"] for each in (await client.get(path)).json()] == ["other\ufffd"]

    play(story)


def test_a_running_transaction_gets_another_tariff(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        await client.client.post("/tariffs", json=TARIFF | {"id": "dear-1", "fixed": {"prices": [{"amount": "9"}]}})
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        path = f"/transactions/CP-7/{TX}/tariff"
        says(client, ChangeTariff=Answer(Accepted.REJECTED, "NoCurrencyChange"))
        assert (await client.client.post(path, json={"tariff_id": "dear-1"})).json()["status"] == "NoCurrencyChange"
        assert (await cost(client))["tariff_id"] == "public-1"
        says(client, ChangeTariff=ACCEPTED)
        await client.client.post(path, json={"tariff_id": "dear-1"})
        assert asked(client, ChangeTariff)[-1].transaction_id == TX
        await station.connect()
        station.now += timedelta(hours=1)
        reply = await station.tells(Phase.ENDED, TX, 1, 11_000)
        assert reply.total_cost == Decimal("14.00")
        late = await client.client.post(path, json={"tariff_id": "dear-1"})
        assert (late.status_code, "is over" in late.text) == (409, True)

    play(story)


def test_what_a_station_is_remembered_for_is_bounded(play):
    async def story(client: Api, station: Station) -> None:
        await priced(client)
        for number in range(80):
            await station.tells(Phase.STARTED, f"b3b5f2a4-4ef2-41d3-{number:03}", 0, 1000, token=None)
        assert station.memories is not None
        assert len(station.memories.of(tills).begun) == 64
        found = await client.database.read(lambda connection: store.read_open(connection, [station.id]))
        assert len(found[station.id]) == 80

    play(story)
