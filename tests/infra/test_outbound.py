"""The guarded client against what a hostile address can be, with real servers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from voltloom.features.certificates import Authority, Kind
from voltloom.infra.outbound import (
    MOST_WAITING,
    Allowed,
    Guarded,
    Outbound,
    OutboundAnswer,
    OutboundError,
    check_url,
    is_public,
)
from voltloom.infra.settings import SettingError

LOCAL = Allowed.read(["127.0.0.1"])
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each request as the test says: its port, and the requests it heard."""
    heard: list[bytes] = []
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            heard.append(head + await reader.readexactly(length))
            await answer(heard[-1], writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            serving.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)


def says(text: str) -> Answer:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode().replace(b"\n", b"\r\n"))

    return answer


GOOD = says("HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 5\n\nhello")


def resolving(*answers: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(host: str, port: int) -> list[str]:
        return list(answers)

    return resolve


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story()

    asyncio.run(whole())


# ---- who may be called


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "239.1.2.3",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_an_address_inside_of_networks_is_not_public(address: str):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str):
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://ocsp.example/",
        "ftp://ocsp.example/",
        "file:///etc/passwd",
        "gopher://ocsp.example/",
        "//ocsp.example/",
        "ocsp.example",
        "",
        "https://",
        "https:///path",
        "https://user@ocsp.example/",
        "https://user:word@ocsp.example/",
        "https://ocsp.example\\@127.0.0.1/",
        "https://ocsp.example:0/",
        "https://ocsp.example:99999/",
        "https://ocsp.example:x/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://ocsp.example/a b",
        "https://ocsp.example/\r\nhost: other",
        "https://öcsp.example/",
        "https://ocsp.example/" + "a" * 2_000,
    ],
)
def test_what_is_no_plain_https_address_is_not_called(url: str):
    with pytest.raises(Guarded):
        check_url(url)


def test_http_is_called_where_what_comes_is_signed_by_itself():
    assert check_url("http://ocsp.example/", plain_http=True).hostname == "ocsp.example"
    with pytest.raises(Guarded):
        check_url("ftp://ocsp.example/", plain_http=True)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ],
)
def test_this_machine_is_not_reached_however_it_is_written(host: str):
    async def story() -> None:
        async with server(GOOD) as (port, heard):
            with pytest.raises(OutboundError):
                await Outbound().get(f"http://{host}:{port}/", plain_http=True)
            assert heard == []

    run(story)


@pytest.mark.parametrize(
    "answers",
    [
        ["10.0.0.1"],
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::1"],
        ["8.8.8.8", "::ffff:127.0.0.1"],
        ["2606:4700::1111", "fe80::1%eth0"],
    ],
)
def test_a_name_is_not_called_where_one_of_its_addresses_may_not_be(answers: list[str]):
    async def story() -> None:
        with pytest.raises(Guarded) as refused:
            await Outbound(resolve=resolving(*answers)).get("https://ocsp.example/")
        assert "ocsp.example" in refused.value.reason
        assert not any(answer in refused.value.reason for answer in answers), "it tells what is inside"

    run(story)


def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_looked_at():
    """DNS rebinding: a second look would find this machine, but nobody looks twice."""
    looks = 0

    async def resolve(host: str, port: int) -> list[str]:
        nonlocal looks
        looks += 1
        return ["127.0.0.1"] if looks == 1 else ["127.0.0.2"]

    async def story() -> None:
        async with server(GOOD) as (port, heard):
            client = Outbound(LOCAL, resolve=resolve)
            answer = await client.get(f"http://rebind.example:{port}/", plain_http=True)
            assert answer == OutboundAnswer(200, "text/plain", b"hello")
            assert looks == 1
            assert f"host: rebind.example:{port}".encode() in heard[0].lower()

    run(story)


def test_what_the_operator_allows_is_called_by_network_or_by_name():
    async def story() -> None:
        async with server(GOOD) as (port, heard):
            for client in (
                Outbound(Allowed.read(["127.0.0.0/8"])),
                Outbound(Allowed.read(["ocsp.corp.example"]), resolve=resolving("127.0.0.1")),
            ):
                host = "127.0.0.1" if client.allowed.networks else "OCSP.corp.example"
                assert (await client.get(f"http://{host}:{port}/x?y=1", plain_http=True)).body == b"hello"
            assert heard[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")
            mapped = Outbound(Allowed.read(["127.0.0.0/8"]), resolve=resolving("::ffff:127.0.0.1"))
            assert (await mapped.get(f"http://mapped.example:{port}/", plain_http=True)).body == b"hello"
            other = Outbound(Allowed.read(["ocsp.corp.example"]), resolve=resolving("127.0.0.1"))
            with pytest.raises(Guarded):
                await other.get(f"http://evil.ocsp.corp.example:{port}/", plain_http=True)

    run(story)


def test_ports_of_other_services_are_not_called():
    async def story() -> None:
        client = Outbound(resolve=resolving("8.8.8.8"))
        for port in (22, 25, 110, 445):
            with pytest.raises(Guarded):
                await client.get(f"https://mail.example:{port}/")

    run(story)


def test_a_setting_that_is_none_says_so():
    for wrong in ("https://ocsp.example", "10.0.0.0/33", "ocsp.example:80", "fe80::zz"):
        with pytest.raises(SettingError, match="outbound_allowed"):
            Allowed.read([wrong])


# ---- what comes back


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int):
    async def story() -> None:
        async with server(GOOD) as (inside, heard_inside):
            redirect = says(f"HTTP/1.1 {status} Go\nlocation: http://127.0.0.1:{inside}/\ncontent-length: 0\n\n")
            async with server(redirect) as (port, heard):
                with pytest.raises(OutboundError, match="elsewhere"):
                    await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)
                assert len(heard) == 1
            assert heard_inside == []

    run(story)


def test_a_body_is_read_up_to_its_bound_and_no_further():
    sent = 0

    async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()
            sent += 65_536

    async def story() -> None:
        async with server(endless) as (port, _):
            with pytest.raises(OutboundError, match="more than 200000 bytes"):
                await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True, most_bytes=200_000)
            assert sent < 20_000_000

    run(story)


def test_a_claimed_length_is_not_believed_in():
    lying = says("HTTP/1.1 200 OK\ncontent-length: 99999999999\n\nhello")

    async def story() -> None:
        async with server(lying) as (port, _):
            with pytest.raises(OutboundError):
                await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)

    run(story)


def test_endless_headers_end():
    async def story() -> None:
        async def headers(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"x-more: " + b"x" * 8_000 + b"\r\n")
                await writer.drain()

        async with server(headers) as (port, _):
            with pytest.raises(OutboundError):
                await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)

    run(story)


def test_a_body_that_drips_is_given_up():
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def story() -> None:
        async with server(drip) as (port, _):
            with pytest.raises(OutboundError, match=r"within 0\.3 s"):
                await Outbound(LOCAL).request("GET", f"http://127.0.0.1:{port}/", plain_http=True, within_s=0.3)

    run(story)


def test_a_server_that_says_nothing_and_a_resolver_that_hangs_are_given_up():
    async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async def story() -> None:
        async with server(silent) as (port, _):
            for client, url in (
                (Outbound(LOCAL), f"http://127.0.0.1:{port}/"),
                (Outbound(resolve=hangs), "http://slow.example/"),
            ):
                with pytest.raises(OutboundError, match="did not answer"):
                    await client.request("GET", url, plain_http=True, within_s=0.2)

    run(story)


def test_compressed_answers_are_not_unpacked():
    bomb = says("HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: 5\n\nxxxxx")

    async def story() -> None:
        async with server(bomb) as (port, heard):
            with pytest.raises(OutboundError, match="compressed"):
                await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)
            assert b"accept-encoding: identity" in heard[0].lower()

    run(story)


@pytest.mark.parametrize("text", ["", "nonsense\n\n", "HTTP/1.1 abc\n\n", "SSH-2.0-OpenSSH\n\n"])
def test_what_is_not_http_is_an_error_and_no_crash(text: str):
    async def story() -> None:
        async with server(says(text)) as (port, _):
            with pytest.raises(OutboundError):
                await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)

    run(story)


def test_too_many_at_once_are_refused_instead_of_gathered():
    held = asyncio.Event

    async def story() -> None:
        release = held()

        async def waits(host: str, port: int) -> list[str]:
            await release.wait()
            return ["10.0.0.1"]

        client = Outbound(resolve=waits)
        asked = [asyncio.ensure_future(client.get("https://a.example/")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(OutboundError, match="too many"):
            await client.get("https://a.example/")
        release.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(outcome, Guarded) for outcome in outcomes)
        with pytest.raises(Guarded):
            await client.get("https://a.example/")

    run(story)


# ---- what is sent, and TLS


def test_a_body_and_headers_are_sent_and_no_header_of_ours_is_replaced():
    async def story() -> None:
        async with server(GOOD) as (port, heard):
            headers = {"content-type": "application/ocsp-request", "Host": "other", "Accept-Encoding": "gzip"}
            answer = await Outbound(LOCAL).request(
                "POST", f"http://127.0.0.1:{port}/ocsp", headers=headers, body=b"0123", plain_http=True
            )
            assert answer.is_success
        assert heard[0].startswith(b"POST /ocsp HTTP/1.1\r\n")
        assert heard[0].endswith(b"\r\n\r\n0123")
        assert b"host: other" not in heard[0].lower()
        assert b"gzip" not in heard[0]

    run(story)


def _tls(authority: Authority, *names: str) -> ssl.SSLContext:
    files = authority.issue_server(names, datetime.now(UTC))[list(Kind).index(Kind.EC)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    return context


def test_a_certificate_is_checked_against_the_name_though_an_address_is_connected_to(tmp_path: Path):
    authority = Authority.open(tmp_path, "Acme", datetime.now(UTC))

    async def story() -> None:
        async with server(GOOD, _tls(authority, "ocsp.example")) as (port, _):
            trusting = Outbound(LOCAL, authority.roots_pem, resolving("127.0.0.1"))
            assert (await trusting.get(f"https://ocsp.example:{port}/")).body == b"hello"
            with pytest.raises(OutboundError, match="certificate"):
                await trusting.get(f"https://other.example:{port}/")
            with pytest.raises(OutboundError, match="certificate"):
                await Outbound(LOCAL, resolve=resolving("127.0.0.1")).get(f"https://ocsp.example:{port}/")

    run(story)


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch):
    async def story() -> None:
        async with server(GOOD) as (port, heard), server(GOOD) as (proxy, heard_by_proxy):
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
            assert (await Outbound(LOCAL).get(f"http://127.0.0.1:{port}/", plain_http=True)).body == b"hello"
            assert len(heard) == 1
            assert heard_by_proxy == []

    run(story)
