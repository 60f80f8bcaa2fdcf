"""A station's words in OCPP 1.6: what it says, and how it answers what it is asked."""

import json
from collections.abc import Callable
from typing import Any, ClassVar

from voltloom.domain.metering import Context, Sample
from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.simulator.certificate_talk import VENDOR, CertificateTalk
from voltloom.simulator.device import SetResult, Variable
from voltloom.simulator.evse import Evse, Reservation, Token, Transaction
from voltloom.simulator.faults import PartError
from voltloom.simulator.firmware import Order, Updater
from voltloom.simulator.logs import Uploader
from voltloom.simulator.meter import meter_value_v16, stamp
from voltloom.simulator.station import Station
from voltloom.simulator.v16_profiles import Profiles16
from voltloom.simulator.words import Payload, Refused, Said, Verdict, read_time, said

_STOP_REASONS = {
    StopReason.DE_AUTHORIZED: "DeAuthorized",
    StopReason.EMERGENCY_STOP: "EmergencyStop",
    StopReason.EV_DISCONNECTED: "EVDisconnected",
    StopReason.HARD_RESET: "HardReset",
    StopReason.IMMEDIATE_RESET: "HardReset",
    StopReason.LOCAL: "Local",
    StopReason.POWER_LOSS: "PowerLoss",
    StopReason.REBOOT: "Reboot",
    StopReason.REMOTE: "Remote",
    StopReason.SOFT_RESET: "SoftReset",
    StopReason.UNLOCK_COMMAND: "UnlockCommand",
}

_PLAIN_STATUSES = frozenset(
    {"Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"}
)
_COST_MESSAGES = "org.openchargealliance.costmsg"
_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}


class Speech16:
    def __init__(self, station: Station) -> None:
        self._station = station
        self._style = station.plan.quirks.meter
        self._profiles = Profiles16(station)
        self._certificates = CertificateTalk(station, "InvalidChargePointCertificate")
        self._updater = Updater(station, self._alarm)
        self._uploader = Uploader(station)
        self.prices: dict[str, Payload] = {}
        """What a driver is shown of prices and costs, by the kind of message."""

    def _stamp(self) -> str:
        return stamp(self._station.now, self._style)

    # ---- saying

    def boot(self, reason: BootReason) -> Said:
        plan = self._station.plan
        return said(
            "BootNotification",
            {
                "chargePointVendor": plan.vendor[:20],
                "chargePointModel": plan.model[:20],
                "firmwareVersion": self._station.device.text("ChargingStation", "FirmwareVersion"),
                **({"chargePointSerialNumber": plan.serial[:25]} if plan.serial else {}),
            },
        )

    def heartbeat(self) -> Said:
        return said("Heartbeat", {})

    def status(self, evse: Evse | None) -> Said:
        if evse is None:
            return said("StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Available"})
        payload: Payload = {
            "connectorId": evse.number,
            "errorCode": "NoError",
            "status": evse.status.value,
            "timestamp": self._stamp(),
        }
        if evse.error is not None:
            payload |= {
                "errorCode": evse.error.error_code,
                "info": evse.error.text[:50],
                "vendorId": self._station.plan.vendor,
                "vendorErrorCode": evse.error.vendor_code,
            }
        return said("StatusNotification", payload)

    def fault(self, evse: Evse, error: PartError, cleared: bool) -> None:
        """1.6 has said it with the status."""

    def authorize(self, token: Token) -> Said:
        return said("Authorize", {"idTag": token.value})

    def started(self, tx: Transaction, trigger: str, sample: Sample, offline: bool) -> Said:
        payload: Payload = {
            "connectorId": tx.evse.number,
            "idTag": tx.token.value if tx.token else "",
            "meterStart": int(tx.meter_start_wh),
            "timestamp": stamp(tx.started_at, self._style),
        }
        if tx.reservation_id is not None:
            payload["reservationId"] = tx.reservation_id
        return said("StartTransaction", payload)

    def updated(
        self, tx: Transaction, trigger: str, sample: Sample | None, offline: bool, token: Token | None = None
    ) -> Said | None:
        if sample is None:
            return None
        aligned = sample.context is Context.CLOCK
        measurands = self._station.device.measurands(
            "AlignedDataCtrlr" if aligned else "SampledDataCtrlr", "Measurands" if aligned else "TxUpdatedMeasurands"
        )
        value = meter_value_v16(sample, measurands, self._style)
        if value is None:
            return None
        return Said("MeterValues", lambda: self._in(tx, {"connectorId": tx.evse.number, "meterValue": [value]}))

    def ended(self, tx: Transaction, trigger: str, sample: Sample, offline: bool, token: Token | None = None) -> Said:
        payload: Payload = {
            "meterStop": int(sample.energy_wh or 0),
            "timestamp": stamp(tx.ended_at or self._station.now, self._style),
            "reason": _STOP_REASONS.get(tx.reason or StopReason.LOCAL, "Other"),
        }
        if token is not None:
            payload["idTag"] = token.value
        value = meter_value_v16(
            sample, self._station.device.measurands("SampledDataCtrlr", "TxEndedMeasurands"), self._style
        )
        if value is not None and not self._style.bare:
            payload["transactionData"] = [value]
        return Said("StopTransaction", lambda: self._in(tx, payload))

    def _in(self, tx: Transaction, payload: Payload) -> Payload | None:
        """A transaction whose start was never answered has no name, and nothing can be said about it."""
        return payload | {"transactionId": int(tx.id)} if tx.id else None

    def meter_values(self, evse: Evse, sample: Sample) -> Said | None:
        value = meter_value_v16(sample, self._station.device.measurands("AlignedDataCtrlr", "Measurands"), self._style)
        return said("MeterValues", {"connectorId": evse.number, "meterValue": [value]}) if value else None

    def _alarm(self, event: str) -> None:
        station = self._station
        station.security_events = [*station.security_events[-99:], (station.now, event)]
        station.post(said("SecurityEventNotification", {"type": event, "timestamp": self._stamp()}))

    # ---- understanding answers

    def verdict(self, payload: Payload) -> Verdict | None:
        info = payload.get("idTagInfo")
        return Verdict(str(info.get("status")), str(info.get("parentIdTag") or "")) if isinstance(info, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON

    def began(self, tx: Transaction, payload: Payload) -> None:
        tx.id = str(payload.get("transactionId", ""))

    # ---- being asked

    def answer(self, action: str, payload: Payload) -> Payload | Refused:
        answer = self._answers.get(action)
        if answer is None:
            return Refused("NotImplemented", f"no {action} here")
        try:
            return answer(self, payload)
        except (KeyError, ValueError, TypeError, IndexError) as e:
            return Refused("FormationViolation", f"{type(e).__name__}: {e}")

    def _remote_start(self, payload: Payload) -> Payload:
        station = self._station
        number = payload.get("connectorId")
        evses = station.evses if number is None else [self._station.known(number)]
        free = next((e for e in evses if e.is_free), None)
        if free is None or station.registration != "Accepted":
            return _REJECTED
        token = Token(payload["idTag"], "Central")
        if "chargingProfile" in payload:
            profile = self._profiles.read(free.number, payload["chargingProfile"])
            station.memory.profiles[profile.id] = profile
        if station.device.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            station.while_up(0.0, lambda: station.present(free.number, token))
        else:
            station.while_up(0.0, lambda: station.authorize(free, token, "RemoteStart"))
        return _ACCEPTED

    def _remote_stop(self, payload: Payload) -> Payload:
        station = self._station
        tx = station.find(str(payload["transactionId"]))
        if tx is None:
            return _REJECTED
        station.while_up(0.0, lambda: station.end(tx.evse.number, StopReason.REMOTE, "RemoteStop"))
        return _ACCEPTED

    def _reset(self, payload: Payload) -> Payload:
        station = self._station
        stop = StopReason.HARD_RESET if payload["type"] == "Hard" else StopReason.SOFT_RESET
        station.while_up(0.5, lambda: station.reboot(BootReason.REMOTE_RESET, stop))
        return _ACCEPTED

    def _unlock(self, payload: Payload) -> Payload:
        evse = self._station.known(payload["connectorId"])
        if evse.connector_type.startswith("c"):  # the cable is the station's own
            return {"status": "NotSupported"}
        station = self._station
        station.while_up(0.0, lambda: station.end(evse.number, StopReason.UNLOCK_COMMAND, "UnlockCommand"))
        failed = evse.error is not None and evse.error.error_code == "ConnectorLockFailure"
        return {"status": "UnlockFailed" if failed else "Unlocked"}

    def _availability(self, payload: Payload) -> Payload:
        number = payload["connectorId"]
        numbers = [e.number for e in self._station.evses] if number == 0 else [self._station.known(number).number]
        waits = self._station.set_operative(numbers, payload["type"] == "Operative")
        return {"status": "Scheduled"} if waits else _ACCEPTED

    def _trigger(self, payload: Payload) -> Payload:
        station = self._station
        number = payload.get("connectorId")
        if number is not None and not 0 <= number <= len(station.evses):
            return _REJECTED
        evses = [station.evse(number)] if number else station.evses
        do: Callable[[], Any]
        match payload["requestedMessage"]:
            case "BootNotification":
                do = lambda: station.boot(BootReason.TRIGGERED)  # noqa: E731
            case "Heartbeat":
                do = lambda: station.post(self.heartbeat())  # noqa: E731
            case "StatusNotification":
                do = lambda: [station.tell_status(evse, always=True) for evse in evses]  # noqa: E731
            case "MeterValues":
                do = lambda: [station.sample_now(evse.number, Context.TRIGGER) for evse in evses]  # noqa: E731
            case "FirmwareStatusNotification":
                do = lambda: station.post(said("FirmwareStatusNotification", {"status": "Idle"}))  # noqa: E731
            case "DiagnosticsStatusNotification":
                do = lambda: station.post(said("DiagnosticsStatusNotification", {"status": "Idle"}))  # noqa: E731
            case "LogStatusNotification":
                do = lambda: station.post(said("LogStatusNotification", {"status": "Idle"}))  # noqa: E731
            case word:
                asks = self._certificates.trigger(str(word))
                if asks is None:
                    return {"status": "NotImplemented"}
                do = asks
        station.while_up(0.0, do)
        return _ACCEPTED

    def _get_configuration(self, payload: Payload) -> Payload:
        device = self._station.device
        asked = payload.get("key")
        if not asked:
            return {"configurationKey": [_setting(v) for v in device.configuration()], "unknownKey": []}
        found = [(key, device.by_key(key)) for key in asked]
        return {
            "configurationKey": [_setting(v) for _, v in found if v is not None],
            "unknownKey": [key for key, v in found if v is None],
        }

    def _change_configuration(self, payload: Payload) -> Payload:
        station = self._station
        variable = station.device.by_key(payload["key"])
        if variable is None:
            return {"status": "NotSupported"}
        result, _ = station.device.change(variable, payload["value"])
        if result is SetResult.ACCEPTED and variable.key == "HeartbeatInterval":
            station.restart_heartbeat()
        if result in (SetResult.ACCEPTED, SetResult.REBOOT_REQUIRED):
            return {"status": result.value}
        return _REJECTED

    def _data_transfer(self, payload: Payload) -> Payload:
        if payload["vendorId"] == VENDOR:
            return self._certificates.within(payload)
        if payload["vendorId"] == _COST_MESSAGES:
            return self._shown(str(payload.get("messageId", "")), str(payload.get("data", "")))
        if payload["vendorId"] != self._station.plan.vendor:
            return {"status": "UnknownVendorId"}
        if payload.get("messageId") != "Echo":
            return {"status": "UnknownMessageId"}
        return _ACCEPTED | ({"data": payload["data"]} if "data" in payload else {})

    def _shown(self, message_id: str, data: str) -> Payload:
        """OCPP & California Pricing: what the driver is shown of prices and costs."""
        if message_id not in ("SetUserPrice", "RunningCost", "FinalCost"):
            return {"status": "UnknownMessageId"}
        self.prices[message_id] = json.loads(data)
        return _ACCEPTED

    def _clear_cache(self, _: Payload) -> Payload:
        self._station.memory.cache.clear()
        return _ACCEPTED

    def _list_version(self, _: Payload) -> Payload:
        return {"listVersion": self._station.memory.local_list_version}

    def _send_list(self, payload: Payload) -> Payload:
        memory = self._station.memory
        differs = payload["updateType"] == "Differential"
        if differs and payload["listVersion"] <= memory.local_list_version:
            return {"status": "VersionMismatch"}
        if not differs:
            memory.local_list.clear()
        for entry in payload.get("localAuthorizationList", ()):
            verdict = self.verdict(entry)
            if verdict is None:
                memory.local_list.pop(entry["idTag"].upper(), None)
            else:
                memory.local_list[entry["idTag"].upper()] = verdict
        memory.local_list_version = payload["listVersion"]
        self._station.device.put("LocalAuthListCtrlr", "Entries", str(len(memory.local_list)))
        return _ACCEPTED

    def _reserve(self, payload: Payload) -> Payload:
        number = payload["connectorId"]
        if number == 0:  # ReserveConnectorZeroSupported is false
            return _REJECTED
        evse = self._station.known(number)
        if evse.error is not None:
            return {"status": "Faulted"}
        if not evse.operative:
            return {"status": "Unavailable"}
        if evse.car is not None or evse.is_busy or evse.reservation is not None:
            return {"status": "Occupied"}
        until = read_time(payload["expiryDate"])
        reservation = Reservation(
            payload["reservationId"], Token(payload["idTag"]), until, str(payload.get("parentIdTag") or "")
        )
        self._station.reserve(evse, reservation)
        return _ACCEPTED

    def _cancel_reservation(self, payload: Payload) -> Payload:
        station = self._station
        for evse in station.evses:
            if evse.reservation is not None and evse.reservation.id == payload["reservationId"]:
                evse.reservation = None
                station.while_up(0.0, lambda evse=evse: station.tell_status(evse))
                return _ACCEPTED
        return _REJECTED

    # ---- firmware, logs, certificates

    def _update_firmware(self, payload: Payload) -> Payload:
        """What the plain message has no word for is not said."""

        def tell(status: str) -> None:
            if status in _PLAIN_STATUSES:
                self._station.post(said("FirmwareStatusNotification", {"status": status}))

        self._updater.take(Order.read(payload, "retrieveDate"), tell)
        return {}

    def _signed_update_firmware(self, payload: Payload) -> Payload:
        def tell(status: str) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]}
            self._station.post(said("SignedFirmwareStatusNotification", told))

        return {"status": self._updater.take(Order.read(payload, "retrieveDateTime"), tell)}

    def _get_log(self, payload: Payload) -> Payload:
        def tell(status: str) -> None:
            told: Payload = {"status": status, "requestId": payload["requestId"]}
            self._station.post(said("LogStatusNotification", told))

        status, name = self._uploader.take(payload["log"]["remoteLocation"], payload["logType"], False, tell)
        return {"status": status} | ({"filename": name} if name else {})

    def _get_diagnostics(self, payload: Payload) -> Payload:
        """No file name: there are none to be had, or not this way."""

        def tell(status: str) -> None:
            word = "UploadFailed" if status == "UploadFailure" else status
            self._station.post(said("DiagnosticsStatusNotification", {"status": word}))

        _, name = self._uploader.take(payload["location"], "DiagnosticsLog", False, tell)
        return {"fileName": name} if name else {}

    _answers: ClassVar[dict[str, "Callable[[Speech16, Payload], Payload]"]] = {
        "CancelReservation": _cancel_reservation,
        "CertificateSigned": lambda self, payload: self._certificates.signed(payload),
        "ChangeAvailability": _availability,
        "ChangeConfiguration": _change_configuration,
        "ClearCache": _clear_cache,
        "ClearChargingProfile": lambda self, payload: self._profiles.clear(payload),
        "DataTransfer": _data_transfer,
        "DeleteCertificate": lambda self, payload: self._certificates.delete(payload),
        "ExtendedTriggerMessage": _trigger,
        "GetCompositeSchedule": lambda self, payload: self._profiles.composite(payload),
        "GetConfiguration": _get_configuration,
        "GetDiagnostics": _get_diagnostics,
        "GetInstalledCertificateIds": lambda self, payload: self._certificates.list_16(payload),
        "GetLocalListVersion": _list_version,
        "GetLog": _get_log,
        "InstallCertificate": lambda self, payload: self._certificates.install_16(payload),
        "RemoteStartTransaction": _remote_start,
        "RemoteStopTransaction": _remote_stop,
        "ReserveNow": _reserve,
        "Reset": _reset,
        "SendLocalList": _send_list,
        "SetChargingProfile": lambda self, payload: self._profiles.set(payload),
        "SignedUpdateFirmware": _signed_update_firmware,
        "TriggerMessage": _trigger,
        "UnlockConnector": _unlock,
        "UpdateFirmware": _update_firmware,
    }


def _setting(variable: Variable) -> Payload:
    said: Payload = {"key": variable.key, "readonly": variable.access == "ro"}
    return said if variable.access == "wo" else said | {"value": variable.value[:500]}
