"""What stations fetch and send for real: firmware, with its signature, and logs."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest

from signed_firmware import IMAGE, RSA, certificate, signature
from voltloom.simulator import SimulatedStation

SIGNED = {"signingCertificate": certificate(RSA), "signature": signature(RSA)}


@dataclass
class Files:
    """A web server by hand.

    breaks   how many of its first answers break off in the middle
    is_out   it answers 503
    sent     what was put or posted
    """

    url: str = ""
    breaks: int = 0
    is_out: bool = False
    content: bytes = IMAGE
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split()
        if method == "GET":
            self.asked.append(path)
            if self.is_out:
                writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                await self._give(head, writer)
        else:
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            assert length is not None
            self.sent.append((f"{method} {path}", await reader.readexactly(int(length[1]))))
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def _give(self, head: str, writer: asyncio.StreamWriter) -> None:
        asked = re.search(r"range: bytes=(\d+)-", head, re.IGNORECASE)
        start = int(asked[1]) if asked else 0
        status = "206 Partial Content" if asked else "200 OK"
        rest = self.content[start:]
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(rest)}\r\nConnection: close\r\n\r\n".encode())
        if self.breaks:
            self.breaks -= 1
            rest = rest[: len(rest) // 2]
        writer.write(rest)


@asynccontextmanager
async def some_files(**values: Any) -> AsyncIterator[Files]:
    files = Files(**values)
    server = await asyncio.start_server(files.serve, "127.0.0.1", 0)
    files.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield files


Story = Callable[[Any, SimulatedStation, Files], Awaitable[None]]


def told(a_csms: Callable[..., Any], version: str, story: Story, **values: Any) -> None:
    async def run() -> None:
        async with (
            some_files(**values) as files,
            a_csms() as csms,
            SimulatedStation(csms.url, "CP-1", version) as station,
        ):
            await station.boot()
            await story(csms, station, files)

    asyncio.run(run())


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


async def words(csms: Any, station: SimulatedStation, action: str, last: str) -> list[str]:
    """All statuses of the action until that one, while time goes by."""
    async with asyncio.timeout(30):
        while not any(each["status"] == last for each in csms.of(action)):
            station.let_pass(1)
            await asyncio.sleep(0.01)
    return [each["status"] for each in csms.of(action)]


UPDATES = {
    "1.6": ("SignedUpdateFirmware", "SignedFirmwareStatusNotification"),
    "2.0.1": ("UpdateFirmware", "FirmwareStatusNotification"),
    "2.1": ("UpdateFirmware", "FirmwareStatusNotification"),
}


@pytest.mark.parametrize("version", UPDATES)
def test_what_could_not_be_fetched_is_fetched_again_as_often_as_it_was_told(a_csms, version: str):
    action, tells = UPDATES[version]

    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        again = {"retries": 2, "retryInterval": 60}
        await csms.call(action, order(files, **SIGNED) | again)
        assert (await words(csms, station, tells, "DownloadFailed")) == ["Downloading"] * 3 + ["DownloadFailed"]
        assert len(files.asked) == 3
        await csms.call(action, order(files, **SIGNED) | again)
        async with asyncio.timeout(30):
            while len(files.asked) < 4:
                station.let_pass(1)
                await asyncio.sleep(0.01)
        files.is_out = False
        await words(csms, station, tells, "Installed")

    told(a_csms, version, story, is_out=True)


def order(files: Files, **more: str) -> dict[str, Any]:
    return {"requestId": 7, "firmware": {"location": f"{files.url}/fw.bin", "retrieveDateTime": now(), **more}}


@pytest.mark.parametrize("version", UPDATES)
def test_a_signed_image_is_fetched_checked_installed_and_told_at_boot(a_csms, version: str):
    action, tells = UPDATES[version]

    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        assert await csms.call(action, order(files, **SIGNED)) == {"status": "Accepted"}
        assert await words(csms, station, tells, "Installed") == [
            "Downloading",
            "Downloaded",
            "SignatureVerified",
            "Installing",
            "InstallRebooting",
            "Installed",
        ]
        assert {each["requestId"] for each in csms.of(tells)} == {7}
        assert files.asked == ["/fw.bin", "/fw.bin"]  # it broke off, and went on
        boot = csms.of("BootNotification")[-1]
        assert "2.0.0" in str(boot)

    told(a_csms, version, story, breaks=1)


@pytest.mark.parametrize("version", UPDATES)
def test_an_image_that_was_changed_is_not_installed(a_csms, version: str):
    action, tells = UPDATES[version]

    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        await csms.call(action, order(files, **SIGNED))
        assert (await words(csms, station, tells, "InvalidSignature"))[-1] == "InvalidSignature"
        assert (await csms.until_of("SecurityEventNotification"))["type"] == "InvalidFirmwareSignature"
        ended = certificate(RSA, ends=timedelta(hours=-1))
        answer = await csms.call(action, order(files, **{**SIGNED, "signingCertificate": ended}))
        assert answer == {"status": "InvalidCertificate"}

    told(a_csms, version, story, content=IMAGE + b"!")


def test_a_plain_update_of_16_says_what_its_message_has_words_for(a_csms):
    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        await csms.call("UpdateFirmware", {"location": f"{files.url}/fw.bin", "retrieveDate": now()})
        steps = await words(csms, station, "FirmwareStatusNotification", "Installed")
        assert steps == ["Downloading", "Downloaded", "Installing", "Installed"]
        nowhere = {"location": "http://127.0.0.1:9/fw.bin", "retrieveDate": now(), "retries": 0}
        await csms.call("UpdateFirmware", nowhere)
        assert (await words(csms, station, "FirmwareStatusNotification", "DownloadFailed"))[-1] == "DownloadFailed"

    told(a_csms, "1.6", story)


def test_another_update_takes_the_place_of_one_that_waits_for_a_car(a_csms):
    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        tx = await station.start()
        assert (await csms.call("UpdateFirmware", order(files)))["status"] == "Accepted"
        await words(csms, station, "FirmwareStatusNotification", "Downloaded")
        another = order(files) | {"requestId": 8}
        assert (await csms.call("UpdateFirmware", another))["status"] == "AcceptedCanceled"
        await csms.until(lambda: csms.of("FirmwareStatusNotification")[-1]["requestId"] == 8 or station.let_pass(1))
        await station.stop(tx)
        await words(csms, station, "FirmwareStatusNotification", "Installed")
        late = [each["requestId"] for each in csms.of("FirmwareStatusNotification") if each["status"] == "Installing"]
        assert late == [8]

    told(a_csms, "2.0.1", story)


@pytest.mark.parametrize(("checksum", "last"), [(md5(IMAGE).hexdigest(), "Published"), ("0" * 32, "InvalidChecksum")])
def test_a_local_controller_offers_what_it_fetched(a_csms, checksum: str, last: str):
    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        asked = {"requestId": 9, "location": f"{files.url}/fw.bin", "checksum": checksum}
        assert await csms.call("PublishFirmware", asked) == {"status": "Accepted"}
        assert (await words(csms, station, "PublishFirmwareStatusNotification", last))[:2] == [
            "Downloading",
            "Downloaded",
        ]
        undone = await csms.call("UnpublishFirmware", {"checksum": checksum})
        assert undone == {"status": "Unpublished" if last == "Published" else "NoFirmware"}

    told(a_csms, "2.1", story)


def test_diagnostics_of_16_are_put_into_the_folder_they_are_to_go_to(a_csms):
    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        name = (await csms.call("GetDiagnostics", {"location": f"{files.url}/folder/"}))["fileName"]
        assert await words(csms, station, "DiagnosticsStatusNotification", "Uploaded") == ["Uploading", "Uploaded"]
        [(where, content)] = files.sent
        assert where == f"PUT /folder/{name}"
        assert b"DiagnosticsLog of CP-1" in content
        await csms.call("GetDiagnostics", {"location": "http://127.0.0.1:9"})
        assert (await words(csms, station, "DiagnosticsStatusNotification", "UploadFailed"))[-1] == "UploadFailed"

    told(a_csms, "1.6", story)


@pytest.mark.parametrize("version", UPDATES)
def test_a_security_log_tells_what_happened(a_csms, version: str):
    async def story(csms: Any, station: SimulatedStation, files: Files) -> None:
        ended = certificate(RSA, ends=timedelta(hours=-1))
        await csms.call(UPDATES[version][0], order(files, **{**SIGNED, "signingCertificate": ended}))
        await csms.until_of("SecurityEventNotification")
        asked = {"logType": "SecurityLog", "requestId": 3, "log": {"remoteLocation": f"{files.url}/once"}}
        assert (await csms.call("GetLog", asked))["status"] == "Accepted"
        await words(csms, station, "LogStatusNotification", "Uploaded")
        [(where, content)] = files.sent
        assert where.startswith("PUT /once/" if version == "1.6" else "POST /once")
        assert b"InvalidFirmwareSigningCertificate" in content

    told(a_csms, version, story)
