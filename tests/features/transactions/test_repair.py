"""What people decide about odd transactions, over the routes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.token import IdToken
from voltloom.features.access import Role
from voltloom.infra.archive import ADD_EXCHANGE
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

WHY = {"reason": "The meter was read on site: <b>fine</b>"}


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    def played(story: Callable[[Station, Api], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await story(station, client)

        asyncio.run(whole())

    return played


async def a_suspect(station: Station) -> str:
    """Ended, and begun by a stranger."""
    reply = await station.starts(token=IdToken("=STRANGER"))
    await station.stops(reply.transaction_id, 1_400, token=None)
    return f"/transactions/CP-7/{reply.transaction_id}"


async def one(client: Api, path: str) -> dict:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def possible(client: Api, path: str) -> set[str]:
    return {each["action"] for each in (await one(client, f"{path}/repairs"))["remedies"] if each["possible"]}


def test_a_suspect_one_is_taken_as_it_is_and_kept_with_who_and_why(play):
    async def story(station: Station, client: Api) -> None:
        path = await a_suspect(station)
        assert (await one(client, path))["suspect"] is True
        assert await possible(client, path) == {"accept"}
        accepted = (await client.client.post(f"{path}/accept", json=WHY)).json()
        assert (accepted["suspect"], accepted["energy_wh"], accepted["reviewed_by"]) == (False, 400, "Ada")
        assert (await one(client, "/transactions"))["items"][0]["suspect"] is False
        assert (await client.get("/transactions", suspect=True)).json()["items"] == []
        assert await possible(client, path) == set()
        (review,) = (await one(client, f"{path}/repairs"))["reviews"]
        assert (review["action"], review["reason"], review["energy_wh"]) == ("accept", WHY["reason"], None)
        names = [each["name"] for each in (await one(client, f"{path}/events"))["items"]]
        assert names == ["transaction.started", "transaction.ended", "transaction.reviewed"]

    play(story)


def test_a_stated_energy_is_what_counts(play):
    async def story(station: Station, client: Api) -> None:
        path = await a_suspect(station)
        told = (await client.client.post(f"{path}/accept", json=WHY | {"energy_wh": 333})).json()
        assert told["energy_wh"] == 333
        assert (await one(client, "/transactions"))["items"][0]["energy_wh"] == 333
        assert (await one(client, "/transactions/summary"))["energy_wh"] == 333

    play(story)


def test_an_open_one_is_closed_with_a_stated_energy_and_can_be_opened_again(play):
    async def story(station: Station, client: Api) -> None:
        started = await station.starts()
        path = f"/transactions/CP-7/{started.transaction_id}"
        assert await possible(client, path) == {"stop", "close"}
        assert (await client.client.post(f"{path}/accept", json=WHY)).status_code == 409
        closed = (await client.client.post(f"{path}/close", json=WHY | {"energy_wh": 5_000})).json()
        assert (closed["ended_at"] is None, closed["energy_wh"], closed["suspect"]) == (False, 5_000, False)
        assert await possible(client, path) == {"reopen"}
        opened = (await client.client.post(f"{path}/reopen", json=WHY)).json()
        assert (opened["ended_at"], "reopened" in opened["flags"]) == (None, True)
        assert client.network.refreshed.count("CP-7") >= 2
        await station.connect()
        await station.stops(started.transaction_id, 1_700)
        ended = await one(client, path)
        assert (ended["energy_wh"], ended["closed_by"]) == (700, "")
        assert await possible(client, path) <= {"accept"}
        assert (await client.client.post(f"{path}/reopen", json=WHY)).status_code == 409

    play(story)


def test_one_is_closed_without_a_word_as_before(play):
    async def story(station: Station, client: Api) -> None:
        started = await station.starts()
        path = f"/transactions/CP-7/{started.transaction_id}"
        closed = await client.client.post(f"{path}/close")
        assert (closed.status_code, closed.json()["suspect"]) == (200, True)
        assert (await client.client.post(f"{path}/close")).status_code == 409

    play(story)


def test_a_decision_takes_a_reason_and_the_right_to_it(play):
    async def story(station: Station, client: Api) -> None:
        path = await a_suspect(station)
        for wrong in ({}, {"reason": ""}, {"reason": "x" * 501}, WHY | {"energy_wh": -1}, WHY | {"more": 1}):
            assert (await client.client.post(f"{path}/accept", json=wrong)).status_code == 422
        assert (await client.client.post("/transactions/CP-7/nothing/accept", json=WHY)).status_code == 404
        client.role = Role.TECHNICIAN
        assert (await client.client.post(f"{path}/accept", json=WHY)).status_code == 403

    play(story)


def test_its_messages_are_those_that_name_it(play):
    async def story(station: Station, client: Api) -> None:
        work = Work()
        at = station.now - timedelta(seconds=5)
        for message_id, action, call, answer in (
            ("1", "StartTransaction", '[2,"1","StartTransaction",{"connectorId":1}]', '[3,"1",{"transactionId":7}]'),
            ("2", "MeterValues", '[2,"2","MeterValues",{"transactionId":7,"meterValue":[]}]', '[3,"2",{}]'),
            ("3", "MeterValues", '[2,"3","MeterValues",{"transactionId":77,"meterValue":[7]}]', '[3,"3",{}]'),
            ("4", "Heartbeat", '[2,"4","Heartbeat",{}]', '[3,"4",{"currentTime":"7"}]'),
            (
                "5",
                "TransactionEvent",
                '[2,"5","TransactionEvent",{"transactionInfo":{"transactionId":"7"}}]',
                '[3,"5",{}]',
            ),
        ):
            work.write(ADD_EXCHANGE, "CP-7", at, True, "ocpp1.6", message_id, action, call, answer, 10, "")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.database.commit(work, lambda error: done.set_exception(error) if error else done.set_result(None))
        await done
        told = (await client.get("/stations/CP-7/messages", transaction_id="7")).json()["items"]
        assert [each["message_id"] for each in told] == ["5", "2", "1"]
        first = (await client.get("/stations/CP-7/messages", transaction_id="7", limit=2)).json()
        rest = (await client.get("/stations/CP-7/messages", transaction_id="7", limit=2, after=first["next"])).json()
        assert [each["message_id"] for each in first["items"] + rest["items"]] == ["5", "2", "1"]

    play(story)
