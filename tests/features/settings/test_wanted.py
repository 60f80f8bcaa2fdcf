"""Wanted settings, over their routes, and what boots make of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from charging_by_hand import Api, Station, a_station, charging_api
from stations_by_hand import CP, Caller
from voltloom.app.parts import EVENTS
from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeSettings,
    Command,
    GetSettings,
    ReportSome,
    SetNetworkProfile,
    SettingAnswer,
    SettingStatus,
    Trigger,
)
from voltloom.domain.errors import TimedOut, Unreachable
from voltloom.domain.events import StationBooted, WantedSettingsChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import BootReply, BootReported, LinkOpened, SettingsReported
from voltloom.domain.station import Hardware, Registration, Setting, SettingName
from voltloom.domain.token import TokenKind
from voltloom.features.access import Role
from voltloom.features.authorization import Token
from voltloom.features.feature import Context
from voltloom.features.settings import service
from voltloom.infra.database import Work
from voltloom.infra.journal import Journal

HEARTBEAT = SettingName("OCPPCommCtrlr", "HeartbeatInterval")
BEAT = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "60"}
PASSED = Answer(Accepted.ACCEPTED, "Accepted")
Story = Callable[[Api, Station], Awaitable[None]]


class Device:
    """A station's own settings. It says what it has, and takes what it is told; or does otherwise, by name."""

    def __init__(self, client: Api, **values: str) -> None:
        self.values = {SettingName("OCPPCommCtrlr", name): value for name, value in values.items()}
        self.refuses: dict[SettingName, SettingStatus] = {}
        self.error: Exception | None = None
        self._network = client.network
        client.network.says = self._say

    def _say(self, _: str, command: Command[Any]) -> object:
        if self.error is not None:
            return self.error
        match command:
            case GetSettings():
                return tuple(self._has(name) for name, _ in command.names)
            case ChangeSettings():
                return tuple(self._take(new.name, new.value) for new in command.settings)
            case _:
                return PASSED

    def _has(self, name: SettingName) -> SettingAnswer:
        value = self.values.get(name)
        if value is None:
            return SettingAnswer(name, SettingStatus.UNKNOWN, "UnknownVariable")
        return SettingAnswer(name, SettingStatus.ACCEPTED, "Accepted", Setting(name, value))

    def _take(self, name: SettingName, value: str) -> SettingAnswer:
        status = self.refuses.get(name, SettingStatus.ACCEPTED if name in self.values else SettingStatus.UNKNOWN)
        if status is SettingStatus.ACCEPTED:
            self.values[name] = value
        return SettingAnswer(name, status, status.value.title())

    def asked(self, kind: type[Command[Any]]) -> list[Any]:
        return [command for _, command in self._network.asked if isinstance(command, kind)]


@pytest.fixture
def play(fresh_database) -> Callable[[Story], None]:
    """CP-7, connected with 2.1; it has not booted."""

    def played(story: Story) -> None:
        async def whole() -> None:
            async with fresh_database(Journal(EVENTS, node="n1")) as database, charging_api(database) as client:
                station = await a_station(database)
                station.now = datetime.now(UTC)
                await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.1", 1, "n1"))
                await story(client, station)

        asyncio.run(whole())

    return played


async def boots(client: Api, station: Station, firmware: str = "1.4") -> BootReply:
    """Connects anew and boots; what is done by itself after that, is done."""
    await station.connect()
    reply = await station.says(BootReported(Hardware("Acme", "Duo", firmware=firmware)), timedelta(seconds=1))
    told = station.heard(StationBooted)[-1]
    after = station.now + timedelta(milliseconds=500)
    await service.after_boot(Context(client.database, client.network, after, Work()), told)
    return reply


async def templated(client: Api, *settings: dict[str, object], **values: object) -> str:
    body = {"name": "basics", "aim": {"vendor": "acme"}, "settings": settings} | values
    made = await client.client.post("/setting-templates", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def wanted(client: Api) -> dict[str, Any]:
    return (await client.get("/stations/CP-7/settings/wanted")).json()


async def standings(client: Api) -> dict[str, str]:
    return {each["wanted"]["variable"]: each["standing"] for each in (await wanted(client))["settings"]}


async def put(client: Api, path: str, document: object) -> httpx.Response:
    return await client.client.put(path, json=document)


def test_a_station_that_boots_gets_what_its_template_wants(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300", OfflineThreshold="60")
        await templated(client, BEAT, BEAT | {"variable": "OfflineThreshold"})
        assert (await boots(client, station)).registration is Registration.ACCEPTED
        assert device.values[HEARTBEAT] == "60"
        [asked] = device.asked(ChangeSettings)
        assert [new.name for new in asked.settings] == [HEARTBEAT]
        assert set((await standings(client)).values()) == {"holds"}
        commands = (await client.get("/stations/CP-7/commands")).json()["items"]
        assert {each["actor"] for each in commands} == {"voltloom: wanted settings"}
        # What holds is only read the next time.
        await boots(client, station)
        assert len(device.asked(ChangeSettings)) == 1
        assert len(device.asked(GetSettings)) == 2

    play(story)


def test_what_is_refused_needs_a_reboot_or_differs_is_told_for_the_station_and_for_all(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300", OfflineThreshold="1", ResetRetries="1")
        device.refuses = {
            HEARTBEAT: SettingStatus.REJECTED,
            SettingName("OCPPCommCtrlr", "ResetRetries"): SettingStatus.REBOOT_REQUIRED,
        }
        names = ("HeartbeatInterval", "OfflineThreshold", "ResetRetries", "NoSuch")
        await templated(client, *(BEAT | {"variable": name} for name in names))
        await boots(client, station)
        assert await standings(client) == {
            "HeartbeatInterval": "refused",
            "OfflineThreshold": "holds",
            "ResetRetries": "reboot_needed",
            "NoSuch": "refused",
        }
        # Somebody turns a knob at the station.
        await station.says(
            SettingsReported(
                1, 0, more=False, settings=(Setting(SettingName("OCPPCommCtrlr", "OfflineThreshold"), "7"),)
            )
        )
        drift = (await client.get("/settings/drift")).json()
        assert drift["next"] is None
        told = {
            each["wanted"]["variable"]: (each["station_id"], each["standing"], each["value"]) for each in drift["items"]
        }
        assert told == {
            "HeartbeatInterval": (CP, "refused", "300"),
            "OfflineThreshold": (CP, "differs", "7"),
            "ResetRetries": (CP, "reboot_needed", "1"),
            "NoSuch": (CP, "refused", None),
        }

    play(story)


def test_what_is_wanted_of_one_station_has_its_way_and_ends(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        await templated(client, BEAT)
        await boots(client, station)
        body = {"settings": [BEAT | {"value": "20"}]}
        assert (await put(client, "/stations/CP-7/settings/wanted", body)).status_code == 200
        ctx = Context(client.database, client.network, station.now, Work())
        await service.after_change(ctx, WantedSettingsChanged(CP, "", station.now, "changed"))
        assert device.values[HEARTBEAT] == "20"
        await put(client, "/stations/CP-7/settings/wanted", {"settings": []})
        [left] = (await wanted(client))["settings"]
        assert (left["wanted"]["value"], left["standing"]) == ("60", "differs")
        again = (await client.client.post("/stations/CP-7/settings/reconcile")).json()
        assert [each["standing"] for each in again["settings"]] == ["holds"]

    play(story)


def test_a_template_that_changes_or_goes_is_heeded(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        template_id = await templated(client, BEAT)
        await boots(client, station)
        body = {"name": "basics", "settings": [BEAT | {"value": "90"}]}
        assert (await put(client, f"/setting-templates/{template_id}", body)).status_code == 200
        ctx = Context(client.database, client.network, station.now, Work())
        await service.after_change(ctx, WantedSettingsChanged("", template_id, station.now, "changed"))
        assert device.values[HEARTBEAT] == "90"
        assert (await client.client.delete(f"/setting-templates/{template_id}")).status_code == 204
        assert (await client.client.delete(f"/setting-templates/{template_id}")).status_code == 404
        assert (await wanted(client))["settings"] == []
        assert (await put(client, "/setting-templates/none", body)).status_code == 404

    play(story)


def test_a_station_that_boots_as_what_is_wanted_changes_is_asked_once(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        template_id = await templated(client, BEAT)
        await boots(client, station)
        before = len(device.asked(GetSettings))
        asking, answers = asyncio.Event(), asyncio.Event()
        straight = client.network.ask

        async def slow(station_id: StationId, command: Command[Any], *, timeout_s: float = 30.0) -> Any:
            asking.set()
            await answers.wait()
            return await straight(station_id, command, timeout_s=timeout_s)

        client.network.ask = slow  # type: ignore[method-assign]  # a station that takes its time
        caller = Caller(client.database, client.network)

        async def beside(*again: bool) -> int:
            """How often it was asked by one, and others who came while it was."""
            asking.clear()
            answers.clear()
            others = [asyncio.create_task(service.reconcile(caller, CP))]
            await asking.wait()
            others += [asyncio.create_task(service.reconcile(caller, CP, again=each)) for each in again]
            await asyncio.sleep(0)
            if len(again) == 1:
                body = {"name": "basics", "settings": [BEAT | {"value": "90"}]}
                assert (await put(client, f"/setting-templates/{template_id}", body)).status_code == 200
            answers.set()
            await asyncio.gather(*others)
            return len(device.asked(GetSettings)) - before

        assert await beside(False, False, True) == 2
        # What is wanted has changed since the one before looked.
        assert await beside(False) == 4
        assert device.values[HEARTBEAT] == "90"

    play(story)


# ---- accepted or not yet


def test_a_station_is_pending_until_it_has_what_it_must_have(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        await templated(client, BEAT, before_accepted=True, when_refused="hold_back")
        first = await boots(client, station)
        assert first.registration is Registration.PENDING
        assert first.reason == "its settings are put right before it is accepted"
        assert device.values[HEARTBEAT] == "60"
        # It is asked to boot, as it may come in now.
        assert len(device.asked(Trigger)) == 1
        assert client.network.refreshed[-1] == CP
        second = await boots(client, station)
        assert (second.registration, second.reason) == (Registration.ACCEPTED, "")
        assert (await wanted(client))["verdict"] == "passed"
        # Another firmware may have forgotten them.
        assert (await boots(client, station, "1.5")).registration is Registration.PENDING
        assert (await boots(client, station, "1.5")).registration is Registration.ACCEPTED

    play(story)


def test_a_station_that_refuses_what_it_must_have_stays_pending_and_says_why_until_it_is_let_in(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        device.refuses = {HEARTBEAT: SettingStatus.REJECTED}
        await templated(client, BEAT, before_accepted=True, when_refused="hold_back")
        await boots(client, station)
        asked = len(device.asked(GetSettings))
        held = await boots(client, station)
        assert held.registration is Registration.PENDING
        assert "OCPPCommCtrlr.HeartbeatInterval: Rejected" in held.reason
        assert len(device.asked(GetSettings)) == asked  # not each time it boots
        told = await wanted(client)
        assert (told["verdict"], told["reason"]) == ("held_back", held.reason)
        assert device.asked(Trigger) == []
        station.now += service.ASK_AGAIN
        await boots(client, station)
        assert len(device.asked(GetSettings)) == asked + 1

        assert (await client.client.post("/stations/CP-7/settings/waive")).json()["verdict"] == "waived"
        assert len(device.asked(Trigger)) == 1
        assert (await boots(client, station)).registration is Registration.ACCEPTED

    play(story)


@pytest.mark.parametrize(
    ("error", "when_refused", "registration"),
    [
        (TimedOut("?"), "accept", Registration.ACCEPTED),
        (TimedOut("?"), "hold_back", Registration.PENDING),
        (Unreachable("away"), "accept", Registration.PENDING),
    ],
)
def test_a_station_that_does_not_answer_is_no_dead_end(play, error: Exception, when_refused: str, registration):
    """One that is away is asked again when it boots; one that is there and silent is taken to refuse."""

    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        device.error = error
        await templated(client, BEAT, before_accepted=True, when_refused=when_refused)
        await boots(client, station)
        again = await boots(client, station)
        assert again.registration is registration
        assert (await wanted(client))["trouble"].startswith("it could not be asked")
        device.error = None
        station.now += service.ASK_AGAIN
        await boots(client, station)
        assert (await boots(client, station)).registration is Registration.ACCEPTED

    play(story)


def test_one_that_refuses_is_accepted_all_the_same_where_the_template_says_so(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        device.refuses = {HEARTBEAT: SettingStatus.READ_ONLY}
        await templated(client, BEAT, before_accepted=True)
        assert (await boots(client, station)).registration is Registration.PENDING
        assert (await boots(client, station)).registration is Registration.ACCEPTED
        told = await wanted(client)
        assert told["verdict"] == "accepted_anyway"
        assert "HeartbeatInterval" in told["reason"]

    play(story)


def test_one_that_is_held_back_comes_in_when_what_it_lacks_is_wanted_no_more(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="300")
        device.refuses = {HEARTBEAT: SettingStatus.REJECTED}
        template_id = await templated(client, BEAT, before_accepted=True, when_refused="hold_back")
        await boots(client, station)
        await client.client.delete(f"/setting-templates/{template_id}")
        ctx = Context(client.database, client.network, station.now, Work())
        await service.after_change(ctx, WantedSettingsChanged("", template_id, station.now, "removed"))
        assert len(device.asked(Trigger)) == 1
        assert (await boots(client, station)).registration is Registration.ACCEPTED
        assert (await client.client.post("/stations/CP-7/settings/waive")).status_code == 409

    play(story)


def test_a_station_that_policy_keeps_out_is_not_let_in_by_its_settings(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client, HeartbeatInterval="60")
        await templated(client, BEAT, before_accepted=True)
        await client.client.patch("/stations/CP-7", json={"policy": "Pending"})
        assert (await boots(client, station)).registration is Registration.PENDING
        assert device.asked(Trigger) == []
        await client.client.patch("/stations/CP-7", json={"policy": "Rejected"})
        asked = len(client.network.asked)
        assert (await boots(client, station)).registration is Registration.REJECTED
        assert len(client.network.asked) == asked

    play(story)


# ---- across stations


def test_settings_are_found_and_counted_across_stations(play):
    async def story(client: Api, station: Station) -> None:
        Device(client)
        await boots(client, station)
        other = await a_station(station.database, Token("0BAD", TokenKind.LOCAL), station_id=StationId("CP-8"))
        for each, value in ((station, "300"), (other, "60")):
            secret = Setting(SettingName("SecurityCtrlr", "BasicAuthPassword"), "hunter22hunter22")
            settings = (Setting(HEARTBEAT, value), Setting(SettingName("EVSE", "Power"), "7"), secret)
            await each.says(SettingsReported(1, 0, more=False, settings=settings))
        assert "hunter22" not in (await client.get("/settings")).text
        query = {"variable": "heartbeatinterval", "component": "OCPPCommCtrlr"}
        found = (await client.get("/settings", **query)).json()["items"]
        assert [(each["station_id"], each["value"]) for each in found] == [("CP-7", "300"), ("CP-8", "60")]
        assert len((await client.get("/settings", **query, value="60")).json()["items"]) == 1
        assert len((await client.get("/settings", vendor="acme")).json()["items"]) == 3
        seen, after = [], None
        while True:
            page = (await client.get("/settings", limit=2, **({"after": after} if after else {}))).json()
            seen += [(each["station_id"], each["variable"]) for each in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 6
        counted = (await client.get("/settings/values", **query)).json()
        assert [(each["value"], each["count"]) for each in counted] == [("300", 1), ("60", 1)]
        assert (await client.get("/settings/values", variable="Power")).json()[0]["count"] == 2

    play(story)


def test_some_settings_are_reported_at_wish(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client)
        body = {"criteria": ["Problem"], "parts": [{"component": "EVSE", "evse": 1}]}
        answer = (await client.client.post("/stations/CP-7/settings/report-some", json=body)).json()
        [asked] = device.asked(ReportSome)
        assert (asked.report_id, answer["outcome"]) == (answer["report_id"], "accepted")
        assert (await client.client.post("/stations/CP-7/settings/report-some", json={})).status_code == 422

    play(story)


# ---- network profiles

NETWORK = {"slot": 2, "url": "ws://csms.example.com/ocpp", "security_profile": 1, "interface": "Wired0"}
TLS = NETWORK | {"url": "wss://csms.example.com/ocpp", "security_profile": 2}


def test_a_network_profile_is_kept_with_its_outcome_and_without_its_secrets(play):
    async def story(client: Api, station: Station) -> None:
        device = Device(client)
        secret = {"identity": "CP-7", "password": "hunter22hunter22"}
        mobile = {"name": "internet", "password": "hunter22", "sim_pin": 8472}
        private = {
            "server": "vpn.example",
            "kind": "IKEv2",
            "user": "u",
            "password": "hunter22",
            "shared_secret": "hunter22",
        }
        body = TLS | secret | {"mobile": mobile, "private": private}
        answer = await client.client.post("/stations/CP-7/network-profiles", json=body)
        assert answer.json()["outcome"] == "accepted", answer.text
        [asked] = device.asked(SetNetworkProfile)
        assert asked.profile.password == "hunter22hunter22"
        [kept] = (await client.get("/stations/CP-7/network-profiles")).json()
        assert (kept["slot"], kept["accepted"], kept["said"], kept["has_secrets"]) == (2, True, "Accepted", True)
        for path in ("/stations/CP-7/commands", "/stations/CP-7/network-profiles"):
            text = (await client.get(path)).text
            assert "hunter22" not in text
            assert "8472" not in text
        client.network.says = lambda *_: Unreachable("away")
        assert (await client.client.post("/stations/CP-7/network-profiles", json=TLS)).status_code == 409
        [kept] = (await client.get("/stations/CP-7/network-profiles")).json()
        assert (kept["accepted"], kept["said"], kept["has_secrets"]) == (False, "not connected", False)

    play(story)


@pytest.mark.parametrize(
    "command",
    [
        ("network-profiles", NETWORK | {"security_profile": 0}),
        ("ocpp/SetNetworkProfile", {"configurationSlot": 1, "connectionData": {"securityProfile": 0}}),
        ("ocpp/SetVariables", {"setVariableData": [{"variable": {"name": "SecurityProfile"}, "attributeValue": "0"}]}),
        ("ocpp/ChangeConfiguration", {"key": "securityprofile", "value": "0"}),
        ("settings", {"settings": [{"component": "SecurityCtrlr", "variable": "SecurityProfile", "value": "0"}]}),
    ],
    ids=lambda command: command[0],
)
def test_no_way_leads_below_the_security_profile_in_use(play, command: tuple[str, dict[str, object]]):
    async def story(client: Api, _: Station) -> None:
        Device(client)
        path, body = command
        refused = await client.client.post(f"/stations/CP-7/{path}", json=body)
        assert refused.status_code == 409, refused.text
        assert "security profile 1" in refused.json()["detail"]
        assert client.network.asked == []

    play(story)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (NETWORK | {"security_profile": 2}, "wss://"),
        (TLS | {"security_profile": 1}, "wss://"),
        (TLS | {"security_profile": 3, "password": "x" * 16}, "no password"),
        (TLS | {"url": "https://a.example/x"}, "wss?"),
    ],
)
def test_a_network_profile_that_cannot_be_is_refused_unasked(play, wrong: dict[str, object], why: str):
    async def story(client: Api, _: Station) -> None:
        refused = await client.client.post("/stations/CP-7/network-profiles", json=wrong)
        assert refused.status_code == 422, refused.text
        assert why in refused.text
        assert client.network.asked == []

    play(story)


def test_who_may_only_look_wants_nothing(play):
    async def story(client: Api, _: Station) -> None:
        client.role = Role.VIEWER
        for method, path, body in (
            ("POST", "/setting-templates", {"name": "x", "settings": []}),
            ("PUT", "/stations/CP-7/settings/wanted", {"settings": []}),
            ("POST", "/stations/CP-7/settings/waive", {}),
            ("POST", "/stations/CP-7/settings/reconcile", {}),
            ("POST", "/stations/CP-7/network-profiles", NETWORK),
        ):
            assert (await client.client.request(method, path, json=body)).status_code == 403, path
        assert (await client.get("/settings/drift")).json() == {"items": [], "next": None}

    play(story)
