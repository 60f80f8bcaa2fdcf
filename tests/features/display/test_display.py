"""Messages on displays, over their routes, and what stations and time make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging_by_hand import CARD, Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import Accepted, Answer, Command, ReportMessages, ShowMessage
from voltloom.domain.display import Content, DisplayMessage, MessageFormat, MessagePriority, MessageState, Screen
from voltloom.domain.errors import Conflict, Invalid, TimedOut, Unreachable
from voltloom.domain.events import DisplayMessageChanged
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.reports import LinkOpened, MessagesReported
from voltloom.domain.transaction import Phase
from voltloom.features.access import Role
from voltloom.features.display import rules
from voltloom.features.display.rules import Message, Question, State
from voltloom.features.display.service import end_what_is_over
from voltloom.features.feature import Context
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
CP = StationId("CP-7")
TX = "b3b5f2a4-4ef2-41d3"
Story = Callable[[Api, Station], Awaitable[None]]


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, **answers: object) -> None:
    """What the station answers, by the name of the command, from now on."""

    def answer(_: StationId, command: Command[Any]) -> object:
        return answers.get(type(command).__name__, Unreachable("silent"))

    client.network.says = answer


def asked(client: Api, kind: type[Command[Any]]) -> list[Any]:
    return [command for _, command in client.network.asked if isinstance(command, kind)]


async def shown(client: Api, text: str = "Hello", **values: object) -> dict[str, Any]:
    says(client, ShowMessage=ACCEPTED)
    made = await client.client.post("/stations/CP-7/display-messages", json={"contents": [{"text": text}]} | values)
    assert made.status_code == 201, made.text
    return made.json()["message"]


async def listed(client: Api, **conditions: Any) -> dict[int, str]:
    found = (await client.get("/display-messages", **conditions)).json()["items"]
    return {each["number"]: each["state"] for each in found}


def message(number: int, text: str = "Hello", **more: Any) -> DisplayMessage:
    return DisplayMessage(number, MessagePriority.NORMAL_CYCLE, (Content(text),), **more)


async def asks_what_it_has(client: Api, **body: object) -> int:
    says(client, ReportMessages=ACCEPTED)
    answer = await client.client.post("/stations/CP-7/display-messages-report", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["report_id"]


def test_a_message_is_shown_changed_and_cleared(play):
    async def story(client: Api, _: Station) -> None:
        body = {
            "contents": [{"text": "Hello"}, {"text": "Hallo", "language": "de"}],
            "priority": "InFront",
            "state": "Charging",
            "ends_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "screen": {"component": "DisplayMessageCtrlr", "evse": 1},
        }
        says(client, ShowMessage=ACCEPTED, ClearMessage=ACCEPTED)
        made = (await client.client.post("/stations/CP-7/display-messages", json=body)).json()["message"]
        assert (made["number"], made["state"], made["said"], made["showing"]) == (1, "shown", "Accepted", "Charging")
        [command] = asked(client, ShowMessage)
        assert command.message.contents == (Content("Hello"), Content("Hallo", language="de"))
        assert command.message.screen == Screen("DisplayMessageCtrlr", place=Place(1))
        other = (await client.client.put("/stations/CP-7/display-messages/1", json=body | {"state": None})).json()
        assert (other["message"]["showing"], other["message"]["state"]) == (None, "shown")
        ended = await client.client.post("/stations/CP-7/display-messages/1/clear")
        assert ended.json()["message"]["state"] == "cleared"
        again = await client.client.post("/stations/CP-7/display-messages/1/clear")
        assert (again.status_code, "is cleared" in again.json()["detail"]) == (409, True)
        assert (await client.get("/stations/CP-7/display-messages/1")).json()["actor"]
        assert (await client.get("/stations/CP-7/display-messages/9")).status_code == 404

    play(story)


def test_where_a_change_is_refused_what_is_shown_stays(play):
    async def story(client: Api, _: Station) -> None:
        await shown(client, "first")
        says(client, ShowMessage=Answer(Accepted.REJECTED, "NotSupportedPriority"))
        changed = await client.client.put(
            "/stations/CP-7/display-messages/1", json={"contents": [{"text": "second"}], "priority": "AlwaysFront"}
        )
        assert changed.json()["answer"]["outcome"] == "rejected"
        kept = (await client.get("/stations/CP-7/display-messages/1")).json()
        assert (kept["contents"][0]["text"], kept["state"]) == ("first", "shown")
        refused = await client.client.post("/stations/CP-7/display-messages", json={"contents": [{"text": "x"}]})
        assert (refused.json()["message"]["state"], refused.json()["message"]["said"]) == (
            "refused",
            "NotSupportedPriority",
        )

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"), [(Unreachable("away"), 409, "refused"), (TimedOut("?"), 504, "asked")]
)
def test_one_that_was_not_heard_to_be_taken_may_be_there(play, error: Exception, status: int, left: str):
    async def story(client: Api, _: Station) -> None:
        says(client, ShowMessage=error)
        answer = await client.client.post("/stations/CP-7/display-messages", json={"contents": [{"text": "x"}]})
        assert answer.status_code == status
        assert await listed(client) == {1: left}

    play(story)


def test_a_station_that_does_not_know_it_has_it_not(play):
    async def story(client: Api, _: Station) -> None:
        await shown(client)
        says(client, ClearMessage=Answer(Accepted.REJECTED, "Rejected"))
        assert (await client.client.post("/stations/CP-7/display-messages/1/clear")).json()["message"][
            "state"
        ] == "shown"
        says(client, ClearMessage=Answer(Accepted.REJECTED, "Unknown"))
        await client.client.post("/stations/CP-7/display-messages/1/clear")
        assert await listed(client) == {1: "cleared"}

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"contents": []}, "at least 1 item"),
        ({"contents": [{"text": "a"}, {"text": "b"}]}, "the same language"),
        ({"contents": [{"text": "a" * 1025}]}, "at most 1024"),
        ({"contents": [{"text": "a\u0007"}]}, "pattern"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "later ends_at"),
        ({"ends_at": "2030-01-01T00:00:00"}, "timezone"),
        ({"transaction_id": "nobody"}, "no transaction"),
        ({"screen": {"component": "X", "connector": 1}}, "EVSE"),
    ],
)
def test_what_cannot_be_is_refused_before_the_station_is_asked(play, wrong: dict[str, object], why: str):
    async def story(client: Api, _: Station) -> None:
        says(client, ShowMessage=ACCEPTED)
        refused = await client.client.post(
            "/stations/CP-7/display-messages", json={"contents": [{"text": "x"}]} | wrong
        )
        assert refused.status_code in (400, 404, 422), refused.text
        assert why in refused.text
        assert not asked(client, ShowMessage)

    play(story)


def test_what_the_station_reports_is_what_is_there(play):
    async def story(client: Api, station: Station) -> None:
        for text in ("stays", "is changed", "is gone", "is gone too"):
            await shown(client, text)
        station.now = datetime.now(UTC)
        number = await asks_what_it_has(client)
        [question] = asked(client, ReportMessages)
        assert (question.report_id, question.whole) == (number, True)
        station.told.clear()
        await station.says(MessagesReported(number, (message(1, "stays"), message(2, "by hand")), more=True))
        assert await listed(client, state="missing") == {}
        await station.says(MessagesReported(number, (message(77, "its own\x00"),)))
        assert await listed(client) == {1: "shown", 2: "shown", 3: "missing", 4: "missing", 77: "shown"}
        its_own = (await client.get("/stations/CP-7/display-messages/77")).json()
        assert (its_own["contents"][0]["text"], its_own["asked_at"], its_own["actor"]) == ("its own\ufffd", None, "")
        changed = (await client.get("/stations/CP-7/display-messages/2")).json()
        assert (changed["contents"][0]["text"], changed["seen_at"] is not None) == ("by hand", True)
        told = {(each.number, each.state) for each in station.heard(DisplayMessageChanged)}
        assert told == {(2, "shown"), (77, "shown"), (3, "missing"), (4, "missing")}

    play(story)


def test_a_report_of_some_says_nothing_of_the_others(play):
    async def story(client: Api, station: Station) -> None:
        await shown(client, "a")
        await shown(client, "b", priority="InFront")
        station.now = datetime.now(UTC)
        number = await asks_what_it_has(client, priority="InFront", state="Charging", numbers=[2])
        [question] = asked(client, ReportMessages)
        assert (question.numbers, question.priority, question.state) == (
            (2,),
            MessagePriority.IN_FRONT,
            MessageState.CHARGING,
        )
        await station.says(MessagesReported(number, (message(2),)))
        assert await listed(client) == {1: "shown", 2: "shown"}

    play(story)


def test_a_report_that_nobody_asked_for_changes_nothing(play):
    async def story(client: Api, station: Station) -> None:
        await shown(client)
        await station.says(MessagesReported(5, (message(8),)))
        await asks_what_it_has(client)
        await station.says(MessagesReported(-1, ()))
        assert await listed(client) == {1: "shown"}

    play(story)


def test_one_asked_for_after_the_report_was_is_not_missing(play):
    async def story(client: Api, station: Station) -> None:
        number = await asks_what_it_has(client)
        await shown(client)
        station.now = datetime.now(UTC)
        await station.says(MessagesReported(number, ()))
        assert await listed(client) == {1: "shown"}

    play(story)


def test_messages_end_with_their_time_and_their_transaction(play):
    async def story(client: Api, station: Station) -> None:
        station.now = datetime.now(UTC)
        await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
        soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        await shown(client, "while it charges", transaction_id=TX)
        await shown(client, "for a while", ends_at=soon)
        await shown(client, "for ever")
        assert asked(client, ShowMessage)[0].message.transaction_id == TX
        await end_what_is_over(Context(client.database, client.network, datetime.now(UTC), Work()))
        assert await listed(client) == {1: "shown", 2: "shown", 3: "shown"}
        await station.tells(Phase.ENDED, TX, 60, 2000)
        later = datetime.now(UTC) + timedelta(minutes=6)
        await end_what_is_over(Context(client.database, client.network, later, Work()))
        assert await listed(client) == {1: "expired", 2: "expired", 3: "shown"}
        says(client, ShowMessage=ACCEPTED)
        late = await client.client.post(
            "/stations/CP-7/display-messages", json={"contents": [{"text": "x"}], "transaction_id": TX}
        )
        assert (late.status_code, "is over" in late.json()["detail"]) == (409, True)
        after = datetime.now(UTC) + timedelta(days=500)
        await end_what_is_over(Context(client.database, client.network, after, Work()))
        assert await listed(client) == {3: "shown"}

    play(story)


def test_the_list_comes_page_by_page(play):
    async def story(client: Api, _: Station) -> None:
        for number in range(5):
            await shown(client, f"text {number}")
        seen: list[int] = []
        after: dict[str, str] = {}
        while True:
            page = (await client.get("/display-messages", limit=2, station_id="CP-7", **after)).json()
            seen += [each["number"] for each in page["items"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert sorted(seen) == [1, 2, 3, 4, 5]

    play(story)


def test_who_may_only_look_shows_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        body = {"contents": [{"text": "x"}]}
        assert (await client.client.post("/stations/CP-7/display-messages", json=body)).status_code == 403
        assert (await client.client.post("/stations/CP-7/display-messages-report", json={})).status_code == 403
        assert (await client.get("/display-messages")).status_code == 200

    play(story)


# ---- rules


def known(number: int, state: State = State.SHOWN, **more: Any) -> Message:
    return Message(CP, message(number), state, NOW, asked_at=NOW - timedelta(hours=1), **more)


def test_a_station_that_tells_too_many_is_heard_in_part():
    question = Question(1, NOW, whole=True)
    told = MessagesReported(1, tuple(message(number) for number in range(rules.MOST_MESSAGES + 50)))
    assert len(rules.reconciled({}, question, told, CP, NOW)) == rules.MOST_MESSAGES
    full = {number: known(number, State.CLEARED) for number in range(rules.MOST_MESSAGES)}
    assert rules.reconciled(full, question, MessagesReported(1, (message(1_000_000),)), CP, NOW) == []
    with pytest.raises(Conflict, match="clear some"):
        rules.free_number(full.keys())


def test_the_same_message_told_twice_is_one_and_the_last_counts():
    told = MessagesReported(1, (message(3, "a"), message(3, "b")))
    [after] = rules.reconciled({}, Question(1, NOW, whole=False), told, CP, NOW)
    assert after.what.contents == (Content("b"),)


def test_one_that_was_over_and_is_told_is_there_again():
    told = MessagesReported(1, (message(3),))
    [after] = rules.reconciled({3: known(3, State.CLEARED)}, Question(1, NOW, whole=True), told, CP, NOW)
    assert after.state is State.SHOWN


def test_what_a_station_tells_is_bounded():
    wild = DisplayMessage(
        1,
        MessagePriority.IN_FRONT,
        tuple(Content("x" * 5000, MessageFormat.HTML, "l" * 99) for _ in range(50)),
        transaction_id=TransactionId("t" * 500),
        screen=Screen("c" * 500, "i" * 500),
    )
    tame = rules.bounded(wild)
    assert len(tame.contents) == rules.MOST_LANGUAGES
    assert len(tame.contents[0].text) == rules.LONGEST_TEXT
    assert len(tame.transaction_id or "") == 64
    assert tame.screen == Screen("c" * 50, "i" * 50)


def test_a_message_without_a_text_is_none():
    with pytest.raises(Invalid):
        rules.check(DisplayMessage(1, MessagePriority.IN_FRONT, ()), NOW)
