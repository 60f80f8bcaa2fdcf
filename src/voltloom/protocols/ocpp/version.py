"""The versions of OCPP that are spoken here."""

from enum import Enum


class Version(Enum):
    """The value is the WebSocket subprotocol."""

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"

    def __str__(self) -> str:
        return "OCPP " + self.value.removeprefix("ocpp")
