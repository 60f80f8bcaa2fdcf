"""What becomes of the swapping of batteries. 2.1 only."""

from dataclasses import dataclass

from voltloom.domain.battery import Battery, SwapStep
from voltloom.domain.reports.base import Noted, Report
from voltloom.domain.token import IdToken


@dataclass(frozen=True, slots=True)
class BatterySwapReported(Report[Noted]):
    """request_id: the same for the steps of a swap; ours where we asked for it, else the station's."""

    request_id: int
    step: SwapStep
    token: IdToken
    batteries: tuple[Battery, ...]
