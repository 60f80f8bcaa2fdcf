"""Routes of the inbox."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from voltloom.features.api import After, Limit, Page, cursor, position
from voltloom.features.stations import door, store
from voltloom.features.stations.answers import StationsConfig
from voltloom.features.stations.api.shared import ADOPTING, NO_SUCH_KNOCK, Number, Read, Word, Write
from voltloom.features.stations.documents import (
    AdoptIn,
    KnockOut,
    WelcomeOut,
)
from voltloom.features.stations.inbox import KnockReason


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

    @router.post("/inbox/{number}/adopt", tags=["inbox"], summary="Let it in", responses=ADOPTING)
    async def adopt_knock(number: Number, body: AdoptIn, call: Write) -> WelcomeOut:
        """An unknown station is registered; a registered one is enabled, and gets a new password if it had none or a
        wrong one. Gives what to enter in the station: its addresses, and a password that is shown this once."""
        return WelcomeOut.of(await door.adopt(call, config, number, body.value()))

    @router.delete("/inbox/{number}", tags=["inbox"], summary="Dismiss it", status_code=204, responses=NO_SUCH_KNOCK)
    async def dismiss_knock(number: Number, call: Write) -> None:
        """It comes back when the station knocks again."""
        await door.dismiss(call, number)
