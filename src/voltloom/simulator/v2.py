"""A station's words in OCPP 2.0.1 and 2.1: what it says, and how it answers what it is asked."""

from collections.abc import Callable, Iterable
from itertools import count
from math import inf
from typing import Any, ClassVar
from uuid import UUID

from voltloom.domain.metering import Context, Sample
from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.simulator.device import SetResult, Variable
from voltloom.simulator.evse import Evse, Reservation, Token, Transaction
from voltloom.simulator.faults import PartError
from voltloom.simulator.firmware import install
from voltloom.simulator.meter import meter_value_v2, stamp
from voltloom.simulator.profiles import RECURS_S, STATION_WIDE, Period, Profile, changes
from voltloom.simulator.station import Payload, Refused, Said, Station, Verdict, plain_status
from voltloom.simulator.v16 import read_time, said

_STOPPED = {
    StopReason.HARD_RESET: "ImmediateReset",
    StopReason.SOFT_RESET: "Reboot",
}
_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
_NOT_SUPPORTED: Payload = {"status": "NotSupported"}

PART_ITEMS = 20
"""Items in one part of a report."""


class Speech2:
    def __init__(self, station: Station) -> None:
        self._station = station
        self._style = station.plan.quirks.meter
        self._events = count(1)

    def _stamp(self) -> str:
        return stamp(self._station.now, self._style)

    # ---- saying

    def boot(self, reason: BootReason) -> Said:
        plan = self._station.plan
        hardware: Payload = {
            "vendorName": plan.vendor,
            "model": plan.model[:20],
            "firmwareVersion": self._station.device.text("ChargingStation", "FirmwareVersion"),
        }
        if plan.serial:
            hardware["serialNumber"] = plan.serial[:25]
        return said("BootNotification", {"reason": reason.value, "chargingStation": hardware})

    def heartbeat(self) -> Said:
        return said("Heartbeat", {})

    def status(self, evse: Evse | None) -> Said | None:
        if evse is None:
            return None
        payload = {"timestamp": self._stamp(), "connectorStatus": plain_status(evse)}
        return said("StatusNotification", payload | self._number({"evseId": evse.number, "connectorId": 1}))

    def fault(self, evse: Evse, error: PartError, cleared: bool) -> Said:
        event: Payload = {
            "eventId": next(self._events),
            "timestamp": self._stamp(),
            "trigger": "Alerting",
            "actualValue": "false" if cleared else "true",
            "techCode": error.vendor_code,
            "techInfo": error.text,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": error.component, "evse": {"id": evse.number, "connectorId": 1}},
            "variable": {"name": "Problem"},
        }
        if cleared:
            event["cleared"] = True
        return said(
            "NotifyEvent", self._number({"generatedAt": self._stamp(), "tbc": False, "seqNo": 0, "eventData": [event]})
        )

    def authorize(self, token: Token) -> Said:
        return said("Authorize", {"idToken": _id_token(token)})

    def started(self, tx: Transaction, trigger: str, sample: Sample, offline: bool) -> Said:
        tx.id = str(UUID(int=self._station.ids.getrandbits(128), version=4))
        more: Payload = {"evse": {"id": tx.evse.number, "connectorId": 1}}
        if tx.token is not None:
            more["idToken"] = _id_token(tx.token)
        if tx.reservation_id is not None:
            more["reservationId"] = tx.reservation_id
        return self._event("Started", tx, trigger, sample, "TxStartedMeasurands", offline, more)

    def updated(
        self, tx: Transaction, trigger: str, sample: Sample | None, offline: bool, token: Token | None = None
    ) -> Said:
        aligned = sample is not None and sample.context is Context.CLOCK
        more: Payload = {"idToken": _id_token(token)} if token is not None else {}
        return self._event("Updated", tx, trigger, sample, "" if aligned else "TxUpdatedMeasurands", offline, more)

    def ended(self, tx: Transaction, trigger: str, sample: Sample, offline: bool, token: Token | None = None) -> Said:
        more: Payload = {"idToken": _id_token(token)} if token is not None else {}
        return self._event("Ended", tx, trigger, sample, "TxEndedMeasurands", offline, more)

    def _event(
        self,
        kind: str,
        tx: Transaction,
        trigger: str,
        sample: Sample | None,
        measurands: str,
        offline: bool,
        more: Payload,
    ) -> Said:
        """Written now: the sequence number is given in the order things happen, not in which they are sent."""
        info: Payload = {"transactionId": tx.id, "chargingState": tx.state.value}
        if kind == "Ended" and tx.reason is not None:
            info["stoppedReason"] = _STOPPED.get(tx.reason, tx.reason.value)
        if tx.remote_start_id is not None:
            info["remoteStartId"] = tx.remote_start_id
        payload: Payload = {
            "eventType": kind,
            "timestamp": self._stamp(),
            "triggerReason": trigger,
            "seqNo": tx.next_sequence(),
            "transactionInfo": info,
        } | more
        if offline:
            payload["offline"] = True
        if sample is not None:
            device = self._station.device
            names = device.measurands("SampledDataCtrlr", measurands) if measurands else ()
            value = meter_value_v2(sample, names or device.measurands("AlignedDataCtrlr", "Measurands"), self._style)
            if value is not None:
                payload["meterValue"] = [value]
        return said("TransactionEvent", self._number(payload))

    def meter_values(self, evse: Evse, sample: Sample) -> Said | None:
        names = self._station.device.measurands("AlignedDataCtrlr", "Measurands")
        value = meter_value_v2(sample, names, self._style)
        return said("MeterValues", self._number({"evseId": evse.number, "meterValue": [value]})) if value else None

    def _number(self, payload: Payload) -> Payload:
        return _as_floats(payload) if self._station.plan.quirks.floats else payload

    # ---- understanding answers

    def verdict(self, payload: Payload) -> Verdict | None:
        info: Payload | None = payload.get("idTokenInfo")
        if info is None:
            return None
        group: Payload = info.get("groupIdToken") or {}
        return Verdict(str(info.get("status")), str(group.get("idToken", "")))

    def began(self, tx: Transaction, payload: Payload) -> None:
        """2.x stations name their transactions themselves."""

    # ---- being asked

    def answer(self, action: str, payload: Payload) -> Payload | Refused:
        answer = self._answers.get(action)
        if answer is None:
            return Refused("NotImplemented", f"no {action} here")
        try:
            return answer(self, payload)
        except (KeyError, ValueError, TypeError, IndexError) as e:
            return Refused("FormatViolation", f"{type(e).__name__}: {e}")

    def _evse(self, number: int) -> Evse:
        if not 1 <= number <= len(self._station.evses):
            raise ValueError(f"no EVSE {number}")
        return self._station.evse(number)

    def _request_start(self, payload: Payload) -> Payload:
        station = self._station
        number = payload.get("evseId")
        evses = station.evses if number is None else [self._evse(number)]
        waiting = next((e for e in evses if e.transaction is not None and e.transaction.token is None), None)
        free = waiting or next((e for e in evses if e.is_free), None)
        if free is None or station.registration != "Accepted":
            return _REJECTED
        token = _read_token(payload["idToken"])
        group = _group(payload)
        remote_start_id: int = payload["remoteStartId"]
        if "chargingProfile" in payload:
            profile = self._profile(free.number, payload["chargingProfile"])
            station.memory.profiles[profile.id] = profile
        if station.device.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            station.while_up(0.0, lambda: station.present(free.number, token))
        else:
            station.while_up(0.0, lambda: station.authorize(free, token, "RemoteStart", group, remote_start_id))
        return _ACCEPTED | ({"transactionId": waiting.transaction.id} if waiting and waiting.transaction else {})

    def _request_stop(self, payload: Payload) -> Payload:
        station = self._station
        tx = station.find(payload["transactionId"])
        if tx is None:
            return _REJECTED
        station.while_up(0.0, lambda: station.end(tx.evse.number, StopReason.REMOTE, "RemoteStop"))
        return _ACCEPTED

    def _transaction_status(self, payload: Payload) -> Payload:
        station = self._station
        if "transactionId" not in payload:
            return {"messagesInQueue": station.queued > 0}
        tx = station.find(payload["transactionId"])
        return {"ongoingIndicator": tx is not None, "messagesInQueue": station.queued > 0}

    def _reset(self, payload: Payload) -> Payload:
        station = self._station
        if "evseId" in payload:
            evse = self._evse(payload["evseId"])
            if evse.is_busy and payload["type"] == "OnIdle":
                return _REJECTED
            station.while_up(0.0, lambda: station.end(evse.number, StopReason.IMMEDIATE_RESET, "ResetCommand"))
            return _ACCEPTED
        if payload["type"] == "OnIdle":
            return {"status": "Scheduled"} if station.reset_when_idle() else _ACCEPTED
        station.while_up(0.5, lambda: station.reboot(BootReason.REMOTE_RESET, StopReason.IMMEDIATE_RESET))
        return _ACCEPTED

    def _unlock(self, payload: Payload) -> Payload:
        evse = self._evse(payload["evseId"])
        if payload["connectorId"] != 1:
            return {"status": "UnknownConnector"}
        if evse.is_busy:
            return {"status": "OngoingAuthorizedTransaction"}
        failed = evse.error is not None and evse.error.error_code == "ConnectorLockFailure"
        return {"status": "UnlockFailed" if failed else "Unlocked"}

    def _availability(self, payload: Payload) -> Payload:
        where: Payload | None = payload.get("evse")
        numbers = [e.number for e in self._station.evses] if where is None else [self._evse(where["id"]).number]
        waits = self._station.set_operative(numbers, payload["operationalStatus"] == "Operative")
        return {"status": "Scheduled"} if waits else _ACCEPTED

    def _trigger(self, payload: Payload) -> Payload:
        station = self._station
        where: Payload | None = payload.get("evse")
        evses = station.evses if where is None else [self._evse(where["id"])]
        do: Callable[[], Any]
        match payload["requestedMessage"]:
            case "BootNotification":
                if station.registration == "Accepted":
                    return _REJECTED  # OCPP 2.0.1 B: a station that is registered does not boot again
                do = lambda: station.boot(BootReason.TRIGGERED)  # noqa: E731
            case "Heartbeat":
                do = lambda: station.post(self.heartbeat())  # noqa: E731
            case "StatusNotification":
                do = lambda: [station.tell_status(evse, always=True) for evse in evses]  # noqa: E731
            case "MeterValues":
                do = lambda: [  # noqa: E731
                    station.post(self.meter_values(evse, evse.read(station.now, Context.TRIGGER))) for evse in evses
                ]
            case "TransactionEvent":
                busy = [evse.number for evse in evses if evse.is_busy]
                if not busy:
                    return _REJECTED
                do = lambda: [station.sample_now(number, Context.TRIGGER) for number in busy]  # noqa: E731
            case "FirmwareStatusNotification" | "LogStatusNotification" as action:
                do = lambda: station.post(said(str(action), {"status": "Idle"}))  # noqa: E731
            case _:
                return {"status": "NotImplemented"}
        station.while_up(0.0, do)
        return _ACCEPTED

    # ---- device model

    def _get_variables(self, payload: Payload) -> Payload:
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
        return answer | {"attributeStatus": "Accepted", "attributeValue": self._value(found)}

    def _value(self, variable: Variable) -> str:
        if variable.variable == "DateTime":
            return self._stamp()
        if variable.component == "EVSE" and variable.variable == "Power":
            evse = self._station.evse(variable.evse)
            evse.settle(self._station.now)
            return f"{evse.flow().power_w:.1f}"
        return variable.value

    def _set_variables(self, payload: Payload) -> Payload:
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

    def _base_report(self, payload: Payload) -> Payload:
        device = self._station.device
        match payload["reportBase"]:
            case "FullInventory":
                found = list(device.inventory())
            case "ConfigurationInventory":
                found = list(device.inventory(configuration_only=True))
            case "SummaryInventory":
                found = [v for v in device.inventory() if v.variable in ("AvailabilityState", "Available", "Problem")]
            case _:
                return _NOT_SUPPORTED
        self._report(payload["requestId"], found)
        return _ACCEPTED

    def _get_report(self, payload: Payload) -> Payload:
        wanted: list[Payload] = payload.get("componentVariable", [])
        criteria: list[str] = payload.get("componentCriteria", [])
        if "Problem" in criteria:
            return {"status": "EmptyResultSet"}
        found = [v for v in self._station.device.inventory() if not wanted or any(_matches(v, w) for w in wanted)]
        if not found:
            return {"status": "EmptyResultSet"}
        self._report(payload["requestId"], found)
        return _ACCEPTED

    def _report(self, request_id: int, variables: list[Variable]) -> None:
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
                0.02 * (number + 1), lambda payload=payload: station.post(said("NotifyReport", self._number(payload)))
            )

    def _described(self, v: Variable) -> Payload:
        component: Payload = {"name": v.component}
        if v.evse:
            component["evse"] = {"id": v.evse} | ({"connectorId": v.connector} if v.connector else {})
        attribute: Payload = {"type": "Actual", "mutability": _MUTABILITY[v.access]}
        if v.access != "wo":
            attribute["value"] = self._value(v)
        characteristics: Payload = {"dataType": v.kind, "supportsMonitoring": False}
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

    # ---- data transfer, lists, reservations

    def _data_transfer(self, payload: Payload) -> Payload:
        if payload["vendorId"] != self._station.plan.vendor:
            return {"status": "UnknownVendorId"}
        if payload.get("messageId") != "Echo":
            return {"status": "UnknownMessageId"}
        return _ACCEPTED | ({"data": payload["data"]} if "data" in payload else {})

    def _clear_cache(self, _: Payload) -> Payload:
        self._station.memory.cache.clear()
        return _ACCEPTED

    def _list_version(self, _: Payload) -> Payload:
        return {"versionNumber": self._station.memory.local_list_version}

    def _send_list(self, payload: Payload) -> Payload:
        memory = self._station.memory
        differs = payload["updateType"] == "Differential"
        if differs and payload["versionNumber"] <= memory.local_list_version:
            return {"status": "VersionMismatch"}
        if not differs:
            memory.local_list.clear()
        entries: Iterable[Payload] = payload.get("localAuthorizationList", ())
        for entry in entries:
            key = _read_token(entry["idToken"]).key
            verdict = self.verdict(entry)
            if verdict is None:
                memory.local_list.pop(key, None)
            else:
                memory.local_list[key] = verdict
        memory.local_list_version = payload["versionNumber"]
        self._station.device.put("LocalAuthListCtrlr", "Entries", str(len(memory.local_list)))
        return _ACCEPTED

    def _reserve(self, payload: Payload) -> Payload:
        station = self._station
        evses = [self._evse(payload["evseId"])] if "evseId" in payload else station.evses
        free = next((e for e in evses if e.is_free and e.car is None and e.reservation is None), None)
        if free is None:
            if any(e.error for e in evses):
                return {"status": "Faulted"}
            return {"status": "Occupied" if any(e.operative for e in evses) else "Unavailable"}
        group = _group(payload)
        token, until = _read_token(payload["idToken"]), read_time(payload["expiryDateTime"])
        station.reserve(free, Reservation(payload["id"], token, until, group))
        return _ACCEPTED

    def _cancel_reservation(self, payload: Payload) -> Payload:
        station = self._station
        for evse in station.evses:
            if evse.reservation is not None and evse.reservation.id == payload["reservationId"]:
                evse.reservation = None
                station.while_up(0.0, lambda evse=evse: station.tell_status(evse))
                return _ACCEPTED
        return _REJECTED

    # ---- charging profiles

    def _profile(self, number: int, wanted: Payload) -> Profile:
        schedule: Payload = wanted["chargingSchedule"][0]
        starts_at = schedule.get("startSchedule")
        return Profile(
            id=wanted["id"],
            evse=number,
            purpose=wanted["chargingProfilePurpose"],
            stack_level=wanted["stackLevel"],
            kind=wanted["chargingProfileKind"],
            unit=schedule["chargingRateUnit"],
            periods=tuple(
                Period(p["startPeriod"], p["limit"], p.get("numberPhases", 3))
                for p in schedule["chargingSchedulePeriod"]
                if "limit" in p
            ),
            since=self._station.now,
            starts_at=read_time(starts_at) if starts_at else None,
            duration_s=schedule.get("duration", inf),
            recurs_s=RECURS_S.get(wanted.get("recurrencyKind", ""), 0.0),
            valid_from=read_time(wanted["validFrom"]) if "validFrom" in wanted else -inf,
            valid_to=read_time(wanted["validTo"]) if "validTo" in wanted else inf,
            transaction=str(wanted.get("transactionId", "")),
            original=wanted,
        )

    def _set_profile(self, payload: Payload) -> Payload:
        station = self._station
        number: int = payload["evseId"]
        profile = self._profile(number, payload["chargingProfile"])
        if profile.purpose in STATION_WIDE and number != 0:
            return _REJECTED | {"statusInfo": {"reasonCode": "InvalidProfile"}}
        if profile.purpose == "TxProfile":
            tx = self._evse(number).transaction
            if tx is None or profile.transaction != tx.id:
                return _REJECTED | {"statusInfo": {"reasonCode": "TxNotFound"}}
        profiles = station.memory.profiles
        slot = (profile.evse, profile.purpose, profile.stack_level)
        if any((p.evse, p.purpose, p.stack_level) == slot and p.id != profile.id for p in profiles.values()):
            return _REJECTED | {"statusInfo": {"reasonCode": "DuplicateProfile"}}
        profiles[profile.id] = profile
        station.while_up(0.0, station.refresh_limits)
        return _ACCEPTED

    def _clear_profile(self, payload: Payload) -> Payload:
        profiles = self._station.memory.profiles
        wanted: Payload = payload.get("chargingProfileCriteria", {})
        gone = [
            p.id
            for p in profiles.values()
            if payload.get("chargingProfileId", p.id) == p.id
            and wanted.get("evseId", p.evse) == p.evse
            and wanted.get("chargingProfilePurpose", p.purpose) == p.purpose
            and wanted.get("stackLevel", p.stack_level) == p.stack_level
        ]
        for number in gone:
            del profiles[number]
        self._station.while_up(0.0, self._station.refresh_limits)
        return _ACCEPTED if gone else {"status": "Unknown"}

    def _get_profiles(self, payload: Payload) -> Payload:
        station = self._station
        wanted: Payload = payload["chargingProfile"]
        by_evse: dict[int, list[Profile]] = {}
        for p in station.memory.profiles.values():
            if (
                payload.get("evseId", p.evse) == p.evse
                and wanted.get("chargingProfilePurpose", p.purpose) == p.purpose
                and wanted.get("stackLevel", p.stack_level) == p.stack_level
                and p.id in wanted.get("chargingProfileId", [p.id])
            ):
                by_evse.setdefault(p.evse, []).append(p)
        if not by_evse:
            return {"status": "NoProfiles"}
        for number, (evse, found) in enumerate(by_evse.items(), 1):
            report: Payload = {
                "requestId": payload["requestId"],
                "chargingLimitSource": "CSO",
                "evseId": evse,
                "chargingProfile": [p.original for p in found],
                "tbc": number < len(by_evse),
            }
            station.while_up(
                0.02 * number,
                lambda report=report: station.post(said("ReportChargingProfiles", self._number(report))),
            )
        return _ACCEPTED

    def _composite(self, payload: Payload) -> Payload:
        station = self._station
        evse = self._evse(payload["evseId"] or 1)
        unit = payload.get("chargingRateUnit", "W")
        per = 230.0 * (evse.outlet.phases or 3) if unit == "A" else 1.0
        tx = evse.transaction
        periods = changes(
            station.memory.profiles.values(), evse.outlet, evse.number, station.now, payload["duration"],
            tx.id if tx else "", tx.started_at if tx else 0.0,
        )  # fmt: skip
        schedule: Payload = {
            "evseId": payload["evseId"],
            "duration": payload["duration"],
            "scheduleStart": self._stamp(),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [
                {"startPeriod": int(p.start_s), "limit": round(p.limit / per, 1)} for p in periods
            ],
        }
        return _ACCEPTED | {"schedule": schedule}

    # ---- firmware, logs, the rest

    def _update_firmware(self, payload: Payload) -> Payload:
        firmware: Payload = payload["firmware"]

        def tell(status: str) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]}
            self._station.post(said("FirmwareStatusNotification", told))

        install(self._station, read_time(firmware["retrieveDateTime"]), firmware["location"], tell)
        return _ACCEPTED

    def _customer_information(self, payload: Payload) -> Payload:
        """It keeps none beyond its cache and local list, and says so."""
        station = self._station
        if payload["clear"]:
            station.memory.cache.clear()
        if payload["report"]:
            told: Payload = {
                "data": "", "seqNo": 0, "generatedAt": self._stamp(), "requestId": payload["requestId"]
            }  # fmt: skip
            station.while_up(0.0, lambda: station.post(said("NotifyCustomerInformation", told)))
        return _ACCEPTED

    def _accepted(self, _: Payload) -> Payload:
        return _ACCEPTED

    def _rejected(self, _: Payload) -> Payload:
        return _REJECTED

    def _not_supported(self, _: Payload) -> Payload:
        return _NOT_SUPPORTED

    def _not_found(self, _: Payload) -> Payload:
        return {"status": "NotFound"}

    def _empty(self, _: Payload) -> Payload:
        return {}

    _answers: ClassVar[dict[str, "Callable[[Speech2, Payload], Payload]"]] = {
        "CancelReservation": _cancel_reservation,
        "CertificateSigned": _rejected,
        "ChangeAvailability": _availability,
        "ClearCache": _clear_cache,
        "ClearChargingProfile": _clear_profile,
        "CostUpdated": _empty,
        "CustomerInformation": _customer_information,
        "DataTransfer": _data_transfer,
        "DeleteCertificate": _not_found,
        "GetBaseReport": _base_report,
        "GetChargingProfiles": _get_profiles,
        "GetCompositeSchedule": _composite,
        "GetInstalledCertificateIds": _not_found,
        "GetLocalListVersion": _list_version,
        "GetLog": _rejected,
        "GetMonitoringReport": _not_supported,
        "GetReport": _get_report,
        "GetTransactionStatus": _transaction_status,
        "GetVariables": _get_variables,
        "InstallCertificate": _rejected,
        "RequestStartTransaction": _request_start,
        "RequestStopTransaction": _request_stop,
        "ReserveNow": _reserve,
        "Reset": _reset,
        "SendLocalList": _send_list,
        "SetChargingProfile": _set_profile,
        "SetMonitoringBase": _not_supported,
        "SetMonitoringLevel": _rejected,
        "SetNetworkProfile": _rejected,
        "SetVariables": _set_variables,
        "TriggerMessage": _trigger,
        "UnlockConnector": _unlock,
        "UpdateFirmware": _update_firmware,
    }


_MUTABILITY = {"rw": "ReadWrite", "ro": "ReadOnly", "wo": "WriteOnly"}


def _id_token(token: Token) -> Payload:
    return {"idToken": token.value, "type": token.kind}


def _group(payload: Payload) -> str:
    said: Payload = payload.get("groupIdToken") or {}
    return str(said.get("idToken", ""))


def _read_token(said: Payload) -> Token:
    return Token(said["idToken"], said["type"])


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


def _matches(v: Variable, wanted: Payload) -> bool:
    component: Payload = wanted["component"]
    variable: Payload | None = wanted.get("variable")
    evse: Payload | None = component.get("evse")
    return (
        v.component.lower() == component["name"].lower()
        and (variable is None or v.variable.lower() == variable["name"].lower())
        and (evse is None or v.evse == evse["id"])
    )


def _as_floats(tree: Any) -> Any:
    """Every whole number as 1.0, as JSON libraries without integers write it."""
    if isinstance(tree, dict):
        return {key: _as_floats(value) for key, value in tree.items()}  # pyright: ignore[reportUnknownVariableType] - any JSON
    if isinstance(tree, list):
        return [_as_floats(value) for value in tree]  # pyright: ignore[reportUnknownVariableType] - any JSON
    return float(tree) if isinstance(tree, int) and not isinstance(tree, bool) else tree
