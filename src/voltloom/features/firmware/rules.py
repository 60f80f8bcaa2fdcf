"""What images, updates and publications are, and what becomes of them. No I/O; the time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from voltloom.domain.commands import Accepted, Answer
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.reports import FirmwareStatus, PublishStatus
from voltloom.features.firmware.signing import Signer

MOST_IMAGE_BYTES = 1 << 30
MOST_IMAGES = 500
LARGEST_ID = 2**31 - 1
PATIENCE = timedelta(hours=24)
"""After the time it was to begin, or to install: a station that has told nothing by then is given up."""
LONGEST_AHEAD = timedelta(days=90)
STILL_MEANT = timedelta(days=2)
"""How long after the last word of an update that is over a status without a number may be about it yet."""
WATCHED = timedelta(days=30)
"""How long after it was installed a boot with its version confirms an update."""
MOST_STEPS = 100
"""Steps of one update that are kept."""


# ---- images


@dataclass(frozen=True, slots=True)
class Image:
    """vendor, model   whose stations it is for; "": any
    size, sha256, md5   of its content; None and "" until that is here
    signature, certificate   base64 and PEM; "" where nobody signed it
    signer, algorithm   who did, and how, as checked
    """

    id: str
    vendor: str
    model: str
    version: str
    file_name: str
    created_at: datetime
    actor: str
    notes: str = ""
    signature: str = ""
    certificate: str = ""
    signer: Signer | None = None
    algorithm: str = ""
    size: int | None = None
    sha256: str = ""
    md5: str = ""

    @property
    def is_here(self) -> bool:
        return self.size is not None


def check_here(image: Image) -> None:
    """Raises Conflict."""
    if not image.is_here:
        raise Conflict("the image has no content yet: PUT it to /firmware/images/{id}/content first")


def is_made_for(image: Image, vendor: str, model: str) -> bool:
    return all(
        not wanted or wanted.strip().casefold() == there.strip().casefold()
        for wanted, there in ((image.vendor, vendor), (image.model, model))
    )


def is_version(version: str, told: str) -> bool:
    return bool(version) and version.strip().casefold() == told.strip().casefold()


# ---- updates


class State(Enum):
    """Where an update of one station stands."""

    ASKED = "asked"
    """The station was asked, and was not heard to say yes or no."""
    ACCEPTED = "accepted"
    DOWNLOAD_SCHEDULED = "download_scheduled"
    DOWNLOADING = "downloading"
    DOWNLOAD_PAUSED = "download_paused"
    DOWNLOADED = "downloaded"
    SIGNATURE_VERIFIED = "signature_verified"
    INSTALL_SCHEDULED = "install_scheduled"
    INSTALLING = "installing"
    INSTALL_REBOOTING = "install_rebooting"
    INSTALLED = "installed"
    """The station says so."""
    CONFIRMED = "confirmed"
    """It came back with that version."""
    REFUSED = "refused"
    FAILED = "failed"
    SILENT = "silent"
    """It accepted, and was not heard of again in time."""
    REPLACED = "replaced"
    """Another update took its place."""

    @property
    def is_open(self) -> bool:
        return self in OPEN

    @property
    def is_good(self) -> bool:
        return self in (State.INSTALLED, State.CONFIRMED)


_ORDER = (
    State.ASKED,
    State.ACCEPTED,
    State.DOWNLOAD_SCHEDULED,
    State.DOWNLOADING,
    State.DOWNLOADED,
    State.SIGNATURE_VERIFIED,
    State.INSTALL_SCHEDULED,
    State.INSTALLING,
    State.INSTALL_REBOOTING,
    State.INSTALLED,
    State.CONFIRMED,
)
_RANK = {state: rank for rank, state in enumerate(_ORDER)} | {State.DOWNLOAD_PAUSED: _ORDER.index(State.DOWNLOADING)}
OPEN = frozenset(_RANK) - {State.INSTALLED, State.CONFIRMED}

_STATES = {state.value: state for state in State}
_PROGRESS = {status: _STATES[status.name.lower()] for status in FirmwareStatus if status.name.lower() in _STATES}
_FAILURES = frozenset(
    {
        FirmwareStatus.DOWNLOAD_FAILED,
        FirmwareStatus.INVALID_SIGNATURE,
        FirmwareStatus.INSTALL_VERIFICATION_FAILED,
        FirmwareStatus.INSTALLATION_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Update:
    """id              ours: the requestId that the station names it by
    version         of the image; from_version: what ran before
    signed          whether the station was asked to check the signature; None until it answered
    said            the station's word when it was asked
    reason          why it failed, or what else is to be known
    deadline        when it is given up
    booted_version  with which it came back since
    fetched_at      when the image was last asked for
    """

    id: int
    station_id: StationId
    image_id: str
    version: str
    asked_at: datetime
    actor: str
    deadline: datetime
    from_version: str = ""
    campaign_id: str = ""
    state: State = State.ASKED
    signed: bool | None = None
    said: str = ""
    reason: str = ""
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    changed_at: datetime | None = None
    booted_version: str = ""
    fetched_at: datetime | None = None


def check_times(retrieve_at: datetime, install_at: datetime | None, now: datetime) -> None:
    """Raises Invalid."""
    if max(retrieve_at, install_at or retrieve_at) > now + LONGEST_AHEAD:
        raise Invalid(f"an update is asked for at most {LONGEST_AHEAD.days} days ahead")
    if install_at is not None and install_at < retrieve_at:
        raise Invalid("it cannot be installed before it is fetched: install_at comes before retrieve_at")


def check_signed_enough(image: Image, *, takes_signed: bool, allow_unsigned: bool, now: datetime) -> None:
    """Raises Conflict: what is not signed goes only to a station that never took a signed update, and on purpose."""
    if image.signature:
        assert image.signer is not None
        check_not_over_of(image.signer, now)
    elif takes_signed:
        raise Conflict("this station takes signed firmware, so it is sent no other: sign the image")
    elif not allow_unsigned:
        raise Conflict("this image is not signed: sign it, or say `allow_unsigned` to send it all the same")


def check_not_over_of(signer: Signer, now: datetime) -> None:
    """Raises Conflict."""
    if now > signer.not_after:
        raise Conflict(
            f"the certificate that this image was signed with ended on {signer.not_after:%Y-%m-%d}: "
            "have it signed with one that is valid"
        )


def state_after_asking(answer: Answer) -> State:
    return State.REFUSED if answer.accepted is Accepted.REJECTED else State.ACCEPTED


def which(updates: Sequence[Update], request_id: int | None, now: datetime) -> Update | None:
    """The one that a status is about. updates: of the station, the latest first."""
    if request_id is not None:
        return next((update for update in updates if update.id == request_id), None)
    meant = (each for each in updates if each.state not in (State.REFUSED, State.REPLACED))
    latest = next(meant, None)
    if latest is None or latest.state.is_open:
        return latest
    return latest if now - (latest.changed_at or latest.asked_at) < STILL_MEANT else None


def state_after(update: Update, status: FirmwareStatus) -> State:
    """Stations are late and double: what was passed does not come back, but after a failure it tries again."""
    state = update.state
    if status is FirmwareStatus.IDLE or state in (State.CONFIRMED, State.REPLACED):
        return state
    if status in _FAILURES:
        return state if state is State.INSTALLED else State.FAILED
    told = _PROGRESS[status]
    if state not in _RANK:  # refused, failed or silent: it does it all the same
        return told
    return told if _RANK[told] >= _RANK[state] else state


def is_failure(status: FirmwareStatus) -> bool:
    return status in _FAILURES


def after_boot(update: Update, firmware: str, booted_at: datetime) -> tuple[State, str]:
    """What a boot with that version makes of an update that is open or installed; and its reason.

    A version that the station has run before proves nothing until it is about to be installed.
    """
    if is_version(update.version, firmware):
        was_new = not is_version(update.version, update.from_version)
        if was_new or _RANK.get(update.state, 0) >= _RANK[State.INSTALLING]:
            return State.CONFIRMED, ""
        return update.state, update.reason
    if update.state is not State.INSTALLED or booted_at <= (update.changed_at or update.asked_at):
        return update.state, update.reason
    if is_version(update.from_version, firmware):
        return State.FAILED, f"it went back to {firmware[:50]}"
    return State.INSTALLED, f"it came back as {firmware[:50]}"


def deadline_of(
    retrieve_at: datetime, install_at: datetime | None, now: datetime, patience: timedelta = PATIENCE
) -> datetime:
    return max(now, retrieve_at, install_at or retrieve_at) + patience


# ---- publications


class Published(Enum):
    """Where the publication of an image by a local controller stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    PUBLISHED = "published"
    REFUSED = "refused"
    FAILED = "failed"
    UNPUBLISHED = "unpublished"


_PUBLISHED = {
    PublishStatus.DOWNLOAD_SCHEDULED: Published.ACCEPTED,
    PublishStatus.DOWNLOADING: Published.DOWNLOADING,
    PublishStatus.DOWNLOAD_PAUSED: Published.DOWNLOADING,
    PublishStatus.DOWNLOADED: Published.DOWNLOADED,
    PublishStatus.CHECKSUM_VERIFIED: Published.DOWNLOADED,
    PublishStatus.PUBLISHED: Published.PUBLISHED,
    PublishStatus.DOWNLOAD_FAILED: Published.FAILED,
    PublishStatus.INVALID_CHECKSUM: Published.FAILED,
    PublishStatus.PUBLISH_FAILED: Published.FAILED,
}
_PUBLISH_ORDER = (
    Published.ASKED,
    Published.ACCEPTED,
    Published.DOWNLOADING,
    Published.DOWNLOADED,
    Published.PUBLISHED,
)


@dataclass(frozen=True, slots=True)
class Publication:
    """locations: where stations find it, as the local controller says."""

    id: int
    station_id: StationId
    image_id: str
    version: str
    checksum: str
    asked_at: datetime
    actor: str
    state: Published = Published.ASKED
    said: str = ""
    reason: str = ""
    locations: tuple[str, ...] = ()
    changed_at: datetime | None = None


def published_after(state: Published, status: PublishStatus) -> Published:
    """What was passed does not come back, but after a failure it tries again."""
    told = _PUBLISHED.get(status)
    if told is None or state is Published.UNPUBLISHED:
        return state
    if told is Published.FAILED:
        return state if state is Published.PUBLISHED else told
    if state not in _PUBLISH_ORDER:
        return told
    return told if _PUBLISH_ORDER.index(told) >= _PUBLISH_ORDER.index(state) else state


def which_publication(publications: Sequence[Publication], request_id: int | None) -> Publication | None:
    """publications: of the station, the latest first."""
    if request_id is not None:
        return next((each for each in publications if each.id == request_id), None)
    return next((each for each in publications if each.state in _PUBLISH_ORDER), None)


def reachable_location(publication: Publication) -> str:
    """Raises Conflict where there is none that fits."""
    if publication.state is not Published.PUBLISHED:
        raise Conflict(f"publication {publication.id} is {publication.state.value}: nothing can be fetched from it")
    for location in publication.locations:
        if location.lower().startswith(("https://", "http://", "ftps://", "ftp://", "sftp://")):
            return location
    raise Conflict(f"publication {publication.id} names no location that a station could fetch it from")
