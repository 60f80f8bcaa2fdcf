"""TLS with a password (profile 2) and with a certificate (profile 3), from our own authority."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from harness import Server, Station, until, wait_for

REFUSED = (OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tls") / "data") as running:
        yield running


def trusting(server: Server) -> ssl.SSLContext:
    """What a station does with the roots that the API gives."""
    with server.api() as api:
        roots = api.get("/certificates/roots")
    assert roots.status_code == 200
    return ssl.create_default_context(cadata=roots.text)


def with_certificate(server: Server, station_id: str, folder: Path, kind: str = "ec") -> ssl.SSLContext:
    issued = server.tell(f"/stations/{station_id}/certificates", {"kind": kind})
    file = folder / f"{station_id}.pem"
    file.write_text(issued["key"] + issued["certificate"] + issued["chain"])
    tls = trusting(server)
    tls.load_cert_chain(file)
    return tls


def test_a_password_over_tls_and_never_without_again(server):
    password = server.add_station("SECURE-2", security_profile=1)
    tls = trusting(server)

    async def story() -> None:
        station = await Station.knock(server.ocpp, "SECURE-2", password, "ocpp2.0.1")
        await station.boot()
        await station.close()
        station = await Station.knock(server.ocpps, "SECURE-2", password, "ocpp2.0.1", tls)
        await station.boot()
        await until(lambda: server.ask("/stations/SECURE-2")["profile_reached"] == 2)
        await station.close()

        async def is_refused() -> bool:
            try:
                await (await Station.knock(server.ocpp, "SECURE-2", password, "ocpp2.0.1")).close()
            except websockets.InvalidStatus as refused:
                return refused.response.status_code == 401
            return False

        await until(is_refused, 10)
        await (await Station.knock(server.ocpps, "SECURE-2", password, "ocpp2.0.1", tls)).close()

    asyncio.run(story())
    (knock,) = wait_for(lambda: server.ask("/inbox?reason=profile_too_low")["items"])
    assert knock["identity"] == "SECURE-2"


def test_a_station_does_not_trust_a_server_of_another_authority(server):
    async def story() -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await Station.knock(server.ocpps, "SECURE-2", "x", "ocpp2.0.1", ssl.create_default_context())

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_certificate_lets_in_the_station_it_names_and_no_other(server, tmp_path, kind):
    name, other = f"CERT-{kind}", f"OTHER-{kind}"
    server.add_station(name, security_profile=3)
    server.add_station(other, security_profile=3)
    tls = with_certificate(server, name, tmp_path, kind)

    async def story() -> None:
        station = await Station.knock(server.ocpps, name, "", "ocpp2.0.1", tls)
        assert (await station.boot())["status"] == "Accepted"
        assert server.ask(f"/stations/{name}")["link"]["security_profile"] == 3
        with pytest.raises(websockets.InvalidStatus) as refused:
            await Station.knock(server.ocpps, other, "", "ocpp2.0.1", tls)
        assert refused.value.response.status_code == 401
        with pytest.raises(websockets.InvalidStatus):
            await Station.knock(server.ocpps, name, "", "ocpp2.0.1", trusting(server))
        with pytest.raises(websockets.InvalidStatus):
            await Station.knock(server.ocpp, name, "", "ocpp2.0.1")
        await station.call("Heartbeat", {})
        await station.close()

    asyncio.run(story())
    (knock,) = wait_for(lambda: of(server, "wrong_certificate", other))
    assert name in knock["detail"]
    assert wait_for(lambda: of(server, "no_certificate", name))


def of(server: Server, reason: str, identity: str) -> list[dict[str, object]]:
    return [knock for knock in server.ask(f"/inbox?reason={reason}")["items"] if knock["identity"] == identity]


def test_a_revoked_certificate_ends_the_connection_and_opens_none(server, tmp_path):
    server.add_station("LEAKED", security_profile=3)
    tls = with_certificate(server, "LEAKED", tmp_path)
    (issued,) = server.ask("/certificates?station_id=LEAKED")["items"]

    async def story() -> None:
        station = await Station.knock(server.ocpps, "LEAKED", "", "ocpp2.0.1", tls)
        await station.boot()
        await asyncio.to_thread(server.tell, f"/certificates/{issued['fingerprint']}/revoke", {"reason": "key lost"})
        code, words = await station.closed()
        assert (code, words) == (1001, "its certificate was revoked")

        async def is_refused() -> bool:
            try:
                await (await Station.knock(server.ocpps, "LEAKED", "", "ocpp2.0.1", tls)).close()
            except REFUSED:
                return True
            return False

        await until(is_refused, 10)

    asyncio.run(story())
    assert "LEAKED" in json.dumps(server.ask("/audit")["items"])
