"""Routes of what was issued to stations: listing, issuing, taking back; and what to install in them."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.certificate import SigningUse
from voltloom.domain.commands import Trigger
from voltloom.domain.ids import StationId
from voltloom.features.api import After, Body, Limit, Page, cursor, position
from voltloom.features.certificates import service, store
from voltloom.features.certificates.api.shared import Fingerprint
from voltloom.features.certificates.authority import Authority, Issued, Kind
from voltloom.features.certificates.renewals import ask_to_renew
from voltloom.features.certificates.rules import CertificateStanding, Outcomes, standing_of
from voltloom.features.stations.api.shared import (
    PROBLEMS_OF_A_COMMAND,
    Dangerous,
    DangerousWrite,
    Id,
    Read,
    Timeout,
    gives,
)
from voltloom.features.stations.documents import AnswerOut


class CertificateOut(Body):
    fingerprint: str = Field(description="SHA-256 in hexadecimal")
    station_id: str
    use: SigningUse = Field(description="what the station proves with it: to us, or to vehicles")
    kind: Kind
    serial: str
    pem: str
    state: CertificateStanding = Field(
        description="offered: the station has not said yet whether it takes it; replaced: it has taken a later one"
    )
    issued_at: datetime
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    revoke_reason: str = ""
    renewal_asked_at: datetime | None = Field(default=None, description="when the station was last asked to renew it")

    @staticmethod
    def of(row: RowMapping, now: datetime, renew_before: timedelta) -> "CertificateOut":
        state = standing_of(
            Outcomes(row["outcome"]), row["not_after"], row["revoked_at"], row["is_replaced"], now, renew_before
        )
        values = {name: row[name] for name in CertificateOut.model_fields if name != "state"}
        return CertificateOut(**values, state=state)


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


class RenewIn(Body):
    use: SigningUse = SigningUse.STATION


def add_routes(routes: APIRouter, authority: Authority, renew_before: timedelta) -> None:
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
        call: Read,
        station_id: Annotated[StationId | None, Query(max_length=48)] = None,
        expires_within_days: Annotated[int | None, Query(ge=0, le=10_000)] = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Page[CertificateOut]:
        """What was issued to stations, the newest first."""
        before = position(after, tuple[datetime, str])
        end = None if expires_within_days is None else call.now + timedelta(days=expires_within_days)
        rows = await call.database.read(lambda connection: store.find(connection, station_id, before, limit + 1, end))
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return Page(
            items=[CertificateOut.of(row, call.now, renew_before) for row in rows[:limit]],
            next=cursor(last["issued_at"], last["fingerprint"]) if last else None,
        )

    @routes.post("/stations/{station_id}/certificates", status_code=201)
    async def issue_certificate(call: DangerousWrite, station_id: Id, request: RequestIn) -> IssuedOut:
        """A certificate for the station to prove itself with (security profile 3)."""
        if request.csr is not None:
            issued = await service.issue(call, authority, station_id, request.csr)
            return _issued(authority, issued, None)
        made = await service.make_key(call, authority, station_id, request.kind)
        return _issued(authority, made.issued, made.key_pem)

    @routes.post("/certificates/{fingerprint}/revoke", status_code=204)
    async def revoke_certificate(call: DangerousWrite, fingerprint: Fingerprint, request: RevokeIn) -> None:
        """From now on nobody comes in with it; who is in with it, is sent away."""
        await service.revoke(call, fingerprint, request.reason)

    @routes.post(
        "/stations/{station_id}/certificates/renew",
        tags=["commands"],
        summary="Have it ask for a new certificate of its own",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(Trigger),
    )
    async def renew_certificate(station_id: Id, body: RenewIn, call: Dangerous, timeout_s: Timeout = 30) -> AnswerOut:
        """It makes a key and asks for a certificate, which is signed and sent to it by itself: see
        `GET /certificates/requests`. Whose certificate expires soon, is asked without this."""
        return AnswerOut.of(await ask_to_renew(call, station_id, body.use, timeout_s))


def _issued(authority: Authority, issued: Issued, key: str | None) -> IssuedOut:
    return IssuedOut(
        fingerprint=issued.fingerprint,
        certificate=issued.pem,
        chain=authority.root(issued.kind).pem,
        key=key,
        not_after=issued.not_after,
    )
