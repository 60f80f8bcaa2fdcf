"""The OCA's test cases of block K (smart charging) for a central system, by their ids, in 2.0.1 and 2.1.

Read in `AviranAbady/tzi-OCTT` (2.0.1/K): each case's use case, requirements, states before it, steps and what is
checked; those from TC_K_100 on, which are of 2.1 alone, in `EVtivity/evtivity-csms`. Where a case has somebody tell
the system to send a profile (TC_K_53, TC_K_57, TC_K_59), somebody does: voltloom plans no power by itself yet.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cases import CARD, KIND, OF_2X, V21, V201, Bench, case, furnish, now, token
from harness import Server, iso

START = iso(datetime.now(UTC) - timedelta(minutes=1))
SCHEDULE = {"unit": "A", "starts_at": START, "periods": [{"start_s": 0, "limit": 8}]}
DEFAULT = {"purpose": "TxDefaultProfile", "kind": "Absolute", "schedules": [SCHEDULE]}
WRITTEN = {
    "id": 1,
    "startSchedule": START,
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("smart") / "data") as running:
        furnish(running)
        yield running


async def sets(
    bench: Bench, evse: int | None, profile: dict[str, Any], status: str = "Accepted"
) -> tuple[dict[str, Any], Any]:
    """The profile as it hears it, and what is kept of it."""
    heard, said = await bench.asks(
        "charging-profiles", {"evse": evse, "profile": profile}, "SetChargingProfile", {"status": status}
    )
    assert said["profile"]["state"] == ("installed" if status == "Accepted" else "refused")
    assert heard["evseId"] == said["profile"]["evse"]
    return heard["chargingProfile"], said["profile"]


# ---- setting


@case(*OF_2X)
async def test_TC_K_01_CSMS_a_default_of_an_evse(bench: Bench):
    """K01.FR.31: the first period starts at 0."""
    profile, kept = await sets(bench, 1, DEFAULT)
    assert profile == {
        "id": kept["profile"]["id"],
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [WRITTEN],
    }


@case(*OF_2X)
async def test_TC_K_10_CSMS_a_default_of_all_evses(bench: Bench):
    profile, kept = await sets(bench, 0, DEFAULT)
    assert (kept["evse"], profile["chargingProfilePurpose"]) == (0, "TxDefaultProfile")


@case(*OF_2X)
async def test_TC_K_02_CSMS_a_profile_of_a_transaction_that_is_over_there(bench: Bench):
    """Without one to be for, none is sent: this is sent for one of which the station knows no more."""
    await bench.charges()
    profile = DEFAULT | {"purpose": "TxProfile", "kind": "Relative", "schedules": [{**SCHEDULE, "starts_at": None}]}
    await bench.tells("charging-profiles", {"evse": 1, "profile": profile}, 422)
    heard, kept = await sets(bench, 1, profile | {"transaction_id": bench.transaction_id}, "Rejected")
    assert (heard["chargingProfilePurpose"], kept["said"]) == ("TxProfile", "Rejected")


@case(*OF_2X)
async def test_TC_K_03_CSMS_the_most_of_the_station(bench: Bench):
    """K01.FR.38: it is absolute, and of the station."""
    profile, kept = await sets(bench, 0, DEFAULT | {"purpose": "ChargingStationMaxProfile"})
    assert (profile["chargingProfilePurpose"], profile["chargingProfileKind"]) == (
        "ChargingStationMaxProfile",
        "Absolute",
    )
    assert kept["evse"] == 0


@case(*OF_2X)
async def test_TC_K_04_CSMS_a_profile_is_replaced(bench: Bench):
    """By one with its id, kind, purpose and level; the limit is another."""
    first, _ = await sets(bench, 1, DEFAULT)
    other = {**SCHEDULE, "periods": [{"start_s": 0, "limit": 6}]}
    second, _ = await sets(bench, 1, DEFAULT | {"schedules": [other]})
    assert first["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 8.0}]
    assert second["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 6.0}]
    alike = ("id", "stackLevel", "chargingProfilePurpose", "chargingProfileKind")
    assert [first[name] for name in alike] == [second[name] for name in alike]
    found = (await bench.sees(f"/charging-profiles?station_id={bench.station.id}"))["items"]
    assert [each["state"] for each in found] == ["installed", "replaced"]


@case(*OF_2X)
async def test_TC_K_15_CSMS_profiles_are_not_supported(bench: Bench):
    """The station answers with the error NotSupported."""
    body = {"evse": 1, "profile": DEFAULT}
    heard, said = await bench.asks("charging-profiles", body, "SetChargingProfile", None, "NotSupported", 502)
    assert heard["evseId"] == 1
    assert "NotSupported" in str(said)


@case(*OF_2X)
async def test_TC_K_19_CSMS_a_profile_that_recurs(bench: Bench):
    profile, _ = await sets(bench, 1, DEFAULT | {"kind": "Recurring", "recurrence": "Daily"})
    assert (profile["chargingProfileKind"], profile["recurrencyKind"]) == ("Recurring", "Daily")


def of_transaction(bench: Bench) -> dict[str, Any]:
    relative = {**SCHEDULE, "starts_at": None}
    return {"purpose": "TxProfile", "kind": "Relative", "transaction_id": bench.transaction_id, "schedules": [relative]}


@case(*OF_2X)
async def test_TC_K_60_CSMS_a_profile_of_a_transaction(bench: Bench):
    """K01.FR.03: it names the transaction."""
    await bench.charges()
    profile, kept = await sets(bench, 1, of_transaction(bench))
    assert (profile["transactionId"], kept["evse"]) == (bench.transaction_id, 1)


@case(*OF_2X)
async def test_TC_K_70_CSMS_several_profiles(bench: Bench):
    await bench.charges()
    first, _ = await sets(bench, 1, DEFAULT)
    second, _ = await sets(bench, 0, DEFAULT | {"purpose": "ChargingStationMaxProfile"})
    assert first["id"] != second["id"]
    assert all(each["chargingSchedule"][0]["startSchedule"] == START for each in (first, second))


# ---- clearing


async def clears(bench: Bench, status: str, **what: Any) -> dict[str, Any]:
    heard, _ = await bench.asks("charging-profiles/clear", what, "ClearChargingProfile", {"status": status})
    return heard


@case(*OF_2X)
async def test_TC_K_05_CSMS_a_profile_is_cleared_by_its_id(bench: Bench):
    profile, _ = await sets(bench, 1, DEFAULT)
    assert await clears(bench, "Accepted", profile_id=profile["id"]) == {"chargingProfileId": profile["id"]}


CRITERIA = {"purpose": "TxDefaultProfile", "evse": 1, "stack_level": 0}
WRITTEN_CRITERIA = {"chargingProfilePurpose": "TxDefaultProfile", "evseId": 1, "stackLevel": 0}


@case(*OF_2X)
async def test_TC_K_06_CSMS_profiles_are_cleared_by_criteria(bench: Bench):
    await sets(bench, 1, DEFAULT)
    assert await clears(bench, "Accepted", **CRITERIA) == {"chargingProfileCriteria": WRITTEN_CRITERIA}


@case(*OF_2X)
async def test_TC_K_08_CSMS_nothing_fits_what_is_to_be_cleared(bench: Bench):
    assert await clears(bench, "Unknown", **CRITERIA) == {"chargingProfileCriteria": WRITTEN_CRITERIA}


# ---- getting


async def gets(bench: Bench, wanted: dict[str, Any], body: dict[str, Any], *evses: int, source: str = "CSO") -> None:
    """It tells of a profile at each of these EVSEs."""
    heard, said = await bench.asks("charging-profiles/report", body, "GetChargingProfiles", {"status": "Accepted"})
    assert heard == {"requestId": said["request_id"], **wanted}
    for number, evse in enumerate(evses or (1,), 1):
        profile = {
            "id": 100 + number,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [WRITTEN],
        }
        part = {
            "requestId": said["request_id"],
            "chargingLimitSource": source,
            "evseId": evse,
            "chargingProfile": [profile],
            "tbc": number < len(evses),
        }
        assert await bench.call("ReportChargingProfiles", part) == {}
    path = f"/charging-profiles?station_id={bench.station.id}&state=installed"
    assert len((await bench.sees(path))["items"]) == len(evses or (1,))


PURPOSE = {"chargingProfilePurpose": "TxDefaultProfile"}


@case(*OF_2X)
async def test_TC_K_29_CSMS_profiles_of_the_station(bench: Bench):
    await bench.charges()
    await gets(bench, {"evseId": 0, "chargingProfile": PURPOSE}, {"evse": 0, "purpose": "TxDefaultProfile"}, 0)


@case(*OF_2X)
async def test_TC_K_30_CSMS_profiles_of_an_evse(bench: Bench):
    await gets(bench, {"evseId": 1, "chargingProfile": PURPOSE}, {"evse": 1, "purpose": "TxDefaultProfile"})


@case(*OF_2X)
async def test_TC_K_31_CSMS_profiles_of_every_evse(bench: Bench):
    await gets(bench, {"chargingProfile": PURPOSE}, {"purpose": "TxDefaultProfile"}, 1, 2)


@case(*OF_2X)
async def test_TC_K_32_CSMS_a_profile_by_its_id(bench: Bench):
    await gets(bench, {"chargingProfile": {"chargingProfileId": [101]}}, {"profile_ids": [101]})


@case(*OF_2X)
async def test_TC_K_33_CSMS_profiles_by_their_level(bench: Bench):
    await gets(bench, {"evseId": 1, "chargingProfile": {"stackLevel": 0}}, {"evse": 1, "stack_level": 0})


@case(*OF_2X)
async def test_TC_K_34_CSMS_profiles_by_who_imposes_them(bench: Bench):
    wanted = {"evseId": 1, "chargingProfile": {"chargingLimitSource": ["EMS"]}}
    await gets(bench, wanted, {"evse": 1, "sources": ["EMS"]}, source="EMS")


@case(*OF_2X)
async def test_TC_K_35_CSMS_profiles_by_their_purpose(bench: Bench):
    await gets(bench, {"evseId": 1, "chargingProfile": PURPOSE}, {"evse": 1, "purpose": "TxDefaultProfile"})


@case(*OF_2X)
async def test_TC_K_36_CSMS_profiles_by_purpose_and_level(bench: Bench):
    wanted = {"evseId": 1, "chargingProfile": PURPOSE | {"stackLevel": 0}}
    await gets(bench, wanted, {"evse": 1, "purpose": "TxDefaultProfile", "stack_level": 0})


@case(*OF_2X)
async def test_TC_K_37_CSMS_a_remote_start_with_a_profile(bench: Bench):
    """K05, F01: of purpose TxProfile, and of no transaction yet."""
    schedule = {"unit": "A", "periods": [{"start_s": 0, "limit": 8}]}
    body = {"token": {"value": CARD, "kind": KIND}, "evse": 1, "profile": {"schedules": [schedule]}}
    heard, said = await bench.asks("start", body, "RequestStartTransaction", {"status": "Accepted"})
    assert (heard["evseId"], heard["idToken"]) == (1, token(CARD))
    profile = heard["chargingProfile"]
    assert (profile["chargingProfilePurpose"], "transactionId" in profile) == ("TxProfile", False)
    info = {"remoteStartId": said["remote_start_id"]}
    answer = await bench.event("Started", "RemoteStart", card=CARD, info=info)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await bench.status("Occupied")
    await bench.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.event("Updated", "ChargingStateChanged", "Charging")


async def composes(bench: Bench, evse: int) -> None:
    schedule = {
        "evseId": evse,
        "duration": 300,
        "scheduleStart": START,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
    }
    heard, said = await bench.asks(
        "composite-schedule",
        {"evse": evse, "duration_s": 300, "unit": "A"},
        "GetCompositeSchedule",
        {"status": "Accepted", "schedule": schedule},
    )
    assert heard == {"evseId": evse, "duration": 300, "chargingRateUnit": "A"}
    assert said["schedule"]["periods"][0]["limit"] == 8


@case(*OF_2X)
async def test_TC_K_43_CSMS_a_composite_schedule_of_an_evse(bench: Bench):
    await composes(bench, 1)


@case(*OF_2X)
async def test_TC_K_44_CSMS_a_composite_schedule_of_the_station(bench: Bench):
    await composes(bench, 0)


# ---- limits of others


@case(*OF_2X)
async def test_TC_K_48_CSMS_somebody_else_limits(bench: Bench):
    limit = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1}
    assert await bench.call("NotifyChargingLimit", limit) == {}
    [found] = await bench.sees("charging-limits")
    assert (found["evse"], found["source"]) == (1, "EMS")


async def is_freed(bench: Bench) -> None:
    assert await bench.call("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}}) == {}
    assert await bench.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == {}
    assert await bench.sees("charging-limits") == []


@case(*OF_2X)
async def test_TC_K_50_CSMS_somebody_else_limits_no_more(bench: Bench):
    await is_freed(bench)


@case(*OF_2X)
async def test_TC_K_51_CSMS_somebody_else_limits_a_transaction_no_more(bench: Bench):
    await bench.charges()
    await is_freed(bench)
    assert await bench.event("Updated", "ChargingRateChanged", "Charging") == {}


@case(*OF_2X)
async def test_TC_K_52_CSMS_limits_of_somebody_else_are_reported(bench: Bench):
    body = {"purpose": "ChargingStationExternalConstraints"}
    heard, said = await bench.asks("charging-profiles/report", body, "GetChargingProfiles", {"status": "Accepted"})
    assert heard["chargingProfile"] == {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
    profile = {
        "id": -5,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargingStationExternalConstraints",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [WRITTEN],
    }
    part = {"requestId": said["request_id"], "chargingLimitSource": "SO", "evseId": 0, "chargingProfile": [profile]}
    assert await bench.call("ReportChargingProfiles", part) == {}
    [kept] = (await bench.sees(f"/charging-profiles?station_id={bench.station.id}"))["items"]
    assert (kept["source"], kept["profile"]["id"]) == ("SO", -5)


# ---- vehicles that say what they need


async def needs(bench: Bench, **more: Any) -> str:
    said = {
        "evseId": 1,
        "maxScheduleTuples": 10,
        "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase", **more},
    }
    return (await bench.call("NotifyEVChargingNeeds", said))["status"]


async def is_levelled(bench: Bench) -> None:
    """State ISO15118SmartCharging."""
    assert (await bench.authorizes())["status"] == "Accepted"
    await bench.status("Occupied")
    await bench.event("Started", "Authorized", "EVConnected", CARD)
    assert await needs(bench) == ("Processing" if bench.version == V201 else "NoChargingProfile")
    await plans(bench)
    await bench.event("Updated", "ChargingStateChanged", "Charging")


async def plans(bench: Bench) -> None:
    """It is sent a profile, and the vehicle says what it makes of it."""
    profile, _ = await sets(bench, 1, of_transaction(bench))
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", bench.transaction_id)
    told = {"timeBase": now(), "evseId": 1, "chargingSchedule": profile["chargingSchedule"][0]}
    assert await bench.call("NotifyEVChargingSchedule", told) == {"status": "Accepted"}


@case(*OF_2X)
async def test_TC_K_53_CSMS_load_is_levelled(bench: Bench):
    """K15.FR.02, .05, .11. No other profile follows without a cause: the station would have to answer it."""
    await is_levelled(bench)


@case(*OF_2X)
async def test_TC_K_57_CSMS_the_vehicle_wants_another_schedule(bench: Bench):
    """K17: a profile is there already, which is what it is told."""
    await is_levelled(bench)
    assert await needs(bench, departureTime=iso(datetime.now(UTC) + timedelta(hours=2))) == "Accepted"
    await plans(bench)


@case(*OF_2X)
async def test_TC_K_58_CSMS_another_schedule_is_sent(bench: Bench):
    """K16.FR.06."""
    await is_levelled(bench)
    await plans(bench)


@case(*OF_2X)
async def test_TC_K_59_CSMS_another_schedule_is_sent_and_the_vehicle_wants_one(bench: Bench):
    await is_levelled(bench)
    await sets(bench, 1, of_transaction(bench))
    assert await needs(bench) == "Accepted"
    await plans(bench)


# ---- 2.1


async def sets_one(
    bench: Bench, purpose: str = "TxDefaultProfile", schedule: dict[str, Any] | None = None, **more: Any
) -> Any:
    profile = DEFAULT | {"purpose": purpose, "schedules": [schedule or SCHEDULE], **more}
    return (await sets(bench, 1, profile))[0]


@case(V21)
async def test_TC_K_100_CSMS_how_long_a_profile_holds_offline(bench: Bench):
    profile = await sets_one(bench, max_offline_s=3600, stays_invalid=True)
    assert (profile["maxOfflineDuration"], profile["invalidAfterOfflineDuration"]) == (3600, True)


@case(V21)
async def test_TC_K_101_CSMS_the_operation_mode_changes(bench: Bench):
    await bench.charges()
    periods = [{"start_s": 0, "mode": "Idle"}]
    profile = await sets_one(bench, schedule={**SCHEDULE, "periods": periods})
    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "operationMode": "Idle"}]
    assert await bench.event("Updated", "OperationModeChanged", info={"operationMode": "Idle"}) == {}


@case(V21)
async def test_TC_K_102_CSMS_a_limit_at_a_state_of_charge(bench: Bench):
    """K01.FR.104."""
    profile = await sets_one(bench, schedule={**SCHEDULE, "limit_at_soc": [80, 0]})
    assert profile["chargingSchedule"][0]["limitAtSoC"] == {"soc": 80, "limit": 0}


@case(V21)
async def test_TC_K_104_CSMS_a_profile_of_priority(bench: Bench):
    """K01.FR.72, .73."""
    assert (await sets_one(bench, "PriorityCharging"))["chargingProfilePurpose"] == "PriorityCharging"


@case(V21)
async def test_TC_K_106_CSMS_a_random_delay_in_local_time(bench: Bench):
    """K01.FR.96."""
    profile = await sets_one(bench, schedule={**SCHEDULE, "local_time": True, "random_delay_s": 300})
    schedule = profile["chargingSchedule"][0]
    assert (schedule["useLocalTime"], schedule["randomizedDelay"]) == (True, 300)
