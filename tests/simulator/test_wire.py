"""Links: TLS and certificates, coming back after they break, refusals."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from picows import WSMsgType

from voltloom.simulator import LinkRefused, SimulatedStation
from voltloom.simulator.fleet import Quirks, StationPlan
from voltloom.simulator.wire import Target, Wire, new_station


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A CA, a server's certificate for loopback, and one of a station: files by name."""
    folder = tmp_path_factory.mktemp("ca")
    now = datetime.now(UTC)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])

    def issue(name, key, subject, *extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        certificate = builder.sign(ca_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    own_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    issue("ca", ca_key, ca_name, (x509.BasicConstraints(True, None), True), (usage, True), (own_id, False))
    from ipaddress import ip_address

    by_ca = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    for name in ("server", "CP-1"):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issue(name, ec.generate_private_key(ec.SECP256R1()), subject, (address, False), (by_ca, False))
    return folder


def server_tls(authority, *, mutual=False):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority / "ca.pem")
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_profile_2_trusts_only_its_authority(a_csms, authority):
    async def story():
        async with a_csms(server_tls(authority)) as csms:
            csms.passwords["CP-1"] = b"right"
            ca = str(authority / "ca.pem")
            async with SimulatedStation(csms.url, "CP-1", "2.0.1", password="right", ca=ca) as station:
                assert (await station.boot())["status"] == "Accepted"
                assert station.machine.plan.profile == 2
            with pytest.raises(LinkRefused, match="CERTIFICATE_VERIFY_FAILED"):
                async with SimulatedStation(csms.url, "CP-1", "2.0.1", password="right"):
                    pass

    asyncio.run(story())


def test_profile_3_shows_its_own_certificate(a_csms, authority):
    async def story():
        async with a_csms(server_tls(authority, mutual=True)) as csms:
            files = (str(authority / "CP-1.pem"), str(authority / "CP-1.key"))
            ca = str(authority / "ca.pem")
            async with SimulatedStation(csms.url, "CP-1", "1.6", certificate=files, ca=ca) as station:
                await station.boot()
                tls = csms.links["CP-1"].transport.underlying_transport.get_extra_info("ssl_object")
                assert dict(pair for rdn in tls.getpeercert()["subject"] for pair in rdn) == {"commonName": "CP-1"}
            with pytest.raises(LinkRefused):
                async with SimulatedStation(csms.url, "CP-1", "1.6", ca=ca):
                    pass

    asyncio.run(story())


def test_a_make_may_send_its_key_as_bytes(a_csms):
    async def story():
        async with a_csms() as csms:
            csms.passwords["CP-1"] = bytes.fromhex("00ff10")
            quirks = Quirks(hex_password=True)
            async with SimulatedStation(csms.url, "CP-1", "1.6", password="00FF10", quirks=quirks) as station:
                await station.boot()

    asyncio.run(story())


def test_a_password_that_the_server_sets_is_used_from_the_next_connection_on(a_csms):
    async def story():
        async with a_csms() as csms:
            csms.passwords["CP-1"] = b"first"
            async with SimulatedStation(csms.url, "CP-1", "1.6", password="first") as station:
                await station.boot()
                change = {"key": "AuthorizationKey", "value": "second-0123456789"}
                assert await csms.call("ChangeConfiguration", change) == {"status": "RebootRequired"}
                csms.passwords["CP-1"] = b"second-0123456789"
                await station.reconnect()
            assert csms.refused == 0

    asyncio.run(story())


def test_a_station_comes_back_by_itself_without_booting_again(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            for _ in range(3):
                csms.links["CP-1"].transport.disconnect(graceful=False)
                await station.until(lambda: not station.machine.online)
                await station.until(lambda: station.machine.online)
            assert len(csms.of("BootNotification")) == 1
            assert station.wire.counts["connects"] == 4

    asyncio.run(story())


def test_a_proper_close_is_answered_and_followed_by_a_return(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "2.1") as station:
            await station.boot()
            csms.links["CP-1"].transport.send_close(1001, b"going away")
            await station.until(lambda: station.wire.counts["connects"] == 2)

    asyncio.run(story())


def test_a_server_that_is_not_there_is_tried_again_and_again(a_csms):
    async def story():
        station = new_station(StationPlan("CP-1", profile=0), boot_s=(0, 0))
        station.power_up()
        refused = asyncio.Event()
        wire = Wire(station, Target("ws://127.0.0.1:9/x", backoff_s=(0.001, 0.002)), watch=refused.set)
        running = asyncio.create_task(wire.run())
        async with asyncio.timeout(10):
            while wire.counts["refused"] < 3:
                refused.clear()
                await refused.wait()
        assert wire.refusal is not None
        wire.stop()
        await running

    asyncio.run(story())


def test_a_message_in_fragments_is_put_together(a_csms):
    async def story():
        async with a_csms() as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            transport = csms.links["CP-1"].transport
            transport.send(WSMsgType.TEXT, b'[2,"x","Clear', fin=False)
            transport.send(WSMsgType.CONTINUATION, b'Cache",{}]')
            await station.until(lambda: any(f.text == '[3,"x",{"status":"Accepted"}]' for f in station.frames))
            await csms.until(lambda: bool(csms.wrong))
            assert "unsolicited" in csms.wrong.pop()  # it asked past its own endpoint

    asyncio.run(story())


def test_a_server_that_answers_no_ping_is_left(a_csms):
    async def story():
        async with a_csms(pongs=False) as csms, SimulatedStation(csms.url, "CP-1", "1.6") as station:
            await station.boot()
            await csms.call("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "1"})
            await station.reconnect()
            await station.until(lambda: station.wire.counts["connects"] == 3)

    asyncio.run(story())


def test_identities_go_where_the_url_says():
    assert Target("ws://h/ocpp").url_for("CP-1") == "ws://h/ocpp/CP-1"
    assert Target("ws://h/{id}/x").url_for("CP-1") == "ws://h/CP-1/x"
