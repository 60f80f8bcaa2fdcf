"""What a station says and answers about certificates: in 2.x words, which 1.6 wraps where it has none of its own."""

import json
from collections.abc import Callable

from voltloom.simulator.certificates import STATION, V2G, V2G20, Certificates
from voltloom.simulator.meter import stamp
from voltloom.simulator.station import Station
from voltloom.simulator.words import Payload, Said, said

VENDOR = "org.openchargealliance.iso15118pnc"
TRIGGERS = {
    "SignChargingStationCertificate": STATION,
    "SignChargePointCertificate": STATION,
    "SignV2GCertificate": V2G,
    "SignV2G20Certificate": V2G20,
}
RECONNECT_AFTER_S = 0.2
"""So that the server hears that the certificate was taken, before the link is cut."""
_USES_16 = {"CentralSystemRootCertificate": "CSMSRootCertificate"}


class CertificateTalk:
    """event   what the version calls a certificate that was refused"""

    def __init__(self, station: Station, event: str) -> None:
        self._station = station
        self._event = event
        self._number = 0

    @property
    def _kept(self) -> Certificates:
        return self._station.memory.certificates

    # ---- saying

    def ask(self, use: str) -> Said:
        """Its request for a certificate, with a new key."""
        station = self._station
        organization = station.device.text("SecurityCtrlr", "OrganizationName")
        csr = self._kept.request(use, station.plan.id, organization)
        payload: Payload = {"csr": csr}
        match station.plan.version:
            case "1.6" if use == STATION:
                return said("SignCertificate", payload)
            case "1.6":
                return enveloped("SignCertificate", payload | {"certificateType": use})
            case "2.1":
                self._number += 1
                return said("SignCertificate", payload | {"certificateType": use, "requestId": self._number})
            case _:
                return said("SignCertificate", payload | {"certificateType": use})

    def trigger(self, word: str) -> Callable[[], None] | None:
        """None for what is no request for a certificate."""
        use = TRIGGERS.get(word)
        return None if use is None else lambda: self._station.post(self.ask(use))

    # ---- being asked, in 2.x words

    def signed(self, payload: Payload) -> Payload:
        use = str(payload.get("certificateType") or STATION)
        why = self._kept.take(use, payload["certificateChain"])
        station = self._station
        if why:
            event: Payload = {
                "type": self._event,
                "timestamp": stamp(station.now, station.plan.quirks.meter),
                "techInfo": why,
            }
            station.while_up(0.0, lambda: station.post(said("SecurityEventNotification", event)))
            return {"status": "Rejected"}
        if use == STATION:
            station.while_up(RECONNECT_AFTER_S, station.reconnect)
        return {"status": "Accepted"}

    def install(self, payload: Payload) -> Payload:
        status = self._kept.install(payload["certificateType"], payload["certificate"])
        self._station.device.put("SecurityCtrlr", "CertificateEntries", str(self._kept.count))
        return {"status": status}

    def delete(self, payload: Payload) -> Payload:
        status = self._kept.delete(payload["certificateHashData"])
        self._station.device.put("SecurityCtrlr", "CertificateEntries", str(self._kept.count))
        return {"status": status}

    def list(self, payload: Payload) -> Payload:
        found = self._kept.list(payload.get("certificateType") or ())
        return {"status": "Accepted", "certificateHashDataChain": found} if found else {"status": "NotFound"}

    # ---- being asked, in 1.6's own

    def install_16(self, payload: Payload) -> Payload:
        use = str(payload["certificateType"])
        return self.install(payload | {"certificateType": _USES_16.get(use, use)})

    def list_16(self, payload: Payload) -> Payload:
        use = str(payload["certificateType"])
        found = self._kept.list([_USES_16.get(use, use)])
        if not found:
            return {"status": "NotFound"}
        return {"status": "Accepted", "certificateHashData": [each["certificateHashData"] for each in found]}

    def within(self, payload: Payload) -> Payload:
        """A message of 2.0.1 in a DataTransfer of 1.6."""
        action, inside = str(payload.get("messageId")), json.loads(payload.get("data") or "{}")
        match action:
            case "CertificateSigned":
                answer = self.signed(inside)
            case "InstallCertificate":
                answer = self.install(inside)
            case "DeleteCertificate":
                answer = self.delete(inside)
            case "GetInstalledCertificateIds":
                answer = self.list(inside)
            case "TriggerMessage":
                do = self.trigger(str(inside["requestedMessage"]))
                if do is not None:
                    self._station.while_up(0.0, do)
                answer = {"status": "NotImplemented" if do is None else "Accepted"}
            case _:
                return {"status": "UnknownMessageId"}
        return {"status": "Accepted", "data": json.dumps(answer)}


def enveloped(action: str, payload: Payload) -> Said:
    return said("DataTransfer", {"vendorId": VENDOR, "messageId": action, "data": json.dumps(payload)})
