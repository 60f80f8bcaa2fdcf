"""Payments: settlements as told, VAT numbers by their form and their validators, and web payments."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import Accepted, AnnouncePayment, Answer, ChangeSettings, SettingAnswer, SettingStatus
from voltloom.domain.errors import Invalid
from voltloom.domain.events import PaymentTold, SecurityNoticed
from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.reports import (
    Company,
    SettlementReply,
    SettlementReported,
    SettlementStatus,
    VatNumberReported,
    VatReply,
)
from voltloom.domain.transaction import TransactionLimit
from voltloom.features.access import Role
from voltloom.features.feature import Memories, StationContext
from voltloom.features.payments import qr, rules
from voltloom.features.payments.answers import Desk, desks, settler, vat_answerer
from voltloom.features.payments.qr import Codes
from voltloom.features.payments.rules import VatValidator
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
Story = Callable[[Api, Station], Awaitable[None]]
ACME = Company("Acme", "Street 1", "Utrecht", "NL", postal_code="3511")


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                await story(client, await a_station(database))

        asyncio.run(whole())

    return played


def settlement(number: int = 1, status: SettlementStatus = SettlementStatus.SETTLED) -> SettlementReported:
    return SettlementReported(
        f"psp-{number}",
        status,
        Decimal("12.50"),
        None,
        TransactionId("T-1") if status is not SettlementStatus.CANCELED else None,
        "R-1",
        "https://example.com/r/1",
        "all\x00well",
        "NL123456789B01",
        ACME,
    )


def test_a_settlement_is_kept_as_told_and_once(play):
    async def story(client: Api, station: Station) -> None:
        told = settlement()
        assert await station.says(told) == SettlementReply()
        assert await station.says(told) == SettlementReply()
        await station.says(settlement(2, SettlementStatus.CANCELED))
        latest, first = (await client.get("/settlements")).json()["items"]
        assert (latest["status"], latest["transaction_id"], latest["psp_ref"]) == ("Canceled", "", "psp-2")
        assert (first["amount"], first["info"], first["receipt_url"]) == (
            "12.50",
            "all\ufffdwell",
            "https://example.com/r/1",
        )
        assert (first["vat_number"], first["company"]["name"], first["company"]["address2"]) == (
            "NL123456789B01",
            "Acme",
            "",
        )
        found = (await client.get("/settlements", transaction_id="T-1", station_id="CP-7", status="Settled")).json()
        assert [each["number"] for each in found["items"]] == [first["number"]]
        assert station.heard(PaymentTold)[0].status == "Settled"
        heard = first["heard_at"]
        assert len((await client.get("/settlements", since=heard)).json()["items"]) == 2
        assert (await client.get("/settlements", until=heard)).json()["items"] == []

    play(story)


def test_a_station_that_makes_no_receipt_is_told_where_ours_is():
    answer = settler("https://receipts.example.com/{station_id}/{psp_ref}?tx={transaction_id}")

    def said(**more: object) -> SettlementReply:
        ctx = StationContext(None, None, NOW, Work(), StationId("CP 7"), "m1", Memories({desks: Desk()}))  # type: ignore[arg-type]
        return answer(ctx, replace(settlement(), **more))

    bare = {"receipt_id": "", "receipt_url": ""}
    assert said() == SettlementReply()
    assert said(**bare).receipt_url == "https://receipts.example.com/CP%207/psp-1?tx=T-1"
    assert said(**bare, psp_ref="../a&b").receipt_url == "https://receipts.example.com/CP%207/..%2Fa%26b?tx=T-1"
    assert said(**bare, status=SettlementStatus.FAILED) == said(**bare)
    assert said(**bare, status=SettlementStatus.REJECTED) == SettlementReply()
    assert said(**bare, status=SettlementStatus.CANCELED) == SettlementReply()
    assert said(**bare, psp_ref="x" * 2000) == SettlementReply()


@pytest.mark.parametrize("wrong", ["receipts/{psp_ref}", "https://a.example/", "https://a.example/{psp_ref}/{user}"])
def test_an_address_of_no_receipt_is_refused(wrong: str):
    with pytest.raises(Invalid):
        rules.check_receipts_at(wrong)


def test_settlements_come_page_by_page(play):
    async def story(client: Api, station: Station) -> None:
        for number in range(5):
            await station.says(settlement(number))
        seen: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = (await client.get("/settlements", limit=2, **after)).json()
            seen += [each["psp_ref"] for each in page["items"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert seen == [f"psp-{number}" for number in (4, 3, 2, 1, 0)]

    play(story)


def test_a_station_that_tells_of_payments_without_end_is_kept_in_part(play):
    async def story(client: Api, station: Station) -> None:
        for number in range(70):
            await station.says(settlement(number))
        found = (await client.get("/settlements", limit=500)).json()["items"]
        assert len(found) == 60
        assert [each.kind for each in station.heard(SecurityNoticed)] == ["too_many_payments"]

    play(story)


def test_a_station_is_told_of_a_payment_on_the_web(play):
    async def story(client: Api, _: Station) -> None:
        client.network.says = lambda station_id, command: Answer(Accepted.ACCEPTED, "Accepted")
        body = {"evse": 2, "timeout_s": 120}
        assert (await client.client.post("/stations/CP-7/web-payment", json=body)).json()["outcome"] == "accepted"
        assert client.network.asked == [("CP-7", AnnouncePayment(2, 120))]
        client.role = Role.VIEWER
        assert (await client.client.post("/stations/CP-7/web-payment", json=body)).status_code == 403

    play(story)


# ---- QR codes that change

PAGE = "https://pay.example.com/{chargingstationid}/{evse}/{totp}"


@pytest.mark.parametrize(
    ("validity_s", "length", "codes"),
    [
        (30, 12, ("MdPU0jCm5tXz", "CN63y502maVh", "dI54vnA25m2h")),
        (60, 12, ("nTdkiuG6yUyg", "XJZr0L1DGKn0", "ft0ONZ62MdMj")),
        (30, 23, ("", "CN63y502maVhAsv27Sd7JlE", "")),
    ],
)
def test_codes_are_those_of_others(validity_s: int, length: int, codes: tuple[str, ...]):
    """The vectors of OpenChargingCloud/DynamicQRCodes."""
    at = datetime(2024, 5, 23, 0, 23, 5, tzinfo=UTC)
    made = Codes("secure!Charging!", validity_s, length)
    slot = int(at.timestamp()) // validity_s
    for number, code in enumerate(codes, slot - 1):
        if code:
            assert qr.code_of(made, number) == code
            assert qr.is_good(made, code, at)
            assert not qr.is_good(made, code, at + timedelta(seconds=3 * validity_s))
            assert not qr.is_good(made, code[:-1], at)
    assert not qr.is_good(made, "\u2603", at)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://pay.example.com/CP-7/1/abc", ("CP-7", 1, "abc", TransactionLimit())),
        ("https://pay.example.com/CP%207/12/abc?maxtime=60", ("CP 7", 12, "abc", TransactionLimit(max_time_s=60))),
        (
            "https://pay.example.com/CP-7/1/abc?maxEnergy=9&maxcost=7.5&lang=de",
            ("CP-7", 1, "abc", TransactionLimit(Decimal("7.5"), 9.0)),
        ),
        ("https://pay.example.com/CP-7/1/abc?maxcost=NaN", None),
        ("https://pay.example.com/CP-7/1/abc?maxcost=-1", None),
        ("https://pay.example.com/CP-7/1/abc?maxtime=soon", None),
        ("https://pay.example.com/CP-7/one/abc", None),
        ("https://pay.example.com/CP-7/abc", None),
        ("https://pay.example.com/CP-7/1/abc/more", None),
        ("https://evil.example.com/CP-7/1/abc", None),
        ("https://pay.example.com.evil.com/CP-7/1/abc", None),
        ("", None),
    ],
)
def test_an_address_says_where_its_driver_stands(url: str, found: tuple[str, int, str, TransactionLimit] | None):
    read = qr.read(PAGE, url)
    assert (None if read is None else (read.station_id, read.evse, read.code, read.limit)) == found


@pytest.mark.parametrize(
    "template",
    [
        "",
        "ftp://pay.example.com/{chargingstationid}/{evse}/{totp}",
        "https://{chargingstationid}.example.com/{evse}/{totp}",
        "https://pay.example.com/{chargingstationid}/{totp}",
        "https://pay.example.com/{chargingstationid}/{evse}/{totp}/{user}",
        "https://pay.example.com/{chargingstationid}/{evse}/{evse}/{totp}",
    ],
)
def test_an_address_that_tells_too_little_is_none(template: str):
    with pytest.raises(Invalid):
        qr.check_template(template)


def accepts(_: object, command: object) -> object:
    assert isinstance(command, ChangeSettings)
    return tuple(SettingAnswer(new.name, SettingStatus.ACCEPTED, "Accepted") for new in command.settings)


def test_a_station_shows_codes_that_count_until_it_shows_no_more(play):
    async def story(client: Api, _: Station) -> None:
        client.network.says = accepts
        path = "/stations/CP-7/web-payments"
        assert (await client.get(path)).status_code == 404
        body = {"template": PAGE, "validity_s": 3600, "length": 10}
        made = await client.client.put(path, json=body)
        assert made.status_code == 200, made.text
        [(_, command)] = client.network.asked
        values = {new.name.variable: new.value for new in command.settings}
        assert (values["URLTemplate"], values["ValidityTime"], values["Length"]) == (PAGE, "3600", "10")
        assert values["SharedSecret"] not in made.text
        codes = Codes(values["SharedSecret"], 3600, 10)
        code = qr.code_of(codes, int(datetime.now(UTC).timestamp()) // 3600)
        url = f"https://pay.example.com/CP-7/2/{code}?maxenergy=20000"
        scanned = await client.client.post("/web-payments/scanned", json={"url": url})
        assert scanned.json() == {
            "station_id": "CP-7",
            "evse": 2,
            "max_cost": None,
            "max_energy_wh": 20_000.0,
            "max_time_s": None,
        }
        wrong = url.replace(code, "0" * 10)
        assert (await client.client.post("/web-payments/scanned", json={"url": wrong})).status_code == 403
        elsewhere = url.replace("CP-7", "CP-8")
        assert (await client.client.post("/web-payments/scanned", json={"url": elsewhere})).status_code == 422
        # What was kept of it does not tell the secret.
        kept = (await client.get("/stations/CP-7/commands")).text
        assert values["SharedSecret"] not in kept
        assert "URLTemplate" in kept
        client.network.says = None
        assert (await client.client.delete(path)).status_code == 409
        assert (await client.client.post("/web-payments/scanned", json={"url": url})).status_code == 422
        client.role = Role.VIEWER
        assert (await client.client.put(path, json=body)).status_code == 403
        assert (await client.client.post("/web-payments/scanned", json={"url": url})).status_code == 403

    play(story)


def test_a_station_that_takes_no_secret_shows_no_codes(play):
    async def story(client: Api, _: Station) -> None:
        def refuses(station_id: object, command: ChangeSettings) -> object:
            return tuple(
                SettingAnswer(new.name, SettingStatus.READ_ONLY, "Rejected")
                if new.name.variable in wrong
                else SettingAnswer(new.name, SettingStatus.ACCEPTED, "Accepted")
                for new in command.settings
            )

        client.network.says = refuses  # type: ignore[assignment]
        path, body = "/stations/CP-7/web-payments", {"template": PAGE}
        wrong = {"SharedSecret", "TOTPVersion"}
        answer = await client.client.put(path, json=body)
        assert answer.status_code == 409
        assert "SharedSecret" in answer.json()["detail"]
        assert (await client.get(path)).status_code == 404
        wrong = {"TOTPVersion"}
        assert (await client.client.put(path, json=body)).status_code == 200

    play(story)


# ---- VAT numbers


@pytest.mark.parametrize(
    ("number", "fine"),
    [
        ("NL123456789B01", True),
        ("nl 1234.56789.b01", True),
        ("DE123456789", True),
        ("DE12345678", False),
        ("ATU12345678", True),
        ("AT12345678", False),
        ("FRXX123456789", True),
        ("FRIO123456789", False),
        ("CHE-123.456.789 MWST", True),
        ("GBGD499", True),
        ("GBGD500", False),
        ("ZZ123", False),
        ("", False),
        ("DE１２３４５６７８９", False),
        ("DE123456789\n", False),
    ],
)
def test_a_vat_number_has_the_form_of_its_country(number: str, fine: bool):
    assert (rules.why_no_vat(rules.plain_vat(number)) == "") is fine


def answered(number: str, *validators: VatValidator) -> VatReply:
    async def ask() -> VatReply:
        ctx = StationContext(None, None, NOW, Work(), "CP-7", "m1", Memories({}))  # type: ignore[arg-type]
        return await vat_answerer(validators)(ctx, VatNumberReported(number))

    return asyncio.run(ask())


def test_validators_are_asked_in_turn_and_only_of_what_has_the_form():
    asked: list[str] = []

    async def knows_nothing(number: str) -> VatReply | None:
        asked.append(number)
        return None

    async def fails(number: str) -> VatReply | None:
        raise OSError("not reachable")

    async def knows(number: str) -> VatReply | None:
        return VatReply(number.endswith("01"), ACME if number.endswith("01") else None, "not registered")

    assert answered("NL123456789B01") == VatReply(True)
    assert answered("nl123456789b01", knows_nothing, fails, knows) == VatReply(True, ACME)
    assert answered("NL123456789B02", knows_nothing, fails, knows) == VatReply(False, None, "not registered")
    assert asked == ["NL123456789B01", "NL123456789B02"]
    assert answered("ZZ1", knows_nothing) == VatReply(False, reason="no VAT number of a country whose form is known")
