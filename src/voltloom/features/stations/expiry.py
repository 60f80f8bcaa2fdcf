"""The password before: still taken while a station changes to a new one, but not for ever."""

from datetime import timedelta

from sqlalchemy import Connection, update

from voltloom.domain.events import StationChanged
from voltloom.features.feature import Context
from voltloom.features.stations.store import stations
from voltloom.infra.database import Work

OLD_PASSWORD_GOOD_FOR = timedelta(days=7)
LOOK_EVERY = timedelta(hours=1)


async def end_old_passwords(context: Context) -> None:
    """A station that took a new one and never used it lands in the inbox the next time it comes with the old."""

    def change(connection: Connection, work: Work) -> None:
        due = (
            update(stations)
            .where(
                stations.c.old_password_hash != "",
                stations.c.password_changed_at < context.now - OLD_PASSWORD_GOOD_FOR,
            )
            .values(old_password_hash="")
            .returning(stations.c.id)
        )
        for station_id in connection.execute(due).scalars().all():
            work.tell(StationChanged(station_id, context.now, "changed"))

    await context.database.write(change)
