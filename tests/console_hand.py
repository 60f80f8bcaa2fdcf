"""Stations that do what a console's test wants, when it wants it."""

import asyncio
import base64
import itertools
import json
import socket
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from websockets.sync.client import ClientConnection, connect

from console_house import DemoNetwork, until
from voltloom.simulator.evse import Transaction
from voltloom.simulator.meter import PLAIN
from voltloom.simulator.scripted import SimulatedStation

T = TypeVar("T")


class HandStation:
    """A 1.6 station of which every frame is written by hand; synchronous, as the browser's driver is."""

    def __init__(self, network: DemoNetwork, station_id: str) -> None:
        self.network, self.id = network, station_id
        with network.api() as api:
            api.delete(f"/stations/{station_id}")
            made = api.post("/stations", json={"id": station_id, "security_profile": 1})
            assert made.is_success, made.text
        self.url = next(url for url in made.json()["urls"] if url.startswith("ws://"))
        self.password = made.json()["password"]
        self.socket: ClientConnection | None = None
        self._number = 0

    def come(self, password: str = "") -> "HandStation":
        proof = base64.b64encode(f"{self.id}:{password or self.password}".encode()).decode()
        self.socket = connect(
            self.url,
            subprotocols=["ocpp1.6"],  # pyright: ignore[reportArgumentType]  # a name is a name
            additional_headers={"Authorization": f"Basic {proof}"},
            legacy=True,
        )
        return self

    def boot(self) -> "HandStation":
        assert self.call("BootNotification", {"chargePointVendor": "Hand", "chargePointModel": "Made"})[0] == 3
        self.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        return self

    def call(self, action: str, payload: Any) -> list[Any]:
        self._number += 1
        return self.write(json.dumps([2, f"hand-{self._number}", action, payload], ensure_ascii=False))

    def write(self, text: str) -> list[Any]:
        """A frame, and what it was answered."""
        assert self.socket is not None
        self.socket.send(text)
        while True:
            answer = json.loads(self.socket.recv(timeout=10))
            if answer[0] != 2:
                return answer

    def leave(self) -> None:
        """Without a goodbye, as when the power goes."""
        if self.socket is not None:
            with suppress(OSError):
                self.socket.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
            self.socket = None


# ---- stations that charge


@dataclass
class Charge:
    """One that stays for as long as its test wants it: nobody else knows its station."""

    yard: "Yard"
    station: SimulatedStation
    transaction: Transaction
    station_id: str
    id: str
    token: str

    @property
    def path(self) -> str:
        """Of its page, and of it in the API."""
        return f"/transactions/{quote(self.station_id, safe='')}/{quote(self.id, safe='')}"

    def told(self) -> dict[str, Any]:
        return self.yard.network.ask(self.path)

    def goes_on(self, seconds: float = 10) -> None:
        """So much time passes at its station, which tells its meter then."""

        async def go_on() -> None:
            self.station.let_pass(seconds)
            await self.station.send_meter_values()

        self.yard.do(go_on())

    def ends(self) -> None:
        self.yard.do(self.station.stop(self.transaction))


class Yard:
    """Stations of the simulator that only do what they are told, beside the browser's own event loop."""

    _numbers = itertools.count(1)
    _BEHIND_S = 280.0
    """Their clocks, so that as much can be let pass; off by more they would be suspect."""

    def __init__(self, network: DemoNetwork) -> None:
        self.network = network
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stations: list[SimulatedStation] = []

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)

    def add(self, station_id: str, **record: object) -> str:
        """To the registry, anew. Its password."""
        with self.network.api() as api:
            api.delete(f"/stations/{quote(station_id, safe='')}")
            made = api.post("/stations", json={"id": station_id, "security_profile": 1, **record})
            assert made.is_success, made.text
            return made.json()["password"]

    def station(
        self, station_id: str, version: str = "2.0.1", site_id: str | None = None, **plan: Any
    ) -> SimulatedStation:
        """Registered, connected and booted."""
        password = self.add(station_id, site_id=site_id)
        url = json.loads((self.network.folder / "addresses.json").read_bytes())["stations"][0]
        station = SimulatedStation(
            url,
            station_id,
            version,
            password=password,
            clock=lambda: time.time() - self._BEHIND_S,
            measurands=(*PLAIN, "SoC"),
            **plan,
        )

        async def come() -> None:
            await station.__aenter__()
            await station.boot()

        self.do(come())
        self._stations.append(station)
        return station

    def charge(self, *, holder: str = "Ada Moser", samples: int = 12, **station: Any) -> Charge:
        """One that has told its meter so often already."""
        number = next(self._numbers)
        identity, token = f"YARD-{number:02}", f"CARD{number:04}"
        with self.network.api() as api:
            api.delete(f"/tokens/{token}")
            api.post("/tokens", json={"value": token, "holder": holder}).raise_for_status()
        scripted = self.station(identity, **station)
        transaction = self.do(scripted.start(token=token))

        def known() -> dict[str, Any] | None:
            (*_, found) = self.network.ask(f"/transactions?station_id={identity}&state=open")["items"] or [None]
            return found

        found = until(known)
        charge = Charge(self, scripted, transaction, identity, found["id"], token)
        for _ in range(samples):
            charge.goes_on()
        until(lambda: (charge.told()["energy_wh"] or 0) > 0)
        return charge

    def close(self) -> None:
        async def leave() -> None:
            for station in self._stations:
                await station.close()

        try:
            self.do(leave())
            with self.network.api() as api:
                for station in self._stations:
                    api.delete(f"/stations/{station.machine.plan.id}")
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
