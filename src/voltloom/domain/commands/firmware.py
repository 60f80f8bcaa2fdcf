"""New firmware for a station, or for the local controller that stations fetch it from."""

from dataclasses import dataclass
from datetime import datetime

from voltloom.domain.commands.base import Answer, Command


@dataclass(frozen=True, slots=True)
class UpdateFirmware(Command["FirmwareAnswer"]):
    """Fetch this image from `retrieve_at` on, and install it, not before `install_at`.

    request_id     ours: what the station tells of the update names it (1.6: only where the update is signed)
    certificate, signature   of who made the image: PEM, and base64 over the whole image; both or neither
    signed_only    1.6: a station that does not know signed updates is not asked for a plain one instead
    retries, retry_interval_s   None: the station decides
    """

    request_id: int
    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    certificate: str = ""
    signature: str = ""
    signed_only: bool = False
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class FirmwareAnswer:
    """signed: whether the station was asked to check the signature, and took it that way."""

    answer: Answer
    signed: bool = False


@dataclass(frozen=True, slots=True)
class PublishFirmware(Command[Answer]):
    """A local controller is to fetch this image and offer it to its stations. 2.x only. checksum: MD5, hexadecimal."""

    request_id: int
    location: str
    checksum: str
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class UnpublishFirmware(Command[Answer]):
    """It is to offer it no more. 2.x only."""

    checksum: str
