import asyncio
from datetime import UTC, datetime, timedelta

from voltloom.infra.archive import ADD_EXCHANGE, Archive, Wanted, find_exchanges
from voltloom.infra.housekeeping import chores
from voltloom.infra.journal import Journal
from voltloom.infra.tasks import Tasks


def test_messages_past_their_days_are_moved_by_a_repeating_task(fresh_database, tmp_path):
    journal = Journal()

    async def story():
        async with fresh_database(journal) as database:
            now = datetime.now(UTC)
            archive = Archive(tmp_path, hot=timedelta(days=7), kept=timedelta(days=400), most_bytes=10**9)

            def add(_, work):
                for days in (9, 8, 1):
                    at = now - timedelta(days=days)
                    work.write(ADD_EXCHANGE, "CP-7", at, True, "ocpp1.6", str(days), "Heartbeat", "[]", "{}", 1, "")

            await database.write(add)
            mine = chores(database, archive, timedelta(days=400))
            handlers = {name: chore.do for name, chore in mine.items()}
            tasks = Tasks(database, journal, handlers, {name: chore.every for name, chore in mine.items()}, node="n1")
            running = asyncio.create_task(tasks.run())
            async with asyncio.timeout(15):
                while len(await database.read(lambda c: find_exchanges(c, Wanted("CP-7")))) > 1:
                    await asyncio.sleep(0.01)
            tasks.stop()
            await running
            assert [each.message_id for each in await archive.find(database, Wanted("CP-7"))] == ["1", "8", "9"]

    asyncio.run(story())
