"""What a status of 2.x comes down to."""

from typing import Final

from voltloom.domain.commands import Accepted, Answer
from voltloom.protocols.ocpp.v2 import messages_21 as m

MEANINGS: Final = {
    "Accepted": Accepted.ACCEPTED,
    "AcceptedCanceled": Accepted.ACCEPTED,
    "Scheduled": Accepted.SCHEDULED,
    "Unlocked": Accepted.ACCEPTED,
    "Unpublished": Accepted.ACCEPTED,
}


def answer_of(status: str, info: m.StatusInfo | None) -> Answer:
    """Whatever is neither yes nor later is no; the station's word says which."""
    accepted = MEANINGS.get(str(status), Accepted.REJECTED)
    if info is None:
        return Answer(accepted, str(status))
    return Answer(accepted, str(status), info.reason_code, info.additional_info or "")


def detail_of(message: object) -> str:
    """What a station adds to a status that it tells: of 2.1, where `statusInfo` came to stand there as well."""
    info: m.StatusInfo | None = getattr(message, "status_info", None)
    return "" if info is None else ": ".join(filter(None, (info.reason_code, info.additional_info)))
