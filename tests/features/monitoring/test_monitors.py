"""Monitors, over their routes, and what stations and time make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import CP
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import (
    Accepted,
    AdjustStream,
    Answer,
    AskCustomerInformation,
    ClearMonitors,
    Command,
    MonitorAnswer,
    ReadStreams,
    ReportMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import (
    CustomerInformationReceived,
    MonitorsReceived,
    MonitorTemplateChanged,
    SecurityNoticed,
    StationBooted,
    StationChanged,
    StationEventNoticed,
)
from voltloom.domain.ids import Place
from voltloom.domain.monitoring import Monitor, MonitorKind, Pace, StationEvent, Stream, StreamValue
from voltloom.domain.reports import (
    BootReported,
    CustomerInformationReported,
    EventsReported,
    LinkOpened,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReported,
)
from voltloom.domain.station import Hardware, SettingName
from voltloom.features.access import Role
from voltloom.features.feature import Context
from voltloom.features.monitoring import service
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")
EMPTY = Answer(Accepted.REJECTED, "EmptyResultSet")
POWER = SettingName("EVSE", "Power", place=Place(1))
HEAT = {"component": "ChargingStation", "variable": "Temperature"}
HOT = HEAT | {"kind": "UpperThreshold", "value": 70, "severity": 4}
Story = Callable[[Api, Station], Awaitable[None]]


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7 of Acme, connected with 2.1 and accepted."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                await station.says(BootReported(Hardware("Acme", "Duo", firmware="1.4")))
                await story(client, station)

        asyncio.run(whole())

    return played


class Replies:
    """What the station answers, by the kind of command; and what it was asked."""

    def __init__(self, client: Api) -> None:
        self._answers: dict[type[Command[Any]], Any] = {}
        self._network = client.network
        client.network.says = self._say

    def _say(self, _: str, command: Command[Any]) -> object:
        answer = self._answers.get(type(command), Unreachable("silent"))
        return answer(command) if callable(answer) else answer

    def __setitem__(self, kind: type[Command[Any]], answer: object) -> None:
        self._answers[kind] = answer

    def asked(self, kind: type[Command[Any]]) -> list[Any]:
        return [command for _, command in self._network.asked if isinstance(command, kind)]


def sets_all(first: int = 10) -> Callable[[SetMonitors], tuple[MonitorAnswer, ...]]:
    return lambda command: tuple(
        MonitorAnswer(Accepted.ACCEPTED, "Accepted", first + number) for number in range(len(command.monitors))
    )


def context(client: Api, station: Station) -> Context:
    return Context(client.database, client.network, station.now, Work())


async def watched(client: Api) -> list[tuple[int, str, float]]:
    items = (await client.get("/monitors", station_id=CP)).json()["items"]
    return [(each["id"], each["kind"], each["value"]) for each in items]


def test_monitors_are_set_each_by_itself_and_known_from_then_on(play):
    async def story(client: Api, _: Station) -> None:
        replies = Replies(client)
        refused = MonitorAnswer(Accepted.REJECTED, "UnsupportedMonitorType", reason="NotSupported: no")
        replies[SetMonitors] = (MonitorAnswer(Accepted.ACCEPTED, "Accepted", 7), refused)
        body = {"monitors": [HOT, HOT | {"kind": "Periodic", "value": 60, "stream": {"interval_s": 300}}]}
        answers = (await client.client.post("/stations/CP-7/monitors", json=body)).json()
        assert [(each["outcome"], each["id"], each["said"]) for each in answers] == [
            ("accepted", 7, "Accepted"),
            ("rejected", None, "UnsupportedMonitorType"),
        ]
        [asked] = replies.asked(SetMonitors)
        assert asked.monitors[1].stream == Pace(300)
        assert await watched(client) == [(7, "UpperThreshold", 70)]
        told = (await client.get("/stations/CP-7/monitoring")).json()["set"]
        assert sorted((each["kind"], each["accepted"], each["reason"]) for each in told) == [
            ("Periodic", False, "NotSupported: no"),
            ("UpperThreshold", True, ""),
        ]
        commands = (await client.get("/stations/CP-7/commands")).json()["items"]
        assert [(each["command"], each["outcome"]) for each in commands] == [("set_monitors", "1 accepted, 1 rejected")]

        replies[ClearMonitors] = (MonitorAnswer(Accepted.REJECTED, "NotFound", 7),)
        await client.client.post("/stations/CP-7/monitors/clear", json={"ids": [7]})
        assert await watched(client) == []

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (HOT | {"kind": "Periodic", "value": 0}, "at least 1"),
        (HOT | {"kind": "Delta", "value": -1}, "below 0"),
        (HOT | {"stream": {"interval_s": 5}}, "not periodic"),
        (HOT | {"kind": "Periodic", "stream": {}}, "interval_s"),
        (HOT | {"severity": 10}, "9"),
        (HOT | {"connector": 1}, "EVSE"),
    ],
)
def test_what_cannot_be_is_refused_before_the_station_is_asked(play, wrong: dict[str, object], why: str):
    async def story(client: Api, _: Station) -> None:
        refused = await client.client.post("/stations/CP-7/monitors", json={"monitors": [wrong]})
        assert refused.status_code in (400, 422), refused.text
        assert why in refused.text
        assert client.network.asked == []

    play(story)


def test_a_whole_report_says_what_is_watched_and_what_no_longer_is(play):
    """In parts, out of order and twice."""

    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[SetMonitors] = sets_all(99)
        await client.client.post("/stations/CP-7/monitors", json={"monitors": [HOT]})
        replies[ReportMonitors] = ACCEPTED
        asked = (await client.client.post("/stations/CP-7/monitors/report", json={})).json()
        number = asked["report_id"]
        station.now = datetime.now(UTC) + timedelta(seconds=1)
        last = MonitorsReported(number, 1, more=False, monitors=(Monitor(2, POWER, MonitorKind.DELTA, 100, 8),))
        first = MonitorsReported(number, 0, more=True, monitors=(Monitor(1, POWER, MonitorKind.PERIODIC, 60, 8),))
        for part in (last, last, first):
            await station.says(part, timedelta(seconds=1))
        assert await watched(client) == [(1, "Periodic", 60), (2, "Delta", 100)]
        [told] = station.heard(MonitorsReceived)
        assert (told.report_id, told.count) == (number, 2)
        assert (await client.get("/stations/CP-7/monitoring")).json()["reported_at"] is not None

        # A part of it, asked for by a criterion, ends nothing.
        body = {"criteria": ["DeltaMonitoring"], "parts": [{"component": "EVSE"}]}
        number = (await client.client.post("/stations/CP-7/monitors/report", json=body)).json()["report_id"]
        await station.says(MonitorsReported(number, 0, more=False, monitors=()), timedelta(seconds=1))
        assert len(await watched(client)) == 2

        # Nothing at all is watched any more, and no report follows.
        replies[ReportMonitors] = EMPTY
        await client.client.post("/stations/CP-7/monitors/report", json={})
        assert await watched(client) == []

    play(story)


def test_base_and_level_are_kept_as_accepted(play):
    async def story(client: Api, _: Station) -> None:
        replies = Replies(client)
        replies[SetMonitoringBase] = ACCEPTED
        replies[ReportMonitors] = Answer(Accepted.REJECTED, "NotSupported")
        replies[SetMonitoringLevel] = Answer(Accepted.REJECTED, "Rejected")
        await client.client.post("/stations/CP-7/monitors/base", json={"base": "HardWiredOnly"})
        await client.client.post("/stations/CP-7/monitors/level", json={"severity": 4})
        told = (await client.get("/stations/CP-7/monitoring")).json()
        assert (told["base"], told["level"]) == ("HardWiredOnly", None)
        assert told["trouble"] == "it was asked what it watches and said NotSupported"
        replies[SetMonitoringLevel] = ACCEPTED
        await client.client.post("/stations/CP-7/monitors/level", json={"severity": 4})
        assert (await client.get("/stations/CP-7/monitoring")).json()["level"] == 4

    play(story)


# ---- templates


async def templated(client: Api, *monitors: dict[str, object], **aim: str) -> str:
    body = {"name": "heat", "aim": {"vendor": "acme"} | aim, "monitors": list(monitors)}
    made = await client.client.post("/monitor-templates", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def booted(client: Api, station: Station) -> None:
    """Boots, is asked what it watches, says so, and is put right: as durable tasks do it."""
    told = StationBooted(CP, station.now, "Accepted", "Acme", "Duo", "1.4", "")
    await service.after_boot(context(client, station), told)


async def reports(client: Api, station: Station, replies: Replies, *monitors: Monitor) -> None:
    """The answer to the last whole report that was asked for."""
    number = replies.asked(ReportMonitors)[-1].report_id
    await station.says(MonitorsReported(number, 0, more=False, monitors=monitors), timedelta(seconds=1))
    await service.settle(context(client, station), station.heard(MonitorsReceived)[-1])


def test_a_station_that_boots_gets_what_its_template_wants_and_loses_what_none_wants_any_more(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[ReportMonitors] = ACCEPTED
        replies[SetMonitors] = sets_all(20)
        replies[ClearMonitors] = (MonitorAnswer(Accepted.ACCEPTED, "Accepted", 31),)
        template_id = await templated(client, HOT)
        await booted(client, station)
        await reports(client, station, replies)
        assert await watched(client) == [(20, "UpperThreshold", 70)]
        [set_by] = (await client.get("/stations/CP-7/monitoring")).json()["set"]
        assert (set_by["template_id"], set_by["actor"]) == (template_id, "voltloom: monitor templates")

        # It boots again, with other ids: what holds is left alone.
        await booted(client, station)
        heat = SettingName("ChargingStation", "Temperature")
        await reports(client, station, replies, Monitor(31, heat, MonitorKind.UPPER_THRESHOLD, 70, 4))
        assert len(replies.asked(SetMonitors)) == 1

        # The template wants another one.
        body = {"name": "heat", "aim": {}, "monitors": [HOT | {"severity": 2}]}
        assert (await client.client.put(f"/monitor-templates/{template_id}", json=body)).status_code == 200
        changed = MonitorTemplateChanged(template_id, station.now, "changed")
        await service.after_template_change(context(client, station), changed)
        await reports(client, station, replies, Monitor(31, heat, MonitorKind.UPPER_THRESHOLD, 70, 4))
        assert [command.ids for command in replies.asked(ClearMonitors)] == [(31,)]
        assert replies.asked(SetMonitors)[-1].monitors[0].severity == 2

    play(story)


def test_a_monitor_that_is_refused_is_told_and_not_asked_for_again_until_the_next_boot(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[ReportMonitors] = EMPTY
        replies[SetMonitors] = (MonitorAnswer(Accepted.REJECTED, "UnknownVariable"),)
        await templated(client, HOT)
        await booted(client, station)
        number = replies.asked(ReportMonitors)[-1].report_id
        await service.settle(context(client, station), MonitorsReceived(CP, station.now, number, 0))
        [told] = (await client.get("/stations/CP-7/monitoring")).json()["set"]
        assert (told["accepted"], told["said"]) == (False, "UnknownVariable")
        assert len(replies.asked(SetMonitors)) == 1
        # A report that is not the last one asked for decides nothing.
        await service.settle(context(client, station), MonitorsReceived(CP, station.now, number - 1, 0))
        assert len(replies.asked(SetMonitors)) == 1

    play(story)


def test_a_station_that_no_template_is_for_and_that_cannot_be_asked_are_left_in_peace(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        await templated(client, HOT, vendor="Other")
        await booted(client, station)
        assert replies.asked(ReportMonitors) == []
        await templated(client, HOT)
        await booted(client, station)
        told = (await client.get("/stations/CP-7/monitoring")).json()
        assert told["trouble"] == "it could not be asked what it watches: not connected"
        await service.after_boot(context(client, station), StationBooted(CP, station.now, "Pending", "", "", "", ""))
        assert len(replies.asked(ReportMonitors)) == 1

    play(story)


def test_templates_are_changed_and_removed_and_noted(play):
    async def story(client: Api, _: Station) -> None:
        template_id = await templated(client, HOT, site_id="s1")
        [told] = (await client.get("/monitor-templates")).json()
        assert (told["aim"]["vendor"], told["aim"]["site_id"], told["monitors"][0]["value"]) == ("acme", "s1", 70)
        twice = {"name": "x", "monitors": [HOT, HOT]}
        assert (await client.client.post("/monitor-templates", json=twice)).status_code == 422
        nothing = {"name": "x", "monitors": []}
        assert (await client.client.put("/monitor-templates/none", json=nothing)).status_code == 404
        assert (await client.client.delete(f"/monitor-templates/{template_id}")).status_code == 204
        assert (await client.client.delete(f"/monitor-templates/{template_id}")).status_code == 404
        assert (await client.get(f"/monitor-templates/{template_id}")).status_code == 404
        client.role = Role.VIEWER
        assert (await client.client.post("/monitor-templates", json=nothing)).status_code == 403
        assert (await client.client.post("/stations/CP-7/monitors", json={"monitors": [HOT]})).status_code == 403
        assert (await client.get("/monitor-templates")).json() == []

    play(story)


# ---- events


def event(number: int, **values: Any) -> StationEvent:
    usual = {"at": None, "trigger": "Alerting", "name": POWER, "value": "11500"}
    return StationEvent(**({"event_id": number} | usual | values))


def test_what_a_station_noticed_is_kept_whole_and_found(play):
    async def story(client: Api, station: Station) -> None:
        at = station.now - timedelta(minutes=2)
        whole = event(
            2**40,
            at=at,
            severity=3,
            cause=7,
            tech_code="E1",
            tech_info="hot",
            transaction_id="T-1",
            origin="CustomMonitor",
        )
        await station.says(EventsReported((whole, event(2, cleared=True, trigger="Delta", value="a\0b"))))
        later, first = (await client.get("/station-events")).json()["items"]
        assert first["event_id"] == 2**40
        assert (first["component"], first["variable"], first["evse"], first["value"]) == ("EVSE", "Power", 1, "11500")
        assert (first["severity"], first["cause"], first["transaction_id"]) == (3, 7, "T-1")
        assert (first["tech_code"], first["tech_info"], first["origin"]) == ("E1", "hot", "CustomMonitor")
        assert datetime.fromisoformat(first["at"]) == at
        assert (later["cleared"], later["value"]) == (True, "a\N{REPLACEMENT CHARACTER}b")
        for query, found in (
            ({"severity": 3}, [2**40]),
            ({"severity": 2}, []),
            ({"q": "hot power"}, [2**40]),
            ({"trigger": "delta"}, [2]),
            ({"transaction_id": "T-1", "component": "evse"}, [2**40]),
            ({"station_id": "CP-8"}, []),
            ({"until": at.isoformat()}, []),
            ({"limit": 1}, [2]),
        ):
            items = (await client.get("/station-events", **query)).json()["items"]
            assert [each["event_id"] for each in items] == found, query
        page = (await client.get("/station-events", limit=1)).json()
        assert [e["event_id"] for e in (await client.get("/station-events", after=page["next"])).json()["items"]] == [
            2**40
        ]
        assert [each.component for each in station.heard(StationEventNoticed)] == ["EVSE", "EVSE"]

    play(story)


def test_an_event_without_a_severity_is_as_grave_as_its_monitor(play):
    async def story(client: Api, station: Station) -> None:
        monitor = Monitor(9, POWER, MonitorKind.UPPER_THRESHOLD, 11000, 2)
        await station.says(MonitorsReported(1, 0, more=True, monitors=(monitor,)))
        await station.says(EventsReported((event(1, monitor_id=9), event(2, monitor_id=8))))
        items = (await client.get("/station-events")).json()["items"]
        assert [(each["event_id"], each["severity"]) for each in items] == [(2, None), (1, 2)]
        assert len((await client.get("/station-events", severity=2)).json()["items"]) == 1

    play(story)


def test_a_flood_of_events_is_dropped_and_told_once_and_old_ones_go(play, monkeypatch: pytest.MonkeyPatch):
    async def story(client: Api, station: Station) -> None:
        monkeypatch.setattr("voltloom.features.monitoring.answers.MOST_EVENTS_AT_ONCE", 5)
        await station.connect()
        await station.says(EventsReported(tuple(event(number) for number in range(8))))
        await station.says(EventsReported(tuple(event(number) for number in range(8))))
        assert len((await client.get("/station-events")).json()["items"]) == 5
        assert [each.kind for each in station.heard(SecurityNoticed)] == ["too_many_events"]
        monkeypatch.setattr(service, "MOST_EVENTS", 3)
        await service.prune(context(client, station))
        assert [e["event_id"] for e in (await client.get("/station-events")).json()["items"]] == [4, 3, 2]
        station.now += service.EVENTS_KEPT + timedelta(days=1)
        await service.prune(context(client, station))
        assert (await client.get("/station-events")).json()["items"] == []

    play(story)


# ---- streams


def test_a_stream_is_opened_told_paced_and_closed(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        assert (await station.says(StreamOpened(Stream(3, 9, Pace(10, 5))))).accepted
        values = tuple(StreamValue(station.now + timedelta(seconds=each), str(each)) for each in range(3))
        await station.says(StreamReported(3, station.now, values, pending=2))
        # The same again, unanswered as it is; one from a time that cannot be; and a stream that nobody opened.
        far = StreamValue(station.now + timedelta(days=2), "x")
        await station.says(StreamReported(3, station.now, (*values, far)))
        await station.says(StreamReported(4, station.now, values))
        told = (await client.get("/stations/CP-7/streams/3/values", limit=2)).json()
        assert [each["value"] for each in told["items"]] == ["2", "1"]
        rest = (await client.get("/stations/CP-7/streams/3/values", after=told["next"])).json()
        assert [each["value"] for each in rest["items"]] == ["0"]
        assert (await client.get("/stations/CP-7/streams/4/values")).status_code == 404
        assert {each.kind for each in station.heard(SecurityNoticed)} == {"unknown_stream", "dropped_stream_values"}

        replies[AdjustStream] = ACCEPTED
        await client.client.post("/stations/CP-7/streams/3/pace", json={"interval_s": 60})
        [stream] = (await client.get("/stations/CP-7/streams")).json()
        assert (stream["monitor_id"], stream["interval_s"], stream["values"]) == (9, 60, None)
        # Who comes back has its streams still.
        await station.connect()
        await station.says(StreamReported(3, station.now, (StreamValue(station.now + timedelta(seconds=9), "9"),)))
        assert (await client.get("/stations/CP-7/streams/3/values")).json()["items"][0]["value"] == "9"
        await station.says(StreamClosed(3))
        await station.says(StreamClosed(3))
        [stream] = (await client.get("/stations/CP-7/streams")).json()
        assert stream["closed_at"] is not None

        replies[ReadStreams] = (Stream(6, 9, Pace(values=4)),)
        read = (await client.client.post("/stations/CP-7/streams/read")).json()
        assert read == [{"id": 6, "monitor_id": 9, "interval_s": None, "values": 4}]
        known = {each["id"]: each["closed_at"] for each in (await client.get("/stations/CP-7/streams")).json()}
        assert known[6] is None
        assert known[3] is not None

    play(story)


def test_streams_of_all_stations_come_page_by_page(play):
    async def story(client: Api, station: Station) -> None:
        for number in (1, 2, 3):
            await station.says(StreamOpened(Stream(number, 9)))
        await station.says(StreamClosed(2))
        first = (await client.get("/streams", limit=2)).json()
        rest = (await client.get("/streams", limit=2, after=first["next"])).json()
        assert [(each["station_id"], each["id"]) for each in first["items"] + rest["items"]] == [
            ("CP-7", 1),
            ("CP-7", 2),
            ("CP-7", 3),
        ]
        assert rest["next"] is None
        still = (await client.get("/streams", open="true")).json()["items"]
        assert [each["id"] for each in still] == [1, 3]
        assert [each["id"] for each in (await client.get("/streams", open="false")).json()["items"]] == [2]
        assert (await client.get("/streams", station_id="CP-8")).json()["items"] == []

    play(story)


def test_streams_are_so_many_and_their_values_kept_so_long(play, monkeypatch: pytest.MonkeyPatch):
    async def story(client: Api, station: Station) -> None:
        monkeypatch.setattr("voltloom.features.monitoring.answers.MOST_STREAMS", 2)
        replies = [await station.says(StreamOpened(Stream(number, 9))) for number in (1, 2, 3, 2)]
        assert [reply.accepted for reply in replies] == [True, True, False, True]
        assert "2 streams" in replies[2].reason
        values = tuple(StreamValue(station.now - timedelta(seconds=each), str(each)) for each in range(5))
        await station.says(StreamReported(1, station.now, values))
        monkeypatch.setattr(service, "MOST_VALUES", 2)
        await service.prune(context(client, station))
        told = (await client.get("/stations/CP-7/streams/1/values")).json()["items"]
        assert [each["value"] for each in told] == ["0", "1"]
        station.now += service.VALUES_KEPT + timedelta(days=1)
        await service.prune(context(client, station))
        assert (await client.get("/stations/CP-7/streams/1/values")).json()["items"] == []

    play(story)


def test_a_station_that_is_removed_leaves_nothing_of_how_it_stood(play):
    async def story(client: Api, station: Station) -> None:
        await station.says(StreamOpened(Stream(1, 9)))
        monitor = Monitor(9, POWER, MonitorKind.DELTA, 1, 5)
        await station.says(MonitorsReported(1, 0, more=False, monitors=(monitor,)))
        await service.forget_removed(context(client, station), StationChanged(CP, station.now, "changed"))
        assert len(await watched(client)) == 1
        await service.forget_removed(context(client, station), StationChanged(CP, station.now, "removed"))
        assert await watched(client) == []
        assert (await client.get("/stations/CP-7/streams")).json() == []

    play(story)


# ---- customers


async def about(client: Api, **values: object) -> Any:
    body = {"token": {"value": "04A2B3", "kind": "ISO14443"}} | values
    return await client.client.post("/stations/CP-7/customer-information", json=body)


async def standing(client: Api) -> str:
    return (await client.get("/customer-information")).json()["items"][0]["state"]


def test_what_a_station_knows_of_a_customer_is_put_together_and_read_once(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[AskCustomerInformation] = ACCEPTED
        number = (await about(client)).json()["number"]
        assert await standing(client) == "waiting"
        early = await client.client.post(f"/customer-information/{number}/read")
        assert (early.status_code, "it is waiting" in early.json()["detail"]) == (409, True)
        for part, more, text in ((2, False, "C"), (0, True, "A"), (0, True, "twice"), (1, True, "B")):
            await station.says(CustomerInformationReported(number, part, more, text))
        assert [each.request_id for each in station.heard(CustomerInformationReceived)] == [number]
        await station.says(CustomerInformationReported(number, 3, more=False, text="late"))
        told = (await client.client.post(f"/customer-information/{number}/read")).json()
        assert (told["text"], told["request"]["state"], told["request"]["about"]) == ("ABC", "read", "token 04A2B3")
        again = await client.client.post(f"/customer-information/{number}/read")
        assert (again.status_code, "it is read" in again.json()["detail"]) == (409, True)
        [kind] = {each.kind for each in station.heard(SecurityNoticed)}
        assert kind == "unasked_customer_information"

    play(story)


def test_what_nobody_asked_this_station_for_is_dropped(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[AskCustomerInformation] = ACCEPTED
        await station.says(CustomerInformationReported(4711, 0, more=False, text="x"))
        cleared = (await about(client, report=False, clear=True)).json()["number"]
        assert await standing(client) == "cleared"
        await station.says(CustomerInformationReported(cleared, 0, more=False, text="x"))
        asked = (await about(client)).json()["number"]
        await station.says(CustomerInformationReported(asked, 100_000, more=False, text="x"))
        assert station.heard(CustomerInformationReceived) == []

    play(story)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(Accepted.REJECTED, "Invalid"), "refused"),
        (Unreachable("away"), "refused"),
        (TimedOut("?"), "asked"),
    ],
)
def test_a_refusal_is_kept_and_an_answer_not_heard_may_be_a_yes(play, answer: object, state: str):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[AskCustomerInformation] = answer
        await about(client)
        assert await standing(client) == state
        number = (await client.get("/customer-information")).json()["items"][0]["number"]
        await station.says(CustomerInformationReported(number, 0, more=False, text="x"))
        assert await standing(client) == ("ready" if state == "asked" else state)

    play(story)


@pytest.mark.parametrize("wrong", [{"token": None}, {"identifier": "C-1"}, {"report": False}])
def test_a_customer_is_named_one_way_and_something_is_wanted(play, wrong: dict[str, object]):
    async def story(client: Api, _: Station) -> None:
        assert (await about(client, **wrong)).status_code == 422
        assert client.network.asked == []

    play(story)


def test_what_nobody_read_is_gone_after_a_day_and_who_may_not_never_sees_it(play):
    async def story(client: Api, station: Station) -> None:
        replies = Replies(client)
        replies[AskCustomerInformation] = ACCEPTED
        number = (await about(client, token=None, identifier="C-1")).json()["number"]
        await station.says(CustomerInformationReported(number, 0, more=False, text="secret"))
        for role in (Role.VIEWER, Role.TECHNICIAN):
            client.role = role
            assert (await client.client.post(f"/customer-information/{number}/read")).status_code == 403
            assert (await client.get("/customer-information")).status_code == 403
            assert (await about(client)).status_code == 403
        client.role = Role.ADMIN
        station.now += timedelta(days=2)
        await service.prune(context(client, station))
        assert await standing(client) == "expired"
        assert (await client.client.post(f"/customer-information/{number}/read")).status_code == 409

    play(story)
