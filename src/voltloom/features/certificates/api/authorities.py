"""Routes of other authorities: those whose contracts are taken, and those that stations are to trust."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import RowMapping

from voltloom.domain.certificate import CertificateUse
from voltloom.features.api import Body
from voltloom.features.certificates import store_trust, trust
from voltloom.features.certificates.api.shared import Fingerprint, Pem
from voltloom.features.stations.api.shared import DangerousWrite, Read


class AuthorityIn(Body):
    use: CertificateUse = Field(
        description="MORootCertificate: whose charging contracts are taken. Others are kept to be installed in "
        "stations, and to know who signed what a responder says"
    )
    certificate: Pem = Field(description="PEM, one")


class AuthorityOut(Body):
    use: CertificateUse
    fingerprint: str = Field(description="SHA-256 in hexadecimal")
    subject: str
    pem: str
    not_before: datetime
    not_after: datetime
    added_at: datetime
    actor: str

    @staticmethod
    def of(row: RowMapping) -> "AuthorityOut":
        return AuthorityOut(**{name: row[name] for name in AuthorityOut.model_fields})


def add_routes(routes: APIRouter) -> None:
    @routes.get("/certificates/authorities", summary="Other authorities that are known here")
    async def list_authorities(call: Read, use: Annotated[CertificateUse | None, Query()] = None) -> list[AuthorityOut]:
        rows = await call.database.read(lambda connection: store_trust.find_authorities(connection, use))
        return [AuthorityOut.of(row) for row in rows]

    @routes.post("/certificates/authorities", status_code=201, summary="Trust an authority")
    async def add_authority(body: AuthorityIn, call: DangerousWrite) -> AuthorityOut:
        return AuthorityOut.of(await trust.add_authority(call, body.use, body.certificate))

    @routes.delete("/certificates/authorities/{use}/{fingerprint}", status_code=204)
    async def remove_authority(use: CertificateUse, fingerprint: Fingerprint, call: DangerousWrite) -> None:
        """Stations that have it installed keep it."""
        await trust.remove_authority(call, use, fingerprint)
