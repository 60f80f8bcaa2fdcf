"""A station that nobody here wrote: the PyPI package `ocpp` and `websockets`, from its first knock to its last kWh."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import websockets
from ocpp import v16, v201
from ocpp.v16 import call as call16
from ocpp.v201 import call as call201
from ocpp.v201 import datatypes

from harness import Server, iso, microseconds, wait_for

CARD = "04A2B3C4D5E680"


@cache
def begin() -> datetime:
    """Of the charging: a little ago, when it is first asked for."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)


def url_and_headers(url: str, station_id: str, password: str) -> dict[str, Any]:
    credentials = base64.b64encode(f"{station_id}:{password}".encode()).decode()
    return {"uri": f"{url}/{station_id}", "additional_headers": {"Authorization": f"Basic {credentials}"}}


@asynccontextmanager
async def connected(
    kind: Callable[..., Any], subprotocol: str, url: str, station_id: str, password: str
) -> AsyncIterator[Any]:
    connection = await websockets.connect(
        **url_and_headers(url, station_id, password), subprotocols=[websockets.Subprotocol(subprotocol)]
    )
    station = kind(station_id, connection)
    running = asyncio.create_task(station.start())
    try:
        yield station
    finally:
        await connection.close()
        with suppress(websockets.ConnectionClosed):
            await running


def is_refused(url: str, station_id: str, password: str, subprotocol: str) -> int:
    """The HTTP status."""

    async def knock() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(
                **url_and_headers(url, station_id, password), subprotocols=[websockets.Subprotocol(subprotocol)]
            )
        return refused.value.response.status_code

    return asyncio.run(knock())


def at(seconds: int) -> datetime:
    return begin() + timedelta(seconds=seconds)


def test_a_1_6_client_is_found_in_the_inbox_adopted_and_charges_through_a_kill(sqlite_url, tmp_path):
    with Server(tmp_path / "data", database=sqlite_url) as server:
        server.tell("/tokens", {"value": CARD})
        server.add_station("THEIRS-1")

        def knocks_with_a_wrong_password() -> Any:
            assert is_refused(server.ocpp, "THEIRS-1", "what the old system had", "ocpp1.6") == 401
            return server.ask("/inbox?reason=wrong_password")["items"]

        (knock,) = wait_for(knocks_with_a_wrong_password, every_s=0.4)
        assert (knock["identity"], knock["address"]) == ("THEIRS-1", "127.0.0.1")
        assert ("THEIRS-1", "wrong_password") in {
            (listed["identity"], listed["reason"]) for listed in server.run("inbox", "list")
        }

        welcome = server.run("inbox", "adopt", "THEIRS-1")
        assert welcome["url"] == f"{server.ocpp}/THEIRS-1"
        number = asyncio.run(_first_half_16(server, welcome["password"]))
        server.kill()
        server.start()
        asyncio.run(_second_half_16(server, welcome["password"], number))

        transaction = server.ask(f"/transactions/THEIRS-1/{number}")
        assert transaction["energy_wh"] == 4_000
        assert transaction["stop_reason"] == "EVDisconnected"
        assert (transaction["meter_start_wh"], transaction["meter_stop_wh"]) == (1_000, 5_000)
        assert transaction["closed_by"] == ""
        assert not transaction["suspect"]
        samples = server.ask(f"/transactions/THEIRS-1/{number}/samples")["items"]
        assert [sample["energy_wh"] for sample in samples] == [2_000, 3_000, 4_000]
        said = [message["action"] for message in server.ask("/stations/THEIRS-1/messages")["items"]]
        assert said[::-1] == [
            *("BootNotification", "StatusNotification", "Authorize", "StartTransaction", "MeterValues"),
            *("MeterValues", "MeterValues", "StopTransaction"),
        ]
        station = server.ask("/stations/THEIRS-1")
        assert station["hardware"]["vendor"] == "Elsewhere"
        assert server.ask("/inbox")["items"] == []


async def _first_half_16(server: Server, password: str) -> int:
    async with connected(v16.ChargePoint, "ocpp1.6", server.ocpp, "THEIRS-1", password) as station:
        boot = await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="Elsewhere"))
        assert boot.status == "Accepted"
        await station.call(call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
        answer = await station.call(call16.Authorize(id_tag=CARD))
        assert answer.id_tag_info["status"] == "Accepted"
        started = await station.call(
            call16.StartTransaction(connector_id=1, id_tag=CARD, meter_start=1_000, timestamp=iso(at(0)))
        )
        await station.call(_meter_values_16(started.transaction_id, at(30), 2_000))
        await station.call(_meter_values_16(started.transaction_id, at(60), 3_000))
        return started.transaction_id


async def _second_half_16(server: Server, password: str, number: int) -> None:
    async with connected(v16.ChargePoint, "ocpp1.6", server.ocpp, "THEIRS-1", password) as station:
        await station.call(_meter_values_16(number, at(90), 4_000))
        stopped = await station.call(
            call16.StopTransaction(
                meter_stop=5_000,
                timestamp=iso(at(120)),
                transaction_id=number,
                reason="EVDisconnected",
                id_tag=CARD,
            )
        )
        assert stopped.id_tag_info["status"] == "Accepted"


def _meter_values_16(number: int, moment: datetime, wh: int) -> call16.MeterValues:
    value = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return call16.MeterValues(
        connector_id=1, transaction_id=number, meter_value=[{"timestamp": iso(moment), "sampledValue": [value]}]
    )


@pytest.mark.postgres
def test_a_2_0_1_client_is_found_in_the_inbox_adopted_and_charges_through_a_kill(postgres_url, tmp_path):
    with Server(tmp_path / "data", database=postgres_url) as server:
        server.tell("/tokens", {"value": CARD})
        assert is_refused(server.ocpp, "THEIRS-2", "guessed", "ocpp2.0.1") == 401
        (knock,) = wait_for(lambda: server.ask("/inbox")["items"])
        assert (knock["identity"], knock["reason"]) == ("THEIRS-2", "unknown_id")
        assert "Adopt it" in knock["explanation"]

        welcome = server.tell(f"/inbox/{knock['number']}/adopt", {})
        assert f"{server.ocpp}/THEIRS-2" in welcome["urls"]
        asyncio.run(_first_half_201(server, welcome["password"]))
        server.kill()
        server.start()
        asyncio.run(_second_half_201(server, welcome["password"]))

        transaction = server.ask("/transactions/THEIRS-2/theirs-1")
        assert transaction["energy_wh"] == 4_000
        assert transaction["stop_reason"] == "EVDisconnected"
        assert transaction["token"] == CARD
        assert transaction["missing_reports"] == []
        assert not transaction["suspect"]
        samples = server.ask("/transactions/THEIRS-2/theirs-1/samples")["items"]
        assert [sample["energy_wh"] for sample in samples] == [1_000, 2_000, 3_000, 4_000, 5_000]
        messages = server.query("SELECT action, at, call FROM exchanges ORDER BY number")
        events = [json.loads(frame)[3] for action, _, frame in messages if action == "TransactionEvent"]
        assert [event["seqNo"] for event in events] == [0, 1, 2, 3, 4]
        assert all(heard_at >= microseconds(begin()) for _, heard_at, _ in messages)


def _event(sequence: int, kind: str, trigger: str, wh: int, **more: Any) -> call201.TransactionEvent:
    value = datatypes.SampledValueType(value=wh, measurand="Energy.Active.Import.Register")
    return call201.TransactionEvent(
        event_type=kind,
        timestamp=iso(at(30 * sequence)),
        trigger_reason=trigger,
        seq_no=sequence,
        transaction_info=more.pop("info", datatypes.TransactionType(transaction_id="theirs-1")),
        meter_value=[datatypes.MeterValueType(timestamp=iso(at(30 * sequence)), sampled_value=[value])],
        **more,
    )


async def _first_half_201(server: Server, password: str) -> None:
    async with connected(v201.ChargePoint, "ocpp2.0.1", server.ocpp, "THEIRS-2", password) as station:
        about = datatypes.ChargingStationType(vendor_name="Elsewhere", model="M2")
        boot = await station.call(call201.BootNotification(charging_station=about, reason="PowerUp"))
        assert boot.status == "Accepted"
        token = datatypes.IdTokenType(id_token=CARD, type="ISO14443")
        evse = datatypes.EVSEType(id=1, connector_id=1)
        started = await station.call(_event(0, "Started", "Authorized", 1_000, evse=evse, id_token=token))
        assert started.id_token_info["status"] == "Accepted"
        await station.call(_event(1, "Updated", "MeterValuePeriodic", 2_000))
        await station.call(_event(2, "Updated", "MeterValuePeriodic", 3_000))


async def _second_half_201(server: Server, password: str) -> None:
    async with connected(v201.ChargePoint, "ocpp2.0.1", server.ocpp, "THEIRS-2", password) as station:
        # Told late, for it happened while the server was away.
        await station.call(_event(3, "Updated", "MeterValuePeriodic", 4_000, offline=True))
        over = datatypes.TransactionType(transaction_id="theirs-1", stopped_reason="EVDisconnected")
        await station.call(_event(4, "Ended", "EVDeparted", 5_000, info=over))
