"""The tables of other authorities' roots, and of what stations say they have installed; statements on both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, RowMapping, String, Table, Text, delete, func, insert, select

from voltloom.domain.certificate import CertificateHash, CertificateUse, HashAlgorithm, Installed
from voltloom.domain.ids import StationId
from voltloom.infra.database import UtcTime, metadata, upsert

authorities = Table(
    "certificate_authorities",
    metadata,
    Column("use", String(40), primary_key=True, comment="what it vouches for"),
    Column("fingerprint", String(64), primary_key=True, comment="SHA-256, hexadecimal"),
    Column("subject", String(200), nullable=False),
    Column("pem", Text, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("not_after", UtcTime, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
)

installed = Table(
    "installed_certificates",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="in the station's own order"),
    Column("use", String(40), nullable=False),
    Column("algorithm", String(10), nullable=False),
    Column("issuer_name_hash", String(128), nullable=False),
    Column("issuer_key_hash", String(128), nullable=False),
    Column("serial", String(40), nullable=False),
    Column("below", Integer, nullable=True, comment="number of the one that it is a child of"),
    Column("as_of", UtcTime, nullable=False),
)

inventories = Table(
    "certificate_inventories",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("use", String(40), primary_key=True),
    Column("as_of", UtcTime, nullable=False, comment="when the station last told all it has of this use"),
)

MOST_INSTALLED = 200
"""Of one station. `MaxCertificateEntries` of real ones is a few dozen."""


# ---- other authorities


def add_authority(connection: Connection, **values: object) -> None:
    connection.execute(insert(authorities).values(**values))


def get_authority(connection: Connection, use: CertificateUse, fingerprint: str) -> RowMapping | None:
    c = authorities.c
    query = select(authorities).where(c.use == use.value, c.fingerprint == fingerprint)
    return connection.execute(query).mappings().one_or_none()


def find_authorities(connection: Connection, use: CertificateUse | None = None) -> Sequence[RowMapping]:
    query = select(authorities).order_by(authorities.c.use, authorities.c.subject, authorities.c.fingerprint)
    if use is not None:
        query = query.where(authorities.c.use == use.value)
    return connection.execute(query).mappings().all()


def count_authorities(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(authorities)).scalar_one()


def remove_authority(connection: Connection, use: CertificateUse, fingerprint: str) -> bool:
    c = authorities.c
    gone = connection.execute(delete(authorities).where(c.use == use.value, c.fingerprint == fingerprint))
    return gone.rowcount == 1


# ---- installed in stations


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a station last said it has. as_of: of each use, when; a use that is not in it was never told of."""

    certificates: tuple[Installed, ...]
    as_of: dict[CertificateUse, datetime]


def put_inventory(
    connection: Connection,
    station_id: StationId,
    uses: Sequence[CertificateUse],
    found: Sequence[Installed],
    at: datetime,
) -> None:
    """In the place of what was told of these uses before. More than a station can have is not kept."""
    c = installed.c
    before = read_inventory(connection, station_id).certificates
    kept = [each for each in before if each.use not in uses]
    connection.execute(delete(installed).where(c.station_id == station_id))
    rows: list[dict[str, object]] = []
    for each in (*kept, *(each for each in found if each.use in uses)):
        if len(rows) + 1 + len(each.children) > MOST_INSTALLED:
            break
        number = len(rows)
        rows.append(_row(station_id, number, each.use, each.hash, None, at))
        rows += [
            _row(station_id, number + place, each.use, child, number, at)
            for place, child in enumerate(each.children, 1)
        ]
    if rows:
        connection.execute(insert(installed), rows)
    for use in uses:
        connection.execute(
            upsert(inventories, ("station_id", "use"), "as_of").values(station_id=station_id, use=use.value, as_of=at)
        )


def add_installed(connection: Connection, station_id: StationId, one: Installed, at: datetime) -> None:
    """It was installed: what is kept says so, where the station has ever told what it has of this use."""
    found = read_inventory(connection, station_id)
    if one.use in found.as_of and all(each.hash.key != one.hash.key for each in found.certificates):
        put_inventory(connection, station_id, [one.use], [*found.certificates, one], at)


def forget_installed(connection: Connection, station_id: StationId, named: CertificateHash, at: datetime) -> None:
    """It was deleted: what is kept says so until the station tells all anew."""
    found = read_inventory(connection, station_id)
    left = [each for each in found.certificates if each.hash.key != named.key]
    uses = {each.use for each in found.certificates if each.hash.key == named.key}
    if uses:
        put_inventory(connection, station_id, sorted(uses, key=lambda use: use.value), left, at)


def read_inventory(connection: Connection, station_id: StationId) -> Inventory:
    query = select(installed).where(installed.c.station_id == station_id).order_by(installed.c.number)
    rows = connection.execute(query).mappings().all()
    children: dict[int, list[CertificateHash]] = {}
    for row in rows:
        if row["below"] is not None:
            children.setdefault(row["below"], []).append(_hash(row))
    told = connection.execute(
        select(inventories.c.use, inventories.c.as_of).where(inventories.c.station_id == station_id)
    )
    return Inventory(
        tuple(
            Installed(CertificateUse(row["use"]), _hash(row), tuple(children.get(row["number"], ())))
            for row in rows
            if row["below"] is None
        ),
        {CertificateUse(use): as_of for use, as_of in told},
    )


def _row(
    station_id: StationId, number: int, use: CertificateUse, named: CertificateHash, below: int | None, at: datetime
) -> dict[str, object]:
    key = named.key
    return {
        "station_id": station_id,
        "number": number,
        "use": use.value,
        "algorithm": key.algorithm.value,
        "issuer_name_hash": key.issuer_name_hash,
        "issuer_key_hash": key.issuer_key_hash,
        "serial": key.serial,
        "below": below,
        "as_of": at,
    }


def _hash(row: RowMapping) -> CertificateHash:
    return CertificateHash(
        HashAlgorithm(row["algorithm"]), row["issuer_name_hash"], row["issuer_key_hash"], row["serial"]
    )
