"""A station by hand for the console's tests."""

import base64
import json
import socket
from contextlib import suppress
from typing import Any

from websockets.sync.client import ClientConnection, connect

from console_house import DemoNetwork


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
