"""The bench's load: cheap frames that keep to the standard, counted right."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from ocpp_schemas import check
from voltloom.protocols.ocpp.version import Version
from voltloom.simulator.cycles import CYCLES, Caller, Pulse
from voltloom.simulator.load import Load, Options, measure


async def only(results):
    [result] = [result async for result in results]
    return result


GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSIONS = {"1.6": Version.V16, "2.0.1": Version.V201, "2.1": Version.V21}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_frame_of_a_cycle_is_a_call_of_its_version(version):
    pulse, caller = Pulse(time.time()), Caller(b"TOKEN", b"7")
    cycle = CYCLES[version]
    ids = set()
    for number, write in enumerate((*cycle.opening, *cycle.steps)):
        kind, message_id, action, payload = json.loads(write(pulse, caller, number))
        assert kind == 2
        check(VERSIONS[version], action, "Request", json.dumps(payload).encode())
        ids.add(message_id)
    assert len(cycle.steps) == 11
    assert len(ids) == 13


def test_energy_grows_as_power_says():
    pulse, caller = Pulse(1000.0), Caller(b"T", b"1", b"5")

    def register(now):
        pulse.beat(now)
        payload = json.loads(CYCLES["1.6"].steps[2](pulse, caller, 1))[3]
        return float(payload["meterValue"][0]["sampledValue"][0]["value"])

    assert register(1000.0 + 360) - register(1000.0) == pytest.approx(1100, abs=0.02)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rate", [0, 200])
def test_a_load_measures_what_it_does(a_csms, version, rate):
    async def story():
        async with a_csms() as csms:
            options = Options(
                csms.url + "/{id}",
                version,
                connections=3,
                seconds=0.3,
                warmup=0.05,
                rate=rate,
                pid=(os.getpid(),),
                password="{id}",
            )
            csms.passwords = {f"LOAD-{n:05d}": f"LOAD-{n:05d}".encode() for n in range(3)}
            result = await only(measure(options))
            assert result["connections"] == 3
            assert result["messages"] > 10
            assert result["errors"] == 0
            assert 0 < result["p50_ms"] <= result["p99_ms"] <= result["max_ms"]
            assert result["us_cpu_per_message"] > 0
            assert csms.order[:3].count("BootNotification") >= 1
            if version == "1.6":
                told = {m["transactionId"] for m in csms.of("MeterValues")}
                assert told <= set(range(1001, 1001 + csms.transactions))

    asyncio.run(story())


def test_a_storm_brings_all_back(a_csms):
    async def story():
        async with a_csms() as csms:
            result = await only(measure(Options(csms.url + "/{id}", connections=20, mode="storm")))
            assert result["lost"] == 0
            assert result["storm_s"] > 0
            assert len(csms.of("BootNotification")) == 40

    asyncio.run(story())


def test_a_station_that_is_cut_off_as_it_comes_tries_again_and_says_so():
    """A server that is too busy for all at once, or whose system is."""
    accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    answers = [b"", busy, accepted]

    async def story():
        served: list[asyncio.Task[None] | None] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.append(asyncio.current_task())
            answer = answers.pop(0) if len(answers) > 1 else accepted
            if answer:
                head = await reader.readuntil(b"\r\n\r\n")
                key = head.lower().split(b"sec-websocket-key: ")[1].split(b"\r\n")[0]
                key = head[head.lower().index(key) :][: len(key)]
                proof = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
                extra = b"Sec-WebSocket-Accept: %b\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n" % proof
                writer.write(answer if answer is busy else answer + extra)
            while answer is accepted and (first := await reader.read(2)):
                size = first[1] & 0x7F
                size = int.from_bytes(await reader.readexactly(2)) if size == 126 else size
                mask, mixed = await reader.readexactly(4), await reader.readexactly(size)
                text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(mixed))
                back = b'[3,%b,{"status":"Accepted"}]' % text.split(b",")[1]
                writer.write(bytes([0x81, len(back)]) + back)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        result = await only(measure(Options(f"ws://127.0.0.1:{port}/{{id}}", connections=1, mode="idle", seconds=0.0)))
        assert result["connect_tried_again"] == 2
        assert result["lost"] == 0
        server.close()
        await asyncio.wait([task for task in served if task is not None], timeout=20)
        await server.wait_closed()

    asyncio.run(story())


def test_a_refusal_ends_the_load_with_a_sentence(a_csms):
    async def story():
        async with a_csms() as csms:
            csms.registration = "Rejected"
            with pytest.raises(ConnectionError, match=r"LOAD-00000: not accepted: .*Rejected"):
                await only(measure(Options(csms.url + "/{id}", connections=1)))

    asyncio.run(story())


def test_it_runs_in_a_process_of_its_own_and_prints_json(a_csms, tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps([{"id": "A", "password": "a", "token": "T1"}, {"id": "B", "password": "b"}]))

    async def story():
        async with a_csms() as csms:
            csms.passwords = {"A": b"a", "B": b"b"}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "voltloom.simulator.load", "--url", csms.url + "/{id}", "--version", "2.0.1"),
                *("--connections", "2", "--credentials", str(file), "--seconds", "0.2", "--warmup", "0"),
                *("--wait", "--json", "--name", "b"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert process.stdout is not None
            assert process.stdin is not None
            assert await process.stdout.readline() == b"ready\n"
            assert set(csms.links) == {"A", "B"}
            for _ in range(2):
                process.stdin.write(b"go\n")
                result = json.loads(await process.stdout.readline())
                assert result["scenario"] == "b"
                assert result["messages"] > 0
                assert result["errors"] == 0
            process.stdin.close()
            assert await process.wait() == 0
            tokens = {a["idToken"]["idToken"] for a in csms.of("Authorize")}
            assert tokens <= {"T1", "LOADTOKEN"}

    asyncio.run(story())


@pytest.mark.parametrize("version", VERSIONS)
def test_stations_are_all_over_the_cycle_before_they_are_measured(a_csms, version):
    async def story():
        async with a_csms() as csms:
            csms.passwords = {f"LOAD-{n:05d}": b"x" for n in range(22)}
            rounds = Load(Options(csms.url + "/{id}", version, connections=22, password="x")).run(never())
            assert [result async for result in rounds] == []
            said = [action for action in csms.order if action not in ("BootNotification", "StatusNotification")]
            # Two stations of eleven places: 20 are past the first call, 18 past the second, and so on.
            assert len(said) == sum(n % 11 for n in range(22))
            assert said.count("Authorize") == 20

    asyncio.run(story())


async def never():
    return
    yield
