"""Use cases of images: taken in, checked, given out."""

import re
import secrets
from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from sqlalchemy import Connection

from voltloom.domain.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable, VoltloomError
from voltloom.features.access import note
from voltloom.features.firmware import campaign_store, store
from voltloom.features.firmware.rules import MOST_IMAGE_BYTES, MOST_IMAGES, Image
from voltloom.features.firmware.signing import LONGEST_CERTIFICATE, LONGEST_SIGNATURE, read_signer, verify
from voltloom.features.stations import Caller
from voltloom.infra.database import Database, Work
from voltloom.infra.files import FileStore, hash_of, safe_name

NOT_THERE = "there is nothing at this address (any more)"


@dataclass(frozen=True, slots=True)
class FirmwareConfig:
    """files   where images lie
    base_url   where stations reach us by HTTP, e.g. "https://csms.example.com"
    roots      of manufacturers whose signing certificates are taken; none: of any
    """

    files: FileStore
    base_url: str
    roots: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class NewImage:
    version: str
    vendor: str = ""
    model: str = ""
    file_name: str = ""
    signature: str = ""
    certificate: str = ""
    notes: str = ""


async def add_image(caller: Caller, config: FirmwareConfig, new: NewImage) -> Image:
    """Its content comes next. Raises Invalid, Conflict (too many)."""
    signature = re.sub(r"\s+", "", new.signature)
    certificate = new.certificate.strip().replace("\r\n", "\n")
    if bool(signature) != bool(certificate):
        raise Invalid("a signature and the certificate it is checked with belong together: give both, or neither")
    if len(signature) > LONGEST_SIGNATURE:
        raise Invalid(f"the signature is longer than the {LONGEST_SIGNATURE} characters that OCPP has for it")
    if len(certificate) > LONGEST_CERTIFICATE:
        raise Invalid(f"the certificate is longer than the {LONGEST_CERTIFICATE} characters that OCPP has for it")
    image = Image(
        id=secrets.token_hex(8),
        vendor=new.vendor.strip(),
        model=new.model.strip(),
        version=new.version.strip(),
        file_name=safe_name(new.file_name) or safe_name(f"{new.vendor}-{new.model}-{new.version}.bin") or "image.bin",
        created_at=caller.now,
        actor=caller.actor.name,
        notes=new.notes,
        signature=signature,
        certificate=certificate,
        signer=read_signer(certificate, config.roots, caller.now) if certificate else None,
    )
    if not image.version:
        raise Invalid("say which version it is: it is what a station says of itself once it runs this image")

    def add(connection: Connection, work: Work) -> None:
        if store.count_images(connection) >= MOST_IMAGES:
            raise Conflict(f"{MOST_IMAGES} images are kept already: delete some that are needed no more")
        store.add_image(connection, image)
        note(connection, work, caller.actor, "firmware.image_add", image.id, "done", caller.now, told_of(image))

    await caller.database.write(add)
    return image


async def take_content(
    caller: Caller, config: FirmwareConfig, image_id: str, pieces: AsyncIterable[bytes], length: int | None = None
) -> Image:
    """Kept only if it is what was signed. Raises NotFound, Conflict (it has some), Invalid, TooLarge, TooSlow."""
    image = await get_image(caller.database, image_id)
    if image.is_here:
        raise Conflict("this image has its content, and it does not change: make another image")
    check_length(length)
    # Under a name of its own until it is known to be good: two may come at once.
    arriving = secrets.token_hex(16)
    kept = await config.files.receive(arriving, pieces, MOST_IMAGE_BYTES)
    try:
        if kept.size == 0:
            raise Invalid("the content is empty")
        algorithm = verify(image.certificate, image.signature, kept.sha256) if image.signature else ""

        def fill(connection: Connection, work: Work) -> None:
            if not store.fill_image(
                connection, image_id, size=kept.size, sha256=kept.sha256, md5=kept.md5, algorithm=algorithm
            ):
                raise Conflict("this image has its content by now, or is deleted")
            details = {"size": kept.size, "sha256": kept.sha256, "algorithm": algorithm}
            note(connection, work, caller.actor, "firmware.image_content", image_id, "done", caller.now, details)
            # Within the change: an image that is said to be here is.
            config.files.path(arriving).replace(config.files.path(image_id))

        await caller.database.write(fill)
    except VoltloomError:
        await config.files.remove(arriving)
        raise
    return await get_image(caller.database, image_id)


def check_length(length: int | None) -> None:
    """Raises TooLarge before anything of it is read."""
    if length is not None and length > MOST_IMAGE_BYTES:
        raise TooLarge(f"the image is larger than the {MOST_IMAGE_BYTES} bytes that one may have")


async def remove_image(caller: Caller, config: FirmwareConfig, image_id: str) -> None:
    """Raises NotFound, Conflict (a station may still come for it)."""

    def remove(connection: Connection, work: Work) -> None:
        image = existing(connection, image_id)
        if store.is_needed(connection, image_id, caller.now):
            raise Conflict("stations are being updated with this image: wait until they are done")
        if campaign_store.is_image_used(connection, image_id):
            raise Conflict("a campaign is under way with this image: cancel it, or wait until it is done")
        store.remove_image(connection, image_id)
        note(connection, work, caller.actor, "firmware.image_remove", image_id, "done", caller.now, told_of(image))

    await caller.database.write(remove)
    await config.files.remove(image_id)


async def get_image(database: Database, image_id: str) -> Image:
    """Raises NotFound."""
    return await database.read(lambda connection: existing(connection, image_id))


def existing(connection: Connection, image_id: str) -> Image:
    """Raises NotFound."""
    image = store.get_image(connection, image_id)
    if image is None:
        raise NotFound("there is no such image")
    return image


def told_of(image: Image) -> dict[str, object]:
    return {
        "vendor": image.vendor,
        "model": image.model,
        "version": image.version,
        "sha256": image.sha256,
        "signer": image.signer.fingerprint if image.signer else "",
    }


# ---- what stations fetch


def location_of(config: FirmwareConfig, ticket: str, image: Image) -> str:
    return f"{config.base_url}/files/firmware/{ticket}/{image.file_name}"


async def open_content(database: Database, config: FirmwareConfig, ticket: str, now: datetime) -> tuple[Path, Image]:
    """The file behind an address that a station was given. Raises NotFound, Unavailable (it is not on this disk)."""
    hashed = hash_of(ticket)

    def find(connection: Connection) -> tuple[Image, int | None] | None:
        found = store.image_behind(connection, hashed, now)
        image = None if found is None else store.get_image(connection, found[0])
        return None if found is None or image is None or not image.is_here else (image, found[1])

    found = await database.read(find)
    if found is None:
        raise NotFound(NOT_THERE)
    image, update_id = found
    if not config.files.has(image.id):
        raise Unavailable("this node does not have the file: see the setting files_dir")
    if update_id is not None:
        await _note_fetched(database, update_id, now)
    return config.files.path(image.id), image


async def _note_fetched(database: Database, update_id: int, now: datetime) -> None:
    """Stations that resume ask hundreds of times for one image: it is noted once a minute."""
    found = await database.read(lambda connection: store.get_update(connection, update_id))
    if found is not None and (found.fetched_at is None or now - found.fetched_at > timedelta(minutes=1)):
        await database.write(lambda connection, _: store.change_update(connection, update_id, fetched_at=now))
