"""How a station stands with its new firmware, and a local controller with what it offers."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.reports.base import Noted, Report


class FirmwareStatus(Enum):
    """All of 2.x and of the security extension of 1.6; plain 1.6 has seven of them."""

    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOAD_PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    SIGNATURE_VERIFIED = "SignatureVerified"
    INVALID_SIGNATURE = "InvalidSignature"
    INSTALL_SCHEDULED = "InstallScheduled"
    INSTALLING = "Installing"
    INSTALL_REBOOTING = "InstallRebooting"
    INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLED = "Installed"


@dataclass(frozen=True, slots=True)
class FirmwareReported(Report[Noted]):
    """request_id None: it did not say which update it means (plain 1.6 never does). detail: its explanation (2.1)."""

    status: FirmwareStatus
    request_id: int | None = None
    detail: str = ""


class PublishStatus(Enum):
    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOAD_PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    CHECKSUM_VERIFIED = "ChecksumVerified"
    INVALID_CHECKSUM = "InvalidChecksum"
    PUBLISHED = "Published"
    PUBLISH_FAILED = "PublishFailed"


@dataclass(frozen=True, slots=True)
class PublishReported(Report[Noted]):
    """locations: where its stations find the image, once it is published. 2.x only."""

    status: PublishStatus
    request_id: int | None = None
    locations: tuple[str, ...] = ()
    detail: str = ""
