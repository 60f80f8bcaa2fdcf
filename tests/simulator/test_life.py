"""Whole days of stations, in virtual time: no socket, no waiting, the same again for the same seed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_schemas import check
from voltloom.protocols.ocpp.version import Version
from voltloom.simulator.evse import Token
from voltloom.simulator.fleet import MAKES, Make, OutletPlan, StationPlan
from voltloom.simulator.life import Habits, Life
from voltloom.simulator.station import Station
from voltloom.simulator.vehicle import SiteKind, Tempo
from voltloom.simulator.wire import VERSIONS, new_station

NOON = 1_767_268_800.0
DAY = 86_400.0
TOKENS = [Token("04A2B3C4"), Token("DEADBEEF")]
STRANGER = Token("STRANGER")


def plan_of(make: Make) -> StationPlan:
    return StationPlan(
        id="CP-1",
        vendor=make.vendor,
        model=make.model,
        version=make.version,
        outlets=tuple(OutletPlan(o.max_w, o.phases, o.max_a, make.connector_type) for o in make.outlets),
        measurands=make.measurands,
        quirks=make.quirks,
    )


class Server:
    """Answers at once, in no time, as a central system would."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.transactions = 0

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        token = payload.get("idTag") or (payload.get("idToken") or {}).get("idToken", "")
        verdict = {"status": "Invalid" if token == STRANGER.value else "Accepted"}
        match action:
            case "BootNotification":
                return {"status": "Accepted", "interval": 3600, "currentTime": ""}
            case "StartTransaction":
                self.transactions += 1
                return {"transactionId": self.transactions, "idTagInfo": verdict}
            case "Authorize" if self.version is Version.V16:
                return {"idTagInfo": verdict}
            case "Authorize" | "TransactionEvent" if token:
                return {"idTokenInfo": verdict}
            case _:
                return {}


def messages_of(station: Station, until: float) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """Everything the station says until then, with the time it was said."""
    server = Server(VERSIONS[station.plan.version])
    while station.due <= until:
        station.wake(station.due)
        if station.online and not station.link_wanted:
            station.closed()
        if not station.online and station.link_wanted:
            station.opened()
        while (message := station.next_message()) is not None:
            payload = message.payload or {}
            yield station.now, message.said.action, json.loads(json.dumps(payload))
            station.answered(message, server.answer(message.said.action, payload))


def alive(make: Make, seed: int, faults: float = 0.0, pace: float = 1.0) -> Station:
    station = new_station(replace(plan_of(make), sample_interval_s=max(5, int(300 / pace))), seed, life="test")
    station.touch(NOON)
    station.power_up()
    kind = SiteKind.FAST if make.outlets[0].is_dc else SiteKind.PUBLIC
    Life(station, Habits(kind, TOKENS, [STRANGER], Tempo(pace, NOON, 8), faults), seed).begin()
    return station


@settings(max_examples=25)
@given(st.sampled_from(MAKES), st.integers(0, 10_000), st.sampled_from([0.0, 8.0]))
def test_two_days_of_any_make_keep_to_the_standard(make, seed, faults):
    version = VERSIONS[make.version]
    for _, action, payload in messages_of(alive(make, seed, faults), NOON + 2 * DAY):
        check(version, action, "Request", json.dumps(payload).encode())


@settings(max_examples=10)
@given(st.sampled_from(MAKES), st.integers(0, 10_000))
def test_the_same_seed_brings_the_same_day(make, seed):
    first, second = (list(messages_of(alive(make, seed, 8.0), NOON + DAY)) for _ in range(2))
    assert first == second


def test_another_run_of_the_same_seed_has_other_transactions():
    def ids(life: str) -> set[str]:
        station = new_station(plan_of(MAKES[2]), 1, life=life)
        station.touch(NOON)
        station.power_up()
        Life(station, Habits(SiteKind.PUBLIC, TOKENS), 1).begin()
        said = messages_of(station, NOON + DAY)
        return {p["transactionInfo"]["transactionId"] for _, action, p in said if action == "TransactionEvent"}

    assert ids("a")
    assert ids("a") == ids("a")
    assert not ids("a") & ids("b")
    assert not ids("") & ids("")


def registers(payload: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for value in payload.get("meterValue", payload.get("transactionData", ())):
        for sampled in value["sampledValue"]:
            if sampled.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register":
                kilo = (sampled.get("unit") or (sampled.get("unitOfMeasure") or {}).get("unit")) == "kWh"
                yield value["timestamp"], float(sampled["value"]) * (1000 if kilo else 1)


@settings(max_examples=20)
@given(st.sampled_from(MAKES), st.integers(0, 10_000), st.sampled_from([1.0, 30.0]))
def test_meters_are_plausible_at_any_pace(make, seed, pace):
    """What a server checks: the register never falls, and never rises faster than the outlet can deliver."""
    make = replace(make, outlets=make.outlets[:1])
    last: tuple[float, float] | None = None
    seen = 0
    for _, _, payload in messages_of(alive(make, seed, pace=pace), NOON + 2 * DAY / pace):
        for stamp, register in registers(payload):
            at = datetime.fromisoformat(stamp).timestamp()
            if last is not None:
                seconds, energy = at - last[0], register - last[1]
                # Times without milliseconds, registers in whole Wh or with three digits of kWh: allow for a step.
                assert -1 <= energy <= make.outlets[0].max_w * (seconds + 1) / 3600 * 1.1 + 1
            last = at, register
            seen += 1
    assert seen > 0


@settings(max_examples=15)
@given(st.sampled_from(MAKES), st.integers(0, 10_000))
def test_without_faults_every_transaction_ends_once_and_in_order(make, seed):
    open_: dict[Any, int] = {}
    started = 0
    for _, action, payload in messages_of(alive(make, seed), NOON + 3 * DAY):
        match action:
            case "StartTransaction":
                started += 1
                open_[started] = 0
            case "StopTransaction":
                del open_[payload["transactionId"]]
            case "TransactionEvent":
                number = payload["transactionInfo"]["transactionId"]
                if payload["eventType"] == "Started":
                    started += 1
                    assert payload["seqNo"] == 0
                    open_[number] = 0
                else:
                    assert payload["seqNo"] == open_[number] + 1
                    open_[number] += 1
                    if payload["eventType"] == "Ended":
                        del open_[number]
            case _:
                pass
    assert started > 0
    assert len(open_) <= len(make.outlets)


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.model)
def test_every_kind_of_fault_comes_and_goes(make):
    station = alive(make, 3, faults=60)
    list(messages_of(station, NOON + 6 * DAY))
    kinds = {name for name in station.tally if name.startswith("faults: ")}
    assert len(kinds) == 8
    assert station.tally["boots"] > 1
    assert station.tally["never ended"] > 0
    assert station.tally["doubled"] > 0
    assert station.tally["starts"] - station.tally["ends"] <= len(station.evses)


def test_strangers_are_refused_and_leave():
    station = alive(MAKES[0], 1)
    list(messages_of(station, NOON + 60 * DAY))
    assert station.tally["refused"] > 0
    assert station.tally["accepted"] > 10 * station.tally["refused"] / 3
