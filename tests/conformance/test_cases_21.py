"""The OCA's test cases that are of OCPP 2.1 alone, of blocks C (authorization, payments) and E (transactions), for a
central system, by their ids. Those of block K are in `test_cases_smart_charging`.

Read in `EVtivity/evtivity-csms` (packages/octt/src/tests/v2_1/csms): each case's states before it, steps and what is
checked; the clauses in the standard's part 2.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cases import CARD, V21, Bench, case, furnish, meter, now, token
from harness import Server, iso

PREPAID, SPENT = "94E9A1D001", "94E9A1D000"
PAYMENT = "psp-77f0c1"
DIRECT = {"value": PAYMENT, "kind": "DirectPayment"}
PAGE = "https://pay.example.com/{chargingstationid}/{evse}/{totp}/{version}"
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
RECEIPTS = "https://receipts.example.com/{psp_ref}"
TARIFF = {"id": "case-1", "currency": "EUR", "energy": {"prices": [{"amount": "0.40"}]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("of21") / "data", receipt_url=RECEIPTS) as running:
        furnish(running)
        running.tell("/tariffs", TARIFF)
        for card, amount in ((PREPAID, "25.00"), (SPENT, "0")):
            running.tell("/tokens", {"value": card, "kind": "ISO14443", "allowed": None})
            with running.api() as api:
                answer = api.put(f"/tokens/{card}/credit", json={"amount": amount, "currency": "EUR"})
                assert answer.is_success, answer.text
        yield running


# ---- C17: prepaid


@case(V21)
async def test_TC_C_103_CSMS_a_prepaid_card(bench: Bench):
    """C17.FR.01, .02: no station may remember it; what is left is the limit."""
    said = await bench.authorizes(PREPAID)
    assert said["status"] == "Accepted"
    assert "cacheExpiryDateTime" in said
    answer = await bench.event("Started", "Authorized", card=PREPAID)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert answer["transactionLimit"] == {"maxCost": 25.0}
    # The station says that it holds it: it is not told again (E16).
    said = {"transactionLimit": {"maxCost": 25.0}}
    assert await bench.event("Updated", "LimitSet", info=said) == {}


@case(V21)
async def test_TC_C_104_CSMS_a_prepaid_card_without_credit(bench: Bench):
    said = await bench.authorizes(SPENT)
    assert said["status"] == "NoCredit"
    assert "cacheExpiryDateTime" in said


# ---- C18 to C24: payments


@case(V21)
async def test_TC_C_108_CSMS_a_vat_number(bench: Bench):
    for more in ({}, {"evseId": 1}):
        good = await bench.call("VatNumberValidation", {"vatNumber": "NL123456789B01", **more})
        assert good["status"] == "Accepted"
        assert (good["vatNumber"], good.get("evseId")) == ("NL123456789B01", more.get("evseId"))
        bad = await bench.call("VatNumberValidation", {"vatNumber": "NL12", **more})
        assert bad["status"] == "Rejected"


async def settles(bench: Bench, status: str, amount: float, **more: Any) -> dict[str, Any]:
    said = {"pspRef": f"{PAYMENT}-{bench.station.id}", "status": status, "settlementAmount": amount}
    return await bench.call("NotifySettlement", said | {"settlementTime": now()} | more)


async def is_settled(bench: Bench, status: str) -> Any:
    """What is kept of the last that was told."""
    path = f"/settlements?station_id={bench.station.id}"

    async def kept() -> Any:
        found = (await bench.sees(path))["items"]
        return found and found[0]["status"] == status and found[0]

    deadline = time.monotonic() + 5
    while not (found := await kept()):
        assert time.monotonic() < deadline
    return found


@case(V21)
async def test_TC_C_113_CSMS_a_payment_is_canceled(bench: Bench):
    """C20: before it has cost anything."""
    assert await settles(bench, "Canceled", 0) == {}
    assert (await is_settled(bench, "Canceled"))["transaction_id"] == ""


async def charged(bench: Bench) -> None:
    """A transaction that a payment began, and that is over."""
    pays = {"idToken": {"idToken": PAYMENT, "type": "DirectPayment"}}
    await bench.event("Started", "Authorized", "Charging", **pays)
    await bench.event("Ended", "StopAuthorized", "Idle", info={"stoppedReason": "Local"})


COSTS = {
    "totalCost": {
        "currency": "EUR",
        "typeOfCost": "NormalCost",
        "total": {"exclTax": 15.0, "inclTax": 18.15},
        "fixed": {"exclTax": 15.0, "inclTax": 18.15, "taxRates": [{"type": "MyTax", "tax": 21}]},
    },
    "totalUsage": {"energy": 123, "chargingTime": 5, "idleTime": 0},
}


@case(V21)
async def test_TC_C_117_CSMS_a_payment_that_is_ours_to_settle(bench: Bench):
    """C21: PaymentCtrlr.SettlementByCSMS. That is between us and the payment service: what it takes is told."""
    more = {"additionalInfo": [{"additionalIdToken": "4242", "type": "CardLast4Digits"}]}
    pays = {"idToken": {"idToken": f"{PAYMENT}-117", "type": "DirectPayment"}}
    limit = {"transactionLimit": {"maxCost": 50}}
    began = await bench.event("Started", "Authorized", "Charging", info=limit, idToken=pays["idToken"] | more)
    assert began["idTokenInfo"]["status"] == "Accepted"
    ended = {"info": {"stoppedReason": "Local"}, "costDetails": COSTS}
    answer = await bench.event("Ended", "StopAuthorized", "Idle", **pays, **ended)
    assert answer == {"idTokenInfo": {"status": "Accepted"}}
    path = f"/transactions/{bench.station.id}/{bench.transaction_id}"
    assert (await bench.sees(path))["token"] == f"{PAYMENT}-117"
    assert (await bench.sees(f"{path}/limit"))["at_station"]["max_cost"] == "50.0"
    reckoned = (await bench.sees(f"{path}/cost"))["station"]
    assert (reckoned["currency"], reckoned["total"]) == ("EUR", "18.15")


@case(V21)
async def test_TC_C_118_CSMS_a_payment_is_settled_and_the_receipt_is_ours(bench: Bench):
    """C21: PaymentCtrlr.ReceiptByCSMS; the station shows where it is."""
    await charged(bench)
    answer = await settles(bench, "Settled", 18.15, transactionId=bench.transaction_id)
    assert answer == {"receiptUrl": RECEIPTS.format(psp_ref=f"{PAYMENT}-{bench.station.id}")}
    kept = await is_settled(bench, "Settled")
    assert (kept["amount"], kept["transaction_id"]) == ("18.15", bench.transaction_id)


@case(V21)
async def test_TC_C_119_CSMS_a_payment_that_fails_and_is_settled_later(bench: Bench):
    """C22: what is to be its receipt is told already; where the station makes it, nothing is."""
    await charged(bench)
    answer = await settles(bench, "Failed", 18.15, transactionId=bench.transaction_id)
    assert answer == {"receiptUrl": RECEIPTS.format(psp_ref=f"{PAYMENT}-{bench.station.id}")}
    await is_settled(bench, "Failed")
    more = {"transactionId": bench.transaction_id, "receiptId": "R-1", "receiptUrl": "https://example.com/r/1"}
    assert await settles(bench, "Settled", 18.15, **more) == {}
    kept = await is_settled(bench, "Settled")
    assert (kept["receipt_id"], kept["receipt_url"]) == ("R-1", "https://example.com/r/1")


@case(V21)
async def test_TC_C_120_CSMS_a_payment_that_is_rejected(bench: Bench):
    """C22."""
    await charged(bench)
    more = {"transactionId": bench.transaction_id, "statusInfo": "no line"}
    assert await settles(bench, "Rejected", 18.15, **more) == {}
    kept = await is_settled(bench, "Rejected")
    assert (kept["info"], kept["receipt_url"]) == ("no line", "")


@case(V21)
async def test_TC_C_125_CSMS_a_payment_at_a_terminal_that_stands_alone(bench: Bench):
    """C24: who took the payment has it started, with the payment's reference as the token."""
    heard, said = await bench.asks(
        "limited-start",
        {"token": DIRECT, "evse": 1, "limit": {"max_cost": "30"}},
        "RequestStartTransaction",
        {"status": "Accepted"},
    )
    assert (heard["idToken"], heard["evseId"]) == ({"idToken": PAYMENT, "type": "DirectPayment"}, 1)
    assert said["outcome"] == "accepted"
    answer = await bench.event(
        "Started", "RemoteStart", idToken=heard["idToken"], info={"remoteStartId": heard["remoteStartId"]}
    )
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert answer["transactionLimit"] == {"maxCost": 30.0}
    await bench.event("Ended", "StopAuthorized", "Idle", info={"stoppedReason": "Local"})
    assert (await bench.transaction())["ended_at"] is not None


# ---- C25: QR codes


def one_time_code(values: dict[str, str]) -> str:
    """As a station makes it."""
    slot = int(time.time()) // int(values["ValidityTime"])
    hashed = hmac.digest(values["SharedSecret"].encode(), slot.to_bytes(8, "big"), hashlib.sha256)
    offset = hashed[-1] & 15
    return "".join(LETTERS[hashed[(offset + at) % 32] % 62] for at in range(int(values["Length"])))


async def shows_codes(bench: Bench) -> dict[str, str]:
    """The station was set up to; what it was set to."""
    answer = {"attributeStatus": "Accepted", "component": {"name": "WebPaymentsCtrlr"}}
    names = ("SharedSecret", "URLTemplate", "TOTPVersion", "ValidityTime", "Length", "Enabled")
    results = [answer | {"variable": {"name": name}} for name in names]
    asked = asyncio.ensure_future(bench.puts("web-payments", {"template": PAGE}))
    heard = await bench.station.answer("SetVariables", {"setVariableResult": results})
    said = await asked
    assert "secret" not in said
    values = {each["variable"]["name"]: each["attributeValue"] for each in heard["setVariableData"]}
    assert tuple(values) == names
    assert len(base64.urlsafe_b64decode(values["SharedSecret"] + "==")) >= 16
    return values


def address(values: dict[str, str], station_id: str, code: str, query: str = "maxenergy=20000") -> str:
    filled = values["URLTemplate"].replace("{evse}", "1").replace("{totp}", code).replace("{version}", "v1")
    if station_id:
        return filled.replace("{chargingstationid}", station_id) + f"?{query}"
    return filled.replace("{chargingstationid}/", "") + f"?{query}"


@case(V21)
async def test_TC_C_131_CSMS_a_payment_by_a_changing_qr_code(bench: Bench):
    """C25.FR.07 to .09, .20: the code is checked, the station told, what was paid for is the limit."""
    values = await shows_codes(bench)
    url = address(values, bench.station.id, one_time_code(values))
    scanned = await bench.tells("/web-payments/scanned", {"url": url})
    assert scanned == {
        "station_id": bench.station.id,
        "evse": 1,
        "max_cost": None,
        "max_energy_wh": 20_000.0,
        "max_time_s": None,
    }
    heard, _ = await bench.asks("web-payment", {"evse": 1, "timeout_s": 120}, "NotifyWebPaymentStarted", {})
    assert heard == {"evseId": 1, "timeout": 120}
    heard, _ = await bench.asks(
        "limited-start",
        {"token": DIRECT, "evse": 1, "limit": {"max_energy_wh": scanned["max_energy_wh"]}},
        "RequestStartTransaction",
        {"status": "Accepted"},
    )
    info = {"remoteStartId": heard["remoteStartId"]}
    answer = await bench.event("Started", "RemoteStart", idToken=heard["idToken"], info=info)
    assert answer["transactionLimit"] == {"maxEnergy": 20_000.0}


@case(V21)
async def test_TC_C_132_CSMS_a_qr_code_of_no_station(bench: Bench):
    values = await shows_codes(bench)
    url = address(values, "", one_time_code(values))
    problem = await bench.tells("/web-payments/scanned", {"url": url}, expected=422)
    assert "no station" in problem["detail"]


@case(V21)
async def test_TC_C_133_CSMS_a_qr_code_that_is_none_of_now(bench: Bench):
    values = await shows_codes(bench)
    code = one_time_code({**values, "SharedSecret": "another"})
    url = address(values, bench.station.id, code)
    problem = await bench.tells("/web-payments/scanned", {"url": url}, expected=403)
    assert "scan it again" in problem["detail"]


# ---- E16: limits


async def starts_limited(bench: Bench, limit: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The answer to Started."""
    heard, _ = await bench.asks(
        "limited-start",
        {"token": {"value": CARD, "kind": "ISO14443"}, "evse": 1, "limit": limit},
        "RequestStartTransaction",
        {"status": "Accepted"},
    )
    assert heard["idToken"] == token(CARD)
    info = {"remoteStartId": heard["remoteStartId"]}
    return await bench.event("Started", "RemoteStart", "Charging", card=CARD, info=info, **more)


def says(**limit: float) -> dict[str, Any]:
    return {"transactionLimit": limit}


async def is_held(bench: Bench) -> tuple[Any, Any]:
    """What is wanted, and what the station says that it holds; without what is not limited."""
    found = await bench.sees(f"/transactions/{bench.station.id}/{bench.transaction_id}/limit")
    wanted, there = found["wanted"] or {}, found["at_station"] or {}
    return tuple({name: value for name, value in each.items() if value is not None} for each in (wanted, there))


async def put_limit(bench: Bench, **limit: Any) -> None:
    await bench.puts(f"/transactions/{bench.station.id}/{bench.transaction_id}/limit", limit)


@case(V21)
async def test_TC_E_102_CSMS_a_limit_of_the_driver_and_then_ours(bench: Bench):
    await bench.event("Started", "Authorized", "Charging", card=CARD)
    answer = await bench.event("Updated", "LimitSet", info=says(maxEnergy=6000))
    assert "transactionLimit" not in answer
    await put_limit(bench, max_energy_wh=10_000)
    answer = await bench.event("Updated", "MeterValuePeriodic")
    assert answer["transactionLimit"] == {"maxEnergy": 10_000.0}
    answer = await bench.event("Updated", "LimitSet", info=says(maxEnergy=10_000))
    assert "transactionLimit" not in answer
    assert await is_held(bench) == ({"max_energy_wh": 10_000.0}, {"max_energy_wh": 10_000.0})
    await bench.event(
        "Ended",
        "EnergyLimitReached",
        "Idle",
        info={"stoppedReason": "EnergyLimitReached"},
        meterValue=meter((10_000, "Transaction.End")),
    )
    assert (await bench.transaction())["stop_reason"] == "EnergyLimitReached"


@case(V21)
async def test_TC_E_106_CSMS_an_energy_limit_of_the_driver(bench: Bench):
    """E16: what the driver chose is nothing that we tell back."""
    await bench.event("Started", "Authorized", "Charging", card=CARD)
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxEnergy=6000))
    assert await is_held(bench) == ({}, {"max_energy_wh": 6000.0})


@case(V21)
async def test_TC_E_107_CSMS_a_time_limit_of_the_driver(bench: Bench):
    await bench.event("Started", "Authorized", "Charging", card=CARD)
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxTime=60))
    assert await is_held(bench) == ({}, {"max_time_s": 60})


@case(V21)
async def test_TC_E_108_CSMS_a_cost_limit_of_the_driver_by_the_station_s_reckoning(bench: Bench):
    """The station has the tariff; it tells what it reckoned."""
    heard, said = await bench.asks(
        "tariffs", {"tariff_id": "case-1", "evse": 0}, "SetDefaultTariff", {"status": "Accepted"}
    )
    assert (heard["evseId"], heard["tariff"]["currency"], said["outcome"]) == (0, "EUR", "accepted")
    await bench.event("Started", "Authorized", "Charging", card=CARD)
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxCost=1))
    assert await is_held(bench) == ({}, {"max_cost": "1.0"})
    details = {
        "failureToCalculate": False,
        "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"exclTax": 1.0, "inclTax": 1.0}},
        "totalUsage": {"energy": 2500.0, "chargingTime": 60, "idleTime": 0},
    }
    await bench.event("Ended", "CostLimitReached", "Idle", costDetails=details)
    assert (await bench.transaction())["ended_at"] is not None


@case(V21)
async def test_TC_E_109_CSMS_a_cost_limit_and_our_reckoning(bench: Bench):
    """E16, I02: we tell what it has come to."""
    tariff = {"kind": "station", "target": bench.station.id, "tariff_id": "case-1"}
    await bench.puts("/tariff-assignments", tariff)
    began = iso(datetime.now(UTC) - timedelta(hours=1))
    first = [{**meter((0, "Transaction.Begin"))[0], "timestamp": began}]
    answer = await starts_limited(bench, {"max_cost": "10"}, meterValue=first, timestamp=began)
    assert answer["transactionLimit"] == {"maxCost": 10.0}
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxCost=10))
    answer = await bench.event("Ended", "CostLimitReached", "Idle", meterValue=meter((25_000, "Transaction.End")))
    assert answer["totalCost"] == 10.0


@case(V21)
async def test_TC_E_110_CSMS_an_energy_limit_of_ours(bench: Bench):
    answer = await starts_limited(bench, {"max_energy_wh": 20_000})
    assert answer["transactionLimit"] == {"maxEnergy": 20_000.0}
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxEnergy=20_000))


@case(V21)
async def test_TC_E_111_CSMS_a_time_limit_of_ours(bench: Bench):
    answer = await starts_limited(bench, {"max_time_s": 60})
    assert answer["transactionLimit"] == {"maxTime": 60}
    assert "transactionLimit" not in await bench.event("Updated", "LimitSet", info=says(maxTime=60))


@case(V21)
async def test_TC_E_113_CSMS_a_transaction_goes_on_after_a_reset(bench: Bench):
    """E17."""
    await bench.charges()
    await bench.reconnects()
    await bench.boots("ScheduledReset", word="Occupied")
    assert await bench.event("Updated", "TxResumed", "Charging") == {}
    assert (await bench.transaction())["ended_at"] is None


@case(V21)
async def test_TC_E_117_CSMS_a_transaction_goes_on_after_a_reset_with_its_profile(bench: Bench):
    """E17.FR.15: its profile is sent again."""
    await bench.charges()
    schedule = {"unit": "W", "periods": [{"start_s": 0, "limit": 6000}]}
    profile = {
        "purpose": "TxProfile",
        "kind": "Relative",
        "stack_level": 0,
        "transaction_id": bench.transaction_id,
        "schedules": [schedule],
    }
    body = {"evse": 1, "profile": profile}
    sent, _ = await bench.asks("charging-profiles", body, "SetChargingProfile", {"status": "Accepted"})
    await bench.reconnects()
    await bench.boots("ScheduledReset", word="Occupied")
    assert await bench.event("Updated", "TxResumed", "Charging") == {}
    again = await bench.station.answer("SetChargingProfile", {"status": "Accepted"})
    assert again == sent
