"""What may be asked of many stations at once, and what would come of it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from voltloom.domain.commands import (
    Accepted,
    Answer,
    Command,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
    Trigger,
    Triggerable,
    Unlock,
)

AT_ONCE = 20
"""Stations asked at the same time by one job."""
MOST_STATIONS = 20_000
MOST_JOBS = 4
"""That are not over, of the whole network."""


class JobState(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class ItemState(Enum):
    """What became of one station."""

    WAITING = "waiting"
    ASKING = "asking"
    DONE = "done"
    """It accepted, or will."""
    REFUSED = "refused"
    """It answered, and will not, or not all of it."""
    FAILED = "failed"
    """It could not be asked, or did not answer."""
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """It was being asked when the server ended: it is not asked twice."""


OVER = {JobState.DONE, JobState.CANCELLED}

_IN_16 = {
    Triggerable.BOOT,
    Triggerable.HEARTBEAT,
    Triggerable.STATUS,
    Triggerable.METER_VALUES,
    Triggerable.LOG_STATUS,
    Triggerable.FIRMWARE_STATUS,
    Triggerable.DIAGNOSTICS_STATUS,
    Triggerable.SIGN_STATION_CERTIFICATE,
    Triggerable.SIGN_V2G_CERTIFICATE,  # within DataTransfer
}
_ONLY_IN_16 = {Triggerable.DIAGNOSTICS_STATUS}
_ONLY_IN_21 = {Triggerable.CUSTOM, Triggerable.SIGN_V2G20_CERTIFICATE}


def is_in_version(command: Command[Any], protocol: str) -> bool:
    """Has this version words for it? True where the version is not known yet."""
    match command:
        case Reset():
            if protocol == "ocpp1.6":
                return not command.evse and command.kind is not ResetKind.IMMEDIATE_AND_RESUME
            return protocol != "ocpp2.0.1" or command.kind is not ResetKind.IMMEDIATE_AND_RESUME
        case Trigger():
            if protocol == "ocpp1.6":
                return command.message in _IN_16
            if protocol == "ocpp2.0.1":
                return command.message not in _ONLY_IN_16 | _ONLY_IN_21
            return protocol != "ocpp2.1" or command.message not in _ONLY_IN_16
        case Unlock():
            return protocol != "ocpp1.6" or command.place.connector in (None, 1)
        case _:
            return True


class Target(NamedTuple):
    """A station that is meant."""

    id: str
    connected: bool
    protocol: str
    registration: str
    charging: bool


@dataclass(slots=True)
class Blast:
    """How far it reaches. The counts overlap: a station can be offline and of another version.

    missing   names that were given and are no station's
    """

    stations: int = 0
    connected: int = 0
    offline: int = 0
    charging: int = 0
    not_in_version: int = 0
    not_accepted: int = 0
    by_protocol: dict[str, int] = field(default_factory=dict[str, int])
    missing: list[str] = field(default_factory=list[str])


def blast_of(targets: Iterable[Target], command: Command[Any], missing: Iterable[str]) -> Blast:
    blast = Blast(missing=list(missing))
    protocols: Counter[str] = Counter()
    for target in targets:
        blast.stations += 1
        blast.connected += target.connected
        blast.offline += not target.connected
        blast.charging += target.charging
        blast.not_in_version += not is_in_version(command, target.protocol)
        blast.not_accepted += target.registration != "Accepted"
        protocols[target.protocol or "none yet"] += 1
    blast.by_protocol = dict(protocols)
    return blast


def state_of(answer: object) -> ItemState:
    """What a station's answer comes down to."""
    match answer:
        case Answer():
            return ItemState.REFUSED if answer.accepted is Accepted.REJECTED else ItemState.DONE
        case tuple():
            good = {SettingStatus.ACCEPTED, SettingStatus.REBOOT_REQUIRED}
            fine = all(isinstance(each, SettingAnswer) and each.status in good for each in answer)  # pyright: ignore[reportUnknownVariableType] - a tuple of anything
            return ItemState.DONE if fine else ItemState.REFUSED
        case _:
            return ItemState.DONE
