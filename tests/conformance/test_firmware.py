"""Firmware, frame by frame: updates, signed and plain, and local controllers, in every version that has them.

Read before: the OCPP 1.6 security whitepaper, L01 (L01.FR.01 to L01.FR.26); the steps of TC_L_01 (Secure Firmware
Update - Installation successful) and of TC_L_06 (InvalidSignature), where the central system is tested; the schemas.
"""

import asyncio
from collections.abc import Iterator
from hashlib import md5, sha256
from typing import Any

import httpx
import pytest

from harness import TRUSTS_NOBODY, Server, Station, until
from signed_firmware import IMAGE, RSA, certificate, signature

VERSIONS = {"FW-16": "ocpp1.6", "FW-201": "ocpp2.0.1", "FW-21": "ocpp2.1"}
IN_2 = {key: version for key, version in VERSIONS.items() if version != "ocpp1.6"}
SIGNER, SIGNATURE = certificate(RSA), signature(RSA)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("firmware") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def signed(server: Server) -> dict[str, Any]:
    return image(server, certificate=SIGNER, signature=SIGNATURE)


@pytest.fixture(scope="module")
def plain(server: Server) -> dict[str, Any]:
    return image(server)


def image(server: Server, **values: str) -> dict[str, Any]:
    made = server.tell("/firmware/images", {"vendor": "Acme", "version": "2.0.0", **values})
    with server.api() as api:
        path, headers = f"/firmware/images/{made['id']}/content", {"content-type": "application/octet-stream"}
        answer = api.put(path, content=IMAGE, headers=headers)
        assert answer.status_code == 200, answer.text
    return answer.json()


async def connected(server: Server, station_id: str, version: str, firmware: str = "1.0.0") -> Station:
    station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
    await boot(station, firmware)
    return station


async def boot(station: Station, firmware: str, reason: str = "PowerUp") -> None:
    if station.socket.subprotocol == "ocpp1.6":
        said: dict[str, Any] = {
            "chargePointVendor": "Acme",
            "chargePointModel": "One",
            "firmwareVersion": firmware,
        }
    else:
        hardware = {"vendorName": "Acme", "model": "One", "firmwareVersion": firmware}
        said = {"reason": reason, "chargingStation": hardware}
    assert (await station.call("BootNotification", said))["status"] == "Accepted"


async def asked(
    server: Server, station: Station, action: str, answer: dict[str, Any], **body: object
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the station hears, and the update as the API has it then."""
    path = f"/stations/{station.id}/firmware/updates"
    asking = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
    heard = await station.answer(action, answer)
    return heard, (await asking)["update"]


def state(server: Server, update_id: int) -> str:
    return server.ask(f"/firmware/updates/{update_id}")["state"]


def test_an_image_shows_what_it_is_and_who_signed_it(signed: dict[str, Any]):
    assert (signed["size"], signed["sha256"], signed["signed"]) == (len(IMAGE), sha256(IMAGE).hexdigest(), True)
    assert signed["algorithm"] == "RSA-PSS with SHA-256"
    assert (signed["signer"]["subject"], signed["signer"]["key"]) == ("CN=Acme Firmware", "RSA 2048")


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_a_signed_update_from_asking_to_the_boot_that_confirms_it(
    server: Server, signed: dict[str, Any], station_id: str, version: str
):
    """TC_L_01, for 2.x as its steps are written; 1.6 has the same in messages of its own (L01.FR.10, L01.FR.11)."""

    async def story() -> None:
        station = await connected(server, station_id, version)
        action = "SignedUpdateFirmware" if version == "ocpp1.6" else "UpdateFirmware"
        notification = ("Signed" if version == "ocpp1.6" else "") + "FirmwareStatusNotification"
        body = {"image_id": signed["id"], "retries": 3, "retry_interval_s": 60}
        heard, update = await asked(server, station, action, {"status": "Accepted"}, **body)
        location = heard["firmware"].pop("location")
        assert heard["firmware"].pop("retrieveDateTime").endswith("Z")
        assert heard == {
            "requestId": update["id"],
            "firmware": {"signingCertificate": SIGNER.strip(), "signature": SIGNATURE},
            "retries": 3,
            "retryInterval": 60,
        }
        assert (update["state"], update["signed"], update["from_version"]) == ("accepted", True, "1.0.0")

        async def tells(status: str) -> str:
            assert await station.call(notification, {"status": status, "requestId": update["id"]}) == {}
            return state(server, update["id"])

        assert await tells("Downloading") == "downloading"
        async with httpx.AsyncClient(verify=TRUSTS_NOBODY) as web:
            first = await web.get(location, headers={"range": "bytes=0-99999"})
            assert (first.status_code, first.headers["content-range"]) == (206, f"bytes 0-99999/{len(IMAGE)}")
            rest = await web.get(location, headers={"range": "bytes=100000-"})
            assert first.content + rest.content == IMAGE
            assert (await web.head(location)).headers["content-length"] == str(len(IMAGE))
        assert await tells("Downloaded") == "downloaded"
        assert await tells("SignatureVerified") == "signature_verified"
        assert await tells("Installing") == "installing"
        assert await tells("InstallRebooting") == "install_rebooting"
        await boot(station, "2.0.0", "FirmwareUpdate")
        assert await tells("Installed") == "installed"
        # The clockwork finds it within twenty seconds.
        await until(lambda: state(server, update["id"]) == "confirmed")
        whole = server.ask(f"/firmware/updates/{update['id']}")
        assert whole["booted_version"] == "2.0.0"
        assert whole["fetched_at"] is not None
        words = [step["status"] for step in whole["steps"]]
        assert words[:6] == [
            "Accepted",
            "Downloading",
            "Downloaded",
            "SignatureVerified",
            "Installing",
            "InstallRebooting",
        ]
        await station.close()

    asyncio.run(story())


@pytest.mark.parametrize(("station_id", "version"), {f"BAD-{key}": value for key, value in VERSIONS.items()}.items())
def test_a_station_that_finds_the_signature_wrong(
    server: Server, signed: dict[str, Any], station_id: str, version: str
):
    """TC_L_06: Downloading, Downloaded, InvalidSignature, and the security event InvalidFirmwareSignature."""

    async def story() -> None:
        station = await connected(server, station_id, version)
        action = "SignedUpdateFirmware" if version == "ocpp1.6" else "UpdateFirmware"
        notification = ("Signed" if version == "ocpp1.6" else "") + "FirmwareStatusNotification"
        _, update = await asked(server, station, action, {"status": "Accepted"}, image_id=signed["id"])
        for status in ("Downloading", "Downloaded", "InvalidSignature"):
            await station.call(notification, {"status": status, "requestId": update["id"]})
        event = {"type": "InvalidFirmwareSignature", "timestamp": "2026-05-04T12:00:00Z"}
        assert await station.call("SecurityEventNotification", event) == {}
        now_is = server.ask(f"/firmware/updates/{update['id']}")
        assert (now_is["state"], now_is["reason"]) == ("failed", "InvalidSignature")
        noticed = server.ask(f"/stations/{station.id}/history?chapter=security")["items"]
        assert "station:InvalidFirmwareSignature" in [each["data"]["kind"] for each in noticed]

        for word in ("InvalidCertificate", "RevokedCertificate"):
            _, refused = await asked(server, station, action, {"status": word}, image_id=signed["id"])
            assert (refused["state"], refused["said"]) == ("refused", word)
        await station.close()

    asyncio.run(story())


@pytest.mark.parametrize(("station_id", "version"), {f"PLN-{key}": value for key, value in VERSIONS.items()}.items())
def test_a_plain_update_is_sent_on_purpose_only(server: Server, plain: dict[str, Any], station_id: str, version: str):
    async def story() -> None:
        station = await connected(server, station_id, version)
        path = f"/stations/{station_id}/firmware/updates"
        with server.api() as api:
            refused = api.post(path, json={"image_id": plain["id"]})
        assert (refused.status_code, "not signed" in refused.json()["detail"]) == (409, True)

        answer = {} if version == "ocpp1.6" else {"status": "Accepted"}
        body = {"image_id": plain["id"], "allow_unsigned": True}
        heard, update = await asked(server, station, "UpdateFirmware", answer, **body)
        named = {} if version == "ocpp1.6" else {"requestId": update["id"]}
        said = heard if version == "ocpp1.6" else heard["firmware"]
        assert {"signature", "signingCertificate"}.isdisjoint(said)
        assert (update["state"], update["signed"]) == ("accepted", False)
        for status in ("Downloading", "DownloadFailed"):
            await station.call("FirmwareStatusNotification", {"status": status, **named})
        assert state(server, update["id"]) == "failed"
        # It tries again by itself.
        for status in ("Downloading", "Downloaded", "Installing", "Downloading", "Installed"):
            await station.call("FirmwareStatusNotification", {"status": status, **named})
        assert state(server, update["id"]) == "installed"
        await station.close()

    asyncio.run(story())


def test_a_16_station_that_knows_no_signed_update_is_asked_for_a_plain_one_until_it_took_a_signed_one(
    server: Server, signed: dict[str, Any]
):
    async def story() -> None:
        station = await connected(server, "FW-16-OLD", "ocpp1.6")
        path = f"/stations/{station.id}/firmware/updates"

        def asking(**body: object) -> asyncio.Future[Any]:
            return asyncio.ensure_future(asyncio.to_thread(server.tell, path, {"image_id": signed["id"], **body}))

        first = asking()
        await station.answer("SignedUpdateFirmware", {}, error="NotImplemented")
        await station.answer("UpdateFirmware", {})
        update = (await first)["update"]
        assert (update["state"], update["signed"]) == ("accepted", False)

        second = asking(replace=True)
        await station.answer("SignedUpdateFirmware", {"status": "AcceptedCanceled"})
        assert (await second)["update"]["signed"] is True
        assert state(server, update["id"]) == "replaced"

        with server.api() as api:
            third = asyncio.ensure_future(
                asyncio.to_thread(api.post, path, json={"image_id": signed["id"], "replace": True})
            )
            await station.answer("SignedUpdateFirmware", {}, error="NotSupported")
            answer = await third
        assert (answer.status_code, answer.json()["code"]) == (502, "NotSupported")
        await station.close()

    asyncio.run(story())


def test_an_address_ends_with_what_it_was_made_for_and_is_hidden(server: Server, signed: dict[str, Any]):
    async def story() -> None:
        station = await connected(server, "FW-HID", "ocpp2.1")
        heard, _ = await asked(server, station, "UpdateFirmware", {"status": "Accepted"}, image_id=signed["id"])
        location = heard["firmware"]["location"]
        ticket = location.split("/")[-2]
        assert ticket.startswith("vl_")
        assert len(ticket) > 40
        for path in (f"/stations/{station.id}/messages", f"/stations/{station.id}/commands", "/audit", "/journal"):
            assert ticket not in str(server.ask(path)), path
        async with httpx.AsyncClient(verify=TRUSTS_NOBODY) as web:
            assert (await web.get(location)).content == IMAGE
            assert (await web.get(location.replace(ticket, "vl_" + "A" * 43))).status_code == 404
            assert (await web.get(location, headers={"range": "bytes=9999999-"})).status_code == 416
        with server.api() as api:
            assert api.delete(f"/firmware/images/{signed['id']}").status_code == 409
        await station.close()

    asyncio.run(story())


@pytest.mark.parametrize(("station_id", "version"), {f"LC-{key}": value for key, value in IN_2.items()}.items())
def test_a_local_controller_publishes_an_image_and_stations_fetch_it_there(
    server: Server, signed: dict[str, Any], station_id: str, version: str
):
    async def story() -> None:
        controller = await connected(server, station_id, version)
        path = f"/stations/{station_id}/firmware/publications"
        asking = asyncio.ensure_future(asyncio.to_thread(server.tell, path, {"image_id": signed["id"]}))
        heard = await controller.answer("PublishFirmware", {"status": "Accepted"})
        made = (await asking)["publication"]
        location = heard.pop("location")
        assert heard == {"requestId": made["id"], "checksum": md5(IMAGE).hexdigest()}
        async with httpx.AsyncClient(verify=TRUSTS_NOBODY) as web:
            assert (await web.get(location)).content == IMAGE
        for status in ("Downloading", "Downloaded", "ChecksumVerified"):
            said = {"status": status, "requestId": made["id"]}
            assert await controller.call("PublishFirmwareStatusNotification", said) == {}
        published = {
            "status": "Published",
            "requestId": made["id"],
            "location": ["ftp://10.0.0.1/fw.bin", "https://10.0.0.1/fw.bin"],
        }
        await controller.call("PublishFirmwareStatusNotification", published)
        found = server.ask(f"/firmware/publications/{made['id']}")
        assert (found["state"], found["locations"]) == ("published", published["location"])

        body = {"image_id": signed["id"], "publication_id": made["id"], "replace": True}
        heard, _ = await asked(server, controller, "UpdateFirmware", {"status": "Accepted"}, **body)
        assert heard["firmware"]["location"] == "ftp://10.0.0.1/fw.bin"

        undo = f"/firmware/publications/{made['id']}/unpublish"
        asking = asyncio.ensure_future(asyncio.to_thread(server.tell, undo, {}))
        assert await controller.answer("UnpublishFirmware", {"status": "DownloadOngoing"}) == {
            "checksum": md5(IMAGE).hexdigest()
        }
        assert (await asking)["publication"]["state"] == "published"
        asking = asyncio.ensure_future(asyncio.to_thread(server.tell, undo, {}))
        await controller.answer("UnpublishFirmware", {"status": "Unpublished"})
        assert (await asking)["publication"]["state"] == "unpublished"
        await controller.close()

    asyncio.run(story())


def test_16_has_no_local_controllers(server: Server, signed: dict[str, Any]):
    async def story() -> None:
        station = await connected(server, "LC-FW-16", "ocpp1.6")
        with server.api() as api:
            answer = await asyncio.to_thread(
                api.post, f"/stations/{station.id}/firmware/publications", json={"image_id": signed["id"]}
            )
        assert (answer.status_code, answer.json()["type"].endswith("not-in-this-version")) == (409, True)
        await station.close()

    asyncio.run(story())
