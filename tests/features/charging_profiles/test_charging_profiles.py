"""Charging profiles over their routes, and what stations, events and time make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging_by_hand import CARD, Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.charging import (
    AcNeeds,
    ChargingNeeds,
    ChargingProfile,
    EnergyTransfer,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Schedule,
)
from voltloom.domain.commands import (
    Accepted,
    AllowEnergyTransfer,
    Answer,
    ClearChargingProfiles,
    Command,
    CompositeAnswer,
    GetChargingProfiles,
    GetCompositeSchedule,
    RequestStart,
    SendAfrrSignal,
    SetChargingProfile,
    StartAnswer,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import StartedWithProfile, StationBooted, TransactionResumed
from voltloom.domain.ids import Place, StationId, TransactionId
from voltloom.domain.reports import (
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DynamicUpdateAsked,
    EvScheduleReported,
    LinkOpened,
    NeedsAnswer,
    PriorityChargingReported,
    SettingsReported,
)
from voltloom.domain.station import Setting, SettingName
from voltloom.domain.token import IdToken
from voltloom.domain.transaction import Phase
from voltloom.features.access import Role
from voltloom.features.charging_profiles.rules import MOST_LIMITS, MOST_REPORTED, is_as_sent
from voltloom.features.charging_profiles.service import after_boot, keep_started, prune, restore, settle_open
from voltloom.features.feature import Context
from voltloom.features.stations.asking import started_with_profile
from voltloom.features.transactions import REMOTE_START_FOR
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

YES, NO = Answer(Accepted.ACCEPTED, "Accepted"), Answer(Accepted.REJECTED, "Rejected")
Story = Callable[[Api, Station], Awaitable[None]]
CP = "CP-7"
PATH = f"/stations/{CP}/charging-profiles"
TX = "T-1"
FLAT = {"unit": "A", "periods": [{"start_s": 0, "limit": 16}]}
RELATIVE = {"purpose": "TxDefaultProfile", "kind": "Relative", "schedules": [FLAT]}


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected; a transaction T-1 at its EVSE 1."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC) - timedelta(minutes=1)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                await station.tells(Phase.STARTED, TX, 0, 1000, token=CARD)
                station.now = datetime.now(UTC)
                says(client, Command, YES)
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, kind: type[Command[Any]], answer: object) -> None:
    """What the station answers to such a command, from now on."""
    before = client.network.says
    client.network.says = lambda station_id, command: (
        answer if isinstance(command, kind) else before(station_id, command) if before else Unreachable("silent")
    )


def asked(client: Api, kind: type[Command[Any]]) -> list[Any]:
    return [command for _, command in client.network.asked if isinstance(command, kind)]


async def post(client: Api, path: str, body: object, status: int = 200) -> Any:
    answer = await client.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def install(client: Api, evse: int | None = None, status: int = 201, **profile: Any) -> Any:
    return await post(client, PATH, {"evse": evse, "profile": RELATIVE | profile}, status)


async def kept(client: Api, **query: Any) -> list[dict[str, Any]]:
    return (await client.get("/charging-profiles", **query)).json()["items"]


async def states(client: Api) -> list[tuple[int, str]]:
    return [(each["profile"]["id"], each["state"]) for each in reversed(await kept(client))]


async def time_goes_by(client: Api, until: datetime | None = None) -> None:
    ctx = Context(client.database, client.network, until or datetime.now(UTC), Work())
    await settle_open(ctx)
    await prune(ctx)


def told(
    profile_id: int, *, limit: float = 16, purpose: Purpose = Purpose.TX_DEFAULT, **fields: Any
) -> ChargingProfile:
    schedule = Schedule(RateUnit.AMPERES, (Period(0, Rates(limit)),))
    return ChargingProfile(profile_id, purpose, ProfileKind.RELATIVE, (schedule,), **fields)


def test_a_profile_is_installed_and_kept(play):
    async def story(client: Api, _: Station) -> None:
        made = (await install(client, 0, id=5, stack_level=2))["profile"]
        assert (made["state"], made["said"], made["evse"], made["source"]) == ("installed", "Accepted", 0, "CSO")
        assert asked(client, SetChargingProfile) == [SetChargingProfile(0, told(5, stack_level=2))]
        assert made == (await client.get(f"/charging-profiles/{made['number']}")).json()
        assert made["profile"]["schedules"][0]["periods"][0]["limit"] == 16
        assert (await client.get("/charging-profiles/99999")).status_code == 404

    play(story)


def test_one_for_a_transaction_goes_to_its_evse_by_the_name_that_the_station_knows(play):
    async def story(client: Api, _: Station) -> None:
        made = (await install(client, purpose="TxProfile", transaction_id=TX, id=5))["profile"]
        assert (made["evse"], made["transaction_id"]) == (1, TX)
        [command] = asked(client, SetChargingProfile)
        assert (command.evse, command.profile.transaction_id) == (1, TX)
        wrong = await install(client, 2, 422, purpose="TxProfile", transaction_id=TX)
        assert "is at EVSE 1, not 2" in wrong["detail"]
        await install(client, None, 404, purpose="TxProfile", transaction_id="T-9")

    play(story)


def test_it_ends_with_its_transaction(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, purpose="TxProfile", transaction_id=TX, id=5)
        await install(client, id=6)
        await time_goes_by(client)
        assert await states(client) == [(5, "installed"), (6, "installed")]
        await station.tells(Phase.ENDED, TX, 1, 2000)
        await time_goes_by(client)
        assert await states(client) == [(5, "ended"), (6, "installed")]
        over = await install(client, None, 409, purpose="TxProfile", transaction_id=TX)
        assert "is over" in over["detail"]

    play(story)


def test_one_that_is_over_is_told_as_ended_before_that_is_noted(play):
    async def story(client: Api, station: Station) -> None:
        for_it = (await install(client, purpose="TxProfile", transaction_id=TX, id=5))["profile"]["number"]
        await install(client, id=6)
        await station.tells(Phase.ENDED, TX, 1, 2000)
        assert await states(client) == [(5, "ended"), (6, "installed")]
        one = (await client.get(f"/charging-profiles/{for_it}")).json()
        over = (await client.get(f"/transactions/CP-7/{TX}")).json()["ended_at"]
        assert (one["state"], one["changed_at"]) == ("ended", over)
        assert [each["number"] for each in await kept(client, state="ended")] == [for_it]
        assert [each["profile"]["id"] for each in await kept(client, state="installed")] == [6]

    play(story)


def test_it_ends_when_it_is_no_longer_valid_and_is_forgotten_at_last(play):
    async def story(client: Api, _: Station) -> None:
        until = datetime.now(UTC) + timedelta(hours=1)
        await install(client, id=5, valid_to=until.isoformat())
        await time_goes_by(client, until - timedelta(seconds=1))
        assert await states(client) == [(5, "installed")]
        await time_goes_by(client, until)
        assert await states(client) == [(5, "ended")]
        await time_goes_by(client, until + timedelta(days=91))
        assert await states(client) == []

    play(story)


def test_a_station_that_refuses_is_an_answer_and_what_it_had_stays(play):
    async def story(client: Api, _: Station) -> None:
        await install(client, id=5)
        says(client, SetChargingProfile, NO)
        refused = await install(client, id=5, stack_level=1)
        assert (refused["profile"]["state"], refused["answer"]["outcome"]) == ("refused", "rejected")
        assert await states(client) == [(5, "installed"), (5, "refused")]

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"), [(Unreachable("away"), 409, "refused"), (TimedOut("?"), 504, "asked")]
)
def test_one_that_was_not_heard_to_answer_may_hold(play, error: Exception, status: int, left: str):
    async def story(client: Api, _: Station) -> None:
        says(client, SetChargingProfile, error)
        await install(client, status=status, id=5)
        assert await states(client) == [(5, left)]

    play(story)


def test_one_with_the_same_id_or_in_the_same_place_is_replaced(play):
    async def story(client: Api, _: Station) -> None:
        await install(client, 1, id=5)
        await install(client, 1, id=6)
        assert await states(client) == [(5, "replaced"), (6, "installed")]
        await install(client, 2, id=6, stack_level=3)
        assert (await states(client))[1:] == [(6, "replaced"), (6, "installed")]
        again = (await install(client, 2, stack_level=3))["profile"]["profile"]["id"]
        assert again == 6  # that of the one in whose place it comes
        other = (await install(client, 2, stack_level=4))["profile"]["profile"]["id"]
        assert other not in (5, 6)

    play(story)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"purpose": "ChargingStationExternalConstraints"}, "a station's to make"),
    ({"purpose": "TxProfile"}, "names its transaction"),
    ({"transaction_id": TX}, "no other profile does"),
    ({"purpose": "ChargingStationMaxProfile", "kind": "Absolute"}, "EVSE 0"),
    ({"kind": "Recurring"}, "how often"),
    ({"kind": "Relative", "recurrence": "Daily"}, "leave out recurrence"),
    ({"schedules": [FLAT | {"starts_at": "2030-01-01T00:00:00Z"}]}, "leave out starts_at"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 5, "limit": 1}]}]}, "starts at 0"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 0}]}]}, "says no limit"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 0, "limit": -1}]}]}, "0 or above"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 0, "limit": 1, "discharge_limit": 1}]}]}, "0 or below"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 0, "mode": "Idle", "limit": 1}]}]}, "has no rates"),
    ({"schedules": [FLAT | {"periods": [{"start_s": 0, "mode": "LocalFrequency"}]}]}, "is in W"),
    ({"schedules": [FLAT | {"periods": FLAT["periods"] * 2}]}, "later than the one before"),
    ({"schedules": []}, "at least 1 item"),
    ({"update_interval_s": 5}, "only a dynamic profile"),
    ({"valid_from": "2030-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}, "later valid_to"),
    ({"colour": "red"}, "Extra inputs"),
]


def test_what_no_station_may_take_is_refused_before_it_is_asked(play):
    async def story(client: Api, _: Station) -> None:
        for wrong, why in WRONG:
            answer = await client.client.post(PATH, json={"evse": 1, "profile": RELATIVE | wrong})
            assert answer.status_code in (400, 422), answer.text
            assert why in answer.text
        assert not asked(client, SetChargingProfile)

    play(story)


def test_what_fits_is_cleared(play):
    async def story(client: Api, _: Station) -> None:
        await install(client, 1, id=5)
        await install(client, 2, id=6)
        await install(client, 2, id=7, stack_level=1)
        assert (await post(client, f"{PATH}/clear", {"evse": 2, "stack_level": 0}))["outcome"] == "accepted"
        assert await states(client) == [(5, "installed"), (6, "cleared"), (7, "installed")]
        says(client, ClearChargingProfiles, Answer(Accepted.REJECTED, "Unknown"))
        await post(client, f"{PATH}/clear", {"profile_id": 5})
        assert await states(client) == [(5, "gone"), (6, "cleared"), (7, "installed")]
        assert asked(client, ClearChargingProfiles)[0] == ClearChargingProfiles(None, 2, None, 0)

    play(story)


# ---- what stations tell of their profiles


def test_a_report_in_parts_finds_what_is_gone_what_is_otherwise_and_what_is_not_ours(play):
    async def story(client: Api, station: Station) -> None:
        for number in (5, 6, 7):
            await install(client, 1, id=number, stack_level=number)
        asked_for = await post(client, f"{PATH}/report", {})
        number = asked_for["request_id"]
        station.now = datetime.now(UTC)
        same = replace(told(5, stack_level=5), schedules=told(5).schedules)
        await station.says(ChargingProfilesReported(number, 1, "CSO", (same,), more=True))
        report = (await client.get(f"{PATH}/reports/{number}")).json()
        assert (report["parts"], report["profiles"], report["complete_at"]) == (1, 1, None)
        other = told(6, limit=10, stack_level=6)
        await station.says(ChargingProfilesReported(number, 1, "CSO", (other,), more=True))
        grid = told(-1, purpose=Purpose.EXTERNAL_CONSTRAINTS)
        await station.says(ChargingProfilesReported(number, 0, "EMS", (grid,), more=False))
        assert await states(client) == [(5, "installed"), (6, "installed"), (7, "gone"), (-1, "installed")]
        foreign, _, differs, alike = await kept(client)
        assert (foreign["source"], foreign["actor"], foreign["evse"]) == ("EMS", "", 0)
        assert differs["reported"]["schedules"][0]["periods"][0]["limit"] == 10
        assert (alike["reported"], alike["reported_at"] is None) == (None, False)
        report = (await client.get(f"{PATH}/reports/{number}")).json()
        assert (report["parts"], report["profiles"], report["complete_at"] is None) == (3, 3, False)
        assert (await client.get(f"{PATH}/reports/{number - 1 or 1}")).status_code == 404

    play(story)


def test_a_station_without_profiles_has_lost_ours(play):
    async def story(client: Api, _: Station) -> None:
        await install(client, 1, id=5)
        await install(client, 2, id=6)
        says(client, GetChargingProfiles, Answer(Accepted.REJECTED, "NoProfiles"))
        await post(client, f"{PATH}/report", {"evse": 1, "sources": ["CSO"]})
        assert await states(client) == [(5, "gone"), (6, "installed")]
        [command] = asked(client, GetChargingProfiles)
        assert (command.evse, command.sources) == (1, ("CSO",))

    play(story)


def test_one_of_which_nobody_knew_whether_it_holds_does_when_it_is_told_of(play):
    async def story(client: Api, station: Station) -> None:
        says(client, SetChargingProfile, TimedOut("?"))
        await install(client, 1, 504, id=5)
        await station.says(ChargingProfilesReported(1, 1, "CSO", (told(5),), more=False))
        assert await states(client) == [(5, "installed")]

    play(story)


def test_a_station_that_tells_of_no_end_of_profiles_fills_nothing(play):
    async def story(client: Api, station: Station) -> None:
        many = tuple(told(number, stack_level=number) for number in range(1, MOST_REPORTED + 50))
        await station.says(ChargingProfilesReported(1, 1, "EMS", many, more=False))
        await station.says(ChargingProfilesReported(1, 1, "EMS", many, more=False))
        assert len(await kept(client, limit=500)) == MOST_REPORTED

    play(story)


def test_what_is_told_a_little_otherwise_is_the_same():
    sent = told(5, valid_from=datetime(2030, 1, 1, 0, 0, 0, 5, tzinfo=UTC))
    back = replace(sent, valid_from=datetime(2030, 1, 1, tzinfo=UTC))
    assert is_as_sent(sent, back)
    period = replace(sent.schedules[0].periods[0], phases=3)
    assert is_as_sent(sent, replace(back, schedules=(replace(sent.schedules[0], periods=(period,)),)))
    assert not is_as_sent(sent, replace(back, stack_level=1))


# ---- starts


def test_a_start_takes_a_profile_along(play):
    async def story(client: Api, _: Station) -> None:
        says(client, RequestStart, StartAnswer(YES))
        profile = {"schedules": [FLAT], "id": 9}
        body = {"token": {"value": "A"}, "evse": 2, "profile": profile}
        await post(client, f"/stations/{CP}/start", body)
        body = {"station_id": CP, "token": "A", "evse": 2, "profile": profile}
        await post(client, "/transactions", body)
        expected = told(9, purpose=Purpose.TX)
        assert [command.profile for command in asked(client, RequestStart)] == [expected, expected]
        ctx = Context(client.database, client.network, datetime.now(UTC), Work())
        command, now = RequestStart(CARD, 1, Place(2), profile=expected), datetime.now(UTC)
        event = started_with_profile(StationId(CP), command, StartAnswer(YES), now, "Ada")
        assert event is not None
        assert (event.evse, event.remote_start_id, event.transaction_id) == (2, 1, None)
        assert started_with_profile(StationId(CP), command, StartAnswer(NO), now, "Ada") is None
        for _ in range(2):
            await keep_started(ctx, event)
        [one] = await kept(client)
        assert (one["state"], one["evse"], one["profile"]["id"], one["actor"]) == ("installed", 2, 9, "Ada")
        wrong = {"schedules": [FLAT | {"periods": [{"start_s": 1, "limit": 1}]}]}
        await post(client, f"/stations/{CP}/start", {"token": {"value": "A"}, "profile": wrong}, 422)
        await post(client, "/transactions", {"station_id": CP, "token": "A", "profile": wrong}, 422)

    play(story)


async def start_with_profile(
    client: Api, station: Station, evse: int | None = 2, running: str | None = None, **profile: Any
) -> StartedWithProfile:
    """An operator asks for it, and the station accepts. Not kept yet: the event that says so is on its way."""
    says(client, RequestStart, StartAnswer(YES, None if running is None else TransactionId(running)))
    body = {"station_id": CP, "token": "A", "evse": evse, "profile": {"schedules": [FLAT], "id": 9, **profile}}
    await post(client, "/transactions", body)
    await station.connect()
    command = asked(client, RequestStart)[-1]
    answer = client.network.says(StationId(CP), command)
    event = started_with_profile(StationId(CP), command, answer, datetime.now(UTC), "Ada")
    assert event is not None
    return event


def a_context(client: Api, now: datetime | None = None) -> Context:
    return Context(client.database, client.network, now or datetime.now(UTC), Work())


@pytest.mark.parametrize("begins_first", [True, False], ids=["the start is heard of first", "the answer is kept first"])
@pytest.mark.parametrize("evse", [2, None], ids=["at an EVSE", "anywhere"])
def test_one_that_went_with_a_start_ends_with_the_transaction_that_came_of_it(
    play, begins_first: bool, evse: int | None
):
    async def story(client: Api, station: Station) -> None:
        event = await start_with_profile(client, station, evse)
        number, place = event.remote_start_id, Place(2, 1)
        if begins_first:
            await station.tells(Phase.STARTED, "T-2", 0, 1000, token=IdToken("A"), remote_start_id=number, place=place)
        await keep_started(a_context(client), event)
        if not begins_first:
            await station.tells(Phase.STARTED, "T-2", 0, 1000, token=IdToken("A"), remote_start_id=number, place=place)
            await time_goes_by(client)
        [one] = await kept(client)
        assert (one["state"], one["evse"], one["transaction_id"]) == ("installed", 2, "T-2")
        assert one["profile"]["transaction_id"] == "T-2"
        await station.tells(Phase.ENDED, "T-2", 1, 2000, place=place)
        await time_goes_by(client)
        assert await states(client) == [(9, "ended")]

    play(story)


def test_one_that_went_with_a_start_of_1_6_is_found_by_place_and_token(play):
    async def story(client: Api, station: Station) -> None:
        event = await start_with_profile(client, station, 2)
        await keep_started(a_context(client), event)
        begun = await station.starts(2, IdToken("A"))
        await time_goes_by(client)
        [one] = await kept(client)
        assert (one["transaction_id"], one["profile"]["transaction_id"]) == (begun.transaction_id, begun.transaction_id)
        await station.stops(begun.transaction_id, token=IdToken("A"))
        await time_goes_by(client)
        assert await states(client) == [(9, "ended")]

    play(story)


def test_one_that_went_with_a_start_is_for_the_transaction_that_the_cable_began(play):
    async def story(client: Api, station: Station) -> None:
        event = await start_with_profile(client, station, 1, running=TX)
        await keep_started(a_context(client), event)
        [one] = await kept(client)
        assert (one["evse"], one["transaction_id"]) == (1, TX)

    play(story)


def test_one_of_whose_start_nothing_comes_ends_when_the_station_has_given_it_up(play):
    async def story(client: Api, station: Station) -> None:
        event = await start_with_profile(client, station, 2)
        await keep_started(a_context(client), event)
        await time_goes_by(client, datetime.now(UTC) + REMOTE_START_FOR - timedelta(minutes=1))
        assert await states(client) == [(9, "installed")]
        await time_goes_by(client, datetime.now(UTC) + REMOTE_START_FOR + timedelta(minutes=1))
        assert await states(client) == [(9, "ended")]

    play(story)


def test_one_for_a_start_takes_the_place_of_the_transactions_before(play):
    """Of a purpose and level, an EVSE has one for a transaction (OCPP 1.6 §3.13)."""

    async def story(client: Api, station: Station) -> None:
        await install(client, purpose="TxProfile", transaction_id=TX, id=5)
        event = await start_with_profile(client, station, 1, running=TX)
        await keep_started(a_context(client), event)
        assert await states(client) == [(5, "replaced"), (9, "installed")]

    play(story)


def test_one_of_an_unknown_transaction_that_a_station_tells_of_ends_when_nothing_runs_there(play):
    async def story(client: Api, station: Station) -> None:
        for number, evse in ((-1, 1), (-2, 2)):
            theirs = told(number, purpose=Purpose.TX, transaction_id=TransactionId(f"X{number}"))
            await station.says(ChargingProfilesReported(7, evse, "EMS", (theirs,), more=False))
        await time_goes_by(client, datetime.now(UTC) + REMOTE_START_FOR + timedelta(minutes=1))
        assert await states(client) == [(-1, "installed"), (-2, "ended")]

    play(story)


# ---- restarts

OF_TRANSACTION = {"purpose": "TxProfile", "transaction_id": TX}


async def restarts(client: Api, reason: str = "PowerUp", at: datetime | None = None) -> None:
    booted = StationBooted(StationId(CP), at or datetime.now(UTC), "Accepted", "Acme", "One", "1.0", reason)
    await after_boot(a_context(client), booted)


def test_what_is_not_persistent_is_gone_with_a_restart(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, **OF_TRANSACTION, id=5)
        await install(client, 0, purpose="ChargingStationMaxProfile", kind="Absolute", id=6)
        await install(client, id=7)
        for reason in ("Triggered", "Unknown"):
            await restarts(client, reason)
            assert await states(client) == [(5, "installed"), (6, "installed"), (7, "installed")]
        await restarts(client)
        assert await states(client) == [(5, "gone"), (6, "installed"), (7, "installed")]
        assert (await kept(client, state="gone"))[0]["said"] == "lost at a restart"
        # What the station tells of after all is known again.
        back = told(5, purpose=Purpose.TX, transaction_id=TransactionId(TX))
        await station.says(ChargingProfilesReported(7, 1, "CSO", (back,), more=False))
        assert (await kept(client, state="installed"))[0]["profile"]["id"] == 5

    play(story)


def test_what_its_station_keeps_over_a_restart_stays(play):
    async def story(client: Api, station: Station) -> None:
        name = SettingName("SmartChargingCtrlr", "ChargingProfilePersistence", variable_instance="TxProfile")
        await station.says(SettingsReported(None, 0, more=False, settings=(Setting(name, "true"),)))
        await install(client, **OF_TRANSACTION, id=5)
        await restarts(client)
        assert await states(client) == [(5, "installed")]

    play(story)


def test_a_station_of_1_6_may_boot_without_a_restart(play):
    async def story(client: Api, station: Station) -> None:
        await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp1.6", 1, "n1"))
        await install(client, **OF_TRANSACTION, id=5)
        await restarts(client, "")
        assert await states(client) == [(5, "installed")]

    play(story)


def test_a_transaction_that_goes_on_gets_its_profiles_back(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, **OF_TRANSACTION, id=5, stack_level=1)
        await install(client, **OF_TRANSACTION, id=6, stack_level=2)
        await post(client, f"{PATH}/clear", {"profile_id": 6})
        await restarts(client)
        before = len(asked(client, SetChargingProfile))
        await station.tells(Phase.UPDATED, TX, 1, trigger="TxResumed")
        [resumed] = station.heard(TransactionResumed)
        assert resumed.transaction_id == TX
        for _ in range(2):
            await restore(a_context(client), resumed)
        [again] = asked(client, SetChargingProfile)[before:]
        assert (again.evse, again.profile.id, again.profile.transaction_id) == (1, 5, TX)
        assert await states(client) == [(5, "gone"), (6, "cleared"), (5, "installed")]
        assert (await kept(client))[0]["actor"] == "voltloom: charging profiles"

    play(story)


def test_a_transaction_that_goes_on_before_the_boot_was_seen_to_gets_them_back_as_well(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, **OF_TRANSACTION, id=5)
        at = datetime.now(UTC)
        await restore(a_context(client), TransactionResumed(StationId(CP), TransactionId(TX), at))
        await restarts(client, at=at)
        assert await states(client) == [(5, "gone"), (5, "installed")]

    play(story)


# ---- dynamic profiles

DYNAMIC = {"purpose": "TxProfile", "kind": "Dynamic", "transaction_id": TX, "id": 5}


def test_new_rates_are_sent_and_kept(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, **DYNAMIC)
        await post(client, f"{PATH}/5/update", {"limit": 10})
        assert asked(client, UpdateDynamicSchedule) == [UpdateDynamicSchedule(5, Rates(10))]
        [one] = await kept(client)
        assert one["profile"]["schedules"][0]["periods"][0]["limit"] == 10
        assert one["profile"]["updated_at"] is not None
        answer = await station.says(DynamicUpdateAsked(5))
        assert answer.rates == Rates(10)
        says(client, UpdateDynamicSchedule, NO)
        await post(client, f"{PATH}/5/update", {"limit": 6})
        assert (await station.says(DynamicUpdateAsked(5))).rates == Rates(10)
        for wrong, status in (({}, 422), ({"limit": -1}, 422), ({"limit_l2": 1, "discharge_limit_l2": -1}, 422)):
            await post(client, f"{PATH}/5/update", wrong, status)
        await post(client, f"{PATH}/6/update", {"limit": 1}, 404)

    play(story)


def test_a_station_that_asks_for_rates_gets_them_when_it_does(play):
    async def story(client: Api, station: Station) -> None:
        await install(client, **DYNAMIC, update_interval_s=60)
        answer = await post(client, f"{PATH}/5/update", {"limit": 8})
        assert (answer["outcome"], asked(client, UpdateDynamicSchedule)) == ("scheduled", [])
        assert (await station.says(DynamicUpdateAsked(5))).rates == Rates(8)
        nothing = await station.says(DynamicUpdateAsked(77))
        assert (nothing.rates, nothing.reason) == (None, "there is no charging profile 77")
        await install(client, 2, id=6)
        assert "not dynamic" in (await station.says(DynamicUpdateAsked(6))).reason
        assert "set it anew" in (await post(client, f"{PATH}/6/update", {"limit": 1}, 409))["detail"]

    play(story)


# ---- needs, priority, transfer

NEEDS = ChargingNeeds(EnergyTransfer.AC_THREE_PHASE, ac=AcNeeds(20_000, 6, 16, 400))


async def flow(client: Api) -> dict[str, Any]:
    return (await client.get(f"/transactions/{CP}/{TX}/charging")).json()


def test_needs_are_kept_with_the_transaction_and_answered_by_what_there_is(play):
    async def story(client: Api, station: Station) -> None:
        assert (await flow(client))["needs"] is None
        assert (await station.says(ChargingNeedsReported(1, NEEDS))).answer is NeedsAnswer.NO_PROFILE
        found = await flow(client)
        assert (found["needs"]["ac"]["max_a"], found["answer"]) == (16, "NoChargingProfile")
        await install(client, purpose="TxProfile", transaction_id=TX, id=5)
        assert (await station.says(ChargingNeedsReported(1, NEEDS))).answer is NeedsAnswer.ACCEPTED
        reply = await station.says(ChargingNeedsReported(2, NEEDS))
        assert (reply.answer, reply.reason) == (NeedsAnswer.NO_PROFILE, "no transaction is known at this EVSE")
        assert (await client.get(f"/transactions/{CP}/T-9/charging")).status_code == 404

    play(story)


def test_a_transfer_that_is_not_allowed_is_refused(play):
    async def story(client: Api, station: Station) -> None:
        path = f"/transactions/{CP}/{TX}/allowed-transfer"
        says(client, AllowEnergyTransfer, NO)
        await post(client, path, {"transfers": ["DC"]})
        assert (await flow(client))["allowed"] == []
        says(client, AllowEnergyTransfer, YES)
        await post(client, path, {"transfers": ["DC", "DC_BPT"]})
        assert (await flow(client))["allowed"] == ["DC", "DC_BPT"]
        assert (await station.says(ChargingNeedsReported(1, NEEDS))).answer is NeedsAnswer.REJECTED
        two_way = ChargingNeeds(EnergyTransfer.DC_BPT)
        assert (await station.says(ChargingNeedsReported(1, two_way))).answer is NeedsAnswer.NO_PROFILE
        assert (await flow(client))["allowed"] == ["DC", "DC_BPT"]  # what is known besides stays

    play(story)


def test_the_vehicles_own_schedule_is_kept(play):
    async def story(client: Api, station: Station) -> None:
        schedule = Schedule(RateUnit.WATTS, (Period(0, Rates(4_000)),))
        await station.says(EvScheduleReported(1, station.now, schedule, 1))
        await station.says(EvScheduleReported(9, station.now, schedule))
        found = await flow(client)
        assert (found["schedule"]["periods"][0]["limit"], found["chosen"]) == (4_000, 1)

    play(story)


def test_priority_is_asked_for_and_told_of(play):
    async def story(client: Api, station: Station) -> None:
        await post(client, f"/transactions/{CP}/{TX}/priority", {"active": True})
        assert asked(client, UsePriorityCharging) == [UsePriorityCharging(TransactionId(TX), activate=True)]
        assert (await flow(client))["priority"] is None
        await station.says(PriorityChargingReported(TransactionId(TX), active=True))
        await station.says(PriorityChargingReported(TransactionId("T-9"), active=True))
        assert (await flow(client))["priority"] is True
        await install(client, 1, id=6)
        priority = {"purpose": "PriorityCharging", "kind": "Absolute", "schedules": [FLAT | {"unit": "W", "periods": [
            {"start_s": 0, "limit": 22_000}]}]}  # fmt: skip
        await install(client, 1, **priority, id=7)
        reckoned = (await client.get(f"/stations/{CP}/composite", evse=1)).json()
        assert [span["limit_w"] for span in reckoned["spans"]] == [22_000]
        await station.says(PriorityChargingReported(TransactionId(TX), active=False))
        reckoned = (await client.get(f"/stations/{CP}/composite", evse=1)).json()
        assert [span["limit_w"] for span in reckoned["spans"]] == [16 * 690]

    play(story)


# ---- limits of others, and what it all comes to


def test_what_others_impose_is_kept_until_it_is_cleared(play):
    async def story(client: Api, station: Station) -> None:
        limit = Schedule(RateUnit.WATTS, (Period(0, Rates(5_000)),))
        await station.says(ChargingLimitReported(0, "EMS", grid_critical=True, schedules=(limit,)))
        await station.says(ChargingLimitReported(1, "SO"))
        found = (await client.get(f"/stations/{CP}/charging-limits")).json()
        assert {(each["source"], each["grid_critical"], len(each["schedules"])) for each in found} == {
            ("EMS", True, 1),
            ("SO", False, 0),
        }
        reckoned = (await client.get(f"/stations/{CP}/composite")).json()
        assert [(span["limit_w"], span["profile_ids"]) for span in reckoned["spans"]] in (
            [(5_000, [-1])],
            [(5_000, [-2])],
        )
        await station.says(ChargingLimitCleared("EMS"))
        await station.says(ChargingLimitCleared("x-nobody"))
        assert [each["source"] for each in (await client.get(f"/stations/{CP}/charging-limits")).json()] == ["SO"]
        assert len((await client.get(f"/stations/{CP}/charging-limits", past=True)).json()) == 2
        reckoned = (await client.get(f"/stations/{CP}/composite")).json()
        assert [span["limit_w"] for span in reckoned["spans"]] == [None]

    play(story)


def test_a_station_that_tells_of_no_end_of_limits_fills_nothing(play):
    async def story(client: Api, station: Station) -> None:
        for number in range(MOST_LIMITS + 20):
            await station.says(ChargingLimitReported(number, f"x-{number}\x00"), timedelta(seconds=1))
        found = (await client.get(f"/stations/{CP}/charging-limits")).json()
        assert len(found) == MOST_LIMITS
        assert found[0]["evse"] == MOST_LIMITS + 19

    play(story)


def test_what_all_profiles_come_to_is_reckoned_here(play):
    async def story(client: Api, _: Station) -> None:
        await install(client, 1, id=5)
        one_phase = FLAT | {"periods": [{"start_s": 0, "limit": 10, "phases": 1}]}
        await install(client, purpose="TxProfile", transaction_id=TX, id=6, schedules=[one_phase])
        reckoned = (await client.get(f"/stations/{CP}/composite", evse=1, voltage_v=230)).json()
        [span] = reckoned["spans"]
        assert (span["limit_w"], span["limit_a"], span["phases"]) == (2_300, 10, 1)
        assert (span["profile_ids"], span["discharge_w"], span["setpoint_w"]) == ([6], 0, None)
        assert {each["profile"]["id"] for each in reckoned["profiles"]} == {5, 6}
        [span] = (await client.get(f"/stations/{CP}/composite", evse=2)).json()["spans"]
        assert span["limit_w"] is None
        assert (await client.get("/stations/CP-9/composite")).status_code == 404

    play(story)


def test_the_station_is_asked_for_it_as_well(play):
    async def story(client: Api, _: Station) -> None:
        says(client, GetCompositeSchedule, CompositeAnswer(NO))
        answer = await post(client, f"/stations/{CP}/composite-schedule", {"evse": 1, "duration_s": 600, "unit": "A"})
        assert (answer["outcome"], answer["schedule"]) == ("rejected", None)
        assert asked(client, GetCompositeSchedule) == [GetCompositeSchedule(1, 600, RateUnit.AMPERES)]
        await post(client, f"/stations/{CP}/afrr-signal", {"signal": -3, "at": "2030-01-01T00:00:00Z"})
        assert asked(client, SendAfrrSignal) == [SendAfrrSignal(-3, datetime(2030, 1, 1, tzinfo=UTC))]

    play(story)


def test_the_latest_come_first_page_by_page(play):
    async def story(client: Api, _: Station) -> None:
        for number in range(1, 6):
            await install(client, 1, id=number, stack_level=number)
        seen: list[int] = []
        after = None
        while True:
            page = (await client.get("/charging-profiles", limit=2, **({"after": after} if after else {}))).json()
            seen += [each["profile"]["id"] for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == [5, 4, 3, 2, 1]
        assert await kept(client, state="refused") == []
        assert len(await kept(client, station_id=CP, state="installed")) == 5

    play(story)


def test_who_may_only_look_changes_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        await install(client, status=403)
        await post(client, f"{PATH}/clear", {}, 403)
        await post(client, f"/transactions/{CP}/{TX}/priority", {"active": True}, 403)
        assert (await client.get("/charging-profiles")).status_code == 200
        assert (await client.get(f"/stations/{CP}/composite")).status_code == 200

    play(story)
