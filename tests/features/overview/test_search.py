"""Finding things."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import ADA, NOW
from voltloom.domain.reports import BootReported, LinkOpened
from voltloom.domain.station import Hardware
from voltloom.features.access import Actor, Role, Scope, add_person
from voltloom.features.overview.search import rank, search


@pytest.fixture
def play(fresh_database) -> Callable[..., None]:
    """A site, a station in it that charges, another station, a token and a person."""

    def played(story: Callable[[Station, Api, str], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database, charging_api(database) as client:
                station = await a_station(database)
                site = (await client.client.post("/sites", json={"name": "Lyon Harbour", "city": "Lyon"})).json()
                await client.client.patch("/stations/CP-7", json={"site_id": site["id"], "name": "Front door"})
                await client.client.post("/stations", json={"id": "CP-70", "name": "50% off_road"})
                await station.says(LinkOpened(NOW, "192.0.2.7", "ocpp1.6", 1, "n1"))
                await station.says(BootReported(Hardware("ABB", "Terra AC", "SN-4711", "1.2.3")))
                token = {"value": "DE-8AA-CA2B3C4D5-1", "kind": "eMAID", "holder": "Lyon fleet"}
                assert (await client.client.post("/tokens", json=token)).status_code == 201
                await add_person(database, ADA, "lyon@example.com", "Lyon Operator", Role.VIEWER, NOW)
                started = await station.starts()
                await story(station, client, started.transaction_id)

        asyncio.run(whole())

    return played


async def found(client: Api, q: str, **query: object) -> list[tuple[str, str]]:
    answer = await client.get("/search", q=q, **query)
    assert answer.status_code == 200, answer.text
    return [(hit["kind"], hit["title"]) for hit in answer.json()["items"]]


def test_the_best_comes_first(play):
    async def story(station: Station, client: Api, transaction_id: str) -> None:
        assert await found(client, "cp-7") == [("station", "Front door"), ("station", "50% off_road")]
        assert await found(client, "CP-70") == [("station", "50% off_road")]
        assert await found(client, "sn-47") == [("station", "Front door")]
        assert await found(client, "terra abb") == [("station", "Front door")]
        assert await found(client, "de-8aa") == [("token", "DE-8AA-CA2B3C4D5-1")]
        assert await found(client, transaction_id) == [("transaction", transaction_id)]
        assert await found(client, "lyon") == [
            ("site", "Lyon Harbour"),
            ("person", "Lyon Operator"),
            ("token", "DE-8AA-CA2B3C4D5-1"),
        ]

    play(story)


def test_signs_of_sql_are_letters(play):
    async def story(station: Station, client: Api, transaction_id: str) -> None:
        assert await found(client, "50%") == [("station", "50% off_road")]
        assert await found(client, "%") == [("station", "50% off_road")]
        assert await found(client, "__") == []
        assert await found(client, "' OR 1=1 --") == []

    play(story)


def test_only_so_many_of_a_kind_are_told(play):
    async def story(station: Station, client: Api, transaction_id: str) -> None:
        assert len(await found(client, "cp", limit=1)) == 1
        for query in ({"q": ""}, {"q": "   "}, {"q": "x" * 101}, {"q": "x", "limit": 51}):
            assert (await client.get("/search", **query)).status_code == 422

    play(story)


def test_nobody_finds_what_they_may_not_see(play):
    async def story(station: Station, client: Api, transaction_id: str) -> None:
        async def kinds(*scopes: Scope) -> set[str]:
            actor = Actor("api_key", "k", "k", frozenset(scopes))
            hits = await client.database.read(lambda connection: search(connection, actor, "lyon", 9))
            return {hit.kind.value for hit in hits}

        assert await kinds() == set()
        assert await kinds(Scope.SITES_READ) == {"site"}
        assert await kinds(Scope.TOKENS_READ, Scope.STATIONS_READ) == {"token"}
        client.role = Role.VIEWER
        assert ("person", "Lyon Operator") not in await found(client, "lyon")

    play(story)


@pytest.mark.parametrize(
    ("typed", "texts", "expected"),
    [
        ("CP-7", ("cp-7", "Front"), 0),
        ("front", ("cp-7", "Front"), 0),
        ("cp", ("CP-7", "Front"), 1),
        ("fro", ("CP-7", "Front door"), 2),
        ("doo", ("CP-7", "Front door"), 3),
        ("oor", ("CP-7", "Front door"), 4),
        ("x", (), 4),
    ],
)
def test_what_was_typed_ranks_by_where_it_is(typed: str, texts: tuple[str, ...], expected: int):
    assert rank(typed, texts) == expected
