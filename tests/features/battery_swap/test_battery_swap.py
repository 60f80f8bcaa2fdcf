"""Battery swaps, over their routes, and what stations tell of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.commands import Accepted, Answer, RequestBatterySwap
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.reports import BatterySwapReported, LinkOpened
from voltloom.domain.token import IdToken, TokenKind
from voltloom.features.access import Role
from voltloom.features.battery_swap.rules import State, state_after
from voltloom.features.battery_swap.service import prune
from voltloom.features.feature import Context
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

YES = Answer(Accepted.ACCEPTED, "Accepted")
Story = Callable[[Api, Station], Awaitable[None]]
PATH = "/stations/CP-7/battery-swaps"
DRIVER = IdToken("04A1B2", TokenKind.ISO14443)
EMPTY, FULL = Battery(1, "B-1", 7.5, 91.0), Battery(2, "B-2", 98.0, 88.0)


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                says(client, YES)
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, answer: object) -> None:
    client.network.says = lambda station_id, command: (
        answer if isinstance(command, RequestBatterySwap) else Unreachable("silent")
    )


async def ask(client: Api, status: int = 201) -> Any:
    body = {"token": {"value": DRIVER.value, "kind": DRIVER.kind.value}}
    answer = await client.client.post(PATH, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def one(client: Api, number: int) -> dict[str, Any]:
    return (await client.get(f"{PATH}/{number}")).json()


def step(number: int, what: SwapStep, *batteries: Battery) -> BatterySwapReported:
    return BatterySwapReported(number, what, DRIVER, batteries)


def test_a_swap_is_asked_for_and_told_of_battery_by_battery(play):
    async def story(client: Api, station: Station) -> None:
        made = (await ask(client))["swap"]
        assert (made["state"], made["token"], made["said"]) == ("accepted", DRIVER.value, "Accepted")
        [(_, command)] = client.network.asked
        assert command == RequestBatterySwap(made["request_id"], DRIVER)
        station.now = datetime.now(UTC)
        await station.says(step(made["request_id"], SwapStep.IN, EMPTY))
        assert (await one(client, made["request_id"]))["state"] == "in"
        await station.says(step(made["request_id"], SwapStep.OUT, FULL), timedelta(minutes=1))
        await station.says(step(made["request_id"], SwapStep.OUT, FULL), timedelta(minutes=1))
        found = await one(client, made["request_id"])
        assert found["state"] == "done"
        assert [
            (each["step"], each["serial"], each["soc_percent"], each["soh_percent"]) for each in found["moves"]
        ] == [
            ("BatteryIn", "B-1", 7.5, 91.0),
            ("BatteryOut", "B-2", 98.0, 88.0),
        ]
        assert (await client.get(f"{PATH}/{made['request_id'] - 1}")).status_code == 404

    play(story)


@pytest.mark.parametrize(
    ("answer", "status", "left"),
    [
        (Answer(Accepted.REJECTED, "Rejected"), 201, "refused"),
        (Unreachable("away"), 409, "refused"),
        (TimedOut("?"), 504, "asked"),
    ],
)
def test_what_becomes_of_one_that_is_not_let(play, answer: object, status: int, left: str):
    async def story(client: Api, _: Station) -> None:
        says(client, answer)
        await ask(client, status)
        [found] = (await client.get("/battery-swaps")).json()["items"]
        assert found["state"] == left

    play(story)


def test_a_station_lets_people_swap_by_itself(play):
    async def story(client: Api, station: Station) -> None:
        await station.says(step(1, SwapStep.IN, EMPTY))
        await station.says(step(1, SwapStep.OUT_TIMEOUT, FULL))
        found = await one(client, 1)
        assert (found["state"], found["actor"], len(found["moves"])) == ("timed_out", "", 2)

    play(story)


def test_a_number_that_a_station_uses_again_is_another_swap(play):
    async def story(client: Api, station: Station) -> None:
        await station.says(step(1, SwapStep.IN, EMPTY))
        await station.says(step(1, SwapStep.OUT, FULL))
        await station.says(step(1, SwapStep.IN, FULL), timedelta(hours=3))
        found = await one(client, 1)
        assert (found["state"], [each["serial"] for each in found["moves"]]) == ("in", ["B-2"])
        by_serial = (await client.get("/battery-swaps", serial="B-1")).json()["items"]
        assert [each["request_id"] for each in by_serial] == [1]
        assert (await client.get("/battery-swaps", serial="B-9")).json()["items"] == []

    play(story)


@pytest.mark.parametrize("steps", list(permutations([SwapStep.IN, SwapStep.OUT])))
def test_steps_out_of_order_come_to_the_same(steps: tuple[SwapStep, ...]):
    state: State | None = None
    for each in steps:
        state = state_after(state, each)
    assert state is State.DONE


def test_texts_of_stations_are_plain_and_what_is_old_is_forgotten(play):
    async def story(client: Api, station: Station) -> None:
        odd = Battery(1, "B\x00\x1b", 1, 1, None, "x\x00" * 400)
        await station.says(step(-5, SwapStep.IN, odd))
        found = await one(client, -5)
        assert "\x00" not in found["moves"][0]["serial"] + found["moves"][0]["vendor_info"]
        await prune(Context(client.database, client.network, station.now + timedelta(days=731), Work()))
        assert (await client.get("/battery-swaps")).json()["items"] == []

    play(story)


def test_the_latest_come_first_page_by_page(play):
    async def story(client: Api, station: Station) -> None:
        for number in range(1, 6):
            await station.says(step(number, SwapStep.IN, EMPTY), timedelta(seconds=number // 2))
        seen: list[int] = []
        after = None
        while True:
            page = (await client.get("/battery-swaps", limit=2, **({"after": after} if after else {}))).json()
            seen += [each["request_id"] for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(seen) == [1, 2, 3, 4, 5]

    play(story)


def test_who_may_only_look_lets_nobody_swap(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        await ask(client, 403)
        assert (await client.get("/battery-swaps")).status_code == 200

    play(story)
