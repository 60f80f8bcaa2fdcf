"""Where stations are told to find us: network profiles, slot by slot, never below the security profile in use."""

from sqlalchemy import Connection

from voltloom.domain.commands import Accepted, Answer, NetworkProfile, SetNetworkProfile
from voltloom.domain.errors import Conflict, Invalid, VoltloomError
from voltloom.domain.ids import StationId
from voltloom.features.settings import store
from voltloom.features.stations import Caller, ask, existing, plain, said_of
from voltloom.infra.database import Work

MOST_SLOTS = 50


def check(profile: NetworkProfile) -> None:
    """Raises Invalid."""
    tls = profile.url.startswith("wss://")
    if not tls and not profile.url.startswith("ws://"):
        raise Invalid("the address of a network profile begins with wss:// or ws://")
    if tls != (profile.security_profile >= 2):
        raise Invalid("security profiles 2 and 3 go with wss://, the others with ws://")
    if profile.password and profile.security_profile not in (1, 2):
        raise Invalid(f"security profile {profile.security_profile} uses no password: leave it out")


async def set_network_profile(
    caller: Caller, station_id: StationId, slot: int, profile: NetworkProfile, timeout_s: float = 30.0
) -> Answer:
    """Kept with its outcome, without its secrets. Raises Invalid, Conflict (below the security profile in use; too many
    slots), and what `ask` raises."""
    check(profile)

    def room(connection: Connection) -> None:
        existing(connection, station_id)
        if store.count_network_profiles(connection, station_id) >= MOST_SLOTS:
            known = {row["slot"] for row in store.read_network_profiles(connection, station_id)}
            if slot not in known:
                raise Conflict(f"{station_id} has {MOST_SLOTS} slots already: use one of them")

    await caller.database.read(room)
    try:
        answer = await ask(caller, station_id, SetNetworkProfile(slot, profile), timeout_s=timeout_s)
    except Conflict:
        raise
    except VoltloomError as error:
        await _keep(caller, station_id, slot, profile, accepted=False, said=said_of(error), reason="")
        raise
    accepted = answer.accepted is Accepted.ACCEPTED
    reason = ": ".join(filter(None, (answer.reason, answer.detail)))
    await _keep(caller, station_id, slot, profile, accepted=accepted, said=answer.status, reason=reason)
    return answer


async def _keep(
    caller: Caller,
    station_id: StationId,
    slot: int,
    profile: NetworkProfile,
    *,
    accepted: bool,
    said: str,
    reason: str,
) -> None:
    def keep(connection: Connection, _: Work) -> None:
        store.put_network_profile(
            connection,
            station_id,
            slot,
            url=profile.url,
            security_profile=profile.security_profile,
            interface=profile.interface,
            version=profile.version,
            identity=profile.identity,
            message_timeout_s=profile.message_timeout_s,
            has_secrets=bool(profile.password or profile.mobile or profile.private),
            at=caller.now,
            actor=caller.actor.name[:200],
            accepted=accepted,
            said=plain(said, 50),
            reason=plain(reason, 500),
        )

    await caller.database.write(keep)
