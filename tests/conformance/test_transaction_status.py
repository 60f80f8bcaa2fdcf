"""GetTransactionStatus, frame by frame, in both versions that have it.

Test cases with an id are named as in the published texts of the OCA's cases for a CSMS, OCPP 2.0.1 (block E).
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness import Server, Station

VERSIONS = ("ocpp2.0.1", "ocpp2.1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("status") / "data") as running:
        running.tell("/tokens", {"value": "04A2B3C4", "kind": "ISO14443"})
        yield running


async def meet(server: Server, station_id: str, version: str) -> Station:
    password = await asyncio.to_thread(server.add_station, station_id)
    station = await Station.connect(server.ocpp, station_id, password, version)
    assert (await station.boot())["status"] == "Accepted"
    return station


def event(transaction_id: str, phase: str, number: int, **more: Any) -> dict[str, Any]:
    triggers = {"Started": "Authorized", "Updated": "MeterValuePeriodic", "Ended": "StopAuthorized"}
    return {
        "eventType": phase,
        "timestamp": datetime.now(UTC).isoformat(),
        "triggerReason": triggers[phase],
        "seqNo": number,
        "transactionInfo": {"transactionId": transaction_id},
        "evse": {"id": 1, "connectorId": 1},
        **more,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_TC_E_29_CSMS_an_ongoing_transaction_with_messages_in_the_queue(server: Server, version: str):
    """E14.FR.02, .04. What was missing is known before, and gone when the queue has been delivered."""

    async def story() -> None:
        name, transaction = f"E29-{version}", f"5f1e-{version}-0000-0000-0001"
        station = await meet(server, name, version)
        token = {"idToken": {"idToken": "04A2B3C4", "type": "ISO14443"}}
        assert (await station.call("TransactionEvent", event(transaction, "Started", 0, **token)))["idTokenInfo"]
        await station.call("TransactionEvent", event(transaction, "Updated", 3))
        path = f"/transactions/{name}/{transaction}/status"
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, {}))
        heard = await station.answer("GetTransactionStatus", {"ongoingIndicator": True, "messagesInQueue": True})
        assert heard == {"transactionId": transaction}
        said = {"ongoing": True, "messages_in_queue": True, "missing_reports": [[1, 2]], "closed": False}
        assert await asked == said
        for number in (1, 2):
            await station.call("TransactionEvent", event(transaction, "Updated", number, offline=True))
        found = await asyncio.to_thread(server.ask, f"/transactions/{name}/{transaction}")
        assert (found["missing_reports"], found["ended_at"]) == ([], None)
        await station.close()

    asyncio.run(story())


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_transaction_it_says_only_whether_anything_waits(server: Server, version: str):
    """E14.FR.06, .07, .08: without an id there is no ongoingIndicator."""

    async def story() -> None:
        name = f"E33-{version}"
        station = await meet(server, name, version)
        for waiting in (True, False):
            path = f"/stations/{name}/transactions/status"
            asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, {}))
            assert await station.answer("GetTransactionStatus", {"messagesInQueue": waiting}) == {}
            assert await asked == {"messages_in_queue": waiting}
        await station.close()

    asyncio.run(story())


def test_16_has_no_words_for_it(server: Server):
    async def story() -> None:
        station = await meet(server, "E14-16", "ocpp1.6")

        def ask() -> tuple[int, str]:
            with server.api() as api:
                answer = api.post("/stations/E14-16/transactions/status", json={})
                return answer.status_code, answer.text

        status, text = await asyncio.to_thread(ask)
        assert status == 409
        assert "1.6" in text
        await station.close()

    asyncio.run(story())
