"""Routes that tell how well stations keep to the standard."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from voltloom.features.access import Scope
from voltloom.features.api import Body, Call, allow
from voltloom.features.conformance import rules, store
from voltloom.features.conformance.rules import FEW, Mistake
from voltloom.features.conformance.store import Evidence
from voltloom.features.stations import existing
from voltloom.features.stations.api.shared import Id

Reading = Annotated[Call, allow(Scope.STATIONS_READ)]
Name = Annotated[str, Query(max_length=100)]
MOST_EVIDENCE = 20


class EvidenceOut(Body):
    mistake: Mistake
    rule: str = Field(description="what was broken; empty: other rules, of which there were too many to tell apart")
    count: int
    stations: int = Field(description="that did so")
    last_at: datetime
    station_id: str = Field(description="whose example follows")
    message_id: str
    message_number: int = Field(description="of the example, in `GET /stations/{id}/messages`")

    @staticmethod
    def of(each: Evidence) -> "EvidenceOut":
        same = ("mistake", "rule", "count", "stations", "last_at", "station_id", "message_id", "message_number")
        return EvidenceOut(**{name: getattr(each, name) for name in same})


class ScoreOut(Body):
    score: float | None = Field(description="0 to 100; null: nothing was heard. `GET /conformance/rules` says how")
    messages: int = Field(description="calls of either side")
    is_little: bool = Field(description=f"fewer than {FEW}: the score says little")
    counts: dict[Mistake, int]
    evidence: list[EvidenceOut] = Field(description=f"the most frequent first, {MOST_EVIDENCE} at most")


class MakeOut(ScoreOut):
    vendor: str
    model: str
    firmware: str
    stations: int


class MistakeOut(Body):
    mistake: Mistake
    weight: float = Field(description="of a message")
    about: str


class RulesOut(Body):
    formula: str
    mistakes: list[MistakeOut]


def _counts(evidence: Iterable[Evidence]) -> dict[Mistake, int]:
    counts = dict.fromkeys(Mistake, 0)
    for each in evidence:
        counts[each.mistake] += each.count
    return counts


def _score(messages: int, evidence: Sequence[Evidence]) -> ScoreOut:
    counts = _counts(evidence)
    return ScoreOut(
        score=rules.score(messages, counts),
        messages=messages,
        is_little=messages < FEW,
        counts=counts,
        evidence=[EvidenceOut.of(each) for each in evidence[:MOST_EVIDENCE]],
    )


def router() -> APIRouter:
    routes = APIRouter(tags=["conformance"])

    @routes.get("/conformance", summary="How well makes, models and firmwares keep to the standard")
    async def list_scores(call: Reading, vendor: Name = "", model: Name = "", firmware: Name = "") -> list[MakeOut]:
        """The worst first."""
        tallies, evidence = await call.database.read(
            lambda connection: (
                store.read_tallies(connection, vendor, model, firmware),
                store.read_evidence(connection, vendor, model, firmware),
            )
        )
        by_make: dict[store.Make, list[Evidence]] = {}
        for each in evidence:
            by_make.setdefault(each.make, []).append(each)
        made = [
            MakeOut(
                vendor=tally.make.vendor,
                model=tally.make.model,
                firmware=tally.make.firmware,
                stations=tally.stations,
                **dict(_score(tally.messages, by_make.get(tally.make, []))),
            )
            for tally in tallies
        ]
        return sorted(made, key=lambda make: 101 if make.score is None else make.score)

    @routes.get("/conformance/rules", summary="How the score is computed")
    async def explain_score(call: Reading) -> RulesOut:
        return RulesOut(
            formula="100 × (1 − sum of count × weight ÷ messages), not below 0; counted from the message log since "
            "counting began, each message once. What went wrong with us is not counted.",
            mistakes=[
                MistakeOut(mistake=mistake, weight=each.weight, about=each.about)
                for mistake, each in rules.WEIGHTS.items()
            ],
        )

    @routes.get("/stations/{station_id}/conformance", summary="How well a station keeps to the standard")
    async def get_score(station_id: Id, call: Reading) -> ScoreOut:
        """With each firmware it had."""
        messages, evidence = await call.database.read(
            lambda connection: (
                (existing(connection, station_id), store.messages_of(connection, station_id))[1],
                store.read_evidence(connection, station_id=station_id),
            )
        )
        return _score(messages, evidence)

    return routes
