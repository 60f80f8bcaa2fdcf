"""Routes of the inbox."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import Connection, RowMapping

from voltloom.domain.errors import NotFound
from voltloom.domain.events import StationConnected
from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.stations import door, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api.shared import ADOPTING, NO_SUCH_KNOCK, Id, Number, Read, Word, Write
from voltloom.features.stations.documents import (
    AdoptIn,
    AttemptOut,
    HandshakeOut,
    KnockDetail,
    KnockOut,
    StepOut,
    WelcomeOut,
    steps_of_knock,
)
from voltloom.features.stations.handshake import steps_of_admission
from voltloom.features.stations.inbox import KnockReason
from voltloom.infra.journal import read_newest


def add_routes(router: APIRouter, config: StationsConfig) -> None:
    @router.get("/inbox", tags=["inbox"], summary="Who knocked and was not let in")
    async def list_knocks(
        call: Read,
        limit: Limit = 100,
        after: After = None,
        reason: KnockReason | None = None,
        address: Word = "",
        q: Annotated[str, Query(max_length=100, description="words in identity, path, agent or address")] = "",
    ) -> Page[KnockOut]:
        """The latest first, each with why, and what to do. One entry for all knocks of the same identity, reason and
        address."""
        start = position(after, tuple[datetime, int])
        rows = await call.database.read(
            lambda connection: store.find_knocks(
                connection,
                reason=reason.value if reason else "",
                address=address,
                words=q,
                before=start,
                limit=limit + 1,
            )
        )
        last = rows[limit - 1] if len(rows) > limit else None
        more = cursor(last["last_at"], last["number"]) if last else None
        return Page(items=[KnockOut.of(row) for row in rows[:limit]], next=more)

    @router.get("/inbox/{number}", tags=["inbox"], summary="One knock, as it was heard", responses=NO_SUCH_KNOCK)
    async def get_knock(number: Number, call: Read) -> KnockDetail:
        """The head of its request, without what lets somebody in, and step by step how far it came."""
        row = await call.database.read(lambda connection: store.find_knock(connection, number))
        if row is None:
            raise NotFound(f"there is no knock {number} in the inbox")
        return KnockDetail.of_one(row)

    @router.get("/stations/{station_id}/handshake", tags=["inbox"], summary="How a station's attempts to connect went")
    async def get_handshake(
        station_id: Id,
        call: Read,
        limit: Annotated[int, Query(ge=1, le=50, description="attempts of each kind")] = 10,
    ) -> HandshakeOut:
        """Of a station that is to be connected: its attempts, let in or refused, each step by step. Ask again on
        `station.refused`, `station.connected` and `station.booted`. It need not be registered."""

        def read(connection: Connection) -> HandshakeOut:
            row = store.get(connection, station_id)
            refused = [_refused(each) for each in store.knocks_of(connection, station_id, limit)]
            entries = read_newest(connection, limit=limit, names=(StationConnected.name,), subject=station_id)
            let_in = [_admitted(msgspec.json.decode(each.body, type=StationConnected), row) for each in entries]
            attempts = sorted(refused + let_in, key=lambda attempt: attempt.at, reverse=True)
            connected = row is not None and bool(row["connected"])
            return HandshakeOut(identity=station_id, registered=row is not None, connected=connected, attempts=attempts)

        return await call.database.read(read)

    @router.post("/inbox/{number}/adopt", tags=["inbox"], summary="Let it in", responses=ADOPTING)
    async def adopt_knock(number: Number, body: AdoptIn, call: Write) -> WelcomeOut:
        """An unknown station is registered; a registered one is enabled, and gets a new password if it had none or a
        wrong one, which takes a fresh sign-in. Gives what to enter in the station: its addresses, and a password that
        is shown this once."""
        return WelcomeOut.of(await door.adopt(call, config, number, body.value(), call.insist_on_fresh))

    @router.delete("/inbox/{number}", tags=["inbox"], summary="Dismiss it", status_code=204, responses=NO_SUCH_KNOCK)
    async def dismiss_knock(number: Number, call: Write) -> None:
        """It comes back when the station knocks again."""
        await door.dismiss(call, number)


def _refused(row: RowMapping) -> AttemptOut:
    return AttemptOut(
        at=row["last_at"],
        admitted=False,
        reason=KnockReason(row["reason"]),
        address=row["address"],
        count=row["count"],
        first_at=row["first_at"],
        knock=row["number"],
        steps=steps_of_knock(row),
    )


def _admitted(event: StationConnected, row: RowMapping | None) -> AttemptOut:
    booted_at, registration = (row["booted_at"], row["registration"]) if row is not None else (None, None)
    steps = steps_of_admission(event.security_profile, event.protocol, event.at, booted_at, registration)
    return AttemptOut(
        at=event.at,
        admitted=True,
        reason=None,
        address=event.address,
        count=1,
        first_at=event.at,
        knock=None,
        steps=[StepOut.of(each) for each in steps],
    )
