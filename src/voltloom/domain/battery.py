"""Batteries that are swapped rather than charged in a vehicle."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class SwapStep(Enum):
    IN = "BatteryIn"
    """Somebody put theirs in."""
    OUT = "BatteryOut"
    """They took another."""
    OUT_TIMEOUT = "BatteryOutTimeout"
    """They did not take the one they were offered."""


@dataclass(frozen=True, slots=True)
class Battery:
    """slot: where it is put in or taken out, an EVSE to OCPP. Texts are untrusted."""

    slot: int
    serial: str
    soc_percent: float
    soh_percent: float
    produced_at: datetime | None = None
    vendor_info: str = ""
