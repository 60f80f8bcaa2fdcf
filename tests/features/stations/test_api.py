"""The routes, over the real server's own assembly of errors, without its sockets and sign-in."""

import asyncio
import csv
import io
import json
import re
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from stations_by_hand import CONFIG, CP, NOW, Api, api, connect
from voltloom.domain.commands import (
    Accepted,
    Answer,
    DataAnswer,
    RawAnswer,
    RawCall,
    RequestStart,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
    StartAnswer,
)
from voltloom.domain.errors import StationError, TimedOut
from voltloom.domain.ids import JsonText, Place, StationId
from voltloom.domain.reports import BootReported, ConnectorStatusReported, FaultReported, LinkOpened, SettingsReported
from voltloom.domain.station import ConnectorStatus, Hardware, Setting, SettingName
from voltloom.features.access import Role
from voltloom.features.feature import Link
from voltloom.features.stations import Inbox, Knock, KnockReason, credentials_of
from voltloom.features.stations.api import router
from voltloom.features.stations.door import flush_door
from voltloom.infra.archive import ADD_EXCHANGE
from voltloom.infra.database import Work

ACCEPTED = Answer(Accepted.ACCEPTED, "Accepted")


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database, api(database) as client:
            await story(client)

    asyncio.run(whole())


async def a_living_station(client: Api, station_id: str = CP, **more) -> None:
    added = await client.post("/stations", {"id": station_id} | more)
    assert added.status_code == 201, added.text
    session = await connect(client.database, station_id)
    await session.says(LinkOpened(NOW, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
    await session.says(BootReported(Hardware("ABB", "Terra AC", "S-1", "1.2.3")))
    await session.says(ConnectorStatusReported(Place(1, 1), ConnectorStatus.CHARGING, NOW))


# ---- the registry


def test_a_station_is_registered_seen_changed_and_removed(fresh_database):
    async def story(client: Api):
        added = await client.post("/stations", {"id": "CP-7", "name": "Front door"})
        assert added.status_code == 201
        welcome = added.json()
        assert re.fullmatch(r"[0-9a-f]{40}", welcome["password"])
        assert welcome["urls"][1] == "wss://csms.example.com:9443/ocpp/CP-7"
        seen = (await client.get("/stations/CP-7")).json()
        assert (seen["name"], seen["link"]["connected"], seen["registration"]) == ("Front door", False, None)
        assert welcome["password"] not in json.dumps(seen)
        changed = await client.patch(
            "/stations/CP-7", {"name": "Back door", "enabled": False, "protocols": ["ocpp1.6"]}
        )
        assert (changed.json()["name"], changed.json()["enabled"], changed.json()["protocols"]) == (
            "Back door",
            False,
            ["ocpp1.6"],
        )
        assert (await client.delete("/stations/CP-7")).status_code == 204
        assert (await client.get("/stations/CP-7")).status_code == 404

    run(fresh_database, story)


def test_the_detail_tells_how_the_station_stands(fresh_database):
    async def story(client: Api):
        await a_living_station(client)
        session = await connect(client.database)
        await session.says(FaultReported(Place(1, 1), NOW, "GroundFailure", vendor_code="E17"))
        seen = (await client.get("/stations/CP-7")).json()
        assert seen["hardware"]["model"] == "Terra AC"
        assert seen["link"] | {"since": None} == {
            "connected": True,
            "protocol": "ocpp2.0.1",
            "security_profile": 1,
            "address": "192.0.2.7",
            "node": "n1",
            "since": None,
            "disconnected_at": None,
            "disconnect_reason": "",
        }
        assert [(each["evse"], each["status"]) for each in seen["connectors"]] == [(1, "Charging")]
        assert [each["code"] for each in seen["faults"]] == ["GroundFailure"]
        assert (await client.get("/stations/CP-7/connectors")).json() == seen["connectors"]

    run(fresh_database, story)


def test_stations_are_found_by_what_is_known_of_them(fresh_database):
    async def story(client: Api):
        site = (await client.post("/sites", {"name": "Harbour"})).json()["id"]
        await a_living_station(client, "CP-7", site_id=site, name="Pier one")
        await client.post("/stations", {"id": "CP-8", "name": "Pier two"})

        async def ids(**query) -> list[str]:
            answer = await client.get("/stations", **query)
            assert answer.status_code == 200, answer.text
            return [each["id"] for each in answer.json()["items"]]

        assert await ids() == ["CP-7", "CP-8"]
        assert await ids(site_id=site) == ["CP-7"]
        assert await ids(site_id="") == ["CP-8"]
        assert await ids(connected="true") == ["CP-7"]
        assert await ids(connected="false") == ["CP-8"]
        assert await ids(status="Charging") == ["CP-7"]
        assert await ids(status="Available") == []
        assert await ids(faulted="true") == []
        assert await ids(vendor="abb") == ["CP-7"]
        assert await ids(model="Terra AC", protocol="ocpp2.0.1") == ["CP-7"]
        assert await ids(q="PIER two") == ["CP-8"]
        assert await ids(q="100%") == []
        summary = (await client.get("/stations/summary")).json()
        assert (summary["stations"], summary["connected"], summary["never_connected"]) == (2, 1, 1)
        assert summary["connectors_by_status"] == {"Charging": 1}
        assert (await client.get("/stations/summary", connected="false")).json()["stations"] == 1

    run(fresh_database, story)


def test_pages_follow_each_other_without_gap_or_repetition(fresh_database):
    async def story(client: Api):
        for number in range(7):
            await client.post("/stations", {"id": f"CP-{number}"})
        seen: list[str] = []
        query: dict[str, str] = {"limit": "3"}
        while True:
            page = (await client.get("/stations", **query)).json()
            seen += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        assert seen == [f"CP-{number}" for number in range(7)]
        assert (await client.get("/stations", after="nonsense!")).status_code == 422

    run(fresh_database, story)


def test_what_is_asked_wrongly_is_told_as_a_problem(fresh_database):
    async def story(client: Api):
        for document in (
            {"id": "a:b"},
            {"id": ""},
            {"id": "CP-7", "nmae": "typo"},
            {"id": "CP-7", "password": "short"},
            {"id": "CP-7", "security_profile": 9},
            {"id": "CP-7", "name": "a\0b"},
            {"id": "CP-7", "site_id": "nowhere"},
            {"id": "CP-7", "protocols": ["ocpp9"]},
        ):
            answer = await client.post("/stations", document)
            assert answer.status_code == 422, document
            assert answer.headers["content-type"] == "application/problem+json"
        await client.post("/stations", {"id": "CP-7"})
        again = await client.post("/stations", {"id": "CP-7"})
        assert (again.status_code, again.json()["detail"]) == (409, "CP-7 is registered already")

    run(fresh_database, story)


def test_a_password_can_be_changed_and_is_shown_once(fresh_database):
    async def story(client: Api):
        first = (await client.post("/stations", {"id": "CP-7"})).json()["password"]
        second = (await client.post("/stations/CP-7/password", {})).json()["password"]
        assert second
        assert second != first
        install = await client.post("/stations/CP-7/password", {"install": True})
        assert install.status_code == 409

    run(fresh_database, story)


# ---- files


def test_stations_come_as_a_file_in_every_format(fresh_database):
    async def story(client: Api):
        await a_living_station(client, "CP-7", name="=HYPERLINK(1)")
        await client.post("/stations", {"id": "CP-8"})
        answer = await client.get("/stations/export")
        assert answer.headers["content-disposition"] == 'attachment; filename="stations.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["id"] for row in rows] == ["CP-7", "CP-8"]
        assert rows[0]["name"] == "'=HYPERLINK(1)"
        assert rows[0]["vendor"] == "ABB"
        documents = (await client.get("/stations/export", format="json")).json()
        assert [each["id"] for each in documents] == ["CP-7", "CP-8"]
        assert documents[0]["name"] == "=HYPERLINK(1)"
        lines = (await client.get("/stations/export", format="jsonl", connected="true")).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["CP-7"]
        assert (await client.get("/stations/export", format="json", q="nobody")).json() == []

    run(fresh_database, story)


# ---- commands


def test_every_command_reaches_the_station_and_its_answer_comes_back(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        client.network.says = lambda *_: ACCEPTED
        for path, document in (
            ("stop", {"transaction_id": "17"}),
            ("reset", {"kind": "Immediate"}),
            ("unlock", {"evse": 1}),
            ("availability", {"availability": "Inoperative", "evse": 1, "connector": 2}),
            ("trigger", {"message": "StatusNotification", "evse": 1}),
            ("settings/report", {}),
        ):
            answer = await client.post(f"/stations/CP-7/{path}", document)
            assert answer.status_code == 200, (path, answer.text)
            assert answer.json()["outcome"] == "accepted"
        assert client.network.asked[1] == (CP, Reset(ResetKind.IMMEDIATE))
        given = [each["command"] for each in (await client.get("/stations/CP-7/commands")).json()["items"]]
        assert given == ["report_settings", "trigger", "change_availability", "unlock", "reset", "request_stop"]
        assert [
            each["command"] for each in (await client.get("/stations/CP-7/commands", command="reset")).json()["items"]
        ] == ["reset"]

    run(fresh_database, story)


def test_a_remote_start_tells_by_which_number_it_will_be_known(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        client.network.says = lambda *_: StartAnswer(ACCEPTED)
        answer = await client.post("/stations/CP-7/start", {"token": {"value": "CAFE", "kind": "ISO14443"}, "evse": 1})
        ((_, command),) = client.network.asked
        assert isinstance(command, RequestStart)
        assert answer.json()["remote_start_id"] == command.remote_start_id > 0
        assert command.place == Place(1)

    run(fresh_database, story)


def test_settings_are_read_changed_and_listed(fresh_database):
    async def story(client: Api):
        await a_living_station(client)
        name = SettingName("OCPPCommCtrlr", "HeartbeatInterval")
        session = await connect(client.database)
        settings = (Setting(name, "60"), Setting(SettingName("OCPP16", "WifiPassword"), "hunter2"))
        await session.says(SettingsReported(None, 0, more=False, settings=settings))
        listed = (await client.get("/stations/CP-7/settings")).json()["items"]
        assert [(each["component"], each["variable"], each["value"], each["secret"]) for each in listed] == [
            ("OCPP16", "WifiPassword", None, True),
            ("OCPPCommCtrlr", "HeartbeatInterval", "60", False),
        ]
        first = (await client.get("/stations/CP-7/settings", limit="1")).json()
        second = (await client.get("/stations/CP-7/settings", limit="1", after=first["next"])).json()
        assert [each["variable"] for each in first["items"] + second["items"]] == ["WifiPassword", "HeartbeatInterval"]
        assert second["next"] is None
        client.network.says = lambda *_: (SettingAnswer(name, SettingStatus.ACCEPTED, "Accepted"),)
        change = {"settings": [{"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "30"}]}
        answer = await client.post("/stations/CP-7/settings", change)
        assert [each["status"] for each in answer.json()] == ["accepted"]
        listed = (await client.get("/stations/CP-7/settings", q="heartbeat")).json()["items"]
        assert [each["value"] for each in listed] == ["30"]
        wrong = await client.post("/stations/CP-7/settings/get", {"names": [{"component": "X"}]})
        assert wrong.status_code == 422
        key = await client.post("/stations/CP-7/settings/get", {"names": [{"key": "HeartbeatInterval"}]})
        assert key.status_code == 200
        assert client.network.asked[-1][1].names[0][0] == SettingName("OCPP16", "HeartbeatInterval")

    run(fresh_database, story)


def test_any_action_can_be_called_with_its_payload_as_it_is(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        client.network.says = lambda *_: RawAnswer(JsonText('{"status": "Accepted"}'))
        answer = await client.send("/stations/CP-7/ocpp/ClearCache", b'{ "a":1.0 }')
        assert answer.text == '{"status": "Accepted"}'
        assert client.network.asked[-1][1] == RawCall("ClearCache", JsonText('{ "a":1.0 }'))
        for body in (b"[]", b"7", b"{", b"\xff", b"null", b"[" * 100_000):
            assert (await client.send("/stations/CP-7/ocpp/ClearCache", body)).status_code == 422, body
        assert (await client.send("/stations/CP-7/ocpp/../x", b"{}")).status_code in {404, 405, 422}

    run(fresh_database, story)


def test_a_vendors_message_is_sent(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        client.network.says = lambda *_: DataAnswer(Accepted.ACCEPTED, "Accepted", "pong")
        answer = await client.post("/stations/CP-7/data", {"vendor_id": "com.abb", "message_id": "ping"})
        assert answer.json() == {"outcome": "accepted", "status": "Accepted", "data": "pong"}

    run(fresh_database, story)


def test_a_command_that_fails_says_how(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        away = await client.post("/stations/CP-7/reset", {})
        assert (away.status_code, away.json()["title"]) == (409, "The station is not connected")
        client.network.says = lambda *_: TimedOut("CP-7 did not answer")
        assert (await client.post("/stations/CP-7/reset", {})).status_code == 504
        client.network.says = lambda *_: StationError("CP-7 said no", "InternalError")
        refused = await client.post("/stations/CP-7/reset", {})
        assert (refused.status_code, refused.json()["code"]) == (502, "InternalError")
        assert (await client.post("/stations/CP-9/reset", {})).status_code == 404

    run(fresh_database, story)


# ---- messages


def test_what_was_said_is_listed_filtered_and_exported(fresh_database):
    async def story(client: Api):
        work = Work()
        said = (
            (True, "BootNotification", {"model": "=1+1"}, '{"status":"Accepted"}', 1_500, ""),
            (False, "Reset", {"type": "Soft"}, '[4,"m1","InternalError","no",{}]', 900, "CP-7 answered with an error"),
            (True, "Heartbeat", {}, "{}", 100, ""),
        )
        for number, (inbound, action, payload, answer, took_us, trouble) in enumerate(said):
            frame = json.dumps([2, f"m{number}", action, payload])
            at = NOW + timedelta(seconds=number)
            work.write(ADD_EXCHANGE, CP, at, inbound, "ocpp1.6", f"m{number}", action, frame, answer, took_us, trouble)
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.database.commit(work, lambda error: committed.set_result(None))
        await committed

        async def actions(**query: str) -> list[str]:
            answer = await client.get("/stations/CP-7/messages", **query)
            assert answer.status_code == 200, answer.text
            return [each["action"] for each in answer.json()["items"]]

        assert await actions() == ["Heartbeat", "Reset", "BootNotification"]
        assert await actions(direction="to_station") == ["Reset"]
        assert await actions(outcome="error") == ["Reset"]
        assert await actions(trouble="false", action="Heartbeat") == ["Heartbeat"]
        assert await actions(since="2026-05-04T12:00:01Z", until="2026-05-04T12:00:02Z") == ["Reset"]
        page = (await client.get("/stations/CP-7/messages", limit="2")).json()
        (last,) = (await client.get("/stations/CP-7/messages", limit="2", after=page["next"])).json()["items"]
        assert (last["payload"], last["answer"], last["latency_ms"]) == ({"model": "=1+1"}, {"status": "Accepted"}, 1.5)
        (error,) = (await client.get("/stations/CP-7/messages", outcome="error")).json()["items"]
        assert error["error"] == {"code": "InternalError", "text": "no", "details": {}}
        assert error["trouble"] == "CP-7 answered with an error"
        rows = list(csv.DictReader(io.StringIO((await client.get("/stations/CP-7/messages/export")).text)))
        assert [row["action"] for row in rows] == ["Heartbeat", "Reset", "BootNotification"]
        assert json.loads(rows[2]["payload"]) == {"model": "=1+1"}
        documents = (await client.get("/stations/CP-7/messages/export", format="json", action="Reset")).json()
        assert [each["error"]["code"] for each in documents] == ["InternalError"]
        assert (await client.get("/stations/CP-7/messages", since="2026-05-04T12:00:01")).status_code == 422

    run(fresh_database, story)


# ---- the inbox


def test_a_knock_is_seen_adopted_and_gone(fresh_database):
    async def story(client: Api):
        inbox = Inbox()
        inbox.note(Knock("NEW-1", "192.0.2.9", NOW, KnockReason.UNKNOWN_ID, subprotocols=("ocpp1.6",)))
        inbox.note(Knock("", "192.0.2.9", NOW, KnockReason.WRONG_PATH, path="/"))
        await flush_door(client.database, inbox, credentials_of(client.database, CONFIG.passwords), NOW)
        knocks = (await client.get("/inbox")).json()["items"]
        assert {each["reason"] for each in knocks} == {"unknown_id", "wrong_path"}
        (stranger,) = (await client.get("/inbox", reason="unknown_id")).json()["items"]
        assert stranger["subprotocols"] == ["ocpp1.6"]
        assert stranger["explanation"] == KnockReason.UNKNOWN_ID.sentence
        adopted = await client.post(f"/inbox/{stranger['number']}/adopt", {"name": "Yard"})
        assert adopted.json()["username"] == "NEW-1"
        assert (await client.get("/stations/NEW-1")).json()["name"] == "Yard"
        (left,) = (await client.get("/inbox")).json()["items"]
        assert (await client.post(f"/inbox/{left['number']}/adopt", {})).status_code == 422
        assert (await client.delete(f"/inbox/{left['number']}")).status_code == 204
        assert (await client.delete(f"/inbox/{left['number']}")).status_code == 404
        assert (await client.get("/inbox", limit="1")).json() == {"items": [], "next": None}

    run(fresh_database, story)


# ---- what may be asked, and over what


def test_how_a_connection_is_now_is_asked_of_who_holds_it(fresh_database):
    async def story(client: Api):
        await a_living_station(client)
        assert (await client.get("/stations/CP-7/link")).json() is None
        link = Link(StationId(CP), "192.0.2.7", "ocpp2.0.1", 1, NOW, 2.5, 0.0421, 12, 7)
        client.network.links[StationId(CP)] = link
        seen = (await client.get("/stations/CP-7/link")).json()
        assert (seen["rtt_ms"], seen["heard_s"], seen["messages_in"], seen["messages_out"]) == (42.1, 2.5, 12, 7)
        assert (await client.get("/stations/CP-8/link")).status_code == 404

    run(fresh_database, story)


def test_what_a_version_has_words_for_is_told_of_the_stations_own(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "NEW-1"})
        new = (await client.get("/stations/NEW-1/vocabulary")).json()
        assert new == {"protocol": "", "commands": [], "actions": []}
        await a_living_station(client)
        seen = (await client.get("/stations/CP-7/vocabulary")).json()
        assert seen == {"protocol": "ocpp2.0.1", "commands": ["reset", "unlock"], "actions": ["Reset"]}

    run(fresh_database, story)


# ---- who may


def test_a_viewer_sees_and_changes_nothing(fresh_database):
    async def story(client: Api):
        await client.post("/stations", {"id": "CP-7"})
        client.role = Role.VIEWER
        assert (await client.get("/stations/CP-7")).status_code == 200
        for answer in (
            await client.post("/stations", {"id": "CP-8"}),
            await client.patch("/stations/CP-7", {"name": "x"}),
            await client.delete("/stations/CP-7"),
            await client.post("/stations/CP-7/reset", {}),
            await client.post("/stations/CP-7/password", {}),
            await client.post("/inbox/1/adopt", {}),
        ):
            assert answer.status_code == 403
        assert client.network.asked == []

    run(fresh_database, story)


def test_every_route_says_what_it_is_for():
    routes = [context.original_route for context in iter_route_contexts(router(CONFIG).routes)]
    assert len(routes) > 20
    for route in routes:
        assert isinstance(route, APIRoute)
        assert route.summary, route.path
        assert route.tags, route.path


@pytest.mark.parametrize("name", ["..%2f", "%00", "a%20b", "x" * 49, "%F0%9F%92%A9"])
def test_a_path_that_names_no_station_is_no_mistake_of_ours(fresh_database, name: str):
    async def story(client: Api):
        for path in (f"/stations/{name}", f"/stations/{name}/settings", f"/stations/{name}/messages"):
            assert (await client.get(path)).status_code in {200, 404, 422}

    run(fresh_database, story)
