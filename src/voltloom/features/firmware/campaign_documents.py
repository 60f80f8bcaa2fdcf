"""What the API takes and gives about campaigns."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy import RowMapping

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.features.api import Body
from voltloom.features.firmware.campaigns import MOST_AT_ONCE, MOST_STATIONS, Item, Plan, Reach, Stage, Wave, waves_of
from voltloom.features.firmware.documents import HowIn
from voltloom.features.firmware.rollout import CampaignWish
from voltloom.features.firmware.rules import LONGEST_AHEAD
from voltloom.features.stations import Conditions

LASTS = timedelta(days=7)


class CampaignIn(HowIn):
    """Which stations: named here, or those that meet the filters in the address; with neither, `everything` is to be
    said on purpose."""

    image_id: Annotated[str, StringConstraints(max_length=32)]
    stations: list[str] | None = Field(default=None, max_length=MOST_STATIONS)
    everything: bool = Field(default=False, description="true: all stations, where neither names nor filters say which")
    canary: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="how many are first; all must succeed")
    wave: Annotated[int, Field(ge=1, le=5000)] = Field(default=10, description="how many are next, wave by wave")
    at_once: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = Field(default=5, description="updated at the same time")
    halt_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=20, description="a greater share of failures halts it"
    )
    soak_minutes: Annotated[int, Field(ge=0, le=7 * 1440)] = Field(
        default=10, description="between the canaries and the first wave"
    )
    patience_minutes: Annotated[int, Field(ge=5, le=14 * 1440)] = Field(
        default=1440, description="how long one station may take before it counts as failed"
    )
    ends_at: AwareDatetime | None = Field(
        default=None, description="who is not connected by then is not reached; left out: in 7 days"
    )

    def wish(self, conditions: Conditions, now: datetime) -> CampaignWish:
        """Raises Invalid."""
        ends_at = self.ends_at or now + LASTS
        if not now < ends_at <= now + LONGEST_AHEAD:
            raise Invalid(f"a campaign ends at most {LONGEST_AHEAD.days} days from now: give another ends_at")
        plan = Plan(
            self.canary,
            self.wave,
            self.at_once,
            self.halt_percent,
            timedelta(minutes=self.soak_minutes),
            timedelta(minutes=self.patience_minutes),
            ends_at,
        )
        ids = None if self.stations is None else tuple(dict.fromkeys(map(StationId, self.stations)))
        return CampaignWish(
            self.image_id, plan, ids, conditions, self.allow_unsigned, self.retries, self.retry_interval_s
        )


class ReachOut(Body):
    """How far it reaches. The counts overlap."""

    stations: int = Field(description="to be updated")
    connected: int
    offline: int
    charging: int = Field(description="with an open transaction now: they install when it is over")
    have_it: int = Field(description="left out: they run this version already")
    other_make: int = Field(description="left out: the image is not for them")
    by_firmware: dict[str, int]
    missing: list[str] = Field(description="names that are no station's: nothing is begun with these")

    @staticmethod
    def of(reach: Reach) -> "ReachOut":
        return ReachOut(**{name: getattr(reach, name) for name in Reach.__slots__})


class BegunOut(Body):
    campaign_id: str | None = Field(description="null: it was a dry run, and nothing is begun")
    reach: ReachOut


class CampaignOut(Body):
    id: str
    image_id: str
    version: str
    stage: Stage
    reason: str = Field(description="why it was halted")
    wave: int = Field(description="0: the canaries")
    canary: int
    wave_size: int
    at_once: int
    halt_percent: int
    soak_minutes: int
    patience_minutes: int
    actor: str
    asked_at: datetime
    ends_at: datetime
    changed_at: datetime | None
    ended_at: datetime | None
    total: int = Field(description="stations, without those that are skipped")
    counts: dict[Item, int] = Field(description="how many stations are in each state")

    @staticmethod
    def of(row: RowMapping, counts: Mapping[str, int]) -> "CampaignOut":
        return CampaignOut(
            id=row["id"],
            image_id=row["image_id"],
            version=row["version"],
            stage=Stage(row["stage"]),
            reason=row["reason"],
            wave=row["wave"],
            canary=row["canary"],
            wave_size=row["wave_size"],
            at_once=row["at_once"],
            halt_percent=row["halt_percent"],
            soak_minutes=row["soak_s"] // 60,
            patience_minutes=row["patience_s"] // 60,
            actor=row["actor"],
            asked_at=row["asked_at"],
            ends_at=row["ends_at"],
            changed_at=row["changed_at"],
            ended_at=row["ended_at"],
            total=sum(number for state, number in counts.items() if state != Item.SKIPPED.value),
            counts={Item(state): number for state, number in counts.items()},
        )


class WaveOut(Body):
    wave: int = Field(description="0: the canaries")
    updated: int
    updating: int
    failed: int
    waiting: int = Field(description="to be asked in it, yet")

    @staticmethod
    def of(wave: Wave) -> "WaveOut":
        return WaveOut(
            wave=wave.number,
            updated=wave.updated,
            updating=wave.updating,
            failed=wave.failed,
            waiting=wave.waiting,
        )


class CampaignStandOut(CampaignOut):
    waves: list[WaveOut] = Field(description="those that began, the latest 500")

    @staticmethod
    def of_one(
        row: RowMapping, counts: Mapping[str, int], begun: Mapping[int, Mapping[str, int]]
    ) -> "CampaignStandOut":
        out = CampaignOut.of(row, counts)
        running = None if out.stage.is_over else out.wave
        size = out.wave_size if out.wave else out.canary
        waves = waves_of(begun, running, size, out.counts.get(Item.WAITING, 0))
        return CampaignStandOut(
            **{name: getattr(out, name) for name in CampaignOut.model_fields},
            waves=[WaveOut.of(each) for each in waves],
        )


class CampaignStationOut(Body):
    station_id: str
    state: Item
    wave: int | None = Field(description="0: a canary; null: not begun")
    outcome: str
    update_id: int | None
    at: datetime | None

    @staticmethod
    def of(row: RowMapping) -> "CampaignStationOut":
        return CampaignStationOut(
            station_id=row["station_id"],
            state=Item(row["state"]),
            wave=row["wave"],
            outcome=row["outcome"],
            update_id=row["update_id"],
            at=row["at"],
        )
