"""What stations do wrong, over a real socket in every version: each has its answer, is counted, and is explained."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from harness import Server, Station, until

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("mistakes") / "data") as running:
        yield running


def story(test: Callable[[Server, str], Coroutine[Any, Any, None]]) -> Callable[[Server], None]:
    """With a station of each version at the same time."""

    def run(server: Server) -> None:
        async def all_versions() -> None:
            async with asyncio.TaskGroup() as group:
                for version in VERSIONS:
                    group.create_task(test(server, version))

        asyncio.run(all_versions())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def meet(server: Server, station_id: str, version: str) -> Station:
    password = await asyncio.to_thread(server.add_station, station_id)
    station = await Station.connect(server.ocpp, station_id, password, version)
    assert (await station.boot())["status"] == "Accepted"
    return station


async def ask(server: Server, path: str) -> Any:
    return await asyncio.to_thread(server.ask, path)


def post(server: Server, path: str, document: dict[str, object]) -> tuple[int, Any]:
    with server.api() as api:
        answer = api.post(path, json=document)
        return answer.status_code, answer.json()


@story
async def test_each_mistake_has_its_error_and_is_counted_and_explained(server: Server, version: str):
    name = f"WRONG-{version}"
    station = await meet(server, name, version)

    # A call that is for stations to hear, one that nobody knows, one that breaks the schema, and what is no call.
    assert (await station.call("Reset", {"type": "Soft"}, error=True))["code"] == "NotSupported"
    assert (await station.call("Dance", {}, error=True))["code"] == "NotImplemented"
    broken = await station.call("StatusNotification", {"connectorId": "first"}, "broken", error=True)
    assert broken["code"] in (
        "TypeConstraintViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
    )
    await station.socket.send('[2,"m","Heartbeat"]')
    refused = json.loads(await asyncio.wait_for(station.socket.recv(), 30))
    assert refused[0] == 4
    assert refused[2] in ("FormationViolation", "FormatViolation", "ProtocolError", "RpcFrameworkError")

    # Nonsense for an answer, and an action of ours that it does not know.
    reset = {"kind": "OnIdle"}
    asked = asyncio.ensure_future(asyncio.to_thread(post, server, f"/stations/{name}/reset", reset))
    await station.answer("Reset", {"status": "Perhaps"})
    status, problem = await asked
    assert status == 502
    assert "none of" in problem["detail"]
    asked = asyncio.ensure_future(asyncio.to_thread(post, server, f"/stations/{name}/reset", reset))
    await station.answer("Reset", None, error="NotImplemented", text="what is that")
    status, problem = await asked
    assert (status, problem["code"]) == (502, "NotImplemented")

    async def counted() -> Any:
        found = await ask(server, f"/stations/{name}/conformance")
        return found if found["counts"]["not_implemented"] else None

    found = await until(counted)
    told = {mistake: count for mistake, count in found["counts"].items() if count}
    assert told == {
        "wrong_direction": 1,
        "unknown_action": 1,
        "schema": 1,
        "unreadable": 1,
        "bad_answer": 1,
        "not_implemented": 1,
    }
    assert 0 < found["messages"] < 20
    assert found["is_little"]
    example = next(each for each in found["evidence"] if each["mistake"] == "schema")
    assert example["message_id"] == "broken"
    assert "connectorId" in example["rule"] or "has no" in example["rule"]

    # The message it names tells what was wrong, and which rule says so.
    page = await ask(server, f"/stations/{name}/messages?action=StatusNotification&language=de")
    message = next(each for each in page["items"] if each["message_id"] == "broken")
    assert message["number"] == example["message_number"]
    assert message["meaning"].startswith("Die Station sagt: status notification: connectorId first")
    assert message["answer_meaning"].startswith("Mit einem Fehler beantwortet: ")
    assert "properties/connectorId/type" in [each["rule"] for each in message["broken"]]
    assert all(each["found"].startswith(("ist ", "hat ")) for each in message["broken"])
    page = await ask(server, f"/stations/{name}/messages?action=Reset&direction=to_station")
    wrong = next(each for each in page["items"] if each["outcome"] == "answered")
    assert [(each["part"], each["path"], each["rule"]) for each in wrong["broken"]] == [
        ("answer", "status", wrong["broken"][0]["rule"])
    ]
    assert wrong["meaning"] == f"We have the station restart ({'Soft' if version == 'ocpp1.6' else 'OnIdle'})."
    await station.close()


def test_a_make_has_a_score_that_says_how_it_came_about(server: Server):
    (acme,) = server.ask("/conformance?vendor=Acme")
    assert (acme["model"], acme["stations"]) == ("One", len(VERSIONS))
    weights = {each["mistake"]: each["weight"] for each in server.ask("/conformance/rules")["mistakes"]}
    lost = sum(weights[mistake] * count for mistake, count in acme["counts"].items())
    assert acme["score"] == round(100 * max(0, 1 - lost / acme["messages"]), 2)
    direction = next(each for each in acme["evidence"] if each["mistake"] == "wrong_direction")
    assert (direction["count"], direction["stations"]) == (len(VERSIONS), len(VERSIONS))
    assert server.ask("/conformance?vendor=Nobody") == []
