"""What the tests of published test cases share: a station that comes into the states that the cases call by name.

A case is a coroutine function of a bench. It is played by a station of each version at the same time, over a socket of
its own, on the module's server:

    @case(*OF_2X)
    async def test_TC_B_01_CSMS_a_cold_boot_is_accepted(bench: Bench): ...
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from harness import Server, Station, iso

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
OF_2X = (V201, V21)
ALL = (V16, V201, V21)
CARD, FRIEND, BLOCKED, EXPIRED, MASTER, STRANGER = (
    "100000C01",
    "100000C39",
    "B10CCED1",
    "E1A9SED1",
    "MA57E12A",
    "5712A46E12",
)
GROUP, MASTERS = "GROUP001", "MASTERS1"
KIND = "ISO14443"
_numbers = itertools.count(1)


def furnish(server: Server) -> None:
    """The tokens that cases name: one that is accepted, another of its group, and those that are not."""
    with server.api() as api:
        for group, master in ((GROUP, False), (MASTERS, True)):
            answer = api.put(f"/token-groups/{group}", json={"name": group, "master": master})
            assert answer.is_success, answer.text
    group = {"kind": KIND, "group": GROUP, "allowed": None}
    server.tell("/tokens", {"value": CARD, **group})
    server.tell("/tokens", {"value": FRIEND, **group})
    server.tell("/tokens", {"value": BLOCKED, "kind": KIND, "state": "blocked"})
    server.tell("/tokens", {"value": EXPIRED, "kind": KIND, "valid_until": "2020-01-01T00:00:00Z"})
    server.tell("/tokens", {"value": MASTER, "kind": KIND, "group": MASTERS})


class Bench:
    """A station of a version, and the API beside it. evse: where its transactions are."""

    def __init__(self, server: Server, station: Station, version: str, password: str) -> None:
        self.server, self.station, self.version, self.password = server, station, version, password
        self.is_16 = version == V16
        self.path = f"/stations/{station.id}"
        self.transaction_id = ""
        self.sequence = itertools.count()

    # ---- the API

    async def tells(self, path: str, body: Any = None, expected: int | None = None) -> Any:
        """What somebody is told who asks for that; a path without a leading slash is the station's own."""

        def post() -> Any:
            with self.server.api() as api:
                answer = api.post(self._full(path), json=body or {})
                wrong = answer.status_code != expected if expected else not answer.is_success
                assert not wrong, f"{answer.status_code}: {answer.text}"
                return answer.json() if answer.content else None

        return await asyncio.to_thread(post)

    async def puts(self, path: str, body: Any) -> Any:
        def put() -> Any:
            with self.server.api() as api:
                answer = api.put(self._full(path), json=body)
                assert answer.is_success, answer.text
                return answer.json()

        return await asyncio.to_thread(put)

    async def sees(self, path: str = "") -> Any:
        return await asyncio.to_thread(self.server.ask, self._full(path))

    def _full(self, path: str) -> str:
        return path if path.startswith("/") else f"{self.path}/{path}".rstrip("/")

    async def asks(
        self,
        path: str,
        body: Any,
        action: str,
        answer: dict[str, Any] | None,
        error: str = "",
        expected: int | None = None,
    ) -> tuple[dict[str, Any], Any]:
        """What the station hears when somebody asks for that, and what they are told once it has answered."""
        asked = asyncio.ensure_future(self.tells(path, body, expected))
        heard = await self.station.answer(action, answer, error=error)
        return heard, await asked

    # ---- the station

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        return await self.station.call(action, payload)

    async def status(self, word: str, evse: int = 1, error: str = "NoError") -> None:
        """Of connector 1 of the EVSE; of connector `evse` in 1.6. In 2.x as an event too: cases may send either."""
        if self.is_16:
            said = {"connectorId": evse, "errorCode": error, "status": word, "timestamp": now()}
            assert await self.call("StatusNotification", said) == {}
            return
        said = {"timestamp": now(), "connectorStatus": word, "evseId": evse, "connectorId": 1}
        assert await self.call("StatusNotification", said) == {}
        where = {"name": "Connector", "evse": {"id": evse, "connectorId": 1}}
        assert await self.notes(where, "AvailabilityState", word) == {}

    async def notes(
        self, component: dict[str, Any], variable: str, value: str, trigger: str = "Delta"
    ) -> dict[str, Any]:
        """NotifyEvent of one variable."""
        event = {
            "eventId": next(_numbers),
            "timestamp": now(),
            "trigger": trigger,
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": component,
            "variable": {"name": variable},
        }
        return await self.call("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "eventData": [event]})

    async def boots(self, reason: str = "PowerUp", evses: int = 1, word: str = "Available") -> None:
        """State Booted."""
        assert (await self.boot(reason))["status"] == "Accepted"
        for evse in range(1, evses + 1):
            await self.status(word, evse)

    async def boot(self, reason: str = "PowerUp", vendor: str = "Acme") -> dict[str, Any]:
        if self.is_16:
            return await self.call("BootNotification", {"chargePointVendor": vendor, "chargePointModel": "One"})
        hardware = {"vendorName": vendor, "model": "One"}
        return await self.call("BootNotification", {"reason": reason, "chargingStation": hardware})

    async def reconnects(self) -> None:
        """Without a boot."""
        await self.station.close()
        self.station = await Station.connect(self.server.ocpp, self.station.id, self.password, self.version)

    async def authorizes(self, card: str = CARD) -> dict[str, Any]:
        """What is said of it."""
        if self.is_16:
            return (await self.call("Authorize", {"idTag": card}))["idTagInfo"]
        return (await self.call("Authorize", {"idToken": token(card)}))["idTokenInfo"]

    async def starts(self, evse: int = 1, card: str = CARD, **more: Any) -> dict[str, Any]:
        """1.6: StartTransaction; its answer."""
        said = {"connectorId": evse, "idTag": card, "meterStart": 0, "timestamp": now(), **more}
        answer = await self.call("StartTransaction", said)
        self.transaction_id = str(answer["transactionId"])
        return answer

    async def stops(self, reason: str = "Local", card: str = CARD, **more: Any) -> dict[str, Any]:
        """1.6: StopTransaction; its answer."""
        said = {"transactionId": int(self.transaction_id), "idTag": card, "meterStop": 10, "timestamp": now()}
        return await self.call("StopTransaction", said | {"reason": reason} | more)

    def begins(self) -> None:
        """2.x: what is told from now on is of a new transaction."""
        self.transaction_id = f"tx-{next(_numbers)}-{id(self) % 10**12}"
        self.sequence = itertools.count()

    async def event(
        self, phase: str, trigger: str, state: str = "", card: str = "", evse: int | None = 1, **more: Any
    ) -> dict[str, Any]:
        """2.x: TransactionEvent; its answer. Started begins a new one."""
        if phase == "Started":
            self.begins()
        info = {"transactionId": self.transaction_id} | ({"chargingState": state} if state else {})
        info |= more.pop("info", {})
        said = {
            "eventType": phase,
            "timestamp": now(),
            "triggerReason": trigger,
            "seqNo": next(self.sequence),
            "transactionInfo": info,
        }
        if evse is not None:
            said["evse"] = {"id": evse, "connectorId": 1}
        if card:
            said["idToken"] = token(card)
        return await self.call("TransactionEvent", said | more)

    async def charges(self, evse: int = 1, card: str = CARD) -> None:
        """State EnergyTransferStarted: authorized, plugged in, charging."""
        assert (await self.authorizes(card))["status"] == "Accepted"
        if self.is_16:
            await self.status("Preparing", evse)
            assert (await self.starts(evse, card))["idTagInfo"]["status"] == "Accepted"
            await self.status("Charging", evse)
            return
        answer = await self.event("Started", "Authorized", card=card, evse=evse)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        await self.status("Occupied", evse)
        await self.event("Updated", "CablePluggedIn", "EVConnected", evse=evse)
        await self.event("Updated", "ChargingStateChanged", "Charging", evse=evse)

    async def transaction(self) -> Any:
        """As it is known."""
        return await self.sees(f"/transactions/{self.station.id}/{self.transaction_id}")


Case = Callable[[Bench], Coroutine[Any, Any, None]]


def case(*versions: str, boots: bool = True) -> Callable[[Case], Callable[[Server], None]]:
    """boots: the station is Booted, its connector Available, before the case begins."""

    def decorate(test: Case) -> Callable[[Server], None]:
        async def one(server: Server, version: str) -> None:
            station_id = f"{test.__name__.removeprefix('test_').split('_CSMS')[0]}-{version.removeprefix('ocpp')}"
            password = await asyncio.to_thread(server.add_station, station_id)
            station = await Station.connect(server.ocpp, station_id, password, version)
            bench = Bench(server, station, version, password)
            try:
                if boots:
                    await bench.boots()
                await test(bench)
                assert not bench.station.heard, f"it was asked more than it answered: {bench.station.heard}"
            finally:
                await bench.station.close()

        def run(server: Server) -> None:
            async def whole() -> None:
                async with asyncio.TaskGroup() as group:
                    for version in versions:
                        group.create_task(one(server, version))

            asyncio.run(whole())

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return decorate


def token(card: str, kind: str = KIND) -> dict[str, Any]:
    return {"idToken": card, "type": kind}


def now() -> str:
    return iso(datetime.now(UTC))


def meter(*values: tuple[float, str], signed: str = "") -> list[dict[str, Any]]:
    """Of 2.x: register readings in Wh, each with its context."""
    more = {} if not signed else {"signedMeterValue": _signed(signed)}
    return [
        {"timestamp": now(), "sampledValue": [{"value": value, "context": context, **more}]}
        for value, context in values
    ]


def _signed(text: str) -> dict[str, str]:
    return {"signedMeterData": text, "signingMethod": "", "encodingMethod": "OCMF", "publicKey": ""}
