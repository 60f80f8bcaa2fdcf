"""The routes, over the server's own assembly of errors."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from routes_by_hand import app_of, routed
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.features import certificates
from voltloom.features.access import LOCAL, Actor, Role
from voltloom.features.certificates import Authority
from voltloom.features.stations import NewStation, Passwords, StationsConfig, add_station

NOW = datetime.now(UTC)


class Network:
    def __init__(self) -> None:
        self.sent_away: list[str] = []

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        self.sent_away.append(station_id)
        return True

    async def look(self, station_id: StationId) -> None:
        return None

    async def refresh(self, station_id: StationId) -> None:
        """Nobody is connected, so nobody has anything to forget."""


class Caller:
    def __init__(self, database, network) -> None:
        self.actor, self.database, self.stations, self.now = LOCAL, database, network, NOW


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.open(tmp_path_factory.mktemp("ca"), "Voltgrid AG", NOW)


@asynccontextmanager
async def api(database, authority, role=Role.ADMIN):
    routes = routed([certificates.feature(authority)])
    app = app_of(routes, database, Network(), lambda: Actor("person", "p1", "Ada", role.scopes))
    new = NewStation("CP-7", security_profile=SecurityProfile.CERTIFICATE)
    await add_station(Caller(database, app.state.stations), StationsConfig(Passwords(bytes(32))), new)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://voltloom") as client:
        yield client


def csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def test_the_roots_are_what_a_station_installs(fresh_database, authority):
    async def story():
        async with fresh_database() as database, api(database, authority) as client:
            found = await client.get("/certificates/roots")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=found.text)
            assert len(context.get_ca_certs()) == 2
            assert "PRIVATE" not in found.text

    asyncio.run(story())


def test_a_certificate_is_issued_listed_revoked_and_on_the_list(fresh_database, authority):
    async def story():
        async with fresh_database() as database, api(database, authority) as client:
            made = await client.post("/stations/CP-7/certificates", json={})
            assert made.status_code == 201
            assert "PRIVATE KEY" in made.json()["key"]
            signed = await client.post("/stations/CP-7/certificates", json={"csr": csr()})
            assert signed.json()["key"] is None
            listed = (await client.get("/certificates", params={"station_id": "CP-7", "limit": 1})).json()
            assert len(listed["items"]) == 1
            rest = (await client.get("/certificates", params={"after": listed["next"]})).json()
            assert len(rest["items"]) == 1
            assert "PRIVATE" not in str(listed) + str(rest)

            fingerprint = made.json()["fingerprint"]
            assert (
                await client.post(f"/certificates/{fingerprint}/revoke", json={"reason": "lost"})
            ).status_code == 204
            assert client._transport.app.state.stations.sent_away == ["CP-7"]
            again = await client.post(f"/certificates/{fingerprint}/revoke", json={})
            assert again.status_code == 409
            crl = x509.load_der_x509_crl((await client.get("/certificates/revoked/ec")).content)
            assert len(list(crl)) == 1

    asyncio.run(story())


def test_what_is_asked_wrongly_is_a_problem(fresh_database, authority):
    async def story():
        async with fresh_database() as database, api(database, authority) as client:
            assert (await client.post("/stations/nobody/certificates", json={})).status_code == 404
            assert (await client.post("/stations/CP-7/certificates", json={"csr": "hello"})).status_code == 422
            assert (await client.post("/certificates/xyz/revoke", json={})).status_code == 422
            assert (await client.get("/certificates/revoked/dsa")).status_code == 422

    asyncio.run(story())


def test_a_viewer_issues_and_revokes_nothing(fresh_database, authority):
    async def story():
        async with fresh_database() as database, api(database, authority, Role.VIEWER) as client:
            assert (await client.get("/certificates")).status_code == 200
            assert (await client.post("/stations/CP-7/certificates", json={})).status_code == 403
            assert (await client.post(f"/certificates/{'0' * 64}/revoke", json={})).status_code == 403

    asyncio.run(story())
