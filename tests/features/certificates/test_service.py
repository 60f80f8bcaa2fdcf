import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography import x509

from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.features.access import LOCAL, Actor
from voltloom.features.certificates import Authority, Kind, StationTrust, make_key, revocation_list, revoke, store
from voltloom.features.stations import NewStation, Passwords, StationsConfig, add_station
from voltloom.infra.database import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CP1 = StationId("CP-1")


@dataclass
class SentAway:
    """Nobody is connected; who would have been sent away is written down."""

    asked: list[tuple[StationId, str]] = field(default_factory=list)

    async def disconnect(self, station_id: StationId, reason: str) -> bool:
        self.asked.append((station_id, reason))
        return False

    async def look(self, station_id: StationId) -> None:
        return None

    async def refresh(self, station_id: StationId) -> None:
        """Nobody is connected, so nobody has anything to forget."""


@dataclass
class Operator:
    database: Database
    actor: Actor
    stations: SentAway = field(default_factory=SentAway)
    now: datetime = NOW


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.open(tmp_path_factory.mktemp("ca"), "Voltgrid AG", NOW)


async def operator(database: Database) -> Operator:
    caller = Operator(database, LOCAL)
    new = NewStation("CP-1", security_profile=SecurityProfile.CERTIFICATE)
    await add_station(caller, StationsConfig(Passwords(bytes(32))), new)
    return caller


def test_a_revoked_certificate_is_known_to_handshakes_and_on_the_list(fresh_database, authority):
    async def story():
        async with fresh_database() as database:
            caller = await operator(database)
            made = await make_key(caller, authority, CP1)
            trust = StationTrust("Voltgrid AG")
            await trust.load(database)
            assert not trust.is_revoked(made.issued.fingerprint)

            await revoke(caller, made.issued.fingerprint, "lost")

            await trust.refresh(database)
            assert trust.is_revoked(made.issued.fingerprint)
            assert caller.stations.asked == [(CP1, "its certificate was revoked")]
            listed = x509.load_der_x509_crl(await revocation_list(database, authority, Kind.EC, NOW))
            assert [f"{entry.serial_number:x}" for entry in listed] == [made.issued.serial]
            with pytest.raises(Conflict):
                await revoke(caller, made.issued.fingerprint, "again")
            with pytest.raises(NotFound):
                await revoke(caller, "00" * 32, "")

    asyncio.run(story())


def test_only_a_registered_station_gets_a_certificate(fresh_database, authority):
    async def story():
        async with fresh_database() as database:
            caller = await operator(database)
            with pytest.raises(NotFound):
                await make_key(caller, authority, StationId("nobody"))
            assert await database.read(lambda c: store.find(c, None, None, 10)) == []

    asyncio.run(story())


def test_certificates_are_listed_newest_first_in_pages(fresh_database, authority):
    async def story():
        async with fresh_database() as database:
            caller = await operator(database)
            made = [(await make_key(caller, authority, CP1)).issued.fingerprint for _ in range(3)]
            first = await database.read(lambda c: store.find(c, CP1, None, 2))
            last = first[-1]
            rest = await database.read(lambda c: store.find(c, CP1, (last["issued_at"], last["fingerprint"]), 2))
            assert sorted(row["fingerprint"] for row in (*first, *rest)) == sorted(made)

    asyncio.run(story())
