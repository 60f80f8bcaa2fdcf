"""Monitoring and customer information, frame by frame (OCPP 2.0.1 N02 to N10; streams of 2.1)."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness import Server, Station, until

BOTH = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
AT = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
EVSE_STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
HEAT = {"component": {"name": "TemperatureSensor"}, "variable": {"name": "Temperature"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("monitoring") / "data") as running:
        yield running


async def booted(server: Server, kind: str, version: str) -> Station:
    station_id = f"{kind}-{version.removeprefix('ocpp')}"
    password = await asyncio.to_thread(server.add_station, station_id)
    station = await Station.connect(server.ocpp, station_id, password, version)
    assert (await station.boot())["status"] == "Accepted"
    return station


async def asks(server: Server, path: str, body: dict[str, object], method: str = "POST") -> Any:
    def ask() -> Any:
        with server.api() as api:
            answer = api.request(method, path, json=body)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

    return await asyncio.to_thread(ask)


async def sees(server: Server, path: str) -> Any:
    return await asyncio.to_thread(server.ask, path)


def results(request: dict[str, Any], *ids: int) -> dict[str, Any]:
    kept = ("type", "severity", "component", "variable")
    asked = request["setMonitoringData"]
    return {
        "setMonitoringResult": [
            {key: each[key] for key in kept} | {"status": "Accepted", "id": number}
            for each, number in zip(asked, ids, strict=True)
        ]
    }


@BOTH
def test_tc_n_08_one_variable_is_watched_for_changes(server: Server, version: str):
    """OCA test case TC_N_08, by its steps: a Delta monitor of value 1 and severity 8 on EVSE.AvailabilityState."""

    async def story() -> None:
        station = await booted(server, "N08", version)
        wanted = {"component": "EVSE", "evse": 1, "variable": "AvailabilityState", "kind": "Delta", "value": 1}
        body = {"monitors": [wanted | {"severity": 8}]}
        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/monitors", body))
        request = await station.hear("SetVariableMonitoring")
        assert request[1] == {"setMonitoringData": [{"value": 1.0, "type": "Delta", "severity": 8} | EVSE_STATE]}
        await station.reply(request[0], results(request[1], 5))
        assert [(each["outcome"], each["id"]) for each in await asked] == [("accepted", 5)]
        [known] = (await sees(server, f"/monitors?station_id={station.id}"))["items"]
        assert (known["id"], known["kind"], known["variable"]) == (5, "Delta", "AvailabilityState")

        # It changes, and that is told: N07.
        event = EVSE_STATE | {
            "eventId": 1,
            "timestamp": AT,
            "trigger": "Delta",
            "actualValue": "Occupied",
            "eventNotificationType": "CustomMonitor",
            "variableMonitoringId": 5,
        }
        payload = {"generatedAt": AT, "tbc": False, "seqNo": 0, "eventData": [event]}
        assert await station.call("NotifyEvent", payload) == {}
        [told] = (await sees(server, f"/station-events?station_id={station.id}"))["items"]
        assert (told["value"], told["severity"], told["monitor_id"]) == ("Occupied", 8, 5)
        await station.close()

    asyncio.run(story())


@BOTH
def test_tc_n_44_clearing_that_is_refused_leaves_the_monitor(server: Server, version: str):
    """OCA test case TC_N_44, by its steps: the station answers Rejected."""

    async def story() -> None:
        station = await booted(server, "N44", version)
        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/monitors/clear", {"ids": [3]}))
        answer = {"clearMonitoringResult": [{"id": 3, "status": "Rejected"}]}
        assert await station.answer("ClearVariableMonitoring", answer) == {"id": [3]}
        assert [(each["outcome"], each["said"]) for each in await asked] == [("rejected", "Rejected")]
        await station.close()

    asyncio.run(story())


@BOTH
def test_a_report_of_monitors_in_parts_base_and_level(server: Server, version: str):
    """N02, N03, N05. 2.1 requires `eventNotificationType` in the report; this station leaves it out, as some do."""

    async def story() -> None:
        station = await booted(server, "N02", version)
        path = f"/stations/{station.id}/monitors"
        asked = asyncio.ensure_future(asks(server, f"{path}/report", {}))
        request = await station.answer("GetMonitoringReport", {"status": "Accepted"})
        number = (await asked)["report_id"]
        assert request == {"requestId": number}
        for part in (1, 0):
            monitor = {"id": part, "transaction": False, "value": 60, "type": "UpperThreshold", "severity": part}
            payload = {
                "requestId": number,
                "generatedAt": AT,
                "seqNo": part,
                "tbc": part == 0,
                "monitor": [HEAT | {"variableMonitoring": [monitor]}],
            }
            assert await station.call("NotifyMonitoringReport", payload) == {}
        assert [each["id"] for each in (await sees(server, f"/monitors?station_id={station.id}"))["items"]] == [0, 1]

        criteria = {"criteria": ["ThresholdMonitoring"], "parts": [{"component": "EVSE", "variable": "Power"}]}
        asked = asyncio.ensure_future(asks(server, f"{path}/report", criteria))
        request = await station.answer("GetMonitoringReport", {"status": "EmptyResultSet"})
        assert request["monitoringCriteria"] == ["ThresholdMonitoring"]
        assert request["componentVariable"] == [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]
        assert (await asked)["outcome"] == "rejected"

        asked = asyncio.ensure_future(asks(server, f"{path}/level", {"severity": 4}))
        assert await station.answer("SetMonitoringLevel", {"status": "Accepted"}) == {"severity": 4}
        assert (await asked)["outcome"] == "accepted"
        asked = asyncio.ensure_future(asks(server, f"{path}/base", {"base": "HardWiredOnly"}))
        assert await station.answer("SetMonitoringBase", {"status": "Accepted"}) == {"monitoringBase": "HardWiredOnly"}
        await station.answer("GetMonitoringReport", {"status": "EmptyResultSet"})
        assert (await asked)["outcome"] == "accepted"
        assert (await sees(server, f"/monitors?station_id={station.id}"))["items"] == []
        await station.close()

    asyncio.run(story())


@BOTH
def test_a_template_is_set_when_a_station_boots(server: Server, version: str):
    """N04.FR.19: after a boot the list of monitors is asked for anew."""

    async def story() -> None:
        station_id = f"TPL-{version.removeprefix('ocpp')}"
        password = await asyncio.to_thread(server.add_station, station_id)
        monitor = {"component": "TemperatureSensor", "variable": "Temperature", "kind": "UpperThreshold", "value": 70}
        aim = {"vendor": f"Hot{version}"}
        made = await asks(server, "/monitor-templates", {"name": version, "aim": aim, "monitors": [monitor]})
        station = await Station.connect(server.ocpp, station_id, password, version)
        hardware = {"vendorName": f"Hot{version}", "model": "One"}
        await station.call("BootNotification", {"reason": "PowerUp", "chargingStation": hardware})
        await station.answer("GetMonitoringReport", {"status": "EmptyResultSet"})
        request = await station.hear("SetVariableMonitoring")
        assert request[1]["setMonitoringData"] == [{"value": 70.0, "type": "UpperThreshold", "severity": 5} | HEAT]
        await station.reply(request[0], results(request[1], 9))

        async def is_set() -> bool:
            told = await sees(server, f"/stations/{station_id}/monitoring")
            return [(each["template_id"], each["accepted"]) for each in told["set"]] == [(made["id"], True)]

        await until(is_set)
        await station.close()

    asyncio.run(story())


def test_a_stream_of_21_is_opened_sent_paced_and_closed(server: Server):
    async def story() -> None:
        station = await booted(server, "STREAM", "ocpp2.1")
        wanted = {"component": "EVSE", "evse": 1, "variable": "Power", "kind": "Periodic", "value": 5}
        body = {"monitors": [wanted | {"severity": 8, "stream": {"interval_s": 60, "values": 2}}]}
        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/monitors", body))
        request = await station.hear("SetVariableMonitoring")
        assert request[1]["setMonitoringData"][0]["periodicEventStream"] == {"interval": 60, "values": 2}
        await station.reply(request[0], results(request[1], 5))
        await asked

        stream = {"id": 1, "variableMonitoringId": 5, "params": {"interval": 60, "values": 2}}
        assert await station.call("OpenPeriodicEventStream", {"constantStreamData": stream}) == {"status": "Accepted"}
        values = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "7400"}, {"t": 5, "v": "7390"}]}
        await station.socket.send(json.dumps([6, "s1", "NotifyPeriodicEventStream", values]))
        # A SEND is not answered: the next frame is the answer to what comes after it.
        assert "currentTime" in await station.call("Heartbeat", {})
        told = (await sees(server, f"/stations/{station.id}/streams/1/values"))["items"]
        assert [each["value"] for each in told] == ["7390", "7400"]

        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/streams/1/pace", {"interval_s": 10}))
        request = await station.answer("AdjustPeriodicEventStream", {"status": "Accepted"})
        assert request == {"id": 1, "params": {"interval": 10}}
        await asked
        asked = asyncio.ensure_future(asks(server, f"/stations/{station.id}/streams/read", {}))
        said = {"constantStreamData": [stream | {"params": {"interval": 10}}]}
        assert await station.answer("GetPeriodicEventStream", said) == {}
        assert [each["interval_s"] for each in await asked] == [10]
        assert await station.call("ClosePeriodicEventStream", {"id": 1}) == {}
        [known] = await sees(server, f"/stations/{station.id}/streams")
        assert known["closed_at"] is not None
        await station.close()

    asyncio.run(story())


@BOTH
def test_tc_n_27_what_a_station_knows_of_a_customer_is_told_and_read_once(server: Server, version: str):
    """OCA test case TC_N_27, by its steps, the data in two parts; then N10, it is to forget. No message log has it."""

    async def story() -> None:
        station = await booted(server, "N27", version)
        path = f"/stations/{station.id}/customer-information"
        body: dict[str, object] = {"token": {"value": "100000C01", "kind": "Central"}}
        asked = asyncio.ensure_future(asks(server, path, body))
        request = await station.answer("CustomerInformation", {"status": "Accepted"})
        number = (await asked)["number"]
        token = {"idToken": "100000C01", "type": "Central"}
        assert request == {"requestId": number, "report": True, "clear": False, "idToken": token}
        for part, text in ((0, "Ada Lovelace, "), (1, "12 charges")):
            payload = {"requestId": number, "generatedAt": AT, "seqNo": part, "tbc": part == 0, "data": text}
            assert await station.call("NotifyCustomerInformation", payload) == {}
        read = await asks(server, f"/customer-information/{number}/read", {})
        assert read["text"] == "Ada Lovelace, 12 charges"
        with server.api() as api:
            assert api.post(f"/customer-information/{number}/read").status_code == 409
        log = await sees(server, f"/stations/{station.id}/messages")
        assert "NotifyCustomerInformation" in json.dumps(log)
        assert "Lovelace" not in json.dumps(log)
        assert not [row for row in server.query("SELECT call, answer FROM exchanges") if "Lovelace" in str(row)]

        asked = asyncio.ensure_future(asks(server, path, body | {"report": False, "clear": True}))
        request = await station.answer("CustomerInformation", {"status": "Accepted"})
        assert (request["report"], request["clear"]) == (False, True)
        await asked
        await station.close()

    asyncio.run(story())


def test_16_has_no_words_for_any_of_it(server: Server):
    async def story() -> None:
        password = await asyncio.to_thread(server.add_station, "MON-16")
        station = await Station.connect(server.ocpp, "MON-16", password, "ocpp1.6")
        await station.boot()
        for path, body in (
            ("monitors/level", {"severity": 4}),
            ("monitors/report", {}),
            ("customer-information", {"identifier": "C-1"}),
        ):
            with server.api() as api:
                answer = api.post(f"/stations/MON-16/{path}", json=body)
                assert answer.status_code == 409, path
                assert answer.json()["type"].endswith("not-in-this-version")
        await station.close()

    asyncio.run(story())
