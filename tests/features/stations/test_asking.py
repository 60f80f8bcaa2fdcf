import asyncio
import json

import pytest
from sqlalchemy import select

from stations_by_hand import CP, Caller, connect, registered
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeSettings,
    GetSettings,
    NewValue,
    RawAnswer,
    RawCall,
    RequestStop,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
)
from voltloom.domain.errors import Conflict, NotFound, NotInThisVersion, StationError, TimedOut, Unreachable
from voltloom.domain.ids import JsonText, StationId, TransactionId
from voltloom.domain.reports import SettingsReported
from voltloom.domain.station import Attribute, Registration, Setting, SettingName
from voltloom.features.access import audit
from voltloom.features.stations import ask, store
from voltloom.infra.database import Database

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")
INTERVAL = SettingName("OCPPCommCtrlr", "HeartbeatInterval")


async def commands(database: Database):
    return await database.read(lambda connection: store.find_commands(connection, CP, "", None, 100))


def run(fresh_database, story, **values):
    async def whole():
        async with fresh_database() as database:
            await story(await registered(database, **values))

    asyncio.run(whole())


def test_what_the_station_says_is_the_answer_and_who_asked_is_kept(fresh_database):
    async def story(caller: Caller):
        caller.stations.says = lambda *_: ACCEPTED
        assert await ask(caller, CP, Reset(ResetKind.ON_IDLE)) is ACCEPTED
        (row,) = await commands(caller.database)
        assert (row["actor"], row["command"], row["outcome"]) == ("Ada", "reset", "accepted")
        assert json.loads(row["body"]) == {"kind": "OnIdle", "evse": None}
        assert json.loads(row["answer"])["status"] == "Accepted"
        entries = await caller.database.read(lambda c: audit.list_entries(c, before=None, limit=10))
        assert (entries[0].action, entries[0].target, entries[0].outcome) == ("station.reset", CP, "accepted")

    run(fresh_database, story)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unreachable("gone"), "not connected"),
        (TimedOut("slow"), "timed out"),
        (StationError("no", "NotSupported"), "error NotSupported"),
        (NotInThisVersion("1.6 has none"), "not in the station's version"),
    ],
)
def test_what_went_wrong_is_raised_and_kept(fresh_database, error: Exception, outcome: str):
    async def story(caller: Caller):
        caller.stations.says = lambda *_: error
        with pytest.raises(type(error)):
            await ask(caller, CP, Reset(ResetKind.IMMEDIATE))
        (row,) = await commands(caller.database)
        assert row["outcome"] == outcome
        assert row["answer"] == "null"

    run(fresh_database, story)


def test_a_station_that_does_not_exist_is_not_asked(fresh_database):
    async def story(caller: Caller):
        caller.stations.says = lambda *_: ACCEPTED
        with pytest.raises(NotFound):
            await ask(caller, StationId("CP-9"), Reset(ResetKind.ON_IDLE))
        assert caller.stations.asked == []

    run(fresh_database, story)


def test_a_pending_station_stops_nothing(fresh_database):
    async def story(caller: Caller):
        caller.stations.says = lambda *_: ACCEPTED
        with pytest.raises(Conflict, match="pending"):
            await ask(caller, CP, RequestStop(TransactionId("1")))
        assert caller.stations.asked == []

    run(fresh_database, story, policy=Registration.PENDING)


def test_the_stations_password_is_not_changed_behind_our_back(fresh_database):
    async def story(caller: Caller):
        for name in (SettingName("OCPP16", "AuthorizationKey"), SettingName("SecurityCtrlr", "BasicAuthPassword")):
            with pytest.raises(Conflict, match="password"):
                await ask(caller, CP, ChangeSettings((NewValue(name, "x" * 20),)))
        assert caller.stations.asked == []

    run(fresh_database, story)


def test_secrets_in_commands_and_answers_are_not_kept(fresh_database):
    async def story(caller: Caller):
        hidden = Setting(SettingName("OCPP16", "WifiPassword"), "hunter2", Attribute.ACTUAL)
        caller.stations.says = lambda *_: (SettingAnswer(hidden.name, SettingStatus.ACCEPTED, "Accepted", hidden),)
        (answer,) = await ask(caller, CP, GetSettings(((hidden.name, Attribute.ACTUAL),)))
        assert answer.setting == hidden
        caller.stations.says = lambda *_: (SettingAnswer(hidden.name, SettingStatus.ACCEPTED, "Accepted"),)
        await ask(caller, CP, ChangeSettings((NewValue(hidden.name, "hunter2"),)))
        caller.stations.says = lambda *_: RawAnswer(JsonText('{"key":"WifiPassword","value":"hunter2"}'))
        await ask(caller, CP, RawCall("ChangeConfiguration", JsonText('{"key":"WifiPassword","value":"hunter2"}')))
        rows = await commands(caller.database)
        assert len(rows) == 3
        assert "hunter2" not in str([dict(row) for row in rows])
        found = await caller.database.read(lambda c: c.execute(select(store.settings)).mappings().all())
        assert [row["value"] for row in found] == [None]
        log = await caller.database.read(lambda c: audit.list_entries(c, before=None, limit=10))
        assert "hunter2" not in str(log)

    run(fresh_database, story)


def test_what_a_station_tells_of_its_settings_is_kept(fresh_database):
    async def story(caller: Caller):
        async def value() -> str | None:
            found = await caller.database.read(lambda c: c.execute(select(store.settings)).mappings().all())
            return found[0]["value"] if found else None

        session = await connect(caller.database)
        await session.says(SettingsReported(1, 0, more=False, settings=(Setting(INTERVAL, "60"),)))
        read = SettingAnswer(INTERVAL, SettingStatus.ACCEPTED, "Accepted", Setting(INTERVAL, "90"))
        caller.stations.says = lambda *_: (read,)
        await ask(caller, CP, GetSettings(((INTERVAL, Attribute.ACTUAL),)))
        assert await value() == "90"
        caller.stations.says = lambda *_: (SettingAnswer(INTERVAL, SettingStatus.ACCEPTED, "Accepted"),)
        await ask(caller, CP, ChangeSettings((NewValue(INTERVAL, "120"),)))
        assert await value() == "120"
        caller.stations.says = lambda *_: (SettingAnswer(INTERVAL, SettingStatus.REJECTED, "Rejected"),)
        await ask(caller, CP, ChangeSettings((NewValue(INTERVAL, "5"),)))
        assert await value() == "120"
        assert [row["outcome"] for row in await commands(caller.database)] == ["1 rejected", "1 accepted", "1 accepted"]

    run(fresh_database, story)


def test_an_enormous_answer_is_kept_in_part(fresh_database):
    async def story(caller: Caller):
        caller.stations.says = lambda *_: RawAnswer(JsonText(json.dumps({"a\0": "\0" * 200_000})))
        await ask(caller, CP, RawCall("GetLog"))
        (row,) = await commands(caller.database)
        assert row["command"] == "ocpp:GetLog"
        assert len(row["answer"]) < 30_000
        assert "cut" in json.loads(row["answer"])

    run(fresh_database, story)
