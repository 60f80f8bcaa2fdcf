"""What goes wrong, when, and for how long: drawn from a seed. What it does to a station is in `life`."""

from dataclasses import dataclass
from enum import Enum

from voltloom.simulator.chance import dice
from voltloom.simulator.vehicle import DAY_S, REAL_TIME, Tempo


class FaultKind(Enum):
    CONNECTOR = "connector"
    """A part reports an error; a transaction there ends. Recovers."""
    OFFLINE = "offline"
    """No network for a while: transactions go on, and are told late."""
    POWER_LOSS = "power loss"
    """Everything dark, then a boot."""
    FLAPPING = "flapping"
    """A weak signal: the link drops every few seconds, for a while."""
    STUCK = "stuck"
    """A car is plugged in and nothing ever starts: Preparing, until somebody pulls the plug."""
    METER_JUMP = "meter jump"
    """The register leaps in the middle of a transaction, once."""
    DISORDER = "disorder"
    """Queued transaction messages are sent twice, or the later before the earlier."""
    ZOMBIE = "zombie"
    """A transaction's end is never told."""


@dataclass(frozen=True, slots=True)
class PartError:
    """One way for a part to fail, in the words of each version. component: of the 2.x device model."""

    error_code: str
    component: str
    vendor_code: str
    text: str


PART_ERRORS = (
    PartError("GroundFailure", "RCD", "E-0107", "Residual current above 30 mA"),
    PartError("HighTemperature", "Connector", "E-0214", "Connector contact above 90 °C, power cut"),
    PartError("ConnectorLockFailure", "ConnectorPlugRetentionLock", "E-0131", "Plug lock did not confirm"),
    PartError("PowerSwitchFailure", "ElectricalFeed", "E-0140", "Contactor welded or not closing"),
    PartError("OverVoltage", "ElectricalFeed", "E-0118", "L2 above 264 V"),
    PartError("EVCommunicationError", "ControlMetering", "E-0302", "No answer from the vehicle"),
    PartError("PowerMeterFailure", "FiscalMetering", "E-0401", "Meter does not answer on its bus"),
    PartError("OtherError", "CPPWMController", "E-0155", "Pilot signal out of range"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one station. evse: counted from 1; error: for CONNECTOR only."""

    number: int
    kind: FaultKind
    at: float
    ends_at: float
    evse: int
    error: PartError | None = None
    jump_wh: float = 0.0


_HOW_OFTEN = {
    FaultKind.CONNECTOR: 6,
    FaultKind.OFFLINE: 4,
    FaultKind.POWER_LOSS: 2,
    FaultKind.FLAPPING: 2,
    FaultKind.STUCK: 2,
    FaultKind.METER_JUMP: 1,
    FaultKind.DISORDER: 2,
    FaultKind.ZOMBIE: 1,
}

_LASTS_MIN = {
    FaultKind.CONNECTOR: (10, 180),
    FaultKind.OFFLINE: (3, 90),
    FaultKind.POWER_LOSS: (2, 40),
    FaultKind.FLAPPING: (15, 60),
    FaultKind.STUCK: (10, 60),
    FaultKind.METER_JUMP: (0, 0),
    FaultKind.DISORDER: (30, 120),
    FaultKind.ZOMBIE: (30, 240),
}
"""Minutes, before the pace shortens them. For DISORDER and ZOMBIE: how long the station is prone to it."""

SHORTEST_S = 8.0
"""However fast the days pass, a fault must last long enough to be seen."""


def next_fault(
    seed: str, evses: int, after: float, number: int, per_day: float, tempo: Tempo = REAL_TIME
) -> Fault | None:
    """The station's next fault: always the same for the same arguments. None when it never has any."""
    if per_day <= 0:
        return None
    rng = dice(seed, "fault", number)
    at = after + rng.expovariate(per_day * tempo.pace / DAY_S)
    (kind,) = rng.choices(tuple(_HOW_OFTEN), tuple(_HOW_OFTEN.values()))
    shortest, longest = _LASTS_MIN[kind]
    lasts_s = rng.uniform(shortest, longest) * 60 / tempo.pace
    return Fault(
        number,
        kind,
        at,
        at + (max(lasts_s, SHORTEST_S) if longest else 0.0),
        rng.randint(1, evses),
        rng.choice(PART_ERRORS) if kind is FaultKind.CONNECTOR else None,
        rng.choice((-1, 1)) * rng.uniform(5_000, 400_000) if kind is FaultKind.METER_JUMP else 0.0,
    )
