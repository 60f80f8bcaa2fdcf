"""How a 2.x station watches itself: monitors that fire, what it tells of it, and streams (2.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import Final

from voltloom.simulator.device import SetResult, Variable
from voltloom.simulator.meter import stamp
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, said

PART_ITEMS: Final = 10
"""Variables in one part of a report."""
LOOK_EVERY_S: Final = 1.0
MOST_MONITORS: Final = 200

_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
_THRESHOLDS: Final = frozenset({"UpperThreshold", "LowerThreshold"})
_PERIODIC: Final = frozenset({"Periodic", "PeriodicClockAligned"})
_CRITERIA: Final = {
    "ThresholdMonitoring": _THRESHOLDS,
    "DeltaMonitoring": frozenset({"Delta"}),
    "PeriodicMonitoring": _PERIODIC,
}


@dataclass(slots=True, eq=False)
class Watch:
    """A monitor. last: the value it last told, or began with; beyond: over its threshold now; due: when it tells next.

    pace   of its stream, as it was wanted; None: its values are events
    """

    id: int
    variable: Variable
    asked: Payload
    kind: str
    value: float
    severity: int
    in_transaction: bool
    last: str
    pace: Payload | None = None
    beyond: bool = False
    due: float = inf
    stream: "Stream | None" = None


@dataclass(slots=True, eq=False)
class Stream:
    """opened: the server has accepted it. values: (when, value) that wait to be sent."""

    id: int
    pace: Payload
    opened: bool = False
    since: float = 0.0
    values: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])


class Monitors2:
    """Monitors outlive a reboot. read: what a variable is now; events: numbers of events; manner: how this make writes
    its numbers."""

    def __init__(
        self,
        station: Station,
        read: Callable[[Variable], str],
        events: "count[int]",
        manner: Callable[[Payload], Payload],
    ) -> None:
        self._station = station
        self._read = read
        self._events = events
        self._manner = manner
        self._watches: dict[int, Watch] = {}
        self._ids = count(1)
        self._streams = count(1)
        self._level = 9
        self._looking = False

    def _stamp(self, at: float | None = None) -> str:
        return stamp(self._station.now if at is None else at, self._station.plan.quirks.meter)

    # ---- being asked

    def set(self, payload: Payload) -> Payload:
        return {"setMonitoringResult": [self._set(wanted) for wanted in payload["setMonitoringData"]]}

    def _set(self, wanted: Payload) -> Payload:
        kept = {key: wanted[key] for key in ("component", "variable", "type", "severity")}
        status, reason, number = self._try(wanted)
        answer = kept | {"status": status}
        if number is not None:
            answer["id"] = number
        return answer | ({"statusInfo": {"reasonCode": reason}} if reason else {})

    def _try(self, wanted: Payload) -> tuple[str, str, int | None]:
        """Status, reason and id."""
        found = self._station.device.find(*_name(wanted))
        kind, value, number = wanted["type"], float(wanted["value"]), wanted.get("id")
        if isinstance(found, SetResult):
            return found.value, "", None
        is_number = found.kind in ("integer", "decimal")
        if found.access == "wo" or kind.startswith("Target") or (kind in _THRESHOLDS and not is_number):
            return "UnsupportedMonitorType", "UnsupportedParam", None
        if number is not None and (number not in self._watches or self._watches[number].variable is not found):
            return "Rejected", "NotFound", None
        same = (
            w for w in self._watches.values() if (w.variable, w.kind, w.severity) == (found, kind, wanted["severity"])
        )
        if any(watch.id != number for watch in same):
            return "Duplicate", "DuplicateProfile", None
        outside = found.limits and kind in _THRESHOLDS and not found.limits[0] <= value <= found.limits[1]
        if outside or (kind == "Delta" and value < 0) or (kind in _PERIODIC and value < 1):
            return "Rejected", "ValueOutOfRange", None
        if number is None and len(self._watches) >= MOST_MONITORS:
            return "Rejected", "TooManyElements", None
        if number is not None:
            self._close(self._watches[number])
        watch = Watch(
            number if number is not None else next(self._ids),
            found,
            {"component": wanted["component"], "variable": wanted["variable"]},
            kind,
            value,
            wanted["severity"],
            bool(wanted.get("transaction")),
            self._read(found),
            wanted.get("periodicEventStream"),
        )
        self._watches[watch.id] = watch
        self._arm(watch)
        return "Accepted", "", watch.id

    def clear(self, payload: Payload) -> Payload:
        return {"clearMonitoringResult": [self._clear(number) for number in payload["id"]]}

    def _clear(self, number: int) -> Payload:
        watch = self._watches.pop(number, None)
        if watch is None:
            return {"id": number, "status": "NotFound"}
        self._close(watch)
        return {"id": number, "status": "Accepted"}

    def base(self, payload: Payload) -> Payload:
        """It has none but those that were set."""
        if payload["monitoringBase"] != "All":
            for number in tuple(self._watches):
                self._clear(number)
        return _ACCEPTED

    def level(self, payload: Payload) -> Payload:
        if not 0 <= payload["severity"] <= 9:
            return _REJECTED
        self._level = payload["severity"]
        return _ACCEPTED

    def report(self, payload: Payload) -> Payload:
        kinds = {kind for each in payload.get("monitoringCriteria", ()) for kind in _CRITERIA[each]}
        parts: list[Payload] = payload.get("componentVariable", [])
        found = [
            watch
            for watch in self._watches.values()
            if (not kinds or watch.kind in kinds) and (not parts or any(matches(watch.variable, p) for p in parts))
        ]
        if not found:
            return {"status": "EmptyResultSet"}
        by_variable: dict[int, list[Watch]] = {}
        for watch in found:
            by_variable.setdefault(id(watch.variable), []).append(watch)
        entries = [
            watches[0].asked | {"variableMonitoring": [self._described(watch) for watch in watches]}
            for watches in by_variable.values()
        ]
        frames = [entries[i : i + PART_ITEMS] for i in range(0, len(entries), PART_ITEMS)]
        generated_at = self._stamp()
        for number, frame in enumerate(frames):
            told: Payload = {
                "requestId": payload["requestId"],
                "generatedAt": generated_at,
                "seqNo": number,
                "tbc": number < len(frames) - 1,
                "monitor": frame,
            }
            self._station.while_up(0.02 * (number + 1), lambda told=told: self._post("NotifyMonitoringReport", told))
        return _ACCEPTED

    def _described(self, watch: Watch) -> Payload:
        described: Payload = {
            "id": watch.id,
            "transaction": watch.in_transaction,
            "value": watch.value,
            "type": watch.kind,
            "severity": watch.severity,
        }
        if self._station.plan.version == "2.1":
            described["eventNotificationType"] = "CustomMonitor"
        return described

    def streams(self, _: Payload) -> Payload:
        """2.1."""
        found = [
            {"id": watch.stream.id, "variableMonitoringId": watch.id, "params": watch.stream.pace}
            for watch in self._watches.values()
            if watch.stream is not None and watch.stream.opened
        ]
        return {"constantStreamData": found} if found else {}

    def adjust(self, payload: Payload) -> Payload:
        """2.1."""
        for watch in self._watches.values():
            if watch.stream is not None and watch.stream.id == payload["id"]:
                watch.stream.pace = payload["params"]
                return _ACCEPTED
        return _REJECTED

    # ---- watching

    def _arm(self, watch: Watch) -> None:
        now = self._station.now
        if watch.kind == "Periodic":
            watch.due = now + watch.value
        elif watch.kind == "PeriodicClockAligned":
            watch.due = now + watch.value - now % watch.value
        if not self._looking:
            self._looking = True
            self._station.after(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        """Once a second, as long as there is something to look at, whether or not it is up."""
        station = self._station
        if not self._watches:
            self._looking = False
            return
        station.after(LOOK_EVERY_S, self._look)
        if not station.powered or station.registration != "Accepted":
            return
        told = [event for watch in tuple(self._watches.values()) if (event := self._look_at(watch)) is not None]
        if told:
            self._post("NotifyEvent", {"generatedAt": self._stamp(), "tbc": False, "seqNo": 0, "eventData": told})

    def _look_at(self, watch: Watch) -> Payload | None:
        if watch.in_transaction and not self._is_charging(watch):
            return None
        value = self._read(watch.variable)
        match watch.kind:
            case "UpperThreshold" | "LowerThreshold":
                above = float(value) > watch.value if watch.kind == "UpperThreshold" else float(value) < watch.value
                if above == watch.beyond:
                    return None
                watch.beyond = above
                return self._event(watch, "Alerting", value, cleared=not above)
            case "Delta":
                if not _differs(watch, value):
                    return None
                watch.last = value
                return self._event(watch, "Delta", value)
            case _:
                return self._periodic(watch, value)

    def _periodic(self, watch: Watch, value: str) -> Payload | None:
        now = self._station.now
        if watch.pace is not None and watch.stream is None:
            self._open(watch, watch.pace)
        if watch.stream is not None and watch.stream.opened:
            self._flush(watch.stream)
        if now < watch.due:
            return None
        while watch.due <= now:
            watch.due += watch.value
        if watch.stream is not None and watch.stream.opened:
            watch.stream.values.append((now, value))
            self._flush(watch.stream)
            return None
        return self._event(watch, "Periodic", value)

    def _is_charging(self, watch: Watch) -> bool:
        evses = self._station.evses if not watch.variable.evse else [self._station.evse(watch.variable.evse)]
        return any(evse.transaction is not None for evse in evses)

    def _event(self, watch: Watch, trigger: str, value: str, *, cleared: bool = False) -> Payload | None:
        if watch.severity > self._level:
            return None
        event: Payload = watch.asked | {
            "eventId": next(self._events),
            "timestamp": self._stamp(),
            "trigger": trigger,
            "actualValue": value,
            "eventNotificationType": "CustomMonitor",
            "variableMonitoringId": watch.id,
        }
        if cleared:
            event["cleared"] = True
        if self._station.plan.version == "2.1":
            event["severity"] = watch.severity
        if watch.variable.evse and (tx := self._station.evse(watch.variable.evse).transaction) is not None and tx.id:
            event["transactionId"] = str(tx.id)
        return event

    # ---- streams

    def _open(self, watch: Watch, pace: Payload) -> None:
        stream = watch.stream = Stream(next(self._streams), pace, since=self._station.now)

        def heard(answer: Payload) -> None:
            stream.opened = answer.get("status") == "Accepted"
            stream.since = self._station.now

        data: Payload = {"id": stream.id, "variableMonitoringId": watch.id, "params": pace}
        self._post("OpenPeriodicEventStream", {"constantStreamData": data}, heard)

    def _flush(self, stream: Stream) -> None:
        """So many at once, or after so long."""
        now, pace = self._station.now, stream.pace
        most = int(pace.get("values") or 0)
        late = now - stream.since >= int(pace.get("interval") or 0) if pace.get("interval") else False
        while stream.values and ((most and len(stream.values) >= most) or late):
            some = stream.values[: most or 100]
            del stream.values[: len(some)]
            stream.since, late = now, late and bool(stream.values)
            base = some[0][0]
            told: Payload = {
                "id": stream.id,
                "pending": len(stream.values),
                "basetime": self._stamp(base),
                "data": [{"t": round(at - base, 3), "v": value} for at, value in some],
            }
            written = self._manner(told)
            self._station.post(said("NotifyPeriodicEventStream", written)._replace(sent=True))

    def _close(self, watch: Watch) -> None:
        if watch.stream is not None and watch.stream.opened:
            number = watch.stream.id
            self._station.while_up(0.0, lambda: self._post("ClosePeriodicEventStream", {"id": number}))
        watch.stream = None

    def _post(self, action: str, payload: Payload, heard: Callable[[Payload], None] | None = None) -> None:
        self._station.post(said(action, self._manner(payload)), heard)


def _differs(watch: Watch, value: str) -> bool:
    """Of what is no number, any change counts (OCPP 2.0.1 N04.FR.17)."""
    try:
        return abs(float(value) - float(watch.last)) >= max(watch.value, 1e-9)
    except ValueError:
        return value != watch.last


def _name(asked: Payload) -> tuple[str, str, str, int, int]:
    component: Payload = asked["component"]
    variable: Payload = asked["variable"]
    evse: Payload = component.get("evse") or {}
    instance = variable.get("instance", "")
    return component["name"], variable["name"], instance, evse.get("id", 0), evse.get("connectorId", 0)


def matches(v: Variable, wanted: Payload) -> bool:
    """Is it the component, or its variable, that is wanted?"""
    component: Payload = wanted["component"]
    variable: Payload | None = wanted.get("variable")
    evse: Payload | None = component.get("evse")
    return (
        v.component.lower() == component["name"].lower()
        and (variable is None or v.variable.lower() == variable["name"].lower())
        and (evse is None or v.evse == evse["id"])
    )
