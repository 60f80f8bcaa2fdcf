"""What stations tell of their updates, and local controllers of what they offer. Rare, so the database is asked."""

from dataclasses import replace

from sqlalchemy import Connection

from voltloom.domain.reports import NOTED, FirmwareReported, FirmwareStatus, Noted, PublishReported
from voltloom.features.feature import StationContext
from voltloom.features.firmware import rules, store
from voltloom.features.firmware.rules import Published, State
from voltloom.features.firmware.service import put, put_publication
from voltloom.features.stations import plain
from voltloom.infra.database import Work

MOST_LOCATIONS = 10
LONGEST_LOCATION = 2000


async def firmware_status(ctx: StationContext, report: FirmwareReported) -> Noted:
    """One that is of no update of ours (somebody updates the station by hand) is in the message log alone."""
    detail = plain(report.detail, 250)

    def hear(connection: Connection, work: Work) -> None:
        update = rules.which(store.updates_of(connection, ctx.station_id), report.request_id, ctx.now)
        if update is None:
            return
        heard = store.add_step(connection, update.id, ctx.now, report.status.value, detail)
        if not heard and report.status is not FirmwareStatus.INSTALLED:
            return  # it goes to and fro for ever: only its end is still news
        state = rules.state_after(update, report.status)
        if state is State.FAILED and rules.is_failure(report.status):
            reason = ": ".join(filter(None, (report.status.value, detail)))
        else:
            reason = update.reason if state is update.state else ""
        put(connection, work, update, state, reason, ctx.now)

    await ctx.database.write(hear)
    return NOTED


async def publish_status(ctx: StationContext, report: PublishReported) -> Noted:
    locations = tuple(plain(each, LONGEST_LOCATION) for each in report.locations[:MOST_LOCATIONS])
    detail = plain(report.detail, 250)

    def hear(connection: Connection, work: Work) -> None:
        found = rules.which_publication(store.publications_of(connection, ctx.station_id), report.request_id)
        if found is None:
            return
        state = rules.published_after(found.state, report.status)
        failed = state is Published.FAILED and state is not found.state
        reason = ": ".join(filter(None, (report.status.value, detail))) if failed else found.reason
        if state is Published.PUBLISHED:
            reason = ""
        after = replace(found, state=state, reason=reason, locations=locations or found.locations)
        put_publication(connection, work, found, after, ctx.now)

    await ctx.database.write(hear)
    return NOTED
