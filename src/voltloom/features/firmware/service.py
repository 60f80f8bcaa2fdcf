"""Use cases of updates and publications: asked of a station, and what becomes of them."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from voltloom.domain.commands import Answer, PublishFirmware, UnpublishFirmware, UpdateFirmware
from voltloom.domain.errors import Conflict, NotFound, TimedOut, Unreachable, VoltloomError
from voltloom.domain.events import FirmwarePublicationChanged, FirmwareUpdateChanged
from voltloom.domain.ids import StationId
from voltloom.features.feature import Context, Occasional
from voltloom.features.firmware import campaign_store, images, rules, store
from voltloom.features.firmware.images import FirmwareConfig
from voltloom.features.firmware.rules import Image, Publication, Published, State, Update
from voltloom.features.stations import Caller, ask, existing, said_of
from voltloom.infra.database import Database, Work
from voltloom.infra.files import new_ticket

KEPT = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class UpdateWish:
    """retrieve_at None: now. install_at None: as soon as it can.

    allow_unsigned   send an image that nobody signed
    anyway           to a station of another make, or that runs this version already
    replace          where another update is under way, instead of that
    publication_id   fetched from the local controller that published it
    patience         how long it may take from when it is to begin, or to install
    """

    image_id: str
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    allow_unsigned: bool = False
    anyway: bool = False
    replace: bool = False
    publication_id: int | None = None
    campaign_id: str = ""
    patience: timedelta = rules.PATIENCE


async def update_station(
    caller: Caller, config: FirmwareConfig, station_id: StationId, wish: UpdateWish, timeout_s: float = 30.0
) -> tuple[Update, Answer]:
    """Kept before the station is asked, so that one it accepted unheard is known as well. One that could not be asked
    at all leaves nothing behind.

    Raises NotFound, Invalid, Conflict (not for this station, not signed, another under way), and what `ask` raises.
    """
    retrieve_at = wish.retrieve_at or caller.now
    rules.check_times(retrieve_at, wish.install_at, caller.now)
    ticket = new_ticket()

    def begin(connection: Connection, _: Work) -> tuple[Update, Image, str, bool]:
        station = existing(connection, station_id)
        image = images.existing(connection, wish.image_id)
        rules.check_here(image)
        if not wish.anyway:
            check_fits(image, station_id, station["vendor"], station["model"], station["firmware"])
        takes_signed = store.has_taken_signed(connection, station_id)
        rules.check_signed_enough(image, takes_signed=takes_signed, allow_unsigned=wish.allow_unsigned, now=caller.now)
        under_way = store.open_update(connection, station_id)
        if under_way is not None and not wish.replace:
            raise Conflict(
                f"{station_id} is being updated to {under_way.version} ({under_way.state.value}): wait for it, or say "
                "`replace` to put this update in its place"
            )
        location = _location(connection, config, wish, image, ticket.text)
        made = Update(
            id=secrets.randbelow(rules.LARGEST_ID) + 1,
            station_id=station_id,
            image_id=image.id,
            version=image.version,
            asked_at=caller.now,
            actor=caller.actor.name[:200],
            deadline=rules.deadline_of(retrieve_at, wish.install_at, caller.now, wish.patience),
            from_version=station["firmware"],
            campaign_id=wish.campaign_id,
            retrieve_at=retrieve_at,
            install_at=wish.install_at,
        )
        store.add_update(connection, made, "" if wish.publication_id else ticket.hash)
        return made, image, location, takes_signed

    made, image, location, takes_signed = await caller.database.write(begin)
    command = UpdateFirmware(
        made.id,
        location,
        retrieve_at,
        wish.install_at,
        image.certificate,
        image.signature,
        signed_only=takes_signed,
        retries=wish.retries,
        retry_interval_s=wish.retry_interval_s,
    )
    try:
        answer = await ask(caller, station_id, command, timeout_s=timeout_s)
    except TimedOut:
        raise  # it may have accepted: the update stays as asked until its time is over
    except Unreachable:
        await caller.database.write(lambda connection, _: store.remove_update(connection, made.id))
        raise
    except VoltloomError as error:
        await _answered(caller, made, State.REFUSED, "", said_of(error), signed=None)
        raise
    state = rules.state_after_asking(answer.answer)
    why = ": ".join(filter(None, (answer.answer.reason, answer.answer.detail)))
    await _answered(caller, made, state, answer.answer.status, why, signed=answer.signed)
    return await get_update(caller.database, made.id), answer.answer


def check_fits(image: Image, station_id: StationId, vendor: str, model: str, firmware: str) -> None:
    """Raises Conflict."""
    if not rules.is_made_for(image, vendor, model):
        raise Conflict(
            f"this image is for {' '.join(filter(None, (image.vendor, image.model)))}, and {station_id} says it is "
            f"{' '.join(filter(None, (vendor, model))) or 'of no make'}: say `anyway` if you are sure"
        )
    if rules.is_version(image.version, firmware):
        raise Conflict(f"{station_id} runs {firmware} already: say `anyway` to install it again")


def _location(connection: Connection, config: FirmwareConfig, wish: UpdateWish, image: Image, ticket: str) -> str:
    if wish.publication_id is None:
        return images.location_of(config, ticket, image)
    published = existing_publication(connection, wish.publication_id)
    if published.image_id != image.id:
        raise Conflict(f"publication {published.id} is of another image")
    return rules.reachable_location(published)


async def _answered(caller: Caller, made: Update, state: State, said: str, reason: str, *, signed: bool | None) -> None:
    """Only where the station's own reports have not moved it on already."""

    def settle(connection: Connection, work: Work) -> None:
        now_is = store.get_update(connection, made.id)
        if now_is is None:
            return
        store.change_update(connection, made.id, said=said[:100], signed=signed)
        store.add_step(connection, made.id, caller.now, said[:50] or state.value, reason[:300])
        if state is not State.REFUSED:
            for other in store.read_open_of(connection, made.station_id):
                if other.id != made.id:
                    put(connection, work, other, State.REPLACED, f"by update {made.id}", caller.now)
        if now_is.state is State.ASKED:
            put(connection, work, now_is, state, reason, caller.now)

    await caller.database.write(settle)


def put(connection: Connection, work: Work, update: Update, state: State, reason: str, now: datetime) -> None:
    """It stands like this now, which is told where it is news."""
    if (state, reason) == (update.state, update.reason):
        return
    store.change_update(connection, update.id, state=state.value, reason=reason[:300], changed_at=now)
    work.tell(
        FirmwareUpdateChanged(
            update.station_id, update.id, now, state.value, update.version, reason[:300], update.campaign_id
        )
    )


async def get_update(database: Database, update_id: int) -> Update:
    """Raises NotFound."""
    found = await database.read(lambda connection: store.get_update(connection, update_id))
    if found is None:
        raise NotFound(f"there is no update {update_id}")
    return found


# ---- local controllers


async def publish(
    caller: Caller, config: FirmwareConfig, station_id: StationId, image_id: str, timeout_s: float = 30.0
) -> tuple[Publication, Answer]:
    """Have a local controller fetch an image and offer it. Raises NotFound, Conflict, and what `ask` raises."""
    ticket = new_ticket()

    def begin(connection: Connection, _: Work) -> tuple[Publication, str]:
        existing(connection, station_id)
        image = images.existing(connection, image_id)
        rules.check_here(image)
        if image.signer is not None:
            rules.check_not_over_of(image.signer, caller.now)
        made = Publication(
            id=secrets.randbelow(rules.LARGEST_ID) + 1,
            station_id=station_id,
            image_id=image.id,
            version=image.version,
            checksum=image.md5,
            asked_at=caller.now,
            actor=caller.actor.name[:200],
        )
        store.add_publication(connection, made, ticket.hash, caller.now + rules.PATIENCE)
        return made, images.location_of(config, ticket.text, image)

    made, location = await caller.database.write(begin)
    try:
        answer = await ask(caller, station_id, PublishFirmware(made.id, location, made.checksum), timeout_s=timeout_s)
    except TimedOut:
        raise
    except VoltloomError:
        await caller.database.write(lambda connection, _: store.remove_publication(connection, made.id))
        raise
    refused = rules.state_after_asking(answer) is State.REFUSED
    await _published(caller, made, Published.REFUSED if refused else Published.ACCEPTED, answer)
    return await get_publication(caller.database, made.id), answer


async def unpublish(caller: Caller, publication_id: int, timeout_s: float = 30.0) -> tuple[Publication, Answer]:
    """A controller that says it has no such firmware offers none. Raises NotFound, Conflict, and what `ask` raises."""
    found = await get_publication(caller.database, publication_id)
    if found.state is Published.UNPUBLISHED:
        raise Conflict(f"publication {publication_id} is unpublished already")
    answer = await ask(caller, found.station_id, UnpublishFirmware(found.checksum), timeout_s=timeout_s)
    if answer.status in ("Unpublished", "NoFirmware"):
        await _published(caller, found, Published.UNPUBLISHED, answer)
    return await get_publication(caller.database, publication_id), answer


async def _published(caller: Caller, publication: Publication, state: Published, answer: Answer) -> None:
    def settle(connection: Connection, work: Work) -> None:
        now_is = store.get_publication(connection, publication.id)
        if now_is is None:
            return
        store.change_publication(connection, publication.id, said=answer.status[:100])
        if state is Published.UNPUBLISHED or now_is.state is Published.ASKED:
            put_publication(connection, work, now_is, replace(now_is, state=state), caller.now)

    await caller.database.write(settle)


def put_publication(connection: Connection, work: Work, before: Publication, after: Publication, now: datetime) -> None:
    if before == after:
        return
    store.change_publication(
        connection,
        after.id,
        state=after.state.value,
        reason=after.reason[:300],
        locations=store.locations_text(after.locations),
        changed_at=now,
    )
    work.tell(FirmwarePublicationChanged(after.station_id, after.id, now, after.state.value, after.version))


async def get_publication(database: Database, publication_id: int) -> Publication:
    """Raises NotFound."""
    return await database.read(lambda connection: existing_publication(connection, publication_id))


def existing_publication(connection: Connection, publication_id: int) -> Publication:
    """Raises NotFound."""
    found = store.get_publication(connection, publication_id)
    if found is None:
        raise NotFound(f"there is no publication {publication_id}")
    return found


# ---- what time does


async def settle_updates(ctx: Context) -> None:
    """Those whose station came back with the version are confirmed; those not heard of in time are given up."""
    if not await ctx.database.read(lambda connection: _is_anything_to_settle(connection, ctx.now)):
        return

    def settle(connection: Connection, work: Work) -> None:
        for update, firmware, booted_at in store.read_booted(connection, ctx.now - rules.WATCHED):
            state, reason = rules.after_boot(update, firmware, booted_at)
            if firmware != update.booted_version:
                store.change_update(connection, update.id, booted_version=firmware)
                store.add_step(connection, update.id, booted_at, "booted", firmware[:300])
            put(connection, work, update, state, reason, ctx.now)
        for update in store.read_late(connection, ctx.now):
            reason = "it was not heard of again in time"
            put(connection, work, update, State.SILENT, reason, ctx.now)

    await ctx.database.write(settle)


def _is_anything_to_settle(connection: Connection, now: datetime) -> bool:
    """So that nothing is written where nothing has happened, which is most of the time."""
    return bool(store.read_late(connection, now)) or any(
        firmware != update.booted_version
        or rules.after_boot(update, firmware, booted_at) != (update.state, update.reason)
        for update, firmware, booted_at in store.read_booted(connection, now - rules.WATCHED)
    )


def tidier(config: FirmwareConfig) -> Occasional:
    async def tidy(ctx: Context) -> None:
        def prune(connection: Connection, _: Work) -> None:
            store.prune_updates(connection, ctx.now - KEPT)
            campaign_store.prune(connection, ctx.now - KEPT)

        await ctx.database.write(prune)
        await config.files.sweep()

    return tidy
