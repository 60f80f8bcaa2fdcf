"""Charging profiles as the API takes and gives them. Rates are in the unit of their schedule: see `Rates`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, FiniteFloat, StringConstraints

from voltloom.domain.charging import (
    MOST_PERIODS,
    MOST_SCHEDULES,
    ChargingProfile,
    OperationMode,
    Period,
    ProfileKind,
    Purpose,
    Rates,
    RateUnit,
    Recurrence,
    Schedule,
)
from voltloom.domain.ids import TransactionId
from voltloom.features.api import Body

Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]
Number32 = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
_OF_THE_PHASE = "2.1; with it, the one without L is that of L1"


class RatesDoc(Body):
    """A limit in A is that of each phase; all else is the sum of the phases. Positive: to the vehicle."""

    limit: FiniteFloat | None = Field(default=None, description="the most to the vehicle", examples=[16])
    limit_l2: FiniteFloat | None = Field(default=None, description=_OF_THE_PHASE)
    limit_l3: FiniteFloat | None = None
    discharge_limit: FiniteFloat | None = Field(default=None, description="the most from it, 0 or below; 2.1")
    discharge_limit_l2: FiniteFloat | None = Field(default=None, description=_OF_THE_PHASE)
    discharge_limit_l3: FiniteFloat | None = None
    setpoint: FiniteFloat | None = Field(default=None, description="what it shall follow; 2.1")
    setpoint_l2: FiniteFloat | None = Field(default=None, description=_OF_THE_PHASE)
    setpoint_l3: FiniteFloat | None = None
    reactive: FiniteFloat | None = Field(default=None, description="likewise, reactive; positive: inductive; 2.1")
    reactive_l2: FiniteFloat | None = Field(default=None, description=_OF_THE_PHASE)
    reactive_l3: FiniteFloat | None = None

    def rates(self) -> Rates:
        return Rates(*(getattr(self, name) for name in Rates.__slots__))

    @staticmethod
    def values(rates: Rates) -> dict[str, Any]:
        return {name: getattr(rates, name) for name in Rates.__slots__}


class PeriodDoc(RatesDoc):
    start_s: Seconds = Field(description="from the start of the schedule")
    phases: Annotated[int, Field(ge=1, le=3)] | None = Field(default=None, description="left out: three, on AC")
    phase_to_use: Annotated[int, Field(ge=1, le=3)] | None = Field(default=None, description="2.x")
    mode: OperationMode | None = Field(default=None, description="2.1; left out: ChargingOnly")
    precondition: bool | None = Field(default=None, description="2.1: keep the battery ready meanwhile")
    sleep: bool | None = Field(default=None, description="2.1: turn the power electronics off meanwhile")
    baseline_w: FiniteFloat | None = Field(default=None, description="2.1: what the curves come on top of")
    frequency_curve: Annotated[list[tuple[FiniteFloat, FiniteFloat]], Field(max_length=20)] = Field(
        default=[], description="2.1: (Hz, W)"
    )
    signal_curve: Annotated[list[tuple[int, FiniteFloat]], Field(max_length=20)] = Field(
        default=[], description="2.1: (signal, W)"
    )

    def period(self) -> Period:
        return Period(
            self.start_s,
            self.rates(),
            self.phases,
            self.phase_to_use,
            self.mode,
            self.precondition,
            self.sleep,
            self.baseline_w,
            tuple(self.frequency_curve),
            tuple(self.signal_curve),
        )

    @staticmethod
    def of(period: Period) -> "PeriodDoc":
        """As a station may have it: it is given as it is."""
        return PeriodDoc.model_construct(
            **RatesDoc.values(period.rates),
            start_s=period.start_s,
            phases=period.phases,
            phase_to_use=period.phase_to_use,
            mode=period.mode,
            precondition=period.precondition,
            sleep=period.sleep,
            baseline_w=period.baseline_w,
            frequency_curve=list(period.frequency_curve),
            signal_curve=list(period.signal_curve),
        )


class ScheduleDoc(Body):
    unit: RateUnit = Field(description="W: of all phases; A: of each", examples=["A"])
    periods: Annotated[list[PeriodDoc], Field(min_length=1, max_length=MOST_PERIODS)]
    starts_at: AwareDatetime | None = Field(default=None, description="left out: when the transaction does")
    duration_s: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(default=None, description="left out: no end")
    min_rate: FiniteFloat | None = Field(default=None, description="below it the vehicle charges badly")
    local_time: bool = Field(default=False, description="2.1: `starts_at` is by the station's own clock, zone or not")
    random_delay_s: Seconds = Field(default=0, description="2.1")
    limit_at_soc: tuple[Annotated[int, Field(ge=0, le=100)], FiniteFloat] | None = Field(
        default=None, description="2.1: (%, rate) from that state of charge on"
    )

    def schedule(self) -> Schedule:
        return Schedule(
            self.unit,
            tuple(each.period() for each in self.periods),
            self.starts_at,
            self.duration_s,
            self.min_rate,
            self.local_time,
            self.random_delay_s,
            self.limit_at_soc,
        )

    @staticmethod
    def of(schedule: Schedule) -> "ScheduleDoc":
        return ScheduleDoc.model_construct(
            unit=schedule.unit,
            periods=[PeriodDoc.of(each) for each in schedule.periods],
            starts_at=schedule.starts_at,
            duration_s=schedule.duration_s,
            min_rate=schedule.min_rate,
            local_time=schedule.local_time,
            random_delay_s=schedule.random_delay_s,
            limit_at_soc=schedule.limit_at_soc,
        )


class StartProfileIn(Body):
    """A profile for the transaction that comes of a start: one of purpose TxProfile."""

    id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(default=None, description="left out: one is chosen")
    kind: ProfileKind = ProfileKind.RELATIVE
    schedules: Annotated[list[ScheduleDoc], Field(min_length=1, max_length=MOST_SCHEDULES)]
    stack_level: Number32 = 0
    recurrence: Recurrence | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    max_offline_s: Seconds | None = Field(default=None, description="2.1: how long it holds when the station is away")
    stays_invalid: bool = Field(default=False, description="2.1: and not again when it is back")
    update_interval_s: Seconds | None = Field(
        default=None, description="2.1, Dynamic: the station asks for new rates so often; left out: they are sent"
    )

    def profile(self, new_id: int) -> ChargingProfile:
        """new_id: where none was given."""
        return self._profile(new_id, Purpose.TX, None)

    def _profile(self, new_id: int, purpose: Purpose, transaction_id: TransactionId | None) -> ChargingProfile:
        return ChargingProfile(
            self.id or new_id,
            purpose,
            self.kind,
            tuple(each.schedule() for each in self.schedules),
            self.stack_level,
            self.recurrence,
            self.valid_from,
            self.valid_to,
            transaction_id,
            self.max_offline_s,
            self.stays_invalid,
            self.update_interval_s or None,
        )


class ProfileIn(StartProfileIn):
    purpose: Purpose
    kind: ProfileKind = ProfileKind.ABSOLUTE
    transaction_id: Name | None = Field(default=None, description="for a TxProfile")

    def profile(self, new_id: int = 0) -> ChargingProfile:
        named = None if self.transaction_id is None else TransactionId(self.transaction_id)
        return self._profile(new_id, self.purpose, named)


class ProfileOut(Body):
    """As it was sent, or as the station tells it."""

    id: int
    purpose: Purpose
    kind: ProfileKind
    schedules: list[ScheduleDoc]
    stack_level: int
    recurrence: Recurrence | None
    valid_from: datetime | None
    valid_to: datetime | None
    transaction_id: str | None = Field(description="as the station calls it")
    max_offline_s: int | None
    stays_invalid: bool
    update_interval_s: int | None
    updated_at: datetime | None

    @staticmethod
    def of(profile: ChargingProfile) -> "ProfileOut":
        return ProfileOut.model_construct(
            id=profile.id,
            purpose=profile.purpose,
            kind=profile.kind,
            schedules=[ScheduleDoc.of(each) for each in profile.schedules],
            stack_level=profile.stack_level,
            recurrence=profile.recurrence,
            valid_from=profile.valid_from,
            valid_to=profile.valid_to,
            transaction_id=profile.transaction_id,
            max_offline_s=profile.max_offline_s,
            stays_invalid=profile.stays_invalid,
            update_interval_s=profile.update_interval_s,
            updated_at=profile.updated_at,
        )
