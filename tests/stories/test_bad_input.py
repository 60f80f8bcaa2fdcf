"""Whatever arrives on the sockets, a station that behaves charges on, and the server neither grows nor ends."""

import asyncio
import base64
import json
import random
import struct
from contextlib import suppress
from datetime import UTC, datetime

import websockets

from harness import Server, Station, iso

MEBIBYTE = 1 << 20


def test_a_well_behaved_station_charges_on_while_others_send_rubbish(tmp_path):
    chance = random.Random(13)
    with Server(tmp_path / "data") as server:
        good = server.add_station("GOOD")
        bad = [server.add_station(f"BAD-{number}") for number in range(6)]
        server.tell("/tokens", {"value": "CARD"})

        async def story() -> tuple[int, int]:
            station = await Station.connect(server.ocpp, "GOOD", good)
            await station.boot()
            start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": iso(datetime.now(UTC))}
            number = (await station.call("StartTransaction", start))["transactionId"]
            over = asyncio.Event()
            charging = asyncio.create_task(charges(station, number, over))
            before = server.rss_bytes()
            try:
                attacks = [strangers(port, chance) for port in (server.ocpp_port, server.ocpps_port, server.http_port)]
                attacks += [insiders(server, f"BAD-{n}", password, chance) for n, password in enumerate(bad)]
                await asyncio.gather(*attacks)
            finally:
                over.set()
            sent = await charging
            grown = server.rss_bytes() - before
            assert grown < 100 * MEBIBYTE, f"it grew by {grown / MEBIBYTE:.0f} MiB"
            stop = {"transactionId": number, "meterStop": sent, "timestamp": iso(datetime.now(UTC))}
            await station.call("StopTransaction", stop)
            await station.close()
            return number, sent

        number, sent = asyncio.run(story())
        assert server.process is not None
        assert server.process.poll() is None
        charged = server.ask(f"/transactions/GOOD/{number}")
        assert charged["energy_wh"] == sent
        assert charged["flags"] == []
        told = server.ask("/journal?station=GOOD&after=0&limit=500")["items"]
        names = [entry["name"] for entry in told]
        assert names.count("station.connected") == 1
        assert "station.disconnected" not in names[: names.index("transaction.ended")]
        assert "Traceback" not in server.log


async def charges(station: Station, number: int, over: asyncio.Event) -> int:
    """Until it is over, without a pause, and each message within a few seconds. The register at the end."""
    register = 0
    while not over.is_set() or register < 50:
        register += 1
        value = {"value": str(register), "measurand": "Energy.Active.Import.Register"}
        meter = {"timestamp": iso(datetime.now(UTC)), "sampledValue": [value]}
        said = {"connectorId": 1, "transactionId": number, "meterValue": [meter]}
        await asyncio.wait_for(station.call("MeterValues", said), 15)
        await asyncio.sleep(0.03)  # its pace: a message a second and station would be usual
    return register


UPGRADE = b"GET /ocpp/X HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


async def strangers(port: int, chance: random.Random) -> None:
    """Bytes that are nothing, handshakes that stop halfway, heads without end."""
    rubbish = [chance.randbytes(chance.randrange(1, 3_000)) for _ in range(25)]
    rubbish += [UPGRADE, UPGRADE[:20], b"\x16\x03\x01" + chance.randbytes(500), b"\r\n" * 5_000, b"G" * 200_000]
    rubbish += [b"GET / HTTP/1.1\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(5_000)) + b"\r\n"]
    rubbish += [b"POST /api/v1/stations HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"[" * 100_000]
    held: list[asyncio.StreamWriter] = []
    for sent in rubbish:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
            if len(held) < 10:
                held.append(writer)
                continue
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 30)
        writer.close()
    for writer in held:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def insiders(server: Server, station_id: str, password: str, chance: random.Random) -> None:
    """Registered, let in, and up to no good."""
    for bad in messages(chance):
        with suppress(OSError, websockets.InvalidHandshake, websockets.ConnectionClosed):
            station = await Station.knock(server.ocpp, station_id, password)
            try:
                await station.boot()
                await station.socket.send(bad)
                # Either it is answered like any other after that, or it is sent away.
                await asyncio.wait_for(station.socket.recv(), 20)
            finally:
                station.socket.transport.abort()
    await raw_frames(server, station_id, password, chance)


def messages(chance: random.Random) -> list[str | bytes]:
    deep = '[2,"d","DataTransfer",' + '{"a":' * 5_000 + "1" + "}" * 5_001 + "]"
    many = json.dumps([2, "m", "MeterValues", {"connectorId": 1, "meterValue": [{}] * 100_000}])
    number = '[2,"n","StatusNotification",{"connectorId":' + "9" * 5_000 + "}]"
    return chance.sample([deep, many, number, "[" * 900_000, chance.randbytes(5_000), '[2,"x"', "x" * (2 << 20)], 5)


async def raw_frames(server: Server, station_id: str, password: str, chance: random.Random) -> None:
    """A frame that says it has 2^62 bytes, and a flood of small fragments of one message."""
    credentials = base64.b64encode(f"{station_id}:{password}".encode()).decode()
    head = (
        f"GET /ocpp/{station_id} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {credentials}\r\n\r\n"
    ).encode()
    fragment = b"\x00\xfe" + struct.pack(">H", 4_000) + b"\0\0\0\0" + b"x" * 4_000
    for sent in (b"\x81\xff" + struct.pack(">Q", 1 << 62) + b"\0\0\0\0" + b"x" * MEBIBYTE, fragment * 500):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ocpp_port)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(head)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            if answer.startswith(b"HTTP/1.1 101"):
                writer.write((b"\x01" if sent[0] == 0 else sent[:1]) + sent[1:])
                await writer.drain()
                await asyncio.wait_for(reader.read(), 30)
        writer.close()
