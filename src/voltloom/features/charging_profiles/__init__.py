"""Charging profiles: what was sent to stations and what they tell of it, what others impose, what vehicles need, and
what all of it comes to. How power is shared out is decided elsewhere; here is how a decision reaches a station.

`reckoning` is pure: what may flow, by all profiles together. `rules` says what becomes of a profile, `flows` keeps what
is known of how transactions charge.
"""

from datetime import timedelta

from voltloom.domain.events import StartedWithProfile, StationBooted, TransactionResumed
from voltloom.domain.reports import (
    ChargingLimitCleared,
    ChargingLimitReported,
    ChargingNeedsReported,
    ChargingProfilesReported,
    DynamicUpdateAsked,
    EvScheduleReported,
    PriorityChargingReported,
    TransactionReported,
)
from voltloom.features.charging_profiles import answers
from voltloom.features.charging_profiles.reckoning import Ceiling, Held, Situation, Span, Supply, ceiling, composite
from voltloom.features.charging_profiles.rules import Kept, State
from voltloom.features.charging_profiles.service import (
    Known,
    after_boot,
    boots_that_matter,
    clear_profiles,
    keep_started,
    prune,
    read_known,
    restore,
    set_profile,
    settle_open,
    update_dynamic,
)
from voltloom.features.feature import Feature, amend, answer, every, listen

__all__ = [
    "Ceiling",
    "Held",
    "Kept",
    "Known",
    "Situation",
    "Span",
    "State",
    "Supply",
    "ceiling",
    "clear_profiles",
    "composite",
    "feature",
    "read_known",
    "set_profile",
    "update_dynamic",
]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.charging_profiles.api import router

    return router()


feature = Feature(
    name="charging_profiles",
    answers=(
        answer(ChargingProfilesReported, answers.profiles_reported),
        answer(ChargingNeedsReported, answers.needs),
        answer(EvScheduleReported, answers.ev_schedule),
        answer(PriorityChargingReported, answers.priority),
        answer(ChargingLimitReported, answers.limit),
        answer(ChargingLimitCleared, answers.limit_cleared),
        answer(DynamicUpdateAsked, answers.update_asked),
    ),
    amendments=(amend(TransactionReported, answers.note_resumed),),
    listens=(
        listen(StartedWithProfile, keep_started),
        listen(StationBooted, after_boot, among=boots_that_matter),
        listen(TransactionResumed, restore),
    ),
    tasks=(every(timedelta(minutes=1), settle_open), every(timedelta(hours=6), prune)),
    routes=_routes,
)
