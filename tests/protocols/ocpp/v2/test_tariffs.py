"""Costs, tariffs and payments as 2.x stations say them, and what they are answered."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ocpp_schemas import check
from voltloom.domain.ids import TransactionId
from voltloom.domain.reports import (
    Company,
    SettlementReply,
    SettlementReported,
    SettlementStatus,
    TransactionReply,
    TransactionReported,
    VatNumberReported,
    VatReply,
)
from voltloom.domain.tariff import Dimension, Price, Rate, Tariff
from voltloom.domain.token import Authorization, AuthorizationStatus
from voltloom.domain.transaction import TransactionLimit
from voltloom.protocols.ocpp.dialect import DIALECTS, Version
from voltloom.protocols.ocpp.exchange import Read

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AT = "2030-01-01T00:00:00Z"
UPDATE: dict[str, Any] = {
    "eventType": "Ended",
    "timestamp": AT,
    "triggerReason": "EVDeparted",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T-1"},
}
DETAILS: dict[str, Any] = {
    "chargingPeriods": [{"startPeriod": AT, "tariffId": "A"}],
    "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"exclTax": 3.1, "inclTax": 3.72}},
    "totalUsage": {"energy": 7000, "chargingTime": 60, "idleTime": 0},
}


def read(action: str, payload: dict[str, Any], version: Version = Version.V21) -> Any:
    found = DIALECTS[version].read_call(action, json.dumps(payload).encode(), NOW)
    assert isinstance(found, Read), found
    return found


def answered(action: str, payload: dict[str, Any], reply: object, version: Version = Version.V21) -> Any:
    return check(version, action, "Response", read(action, payload, version).write(reply))


def transaction(**details: Any) -> TransactionReported:
    return read("TransactionEvent", UPDATE | {"costDetails": DETAILS | details}).reports[0]


def test_what_a_station_reckons_is_read_with_the_digits_it_wrote():
    cost = transaction().cost
    assert cost is not None
    assert (cost.currency, cost.total) == ("EUR", Decimal("3.72"))
    assert json.loads(cost.document) == DETAILS
    assert read("TransactionEvent", UPDATE).reports[0].cost is None


@pytest.mark.parametrize(
    "details",
    [
        {"failureToCalculate": True, "failureReason": "no meter"},
        {"totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {}}},
        {"totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 1e300}}},
    ],
)
def test_a_cost_that_is_none_ends_no_transaction(details: dict[str, Any]):
    cost = transaction(**details).cost
    assert cost is not None
    assert cost.total is None


def test_details_too_long_to_be_kept_lose_their_periods():
    cost = transaction(chargingPeriods=[{"startPeriod": AT, "tariffId": "A"}] * 1000).cost
    assert cost is not None
    assert json.loads(cost.document) == {name: value for name, value in DETAILS.items() if name != "chargingPeriods"}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (TransactionReply(TransactionId("T-1")), {}),
        (TransactionReply(TransactionId("T-1"), None, Decimal("4.50")), {"totalCost": 4.5}),
        (
            TransactionReply(TransactionId("T-1"), None, Decimal(0), "0.00 EUR"),
            {"totalCost": 0, "updatedPersonalMessage": {"format": "UTF8", "content": "0.00 EUR"}},
        ),
        (
            TransactionReply(TransactionId("T-1"), Authorization(AuthorizationStatus.ACCEPTED), Decimal("0.1")),
            {"totalCost": 0.1, "idTokenInfo": {"status": "Accepted"}},
        ),
    ],
)
def test_a_total_goes_with_the_answer(version: Version, reply: TransactionReply, result: dict[str, Any]):
    assert answered("TransactionEvent", UPDATE, reply, version) == result


def test_a_limit_goes_with_the_answer_where_there_is_a_word_for_it():
    reply = TransactionReply(TransactionId("T-1"), limit=TransactionLimit(Decimal("12.5"), 20_000.0, 3600, 80))
    limit = {"maxCost": 12.5, "maxEnergy": 20_000.0, "maxTime": 3600, "maxSoC": 80}
    assert answered("TransactionEvent", UPDATE, reply) == {"transactionLimit": limit}
    assert answered("TransactionEvent", UPDATE, reply, Version.V201) == {}
    reply.limit = TransactionLimit(max_time_s=60)
    assert answered("TransactionEvent", UPDATE, reply) == {"transactionLimit": {"maxTime": 60}}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (
            {"maxCost": 7.5, "maxEnergy": 6000, "maxTime": 60, "maxSoC": 80},
            TransactionLimit(Decimal("7.5"), 6000.0, 60, 80),
        ),
        ({"maxEnergy": 6000}, TransactionLimit(max_energy_wh=6000.0)),
        ({"maxCost": -1, "maxEnergy": 1e300, "maxTime": -5}, TransactionLimit()),
    ],
)
def test_a_limit_at_the_station_is_read_and_what_can_be_none_is_none(limit: dict[str, Any], expected: TransactionLimit):
    said = UPDATE | {"transactionInfo": {"transactionId": "T-1", "transactionLimit": limit}}
    assert read("TransactionEvent", said).reports[0].limit == expected
    assert read("TransactionEvent", UPDATE).reports[0].limit is None


def test_a_drivers_tariff_goes_with_the_authorization_where_there_is_a_word_for_it():
    tariff = Tariff("A", "EUR", ((Dimension.ENERGY, Rate((Price(Decimal("0.45")),))),))
    reply = Authorization(AuthorizationStatus.ACCEPTED, tariff=tariff)
    said = {"idToken": {"idToken": "A", "type": "ISO14443"}}
    told = {"idTokenInfo": {"status": "Accepted"}}
    written = {"tariffId": "A", "currency": "EUR", "energy": {"prices": [{"priceKwh": 0.45}]}}
    assert answered("Authorize", said, reply) == told | {"tariff": written}
    assert answered("Authorize", said, reply, Version.V201) == told


SETTLED: dict[str, Any] = {"pspRef": "P", "status": "Settled", "settlementAmount": 12.5, "settlementTime": AT}


def test_a_settlement_is_read():
    address = {"name": "Acme", "address1": "Street 1", "city": "Utrecht", "country": "NL", "postalCode": "3511"}
    more = {
        "transactionId": "T-1",
        "receiptId": "R",
        "receiptUrl": "https://example.com/r",
        "statusInfo": "fine",
        "vatNumber": "NL123456789B01",
        "vatCompany": address,
    }
    assert read("NotifySettlement", SETTLED | more).reports == (
        SettlementReported(
            "P",
            SettlementStatus.SETTLED,
            Decimal("12.5"),
            NOW,
            TransactionId("T-1"),
            "R",
            "https://example.com/r",
            "fine",
            "NL123456789B01",
            Company("Acme", "Street 1", "Utrecht", "NL", postal_code="3511"),
        ),
    )
    canceled = SETTLED | {"status": "Canceled", "settlementAmount": 0, "transactionId": "", "settlementTime": "soon"}
    [report] = read("NotifySettlement", canceled).reports
    assert (report.transaction_id, report.at, report.amount) == (None, None, Decimal("0.0"))


def test_an_amount_beyond_all_bounds_is_kept_as_it_was_told():
    [report] = read("NotifySettlement", SETTLED | {"settlementAmount": 1e300}).reports
    assert report.amount == Decimal("1e300")


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (SettlementReply(), {}),
        (SettlementReply("R", "https://x.example"), {"receiptId": "R", "receiptUrl": "https://x.example"}),
    ],
)
def test_a_settlement_is_answered(reply: SettlementReply, result: dict[str, Any]):
    assert answered("NotifySettlement", SETTLED, reply) == result


def test_a_vat_number_is_asked_about_and_answered():
    asked = {"vatNumber": "NL1", "evseId": 2}
    assert read("VatNumberValidation", asked).reports == (VatNumberReported("NL1", 2),)
    assert answered("VatNumberValidation", asked, VatReply(True)) == asked | {"status": "Accepted"}
    no = {"reasonCode": "InvalidValue", "additionalInfo": "not the form"}
    assert answered("VatNumberValidation", {"vatNumber": "x"}, VatReply(False, None, "not the form")) == {
        "vatNumber": "x",
        "status": "Rejected",
        "statusInfo": no,
    }
    company = Company("Acme", "Street 1", "Utrecht", "NL", postal_code="3511")
    address = {"name": "Acme", "address1": "Street 1", "city": "Utrecht", "postalCode": "3511", "country": "NL"}
    assert answered("VatNumberValidation", asked, VatReply(True, company))["company"] == address
