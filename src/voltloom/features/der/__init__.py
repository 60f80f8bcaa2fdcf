"""Behaviour towards the grid: the controls (curves and settings of grid codes) that stations hold, and their alarms."""

from datetime import timedelta

from voltloom.domain.reports import DerAlarmReported, DerControlsReported, DerControlSwitched
from voltloom.features.der import answers
from voltloom.features.der.rules import State
from voltloom.features.der.service import prune
from voltloom.features.feature import Feature, answer, every

__all__ = ["State", "feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.der.api import router

    return router()


feature = Feature(
    name="der",
    answers=(
        answer(DerControlsReported, answers.controls_reported),
        answer(DerAlarmReported, answers.alarm),
        answer(DerControlSwitched, answers.switched),
    ),
    tasks=(every(timedelta(hours=6), prune),),
    routes=_routes,
)
