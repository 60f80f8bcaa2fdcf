"""Firmware as a station goes about it: fetched, its signature checked, installed when nobody charges, and rebooted.

The new version is read in the image (`version: 1.2.3` or `firmware 1.2.3` near its beginning), or else in the name that
it is fetched by.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.simulator.station import Station
from voltloom.simulator.web import Fetched
from voltloom.simulator.words import Payload, read_time

_IN_IMAGE = re.compile(rb"(?:version|firmware)[ :=\"]+(\d+(?:\.\d+)+)", re.IGNORECASE)
_IN_NAME = re.compile(r"\d+(?:\.\d+)+")

Tell = Callable[[str], None]
Step = Callable[[Callable[[], None]], Callable[[], None]]
"""What is to be done, unless another update has taken the place of this one."""
RETRIES = 3
RETRY_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """certificate, signature   "" where the update is not signed
    retries, retry_after_s   how often it is fetched again, and how long after it failed
    """

    at: float
    location: str
    install_at: float = 0.0
    certificate: str = ""
    signature: str = ""
    retries: int = RETRIES
    retry_after_s: float = RETRY_AFTER_S

    @classmethod
    def read(cls, payload: Payload, at: str) -> Self:
        """From UpdateFirmware or SignedUpdateFirmware. at: how its time is called. What it does not say is left to the
        station."""
        firmware: Payload = payload.get("firmware", payload)
        return cls(
            read_time(firmware[at]),
            firmware["location"],
            read_time(firmware["installDateTime"]) if "installDateTime" in firmware else 0.0,
            firmware.get("signingCertificate", ""),
            firmware.get("signature", ""),
            payload.get("retries", RETRIES),
            payload.get("retryInterval", RETRY_AFTER_S),
        )


class Updater:
    """One update at a time: another one takes its place.

    tell       says a status, of the update that is named with it
    alarm      says a security event
    """

    def __init__(self, station: Station, alarm: Tell) -> None:
        self._station = station
        self._alarm = alarm
        self._number = 0
        self._busy = False

    def take(self, order: Order, tell: Tell) -> str:
        """What to answer."""
        if order.signature and not is_valid(order.certificate, self._station.now):
            self._station.while_up(0.0, lambda: self._alarm("InvalidFirmwareSigningCertificate"))
            return "InvalidCertificate"
        answer = "AcceptedCanceled" if self._busy else "Accepted"
        self._number += 1
        self._busy = True
        number = self._number

        def step(do: Callable[[], None]) -> Callable[[], None]:
            return lambda: do() if self._number == number else None

        wait = max(0.5, order.at - self._station.now)
        self._station.while_up(wait, step(lambda: self._download(order, tell, step)))
        return answer

    def _download(self, order: Order, tell: Tell, step: Step) -> None:
        tell("Downloading")

        def came(file: Fetched | None) -> None:
            step(lambda: self._came(order, file, tell, step))()

        if self._station.web is None:
            came(None)
        else:
            self._station.web.fetch(order.location, came)

    def _came(self, order: Order, file: Fetched | None, tell: Tell, step: Step) -> None:
        if file is None and order.retries > 0:
            again = replace(order, retries=order.retries - 1)
            self._station.while_up(order.retry_after_s, step(lambda: self._download(again, tell, step)))
        else:
            self._check(order, file, tell, step)

    def _check(self, order: Order, file: Fetched | None, tell: Tell, step: Step) -> None:
        if file is None:
            self._end(tell, "DownloadFailed")
            return
        tell("Downloaded")
        if order.signature:
            if not is_signed(order.certificate, order.signature, file.sha256):
                self._alarm("InvalidFirmwareSignature")
                self._end(tell, "InvalidSignature")
                return
            tell("SignatureVerified")
        version = version_of(file.head, order.location)
        if not version:
            self._end(tell, "InstallationFailed")
            return
        wait = order.install_at - self._station.now
        if wait > 0:
            tell("InstallScheduled")
        self._station.while_up(max(1.0, wait), step(lambda: self._install(version, tell, step)))

    def _install(self, version: str, tell: Tell, step: Step) -> None:
        """Not while somebody charges (L01.FR.06)."""
        station = self._station
        if any(evse.is_busy for evse in station.evses):
            station.while_up(5.0, step(lambda: self._install(version, tell, step)))
            return
        tell("Installing")

        def installed() -> None:
            tell("InstallRebooting")
            station.while_up(0.5, step(reboot))

        def reboot() -> None:
            station.device.put("ChargingStation", "FirmwareVersion", version)
            station.reboot(BootReason.FIRMWARE_UPDATE, StopReason.REBOOT)
            tell_after_boot()

        def tell_after_boot() -> None:
            if station.registration == "Accepted":
                self._end(tell, "Installed")
            else:
                station.after(1.0, step(tell_after_boot))

        station.while_up(3.0, step(installed))

    def _end(self, tell: Tell, status: str) -> None:
        self._busy = False
        tell(status)


class Publisher:
    """A local controller: what it offers to its stations, by MD5. It keeps no copy: it names where it found it."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._offered: set[str] = set()

    def publish(self, location: str, checksum: str, tell: Callable[[str, Payload], None]) -> None:
        def came(file: Fetched | None) -> None:
            if file is None:
                tell("DownloadFailed", {})
                return
            tell("Downloaded", {})
            if file.md5 != checksum.lower():
                tell("InvalidChecksum", {})
                return
            tell("ChecksumVerified", {})
            self._offered.add(checksum.lower())
            tell("Published", {"location": [location]})

        def begin() -> None:
            tell("Downloading", {})
            if self._station.web is None:
                came(None)
            else:
                self._station.web.fetch(location, came)

        self._station.while_up(0.5, begin)

    def unpublish(self, checksum: str) -> str:
        if checksum.lower() not in self._offered:
            return "NoFirmware"
        self._offered.discard(checksum.lower())
        return "Unpublished"


def version_of(head: bytes, location: str) -> str:
    """ "" where neither says one."""
    found = _IN_IMAGE.search(head)
    if found is not None:
        return found[1].decode()
    names = _IN_NAME.findall(location.rsplit("/", 1)[-1])
    return names[-1] if names else ""


def is_valid(pem: str, now: float) -> bool:
    from cryptography import x509  # stations that are never updated start sooner

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return False
    return certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc


def is_signed(pem: str, signature: str, sha256: bytes) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    hashed = utils.Prehashed(hashes.SHA256())
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, sha256, ec.ECDSA(hashed))
            return True
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, sha256, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO), hashed)
            return True
    except (InvalidSignature, binascii.Error):
        pass
    return False
