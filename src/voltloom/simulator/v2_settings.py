"""How a 2.x station answers what it is asked about its settings, and how it reports them."""

from collections.abc import Callable

from voltloom.simulator.device import SetResult, Variable
from voltloom.simulator.meter import stamp
from voltloom.simulator.station import Station
from voltloom.simulator.v2_monitoring import matches
from voltloom.simulator.words import Payload, said

PART_ITEMS = 20
"""Items in one part of a report."""

_ACCEPTED: Payload = {"status": "Accepted"}

_MUTABILITY = {"rw": "ReadWrite", "ro": "ReadOnly", "wo": "WriteOnly"}


class Settings2:
    """manner: how this make writes its numbers."""

    def __init__(self, station: Station, manner: Callable[[Payload], Payload]) -> None:
        self._station = station
        self._manner = manner

    def _stamp(self) -> str:
        return stamp(self._station.now, self._station.plan.quirks.meter)

    def get(self, payload: Payload) -> Payload:
        return {"getVariableResult": [self._get(asked) for asked in payload["getVariableData"]]}

    def _get(self, asked: Payload) -> Payload:
        answer: Payload = {"component": asked["component"], "variable": asked["variable"]}
        kind = asked.get("attributeType", "Actual")
        if "attributeType" in asked:
            answer["attributeType"] = kind
        found = self._station.device.find(*_name(asked))
        if isinstance(found, SetResult):
            return answer | {"attributeStatus": found.value}
        if kind != "Actual":
            return answer | {"attributeStatus": "NotSupportedAttributeType"}
        if found.access == "wo":
            return answer | {"attributeStatus": "Rejected"}
        return answer | {"attributeStatus": "Accepted", "attributeValue": self.value(found)}

    def value(self, variable: Variable) -> str:
        """What it is now."""
        if variable.variable == "DateTime":
            return self._stamp()
        if variable.component == "TemperatureSensor":
            return f"{self._temperature():.1f}"
        if variable.component == "EVSE" and variable.variable == "Power":
            evse = self._station.evse(variable.evse)
            evse.settle(self._station.now)
            return f"{evse.flow().power_w:.1f}"
        return variable.value

    def _temperature(self) -> float:
        """Of what gets warm: the more power, the warmer."""
        power_w = most_w = 0.0
        for evse in self._station.evses:
            evse.settle(self._station.now)
            power_w, most_w = power_w + evse.flow().power_w, most_w + evse.outlet.max_w
        return 21.0 + 44.0 * power_w / most_w

    def set(self, payload: Payload) -> Payload:
        return {"setVariableResult": [self._set(wanted) for wanted in payload["setVariableData"]]}

    def _set(self, wanted: Payload) -> Payload:
        answer: Payload = {"component": wanted["component"], "variable": wanted["variable"]}
        kind = wanted.get("attributeType", "Actual")
        if "attributeType" in wanted:
            answer["attributeType"] = kind
        device = self._station.device
        found = device.find(*_name(wanted))
        if isinstance(found, SetResult):
            return answer | {"attributeStatus": found.value}
        if kind != "Actual":
            return answer | {"attributeStatus": "NotSupportedAttributeType"}
        result, why = device.change(found, wanted["attributeValue"])
        if result is SetResult.ACCEPTED and found.variable == "HeartbeatInterval":
            self._station.restart_heartbeat()
        status = "Rejected" if result is SetResult.READ_ONLY else result.value
        reason = "ReadOnly" if result is SetResult.READ_ONLY else "InvalidValue"
        return answer | {"attributeStatus": status} | (
            {"attributeStatusInfo": {"reasonCode": reason, "additionalInfo": why[:500]}} if why else {}
        )  # fmt: skip

    def base_report(self, payload: Payload) -> Payload:
        device = self._station.device
        match payload["reportBase"]:
            case "FullInventory":
                found = list(device.inventory())
            case "ConfigurationInventory":
                found = list(device.inventory(configuration_only=True))
            case "SummaryInventory":
                found = [v for v in device.inventory() if v.variable in ("AvailabilityState", "Available", "Problem")]
            case _:
                return {"status": "NotSupported"}
        self._tell(payload["requestId"], found)
        return _ACCEPTED

    def report(self, payload: Payload) -> Payload:
        wanted: list[Payload] = payload.get("componentVariable", [])
        criteria: list[str] = payload.get("componentCriteria", [])
        found = [v for v in self._station.device.inventory() if not wanted or any(matches(v, w) for w in wanted)]
        if criteria:
            found = [v for v in found if self._meets(v, criteria)]
        if not found:
            return {"status": "EmptyResultSet"}
        self._tell(payload["requestId"], found)
        return _ACCEPTED

    def _meets(self, variable: Variable, criteria: list[str]) -> bool:
        """Its component is what one of them says: enabled or available by its own word, or out of order."""
        if "Problem" in criteria and variable.evse and self._station.evse(variable.evse).error is not None:
            return True
        device = self._station.device
        for criterion in {"Enabled", "Available", "Active"} & set(criteria):
            found = device.find(variable.component, criterion, "", variable.evse, variable.connector)
            if isinstance(found, Variable) and found.value.lower() == "true":
                return True
        return False

    def _tell(self, request_id: int, variables: list[Variable]) -> None:
        """In parts, one after another."""
        station = self._station
        parts = [variables[i : i + PART_ITEMS] for i in range(0, len(variables), PART_ITEMS)]
        generated_at = self._stamp()
        for number, part in enumerate(parts):
            payload: Payload = {
                "requestId": request_id,
                "generatedAt": generated_at,
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "reportData": [self._described(v) for v in part],
            }
            station.while_up(
                0.02 * (number + 1), lambda payload=payload: station.post(said("NotifyReport", self._manner(payload)))
            )

    def _described(self, v: Variable) -> Payload:
        component: Payload = {"name": v.component}
        if v.evse:
            component["evse"] = {"id": v.evse} | ({"connectorId": v.connector} if v.connector else {})
        attribute: Payload = {"type": "Actual", "mutability": _MUTABILITY[v.access]}
        if v.access != "wo":
            attribute["value"] = self.value(v)
        characteristics: Payload = {"dataType": v.kind, "supportsMonitoring": v.access != "wo"}
        if v.unit:
            characteristics["unit"] = v.unit
        if v.limits and v.kind in ("integer", "decimal"):
            characteristics |= {"minLimit": v.limits[0], "maxLimit": v.limits[1]}
        if v.choice:
            characteristics["valuesList"] = ",".join(v.choice)
        return {
            "component": component,
            "variable": {"name": v.variable} | ({"instance": v.instance} if v.instance else {}),
            "variableAttribute": [attribute],
            "variableCharacteristics": characteristics,
        }


def _name(asked: Payload) -> tuple[str, str, str, int, int]:
    """Component, variable, its instance, EVSE and connector."""
    component: Payload = asked["component"]
    variable: Payload = asked["variable"]
    evse: Payload = component.get("evse") or {}
    return (
        component["name"],
        variable["name"],
        variable.get("instance", ""),
        evse.get("id", 0),
        evse.get("connectorId", 0),
    )
