"""How long the password before is taken."""

import asyncio
from datetime import timedelta

from sqlalchemy import update

from stations_by_hand import CONFIG, CP, NOW, Network, registered
from voltloom.features.feature import Context
from voltloom.features.stations import credentials_of, store
from voltloom.features.stations.expiry import OLD_PASSWORD_GOOD_FOR, end_old_passwords
from voltloom.infra.database import Work

OLD, NEW = "the password it had", "the password it has"


def test_the_password_before_ends_even_if_the_new_one_was_never_used(fresh_database):
    async def story():
        async with fresh_database() as database:
            await registered(database)
            kept = {
                "password_hash": CONFIG.passwords.hash(CP, NEW),
                "old_password_hash": CONFIG.passwords.hash(CP, OLD),
                "password_changed_at": NOW,
            }
            await database.write(lambda connection, _: connection.execute(update(store.stations).values(**kept)))
            for later, taken in ((timedelta(hours=1), True), (OLD_PASSWORD_GOOD_FOR + timedelta(hours=1), False)):
                await end_old_passwords(Context(database, Network(), NOW + later, Work()))
                credentials = credentials_of(database, CONFIG.passwords)
                await credentials.load()
                known = credentials.get(CP)
                assert credentials.verify(known, OLD.encode()) is taken
                assert credentials.verify(known, NEW.encode())

    asyncio.run(story())
