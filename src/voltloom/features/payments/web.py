"""Payments on the web that begin with a station's changing QR code (OCPP 2.1, C25): set up, and what was scanned told.

The page that drivers come to is not ours: it hands on the address it was opened by, and learns where its driver stands.
"""

import secrets
from typing import Final

from sqlalchemy import Connection

from voltloom.domain.commands import ChangeSettings, NewValue, SettingAnswer, SettingStatus
from voltloom.domain.errors import Conflict, Forbidden, Invalid, NotFound
from voltloom.domain.ids import StationId
from voltloom.domain.station import SettingName
from voltloom.features.access import note
from voltloom.features.payments import qr, store
from voltloom.features.payments.qr import Codes, Scanned, SetUp
from voltloom.features.stations import Caller, ask, existing
from voltloom.infra.database import Work
from voltloom.infra.keys import Envelope

KEY: Final = "web-payments"
_SECRET_BYTES: Final = 24
_FIXED: Final = "TOTPVersion"
"""There is one version so far: a station may well not let it be set."""
_TAKEN: Final = (SettingStatus.ACCEPTED, SettingStatus.REBOOT_REQUIRED)


def _checked(template: str, validity_s: int, length: int) -> None:
    """Raises Invalid."""
    qr.check_template(template)
    if not qr.SHORTEST_S <= validity_s <= qr.LONGEST_S:
        raise Invalid(f"a code is good for {qr.SHORTEST_S} to {qr.LONGEST_S} seconds")
    if not qr.FEWEST <= length <= qr.MOST:
        raise Invalid(f"a code has {qr.FEWEST} to {qr.MOST} characters")


async def turn_on(
    caller: Caller,
    envelope: Envelope,
    station_id: StationId,
    template: str,
    validity_s: int = 60,
    length: int = 8,
    timeout_s: float = 30.0,
) -> SetUp:
    """Give the station a new secret, known to it and to us, and have it show its codes.

    Raises Invalid, Conflict (it does not take what is needed; whatever it showed before counts no more), and what `ask`
    raises.
    """
    _checked(template, validity_s, length)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    # Kept before it is asked: should its answer get lost, what it shows can be checked all the same.
    setup = SetUp(
        station_id, template, validity_s, length, envelope.seal(secret.encode(), _about(station_id)), caller.actor.name,
        caller.now,
    )  # fmt: skip

    def keep(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.put_setup(connection, setup)
        told = {"template": template, "validity_s": validity_s, "length": length}
        note(connection, work, caller.actor, "station.web_payments_on", station_id, "asked", caller.now, told)

    await caller.database.write(keep)
    wanted = {
        "SharedSecret": secret,
        "URLTemplate": template,
        "TOTPVersion": qr.VERSION,
        "ValidityTime": str(validity_s),
        "Length": str(length),
        "Enabled": "true",
    }
    try:
        await _set(caller, station_id, wanted, timeout_s)
    except Conflict:
        await caller.database.write(lambda connection, _: store.remove_setup(connection, station_id))
        raise
    return setup


async def turn_off(caller: Caller, station_id: StationId, timeout_s: float = 30.0) -> None:
    """What it still shows is good no more, whether it can be reached or not. Raises what `ask` raises."""

    def forget(connection: Connection, work: Work) -> None:
        existing(connection, station_id)
        store.remove_setup(connection, station_id)
        note(connection, work, caller.actor, "station.web_payments_off", station_id, "done", caller.now)

    await caller.database.write(forget)
    await _set(caller, station_id, {"Enabled": "false"}, timeout_s)


async def get_setup(caller: Caller, station_id: StationId) -> SetUp:
    """Raises NotFound."""

    def read(connection: Connection) -> SetUp | None:
        existing(connection, station_id)
        return store.get_setup(connection, station_id)

    found = await caller.database.read(read)
    if found is None:
        raise NotFound(f"station {station_id} shows no changing QR codes: turn them on first")
    return found


async def read_scanned(caller: Caller, envelope: Envelope, url: str) -> Scanned:
    """Where the driver stands who opened this address a moment ago, and what was chosen there.

    Raises Invalid (no address that a station of ours shows), Forbidden (its code is not one of now).
    """

    def find(connection: Connection) -> tuple[Scanned, SetUp] | None:
        for template in store.templates(connection):
            scanned = qr.read(template, url)
            setup = None if scanned is None else store.get_setup(connection, scanned.station_id)
            if scanned is not None and setup is not None and setup.template == template:
                return scanned, setup
        return None

    found = await caller.database.read(find)
    if found is None:
        raise Invalid("no station of ours shows such an address")
    scanned, setup = found
    codes = Codes(envelope.open(setup.sealed, _about(setup.station_id)).decode(), setup.validity_s, setup.length)
    if not qr.is_good(codes, scanned.code, caller.now):
        raise Forbidden("that code is not one that the station shows now: scan it again")
    return scanned


def _about(station_id: StationId) -> str:
    return f"web-payments:{station_id}"


async def _set(caller: Caller, station_id: StationId, wanted: dict[str, str], timeout_s: float) -> None:
    values = tuple(NewValue(SettingName("WebPaymentsCtrlr", name), value) for name, value in wanted.items())
    answers = await ask(caller, station_id, ChangeSettings(values), timeout_s=timeout_s)
    refused = [answer for answer in answers if answer.status not in _TAKEN and answer.name.variable != _FIXED]
    if refused:
        raise Conflict(f"station {station_id} does not take {', '.join(_said(each) for each in refused)}")


def _said(answer: SettingAnswer) -> str:
    return f"{answer.name} ({answer.said})"
