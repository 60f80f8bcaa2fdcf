import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from voltloom.infra.archive import ADD_EXCHANGE, Archive, Wanted, find_exchanges
from voltloom.infra.database import Database, Work

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def archive(folder: Path, **options: object) -> Archive:
    return Archive(folder, **({"hot": timedelta(days=7), "kept": timedelta(days=400), "most_bytes": 10**9} | options))  # type: ignore[arg-type]


async def keep(database: Database, *days_ago: float, action: str = "MeterValues", trouble: str = "") -> None:
    for days in days_ago:
        done: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        work = Work()
        call = f'[2,"{days}","{action}",{{"text":"Grüße \\n {days}"}}]'
        at = NOW - timedelta(days=days)
        work.write(ADD_EXCHANGE, "CP-7", at, True, "ocpp1.6", str(days), action, call, "{}", 1200, trouble)
        database.commit(work, done.set_result)
        assert await done is None


def ids(found: list) -> list[str]:
    return [exchange.message_id for exchange in found]


def test_older_days_move_to_files_and_are_still_found(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 30, 20, 10, 5, 1)
            files = archive(tmp_path)
            assert await files.move(database, NOW) == 3
            assert ids(await database.read(lambda c: find_exchanges(c, Wanted("CP-7")))) == ["1", "5"]
            everything = await files.find(database, Wanted("CP-7"))
            assert ids(everything) == ["1", "5", "10", "20", "30"]
            assert everything[-1].call == '[2,"30","MeterValues",{"text":"Grüße \\n 30"}]'
            assert everything[-1].at == NOW - timedelta(days=30)
            page = await files.find(database, Wanted("CP-7", before=everything[1].number, limit=2))
            assert ids(page) == ["10", "20"]
            assert await files.move(database, NOW) == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted("CP-8"), []),
        (Wanted("CP-7", actions=("Heartbeat",)), ["2", "12"]),
        (Wanted("CP-7", trouble=True), ["2", "12"]),
        (Wanted("CP-7", trouble=False), ["1", "11"]),
        (Wanted("CP-7", since=NOW - timedelta(days=11, hours=1), until=NOW - timedelta(days=2)), ["11"]),
        (Wanted("CP-7", text="GRÜSSE"), []),
        (Wanted("CP-7", text=' 11"'), ["11"]),
        (Wanted("CP-7", text="100%"), []),
        (Wanted("CP-7", inbound=False), []),
    ],
)
def test_filters_mean_the_same_in_the_database_and_in_files(fresh_database, tmp_path: Path, wanted: Wanted, found):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 12, action="Heartbeat", trouble="a sentence")
            await keep(database, 11)
            await keep(database, 2, action="Heartbeat", trouble="a sentence")
            await keep(database, 1)
            await archive(tmp_path).move(database, NOW)
            assert ids(await archive(tmp_path).find(database, wanted)) == found

    asyncio.run(story())


def test_a_move_that_was_cut_off_after_writing_is_finished_without_doubling(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 30, 20)
            rows = await database.read(lambda c: find_exchanges(c, Wanted("CP-7")))
            archive(tmp_path)._write(rows[::-1])
            await keep(database, 10, 0)
            assert await archive(tmp_path).move(database, NOW) == 2
            assert await archive(tmp_path).move(database, NOW) == 1
            assert ids(await archive(tmp_path).find(database, Wanted("CP-7"))) == ["0", "10", "20", "30"]
            assert len(archive(tmp_path).files()) == 2

    asyncio.run(story())


def test_what_is_too_old_goes(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 500, 100)
            await archive(tmp_path).move(database, NOW)
            await keep(database, 0)
            await archive(tmp_path).move(database, NOW)
            assert ids(await archive(tmp_path).find(database, Wanted("CP-7"))) == ["0", "100"]

    asyncio.run(story())


def test_what_is_too_much_goes_oldest_first(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 30, 20)
            await archive(tmp_path).move(database, NOW)
            size = archive(tmp_path).files()[0].path.stat().st_size
            await keep(database, 0)
            await archive(tmp_path, most_bytes=int(size * 1.5)).move(database, NOW)
            assert ids(await archive(tmp_path).find(database, Wanted("CP-7"))) == ["0", "20"]

    asyncio.run(story())


def test_numbers_are_never_used_again(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            await keep(database, 30, 20)
            await archive(tmp_path).move(database, NOW)
            await archive(tmp_path).move(database, NOW)
            await keep(database, 10, 9)
            found = await archive(tmp_path).find(database, Wanted("CP-7"))
            assert [exchange.number for exchange in found] == [4, 3, 2, 1]

    asyncio.run(story())


def test_a_station_is_found_among_many_and_by_time(fresh_database, tmp_path: Path):
    async def story() -> None:
        async with fresh_database() as database:
            work = Work()
            for n in range(1_000):
                at = NOW - timedelta(hours=1_000 - n)
                work.write(ADD_EXCHANGE, f"CP-{n % 50}", at, True, "ocpp1.6", str(n), "Heartbeat", "[]", "{}", 1, "")
            done: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
            database.commit(work, done.set_result)
            assert await done is None
            await archive(tmp_path).move(database, NOW)
            expected = [str(n) for n in range(999, -1, -1) if n % 50 == 7]
            assert ids(await archive(tmp_path).find(database, Wanted("CP-7"))) == expected
            since, until = NOW - timedelta(hours=400), NOW - timedelta(hours=100)
            expected = [str(n) for n in range(899, 599, -1) if n % 50 == 7]
            assert ids(await archive(tmp_path).find(database, Wanted("CP-7", since=since, until=until))) == expected

    asyncio.run(story())
