"""How a station is, in one word, and since when; and which of its faults is the gravest. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from voltloom.domain.station import ConnectorStatus, Registration


class Overall(Enum):
    """A station in one word, for maps and lists. Where several would do, the one that comes first here is told:
    what keeps a station from working at all, then what is wrong with it, then what it does."""

    NEVER_SEEN = "NeverSeen"
    """It is registered, and never came."""
    DISABLED = "Disabled"
    """It is not let in."""
    OFFLINE = "Offline"
    REJECTED = "Rejected"
    """Connected, and its boot was refused."""
    PENDING = "Pending"
    FAULTED = "Faulted"
    """A connector is faulted, or a fault stands that is more than a warning."""
    CHARGING = "Charging"
    """Power flows, or may, at one EVSE at least."""
    OCCUPIED = "Occupied"
    """A cable is plugged in or a transaction runs, and nothing charges."""
    UNAVAILABLE = "Unavailable"
    """The station as a whole, or every connector of it, is out of service."""
    RESERVED = "Reserved"
    """No connector is free, and one at least is kept for somebody."""
    AVAILABLE = "Available"
    UNKNOWN = "Unknown"
    """Connected, and it has not told of a connector yet."""


class Part(NamedTuple):
    """A connector as last heard of. evse 0: the station as a whole."""

    evse: int
    status: str
    since: datetime


class Fault(NamedTuple):
    code: str
    since: datetime


class Known(NamedTuple):
    """What the word is made from.

    charging_since   of the earliest open transaction that charges; None where none does
    open_since       of the earliest open transaction; None where none runs
    """

    created_at: datetime
    enabled: bool
    connected: bool
    connected_at: datetime | None
    disconnected_at: datetime | None
    registration: str | None
    booted_at: datetime | None
    parts: Sequence[Part] = ()
    faults: Sequence[Fault] = ()
    charging_since: datetime | None = None
    open_since: datetime | None = None


_PLUGGED = frozenset(
    status.value
    for status in (
        ConnectorStatus.OCCUPIED,
        ConnectorStatus.PREPARING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
    )
)
_FAULTED = ConnectorStatus.FAULTED.value
_CHARGING = ConnectorStatus.CHARGING.value
_UNAVAILABLE = ConnectorStatus.UNAVAILABLE.value
_RESERVED = ConnectorStatus.RESERVED.value
_AVAILABLE = ConnectorStatus.AVAILABLE.value


def overall(known: Known) -> tuple[Overall, datetime | None]:
    """The word, and since when it has been so; None where that is not known."""
    if not known.enabled:
        return Overall.DISABLED, None
    if known.connected_at is None:
        return Overall.NEVER_SEEN, known.created_at
    if not known.connected:
        return Overall.OFFLINE, known.disconnected_at
    if known.registration == Registration.REJECTED.value:
        return Overall.REJECTED, known.booted_at
    if known.registration == Registration.PENDING.value:
        return Overall.PENDING, known.booted_at
    return _working(known)


def _working(known: Known) -> tuple[Overall, datetime | None]:
    if faults := [fault.since for fault in known.faults if is_grave(fault.code)] + _since(known.parts, _FAULTED):
        return Overall.FAULTED, min(faults)
    connectors = [part for part in known.parts if part.evse > 0]
    charging = _since(connectors, _CHARGING)
    if known.charging_since is not None:
        charging.append(known.charging_since)
    if charging:
        return Overall.CHARGING, min(charging)
    plugged = [part.since for part in connectors if part.status in _PLUGGED]
    if known.open_since is not None:
        plugged.append(known.open_since)
    if plugged:
        return Overall.OCCUPIED, min(plugged)
    whole = [part.since for part in known.parts if part.evse == 0 and part.status == _UNAVAILABLE]
    if whole:
        return Overall.UNAVAILABLE, min(whole)
    if not connectors:
        # A station that told only of itself as a whole: free it is, as far as it said.
        told = _since(known.parts, _AVAILABLE)
        return (Overall.AVAILABLE, max(told)) if told else (Overall.UNKNOWN, known.connected_at)
    if free := _since(connectors, _AVAILABLE):
        return Overall.AVAILABLE, min(free)
    if reserved := _since(connectors, _RESERVED):
        return Overall.RESERVED, min(reserved)
    return Overall.UNAVAILABLE, max(part.since for part in connectors)


def _since(parts: Iterable[Part], status: str) -> list[datetime]:
    return [part.since for part in parts if part.status == status]


# ---- faults

_WARNINGS = frozenset({"WeakSignal", "LocalListConflict"})
"""Of the error codes of OCPP 1.6, those with which a station charges all the same."""
_GRAVITY = {
    code: number
    for number, codes in enumerate(
        (
            ("LocalListConflict", "WeakSignal"),
            ("ReaderFailure", "PowerMeterFailure", "ResetFailure"),
            ("EVCommunicationError", "OtherError"),
            ("UnderVoltage", "OverVoltage", "InternalError", "ConnectorLockFailure"),
            ("PowerSwitchFailure", "HighTemperature", "OverCurrentFailure"),
            ("GroundFailure",),
        )
    )
    for code in codes
}
_USUAL_GRAVITY = 2
DANGEROUS = 4


def is_grave(code: str) -> bool:
    """Is it more than a warning? What we do not know, is."""
    return code not in _WARNINGS


def grave_rank(code: str) -> int:
    """The more, the graver; from DANGEROUS on a person or the station may come to harm."""
    return _GRAVITY.get(code, _USUAL_GRAVITY)


def gravest(faults: Iterable[Fault]) -> str:
    """The code to show where there is room for one: the most dangerous to people, then to the station, then the
    oldest. "" for none."""
    ranked = sorted(faults, key=lambda fault: (-grave_rank(fault.code), fault.since, fault.code))
    return ranked[0].code if ranked else ""
