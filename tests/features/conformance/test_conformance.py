"""Mistakes are told apart, counted once each, and come to a score. On both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations_by_hand import CONFIG, CP, NOW, Caller, connect
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReported
from voltloom.domain.station import Hardware
from voltloom.features import stations
from voltloom.features.conformance import rules, service, store
from voltloom.features.conformance.rules import Found, Mistake, Seen, mistake_in, score
from voltloom.features.feature import Context
from voltloom.features.stations import NewStation
from voltloom.infra.archive import ADD_EXCHANGE
from voltloom.infra.database import Database, Work, open_database
from voltloom.infra.migrations import migrate

ERROR = '[4,"1","{}","",{{}}]'


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (Seen(True, "Heartbeat", "{}", ""), None),
        (Seen(True, "Heartbeat", "{}", "The name was cut."), Found(Mistake.MENDED, "The name was cut.")),
        (
            Seen(
                True,
                "StopTransaction",
                ERROR.format("TypeConstraintViolation"),
                'transactionId is "7", which is no integer',
            ),
            Found(Mistake.SCHEMA, "transactionId is no integer"),
        ),
        (
            Seen(True, "Reset", ERROR.format("NotSupported"), "Reset is for a station to hear, not to say"),
            Found(Mistake.WRONG_DIRECTION, "Reset is for a station to hear, not to say"),
        ),
        (
            Seen(True, "Dance", ERROR.format("NotImplemented"), "OCPP 1.6 has no action 'Dance'"),
            Found(Mistake.UNKNOWN_ACTION, "OCPP 1.6 has no action 'Dance'"),
        ),
        (
            Seen(True, "MeterValues", ERROR.format("SecurityError"), "The station's boot has not been accepted."),
            Found(Mistake.TOO_EARLY, "MeterValues: before its boot was accepted"),
        ),
        (Seen(True, "MeterValues", ERROR.format("InternalError"), "A mistake of ours; see 1."), None),
        (Seen(True, "", ERROR.format("FormatViolation"), "no JSON"), Found(Mistake.UNREADABLE, "no JSON")),
        (Seen(False, "Reset", '[3,"1",{"status":"Accepted"}]', ""), None),
        (
            Seen(False, "Reset", ERROR.format("NotImplemented"), "…"),
            Found(Mistake.NOT_IMPLEMENTED, "Reset: NotImplemented"),
        ),
        (
            Seen(False, "Reset", ERROR.format("InternalError"), "…"),
            Found(Mistake.FAILED, "Reset: answered with InternalError"),
        ),
        (Seen(False, "Reset", "", "CP-7 did not answer"), Found(Mistake.SILENT, "Reset: not answered")),
        (
            Seen(False, "Reset", '[3,"1",{}]', "Reset: the payload has no status"),
            Found(Mistake.BAD_ANSWER, "Reset: the payload has no status"),
        ),
    ],
)
def test_a_mistake_is_told_from_another(seen: Seen, found: Found | None):
    assert mistake_in(seen) == found


@given(st.booleans(), st.text(max_size=60), st.text(max_size=200), st.text(max_size=800))
def test_whatever_is_in_the_log_can_be_counted(from_station: bool, action: str, answer: str, trouble: str):
    found = mistake_in(Seen(from_station, action, answer, trouble))
    if found is not None:
        assert len(found.rule) <= rules.LONGEST_RULE
        assert found.rule.isprintable()


def test_the_same_mistake_is_the_same_rule_whatever_its_value():
    said = (f'meterValue[{n}].timestamp is "{n * 7777}", which is no date' for n in range(3))
    assert {mistake_in(Seen(True, "MeterValues", "{}", each)) for each in said} == {
        Found(Mistake.MENDED, "meterValue[].timestamp is no date")
    }


@given(st.integers(0, 10**9), st.dictionaries(st.sampled_from(Mistake), st.integers(0, 10**9)))
def test_a_score_is_between_none_and_a_hundred(messages: int, counts: dict[Mistake, int]):
    found = score(messages, counts)
    assert (found is None) == (messages == 0)
    assert found is None or 0 <= found <= 100


def test_a_mistake_takes_its_weight_of_a_message():
    assert score(1_000, {}) == 100
    assert score(1_000, {Mistake.SCHEMA: 10}) == 99
    assert score(1_000, {Mistake.MENDED: 10, Mistake.NOT_IMPLEMENTED: 500}) == 99.75
    assert set(rules.WEIGHTS) == set(Mistake), "every mistake has a weight"


# ---- counting


class House:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def heard(self, *exchanges: Seen, station_id: StationId = CP) -> None:
        work = Work()
        for seen in exchanges:
            work.write(
                ADD_EXCHANGE,
                station_id,
                NOW,
                seen.from_station,
                "ocpp1.6",
                "m1",
                seen.action,
                "[2]",
                seen.answer,
                1,
                seen.trouble,
            )
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.database.commit(
            work, lambda error: committed.set_result(None) if error is None else committed.set_exception(error), "x"
        )
        await committed

    async def count(self) -> None:
        ctx = Context(self.database, Caller(self.database).stations, datetime.now(UTC), Work())
        await service.count(ctx, lambda protocol, action, frame: "no answer" if "Perhaps" in frame else "")

    async def boots(self, firmware: str) -> None:
        await (await connect(self.database)).says(BootReported(Hardware("Acme", "One", firmware=firmware)))


def played(database_url: str, story: Callable[[House], Awaitable[None]]) -> None:
    async def play() -> None:
        database = await open_database(database_url)
        try:
            await migrate(database)
            await stations.add_station(Caller(database), CONFIG, NewStation(CP))
            house = House(database)
            await house.boots("1.0")
            await house.count()
            await story(house)
        finally:
            await database.close()

    asyncio.run(play())


FINE = Seen(True, "Heartbeat", "{}", "")
WRONG = Seen(True, "Dance", ERROR.format("NotImplemented"), "no action 'Dance'")


def test_each_message_counts_once_for_the_firmware_that_said_it(database_url: str):
    async def story(house: House) -> None:
        await house.heard(FINE, FINE, WRONG, WRONG)
        await house.count()
        await house.count()
        await house.boots("2.0")
        await house.heard(FINE, Seen(False, "Reset", '[3,"1",{"status":"Perhaps"}]', ""))
        await house.count()
        tallies = await house.database.read(lambda connection: store.read_tallies(connection, "Acme", "", ""))
        assert [(each.make.firmware, each.messages) for each in tallies] == [("1.0", 4), ("2.0", 2)]
        evidence = await house.database.read(lambda connection: store.read_evidence(connection, station_id=CP))
        assert [(each.make.firmware, each.mistake, each.count, each.message_id) for each in evidence] == [
            ("1.0", Mistake.UNKNOWN_ACTION, 2, "m1"),
            ("2.0", Mistake.BAD_ANSWER, 1, "m1"),
        ]
        only = await house.database.read(lambda connection: store.read_evidence(connection, firmware="2.0"))
        assert [each.mistake for each in only] == [Mistake.BAD_ANSWER]

    played(database_url, story)


def test_a_hostile_station_fills_no_table(database_url: str, monkeypatch: pytest.MonkeyPatch):
    async def story(house: House) -> None:
        monkeypatch.setattr(service, "MOST_RULES", 5)
        words = ("".join(chr(65 + int(digit)) for digit in f"{number:03}") for number in range(40))
        await house.heard(*(Seen(True, "Dance", ERROR.format("NotImplemented"), f"no {word}") for word in words))
        await house.count()
        evidence = await house.database.read(lambda connection: store.read_evidence(connection, station_id=CP))
        assert len(evidence) == 6
        assert sum(each.count for each in evidence) == 40
        assert evidence[0].rule == ""

    played(database_url, story)


def test_stations_long_silent_are_forgotten(database_url: str):
    async def story(house: House) -> None:
        await house.heard(WRONG)
        await house.count()
        later = NOW + service.KEPT + timedelta(days=1)
        await service.forget_old(Context(house.database, Caller(house.database).stations, later, Work()))
        assert await house.database.read(lambda connection: store.read_evidence(connection)) == []
        assert await house.database.read(lambda connection: store.messages_of(connection, CP)) == 0

    played(database_url, story)
