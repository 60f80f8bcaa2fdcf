"""Routes of what stations have installed: listing, refreshing, installing, deleting."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from voltloom.domain.certificate import CertificateHash, CertificateUse
from voltloom.domain.commands import DeleteCertificate, InstallCertificate, ListCertificates
from voltloom.domain.errors import Invalid, NotFound
from voltloom.features.api import Body, Call
from voltloom.features.certificates import store_trust, trust
from voltloom.features.certificates.api.shared import HashOut, Pem
from voltloom.features.certificates.authority import Authority, Kind
from voltloom.features.certificates.store_trust import Inventory
from voltloom.features.certificates.trust import Named
from voltloom.features.stations.api.shared import (
    NOT_FOUND,
    PROBLEMS_OF_A_COMMAND,
    Command,
    Dangerous,
    Id,
    Read,
    Timeout,
    gives,
)
from voltloom.features.stations.documents import AnswerOut


class InstalledOut(Body):
    use: CertificateUse
    hash: HashOut
    children: list[HashOut] = Field(description="below it, of a V2G chain")
    fingerprint: str = Field(description="SHA-256; empty: it is none of those known here")
    subject: str


class UseOut(Body):
    use: CertificateUse
    as_of: datetime = Field(description="when the station last told all it has of this use")


class InventoryOut(Body):
    certificates: list[InstalledOut]
    told: list[UseOut] = Field(description="a use that is missing here, the station was never asked about")

    @staticmethod
    def of(inventory: Inventory, names: dict[CertificateHash, Named]) -> "InventoryOut":
        unknown = Named()
        return InventoryOut(
            certificates=[
                InstalledOut(
                    use=each.use,
                    hash=HashOut.of(each.hash),
                    children=[HashOut.of(child) for child in each.children],
                    fingerprint=names.get(each.hash.key, unknown).fingerprint,
                    subject=names.get(each.hash.key, unknown).subject,
                )
                for each in inventory.certificates
            ],
            told=[UseOut(use=use, as_of=at) for use, at in sorted(inventory.as_of.items(), key=lambda x: x[0].value)],
        )


class RefreshIn(Body):
    uses: list[CertificateUse] = Field(
        default=[], max_length=6, description="none: all that the station's version can tell of"
    )


class InstallIn(Body):
    """Give one of `certificate`, `authority` and `ours`."""

    use: CertificateUse
    certificate: Pem | None = Field(default=None, description="PEM, one")
    authority: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="the fingerprint of one of GET /certificates/authorities, kept for the same use"
    )
    ours: Kind | None = Field(default=None, description="the root of this server itself, of that kind of key")


class DeleteIn(Body):
    hash: HashOut
    even_ours: bool = Field(default=False, description="also the root by which the station knows this server")


def add_routes(routes: APIRouter, authority: Authority) -> None:
    @routes.get(
        "/stations/{station_id}/installed-certificates",
        summary="What it last said it trusts",
        responses=NOT_FOUND,
    )
    async def list_installed(station_id: Id, call: Read) -> InventoryOut:
        return InventoryOut.of(*await trust.read_installed(call, authority, station_id))

    @routes.post(
        "/stations/{station_id}/installed-certificates/refresh",
        tags=["commands"],
        summary="Ask which certificates it has",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(ListCertificates),
    )
    async def refresh_installed(
        station_id: Id, body: RefreshIn, call: Command, timeout_s: Timeout = 30
    ) -> InventoryOut:
        """What it answers is kept: the inventory as it is then."""
        await trust.refresh(call, station_id, body.uses, timeout_s)
        return InventoryOut.of(*await trust.read_installed(call, authority, station_id))

    @routes.post(
        "/stations/{station_id}/installed-certificates",
        tags=["commands"],
        summary="Have it trust an authority",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(InstallCertificate),
    )
    async def install_certificate(
        station_id: Id, body: InstallIn, call: Dangerous, timeout_s: Timeout = 30
    ) -> AnswerOut:
        pem = await _wanted(call, authority, body)
        return AnswerOut.of(await trust.install(call, station_id, body.use, pem, timeout_s))

    @routes.post(
        "/stations/{station_id}/installed-certificates/delete",
        tags=["commands"],
        summary="Have it trust an authority no longer",
        responses=PROBLEMS_OF_A_COMMAND,
        openapi_extra=gives(DeleteCertificate),
    )
    async def delete_certificate(station_id: Id, body: DeleteIn, call: Dangerous, timeout_s: Timeout = 30) -> AnswerOut:
        """`NotFound` is an answer: it has none such. The root by which it knows this server is deleted only with
        `even_ours`: 409 otherwise."""
        answer = await trust.delete(
            call, authority, station_id, body.hash.hash(), even_ours=body.even_ours, timeout_s=timeout_s
        )
        return AnswerOut.of(answer)


async def _wanted(call: Call, authority: Authority, body: InstallIn) -> str:
    """The certificate to install, PEM. Raises Invalid, NotFound."""
    if [body.certificate, body.authority, body.ours].count(None) != 2:
        raise Invalid("give one of `certificate`, `authority` and `ours`")
    if body.certificate is not None:
        return body.certificate
    if body.ours is not None:
        if body.use is not CertificateUse.CSMS_ROOT:
            raise Invalid(
                f"the roots of this server vouch for it alone: install them as {CertificateUse.CSMS_ROOT.value}"
            )
        return authority.root(body.ours).pem
    fingerprint = body.authority or ""
    row = await call.database.read(lambda connection: store_trust.get_authority(connection, body.use, fingerprint))
    if row is None:
        raise NotFound(f"no authority of that fingerprint is kept as {body.use.value}: add it first")
    return row["pem"]
