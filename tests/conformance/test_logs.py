"""Logs, frame by frame: GetLog, GetDiagnostics and their notifications in every version, and the upload itself.

What they follow was read in the OCPP 1.6 security whitepaper, N01 (N01.FR.01 to N01.FR.12), and, for 2.x, in the steps
of TC_N_25_CSMS (Retrieve Log Information - Diagnostics Log - Success): asked for with its kind, Accepted, Uploading and
Uploaded with the same request id.
"""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from harness import TRUSTS_NOBODY, Server, Station

VERSIONS = {"LOG-16": "ocpp1.6", "LOG-201": "ocpp2.0.1", "LOG-21": "ocpp2.1"}
CONTENT = b"2026-05-04 12:00:00 door open\n" * 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("logs") / "data") as running:
        yield running


async def connected(server: Server, station_id: str, version: str) -> Station:
    station = await Station.connect(server.ocpp, station_id, server.add_station(station_id), version)
    assert (await station.boot())["status"] == "Accepted"
    return station


async def asked(
    server: Server, station: Station, action: str, answer: dict[str, Any], **body: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the station hears, and the log as the API has it then."""
    asking = asyncio.ensure_future(asyncio.to_thread(server.tell, f"/stations/{station.id}/logs", body))
    heard = await station.answer(action, answer)
    return heard, (await asking)["log"]


async def announced(location: str, length: int) -> int:
    """The status that answers the head of an upload of that length, before any of it is sent."""
    where = urlsplit(location)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"PUT {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {length}\r\n\r\n".encode())
    status = int((await asyncio.wait_for(reader.readline(), 30)).split()[1])
    writer.close()
    return status


def content(server: Server, log_id: int) -> httpx.Response:
    with server.api() as api:
        return api.get(f"/logs/{log_id}/content")


@pytest.mark.parametrize(("station_id", "version"), VERSIONS.items())
def test_diagnostics_are_asked_for_uploaded_and_given_out(server: Server, station_id: str, version: str):
    """TC_N_25_CSMS, whose every step is here for 2.x; 1.6 has messages of its own for it."""

    async def story() -> None:
        station = await connected(server, station_id, version)
        span = {"oldest": "2026-05-01T00:00:00Z", "latest": "2026-05-04T12:00:00Z"}
        if version == "ocpp1.6":
            heard, log = await asked(server, station, "GetDiagnostics", {"fileName": "diag.zip"}, **span)
            location = heard.pop("location")
            assert heard == {"startTime": "2026-05-01T00:00:00.000Z", "stopTime": "2026-05-04T12:00:00.000Z"}
            told, more = "DiagnosticsStatusNotification", {}
        else:
            accepted = {"status": "Accepted", "filename": "diag.zip"}
            heard, log = await asked(server, station, "GetLog", accepted, **span)
            location = heard["log"].pop("remoteLocation")
            assert heard == {
                "requestId": log["id"],
                "logType": "DiagnosticsLog",
                "log": {
                    "oldestTimestamp": "2026-05-01T00:00:00.000Z",
                    "latestTimestamp": "2026-05-04T12:00:00.000Z",
                },
            }
            told, more = "LogStatusNotification", {"requestId": log["id"]}
        assert (log["state"], log["file_name"]) == ("accepted", "diag.zip")
        assert location.startswith(f"{server.http}/files/logs/vl_")

        assert await station.call(told, {"status": "Uploading", **more}) == {}
        assert server.ask(f"/logs/{log['id']}")["state"] == "uploading"
        async with httpx.AsyncClient(verify=TRUSTS_NOBODY) as web:
            if version == "ocpp1.6":
                sent = await web.put(f"{location}/diag.zip", content=CONTENT)
            else:
                sent = await web.post(location, files={"file": ("diag.zip", CONTENT, "application/zip")})
            assert sent.status_code == 201, sent.text
            again = await web.put(location, content=b"another")
            assert again.status_code == 404
        assert await station.call(told, {"status": "Uploaded", **more}) == {}

        kept = server.ask(f"/logs/{log['id']}")
        assert (kept["state"], kept["size"], kept["sha256"]) == (
            "received",
            len(CONTENT),
            sha256(CONTENT).hexdigest(),
        )
        given = content(server, log["id"])
        assert given.content == CONTENT
        assert given.headers["content-type"] == "application/octet-stream"
        assert given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["content-disposition"].startswith(f'attachment; filename="{station_id}-DiagnosticsLog-')
        await station.close()

    asyncio.run(story())


@pytest.mark.parametrize(("station_id", "version"), {f"SEC-{key}": value for key, value in VERSIONS.items()}.items())
def test_a_security_log_that_cannot_be_uploaded_says_why(server: Server, station_id: str, version: str):
    async def story() -> None:
        station = await connected(server, station_id, version)
        heard, log = await asked(server, station, "GetLog", {"status": "Accepted"}, kind="SecurityLog")
        assert (heard["logType"], heard["requestId"]) == ("SecurityLog", log["id"])
        failed = {"status": "PermissionDenied", "requestId": log["id"]}
        assert await station.call("LogStatusNotification", failed) == {}
        now_is = server.ask(f"/logs/{log['id']}")
        assert (now_is["state"], now_is["reason"]) == ("failed", "PermissionDenied")
        assert content(server, log["id"]).status_code == 409

        _, refused = await asked(server, station, "GetLog", {"status": "Rejected"}, kind="SecurityLog")
        assert (refused["state"], refused["said"]) == ("refused", "Rejected")
        await station.close()

    asyncio.run(story())


def test_a_16_station_without_diagnostics_or_without_the_message(server: Server):
    async def story() -> None:
        station = await connected(server, "LOG-16-ODD", "ocpp1.6")
        _, nothing = await asked(server, station, "GetDiagnostics", {})
        assert (nothing["state"], nothing["said"]) == ("refused", "NoFile")

        path, body = f"/stations/{station.id}/logs", {"kind": "DiagnosticsLog"}
        asking = asyncio.ensure_future(asyncio.to_thread(server.tell, path, body))
        await station.answer("GetDiagnostics", {}, error="NotImplemented")
        heard = await station.answer("GetLog", {"status": "AcceptedCanceled", "filename": "all.log"})
        log = (await asking)["log"]
        assert (heard["requestId"], log["state"], log["said"]) == (log["id"], "accepted", "AcceptedCanceled")
        await station.close()

    asyncio.run(story())


def test_an_address_is_one_stations_and_hidden_from_those_who_read_its_messages(server: Server):
    async def story() -> None:
        station = await connected(server, "LOG-HID", "ocpp2.0.1")
        heard, log = await asked(server, station, "GetLog", {"status": "Accepted"})
        ticket = urlsplit(heard["log"]["remoteLocation"]).path.rsplit("/", 1)[-1]
        assert len(ticket) > 40
        for path in (f"/stations/{station.id}/messages", f"/stations/{station.id}/commands", "/audit", "/journal"):
            assert ticket not in str(server.ask(path)), path
        async with httpx.AsyncClient(verify=TRUSTS_NOBODY) as web:
            guess = await web.put(f"{server.http}/files/logs/vl_{'a' * 43}", content=b"x")
            assert guess.status_code == 404
            empty = await web.put(heard["log"]["remoteLocation"], content=b"")
            assert empty.status_code == 422
            assert await announced(heard["log"]["remoteLocation"], 51 << 20) == 413
            sent = await web.post(heard["log"]["remoteLocation"], content=CONTENT)
            assert sent.status_code == 201
        assert ticket not in server.log
        with server.api() as api:
            assert api.delete(f"/logs/{log['id']}").status_code == 204
            assert api.get(f"/logs/{log['id']}").status_code == 404
        assert not list((server.data_dir / "logs").glob(f"{log['id']}*"))
        await station.close()

    asyncio.run(story())
