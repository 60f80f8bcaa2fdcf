"""Whoever knocks in vain is in the inbox, with the reason: "why can't my charger connect?" has an answer."""

import asyncio
import base64
import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness import Server, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("inbox") / "data") as running:
        yield running


def knock_of(server: Server, reason: str, **said: str) -> dict[str, Any]:
    """The one with this reason, as soon as it is in the inbox."""

    def find() -> Any:
        knocks = server.ask(f"/inbox?reason={reason}")["items"]
        return [knock for knock in knocks if said.items() <= knock.items()]

    return wait_for(find)[0]


def send(port: int, sent: bytes) -> bytes:
    """Bytes as they are; what comes back until the other side ends it, or lets us in."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        heard = b""
        try:
            while not heard.startswith(b"HTTP/1.1 101") and (more := connection.recv(4096)):
                heard += more
        except ConnectionResetError:
            pass
        return heard


def upgrade(path: str, *more: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: csms", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def basic(user: str, password: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


OCPP16 = "Sec-WebSocket-Protocol: ocpp1.6"


def test_an_unknown_station(server):
    answer = send(server.ocpp_port, upgrade("/ocpp/STRANGER", OCPP16, basic("STRANGER", "whatever it is")))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"WWW-Authenticate: Basic" in answer
    knock = knock_of(server, "unknown_id", identity="STRANGER")
    assert knock["subprotocols"] == ["ocpp1.6"]
    assert knock["station"] is None


def test_a_path_that_is_no_station_s(server):
    answer = send(server.ocpp_port, upgrade("/steve/websocket/CentralSystemService/CP-9", OCPP16))
    assert answer.startswith(b"HTTP/1.1 404 ")
    knock = knock_of(server, "wrong_path")
    assert knock["path"] == "/steve/websocket/CentralSystemService/CP-9"
    assert "/ocpp/<identity>" in knock["explanation"]


def test_a_station_that_offers_no_version(server):
    password = server.add_station("SPEECHLESS")

    async def story() -> None:
        credentials = base64.b64encode(f"SPEECHLESS:{password}".encode()).decode()
        async with websockets.connect(
            f"{server.ocpp}/SPEECHLESS", additional_headers={"Authorization": f"Basic {credentials}"}
        ) as station:
            assert station.subprotocol is None
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(station.recv(), 20)

    asyncio.run(story())
    assert knock_of(server, "no_subprotocol", identity="SPEECHLESS")["detail"] == "Offered: nothing"


def test_a_station_whose_only_version_it_may_not_speak(server):
    password = server.add_station("MODERN", protocols=["ocpp2.0.1"])
    answer = send(server.ocpp_port, upgrade("/ocpp/MODERN", OCPP16, basic("MODERN", password)))
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol" not in answer
    assert knock_of(server, "subprotocol_not_allowed", identity="MODERN")["detail"] == "Offered: ocpp1.6"


def test_a_station_without_a_password_and_one_under_another_s_name(server):
    password = server.add_station("CAREFUL")
    assert send(server.ocpp_port, upgrade("/ocpp/CAREFUL", OCPP16)).startswith(b"HTTP/1.1 401 ")
    assert knock_of(server, "no_password", identity="CAREFUL")["station"]["id"] == "CAREFUL"
    assert send(server.ocpp_port, upgrade("/ocpp/CAREFUL", OCPP16, basic("OTHER", password))).startswith(
        b"HTTP/1.1 401 "
    )
    assert "'OTHER'" in knock_of(server, "identity_mismatch", identity="CAREFUL")["detail"]


def test_what_is_no_handshake_at_all(server):
    assert send(server.ocpp_port, b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: csms\r\n\r\n").startswith(b"HTTP/1.1 4")
    assert knock_of(server, "bad_request", identity="CP-1")
    assert send(server.ocpp_port, b"EHLO mail.example.com\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert knock_of(server, "bad_request", identity="")


def test_tls_to_the_plain_port(server):
    with (
        pytest.raises((ssl.SSLError, ConnectionError, OSError)),
        socket.create_connection(("127.0.0.1", server.ocpp_port), timeout=20) as connection,
    ):
        ssl.create_default_context().wrap_socket(connection, server_hostname="localhost")
    assert "TLS to the plain port" in knock_of(server, "tls_failure")["detail"]


def test_plain_http_to_the_tls_port(server):
    assert not send(server.ocpps_port, upgrade("/ocpp/CP-1", OCPP16)).startswith(b"HTTP/1.1 101")
    tell_apart = "plain"
    wait_for(lambda: any(tell_apart in knock["tls"].lower() for knock in tls_failures(server)))


def tls_failures(server: Server) -> list[dict[str, Any]]:
    return server.ask("/inbox?reason=tls_failure")["items"]


def test_a_client_certificate_of_a_stranger(server, tmp_path):
    certificate = self_signed(tmp_path, "CP-1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    tls.load_cert_chain(certificate)

    async def story() -> None:
        with pytest.raises((OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError)):
            await websockets.connect(
                f"{server.ocpps}/CP-1", ssl=tls, subprotocols=[websockets.Subprotocol("ocpp2.0.1")]
            )

    asyncio.run(story())
    wait_for(lambda: any("certificate" in knock["tls"].lower() for knock in tls_failures(server)))


def self_signed(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_the_inbox_is_told_live_and_kept_short(server):
    """The same knock again is counted, and told once."""
    for _ in range(3):
        send(server.ocpp_port, upgrade("/ocpp/AGAIN", OCPP16))
    wait_for(lambda: knock_of(server, "unknown_id", identity="AGAIN")["count"] == 3)
    told = server.ask("/journal?names=station.refused&limit=500&after=0")["items"]
    assert [entry["data"]["reason"] for entry in told if entry["data"]["identity"] == "AGAIN"] == ["unknown_id"]
