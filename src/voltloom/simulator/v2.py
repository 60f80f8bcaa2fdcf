"""A station's words in OCPP 2.0.1 and 2.1: what it says, and how it answers what it is asked."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

from voltloom.domain.metering import Context, Sample
from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.simulator.certificate_talk import CertificateTalk
from voltloom.simulator.evse import Evse, Reservation, Token, Transaction
from voltloom.simulator.faults import PartError
from voltloom.simulator.firmware import Order, Publisher, Updater
from voltloom.simulator.logs import Uploader
from voltloom.simulator.meter import meter_value_v2, stamp
from voltloom.simulator.station import Station, plain_status
from voltloom.simulator.v2_display import Display2
from voltloom.simulator.v2_flex import NEW_IN_21, Flex
from voltloom.simulator.v2_monitoring import Monitors2
from voltloom.simulator.v2_profiles import Profiles2
from voltloom.simulator.v2_settings import Settings2
from voltloom.simulator.v2_tariffs import Tariffs2
from voltloom.simulator.words import Payload, Refused, Said, Verdict, read_time, said

_STOPPED = {
    StopReason.HARD_RESET: "ImmediateReset",
    StopReason.SOFT_RESET: "Reboot",
}
_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
_SLOTS = 4
"""Network profiles it has room for."""


class Speech2:
    def __init__(self, station: Station) -> None:
        self._station = station
        self._style = station.plan.quirks.meter
        self._settings = Settings2(station, self._number)
        self._profiles = Profiles2(station, self._number)
        self.flex = Flex(station, self._number)
        self._display = Display2(station, self._number)
        self._certificates = CertificateTalk(station, "InvalidChargingStationCertificate")
        self.tariffs = Tariffs2(station)
        self._asked_about = ""
        self._events = count(1)
        self._updater = Updater(station, self._alarm)
        self._publisher = Publisher(station)
        self._uploader = Uploader(station)
        self._monitors = Monitors2(station, self._settings.value, self._events, self._number)

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

    def _alarm(self, event: str) -> None:
        station = self._station
        station.security_events = [*station.security_events[-99:], (station.now, event)]
        station.post(said("SecurityEventNotification", {"type": event, "timestamp": self._stamp()}))

    def authorize(self, token: Token) -> Said:
        self._asked_about = token.value
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
        if trigger == "LimitSet":
            info["transactionLimit"] = tx.limit
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
        if kind == "Ended" and self._station.plan.version == "2.1":
            details = self.tariffs.details(tx, tx.evse.meter.register_wh)
            if details is not None:
                payload["costDetails"] = details
        return said("TransactionEvent", self._number(payload))

    def meter_values(self, evse: Evse, sample: Sample) -> Said | None:
        names = self._station.device.measurands("AlignedDataCtrlr", "Measurands")
        value = meter_value_v2(sample, names, self._style)
        return said("MeterValues", self._number({"evseId": evse.number, "meterValue": [value]})) if value else None

    def _number(self, payload: Payload) -> Payload:
        return _as_floats(payload) if self._station.plan.quirks.floats else payload

    # ---- understanding answers

    def verdict(self, payload: Payload) -> Verdict | None:
        if "tariff" in payload:
            self.tariffs.hear(self._asked_about, payload["tariff"])
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
        if answer is None or (action in NEW_IN_21 and self._station.plan.version != "2.1"):
            return Refused("NotImplemented", f"no {action} here")
        try:
            return answer(self, payload)
        except (KeyError, ValueError, TypeError, IndexError) as e:
            return Refused("FormatViolation", f"{type(e).__name__}: {e}")

    def _request_start(self, payload: Payload) -> Payload:
        station = self._station
        number = payload.get("evseId")
        evses = station.evses if number is None else [self._station.known(number)]
        waiting = next((e for e in evses if e.transaction is not None and e.transaction.token is None), None)
        free = waiting or next((e for e in evses if e.is_free), None)
        if free is None or station.registration != "Accepted":
            return _REJECTED
        token = _read_token(payload["idToken"])
        group = _group(payload)
        remote_start_id: int = payload["remoteStartId"]
        if "chargingProfile" in payload:
            profile = self._profiles.read(free.number, payload["chargingProfile"])
            station.memory.profiles[profile.id] = profile
        if station.device.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            station.while_up(0.0, lambda: station.present(free.number, token))
        else:
            station.while_up(0.0, lambda: station.authorize(free, token, "RemoteStart", group, remote_start_id))
        return _ACCEPTED | ({"transactionId": waiting.transaction.id} if waiting and waiting.transaction else {})

    def _set_profile(self, payload: Payload) -> Payload:
        answer = self._profiles.set(payload)
        if answer == _ACCEPTED:
            self.flex.keep_pulling(payload["chargingProfile"]["id"])
        return answer

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
            evse = self._station.known(payload["evseId"])
            if evse.is_busy and payload["type"] == "OnIdle":
                return _REJECTED
            station.while_up(0.0, lambda: station.end(evse.number, StopReason.IMMEDIATE_RESET, "ResetCommand"))
            return _ACCEPTED
        if payload["type"] == "OnIdle":
            return {"status": "Scheduled"} if station.reset_when_idle() else _ACCEPTED
        station.while_up(0.5, lambda: station.reboot(BootReason.REMOTE_RESET, StopReason.IMMEDIATE_RESET))
        return _ACCEPTED

    def _unlock(self, payload: Payload) -> Payload:
        evse = self._station.known(payload["evseId"])
        if payload["connectorId"] != 1:
            return {"status": "UnknownConnector"}
        if evse.is_busy:
            return {"status": "OngoingAuthorizedTransaction"}
        failed = evse.error is not None and evse.error.error_code == "ConnectorLockFailure"
        return {"status": "UnlockFailed" if failed else "Unlocked"}

    def _availability(self, payload: Payload) -> Payload:
        where: Payload | None = payload.get("evse")
        numbers = (
            [e.number for e in self._station.evses] if where is None else [self._station.known(where["id"]).number]
        )
        waits = self._station.set_operative(numbers, payload["operationalStatus"] == "Operative")
        return {"status": "Scheduled"} if waits else _ACCEPTED

    def _trigger(self, payload: Payload) -> Payload:
        station = self._station
        where: Payload | None = payload.get("evse")
        evses = station.evses if where is None else [self._station.known(where["id"])]
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
            case word:
                asks = self._certificates.trigger(str(word))
                if asks is None:
                    return {"status": "NotImplemented"}
                do = asks
        station.while_up(0.0, do)
        return _ACCEPTED

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
        evses = [self._station.known(payload["evseId"])] if "evseId" in payload else station.evses
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

    # ---- firmware, logs, the rest

    def _update_firmware(self, payload: Payload) -> Payload:
        def tell(status: str) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]}
            self._station.post(said("FirmwareStatusNotification", self._number(told)))

        return {"status": self._updater.take(Order.read(payload, "retrieveDateTime"), tell)}

    def _publish_firmware(self, payload: Payload) -> Payload:
        def tell(status: str, more: Payload) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]} | more
            self._station.post(said("PublishFirmwareStatusNotification", self._number(told)))

        self._publisher.publish(payload["location"], payload["checksum"], tell)
        return _ACCEPTED

    def _unpublish_firmware(self, payload: Payload) -> Payload:
        return {"status": self._publisher.unpublish(payload["checksum"])}

    def _get_log(self, payload: Payload) -> Payload:
        def tell(status: str) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]}
            self._station.post(said("LogStatusNotification", self._number(told)))

        status, name = self._uploader.take(payload["log"]["remoteLocation"], payload["logType"], True, tell)
        return {"status": status} | ({"filename": name} if name else {})

    def _customer_information(self, payload: Payload) -> Payload:
        """It keeps what is in its cache and local list, and its last transactions, by the token."""
        station, memory = self._station, self._station.memory
        named = [key for key in ("idToken", "customerCertificate", "customerIdentifier") if key in payload]
        if len(named) != 1:
            return {"status": "Invalid", "statusInfo": {"reasonCode": "MissingParam"}}
        key = _read_token(payload["idToken"]).key if "idToken" in payload else ""
        known: list[str] = []
        if key:
            known += [f"{where}: {kept[key].status}" for where, kept in (
                ("cache", memory.cache), ("local list", memory.local_list)
            ) if key in kept]  # fmt: skip
            known += [f"transaction {tx.id}" for tx in station.transactions if tx.token and tx.token.key == key]
        if payload["clear"] and key:
            memory.cache.pop(key, None)
            memory.local_list.pop(key, None)
            for tx in station.transactions:
                if tx.token is not None and tx.token.key == key and tx.ended_at is not None:
                    tx.token = None
        if payload["report"]:
            self._tell_customer(payload["requestId"], "\n".join(known) or "nothing is known")
        return _ACCEPTED

    def _tell_customer(self, request_id: int, text: str) -> None:
        """In parts of 512 characters."""
        parts = [text[start : start + 512] for start in range(0, len(text), 512)]
        for number, part in enumerate(parts):
            told: Payload = {
                "requestId": request_id,
                "generatedAt": self._stamp(),
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "data": part,
            }
            self._station.while_up(
                0.02 * number,
                lambda told=told: self._station.post(said("NotifyCustomerInformation", self._number(told))),
            )

    def _network_profile(self, payload: Payload) -> Payload:
        """Kept, and never below the security profile it has: it goes on using the one it has."""
        wanted: Payload = payload["connectionData"]
        if wanted["securityProfile"] < self._station.plan.profile:
            return _REJECTED | {"statusInfo": {"reasonCode": "NoSecurityDowngrade"}}
        if not 1 <= payload["configurationSlot"] <= _SLOTS:
            return _REJECTED | {"statusInfo": {"reasonCode": "InvalidConfSlot"}}
        self._station.memory.network_profiles[payload["configurationSlot"]] = wanted
        return _ACCEPTED

    _answers: ClassVar[dict[str, "Callable[[Speech2, Payload], Payload]"]] = {
        "AFRRSignal": lambda self, payload: self.flex.afrr(payload),
        "AdjustPeriodicEventStream": lambda self, payload: self._monitors.adjust(payload),
        "CancelReservation": _cancel_reservation,
        "CertificateSigned": lambda self, payload: self._certificates.signed(payload),
        "ChangeAvailability": _availability,
        "ChangeTransactionTariff": lambda self, payload: self.tariffs.change(payload),
        "ClearCache": _clear_cache,
        "ClearChargingProfile": lambda self, payload: self._profiles.clear(payload),
        "ClearDERControl": lambda self, payload: self.flex.clear_controls(payload),
        "ClearDisplayMessage": lambda self, payload: self._display.clear(payload),
        "ClearTariffs": lambda self, payload: self.tariffs.clear(payload),
        "ClearVariableMonitoring": lambda self, payload: self._monitors.clear(payload),
        "CostUpdated": lambda self, payload: self.tariffs.cost_updated(payload),
        "CustomerInformation": _customer_information,
        "DataTransfer": _data_transfer,
        "DeleteCertificate": lambda self, payload: self._certificates.delete(payload),
        "GetBaseReport": lambda self, payload: self._settings.base_report(payload),
        "GetChargingProfiles": lambda self, payload: self._profiles.report(payload),
        "GetCompositeSchedule": lambda self, payload: self._profiles.composite(payload),
        "GetDERControl": lambda self, payload: self.flex.get_controls(payload),
        "GetDisplayMessages": lambda self, payload: self._display.report(payload),
        "GetInstalledCertificateIds": lambda self, payload: self._certificates.list(payload),
        "GetLocalListVersion": _list_version,
        "GetLog": _get_log,
        "GetMonitoringReport": lambda self, payload: self._monitors.report(payload),
        "GetPeriodicEventStream": lambda self, payload: self._monitors.streams(payload),
        "GetReport": lambda self, payload: self._settings.report(payload),
        "GetTariffs": lambda self, payload: self.tariffs.report(payload),
        "GetTransactionStatus": _transaction_status,
        "GetVariables": lambda self, payload: self._settings.get(payload),
        "InstallCertificate": lambda self, payload: self._certificates.install(payload),
        "NotifyAllowedEnergyTransfer": lambda self, payload: self.flex.allow_transfer(payload),
        "NotifyWebPaymentStarted": lambda self, payload: self.tariffs.web_payment(payload),
        "PublishFirmware": _publish_firmware,
        "RequestBatterySwap": lambda self, payload: self.flex.swap(payload),
        "RequestStartTransaction": _request_start,
        "RequestStopTransaction": _request_stop,
        "ReserveNow": _reserve,
        "Reset": _reset,
        "SendLocalList": _send_list,
        "SetChargingProfile": _set_profile,
        "SetDERControl": lambda self, payload: self.flex.set_control(payload),
        "SetDefaultTariff": lambda self, payload: self.tariffs.set_default(payload),
        "SetDisplayMessage": lambda self, payload: self._display.set(payload),
        "SetMonitoringBase": lambda self, payload: self._monitors.base(payload),
        "SetMonitoringLevel": lambda self, payload: self._monitors.level(payload),
        "SetNetworkProfile": _network_profile,
        "SetVariableMonitoring": lambda self, payload: self._monitors.set(payload),
        "SetVariables": lambda self, payload: self._settings.set(payload),
        "TriggerMessage": _trigger,
        "UnlockConnector": _unlock,
        "UnpublishFirmware": _unpublish_firmware,
        "UpdateDynamicSchedule": lambda self, payload: self.flex.update_dynamic(payload),
        "UpdateFirmware": _update_firmware,
        "UsePriorityCharging": lambda self, payload: self.flex.use_priority(payload),
    }


def _id_token(token: Token) -> Payload:
    return {"idToken": token.value, "type": token.kind}


def _group(payload: Payload) -> str:
    said: Payload = payload.get("groupIdToken") or {}
    return str(said.get("idToken", ""))


def _read_token(said: Payload) -> Token:
    return Token(said["idToken"], said["type"])


def _as_floats(tree: Any) -> Any:
    """Every whole number as 1.0, as JSON libraries without integers write it."""
    if isinstance(tree, dict):
        return {key: _as_floats(value) for key, value in tree.items()}  # pyright: ignore[reportUnknownVariableType] - any JSON
    if isinstance(tree, list):
        return [_as_floats(value) for value in tree]  # pyright: ignore[reportUnknownVariableType] - any JSON
    return float(tree) if isinstance(tree, int) and not isinstance(tree, bool) else tree
