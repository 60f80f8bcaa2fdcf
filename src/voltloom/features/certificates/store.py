"""The tables of certificates that were issued to stations, and of stations' requests for them; statements on both."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    RowMapping,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from voltloom.domain.certificate import SigningUse
from voltloom.domain.ids import StationId
from voltloom.features.certificates.authority import Issued
from voltloom.features.certificates.rules import ASK_AGAIN_AFTER, LEASE, Outcome, Outcomes, Request, RequestState
from voltloom.infra.database import Statement, UtcTime, metadata

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
    Column("not_after", UtcTime, nullable=False, index=True),
    Column("revoked_at", UtcTime, nullable=True, index=True),
    Column("revoke_reason", String(200), nullable=False, default=""),
    Column("use", String(30), nullable=False, comment="what the station proves with it"),
    Column("outcome", String(20), nullable=False, comment="what became of it when it was made"),
    Column("is_ours", Boolean, nullable=False, comment="signed by our own authority, so in its revocation list"),
    Column("renewal_asked_at", UtcTime, nullable=True, comment="when the station was last asked to renew it"),
)

requests = Table(
    "certificate_requests",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("station_id", String(48), nullable=False),
    Column("use", String(30), nullable=False, comment="empty: the station did not say"),
    Column("number", Integer, nullable=True, comment="the station's own"),
    Column("csr", Text, nullable=False),
    Column("csr_hash", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False, comment="when it is tried again, while it waits"),
    Column("changed_at", UtcTime, nullable=True),
    Column("chain", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, comment="of what was signed; empty: nothing yet"),
    Index("ix_certificate_requests_station_id_asked_at", "station_id", "asked_at"),
    Index("ix_certificate_requests_asked_at", "asked_at", "id"),
)
_WAITS = requests.c.state == RequestState.WAITING.value
Index("ix_certificate_requests_waiting", requests.c.next_at, sqlite_where=_WAITS, postgresql_where=_WAITS)


# ---- issued


def add(
    connection: Connection,
    station_id: StationId,
    issued: Issued,
    at: datetime,
    *,
    use: SigningUse = SigningUse.STATION,
    outcome: Outcomes = Outcomes.ISSUED,
    is_ours: bool = True,
) -> None:
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
            use=use.value,
            outcome=outcome.value,
            is_ours=is_ours,
        )
    )


def get(connection: Connection, fingerprint: str) -> RowMapping | None:
    query = select(certificates).where(certificates.c.fingerprint == fingerprint)
    return connection.execute(query).mappings().one_or_none()


_newer = certificates.alias("newer")
_IS_REPLACED = exists().where(
    _newer.c.station_id == certificates.c.station_id,
    _newer.c.use == certificates.c.use,
    _newer.c.issued_at > certificates.c.issued_at,
    _newer.c.revoked_at.is_(None),
    _newer.c.outcome.in_([Outcomes.ISSUED.value, Outcomes.ACCEPTED.value]),
)
"""The station has a later one for the same, and has taken it."""


def find(
    connection: Connection,
    station_id: StationId | None,
    after: tuple[datetime, str] | None,
    limit: int,
    expires_before: datetime | None = None,
) -> Sequence[RowMapping]:
    """The newest first; of one station, or of all. after: when the row before was issued, and its fingerprint.

    is_replaced   beside the columns of the table
    """
    issued_at, fingerprint = certificates.c.issued_at, certificates.c.fingerprint
    query = select(certificates, _IS_REPLACED.label("is_replaced")).order_by(issued_at.desc(), fingerprint).limit(limit)
    if station_id is not None:
        query = query.where(certificates.c.station_id == station_id)
    if expires_before is not None:
        query = query.where(certificates.c.not_after < expires_before)
    if after is not None:
        query = query.where(or_(issued_at < after[0], (issued_at == after[0]) & (fingerprint > after[1])))
    return connection.execute(query).mappings().all()


def revoke(connection: Connection, fingerprint: str, at: datetime, reason: str) -> None:
    change = update(certificates).where(certificates.c.fingerprint == fingerprint)
    connection.execute(change.values(revoked_at=at, revoke_reason=reason))


def set_outcome(connection: Connection, fingerprint: str, outcome: Outcomes) -> None:
    connection.execute(
        update(certificates).where(certificates.c.fingerprint == fingerprint).values(outcome=outcome.value)
    )


def revoked_fingerprints(connection: Connection) -> set[str]:
    return set(
        connection.execute(select(certificates.c.fingerprint).where(certificates.c.revoked_at.is_not(None))).scalars()
    )


def revoked_serials(connection: Connection, kind: str, now: datetime) -> Iterable[tuple[str, datetime]]:
    """Serial and time. One that has expired need not be listed any longer."""
    query = select(certificates.c.serial, certificates.c.revoked_at).where(
        certificates.c.kind == kind,
        certificates.c.is_ours,
        certificates.c.revoked_at.is_not(None),
        certificates.c.not_after > now,
    )
    return [(serial, at) for serial, at in connection.execute(query)]


def read_expiring(
    connection: Connection, now: datetime, before: datetime, limit: int
) -> list[tuple[str, StationId, SigningUse, datetime]]:
    """Fingerprint, station, use, end of those in use that are to be renewed: not asked for lately, and no request for
    the same waits. The most urgent first."""
    c = certificates.c
    # A request that says nothing is for the connection to us.
    meant = case((requests.c.use == "", SigningUse.STATION.value), else_=requests.c.use)
    waits = exists().where(_WAITS, requests.c.station_id == c.station_id, meant == c.use)
    query = (
        select(c.fingerprint, c.station_id, c.use, c.not_after)
        .where(
            c.not_after > now,
            c.not_after <= before,
            c.revoked_at.is_(None),
            c.outcome.in_([Outcomes.ISSUED.value, Outcomes.ACCEPTED.value]),
            or_(c.renewal_asked_at.is_(None), c.renewal_asked_at <= now - ASK_AGAIN_AFTER),
            ~_IS_REPLACED,
            ~waits,
        )
        .order_by(c.not_after)
        .limit(limit)
    )
    return [
        (fingerprint, station, SigningUse(use), end) for fingerprint, station, use, end in connection.execute(query)
    ]


def set_renewal_asked(connection: Connection, fingerprint: str, at: datetime) -> None:
    connection.execute(
        update(certificates).where(certificates.c.fingerprint == fingerprint).values(renewal_asked_at=at)
    )


# ---- requested

ADD_REQUEST = Statement(insert(requests))
SUPERSEDE = Statement(
    update(requests)
    .where(_WAITS, requests.c.station_id == bindparam("station"), requests.c.use == bindparam("for_use"))
    .values(state=RequestState.SUPERSEDED.value, reason="the station has asked anew", changed_at=bindparam("at")),
    ("station", "for_use", "at"),
)
HURRY = Statement(
    update(requests).where(_WAITS, requests.c.id == bindparam("key")).values(next_at=bindparam("at")), ("key", "at")
)


def request_values(request: Request) -> tuple[Any, ...]:
    """Of ADD_REQUEST."""
    return (
        request.id,
        request.station_id,
        _use_text(request.use),
        request.number,
        request.csr,
        request.csr_hash,
        request.state.value,
        request.reason,
        request.attempts,
        request.asked_at,
        request.next_at,
        request.changed_at,
        request.chain,
        request.fingerprint,
    )


def _use_text(use: SigningUse | None) -> str:
    return "" if use is None else use.value


def read_standing(
    connection: Connection, station_id: StationId, use: SigningUse | None, since: datetime
) -> tuple[Request | None, int]:
    """The one that waits for the same use, and how many of the station there were since."""
    c = requests.c
    query = select(requests).where(_WAITS, c.station_id == station_id, c.use == _use_text(use))
    row = connection.execute(query.order_by(c.asked_at.desc()).limit(1)).one_or_none()
    count = connection.execute(
        select(func.count()).select_from(requests).where(c.station_id == station_id, c.asked_at > since)
    ).scalar_one()
    return (None if row is None else _request(row)), count


def get_request(connection: Connection, request_id: str) -> Request | None:
    row = connection.execute(select(requests).where(requests.c.id == request_id)).one_or_none()
    return None if row is None else _request(row)


def find_requests(
    connection: Connection,
    station_id: StationId | None,
    states: Sequence[RequestState],
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Request]:
    """The latest first."""
    c = requests.c
    conditions: list[ColumnElement[bool]] = []
    if station_id is not None:
        conditions.append(c.station_id == station_id)
    if states:
        conditions.append(c.state.in_([state.value for state in states]))
    if after is not None:
        conditions.append(or_(c.asked_at < after[0], and_(c.asked_at == after[0], c.id < after[1])))
    query = select(requests).where(*conditions).order_by(c.asked_at.desc(), c.id.desc()).limit(limit)
    return [_request(row) for row in connection.execute(query)]


def read_due(connection: Connection, now: datetime, limit: int) -> list[Request]:
    query = select(requests).where(_WAITS, requests.c.next_at <= now).order_by(requests.c.next_at).limit(limit)
    return [_request(row) for row in connection.execute(query)]


def claim(connection: Connection, request_id: str, now: datetime) -> Request | None:
    """It is due, and nobody else tries it for a while: as it now stands. None where it is not."""
    c = requests.c
    done = connection.execute(
        update(requests).where(_WAITS, c.id == request_id, c.next_at <= now).values(next_at=now + LEASE)
    )
    return get_request(connection, request_id) if done.rowcount == 1 else None


def set_signed(connection: Connection, request_id: str, chain: str, fingerprint: str) -> bool:
    """False where it no longer waits."""
    change = update(requests).where(_WAITS, requests.c.id == request_id).values(chain=chain, fingerprint=fingerprint)
    return connection.execute(change).rowcount == 1


def put_off(connection: Connection, request_id: str, until: datetime) -> None:
    """Without an attempt: the station is not there."""
    connection.execute(update(requests).where(_WAITS, requests.c.id == request_id).values(next_at=until))


def settle(connection: Connection, request: Request, outcome: Outcome, now: datetime) -> bool:
    """False where it no longer waits: the station has asked anew meanwhile."""
    change = update(requests).where(_WAITS, requests.c.id == request.id)
    values = {
        "state": outcome.state.value,
        "reason": outcome.reason[:400],
        "attempts": request.attempts + 1,
        "next_at": outcome.next_at,
        "changed_at": now,
    }
    return connection.execute(change.values(**values)).rowcount == 1


def prune_requests(connection: Connection, before: datetime) -> None:
    connection.execute(delete(requests).where(~_WAITS, requests.c.asked_at < before))


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    return Request(
        id=row.id,
        station_id=row.station_id,
        use=SigningUse(row.use) if row.use else None,
        number=row.number,
        csr=row.csr,
        csr_hash=row.csr_hash,
        asked_at=row.asked_at,
        next_at=row.next_at,
        state=RequestState(row.state),
        attempts=row.attempts,
        chain=row.chain,
        fingerprint=row.fingerprint,
        reason=row.reason,
        changed_at=row.changed_at,
    )
