"""Battery swaps: who put which battery in and took which out, and what condition they were in."""

from datetime import timedelta

from voltloom.domain.reports import BatterySwapReported
from voltloom.features.battery_swap.rules import State
from voltloom.features.battery_swap.service import prune, swap_reported
from voltloom.features.feature import Feature, answer, every

__all__ = ["State", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.battery_swap.api import router

    return router()


feature = Feature(
    name="battery_swap",
    answers=(answer(BatterySwapReported, swap_reported),),
    tasks=(every(timedelta(hours=6), prune),),
    routes=_routes,
)
