"""How the upload of a log goes."""

from dataclasses import dataclass
from enum import Enum

from voltloom.domain.reports.base import Noted, Report


class LogStatus(Enum):
    IDLE = "Idle"
    UPLOADING = "Uploading"
    UPLOADED = "Uploaded"
    UPLOAD_FAILURE = "UploadFailure"
    """1.6 diagnostics: UploadFailed."""
    BAD_MESSAGE = "BadMessage"
    NOT_SUPPORTED_OPERATION = "NotSupportedOperation"
    PERMISSION_DENIED = "PermissionDenied"
    ACCEPTED_CANCELED = "AcceptedCanceled"
    """2.x: given up for another request."""


@dataclass(frozen=True, slots=True)
class LogReported(Report[Noted]):
    """request_id None: it did not say which upload it means (diagnostics of 1.6 never do)."""

    status: LogStatus
    request_id: int | None = None
    detail: str = ""
