import asyncio
from datetime import timedelta

import pytest

from stations_by_hand import CONFIG, NOW, Caller, connect
from voltloom.domain.errors import Conflict, Invalid, NotFound
from voltloom.domain.events import StationRefused
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReported, LinkOpened
from voltloom.domain.station import Hardware, Registration
from voltloom.features.stations import (
    Inbox,
    Knock,
    KnockReason,
    NewStation,
    adopt,
    change_station,
    credentials_of,
    dismiss,
    rotate_password,
    store,
)
from voltloom.features.stations.door import MOST_KNOCKS, MOST_KNOCKS_OF_ADDRESS, flush_door
from voltloom.infra.database import Database

STRANGER = StationId("NEW-1")


def knock(identity: str = STRANGER, minute: int = 0, reason: KnockReason = KnockReason.UNKNOWN_ID, **more) -> Knock:
    return Knock(
        **{"identity": identity, "address": "192.0.2.9", "at": NOW + timedelta(minutes=minute), "reason": reason} | more
    )


async def flush(database: Database, inbox: Inbox) -> None:
    await flush_door(database, inbox, credentials_of(database, CONFIG.passwords), NOW)


async def knocked(database: Database, *knocks: Knock):
    """The inbox after these knocks, the latest first."""
    inbox = Inbox()
    for each in knocks:
        inbox.note(each)
    await flush(database, inbox)
    return await listed(database)


async def listed(database: Database):
    return await database.read(
        lambda connection: store.find_knocks(connection, reason="", address="", words="", before=None, limit=5_000)
    )


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await story(database)

    asyncio.run(whole())


def test_every_reason_says_what_happened_and_what_to_do():
    for reason in KnockReason:
        assert len(reason.sentence) > 40
        assert reason.sentence.endswith(".")


def test_knocks_of_the_same_kind_are_one_entry_with_a_count(fresh_database):
    async def story(database: Database):
        await knocked(database, knock(minute=0), knock(minute=1, user_agent="old"), knock(minute=2, user_agent="new"))
        (row,) = await knocked(database, knock(minute=9))
        assert (row["count"], row["first_at"], row["last_at"]) == (4, NOW, NOW + timedelta(minutes=9))
        rows = await knocked(database, knock(minute=10, reason=KnockReason.NO_SUBPROTOCOL))
        assert [row["reason"] for row in rows] == ["no_subprotocol", "unknown_id"]

    run(fresh_database, story)


def test_the_first_knock_is_told_and_then_one_an_hour(fresh_database, monkeypatch):
    async def story(database: Database):
        told: list[object] = []
        original = database.write

        def spying(change):
            def spied(connection, work):
                result = change(connection, work)
                told.extend(event for event in work.events if isinstance(event, StationRefused))
                return result

            return original(spied)

        monkeypatch.setattr(database, "write", spying)
        for minute in (0, 1, 30, 59, 121):
            await knocked(database, knock(minute=minute))
        assert [event.at for event in told] == [NOW, NOW + timedelta(minutes=121)]

    run(fresh_database, story)


def test_a_flood_is_bounded_in_memory_and_on_disk(fresh_database):
    async def story(database: Database):
        inbox = Inbox()
        for number in range(5_000):
            inbox.note(knock(f"X{number}", address=f"192.0.2.{number % 2}"))
        assert len(inbox.waiting) == 1_000
        assert inbox.dropped == 4_000
        await flush(database, inbox)
        assert inbox.waiting == {}
        assert len(await listed(database)) == 2 * MOST_KNOCKS_OF_ADDRESS
        for start in range(0, 3_000, 1_000):
            for number in range(start, start + 1_000):
                inbox.note(knock(f"Y{number}", minute=1, address=f"198.51.100.{number % 200}/{number % 50}"))
            await flush(database, inbox)
        assert len(await listed(database)) <= MOST_KNOCKS

    run(fresh_database, story)


def test_whatever_bytes_knock_it_is_kept_as_plain_text(fresh_database):
    async def story(database: Database):
        hostile = knock(
            "\0\x1b]0;x\x07" + "a" * 500, path="/\ud800" * 300, subprotocols=("x" * 99,) * 50, user_agent="\n"
        )
        (row,) = await knocked(database, hostile)
        assert len(row["identity"]) == 64
        assert "\0" not in row["identity"]
        assert len(row["subprotocols"]) <= 500

    run(fresh_database, story)


def test_an_unknown_station_is_adopted_in_one_call_and_can_come_in(fresh_database):
    async def story(database: Database):
        rows = await knocked(database, knock(), knock(reason=KnockReason.NO_SUBPROTOCOL))
        caller = Caller(database)
        new = NewStation("", name="Back yard", policy=Registration.PENDING)
        welcome = await adopt(caller, CONFIG, rows[0]["number"], new)
        assert welcome.station_id == STRANGER
        assert welcome.urls
        loaded = credentials_of(database, CONFIG.passwords)
        await loaded.load()
        assert welcome.password
        assert loaded.verify(loaded.get(STRANGER), welcome.password.encode())
        row = await database.read(lambda connection: store.get(connection, STRANGER))
        assert row is not None
        assert (row["name"], row["policy"]) == ("Back yard", "Pending")
        assert await listed(database) == []
        with pytest.raises(NotFound):
            await adopt(caller, CONFIG, rows[0]["number"], new)

    run(fresh_database, story)


def test_a_registered_station_that_is_adopted_is_enabled_and_gets_a_new_password(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        first = await adopt(
            caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation("", name="Yard")
        )
        await change_station(caller, STRANGER, {"enabled": False})
        (row,) = await knocked(database, knock(reason=KnockReason.WRONG_PASSWORD))
        assert (row["station_id"], row["station_name"]) == (STRANGER, "Yard")
        second = await adopt(caller, CONFIG, row["number"], NewStation("", name="ignored"))
        loaded = credentials_of(database, CONFIG.passwords)
        await loaded.load()
        credential = loaded.get(STRANGER)
        assert credential is not None
        assert credential.enabled
        assert loaded.verify(credential, (second.password or "").encode())
        assert not loaded.verify(credential, (first.password or "").encode())
        row = await database.read(lambda connection: store.get(connection, STRANGER))
        assert row is not None
        assert row["name"] == "Yard"

    run(fresh_database, story)


def test_adopting_a_disabled_station_enables_it_with_the_password_it_has(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        first = await adopt(caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation(""))
        await change_station(caller, STRANGER, {"enabled": False})
        (row,) = await knocked(database, knock(reason=KnockReason.DISABLED))
        assert (await adopt(caller, CONFIG, row["number"], NewStation(""))).password is None
        loaded = credentials_of(database, CONFIG.passwords)
        await loaded.load()
        credential = loaded.get(STRANGER)
        assert credential is not None
        assert credential.enabled
        assert loaded.verify(credential, (first.password or "").encode())

    run(fresh_database, story)


def test_adopting_a_registered_station_that_needs_something_else_says_what(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        await adopt(caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation(""))
        (row,) = await knocked(database, knock(reason=KnockReason.NO_SUBPROTOCOL))
        with pytest.raises(Conflict, match="Sec-WebSocket-Protocol"):
            await adopt(caller, CONFIG, row["number"], NewStation(""))
        assert len(await listed(database)) == 1

    run(fresh_database, story)


def test_who_knocks_in_the_name_of_a_connected_station_does_not_take_its_place(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        welcome = await adopt(caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation(""))
        await (await connect(database, STRANGER)).says(LinkOpened(NOW, "192.0.2.7", "ocpp1.6", 1, "n1"))
        (row,) = await knocked(database, knock(reason=KnockReason.WRONG_PASSWORD, address="203.0.113.66"))
        with pytest.raises(Conflict, match="somebody else"):
            await adopt(caller, CONFIG, row["number"], NewStation(""))
        loaded = credentials_of(database, CONFIG.passwords)
        await loaded.load()
        assert loaded.verify(loaded.get(STRANGER), (welcome.password or "").encode())

    run(fresh_database, story)


@pytest.mark.parametrize("identity", ["", "a b", "a:b", "/etc/passwd"])
def test_what_claims_no_possible_identity_cannot_be_adopted(fresh_database, identity: str):
    async def story(database: Database):
        (row,) = await knocked(database, knock(identity, reason=KnockReason.WRONG_PATH))
        with pytest.raises(Invalid):
            await adopt(Caller(database), CONFIG, row["number"], NewStation(""))
        assert len(await listed(database)) == 1

    run(fresh_database, story)


def test_what_is_dismissed_is_gone_until_it_knocks_again(fresh_database):
    async def story(database: Database):
        (row,) = await knocked(database, knock())
        await dismiss(Caller(database), row["number"])
        assert await listed(database) == []
        with pytest.raises(NotFound):
            await dismiss(Caller(database), row["number"])
        assert len(await knocked(database, knock(minute=5))) == 1

    run(fresh_database, story)


def test_a_replaced_password_ends_once_the_station_came_with_the_new_one(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        welcome = await adopt(caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation(""))
        fresh = CONFIG.passwords.hash(STRANGER, "the-new-password-1")

        def pend(connection, _):
            old = CONFIG.passwords.hash(STRANGER, welcome.password or "")
            store.change(connection, STRANGER, {"password_hash": fresh, "old_password_hash": old})

        await database.write(pend)
        loaded = credentials_of(database, CONFIG.passwords)
        await loaded.load()
        assert loaded.verify(loaded.get(STRANGER), (welcome.password or "").encode())
        assert loaded.verify(loaded.get(STRANGER), b"the-new-password-1")
        await flush_door(database, Inbox(), loaded, NOW)
        await loaded.refresh([STRANGER])
        assert not loaded.verify(loaded.get(STRANGER), (welcome.password or "").encode())
        assert loaded.verify(loaded.get(STRANGER), b"the-new-password-1")

    run(fresh_database, story)


def test_the_inbox_tells_what_is_known_of_the_station(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        await adopt(caller, CONFIG, (await knocked(database, knock()))[0]["number"], NewStation(""))
        await (await connect(database, STRANGER)).says(BootReported(Hardware("ABB", "Terra")))
        await rotate_password(caller, CONFIG, STRANGER)
        (row,) = await knocked(database, knock(reason=KnockReason.WRONG_PASSWORD))
        assert (row["station_vendor"], row["station_model"]) == ("ABB", "Terra")

    run(fresh_database, story)
