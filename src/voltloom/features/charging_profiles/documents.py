"""What the API takes and gives about charging profiles."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Annotated, Any

import msgspec
from pydantic import AwareDatetime, Field, StringConstraints

from voltloom.domain.charging import EnergyTransfer, Purpose, RateUnit
from voltloom.domain.commands import ClearChargingProfiles, CompositeAnswer, GetChargingProfiles
from voltloom.features.api import Body
from voltloom.features.charging_profiles.flows import Flow, Limit
from voltloom.features.charging_profiles.reckoning import Span
from voltloom.features.charging_profiles.rules import Kept, State, is_as_sent
from voltloom.features.charging_profiles.service import Known
from voltloom.features.stations.charging_documents import PeriodDoc, ProfileIn, ProfileOut, RatesDoc, ScheduleDoc
from voltloom.features.stations.documents import AnswerOut

EvseOrAll = Annotated[int, Field(ge=0, le=10_000, description="0: the station as a whole")]
Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SetIn(Body):
    profile: ProfileIn
    evse: EvseOrAll | None = Field(
        default=None, description="left out: that of the transaction, or the station as a whole"
    )


class KeptOut(Body):
    number: int = Field(description="of our own count")
    station_id: str
    evse: int = Field(description="0: the station as a whole, or each of its EVSEs")
    profile: ProfileOut
    state: State
    source: str = Field(description="who imposes it; CSO: we")
    transaction_id: str = Field(description="which it is for; empty: none, or not known yet")
    said: str = Field(description="the station's word when it was asked, or how it was lost")
    actor: str
    asked_at: datetime
    changed_at: datetime | None
    reported_at: datetime | None = Field(description="when the station last told of it")
    reported: ProfileOut | None = Field(description="as the station tells it, where that is not what was sent")

    @staticmethod
    def of(kept: Kept) -> "KeptOut":
        differs = kept.reported is not None and not is_as_sent(kept.profile, kept.reported)
        return KeptOut.model_construct(
            number=kept.number,
            station_id=kept.station_id,
            evse=kept.evse,
            profile=ProfileOut.of(kept.profile),
            state=kept.state,
            source=kept.source,
            transaction_id=kept.transaction_id,
            said=kept.said,
            actor=kept.actor,
            asked_at=kept.asked_at,
            changed_at=kept.changed_at,
            reported_at=kept.reported_at,
            reported=ProfileOut.of(kept.reported) if differs and kept.reported is not None else None,
        )


class SetOut(Body):
    profile: KeptOut
    answer: AnswerOut


class ClearIn(Body):
    """Nothing said: all of them."""

    profile_id: Int32 | None = Field(default=None, description="this one; the rest does not count then")
    evse: EvseOrAll | None = None
    purpose: Purpose | None = None
    stack_level: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    def command(self) -> ClearChargingProfiles:
        return ClearChargingProfiles(self.profile_id, self.evse, self.purpose, self.stack_level)


class ReportIn(Body):
    """Nothing said: all of them."""

    evse: EvseOrAll | None = None
    profile_ids: Annotated[list[Int32], Field(max_length=100)] = Field(default=[], description="or by the rest")
    purpose: Purpose | None = None
    stack_level: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    sources: Annotated[list[Source], Field(max_length=4)] = Field(default=[], examples=[["CSO"]])

    def command(self, request_id: int) -> GetChargingProfiles:
        return GetChargingProfiles(
            request_id, self.evse, tuple(self.profile_ids), self.purpose, self.stack_level, tuple(self.sources)
        )


class ReportOut(AnswerOut):
    request_id: int = Field(description="by which the report is known")


class ReportStandOut(Body):
    asked_at: datetime
    parts: int
    profiles: int = Field(description="that it told of")
    complete_at: datetime | None = Field(description="null: more is to come")


class UpdateIn(RatesDoc):
    """What is left out stays as it is."""


class CompositeIn(Body):
    evse: EvseOrAll = 0
    duration_s: Annotated[int, Field(ge=1, le=2**31 - 1)] = 86_400
    unit: RateUnit | None = Field(default=None, description="left out: as the station likes")


class CompositeOut(Body):
    evse: int
    starts_at: datetime | None
    duration_s: int
    unit: RateUnit
    periods: list[PeriodDoc]


class CompositeAnswerOut(AnswerOut):
    schedule: CompositeOut | None = None

    @staticmethod
    def of_composite(said: CompositeAnswer) -> "CompositeAnswerOut":
        schedule = said.schedule
        out = (
            None
            if schedule is None
            else CompositeOut.model_construct(
                evse=schedule.evse,
                starts_at=schedule.starts_at,
                duration_s=schedule.duration_s,
                unit=schedule.unit,
                periods=[PeriodDoc.of(each) for each in schedule.periods],
            )
        )
        answer = AnswerOut.of(said.answer)
        return CompositeAnswerOut.model_construct(**dict(answer), schedule=out)


class SpanOut(Body):
    starts_at: datetime
    limit_w: float | None = Field(description="to the vehicle, all phases; null: nothing limits it")
    limit_a: float | None = Field(description="the same, on each phase")
    discharge_w: float | None = Field(description="from it, 0 or below; null: nothing limits it")
    setpoint_w: float | None
    phases: int = Field(description="that may be used; 0: direct current")
    profile_ids: list[int] = Field(description="that prevail; negative: what others impose")


class ReckonedOut(Body):
    starts_at: datetime
    duration_s: int
    spans: list[SpanOut]
    profiles: list[KeptOut] = Field(description="which it was reckoned from")
    limits: list["LimitOut"] = Field(description="of others, likewise")

    @staticmethod
    def of(known: Known, spans: Sequence[Span], now: datetime, duration_s: int) -> "ReckonedOut":
        return ReckonedOut.model_construct(
            starts_at=now,
            duration_s=duration_s,
            spans=[
                SpanOut(
                    starts_at=starts_at,
                    limit_w=_finite(ceiling.limit_w),
                    limit_a=_finite(ceiling.limit_a),
                    discharge_w=_finite(ceiling.discharge_w),
                    setpoint_w=ceiling.setpoint_w,
                    phases=ceiling.phases,
                    profile_ids=list(ceiling.by),
                )
                for starts_at, ceiling in spans
            ],
            profiles=[KeptOut.of(each) for each in known.profiles],
            limits=[LimitOut.of(each) for each in known.limits],
        )


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


class LimitOut(Body):
    evse: int = Field(description="0: the station as a whole")
    source: str = Field(description="who imposes it, e.g. EMS, SO")
    local_generation: bool = Field(description="no limit, but what is generated there and comes on top")
    grid_critical: bool
    schedules: list[ScheduleDoc] = Field(description="empty: the station does not tell")
    since: datetime
    cleared_at: datetime | None

    @staticmethod
    def of(limit: Limit) -> "LimitOut":
        return LimitOut.model_construct(
            evse=limit.evse,
            source=limit.source,
            local_generation=limit.local_generation,
            grid_critical=limit.grid_critical,
            schedules=[ScheduleDoc.of(each) for each in limit.schedules],
            since=limit.since,
            cleared_at=limit.cleared_at,
        )


class AfrrIn(Body):
    signal: Int32
    at: AwareDatetime | None = Field(default=None, description="left out: now")


class PriorityIn(Body):
    active: bool


class AllowedIn(Body):
    transfers: Annotated[list[EnergyTransfer], Field(min_length=1, max_length=20)]


class FlowOut(Body):
    needs: dict[str, Any] | None = Field(description="what the vehicle asks for: W, A, V, Wh, %")
    needs_at: datetime | None
    answer: str = Field(description="what the station was answered about them")
    schedule: ScheduleDoc | None = Field(description="by the vehicle's own reckoning, in W")
    schedule_at: datetime | None
    chosen: int | None = Field(description="which of the profile's schedules it goes by, from 0")
    priority: bool | None = Field(description="it charges by the priority profile; null: the station never said")
    priority_at: datetime | None
    allowed: list[EnergyTransfer] = Field(description="how energy may flow; empty: nobody said")

    @staticmethod
    def of(flow: Flow | None) -> "FlowOut":
        needs = None if flow is None or flow.needs is None else msgspec.to_builtins(flow.needs)
        return FlowOut.model_construct(
            needs=needs,
            needs_at=flow.needs_at if flow else None,
            answer=flow.answer if flow else "",
            schedule=ScheduleDoc.of(flow.schedule) if flow and flow.schedule else None,
            schedule_at=flow.schedule_at if flow else None,
            chosen=flow.chosen if flow else None,
            priority=flow.priority if flow else None,
            priority_at=flow.priority_at if flow else None,
            allowed=list(flow.allowed) if flow else [],
        )
