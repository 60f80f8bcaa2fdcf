"""Local authorization lists and the cache, frame by frame, in every version.

Test cases with an id are named as in the published texts of the OCA's cases for a CSMS, OCPP 2.0.1 (blocks C and D).
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest

from harness import Server, Station, until

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("lists") / "data") as running:
        for token in ("11AA22BB", "33CC44DD", "55EE66FF"):
            running.tell("/tokens", {"value": token, "kind": "ISO14443"})
        yield running


class Lister:
    """A station that answers what it is asked of its list. sent: the SendLocalList it heard.

    items      that it says a message may hold; None: it knows no such setting
    statuses   what it says to each list; then Accepted
    others     the version that somebody else's list has, found out with the first that is not accepted
    """

    def __init__(self, station: Station, version: str, *, items: int | None = None, has: int = 0) -> None:
        self.station = station
        self.is_16 = version == "ocpp1.6"
        self.items = items
        self.version = has
        self.statuses: list[str] = []
        self.others: int | None = None
        self._listening: asyncio.Task[None] | None = None
        self.asked: list[str] = []
        self.sent: list[dict[str, Any]] = []

    def listen(self) -> None:
        """From now on it answers whatever it is asked."""
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        await self._deafen()
        await self.station.close()

    async def reboot(self) -> None:
        await self._deafen()
        await self.station.boot()
        self.listen()

    async def _deafen(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def hears(self, count: int) -> list[dict[str, Any]]:
        """So many lists, whatever else it is asked; then forgets them."""
        await until(lambda: len(self.sent) >= count)
        sent, self.sent = self.sent, []
        return sent

    async def _listen(self) -> None:
        while True:
            await self._answer()

    async def _answer(self) -> str:
        message_id, action, request = await self._call()
        self.asked.append(action)
        await self.station.socket.send(json.dumps([3, message_id, self._reply(action, request)]))
        return action

    async def _call(self) -> tuple[str, str, dict[str, Any]]:
        if self.station.heard:
            return self.station.heard.pop(0)
        frame = await self.station._frame()
        assert frame[0] == 2, frame
        return frame[1], frame[2], frame[3]

    def _reply(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        match action:
            case "GetLocalListVersion":
                return {"listVersion" if self.is_16 else "versionNumber": self.version}
            case "GetConfiguration":
                known = [] if self.items is None else ["SendLocalListMaxLength"]
                told = [{"key": key, "readonly": True, "value": str(self.items)} for key in known]
                return {"configurationKey": told, "unknownKey": [k for k in request["key"] if k not in known]}
            case "GetVariables":
                return {"getVariableResult": [self._variable(each) for each in request["getVariableData"]]}
            case "SendLocalList":
                self.sent.append(request)
                status = self.statuses.pop(0) if self.statuses else "Accepted"
                if status == "Accepted":
                    self.version = request["listVersion" if self.is_16 else "versionNumber"]
                elif self.others is not None:
                    self.version = self.others
                return {"status": status}
            case _:
                return {"status": "Accepted"}

    def _variable(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.items is not None and asked["variable"]["name"] == "ItemsPerMessage":
            return asked | {"attributeStatus": "Accepted", "attributeValue": str(self.items)}
        return asked | {"attributeStatus": "UnknownVariable"}

    def read(self, request: dict[str, Any]) -> tuple[str, int, dict[str, str | None]]:
        """The kind of update, its version, and the status of each token (None: it comes off)."""
        entries = request.get("localAuthorizationList", [])
        if self.is_16:
            told = {e["idTag"]: e["idTagInfo"]["status"] if "idTagInfo" in e else None for e in entries}
            return request["updateType"], request["listVersion"], told
        told = {e["idToken"]["idToken"]: e["idTokenInfo"]["status"] if "idTokenInfo" in e else None for e in entries}
        return request["updateType"], request["versionNumber"], told


async def meet(server: Server, station_id: str, version: str, *, listens: bool = True, **values: Any) -> Lister:
    password = await asyncio.to_thread(server.add_station, station_id)
    station = await Station.connect(server.ocpp, station_id, password, version)
    assert (await station.boot())["status"] == "Accepted"
    lister = Lister(station, version, **values)
    if listens:
        lister.listen()
    return lister


async def select(server: Server, station_id: str, **selection: Any) -> None:
    def put() -> None:
        with server.api() as api:
            answer = api.put(f"/local-list-selections/stations/{station_id}", json=selection)
            assert answer.status_code == 200, answer.text

    await asyncio.to_thread(put)


async def push(server: Server, lister: Lister, count: int) -> list[dict[str, Any]]:
    """Have its list brought up to date now; so many lists it hears."""
    await tell(server, f"/stations/{lister.station.id}/local-list/send")
    sent = await lister.hears(count)
    await state(server, lister, "current")
    return sent


async def tell(server: Server, path: str) -> Any:
    return await asyncio.to_thread(server.tell, path, {})


async def state(server: Server, lister: Lister, wanted: str) -> Any:
    async def is_so() -> Any:
        found = await asyncio.to_thread(server.ask, f"/stations/{lister.station.id}/local-list")
        return found if found["state"] == wanted else None

    return await until(is_so)


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


@story
async def test_TC_D_01_CSMS_a_full_list_is_sent(server: Server, version: str):
    """D01.FR.01, .06, .18: it has an update type, a version above 0, each token once, each with its info."""
    lister = await meet(server, f"FULL-{version}", version)
    await select(server, f"FULL-{version}", mode="chosen", tokens=["11AA22BB", "33cc44dd", "33CC44DD"])
    (sent,) = await push(server, lister, 1)
    update, number, tokens = lister.read(sent)
    assert (update, tokens) == ("Full", {"11AA22BB": "Accepted", "33CC44DD": "Accepted"})
    assert number > 0
    stands = await state(server, lister, "current")
    assert (stands["version"], stands["entries"]) == (number, 2)
    await lister.close()


@story
async def test_TC_D_02_and_03_CSMS_updates_put_on_and_take_off(server: Server, version: str):
    """The version is asked first; an update has a higher one; what comes off has no info (D01.FR.17)."""
    lister = await meet(server, f"DIFF-{version}", version)
    await select(server, f"DIFF-{version}", mode="chosen", tokens=["11AA22BB", "33CC44DD"])
    (first,) = await push(server, lister, 1)
    assert lister.asked[0] == "GetLocalListVersion"
    await select(server, f"DIFF-{version}", mode="chosen", tokens=["11AA22BB", "33CC44DD", "55EE66FF"])
    (added,) = await push(server, lister, 1)
    assert lister.read(added) == ("Differential", lister.read(first)[1] + 1, {"55EE66FF": "Accepted"})
    await select(server, f"DIFF-{version}", mode="chosen", tokens=["33CC44DD", "55EE66FF"])
    (removed,) = await push(server, lister, 1)
    assert lister.read(removed) == ("Differential", lister.read(first)[1] + 2, {"11AA22BB": None})
    await lister.close()


@story
async def test_TC_D_04_CSMS_an_empty_list_is_sent_in_full(server: Server, version: str):
    lister = await meet(server, f"EMPTY-{version}", version, has=4)
    await select(server, f"EMPTY-{version}", mode="chosen")
    (sent,) = await push(server, lister, 1)
    assert lister.read(sent) == ("Full", 5, {})
    await lister.close()


@story
async def test_TC_D_08_and_09_CSMS_the_version_is_asked_for(server: Server, version: str):
    """09: without a list it is 0. 1.6 says -1 where it keeps none at all."""
    lister = await meet(server, f"VER-{version}", version, has=7)
    path = f"/stations/VER-{version}/local-list/version"
    assert (await tell(server, path))["version"] == 7
    assert lister.asked == ["GetLocalListVersion"]
    lister.version = 0
    assert (await tell(server, path))["version"] == 0
    if version == "ocpp1.6":
        lister.version = -1
        assert (await tell(server, path))["version"] is None
    await lister.close()


@story
async def test_a_list_that_does_not_fit_on_what_is_there_is_sent_in_full(server: Server, version: str):
    lister = await meet(server, f"MISS-{version}", version)
    await select(server, f"MISS-{version}", mode="chosen", tokens=["11AA22BB", "33CC44DD"])
    await push(server, lister, 1)
    # Somebody else has changed it at the station meanwhile.
    lister.others, lister.statuses = 90, ["VersionMismatch"]
    await select(server, f"MISS-{version}", mode="chosen", tokens=["11AA22BB"])
    tried, sent = await push(server, lister, 2)
    assert lister.read(tried)[1] == 2
    assert lister.read(sent) == ("Full", 91, {"11AA22BB": "Accepted"})
    await lister.close()


@story
async def test_a_list_goes_in_messages_of_what_the_station_can_bear(server: Server, version: str):
    lister = await meet(server, f"ITEMS-{version}", version, items=2)
    await select(server, f"ITEMS-{version}", mode="chosen", tokens=["11AA22BB", "33CC44DD", "55EE66FF"])
    first, second = await push(server, lister, 2)
    assert lister.read(first) == ("Full", 1, {"11AA22BB": "Accepted", "33CC44DD": "Accepted"})
    assert lister.read(second) == ("Differential", 2, {"55EE66FF": "Accepted"})
    await lister.close()


@story
async def test_a_blocked_token_is_told_to_the_stations_that_have_it(server: Server, version: str):
    token = f"C0FFEE{VERSIONS.index(version)}0"
    await asyncio.to_thread(server.tell, "/tokens", {"value": token, "kind": "ISO14443"})
    lister = await meet(server, f"BLOCK-{version}", version)
    await select(server, f"BLOCK-{version}", mode="chosen", tokens=[token, "11AA22BB"])
    await push(server, lister, 1)
    await asyncio.to_thread(server.tell, f"/tokens/{token}/block", {})
    (sent,) = await lister.hears(1)
    assert lister.read(sent) == ("Differential", 2, {token: "Blocked"})
    await lister.close()


@story
async def test_a_station_that_lost_its_list_gets_it_again_when_it_boots(server: Server, version: str):
    lister = await meet(server, f"BOOT-{version}", version)
    await select(server, f"BOOT-{version}", mode="chosen", tokens=["11AA22BB"])
    await push(server, lister, 1)
    lister.version = 0
    await lister.reboot()
    (sent,) = await lister.hears(1)
    assert lister.read(sent) == ("Full", 1, {"11AA22BB": "Accepted"})
    await lister.close()


@story
async def test_a_station_that_keeps_no_list_is_left_in_peace(server: Server, version: str):
    lister = await meet(server, f"NONE-{version}", version, listens=False)
    await select(server, f"NONE-{version}", mode="everything")
    await lister.station.answer("GetLocalListVersion", None, error="NotImplemented", text="what is that")
    assert (await state(server, lister, "unsupported"))["next_at"] is not None
    await lister.close()


@story
async def test_TC_C_37_CSMS_the_cache_is_cleared(server: Server, version: str):
    """C11: ClearCache; whatever the station says to it is told."""
    lister = await meet(server, f"CACHE-{version}", version, listens=False)
    path = f"/stations/CACHE-{version}/cache/clear"
    for status, outcome in (("Accepted", "accepted"), ("Rejected", "rejected")):
        asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, {}))
        assert await lister.station.answer("ClearCache", {"status": status}) == {}
        assert (await asked)["outcome"] == outcome
    await lister.close()


@story
async def test_how_it_behaves_offline_is_one_call_in_every_version(server: Server, version: str):
    lister = await meet(server, f"OFF-{version}", version, listens=False)
    path = f"/stations/OFF-{version}/offline-behaviour"
    wanted = {"offline_unknown": False, "master_group": "chiefs"}
    asked = asyncio.ensure_future(asyncio.to_thread(server.tell, path, wanted))
    if version == "ocpp1.6":
        heard = await lister.station.answer("ChangeConfiguration", {"status": "Accepted"})
        assert heard == {"key": "AllowOfflineTxForUnknownId", "value": "false"}
        assert [each["status"] for each in await asked] == ["accepted", "unknown"]
    else:
        unknown = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "OfflineTxForUnknownIdEnabled"}}
        master = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "MasterPassGroupId"}}
        results = [each | {"attributeStatus": "Accepted"} for each in (unknown, master)]
        heard = await lister.station.answer("SetVariables", {"setVariableResult": results})
        assert heard == {
            "setVariableData": [unknown | {"attributeValue": "false"}, master | {"attributeValue": "chiefs"}]
        }
        assert [each["status"] for each in await asked] == ["accepted", "accepted"]
    asked = asyncio.ensure_future(asyncio.to_thread(server.tell, f"{path}/read", {}))
    if version == "ocpp1.6":
        keys = (await lister.station.answer("GetConfiguration", _configuration))["key"]
        assert "AllowOfflineTxForUnknownId" in keys
    else:
        await lister.station.answer("GetVariables", _variables)
    assert (await asked)["offline_unknown"] is False
    assert (await asyncio.to_thread(server.ask, path))["offline_unknown"] is False
    await lister.close()


_configuration = {"configurationKey": [{"key": "AllowOfflineTxForUnknownId", "readonly": False, "value": "false"}]}
_variables = {
    "getVariableResult": [
        {
            "component": {"name": "AuthCtrlr"},
            "variable": {"name": "OfflineTxForUnknownIdEnabled"},
            "attributeStatus": "Accepted",
            "attributeValue": "false",
        }
    ]
}
