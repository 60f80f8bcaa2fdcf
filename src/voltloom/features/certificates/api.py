"""Routes of certificates: what to install in stations, what was issued to them, and taking it back."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.ids import StationId
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, cursor, position
from voltloom.features.certificates import service, store
from voltloom.features.certificates.authority import Authority, Issued, Kind

Id = Annotated[StationId, Path(max_length=48, description="the OCPP identity", examples=["CP-7"])]
Fingerprint = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal")]
Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Write = Annotated[Call, allow(Scope.STATIONS_WRITE)]


class CertificateOut(Body):
    fingerprint: str = Field(description="SHA-256 in hexadecimal")
    station_id: str
    kind: Kind
    serial: str
    pem: str
    issued_at: datetime
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    revoke_reason: str = ""

    @staticmethod
    def of(row: RowMapping) -> "CertificateOut":
        return CertificateOut(**{name: row[name] for name in CertificateOut.model_fields})


class IssuedOut(Body):
    """What to install in the station: the certificate, and the root that signed it."""

    fingerprint: str
    certificate: str = Field(description="PEM")
    chain: str = Field(description="PEM of the root that signed it")
    key: str | None = Field(default=None, description="PEM; shown this once, only where we made it")
    not_after: datetime


class RequestIn(Body):
    csr: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = Field(
        default=None, description="a certificate signing request in PEM; left out: the key is made here"
    )
    kind: Kind = Field(default=Kind.EC, description="of the key that is made here")


class RevokeIn(Body):
    reason: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


def router(authority: Authority) -> APIRouter:
    routes = APIRouter(tags=["certificates"])

    @routes.get(
        "/certificates/roots", response_class=Response, responses={200: {"content": {"application/x-pem-file": {}}}}
    )
    async def get_roots(call: Read) -> Response:
        """The certificates of our own authority, PEM: install them in stations, so that they trust our TLS."""
        return Response(authority.roots_pem, media_type="application/x-pem-file")

    @routes.get("/certificates/revoked/{kind}", response_class=Response)
    async def get_revoked(call: Read, kind: Literal["ec", "rsa"]) -> Response:
        """The list of revoked station certificates, signed by the root of that kind (DER)."""
        listed = await service.revocation_list(call.database, authority, Kind(kind), call.now)
        return Response(listed, media_type="application/pkix-crl")

    @routes.get("/certificates")
    async def list_certificates(
        call: Read, station_id: StationId | None = None, after: After = None, limit: Limit = 100
    ) -> Page[CertificateOut]:
        """What was issued to stations, the newest first."""
        before = position(after, tuple[datetime, str])
        rows = await call.database.read(lambda connection: store.find(connection, station_id, before, limit + 1))
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return Page(
            items=[CertificateOut.of(row) for row in rows[:limit]],
            next=cursor(last["issued_at"], last["fingerprint"]) if last else None,
        )

    @routes.post("/stations/{station_id}/certificates", status_code=201)
    async def issue_certificate(call: Write, station_id: Id, request: RequestIn) -> IssuedOut:
        """A certificate for the station to prove itself with (security profile 3)."""
        if request.csr is not None:
            issued = await service.issue(call, authority, station_id, request.csr)
            return _issued(authority, issued, None)
        made = await service.make_key(call, authority, station_id, request.kind)
        return _issued(authority, made.issued, made.key_pem)

    @routes.post("/certificates/{fingerprint}/revoke", status_code=204)
    async def revoke_certificate(call: Write, fingerprint: Fingerprint, request: RevokeIn) -> None:
        """From now on nobody comes in with it; who is in with it, is sent away."""
        await service.revoke(call, fingerprint, request.reason)

    return routes


def _issued(authority: Authority, issued: Issued, key: str | None) -> IssuedOut:
    return IssuedOut(
        fingerprint=issued.fingerprint,
        certificate=issued.pem,
        chain=authority.root(issued.kind).pem,
        key=key,
        not_after=issued.not_after,
    )
