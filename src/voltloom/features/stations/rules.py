"""What is decided about stations: pure functions and values. The time is an argument."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote

import msgspec

from voltloom.domain.commands import (
    ChangeSettings,
    Command,
    RawCall,
    RequestStart,
    RequestStop,
    SetNetworkProfile,
    Trigger,
    Triggerable,
)
from voltloom.domain.errors import Conflict, Invalid
from voltloom.domain.ids import Place, StationId
from voltloom.domain.reports import ConnectorStatusReported
from voltloom.domain.station import Connector, Hardware, Registration, SecurityProfile, SettingName

_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")
_SECRET = re.compile(r"password|authorizationkey|passphrase|secret|privatekey|simpin|pincode|(^|[^a-z])psk", re.I)
_SECRET_COMPONENTS = {"apn", "vpn"}
_UNSOLICITED_NEVER = {"NotifyReport", "NotifyMonitoringReport", "NotifyCustomerInformation"}
MOST_PLACES = 200
"""Connectors of one station that are kept. The largest sites of one controller have a few dozen."""


def plain(text: str, longest: int) -> str:
    """A text from outside as plain text: cut, without control characters, and such that every database takes it."""
    cut = text[:longest]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


def plain_lines(text: str, longest: int) -> str:
    """Likewise, for texts that may have lines: a setting's value, an operator's notes."""
    return "\n".join(plain(line, longest) for line in text[:longest].replace("\r\n", "\n").split("\n"))


def plain_hardware(hardware: Hardware) -> Hardware:
    return Hardware(**{name: plain(getattr(hardware, name), 100).strip() for name in Hardware.__slots__})


def check_identity(text: str) -> StationId:
    """The identity a station is to be known by. Raises Invalid.

    OCPP 2.0.1's identifierString without the colon, which ends the user name in HTTP Basic authentication.
    """
    if not _IDENTITY.fullmatch(text):
        raise Invalid(
            f"{plain(text, 60)!r} cannot be a station's identity: it has 1 to 48 characters, "
            "letters, digits and * - _ = + | @ . only"
        )
    if text in {"summary", "export"}:
        raise Invalid(f"{text!r} is a word of the API: a station of that identity could not be asked for")
    if set(text) == {"."}:
        raise Invalid("an identity of dots alone is lost in an address: give it at least one other character")
    return StationId(text)


def address_of(station_id: StationId, bases: Collection[str], profile: SecurityProfile) -> tuple[str, ...]:
    """What to enter in the station: one URL for each of our own addresses that its security profile allows."""
    return tuple(
        f"{base.rstrip('/')}/{quote(station_id, safe='')}"
        for base in bases
        if profile < SecurityProfile.PASSWORD_OVER_TLS or base.startswith("wss:")
    )


# ---- before and after acceptance


def may_speak(registration: Registration | None, action: str, triggered: Collection[str] = ()) -> bool:
    """May the station send this call now? The answer to one that may not is the CALLERROR SecurityError.

    registration   what its last boot was answered here; None where it never was: a station that reconnects does not
                   boot again, and many speak before the answer to their boot has come
    triggered      the actions we asked it for (TriggerMessage) and have not heard yet

    OCPP 1.6 §4.2, OCPP 2.0.1 B01.FR.10, B02.FR.01, B02.FR.09, B03.FR.07. What a station only sends when asked
    (a report of its settings) was asked for.
    """
    if registration is None or registration is Registration.ACCEPTED or action == "BootNotification":
        return True
    return registration is Registration.PENDING and (action in _UNSOLICITED_NEVER or action in triggered)


def check_may_be_asked(station_id: StationId, registration: Registration | None, command: Command[Any]) -> None:
    """Raises Conflict for what must not be asked of a station that is not accepted (OCPP 1.6 §4.2, 2.0.1 B02, B03)."""
    if registration is Registration.REJECTED and not (
        isinstance(command, Trigger) and command.message is Triggerable.BOOT
    ):
        raise Conflict(
            f"{station_id} is rejected, so nothing is asked of it: change its policy to Accepted first; "
            "it is then asked to boot"
        )
    starts_or_stops = isinstance(command, RequestStart | RequestStop) or (
        isinstance(command, RawCall)
        and command.action
        in {"RemoteStartTransaction", "RemoteStopTransaction", "RequestStartTransaction", "RequestStopTransaction"}
    )
    if registration is Registration.PENDING and starts_or_stops:
        raise Conflict(f"{station_id} is pending: it starts and stops nothing until it is accepted")


def check_never_lower(station_id: StationId, in_use: int, command: Command[Any]) -> None:
    """Raises Conflict for what would have a station come with a lower security profile than it has used."""
    wanted = [profile for profile in _security_profiles(command) if profile < in_use]
    if wanted:
        raise Conflict(
            f"{station_id} has used security profile {in_use}, and is never told to use less: not {min(wanted)}"
        )


def _security_profiles(command: Command[Any]) -> list[int]:
    match command:
        case SetNetworkProfile():
            return [command.profile.security_profile]
        case ChangeSettings():
            return _numbers(new.value for new in command.settings if _is_security_profile(new.name.variable))
        case RawCall(action="SetNetworkProfile"):
            return _numbers([_at(_decoded(command.payload), "connectionData", "securityProfile")])
        case RawCall(action="ChangeConfiguration"):
            said = _decoded(command.payload)
            return _numbers([_at(said, "value")]) if _is_security_profile(_at(said, "key")) else []
        case RawCall(action="SetVariables"):
            many = _at(_decoded(command.payload), "setVariableData")
            items = cast("list[object]", many) if isinstance(many, list) else []
            named = (item for item in items if _is_security_profile(_at(item, "variable", "name")))
            return _numbers(_at(item, "attributeValue") for item in named)
        case _:
            return []


def _is_security_profile(name: object) -> bool:
    return isinstance(name, str) and name.casefold() == "securityprofile"


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _at(document: object, *path: str) -> object:
    for name in path:
        if not isinstance(document, dict):
            return None
        document = cast("dict[str, object]", document).get(name)
    return document


def _numbers(said: Iterable[object]) -> list[int]:
    """Those that are whole numbers, also as text."""
    found: list[int] = []
    for each in said:
        try:
            found.append(int(float(each)) if isinstance(each, str | int | float) else 3)
        except (ValueError, OverflowError):
            continue
    return found


# ---- times and places that stations claim


def claimed_time(at: datetime | None, now: datetime) -> datetime:
    """When it happened, as far as the station can be believed: a clock ahead of ours, or a month behind, is not set."""
    if at is None or at > now + timedelta(minutes=5) or at < now - timedelta(days=30):
        return now
    return at


def is_plausible(place: Place) -> bool:
    return 0 <= place.evse <= 10_000 and 0 <= (place.connector or 0) <= 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """A connector, and the time of the latest report of it, which may be later than when its state began."""

    connector: Connector
    as_of: datetime


def hear(known: Heard | None, report: ConnectorStatusReported, now: datetime, *, unconfirmed: bool) -> Heard | None:
    """The connector after this report; None where the report is older than what is known.

    unconfirmed   not heard of since the station booted: what is known is older than this, whatever the clocks say
    """
    at = claimed_time(report.at, now)
    fault = plain(report.fault, 50)
    if known is not None and not unconfirmed and at < known.as_of:
        return None
    if known is not None and (known.connector.status, known.connector.fault) == (report.status, fault):
        return Heard(known.connector, at)
    return Heard(Connector(report.place, report.status, at, fault), at)


# ---- settings


def is_secret(name: SettingName) -> bool:
    """Is its value one that must be read by nobody: a password, a key, an APN's or VPN's secret?"""
    if _SECRET.search(name.variable) or _SECRET.search(name.component):
        return True
    return name.component.lower() in _SECRET_COMPONENTS and name.variable.lower() in {"user", "key", "password"}


_OF_SECURITY = frozenset({"iso15118ctrlr", "networkconfiguration", "securityctrlr", "webpaymentsctrlr"})


def is_of_security(name: SettingName) -> bool:
    """Does it decide whom a station trusts, by what it proves itself, whom it talks to, or where its drivers pay
    (control C41)? Keys of 1.6 that the device model has no name for are told by their words."""
    if is_secret(name) or name.component.lower() in _OF_SECURITY:
        return True
    variable = name.variable.lower()
    return variable == "networkconfigurationpriority" or (
        name.component == "OCPP16" and any(word in variable for word in ("security", "certificate", "certsign"))
    )


def is_station_password(name: SettingName) -> bool:
    """The password by which the station proves itself to us."""
    return name.variable.lower() in {"basicauthpassword", "authorizationkey"}


@dataclass(slots=True)
class Assembly:
    """A report of settings of which some parts are here. They come in any order, and twice.

    began_at   when its first part was heard: a setting last reported before it is not in this report
    last       the number of the last part; None until it came
    """

    began_at: datetime
    full: bool = False
    parts: set[int] = field(default_factory=set[int])
    last: int | None = None
    count: int = 0

    def add(self, part: int, more: bool, settings: int) -> bool:
        """True where this part is new."""
        if part in self.parts:
            return False
        self.parts.add(part)
        self.count += settings
        if not more:
            self.last = part
        return True

    @property
    def complete(self) -> bool:
        return self.last is not None and len(self.parts) == self.last + 1 and max(self.parts) == self.last


# ---- how much a station may tell


@dataclass(slots=True)
class Allowance:
    """A budget that refills: `most` at once, then one each `every`. What it refuses is counted."""

    most: float
    every: timedelta
    left: float
    since: datetime
    refused: int = 0

    @classmethod
    def of(cls, most: int, every: timedelta, now: datetime) -> "Allowance":
        return cls(most, every, most, now)

    def take(self, now: datetime) -> bool:
        self.left = min(self.most, self.left + max(0.0, (now - self.since) / self.every))
        self.since = max(now, self.since)
        if self.left < 1:
            self.refused += 1
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Desk:
    """What may be kept of what one station tells: 60 at once, then one in ten seconds. Nothing until it tells any."""

    allowance: Allowance | None = None

    def at(self, now: datetime) -> Allowance:
        if self.allowance is None:
            self.allowance = Allowance.of(60, timedelta(seconds=10), now)
        return self.allowance
