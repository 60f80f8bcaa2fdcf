"""Texts of stations, drivers, partners and colleagues that want to do something: on every page, of every tab, once."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_hand import HandStation, Yard
from console_house import DemoNetwork, of_server, overflowing, settled, until
from harness import Server, iso
from signed_firmware import EC, certificate

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}\u202egnp.exe\u200b\u2066 <img src=x onerror=alert(2)> שלום مرحبا 💥"
TRANSACTION = "<img src=x onerror=alert(3)>/?#%2F\u202e💥"
"""36 characters at most; some of them have a meaning in an address."""
LONG = f"{HOSTILE} {'W' * 10_000}"


def short(most: int) -> str:
    """As much of it as fits, and then no place to break it."""
    return f"{SCRIPT}\u202egnp\u2066 שלום 💥{'W' * most}"[:most]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("hostile") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def pages(server: Server) -> Iterator[dict[str, str]]:
    key = json.loads((server.data_dir / "local-key.json").read_bytes())
    network = DemoNetwork(server.data_dir, key["url"], key["token"])
    yard = Yard(network)
    try:
        yield seed(network, yard)
    finally:
        yard.close()


def seed(network: DemoNetwork, yard: Yard) -> dict[str, str]:
    with network.api() as api:

        def tell(path: str, body: Any, method: str = "POST") -> Any:
            answer = api.request(method, path, json=body)
            assert answer.is_success, f"{path}: {answer.text}"
            return answer.json() if answer.content else None

        site = tell("/sites", {"name": short(100), "address": short(200), "city": short(100)})["id"]
        tell("/people", {"login": "eve", "name": short(200), "role": "viewer"})
        tell("/api-keys", {"name": short(200), "grants": ["stations:read"]})
        tell("/token-groups/hostile", {"name": short(90)}, "PUT")
        token = "<img src=x onerror=alert(1)>שלום💥"  # printable, and good for an address, or it is refused
        tell("/tokens", {"value": token, "holder": short(90), "note": short(90), "group": "hostile"})
        energy = {"prices": [{"amount": "0.5"}], "taxes": [{"kind": short(20), "percent": "20"}]}
        tell(
            "/tariffs",
            {"id": "hostile", "name": short(100), "currency": "EUR", "energy": energy, "texts": [{"text": short(900)}]},
        )
        tell("/tariff-assignments", {"kind": "token", "target": token, "tariff_id": "hostile"}, "PUT")
        tell("/tariff-assignments", {"kind": "site", "target": site, "tariff_id": "hostile"}, "PUT")
        root = certificate(EC, name=short(40), authority=True)
        tell("/certificates/authorities", {"use": "MORootCertificate", "certificate": root})
        image = {"version": short(50), "vendor": short(20), "file_name": short(100), "notes": LONG[:900]}
        image_id = tell("/firmware/images", image)["id"]
        api.put(
            f"/firmware/images/{image_id}/content",
            content=b"\x00" * 4096,
            headers={"content-type": "application/octet-stream"},
        ).raise_for_status()
        wanted = {"component": short(50), "variable": short(50), "value": short(2000)}
        aim = {"vendor": "*"}
        tell("/setting-templates", {"name": short(100), "aim": aim, "settings": [wanted]})
        monitor = {"component": short(50), "variable": short(50), "kind": "UpperThreshold", "value": 7}
        tell("/monitor-templates", {"name": short(100), "aim": aim, "monitors": [monitor]})

        station = charges(network, yard, site, token, tell)
        old = speaks_16(network, site)
        campaign = tell("/firmware/campaigns", {"image_id": image_id, "stations": [old], "allow_unsigned": True})
        tell("/jobs/trigger", {"request": {"message": "StatusNotification"}, "stations": [station, old]})
        until(lambda: network.ask(f"/station-events?station_id={station}")["items"])
    with contextlib.suppress(InvalidStatus):
        url = json.loads((network.folder / "addresses.json").read_bytes())["stations"][0]
        connect(f"{url}/{quote(short(40))}", additional_headers={"User-Agent": quote(SCRIPT)}, legacy=True).close()
    (transaction,) = network.ask(f"/transactions?station_id={station}&limit=1")["items"]
    at, job = f"/stations/{station}", network.ask("/jobs")["items"][0]["id"]
    tabs = "now messages settings commands transactions history firmware certificates charging monitoring"
    return {
        **dict.fromkeys(("/", "/stations", "/stations/new", "/inbox", "/jobs", f"/jobs/{job}", "/transactions"), ""),
        **{f"{at}/{tab}": "" for tab in f"{tabs} local-list display".split()},
        f"{at}/monitoring?of=watches": SCRIPT,
        f"{at}/monitoring?of=streams": SCRIPT,
        f"/stations/{old}": "",
        f"/stations/{old}/messages": SCRIPT,
        f"/stations/{old}/history": SCRIPT,
        f"/transactions/{station}/{quote(transaction['id'], safe='')}": "onerror=alert(3)",
        **dict.fromkeys(("/sites", f"/sites/{site}", f"/sites/{site}/edit", "/tokens", "/tokens?tab=groups"), SCRIPT),
        f"/tokens/{quote(token, safe='')}": SCRIPT,
        "/tokens/import": "",
        "/tariffs": SCRIPT,
        "/tariffs?of=hostile": SCRIPT,
        "/tariffs?tab=assignments": SCRIPT,
        "/tariffs/new?like=hostile": "",
        "/firmware": SCRIPT,
        "/firmware?tab=images": SCRIPT,
        f"/firmware?tab=images&image={image_id}": SCRIPT,
        "/firmware?tab=updates": "",
        f"/firmware/campaigns/{campaign['campaign_id']}": SCRIPT,
        "/firmware/campaigns/new": "",
        "/templates": SCRIPT,
        "/templates?tab=monitors": SCRIPT,
        "/templates?tab=drift": "",
        "/certificates": "",
        "/certificates?tab=requests": "",
        "/certificates?tab=authorities": SCRIPT.replace("<", "\\<").replace(">", "\\>"),  # RFC 4514 §2.4
        "/conformance": SCRIPT,
        "/events": "",
        "/audit": "",
        "/people": SCRIPT,
        "/keys": SCRIPT,
        "/profile": "",
        "/password": "",
        f"/no/{quote(short(60))}": SCRIPT,
    }


def charges(network: DemoNetwork, yard: Yard, site: str, token: str, tell: Any) -> str:
    """A 2.1 station that charges, and says hostile things of all it may say something of."""
    identity = "HOSTILE-21"
    station = yard.station(identity, "2.1", site_id=site)
    tell(f"/stations/{identity}", {"name": short(100), "notes": LONG[:4900]}, "PATCH")
    now = iso(datetime.now(UTC))
    station.on("GetLog", {"status": "Accepted", "filename": short(255)})
    station.on("Reset", {"status": "Rejected", "statusInfo": {"reasonCode": short(20), "additionalInfo": short(500)}})
    part = {"component": {"name": short(50)}, "variable": {"name": short(50), "instance": short(50)}}
    stream = {"id": 1, "variableMonitoringId": 5, "params": {"interval": 60}}
    energy = {"value": 5_000.0, "measurand": "Energy.Active.Import.Register"}
    samples = [{"timestamp": now, "sampledValue": [energy]}]
    says: list[tuple[str, dict[str, Any]]] = [
        (
            "TransactionEvent",
            {
                "eventType": "Started",
                "timestamp": now,
                "triggerReason": "Authorized",
                "seqNo": 0,
                "transactionInfo": {"transactionId": TRANSACTION},
                "evse": {"id": 1, "connectorId": 1},
                "idToken": {"idToken": token, "type": "ISO14443"},
                "meterValue": samples,
            },
        ),
        (
            "NotifyReport",
            {
                "requestId": 1,
                "generatedAt": now,
                "seqNo": 0,
                "reportData": [{**part, "variableAttribute": [{"value": LONG[:2400]}]}],
            },
        ),
        (
            "NotifyMonitoringReport",
            {
                "requestId": 2,
                "generatedAt": now,
                "seqNo": 0,
                "monitor": [
                    {
                        **part,
                        "variableMonitoring": [
                            {
                                "id": 5,
                                "transaction": False,
                                "value": 60,
                                "type": "Periodic",
                                "severity": 5,
                                "eventNotificationType": "CustomMonitor",
                            }
                        ],
                    }
                ],
            },
        ),
        (
            "NotifyEvent",
            {
                "generatedAt": now,
                "seqNo": 0,
                "eventData": [
                    {
                        **part,
                        "eventId": 1,
                        "timestamp": now,
                        "trigger": "Alerting",
                        "actualValue": short(2000),
                        "techCode": short(50),
                        "techInfo": short(500),
                        "eventNotificationType": "CustomMonitor",
                    }
                ],
            },
        ),
        ("SecurityEventNotification", {"type": short(50), "timestamp": now, "techInfo": short(255)}),
        ("SignCertificate", {"csr": f"-----BEGIN CERTIFICATE REQUEST-----{LONG[:3000]}"}),
        ("OpenPeriodicEventStream", {"constantStreamData": stream}),
        (
            "NotifySettlement",
            {
                "pspRef": short(255),
                "status": "Settled",
                "settlementAmount": 6.01,
                "settlementTime": now,
                "transactionId": TRANSACTION,
                "statusInfo": short(500),
                "receiptId": short(50),
                "receiptUrl": f"javascript:alert(1)//{short(500)}",
                "vatNumber": short(20),
                "vatCompany": {"name": short(50), "address1": short(100), "city": short(100), "country": short(50)},
            },
        ),
        ("DataTransfer", {"vendorId": short(255), "messageId": short(50), "data": LONG}),
    ]
    for action, payload in says:
        # A refusal is kept and shown as well.
        with contextlib.suppress(Exception):
            yard.do(station.call(action, payload))

    async def streams() -> None:
        values = {"id": 1, "pending": 0, "basetime": now, "data": [{"t": 0, "v": short(2000)}]}
        station.send(json.dumps([6, "s1", "NotifyPeriodicEventStream", values]))

    yard.do(streams())
    tell(f"/stations/{identity}/logs", {"kind": "DiagnosticsLog"})
    tell(f"/stations/{identity}/reset", {"kind": "OnIdle"})
    tell(f"/stations/{identity}/display-messages", {"contents": [{"text": short(500)}]})
    tell(f"/local-list-selections/stations/{identity}", {"mode": "everything"}, "PUT")
    return identity


def speaks_16(network: DemoNetwork, site: str) -> str:
    """A 1.6 station that booted, broke, and answers with an error."""
    station = HandStation(network, "HOSTILE-16").come()
    makes = {"chargePointVendor": short(20), "chargePointModel": short(20), "chargePointSerialNumber": short(25)}
    station.call("BootNotification", {**makes, "firmwareVersion": short(50)})
    fault = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted"}
    station.call(
        "StatusNotification", {**fault, "info": short(50), "vendorId": short(255), "vendorErrorCode": short(50)}
    )
    station.call("DataTransfer", {"vendorId": short(255), "data": LONG})
    station.call(short(30), {SCRIPT: HOSTILE})
    with network.api() as api:
        asked = threading.Thread(target=api.post, args=["/stations/HOSTILE-16/unlock"], kwargs={"json": {"evse": 1}})
        asked.start()
        assert station.socket is not None
        while (frame := json.loads(station.socket.recv(timeout=30)))[0] != 2 or frame[2] != "UnlockConnector":
            station.socket.send(json.dumps([4, frame[1], "NotImplemented", short(200), {}]))
        station.socket.send(json.dumps([4, frame[1], "InternalError", short(255), {SCRIPT: LONG}]))
        asked.join(30)
        api.patch("/stations/HOSTILE-16", json={"site_id": site}).raise_for_status()
    station.leave()
    return station.id


_ACTING = """() => {
  const turns = /[\\u202a-\\u202e\\u2066-\\u2069]/;
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const found = turns.test(document.title) ? [`the title: ${document.title}`] : [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const inside = node.parentElement;
    if (turns.test(node.data) && !inside.closest("bdi, textarea, script")) found.push(inside.outerHTML.slice(0, 200));
  }
  const alive = [...document.querySelectorAll('img[src="x"], body script:not([src])')].map((each) => each.outerHTML);
  const links = [...document.querySelectorAll("a[href^='javascript:' i]")].map((each) => each.outerHTML.slice(0, 200));
  return [...found, ...alive, ...links].slice(0, 5);
}"""
"""What acts beyond an element of its own: characters that turn what is around them, markup that came alive."""


def visit(page: Page, path: str) -> None:
    """Within the pages, as a link does it: each of them loaded anew would take minutes in all."""
    page.evaluate("(path) => history.pushState(null, '', path)", path)
    there = page.get_by_role("main")
    expect(there.get_by_role("heading").or_(there.get_by_text("There is nothing here")).first).to_be_visible()
    settled(page)


def test_hostile_texts_are_inert_on_every_page(chromium: Browser, server: Server, pages: dict[str, str]) -> None:
    phone: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
    with of_server(chromium, server, **phone) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        troubles: list[str] = []
        page.goto("/profile")
        for path, shown in pages.items():
            visit(page, path)
            with contextlib.suppress(AssertionError):
                expect(page.get_by_text(shown, exact=False).first).to_be_attached(timeout=10_000)
                shown = ""
            troubles += [f"{path}: {each}" for each in (*page.evaluate(_ACTING), *overflowing(page))]
            troubles += [f"{path} does not show {shown}"] if shown else []
        assert not dialogs, dialogs
        assert not troubles, "\n".join(troubles)

        # What is cut is there whole.
        page.goto("/stations/HOSTILE-16/messages?q=DataTransfer")
        page.get_by_role("row").filter(has_text="DataTransfer").first.tap()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("Show all 10,")).first.tap()
        expect(page.get_by_role("dialog").get_by_text("W" * 10_000, exact=False).first).to_be_visible()
