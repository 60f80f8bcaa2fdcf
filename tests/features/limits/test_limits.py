"""What transactions are held to, at stations that do it themselves and at those that do not; and prepaid tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from charging_by_hand import CARD, CONFIG, Api, Station, a_station, charging_api
from stations_by_hand import NOW, Caller
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import Accepted, Answer, RequestStart, RequestStop, StartAnswer
from voltloom.domain.events import CostSettled, TransactionLimitChanged
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.metering import Sample
from voltloom.domain.reports import AuthorizationReported, LinkOpened
from voltloom.domain.token import AuthorizationStatus, IdToken, TokenKind
from voltloom.domain.transaction import Phase, TransactionLimit
from voltloom.features import stations
from voltloom.features.access import Role
from voltloom.features.feature import Context
from voltloom.features.limits.rules import Held as HeldTo
from voltloom.features.limits.rules import Reached, not_held_by_station, reached, shares, to_tell, with_credit
from voltloom.features.limits.service import charge_prepaid, hold, prune
from voltloom.features.limits.store import put as put_held
from voltloom.features.stations import NewStation
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

TX = "b3b5f2a4-4ef2-41d3"
PATH = f"/transactions/CP-7/{TX}/limit"
Story = Callable[[Api, Station], Awaitable[None]]


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    """CP-7, connected, which takes what it is asked for."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                await station.says(LinkOpened(NOW, "192.0.2.7", "ocpp2.1", 2, "n1"))
                client.network.says = lambda _, command: answered(command, Accepted.ACCEPTED)
                await story(client, station)

        asyncio.run(whole())

    return played


def answered(command: object, how: Accepted) -> object:
    said = Answer(how, how.value)
    return StartAnswer(said) if isinstance(command, RequestStart) else said


def asked(client: Api, kind: type) -> list[Any]:
    return [command for _, command in client.network.asked if isinstance(command, kind)]


def context(client: Api, station: Station) -> Context:
    return Context(client.database, client.network, station.now, Work())


async def held(client: Api, path: str = PATH) -> dict[str, Any]:
    """Without what is null."""
    found = await client.get(path)
    assert found.status_code == 200, found.text
    kept = {name: value for name, value in found.json().items() if value is not None}
    for name in ("wanted", "at_station"):
        if name in kept:
            kept[name] = {each: value for each, value in kept[name].items() if value is not None}
    return kept


async def put(client: Api, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await client.client.put(PATH, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_station_is_told_until_it_says_that_it_holds_it(play):
    async def story(client: Api, station: Station) -> None:
        assert (await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)).limit is None
        assert await held(client) == {"station_id": "CP-7", "transaction_id": TX, "actor": ""}
        await put(client, {"max_energy_wh": 10_000})
        await station.connect()
        wanted = TransactionLimit(max_energy_wh=10_000)
        assert (await station.tells(Phase.UPDATED, TX, 1, 1100)).limit == wanted
        assert (await station.tells(Phase.UPDATED, TX, 2, 1200)).limit == wanted
        said = TransactionLimit(max_energy_wh=10_000, max_time_s=3600)
        assert (await station.tells(Phase.UPDATED, TX, 3, 1300, limit=said)).limit is None
        assert (await station.tells(Phase.UPDATED, TX, 4, 1400)).limit is None
        found = await held(client)
        assert (found["wanted"], found["actor"]) == ({"max_energy_wh": 10_000}, "Ada")
        assert found["at_station"] == {"max_energy_wh": 10_000, "max_time_s": 3600}
        assert "told_at" in found
        assert [event.by for event in station.heard(TransactionLimitChanged)] == ["station"]
        # Another takes its place.
        await put(client, {"max_energy_wh": 5000})
        await station.connect()
        assert (await station.tells(Phase.UPDATED, TX, 5, 1500)).limit == TransactionLimit(max_energy_wh=5000)
        await station.tells(Phase.ENDED, TX, 6, 1600)
        await put(client, {"max_energy_wh": 6000}, 409)

    play(story)


def test_what_a_driver_chose_is_kept_and_not_told_back(play):
    async def story(client: Api, station: Station) -> None:
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        said = TransactionLimit(max_cost=Decimal("7.5"), max_soc_percent=80)
        assert (await station.tells(Phase.UPDATED, TX, 1, 1100, limit=said)).limit is None
        found = await held(client)
        assert found["at_station"] == {"max_cost": "7.5", "max_soc_percent": 80}
        assert "wanted" not in found

    play(story)


def test_a_start_with_a_limit_is_told_it_with_the_first_answer(play):
    async def story(client: Api, station: Station) -> None:
        body = {"token": {"value": "psp-1", "kind": "DirectPayment"}, "evse": 1, "limit": {"max_cost": "12.50"}}
        started = await client.client.post("/stations/CP-7/limited-start", json=body)
        assert started.status_code == 200, started.text
        [command] = asked(client, RequestStart)
        assert command.token == IdToken("psp-1", TokenKind.DIRECT_PAYMENT)
        await station.connect()
        begin = {"token": command.token, "remote_start_id": command.remote_start_id}
        reply = await station.tells(Phase.STARTED, TX, 0, 1000, **begin)
        assert reply.limit == TransactionLimit(max_cost=Decimal("12.50"))
        assert (await held(client))["actor"] == "Ada"
        # The next transaction is not held to it.
        await station.tells(Phase.ENDED, TX, 1, 1000)
        assert (await station.tells(Phase.STARTED, "T-2", 0, 1000, token=CARD)).limit is None

    play(story)


def test_a_limit_must_say_something_that_can_be(play):
    async def story(client: Api, station: Station) -> None:
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        for body in ({}, {"max_cost": -1}, {"max_soc_percent": 101}, {"max_time_s": "soon"}, {"max_cost": "NaN"}):
            await put(client, body, 422)
        assert (await client.get("/transactions/CP-7/none/limit")).status_code == 404
        body = {"token": {"value": "x"}, "limit": {}}
        assert (await client.client.post("/stations/CP-7/limited-start", json=body)).status_code == 422
        assert (
            await client.client.post("/stations/CP-9/limited-start", json=body | {"limit": {"max_time_s": 1}})
        ).status_code == 404
        client.role = Role.VIEWER
        await put(client, {"max_time_s": 60}, 403)
        assert asked(client, RequestStart) == []

    play(story)


def test_a_start_that_is_refused_leaves_no_limit_behind(play):
    async def story(client: Api, station: Station) -> None:
        client.network.says = lambda _, command: answered(command, Accepted.REJECTED)
        body = {"token": {"value": "x"}, "limit": {"max_time_s": 60}}
        answer = await client.client.post("/stations/CP-7/limited-start", json=body)
        assert answer.json()["outcome"] == "rejected"
        [command] = asked(client, RequestStart)
        await station.connect()
        begin = {"token": CARD, "remote_start_id": command.remote_start_id}
        assert (await station.tells(Phase.STARTED, TX, 0, 1000, **begin)).limit is None

    play(story)


def test_a_station_that_cannot_hold_it_is_asked_to_stop(play):
    async def story(client: Api, station: Station) -> None:
        started = await station.starts()
        path = f"/transactions/CP-7/{started.transaction_id}/limit"
        assert (await client.client.put(path, json={"max_energy_wh": 4000})).status_code == 200
        await station.meters(started.transaction_id, 4_900)
        await hold(context(client, station))
        assert asked(client, RequestStop) == []
        station.now += timedelta(minutes=1)
        await station.meters(started.transaction_id, 5_100)
        await hold(context(client, station))
        assert asked(client, RequestStop) == [RequestStop(started.transaction_id)]
        found = await held(client, path)
        assert found["reached"] == "energy"
        # It is asked again, but not at every look.
        await hold(context(client, station))
        station.now += timedelta(minutes=6)
        await hold(context(client, station))
        assert len(asked(client, RequestStop)) == 2
        await station.stops(started.transaction_id, 5_200)
        station.now += timedelta(minutes=6)
        await hold(context(client, station))
        assert len(asked(client, RequestStop)) == 2

    play(story)


def test_a_station_is_asked_to_stop_only_at_what_it_does_not_say_that_it_holds(play):
    async def story(client: Api, station: Station) -> None:
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await put(client, {"max_energy_wh": 1, "max_soc_percent": 60})
        await station.connect()
        await station.tells(Phase.UPDATED, TX, 1, 9000, limit=TransactionLimit(max_energy_wh=1))
        await hold(context(client, station))
        assert asked(client, RequestStop) == []
        sample = Sample(station.now, energy_wh=9100, soc_percent=61)
        await station.tells(Phase.UPDATED, TX, 2, samples=(sample,))
        await hold(context(client, station))
        assert asked(client, RequestStop) == [RequestStop(TransactionId(TX))]
        assert (await held(client))["reached"] == "soc"

    play(story)


def test_what_is_old_is_forgotten(play):
    async def story(client: Api, station: Station) -> None:
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await put(client, {"max_time_s": 60})
        await prune(replace(context(client, station), now=datetime.now(UTC) + timedelta(days=91)))
        assert "wanted" in await held(client)
        await station.connect()
        await station.tells(Phase.ENDED, TX, 1, 1000)
        await prune(replace(context(client, station), now=datetime.now(UTC) + timedelta(days=91)))
        assert "wanted" not in await held(client)

    play(story)


# ---- prepaid


async def credited(client: Api, amount: str, currency: str = "EUR") -> None:
    body = {"amount": amount, "currency": currency}
    answer = await client.client.put(f"/tokens/{CARD.value}/credit", json=body)
    assert answer.status_code == 200, answer.text


async def another_station(client: Api) -> Station:
    """CP-8, connected."""
    await stations.add_station(Caller(client.database), CONFIG, NewStation("CP-8"))
    station = await Station(client.database, StationId("CP-8")).connect()
    await station.says(LinkOpened(NOW, "192.0.2.8", "ocpp2.1", 2, "n1"))
    return station


async def left(client: Api) -> Any:
    return (await client.get(f"/tokens/{CARD.value}/credit")).json()["amount"]


def test_what_is_left_on_a_token_is_its_limit_and_what_it_cost_is_taken_off(play):
    async def story(client: Api, station: Station) -> None:
        await credited(client, "25")
        reply = await station.says(AuthorizationReported(CARD))
        assert (reply.status, reply.expires_at) == (AuthorizationStatus.ACCEPTED, station.now)
        reply = await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        assert reply.limit == TransactionLimit(max_cost=Decimal(25))
        assert (await held(client))["actor"] == "prepaid"
        await station.tells(Phase.ENDED, TX, 1, 9000)
        settled = CostSettled(station.id, TransactionId(TX), station.now, "EUR", 1050)
        for _ in range(2):
            await charge_prepaid(context(client, station), settled)
        assert await left(client) == "14.500000"
        # Reckoned again, it cost more.
        await charge_prepaid(context(client, station), replace(settled, with_tax=2600))
        assert await left(client) == "-1.000000"
        reply = await station.says(AuthorizationReported(CARD), after=timedelta(minutes=2))
        assert reply.status is AuthorizationStatus.NO_CREDIT
        up = await client.client.post(f"/tokens/{CARD.value}/credit/top-up", json={"amount": "20", "currency": "EUR"})
        assert Decimal(up.json()["amount"]) == 19
        reply = await station.says(AuthorizationReported(CARD), after=timedelta(minutes=2))
        assert reply.status is AuthorizationStatus.ACCEPTED

    play(story)


def test_a_prepaid_token_pays_for_one_transaction_at_a_time_whatever_it_is_allowed(play):
    async def story(client: Api, station: Station) -> None:
        other = await another_station(client)
        await credited(client, "25")
        for allowed in (3, None):
            answer = await client.client.patch(f"/tokens/{CARD.value}", json={"allowed": allowed})
            assert answer.status_code == 200, answer.text
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        # It is asked nothing: it has begun, offline perhaps.
        second = await other.tells(Phase.STARTED, "T-2", 0, 0, token=CARD)
        assert second.authorization is not None
        assert second.authorization.status is AuthorizationStatus.CONCURRENT_TX
        assert second.limit == TransactionLimit(max_cost=Decimal(0))
        assert (await held(client))["wanted"] == {"max_cost": "25.000000"}
        # What it costs before it is stopped is owed.
        await charge_prepaid(
            context(client, station), CostSettled(other.id, TransactionId("T-2"), station.now, "EUR", 2550)
        )
        assert Decimal(await left(client)) == Decimal("-0.5")
        assert (await other.says(AuthorizationReported(CARD))).status is AuthorizationStatus.CONCURRENT_TX

    play(story)


def test_of_two_that_two_nodes_let_in_at_once_the_later_is_held_to_what_the_earlier_leaves(play):
    async def story(client: Api, station: Station) -> None:
        other = await another_station(client)
        await credited(client, "25")
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await put(client, {"max_cost": 5})
        other.now = station.now + timedelta(seconds=1)
        await other.tells(Phase.STARTED, "T-2", 0, 0, token=CARD)
        # As the other node left it, which had not heard of the first.
        let_in = HeldTo(other.id, TransactionId("T-2"), TransactionLimit(Decimal(25)), prepaid=CARD.value.upper())
        await client.database.write(lambda connection, _: put_held(connection, let_in, other.now))
        await hold(context(client, station))
        second = await held(client, "/transactions/CP-8/T-2/limit")
        assert Decimal(second["wanted"]["max_cost"]) == 20
        assert (await held(client))["wanted"] == {"max_cost": "5"}
        assert client.network.refreshed[-1] == "CP-8"
        before = len(client.network.refreshed)
        await hold(context(client, station))
        assert len(client.network.refreshed) == before

    play(story)


def test_another_limit_does_not_lift_what_is_left(play):
    async def story(client: Api, station: Station) -> None:
        await credited(client, "25")
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await put(client, {"max_energy_wh": 500})
        assert (await held(client))["wanted"] == {"max_cost": "25.000000", "max_energy_wh": 500}
        await put(client, {"max_cost": 40})
        assert (await held(client))["wanted"] == {"max_cost": "25.000000"}
        await put(client, {"max_cost": 5})
        assert (await held(client))["wanted"] == {"max_cost": "5"}

    play(story)


def test_what_was_not_paid_by_a_token_is_not_taken_off_it(play):
    async def story(client: Api, station: Station) -> None:
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        await credited(client, "25")
        await charge_prepaid(
            context(client, station), CostSettled(station.id, TransactionId(TX), station.now, "EUR", 1050)
        )
        assert Decimal(await left(client)) == 25

    play(story)


def test_credit_is_shown_with_its_token_and_can_be_taken_away(play):
    async def story(client: Api, station: Station) -> None:
        path = f"/tokens/{CARD.value}"
        assert ((await client.get(path)).json()["credit"], await left(client)) == (None, None)
        await credited(client, "0")
        found = (await client.get(path)).json()
        assert (Decimal(found["credit"]), found["currency"], found["standing"]) == (0, "EUR", "NoCredit")
        assert len((await client.get("/tokens", standing="NoCredit")).json()["items"]) == 1
        assert (await client.get("/tokens", standing="Accepted")).json()["items"] == []
        other = {"amount": "1", "currency": "USD"}
        assert (await client.client.post(f"{path}/credit/top-up", json=other)).status_code == 409
        assert (await client.client.put(f"{path}/credit", json={"amount": "1", "currency": "eur"})).status_code == 422
        assert (await client.client.delete(f"{path}/credit")).status_code == 204
        assert (await client.get(path)).json()["standing"] == "Accepted"
        assert (await client.client.post(f"{path}/credit/top-up", json=other)).status_code == 409
        assert (await client.get("/tokens/none/credit")).status_code == 404

    play(story)


# ---- rules


def test_what_is_told_is_the_whole_limit_while_any_of_it_is_missing():
    held_to = HeldTo("CP-7", TransactionId(TX), TransactionLimit(Decimal(5), 1000.0))  # type: ignore[arg-type]
    assert to_tell(held_to) == held_to.wanted
    assert to_tell(replace(held_to, at_station=TransactionLimit(Decimal(5)))) == held_to.wanted
    assert to_tell(replace(held_to, at_station=TransactionLimit(Decimal("5.00"), 1000.0, 60))) is None
    assert to_tell(replace(held_to, wanted=None)) is None


def test_what_is_left_is_shared_in_the_order_in_which_they_began():
    most = TransactionLimit(Decimal(25))
    costs = [each.max_cost for each in shares([TransactionLimit(Decimal(5)), most, most], Decimal(25))]
    assert costs == [5, 20, 0]
    assert [each.max_cost for each in shares([most, most], Decimal(-1))] == [0, 0]


def test_credit_never_raises_a_limit():
    assert with_credit(None, Decimal(3)).max_cost == 3
    assert with_credit(TransactionLimit(Decimal(2), max_time_s=9), Decimal(3)) == TransactionLimit(
        Decimal(2), max_time_s=9
    )
    assert with_credit(TransactionLimit(Decimal(5)), Decimal(-1)).max_cost == 0


def test_which_limit_is_reached():
    hour = timedelta(hours=1)
    assert reached(TransactionLimit(Decimal(5)), hour, None, None, Decimal(5)) is Reached.COST
    assert reached(TransactionLimit(Decimal(5)), hour, None, None, None) is None
    assert reached(TransactionLimit(max_energy_wh=10), hour, 9.9, None, None) is None
    assert reached(TransactionLimit(max_time_s=3600), hour, None, None, None) is Reached.TIME
    assert reached(TransactionLimit(max_soc_percent=80), hour, None, 80.0, None) is Reached.SOC


def test_what_a_station_does_not_hold_itself():
    held_to = HeldTo("CP-7", TransactionId(TX), TransactionLimit(Decimal(5), 1000.0, 60))  # type: ignore[arg-type]
    assert not_held_by_station(held_to) == held_to.wanted
    lower = TransactionLimit(Decimal(4), 1000.0, 90)
    assert not_held_by_station(replace(held_to, at_station=lower)) == TransactionLimit(max_time_s=60)
    assert not_held_by_station(replace(held_to, at_station=held_to.wanted)) is None
