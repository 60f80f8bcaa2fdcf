"""What the API takes and gives about jobs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from pydantic import Field
from sqlalchemy import RowMapping

from voltloom.domain.commands import Command
from voltloom.domain.ids import StationId
from voltloom.features.api import Body
from voltloom.features.jobs.rules import MOST_STATIONS, Blast, ItemState, JobState
from voltloom.features.stations.documents import AvailabilityIn, ChangeSettingsIn, ResetIn, TriggerIn, UnlockIn

BodyT = TypeVar("BodyT", bound=Body)


class MeantIn(Body):
    """Which stations: named here, or those that meet the filters in the address; with neither, `everything` is to be
    said on purpose."""

    stations: list[str] | None = Field(default=None, max_length=MOST_STATIONS)
    everything: bool = Field(default=False, description="true: all stations, where neither names nor filters say which")

    def ids(self) -> tuple[StationId, ...] | None:
        return None if self.stations is None else tuple(dict.fromkeys(map(StationId, self.stations)))


class BulkResetIn(MeantIn):
    request: ResetIn = ResetIn()


class BulkAvailabilityIn(MeantIn):
    request: AvailabilityIn


class BulkTriggerIn(MeantIn):
    request: TriggerIn


class BulkUnlockIn(MeantIn):
    request: UnlockIn


class BulkSettingsIn(MeantIn):
    request: ChangeSettingsIn


_MAKERS: Mapping[str, tuple[type[Body], Callable[[Any], Command[Any]]]] = {
    "reset": (ResetIn, lambda body: body.command()),
    "availability": (AvailabilityIn, lambda body: body.command()),
    "trigger": (TriggerIn, lambda body: body.command()),
    "unlock": (UnlockIn, lambda body: body.command()),
    "settings": (ChangeSettingsIn, lambda body: body.command()),
}


def command_of(name: str, request: bytes) -> Command[Any]:
    """The command again, of its document. Raises KeyError for a name that is none of ours."""
    kind, make = _MAKERS[name]
    return make(kind.model_validate_json(request))


class BlastOut(Body):
    """How far it reaches. The counts overlap."""

    stations: int
    connected: int
    offline: int = Field(description="not connected now: they will not be reached")
    charging: int = Field(description="with an open transaction now")
    not_in_version: int = Field(description="whose OCPP version has no words for it")
    not_accepted: int = Field(description="whose boot is pending or rejected")
    by_protocol: dict[str, int]
    missing: list[str] = Field(description="names that are no station's: nothing is started with these")

    @staticmethod
    def of(blast: Blast) -> "BlastOut":
        return BlastOut(**{name: getattr(blast, name) for name in Blast.__slots__})


class StartedOut(Body):
    job_id: str | None = Field(description="null: it was a dry run, and nothing is asked")
    blast: BlastOut


class JobOut(Body):
    id: str
    command: str = Field(examples=["settings"])
    request: object = Field(description="what is asked; secrets are hidden")
    state: JobState
    actor: str = Field(description="who gave it")
    asked_at: datetime
    ended_at: datetime | None
    total: int
    counts: dict[ItemState, int] = Field(description="how many stations are in each state")

    @staticmethod
    def of(row: RowMapping, counts: Mapping[str, int]) -> "JobOut":
        return JobOut(
            id=row["id"],
            command=row["command"],
            request=msgspec.json.decode(row["shown"]),
            state=JobState(row["state"]),
            actor=row["actor"],
            asked_at=row["asked_at"],
            ended_at=row["ended_at"],
            total=sum(counts.values()),
            counts={ItemState(state): number for state, number in counts.items()},
        )


class JobStationOut(Body):
    station_id: str
    state: ItemState
    outcome: str = Field(examples=["accepted", "not connected"])
    answer: object = Field(description="what came back; secrets are hidden")
    at: datetime | None

    @staticmethod
    def of(row: RowMapping) -> "JobStationOut":
        return JobStationOut(
            station_id=row["station_id"],
            state=ItemState(row["state"]),
            outcome=row["outcome"],
            answer=msgspec.json.decode(row["answer"]),
            at=row["at"],
        )
