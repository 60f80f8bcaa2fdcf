"""Use cases of certificates: what stations prove themselves with is issued, kept, revoked."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, NotFound
from voltloom.domain.events import StationChanged
from voltloom.domain.ids import StationId
from voltloom.features.access import note
from voltloom.features.certificates import store
from voltloom.features.certificates.authority import Authority, Issued, Kind
from voltloom.features.stations import Caller, existing
from voltloom.infra.database import Database, Work


@dataclass(slots=True)
class StationTrust:
    """What a handshake must know of certificates, in memory: it never waits for the database.

    organization   the operator's name, which a station's certificate must bear

    Call `load` before listening, and `refresh` for each `StationChanged` heard: a revocation tells one.
    """

    organization: str
    _revoked: set[str] = field(default_factory=set[str])

    def is_revoked(self, fingerprint: str) -> bool:
        return fingerprint in self._revoked

    async def load(self, database: Database) -> None:
        self._revoked = await database.read(store.revoked_fingerprints)

    refresh = load


@dataclass(frozen=True, slots=True)
class StationKey:
    """For a station that cannot make its own key. key_pem is shown this once, and kept nowhere."""

    issued: Issued
    key_pem: str = field(repr=False)


async def issue(caller: Caller, authority: Authority, station_id: StationId, csr_pem: str) -> Issued:
    """A certificate for the key in a station's signing request. Raises NotFound, Invalid."""
    issued = authority.issue_station(station_id, csr_pem, caller.now)
    await _keep(caller, station_id, issued)
    return issued


async def make_key(caller: Caller, authority: Authority, station_id: StationId, kind: Kind = Kind.EC) -> StationKey:
    """A certificate and its key. Raises NotFound."""
    issued, key_pem = authority.make_station_key(station_id, caller.now, kind=kind)
    await _keep(caller, station_id, issued)
    return StationKey(issued, key_pem)


async def _keep(caller: Caller, station_id: StationId, issued: Issued) -> None:
    def change(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.add(connection, station_id, issued, caller.now)
        told = {"fingerprint": issued.fingerprint, "not_after": issued.not_after.isoformat()}
        note(connection, work, caller.actor, "certificate.issue", station_id, "done", caller.now, told)

    await caller.database.write(change)


async def revoke(caller: Caller, fingerprint: str, reason: str) -> None:
    """From now on nobody comes in with it; who is in with it, is sent away. Raises NotFound, Conflict."""

    def change(connection: Connection, work: Work) -> StationId:
        row = store.get(connection, fingerprint)
        if row is None:
            raise NotFound(f"no certificate with the fingerprint {fingerprint[:64]} was issued here")
        if row["revoked_at"] is not None:
            raise Conflict(f"the certificate {fingerprint[:16]}… of {row['station_id']} was revoked already")
        station_id = StationId(row["station_id"])
        store.revoke(connection, fingerprint, caller.now, reason)
        work.tell(StationChanged(station_id, caller.now, "changed"))
        told = {"fingerprint": fingerprint, "reason": reason}
        note(connection, work, caller.actor, "certificate.revoke", station_id, "done", caller.now, told)
        return station_id

    station_id = await caller.database.write(change)
    await caller.stations.disconnect(station_id, "its certificate was revoked")


async def revocation_list(database: Database, authority: Authority, kind: Kind, now: datetime) -> bytes:
    """DER, signed by the root of this kind."""
    revoked = await database.read(lambda connection: store.revoked_serials(connection, kind.value, now))
    return authority.revocation_list(kind, revoked, now)
