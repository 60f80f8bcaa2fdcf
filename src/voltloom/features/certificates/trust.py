"""Other authorities that the operator trusts or has stations trust, and what stations have installed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from sqlalchemy import Connection, RowMapping

from voltloom.domain.certificate import CertificateHash, CertificateUse, Installed
from voltloom.domain.commands import (
    Accepted,
    Answer,
    DeleteCertificate,
    InstallCertificate,
    InstalledAnswer,
    ListCertificates,
)
from voltloom.domain.errors import Conflict, Invalid, NotFound
from voltloom.domain.ids import StationId
from voltloom.features.access import note
from voltloom.features.certificates import chains, store_trust
from voltloom.features.certificates.authority import Authority
from voltloom.features.certificates.hashes import hash_of
from voltloom.features.certificates.store_trust import Inventory
from voltloom.features.stations import Caller, ask, existing
from voltloom.infra.database import Work

MOST_AUTHORITIES = 500


# ---- other authorities


async def add_authority(caller: Caller, use: CertificateUse, pem: str) -> RowMapping:
    """Raises Invalid, Conflict (there already, or too many)."""
    if not use.is_root or use is CertificateUse.CSMS_ROOT:
        raise Invalid(f"{use.value} names none: the roots of this server itself are GET /certificates/roots")
    certificate = check_root(pem, caller.now)
    fingerprint = chains.fingerprint(certificate)

    def change(connection: Connection, work: Work) -> RowMapping:
        if store_trust.get_authority(connection, use, fingerprint) is not None:
            raise Conflict(f"{chains.subject_text(certificate)} is there already as {use.value}")
        if store_trust.count_authorities(connection) >= MOST_AUTHORITIES:
            raise Conflict(f"there are {MOST_AUTHORITIES} already: remove those that nobody needs")
        store_trust.add_authority(
            connection,
            use=use.value,
            fingerprint=fingerprint,
            subject=chains.subject_text(certificate),
            pem=_pem(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            added_at=caller.now,
            actor=caller.actor.name[:200],
        )
        told = {"use": use.value, "fingerprint": fingerprint, "subject": chains.subject_text(certificate)}
        note(connection, work, caller.actor, "authority.add", fingerprint[:16], "done", caller.now, told)
        row = store_trust.get_authority(connection, use, fingerprint)
        assert row is not None
        return row

    return await caller.database.write(change)


async def remove_authority(caller: Caller, use: CertificateUse, fingerprint: str) -> None:
    """Stations that have it installed keep it. Raises NotFound."""

    def change(connection: Connection, work: Work) -> None:
        if not store_trust.remove_authority(connection, use, fingerprint):
            raise NotFound(f"no authority of that fingerprint is kept as {use.value}")
        told = {"use": use.value, "fingerprint": fingerprint}
        note(connection, work, caller.actor, "authority.remove", fingerprint[:16], "done", caller.now, told)

    await caller.database.write(change)


def check_root(pem: str, now: datetime) -> x509.Certificate:
    """One certificate of an authority, that is valid now. Raises Invalid."""
    certificate = chains.read_one(pem)
    name = chains.subject_text(certificate)
    if not chains.is_ca(certificate):
        raise Invalid(f"{name} is not a certificate authority")
    if certificate.not_valid_after_utc <= now:
        raise Invalid(f"{name} has expired")
    return certificate


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def read_trusted(connection: Connection, use: CertificateUse | None = None) -> list[x509.Certificate]:
    """The certificates of those that are trusted for that use, or for any."""
    rows = store_trust.find_authorities(connection, use)
    return [x509.load_pem_x509_certificate(row["pem"].encode()) for row in rows]


# ---- in stations


async def install(
    caller: Caller, station_id: StationId, use: CertificateUse, pem: str, timeout_s: float = 30.0
) -> Answer:
    """Have the station trust it. Raises Invalid, and what `ask` raises."""
    certificate = check_root(pem, caller.now)
    answer = await ask(caller, station_id, InstallCertificate(use, _pem(certificate)), timeout_s=timeout_s)
    if answer.accepted is not Accepted.REJECTED and certificate.issuer == certificate.subject:
        now_there = Installed(use, hash_of(certificate, certificate))
        await caller.database.write(
            lambda connection, _: store_trust.add_installed(connection, station_id, now_there, caller.now)
        )
    return answer


async def delete(
    caller: Caller,
    authority: Authority,
    station_id: StationId,
    named: CertificateHash,
    *,
    even_ours: bool = False,
    timeout_s: float = 30.0,
) -> Answer:
    """Raises Conflict for the root by which the station knows this server, and what `ask` raises.

    even_ours   that one as well
    """
    if is_ours(authority, named) and not even_ours:
        raise Conflict(
            "this is the root by which the station knows this server: without it, it may never connect with TLS again. "
            "Where that is meant, say `even_ours`"
        )
    found = await caller.database.read(lambda connection: store_trust.read_inventory(connection, station_id))
    use = next((each.use for each in found.certificates if each.hash.key == named.key), None)
    answer = await ask(caller, station_id, DeleteCertificate(named, use), timeout_s=timeout_s)
    if answer.accepted is not Accepted.REJECTED or answer.status == "NotFound":
        await caller.database.write(
            lambda connection, _: store_trust.forget_installed(connection, station_id, named, caller.now)
        )
    return answer


def is_ours(authority: Authority, named: CertificateHash) -> bool:
    return any(
        hash_of(root.certificate, root.certificate, named.algorithm).key == named.key for root in authority.roots
    )


async def refresh(
    caller: Caller, station_id: StationId, uses: Sequence[CertificateUse] = (), timeout_s: float = 30.0
) -> InstalledAnswer:
    """Ask the station what it has, and keep it. Raises what `ask` raises."""
    answer = await ask(caller, station_id, ListCertificates(tuple(dict.fromkeys(uses))), timeout_s=timeout_s)

    def keep(connection: Connection, _: Work) -> None:
        store_trust.put_inventory(connection, station_id, answer.uses, answer.certificates, caller.now)

    await caller.database.write(keep)
    return answer


@dataclass(frozen=True, slots=True)
class Named:
    """A certificate that is known here by its hash. fingerprint, subject: "" where it is not."""

    fingerprint: str = ""
    subject: str = ""


async def read_installed(
    caller: Caller, authority: Authority, station_id: StationId
) -> tuple[Inventory, dict[CertificateHash, Named]]:
    """What the station last said it has, and the names of what is known of it. Raises NotFound."""

    def read(connection: Connection) -> tuple[Inventory, list[x509.Certificate]]:
        existing(connection, station_id)
        return store_trust.read_inventory(connection, station_id), read_trusted(connection)

    inventory, trusted = await caller.database.read(read)
    roots = [*(root.certificate for root in authority.roots), *trusted]
    names: dict[CertificateHash, Named] = {}
    for algorithm in {each.hash.algorithm for each in inventory.certificates}:
        for root in roots:
            if root.issuer == root.subject:
                names[hash_of(root, root, algorithm).key] = Named(chains.fingerprint(root), chains.subject_text(root))
    return inventory, names
