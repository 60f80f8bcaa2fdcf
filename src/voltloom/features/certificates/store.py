"""The table of certificates that we issued to stations, and the statements on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, RowMapping, String, Table, Text, insert, or_, select, update

from voltloom.domain.ids import StationId
from voltloom.features.certificates.authority import Issued
from voltloom.infra.database import UtcTime, metadata

certificates = Table(
    "station_certificates",
    metadata,
    Column("fingerprint", String(64), primary_key=True, comment="SHA-256, hexadecimal"),
    Column("station_id", String(48), nullable=False, index=True),
    Column("kind", String(10), nullable=False, comment="of key, and so of the root that signed it"),
    Column("serial", String(40), nullable=False, comment="hexadecimal"),
    Column("pem", Text, nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("not_after", UtcTime, nullable=False),
    Column("revoked_at", UtcTime, nullable=True, index=True),
    Column("revoke_reason", String(200), nullable=False, default=""),
)


def add(connection: Connection, station_id: StationId, issued: Issued, at: datetime) -> None:
    connection.execute(
        insert(certificates).values(
            fingerprint=issued.fingerprint,
            station_id=station_id,
            kind=issued.kind.value,
            serial=issued.serial,
            pem=issued.pem,
            issued_at=at,
            not_before=issued.not_before,
            not_after=issued.not_after,
        )
    )


def get(connection: Connection, fingerprint: str) -> RowMapping | None:
    query = select(certificates).where(certificates.c.fingerprint == fingerprint)
    return connection.execute(query).mappings().one_or_none()


def find(
    connection: Connection, station_id: StationId | None, after: tuple[datetime, str] | None, limit: int
) -> Sequence[RowMapping]:
    """The newest first; of one station, or of all. after: when the row before was issued, and its fingerprint."""
    issued_at, fingerprint = certificates.c.issued_at, certificates.c.fingerprint
    query = select(certificates).order_by(issued_at.desc(), fingerprint).limit(limit)
    if station_id is not None:
        query = query.where(certificates.c.station_id == station_id)
    if after is not None:
        query = query.where(or_(issued_at < after[0], (issued_at == after[0]) & (fingerprint > after[1])))
    return connection.execute(query).mappings().all()


def revoke(connection: Connection, fingerprint: str, at: datetime, reason: str) -> None:
    change = update(certificates).where(certificates.c.fingerprint == fingerprint)
    connection.execute(change.values(revoked_at=at, revoke_reason=reason))


def revoked_fingerprints(connection: Connection) -> set[str]:
    return set(
        connection.execute(select(certificates.c.fingerprint).where(certificates.c.revoked_at.is_not(None))).scalars()
    )


def revoked_serials(connection: Connection, kind: str, now: datetime) -> Iterable[tuple[str, datetime]]:
    """Serial and time. One that has expired need not be listed any longer."""
    query = select(certificates.c.serial, certificates.c.revoked_at).where(
        certificates.c.kind == kind, certificates.c.revoked_at.is_not(None), certificates.c.not_after > now
    )
    return [(serial, at) for serial, at in connection.execute(query)]
