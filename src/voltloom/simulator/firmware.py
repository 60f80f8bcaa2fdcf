"""A firmware update as a station goes through it. Nothing is fetched: the new version is read from the file's name."""

import re
from collections.abc import Callable

from voltloom.domain.station import BootReason
from voltloom.domain.transaction import StopReason
from voltloom.simulator.station import Station

_VERSION = re.compile(r"\d+(?:\.\d+)+")


def install(station: Station, at: float, location: str, tell: Callable[[str], None]) -> None:
    """Download, install and reboot from `at` on, telling each step. A location without a version in it fails."""
    found = _VERSION.findall(location.rsplit("/", 1)[-1])
    wait = max(0.5, at - station.now)
    station.while_up(wait, lambda: tell("Downloading"))
    if not found:
        station.while_up(wait + 3, lambda: tell("DownloadFailed"))
        return
    station.while_up(wait + 3, lambda: tell("Downloaded"))
    station.while_up(wait + 4, lambda: tell("Installing"))

    def installed() -> None:
        station.device.put("ChargingStation", "FirmwareVersion", found[-1])
        station.reboot(BootReason.FIRMWARE_UPDATE, StopReason.REBOOT)
        _tell_after_boot()

    def _tell_after_boot() -> None:
        if station.registration == "Accepted":
            tell("Installed")
        else:
            station.after(1.0, _tell_after_boot)

    station.while_up(wait + 7, installed)
