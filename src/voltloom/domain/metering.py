"""What meters say, in canonical units: Wh, W, A, V, %, °C, Hz; var, varh, VA, VAh for the rest."""

from datetime import datetime
from enum import Enum
from typing import NamedTuple


class Context(Enum):
    """Why a sample was taken. The standards' default is PERIODIC."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    OTHER = "Other"
    CLOCK = "Sample.Clock"
    PERIODIC = "Sample.Periodic"
    BEGIN = "Transaction.Begin"
    END = "Transaction.End"
    TRIGGER = "Trigger"


class Reading(NamedTuple):
    """One reading of a sample that has no column of its own: any measurand, phase, location of the standards.

    value     in the canonical unit, multiplier applied; the text itself for signed or unreadable values
    measurand, phase, location, context   the standards' words; "" where not said
    """

    measurand: str
    value: float | str
    unit: str = ""
    phase: str = ""
    location: str = ""
    context: str = ""


class Signed(NamedTuple):
    """A signed meter value, verbatim: proof for billing must not be altered."""

    data: str
    method: str = ""
    encoding: str = ""
    public_key: str = ""


class Sample(NamedTuple):
    """All that a meter said for one instant, at one place. None where it did not say.

    energy_wh     Energy.Active.Import.Register at the outlet, total of the phases; the billing register
    export_wh     Energy.Active.Export.Register, likewise
    power_w       Power.Active.Import, total (the sum of the phases when only they are given)
    power_export_w likewise, for energy flowing back
    current_a, voltage_v   per phase (L1, L2, L3); DC and unphased readings are in L1
    offered_w, offered_a   what the station offers the vehicle
    extras        everything else, nothing dropped
    """

    at: datetime
    context: Context = Context.PERIODIC
    energy_wh: float | None = None
    export_wh: float | None = None
    power_w: float | None = None
    power_export_w: float | None = None
    current_a: tuple[float | None, float | None, float | None] = (None, None, None)
    voltage_v: tuple[float | None, float | None, float | None] = (None, None, None)
    soc_percent: float | None = None
    temperature_c: float | None = None
    frequency_hz: float | None = None
    offered_w: float | None = None
    offered_a: float | None = None
    extras: tuple[Reading, ...] = ()
    signed: tuple[Signed, ...] = ()
