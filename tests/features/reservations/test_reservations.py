"""Reservations, over their routes, and what stations and time make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging_by_hand import CARD, Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import Accepted, Answer, CancelReservation, Command, Reserve
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import ReservationChanged
from voltloom.domain.ids import Place
from voltloom.domain.reports import LinkOpened, ReservationEnd, ReservationReported
from voltloom.domain.transaction import Phase
from voltloom.features.access import Role
from voltloom.features.feature import Context
from voltloom.features.reservations.service import settle_open
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")
OCCUPIED = Answer(Accepted.REJECTED, "Occupied")
Story = Callable[[Api, Station], Awaitable[None]]


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, kind: type[Command[Any]], answer: object) -> None:
    """What the station answers to such a command, from now on."""
    before = client.network.says
    client.network.says = lambda station_id, command: (
        answer if isinstance(command, kind) else before(station_id, command) if before else Unreachable("silent")
    )


def asked(client: Api) -> list[Reserve]:
    return [command for _, command in client.network.asked if isinstance(command, Reserve)]


def soon(minutes: float = 30) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


async def reserved(client: Api, **values: object) -> dict:
    says(client, Reserve, ACCEPTED)
    body = {"token": {"value": CARD.value, "kind": CARD.kind.value}, "expires_at": soon(), "evse": 1} | values
    made = await client.client.post("/stations/CP-7/reservations", json=body)
    assert made.status_code == 201, made.text
    return made.json()["reservation"]


async def state(client: Api, number: int) -> str:
    return (await client.get(f"/reservations/{number}")).json()["state"]


async def time_goes_by(client: Api, until: datetime | None = None) -> None:
    await settle_open(Context(client.database, client.network, until or datetime.now(UTC), Work()))


def test_a_place_is_kept_and_given_up_again(play):
    async def story(client: Api, _: Station) -> None:
        made = await reserved(client)
        assert (made["state"], made["said"], made["evse"], made["token"]) == ("active", "Accepted", 1, CARD.value)
        [command] = asked(client)
        assert (command.reservation_id, command.place, command.token) == (made["id"], Place(1), CARD)
        says(client, CancelReservation, ACCEPTED)
        ended = await client.client.post(f"/reservations/{made['id']}/cancel")
        assert ended.json()["reservation"]["state"] == "cancelled"
        again = await client.client.post(f"/reservations/{made['id']}/cancel")
        assert (again.status_code, "is over: cancelled" in again.json()["detail"]) == (409, True)

    play(story)


def test_a_station_that_refuses_is_an_answer(play):
    async def story(client: Api, _: Station) -> None:
        says(client, Reserve, OCCUPIED)
        body = {"token": {"value": "A"}, "expires_at": soon()}
        answer = (await client.client.post("/stations/CP-7/reservations", json=body)).json()
        assert (answer["reservation"]["state"], answer["reservation"]["said"]) == ("refused", "Occupied")
        assert answer["answer"]["outcome"] == "rejected"

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"), [(Unreachable("away"), 409, "refused"), (TimedOut("?"), 504, "asked")]
)
def test_one_that_was_not_heard_to_answer_may_hold(play, error: Exception, status: int, left: str):
    async def story(client: Api, _: Station) -> None:
        says(client, Reserve, error)
        body = {"token": {"value": "A"}, "expires_at": soon()}
        assert (await client.client.post("/stations/CP-7/reservations", json=body)).status_code == status
        [kept] = (await client.get("/reservations", station_id="CP-7")).json()["items"]
        assert kept["state"] == left

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"expires_at": soon(0.2)}, "at least a minute"),
        ({"expires_at": soon(60 * 24 * 40)}, "at most 30 days"),
        ({"evse": 1, "connector_type": "cCCS2"}, "not both"),
        ({"expires_at": "2030-01-01T00:00:00"}, "timezone"),
        ({"token": {"value": ""}}, "at least 1 character"),
    ],
)
def test_what_cannot_be_is_refused_before_the_station_is_asked(play, wrong: dict[str, object], why: str):
    async def story(client: Api, _: Station) -> None:
        body = {"token": {"value": "A"}, "expires_at": soon()} | wrong
        refused = await client.client.post("/stations/CP-7/reservations", json=body)
        assert refused.status_code in (400, 422), refused.text
        assert why in refused.text
        assert not [each for each in client.network.asked if isinstance(each, Reserve)]
        assert (
            await client.client.post(
                "/stations/CP-8/reservations", json={"token": {"value": "A"}, "expires_at": soon()}
            )
        ).status_code == 404

    play(story)


@pytest.mark.parametrize(("end", "left"), [(end, end.name.lower()) for end in ReservationEnd])
def test_a_station_tells_that_it_is_over(play, end: ReservationEnd, left: str):
    async def story(client: Api, station: Station) -> None:
        made = await reserved(client)
        await station.says(ReservationReported(made["id"], end))
        assert await state(client, made["id"]) == left
        assert [each.state for each in station.heard(ReservationChanged)] == [left]
        await station.says(ReservationReported(12345, end))

    play(story)


def test_a_transaction_that_names_it_has_used_it(play):
    async def story(client: Api, station: Station) -> None:
        made = await reserved(client)
        station.now = datetime.now(UTC)
        await station.tells(Phase.STARTED, "b3b5f2a4-4ef2-41d3", 0, 1000, reservation_id=made["id"], token=CARD)
        await time_goes_by(client)
        used = (await client.get(f"/reservations/{made['id']}")).json()
        assert (used["state"], used["transaction_id"]) == ("used", "b3b5f2a4-4ef2-41d3")

    play(story)


def test_one_whose_time_is_over_has_expired_whether_or_not_anybody_tells(play):
    async def story(client: Api, _: Station) -> None:
        made, later = await reserved(client), await reserved(client, expires_at=soon(120))
        await time_goes_by(client, datetime.now(UTC) + timedelta(hours=1))
        assert (await state(client, made["id"]), await state(client, later["id"])) == ("expired", "active")
        active = (await client.get("/reservations", state="active")).json()["items"]
        assert [each["id"] for each in active] == [later["id"]]

    play(story)


def test_the_latest_come_first_page_by_page(play):
    async def story(client: Api, _: Station) -> None:
        made = [(await reserved(client))["id"] for _ in range(5)]
        seen: list[int] = []
        after = None
        while True:
            page = (await client.get("/reservations", limit=2, **({"after": after} if after else {}))).json()
            seen += [each["id"] for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(seen) == sorted(made)
        assert len(seen) == len(set(seen))

    play(story)


def test_who_may_only_look_reserves_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        body = {"token": {"value": "A"}, "expires_at": soon()}
        assert (await client.client.post("/stations/CP-7/reservations", json=body)).status_code == 403
        assert (await client.get("/reservations")).status_code == 200

    play(story)
