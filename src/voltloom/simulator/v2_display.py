"""What a 2.x station has to show to drivers, how it is told, and how it tells."""

from collections.abc import Callable

from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, read_time, said

_ACCEPTED: Payload = {"status": "Accepted"}
_FORMATS = ("ASCII", "UTF8", "URI", "QRCODE")
_PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")
A_FRAME = 2
"""Messages in one NotifyDisplayMessages."""


class Display2:
    """manner: how this make writes its numbers."""

    def __init__(self, station: Station, manner: Callable[[Payload], Payload]) -> None:
        self._station = station
        self._manner = manner

    def set(self, payload: Payload) -> Payload:
        message: Payload = payload["message"]
        if any(each["format"] not in _FORMATS for each in (message["message"], *message.get("messageExtra", ()))):
            return {"status": "NotSupportedMessageFormat"}
        if message["priority"] not in _PRIORITIES:
            return {"status": "NotSupportedPriority"}
        if "transactionId" in message and self._station.find(message["transactionId"]) is None:
            return {"status": "UnknownTransaction"}
        self.shown()[message["id"]] = message
        return _ACCEPTED

    def clear(self, payload: Payload) -> Payload:
        return {"status": "Unknown"} if self.shown().pop(payload["id"], None) is None else _ACCEPTED

    def report(self, payload: Payload) -> Payload:
        found = [
            message
            for message in self.shown().values()
            if message["id"] in payload.get("id", (message["id"],))
            and payload.get("priority", message["priority"]) == message["priority"]
            and payload.get("state", message.get("state")) == message.get("state")
        ]
        if not found:
            return {"status": "Unknown"}
        for number, start in enumerate(range(0, len(found), A_FRAME), 1):
            frame: Payload = {
                "requestId": payload["requestId"],
                "messageInfo": found[start : start + A_FRAME],
                "tbc": start + A_FRAME < len(found),
            }
            self._station.while_up(
                0.02 * number,
                lambda frame=frame: self._station.post(said("NotifyDisplayMessages", self._manner(frame))),
            )
        return _ACCEPTED

    def shown(self) -> dict[int, Payload]:
        """Those whose time, and whose transaction, is not over: the others go."""
        messages, now = self._station.memory.messages, self._station.now
        for number, message in list(messages.items()):
            is_over = "endDateTime" in message and read_time(message["endDateTime"]) <= now
            if is_over or ("transactionId" in message and self._station.find(message["transactionId"]) is None):
                del messages[number]
        return messages
