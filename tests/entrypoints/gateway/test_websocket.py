"""The rules of RFC 6455, as an outsider meets them on the socket."""

import asyncio
import json
import zlib

import psutil
import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from gateway_house import enter, frame, handshake, knock, run, until
from voltloom.entrypoints.gateway.limits import Limits

HEARTBEAT = json.dumps([2, "h", "Heartbeat", {}]).encode()
DEFLATE = ("Sec-WebSocket-Extensions: permessage-deflate",)


def squeeze(message: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


@pytest.mark.parametrize(
    ("what", "sent", "code"),
    [
        ("a frame without a mask", frame(HEARTBEAT, masked=False), 1002),
        ("a binary frame", frame(HEARTBEAT, 2), 1003),
        ("an unknown opcode", frame(b"", 3), 1002),
        ("an unknown control opcode", frame(b"", 11), 1002),
        ("a continuation of nothing", frame(HEARTBEAT, 0), 1002),
        ("a continuation of a message that has ended", frame(HEARTBEAT) + frame(b"x", 0), 1002),
        ("a message within another", frame(b"[2,", fin=False) + frame(HEARTBEAT), 1002),
        ("a fragmented ping", frame(b"", 9, fin=False), 1002),
        ("a long ping", frame(b"x" * 126, 9), 1002),
        ("rsv1 without deflate", frame(HEARTBEAT, rsv=4), 1002),
        ("rsv2", frame(HEARTBEAT, rsv=2), 1002),
        ("rsv3 on a ping", frame(b"", 9, rsv=1), 1002),
        ("bytes that are not UTF-8", frame(b'[2,"\xff\xfe","Heartbeat",{}]'), 1007),
        ("half a character", frame("é".encode()[:1]), 1007),
        ("half a surrogate pair", frame(b"\xed\xa0\x80"), 1007),
        ("a message that is too big", frame(b"x" * (1024 * 1024 + 1)), 1009),
        ("fragments that are too big together", frame(b"x" * 600_000, fin=False) + frame(b"x" * 600_000, 0), 1009),
        ("a length that is not the shortest", b"\x81\xfe\x00\x05" + bytes(4) + b"hello", 1002),
        ("a negative length", b"\x81\xff" + b"\xff" * 8, 1002),
        ("a close with half a code", frame(b"\x03", 8), 1002),
        ("a close with a code that is never sent", frame((1005).to_bytes(2), 8), 1002),
        ("a close with a code that means nothing", frame((999).to_bytes(2), 8), 1002),
        ("a close with a reason that is not UTF-8", frame((1000).to_bytes(2) + b"\xff", 8), 1007),
        ("a close", frame((1000).to_bytes(2) + b"bye", 8), 1000),
        ("a close without a code", frame(b"", 8), 1000),
        ("a close with a code of its own", frame((4321).to_bytes(2), 8), 4321),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_the_rules_is_closed_with_its_code_and_hurts_nobody_else(open_house, what, sent, code):
    async def story():
        async with open_house(limits=Limits(close_s=0.2)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            other = await enter(house.plain_port, "CP-2")
            station = await enter(house.plain_port)
            await station.write(sent)
            assert await station.close_code() == code, what
            assert await station.frame() == (0, b""), "the connection must end"
            assert "currentTime" in (await other.call("Heartbeat", {}))[2]
            await until(lambda: house.gateway.connections == 1)

    run(story)


def test_a_message_in_many_fragments_with_pings_between_is_one(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            parts = [HEARTBEAT[at : at + 3] for at in range(0, len(HEARTBEAT), 3)]
            await station.write(frame(parts[0], fin=False))
            for part in parts[1:-1]:
                await station.write(frame(b"p", 9) + frame(part, 0, fin=False) + frame(b"", 0, fin=False))
            await station.write(frame(parts[-1], 0))
            assert (await station.message())[:2] == [3, "h"]

    run(story)


def test_a_message_that_comes_byte_by_byte_is_heard(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            for byte in frame(HEARTBEAT):
                await station.write(bytes([byte]))
                await asyncio.sleep(0)
            assert (await station.message())[:2] == [3, "h"]

    run(story)


def test_a_message_sent_with_the_handshake_is_heard(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            long = json.dumps([2, "d", "DataTransfer", {"vendorId": "x", "data": "y" * 20_000}]).encode()
            station = await knock(house.plain_port, handshake() + frame(HEARTBEAT) + frame(long))
            assert (await station.response()).startswith(b"HTTP/1.1 101")
            assert (await station.message())[:2] == [3, "h"]
            assert (await station.message())[:2] == [3, "d"]

    run(story)


def test_a_ping_is_answered_with_its_own_words(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(b"are you there", 9))
            assert await station.frame() == (0x8A, b"are you there")

    run(story)


def test_a_flood_of_pings_is_ended(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(b"", 9) * 2000)
            assert await station.close_code() == 1008

    run(story)


def test_a_message_in_too_many_fragments_is_refused(open_house):
    async def story():
        async with open_house(limits=Limits(message_fragments=10)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(b"", fin=False) + frame(b"", 0, fin=False) * 11)
            assert await station.close_code() == 1008

    run(story)


def test_deflate_is_agreed_on_and_inflated(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await knock(house.plain_port, handshake(extra=DEFLATE))
            assert b"server_no_context_takeover; client_no_context_takeover" in await station.response()
            half = len(squeeze(HEARTBEAT)) // 2
            await station.write(frame(squeeze(HEARTBEAT), rsv=4))
            assert (await station.message())[:2] == [3, "h"]
            again = squeeze(HEARTBEAT.replace(b'"h"', b'"i"'))
            await station.write(frame(again[:half], rsv=4, fin=False) + frame(again[half:], 0))
            assert (await station.message())[:2] == [3, "i"]
            await station.write(frame(HEARTBEAT.replace(b'"h"', b'"j"')))
            assert (await station.message())[:2] == [3, "j"]

    run(story)


@pytest.mark.parametrize(
    ("what", "payload", "code"),
    [
        ("a bomb of 200 MB", squeeze(bytes(200_000_000)), 1009),
        ("what is no deflate", b"\xff\xff\xff\xff", 1007),
        ("deflated bytes that are not UTF-8", squeeze(b"\xff\xfe"), 1007),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_deflate_is_refused(open_house, what, payload, code):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await knock(house.plain_port, handshake(extra=DEFLATE))
            await station.response()
            await station.write(frame(payload, rsv=4))
            assert await station.close_code() == code, what

    run(story)


def test_a_library_client_that_deflates_is_understood(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            async with websockets.connect(
                f"ws://127.0.0.1:{house.plain_port}/ocpp/CP-1",
                subprotocols=[websockets.Subprotocol("ocpp1.6")],
                extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)],
                additional_headers={
                    "Authorization": handshake().split(b"Authorization: ")[1].split(b"\r\n")[0].decode()
                },
            ) as client:
                for number in range(5):
                    await client.send(json.dumps([2, str(number), "DataTransfer", {"vendorId": "x" * 200}]))
                    assert json.loads(await client.recv())[:2] == [3, str(number)]

    run(story)


def test_the_connection_ends_although_the_peer_does_not_answer_our_close(open_house):
    async def story():
        async with open_house(limits=Limits(close_s=0.2)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            await station.write(frame(b"\x00", 2))
            assert await station.close_code() == 1003
            assert await station.frame() == (0, b"")

    run(story)


def test_a_silent_station_is_pinged_and_given_up(open_house):
    async def story():
        async with open_house(limits=Limits(ping_every_s=0.3, silent_s=2.0)) as house:
            await house.register("CP-1")
            station = await enter(house.plain_port)
            first, _ = await station.frame()
            assert first == 0x89
            await station.write(frame(b"", 10))
            await until(lambda: any(link.rtt_s is not None for link in house.gateway.links()))
            assert await station.close_code() == 1008
            await until(lambda: house.gateway.connections == 0)
            assert house.gateway.tally.lost == 1

    run(story)


def test_bombs_cost_no_memory(open_house):
    bomb = frame(squeeze(bytes(300_000_000)), rsv=4)

    async def story():
        async with open_house(limits=Limits(close_s=0.2)) as house:
            names = [f"CP-{n}" for n in range(20)]
            for name in names:
                await house.register(name)
            process = psutil.Process()
            before = process.memory_info().rss
            for name in names:
                station = await knock(house.plain_port, handshake(f"/ocpp/{name}", user=name, extra=DEFLATE))
                await station.response()
                await station.write(bomb)
                assert await station.close_code() == 1009
            assert process.memory_info().rss - before < 100 * 1024 * 1024

    run(story)
