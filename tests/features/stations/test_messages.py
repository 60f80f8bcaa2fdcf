import asyncio
import json
from datetime import timedelta

import pytest

from stations_by_hand import CP, NOW
from voltloom.features.stations.messages import Direction, MessageOutcome, find, read
from voltloom.infra.archive import ADD_EXCHANGE, Archive, Exchange, Wanted
from voltloom.infra.database import Database, Work


def exchange(number: int = 1, *, action: str = "Heartbeat", payload: object = None, answer: str = "{}", **more):
    frame = json.dumps([2, f"m{number}", action, payload or {}])
    values = {
        "number": number,
        "station_id": CP,
        "at": NOW + timedelta(seconds=number),
        "inbound": True,
        "protocol": "ocpp1.6",
        "message_id": f"m{number}",
        "action": action,
        "call": frame,
        "answer": answer,
        "took_us": 1_500,
        "trouble": "",
    }
    return Exchange(**(values | more))


async def keep(database: Database, *exchanges: Exchange) -> None:
    work = Work()
    for each in exchanges:
        work.write(ADD_EXCHANGE, *each[1:])
    committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    database.commit(work, lambda error: committed.set_exception(error) if error else committed.set_result(None))
    await committed


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await story(database)

    asyncio.run(whole())


def test_a_stations_call_is_paired_with_our_answer():
    message = read(exchange(action="BootNotification", payload={"model": "X"}, answer='{"status":"Accepted"}'))
    assert message.direction is Direction.FROM_STATION
    assert message.outcome is MessageOutcome.ANSWERED
    assert message.payload == {"model": "X"}
    assert message.answer == {"status": "Accepted"}
    assert message.latency_ms == 1.5
    assert message.raw == ""


def test_our_call_is_paired_with_the_stations_frame():
    message = read(exchange(action="Reset", inbound=False, answer='[3,"m1",{"status":"Accepted"}]'))
    assert message.direction is Direction.TO_STATION
    assert message.answer == {"status": "Accepted"}


@pytest.mark.parametrize(
    "answer", ['[4,"m1","FormationViolation","no",{"a":1}]', '[4,"m1","FormationViolation"]', '[4,"m1","X",5,null,7]']
)
def test_an_error_is_told_with_its_code(answer: str):
    message = read(exchange(answer=answer, trouble="`status` is missing"))
    assert message.outcome is MessageOutcome.ERROR
    assert message.error_code in {"FormationViolation", "X"}
    assert message.trouble == "`status` is missing"


def test_a_call_that_nobody_answered_says_so():
    message = read(exchange(answer="", took_us=None))
    assert message.outcome is MessageOutcome.UNANSWERED
    assert message.latency_ms is None


@pytest.mark.parametrize(
    "frame", ["", "not json", "[2,1]", "{}", "null", "[" * 200 + "]" * 200, '[2,"m","X",' + "[" * 99 + "]" * 99 + "]"]
)
def test_a_frame_that_cannot_be_read_is_shown_as_it_came(frame: str):
    message = read(exchange(call=frame, answer=""))
    assert message.raw == frame
    assert message.payload is None


def test_secrets_are_hidden_in_calls_and_answers():
    message = read(
        exchange(
            action="ChangeConfiguration",
            inbound=False,
            payload={"key": "AuthorizationKey", "value": "4f43415f4f4354545f6c"},
            answer='[3,"m1",{"configurationKey":[{"key":"AuthorizationKey","value":"4f43415f"}]}]',
        )
    )
    assert "4f43415f" not in repr(message)


def test_pages_go_on_until_the_end_and_nothing_comes_twice(fresh_database):
    async def story(database: Database):
        await keep(database, *(exchange(number) for number in range(1, 26)))
        await keep(database, exchange(99, station_id="CP-8"))
        seen: list[str] = []
        before: int | None = None
        while True:
            found = await find(database, None, Wanted(CP, before=before, limit=10))
            seen += [message.message_id for message in found.messages]
            if found.next_before is None:
                break
            before = found.next_before
        assert seen == [f"m{number}" for number in range(25, 0, -1)]

    run(fresh_database, story)


def test_filters_find_what_they_say(fresh_database):
    async def story(database: Database):
        await keep(
            database,
            exchange(1, action="Heartbeat"),
            exchange(2, action="Reset", inbound=False, answer=""),
            exchange(3, action="Authorize", payload={"idTag": "CAFE"}, answer='[4,"m3","InternalError","",{}]'),
            exchange(4, action="Heartbeat", trouble="odd"),
        )

        async def ids(outcome: MessageOutcome | None = None, **wanted) -> list[str]:
            found = await find(database, None, Wanted(CP, **wanted), outcome)
            return [message.message_id for message in found.messages]

        assert await ids(actions=("Heartbeat",)) == ["m4", "m1"]
        assert await ids(inbound=False) == ["m2"]
        assert await ids(trouble=True) == ["m4"]
        assert await ids(text="cafe") == ["m3"]
        assert await ids(text='"idTag": "CAFE"') == ["m3"]
        assert await ids(since=NOW + timedelta(seconds=2), until=NOW + timedelta(seconds=4)) == ["m3", "m2"]
        assert await ids(MessageOutcome.ERROR) == ["m3"]
        assert await ids(MessageOutcome.UNANSWERED) == ["m2"]
        assert await ids(MessageOutcome.ANSWERED) == ["m4", "m1"]

    run(fresh_database, story)


def test_a_secret_cannot_be_guessed_by_searching_for_it(fresh_database):
    async def story(database: Database):
        secret = {"key": "AuthorizationKey", "value": "hunter2hunter2hunter2"}
        await keep(database, exchange(action="ChangeConfiguration", payload=secret))
        assert (await find(database, None, Wanted(CP, text="AuthorizationKey"))).messages
        assert not (await find(database, None, Wanted(CP, text="hunter2"))).messages

    run(fresh_database, story)


def test_what_was_moved_to_files_is_found_like_the_rest(fresh_database, tmp_path):
    async def story(database: Database):
        archive = Archive(tmp_path, hot=timedelta(days=1), kept=timedelta(days=90), most_bytes=10**9)
        await keep(database, exchange(1, at=NOW - timedelta(days=3)), exchange(2))
        assert await archive.move(database, NOW + timedelta(hours=1)) == 1
        found = await find(database, archive, Wanted(CP))
        assert [message.message_id for message in found.messages] == ["m2", "m1"]

    run(fresh_database, story)
