"""Controls towards the grid, over their routes, and what stations tell of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ClearDerControls,
    Command,
    DerAnswer,
    GetDerControls,
    SetDerControl,
)
from voltloom.domain.der import Curve, DerControl, DerKind, DerUnit, FixedVar, Gradients, GridFault
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.reports import DerAlarmReported, DerControlsReported, DerControlSwitched, HeldControl, LinkOpened
from voltloom.features.access import Role
from voltloom.features.der.rules import MOST_CONTROLS
from voltloom.features.der.service import prune
from voltloom.features.feature import Context
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

YES, NO = Answer(Accepted.ACCEPTED, "Accepted"), Answer(Accepted.REJECTED, "Rejected")
Story = Callable[[Api, Station], Awaitable[None]]
PATH = "/stations/CP-7/der-controls"
CURVE = {"points": [[49.0, 100.0], [51.0, 0.0]], "y_unit": "PctMaxW"}
VOLT_VAR = {"id": "a", "kind": "VoltVar", "curve": CURVE}
SOON = datetime(2030, 1, 1, tzinfo=UTC)
TIMED = {"default": False, "starts_at": SOON.isoformat(), "duration_s": 900}


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                says(client, Command, YES)
                says(client, SetDerControl, DerAnswer(YES))
                await story(client, station)

        asyncio.run(whole())

    return played


def says(client: Api, kind: type[Command[Any]], answer: object) -> None:
    before = client.network.says
    client.network.says = lambda station_id, command: (
        answer if isinstance(command, kind) else before(station_id, command) if before else Unreachable("silent")
    )


def asked(client: Api, kind: type[Command[Any]]) -> list[Any]:
    return [command for _, command in client.network.asked if isinstance(command, kind)]


async def put(client: Api, control: dict[str, Any], status: int = 201) -> Any:
    answer = await client.client.post(PATH, json=control)
    assert answer.status_code == status, answer.text
    return answer.json()


async def states(client: Api) -> dict[str, str]:
    return {each["id"]: each["state"] for each in (await client.get(PATH, past=True)).json()}


SETTINGS = {
    "curve": (CURVE, [kind.value for kind in DerKind if kind.value.endswith(("Trip", "Cess", "Watt", "Var", "PF"))]),
    "enter_service": ({"high_v": 253, "low_v": 207, "high_hz": 50.2, "low_hz": 49.8}, ["EnterService"]),
    "fixed_power_factor": ({"displacement": 0.9, "excitation": True}, ["FixedPFAbsorb", "FixedPFInject"]),
    "fixed_var": ({"setpoint": -10, "unit": "PctMaxVar"}, ["FixedVar"]),
    "freq_droop": (
        {"over_hz": 50.2, "under_hz": 49.8, "over_droop": 5, "under_droop": 5, "response_s": 2},
        ["FreqDroop"],
    ),
    "gradients": ({"ramp_s": 10, "soft_s": 20}, ["Gradients"]),
    "limit_max_discharge": ({"percent": 50, "trip": CURVE}, ["LimitMaxDischarge"]),
}


def test_every_kind_is_set_by_its_own_settings_and_kept(play):
    async def story(client: Api, _: Station) -> None:
        kinds: set[str] = set()
        for field, (settings, of) in SETTINGS.items():
            for kind in of:
                if kind == "FixedVar" and field == "curve":
                    continue
                made = (await put(client, {"id": kind, "kind": kind, field: settings, "priority": 2}))["control"]
                assert (made["state"], made["kind"], made["priority"]) == ("held", kind, 2)
                kinds.add(kind)
        assert kinds == {kind.value for kind in DerKind}
        assert {command.control.kind for command in asked(client, SetDerControl)} == set(DerKind)
        found = {each["id"]: each["settings"] for each in (await client.get(PATH)).json()}
        assert found["FixedVar"] == {"setpoint": -10, "unit": "PctMaxVar"}
        assert found["VoltVar"]["points"] == [[49, 100], [51, 0]]

    play(story)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"fixed_var": {"setpoint": 1, "unit": "PctMaxVar"}}, "by `curve` and nothing else"),
    ({"curve": None}, "by `curve` and nothing else"),
    ({"default": False}, "when it starts and how long"),
    ({"starts_at": "2030-01-01T00:00:00Z"}, "a default control holds always"),
    ({"id": "x" * 37}, "36 characters"),
    ({"curve": CURVE | {"points": [[1, 1]] * 11}}, "at most 10"),
    ({"kind": "Gradients", "curve": None, "gradients": {"ramp_s": 1, "soft_s": 1}} | TIMED, "only be a default"),
]


def test_what_a_station_must_refuse_is_refused_before_it_is_asked(play):
    async def story(client: Api, _: Station) -> None:
        for wrong, why in WRONG:
            answer = await client.client.post(PATH, json=VOLT_VAR | wrong)
            assert answer.status_code in (400, 422), answer.text
            assert why in answer.text
        assert not asked(client, SetDerControl)

    play(story)


def test_one_that_is_refused_leaves_the_one_before_and_superseded_ones_are_told(play):
    async def story(client: Api, _: Station) -> None:
        await put(client, VOLT_VAR)
        says(client, SetDerControl, DerAnswer(NO))
        refused = await put(client, VOLT_VAR | {"priority": 7})
        assert (refused["answer"]["outcome"], refused["control"]["state"]) == ("rejected", "held")
        assert refused["control"]["priority"] == 0
        says(client, SetDerControl, DerAnswer(Answer(Accepted.REJECTED, "NotSupported")))
        assert (await put(client, VOLT_VAR | {"id": "b"}))["control"]["state"] == "refused"
        says(client, SetDerControl, DerAnswer(YES, ("a",)))
        assert (await put(client, VOLT_VAR | {"id": "c"}))["superseded"] == ["a"]
        says(client, SetDerControl, DerAnswer(YES, ("d",)))
        assert (await put(client, VOLT_VAR | {"id": "d"}))["control"]["state"] == "superseded"
        assert await states(client) == {"a": "superseded", "b": "refused", "c": "held", "d": "superseded"}

    play(story)


@pytest.mark.parametrize(
    ("error", "status", "left"), [(Unreachable("away"), 409, "refused"), (TimedOut("?"), 504, "asked")]
)
def test_one_that_was_not_heard_to_answer_may_hold(play, error: Exception, status: int, left: str):
    async def story(client: Api, _: Station) -> None:
        says(client, SetDerControl, error)
        await put(client, VOLT_VAR, status)
        assert await states(client) == {"a": left}

    play(story)


def test_what_fits_is_cleared(play):
    async def story(client: Api, _: Station) -> None:
        await put(client, VOLT_VAR)
        await put(client, VOLT_VAR | {"id": "b"} | TIMED)
        await client.client.post(f"{PATH}/clear", json={"default": False})
        assert await states(client) == {"a": "held", "b": "cleared"}
        says(client, ClearDerControls, Answer(Accepted.REJECTED, "NotSupported"))
        await client.client.post(f"{PATH}/clear", json={"default": True, "kind": "VoltVar"})
        assert (await states(client))["a"] == "held"
        says(client, ClearDerControls, Answer(Accepted.REJECTED, "NotFound"))
        await client.client.post(f"{PATH}/clear", json={"default": True, "control_id": "a"})
        assert (await states(client))["a"] == "gone"
        assert [each["id"] for each in (await client.get(PATH)).json()] == []
        later = Context(client.database, client.network, datetime.now(UTC) + timedelta(days=91), Work())
        await prune(later)
        assert await states(client) == {}

    play(story)


def test_a_report_in_parts_finds_what_is_gone_and_what_is_not_ours(play):
    async def story(client: Api, station: Station) -> None:
        for name in ("a", "b"):
            await put(client, VOLT_VAR | {"id": name})
        answer = (await client.client.post(f"{PATH}/report", json={})).json()
        number = answer["request_id"]
        assert asked(client, GetDerControls) == [GetDerControls(number)]
        station.now = datetime.now(UTC)
        curve = Curve(((49.0, 100.0), (51.0, 0.0)), DerUnit.PCT_MAX_W)
        first = HeldControl(DerControl("a", DerKind.VOLT_VAR, curve, priority=5), superseded=True)
        await station.says(DerControlsReported(number, (first,), more=True))
        assert await states(client) == {"a": "superseded", "b": "held"}
        own = HeldControl(DerControl("own", DerKind.GRADIENTS, Gradients(1, 2)))
        await station.says(DerControlsReported(number, (own,), more=False))
        assert await states(client) == {"a": "superseded", "b": "gone", "own": "held"}
        found = {each["id"]: each for each in (await client.get(PATH)).json()}
        assert (found["own"]["actor"], found["a"]["actor"] != "", found["a"]["priority"]) == ("", True, 5)
        says(client, GetDerControls, Answer(Accepted.REJECTED, "NotFound"))
        await client.client.post(f"{PATH}/report", json={"kind": "VoltVar"})
        assert await states(client) == {"a": "gone", "b": "gone", "own": "held"}

    play(story)


def test_controls_start_and_stop_as_the_station_tells(play):
    async def story(client: Api, station: Station) -> None:
        await put(client, VOLT_VAR | TIMED)
        await put(client, VOLT_VAR | {"id": "b"} | TIMED)
        await station.says(DerControlSwitched("a", True, station.now, ("b",)))
        await station.says(DerControlSwitched("nobody's", True, station.now))
        assert await states(client) == {"a": "active", "b": "superseded"}
        await station.says(DerControlSwitched("a", False, station.now))
        assert await states(client) == {"a": "ended", "b": "superseded"}

    play(story)


def test_an_alarm_begins_once_and_ends_once(play):
    async def story(client: Api, station: Station) -> None:
        alarm = DerAlarmReported(DerKind.HF_MUST_TRIP, station.now, fault=GridFault.OVER_FREQUENCY, text="51\x00 Hz")
        for _ in range(2):
            await station.says(alarm)
        [found] = (await client.get("/der-alarms", going_on=True)).json()["items"]
        assert (found["kind"], found["fault"], found["ended_at"]) == ("HFMustTrip", "OverFrequency", None)
        ended = DerAlarmReported(DerKind.HF_MUST_TRIP, station.now + timedelta(days=400), ended=True)
        for _ in range(2):
            await station.says(ended)
        await station.says(DerAlarmReported(DerKind.LV_MUST_TRIP, None))
        items = (await client.get("/der-alarms", station_id="CP-7")).json()["items"]
        assert [(each["kind"], each["ended_at"] is None) for each in items] == [
            ("LVMustTrip", True),
            ("HFMustTrip", False),
        ]
        page = (await client.get("/der-alarms", limit=1)).json()
        rest = (await client.get("/der-alarms", limit=1, after=page["next"])).json()
        assert [each["kind"] for each in (*page["items"], *rest["items"])] == ["LVMustTrip", "HFMustTrip"]

    play(story)


def test_a_station_that_tells_of_no_end_of_controls_fills_nothing(play):
    async def story(client: Api, station: Station) -> None:
        setting = FixedVar(1, DerUnit.PCT_MAX_VAR)
        for batch in range(3):
            many = tuple(
                HeldControl(DerControl(f"c-{batch}-{number}", DerKind.FIXED_VAR, setting)) for number in range(100)
            )
            await station.says(DerControlsReported(1, many, more=False))
        assert len(await states(client)) == MOST_CONTROLS

    play(story)


def test_who_may_only_look_changes_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        await put(client, VOLT_VAR, 403)
        assert (await client.client.post(f"{PATH}/clear", json={"default": True})).status_code == 403
        assert (await client.get(PATH)).status_code == (await client.get("/der-alarms")).status_code == 200

    play(story)
