"""Prices, costs and payments, frame by frame, in the versions that have them."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness import Server, Station, iso, until

TARIFF = {
    "id": "public-1",
    "currency": "EUR",
    "energy": {"prices": [{"amount": "0.40"}], "taxes": [{"percent": "25"}]},
    "fixed": {"prices": [{"amount": "1"}]},
    "texts": [{"text": "0.50 EUR/kWh and 1 EUR"}],
}
WRITTEN = {
    "tariffId": "public-1",
    "currency": "EUR",
    "description": [{"format": "UTF8", "content": "0.50 EUR/kWh and 1 EUR"}],
    "energy": {"prices": [{"priceKwh": 0.4}], "taxRates": [{"type": "vat", "tax": 25.0}]},
    "fixedFee": {"prices": [{"priceFixed": 1.0}]},
}
BEGAN = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tariffs") / "data") as running:
        running.tell("/tariffs", TARIFF)
        for number in ("201", "21", "16"):
            running.run("token", "add", f"CARD-{number}", "--kind", "ISO14443")
        yield running


async def arrives(server: Server, station_id: str, version: str, *, priced: bool = True) -> Station:
    station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
    assert (await station.boot())["status"] == "Accepted"
    if priced:
        with server.api() as api:
            body = {"kind": "station", "target": station_id, "tariff_id": "public-1"}
            assert api.put("/tariff-assignments", json=body).status_code == 200
    return station


def event(kind: str, number: int, station_id: str, minutes: float, wh: float, **more: Any) -> dict[str, Any]:
    at = iso(BEGAN + timedelta(minutes=minutes))
    info = {"transactionId": f"6f3a-11d0-{station_id}-0001", "chargingState": "Charging"}
    sampled = {"value": wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}
    return {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": number,
        "transactionInfo": info,
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": at, "sampledValue": [sampled]}],
    } | more


def token(number: str) -> dict[str, Any]:
    return {"idToken": {"idToken": f"CARD-{number}", "type": "ISO14443"}}


@pytest.mark.parametrize(("station_id", "version"), [("TAR-201", "ocpp2.0.1"), ("TAR-21", "ocpp2.1")])
def test_a_price_a_running_cost_and_the_total_are_told(server: Server, station_id: str, version: str):
    async def story() -> None:
        card = token(station_id.removeprefix("TAR-"))
        station = await arrives(server, station_id, version)
        shows = {
            "component": {"name": "TariffCostCtrlr"},
            "variable": {"name": "Enabled", "instance": "Cost"},
            "variableAttribute": [{"value": "true"}],
        }
        report = {"requestId": 1, "generatedAt": iso(datetime.now(UTC)), "seqNo": 0, "reportData": [shows]}
        assert await station.call("NotifyReport", report) == {}
        await station.close()
        # What it can is known from its next connection on.
        station = await Station.connect(server.ocpp, station_id, await renewed(server, station_id), version)
        await station.boot()
        told = (await station.call("Authorize", card))["idTokenInfo"]
        assert told["status"] == "Accepted"
        assert told["personalMessage"] == {"format": "UTF8", "content": "0.50 EUR/kWh and 1 EUR"}
        started = await station.call("TransactionEvent", event("Started", 0, station_id, 0, 1000, **card))
        assert started["idTokenInfo"]["status"] == "Accepted"
        assert "totalCost" not in started
        assert await station.call("TransactionEvent", event("Updated", 1, station_id, 30, 6000)) == {}
        heard = await station.answer("CostUpdated", {})
        assert heard == {"totalCost": 3.5, "transactionId": f"6f3a-11d0-{station_id}-0001"}
        ended = event("Ended", 2, station_id, 55, 11_000)
        ended["transactionInfo"]["stoppedReason"] = "Local"
        answer = await station.call("TransactionEvent", ended)
        assert answer == {
            "totalCost": 6.0,
            "updatedPersonalMessage": {"format": "UTF8", "content": "6.00 EUR"},
        }
        path = f"/transactions/{station_id}/6f3a-11d0-{station_id}-0001/cost"
        kept = await until(lambda: (found := server.ask(path))["told"] and found)
        assert (kept["with_tax"], kept["without_tax"], kept["final"], kept["told"]) == ("6.00", "5.00", True, "3.50")
        await station.close()

    asyncio.run(story())


async def renewed(server: Server, station_id: str) -> str:
    """Another password, which ends what is left of its former connection."""
    return (await asyncio.to_thread(server.tell, f"/stations/{station_id}/password", {}))["password"]


def test_a_16_station_is_told_prices_and_costs_as_california_wants_it(server: Server):
    async def story() -> None:
        station = await arrives(server, "TAR-16", "ocpp1.6")
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, "/stations/TAR-16/settings/get", {"names": []}))
        key = {"key": "CustomDisplayCostAndPrice", "readonly": True, "value": "true"}
        await station.answer("GetConfiguration", {"configurationKey": [key]})
        await asked
        await station.close()
        station = await Station.connect(server.ocpp, "TAR-16", await renewed(server, "TAR-16"), "ocpp1.6")
        await station.boot()
        assert (await station.call("Authorize", {"idTag": "CARD-16"}))["idTagInfo"]["status"] == "Accepted"
        heard = await station.answer("DataTransfer", {"status": "Accepted"})
        assert (heard["vendorId"], heard["messageId"]) == ("org.openchargealliance.costmsg", "SetUserPrice")
        assert json.loads(heard["data"]) == {"idToken": "CARD-16", "priceText": "0.50 EUR/kWh and 1 EUR"}
        start = {"connectorId": 1, "idTag": "CARD-16", "meterStart": 1000, "timestamp": iso(BEGAN)}
        number = (await station.call("StartTransaction", start))["transactionId"]
        then = iso(BEGAN + timedelta(minutes=30))
        sampled = [{"timestamp": then, "sampledValue": [{"value": "6000"}]}]
        await station.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": sampled})
        heard = await station.answer("DataTransfer", {"status": "Accepted"})
        assert heard["messageId"] == "RunningCost"
        assert json.loads(heard["data"]) == {
            "transactionId": number,
            "timestamp": then,
            "meterValue": 6000,
            "cost": 3.5,
            "state": "Charging",
            "chargingPrice": {"kWhPrice": 0.5, "flatFee": 1.0},
        }
        stop = {"transactionId": number, "meterStop": 11_000, "timestamp": iso(BEGAN + timedelta(minutes=55))}
        await station.call("StopTransaction", stop)
        heard = await station.answer("DataTransfer", {"status": "Accepted"})
        assert heard["messageId"] == "FinalCost"
        assert json.loads(heard["data"]) == {"transactionId": number, "cost": 6.0, "priceText": "6.00 EUR"}
        await station.close()

    asyncio.run(story())


def test_a_21_station_keeps_tariffs_reckons_and_tells_of_payments(server: Server):
    async def story() -> None:
        station = await arrives(server, "TAR-K", "ocpp2.1", priced=False)
        path = "/stations/TAR-K/tariffs"

        def tell(path: str, body: dict[str, Any]) -> "asyncio.Future[Any]":
            return asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))

        asked = tell(path, {"tariff_id": "public-1", "evse": 1})
        assert await station.answer("SetDefaultTariff", {"status": "Accepted"}) == {"evseId": 1, "tariff": WRITTEN}
        assert (await asked)["outcome"] == "accepted"
        asked = tell(f"{path}-report", {})
        assignment = {"tariffId": "public-1", "tariffKind": "DefaultTariff", "evseIds": [1]}
        answer = {"status": "Accepted", "tariffAssignments": [assignment]}
        assert await station.answer("GetTariffs", answer) == {"evseId": 0}
        assert [each["evses"] for each in (await asked)["tariffs"]] == [[1]]

        await station.call("TransactionEvent", event("Started", 0, "TAR-K", 0, 1000, **token("21")))
        asked = tell("/transactions/TAR-K/6f3a-11d0-TAR-K-0001/tariff", {"tariff_id": "public-1"})
        heard = await station.answer("ChangeTransactionTariff", {"status": "Accepted"})
        assert heard == {"transactionId": "6f3a-11d0-TAR-K-0001", "tariff": WRITTEN}
        await asked
        own = {
            "totalCost": {
                "currency": "EUR",
                "typeOfCost": "NormalCost",
                "total": {"exclTax": 5.0, "inclTax": 6.01},
            },
            "totalUsage": {"energy": 10_000, "chargingTime": 3300, "idleTime": 0},
        }
        ended = event("Ended", 1, "TAR-K", 55, 11_000, costDetails=own)
        ended["transactionInfo"]["stoppedReason"] = "Local"
        assert await station.call("TransactionEvent", ended) == {}
        kept = server.ask("/transactions/TAR-K/6f3a-11d0-TAR-K-0001/cost")
        assert (kept["with_tax"], kept["station"]["total"]) == ("6.00", "6.01")
        assert json.loads(kept["station"]["details"])["totalUsage"]["energy"] == 10_000

        asked = tell(f"{path}-clear", {"tariff_ids": ["public-1"]})
        cleared = {"clearTariffsResult": [{"tariffId": "public-1", "status": "Accepted"}]}
        assert await station.answer("ClearTariffs", cleared) == {"tariffIds": ["public-1"]}
        assert [each["tariff_id"] for each in await asked] == ["public-1"]
        assert server.ask(path) == []

        asked = tell("/stations/TAR-K/web-payment", {"evse": 1, "timeout_s": 120})
        assert await station.answer("NotifyWebPaymentStarted", {}) == {"evseId": 1, "timeout": 120}
        assert (await asked)["outcome"] == "accepted"
        settled = {
            "pspRef": "psp-1",
            "status": "Settled",
            "settlementAmount": 6.01,
            "settlementTime": iso(datetime.now(UTC)),
            "transactionId": "6f3a-11d0-TAR-K-0001",
            "receiptUrl": "https://example.com/r/1",
        }
        assert await station.call("NotifySettlement", settled) == {}
        [payment] = server.ask("/settlements?station_id=TAR-K")["items"]
        assert (payment["amount"], payment["status"], payment["psp_ref"]) == ("6.01", "Settled", "psp-1")
        number = {"vatNumber": "NL123456789B01", "evseId": 1}
        assert await station.call("VatNumberValidation", number) == number | {"status": "Accepted"}
        refused = await station.call("VatNumberValidation", {"vatNumber": "NL12"})
        assert (refused["vatNumber"], refused["status"]) == ("NL12", "Rejected")
        await station.close()

    asyncio.run(story())


def test_where_no_tariff_applies_nothing_is_told(server: Server):
    async def story() -> None:
        station = await arrives(server, "TAR-FREE", "ocpp2.0.1", priced=False)
        assert "personalMessage" not in (await station.call("Authorize", token("201")))["idTokenInfo"]
        await station.call("TransactionEvent", event("Started", 0, "TAR-FREE", 0, 1000, **token("201")))
        ended = event("Ended", 1, "TAR-FREE", 55, 11_000)
        assert await station.call("TransactionEvent", ended) == {}
        await until(lambda: server.ask("/transactions?station_id=TAR-FREE")["items"][0]["ended_at"])
        await station.close()

    asyncio.run(story())
