"""What is done with those who knocked: keeping them in the inbox, letting them in, sending them away."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, RowMapping

from voltloom.domain.errors import Conflict, Invalid, NotFound
from voltloom.domain.events import StationChanged, StationRefused
from voltloom.domain.ids import StationId
from voltloom.domain.station import SecurityProfile
from voltloom.features.access import note
from voltloom.features.stations import rules, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.credentials import Credentials
from voltloom.features.stations.inbox import Inbox, KnockReason, Knocks
from voltloom.features.stations.service import Caller, NewStation, Welcome, password_for, register, told_of
from voltloom.infra.database import Database, Work

LOG = structlog.get_logger(__name__)

QUIET_TIME = timedelta(hours=1)
"""A knock after this long is told again."""
MOST_KNOCKS = 2_000
MOST_KNOCKS_OF_ADDRESS = 100
MOST_REFUSALS_TOLD = 20
"""Of one flush: the inbox holds them all, consoles need not hear each."""


async def adopt(
    caller: Caller,
    config: StationsConfig,
    number: int,
    new: NewStation,
    before_password: Callable[[], None] = lambda: None,
) -> Welcome:
    """Let in who knocked: register it (`new`, whose id is not read), or see to what keeps the registered one out: it
    is enabled, and gets a new password where it had none or a wrong one; before that ``before_password`` is called,
    which may raise.

    All knocks of that identity leave the inbox. Raises NotFound, Invalid, Conflict (adopting would not help, or the
    station is connected, so that this may be somebody else).
    """

    def change(connection: Connection, work: Work) -> Welcome:
        knock = store.get_knock(connection, number)
        if knock is None:
            raise NotFound(
                f"there is no knock {number} in the inbox: it was adopted, dismissed, or too many came after"
            )
        if not knock["identity"]:
            raise Invalid("this knock claimed no identity: correct the address in the station, then it knocks anew")
        station_id = rules.check_identity(knock["identity"])
        row = store.get(connection, station_id)
        profile = SecurityProfile(row["security_profile"]) if row else new.security_profile
        if row is None:
            password = password_for(profile, new.password)
            register(connection, work, caller, config.passwords, station_id, new, password)
        else:
            reason = KnockReason(knock["reason"])
            if reason in _HELPED_BY_PASSWORD:
                before_password()
            password = _let_back_in(connection, work, caller, config, row, reason, new.password)
        store.drop_knocks(connection, station_id)
        told = {**told_of(new), "address": knock["address"], "reason": knock["reason"]}
        note(connection, work, caller.actor, "station.adopt", station_id, "done", caller.now, told)
        return Welcome(station_id, rules.address_of(station_id, config.public_urls, profile), password)

    welcome = await caller.database.write(change)
    await caller.stations.refresh(welcome.station_id)
    return welcome


_HELPED_BY_PASSWORD = {KnockReason.WRONG_PASSWORD, KnockReason.NO_PASSWORD, KnockReason.UNKNOWN_ID}


def _let_back_in(
    connection: Connection,
    work: Work,
    caller: Caller,
    config: StationsConfig,
    row: RowMapping,
    reason: KnockReason,
    chosen: str | None,
) -> str | None:
    station_id = StationId(row["id"])
    if row["connected"]:
        raise Conflict(
            f"{station_id} is connected, from {row['address']}: whoever knocked may be somebody else. If you mean to, "
            "change its password with POST /stations/{id}/password"
        )
    values: dict[str, Any] = {"enabled": True}
    password = None
    if reason in _HELPED_BY_PASSWORD:
        password = password_for(SecurityProfile(row["security_profile"]), chosen)
    elif reason is not KnockReason.DISABLED:
        raise Conflict(f"{station_id} is registered already, and a new password would not help. {reason.sentence}")
    if password:
        fresh = config.passwords.hash(station_id, password)
        values |= {"password_hash": fresh, "old_password_hash": "", "password_changed_at": caller.now}
    store.change(connection, station_id, values)
    work.tell(StationChanged(station_id, caller.now, "changed"))
    return password


async def dismiss(caller: Caller, number: int) -> None:
    """Take one knock out of the inbox; it comes again when the station does."""

    def change(connection: Connection, work: Work) -> None:
        if not store.drop_knock(connection, number):
            raise NotFound(f"there is no knock {number} in the inbox")
        note(connection, work, caller.actor, "inbox.dismiss", str(number), "done", caller.now)

    await caller.database.write(change)


async def keep_door(database: Database, inbox: Inbox, credentials: Credentials, period_s: float = 1.0) -> None:
    """Runs for as long as the node does: brings knocks to the inbox, and ends passwords that were replaced."""
    while True:
        await asyncio.sleep(period_s)
        try:
            await flush_door(database, inbox, credentials, datetime.now(UTC))
        except Exception:
            LOG.exception("inbox_not_kept")


async def flush_door(database: Database, inbox: Inbox, credentials: Credentials, now: datetime) -> None:
    if settled := credentials.take_settled():

        def settle(connection: Connection, work: Work) -> None:
            for station_id in store.drop_old_passwords(connection, settled):
                work.tell(StationChanged(station_id, now, "changed"))

        await database.write(settle)
    if taken := inbox.take():
        await database.write(lambda connection, work: _keep_knocks(connection, work, taken))


def _keep_knocks(connection: Connection, work: Work, taken: Iterable[Knocks]) -> None:
    told = 0
    addresses: set[str] = set()
    for knocks in taken:
        knock = knocks.last
        last = store.last_knock(connection, knock.identity, knock.reason.value, knock.address)
        if (last is None or knock.at - last > QUIET_TIME) and told < MOST_REFUSALS_TOLD:
            told += 1
            work.tell(StationRefused(knock.identity, knock.at, knock.address, knock.reason.value))
        store.put_knock(
            connection,
            {
                "identity": knock.identity,
                "reason": knock.reason.value,
                "address": knock.address,
                "first_at": knocks.first_at,
                "last_at": knock.at,
                "count": knocks.count,
                "path": knock.path,
                "subprotocols": " ".join(knock.subprotocols),
                "user_agent": knock.user_agent,
                "tls": knock.tls,
                "profile": knock.profile,
                "detail": knock.detail,
                "fields": msgspec.json.encode(knock.fields).decode(),
            },
        )
        addresses.add(knock.address)
    for address in addresses:
        store.trim_knocks(connection, address, MOST_KNOCKS_OF_ADDRESS)
    store.trim_knocks(connection, None, MOST_KNOCKS)
