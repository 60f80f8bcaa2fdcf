"""Use cases of the registry: load → decide → save → tell."""

import contextlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, RowMapping

from voltloom.domain.commands import ChangeSettings, NewValue, SettingStatus, Trigger, Triggerable
from voltloom.domain.errors import Conflict, Invalid, NotFound, StationError, TimedOut, VoltloomError
from voltloom.domain.events import StationChanged, StationDisconnected
from voltloom.domain.ids import SiteId, StationId
from voltloom.domain.station import Registration, SecurityProfile, SettingName
from voltloom.features.access import Actor, note
from voltloom.features.feature import Stations
from voltloom.features.stations import rules, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.credentials import Credential, Credentials, Passwords, check_password, new_password
from voltloom.features.stations.setting_changes import forget_changes
from voltloom.infra.database import Database, Work

T = TypeVar("T")

PROTOCOLS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


class Caller(Protocol):
    """Who asks, when, and the services that answer: an API call, or the command line."""

    @property
    def actor(self) -> Actor: ...
    @property
    def database(self) -> Database: ...
    @property
    def stations(self) -> Stations: ...
    @property
    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class NewStation:
    """password None: a random one is made, where the profile needs one. protocols empty: all."""

    id: str
    name: str = ""
    site_id: SiteId | None = None
    notes: str = ""
    security_profile: SecurityProfile = SecurityProfile.PASSWORD
    policy: Registration = Registration.ACCEPTED
    protocols: tuple[str, ...] = ()
    cert_fingerprint: str = ""
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """What to enter in a station so that it comes in.

    password    shown this once; None where none is needed, or the one it has stays
    installed   the station itself took the new password over its connection: nothing to enter
    """

    station_id: StationId
    urls: tuple[str, ...]
    password: str | None = field(repr=False, default=None)
    installed: bool = False


# ---- the registry


async def add_station(caller: Caller, config: StationsConfig, new: NewStation) -> Welcome:
    """Raises Invalid, Conflict (there already)."""
    return (await add_stations(caller, config, (new,)))[0]


async def add_stations(caller: Caller, config: StationsConfig, many: Iterable[NewStation]) -> list[Welcome]:
    """All of them or none. Raises Invalid, Conflict (one is there already)."""
    wanted = [(rules.check_identity(new.id), password_for(new.security_profile, new.password), new) for new in many]

    def change(connection: Connection, work: Work) -> None:
        for station_id, password, new in wanted:
            register(connection, work, caller, config.passwords, station_id, new, password)
            note(connection, work, caller.actor, "station.add", station_id, "done", caller.now, told_of(new))

    await caller.database.write(change)
    for station_id, _, _ in wanted:
        await caller.stations.refresh(station_id)
    return [
        Welcome(station_id, rules.address_of(station_id, config.public_urls, new.security_profile), password)
        for station_id, password, new in wanted
    ]


def register(
    connection: Connection,
    work: Work,
    caller: Caller,
    passwords: Passwords,
    station_id: StationId,
    new: NewStation,
    password: str | None,
) -> None:
    """Raises Conflict where there is such a station, Invalid."""
    if store.get(connection, station_id) is not None:
        raise Conflict(f"{station_id} is registered already")
    checked = _checked(
        connection,
        station_id,
        {
            "name": new.name,
            "site_id": new.site_id,
            "notes": new.notes,
            "security_profile": new.security_profile,
            "policy": new.policy,
            "protocols": new.protocols,
            "cert_fingerprint": new.cert_fingerprint,
        },
    )
    store.add(
        connection,
        {
            "id": station_id,
            "public_id": new_public_id(),
            "created_at": caller.now,
            "password_hash": passwords.hash(station_id, password) if password else "",
            "password_changed_at": caller.now if password else None,
            **checked,
        },
    )
    work.tell(StationChanged(station_id, caller.now, "added"))


def new_public_id() -> str:
    """Tells nothing about the identity that the station authenticates with (C09)."""
    return "cs-" + secrets.token_hex(6)


def password_for(profile: SecurityProfile, chosen: str | None) -> str | None:
    if profile in {SecurityProfile.PASSWORD, SecurityProfile.PASSWORD_OVER_TLS}:
        return check_password(chosen) if chosen else new_password()
    if chosen:
        raise Invalid(f"a station of security profile {profile.value} has no password: leave it out")
    return None


def told_of(new: NewStation) -> Mapping[str, object]:
    return {"site": new.site_id or "", "security_profile": new.security_profile.value, "policy": new.policy.value}


def _checked(connection: Connection, station_id: StationId, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they go into the table. Raises Invalid, Conflict."""
    values = dict(wanted)
    if values.get("site_id") and not store.site_exists(connection, values["site_id"]):
        raise Invalid(f"there is no site {rules.plain(values['site_id'], 40)!r}: make it first, or leave it out")
    if "name" in values:
        values["name"] = rules.plain(values["name"], 100).strip()
    if "notes" in values:
        values["notes"] = rules.plain_lines(values["notes"], 5_000)
    if "protocols" in values:
        for name in values["protocols"]:
            if name not in PROTOCOLS:
                raise Invalid(f"{rules.plain(name, 20)!r} is not spoken here: {', '.join(PROTOCOLS)} are")
        values["protocols"] = " ".join(name for name in PROTOCOLS if name in values["protocols"])
    if "policy" in values:
        values["policy"] = values["policy"].value
    if values.get("cert_fingerprint"):
        fingerprint = values["cert_fingerprint"].replace(":", "").lower()
        if len(fingerprint) != 64 or set(fingerprint) - set("0123456789abcdef"):
            raise Invalid("a certificate's fingerprint is its SHA-256: 64 hexadecimal digits")
        owner = store.fingerprint_owner(connection, fingerprint)
        if owner not in (None, station_id):
            raise Conflict(f"the certificate with this fingerprint is that of {owner}: each station has its own")
        values["cert_fingerprint"] = fingerprint
    return values


async def change_station(caller: Caller, station_id: StationId, wanted: Mapping[str, Any]) -> None:
    """`wanted`: new values by column, of name, site_id, notes, enabled, security_profile, policy, protocols and
    cert_fingerprint.

    Raises NotFound, Invalid, Conflict.
    """

    def change(connection: Connection, work: Work) -> tuple[RowMapping, dict[str, Any]]:
        before = existing(connection, station_id)
        values = _checked(connection, station_id, wanted)
        _check_profile(before, values)
        if values.get("policy", "Accepted") != "Accepted":
            # What it is refused from now on, it need not boot again to be refused.
            values["registration"] = values["policy"]
        values = {name: value for name, value in values.items() if before[name] != value}
        if values:
            store.change(connection, station_id, values)
            work.tell(StationChanged(station_id, caller.now, "changed"))
            changes = {name: [before[name], value] for name, value in values.items() if name != "notes"}
            note(connection, work, caller.actor, "station.change", station_id, "done", caller.now, changes)
        return before, values

    before, changed = await caller.database.write(change)
    if not changed:
        return
    await caller.stations.refresh(station_id)
    if reason := _why_disconnect(changed):
        await caller.stations.disconnect(station_id, reason)
    elif changed.get("policy") == "Accepted" and before["connected"]:
        # It is accepted by the answer to its next boot: ask for it now. One that will not, boots when its wait is over.
        with contextlib.suppress(VoltloomError):
            await caller.stations.ask(station_id, Trigger(Triggerable.BOOT), timeout_s=10)


def _check_profile(before: RowMapping, values: Mapping[str, Any]) -> None:
    wanted = values.get("security_profile")
    if wanted is None:
        return
    if wanted < before["profile_reached"]:
        raise Conflict(
            f"{before['id']} has used security profile {before['profile_reached']} already, and never goes back to "
            "less: remove it and add it anew if its controller was replaced"
        )
    if wanted in (1, 2) and not before["password_hash"]:
        raise Conflict(f"{before['id']} has no password yet: give it one first, then this security profile")


def _why_disconnect(changed: Mapping[str, Any]) -> str:
    if changed.get("enabled") is False:
        return "disabled by an operator"
    if {"security_profile", "cert_fingerprint", "protocols"} & changed.keys():
        return "how it may connect was changed"
    if changed.get("registration") == "Rejected":
        return "rejected by an operator"
    return ""


async def remove_station(caller: Caller, station_id: StationId) -> None:
    """Its transactions, messages and commands stay. Raises NotFound."""

    def change(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.remove(connection, station_id)
        forget_changes(connection, station_id)
        work.tell(StationChanged(station_id, caller.now, "removed"))
        note(connection, work, caller.actor, "station.remove", station_id, "done", caller.now)

    await caller.database.write(change)
    await caller.stations.disconnect(station_id, "removed by an operator")


def existing(connection: Connection, station_id: StationId) -> RowMapping:
    """Raises NotFound."""
    found = store.get(connection, station_id)
    if found is None:
        raise NotFound(f"there is no station {rules.plain(station_id, 60)!r}")
    return found


# ---- passwords


async def rotate_password(
    caller: Caller, config: StationsConfig, station_id: StationId, chosen: str | None = None, *, install: bool = False
) -> Welcome:
    """Give the station another password.

    install   have the station take it over its connection. Both are good until it came back with the new one; where
              it refuses, the old one stays (C36). Otherwise the old one ends now, and a person enters the new one.

    Raises NotFound, Invalid, Conflict; Unreachable, TimedOut, StationError when it could not be installed.
    """
    password = check_password(chosen) if chosen else new_password()
    row = await caller.database.read(lambda connection: existing(connection, station_id))
    if install and not row["connected"]:
        raise Conflict(f"{station_id} is not connected: only a connected station can be given its password from here")
    if row["security_profile"] in (0, 3):
        raise Conflict(f"{station_id} has security profile {row['security_profile']}, which uses no password")
    fresh = config.passwords.hash(station_id, password)
    change = "changed" if install else "password"
    await _set_password(caller, station_id, fresh, row["password_hash"] if install else "", "station.password", change)
    if install:
        try:
            await _install(caller, station_id, password)
        except TimedOut:
            # Nobody knows whether it took it: both stay good.
            raise
        except VoltloomError:
            await _set_password(caller, station_id, row["password_hash"], "", "station.password_rollback")
            raise
    else:
        await caller.stations.disconnect(station_id, "its password was changed")
    profile = SecurityProfile(row["security_profile"])
    return Welcome(station_id, rules.address_of(station_id, config.public_urls, profile), password, install)


async def _set_password(
    caller: Caller, station_id: StationId, current: str, old: str, action: str, told: str = "changed"
) -> None:
    def change(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        values = {"password_hash": current, "old_password_hash": old, "password_changed_at": caller.now}
        store.change(connection, station_id, values)
        work.tell(StationChanged(station_id, caller.now, told))
        note(connection, work, caller.actor, action, station_id, "done", caller.now)

    await caller.database.write(change)


async def _install(caller: Caller, station_id: StationId, password: str) -> None:
    setting = NewValue(SettingName("SecurityCtrlr", "BasicAuthPassword"), password)
    answers = await caller.stations.ask(station_id, ChangeSettings((setting,)))
    if not answers or answers[0].status not in {SettingStatus.ACCEPTED, SettingStatus.REBOOT_REQUIRED}:
        said = rules.plain(answers[0].said, 50) if answers else "nothing"
        raise StationError(f"{station_id} did not take the new password (it said {said}): its old one stays good")


# ---- what a node does at its start, and now and then


def credentials_of(database: Database, passwords: Passwords) -> Credentials:
    """Not loaded yet: call `load` before the gateway listens."""

    async def read(ids: Iterable[StationId] | None) -> Mapping[StationId, Credential]:
        return await database.read(lambda connection: store.read_credentials(connection, ids))

    return Credentials(read, passwords)


async def close_stale_links(database: Database, node: str | None, now: datetime) -> int:
    """A node that starts holds no connection yet: what it held when it last ended, is gone. Gives how many.

    node   its name; None where it is the only one, whatever it was called the last time
    """

    def change(connection: Connection, work: Work) -> int:
        reason = "the server was restarted"
        closed = store.close_links(connection, node, now, reason)
        for station_id in closed:
            work.tell(StationDisconnected(station_id, now, reason))
        return len(closed)

    return await database.write(change)
